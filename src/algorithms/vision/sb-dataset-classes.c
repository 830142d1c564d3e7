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

/* @files are paths from @folder. */
gboolean
_sb_dataset_add_classes (SbDataset *self, const char *folder, GPtrArray *files, GError **error)
{
  Target target = { self, _sb_dataset_add_container (self, SB_CONTAINER_FOLDER, folder) };

  for (guint i = 0; i < files->len; i++)
    {
      const char *name = files->pdata[i];

      if (strstr (name, RUBBISH) != NULL)
        continue;
      if (g_str_has_suffix (name, ".tar"))
        {
          g_autofree char *path = g_build_filename (folder, name, NULL);

          if (!add_tar (self, path, error))
            return FALSE;
        }
      else if (sb_photo_is_named_like_one (name) && !add_photo (&target, name, 0, 0, error))
        return FALSE;
    }
  return TRUE;
}
