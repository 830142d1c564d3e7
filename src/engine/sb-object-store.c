/* sb-object-store.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-object-store-private.h"

#include <glib/gstdio.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, created REAL NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS objects (bucket TEXT NOT NULL REFERENCES buckets, key TEXT NOT "
    "NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, modified REAL NOT NULL, headers TEXT,"
    " blobs TEXT NOT NULL, PRIMARY KEY (bucket, key)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, bucket TEXT NOT NULL REFERENCES "
    "buckets ON DELETE CASCADE, key TEXT NOT NULL, created REAL NOT NULL, headers TEXT)"
    " WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS parts (upload TEXT NOT NULL REFERENCES uploads ON DELETE CASCADE,"
    " number INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, modified REAL NOT NULL,"
    " blob TEXT NOT NULL, checksum TEXT, PRIMARY KEY (upload, number)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS settings (bucket TEXT NOT NULL REFERENCES buckets ON DELETE "
    "CASCADE, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (bucket, name)) WITHOUT ROWID;"
    /* Versions that are not what a key stands for now, and delete markers; the newest last. */
    "CREATE TABLE IF NOT EXISTS versions (sequence INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT "
    "NOT NULL REFERENCES buckets, key TEXT NOT NULL, version TEXT, marker INTEGER NOT NULL, size "
    "INTEGER NOT NULL, etag TEXT NOT NULL, modified REAL NOT NULL, headers TEXT, blobs TEXT NOT "
    "NULL);"
    "CREATE INDEX IF NOT EXISTS versions_of_key ON versions (bucket, key, sequence);";

void
sb_object_free (SbObject *self)
{
  g_free (self->key);
  g_free (self->etag);
  g_clear_pointer (&self->headers, json_object_unref);
  g_free (self->blobs);
  g_free (self->version);
  g_free (self);
}

void
sb_version_free (SbVersion *self)
{
  g_clear_pointer (&self->object, sb_object_free);
  g_free (self);
}

double
_sb_object_store_now (void)
{
  return (double) (g_get_real_time () / 1000) / 1000;
}

JsonObject *
_sb_object_store_parse_headers (const char *text)
{
  return text != NULL ? sb_json_parse_object (text, -1, NULL) : NULL;
}

/* Blobs that no row knows are what a killed engine was just writing or had just replaced. */
static void
sweep (SbObjectStore *self, GHashTable *known)
{
  g_autoptr (GDir) shelves = g_dir_open (self->folder, 0, NULL);
  const char *shelf;

  while (shelves != NULL && (shelf = g_dir_read_name (shelves)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->folder, shelf, NULL);
      g_autoptr (GDir) blobs = g_dir_open (path, 0, NULL);
      const char *blob;

      while (blobs != NULL && (blob = g_dir_read_name (blobs)) != NULL)
        {
          g_autofree char *file = g_build_filename (path, blob, NULL);

          if (!g_hash_table_contains (known, blob))
            g_unlink (file);
        }
    }
}

static void
add_known (GHashTable *known, const char *blobs)
{
  g_auto (GStrv) items = g_strsplit (blobs, ",", -1);

  for (guint i = 0; items[i] != NULL; i++)
    {
      char *colon = strchr (items[i], ':');

      if (colon != NULL)
        *colon = '\0';
      if (*items[i] != '\0')
        g_hash_table_add (known, g_strdup (items[i]));
    }
}

static gboolean
collect_garbage (SbObjectStore *self, GError **error)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GError) local = NULL;
  sqlite3_stmt *row =
      sb_database_query (self->database,
                         "SELECT blobs FROM objects UNION ALL SELECT blob FROM parts UNION ALL "
                         "SELECT blobs FROM versions",
                         "");

  while (sb_database_next (self->database, row, &local))
    add_known (known, (const char *) sqlite3_column_text (row, 0));
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  sweep (self, known);
  return TRUE;
}

static gboolean
make_folders (SbObjectStore *self, GError **error)
{
  for (guint i = 0; i < 256; i++)
    {
      char name[3];
      g_autofree char *shelf = NULL;

      g_snprintf (name, sizeof name, "%02x", i);
      shelf = g_build_filename (self->folder, name, NULL);
      if (g_mkdir_with_parents (shelf, 0700) != 0)
        return _sb_object_store_fail_io (error, "A folder for objects cannot be made");
    }
  if (g_mkdir_with_parents (self->incoming, 0700) != 0)
    return _sb_object_store_fail_io (error, "A folder for objects cannot be made");
  return TRUE;
}

