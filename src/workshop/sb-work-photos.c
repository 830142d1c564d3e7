/* sb-work-photos.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Photos: choose them, and say which are for what.
 */

#include "config.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#include "cloud/sb-fetch.h"
#include "formats/sb-archive.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-photos-data.h"
#include "workshop/sb-shapes-sample.h"

#define SAMPLE_SEED 1729
/* Of each shape. */
#define SAMPLE_SIZE 240
/* A sample of another kind would need another name. */
#define SAMPLE_FOLDER "shapes-1"
/* What an archive of photos may unpack to, in bytes. */
#define MAX_UNPACKED (G_GUINT64_CONSTANT (2) << 30)
/* Files that cannot be used are named up to so many. */
#define MAX_NAMED 5

static gboolean
fail_folder (const char *path, GError **error)
{
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_STORAGE,
               _ ("The folder “%s” cannot be made: %s"),
               path,
               g_strerror (errno));
  return FALSE;
}

/* What can be had again is kept where a person may throw it away. */
static char *
get_kept (const char *name)
{
  return g_build_filename (g_get_user_cache_dir (), "sagebrush", "data", name, NULL);
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
        remove_folder (child);
      else
        g_unlink (child);
    }
  g_rmdir (path);
}

typedef gboolean (*FillFunc) (SbWork *work, const char *folder, GError **error);

/* A folder is filled under another name, so that there is never half of it. */
static char *
make_kept (SbWork *work, const char *name, FillFunc fill, GError **error)
{
  g_autofree char *path = get_kept (name);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autofree char *part = g_strconcat (path, ".XXXXXX", NULL);
  gboolean done;

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return g_steal_pointer (&path);
  if (g_mkdir_with_parents (parent, 0700) != 0 || g_mkdtemp (part) == NULL)
    {
      fail_folder (path, error);
      return NULL;
    }
  done = fill (work, part, error);
  /* Somebody else may have been faster: then theirs is as good. */
  if (done && g_rename (part, path) != 0 && !g_file_test (path, G_FILE_TEST_IS_DIR))
    done = fail_folder (path, error);
  if (g_file_test (part, G_FILE_TEST_IS_DIR))
    remove_folder (part);
  return done ? g_steal_pointer (&path) : NULL;
}

static void
on_drawn (guint done, guint total, gpointer user_data)
{
  sb_photos_progress_set (user_data, done, total, _ ("Drawing"));
}

static gboolean
fill_sample (SbWork *work, const char *folder, GError **error)
{
  SbPhotosProgress progress;
  gboolean done;

  sb_photos_progress_init (&progress, work);
  done = sb_shapes_sample_write (
      folder, SAMPLE_SEED, SAMPLE_SIZE, on_drawn, &progress, work->cancellable, error);
  sb_photos_progress_clear (&progress);
  return done;
}

static gboolean
fill_download (SbWork *work, const char *folder, GError **error)
{
  JsonObject *spec = sb_json_get_object (work->module, "download");
  const char *override = g_getenv (sb_json_get_string (spec, "override", ""));
  g_autofree char *name = g_strconcat (sb_json_get_string (spec, "sha256", ""), ".zip", NULL);
  g_autofree char *archive = get_kept (name);
  gboolean done;

  done = sb_fetch_file (override != NULL ? override : sb_json_get_string (spec, "url", ""),
                        archive,
                        sb_json_get_string (spec, "sha256", ""),
                        (guint64) sb_json_get_int (spec, "size", 0),
                        sb_work_on_downloaded,
                        work,
                        work->cancellable,
                        error);
  if (done)
    sb_work_progress (work, -1, _ ("Unpacking"));
  done = done && sb_archive_unpack_zip (archive, folder, MAX_UNPACKED, work->cancellable, error);
  g_unlink (archive);
  return done;
}

static char *
download (SbWork *work, GError **error)
{
  JsonObject *spec = sb_json_get_object (work->module, "download");
  const char *sha256 = spec != NULL ? sb_json_get_string (spec, "sha256", NULL) : NULL;
  g_autofree char *name = NULL;

  if (sha256 == NULL || strlen (sha256) < 16)
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_INVALID,
                           _ ("This module names no file to download; choose a file"));
      return NULL;
    }
  name = g_strdup_printf ("photos-%.16s", sha256);
  return make_kept (work, name, fill_download, error);
}

static char *
find (SbWork *work, const char *source, GError **error)
{
  const char *path = sb_json_get_string (work->values, "path", NULL);

  if (strcmp (source, "sample") == 0)
    return make_kept (work, SAMPLE_FOLDER, fill_sample, error);
  if (strcmp (source, "download") == 0)
    return download (work, error);
  if (path != NULL && *path != '\0')
    return g_strdup (path);
  g_set_error_literal (error,
                       SB_ERROR,
                       SB_ERROR_INVALID,
                       _ ("Choose a folder that has a folder of photos for each class first"));
  return NULL;
}

