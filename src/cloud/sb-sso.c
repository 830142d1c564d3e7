/* sb-sso.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-sso.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-client-private.h"
#include "cloud/sb-static-provider.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

#define DEVICE_CODE   "urn:ietf:params:oauth:grant-type:device_code"
#define REFRESH_TOKEN "refresh_token"
/* What RFC 8628 wants: seconds between two questions, and by how much a service slows them down. */
#define INTERVAL  5
#define SLOW_DOWN 5
/* A token that ends so soon is as good as none, in seconds. */
#define MARGIN 60

struct _SbSsoToken
{
  gatomicrefcount ref_count;
  SbSecret *access_token;
  gint64 expires;
  SbSecret *refresh_token; /* nullable */
  char *client_id;         /* nullable, as is its secret */
  SbSecret *client_secret;
  gint64 client_expires;
};

static gint64
now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

SbSsoToken *
sb_sso_token_ref (SbSsoToken *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
sb_sso_token_unref (SbSsoToken *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  sb_secret_clear (&self->access_token);
  sb_secret_clear (&self->refresh_token);
  sb_secret_clear (&self->client_secret);
  g_free (self->client_id);
  g_free (self);
}

static gint64
parse_time (const char *text)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = text != NULL ? g_date_time_new_from_iso8601 (text, utc) : NULL;

  return time != NULL ? g_date_time_to_unix (time) : 0;
}

static char *
format_time (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);

  return g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ");
}

/**
 * sb_sso_token_parse:
 * @text: what sb_sso_token_to_text() wrote, or a file of `~/.aws/sso/cache`
 *
 * Returns: (transfer full) (nullable): the token
 */