static void
empty_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      g_unlink (file);
    }
}

/* Stores of versions before this one had no versions. */
static gboolean
add_version_column (SbDatabase *database, GError **error)
{
  sqlite3_stmt *row =
      sb_database_query (database,
                         "SELECT 1 FROM pragma_table_info('objects') WHERE name = 'version'",
                         "");
  gboolean there = sb_database_next (database, row, NULL);

  sqlite3_reset (row);
  return there || sb_database_exec (database, error, "ALTER TABLE objects ADD version TEXT", "");
}

/**
 * sb_object_store_open:
 * @data_dir: the engine's folder
 * @database: its database
 * @error: why it cannot be opened
 *
 * Opens the store and throws away what a killed engine has left half done.
 *
 * Returns: (transfer full) (nullable): the store
 */
SbObjectStore *
sb_object_store_open (const char *data_dir, SbDatabase *database, GError **error)
{
  g_autofree char *folder = g_build_filename (data_dir, "objects", NULL);
  SbObjectStore *self;
  g_auto (GStrv) statements = g_strsplit (schema, ";", -1);

  for (guint i = 0; statements[i] != NULL; i++)
    if (*g_strstrip (statements[i]) != '\0' &&
        !sb_database_exec (database, error, statements[i], ""))
      return NULL;
  if (!add_version_column (database, error))
    return NULL;
  self = g_new0 (SbObjectStore, 1);
  self->database = database;
  self->folder = g_steal_pointer (&folder);
  self->incoming = g_build_filename (data_dir, "incoming", NULL);
  empty_folder (self->incoming);
  if (!make_folders (self, error) || !collect_garbage (self, error))
    g_clear_pointer (&self, sb_object_store_free);
  return self;
}

void
sb_object_store_free (SbObjectStore *self)
{
  g_free (self->folder);
  g_free (self->incoming);
  g_free (self);
}

/**
 * sb_object_store_dup_blob_path:
 * @self: a store
 * @blob: id of a blob
 *
 * Returns: (transfer full): its file
 */
char *
sb_object_store_dup_blob_path (SbObjectStore *self, const char *blob)
{
  char shelf[3] = { blob[0], blob[1], '\0' };

  return g_build_filename (self->folder, shelf, blob, NULL);
}

/**
 * _sb_object_store_delete_blobs:
 * @self: a store
 * @blobs: as in #SbObject; no row must know them any more
 */
void
_sb_object_store_delete_blobs (SbObjectStore *self, const char *blobs)
{
  g_auto (GStrv) items = g_strsplit (blobs, ",", -1);

  for (guint i = 0; items[i] != NULL; i++)
    {
      g_autofree char *path = NULL;
      char *colon = strchr (items[i], ':');

      if (colon == NULL)
        continue;
      *colon = '\0';
      path = sb_object_store_dup_blob_path (self, items[i]);
      g_unlink (path);
    }
}

/**
 * sb_object_store_create_bucket:
 * @self: a store
 * @name: a valid name
 * @error: why not; a bucket that exists is none
 *
 * Returns: whether the bucket is there now
 */
gboolean
sb_object_store_create_bucket (SbObjectStore *self, const char *name, GError **error)
{
  return sb_database_exec (self->database,
                           error,
                           "INSERT OR IGNORE INTO buckets (name, created) VALUES (?, ?)",
                           "sd",
                           name,
                           _sb_object_store_now ());
}

/**
 * sb_object_store_has_bucket:
 * @self: a store
 * @name: a name
 *
 * Returns: whether there is such a bucket
 */
gboolean
sb_object_store_has_bucket (SbObjectStore *self, const char *name)
{
  sqlite3_stmt *row =
      sb_database_query (self->database, "SELECT 1 FROM buckets WHERE name = ?", "s", name);
  gboolean found = sb_database_next (self->database, row, NULL);

  sqlite3_reset (row);
  return found;
}

/**
 * sb_object_store_require_bucket:
 * @self: a store
 * @name: a name
 * @error: NoSuchBucket
 *
 * Returns: whether there is such a bucket
 */
gboolean
sb_object_store_require_bucket (SbObjectStore *self, const char *name, GError **error)
{
  if (sb_object_store_has_bucket (self, name))
    return TRUE;
  g_propagate_error (
      error,
      sb_error_new_service (404, "NoSuchBucket", "The specified bucket does not exist", NULL));
  return FALSE;
}

