/* sb-object-versions.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Versions of objects. What a key stands for now is a row of "objects", as in a bucket without
 * versions; what it stood for before, and the markers that deletions leave, are rows of "versions".
 */

#include "config.h"

#include <string.h>

#include "engine/sb-object-store-private.h"
#include "wire/sb-error.h"

/* The id of what was put while its bucket kept no versions. */
#define NULL_VERSION "null"

static gboolean
is_null (const char *version)
{
  return version == NULL || strcmp (version, NULL_VERSION) == 0;
}

static char *
make_version (void)
{
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, uuid, -1);

  return g_strndup (sum, 32);
}

static void
add_garbage (GString *garbage, const char *blobs)
{
  if (garbage->len > 0)
    g_string_append_c (garbage, ',');
  g_string_append (garbage, blobs);
}

static gboolean
move_to_versions (SbObjectStore *self, const char *bucket, const char *key, GError **error)
{
  return sb_database_exec (self->database,
                           error,
                           "INSERT INTO versions (bucket, marker, " SB_OBJECT_COLUMNS
                           ") SELECT bucket, 0, " SB_OBJECT_COLUMNS
                           " FROM objects WHERE bucket = ? AND key = ?",
                           "ss",
                           bucket,
                           key);
}

/* There is one version without an id of its own at most: a newer one takes its place. */
static gboolean
drop_null_version (SbObjectStore *self,
                   const char *bucket,
                   const char *key,
                   GString *garbage,
                   GError **error)
{
  sqlite3_stmt *row = sb_database_query (
      self->database,
      "SELECT blobs FROM versions WHERE bucket = ? AND key = ? AND version IS NULL",
      "ss",
      bucket,
      key);

  while (sb_database_next (self->database, row, NULL))
    add_garbage (garbage, (const char *) sqlite3_column_text (row, 0));
  return sb_database_exec (self->database,
                           error,
                           "DELETE FROM versions WHERE bucket = ? AND key = ? AND version IS NULL",
                           "ss",
                           bucket,
                           key);
}

/**
 * _sb_object_store_retire:
 * @self: a store, in a transaction
 * @bucket: a bucket
 * @key: a key
 * @version: (inout): is set to the VersionId of what comes in its place; %NULL for none
 * @garbage: blobs are added to it that no row knows once the transaction is committed
 * @error: why not
 *
 * Takes away what a key stands for now; a bucket that keeps versions keeps it as one.
 *
 * Returns: whether the key stands for nothing now
 */
gboolean
_sb_object_store_retire (SbObjectStore *self,
                         const char *bucket,
                         const char *key,
                         char **version,
                         GString *garbage,
                         GError **error)
{
  g_autofree char *setting = sb_object_store_dup_setting (self, bucket, "versioning");
  g_autoptr (SbObject) old = sb_object_store_find (self, bucket, key);
  gboolean enabled = g_strcmp0 (setting, "Enabled") == 0;

  g_clear_pointer (version, g_free);
  *version = enabled ? make_version () : NULL;
  if (setting != NULL && !enabled && !drop_null_version (self, bucket, key, garbage, error))
    return FALSE;
  if (old == NULL)
    return TRUE;
  if (enabled || old->version != NULL)
    {
      if (!move_to_versions (self, bucket, key, error))
        return FALSE;
    }
  else
    add_garbage (garbage, old->blobs);
  return sb_database_exec (
      self->database, error, "DELETE FROM objects WHERE bucket = ? AND key = ?", "ss", bucket, key);
}

static gboolean
insert_marker (SbObjectStore *self,
               const char *bucket,
               const char *key,
               const char *version,
               GError **error)
{
  return sb_database_exec (self->database,
                           error,
                           "INSERT INTO versions (bucket, key, version, marker, size, etag, "
                           "modified, headers, blobs) VALUES (?, ?, ?, 1, 0, '', ?, NULL, '')",
                           "sssd",
                           bucket,
                           key,
                           version,
                           (double) (g_get_real_time () / 1000) / 1000);
}

/**
 * sb_object_store_delete:
 * @self: a store
 * @bucket: a bucket
 * @key: a key; that there is no such object is no error
 * @marker: (out) (optional) (nullable): VersionId of the delete marker that it has left
 * @error: why it could not be deleted
 *
 * Returns: whether there is no such object now
 */
