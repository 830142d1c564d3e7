/* test-archive.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <archive.h>
#include <archive_entry.h>
#include <glib/gstdio.h>
#include <string.h>

#include "formats/sb-archive.h"

typedef struct
{
  char *folder;
  char *packed;
  char *out;
} Place;

static void
set_up (Place *place, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  place->folder = g_dir_make_tmp ("sb-archive-XXXXXX", &error);
  g_assert_no_error (error);
  place->packed = g_build_filename (place->folder, "model.tar.gz", NULL);
  place->out = g_build_filename (place->folder, "out", NULL);
  g_assert_cmpint (g_mkdir (place->out, 0700), ==, 0);
}

static void
tear_down (Place *place, gconstpointer data)
{
  const char *argv[] = { "rm", "-rf", place->folder, NULL };

  g_assert_true (g_spawn_sync (
      NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
  g_free (place->folder);
  g_free (place->packed);
  g_free (place->out);
}

static void
write_file (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
test_round_trip (Place *place, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *source = g_build_filename (place->folder, "in", NULL);
  g_autofree char *first = g_build_filename (place->out, "model", NULL);
  g_autofree char *second = g_build_filename (place->out, "code", "deep", "\u00e4.txt", NULL);
  g_autofree char *text = NULL, *more = NULL;

  write_file (source, "model", "the model");
  write_file (source, "code/deep/\u00e4.txt", "");
  g_assert_true (sb_archive_pack_folder (source, place->packed, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (sb_archive_unpack (place->packed, place->out, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (first, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "the model");
  g_assert_true (g_file_get_contents (second, &more, NULL, NULL));
  g_assert_cmpstr (more, ==, "");
}

static void
write_hostile (const char *path, const char *name, const char *link)
{
  struct archive *archive = archive_write_new ();
  struct archive_entry *entry = archive_entry_new ();

  archive_write_add_filter_gzip (archive);
  archive_write_set_format_pax_restricted (archive);
  g_assert_cmpint (archive_write_open_filename (archive, path), ==, ARCHIVE_OK);
  archive_entry_set_pathname (entry, name);
  archive_entry_set_filetype (entry, link != NULL ? AE_IFLNK : AE_IFREG);
  archive_entry_set_perm (entry, 0644);
  if (link != NULL)
    archive_entry_set_symlink (entry, link);
  archive_entry_set_size (entry, link != NULL ? 0 : 4);
  g_assert_cmpint (archive_write_header (archive, entry), ==, ARCHIVE_OK);
  if (link == NULL)
    g_assert_cmpint (archive_write_data (archive, "evil", 4), ==, 4);
  archive_entry_free (entry);
  archive_write_close (archive);
  archive_write_free (archive);
}

/* Nothing is ever written outside of the folder. */
static void
test_hostile (Place *place, gconstpointer data)
{
  static const char *const names[] = { "../escaped", "/tmp/sb-archive-escaped", "a/../../escaped" };
  g_autofree char *escaped = g_build_filename (place->folder, "escaped", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;

      write_hostile (place->packed, names[i], NULL);
      g_assert_false (sb_archive_unpack (place->packed, place->out, NULL, &error));
      g_assert_nonnull (error);
      g_assert_false (g_file_test (escaped, G_FILE_TEST_EXISTS));
      g_assert_false (g_file_test ("/tmp/sb-archive-escaped", G_FILE_TEST_EXISTS));
    }
}

static void
write_zip (const char *path, const char *name, const char *link, gsize size)
{
  struct archive *archive = archive_write_new ();
  struct archive_entry *entry = archive_entry_new ();
  g_autofree char *zeros = g_malloc0 (size + 1);

  archive_write_set_format_zip (archive);
  g_assert_cmpint (archive_write_open_filename (archive, path), ==, ARCHIVE_OK);
  archive_entry_set_pathname (entry, name);
  archive_entry_set_filetype (entry, link != NULL ? AE_IFLNK : AE_IFREG);
  archive_entry_set_perm (entry, 0644);
  if (link != NULL)
    archive_entry_set_symlink (entry, link);
  else
    archive_entry_set_size (entry, (la_int64_t) size);
  g_assert_cmpint (archive_write_header (archive, entry), ==, ARCHIVE_OK);
  if (link == NULL)
    g_assert_cmpint (archive_write_data (archive, zeros, size), ==, (gssize) size);
  archive_entry_free (entry);
  archive_write_close (archive);
  archive_write_free (archive);
}

/* Nor may it fill the disk, whatever its headers promise. */
static void
test_zip (Place *place, gconstpointer data)
{
  static const char *const names[] = { "../escaped", "/tmp/sb-archive-escaped", "a/../../escaped" };
  g_autofree char *escaped = g_build_filename (place->folder, "escaped", NULL);
  g_autofree char *file = g_build_filename (place->out, "train", "ants", "1.jpg", NULL);
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  write_zip (place->packed, "train/ants/1.jpg", NULL, 1000000);
  g_assert_true (sb_archive_unpack_zip (place->packed, place->out, 1000512, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (file, &content, &length, NULL));
  g_assert_cmpuint (length, ==, 1000000);
  g_unlink (file);
  g_assert_false (sb_archive_unpack_zip (place->packed, place->out, 1000511, NULL, &error));
  g_assert_error (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID);
  g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
  for (guint i = 0; i <= G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) local = NULL;

      write_zip (place->packed,
                 i < G_N_ELEMENTS (names) ? names[i] : "link",
                 i < G_N_ELEMENTS (names) ? NULL : "/etc",
                 4);
      g_assert_false (sb_archive_unpack_zip (place->packed, place->out, 1000000, NULL, &local));
      g_assert_error (local, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID);
      g_assert_false (g_file_test (escaped, G_FILE_TEST_EXISTS));
      g_assert_false (g_file_test ("/tmp/sb-archive-escaped", G_FILE_TEST_EXISTS));
    }
}

static void
test_damaged (Place *place, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *source = g_build_filename (place->folder, "in", NULL);
  g_autofree char *bytes = NULL;
  gsize length;

  write_file (source, "model", "the model, which is long enough to be cut in the middle of it");
  g_assert_true (sb_archive_pack_folder (source, place->packed, NULL, &error));
  g_assert_true (g_file_get_contents (place->packed, &bytes, &length, NULL));
  g_assert_true (g_file_set_contents (place->packed, bytes, (gssize) length / 2, NULL));
  g_assert_false (sb_archive_unpack (place->packed, place->out, NULL, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (place->packed, "no archive at all", -1, NULL));
  g_assert_false (sb_archive_unpack (place->packed, place->out, NULL, &error));
  g_assert_nonnull (error);
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
  add ("/formats/archive/round-trip", test_round_trip);
  add ("/formats/archive/hostile", test_hostile);
  add ("/formats/archive/zip", test_zip);
  add ("/formats/archive/damaged", test_damaged);
  return g_test_run ();
}
