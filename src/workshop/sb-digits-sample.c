/* sb-digits-sample.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Digits drawn as pen strokes with varied hands, in MNIST's format: the sample that needs no
 * network. It is synthetic, and is called so wherever it shows.
 */

#include "config.h"

#include "workshop/sb-digits-sample.h"

#include <math.h>
#include <string.h>

#include "formats/sb-idx.h"

#define MAX_POINTS 14
/* Straight pieces that a curve between two points is drawn with. */
#define PIECES   8
#define MAX_DOTS (3 * MAX_POINTS * PIECES)
/* MNIST's digits are fitted into so many pixels. */
#define BOX 20.0

typedef struct
{
  double x;
  double y;
} Point;

/* A stroke goes through its points, from 0 to 1 to the right and downwards; a point that is there
 * twice is a corner. */
typedef struct
{
  guint n;
  Point points[MAX_POINTS];
} Stroke;

/* One way to write a digit. */
typedef struct
{
  guint digit;
  guint n;
  Stroke strokes[2];
} Glyph;

/* clang-format off */
static const Glyph glyphs[] = {
  { 0, 1, { { 10, { { .55, 0 }, { .2, .12 }, { .05, .5 }, { .2, .9 }, { .5, 1 }, { .82, .88 }, { .95, .5 }, { .82, .12 }, { .55, 0 }, { .35, .05 } } } } },
  { 0, 1, { { 9, { { .6, .05 }, { .25, .2 }, { .08, .6 }, { .25, .97 }, { .6, .95 }, { .92, .6 }, { .9, .2 }, { .65, .02 }, { .5, .06 } } } } },
  { 1, 1, { { 2, { { .5, 0 }, { .5, 1 } } } } },
  { 1, 1, { { 2, { { .5, 0 }, { .5, 1 } } } } },
  { 1, 1, { { 4, { { .3, .25 }, { .52, 0 }, { .52, 0 }, { .5, 1 } } } } },
  { 1, 2, { { 4, { { .3, .22 }, { .52, 0 }, { .52, 0 }, { .5, 1 } } }, { 2, { { .25, 1 }, { .78, 1 } } } } },
  { 2, 1, { { 10, { { .12, .25 }, { .3, .05 }, { .62, .02 }, { .85, .22 }, { .75, .48 }, { .45, .75 }, { .1, .97 }, { .1, .97 }, { .5, .96 }, { .95, .95 } } } } },
  { 2, 1, { { 11, { { .15, .2 }, { .45, 0 }, { .78, .12 }, { .78, .4 }, { .5, .72 }, { .25, .92 }, { .08, .88 }, { .15, .75 }, { .4, .82 }, { .7, .98 }, { .98, .88 } } } } },
  { 2, 1, { { 8, { { .2, .1 }, { .55, 0 }, { .85, .15 }, { .8, .42 }, { .1, 1 }, { .1, 1 }, { .6, .97 }, { .9, 1 } } } } },
  { 3, 1, { { 10, { { .12, .12 }, { .45, 0 }, { .82, .12 }, { .72, .4 }, { .4, .48 }, { .4, .48 }, { .8, .58 }, { .85, .85 }, { .5, 1 }, { .08, .9 } } } } },
  { 3, 1, { { 9, { { .15, .04 }, { .85, .04 }, { .85, .04 }, { .42, .4 }, { .42, .4 }, { .85, .58 }, { .82, .88 }, { .45, 1 }, { .08, .92 } } } } },
  { 3, 1, { { 9, { { .2, .08 }, { .6, .02 }, { .8, .2 }, { .6, .42 }, { .45, .47 }, { .7, .52 }, { .85, .75 }, { .55, .98 }, { .1, .95 } } } } },
  { 4, 2, { { 4, { { .22, 0 }, { .1, .55 }, { .1, .55 }, { .92, .5 } } }, { 2, { { .78, .02 }, { .7, 1 } } } } },
  { 4, 2, { { 5, { { .65, 0 }, { .08, .62 }, { .08, .62 }, { .5, .62 }, { .98, .6 } } }, { 2, { { .66, 0 }, { .64, 1 } } } } },
  { 4, 2, { { 5, { { .2, .05 }, { .12, .4 }, { .35, .52 }, { .6, .45 }, { .82, .35 } } }, { 2, { { .85, 0 }, { .72, 1 } } } } },
  { 5, 1, { { 11, { { .88, .03 }, { .28, .04 }, { .28, .04 }, { .2, .42 }, { .2, .42 }, { .55, .38 }, { .88, .6 }, { .8, .88 }, { .45, 1 }, { .08, .9 }, { .06, .88 } } } } },
  { 5, 2, { { 8, { { .25, .05 }, { .18, .45 }, { .18, .45 }, { .5, .4 }, { .85, .58 }, { .82, .88 }, { .45, 1 }, { .1, .92 } } }, { 2, { { .25, .05 }, { .92, .0 } } } } },
  { 5, 1, { { 8, { { .95, .0 }, { .45, .06 }, { .3, .3 }, { .45, .42 }, { .75, .55 }, { .75, .8 }, { .45, .98 }, { .05, .95 } } } } },
  { 6, 1, { { 10, { { .72, .0 }, { .4, .2 }, { .15, .55 }, { .18, .88 }, { .5, 1 }, { .82, .82 }, { .75, .58 }, { .45, .52 }, { .22, .7 }, { .2, .8 } } } } },
  { 6, 1, { { 9, { { .45, .0 }, { .22, .35 }, { .12, .7 }, { .3, .97 }, { .65, .97 }, { .8, .75 }, { .6, .58 }, { .3, .66 }, { .16, .8 } } } } },
  { 7, 1, { { 5, { { .08, .06 }, { .9, .04 }, { .9, .04 }, { .55, .5 }, { .42, 1 } } } } },
  { 7, 1, { { 6, { { .08, .2 }, { .12, .05 }, { .12, .05 }, { .92, .05 }, { .92, .05 }, { .5, 1 } } } } },
  { 7, 2, { { 5, { { .1, .05 }, { .9, .05 }, { .9, .05 }, { .55, .5 }, { .4, 1 } } }, { 2, { { .3, .52 }, { .82, .48 } } } } },
  { 8, 1, { { 11, { { .78, .15 }, { .5, 0 }, { .22, .15 }, { .4, .42 }, { .75, .65 }, { .75, .92 }, { .45, 1 }, { .18, .85 }, { .35, .55 }, { .7, .3 }, { .78, .12 } } } } },
  { 8, 2, { { 9, { { .5, 0 }, { .25, .1 }, { .25, .35 }, { .5, .45 }, { .75, .35 }, { .75, .1 }, { .5, 0 }, { .4, .02 }, { .35, .04 } } }, { 9, { { .5, .45 }, { .2, .6 }, { .2, .9 }, { .5, 1 }, { .8, .9 }, { .8, .6 }, { .5, .45 }, { .4, .47 }, { .35, .5 } } } } },
  { 9, 1, { { 9, { { .8, .22 }, { .5, .02 }, { .18, .2 }, { .25, .45 }, { .55, .48 }, { .8, .22 }, { .8, .22 }, { .75, .6 }, { .62, 1 } } } } },
  { 9, 1, { { 10, { { .78, .15 }, { .45, .02 }, { .2, .25 }, { .38, .45 }, { .72, .35 }, { .8, .12 }, { .82, .5 }, { .75, .85 }, { .5, 1 }, { .2, .92 } } } } },
  { 9, 1, { { 8, { { .75, .1 }, { .4, .05 }, { .2, .3 }, { .45, .46 }, { .78, .2 }, { .78, .2 }, { .78, .6 }, { .78, 1 } } } } },
};
/* clang-format on */