gboolean
sb_object_store_delete (SbObjectStore *self,
                        const char *bucket,
                        const char *key,
                        char **marker,
                        GError **error)
{
  g_autofree char *setting = sb_object_store_dup_setting (self, bucket, "versioning");
  g_autofree char *version = NULL;
  g_autoptr (GString) garbage = g_string_new (NULL);

  if (marker != NULL)
    *marker = NULL;
  if (!sb_database_begin (self->database, error))
    return FALSE;
  if (!_sb_object_store_retire (self, bucket, key, &version, garbage, error) ||
      (setting != NULL && !insert_marker (self, bucket, key, version, error)))
    {
      sb_database_roll_back (self->database);
      return FALSE;
    }
  if (!sb_database_commit (self->database, error))
    return FALSE;
  _sb_object_store_delete_blobs (self, garbage->str);
  if (marker != NULL && setting != NULL)
    *marker = version != NULL ? g_steal_pointer (&version) : g_strdup (NULL_VERSION);
  return TRUE;
}

#define MARKER_COLUMN 7

static SbVersion *
read_version (sqlite3_stmt *row)
{
  SbVersion *version = g_new0 (SbVersion, 1);

  version->object = _sb_object_store_read (row);
  version->marker = sqlite3_column_int (row, MARKER_COLUMN) != 0;
  if (version->object->version == NULL)
    version->object->version = g_strdup (NULL_VERSION);
  return version;
}

/**
 * sb_object_store_find_version:
 * @self: a store
 * @bucket: a bucket
 * @key: a key
 * @version: a VersionId
 *
 * Returns: (transfer full) (nullable): that version
 */
SbVersion *
sb_object_store_find_version (SbObjectStore *self,
                              const char *bucket,
                              const char *key,
                              const char *version)
{
  const char *wanted = is_null (version) ? NULL : version;
  sqlite3_stmt *row = sb_database_query (
      self->database,
      "SELECT " SB_OBJECT_COLUMNS
      ", 0 FROM objects WHERE bucket = ?1 AND key = ?2 AND version IS ?3 UNION ALL "
      "SELECT " SB_OBJECT_COLUMNS
      ", marker FROM versions WHERE bucket = ?1 AND key = ?2 AND version IS ?3",
      "sss",
      bucket,
      key,
      wanted);
  SbVersion *found = NULL;

  if (sb_database_next (self->database, row, NULL))
    found = read_version (row);
  sqlite3_reset (row);
  return found;
}

/* Without its newest version a key stands for the one before it, unless that is a delete marker. */
static gboolean
promote (SbObjectStore *self, const char *bucket, const char *key, GError **error)
{
  static const char newest[] = "SELECT sequence FROM versions WHERE bucket = ? AND key = ? "
                               "ORDER BY sequence DESC LIMIT 1";
  g_autoptr (SbObject) current = sb_object_store_find (self, bucket, key);
  sqlite3_stmt *row;
  gint64 sequence = 0;

  if (current != NULL)
    return TRUE;
  row = sb_database_query (self->database, newest, "ss", bucket, key);
  if (sb_database_next (self->database, row, NULL))
    sequence = sqlite3_column_int64 (row, 0);
  sqlite3_reset (row);
  return sb_database_exec (self->database,
                           error,
                           "INSERT INTO objects (bucket, " SB_OBJECT_COLUMNS
                           ") SELECT bucket, " SB_OBJECT_COLUMNS
                           " FROM versions WHERE sequence = ? AND marker = 0",
                           "i",
                           sequence) &&
         sb_database_exec (self->database,
                           error,
                           "DELETE FROM versions WHERE sequence = ? AND marker = 0",
                           "i",
                           sequence);
}

static gboolean
delete_rows (SbObjectStore *self,
             const char *bucket,
             const char *key,
             const char *version,
             GError **error)
{
  return sb_database_exec (self->database,
                           error,
                           "DELETE FROM objects WHERE bucket = ? AND key = ? AND version IS ?",
                           "sss",
                           bucket,
                           key,
                           version) &&
         sb_database_exec (self->database,
                           error,
                           "DELETE FROM versions WHERE bucket = ? AND key = ? AND version IS ?",
                           "sss",
                           bucket,
                           key,
                           version) &&
         promote (self, bucket, key, error);
}

