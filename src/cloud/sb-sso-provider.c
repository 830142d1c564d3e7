/* sb-sso-provider.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-sso-provider.h"

#include <glib/gi18n.h>

#include "cloud/sb-keyring-provider.h"
#include "wire/sb-error.h"

/**
 * SbSsoProvider:
 *
 * A role of an account of IAM Identity Center, whose credentials are fetched with the token of a
 * sign-in. When the token has ended it is renewed, or the person signs in again.
 */
struct _SbSsoProvider
{
  SbRenewingProvider parent_instance;

  SbEndpoints *endpoints;
  char *start_url;
  char **scopes;
  char *who;
  SbAsker *asker;
  char *account_id;
  char *role_name;
  char *connection_id; /* nullable */
  char *cache_path;    /* nullable */

  SbSsoToken *token; /* of fetch() alone */
};

static SbSsoDoor
get_door (SbSsoProvider *self)
{
  return (SbSsoDoor){ .endpoints = self->endpoints,
                      .start_url = self->start_url,
                      .scopes = (const char *const *) self->scopes,
                      .who = self->who,
                      .asker = self->asker };
}

static SbSsoToken *
load_cache (const char *path)
{
  char *text = NULL;
  gsize length;
  SbSsoToken *token;

  if (!g_file_get_contents (path, &text, &length, NULL))
    return NULL;
  token = sb_sso_token_parse (text);
  sb_secret_wipe (text, length);
  g_free (text);
  return token;
}

/* What an earlier sign-in left: ours in the keyring, or that of “aws sso login” in its file. */
static void
load_token (SbSsoProvider *self, GCancellable *cancellable)
{
  g_autoptr (SbSecret) text = NULL;

  if (self->token == NULL && self->connection_id != NULL)
    {
      text = sb_keyring_lookup_text (self->connection_id, SB_KEYRING_SSO_TOKEN, cancellable, NULL);
      self->token = text != NULL ? sb_sso_token_parse (text) : NULL;
    }
  if (self->token == NULL && self->cache_path != NULL)
    self->token = load_cache (self->cache_path);
}

/* A keyring that has gone meanwhile does not keep anybody from working: the token is in memory. */
static void
save_token (SbSsoProvider *self, GCancellable *cancellable)
{
  g_autofree char *label = NULL;
  g_autoptr (SbSecret) text = NULL;
  g_autoptr (GError) error = NULL;

  if (self->connection_id == NULL)
    return;
  label = g_strdup_printf (_ ("Sagebrush: sign-in of %s"), self->who);
  text = sb_sso_token_to_text (self->token);
  if (!sb_keyring_store_text (
          self->connection_id, SB_KEYRING_SSO_TOKEN, label, text, cancellable, &error))
    g_message ("The sign-in is kept for this session only: %s", error->message);
}

static void
take_token (SbSsoProvider *self, SbSsoToken *token)
{
  g_clear_pointer (&self->token, sb_sso_token_unref);
  self->token = token;
}

/* Renewing needs nobody; only when it cannot be done does the person sign in again. */
static gboolean
refresh_token (SbSsoProvider *self, GCancellable *cancellable, GError **error)
{
  SbSsoDoor door = get_door (self);
  g_autoptr (GError) local = NULL;
  SbSsoToken *token = NULL;

  if (self->token != NULL)
    token = sb_sso_renew (&door, self->token, cancellable, &local);
  if (token == NULL && local != NULL &&
      (g_error_matches (local, SB_ERROR, SB_ERROR_NETWORK) ||
       g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED)))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (token == NULL)
    token = sb_sso_sign_in (&door, cancellable, error);
  if (token == NULL)
    return FALSE;
  take_token (self, token);
  save_token (self, cancellable);
  return TRUE;
}

