/* sb-connection-store.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-connection-store.h"

#include <string.h>

#include "cloud/sb-aws-config.h"
#include "cloud/sb-client.h"
#include "cloud/sb-connection-file-private.h"
#include "cloud/sb-keyring-provider.h"
#include "cloud/sb-profile-provider.h"
#include "cloud/sb-saved-provider-private.h"
#include "cloud/sb-sso-provider.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

/**
 * SbConnectionStore:
 *
 * The connections that people have added, as a #GListModel of #SbConnectionInfo: in a file without
 * their secrets, which are in the keyring, or in memory for this session. To be used in one thread;
 * what it opens may be used in any.
 */
struct _SbConnectionStore
{
  GObject parent_instance;

  char *path;
  SbAsker *asker;
  GPtrArray *infos;
  GHashTable *opened; /* connections by id: what was typed in for this session lives in them */
};

static GType
get_item_type (GListModel *model)
{
  return SB_TYPE_CONNECTION_INFO;
}

static guint
get_n_items (GListModel *model)
{
  return SB_CONNECTION_STORE (model)->infos->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  SbConnectionStore *self = SB_CONNECTION_STORE (model);

  return position < self->infos->len ? g_object_ref (self->infos->pdata[position]) : NULL;
}

static void
model_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SbConnectionStore,
                               sb_connection_store,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, model_iface_init))

static void
sb_connection_store_finalize (GObject *object)
{
  SbConnectionStore *self = SB_CONNECTION_STORE (object);

  g_clear_pointer (&self->path, g_free);
  g_clear_object (&self->asker);
  g_clear_pointer (&self->infos, g_ptr_array_unref);
  g_clear_pointer (&self->opened, g_hash_table_unref);

  G_OBJECT_CLASS (sb_connection_store_parent_class)->finalize (object);
}

static void
sb_connection_store_class_init (SbConnectionStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_connection_store_finalize;
}

static void
sb_connection_store_init (SbConnectionStore *self)
{
  self->infos = g_ptr_array_new_with_free_func (g_object_unref);
  self->opened = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
}

/**
 * sb_connection_store_new:
 * @data_dir: where Sagebrush keeps its own files
 * @asker: (nullable): who can ask the person when a connection needs it
 * @error: (nullable): why the connections could not be read; then there are none, and none is lost
 *
 * Returns: (transfer full): the store
 */
SbConnectionStore *
sb_connection_store_new (const char *data_dir, SbAsker *asker, GError **error)
{
  SbConnectionStore *self = g_object_new (SB_TYPE_CONNECTION_STORE, NULL);

  self->path = g_build_filename (data_dir, "connections.json", NULL);
  g_set_object (&self->asker, asker);
  sb_connection_store_reload (self, error);
  return self;
}

/**
 * sb_connection_store_reload:
 * @self: a store
 * @error: %SB_ERROR_STORAGE
 *
 * Reads what other windows and terminals have changed.
 *
 * Returns: whether the file could be read
 */
gboolean
sb_connection_store_reload (SbConnectionStore *self, GError **error)
{
  GPtrArray *infos = _sb_connection_file_load (self->path, error);
  guint before = self->infos->len;

  if (infos == NULL)
    return FALSE;
  g_ptr_array_unref (self->infos);
  self->infos = infos;
  g_list_model_items_changed (G_LIST_MODEL (self), 0, before, infos->len);
  return TRUE;
}

/**
 * sb_connection_store_find:
 * @self: a store
 * @name: a connection's name, in any case, or its id
 *
 * Returns: (transfer none) (nullable): the connection
 */
SbConnectionInfo *
sb_connection_store_find (SbConnectionStore *self, const char *name)
{
  g_autofree char *wanted = g_utf8_casefold (name, -1);

  for (guint i = 0; i < self->infos->len; i++)
    {
      SbConnectionInfo *info = self->infos->pdata[i];
      g_autofree char *other = g_utf8_casefold (sb_connection_info_get_name (info), -1);

      if (strcmp (wanted, other) == 0 || strcmp (name, sb_connection_info_get_id (info)) == 0)
        return info;
    }
  return NULL;
}

