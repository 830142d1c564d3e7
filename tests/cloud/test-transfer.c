/* test-transfer.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Uploads and downloads against a small S3 whose answers are not always right.
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <utime.h>

#include "cloud/sb-transfer.h"
#include "store.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

typedef struct
{
  char *folder;
  Store store;
  Loopback *server;
  SbConnection *connection;
  SbJournal *journal;
  SbClient *client;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("sb-transfer-XXXXXX", &error);
  g_assert_no_error (error);
  store_init (&fixture->store);
  fixture->server = loopback_new (store_serve, &fixture->store);
  fixture->connection = loopback_connect (fixture->server);
  fixture->client = client_for (fixture->connection, &fixture->journal);
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_folder (child);
      g_remove (child);
    }
  g_rmdir (path);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_object_unref (fixture->client);
  g_object_unref (fixture->journal);
  g_object_unref (fixture->connection);
  loopback_free (fixture->server);
  store_clear (&fixture->store);
  remove_folder (fixture->folder);
  g_free (fixture->folder);
}

static GBytes *
make_bytes (gsize length, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  guint32 *words = g_malloc (length + 4);

  for (gsize i = 0; i < length / 4 + 1; i++)
    words[i] = g_rand_int (rand);
  return g_bytes_new_take (words, length);
}

static char *
make_file (Fixture *fixture, const char *name, GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (fixture->folder, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_mkdir_with_parents (folder, 0700);
  g_file_set_contents (path,
                       g_bytes_get_data (bytes, NULL),
                       (gssize) g_bytes_get_size (bytes),
                       &error);
  g_assert_no_error (error);
  return path;
}

static void
assert_object (Fixture *fixture, const char *name, GBytes *expected)
{
  GBytes *object = g_hash_table_lookup (fixture->store.objects, name);

  g_assert_nonnull (object);
  g_assert_true (g_bytes_equal (object, expected));
}

static void
assert_file (const char *path, GBytes *expected)
{
  g_autofree char *data = NULL;
  g_autofree char *part = g_strconcat (path, ".part", NULL);
  gsize length;

  g_assert_true (g_file_get_contents (path, &data, &length, NULL));
  g_assert_cmpuint (length, ==, g_bytes_get_size (expected));
  g_assert_cmpint (memcmp (data, g_bytes_get_data (expected, NULL), length), ==, 0);
  g_assert_false (g_file_test (part, G_FILE_TEST_EXISTS));
}

static void
assert_no_file (const char *path)
{
  g_autofree char *part = g_strconcat (path, ".part", NULL);

  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (part, G_FILE_TEST_EXISTS));
}

typedef struct
{
  guint64 done;
  guint64 total;
} Seen;

static void
see (guint64 done, guint64 total, gpointer user_data)
{
  Seen *seen = user_data;

  g_assert_cmpuint (done, >=, seen->done);
  g_assert_cmpuint (done, <=, total);
  seen->done = done;
  seen->total = total;
}

static gboolean
upload (Fixture *fixture, const char *path, GError **error)
{
  return sb_transfer_upload_file (fixture->client, "b", "k/ü", path, NULL, NULL, NULL, error);
}

static gboolean
download (Fixture *fixture, const char *path, GError **error)
{
  return sb_transfer_download_file (fixture->client, "b", "k", path, NULL, NULL, NULL, error);
}

static GBytes *
put_aside (Fixture *fixture, gsize length, gboolean in_parts)
{
  GBytes *bytes = make_bytes (length, 7);

  store_put (&fixture->store, "/b/k", bytes, in_parts);
  return bytes;
}

static void
test_upload_small (Fixture *fixture, gconstpointer data)
{
  static const gsize sizes[] = { 0, 1, 300 * 1024, STORE_PART };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = make_bytes (sizes[i], (guint32) i);
      g_autofree char *path = make_file (fixture, "file", bytes);
      Seen seen = { 0 };

      sb_transfer_upload_file (fixture->client, "b", "k/ü", path, see, &seen, NULL, &error);
      g_assert_no_error (error);
      assert_object (fixture, "/b/k/%C3%BC", bytes);
      g_assert_cmpuint (seen.done, ==, sizes[i]);
    }
  g_assert_cmpuint (fixture->store.creates, ==, 0);
}

static void
test_upload_parts (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = make_bytes (2 * STORE_PART + 12345, 1);
  g_autofree char *path = make_file (fixture, "file", bytes);
  g_autoptr (GPtrArray) entries = NULL;
  Seen seen = { 0 };

  sb_transfer_upload_file (fixture->client, "b", "k/ü", path, see, &seen, NULL, &error);
  g_assert_no_error (error);
  assert_object (fixture, "/b/k/%C3%BC", bytes);
  g_assert_cmpuint (seen.done, ==, g_bytes_get_size (bytes));
  g_assert_cmpuint (seen.total, ==, g_bytes_get_size (bytes));
  g_assert_cmpuint (fixture->store.part_puts, ==, 3);
  entries = sb_journal_dup_entries (fixture->journal, NULL, NULL, NULL);
  g_assert_cmpuint (entries->len, ==, 5);
  for (guint i = 0; i < entries->len; i++)
    {
      JsonObject *transfer = sb_journal_entry_get_transfer (g_ptr_array_index (entries, i));

      g_assert_cmpstr (sb_json_get_string (transfer, "kind", NULL), ==, "upload");
      g_assert_cmpstr (sb_json_get_string (transfer, "path", NULL), ==, path);
    }
}

static void
test_upload_dropped (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = make_bytes (2 * STORE_PART, 1);
  g_autofree char *path = make_file (fixture, "file", bytes);

  fixture->store.drop_parts = 2;
  g_assert_true (upload (fixture, path, &error));
  g_assert_no_error (error);
  assert_object (fixture, "/b/k/%C3%BC", bytes);
  g_assert_cmpuint (fixture->store.part_puts, ==, 4);
}

static void
test_upload_resume (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = make_bytes (5 * STORE_PART + 1, 1);
  g_autofree char *path = make_file (fixture, "file", bytes);

  sb_connection_set_max_attempts (fixture->connection, 1);
  fixture->store.drop_parts = -1;
  fixture->store.drop_part_number = 6;
  g_assert_false (upload (fixture, path, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_NETWORK);
  g_clear_error (&error);
  g_assert_cmpuint (fixture->store.aborts, ==, 0);
  /* The sixth was begun when two of the first four had arrived. */
  fixture->store.drop_parts = 0;
  fixture->store.part_puts = 0;
  g_assert_true (upload (fixture, path, &error));
  g_assert_no_error (error);
  assert_object (fixture, "/b/k/%C3%BC", bytes);
  g_assert_cmpuint (fixture->store.creates, ==, 1);
  g_assert_cmpuint (fixture->store.part_puts, <, 6);
}