typedef struct
{
  Point dots[MAX_DOTS];
  gboolean pen_down[MAX_DOTS]; /* whether a line goes to this dot from the one before */
  guint n;
} Drawing;

static double
range (SbMt19937 *random, double low, double high)
{
  return low + (high - low) * sb_mt19937_next_double (random);
}

static const Glyph *
pick (SbMt19937 *random, guint digit)
{
  guint n = 0, wanted;

  for (guint i = 0; i < G_N_ELEMENTS (glyphs); i++)
    n += glyphs[i].digit == digit ? 1 : 0;
  wanted = sb_mt19937_interval (random, n - 1);
  for (guint i = 0; i < G_N_ELEMENTS (glyphs); i++)
    if (glyphs[i].digit == digit && wanted-- == 0)
      return &glyphs[i];
  g_return_val_if_reached (NULL);
}

/* A Catmull-Rom spline through the points. */
static Point
between (const Point *p, guint n, guint i, double t)
{
  Point a = p[i > 0 ? i - 1 : 0], b = p[i], c = p[i + 1], d = p[MIN (i + 2, n - 1)];
  double t2 = t * t, t3 = t2 * t;
  Point at = { 0.5 * (2 * b.x + (c.x - a.x) * t + (2 * a.x - 5 * b.x + 4 * c.x - d.x) * t2 +
                      (3 * b.x - a.x - 3 * c.x + d.x) * t3),
               0.5 * (2 * b.y + (c.y - a.y) * t + (2 * a.y - 5 * b.y + 4 * c.y - d.y) * t2 +
                      (3 * b.y - a.y - 3 * c.y + d.y) * t3) };

  return at;
}

