/* sb-storage.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-storage.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-remove.h"

#define PAGE 1000

/* Of a folder, so many pages of its files are counted: each is a call. */
#define MAX_COUNTED_PAGES 5

/* What one of the functions below was asked for; those of its members that it needs. */
typedef struct
{
  SbStorageAct act;
  char *bucket;
  char *key;
  char *next;
  char **paths;
  SbProgressFunc progress;
  gpointer progress_data;
} Request;

static Request *
request_new (const char *bucket, const char *key)
{
  Request *self = g_new0 (Request, 1);

  self->bucket = g_strdup (bucket);
  self->key = g_strdup (key);
  return self;
}

static void
request_free (gpointer data)
{
  Request *self = data;

  g_free (self->bucket);
  g_free (self->key);
  g_free (self->next);
  g_strfreev (self->paths);
  g_free (self);
}

static void
item_free (gpointer data)
{
  SbStoredItem *self = data;

  g_free (self->name);
  g_free (self->key);
  g_free (self);
}

void
sb_stored_folder_free (SbStoredFolder *self)
{
  g_ptr_array_unref (self->items);
  g_free (self->next);
  g_free (self);
}

static JsonObject *
list_page (SbClient *client,
           const Request *request,
           const char *prefix,
           const char *delimiter,
           const char *next,
           GCancellable *cancellable,
           GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket",
                                                     "s",
                                                     request->bucket,
                                                     "Prefix",
                                                     "s",
                                                     prefix,
                                                     "Delimiter",
                                                     "s",
                                                     delimiter,
                                                     "MaxKeys",
                                                     "i",
                                                     (gint64) PAGE,
                                                     "ContinuationToken",
                                                     "s",
                                                     next,
                                                     NULL);

  return sb_client_call (client, "s3", "ListObjectsV2", input, cancellable, error);
}

static guint
count (JsonObject *page, const char *member)
{
  JsonArray *items = sb_json_get_array (page, member);

  return items != NULL ? json_array_get_length (items) : 0;
}

static JsonObject *
nth (JsonObject *page, const char *member, guint index)
{
  return json_array_get_object_element (sb_json_get_array (page, member), index);
}

static const char *
get_next (JsonObject *page)
{
  return sb_json_get_bool (page, "IsTruncated", FALSE)
             ? sb_json_get_string (page, "NextContinuationToken", NULL)
             : NULL;
}

/* How much is below a folder: a marker that stands for the folder itself is no file. */
static gboolean
measure (SbClient *client,
         const Request *request,
         SbStoredItem *folder,
         GCancellable *cancellable,
         GError **error)
{
  g_autofree char *next = NULL;

  for (guint i = 0; i < MAX_COUNTED_PAGES; i++)
    {
      g_autoptr (JsonObject) page =
          list_page (client, request, folder->key, NULL, next, cancellable, error);

      if (page == NULL)
        return FALSE;
      for (guint k = 0; k < count (page, "Contents"); k++)
        {
          JsonObject *object = nth (page, "Contents", k);

          if (g_str_has_suffix (sb_json_get_string (object, "Key", ""), "/"))
            continue;
          folder->n_files++;
          folder->size += (guint64) sb_json_get_int (object, "Size", 0);
        }
      g_free (next);
      next = g_strdup (get_next (page));
      if (next == NULL)
        break;
    }
  folder->counted = next == NULL;
  return TRUE;
}

static SbStoredItem *
add_item (SbStoredFolder *self, const char *prefix, const char *key)
{
  SbStoredItem *item = g_new0 (SbStoredItem, 1);

  item->key = g_strdup (key);
  item->name = g_strdup (key + (g_str_has_prefix (key, prefix) ? strlen (prefix) : 0));
  g_ptr_array_add (self->items, item);
  return item;
}

static gboolean
add_folders (SbStoredFolder *self,
             SbClient *client,
             const Request *request,
             JsonObject *page,
             GCancellable *cancellable,
             GError **error)
{
  for (guint i = 0; i < count (page, "CommonPrefixes"); i++)
    {
      const char *key = sb_json_get_string (nth (page, "CommonPrefixes", i), "Prefix", "");
      SbStoredItem *item = add_item (self, request->key, key);

      item->is_folder = TRUE;
      if (*item->name != '\0')
        item->name[strlen (item->name) - 1] = '\0';
      if (!measure (client, request, item, cancellable, error))
        return FALSE;
    }
  return TRUE;
}

