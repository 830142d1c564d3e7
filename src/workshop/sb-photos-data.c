/* sb-photos-data.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-photos-data.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"

/* How often progress is told at most. */
#define INTERVAL (G_USEC_PER_SEC / 8)

static const char *const part_names[] = { "train", "validation", "test" };

/**
 * sb_photos_get_part_name:
 * @part: a part
 *
 * Returns: what it is called in results, files and channels
 */
const char *
sb_photos_get_part_name (SbPhotoPart part)
{
  return part_names[part];
}

/**
 * sb_photos_open:
 * @work: a step behind the one that chose the photos
 * @error: why they cannot be read
 *
 * Returns: (transfer full) (nullable): all photos that were chosen
 */
SbPhotoSet *
sb_photos_open (SbWork *work, GError **error)
{
  JsonObject *data = sb_work_result (work, "choose-data");

  return sb_photo_set_open (sb_json_get_string (data, "path", ""), work->cancellable, error);
}

/**
 * sb_photos_list_classes:
 * @work: a step behind the one that chose the photos
 *
 * Returns: (transfer full) (array zero-terminated=1): the names of their classes
 */
char **
sb_photos_list_classes (SbWork *work)
{
  JsonObject *chosen = sb_work_result (work, "choose-data");
  JsonArray *classes = chosen != NULL ? sb_json_get_array (chosen, "classes") : NULL;
  guint n = classes != NULL ? json_array_get_length (classes) : 0;
  char **names = g_new0 (char *, n + 1);

  for (guint i = 0; i < n; i++)
    names[i] = g_strdup (json_array_get_string_element (classes, i));
  return names;
}

static char **
list_paths (JsonArray *array)
{
  guint n = json_array_get_length (array);
  char **paths = g_new0 (char *, n + 1);

  for (guint i = 0; i < n; i++)
    paths[i] = g_strdup (json_array_get_string_element (array, i));
  return paths;
}

/**
 * sb_photos_open_part:
 * @work: a step behind the one that has split the photos
 * @part: a part
 * @error: why it cannot be read
 *
 * Returns: (transfer full) (nullable): its photos; those of the validation in place of a test that
 *   has none
 */
SbPhotoSet *
sb_photos_open_part (SbWork *work, SbPhotoPart part, GError **error)
{
  JsonObject *prepare = sb_work_result (work, "prepare");
  JsonObject *parts = prepare != NULL ? sb_json_get_object (prepare, "parts") : NULL;
  JsonObject *json = parts != NULL ? sb_json_get_object (parts, part_names[part]) : NULL;
  g_auto (GStrv) classes = sb_photos_list_classes (work);
  g_auto (GStrv) records = NULL;

  if (json == NULL && parts != NULL && part == SB_PHOTO_TEST)
    json = sb_json_get_object (parts, part_names[SB_PHOTO_VALIDATION]);
  if (json == NULL)
    {
      g_set_error_literal (error, SB_ERROR, SB_ERROR_INVALID, _ ("Split the photos first"));
      return NULL;
    }
  if (sb_json_get_array (json, "records") == NULL)
    return sb_photo_set_open_list (sb_json_get_string (prepare, "root", ""),
                                   sb_json_get_string (json, "list", ""),
                                   (const char *const *) classes,
                                   error);
  records = list_paths (sb_json_get_array (json, "records"));
  return sb_photo_set_open_records ((const char *const *) records,
                                    (const char *const *) classes,
                                    work->cancellable,
                                    error);
}

/**
 * sb_photos_get_mark:
 * @work: a step behind the one that chose the photos
 *
 * Returns: (transfer none): what is put behind a title, so that nobody takes the sample for real
 */
const char *
sb_photos_get_mark (SbWork *work)
{
  return sb_json_get_bool (sb_work_result (work, "choose-data"), "synthetic", FALSE)
             ? _ (" (synthetic data)")
             : "";
}