static void
trace (Drawing *drawing, const Stroke *stroke, SbMt19937 *random, double wobble)
{
  Point points[MAX_POINTS];

  for (guint i = 0; i < stroke->n; i++)
    {
      gboolean corner = i > 0 && stroke->points[i].x == stroke->points[i - 1].x &&
                        stroke->points[i].y == stroke->points[i - 1].y;

      points[i] = corner ? points[i - 1]
                         : (Point){ stroke->points[i].x + range (random, -wobble, wobble),
                                    stroke->points[i].y + range (random, -wobble, wobble) };
    }
  for (guint i = 0; i + 1 < stroke->n; i++)
    for (guint k = i == 0 ? 0 : 1; k <= PIECES; k++)
      {
        drawing->dots[drawing->n] = between (points, stroke->n, i, (double) k / PIECES);
        drawing->pen_down[drawing->n] = i + k > 0;
        drawing->n++;
      }
}

/* Slant, turn, proportions and a wave: what makes a hand. */
static void
distort (Drawing *drawing, SbMt19937 *random, gboolean narrow)
{
  double slant = range (random, -0.25, 0.55), turn = range (random, -0.22, 0.22);
  double wide = narrow ? range (random, 0.4, 1.0) : range (random, 0.5, 1.05);
  double wave = range (random, -0.06, 0.06), phase = range (random, 0, 2 * G_PI);
  double c = cos (turn), s = sin (turn);

  for (guint i = 0; i < drawing->n; i++)
    {
      Point *p = &drawing->dots[i];
      double x = (p->x - 0.5) * wide, y = p->y - 0.5;

      x += wave * sin (4 * y + phase) + slant * -y;
      *p = (Point){ c * x - s * y, s * x + c * y };
    }
}

static void
fit (Drawing *drawing, double width)
{
  double left = 1e9, right = -1e9, top = 1e9, bottom = -1e9, scale;

  for (guint i = 0; i < drawing->n; i++)
    {
      left = MIN (left, drawing->dots[i].x);
      right = MAX (right, drawing->dots[i].x);
      top = MIN (top, drawing->dots[i].y);
      bottom = MAX (bottom, drawing->dots[i].y);
    }
  scale = (BOX - width) / MAX (MAX (right - left, bottom - top), 1e-6);
  for (guint i = 0; i < drawing->n; i++)
    {
      drawing->dots[i].x = (drawing->dots[i].x - (left + right) / 2) * scale;
      drawing->dots[i].y = (drawing->dots[i].y - (top + bottom) / 2) * scale;
    }
}

/* The square of how far a pixel's middle is from a line. */
static double
distance_to_line (Point p, Point a, Point b)
{
  double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
  double t = length > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length : 0;

  t = CLAMP (t, 0, 1);
  dx = p.x - a.x - t * dx;
  dy = p.y - a.y - t * dy;
  return dx * dx + dy * dy;
}

static int
to_pixel (double at)
{
  return CLAMP ((int) floor (at), 0, SB_DIGIT_SIDE - 1);
}