static SbCredentials *
fetch (SbRenewingProvider *provider,
       SbCredentials *refused,
       const GError *why,
       GCancellable *cancellable,
       GError **error)
{
  SbSsoProvider *self = SB_SSO_PROVIDER (provider);
  SbSsoDoor door = get_door (self);
  g_autoptr (GError) local = NULL;
  SbCredentials *credentials;

  load_token (self, cancellable);
  if ((self->token == NULL || !sb_sso_token_is_good (self->token)) &&
      !refresh_token (self, cancellable, error))
    return NULL;
  credentials = sb_sso_get_credentials (
      &door, self->token, self->account_id, self->role_name, cancellable, &local);
  /* A token may end before its time: somebody signed out, or an administrator did it. */
  if (credentials == NULL && sb_error_get_status (local) == 401)
    {
      if (!refresh_token (self, cancellable, error))
        return NULL;
      return sb_sso_get_credentials (
          &door, self->token, self->account_id, self->role_name, cancellable, error);
    }
  if (credentials == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return credentials;
}

G_DEFINE_FINAL_TYPE (SbSsoProvider, sb_sso_provider, SB_TYPE_RENEWING_PROVIDER)

static void
sb_sso_provider_finalize (GObject *object)
{
  SbSsoProvider *self = SB_SSO_PROVIDER (object);

  g_clear_pointer (&self->endpoints, sb_endpoints_unref);
  g_clear_pointer (&self->start_url, g_free);
  g_clear_pointer (&self->scopes, g_strfreev);
  g_clear_pointer (&self->who, g_free);
  g_clear_object (&self->asker);
  g_clear_pointer (&self->account_id, g_free);
  g_clear_pointer (&self->role_name, g_free);
  g_clear_pointer (&self->connection_id, g_free);
  g_clear_pointer (&self->cache_path, g_free);
  g_clear_pointer (&self->token, sb_sso_token_unref);

  G_OBJECT_CLASS (sb_sso_provider_parent_class)->finalize (object);
}

static void
sb_sso_provider_class_init (SbSsoProviderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_sso_provider_finalize;
  SB_RENEWING_PROVIDER_CLASS (klass)->fetch = fetch;
}

static void
sb_sso_provider_init (SbSsoProvider *self)
{
}

/**
 * sb_sso_provider_new:
 * @door: where to sign in; copied
 * @account_id: an account
 * @role_name: a role there
 *
 * Returns: (transfer full): a provider that has the person sign in when it is asked and has no
 * token
 */
SbCredentialsProvider *
sb_sso_provider_new (const SbSsoDoor *door, const char *account_id, const char *role_name)
{
  SbSsoProvider *self = g_object_new (SB_TYPE_SSO_PROVIDER, NULL);

  self->endpoints = sb_endpoints_ref (door->endpoints);
  self->start_url = g_strdup (door->start_url);
  self->scopes = g_strdupv ((char **) door->scopes);
  self->who = g_strdup (door->who);
  g_set_object (&self->asker, door->asker);
  self->account_id = g_strdup (account_id);
  self->role_name = g_strdup (role_name);
  return SB_CREDENTIALS_PROVIDER (self);
}

/**
 * sb_sso_provider_set_token:
 * @self: a provider that nobody has asked yet
 * @token: (transfer none): what a sign-in just gave
 */
void
sb_sso_provider_set_token (SbSsoProvider *self, SbSsoToken *token)
{
  take_token (self, sb_sso_token_ref (token));
}

/**
 * sb_sso_provider_keep_in_keyring:
 * @self: a provider that nobody has asked yet
 * @connection_id: the connection whose secret the token is
 *
 * Reads the token from the keyring, and keeps later ones there.
 */
void
sb_sso_provider_keep_in_keyring (SbSsoProvider *self, const char *connection_id)
{
  self->connection_id = g_strdup (connection_id);
}

/**
 * sb_sso_provider_read_cache:
 * @self: a provider that nobody has asked yet
 * @path: a file of `~/.aws/sso/cache`
 *
 * Begins with the token that “aws sso login” has left, if there is one. Never writes there.
 */
void
sb_sso_provider_read_cache (SbSsoProvider *self, const char *path)
{
  self->cache_path = g_strdup (path);
}