SbSsoToken *
sb_sso_token_parse (const char *text)
{
  g_autoptr (JsonObject) json = sb_json_parse_object (text, -1, NULL);
  const char *token = json != NULL ? sb_json_get_string (json, "accessToken", NULL) : NULL;
  SbSsoToken *self;

  if (token == NULL || *token == '\0')
    return NULL;
  self = g_new0 (SbSsoToken, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->access_token = sb_secret_dup (token);
  self->expires = parse_time (sb_json_get_string (json, "expiresAt", NULL));
  self->refresh_token = sb_secret_dup (sb_json_get_string (json, "refreshToken", NULL));
  self->client_id = g_strdup (sb_json_get_string (json, "clientId", NULL));
  self->client_secret = sb_secret_dup (sb_json_get_string (json, "clientSecret", NULL));
  self->client_expires = parse_time (sb_json_get_string (json, "registrationExpiresAt", NULL));
  sb_secret_wipe_json (json);
  return self;
}

/**
 * sb_sso_token_to_text:
 * @self: a token
 *
 * Returns: (transfer full): JSON for the keyring
 */
SbSecret *
sb_sso_token_to_text (SbSsoToken *self)
{
  g_autofree char *expires = format_time (self->expires);
  g_autofree char *client_expires = format_time (self->client_expires);
  g_autoptr (JsonObject) json = sb_json_object_new ("accessToken",
                                                    "s",
                                                    self->access_token,
                                                    "expiresAt",
                                                    "s",
                                                    expires,
                                                    "refreshToken",
                                                    "s",
                                                    self->refresh_token,
                                                    "clientId",
                                                    "s",
                                                    self->client_id,
                                                    "clientSecret",
                                                    "s",
                                                    self->client_secret,
                                                    "registrationExpiresAt",
                                                    "s",
                                                    client_expires,
                                                    NULL);
  g_autoptr (SbSecret) text = sb_json_to_string (json);

  sb_secret_wipe_json (json);
  return sb_secret_dup (text);
}

/**
 * sb_sso_token_is_good:
 * @self: a token
 *
 * Returns: whether it can be used for some time
 */
gboolean
sb_sso_token_is_good (SbSsoToken *self)
{
  return self->expires - now () > MARGIN;
}

/* Nobody has keys at this door, so calls are not signed; and none of them is for the journal. */
static JsonObject *
call (const SbSsoDoor *door,
      const char *service,
      const char *operation,
      JsonObject *input,
      GCancellable *cancellable,
      GError **error)
{
  const SbCallOptions options = { .secret = TRUE };
  g_autoptr (SbCredentials) none = sb_credentials_new ("", "", NULL);
  g_autoptr (SbCredentialsProvider) provider = sb_static_provider_new (none);
  g_autoptr (SbConnection) connection =
      sb_connection_new_at ("", door->who, door->endpoints, provider);
  g_autoptr (SbClient) client = sb_client_new (connection, NULL);

  return _sb_client_call_full (client, service, operation, input, &options, cancellable, error);
}

/* The service says it in a header as SDKs like it, and in the document as OAuth has it. */
static gboolean
says (const GError *error, const char *exception, const char *oauth)
{
  const char *code = sb_error_get_service_code (error);

  return g_strcmp0 (code, exception) == 0 || g_strcmp0 (code, oauth) == 0;
}

static JsonObject *
register_client (const SbSsoDoor *door, GCancellable *cancellable, GError **error)
{
  static const char *const usual[] = { "sso:account:access", NULL };
  g_autoptr (JsonObject) input =
      sb_json_object_new ("clientName", "s", "sagebrush", "clientType", "s", "public", NULL);

  json_object_set_array_member (
      input, "scopes", sb_json_array_new_strings (door->scopes != NULL ? door->scopes : usual));
  return call (door, "sso-oidc", "RegisterClient", input, cancellable, error);
}

static JsonObject *
start_authorization (const SbSsoDoor *door,
                     JsonObject *registered,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (JsonObject) input =
      sb_json_object_new ("clientId",
                          "s",
                          sb_json_get_string (registered, "clientId", ""),
                          "clientSecret",
                          "s",
                          sb_json_get_string (registered, "clientSecret", ""),
                          "startUrl",
                          "s",
                          door->start_url,
                          NULL);
  JsonObject *output =
      call (door, "sso-oidc", "StartDeviceAuthorization", input, cancellable, error);

  sb_secret_wipe_json (input);
  return output;
}

static SbSsoToken *
make_token (JsonObject *answer,
            const char *client_id,
            const char *client_secret,
            gint64 client_expires,
            GError **error)
{
  const char *token = sb_json_get_string (answer, "accessToken", NULL);
  SbSsoToken *self;

  if (token == NULL)
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_PROTOCOL,
                           _ ("The sign-in was answered without a token. Is the start URL right?"));
      return NULL;
    }
  self = g_new0 (SbSsoToken, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->access_token = sb_secret_dup (token);
  self->expires = now () + sb_json_get_int (answer, "expiresIn", 0);
  self->refresh_token = sb_secret_dup (sb_json_get_string (answer, "refreshToken", NULL));
  self->client_id = g_strdup (client_id);
  self->client_secret = sb_secret_dup (client_secret);
  self->client_expires = client_expires;
  return self;
}

static void
explain_end (const SbSsoDoor *door, GError *ended, GError **error)
{
  g_autoptr (GError) local = ended;

  if (says (local, "ExpiredTokenException", "expired_token"))
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_CREDENTIALS,
                 _ ("Nobody signed in for “%s” in time. Try again, and confirm the code in the "
                    "browser."),
                 door->who);
  else if (says (local, "AccessDeniedException", "access_denied"))
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_CREDENTIALS,
                 _ ("The sign-in for “%s” was refused in the browser. Try again, and allow it."),
                 door->who);
  else
    g_propagate_error (error, g_steal_pointer (&local));
}

/* Asks whether the person has signed in until it is so, or cannot be any more. */
static JsonObject *
poll (const SbSsoDoor *door,
      JsonObject *input,
      gint64 interval,
      GCancellable *cancellable,
      GError **error)
{
  for (;;)
    {
      g_autoptr (GError) local = NULL;
      JsonObject *answer;

      if (!_sb_client_sleep ((double) interval, cancellable, error))
        return NULL;
      answer = call (door, "sso-oidc", "CreateToken", input, cancellable, &local);
      if (answer != NULL)
        return answer;
      if (says (local, "SlowDownException", "slow_down"))
        interval += SLOW_DOWN;
      else if (!says (local, "AuthorizationPendingException", "authorization_pending"))
        {
          explain_end (door, g_steal_pointer (&local), error);
          return NULL;
        }
    }
}