/* What the profile itself says of addresses counts where the connection says nothing. */
static void
add_profile_endpoints (SbEndpoints *endpoints, const char *profile)
{
  static const char *const services[][2] = {
    { "sagemaker", "sagemaker" },
    { "sagemaker-runtime", "sagemaker_runtime" },
    { "logs", "cloudwatch_logs" },
    { "cloudwatch", "cloudwatch" },
    { "s3", "s3" },
    { "iam", "iam" },
    { "sts", "sts" },
    { "sso", "sso" },
    { "sso-oidc", "sso_oidc" },
  };
  g_autofree char *config_path = sb_aws_config_default_path ();
  g_autofree char *credentials_path = sb_aws_credentials_default_path ();
  g_autoptr (SbAwsConfig) config = sb_aws_config_load (config_path, credentials_path, NULL);

  if (config == NULL || sb_endpoints_get_own_url (endpoints, NULL) != NULL)
    return;
  sb_endpoints_set_url (endpoints, NULL, sb_aws_config_get_endpoint_url (config, profile, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (services); i++)
    if (sb_endpoints_get_own_url (endpoints, services[i][0]) == NULL)
      sb_endpoints_set_url (endpoints,
                            services[i][0],
                            sb_aws_config_get_endpoint_url (config, profile, services[i][1]));
}

static SbCredentialsProvider *
make_sso_provider (SbConnectionStore *self,
                   SbConnectionInfo *info,
                   SbEndpoints *endpoints,
                   SbSsoToken *token)
{
  g_autoptr (SbEndpoints) there =
      sb_endpoints_copy_to_region (endpoints, sb_connection_info_get (info, "sso_region"));
  SbSsoDoor door = { .endpoints = there,
                     .start_url = sb_connection_info_get (info, "sso_start_url"),
                     .who = sb_connection_info_get_name (info),
                     .asker = self->asker };
  SbCredentialsProvider *provider =
      sb_sso_provider_new (&door,
                           sb_connection_info_get (info, "sso_account_id"),
                           sb_connection_info_get (info, "sso_role_name"));

  if (token != NULL)
    sb_sso_provider_set_token (SB_SSO_PROVIDER (provider), token);
  else if (sb_connection_info_is_kept (info))
    sb_sso_provider_keep_in_keyring (SB_SSO_PROVIDER (provider), sb_connection_info_get_id (info));
  return provider;
}

static SbConnection *
make_connection (SbConnectionStore *self,
                 SbConnectionInfo *info,
                 const SbSecrets *secrets,
                 SbAsker *asker)
{
  g_autoptr (SbEndpoints) endpoints = sb_connection_info_dup_endpoints (info);
  g_autoptr (SbCredentialsProvider) provider = NULL;
  const char *profile = sb_connection_info_get (info, "profile");

  switch (sb_connection_info_get_kind (info))
    {
    case SB_CONNECTION_PROFILE:
      add_profile_endpoints (endpoints, profile);
      provider = sb_profile_provider_new_full (profile, endpoints, self->asker);
      break;
    case SB_CONNECTION_SSO:
      provider = make_sso_provider (self, info, endpoints, secrets != NULL ? secrets->token : NULL);
      break;
    case SB_CONNECTION_ACCESS_KEY:
    default:
      provider = _sb_saved_provider_new (self->path,
                                         info,
                                         secrets != NULL ? secrets->credentials : NULL,
                                         asker);
      break;
    }
  return sb_connection_new_at (sb_connection_info_get_id (info),
                               sb_connection_info_get_name (info),
                               endpoints,
                               provider);
}

/**
 * sb_connection_store_open:
 * @self: a store
 * @info: one of its connections
 *
 * Makes no call yet. The same connection is opened once.
 *
 * Returns: (transfer full): the connection
 */
SbConnection *
sb_connection_store_open (SbConnectionStore *self, SbConnectionInfo *info)
{
  const char *id = sb_connection_info_get_id (info);
  SbConnection *connection = g_hash_table_lookup (self->opened, id);

  if (connection == NULL)
    {
      connection = make_connection (self, info, NULL, self->asker);
      g_hash_table_insert (self->opened, g_strdup (id), connection);
    }
  return g_object_ref (connection);
}

/**
 * sb_connection_store_try:
 * @self: a store
 * @info: a connection that may not be in it
 * @secrets: (nullable): its secrets, as they were typed in
 *
 * For a check before it is added: wrong keys are an error, and nobody is asked for others.
 *
 * Returns: (transfer full): the connection
 */
SbConnection *
sb_connection_store_try (SbConnectionStore *self, SbConnectionInfo *info, const SbSecrets *secrets)
{
  return make_connection (self, info, secrets, NULL);
}

/**
 * sb_connection_check:
 * @info: what is known of a connection
 * @connection: the same, opened
 * @cancellable: (nullable): a cancellable
 * @error: an error of %SB_ERROR or %G_IO_ERROR_CANCELLED
 *
 * Asks the Security Token Service who this is. Blocks.
 *
 * Returns: (transfer full) (nullable): a copy of @info with `account` and `arn`
 */
SbConnectionInfo *
sb_connection_check (SbConnectionInfo *info,
                     SbConnection *connection,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (SbClient) client = sb_client_new (connection, NULL);
  g_autoptr (JsonObject) identity =
      sb_client_call (client, "sts", "GetCallerIdentity", NULL, cancellable, error);
  SbConnectionInfo *checked;

  if (identity == NULL)
    return NULL;
  checked = sb_connection_info_copy (info);
  sb_connection_info_set (checked, "account", sb_json_get_string (identity, "Account", NULL));
  sb_connection_info_set (checked, "arn", sb_json_get_string (identity, "Arn", NULL));
  return checked;
}

static void
check_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  SbConnectionInfo *checked = sb_connection_check (data, source, cancellable, &error);

  if (checked != NULL)
    g_task_return_pointer (task, checked, g_object_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * sb_connection_check_async:
 * @info: what is known of a connection
 * @connection: the same, opened
 * @cancellable: (nullable): a cancellable
 * @callback: what to call when it is done
 * @user_data: data for @callback
 *
 * See sb_connection_check().
 */
void
sb_connection_check_async (SbConnectionInfo *info,
                           SbConnection *connection,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (connection, cancellable, callback, user_data);

  g_task_set_source_tag (task, sb_connection_check_async);
  g_task_set_task_data (task, g_object_ref (info), g_object_unref);
  g_task_run_in_thread (task, check_in_thread);
}

/**
 * sb_connection_check_finish:
 * @result: what the callback got
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): see sb_connection_check()
 */
SbConnectionInfo *
sb_connection_check_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* The file comes first: a crash in between leaves a connection that asks for its key, and no secret
 * that nobody knows of. */
static gboolean
write_down (const char *path,
            SbConnectionInfo *info,
            const SbSecrets *secrets,
            GCancellable *cancellable,
            GError **error)
{
  const char *id = sb_connection_info_get_id (info);
  g_autofree char *label = _sb_connection_dup_label (info);
  g_autoptr (SbSecret) text = NULL;
  gboolean fine = TRUE;

  if (!sb_connection_info_validate (info, error) || !_sb_connection_file_put (path, info, error))
    return FALSE;
  if (secrets == NULL || !sb_connection_info_is_kept (info))
    return TRUE;
  if (secrets->credentials != NULL)
    fine = sb_keyring_store (id, label, secrets->credentials, cancellable, error);
  else if (secrets->token != NULL)
    {
      text = sb_sso_token_to_text (secrets->token);
      fine = sb_keyring_store_text (id, SB_KEYRING_SSO_TOKEN, label, text, cancellable, error);
    }
  if (!fine)
    (void) _sb_connection_file_remove (path, id, NULL);
  return fine;
}

static void
take_in (SbConnectionStore *self, SbConnectionInfo *info, const SbSecrets *secrets)
{
  const char *id = sb_connection_info_get_id (info);

  g_hash_table_replace (self->opened,
                        g_strdup (id),
                        make_connection (self,
                                         info,
                                         sb_connection_info_is_kept (info) ? NULL : secrets,
                                         self->asker));
  (void) sb_connection_store_reload (self, NULL);
}

/**
 * sb_connection_store_add:
 * @self: a store
 * @info: a connection, in place of one of the same id
 * @secrets: (nullable): its secrets; kept in the keyring, or in memory when its `keep` is `session`
 * @cancellable: (nullable): a cancellable
 * @error: %SB_ERROR_INVALID, %SB_ERROR_EXISTS, %SB_ERROR_STORAGE, or %SB_ERROR_CREDENTIALS when the
 *   keyring would not
 *
 * Blocks.
 *
 * Returns: whether it is kept; if not, nothing of it is
 */
gboolean
sb_connection_store_add (SbConnectionStore *self,
                         SbConnectionInfo *info,
                         const SbSecrets *secrets,
                         GCancellable *cancellable,
                         GError **error)
{
  if (!write_down (self->path, info, secrets, cancellable, error))
    return FALSE;
  take_in (self, info, secrets);
  return TRUE;
}

typedef struct
{
  char *path;
  SbConnectionInfo *info;
  SbSecrets secrets;
} Change;

static Change *
change_new (SbConnectionStore *self, SbConnectionInfo *info, const SbSecrets *secrets)
{
  Change *change = g_new0 (Change, 1);

  change->path = g_strdup (self->path);
  change->info = g_object_ref (info);
  if (secrets != NULL && secrets->credentials != NULL)
    change->secrets.credentials = sb_credentials_ref (secrets->credentials);
  if (secrets != NULL && secrets->token != NULL)
    change->secrets.token = sb_sso_token_ref (secrets->token);
  return change;
}

static void
change_free (gpointer data)
{
  Change *change = data;

  g_free (change->path);
  g_object_unref (change->info);
  g_clear_pointer (&change->secrets.credentials, sb_credentials_unref);
  g_clear_pointer (&change->secrets.token, sb_sso_token_unref);
  g_free (change);
}

static void
add_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Change *change = data;
  g_autoptr (GError) error = NULL;

  if (write_down (change->path, change->info, &change->secrets, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * sb_connection_store_add_async:
 * @self: a store
 * @info: a connection
 * @secrets: (nullable): its secrets
 * @cancellable: (nullable): a cancellable
 * @callback: what to call when it is done
 * @user_data: data for @callback
 *
 * See sb_connection_store_add().
 */
void
sb_connection_store_add_async (SbConnectionStore *self,
                               SbConnectionInfo *info,
                               const SbSecrets *secrets,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, sb_connection_store_add_async);
  g_task_set_task_data (task, change_new (self, info, secrets), change_free);
  g_task_run_in_thread (task, add_in_thread);
}

/**
 * sb_connection_store_add_finish:
 * @self: a store
 * @result: what the callback got
 * @error: return location for an error
 *
 * Returns: see sb_connection_store_add()
 */
gboolean
sb_connection_store_add_finish (SbConnectionStore *self, GAsyncResult *result, GError **error)
{
  Change *change = g_task_get_task_data (G_TASK (result));

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  take_in (self, change->info, &change->secrets);
  return TRUE;
}

/* The secret goes first, so that none is left behind without a connection that names it. A keyring
 * that is not there holds none. */
static gboolean
erase (const char *path, SbConnectionInfo *info, GCancellable *cancellable, GError **error)
{
  const char *id = sb_connection_info_get_id (info);
  gboolean secret = sb_connection_info_get_kind (info) != SB_CONNECTION_PROFILE &&
                    sb_connection_info_is_kept (info);

  if (secret && sb_keyring_get_state () != SB_KEYRING_ABSENT &&
      !sb_keyring_clear (id, cancellable, error))
    return FALSE;
  return _sb_connection_file_remove (path, id, error);
}

static void
let_go (SbConnectionStore *self, SbConnectionInfo *info)
{
  g_hash_table_remove (self->opened, sb_connection_info_get_id (info));
  (void) sb_connection_store_reload (self, NULL);
}

/**
 * sb_connection_store_remove:
 * @self: a store
 * @info: one of its connections
 * @cancellable: (nullable): a cancellable
 * @error: %SB_ERROR_CREDENTIALS when the keyring would not, %SB_ERROR_STORAGE
 *
 * Forgets a connection and its secrets. Blocks.
 *
 * Returns: whether it is gone
 */
gboolean
sb_connection_store_remove (SbConnectionStore *self,
                            SbConnectionInfo *info,
                            GCancellable *cancellable,
                            GError **error)
{
  g_autoptr (SbConnectionInfo) held = g_object_ref (info);

  if (!erase (self->path, held, cancellable, error))
    return FALSE;
  let_go (self, held);
  return TRUE;
}

static void
remove_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Change *change = data;
  g_autoptr (GError) error = NULL;

  if (erase (change->path, change->info, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * sb_connection_store_remove_async:
 * @self: a store
 * @info: one of its connections
 * @cancellable: (nullable): a cancellable
 * @callback: what to call when it is done
 * @user_data: data for @callback
 *
 * See sb_connection_store_remove().
 */
void
sb_connection_store_remove_async (SbConnectionStore *self,
                                  SbConnectionInfo *info,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, sb_connection_store_remove_async);
  g_task_set_task_data (task, change_new (self, info, NULL), change_free);
  g_task_run_in_thread (task, remove_in_thread);
}

/**
 * sb_connection_store_remove_finish:
 * @self: a store
 * @result: what the callback got
 * @error: return location for an error
 *
 * Returns: see sb_connection_store_remove()
 */
gboolean
sb_connection_store_remove_finish (SbConnectionStore *self, GAsyncResult *result, GError **error)
{
  Change *change = g_task_get_task_data (G_TASK (result));

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  let_go (self, change->info);
  return TRUE;
}
