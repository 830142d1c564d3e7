/* test-digits-sample.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "formats/sb-idx.h"
#include "workshop/sb-digits-sample.h"

static void
test_draw (void)
{
  SbMt19937 first, again, other;

  sb_mt19937_init (&first, 1);
  sb_mt19937_init (&again, 1);
  sb_mt19937_init (&other, 2);
  for (guint i = 0; i < 300; i++)
    {
      guint8 a[SB_DIGIT_SIZE], b[SB_DIGIT_SIZE], c[SB_DIGIT_SIZE];
      double sum = 0, x = 0, y = 0;

      sb_digits_sample_draw (&first, i % 10, a);
      sb_digits_sample_draw (&again, i % 10, b);
      sb_digits_sample_draw (&other, i % 10, c);
      g_assert_cmpmem (a, sizeof a, b, sizeof b);
      g_assert_cmpint (memcmp (a, c, sizeof a), !=, 0);
      for (int k = 0; k < SB_DIGIT_SIZE; k++)
        {
          sum += a[k];
          x += a[k] * (k % SB_DIGIT_SIDE + 0.5);
          y += a[k] * (k / SB_DIGIT_SIDE + 0.5);
        }
      /* There is ink, and its centre of mass is in the middle. */
      g_assert_cmpfloat (sum, >, 20 * 255);
      g_assert_cmpfloat_with_epsilon (x / sum, SB_DIGIT_SIDE / 2.0, 0.5);
      g_assert_cmpfloat_with_epsilon (y / sum, SB_DIGIT_SIDE / 2.0, 0.5);
    }
}

static void
test_write (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("sb-digits-XXXXXX", &error);
  g_autofree char *images = g_build_filename (folder, "images", NULL);
  g_autofree char *labels = g_build_filename (folder, "labels", NULL);
  g_autoptr (SbIdx) pixels = NULL;
  g_autoptr (SbIdx) marks = NULL;
  guint counts[10] = { 0 };

  g_assert_true (sb_digits_sample_write (images, labels, 5, 70, &error));
  g_assert_no_error (error);
  pixels = sb_idx_load (images, &error);
  g_assert_no_error (error);
  marks = sb_idx_load (labels, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (pixels->n_dims, ==, 3);
  g_assert_cmpuint (pixels->dims[0], ==, 70);
  g_assert_cmpuint (pixels->dims[1], ==, SB_DIGIT_SIDE);
  g_assert_cmpuint (marks->n_dims, ==, 1);
  for (guint i = 0; i < 70; i++)
    counts[marks->bytes->data[i]]++;
  for (guint i = 0; i < 10; i++)
    g_assert_cmpuint (counts[i], ==, 7);

  /* Cut off, it is an error that names the file. */
  g_assert_true (g_file_set_contents (images, "\0\0\x08\x03\0\0\0\x05", 8, &error));
  g_assert_null (sb_idx_load (images, &error));
  g_assert_error (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID);
  g_assert_true (g_str_has_prefix (error->message, "images: "));
  g_remove (images);
  g_remove (labels);
  g_rmdir (folder);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/workshop/digits-sample/draw", test_draw);
  g_test_add_func ("/workshop/digits-sample/write", test_write);
  return g_test_run ();
}
