/* test-classify.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A run asks an endpoint on loopback, which knows a photo by its colours.
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "photo-run.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-photo-ask.h"

typedef struct
{
  PhotoRun photos;
  GMainLoop *loop;
  GAsyncResult *result;
} Fixture;

static void
answer (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  gsize length;
  const void *bytes = g_bytes_get_data (asked->body, &length);
  g_autoptr (SbPhoto) photo = NULL;

  g_assert_true (asked->is_signed);
  g_assert_cmpstr (asked->target, ==, "/endpoints/photos-1/invocations");
  g_assert_cmpstr (asked_header (asked, "Content-Type"), ==, "application/x-image");
  g_assert_cmpuint (length, <, 6 * 1024 * 1024);
  if (length == 4 && memcmp (bytes, "\xff\xd8\xff!", 4) == 0)
    {
      reply (message, 200, "application/json", "{\"predictions\": []}");
      return;
    }
  photo = sb_photo_decode (bytes, length, 0, NULL);
  if (photo != NULL)
    photo_answer (message, photo);
  else
    reply (message, 400, "application/json", "{\"Message\": \"this is no photo\"}");
}

static void
set_up (Fixture *self, gconstpointer data)
{
  photo_run_set_up (&self->photos, answer);
  self->loop = g_main_loop_new (NULL, FALSE);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->result);
  g_main_loop_unref (self->loop);
  photo_run_tear_down (&self->photos);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *self = data;

  g_set_object (&self->result, result);
  g_main_loop_quit (self->loop);
}

/* All of one colour, or with a square of another in its middle. */
static SbPhoto *
paint (int width, int height, const guint8 ground[3], const guint8 middle[3])
{
  SbPhoto *photo = sb_photo_new (width, height);

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        gboolean inside =
            x >= width / 3 && x < width * 2 / 3 && y >= height / 3 && y < height * 2 / 3;

        memcpy (photo->pixels + (y * width + x) * 3, inside ? middle : ground, 3);
      }
  return photo;
}

static const guint8 red[] = { 240, 10, 10 }, blue[] = { 20, 20, 200 }, grey[] = { 128, 128, 128 };

static GBytes *
make_jpeg (int width, int height, const guint8 ground[3], const guint8 middle[3])
{
  g_autoptr (SbPhoto) photo = paint (width, height, ground, middle);
  g_autoptr (GError) error = NULL;
  GBytes *bytes = sb_photo_to_jpeg (photo, &error);

  g_assert_no_error (error);
  return bytes;
}

static void
test_one (Fixture *self, gconstpointer data)
{
  g_auto (GStrv) classes = sb_run_list_photo_classes (self->photos.run);
  g_autoptr (GBytes) photo = make_jpeg (90, 60, grey, blue);
  g_autoptr (SbPhotoReading) reading = NULL;
  g_autoptr (SbPhotoReading) copy = NULL;
  g_autoptr (GError) error = NULL;
  guint order[5];

  sb_run_classify_photo_async (self->photos.run, photo, NULL, on_done, self);
  g_main_loop_run (self->loop);
  reading = sb_run_classify_photo_finish (self->photos.run, self->result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (reading->n_classes, ==, 3);
  g_assert_cmpuint (reading->best, ==, 2);
  g_assert_cmpstr (classes[reading->best], ==, "blue");
  g_assert_cmpuint (g_strv_length (classes), ==, 3);
  g_assert_cmpfloat (reading->probabilities[2], >, 0.7);
  g_assert_cmpfloat (reading->milliseconds, >, 0);
  copy = sb_photo_reading_copy (reading);
  copy->probabilities[0] = 0.05;
  copy->probabilities[1] = 0.1;
  g_assert_cmpuint (sb_photo_reading_rank (copy, order, 5), ==, 3);
  g_assert_cmpuint (order[0], ==, 2);
  g_assert_cmpuint (order[1], ==, 1);
  g_assert_cmpuint (order[2], ==, 0);
  g_assert_cmpuint (sb_photo_reading_rank (copy, order, 1), ==, 1);
  g_assert_cmpuint (order[0], ==, 2);
}

static void
assert_refused (Fixture *self, GBytes *photo, int code)
{
  g_autoptr (GError) error = NULL;

  sb_run_classify_photo_async (self->photos.run, photo, NULL, on_done, self);
  g_main_loop_run (self->loop);
  g_assert_null (sb_run_classify_photo_finish (self->photos.run, self->result, &error));
  g_assert_nonnull (error);
  if (code >= 0)
    g_assert_error (error, SB_ERROR, code);
}

static void
test_refused (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) text = g_bytes_new_static ("no photo at all", 15);
  g_autoptr (GBytes) cut = g_bytes_new_static ("\xff\xd8\xff and no more", 15);
  g_autoptr (GBytes) other = g_bytes_new_static ("\xff\xd8\xff!", 4);

  assert_refused (self, empty, -1);
  assert_refused (self, text, -1);
  g_assert_cmpuint (loopback_n_asked (self->photos.server), ==, 0);
  assert_refused (self, cut, SB_ERROR_INVALID);
  assert_refused (self, other, SB_ERROR_PROTOCOL);
}

