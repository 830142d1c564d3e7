/* sb-find-photos.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The photos among files and folders that were dropped, and what they ought to show.
 */

#include "config.h"

#include <string.h>
#include <sys/stat.h>

#include "formats/sb-photo.h"
#include "workshop/sb-classify.h"

/* Deeper than any collection; a folder that leads into itself has to end somewhere. */
#define MAX_DEPTH 16

typedef struct
{
  char **paths;
  char **classes;
} Search;

static void
search_free (gpointer data)
{
  Search *self = data;

  g_strfreev (self->paths);
  g_strfreev (self->classes);
  g_free (self);
}

void
sb_found_photo_free (SbFoundPhoto *self)
{
  g_free (self->path);
  g_free (self->truth);
  g_free (self);
}

static void
add_photo (const Search *self, const char *path, GPtrArray *found)
{
  SbFoundPhoto *photo = g_new0 (SbFoundPhoto, 1);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (folder);

  photo->path = g_strdup (path);
  if (g_strv_contains ((const char *const *) self->classes, name))
    photo->truth = g_steal_pointer (&name);
  g_ptr_array_add (found, photo);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
list_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  GPtrArray *children = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (*name != '.')
      g_ptr_array_add (children, g_build_filename (path, name, NULL));
  g_ptr_array_sort (children, compare_names);
  return children;
}

/* In a folder only what is called like a photo counts; what was named itself may be anything. */
static void
look (const Search *self, const char *path, guint depth, GPtrArray *found, GCancellable *cancel)
{
  struct stat info;

  if (g_cancellable_is_cancelled (cancel) || stat (path, &info) != 0)
    return;
  if (S_ISREG (info.st_mode) && (depth == 0 || sb_photo_is_named_like_one (path)))
    add_photo (self, path, found);
  else if (S_ISDIR (info.st_mode) && depth < MAX_DEPTH)
    {
      g_autoptr (GPtrArray) children = list_folder (path);

      for (guint i = 0; i < children->len; i++)
        look (self, g_ptr_array_index (children, i), depth + 1, found, cancel);
    }
}

static void
look_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Search *self = data;
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_found_photo_free);

  for (guint i = 0; self->paths[i] != NULL; i++)
    look (self, self->paths[i], 0, found, cancellable);
  g_task_return_pointer (task, found, (GDestroyNotify) g_ptr_array_unref);
}

/**
 * sb_run_find_photos_async:
 * @self: a run
 * @paths: (array zero-terminated=1): files and folders
 * @cancellable: (nullable): a cancellable
 * @callback: called with the photos
 * @user_data: data for @callback
 *
 * Folders are looked through with all that is below them; hidden files are left out. Files are not
 * read: whether one is a photo is found out when it is classified.
 */
void
sb_run_find_photos_async (SbRun *self,
                          const char *const *paths,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Search *search = g_new0 (Search, 1);

  search->paths = g_strdupv ((char **) paths);
  search->classes = sb_run_list_photo_classes (self);
  g_task_set_source_tag (task, sb_run_find_photos_async);
  g_task_set_task_data (task, search, search_free);
  g_task_run_in_thread (task, look_in_thread);
}

/**
 * sb_run_find_photos_finish:
 * @self: a run
 * @result: what the callback got
 * @error: that it was cancelled
 *
 * Returns: (transfer full) (nullable) (element-type SbFoundPhoto): the photos, each folder's in the
 *   order of their names
 */
GPtrArray *
sb_run_find_photos_finish (SbRun *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
