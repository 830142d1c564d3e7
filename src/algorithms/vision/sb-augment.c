/* sb-augment.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-augment.h"

#include <math.h>
#include <string.h>

#include "algorithms/vision/sb-colour.h"

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
/* The same: hue in degrees, saturation and lightness out of 255. */
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

static void
shift_colours (const SbLoaderOptions *options, SbRandom *random, guint8 *out)
{
  gsize n = (gsize) options->height * (gsize) options->width;
  float hue = (float) (sb_random_range (random, -HUE, HUE));
  float saturation = (float) (sb_random_range (random, -SATURATION, SATURATION) / 255);
  float lightness = (float) (sb_random_range (random, -LIGHTNESS, LIGHTNESS) / 255);

  if (options->channels == 3)
    sb_colour_shift (out, n, hue, saturation, lightness);
  else
    for (gsize i = 0; i < n; i++)
      out[i] = (guint8) CLAMP (lrintf ((float) out[i] + lightness * 255), 0, 255);
}

/* Where a pixel comes from: (x, y) about the middle times this. */
typedef struct
{
  double xx, xy, yx, yy;
} Turn;

static Turn
pick_turn (SbRandom *random)
{
  double angle = sb_random_range (random, -TURN, TURN) * G_PI / 180;
  double shear = sb_random_range (random, -SHEAR, SHEAR);
  double aspect = sb_random_range (random, 1 - ASPECT, 1 + ASPECT);
  /* The area stays the same: one side grows by what the other one loses. */
  double tall = 2 / (1 + aspect), wide = tall * aspect;

  return (Turn){
    cos (angle) / wide,
    (shear * cos (angle) - sin (angle)) / tall,
    sin (angle) / wide,
    (shear * sin (angle) + cos (angle)) / tall,
  };
}

/* Between four pixels, with weights out of 256: what is far outside is @fill. */
static guint8
sample_edge (const guint8 *in,
             int width,
             int height,
             int left,
             int top,
             const int *weights,
             int fill)
{
  int sum = 0;

  for (int i = 0; i < 4; i++)
    {
      int row = top + i / 2, column = left + i % 2;
      gboolean inside = row >= 0 && row < height && column >= 0 && column < width;

      sum += weights[i] * (inside ? in[row * width + column] : fill);
    }
  return (guint8) ((sum + 0x8000) >> 16);
}

/* One row of all channels; (@x, @y) is where its first pixel comes from, in 65536ths of a pixel. */
static void
turn_row (const SbLoaderOptions *options,
          const Turn *by,
          gint64 x,
          gint64 y,
          const guint8 *in,
          guint8 *out)
{
  int width = options->width, height = options->height, n = width * height;
  gint64 step_x = llrint (by->xx * 0x10000), step_y = llrint (by->yx * 0x10000);

  for (int i = 0; i < width; i++, x += step_x, y += step_y)
    {
      int left = (int) (x >> 16), top = (int) (y >> 16);
      int right = (int) (x >> 8 & 255), down = (int) (y >> 8 & 255);
      int weights[] = {
        (256 - right) * (256 - down), right * (256 - down), (256 - right) * down, right * down
      };
      gboolean inside = left >= 0 && top >= 0 && left < width - 1 && top < height - 1;
      const guint8 *at = in + (inside ? top * width + left : 0);

      for (int k = 0; k < options->channels; k++, at += n)
        if (inside)
          out[k * n + i] =
              (guint8) ((at[0] * weights[0] + at[1] * weights[1] + at[width] * weights[2] +
                         at[width + 1] * weights[3] + 0x8000) >>
                        16);
        else
          out[k * n + i] =
              sample_edge (in + k * n, width, height, left, top, weights, get_fill (options, k));
    }
}

static void
turn (const SbLoaderOptions *options, SbRandom *random, guint8 *out)
{
  double middle_x = (options->width - 1) / 2.0, middle_y = (options->height - 1) / 2.0;
  Turn by = pick_turn (random);
  g_autofree guint8 *copy = g_memdup2 (out, sb_input_get_n_values (options));

  for (int y = 0; y < options->height; y++, out += options->width)
    {
      double x = middle_x - middle_x * by.xx + (y - middle_y) * by.xy;
      double from = middle_y - middle_x * by.yx + (y - middle_y) * by.yy;

      turn_row (options, &by, llrint (x * 0x10000), llrint (from * 0x10000), copy, out);
    }
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
 * of any size is taken: 8 to 100 % of the area, its sides differing by a third at most. Half of
 * them are mirrored. Turns, shears and colours follow as SageMaker has them.
 */
void
sb_augment (const SbLoaderOptions *options, const SbPhoto *photo, SbRandom *random, guint8 *out)
{
  if (sb_input_takes_any_part (options))
    take_any_part (options, photo, random, out);
  else
    take_padded_part (options, photo, random, out);
  if (options->augmentation >= SB_AUGMENTATION_CROP_COLOR_TRANSFORM)
    turn (options, random, out);
  if (options->augmentation >= SB_AUGMENTATION_CROP_COLOR)
    shift_colours (options, random, out);
}