/* A bitmap becomes a JPEG; what is too large for a request becomes smaller, and stays upright. */
static void
test_bodies (Fixture *self, gconstpointer data)
{
  g_autoptr (SbPhoto) noise = sb_photo_new (3600, 2400);
  g_autoptr (GBytes) large = NULL;
  g_autoptr (GBytes) small = NULL;
  g_autoptr (GBytes) body = NULL;
  g_autoptr (SbPhoto) sent = NULL;
  g_autoptr (GError) error = NULL;
  guint8 bmp[54 + 12] = "BM";
  gsize length;

  for (guint i = 0; i < 3600 * 2400 * 3; i++)
    noise->pixels[i] = (guint8) (i * 2654435761u >> 24);
  large = sb_photo_to_jpeg (noise, &error);
  g_assert_cmpuint (g_bytes_get_size (large), >, 5 * 1024 * 1024);
  body = sb_photo_make_body (large, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (body), <, 5 * 1024 * 1024);
  sent = sb_photo_decode (g_bytes_get_data (body, NULL), g_bytes_get_size (body), 0, &error);
  g_assert_cmpint (sent->width, ==, 1536);
  g_assert_cmpint (sent->height, ==, 1024);
  g_clear_pointer (&body, g_bytes_unref);
  bmp[2] = sizeof bmp;
  bmp[10] = 54;
  bmp[14] = 40;
  bmp[18] = bmp[22] = 1;
  bmp[26] = 1;
  bmp[28] = 24;
  small = g_bytes_new (bmp, sizeof bmp);
  body = sb_photo_make_body (small, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (body, &length), 3, "\xff\xd8\xff", 3);
}

typedef struct
{
  Fixture *fixture;
  guint seen[16];
  guint n_errors;
  guint n_blue;
  GCancellable *cancel;
} Seen;

static void
see (guint index, const SbPhotoReading *reading, const GError *error, gpointer data)
{
  Seen *self = data;

  g_assert_true ((reading == NULL) != (error == NULL));
  self->seen[index]++;
  self->n_errors += error != NULL ? 1 : 0;
  self->n_blue += reading != NULL && reading->best == 2 ? 1 : 0;
  if (self->cancel != NULL)
    g_cancellable_cancel (self->cancel);
}

static char **
write_photos (Fixture *self, guint n)
{
  char **paths = g_new0 (char *, n + 1);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s/%u.jpg", i % 2 == 0 ? "blue" : "red", i);
      g_autoptr (GBytes) photo = make_jpeg (30, 30, grey, i % 2 == 0 ? blue : red);

      paths[i] = g_build_filename (self->photos.folder, "in", name, NULL);
      photo_run_write (&self->photos, "in/blue/.hidden.jpg", "", 0);
      photo_run_write (&self->photos, "in/red/notes.txt", "", 0);
      g_assert_true (g_file_set_contents (
          paths[i], g_bytes_get_data (photo, NULL), (gssize) g_bytes_get_size (photo), NULL));
    }
  return paths;
}

