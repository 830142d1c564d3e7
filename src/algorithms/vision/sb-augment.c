/* sb-augment.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-augment.h"

#include <math.h>
#include <string.h>

/* A random part of any size: its share of the photo's area, and how much its sides may differ. */
#define LEAST_AREA 0.08
#define MOST_RATIO (4.0 / 3)
#define MAX_TRIES  10
/* Where the photo has no room to spare, this part of the side is added around it. */
#define PADDING(side) ((side) / 8)
/* SageMaker's limits: turns in degrees, the others as factors. */
#define TURN   10.0
#define SHEAR  0.1
#define ASPECT 0.25
/* The same: hue in half degrees, saturation and lightness out of 255, which is how OpenCV has
 * them. */
#define HUE        36.0
#define SATURATION 50.0
#define LIGHTNESS  50.0

static int
pick (SbRandom *random, int low, int high)
{
  return low + (int) floor (sb_random_double (random) * (high - low + 1));
}

static gboolean
toss (SbRandom *random)
{
  return sb_random_double (random) < 0.5;
}

/* What is outside of a photo is of the mean colour, and so zero for the network. */
static guint8
get_fill (const SbLoaderOptions *options, int channel)
{
  return (guint8) lrintf (CLAMP (options->mean[channel], 0, 1) * 255);
}

/* ITU-R 601, as PIL has it. */
static guint8
to_grey (const guint8 *pixel)
{
  return (guint8) ((pixel[0] * 19595 + pixel[1] * 38470 + pixel[2] * 7471 + 0x8000) >> 16);
}

/* @n pixels of a row, from colours that alternate to one channel, forwards or backwards. */
static void
take_row (const guint8 *in, int n, int channels, int channel, gboolean mirrored, guint8 *out)
{
  int step = mirrored ? -1 : 1;

  if (mirrored)
    out += n - 1;
  if (channels == 1)
    for (int i = 0; i < n; i++, out += step, in += 3)
      *out = to_grey (in);
  else
    for (int i = 0; i < n; i++, out += step, in += 3)
      *out = in[channel];
}

/* A part of just the input's size, whose corner may be outside of the photo. */
static void
take_part (const SbLoaderOptions *options,
           const SbPhoto *photo,
           int left,
           int top,
           gboolean mirrored,
           guint8 *out)
{
  int width = options->width, height = options->height;
  int from = MAX (0, -left), to = MIN (width, photo->width - left);
  gboolean inside = from == 0 && to == width && top >= 0 && top + height <= photo->height;

  for (int k = 0; k < options->channels; k++)
    {
      if (!inside)
        memset (out, get_fill (options, k), (gsize) height * (gsize) width);
      for (int y = 0; y < height; y++, out += width)
        if (top + y >= 0 && top + y < photo->height)
          take_row (photo->pixels +
                        ((gsize) (top + y) * (gsize) photo->width + (gsize) (left + from)) * 3,
                    to - from,
                    options->channels,
                    k,
                    mirrored,
                    out + (mirrored ? width - to : from));
    }
}

/**
 * sb_augment_middle:
 * @options: options
 * @photo: a photo that is no smaller than the input
 * @out: (out): channels × height × width pixels: the middle of it
 */
void
sb_augment_middle (const SbLoaderOptions *options, const SbPhoto *photo, guint8 *out)
{
  /* Halves are rounded as torchvision does. */
  int left = (int) lrint ((photo->width - options->width) / 2.0);
  int top = (int) lrint ((photo->height - options->height) / 2.0);

  take_part (options, photo, left, top, FALSE, out);
}

/* As torchvision's RandomResizedCrop. */
static SbPhotoBox
pick_box (const SbLoaderOptions *options, const SbPhoto *photo, SbRandom *random)
{
  double area = (double) photo->width * photo->height;
  double shape = (double) options->width / options->height;
  double side;

  for (int i = 0; i < MAX_TRIES; i++)
    {
      double part = area * sb_random_range (random, LEAST_AREA, 1);
      double ratio = shape * exp (sb_random_range (random, -log (MOST_RATIO), log (MOST_RATIO)));
      double width = sqrt (part * ratio), height = sqrt (part / ratio);

      if (width <= photo->width && height <= photo->height)
        return (SbPhotoBox){
          sb_random_range (random, 0, photo->width - width),
          sb_random_range (random, 0, photo->height - height),
          width,
          height,
        };
    }
  side = MIN (photo->width / shape, photo->height);
  return (SbPhotoBox){
    (photo->width - side * shape) / 2,
    (photo->height - side) / 2,
    side * shape,
    side,
  };
}

static void
take_any_part (const SbLoaderOptions *options, const SbPhoto *photo, SbRandom *random, guint8 *out)
{
  SbPhotoBox box = pick_box (options, photo, random);
  g_autoptr (SbPhoto) part = sb_photo_resample (photo, &box, options->width, options->height);

  take_part (options, part, 0, 0, toss (random), out);
}

static void
take_padded_part (const SbLoaderOptions *options,
                  const SbPhoto *photo,
                  SbRandom *random,
                  guint8 *out)
{
  int across = PADDING (options->width), down = PADDING (options->height);
  int left, top;

  if (photo->width - options->width >= across && photo->height - options->height >= down)
    across = down = 0;
  left = pick (random, -across, photo->width + across - options->width);
  top = pick (random, -down, photo->height + down - options->height);
  take_part (options, photo, left, top, toss (random), out);
}

/**
 * sb_augment:
 * @options: options
 * @photo: a photo
 * @random: chooses
 * @out: (out): channels × height × width pixels
 *
 * With `resize`, or in a small network, a random part of the input's size is taken; where the photo
 * has no room for that, an eighth of the side is added around it. In another network a random part
 * of any size is taken. Half of them are mirrored.
 */
void
sb_augment (const SbLoaderOptions *options, const SbPhoto *photo, SbRandom *random, guint8 *out)
{
  if (sb_input_takes_any_part (options))
    take_any_part (options, photo, random, out);
  else
    take_padded_part (options, photo, random, out);
}
