/* sb-keyring-provider.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-keyring-provider.h"

#include <glib/gi18n.h>
#include <libsecret/secret.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-secret.h"

/**
 * SbKeyringProvider:
 *
 * Credentials that the system's keyring keeps. They are asked for once and then held, so that not
 * every call goes over the bus.
 */
struct _SbKeyringProvider
{
  GObject parent_instance;

  char *connection_id;
  char *access_key_id;

  GMutex lock;
  SbCredentials *credentials; /* guarded by lock */
};

static const SecretSchema schema = {
  SB_APP_ID ".Credentials",
  SECRET_SCHEMA_NONE,
  {
      { "connection", SECRET_SCHEMA_ATTRIBUTE_STRING },
      { "access-key-id", SECRET_SCHEMA_ATTRIBUTE_STRING },
      { NULL, 0 },
  },
};

static void
set_keyring_error (GError **error, const GError *cause)
{
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_error_copy (cause));
      return;
    }
  if (cause->domain == G_DBUS_ERROR || cause->domain == G_IO_ERROR)
    g_set_error (
        error,
        SB_ERROR,
        SB_ERROR_CREDENTIALS,
        _ ("No keyring is running that could keep the secret: %s. Start one, such as GNOME "
           "Keyring, or keep the secret for this session only."),
        cause->message);
  else
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_CREDENTIALS,
                 _ ("The keyring did not answer: %s. Unlock it and try again."),
                 cause->message);
}

static SbCredentials *
parse_secret (const char *access_key_id, const char *secret, GError **error)
{
  g_autoptr (JsonObject) json = sb_json_parse_object (secret, -1, NULL);
  const char *key = json != NULL ? sb_json_get_string (json, "secret_access_key", NULL) : NULL;
  SbCredentials *credentials;

  if (key == NULL)
    {
      g_set_error (
          error,
          SB_ERROR,
          SB_ERROR_CREDENTIALS,
          _ ("What the keyring keeps for the access key %s cannot be understood. Enter the "
             "access key of the connection again."),
          access_key_id);
      return NULL;
    }
  credentials =
      sb_credentials_new (access_key_id, key, sb_json_get_string (json, "session_token", NULL));
  sb_secret_wipe_json (json);
  return credentials;
}

static SbCredentials *
lookup (SbKeyringProvider *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (SbSecret) secret =
      sb_keyring_lookup_text (self->connection_id, self->access_key_id, cancellable, &local);

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  if (secret == NULL)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_CREDENTIALS,
                   _ ("The keyring has no secret for the access key %s. Enter the access key "
                      "of the connection again."),
                   self->access_key_id);
      return NULL;
    }
  return parse_secret (self->access_key_id, secret, error);
}

static SbCredentials *
sb_keyring_provider_get (SbCredentialsProvider *provider, GCancellable *cancellable, GError **error)
{
  SbKeyringProvider *self = SB_KEYRING_PROVIDER (provider);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->credentials == NULL)
    self->credentials = lookup (self, cancellable, error);
  return self->credentials != NULL ? sb_credentials_ref (self->credentials) : NULL;
}

static void
provider_iface_init (SbCredentialsProviderInterface *iface)
{
  iface->get = sb_keyring_provider_get;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SbKeyringProvider,
                               sb_keyring_provider,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (SB_TYPE_CREDENTIALS_PROVIDER,
                                                      provider_iface_init))

static void
sb_keyring_provider_finalize (GObject *object)
{
  SbKeyringProvider *self = SB_KEYRING_PROVIDER (object);

  g_clear_pointer (&self->connection_id, g_free);
  g_clear_pointer (&self->access_key_id, g_free);
  g_clear_pointer (&self->credentials, sb_credentials_unref);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (sb_keyring_provider_parent_class)->finalize (object);
}

static void
sb_keyring_provider_class_init (SbKeyringProviderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_keyring_provider_finalize;
}

static void
sb_keyring_provider_init (SbKeyringProvider *self)
{
  g_mutex_init (&self->lock);
}

/**
 * sb_keyring_provider_new:
 * @connection_id: the id of the connection whose keys these are
 * @access_key_id: the public part of the key
 *
 * Returns: (transfer full): a provider that asks the keyring when it is asked
 */
SbCredentialsProvider *
sb_keyring_provider_new (const char *connection_id, const char *access_key_id)
{
  SbKeyringProvider *self;

  g_return_val_if_fail (connection_id != NULL, NULL);
  g_return_val_if_fail (access_key_id != NULL, NULL);

  self = g_object_new (SB_TYPE_KEYRING_PROVIDER, NULL);
  self->connection_id = g_strdup (connection_id);
  self->access_key_id = g_strdup (access_key_id);
  return SB_CREDENTIALS_PROVIDER (self);
}

/**
 * sb_keyring_get_state:
 *
 * Blocks: asks the bus. Never asks the person to unlock anything.
 *
 * Returns: whether secrets can be kept
 */
