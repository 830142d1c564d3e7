/* sb-images.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-images.h"

#include <math.h>
#include <string.h>

#include "formats/sb-idx.h"

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

/**
 * sb_images_add_file:
 * @self: images
 * @path: an IDX file of images or of labels, gzip or not
 * @error: %SB_FORMAT_ERROR_INVALID, %SB_NET_ERROR_INVALID, or why it cannot be read
 *
 * Returns: whether its content was added
 */
gboolean
sb_images_add_file (SbImages *self, const char *path, GError **error)
{
  g_autoptr (SbIdx) idx = sb_idx_load (path, error);
  int height, width;

  if (idx == NULL)
    return FALSE;
  if (idx->n_dims == 1)
    {
      g_byte_array_append (self->labels, idx->bytes->data, idx->bytes->len);
      return TRUE;
    }
  height = (int) idx->dims[1];
  width = (int) idx->dims[2];
  if (self->height != 0 && (self->height != height || self->width != width))
    {
      g_set_error (error,
                   SB_NET_ERROR,
                   SB_NET_ERROR_INVALID,
                   "%s: the images are of another size than those before",
                   path);
      return FALSE;
    }
  self->height = height;
  self->width = width;
  g_byte_array_append (self->pixels, idx->bytes->data, idx->bytes->len);
  return TRUE;
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