static void
test_many (Fixture *self, gconstpointer data)
{
  g_auto (GStrv) paths = write_photos (self, 12);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  Seen seen = { 0 };

  g_unlink (paths[4]);
  g_assert_true (g_file_set_contents (paths[7], "no photo", -1, NULL));
  sb_run_classify_photos_async (
      self->photos.run, (const char *const *) paths, see, &seen, NULL, on_done, self);
  g_main_loop_run (self->loop);
  g_assert_true (sb_run_classify_photos_finish (self->photos.run, self->result, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < 12; i++)
    g_assert_cmpuint (seen.seen[i], ==, 1);
  g_assert_cmpuint (seen.n_errors, ==, 2);
  g_assert_cmpuint (seen.n_blue, ==, 5);
  /* Nothing more is told after it was cancelled. */
  seen = (Seen){ .cancel = cancellable };
  sb_run_classify_photos_async (
      self->photos.run, (const char *const *) paths, see, &seen, cancellable, on_done, self);
  g_main_loop_run (self->loop);
  g_assert_false (sb_run_classify_photos_finish (self->photos.run, self->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  for (guint i = 0; i < 12; i++)
    seen.seen[15] += seen.seen[i];
  g_assert_cmpuint (seen.seen[15], ==, 1);
}

static void
test_find (Fixture *self, gconstpointer data)
{
  g_auto (GStrv) photos = write_photos (self, 6);
  g_autofree char *folder = g_build_filename (self->photos.folder, "in", NULL);
  const char *paths[] = { folder, photos[3], "/nowhere", NULL };
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GError) error = NULL;

  sb_run_find_photos_async (self->photos.run, paths, NULL, on_done, self);
  g_main_loop_run (self->loop);
  found = sb_run_find_photos_finish (self->photos.run, self->result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->len, ==, 7);
  for (guint i = 0; i < found->len; i++)
    {
      const SbFoundPhoto *photo = g_ptr_array_index (found, i);

      g_assert_cmpstr (photo->truth, ==, i < 3 ? "blue" : "red");
      g_assert_nonnull (strstr (photo->path, photo->truth));
    }
}

static void
see_progress (guint done, guint total, gpointer data)
{
  guint *last = data;

  g_assert_cmpuint (done, >, 0);
  g_assert_cmpuint (total, ==, 9 * 6);
  *last += 1;
}

/* Covering the middle takes the red away; covering anything else changes nothing. */
static void
test_why (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) photo = make_jpeg (450, 300, grey, red);
  g_autoptr (SbOcclusionMap) map = NULL;
  g_autoptr (GError) error = NULL;
  guint calls = 0;

  sb_run_explain_photo_async (
      self->photos.run, photo, 6, see_progress, &calls, NULL, on_done, self);
  g_main_loop_run (self->loop);
  map = sb_run_explain_photo_finish (self->photos.run, self->result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (map->columns, ==, 9);
  g_assert_cmpuint (map->rows, ==, 6);
  g_assert_cmpuint (map->best, ==, 0);
  g_assert_cmpfloat (map->probability, >, 0.8);
  g_assert_cmpuint (calls, ==, 9 * 6);
  for (guint i = 0; i < 9 * 6; i++)
    {
      gboolean middle = i % 9 >= 3 && i % 9 < 6 && i / 9 >= 2 && i / 9 < 4;

      if (middle)
        g_assert_cmpfloat (map->drops[i], >, 0.03);
      else
        g_assert_cmpfloat (ABS (map->drops[i]), <, 0.02);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/workshop/classify/one", test_one);
  ADD ("/workshop/classify/refused", test_refused);
  ADD ("/workshop/classify/bodies", test_bodies);
  ADD ("/workshop/classify/many", test_many);
  ADD ("/workshop/classify/find", test_find);
  ADD ("/workshop/classify/why", test_why);
  return g_test_run ();
}