SbKeyringState
sb_keyring_get_state (void)
{
  g_autoptr (SecretService) service = NULL;
  g_autoptr (SecretCollection) collection = NULL;
  g_autoptr (GError) error = NULL;

  /* A service of its own: the shared one outlives a keyring that has gone. */
  service = secret_service_open_sync (SECRET_TYPE_SERVICE, NULL, SECRET_SERVICE_NONE, NULL, NULL);
  if (service == NULL)
    return SB_KEYRING_ABSENT;
  collection = secret_collection_for_alias_sync (
      service, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, NULL, &error);
  if (error != NULL)
    return SB_KEYRING_ABSENT;
  /* A service without a collection makes one when the first secret comes, and asks for a password.
   */
  return collection != NULL && !secret_collection_get_locked (collection) ? SB_KEYRING_OPEN
                                                                          : SB_KEYRING_LOCKED;
}

/**
 * sb_keyring_is_available:
 *
 * Blocks: asks the bus. Never asks the person to unlock anything.
 *
 * Returns: whether there is a keyring, and it is open
 */
gboolean
sb_keyring_is_available (void)
{
  return sb_keyring_get_state () == SB_KEYRING_OPEN;
}

/**
 * sb_keyring_store:
 * @connection_id: the id of the connection whose keys these are
 * @label: what the keyring shows to people
 * @credentials: the keys
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Keeps keys in the system's keyring, in place of those that it had for the same connection and
 * access key. Blocks.
 *
 * Returns: whether it worked; else %SB_ERROR_CREDENTIALS
 */
gboolean
sb_keyring_store (const char *connection_id,
                  const char *label,
                  SbCredentials *credentials,
                  GCancellable *cancellable,
                  GError **error)
{
  g_autoptr (JsonObject) json = NULL;
  g_autoptr (SbSecret) text = NULL;

  g_return_val_if_fail (connection_id != NULL, FALSE);
  g_return_val_if_fail (credentials != NULL, FALSE);

  json = sb_json_object_new ("secret_access_key",
                             "s",
                             sb_credentials_get_secret_access_key (credentials),
                             "session_token",
                             "s",
                             sb_credentials_get_session_token (credentials),
                             NULL);
  text = sb_json_to_string (json);
  sb_secret_wipe_json (json);
  return sb_keyring_store_text (connection_id,
                                sb_credentials_get_access_key_id (credentials),
                                label,
                                text,
                                cancellable,
                                error);
}

/**
 * sb_keyring_store_text:
 * @connection_id: the id of the connection that it belongs to
 * @key_id: an access key's id, or what else tells it from the connection's other secrets
 * @label: what the keyring shows to people
 * @text: the secret
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Keeps a secret in the system's keyring, in place of one that it had there. Blocks.
 *
 * Returns: whether it worked; else %SB_ERROR_CREDENTIALS
 */
gboolean
sb_keyring_store_text (const char *connection_id,
                       const char *key_id,
                       const char *label,
                       const char *text,
                       GCancellable *cancellable,
                       GError **error)
{
  g_autoptr (GError) local = NULL;

  secret_password_store_sync (&schema,
                              SECRET_COLLECTION_DEFAULT,
                              label,
                              text,
                              cancellable,
                              &local,
                              "connection",
                              connection_id,
                              "access-key-id",
                              key_id,
                              NULL);
  if (local != NULL)
    set_keyring_error (error, local);
  return local == NULL;
}

/**
 * sb_keyring_lookup_text:
 * @connection_id: the id of a connection
 * @key_id: what sb_keyring_store_text() was given
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Blocks, and may ask the person to unlock the keyring.
 *
 * Returns: (transfer full) (nullable): the secret; %NULL without an error when there is none
 */
SbSecret *
sb_keyring_lookup_text (const char *connection_id,
                        const char *key_id,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (GError) local = NULL;
  char *text = secret_password_lookup_nonpageable_sync (
      &schema, cancellable, &local, "connection", connection_id, "access-key-id", key_id, NULL);
  SbSecret *copy = sb_secret_dup (text);

  secret_password_free (text);
  if (local != NULL)
    set_keyring_error (error, local);
  return copy;
}

/**
 * sb_keyring_clear_key:
 * @connection_id: the id of a connection
 * @key_id: what sb_keyring_store_text() was given, or an access key's id
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Forgets one secret of the connection. Blocks.
 *
 * Returns: whether it worked, also when there was none; else %SB_ERROR_CREDENTIALS
 */
gboolean
sb_keyring_clear_key (const char *connection_id,
                      const char *key_id,
                      GCancellable *cancellable,
                      GError **error)
{
  g_autoptr (GError) local = NULL;

  g_return_val_if_fail (connection_id != NULL, FALSE);
  g_return_val_if_fail (key_id != NULL, FALSE);

  secret_password_clear_sync (
      &schema, cancellable, &local, "connection", connection_id, "access-key-id", key_id, NULL);
  if (local != NULL)
    set_keyring_error (error, local);
  return local == NULL;
}

/**
 * sb_keyring_clear:
 * @connection_id: the id of a connection
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Forgets every key of the connection. Blocks.
 *
 * Returns: whether it worked, also when there were none; else %SB_ERROR_CREDENTIALS
 */
gboolean
sb_keyring_clear (const char *connection_id, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;

  g_return_val_if_fail (connection_id != NULL, FALSE);

  secret_password_clear_sync (&schema, cancellable, &local, "connection", connection_id, NULL);
  if (local != NULL)
    set_keyring_error (error, local);
  return local == NULL;
}
