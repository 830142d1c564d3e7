/* test-photo.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <string.h>

#include "formats/sb-photo.h"

#define WIDTH  13
#define HEIGHT 9

static SbPhoto *
make_photo (int width, int height)
{
  SbPhoto *photo = sb_photo_new (width, height);

  for (int i = 0; i < width * height * 3; i++)
    photo->pixels[i] = (guint8) (i * 37 + i / 11);
  return photo;
}

static GBytes *
encode (int n_channels, const guint8 *pixels, int width, int height, const char *type)
{
  g_autoptr (GdkPixbuf) pixbuf = gdk_pixbuf_new_from_data (pixels,
                                                           GDK_COLORSPACE_RGB,
                                                           n_channels == 4,
                                                           8,
                                                           width,
                                                           height,
                                                           width * n_channels,
                                                           NULL,
                                                           NULL);
  g_autoptr (GError) error = NULL;
  char *data;
  gsize length;

  g_assert_true (gdk_pixbuf_save_to_buffer (pixbuf, &data, &length, type, &error, NULL));
  return g_bytes_new_take (data, length);
}

static void
test_lossless (void)
{
  static const char *const types[] = { "png", "bmp", "tiff" };
  g_autoptr (SbPhoto) photo = make_photo (WIDTH, HEIGHT);

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GBytes) bytes = encode (3, photo->pixels, WIDTH, HEIGHT, types[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (SbPhoto) read =
          sb_photo_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 0, &error);

      g_assert_no_error (error);
      g_assert_cmpint (read->width, ==, WIDTH);
      g_assert_cmpint (read->height, ==, HEIGHT);
      g_assert_cmpmem (read->pixels, WIDTH * HEIGHT * 3, photo->pixels, WIDTH * HEIGHT * 3);
    }
}

/* Over white: nothing of black is white, half of red is pink. */
static void
test_alpha (void)
{
  static const guint8 pixels[] = { 0, 0, 0, 0, 255, 0, 0, 128, 10, 20, 30, 255 };
  static const guint8 wanted[] = { 255, 255, 255, 255, 127, 127, 10, 20, 30 };
  static const char *const types[] = { "png", "tiff" };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GBytes) bytes = encode (4, pixels, 3, 1, types[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (SbPhoto) read =
          sb_photo_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 0, &error);

      g_assert_no_error (error);
      g_assert_cmpmem (read->pixels, sizeof wanted, wanted, sizeof wanted);
    }
}

static void
assert_refused (const void *data, gsize length, const char *why)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbPhoto) photo = sb_photo_decode (data, length, 64, &error);

  g_assert_null (photo);
  g_assert_nonnull (error);
  if (why != NULL)
    {
      g_assert_error (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, why));
    }
}

/* Every beginning of a picture is an error, and none more than that. */
static void
test_cut (void)
{
  static const char *const types[] = { "jpeg", "png", "bmp", "tiff" };
  g_autoptr (SbPhoto) photo = make_photo (WIDTH, HEIGHT);

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GBytes) bytes = encode (3, photo->pixels, WIDTH, HEIGHT, types[i]);
      gsize length = g_bytes_get_size (bytes);
      /* PNG ends in checksums and an empty chunk; the last bytes of the others may be padding. */
      gsize spare = strcmp (types[i], "png") == 0 ? 21 : strcmp (types[i], "jpeg") == 0 ? 0 : 4;

      for (gsize n = 0; n < length - spare; n++)
        {
          /* A copy of just that size, so that reading beyond it is seen. */
          g_autofree guint8 *part = g_memdup2 (g_bytes_get_data (bytes, NULL), n);

          assert_refused (part, n, NULL);
        }
    }
}

/* Damage may or may not be seen, but does no harm. */
static void
test_damaged (void)
{
  static const char *const types[] = { "jpeg", "png", "bmp", "tiff" };
  g_autoptr (SbPhoto) photo = make_photo (WIDTH, HEIGHT);
  g_autoptr (GRand) random = g_rand_new_with_seed (1);

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GBytes) bytes = encode (3, photo->pixels, WIDTH, HEIGHT, types[i]);
      gsize length = g_bytes_get_size (bytes);

      for (guint k = 0; k < 100; k++)
        {
          g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (bytes, NULL), length);
          g_autoptr (GError) error = NULL;
          g_autoptr (SbPhoto) read = NULL;

          for (guint n = 0; n <= k % 4; n++)
            copy[g_rand_int_range (random, 0, (gint32) length)] = (guint8) g_rand_int (random);
          read = sb_photo_decode (copy, length, 4, &error);
          g_assert_true ((read != NULL) != (error != NULL));
        }
    }
}

