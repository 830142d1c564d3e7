/* test-engine-process.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Starting, finding and stopping an engine, with one that does nothing else (fake-engine).
 */

#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "cloud/sb-client.h"
#include "cloud/sb-engine-process.h"
#include "wire/sb-error.h"

typedef struct
{
  char *folder;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("sb-engine-XXXXXX", &error);
  g_assert_no_error (error);
  g_setenv ("FAKE_ENGINE", data != NULL ? data : "", TRUE);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (fixture->folder);
  g_free (fixture->folder);
}

static void
test_start (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbEngineProcess) engine = sb_engine_process_start (fixture->folder, NULL, &error);
  g_autoptr (SbConnection) connection = NULL;
  g_autofree char *job = g_build_filename (fixture->folder, "job", NULL);
  gboolean wanted = TRUE;
  GPid pid;

  g_assert_no_error (error);
  g_assert_true (sb_engine_process_is_child (engine));
  g_assert_true (g_str_has_prefix (sb_engine_process_get_url (engine), "http://127.0.0.1:"));
  connection = sb_connection_new_for_engine (engine);
  g_assert_cmpstr (sb_connection_get_id (connection), ==, "local");
  g_assert_true (sb_connection_is_local (connection));
  g_assert_true (sb_engine_process_is_wanted (engine, &wanted, NULL, &error));
  g_assert_false (wanted);
  g_file_set_contents (job, "", 0, NULL);
  g_assert_true (sb_engine_process_is_wanted (engine, &wanted, NULL, &error));
  g_assert_true (wanted);
  pid = sb_engine_process_get_pid (engine);
  g_assert_cmpint (kill (pid, 0), ==, 0);
  g_assert_true (sb_engine_process_stop (engine, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (kill (pid, 0), ==, -1);
  g_assert_true (sb_engine_process_stop (engine, NULL, &error));
}

static void
test_attach (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbEngineProcess) first = sb_engine_process_start (fixture->folder, NULL, &error);
  g_autoptr (SbEngineProcess) second = sb_engine_process_start (fixture->folder, NULL, &error);

  g_assert_no_error (error);
  g_assert_false (sb_engine_process_is_child (second));
  g_assert_cmpstr (sb_engine_process_get_url (first), ==, sb_engine_process_get_url (second));
  g_assert_cmpint (sb_engine_process_get_pid (first), ==, sb_engine_process_get_pid (second));
  g_assert_true (sb_engine_process_stop (first, NULL, &error));
  g_assert_true (sb_engine_process_stop (second, NULL, &error));
  g_assert_no_error (error);
}

static gpointer
start_one (gpointer folder)
{
  g_autoptr (GError) error = NULL;
  SbEngineProcess *engine = sb_engine_process_start (folder, NULL, &error);

  g_assert_no_error (error);
  return engine;
}

/* Both find no engine and start one; one of them loses, and finds the other's. */
static void
test_race (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("starter", start_one, fixture->folder);
  g_autoptr (SbEngineProcess) first = start_one (fixture->folder);
  g_autoptr (SbEngineProcess) second = g_thread_join (thread);

  g_assert_cmpstr (sb_engine_process_get_url (first), ==, sb_engine_process_get_url (second));
  g_assert_true (sb_engine_process_is_child (first) != sb_engine_process_is_child (second));
  g_assert_true (
      sb_engine_process_stop (sb_engine_process_is_child (first) ? first : second, NULL, &error));
  g_assert_no_error (error);
}

/* What a killed engine left behind must not be taken for an engine. */
static void
test_left_over (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbEngineProcess) first = sb_engine_process_start (fixture->folder, NULL, &error);
  g_autoptr (SbEngineProcess) second = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (kill (sb_engine_process_get_pid (first), SIGKILL), ==, 0);
  g_assert_true (sb_engine_process_stop (first, NULL, &error));
  second = sb_engine_process_start (fixture->folder, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (sb_engine_process_is_child (second));
  g_assert_true (sb_engine_process_stop (second, NULL, &error));
}

static void
test_die (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (sb_engine_process_start (fixture->folder, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "the database is broken"));
}

static void
test_garbage (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (sb_engine_process_start (fixture->folder, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_PROTOCOL);
}

static gpointer
cancel_soon (gpointer cancellable)
{
  g_usleep (100000);
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
test_cancel (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GThread *thread = g_thread_new ("canceller", cancel_soon, cancellable);

  g_assert_null (sb_engine_process_start (fixture->folder, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
}

static void
test_no_folder (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *file = g_build_filename (fixture->folder, "file", NULL);

  g_file_set_contents (file, "", 0, NULL);
  g_assert_null (sb_engine_process_start (file, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_STORAGE);
}

#define ADD(path, how, func) g_test_add (path, Fixture, how, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_autofree char *fake = NULL;

  g_test_init (&argc, &argv, NULL);
  fake = g_test_build_filename (G_TEST_DIST, "cloud", "fake-engine", NULL);
  g_setenv ("SAGEBRUSH_ENGINE", fake, TRUE);
  ADD ("/cloud/engine-process/start", NULL, test_start);
  ADD ("/cloud/engine-process/attach", NULL, test_attach);
  ADD ("/cloud/engine-process/race", NULL, test_race);
  ADD ("/cloud/engine-process/left-over", NULL, test_left_over);
  ADD ("/cloud/engine-process/die", "die", test_die);
  ADD ("/cloud/engine-process/garbage", "garbage", test_garbage);
  ADD ("/cloud/engine-process/cancel", "mute", test_cancel);
  ADD ("/cloud/engine-process/no-folder", NULL, test_no_folder);
  return g_test_run ();
}
