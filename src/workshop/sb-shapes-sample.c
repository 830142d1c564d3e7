/* sb-shapes-sample.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pictures of shapes in all colours, sizes and turns before a restless background: the sample that
 * needs no network. It is synthetic, and is called so wherever it shows.
 */

#include "config.h"

#include "workshop/sb-shapes-sample.h"

#include <errno.h>
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <math.h>
#include <string.h>

/* Sides of a picture, in pixels. */
#define MIN_SIDE 36
#define MAX_SIDE 64
/* Points along each side of a pixel at which it is looked whether the shape is there. */
#define SAMPLES 3
/* A shape that is nearly as its background could not be seen. */
#define MIN_CONTRAST 130.0
/* Of a star, where its inner corners are; of a ring, where its hole ends; of a cross, half of how
 * thick its bars are. The shape itself reaches to 1. */
#define STAR_INNER  0.42
#define RING_INNER  0.58
#define CROSS_WIDTH 0.3
#define SQUARE      0.8

/* In the order of their names, as folders are read. */
enum
{
  CIRCLE,
  CROSS,
  RING,
  SQUARE_SHAPE,
  STAR,
  TRIANGLE,
};

static const char *const names[SB_SHAPE_CLASSES] = { "circle", "cross", "ring",
                                                     "square", "star",  "triangle" };

typedef struct
{
  double colours[2][3]; /* from one to the other */
  double direction;
  double stripes; /* how many; none below 1 */
  double noise;
} Background;

typedef struct
{
  guint shape;
  double x, y;
  double radius;
  double c, s; /* of the turn */
  double stretch;
  double colour[3];
} Figure;

static double
range (SbMt19937 *random, double low, double high)
{
  return low + (high - low) * sb_mt19937_next_double (random);
}

/**
 * sb_shapes_sample_get_name:
 * @shape: below %SB_SHAPE_CLASSES
 *
 * Returns: what its folder is called
 */
const char *
sb_shapes_sample_get_name (guint shape)
{
  return names[shape];
}

/* A fifth of a star is like all others: between an outer corner and the next inner one. */
static gboolean
is_in_star (double x, double y)
{
  double angle = fabs (remainder (atan2 (y, x), 2 * G_PI / 5));
  double r = hypot (x, y), px = r * cos (angle), py = r * sin (angle);
  double qx = STAR_INNER * cos (G_PI / 5), qy = STAR_INNER * sin (G_PI / 5);

  return (qx - 1) * py - qy * (px - 1) >= 0;
}

static gboolean
is_in_triangle (double x, double y)
{
  for (guint i = 0; i < 3; i++)
    if (x * cos (i * 2 * G_PI / 3) + y * sin (i * 2 * G_PI / 3) > 0.5)
      return FALSE;
  return TRUE;
}

static gboolean
is_inside (guint shape, double x, double y)
{
  double r = hypot (x, y);

  x = shape == TRIANGLE || shape == STAR ? x : fabs (x);
  y = shape == TRIANGLE || shape == STAR ? y : fabs (y);
  switch (shape)
    {
    case CROSS:
      return MAX (x, y) < 1 && MIN (x, y) < CROSS_WIDTH;
    case RING:
      return r < 1 && r > RING_INNER;
    case SQUARE_SHAPE:
      return MAX (x, y) < SQUARE;
    case STAR:
      return is_in_star (x, y);
    case TRIANGLE:
      return is_in_triangle (x, y);
    case CIRCLE:
    default:
      return r < 1;
    }
}

/* How much of a pixel the figure covers. */
static double
get_cover (const Figure *figure, int x, int y)
{
  guint n = 0;

  for (guint i = 0; i < SAMPLES * SAMPLES; i++)
    {
      double dx = (x + (i % SAMPLES + 0.5) / SAMPLES - figure->x) / figure->radius;
      double dy = (y + (i / SAMPLES + 0.5) / SAMPLES - figure->y) / figure->radius;
      double u = figure->c * dx + figure->s * dy, v = figure->c * dy - figure->s * dx;

      n += is_inside (figure->shape, u, v / figure->stretch) ? 1 : 0;
    }
  return (double) n / (SAMPLES * SAMPLES);
}

static void
choose_background (Background *self, SbMt19937 *random)
{
  for (guint i = 0; i < 6; i++)
    self->colours[i / 3][i % 3] = range (random, 0, 255);
  /* The second is near the first, so that there is something left to stand out from. */
  for (guint i = 0; i < 3; i++)
    self->colours[1][i] = 0.7 * self->colours[0][i] + 0.3 * self->colours[1][i];
  self->direction = range (random, 0, 2 * G_PI);
  self->stripes = range (random, -4, 6);
  self->noise = range (random, 2, 16);
}