static void
empty_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      g_unlink (child);
    }
}

/* What is in an archive becomes a file of its own, for widgets to show. */
static char *
extract (const SbPhotoSet *set, guint index, const char *folder, guint number, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *name = g_strdup_printf ("%04u", number);
  g_autofree char *path = g_build_filename (folder, name, NULL);

  if (!sb_photo_set_read (set, index, bytes, error) ||
      !g_file_set_contents_full (path,
                                 (const char *) bytes->data,
                                 (gssize) bytes->len,
                                 G_FILE_SET_CONTENTS_NONE,
                                 0600,
                                 error))
    return NULL;
  return g_steal_pointer (&path);
}

/**
 * sb_photos_keep:
 * @work: a piece of work
 * @set: some photos
 * @indices: (element-type guint): those that are to be shown
 * @name: of a folder for those that are in an archive
 * @error: why they cannot be kept
 *
 * Returns: (transfer full) (nullable): {"paths", "captions"}: their files, and their classes
 */
JsonObject *
sb_photos_keep (SbWork *work,
                const SbPhotoSet *set,
                const GArray *indices,
                const char *name,
                GError **error)
{
  g_autofree char *folder = sb_work_path (work, name);
  g_autoptr (JsonArray) paths = json_array_new ();
  JsonArray *captions;

  if (set->archives->len > 0 && g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_STORAGE,
                   _ ("The folder “%s” cannot be made: %s"),
                   folder,
                   g_strerror (errno));
      return NULL;
    }
  empty_folder (folder);
  captions = json_array_new ();
  for (guint i = 0; i < indices->len; i++)
    {
      guint index = g_array_index (indices, guint, i);
      const SbPhotoItem *item = sb_photo_set_get (set, index);
      g_autofree char *path = item->archive > 0 ? extract (set, index, folder, i, error)
                                                : g_build_filename (set->root, item->path, NULL);

      if (path == NULL)
        {
          json_array_unref (captions);
          return NULL;
        }
      json_array_add_string_element (paths, path);
      json_array_add_string_element (captions, sb_photo_set_get_class (set, item->label));
    }
  return sb_json_object_new (
      "paths", "a", g_steal_pointer (&paths), "captions", "a", captions, NULL);
}

void
sb_photos_progress_init (SbPhotosProgress *self, SbWork *work)
{
  *self = (SbPhotosProgress){ .work = work, .begun = g_get_monotonic_time () };
  g_mutex_init (&self->lock);
}

void
sb_photos_progress_clear (SbPhotosProgress *self)
{
  g_mutex_clear (&self->lock);
}

static void
tell (SbPhotosProgress *self, guint total, const char *what)
{
  gint64 now = g_get_monotonic_time ();
  double seconds = (double) (now - self->begun) / G_USEC_PER_SEC;
  g_autofree char *text = NULL;

  if (now - self->told < INTERVAL && self->done < total)
    return;
  self->told = now;
  /* translators: what is done, such as “Uploading”; how many of how many; how many a second */
  text = g_strdup_printf (_ ("%s: %u of %u, %.0f a second"),
                          what,
                          self->done,
                          total,
                          seconds > 0 ? self->done / seconds : 0);
  sb_work_progress (self->work, total > 0 ? (double) self->done / total : -1, text);
}

/**
 * sb_photos_progress_step:
 * @self: a progress
 * @total: how much there is to do
 * @what: what is done, such as "Uploading"
 *
 * One more is done.
 */
void
sb_photos_progress_step (SbPhotosProgress *self, guint total, const char *what)
{
  g_mutex_lock (&self->lock);
  self->done++;
  tell (self, total, what);
  g_mutex_unlock (&self->lock);
}

void
sb_photos_progress_set (SbPhotosProgress *self, guint done, guint total, const char *what)
{
  g_mutex_lock (&self->lock);
  self->done = done;
  tell (self, total, what);
  g_mutex_unlock (&self->lock);
}
