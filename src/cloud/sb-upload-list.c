/* sb-upload-list.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thousands of small files to S3: many at once, without those that are there.
 */

#include "config.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>

#include "cloud/sb-client-private.h"
#include "cloud/sb-transfer.h"
#include "cloud/sb-upload-private.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

/* Of a small file most of the time is spent waiting for an answer. */
#define MAX_THREADS 8

/* What S3 says of an object. */
typedef struct
{
  goffset size;
  char etag[];
} There;

typedef struct
{
  SbClient *client;
  const char *bucket;
  const char *prefix;
  const char *folder;
  const char *const *names;
  guint n_names;
  JsonObject *transfer;
  GHashTable *there; /* (element-type utf8 There): by key without the prefix */
  SbProgress bytes;  /* each file tells it what it reads */
  GPtrArray *large;  /* names, guarded by lock as are the rest */
  GMutex lock;
  guint done;
  guint skipped;
  SbFilesFunc func;
  gpointer user_data;
} List;

static void
take_page (List *self, JsonObject *page)
{
  JsonArray *contents = sb_json_get_array (page, "Contents");
  gsize skip = strlen (self->prefix);

  for (guint i = 0; contents != NULL && i < json_array_get_length (contents); i++)
    {
      JsonObject *object = json_array_get_object_element (contents, i);
      const char *key = sb_json_get_string (object, "Key", "");
      const char *etag = sb_json_get_string (object, "ETag", "");
      There *there;

      if (strlen (key) <= skip)
        continue;
      there = g_malloc (sizeof *there + strlen (etag) + 1);
      there->size = sb_json_get_int (object, "Size", -1);
      strcpy (there->etag, etag);
      g_hash_table_replace (self->there, g_strdup (key + skip), there);
    }
}

/* Of what an earlier attempt has sent. */
static gboolean
list_objects (List *self, GCancellable *cancellable, GError **error)
{
  g_autofree char *token = NULL;

  do
    {
      SbCallOptions options = { .transfer = self->transfer };
      g_autoptr (JsonObject) input =
          sb_json_object_new ("Bucket", "s", self->bucket, "Prefix", "s", self->prefix, NULL);
      g_autoptr (JsonObject) page = NULL;

      if (token != NULL)
        json_object_set_string_member (input, "ContinuationToken", token);
      page = _sb_client_call_full (
          self->client, "s3", "ListObjectsV2", input, &options, cancellable, error);
      if (page == NULL)
        return FALSE;
      take_page (self, page);
      g_free (token);
      token = sb_json_get_bool (page, "IsTruncated", FALSE)
                  ? g_strdup (sb_json_get_string (page, "NextContinuationToken", NULL))
                  : NULL;
    }
  while (token != NULL);
  return TRUE;
}

static void
count (List *self, gboolean skipped)
{
  g_mutex_lock (&self->lock);
  self->done++;
  self->skipped += skipped ? 1 : 0;
  if (self->func != NULL)
    self->func (self->done, self->n_names, self->skipped, self->user_data);
  g_mutex_unlock (&self->lock);
}

/* Whether S3 has these very bytes. */
static gboolean
is_there (List *self,
          const char *name,
          const char *path,
          goffset size,
          gboolean *there,
          GCancellable *cancellable,
          GError **error)
{
  const There *object = g_hash_table_lookup (self->there, name);
  g_autofree char *etag = NULL;

  *there = FALSE;
  if (object == NULL || object->size != size)
    return TRUE;
  etag = _sb_upload_dup_etag (path, cancellable, error);
  if (etag == NULL)
    return FALSE;
  *there = strcmp (etag, object->etag) == 0;
  return TRUE;
}