static void
add_files (SbStoredFolder *self, const Request *request, JsonObject *page)
{
  for (guint i = 0; i < count (page, "Contents"); i++)
    {
      JsonObject *object = nth (page, "Contents", i);
      const char *key = sb_json_get_string (object, "Key", "");
      SbStoredItem *item;

      /* What only says that there is this folder. */
      if (strcmp (key, request->key) == 0)
        continue;
      item = add_item (self, request->key, key);
      item->size = (guint64) sb_json_get_int (object, "Size", 0);
      item->modified = (gint64) sb_json_get_double (object, "LastModified", 0);
    }
}

static void
list_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Request *request = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) page =
      list_page (source, request, request->key, "/", request->next, cancellable, &error);
  g_autoptr (SbStoredFolder) folder = g_new0 (SbStoredFolder, 1);

  folder->items = g_ptr_array_new_with_free_func (item_free);
  if (page == NULL || !add_folders (folder, source, request, page, cancellable, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  add_files (folder, request, page);
  folder->next = g_strdup (get_next (page));
  g_task_return_pointer (task, g_steal_pointer (&folder), (GDestroyNotify) sb_stored_folder_free);
}

/**
 * sb_storage_list_async:
 * @client: makes the calls
 * @bucket: a bucket
 * @prefix: a folder in it, with the slash at its end; empty for the bucket itself
 * @next: (nullable): SbStoredFolder.next of the part before; %NULL for the first
 * @cancellable: (nullable): a cancellable
 * @callback: called when the service has answered
 * @user_data: data for @callback
 *
 * Lists a folder, up to a thousand of what is in it at a time, and measures the folders in it.
 */
void
sb_storage_list_async (SbClient *client,
                       const char *bucket,
                       const char *prefix,
                       const char *next,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (client, cancellable, callback, user_data);
  Request *request = request_new (bucket, prefix);

  request->next = g_strdup (next);
  g_task_set_source_tag (task, sb_storage_list_async);
  g_task_set_task_data (task, request, request_free);
  g_task_run_in_thread (task, list_in_thread);
}

/**
 * sb_storage_list_finish:
 * @client: the client
 * @result: what the callback got
 * @error: why the service could not be asked
 *
 * Returns: (transfer full) (nullable): what is in the folder
 */
SbStoredFolder *
sb_storage_list_finish (SbClient *client, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, client), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * sb_storage_read:
 * @client: makes the calls
 * @bucket: a bucket
 * @key: a file in it that is not empty
 * @length: how many of its bytes are wanted at most, more than 0
 * @cancellable: (nullable): a cancellable
 * @error: why the service could not be asked
 *
 * Blocks.
 *
 * Returns: (transfer full) (nullable): the first bytes of the file, fewer when it is shorter
 */
GBytes *
sb_storage_read (SbClient *client,
                 const char *bucket,
                 const char *key,
                 guint64 length,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autofree char *range = g_strdup_printf ("bytes=0-%" G_GUINT64_FORMAT, length - 1);
  g_autoptr (JsonObject) input =
      sb_json_object_new ("Bucket", "s", bucket, "Key", "s", key, "Range", "s", range, NULL);
  GBytes *body = NULL;
  g_autoptr (JsonObject) answer =
      sb_client_call_with_body (client, "s3", "GetObject", input, NULL, &body, cancellable, error);

  return answer != NULL ? body : NULL;
}

static gboolean
upload (SbClient *client, const Request *request, GCancellable *cancellable, GError **error)
{
  for (guint i = 0; request->paths[i] != NULL; i++)
    {
      const char *path = request->paths[i];
      g_autofree char *name = g_path_get_basename (path);
      gboolean folder = g_file_test (path, G_FILE_TEST_IS_DIR);
      g_autofree char *key = g_strconcat (request->key, name, folder ? "/" : "", NULL);
      gboolean done = folder ? sb_transfer_upload_folder (client,
                                                          request->bucket,
                                                          key,
                                                          path,
                                                          request->progress,
                                                          request->progress_data,
                                                          cancellable,
                                                          error)
                             : sb_transfer_upload_file (client,
                                                        request->bucket,
                                                        key,
                                                        path,
                                                        request->progress,
                                                        request->progress_data,
                                                        cancellable,
                                                        error);

      if (!done)
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_folder (const char *key)
{
  return *key == '\0' || g_str_has_suffix (key, "/");
}

/* A key may be anything; a path of its own on this computer may not lead out of the folder. */
static gboolean
is_safe (const char *relative)
{
  g_auto (GStrv) parts = g_strsplit (relative, "/", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    if (*parts[i] == '\0' || strcmp (parts[i], ".") == 0 || strcmp (parts[i], "..") == 0)
      return FALSE;
  return TRUE;
}

static gboolean
make_parent (const char *path, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (path);

  if (g_mkdir_with_parents (parent, 0777) == 0)
    return TRUE;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_STORAGE,
               _ ("The folder %s could not be made: %s"),
               parent,
               g_strerror (errno));
  return FALSE;
}

static gboolean
download_object (SbClient *client,
                 const Request *request,
                 const char *key,
                 GCancellable *cancellable,
                 GError **error)
{
  const char *relative = key + strlen (request->key);
  g_autofree char *path = g_build_filename (request->paths[0], relative, NULL);

  /* What stands for a folder is no file. */
  if (*relative == '\0' || g_str_has_suffix (relative, "/"))
    return TRUE;
  if (!is_safe (relative))
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   _ ("“%s” cannot be the name of a file on this computer. Download it by itself, "
                      "under another name."),
                   key);
      return FALSE;
    }
  return make_parent (path, error) && sb_transfer_download_file (client,
                                                                 request->bucket,
                                                                 key,
                                                                 path,
                                                                 request->progress,
                                                                 request->progress_data,
                                                                 cancellable,
                                                                 error);
}

static gboolean
download_folder (SbClient *client,
                 const Request *request,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autofree char *next = NULL;

  do
    {
      g_autoptr (JsonObject) page =
          list_page (client, request, request->key, NULL, next, cancellable, error);

      if (page == NULL)
        return FALSE;
      for (guint i = 0; i < count (page, "Contents"); i++)
        if (!download_object (client,
                              request,
                              sb_json_get_string (nth (page, "Contents", i), "Key", ""),
                              cancellable,
                              error))
          return FALSE;
      g_free (next);
      next = g_strdup (get_next (page));
    }
  while (next != NULL);
  return TRUE;
}

static gboolean
download (SbClient *client, const Request *request, GCancellable *cancellable, GError **error)
{
  if (is_folder (request->key))
    return download_folder (client, request, cancellable, error);
  return sb_transfer_download_file (client,
                                    request->bucket,
                                    request->key,
                                    request->paths[0],
                                    request->progress,
                                    request->progress_data,
                                    cancellable,
                                    error);
}

static gboolean
delete_it (SbClient *client, const Request *request, GCancellable *cancellable, GError **error)
{
  g_autoptr (JsonObject) input = NULL;
  g_autoptr (JsonObject) answer = NULL;

  if (is_folder (request->key))
    {
      g_autofree char *uri = g_strdup_printf ("s3://%s/%s", request->bucket, request->key);

      uri[strlen (uri) - 1] = '\0';
      return sb_remove_objects (client, uri, cancellable, error) == SB_REMOVAL_DONE;
    }
  input = sb_json_object_new ("Bucket", "s", request->bucket, "Key", "s", request->key, NULL);
  answer = sb_client_call (client, "s3", "DeleteObject", input, cancellable, error);
  return answer != NULL;
}

static void
act_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Request *request = data;
  g_autoptr (GError) error = NULL;
  gboolean done = FALSE;

  switch (request->act)
    {
    case SB_STORAGE_UPLOAD:
      done = upload (source, request, cancellable, &error);
      break;
    case SB_STORAGE_DOWNLOAD:
      done = download (source, request, cancellable, &error);
      break;
    case SB_STORAGE_DELETE:
      done = delete_it (source, request, cancellable, &error);
      break;
    default:
      g_assert_not_reached ();
    }
  if (done)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * sb_storage_act_async:
 * @client: makes the calls
 * @act: what to do
 * @bucket: a bucket
 * @key: a file or folder in it
 * @paths: (nullable) (array zero-terminated=1): what is uploaded; or where one file or folder is
 *   downloaded to
 * @progress: (nullable): how far one file has come; called in another thread
 * @progress_data: data for @progress; has to stay until @callback
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: data for @callback
 */
void
sb_storage_act_async (SbClient *client,
                      SbStorageAct act,
                      const char *bucket,
                      const char *key,
                      const char *const *paths,
                      SbProgressFunc progress,
                      gpointer progress_data,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (client, cancellable, callback, user_data);
  Request *request = request_new (bucket, key);

  request->act = act;
  request->paths = g_strdupv ((char **) paths);
  request->progress = progress;
  request->progress_data = progress_data;
  g_task_set_source_tag (task, sb_storage_act_async);
  g_task_set_task_data (task, request, request_free);
  g_task_run_in_thread (task, act_in_thread);
}

/**
 * sb_storage_act_finish:
 * @client: the client
 * @result: what the callback got
 * @error: why not all of it was done; what was done until then stays
 *
 * Returns: whether it is done
 */
gboolean
sb_storage_act_finish (SbClient *client, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, client), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
