/* test-photo-set.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "formats/sb-recordio.h"
#include "wire/sb-error.h"
#include "workshop/sb-photo-set.h"
#include "workshop/sb-shapes-sample.h"

typedef struct
{
  char *folder;
} Place;

static void
set_up (Place *place, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  place->folder = g_dir_make_tmp ("sb-photos-XXXXXX", &error);
  g_assert_no_error (error);
}

static void
tear_down (Place *place, gconstpointer data)
{
  const char *argv[] = { "rm", "-rf", place->folder, NULL };

  g_assert_true (g_spawn_sync (
      NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
  g_free (place->folder);
}

/* What is in it does not matter here; it is its own name. */
static void
add_file (Place *place, const char *name)
{
  g_autofree char *path = g_build_filename (place->folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, name, -1, NULL));
}

static void
add_files (Place *place, const char *format, guint n)
{
  g_auto (GStrv) halves = g_strsplit (format, "#", 2);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s%03u%s", halves[0], i, halves[1]);

      add_file (place, name);
    }
}

static SbPhotoSet *
open_set (Place *place)
{
  g_autoptr (GError) error = NULL;
  SbPhotoSet *set = sb_photo_set_open (place->folder, NULL, &error);

  g_assert_no_error (error);
  return set;
}

static void
assert_count (const SbPhotoSet *set, SbPhotoPart part, const guint *expected)
{
  g_autofree guint *counts = sb_photo_set_count_classes (set, part);

  for (guint i = 0; i < set->classes->len; i++)
    g_assert_cmpuint (counts[i], ==, expected[i]);
}