static char *
name_source (SbWork *work, const char *source, const char *path)
{
  if (strcmp (source, "sample") == 0)
    return g_strdup (_ ("Sample (shapes, synthetic)"));
  if (strcmp (source, "download") == 0)
    return g_strdup (sb_json_get_string (work->module, "download.name", _ ("Download")));
  return g_path_get_basename (path);
}

static void
add_left_out (JsonArray *facts, const SbPhotoSet *set)
{
  if (set->n_left_out > 0)
    sb_work_add_fact (facts, _ ("Left out"), "%u", set->n_left_out);
  for (guint i = 0; i < MIN (set->left_out->len, MAX_NAMED); i++)
    sb_work_add_fact (facts, "", "%s", (const char *) g_ptr_array_index (set->left_out, i));
}

static JsonArray *
list_classes (const SbPhotoSet *set)
{
  JsonArray *classes = json_array_new ();

  for (guint i = 0; i < set->classes->len; i++)
    json_array_add_string_element (classes, sb_photo_set_get_class (set, i));
  return classes;
}

JsonObject *
sb_work_choose_photos (SbWork *work, GError **error)
{
  const char *source = sb_json_get_string (work->values, "source", "sample");
  g_autofree char *path = find (work, source, error);
  g_autoptr (SbPhotoSet) set =
      path != NULL ? sb_photo_set_open (path, work->cancellable, error) : NULL;
  g_autofree char *name = NULL;
  g_autofree char *summary = NULL;
  JsonArray *facts;
  JsonObject *result;

  if (set == NULL)
    return NULL;
  name = name_source (work, source, path);
  /* translators: the name of a collection, its photos, its classes */
  summary = g_strdup_printf (ngettext ("%s: %u photo of %u classes",
                                       "%s: %u photos of %u classes",
                                       set->items->len),
                             name,
                             set->items->len,
                             set->classes->len);
  facts = json_array_new ();
  sb_work_add_fact (facts, _ ("Photos"), "%u", set->items->len);
  sb_work_add_fact (facts, _ ("Classes"), "%u", set->classes->len);
  add_left_out (facts, set);
  result = sb_json_object_new ("summary", "s", summary, "name", "s", name, "path", "s", path, NULL);
  json_object_set_boolean_member (result, "synthetic", strcmp (source, "sample") == 0);
  json_object_set_int_member (result, "count", set->items->len);
  json_object_set_array_member (result, "classes", list_classes (set));
  json_object_set_array_member (result, "facts", facts);
  return result;
}

/* A class of which nothing is learned would only ever be mistaken. */
static gboolean
check_classes (const SbPhotoSet *set, GError **error)
{
  g_autofree guint *counts = sb_photo_set_count_classes (set, SB_PHOTO_TRAIN);

  for (guint i = 0; i < set->classes->len; i++)
    if (counts[i] == 0)
      {
        g_set_error (error,
                     SB_ERROR,
                     SB_ERROR_INVALID,
                     _ ("There are no photos of “%s” to train on, only to validate or test with. "
                        "Add some, or remove that class."),
                     sb_photo_set_get_class (set, i));
        return FALSE;
      }
  return TRUE;
}

static void
on_packed (goffset done, goffset total, gpointer user_data)
{
  sb_photos_progress_set (user_data, (guint) done, (guint) total, _ ("Packing"));
}

static JsonObject *
describe_records (const char *path)
{
  const char *const paths[] = { path, NULL };

  return sb_json_object_new ("records", "a", sb_json_array_new_strings (paths), NULL);
}

static JsonObject *
write_part (SbWork *work, const SbPhotoSet *set, SbPhotoPart part, gboolean pack, GError **error)
{
  guint32 seed =
      (guint32) g_ascii_strtoull (sb_json_get_string (work->values, "seed", "0"), NULL, 10);
  g_autoptr (GArray) order = sb_photo_set_list (set, part, seed);
  g_autofree char *name =
      g_strconcat (sb_photos_get_part_name (part), pack ? ".rec" : ".lst", NULL);
  g_autofree char *path = sb_work_path (work, name);
  SbPhotosProgress progress;
  gboolean done;

  if (!pack)
    return sb_photo_set_save_list (set, order, path, error)
               ? sb_json_object_new ("list", "s", path, NULL)
               : NULL;
  sb_photos_progress_init (&progress, work);
  done = sb_photo_set_pack (set, order, path, on_packed, &progress, work->cancellable, error);
  sb_photos_progress_clear (&progress);
  return done ? describe_records (path) : NULL;
}

