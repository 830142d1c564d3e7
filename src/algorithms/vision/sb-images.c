/* sb-images.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * IDX files, gzip or not: what MNIST is made of.
 */

#include "config.h"

#include "algorithms/vision/sb-images.h"

#include <math.h>
#include <string.h>

#define IDX_LABELS 0x00000801
#define IDX_IMAGES 0x00000803
#define MAX_SIDE   1024
#define BUFFER     (256 * 1024)

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
  g_autofree char *name = g_path_get_basename (path);

  g_set_error (error, SB_NET_ERROR, SB_NET_ERROR_INVALID, "%s: %s", name, what);
  return FALSE;
}

/* What is gzip is recognised by its first bytes, whatever its name. */
static GInputStream *
open_stream (const char *path, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) raw = g_file_read (file, NULL, error);
  g_autoptr (GInputStream) buffered = NULL;
  g_autoptr (GZlibDecompressor) gunzip = NULL;
  const guint8 *head;
  gsize available;

  if (raw == NULL)
    return NULL;
  buffered = g_buffered_input_stream_new_sized (G_INPUT_STREAM (raw), BUFFER);
  if (g_buffered_input_stream_fill (G_BUFFERED_INPUT_STREAM (buffered), 2, NULL, error) < 0)
    return NULL;
  head = g_buffered_input_stream_peek_buffer (G_BUFFERED_INPUT_STREAM (buffered), &available);
  if (available < 2 || head[0] != 0x1f || head[1] != 0x8b)
    return g_steal_pointer (&buffered);
  gunzip = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP);
  return g_converter_input_stream_new (buffered, G_CONVERTER (gunzip));
}

static gboolean
read_all (GInputStream *stream, void *data, gsize size, const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  gsize n = 0;

  if (!g_input_stream_read_all (stream, data, size, &n, NULL, &local))
    return fail (error, path, local->message);
  return n == size || fail (error, path, "the file ends too early");
}

static gboolean
append (GByteArray *to, GInputStream *stream, gsize size, const char *path, GError **error)
{
  guint before = to->len;

  if (size > G_MAXUINT - before)
    return fail (error, path, "there are too many images");
  /* In pieces: a damaged header must not make us take all memory. */
  while (size > 0)
    {
      gsize n = MIN (size, BUFFER);

      g_byte_array_set_size (to, to->len + (guint) n);
      if (!read_all (stream, to->data + to->len - n, n, path, error))
        return FALSE;
      size -= n;
    }
  return TRUE;
}

static gboolean
add_images (SbImages *self, GInputStream *stream, guint32 n, const char *path, GError **error)
{
  guint32 sides[2];
  guint32 height, width;

  if (!read_all (stream, sides, sizeof sides, path, error))
    return FALSE;
  height = GUINT32_FROM_BE (sides[0]);
  width = GUINT32_FROM_BE (sides[1]);
  if (height < 1 || height > MAX_SIDE || width < 1 || width > MAX_SIDE)
    return fail (error, path, "the images have no such size");
  if (self->height != 0 && (self->height != (int) height || self->width != (int) width))
    return fail (error, path, "the images are of another size than those before");
  self->height = (int) height;
  self->width = (int) width;
  return append (self->pixels, stream, (gsize) n * height * width, path, error);
}

/**
 * sb_images_add_file:
 * @self: images
 * @path: an IDX file of images or of labels, gzip or not
 * @error: %SB_NET_ERROR_INVALID, or why it cannot be read
 *
 * Returns: whether its content was added
 */
gboolean
sb_images_add_file (SbImages *self, const char *path, GError **error)
{
  g_autoptr (GInputStream) stream = open_stream (path, error);
  guint32 head[2];

  if (stream == NULL || !read_all (stream, head, sizeof head, path, error))
    return FALSE;
  switch (GUINT32_FROM_BE (head[0]))
    {
    case IDX_IMAGES:
      return add_images (self, stream, GUINT32_FROM_BE (head[1]), path, error);
    case IDX_LABELS:
      return append (self->labels, stream, GUINT32_FROM_BE (head[1]), path, error);
    default:
      return fail (error, path, "this is no IDX file of images or labels");
    }
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