static gboolean
has_row (SbObjectStore *self, const char *sql, const char *bucket)
{
  sqlite3_stmt *row = sb_database_query (self->database, sql, "s", bucket);
  gboolean found = sb_database_next (self->database, row, NULL);

  sqlite3_reset (row);
  return found;
}

/**
 * sb_object_store_delete_bucket:
 * @self: a store
 * @name: a bucket
 * @error: NoSuchBucket, BucketNotEmpty
 *
 * Returns: whether it was deleted
 */
gboolean
sb_object_store_delete_bucket (SbObjectStore *self, const char *name, GError **error)
{
  const char *message = NULL;
  g_autoptr (GPtrArray) uploads = NULL;

  if (!sb_object_store_require_bucket (self, name, error))
    return FALSE;
  if (has_row (self, "SELECT 1 FROM objects WHERE bucket = ? LIMIT 1", name))
    message = "The bucket you tried to delete is not empty";
  else if (has_row (self, "SELECT 1 FROM versions WHERE bucket = ? LIMIT 1", name))
    message = "The bucket you tried to delete is not empty. You must delete all versions in the "
              "bucket.";
  if (message != NULL)
    {
      g_propagate_error (error, sb_error_new_service (409, "BucketNotEmpty", message, NULL));
      return FALSE;
    }
  uploads = sb_object_store_list_uploads (self, name, "");
  for (guint i = 0; i < uploads->len; i++)
    if (!sb_object_store_abort_upload (self, ((SbUpload *) uploads->pdata[i])->id, error))
      return FALSE;
  return sb_database_exec (self->database, error, "DELETE FROM buckets WHERE name = ?", "s", name);
}

/**
 * sb_object_store_list_buckets:
 * @self: a store
 *
 * Returns: (transfer full): objects with `Name` and `CreationDate` (seconds), by name
 */
JsonArray *
sb_object_store_list_buckets (SbObjectStore *self)
{
  JsonArray *array = json_array_new ();
  sqlite3_stmt *row =
      sb_database_query (self->database, "SELECT name, created FROM buckets ORDER BY name", "");

  while (sb_database_next (self->database, row, NULL))
    {
      JsonObject *bucket = json_object_new ();

      json_object_set_string_member (bucket, "Name", (const char *) sqlite3_column_text (row, 0));
      json_object_set_double_member (bucket, "CreationDate", sqlite3_column_double (row, 1));
      json_array_add_object_element (array, bucket);
    }
  return array;
}

/**
 * sb_object_store_set_setting:
 * @self: a store
 * @bucket: a bucket that exists
 * @name: such as `versioning`
 * @value: (nullable): %NULL takes it away
 * @error: why not
 *
 * Returns: whether it is kept
 */
gboolean
sb_object_store_set_setting (SbObjectStore *self,
                             const char *bucket,
                             const char *name,
                             const char *value,
                             GError **error)
{
  if (value == NULL)
    return sb_database_exec (self->database,
                             error,
                             "DELETE FROM settings WHERE bucket = ? AND name = ?",
                             "ss",
                             bucket,
                             name);
  return sb_database_exec (self->database,
                           error,
                           "INSERT OR REPLACE INTO settings (bucket, name, value) VALUES (?, ?, ?)",
                           "sss",
                           bucket,
                           name,
                           value);
}

/**
 * sb_object_store_dup_setting:
 * @self: a store
 * @bucket: a bucket
 * @name: such as `versioning`
 *
 * Returns: (transfer full) (nullable): what it is set to
 */
char *
sb_object_store_dup_setting (SbObjectStore *self, const char *bucket, const char *name)
{
  sqlite3_stmt *row = sb_database_query (self->database,
                                         "SELECT value FROM settings WHERE bucket = ? AND name = ?",
                                         "ss",
                                         bucket,
                                         name);
  char *value = NULL;

  if (sb_database_next (self->database, row, NULL))
    value = g_strdup ((const char *) sqlite3_column_text (row, 0));
  sqlite3_reset (row);
  return value;
}

#define OBJECT_COLUMNS SB_OBJECT_COLUMNS

/**
 * _sb_object_store_read:
 * @row: a row of %SB_OBJECT_COLUMNS
 *
 * Returns: (transfer full): the object
 */