/* Tells the pixels around a line how near it is. */
static void
come_near (Point a, Point b, double reach, double *nearest)
{
  int bottom = to_pixel (MAX (a.y, b.y) + reach), right = to_pixel (MAX (a.x, b.x) + reach);

  for (int y = to_pixel (MIN (a.y, b.y) - reach); y <= bottom; y++)
    for (int x = to_pixel (MIN (a.x, b.x) - reach); x <= right; x++)
      {
        double *at = &nearest[y * SB_DIGIT_SIDE + x];

        *at = MIN (*at, distance_to_line ((Point){ x + 0.5, y + 0.5 }, a, b));
      }
}

static void
render (const Drawing *drawing, Point middle, double width, double soft, double *ink)
{
  for (int i = 0; i < SB_DIGIT_SIZE; i++)
    ink[i] = G_MAXFLOAT;
  for (guint i = 1; i < drawing->n; i++)
    {
      Point a = drawing->dots[i - 1], b = drawing->dots[i];

      if (drawing->pen_down[i])
        come_near ((Point){ a.x + middle.x, a.y + middle.y },
                   (Point){ b.x + middle.x, b.y + middle.y },
                   width / 2 + soft,
                   ink);
    }
  for (int i = 0; i < SB_DIGIT_SIZE; i++)
    ink[i] = CLAMP ((width / 2 - sqrt (ink[i])) / soft + 0.5, 0, 1);
}

/**
 * sb_digits_sample_draw:
 * @random: where the hand comes from
 * @digit: 0 to 9
 * @pixels: (out): ink from 0 to 255, row by row, fitted and centred as MNIST's digits are
 */
void
sb_digits_sample_draw (SbMt19937 *random, guint digit, guint8 pixels[SB_DIGIT_SIZE])
{
  const Glyph *glyph = pick (random, digit);
  double width = range (random, 1.4, 4.0), soft = range (random, 0.9, 1.6);
  double wobble = range (random, 0.01, 0.07), strength = range (random, 0.85, 1.15);
  double ink[SB_DIGIT_SIZE], sum = 0, x = 0, y = 0;
  Point middle = { SB_DIGIT_SIDE / 2.0, SB_DIGIT_SIDE / 2.0 };
  Drawing drawing = { .n = 0 };

  for (guint i = 0; i < glyph->n; i++)
    trace (&drawing, &glyph->strokes[i], random, wobble);
  distort (&drawing, random, digit == 1);
  fit (&drawing, width);
  render (&drawing, middle, width, soft, ink);
  for (int i = 0; i < SB_DIGIT_SIZE; i++)
    {
      sum += ink[i];
      x += ink[i] * (i % SB_DIGIT_SIDE + 0.5);
      y += ink[i] * (i / SB_DIGIT_SIDE + 0.5);
    }
  /* The centre of mass goes into the middle. */
  middle.x += SB_DIGIT_SIDE / 2.0 - x / sum;
  middle.y += SB_DIGIT_SIDE / 2.0 - y / sum;
  render (&drawing, middle, width, soft, ink);
  for (int i = 0; i < SB_DIGIT_SIZE; i++)
    pixels[i] = (guint8) (CLAMP (ink[i] * strength, 0, 1) * 255 + 0.5);
}

/**
 * sb_digits_sample_write:
 * @images: path of the IDX file of images
 * @labels: path of the IDX file of labels
 * @seed: which hands
 * @n: how many digits, each as often as the others
 * @error: a %G_FILE_ERROR
 *
 * Returns: whether both were written
 */
gboolean
sb_digits_sample_write (const char *images,
                        const char *labels,
                        guint32 seed,
                        guint n,
                        GError **error)
{
  g_autoptr (GByteArray) pixels = g_byte_array_new ();
  g_autoptr (GByteArray) marks = g_byte_array_new ();
  SbMt19937 random;

  sb_mt19937_init (&random, seed);
  for (guint i = 0; i < n; i++)
    {
      guint8 digit[SB_DIGIT_SIZE], label = (guint8) (i % 10);

      sb_digits_sample_draw (&random, label, digit);
      g_byte_array_append (pixels, digit, sizeof digit);
      g_byte_array_append (marks, &label, 1);
    }
  return sb_idx_save (images, pixels->data, n, SB_DIGIT_SIDE, error) &&
         sb_idx_save (labels, marks->data, n, 0, error);
}