static gboolean
send_file (List *self, const char *name, gboolean later, GCancellable *cancellable, GError **error)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  g_autofree char *key = g_strconcat (self->prefix, name, NULL);
  gboolean there;
  struct stat info;

  if (stat (path, &info) != 0)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_STORAGE,
                   _ ("The file “%s” could not be opened: %s"),
                   path,
                   g_strerror (errno));
      return FALSE;
    }
  if (!is_there (self, name, path, info.st_size, &there, cancellable, error))
    return FALSE;
  /* A large file uses all threads by itself. */
  if (!there && later && !_sb_upload_is_small (info.st_size))
    {
      g_mutex_lock (&self->lock);
      g_ptr_array_add (self->large, (gpointer) name);
      g_mutex_unlock (&self->lock);
      return TRUE;
    }
  if (!there &&
      !_sb_upload_file (
          self->client, self->bucket, key, path, self->transfer, &self->bytes, cancellable, error))
    return FALSE;
  count (self, there);
  return TRUE;
}

static gboolean
send_one (guint index, gpointer data, GCancellable *cancellable, GError **error)
{
  List *self = data;

  return send_file (self, self->names[index], TRUE, cancellable, error);
}

static gboolean
send_all (List *self, GCancellable *cancellable, GError **error)
{
  if (!list_objects (self, cancellable, error) ||
      !sb_parallel_run (self->n_names, MAX_THREADS, send_one, self, cancellable, error))
    return FALSE;
  for (guint i = 0; i < self->large->len; i++)
    if (!send_file (self, g_ptr_array_index (self->large, i), FALSE, cancellable, error))
      return FALSE;
  return TRUE;
}

/* A file of which no list tells is one of its own. */
static JsonObject *
describe (List *self, const char *list)
{
  JsonObject *transfer;

  if (list == NULL && self->n_names == 1)
    {
      g_autofree char *key = g_strconcat (self->prefix, self->names[0], NULL);
      g_autofree char *path = g_build_filename (self->folder, self->names[0], NULL);

      return _sb_transfer_describe ("upload", self->bucket, key, path);
    }
  transfer = _sb_transfer_describe ("upload-list", self->bucket, self->prefix, self->folder);
  if (list != NULL)
    json_object_set_string_member (transfer, "list", list);
  return transfer;
}

/**
 * sb_transfer_upload_list:
 * @client: who sends
 * @bucket: the bucket
 * @prefix: what every key begins with, "" or with a slash at its end
 * @folder: the folder
 * @names: (array zero-terminated=1): paths of files below @folder, which become the keys' ends
 * @list: (nullable): a file whose lines end with these names, a tab before each, for the journal,
 *   which can do without for a single name
 * @func: (nullable): told after every file
 * @user_data: data for @func
 * @cancellable: (nullable): a cancellable
 * @error: the first error; what was sent by then stays
 *
 * Uploads files, several at once. Those that S3 has already with the same size and ETag are not
 * sent again, so that the same call goes on after an interruption. Memory is needed for the names
 * only. Blocks.
 *
 * Returns: whether S3 has all of them
 */
gboolean
sb_transfer_upload_list (SbClient *client,
                         const char *bucket,
                         const char *prefix,
                         const char *folder,
                         const char *const *names,
                         const char *list,
                         SbFilesFunc func,
                         gpointer user_data,
                         GCancellable *cancellable,
                         GError **error)
{
  List self = { .client = client,
                .bucket = bucket,
                .prefix = prefix,
                .folder = folder,
                .names = names,
                .n_names = g_strv_length ((char **) names),
                .func = func,
                .user_data = user_data };
  gboolean fine;

  g_return_val_if_fail (SB_IS_CLIENT (client), FALSE);
  g_return_val_if_fail (bucket != NULL && prefix != NULL && folder != NULL, FALSE);

  self.transfer = describe (&self, list);
  self.there = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self.large = g_ptr_array_new ();
  g_mutex_init (&self.lock);
  _sb_progress_init (&self.bytes, 1, NULL, NULL);
  fine = send_all (&self, cancellable, error);
  _sb_progress_clear (&self.bytes);
  g_mutex_clear (&self.lock);
  g_ptr_array_unref (self.large);
  g_hash_table_unref (self.there);
  json_object_unref (self.transfer);
  return fine;
}
