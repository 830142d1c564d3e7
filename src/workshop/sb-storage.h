/* sb-storage.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What lies in S3, as folders and files: a slash in a key begins a folder.
 */

#pragma once

#include "cloud/sb-transfer.h"

G_BEGIN_DECLS

/**
 * SbStoredItem:
 * @name: its name within its folder
 * @key: the whole key; of a folder with the slash at its end
 * @is_folder: whether there is something below it
 * @size: bytes; of a folder those of all files below it
 * @n_files: of a folder, how many files are below it
 * @counted: of a folder, whether all of them were counted: there may be more
 * @modified: of a file, seconds since the epoch; 0 when it is not known
 *
 * A file or a folder.
 */
typedef struct
{
  char *name;
  char *key;
  gboolean is_folder;
  guint64 size;
  guint n_files;
  gboolean counted;
  gint64 modified;
} SbStoredItem;

/**
 * SbStoredFolder:
 * @items: (element-type SbStoredItem): folders first, else in the order of their names
 * @next: (nullable): where sb_storage_list_async() goes on, if there is more
 */
typedef struct
{
  GPtrArray *items;
  char *next;
} SbStoredFolder;

/**
 * SbStorageAct:
 * @SB_STORAGE_UPLOAD: files and folders of this computer go below a key
 * @SB_STORAGE_DOWNLOAD: the file of that key, or what is below it, goes to a path
 * @SB_STORAGE_DELETE: the file of that key, or all that is below it, is deleted
 *
 * A key that ends with a slash, or is empty, stands for a folder.
 */
typedef enum
{
  SB_STORAGE_UPLOAD,
  SB_STORAGE_DOWNLOAD,
  SB_STORAGE_DELETE,
} SbStorageAct;

void sb_storage_list_async (SbClient *client,
                            const char *bucket,
                            const char *prefix,
                            const char *next,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
SbStoredFolder *sb_storage_list_finish (SbClient *client, GAsyncResult *result, GError **error);
void sb_stored_folder_free (SbStoredFolder *self);

GBytes *sb_storage_read (SbClient *client,
                         const char *bucket,
                         const char *key,
                         guint64 length,
                         GCancellable *cancellable,
                         GError **error);

void sb_storage_act_async (SbClient *client,
                           SbStorageAct act,
                           const char *bucket,
                           const char *key,
                           const char *const *paths,
                           SbProgressFunc progress,
                           gpointer progress_data,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
gboolean sb_storage_act_finish (SbClient *client, GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbStoredFolder, sb_stored_folder_free)

G_END_DECLS
