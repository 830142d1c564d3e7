/* test-fetch.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files from a web server that hangs up, forgets and changes them.
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "cloud/sb-fetch.h"
#include "loopback.h"
#include "wire/sb-digest.h"
#include "wire/sb-error.h"

#define LENGTH 300000
#define CUT    100000

typedef struct
{
  char *folder;
  char *path;
  char *part;
  Loopback *server;
  char *content;
  char *other;
  char *sha256;

  /* What the server does; it is not asked while these are set. */
  gint cuts; /* atomic: how often still it hangs up in the middle */
  gboolean ignores_ranges;
  gboolean has_less;
  gboolean has_another;
} Fixture;

static void
answer_cut (SoupServerMessage *message, const Fixture *self)
{
  g_autofree char *text = g_strdup_printf ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%.*s",
                                           LENGTH,
                                           CUT,
                                           self->content);

  reply_raw (message, text);
}

static void
answer (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  Fixture *self = data;
  const char *range = asked_header (asked, "Range");
  gsize first = range != NULL && !self->ignores_ranges ? strtoul (range + 6, NULL, 10) : 0;
  g_autofree char *text = NULL;

  if (g_atomic_int_get (&self->cuts) > 0)
    {
      g_atomic_int_add (&self->cuts, -1);
      answer_cut (message, self);
      return;
    }
  if (first > 0 && self->has_less)
    {
      reply (message, 416, NULL, NULL);
      return;
    }
  if (first > 0 && self->has_another)
    memset (self->other, '#', LENGTH);
  reply (message,
         first > 0 ? 206 : 200,
         "application/zip",
         (first > 0 && self->has_another ? self->other : self->content) + first);
  if (first == 0)
    return;
  text = g_strdup_printf ("bytes %" G_GSIZE_FORMAT "-%d/%d", first, LENGTH - 1, LENGTH);
  reply_header (message, "Content-Range", text);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->folder = g_dir_make_tmp ("sb-fetch-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->folder, "file.zip", NULL);
  self->part = g_strconcat (self->path, ".part", NULL);
  self->content = g_malloc (LENGTH + 1);
  for (guint i = 0; i < LENGTH; i++)
    self->content[i] = (char) ('a' + (i * i + i / 7) % 26);
  self->content[LENGTH] = '\0';
  self->other = g_malloc0 (LENGTH + 1);
  self->sha256 = sb_sha256_hex (self->content, -1);
  self->server = loopback_new (answer, self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  loopback_free (self->server);
  g_unlink (self->path);
  g_unlink (self->part);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->folder);
  g_free (self->path);
  g_free (self->part);
  g_free (self->content);
  g_free (self->other);
  g_free (self->sha256);
}

static void
progress_cb (guint64 done, guint64 total, gpointer user_data)
{
  guint64 *last = user_data;

  g_assert_cmpuint (total, ==, LENGTH);
  g_assert_cmpuint (done, >, *last);
  *last = done;
}

static gboolean
fetch (Fixture *self, guint64 size, guint64 *last, GError **error)
{
  return sb_fetch_file (self->server->url,
                        self->path,
                        self->sha256,
                        size,
                        last != NULL ? progress_cb : NULL,
                        last,
                        NULL,
                        error);
}

static void
assert_is_there (Fixture *self)
{
  g_autofree char *content = NULL;

  g_assert_true (g_file_get_contents (self->path, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, self->content);
  g_assert_false (g_file_test (self->part, G_FILE_TEST_EXISTS));
}

static void
test_whole (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint64 last = 0;

  g_assert_true (fetch (self, data == NULL ? LENGTH : 0, &last, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (last, ==, LENGTH);
  assert_is_there (self);
}

static void
test_goes_on (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint64 last = CUT;

  self->cuts = 1;
  g_assert_false (fetch (self, LENGTH, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_NETWORK);
  g_assert_nonnull (strstr (error->message, "goes on where it stopped"));
  g_clear_error (&error);
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
  self->ignores_ranges = GPOINTER_TO_INT (data);
  if (self->ignores_ranges)
    last = 0;
  g_assert_true (fetch (self, LENGTH, &last, &error));
  g_assert_no_error (error);
  assert_is_there (self);
  g_assert_cmpuint (loopback_n_asked (self->server), ==, 2);
  g_assert_null (asked_header (loopback_get (self->server, 0), "Range"));
  g_assert_cmpstr (asked_header (loopback_get (self->server, 1), "Range"), ==, "bytes=100000-");
}

/* What is there now does not fit what came before: all of it is fetched again. */
static void
test_changed (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->cuts = 1;
  g_assert_false (fetch (self, LENGTH, NULL, &error));
  g_clear_error (&error);
  self->has_less = data == NULL;
  self->has_another = data != NULL;
  g_assert_true (fetch (self, LENGTH, NULL, &error));
  g_assert_no_error (error);
  assert_is_there (self);
  g_assert_cmpuint (loopback_n_asked (self->server), ==, 3);
}

static void
test_wrong (Fixture *self, gconstpointer data)
{
  static const guint64 sizes[] = { 0, LENGTH, LENGTH - 1, LENGTH + 1 };
  gboolean wrong = data != NULL;

  if (wrong)
    self->sha256[0] = self->sha256[0] == '0' ? '1' : '0';
  for (guint i = wrong ? 0 : 2; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (fetch (self, sizes[i], NULL, &error));
      g_assert_error (error, SB_ERROR, SB_ERROR_INTEGRITY);
      g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
      g_assert_false (g_file_test (self->part, G_FILE_TEST_EXISTS));
    }
}

static void
test_unreachable (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_assert_false (
      sb_fetch_file ("http://127.0.0.1:1/", self->path, self->sha256, 0, NULL, NULL, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_NETWORK);
  g_clear_error (&error);
  g_assert_false (
      sb_fetch_file ("no address", self->path, self->sha256, 0, NULL, NULL, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
  g_clear_error (&error);
  g_cancellable_cancel (cancellable);
  g_assert_false (sb_fetch_file (
      self->server->url, self->path, self->sha256, 0, NULL, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func, data) g_test_add (path, Fixture, data, set_up, func, tear_down)
  ADD ("/cloud/fetch/whole", test_whole, NULL);
  ADD ("/cloud/fetch/whole-of-unknown-size", test_whole, "");
  ADD ("/cloud/fetch/goes-on", test_goes_on, NULL);
  ADD ("/cloud/fetch/starts-anew", test_goes_on, GINT_TO_POINTER (TRUE));
  ADD ("/cloud/fetch/has-become-shorter", test_changed, NULL);
  ADD ("/cloud/fetch/has-become-another", test_changed, "");
  ADD ("/cloud/fetch/wrong-size", test_wrong, NULL);
  ADD ("/cloud/fetch/wrong-content", test_wrong, "");
  ADD ("/cloud/fetch/unreachable", test_unreachable, NULL);
  return g_test_run ();
}