/* What is there of another file must not get into this one. */
static void
test_upload_resume_changed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = make_bytes (2 * STORE_PART, 1);
  g_autoptr (GBytes) other = make_bytes (2 * STORE_PART, 2);
  g_autofree char *path = make_file (fixture, "file", bytes);
  g_autofree char *again = NULL;
  struct utimbuf times = { 1000, 1000 };

  sb_connection_set_max_attempts (fixture->connection, 1);
  fixture->store.drop_parts = -1;
  fixture->store.drop_part_number = 2;
  g_assert_false (upload (fixture, path, &error));
  g_clear_error (&error);
  fixture->store.drop_parts = 0;
  again = make_file (fixture, "file", other);
  g_assert_cmpint (utime (path, &times), ==, 0);
  g_assert_true (upload (fixture, path, &error));
  g_assert_no_error (error);
  assert_object (fixture, "/b/k/%C3%BC", other);
  g_assert_cmpuint (fixture->store.creates, ==, 2);
  g_assert_cmpuint (fixture->store.aborts, ==, 1);
}

static void
test_upload_denied (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = make_bytes (2 * STORE_PART, 1);
  g_autofree char *path = make_file (fixture, "file", bytes);

  fixture->store.deny_parts = 1;
  g_assert_false (upload (fixture, path, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_DENIED);
  g_assert_cmpuint (fixture->store.aborts, ==, 1);
}

static void
test_upload_cancel (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GBytes) bytes = make_bytes (3 * STORE_PART, 1);
  g_autofree char *path = make_file (fixture, "file", bytes);

  fixture->store.cancel_at_part = g_object_ref (cancellable);
  g_assert_false (
      sb_transfer_upload_file (fixture->client, "b", "k/ü", path, NULL, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (fixture->store.aborts, ==, 1);
  g_assert_cmpuint (g_hash_table_size (fixture->store.objects), ==, 0);
}

static void
test_upload_lost_complete (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = make_bytes (2 * STORE_PART, 1);
  g_autofree char *path = make_file (fixture, "file", bytes);

  fixture->store.lose_complete = 1;
  g_assert_true (upload (fixture, path, &error));
  g_assert_no_error (error);
  assert_object (fixture, "/b/k/%C3%BC", bytes);
}

static void
test_upload_damaged (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = make_bytes (1000, 1);
  g_autofree char *path = make_file (fixture, "file", bytes);

  fixture->store.damage_puts = TRUE;
  g_assert_false (upload (fixture, path, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INTEGRITY);
  g_clear_error (&error);
  g_assert_false (
      sb_transfer_upload_bytes (fixture->client, "b", "k", bytes, "text/csv", NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INTEGRITY);
}

static void
test_upload_no_file (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (upload (fixture, "/nonexistent/file", &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_STORAGE);
  g_clear_error (&error);
  g_assert_false (upload (fixture, fixture->folder, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_STORAGE);
  g_assert_cmpuint (loopback_n_asked (fixture->server), ==, 0);
}

static void
test_upload_folder (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "d/a.txt", "d/sub/b c.txt", "d/sub/deep/e", "d/z" };
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_build_filename (fixture->folder, "d", NULL);
  g_autoptr (GBytes) large = make_bytes (STORE_PART + 1, 9);
  g_autofree char *large_path = make_file (fixture, "d/large", large);
  Seen seen = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GBytes) bytes = make_bytes (i * 1000, i);

      g_free (make_file (fixture, names[i], bytes));
    }
  g_assert_true (
      sb_transfer_upload_folder (fixture->client, "b", "p/", folder, see, &seen, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (g_hash_table_size (fixture->store.objects), ==, 5);
  g_assert_true (g_hash_table_contains (fixture->store.objects, "/b/p/sub/b%20c.txt"));
  g_assert_true (g_hash_table_contains (fixture->store.objects, "/b/p/sub/deep/e"));
  assert_object (fixture, "/b/p/large", large);
  g_assert_cmpuint (seen.done, ==, STORE_PART + 1 + 6000);
  g_assert_cmpuint (seen.total, ==, seen.done);
}

typedef struct
{
  guint done;
  guint skipped;
  guint calls;
  GCancellable *cancel_at_third;
} SeenFiles;

static void
see_files (guint done, guint total, guint skipped, gpointer user_data)
{
  SeenFiles *seen = user_data;

  g_assert_cmpuint (done, ==, seen->calls + 1);
  g_assert_cmpuint (total, ==, 6);
  seen->done = done;
  seen->skipped = skipped;
  seen->calls++;
  if (seen->cancel_at_third != NULL && done == 3)
    g_cancellable_cancel (seen->cancel_at_third);
}

static const char *const listed[] = { "a.txt", "sub/b c.txt", "sub/deep/e", "z",
                                      "large", "\u00e4",      NULL };

static gboolean
upload_list (Fixture *fixture, SeenFiles *seen, GCancellable *cancellable, GError **error)
{
  g_autofree char *folder = g_build_filename (fixture->folder, "d", NULL);

  *seen = (SeenFiles){ .cancel_at_third = cancellable };
  return sb_transfer_upload_list (
      fixture->client, "b", "p/", folder, listed, NULL, see_files, seen, cancellable, error);
}

static void
make_listed (Fixture *fixture)
{
  for (guint i = 0; listed[i] != NULL; i++)
    {
      gsize size = strcmp (listed[i], "large") == 0 ? STORE_PART + 5 : i * 1000;
      g_autoptr (GBytes) bytes = make_bytes (size, i);
      g_autofree char *name = g_strconcat ("d/", listed[i], NULL);

      g_free (make_file (fixture, name, bytes));
    }
}

/* What is there is not sent again, whether it came in one piece or in parts. */
static void
test_upload_list (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) other = make_bytes (1000, 77);
  SeenFiles seen;

  make_listed (fixture);
  g_assert_true (upload_list (fixture, &seen, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (seen.done, ==, 6);
  g_assert_cmpuint (seen.skipped, ==, 0);
  g_assert_cmpuint (g_hash_table_size (fixture->store.objects), ==, 6);
  g_assert_true (g_hash_table_contains (fixture->store.objects, "/b/p/sub/b%20c.txt"));
  g_assert_true (g_hash_table_contains (fixture->store.objects, "/b/p/%C3%A4"));
  g_assert_cmpuint (fixture->store.puts, ==, 5);
  g_assert_cmpuint (fixture->store.part_puts, ==, 2);
  g_free (make_file (fixture, "d/sub/b c.txt", other));
  g_assert_true (upload_list (fixture, &seen, NULL, &error));
  g_assert_cmpuint (seen.skipped, ==, 5);
  g_assert_cmpuint (fixture->store.puts, ==, 6);
  g_assert_cmpuint (fixture->store.part_puts, ==, 2);
  assert_object (fixture, "/b/p/sub/b%20c.txt", other);
  /* None, and six objects in three pages of which the last is followed by an empty one. */
  g_assert_cmpuint (fixture->store.lists, ==, 1 + 4);
}

static void
test_upload_list_goes_on (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *gone = g_build_filename (fixture->folder, "d", "z", NULL);
  SeenFiles seen;
  guint before;

  make_listed (fixture);
  g_assert_false (upload_list (fixture, &seen, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  before = g_hash_table_size (fixture->store.objects);
  g_assert_cmpuint (before, >=, 3);
  g_assert_true (upload_list (fixture, &seen, NULL, &error));
  g_assert_no_error (error);
  /* What was on its way when it was cancelled may have arrived after it was counted. */
  g_assert_cmpuint (seen.skipped, >=, before);
  g_assert_cmpuint (g_hash_table_size (fixture->store.objects), ==, 6);
  g_assert_cmpint (g_unlink (gone), ==, 0);
  g_assert_false (upload_list (fixture, &seen, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_STORAGE);
  g_assert_nonnull (strstr (error->message, gone));
}

static void
test_download (Fixture *fixture, gconstpointer data)
{
  static const gsize sizes[] = { 0, 1, STORE_PART, 2 * STORE_PART + 777 };
  g_autofree char *path = g_build_filename (fixture->folder, "got", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (sizes) * 2; i++)
    {
      g_autoptr (GError) error = NULL;
      gsize size = sizes[i / 2];
      g_autoptr (GBytes) bytes = put_aside (fixture, size, i % 2 == 1 && size > 0);
      Seen seen = { 0 };

      sb_transfer_download_file (fixture->client, "b", "k", path, see, &seen, NULL, &error);
      g_assert_no_error (error);
      assert_file (path, bytes);
      g_assert_cmpuint (seen.done, ==, size);
    }
}

static void
test_download_truncated (Fixture *fixture, gconstpointer data)
{
  static const gsize sizes[] = { 1000, 2 * STORE_PART };
  g_autofree char *path = g_build_filename (fixture->folder, "got", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = put_aside (fixture, sizes[i], FALSE);

      fixture->store.truncate_gets = -1;
      g_assert_false (download (fixture, path, &error));
      g_assert_error (error, SB_ERROR, SB_ERROR_NETWORK);
      assert_no_file (path);
      g_clear_error (&error);
      fixture->store.truncate_gets = 2;
      download (fixture, path, &error);
      g_assert_no_error (error);
      assert_file (path, bytes);
      g_unlink (path);
    }
}

/* One bit is wrong, and the length is right; what stood there before stays. */
static void
test_download_damaged (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    gsize size;
    gboolean in_parts;
  } rows[] = { { 1000, FALSE }, { 2 * STORE_PART + 1, FALSE }, { 2 * STORE_PART + 1, TRUE } };
  g_autoptr (GBytes) old = make_bytes (10, 3);
  g_autofree char *path = make_file (fixture, "got", old);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = put_aside (fixture, rows[i].size, rows[i].in_parts);

      fixture->store.damage_gets = 1;
      g_assert_false (download (fixture, path, &error));
      g_assert_error (error, SB_ERROR, SB_ERROR_INTEGRITY);
      assert_file (path, old);
    }
}

static void
test_download_hidden_parts (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "got", NULL);
  g_autoptr (GBytes) bytes = put_aside (fixture, 2 * STORE_PART + 1, TRUE);

  fixture->store.hide_parts = TRUE;
  g_assert_true (download (fixture, path, &error));
  g_assert_no_error (error);
  assert_file (path, bytes);
}

static void
test_download_changed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "got", NULL);
  g_autoptr (GBytes) bytes = put_aside (fixture, 8 * STORE_PART, FALSE);

  fixture->store.change_after_gets = 2;
  g_assert_false (download (fixture, path, &error));
  g_assert_cmpstr (sb_error_get_service_code (error), ==, "PreconditionFailed");
  assert_no_file (path);
}

static void
test_download_ranges_ignored (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "got", NULL);
  g_autoptr (GBytes) bytes = put_aside (fixture, 2 * STORE_PART, FALSE);

  fixture->store.ignore_ranges = TRUE;
  g_assert_false (download (fixture, path, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_PROTOCOL);
  assert_no_file (path);
}

static void
test_download_nothing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "got", NULL);

  g_assert_false (download (fixture, path, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_NOT_FOUND);
  assert_no_file (path);
  g_clear_error (&error);
  bytes = put_aside (fixture, 10, FALSE);
  g_assert_false (download (fixture, "/nonexistent/folder/file", &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_STORAGE);
}

static void
cancel_at_once (guint64 done, guint64 total, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static void
test_download_cancel (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GBytes) bytes = put_aside (fixture, 4 * STORE_PART, FALSE);
  g_autofree char *path = g_build_filename (fixture->folder, "got", NULL);

  g_assert_false (sb_transfer_download_file (
      fixture->client, "b", "k", path, cancel_at_once, cancellable, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_no_file (path);
}

#define ADD(name, func) g_test_add ("/cloud/transfer/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_autofree char *cache = g_dir_make_tmp ("sb-cache-XXXXXX", NULL);
  int code;

  g_setenv ("XDG_CACHE_HOME", cache, TRUE);
  g_test_init (&argc, &argv, NULL);
  ADD ("upload-small", test_upload_small);
  ADD ("upload-parts", test_upload_parts);
  ADD ("upload-dropped", test_upload_dropped);
  ADD ("upload-resume", test_upload_resume);
  ADD ("upload-resume-changed", test_upload_resume_changed);
  ADD ("upload-denied", test_upload_denied);
  ADD ("upload-cancel", test_upload_cancel);
  ADD ("upload-lost-complete", test_upload_lost_complete);
  ADD ("upload-damaged", test_upload_damaged);
  ADD ("upload-no-file", test_upload_no_file);
  ADD ("upload-folder", test_upload_folder);
  ADD ("upload-list", test_upload_list);
  ADD ("upload-list-goes-on", test_upload_list_goes_on);
  ADD ("download", test_download);
  ADD ("download-truncated", test_download_truncated);
  ADD ("download-damaged", test_download_damaged);
  ADD ("download-hidden-parts", test_download_hidden_parts);
  ADD ("download-changed", test_download_changed);
  ADD ("download-ranges-ignored", test_download_ranges_ignored);
  ADD ("download-nothing", test_download_nothing);
  ADD ("download-cancel", test_download_cancel);
  code = g_test_run ();
  remove_folder (cache);
  return code;
}
