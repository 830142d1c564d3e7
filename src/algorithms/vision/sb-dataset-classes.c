/* sb-dataset-classes.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Folders that are named after classes, on disk or in tar files.
 */

#include "config.h"

#include <string.h>

#include "algorithms/vision/sb-dataset-private.h"
#include "algorithms/vision/sb-net.h"
#include "formats/sb-archive.h"
#include "formats/sb-photo.h"

/* Folders in folders: no one has more, and a link to a folder above would have no end. */
#define MAX_DEPTH 16
/* Leftovers of macOS, which look like photos. */
#define RUBBISH "__MACOSX"

typedef struct
{
  SbDataset *dataset;
  guint container;
} Target;

/* The folder that a photo is in names its class. */
static gboolean
add_photo (Target *self, const char *name, guint64 offset, guint64 length, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (name);
  g_autofree char *class = g_path_get_basename (folder);
  float label;

  if (strcmp (class, ".") == 0)
    {
      g_set_error (error,
                   SB_NET_ERROR,
                   SB_NET_ERROR_INVALID,
                   "%s: a photo has to be in a folder that is named after its class, or to be "
                   "listed in a .lst file",
                   name);
      return FALSE;
    }
  if (!_sb_dataset_find_class (self->dataset, class, &label, error))
    {
      g_prefix_error (error, "%s: ", name);
      return FALSE;
    }
  _sb_dataset_add (self->dataset, self->container, name, offset, (guint32) length, &label, 1);
  return TRUE;
}

static gboolean
add_member (const char *name, guint64 offset, guint64 length, gpointer data, GError **error)
{
  if (strstr (name, RUBBISH) != NULL || !sb_photo_is_named_like_one (name) || length == 0 ||
      length > G_MAXUINT32)
    return TRUE;
  return add_photo (data, name, offset, length, error);
}

static gboolean
add_tar (SbDataset *self, const char *path, GError **error)
{
  Target target = { self, _sb_dataset_add_container (self, SB_CONTAINER_TAR, path) };

  return sb_archive_index (path, add_member, &target, error);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
list_sorted (const char *folder, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, error);
  GPtrArray *names;
  const char *name;

  if (dir == NULL)
    return NULL;
  names = g_ptr_array_new_with_free_func (g_free);
  while ((name = g_dir_read_name (dir)) != NULL)
    if (name[0] != '.' && strcmp (name, RUBBISH) != 0)
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare);
  return names;
}

static gboolean
add_folder (Target *self, const char *root, const char *folder, int depth, GError **error)
{
  g_autofree char *path = g_build_filename (root, folder, NULL);
  g_autoptr (GPtrArray) names = list_sorted (path, error);

  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      g_autofree char *name = folder[0] == '\0' ? g_strdup (names->pdata[i])
                                                : g_build_filename (folder, names->pdata[i], NULL);
      g_autofree char *full = g_build_filename (root, name, NULL);

      if (g_file_test (full, G_FILE_TEST_IS_DIR))
        {
          if (depth < MAX_DEPTH && !add_folder (self, root, name, depth + 1, error))
            return FALSE;
        }
      else if (g_str_has_suffix (name, ".tar"))
        {
          if (!add_tar (self->dataset, full, error))
            return FALSE;
        }
      else if (sb_photo_is_named_like_one (name) && !add_photo (self, name, 0, 0, error))
        return FALSE;
    }
  return names != NULL;
}

gboolean
_sb_dataset_add_classes (SbDataset *self, const char *folder, GError **error)
{
  Target target = { self, _sb_dataset_add_container (self, SB_CONTAINER_FOLDER, folder) };

  return add_folder (&target, folder, "", 0, error);
}