static void
assert_reads (const SbPhotoSet *set, guint index, const char *expected)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (sb_photo_set_read (set, index, bytes, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (bytes->data, bytes->len, expected, strlen (expected));
}

/* Hidden files, rubbish and what is no photo are not looked at; what has no class is named. */
static void
test_classes (Place *place, gconstpointer data)
{
  g_autoptr (SbPhotoSet) set = NULL;

  add_files (place, "pets/zebra/#.jpg", 4);
  add_files (place, "pets/cat/#.PNG", 3);
  add_files (place, "pets/cat/deeper/dog/#.webp", 2);
  add_file (place, "pets/cat/notes.txt");
  add_file (place, "pets/cat/.hidden.jpg");
  add_file (place, "pets/.git/a.jpg");
  add_file (place, "pets/__MACOSX/cat/000.jpg");
  add_file (place, "pets/alone.jpg");
  add_file (place, "pets/cat/tab\there.jpg");
  add_file (place, "pets/cat/not-utf8-\xff.jpg");
  set = open_set (place);
  g_assert_true (g_str_has_suffix (set->root, "/pets"));
  g_assert_cmpuint (set->items->len, ==, 9);
  g_assert_cmpuint (set->classes->len, ==, 3);
  g_assert_cmpstr (sb_photo_set_get_class (set, 0), ==, "cat");
  g_assert_cmpstr (sb_photo_set_get_class (set, 1), ==, "dog");
  g_assert_cmpstr (sb_photo_set_get_class (set, 2), ==, "zebra");
  assert_count (set, SB_PHOTO_N_PARTS, (guint[]){ 3, 2, 4 });
  g_assert_false (set->in_parts);
  g_assert_cmpuint (set->n_left_out, ==, 3);
  g_assert_cmpuint (set->left_out->len, ==, 3);
  g_assert_cmpstr (sb_photo_set_get (set, 0)->path, ==, "cat/000.PNG");
  assert_reads (set, 0, "pets/cat/000.PNG");
}

static void
assert_fails (Place *place, const char *below, const char *message)
{
  g_autofree char *path = g_build_filename (place->folder, below, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (sb_photo_set_open (path, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, message));
}

static void
test_nothing_there (Place *place, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  assert_fails (place, "", "There are no photos");
  add_file (place, "a.jpg");
  add_file (place, "b.jpg");
  assert_fails (place, "", "There are no photos");
  assert_fails (place, "a.jpg", "neither a folder");
  assert_fails (place, "nowhere.rec", "nowhere.rec");
  assert_fails (place, "nowhere", "There is no");
  add_files (place, "cat/#.jpg", 3);
  assert_fails (place, "", "of one class, “cat”");
  g_cancellable_cancel (cancellable);
  g_assert_null (sb_photo_set_open (place->folder, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* A seed says which photos, a share how many of each class; nothing is lost, nothing is twice. */
static void
test_split (Place *place, gconstpointer data)
{
  g_autoptr (SbPhotoSet) first = NULL;
  g_autoptr (SbPhotoSet) second = NULL;
  g_autoptr (SbPhotoSet) third = NULL;
  guint same = 0;

  add_files (place, "a/#.jpg", 100);
  add_files (place, "b/#.jpg", 11);
  add_files (place, "c/#.jpg", 3);
  add_files (place, "d/#.jpg", 2);
  first = open_set (place);
  second = open_set (place);
  third = open_set (place);
  sb_photo_set_split (first, 0.2, 0.15, 5);
  sb_photo_set_split (second, 0.2, 0.15, 5);
  sb_photo_set_split (third, 0.2, 0.15, 6);
  assert_count (first, SB_PHOTO_VALIDATION, (guint[]){ 20, 2, 1, 0 });
  assert_count (first, SB_PHOTO_TEST, (guint[]){ 15, 2, 1, 0 });
  assert_count (first, SB_PHOTO_TRAIN, (guint[]){ 65, 7, 1, 2 });
  g_assert_cmpuint (sb_photo_set_count (first, SB_PHOTO_N_PARTS), ==, 0);
  for (guint i = 0; i < first->items->len; i++)
    {
      g_assert_cmpuint (sb_photo_set_get (first, i)->part, ==, sb_photo_set_get (second, i)->part);
      same += sb_photo_set_get (first, i)->part == sb_photo_set_get (third, i)->part ? 1 : 0;
    }
  g_assert_cmpuint (same, <, first->items->len);
}

static void
test_own_parts (Place *place, gconstpointer data)
{
  g_autoptr (SbPhotoSet) set = NULL;
  g_autoptr (SbPhotoSet) more = NULL;
  g_autofree char *from = g_build_filename (place->folder, "photos", "val", NULL);
  g_autofree char *to = g_build_filename (place->folder, "photos", "test", NULL);

  add_files (place, "photos/Train/ants/#.jpg", 5);
  add_files (place, "photos/Train/bees/#.jpg", 6);
  add_files (place, "photos/val/ants/#.jpg", 2);
  add_files (place, "photos/val/bees/#.jpg", 3);
  set = open_set (place);
  g_assert_true (set->in_parts);
  g_assert_cmpuint (set->classes->len, ==, 2);
  sb_photo_set_split (set, 0.5, 0.5, 1);
  assert_count (set, SB_PHOTO_TRAIN, (guint[]){ 5, 6 });
  assert_count (set, SB_PHOTO_VALIDATION, (guint[]){ 2, 3 });
  g_assert_cmpuint (sb_photo_set_count (set, SB_PHOTO_TEST), ==, 0);
  /* With a part for the test alone, the validation comes from the rest. */
  g_assert_cmpint (g_rename (from, to), ==, 0);
  more = open_set (place);
  sb_photo_set_split (more, 0.2, 0.2, 1);
  assert_count (more, SB_PHOTO_TRAIN, (guint[]){ 4, 5 });
  assert_count (more, SB_PHOTO_VALIDATION, (guint[]){ 1, 1 });
  assert_count (more, SB_PHOTO_TEST, (guint[]){ 2, 3 });
}

/* Written down and read again, in the order in which it was written. */
static void
test_list (Place *place, gconstpointer data)
{
  static const char *const classes[] = { "a b", "ü", NULL };
  g_autofree char *path = g_build_filename (place->folder, "train.lst", NULL);
  g_autoptr (SbPhotoSet) set = NULL;
  g_autoptr (SbPhotoSet) again = NULL;
  g_autoptr (GArray) order = NULL;
  g_autoptr (GError) error = NULL;
  gboolean in_order = TRUE;

  add_files (place, "in/a b/#.jpg", 20);
  add_files (place, "in/ü/x #.jpg", 20);
  set = open_set (place);
  sb_photo_set_split (set, 0.25, 0, 3);
  order = sb_photo_set_list (set, SB_PHOTO_TRAIN, 3);
  g_assert_cmpuint (order->len, ==, 30);
  g_assert_true (sb_photo_set_save_list (set, order, path, &error));
  again = sb_photo_set_open_list (set->root, path, classes, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (again->items->len, ==, 30);
  for (guint i = 0; i < order->len; i++)
    {
      const SbPhotoItem *item = sb_photo_set_get (set, g_array_index (order, guint, i));
      g_autofree char *content = g_strconcat ("in/", item->path, NULL);

      g_assert_cmpstr (sb_photo_set_get (again, i)->path, ==, item->path);
      g_assert_cmpuint (sb_photo_set_get (again, i)->label, ==, item->label);
      assert_reads (again, i, content);
      in_order = in_order &&
                 (i == 0 || g_array_index (order, guint, i) > g_array_index (order, guint, i - 1));
    }
  g_assert_false (in_order);
  g_assert_null (sb_photo_set_open_list (set->root, path, classes + 1, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
}

static void
pack (const SbPhotoSet *set, SbPhotoPart part, const char *folder, const char *name)
{
  g_autoptr (GArray) order = sb_photo_set_list (set, part, 1);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (sb_photo_set_pack (set, order, path, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
}

static void
test_records (Place *place, gconstpointer data)
{
  g_autofree char *folder = g_build_filename (place->folder, "out", NULL);
  g_autofree char *file = g_build_filename (folder, "pets-train.rec", NULL);
  g_autofree char *labels = g_build_filename (folder, "labels.txt", NULL);
  g_autoptr (SbPhotoSet) set = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  add_files (place, "cat/#.jpg", 8);
  add_files (place, "dog/#.jpg", 8);
  set = open_set (place);
  sb_photo_set_split (set, 0.25, 0.25, 1);
  pack (set, SB_PHOTO_TRAIN, folder, "pets-train.rec");
  pack (set, SB_PHOTO_VALIDATION, folder, "pets-val.rec");
  pack (set, SB_PHOTO_TEST, folder, "others.rec");
  for (guint named = 0; named < 2; named++)
    {
      g_autoptr (SbPhotoSet) records = sb_photo_set_open (file, NULL, &error);

      g_assert_no_error (error);
      g_assert_true (records->has_records && records->in_parts);
      g_assert_cmpuint (records->items->len, ==, 12);
      g_assert_cmpstr (sb_photo_set_get_class (records, 1), ==, named ? "dog" : "1");
      assert_count (records, SB_PHOTO_TRAIN, (guint[]){ 4, 4 });
      assert_count (records, SB_PHOTO_VALIDATION, (guint[]){ 2, 2 });
      for (guint i = 0; i < records->items->len; i++)
        {
          g_autoptr (GByteArray) bytes = g_byte_array_new ();

          g_assert_true (sb_photo_set_read (records, i, bytes, &error));
          g_assert_cmpmem (bytes->data,
                           3,
                           sb_photo_set_get (records, i)->label == 1 ? "dog" : "cat",
                           3);
          g_assert_cmpuint (bytes->len, ==, strlen ("cat/000.jpg"));
        }
      g_assert_true (g_file_set_contents (labels, "cat\ndog\n", -1, NULL));
    }
  g_clear_pointer (&set, sb_photo_set_free);
  set = sb_photo_set_open (folder, NULL, &error);
  g_assert_cmpuint (set->items->len, ==, 16);
  g_assert_cmpuint (sb_photo_set_count (set, SB_PHOTO_N_PARTS), ==, 4);
}

/* The same seed, the same pictures; every shape in another place, colour and size each time. */
static void
test_shapes (Place *place, gconstpointer data)
{
  g_autofree char *one = g_build_filename (place->folder, "one", NULL);
  g_autofree char *two = g_build_filename (place->folder, "two", NULL);
  g_autoptr (SbPhotoSet) first = NULL;
  g_autoptr (SbPhotoSet) second = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GError) error = NULL;
  int least = G_MAXINT, most = 0;

  g_assert_true (sb_shapes_sample_write (one, 1729, 5, NULL, NULL, NULL, &error));
  g_assert_true (sb_shapes_sample_write (two, 1729, 5, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  first = sb_photo_set_open (one, NULL, &error);
  second = sb_photo_set_open (two, NULL, &error);
  g_assert_cmpuint (first->classes->len, ==, SB_SHAPE_CLASSES);
  g_assert_cmpuint (first->items->len, ==, 5 * SB_SHAPE_CLASSES);
  for (guint i = 0; i < first->items->len; i++)
    {
      g_autoptr (GByteArray) a = g_byte_array_new ();
      g_autoptr (GByteArray) b = g_byte_array_new ();
      g_autoptr (SbPhoto) photo = NULL;

      g_assert_true (sb_photo_set_read (first, i, a, &error));
      g_assert_true (sb_photo_set_read (second, i, b, &error));
      g_assert_cmpmem (a->data, a->len, b->data, b->len);
      g_assert_true (
          g_hash_table_add (seen, g_compute_checksum_for_data (G_CHECKSUM_MD5, a->data, a->len)));
      photo = sb_photo_decode (a->data, a->len, 0, &error);
      g_assert_no_error (error);
      least = MIN (least, photo->width);
      most = MAX (most, photo->width);
    }
  g_assert_cmpint (least, >=, 36);
  g_assert_cmpint (most, <=, 64);
  g_assert_cmpint (most, >, least + 10);
  for (guint i = 0; i < SB_SHAPE_CLASSES; i++)
    g_assert_cmpstr (sb_photo_set_get_class (first, i), ==, sb_shapes_sample_get_name (i));
}

static void
add (const char *path, void (*func) (Place *, gconstpointer))
{
  g_test_add (path, Place, NULL, set_up, func, tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  add ("/workshop/photo-set/classes", test_classes);
  add ("/workshop/photo-set/nothing-there", test_nothing_there);
  add ("/workshop/photo-set/split", test_split);
  add ("/workshop/photo-set/own-parts", test_own_parts);
  add ("/workshop/photo-set/list", test_list);
  add ("/workshop/photo-set/records", test_records);
  add ("/workshop/photo-set/shapes", test_shapes);
  return g_test_run ();
}