static JsonObject *
wait_for_person (const SbSsoDoor *door,
                 JsonObject *registered,
                 JsonObject *started,
                 GCancellable *stop,
                 GError **error)
{
  SbSignIn sign_in = { .uri = sb_json_get_string (started, "verificationUri", ""),
                       .uri_complete =
                           sb_json_get_string (started, "verificationUriComplete", NULL),
                       .user_code = sb_json_get_string (started, "userCode", ""),
                       .expires = now () + sb_json_get_int (started, "expiresIn", 0) };
  g_autoptr (JsonObject) input =
      sb_json_object_new ("clientId",
                          "s",
                          sb_json_get_string (registered, "clientId", ""),
                          "clientSecret",
                          "s",
                          sb_json_get_string (registered, "clientSecret", ""),
                          "grantType",
                          "s",
                          DEVICE_CODE,
                          "deviceCode",
                          "s",
                          sb_json_get_string (started, "deviceCode", ""),
                          NULL);
  JsonObject *answer;

  if (!sb_asker_begin_sign_in (door->asker, door->who, &sign_in, stop, error))
    return NULL;
  answer = poll (door, input, sb_json_get_int (started, "interval", INTERVAL), stop, error);
  sb_asker_end_sign_in (door->asker);
  sb_secret_wipe_json (input);
  return answer;
}

static void
forward_cancel (GCancellable *cancellable, gpointer data)
{
  g_cancellable_cancel (data);
}

static void
wipe_and_unref (JsonObject **json)
{
  if (*json == NULL)
    return;
  sb_secret_wipe_json (*json);
  g_clear_pointer (json, json_object_unref);
}

/**
 * sb_sso_sign_in:
 * @door: where
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Shows the person a page and a code, and waits until the code was confirmed there.
 *
 * Returns: (transfer full) (nullable): the token; %SB_ERROR_CREDENTIALS when the sign-in was
 * refused or came too late, %G_IO_ERROR_CANCELLED when the person gave up
 */
SbSsoToken *
sb_sso_sign_in (const SbSsoDoor *door, GCancellable *cancellable, GError **error)
{
  g_autoptr (GCancellable) stop = g_cancellable_new ();
  JsonObject *registered = register_client (door, cancellable, error);
  JsonObject *started = NULL;
  JsonObject *answer = NULL;
  SbSsoToken *token = NULL;
  gulong handler = 0;

  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (forward_cancel), stop, NULL);
  if (registered != NULL)
    started = start_authorization (door, registered, cancellable, error);
  if (started != NULL)
    answer = wait_for_person (door, registered, started, stop, error);
  if (answer != NULL)
    token = make_token (answer,
                        sb_json_get_string (registered, "clientId", NULL),
                        sb_json_get_string (registered, "clientSecret", NULL),
                        sb_json_get_int (registered, "clientSecretExpiresAt", 0),
                        error);
  g_cancellable_disconnect (cancellable, handler);
  wipe_and_unref (&registered);
  wipe_and_unref (&started);
  wipe_and_unref (&answer);
  return token;
}

/**
 * sb_sso_renew:
 * @door: where
 * @token: a token that has ended, or will soon
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Renews a token without the person, as long as the organisation allows.
 *
 * Returns: (transfer full) (nullable): the new token; %SB_ERROR_CREDENTIALS when somebody has to
 *   sign in again
 */
SbSsoToken *
sb_sso_renew (const SbSsoDoor *door, SbSsoToken *token, GCancellable *cancellable, GError **error)
{
  JsonObject *input, *answer;
  SbSsoToken *renewed = NULL;

  if (token->refresh_token == NULL || token->client_id == NULL || token->client_secret == NULL ||
      token->client_expires <= now ())
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_CREDENTIALS,
                   _ ("The sign-in of “%s” has ended. Sign in again."),
                   door->who);
      return NULL;
    }
  input = sb_json_object_new ("clientId",
                              "s",
                              token->client_id,
                              "clientSecret",
                              "s",
                              token->client_secret,
                              "grantType",
                              "s",
                              REFRESH_TOKEN,
                              "refreshToken",
                              "s",
                              token->refresh_token,
                              NULL);
  answer = call (door, "sso-oidc", "CreateToken", input, cancellable, error);
  if (answer != NULL)
    renewed =
        make_token (answer, token->client_id, token->client_secret, token->client_expires, error);
  /* A service that gives no new one lets the old one go on. */
  if (renewed != NULL && renewed->refresh_token == NULL)
    renewed->refresh_token = sb_secret_dup (token->refresh_token);
  wipe_and_unref (&input);
  wipe_and_unref (&answer);
  return renewed;
}