static void
choose_figure (Figure *self, guint shape, int side, const Background *background, SbMt19937 *random)
{
  double turn = range (random, 0, 2 * G_PI), distance;

  self->shape = shape;
  self->radius = range (random, 0.3, 0.46) * side;
  self->x = side / 2.0 + range (random, -1, 1) * (0.5 * side - self->radius);
  self->y = side / 2.0 + range (random, -1, 1) * (0.5 * side - self->radius);
  self->stretch = range (random, 0.82, 1);
  self->c = cos (turn);
  self->s = sin (turn);
  do
    {
      distance = 0;
      for (guint i = 0; i < 3; i++)
        {
          double ground = (background->colours[0][i] + background->colours[1][i]) / 2;

          self->colour[i] = range (random, 0, 255);
          distance += (self->colour[i] - ground) * (self->colour[i] - ground);
        }
    }
  while (sqrt (distance) < MIN_CONTRAST);
}

/* From 0 to 1: how far a pixel is from the first colour to the second. */
static double
get_shade (const Background *self, int side, int x, int y)
{
  double along = ((x + 0.5) / side - 0.5) * cos (self->direction) +
                 ((y + 0.5) / side - 0.5) * sin (self->direction);

  return self->stripes < 1 ? CLAMP (along + 0.5, 0, 1)
                           : 0.5 + 0.5 * sin (2 * G_PI * self->stripes * along);
}

/**
 * sb_shapes_sample_draw:
 * @random: where everything but the shape comes from
 * @shape: below %SB_SHAPE_CLASSES
 *
 * Returns: (transfer full): a square picture of 36 to 64 pixels
 */
SbPhoto *
sb_shapes_sample_draw (SbMt19937 *random, guint shape)
{
  int side = MIN_SIDE + (int) sb_mt19937_interval (random, MAX_SIDE - MIN_SIDE);
  SbPhoto *photo = sb_photo_new (side, side);
  guint8 *out = photo->pixels;
  Background background;
  Figure figure;

  choose_background (&background, random);
  choose_figure (&figure, shape, side, &background, random);
  for (int y = 0; y < side; y++)
    for (int x = 0; x < side; x++)
      {
        double cover = get_cover (&figure, x, y), shade = get_shade (&background, side, x, y);
        double noise = range (random, -background.noise, background.noise);

        for (guint i = 0; i < 3; i++)
          {
            double ground =
                background.colours[0][i] * (1 - shade) + background.colours[1][i] * shade;
            double value = cover * figure.colour[i] + (1 - cover) * ground + noise;

            *out++ = (guint8) (CLAMP (value, 0, 255) + 0.5);
          }
      }
  return photo;
}

static gboolean
save_png (const SbPhoto *photo, const char *path, GError **error)
{
  g_autoptr (GdkPixbuf) pixbuf = sb_photo_get_pixbuf (photo);

  return gdk_pixbuf_save (pixbuf, path, "png", error, NULL);
}

/**
 * sb_shapes_sample_write:
 * @folder: where a folder for each shape is made
 * @seed: which pictures
 * @n: how many of each shape
 * @func: (nullable): told after every picture
 * @user_data: data for @func
 * @cancellable: (nullable): a cancellable
 * @error: why not
 *
 * Writes PNG files. The same seed gives the same pictures.
 *
 * Returns: whether all were written
 */
gboolean
sb_shapes_sample_write (const char *folder,
                        guint32 seed,
                        guint n,
                        SbShapesFunc func,
                        gpointer user_data,
                        GCancellable *cancellable,
                        GError **error)
{
  SbMt19937 random;

  sb_mt19937_init (&random, seed);
  for (guint i = 0; i < n * SB_SHAPE_CLASSES; i++)
    {
      guint shape = i % SB_SHAPE_CLASSES;
      g_autofree char *name = g_strdup_printf ("%04u.png", i / SB_SHAPE_CLASSES);
      g_autofree char *path = g_build_filename (folder, names[shape], name, NULL);
      g_autofree char *parent = g_path_get_dirname (path);
      g_autoptr (SbPhoto) photo = sb_shapes_sample_draw (&random, shape);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (i < SB_SHAPE_CLASSES && g_mkdir_with_parents (parent, 0700) != 0)
        {
          int code = errno;

          g_set_error (error,
                       G_IO_ERROR,
                       (int) g_io_error_from_errno (code),
                       "%s: %s",
                       parent,
                       g_strerror (code));
          return FALSE;
        }
      if (!save_png (photo, path, error))
        return FALSE;
      if (func != NULL)
        func (i + 1, n * SB_SHAPE_CLASSES, user_data);
    }
  return TRUE;
}
