/* sb-transfer.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-transfer.h"

#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>

#include "cloud/sb-client-private.h"
#include "cloud/sb-upload-private.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

#define MAX_THREADS 4
/* Deeper than any data set; a folder that leads into itself has to end somewhere. */
#define MAX_DEPTH 64

typedef struct
{
  char *path;
  char *key;
  goffset size;
} Item;

typedef struct
{
  SbClient *client;
  const char *bucket;
  JsonObject *transfer;
  SbProgress progress;
  GPtrArray *small; /* of Item, as is the next */
  GPtrArray *large;
} Folder;

static void
item_free (gpointer data)
{
  Item *item = data;

  g_free (item->path);
  g_free (item->key);
  g_free (item);
}

/**
 * sb_transfer_upload_file:
 * @client: who sends
 * @bucket: the bucket
 * @key: the key
 * @path: the file
 * @progress: (nullable): learns how far it is
 * @user_data: data for @progress
 * @cancellable: (nullable): a cancellable; when cancelled, nothing of it stays in the bucket
 * @error: return location for an error
 *
 * Uploads a file in constant memory: above 16 MiB in parts, several at once. After an interruption
 * the next call sends only what is missing, as long as the file is the same. Checksums are sent
 * along and compared with S3's. Blocks.
 *
 * Returns: whether S3 has the file
 */
gboolean
sb_transfer_upload_file (SbClient *client,
                         const char *bucket,
                         const char *key,
                         const char *path,
                         SbProgressFunc progress,
                         gpointer user_data,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (JsonObject) transfer = NULL;
  SbProgress counter;
  gboolean fine;

  g_return_val_if_fail (SB_IS_CLIENT (client), FALSE);
  g_return_val_if_fail (bucket != NULL && key != NULL && path != NULL, FALSE);

  transfer = _sb_transfer_describe ("upload", bucket, key, path);
  _sb_progress_init (&counter, 0, progress, user_data);
  fine = _sb_upload_file (client, bucket, key, path, transfer, &counter, cancellable, error);
  _sb_progress_clear (&counter);
  return fine;
}

/**
 * sb_transfer_upload_bytes:
 * @client: who sends
 * @bucket: the bucket
 * @key: the key
 * @bytes: the object
 * @content_type: (nullable): its type
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Uploads what is in memory, in one piece. Blocks.
 *
 * Returns: whether S3 has it
 */
gboolean
sb_transfer_upload_bytes (SbClient *client,
                          const char *bucket,
                          const char *key,
                          GBytes *bytes,
                          const char *content_type,
                          GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (JsonObject) input = NULL;
  g_autoptr (JsonObject) output = NULL;
  g_autofree char *hex = NULL;
  g_autofree char *etag = NULL;
  gsize length;
  const void *data;

  g_return_val_if_fail (SB_IS_CLIENT (client), FALSE);
  g_return_val_if_fail (bucket != NULL && key != NULL && bytes != NULL, FALSE);

  input = sb_json_object_new (
      "Bucket", "s", bucket, "Key", "s", key, "ContentType", "s", content_type, NULL);
  output =
      sb_client_call_with_body (client, "s3", "PutObject", input, bytes, NULL, cancellable, error);
  if (output == NULL)
    return FALSE;
  data = g_bytes_get_data (bytes, &length);
  hex = sb_digest_hex (SB_DIGEST_MD5, data != NULL ? data : "", (gssize) length);
  etag = g_strdup_printf ("\"%s\"", hex);
  return _sb_etag_check (output, etag, error);
}

static void
add_item (Folder *self, const char *path, const char *key, goffset size)
{
  Item *item = g_new0 (Item, 1);

  item->path = g_strdup (path);
  item->key = g_strdup (key);
  item->size = size;
  self->progress.total += (guint64) size;
  g_ptr_array_add (_sb_upload_is_small (size) ? self->small : self->large, item);
}