static void
test_no_picture (void)
{
  static const char *const texts[] = {
    "<svg width='9' height='9'></svg>", "/* XPM */ static char *a[] = {\"1 1 1 1\"};", "GIF", "x"
  };

  assert_refused ("", 0, "empty");
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    assert_refused (texts[i], strlen (texts[i]), "no JPEG");
}

/* A few bytes that claim to be 2.5 thousand million pixels. */
static void
test_bombs (void)
{
  static const guint8 png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xc3\x50\0\0\xc3\x50\x08\x02\0\0\0"
                              "\xf3\x16\x9d\x2a\0\0\0\0IDAT";
  static const guint8 bmp[] = "BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x50\xc3\0\0\x50\xc3\0\0\1\0"
                              "\x18\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
  static const guint8 webp[] =
      "RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\xff\xff\xff\x0f\0\0\0\0\0\0\0\0";
  static const guint8 jpeg[] = "\xff\xd8\xff\xc0\0\x11\x08\xc3\x50\xc3\x50\3\1\x22\0\2\x11\1\3\x11"
                               "\1\xff\xda\0\x0c\3\1\0\2\x11\3\x11\0\x3f\0\xff\xd9";

  assert_refused (bmp, sizeof bmp - 1, "50000 × 50000");
  assert_refused (webp, sizeof webp - 1, "16384 × 16384");
  assert_refused (jpeg, sizeof jpeg - 1, "50000 × 50000");
  assert_refused (png, sizeof png - 1, NULL);
}

static void
test_resize (void)
{
  g_autoptr (SbPhoto) photo = make_photo (60, 41);
  g_autoptr (SbPhoto) same = sb_photo_resize (photo, 60, 41);
  g_autoptr (SbPhoto) crop = sb_photo_crop (photo, 7, 3, 20, 30);
  SbPhotoBox box = { 7, 3, 20, 30 };
  g_autoptr (SbPhoto) part = sb_photo_resample (photo, &box, 20, 30);
  g_autoptr (SbPhoto) less = sb_photo_resize_short (photo, 20);
  g_autoptr (SbPhoto) point = sb_photo_resize (photo, 1, 1);
  guint sum = 0;

  g_assert_cmpmem (same->pixels, 60 * 41 * 3, photo->pixels, 60 * 41 * 3);
  g_assert_cmpmem (part->pixels, 20 * 30 * 3, crop->pixels, 20 * 30 * 3);
  g_assert_cmpint (crop->pixels[0], ==, photo->pixels[(3 * 60 + 7) * 3]);
  g_assert_cmpint (less->width, ==, 29);
  g_assert_cmpint (less->height, ==, 20);
  g_assert_cmpuint (sb_photo_get_size (less), ==, sizeof (SbPhoto) + 29 * 20 * 3);
  for (int i = 0; i < 60 * 41; i++)
    sum += photo->pixels[i * 3];
  g_assert_cmpint (ABS (point->pixels[0] - (int) (sum / (60 * 41))), <, 12);
}

/* What is of one colour stays so, whatever the sizes. */
static void
test_resize_flat (void)
{
  static const int sides[] = { 1, 2, 3, 7, 32, 61 };

  for (guint i = 0; i < G_N_ELEMENTS (sides) * G_N_ELEMENTS (sides); i++)
    {
      int from = sides[i % G_N_ELEMENTS (sides)], to = sides[i / G_N_ELEMENTS (sides)];
      g_autoptr (SbPhoto) photo = sb_photo_new (from, 5);
      g_autoptr (SbPhoto) resized = NULL;

      memset (photo->pixels, 255, (gsize) from * 5 * 3);
      resized = sb_photo_resize (photo, to, to);
      for (int k = 0; k < to * to * 3; k++)
        g_assert_cmpint (resized->pixels[k], ==, 255);
    }
}

static void
test_names (void)
{
  g_assert_true (sb_photo_is_named_like_one ("a/b.JPG"));
  g_assert_true (sb_photo_is_named_like_one ("b.c.webp"));
  g_assert_false (sb_photo_is_named_like_one ("a.jpg/README"));
  g_assert_false (sb_photo_is_named_like_one ("a/.jpg"));
  g_assert_false (sb_photo_is_named_like_one ("a/._b.jpg"));
  g_assert_false (sb_photo_is_named_like_one ("a/b.svg"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/formats/photo/lossless", test_lossless);
  g_test_add_func ("/formats/photo/alpha", test_alpha);
  g_test_add_func ("/formats/photo/cut", test_cut);
  g_test_add_func ("/formats/photo/damaged", test_damaged);
  g_test_add_func ("/formats/photo/no-picture", test_no_picture);
  g_test_add_func ("/formats/photo/bombs", test_bombs);
  g_test_add_func ("/formats/photo/resize", test_resize);
  g_test_add_func ("/formats/photo/resize-flat", test_resize_flat);
  g_test_add_func ("/formats/photo/names", test_names);
  return g_test_run ();
}
