/* sb-object-store.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-object-store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/sb-digest.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

#define COPY_SIZE (1024 * 1024)

struct _SbBlob
{
  SbObjectStore *store;
  char *id;
  char *path; /* NULL once it is stored */
  int fd;
  guint64 size;
};

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

void
sb_upload_record_free (SbUpload *self)
{
  g_free (self->id);
  g_free (self->bucket);
  g_free (self->key);
  g_clear_pointer (&self->headers, json_object_unref);
  g_free (self);
}

void
sb_part_free (SbPart *self)
{
  g_free (self->etag);
  g_free (self->blob);
  g_free (self->checksum);
  g_free (self);
}

static gboolean
fail_io (GError **error, const char *what)
{
  int code = errno;
  gboolean full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  g_autofree char *message = NULL;

  if (full)
    message = g_strdup ("The disk is full: free some space, then try again.");
  else
    message = g_strdup_printf ("%s: %s", what, g_strerror (code));
  g_propagate_error (error,
                     sb_error_new_service (full ? 507 : 500, "InternalError", message, NULL));
  return FALSE;
}

static double
now (void)
{
  return (double) (g_get_real_time () / 1000) / 1000;
}

static JsonObject *
parse_headers (const char *text)
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
        return fail_io (error, "A folder for objects cannot be made");
    }
  if (g_mkdir_with_parents (self->incoming, 0700) != 0)
    return fail_io (error, "A folder for objects cannot be made");
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
                           now ());
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
  object->headers = parse_headers ((const char *) sqlite3_column_text (row, 4));
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

/**
 * sb_object_store_create_upload:
 * @self: a store
 * @bucket: a bucket that exists
 * @key: the key of the object to be
 * @headers: (nullable): its headers
 * @error: why not
 *
 * Returns: (transfer full) (nullable): the UploadId
 */
char *
sb_object_store_create_upload (SbObjectStore *self,
                               const char *bucket,
                               const char *key,
                               JsonObject *headers,
                               GError **error)
{
  g_autofree char *id = g_uuid_string_random ();
  g_autofree char *text = headers != NULL ? sb_json_to_string (headers) : NULL;

  if (!sb_database_exec (self->database,
                         error,
                         "INSERT INTO uploads (id, bucket, key, created, headers) VALUES (?, ?, "
                         "?, ?, ?)",
                         "sssds",
                         id,
                         bucket,
                         key,
                         now (),
                         text))
    return NULL;
  return g_steal_pointer (&id);
}

static SbUpload *
read_upload (sqlite3_stmt *row)
{
  SbUpload *upload = g_new0 (SbUpload, 1);

  upload->id = g_strdup ((const char *) sqlite3_column_text (row, 0));
  upload->bucket = g_strdup ((const char *) sqlite3_column_text (row, 1));
  upload->key = g_strdup ((const char *) sqlite3_column_text (row, 2));
  upload->created = sqlite3_column_double (row, 3);
  upload->headers = parse_headers ((const char *) sqlite3_column_text (row, 4));
  return upload;
}

/**
 * sb_object_store_find_upload:
 * @self: a store
 * @bucket: a bucket
 * @key: a key
 * @id: an UploadId
 * @error: NoSuchUpload
 *
 * Returns: (transfer full) (nullable): the upload
 */
SbUpload *
sb_object_store_find_upload (SbObjectStore *self,
                             const char *bucket,
                             const char *key,
                             const char *id,
                             GError **error)
{
  sqlite3_stmt *row = sb_database_query (self->database,
                                         "SELECT id, bucket, key, created, headers FROM uploads "
                                         "WHERE id = ? AND bucket = ? AND key = ?",
                                         "sss",
                                         id,
                                         bucket,
                                         key);
  SbUpload *upload = NULL;

  if (sb_database_next (self->database, row, NULL))
    upload = read_upload (row);
  sqlite3_reset (row);
  if (upload == NULL)
    g_propagate_error (
        error,
        sb_error_new_service (404,
                              "NoSuchUpload",
                              "The specified upload does not exist. The upload ID may be "
                              "invalid, or the upload may have been aborted or completed.",
                              NULL));
  return upload;
}

/**
 * sb_object_store_list_uploads:
 * @self: a store
 * @bucket: a bucket
 * @prefix: how the keys begin; "" for all
 *
 * Returns: (transfer full) (element-type SbUpload): by key, then by age
 */
