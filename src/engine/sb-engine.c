/* sb-engine.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-engine.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "engine/sb-dispatch.h"
#include "engine/sb-process.h"
#include "engine/sb-services.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS resources (kind TEXT NOT NULL, name TEXT NOT NULL, created REAL "
    "NOT NULL, modified REAL NOT NULL, status TEXT, document TEXT NOT NULL, PRIMARY KEY (kind, "
    "name));"
    "CREATE TABLE IF NOT EXISTS tags (arn TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, "
    "PRIMARY KEY (arn, key)) WITHOUT ROWID;";

/**
 * sb_engine_now:
 *
 * Returns: seconds since 1970, to the millisecond, as the services tell time
 */
double
sb_engine_now (void)
{
  return (double) (g_get_real_time () / 1000) / 1000;
}

static gboolean
fail (GError **error, const char *format, const char *path)
{
  int code = errno;

  g_set_error (error, SB_ERROR, SB_ERROR_STORAGE, "%s “%s”: %s", format, path, g_strerror (code));
  return FALSE;
}

/* The lock is the process's: it goes when the process does, however it ends. */
static gboolean
lock_folder (SbEngine *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->data_dir, "lock", NULL);

  if (g_mkdir_with_parents (self->data_dir, 0700) != 0)
    return fail (error, "The engine’s folder cannot be made:", self->data_dir);
  self->lock = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (self->lock < 0)
    return fail (error, "The engine’s folder cannot be written:", self->data_dir);
  if (flock (self->lock, LOCK_EX | LOCK_NB) == 0)
    return TRUE;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_CONFLICT,
               "Another engine is using the folder “%s”; stop it first, or choose another folder "
               "with --data-dir",
               self->data_dir);
  return FALSE;
}

static char *
random_text (const char *alphabet, guint length)
{
  g_autofree guint8 *bytes = g_malloc (length);
  char *text = g_malloc (length + 1);
  gsize n = strlen (alphabet);
  int fd = open ("/dev/urandom", O_RDONLY | O_CLOEXEC);

  if (fd < 0 || read (fd, bytes, length) != (gssize) length)
    g_error ("/dev/urandom cannot be read");
  close (fd);
  for (guint i = 0; i < length; i++)
    text[i] = alphabet[bytes[i] % n];
  text[length] = '\0';
  return text;
}

static gboolean
write_credentials (const char *path, GError **error)
{
  g_autofree char *id = random_text ("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 14);
  g_autofree char *secret =
      random_text ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 40);
  g_autofree char *text =
      g_strdup_printf ("[default]\naws_access_key_id = SBLOCL%s\naws_secret_access_key = %s\n",
                       id,
                       secret);

  return g_file_set_contents_full (
      path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error);
}

static gboolean
load_credentials (SbEngine *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->data_dir, "credentials", NULL);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *id = NULL;
  g_autofree char *secret = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS) && !write_credentials (path, error))
    return FALSE;
  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, error))
    return FALSE;
  id = g_key_file_get_string (file, "default", "aws_access_key_id", error);
  secret =
      id != NULL ? g_key_file_get_string (file, "default", "aws_secret_access_key", error) : NULL;
  if (secret == NULL)
    return FALSE;
  self->credentials = sb_credentials_new (id, secret, NULL);
  return TRUE;
}

static void
add_all_operations (SbEngine *self)
{
  sb_add_training_operations (self);
  sb_add_model_operations (self);
  sb_add_endpoint_config_operations (self);
  sb_add_endpoint_operations (self);
  sb_add_notebook_operations (self);
  sb_add_tag_operations (self);
  sb_add_log_operations (self);
  sb_add_metric_operations (self);
  sb_add_iam_operations (self);
  sb_add_sts_operations (self);
}

static gboolean
open_stores (SbEngine *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->data_dir, "engine.db", NULL);

  self->database = sb_database_open (path, schema, SB_DATABASE_DURABLE, error);
  if (self->database == NULL)
    return FALSE;
  self->objects = sb_object_store_open (self->data_dir, self->database, error);
  if (self->objects == NULL)
    return FALSE;
  self->metrics = sb_metrics_new ();
  self->logs = sb_log_store_open (self->data_dir, error);
  return self->logs != NULL;
}

/**
 * sb_engine_new:
 * @data_dir: its folder; made when it does not exist
 * @region: the Region that it pretends to be
 * @error: why it cannot run, such as another engine on the same folder
 *
 * Returns: (transfer full) (nullable): an engine that does not listen yet
 */
SbEngine *
sb_engine_new (const char *data_dir, const char *region, GError **error)
{
  g_autoptr (SbEngine) self = g_new0 (SbEngine, 1);

  self->lock = -1;
  self->data_dir = g_canonicalize_filename (data_dir, NULL);
  self->region = g_strdup (region);
  self->operations = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!lock_folder (self, error))
    return NULL;
  sb_process_kill_left_over (self->data_dir);
  if (!load_credentials (self, error) || !open_stores (self, error))
    return NULL;
  self->auth = sb_auth_new (self->credentials, region);
  self->training = sb_training_new (self);
  self->endpoints = sb_endpoints_new (self);
  self->notebooks = sb_notebooks_new (self);
  add_all_operations (self);
  return g_steal_pointer (&self);
}

