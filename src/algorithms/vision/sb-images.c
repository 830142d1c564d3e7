/* sb-images.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-images.h"

#include <math.h>
#include <string.h>

#include "formats/sb-idx.h"
#include "formats/sb-npy.h"
#include "formats/sb-picture.h"

/* How far augmentation goes: turns in radians, sizes and shears as factors, shifts in pixels. */
#define TURN  0.17
#define SIZE  0.10
#define SHEAR 0.15
#define SHIFT 2.0

SbImages *
sb_images_new (void)
{
  SbImages *self = g_new0 (SbImages, 1);

  self->pixels = g_byte_array_new ();
  self->labels = g_byte_array_new ();
  return self;
}

void
sb_images_free (SbImages *self)
{
  g_byte_array_unref (self->pixels);
  g_byte_array_unref (self->labels);
  g_free (self);
}

guint
sb_images_get_n (const SbImages *self)
{
  int size = self->height * self->width;

  return size > 0 ? self->pixels->len / (guint) size : 0;
}

const guint8 *
sb_images_get (const SbImages *self, guint index)
{
  return self->pixels->data + (gsize) index * (gsize) (self->height * self->width);
}

static gboolean
fail (GError **error, const char *path, const char *what)
{
  g_set_error (error, SB_NET_ERROR, SB_NET_ERROR_INVALID, "%s: %s", path, what);
  return FALSE;
}

static gboolean
set_size (SbImages *self, int height, int width, const char *path, GError **error)
{
  if (self->height != 0 && (self->height != height || self->width != width))
    return fail (error, path, "the images are of another size than those before");
  self->height = height;
  self->width = width;
  return TRUE;
}

static gboolean
add_idx (SbImages *self, const char *path, GError **error)
{
  g_autoptr (SbIdx) idx = sb_idx_load (path, error);

  if (idx == NULL)
    return FALSE;
  if (idx->n_dims == 1)
    {
      g_byte_array_append (self->labels, idx->bytes->data, idx->bytes->len);
      return TRUE;
    }
  if (!set_size (self, (int) idx->dims[1], (int) idx->dims[2], path, error))
    return FALSE;
  g_byte_array_append (self->pixels, idx->bytes->data, idx->bytes->len);
  return TRUE;
}

/* The first of these names that the archive has. */
static gboolean
find_array (GHashTable *members, const char *const names[3], SbNpy *array, GError **error)
{
  for (guint i = 0; i < 3; i++)
    {
      GBytes *bytes = g_hash_table_lookup (members, names[i]);

      if (bytes != NULL)
        return sb_npy_parse (array,
                             g_bytes_get_data (bytes, NULL),
                             g_bytes_get_size (bytes),
                             error);
    }
  g_set_error (error,
               SB_NET_ERROR,
               SB_NET_ERROR_INVALID,
               "there is no array “%s”, “%s” or “%s”",
               names[0],
               names[1],
               names[2]);
  return FALSE;
}

static gboolean
add_arrays (SbImages *self, const SbNpy *x, const SbNpy *y, const char *path, GError **error)
{
  gboolean flat = x->n_dims == 2 && x->dims[1] == SB_DIGIT_SIZE;
  double most = 0;

  if (!flat && x->n_dims != 3 && !(x->n_dims == 4 && x->dims[3] == 1))
    return fail (error, path, "the images have to be an array of n × height × width");
  if (y->n_dims != 1 || y->dims[0] != x->dims[0] || x->count > G_MAXINT)
    return fail (error, path, "the labels have to be an array of n numbers, one for each image");
  if (!set_size (self,
                 flat ? SB_DIGIT_SIDE : (int) x->dims[1],
                 flat ? SB_DIGIT_SIDE : (int) x->dims[2],
                 path,
                 error))
    return FALSE;
  for (gsize i = 0; i < x->count; i++)
    most = MAX (most, sb_npy_get (x, i));
  for (gsize i = 0; i < x->count; i++)
    {
      double value = sb_npy_get (x, i) * (most > 1 ? 1 : 255);
      guint8 pixel = (guint8) (CLAMP (value, 0, 255) + 0.5);

      g_byte_array_append (self->pixels, &pixel, 1);
    }
  for (gsize i = 0; i < y->count; i++)
    {
      guint8 label = (guint8) CLAMP (sb_npy_get (y, i), 0, 255);

      g_byte_array_append (self->labels, &label, 1);
    }
  return TRUE;
}

/* As Keras' mnist.npz has both channels in one, or as other people name one. */
static gboolean
add_npz (SbImages *self, const char *channel, const char *path, GError **error)
{
  static const char *const images[2][3] = { { "x_train", "images", "x" },
                                            { "x_test", "images", "x" } };
  static const char *const labels[2][3] = { { "y_train", "labels", "y" },
                                            { "y_test", "labels", "y" } };
  guint part = strcmp (channel, "train") == 0 ? 0 : 1;
  g_autoptr (GHashTable) members = sb_npz_load (path, error);
  SbNpy x, y;

  if (members == NULL)
    return FALSE;
  if (find_array (members, images[part], &x, error) &&
      find_array (members, labels[part], &y, error))
    return add_arrays (self, &x, &y, path, error);
  g_prefix_error (error, "%s: ", path);
  return FALSE;
}

/* As MNIST has them: 28 by 28, light ink on black. */
static gboolean
is_digit_already (const GdkPixbuf *picture)
{
  const guint8 *corner = gdk_pixbuf_read_pixels (picture);

  return gdk_pixbuf_get_width (picture) == SB_DIGIT_SIDE &&
         gdk_pixbuf_get_height (picture) == SB_DIGIT_SIDE && corner[0] < 128 &&
         !gdk_pixbuf_get_has_alpha (picture);
}