GPtrArray *
sb_object_store_list_uploads (SbObjectStore *self, const char *bucket, const char *prefix)
{
  GPtrArray *uploads = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_upload_record_free);
  sqlite3_stmt *row = sb_database_query (self->database,
                                         "SELECT id, bucket, key, created, headers FROM uploads "
                                         "WHERE bucket = ? ORDER BY key, created",
                                         "s",
                                         bucket);

  while (sb_database_next (self->database, row, NULL))
    if (g_str_has_prefix ((const char *) sqlite3_column_text (row, 2), prefix))
      g_ptr_array_add (uploads, read_upload (row));
  return uploads;
}

/**
 * sb_object_store_put_part:
 * @self: a store
 * @upload: an UploadId
 * @part: the part; its blob is stored already
 * @error: why not
 *
 * Returns: whether the part is there, in the place of one with the same number
 */
gboolean
sb_object_store_put_part (SbObjectStore *self,
                          const char *upload,
                          const SbPart *part,
                          GError **error)
{
  g_autofree char *old = NULL;
  sqlite3_stmt *row =
      sb_database_query (self->database,
                         "SELECT blob || ':' FROM parts WHERE upload = ? AND number = ?",
                         "si",
                         upload,
                         (gint64) part->number);

  if (sb_database_next (self->database, row, NULL))
    old = g_strdup ((const char *) sqlite3_column_text (row, 0));
  sqlite3_reset (row);
  if (!sb_database_exec (self->database,
                         error,
                         "INSERT OR REPLACE INTO parts (upload, number, size, etag, modified, "
                         "blob, checksum) VALUES (?, ?, ?, ?, ?, ?, ?)",
                         "siisdss",
                         upload,
                         (gint64) part->number,
                         (gint64) part->size,
                         part->etag,
                         part->modified,
                         part->blob,
                         part->checksum))
    return FALSE;
  if (old != NULL)
    _sb_object_store_delete_blobs (self, old);
  return TRUE;
}

/**
 * sb_object_store_list_parts:
 * @self: a store
 * @upload: an UploadId
 *
 * Returns: (transfer full) (element-type SbPart): in the order of their numbers
 */
GPtrArray *
sb_object_store_list_parts (SbObjectStore *self, const char *upload)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_part_free);
  sqlite3_stmt *row = sb_database_query (self->database,
                                         "SELECT number, size, etag, modified, blob, checksum FROM "
                                         "parts WHERE upload = ? ORDER BY number",
                                         "s",
                                         upload);

  while (sb_database_next (self->database, row, NULL))
    {
      SbPart *part = g_new0 (SbPart, 1);

      part->number = (guint) sqlite3_column_int64 (row, 0);
      part->size = (guint64) sqlite3_column_int64 (row, 1);
      part->etag = g_strdup ((const char *) sqlite3_column_text (row, 2));
      part->modified = sqlite3_column_double (row, 3);
      part->blob = g_strdup ((const char *) sqlite3_column_text (row, 4));
      part->checksum = g_strdup ((const char *) sqlite3_column_text (row, 5));
      g_ptr_array_add (parts, part);
    }
  return parts;
}

/**
 * sb_object_store_complete_upload:
 * @self: a store
 * @upload: an upload
 * @object: the object that its parts make; its blobs are some of theirs; its version is set
 * @error: why not
 *
 * Returns: whether the object is there and the upload is gone
 */
gboolean
sb_object_store_complete_upload (SbObjectStore *self,
                                 const SbUpload *upload,
                                 SbObject *object,
                                 GError **error)
{
  g_autoptr (GString) garbage = g_string_new (NULL);
  g_autoptr (GPtrArray) parts = sb_object_store_list_parts (self, upload->id);

  if (!sb_database_begin (self->database, error))
    return FALSE;
  if (!_sb_object_store_retire (
          self, upload->bucket, object->key, &object->version, garbage, error) ||
      !_sb_object_store_insert (self, upload->bucket, object, error) ||
      !sb_database_exec (
          self->database, error, "DELETE FROM uploads WHERE id = ?", "s", upload->id))
    {
      sb_database_roll_back (self->database);
      return FALSE;
    }
  if (!sb_database_commit (self->database, error))
    return FALSE;
  _sb_object_store_delete_blobs (self, garbage->str);
  for (guint i = 0; i < parts->len; i++)
    {
      const SbPart *part = g_ptr_array_index (parts, i);

      if (strstr (object->blobs, part->blob) == NULL)
        {
          g_autofree char *unused = g_strconcat (part->blob, ":", NULL);

          _sb_object_store_delete_blobs (self, unused);
        }
    }
  return TRUE;
}