static char *
ready_file (SbEngine *self)
{
  return g_build_filename (self->data_dir, "engine.json", NULL);
}

/**
 * sb_engine_free:
 * @self: an engine
 *
 * Ends the programs that it has started. Jobs and endpoints stay in its folder as they are, to be
 * taken up by the next engine.
 */
void
sb_engine_free (SbEngine *self)
{
  g_autofree char *ready = self->lock >= 0 && self->server != NULL ? ready_file (self) : NULL;

  if (ready != NULL)
    g_unlink (ready);
  g_clear_pointer (&self->notebooks, sb_notebooks_free);
  g_clear_pointer (&self->endpoints, sb_endpoints_free);
  g_clear_pointer (&self->training, sb_training_free);
  if (self->server != NULL)
    soup_server_disconnect (self->server);
  g_clear_object (&self->server);
  g_clear_pointer (&self->auth, sb_auth_free);
  g_clear_pointer (&self->credentials, sb_credentials_unref);
  g_clear_pointer (&self->metrics, sb_metrics_free);
  g_clear_pointer (&self->logs, sb_log_store_free);
  g_clear_pointer (&self->objects, sb_object_store_free);
  g_clear_pointer (&self->database, sb_database_close);
  g_hash_table_unref (self->operations);
  if (self->lock >= 0)
    close (self->lock);
  g_free (self->data_dir);
  g_free (self->region);
  g_free (self);
}

/**
 * sb_engine_listen:
 * @self: an engine
 * @port: the port on 127.0.0.1, or 0 for any
 * @error: why not, such as a port that is taken
 *
 * Takes up what was left by the engine before, then accepts connections.
 *
 * Returns: whether it listens
 */
gboolean
sb_engine_listen (SbEngine *self, guint16 port, GError **error)
{
  g_autoptr (JsonObject) ready = NULL;
  g_autofree char *path = ready_file (self);
  g_autofree char *line = NULL;

  self->server = soup_server_new ("server-header", "sagebrush-engine", "raw-paths", TRUE, NULL);
  sb_dispatch_attach (self);
  if (!soup_server_listen_local (self->server, port, SOUP_SERVER_LISTEN_IPV4_ONLY, error))
    {
      g_clear_object (&self->server);
      return FALSE;
    }
  sb_training_resume (self->training);
  sb_endpoints_resume (self->endpoints);
  sb_notebooks_resume (self->notebooks);
  line = sb_engine_dup_ready_line (self);
  ready = sb_json_parse_object (line, -1, error);
  if (ready == NULL)
    return FALSE;
  json_object_set_int_member (ready, "pid", getpid ());
  return sb_json_save_file (ready, path, error);
}

/**
 * sb_engine_dup_ready_line:
 * @self: an engine that listens
 *
 * Returns: (transfer full): one line of JSON: where it listens and where its access key is
 */
char *
sb_engine_dup_ready_line (SbEngine *self)
{
  g_autofree char *credentials = g_build_filename (self->data_dir, "credentials", NULL);
  GSList *uris = soup_server_get_uris (self->server);
  g_autofree char *url =
      g_strdup_printf ("http://127.0.0.1:%d", g_uri_get_port ((GUri *) uris->data));
  g_autoptr (JsonObject) line = sb_json_object_new (
      "url", "s", url, "region", "s", self->region, "credentials", "s", credentials, NULL);

  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  return sb_json_to_string (line);
}

/**
 * sb_engine_add_operations:
 * @self: an engine
 * @service: such as `sagemaker`
 * @operations: (array zero-terminated=1): static; the last one has no name
 */
void
sb_engine_add_operations (SbEngine *self, const char *service, const SbOperation *operations)
{
  for (guint i = 0; operations[i].name != NULL; i++)
    g_hash_table_insert (self->operations,
                         g_strconcat (service, ".", operations[i].name, NULL),
                         (gpointer) &operations[i]);
}

/**
 * sb_engine_find_operation:
 * @self: an engine
 * @service: such as `sagemaker`
 * @name: such as `CreateModel`
 *
 * Returns: (transfer none) (nullable): the operation
 */
const SbOperation *
sb_engine_find_operation (SbEngine *self, const char *service, const char *name)
{
  g_autofree char *full = g_strconcat (service, ".", name, NULL);

  return g_hash_table_lookup (self->operations, full);
}

/**
 * sb_engine_arn:
 * @self: an engine
 * @type: such as `endpoint`
 * @name: name of the resource
 *
 * Returns: (transfer full): its ARN; the service writes names in lower case there
 */
char *
sb_engine_arn (SbEngine *self, const char *type, const char *name)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);
  g_autofree char *resource = g_strconcat (type, "/", lower, NULL);

  return sb_arn_new (sb_region_get_partition (self->region),
                     "sagemaker",
                     self->region,
                     SB_ENGINE_ACCOUNT,
                     resource);
}