static gboolean
add_picture (SbImages *self, const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *class = g_path_get_basename (folder);
  g_autoptr (GdkPixbuf) picture = NULL;
  guint8 pixels[SB_DIGIT_SIZE], label;

  if (!g_ascii_isdigit (class[0]) || class[1] != '\0')
    return fail (error, path, "a picture has to be in a folder named after its digit, 0 to 9");
  picture = gdk_pixbuf_new_from_file (path, error);
  if (picture == NULL)
    {
      g_prefix_error (error, "%s: ", path);
      return FALSE;
    }
  if (!set_size (self, SB_DIGIT_SIDE, SB_DIGIT_SIDE, path, error))
    return FALSE;
  if (is_digit_already (picture))
    {
      int stride = gdk_pixbuf_get_rowstride (picture);
      int channels = gdk_pixbuf_get_n_channels (picture);

      for (int i = 0; i < SB_DIGIT_SIZE; i++)
        pixels[i] = gdk_pixbuf_read_pixels (
            picture)[i / SB_DIGIT_SIDE * stride + i % SB_DIGIT_SIDE * channels];
    }
  else
    {
      float digit[SB_DIGIT_SIZE];

      sb_pixbuf_to_digit (picture, digit);
      for (int i = 0; i < SB_DIGIT_SIZE; i++)
        pixels[i] = (guint8) (digit[i] * 255 + 0.5f);
    }
  label = (guint8) (class[0] - '0');
  g_byte_array_append (self->pixels, pixels, sizeof pixels);
  g_byte_array_append (self->labels, &label, 1);
  return TRUE;
}

/**
 * sb_images_add_file:
 * @self: images
 * @channel: `train`, or another one
 * @path: an IDX file of images or of labels, gzip or not; a .npz file with both; or a picture in a
 *   folder that is named after its class
 * @error: %SB_FORMAT_ERROR_INVALID, %SB_NET_ERROR_INVALID, or why it cannot be read
 *
 * Returns: whether its content was added
 */
gboolean
sb_images_add_file (SbImages *self, const char *channel, const char *path, GError **error)
{
  static const char *const endings[] = { ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff" };
  g_autofree char *lower = g_ascii_strdown (path, -1);

  if (g_str_has_suffix (lower, ".npz"))
    return add_npz (self, channel, path, error);
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (lower, endings[i]))
      return add_picture (self, path, error);
  return add_idx (self, path, error);
}

/**
 * sb_images_check:
 * @self: images
 * @n_classes: how many labels there are
 * @error: %SB_NET_ERROR_INVALID
 *
 * Returns: whether there are images, and every one has a label that exists
 */
gboolean
sb_images_check (const SbImages *self, int n_classes, GError **error)
{
  guint n = sb_images_get_n (self);

  if (n == 0 || n != self->labels->len)
    {
      g_set_error (error,
                   SB_NET_ERROR,
                   SB_NET_ERROR_INVALID,
                   "There are %u images and %u labels; each image needs one",
                   n,
                   self->labels->len);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    if (self->labels->data[i] >= n_classes)
      {
        g_set_error (error,
                     SB_NET_ERROR,
                     SB_NET_ERROR_INVALID,
                     "The label of image %u is %u; it has to be below %d",
                     i,
                     self->labels->data[i],
                     n_classes);
        return FALSE;
      }
  return TRUE;
}

static float
sample (const guint8 *pixels, int height, int width, double y, double x)
{
  int top = (int) floor (y), left = (int) floor (x);
  double down = y - top, right = x - left;
  double sum = 0;

  for (int i = 0; i < 2; i++)
    for (int k = 0; k < 2; k++)
      {
        int row = top + i, column = left + k;

        if (row >= 0 && row < height && column >= 0 && column < width)
          sum += (i ? down : 1 - down) * (k ? right : 1 - right) * pixels[row * width + column];
      }
  return (float) (sum / 255);
}

/**
 * sb_images_augment:
 * @self: images
 * @index: which one
 * @random: (nullable): turns, shears, sizes and shifts it a little; %NULL leaves it as it is
 * @out: (out): height × width numbers from 0 to 1
 */
void
sb_images_augment (const SbImages *self, guint index, SbRandom *random, float *out)
{
  const guint8 *pixels = sb_images_get (self, index);
  double turn, shear, wide, tall, across, down;
  double middle_y = (self->height - 1) / 2.0, middle_x = (self->width - 1) / 2.0;

  if (random == NULL)
    {
      for (int i = 0; i < self->height * self->width; i++)
        out[i] = pixels[i] / 255.f;
      return;
    }
  turn = sb_random_range (random, -TURN, TURN);
  shear = sb_random_range (random, -SHEAR, SHEAR);
  wide = sb_random_range (random, 1 - SIZE, 1 + SIZE);
  tall = sb_random_range (random, 1 - SIZE, 1 + SIZE);
  across = sb_random_range (random, -SHIFT, SHIFT);
  down = sb_random_range (random, -SHIFT, SHIFT);
  for (int y = 0; y < self->height; y++)
    for (int x = 0; x < self->width; x++)
      {
        double dy = (y - middle_y - down) * tall, dx = (x - middle_x - across) * wide;
        double sheared = dx + shear * dy;

        *out++ = sample (pixels,
                         self->height,
                         self->width,
                         middle_y + cos (turn) * dy - sin (turn) * sheared,
                         middle_x + sin (turn) * dy + cos (turn) * sheared);
      }
}