/**
 * sb_object_store_abort_upload:
 * @self: a store
 * @id: an UploadId
 * @error: why not
 *
 * Returns: whether the upload and its parts are gone
 */
gboolean
sb_object_store_abort_upload (SbObjectStore *self, const char *id, GError **error)
{
  g_autoptr (GPtrArray) parts = sb_object_store_list_parts (self, id);

  if (!sb_database_exec (self->database, error, "DELETE FROM uploads WHERE id = ?", "s", id))
    return FALSE;
  for (guint i = 0; i < parts->len; i++)
    {
      g_autofree char *blob =
          g_strconcat (((SbPart *) g_ptr_array_index (parts, i))->blob, ":", NULL);

      _sb_object_store_delete_blobs (self, blob);
    }
  return TRUE;
}

/**
 * sb_blob_new:
 * @store: where it will be stored
 * @error: why not
 *
 * Returns: (transfer full) (nullable): an empty blob
 */
SbBlob *
sb_blob_new (SbObjectStore *store, GError **error)
{
  SbBlob *self = g_new0 (SbBlob, 1);

  self->store = store;
  self->id = g_uuid_string_random ();
  self->path = g_build_filename (store->incoming, self->id, NULL);
  self->fd = open (self->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
  if (self->fd >= 0)
    return self;
  fail_io (error, "An object cannot be written");
  g_clear_pointer (&self->path, g_free);
  sb_blob_free (self);
  return NULL;
}

/**
 * sb_blob_free:
 * @self: a blob; what was not stored is thrown away
 */
void
sb_blob_free (SbBlob *self)
{
  if (self->fd >= 0)
    close (self->fd);
  if (self->path != NULL)
    g_unlink (self->path);
  g_free (self->path);
  g_free (self->id);
  g_free (self);
}

/**
 * sb_blob_write:
 * @self: a blob that is not stored yet
 * @data: bytes
 * @length: their number
 * @error: why not, such as a full disk
 *
 * Returns: whether all were written
 */
gboolean
sb_blob_write (SbBlob *self, const void *data, gsize length, GError **error)
{
  const char *p = data;

  while (length > 0)
    {
      gssize n = write (self->fd, p, length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return fail_io (error, "An object cannot be written");
      p += n;
      length -= (gsize) n;
      self->size += (guint64) n;
    }
  return TRUE;
}

static gboolean
sync_folder (const char *path)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean done = fd >= 0 && fsync (fd) == 0;

  if (fd >= 0)
    close (fd);
  return done;
}

/**
 * sb_blob_store:
 * @self: a blob
 * @error: why not
 *
 * Makes the blob a file of the store that survives the loss of power. May be called in any thread.
 *
 * Returns: whether it is stored
 */
gboolean
sb_blob_store (SbBlob *self, GError **error)
{
  g_autofree char *target = sb_object_store_dup_blob_path (self->store, self->id);
  g_autofree char *shelf = g_path_get_dirname (target);

  if (fdatasync (self->fd) != 0 || rename (self->path, target) != 0)
    return fail_io (error, "An object cannot be stored");
  g_clear_pointer (&self->path, g_free);
  close (self->fd);
  self->fd = -1;
  if (!sync_folder (shelf))
    return fail_io (error, "An object cannot be stored");
  return TRUE;
}

const char *
sb_blob_get_id (SbBlob *self)
{
  return self->id;
}

guint64
sb_blob_get_size (SbBlob *self)
{
  return self->size;
}

/* Copies all of one file to the end of what @out stands for; within the kernel where it can. */
static gboolean
append_file (const char *path, int out, GError **error)
{
  int in = open (path, O_RDONLY | O_CLOEXEC);
  g_autofree char *buffer = NULL;
  gssize n = -1;

  if (in < 0)
    return fail_io (error, "An object cannot be read");
  do
    n = copy_file_range (in, NULL, out, NULL, 1 << 30, 0);
  while (n > 0);
  if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
    {
      buffer = g_malloc (COPY_SIZE);
      while ((n = read (in, buffer, COPY_SIZE)) > 0)
        for (gssize done = 0, m; done < n; done += m)
          {
            m = write (out, buffer + done, (gsize) (n - done));
            if (m < 0)
              {
                close (in);
                return fail_io (error, "An object cannot be copied");
              }
          }
    }
  close (in);
  return n == 0 ? TRUE : fail_io (error, "An object cannot be copied");
}

static gboolean
append_blobs (SbObjectStore *self, const char *blobs, int out, GError **error)
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
      if (!append_file (path, out, error))
        return FALSE;
    }
  return TRUE;
}

