/* test-my-digits.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "workshop/sb-my-digits.h"

typedef struct
{
  char *folder;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("sb-my-digits-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->folder, "my-digits", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_unlink (fixture->path);
  g_rmdir (fixture->folder);
  g_free (fixture->path);
  g_free (fixture->folder);
}

static void
add (Fixture *fixture, guint label)
{
  g_autoptr (GError) error = NULL;
  guint8 pixels[SB_DIGIT_SIZE];

  memset (pixels, (int) (10 * label + 1), sizeof pixels);
  g_assert_true (sb_my_digits_add (fixture->path, label, pixels, &error));
  g_assert_no_error (error);
}

static void
assert_labels (Fixture *fixture, const guint8 *labels, guint n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbMyDigits) digits = sb_my_digits_load (fixture->path, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (digits->n, ==, n);
  g_assert_cmpmem (digits->labels->data, digits->labels->len, labels, n);
  for (guint i = 0; i < n; i++)
    for (guint k = 0; k < SB_DIGIT_SIZE; k++)
      g_assert_cmpuint (digits->pixels->data[i * SB_DIGIT_SIZE + k], ==, 10u * labels[i] + 1);
}

static void
test_keeps (Fixture *fixture, gconstpointer data)
{
  const guint8 labels[] = { 3, 9, 0 };

  assert_labels (fixture, labels, 0);
  for (guint i = 0; i < G_N_ELEMENTS (labels); i++)
    add (fixture, labels[i]);
  assert_labels (fixture, labels, G_N_ELEMENTS (labels));
}

/* What a crash left half written does not spoil what comes behind it. */
static void
test_half_written (Fixture *fixture, gconstpointer data)
{
  const guint8 labels[] = { 7, 2 };
  g_autofree char *text = NULL;
  gsize length;

  add (fixture, 7);
  add (fixture, 8);
  g_assert_true (g_file_get_contents (fixture->path, &text, &length, NULL));
  g_assert_true (g_file_set_contents (fixture->path, text, (gssize) length - 300, NULL));
  assert_labels (fixture, labels, 1);
  add (fixture, 2);
  assert_labels (fixture, labels, 2);
}

static void
test_no_room (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->path, "below", NULL);
  const guint8 pixels[SB_DIGIT_SIZE] = { 0 };

  g_assert_false (sb_my_digits_add (path, 1, pixels, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_clear_error (&error);
  g_assert_false (sb_my_digits_add ("/dev/full", 1, pixels, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/my-digits/keeps", Fixture, NULL, set_up, test_keeps, tear_down);
  g_test_add ("/my-digits/half-written", Fixture, NULL, set_up, test_half_written, tear_down);
  g_test_add ("/my-digits/no-room", Fixture, NULL, set_up, test_no_room, tear_down);
  return g_test_run ();
}
