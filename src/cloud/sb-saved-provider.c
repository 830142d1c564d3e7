/* sb-saved-provider.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-saved-provider-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-connection-file-private.h"
#include "cloud/sb-keyring-provider.h"
#include "wire/sb-error.h"

/**
 * SbSavedProvider:
 *
 * The access key of a saved connection: from the keyring, or typed in for this session. When a
 * service no longer takes it, the person is asked for another in place.
 */
struct _SbSavedProvider
{
  SbRenewingProvider parent_instance;

  char *path;
  SbAsker *asker;

  SbConnectionInfo *info; /* of fetch() alone */
};

static SbCredentials *
look_up (SbSavedProvider *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (SbCredentialsProvider) keyring =
      sb_keyring_provider_new (sb_connection_info_get_id (self->info),
                               sb_connection_info_get (self->info, "access_key_id"));

  return sb_credentials_provider_get (keyring, cancellable, error);
}

/* The old key goes last: what is lost before that is asked for again. */
static gboolean
keep (SbSavedProvider *self, SbCredentials *credentials, GCancellable *cancellable, GError **error)
{
  const char *id = sb_connection_info_get_id (self->info);
  const char *old = sb_connection_info_get (self->info, "access_key_id");
  const char *key_id = sb_credentials_get_access_key_id (credentials);
  g_autoptr (SbConnectionInfo) changed = sb_connection_info_copy (self->info);
  g_autofree char *label = _sb_connection_dup_label (self->info);

  if (sb_connection_info_is_kept (self->info) &&
      !sb_keyring_store (id, label, credentials, cancellable, error))
    return FALSE;
  sb_connection_info_set (changed, "access_key_id", key_id);
  if (strcmp (old, key_id) == 0)
    return TRUE;
  if (!_sb_connection_file_put (self->path, changed, error))
    return FALSE;
  if (sb_connection_info_is_kept (self->info))
    (void) sb_keyring_clear_key (id, old, cancellable, NULL);
  g_set_object (&self->info, changed);
  return TRUE;
}

static SbCredentials *
ask (SbSavedProvider *self, const GError *why, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;
  SbCredentials *credentials =
      sb_asker_ask_keys (self->asker,
                         sb_connection_info_get_name (self->info),
                         sb_connection_info_get (self->info, "access_key_id"),
                         why,
                         cancellable,
                         error);

  if (credentials != NULL && !keep (self, credentials, cancellable, &local))
    g_message ("The new access key is kept for this session only: %s", local->message);
  return credentials;
}

static gboolean
is_that (SbCredentials *a, SbCredentials *b)
{
  return b != NULL && strcmp (sb_credentials_get_secret_access_key (a),
                              sb_credentials_get_secret_access_key (b)) == 0;
}

static SbCredentials *
fetch (SbRenewingProvider *provider,
       SbCredentials *refused,
       const GError *why,
       GCancellable *cancellable,
       GError **error)
{
  SbSavedProvider *self = SB_SAVED_PROVIDER (provider);
  g_autoptr (GError) missing = NULL;
  g_autoptr (SbCredentials) kept = NULL;
  SbCredentials *asked;

  if (sb_connection_info_is_kept (self->info))
    kept = look_up (self, cancellable, &missing);
  /* Another window or terminal may have asked already. */
  if (kept != NULL && !is_that (kept, refused))
    return g_steal_pointer (&kept);
  if (missing == NULL && refused == NULL)
    g_set_error (&missing,
                 SB_ERROR,
                 SB_ERROR_CREDENTIALS,
                 _ ("The access key of “%s” was kept for one session only. Enter it again."),
                 sb_connection_info_get_name (self->info));
  asked = ask (self, why != NULL ? why : missing, cancellable, error);
  if (asked == NULL && refused == NULL && missing != NULL && *error == NULL)
    g_propagate_error (error, g_steal_pointer (&missing));
  return asked;
}

G_DEFINE_FINAL_TYPE (SbSavedProvider, _sb_saved_provider, SB_TYPE_RENEWING_PROVIDER)

static void
_sb_saved_provider_finalize (GObject *object)
{
  SbSavedProvider *self = SB_SAVED_PROVIDER (object);

  g_clear_pointer (&self->path, g_free);
  g_clear_object (&self->asker);
  g_clear_object (&self->info);

  G_OBJECT_CLASS (_sb_saved_provider_parent_class)->finalize (object);
}

static void
_sb_saved_provider_class_init (SbSavedProviderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = _sb_saved_provider_finalize;
  SB_RENEWING_PROVIDER_CLASS (klass)->fetch = fetch;
}

static void
_sb_saved_provider_init (SbSavedProvider *self)
{
}

/*< private >
 * _sb_saved_provider_new:
 * @path: the file of connections
 * @info: a connection of the kind %SB_CONNECTION_ACCESS_KEY
 * @credentials: (nullable): its key, when it is known already
 * @asker: (nullable): who can ask the person
 *
 * Returns: (transfer full): a provider that gives the connection's access key
 */
SbCredentialsProvider *
_sb_saved_provider_new (const char *path,
                        SbConnectionInfo *info,
                        SbCredentials *credentials,
                        SbAsker *asker)
{
  SbSavedProvider *self = g_object_new (SB_TYPE_SAVED_PROVIDER, NULL);

  self->path = g_strdup (path);
  self->info = g_object_ref (info);
  g_set_object (&self->asker, asker);
  if (credentials != NULL)
    sb_renewing_provider_set (SB_RENEWING_PROVIDER (self), credentials);
  return SB_CREDENTIALS_PROVIDER (self);
}

/*< private >
 * _sb_connection_dup_label:
 * @info: a connection
 *
 * Returns: (transfer full): what the keyring calls its secret
 */
char *
_sb_connection_dup_label (SbConnectionInfo *info)
{
  return g_strdup_printf (_ ("Sagebrush: %s"), sb_connection_info_get_name (info));
}