/**
 * sb_object_store_materialise:
 * @self: a store
 * @object: an object
 * @path: a file that does not exist yet
 * @error: why not
 *
 * Makes the object a file for a job to read: a hard link where it can be one. May be called in any
 * thread.
 *
 * Returns: whether the file is there
 */
gboolean
sb_object_store_materialise (SbObjectStore *self,
                             const SbObject *object,
                             const char *path,
                             GError **error)
{
  gboolean done;
  int out;

  if (strchr (object->blobs, ',') == NULL && *object->blobs != '\0')
    {
      const char *colon = strchr (object->blobs, ':');
      g_autofree char *id = g_strndup (object->blobs, (gsize) (colon - object->blobs));
      g_autofree char *source = sb_object_store_dup_blob_path (self, id);

      if (link (source, path) == 0)
        return TRUE;
    }
  out = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0)
    return fail_io (error, "A job’s input cannot be written");
  done = append_blobs (self, object->blobs, out, error);
  close (out);
  return done;
}

/**
 * sb_object_store_copy:
 * @self: a store
 * @from: an object
 * @bucket: the bucket that gets the copy
 * @key: the key of the copy
 * @headers: (nullable): its headers
 * @copied: (out): the copy
 * @error: why not
 *
 * Returns: whether it is there
 */
gboolean
sb_object_store_copy (SbObjectStore *self,
                      const SbObject *from,
                      const char *bucket,
                      const char *key,
                      JsonObject *headers,
                      SbObject **copied,
                      GError **error)
{
  g_autoptr (SbBlob) blob = sb_blob_new (self, error);
  g_autoptr (SbObject) object = g_new0 (SbObject, 1);

  if (blob == NULL || !append_blobs (self, from->blobs, blob->fd, error) ||
      !sb_blob_store (blob, error))
    return FALSE;
  object->key = g_strdup (key);
  object->size = from->size;
  object->etag = g_strdup (from->etag);
  object->modified = now ();
  object->headers = headers != NULL ? json_object_ref (headers) : NULL;
  object->blobs = g_strdup_printf ("%s:%" G_GUINT64_FORMAT, blob->id, from->size);
  if (!sb_object_store_put (self, bucket, object, error))
    return FALSE;
  *copied = g_steal_pointer (&object);
  return TRUE;
}

static char *
md5_of_file (const char *path, guint64 *size, GError **error)
{
  g_autofree char *buffer = g_malloc (COPY_SIZE);
  g_autoptr (SbDigest) digest = sb_digest_new (SB_DIGEST_MD5);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gssize n;

  if (fd < 0)
    {
      fail_io (error, "A job’s output cannot be read");
      return NULL;
    }
  *size = 0;
  while ((n = read (fd, buffer, COPY_SIZE)) > 0)
    {
      sb_digest_update (digest, buffer, (gsize) n);
      *size += (guint64) n;
    }
  close (fd);
  return sb_digest_finish_hex (digest);
}

/**
 * sb_object_store_put_file:
 * @self: a store
 * @bucket: a bucket
 * @key: a key
 * @path: a file, which the caller may delete afterwards
 * @content_type: its type
 * @error: why not
 *
 * Puts a file of the engine itself, such as a job's model, into the store.
 *
 * Returns: whether it is there
 */
gboolean
sb_object_store_put_file (SbObjectStore *self,
                          const char *bucket,
                          const char *key,
                          const char *path,
                          const char *content_type,
                          GError **error)
{
  g_autoptr (SbObject) object = g_new0 (SbObject, 1);
  g_autoptr (SbBlob) blob = NULL;

  if (!sb_object_store_require_bucket (self, bucket, error))
    return FALSE;
  object->etag = md5_of_file (path, &object->size, error);
  blob = object->etag != NULL ? sb_blob_new (self, error) : NULL;
  if (blob == NULL || !append_file (path, blob->fd, error) || !sb_blob_store (blob, error))
    return FALSE;
  object->key = g_strdup (key);
  object->modified = now ();
  object->headers = sb_json_object_new ("content-type", "s", content_type, NULL);
  object->blobs = g_strdup_printf ("%s:%" G_GUINT64_FORMAT, blob->id, object->size);
  return sb_object_store_put (self, bucket, object, error);
}