SbObject *
_sb_object_store_read (sqlite3_stmt *row)
{
  SbObject *object = g_new0 (SbObject, 1);

  object->key = g_strdup ((const char *) sqlite3_column_text (row, 0));
  object->size = (guint64) sqlite3_column_int64 (row, 1);
  object->etag = g_strdup ((const char *) sqlite3_column_text (row, 2));
  object->modified = sqlite3_column_double (row, 3);
  object->headers = _sb_object_store_parse_headers ((const char *) sqlite3_column_text (row, 4));
  object->blobs = g_strdup ((const char *) sqlite3_column_text (row, 5));
  object->version = g_strdup ((const char *) sqlite3_column_text (row, 6));
  return object;
}

/**
 * sb_object_store_find:
 * @self: a store
 * @bucket: a bucket
 * @key: a key
 *
 * Returns: (transfer full) (nullable): the object
 */
SbObject *
sb_object_store_find (SbObjectStore *self, const char *bucket, const char *key)
{
  sqlite3_stmt *row =
      sb_database_query (self->database,
                         "SELECT " OBJECT_COLUMNS " FROM objects WHERE bucket = ? AND key = ?",
                         "ss",
                         bucket,
                         key);
  SbObject *object = NULL;

  if (sb_database_next (self->database, row, NULL))
    object = _sb_object_store_read (row);
  sqlite3_reset (row);
  return object;
}

/**
 * _sb_object_store_insert:
 * @self: a store
 * @bucket: a bucket
 * @object: what its key is to stand for
 * @error: why not
 *
 * Returns: whether it is there, in the place of what was there
 */
gboolean
_sb_object_store_insert (SbObjectStore *self,
                         const char *bucket,
                         const SbObject *object,
                         GError **error)
{
  g_autofree char *headers = object->headers != NULL ? sb_json_to_string (object->headers) : NULL;

  return sb_database_exec (self->database,
                           error,
                           "INSERT OR REPLACE INTO objects (bucket, " OBJECT_COLUMNS
                           ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                           "ssisdsss",
                           bucket,
                           object->key,
                           (gint64) object->size,
                           object->etag,
                           object->modified,
                           headers,
                           object->blobs,
                           object->version);
}

/**
 * sb_object_store_put:
 * @self: a store
 * @bucket: a bucket that exists
 * @object: what is to be there; its blobs are stored already; its version is set
 * @error: why it could not be
 *
 * Puts an object in the place of whatever was there, at once and durably. In a bucket that keeps
 * versions, what was there becomes one.
 *
 * Returns: whether it is there
 */
gboolean
sb_object_store_put (SbObjectStore *self, const char *bucket, SbObject *object, GError **error)
{
  g_autoptr (GString) garbage = g_string_new (NULL);

  if (!sb_database_begin (self->database, error))
    return FALSE;
  if (!_sb_object_store_retire (self, bucket, object->key, &object->version, garbage, error) ||
      !_sb_object_store_insert (self, bucket, object, error))
    {
      sb_database_roll_back (self->database);
      return FALSE;
    }
  if (!sb_database_commit (self->database, error))
    return FALSE;
  _sb_object_store_delete_blobs (self, garbage->str);
  return TRUE;
}

/**
 * sb_object_store_list:
 * @self: a store
 * @bucket: a bucket
 * @prefix: how the keys begin; "" for all
 * @start: where to begin
 * @inclusive: whether @start itself counts
 * @limit: how many at most
 *
 * Returns: (transfer full) (element-type SbObject): objects in the order of their keys' bytes
 */
GPtrArray *
sb_object_store_list (SbObjectStore *self,
                      const char *bucket,
                      const char *prefix,
                      const char *start,
                      gboolean inclusive,
                      guint limit)
{
  GPtrArray *objects = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_object_free);
  gboolean from_prefix = strcmp (start, prefix) < 0;
  sqlite3_stmt *row =
      sb_database_query (self->database,
                         inclusive || from_prefix
                             ? "SELECT " OBJECT_COLUMNS
                               " FROM objects WHERE bucket = ? AND key >= ? ORDER BY key LIMIT ?"
                             : "SELECT " OBJECT_COLUMNS
                               " FROM objects WHERE bucket = ? AND key > ? ORDER BY key LIMIT ?",
                         "ssi",
                         bucket,
                         from_prefix ? prefix : start,
                         (gint64) limit);

  while (sb_database_next (self->database, row, NULL))
    {
      if (!g_str_has_prefix ((const char *) sqlite3_column_text (row, 0), prefix))
        break;
      g_ptr_array_add (objects, _sb_object_store_read (row));
    }
  sqlite3_reset (row);
  return objects;
}
