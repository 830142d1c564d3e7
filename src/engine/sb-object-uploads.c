/* sb-object-uploads.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-object-store-private.h"

#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"

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
                         _sb_object_store_now (),
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
  upload->headers = _sb_object_store_parse_headers ((const char *) sqlite3_column_text (row, 4));
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