static gboolean
check_name (const char *path, const char *name, GError **error)
{
  if (g_utf8_validate (name, -1, NULL))
    return TRUE;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_STORAGE,
               _ ("The folder “%s” has a file whose name is no UTF-8. Rename it."),
               path);
  return FALSE;
}

static gboolean
collect (Folder *self, const char *path, const char *prefix, guint depth, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &local);
  const char *name;

  if (dir == NULL || depth > MAX_DEPTH)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_STORAGE,
                   _ ("The folder “%s” could not be read: %s"),
                   path,
                   dir == NULL ? local->message : _ ("it is nested too deeply"));
      return FALSE;
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      g_autofree char *key = g_strconcat (prefix, name, NULL);
      g_autofree char *below = g_strconcat (key, "/", NULL);
      struct stat info;

      if (!check_name (path, name, error))
        return FALSE;
      if (stat (child, &info) != 0)
        continue;
      if (S_ISDIR (info.st_mode) && !collect (self, child, below, depth + 1, error))
        return FALSE;
      if (S_ISREG (info.st_mode))
        add_item (self, child, key, info.st_size);
    }
  return TRUE;
}

static int
compare_items (gconstpointer a, gconstpointer b)
{
  const Item *const *left = a;
  const Item *const *right = b;

  return strcmp ((*left)->key, (*right)->key);
}

static gboolean
send_item (Folder *self, const Item *item, GCancellable *cancellable, GError **error)
{
  return _sb_upload_file (self->client,
                          self->bucket,
                          item->key,
                          item->path,
                          self->transfer,
                          &self->progress,
                          cancellable,
                          error);
}

static gboolean
send_small (guint index, gpointer data, GCancellable *cancellable, GError **error)
{
  Folder *self = data;

  return send_item (self, g_ptr_array_index (self->small, index), cancellable, error);
}

static gboolean
send_folder (Folder *self, GCancellable *cancellable, GError **error)
{
  g_ptr_array_sort (self->small, compare_items);
  g_ptr_array_sort (self->large, compare_items);
  if (!sb_parallel_run (self->small->len, MAX_THREADS, send_small, self, cancellable, error))
    return FALSE;
  /* A large file uses all threads by itself. */
  for (guint i = 0; i < self->large->len; i++)
    if (!send_item (self, g_ptr_array_index (self->large, i), cancellable, error))
      return FALSE;
  return TRUE;
}

/**
 * sb_transfer_upload_folder:
 * @client: who sends
 * @bucket: the bucket
 * @prefix: what every key begins with, "" or with a slash at its end
 * @folder: the folder
 * @progress: (nullable): learns how far all of it is
 * @user_data: data for @progress
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Uploads every file of a folder and of those inside it, several at once; see
 * sb_transfer_upload_file(). Blocks.
 *
 * Returns: whether S3 has all of it
 */
gboolean
sb_transfer_upload_folder (SbClient *client,
                           const char *bucket,
                           const char *prefix,
                           const char *folder,
                           SbProgressFunc progress,
                           gpointer user_data,
                           GCancellable *cancellable,
                           GError **error)
{
  Folder self = { .client = client, .bucket = bucket };
  gboolean fine;

  g_return_val_if_fail (SB_IS_CLIENT (client), FALSE);
  g_return_val_if_fail (bucket != NULL && prefix != NULL && folder != NULL, FALSE);

  self.small = g_ptr_array_new_with_free_func (item_free);
  self.large = g_ptr_array_new_with_free_func (item_free);
  self.transfer = _sb_transfer_describe ("upload-folder", bucket, prefix, folder);
  _sb_progress_init (&self.progress, 0, progress, user_data);
  fine = collect (&self, folder, prefix, 0, error) && send_folder (&self, cancellable, error);
  _sb_progress_clear (&self.progress);
  json_object_unref (self.transfer);
  g_ptr_array_unref (self.small);
  g_ptr_array_unref (self.large);
  return fine;
}