/* All pages of a list. */
static JsonArray *
list (const SbSsoDoor *door,
      const char *operation,
      const char *member,
      JsonObject *input,
      GCancellable *cancellable,
      GError **error)
{
  g_autoptr (JsonArray) all = json_array_new ();

  for (;;)
    {
      g_autoptr (JsonObject) page = call (door, "sso", operation, input, cancellable, error);
      JsonArray *items = page != NULL ? sb_json_get_array (page, member) : NULL;
      const char *next;

      if (page == NULL)
        return NULL;
      for (guint i = 0; items != NULL && i < json_array_get_length (items); i++)
        json_array_add_element (all, json_node_copy (json_array_get_element (items, i)));
      next = sb_json_get_string (page, "nextToken", NULL);
      if (next == NULL || *next == '\0')
        return g_steal_pointer (&all);
      json_object_set_string_member (input, "nextToken", next);
    }
}

/**
 * sb_sso_list_accounts:
 * @door: where
 * @token: a token
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): objects with `accountId`, `accountName` and `emailAddress`
 */
JsonArray *
sb_sso_list_accounts (const SbSsoDoor *door,
                      SbSsoToken *token,
                      GCancellable *cancellable,
                      GError **error)
{
  JsonObject *input = sb_json_object_new ("accessToken", "s", token->access_token, NULL);
  JsonArray *all = list (door, "ListAccounts", "accountList", input, cancellable, error);

  wipe_and_unref (&input);
  return all;
}

/**
 * sb_sso_list_roles:
 * @door: where
 * @token: a token
 * @account_id: an account
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): objects with `roleName`
 */
JsonArray *
sb_sso_list_roles (const SbSsoDoor *door,
                   SbSsoToken *token,
                   const char *account_id,
                   GCancellable *cancellable,
                   GError **error)
{
  JsonObject *input = sb_json_object_new (
      "accessToken", "s", token->access_token, "accountId", "s", account_id, NULL);
  JsonArray *all = list (door, "ListAccountRoles", "roleList", input, cancellable, error);

  wipe_and_unref (&input);
  return all;
}

/**
 * sb_sso_get_credentials:
 * @door: where
 * @token: a token
 * @account_id: an account
 * @role_name: a role there
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error; its HTTP status is 401 when the token is no longer good
 *
 * Returns: (transfer full) (nullable): temporary credentials
 */
SbCredentials *
sb_sso_get_credentials (const SbSsoDoor *door,
                        SbSsoToken *token,
                        const char *account_id,
                        const char *role_name,
                        GCancellable *cancellable,
                        GError **error)
{
  JsonObject *input = sb_json_object_new ("accessToken",
                                          "s",
                                          token->access_token,
                                          "accountId",
                                          "s",
                                          account_id,
                                          "roleName",
                                          "s",
                                          role_name,
                                          NULL);
  JsonObject *answer = call (door, "sso", "GetRoleCredentials", input, cancellable, error);
  SbCredentials *credentials = NULL;

  if (answer != NULL)
    {
      const char *id = sb_json_get_string (answer, "roleCredentials.accessKeyId", NULL);
      const char *secret = sb_json_get_string (answer, "roleCredentials.secretAccessKey", NULL);

      if (id != NULL && secret != NULL)
        credentials = sb_credentials_new_temporary (
            id,
            secret,
            sb_json_get_string (answer, "roleCredentials.sessionToken", NULL),
            sb_json_get_int (answer, "roleCredentials.expiration", 0) / 1000);
      else
        g_set_error (error,
                     SB_ERROR,
                     SB_ERROR_PROTOCOL,
                     _ ("The answer for the role %s holds no credentials. Try again later."),
                     role_name);
    }
  wipe_and_unref (&input);
  wipe_and_unref (&answer);
  return credentials;
}