/* Archives that hold one part each are used as they are. */
static JsonObject *
list_records (const SbPhotoSet *set, SbPhotoPart part)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  guint last = 0;

  for (guint i = 0; i < set->items->len; i++)
    {
      const SbPhotoItem *item = sb_photo_set_get (set, i);

      if (item->part == part && item->archive != last)
        {
          last = item->archive;
          g_ptr_array_add (paths, g_ptr_array_index (set->archives, last - 1));
        }
    }
  g_ptr_array_add (paths, NULL);
  return sb_json_object_new ("records",
                             "a",
                             sb_json_array_new_strings ((const char *const *) paths->pdata),
                             NULL);
}

static gboolean
save_class_names (SbWork *work, GError **error)
{
  g_auto (GStrv) classes = sb_photos_list_classes (work);
  g_autofree char *path = sb_work_path (work, "labels.txt");
  g_autofree char *text = g_strjoinv ("\n", classes);

  return g_file_set_contents (path, text, -1, error);
}

static JsonObject *
write_parts (SbWork *work, const SbPhotoSet *set, gboolean as_they_are, GError **error)
{
  const char *format = sb_json_get_string (work->values, "format", "photos");
  gboolean pack = set->archives->len > 0 || strcmp (format, "recordio") == 0;
  g_autoptr (JsonObject) parts = json_object_new ();

  for (SbPhotoPart part = SB_PHOTO_TRAIN; part < SB_PHOTO_N_PARTS; part++)
    {
      JsonObject *json;

      if (sb_photo_set_count (set, part) == 0)
        continue;
      json = as_they_are ? list_records (set, part) : write_part (work, set, part, pack, error);
      if (json == NULL)
        return NULL;
      json_object_set_int_member (json, "count", sb_photo_set_count (set, part));
      json_object_set_object_member (parts, sb_photos_get_part_name (part), json);
    }
  return save_class_names (work, error) ? g_steal_pointer (&parts) : NULL;
}

static JsonObject *
describe_parts (const SbPhotoSet *set, JsonObject *parts)
{
  guint n_train = sb_photo_set_count (set, SB_PHOTO_TRAIN);
  guint n_validation = sb_photo_set_count (set, SB_PHOTO_VALIDATION);
  guint n_test = sb_photo_set_count (set, SB_PHOTO_TEST);
  JsonArray *facts = json_array_new ();
  g_autofree char *summary = NULL;
  JsonObject *result;

  if (n_test > 0)
    summary = g_strdup_printf (_ ("%u photos to train on, %u to validate, %u to test with"),
                               n_train,
                               n_validation,
                               n_test);
  else
    summary = g_strdup_printf (_ ("%u photos to train on, %u to validate and to test with"),
                               n_train,
                               n_validation);
  sb_work_add_fact (facts, _ ("To train on"), "%u", n_train);
  sb_work_add_fact (facts, _ ("To validate with"), "%u", n_validation);
  sb_work_add_fact (facts, _ ("To test with"), "%u", n_test > 0 ? n_test : n_validation);
  if (n_test == 0)
    sb_work_add_fact (facts,
                      "",
                      "%s",
                      _ ("The folder has no part for the test: the photos of the validation are "
                         "used, by which the best epoch was chosen, too."));
  result = sb_json_object_new ("summary", "s", summary, "root", "s", set->root, NULL);
  json_object_set_object_member (result, "parts", parts);
  json_object_set_array_member (result, "facts", facts);
  return result;
}

JsonObject *
sb_work_prepare_photos (SbWork *work, GError **error)
{
  g_autoptr (SbPhotoSet) set = sb_photos_open (work, error);
  gboolean as_they_are;
  JsonObject *parts;

  if (set == NULL)
    return NULL;
  as_they_are = set->has_records && sb_photo_set_count (set, SB_PHOTO_VALIDATION) > 0 &&
                sb_photo_set_count (set, SB_PHOTO_N_PARTS) == 0;
  sb_photo_set_split (
      set,
      g_ascii_strtod (sb_json_get_string (work->values, "validation", "0.15"), NULL),
      g_ascii_strtod (sb_json_get_string (work->values, "test", "0.15"), NULL),
      (guint32) g_ascii_strtoull (sb_json_get_string (work->values, "seed", "0"), NULL, 10));
  if (!check_classes (set, error))
    return NULL;
  if (sb_photo_set_count (set, SB_PHOTO_VALIDATION) == 0)
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_INVALID,
                           _ ("There are too few photos to set some aside: at least three of one "
                              "class are needed"));
      return NULL;
    }
  parts = write_parts (work, set, as_they_are, error);
  return parts != NULL ? describe_parts (set, parts) : NULL;
}