/**
 * sb_object_store_delete_version:
 * @self: a store
 * @bucket: a bucket
 * @key: a key
 * @version: a VersionId; that there is no such version is no error
 * @marker: (out): whether it was a delete marker
 * @error: why it could not be deleted
 *
 * Deletes one version for good. Without its newest version, a key stands for the one before.
 *
 * Returns: whether there is no such version now
 */
gboolean
sb_object_store_delete_version (SbObjectStore *self,
                                const char *bucket,
                                const char *key,
                                const char *version,
                                gboolean *marker,
                                GError **error)
{
  SbVersion *found = sb_object_store_find_version (self, bucket, key, version);
  g_autofree char *blobs = NULL;

  *marker = found != NULL && found->marker;
  if (found == NULL)
    return TRUE;
  blobs = g_strdup (found->object->blobs);
  sb_version_free (found);
  if (!sb_database_begin (self->database, error))
    return FALSE;
  if (!delete_rows (self, bucket, key, is_null (version) ? NULL : version, error))
    {
      sb_database_roll_back (self->database);
      return FALSE;
    }
  if (!sb_database_commit (self->database, error))
    return FALSE;
  _sb_object_store_delete_blobs (self, blobs);
  return TRUE;
}

/* Where a page begins within the versions of one key: after that which the marker names. */
typedef struct
{
  const char *key;
  const char *version; /* NULL: after all versions of the key */
  gboolean passed;
} Start;

static gboolean
is_before (Start *self, const SbVersion *version)
{
  if (self->key == NULL || self->passed || strcmp (version->object->key, self->key) != 0)
    return FALSE;
  if (self->version == NULL)
    return TRUE;
  self->passed = strcmp (version->object->version, self->version) == 0;
  return TRUE;
}

/* A marker whose version was deleted meanwhile must not hide the others of its key. */
static void
check_start (SbObjectStore *self, const char *bucket, Start *start)
{
  SbVersion *version = NULL;

  if (start->key == NULL || start->version == NULL)
    return;
  version = sb_object_store_find_version (self, bucket, start->key, start->version);
  start->passed = version == NULL;
  g_clear_pointer (&version, sb_version_free);
}

/**
 * sb_object_store_list_versions:
 * @self: a store
 * @bucket: a bucket
 * @prefix: how the keys begin; "" for all
 * @key_marker: (nullable): the last key of the page before
 * @version_marker: (nullable): its version that was the last; %NULL when all of them were there
 * @limit: how many at most
 *
 * Returns: (transfer full) (element-type SbVersion): versions and delete markers in the order of
 *   their keys' bytes, those of a key from the newest to the oldest
 */
GPtrArray *
sb_object_store_list_versions (SbObjectStore *self,
                               const char *bucket,
                               const char *prefix,
                               const char *key_marker,
                               const char *version_marker,
                               guint limit)
{
  GPtrArray *versions = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_version_free);
  Start start = { .key = key_marker, .version = version_marker };
  const char *from = g_strcmp0 (key_marker, prefix) > 0 ? key_marker : prefix;
  g_autofree char *previous = NULL;
  sqlite3_stmt *row;

  check_start (self, bucket, &start);
  row = sb_database_query (
      self->database,
      "SELECT " SB_OBJECT_COLUMNS
      ", 0 AS marker, 9223372036854775807 AS sequence FROM objects WHERE bucket = ?1 AND key >= ?2 "
      "UNION ALL SELECT " SB_OBJECT_COLUMNS
      ", marker, sequence FROM versions WHERE bucket = ?1 AND key >= ?2 ORDER BY key, sequence DESC",
      "ss",
      bucket,
      from);
  while (versions->len < limit && sb_database_next (self->database, row, NULL))
    {
      SbVersion *version = read_version (row);

      version->latest = g_strcmp0 (previous, version->object->key) != 0;
      g_free (previous);
      previous = g_strdup (version->object->key);
      if (!g_str_has_prefix (previous, prefix))
        {
          sb_version_free (version);
          break;
        }
      if (is_before (&start, version))
        sb_version_free (version);
      else
        g_ptr_array_add (versions, version);
    }
  sqlite3_reset (row);
  return versions;
}
