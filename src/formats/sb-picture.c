/* sb-picture.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "formats/sb-picture.h"

#include <math.h>
#include <string.h>

#define SIDE     SB_DIGIT_SIDE
#define BOX      20.0
#define MAX_SIDE 2000
/* What is darker than this part of the darkest counts as background. */
#define FAINT 0.15f

typedef struct
{
  double left, top, right, bottom;
} Box;

/* The mean of what lies below one pixel of the smaller image. */
static float
area_mean (const float *grey, int width, int height, const Box *box)
{
  double sum = 0, weight = 0;

  for (int y = MAX (0, (int) floor (box->top)); y < MIN (height, (int) ceil (box->bottom)); y++)
    for (int x = MAX (0, (int) floor (box->left)); x < MIN (width, (int) ceil (box->right)); x++)
      {
        double share = (MIN (box->bottom, y + 1) - MAX (box->top, y)) *
                       (MIN (box->right, x + 1) - MAX (box->left, x));

        sum += share * grey[y * width + x];
        weight += share;
      }
  /* Beyond the image is background. */
  weight = (box->right - box->left) * (box->bottom - box->top);
  return weight > 0 ? (float) (sum / weight) : 0;
}

static gboolean
find_ink (const float *grey, int width, int height, Box *box)
{
  float most = 0;

  for (int i = 0; i < width * height; i++)
    most = MAX (most, grey[i]);
  *box = (Box){ width, height, 0, 0 };
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      if (grey[y * width + x] > FAINT * most && most > 0)
        {
          box->left = MIN (box->left, x);
          box->top = MIN (box->top, y);
          box->right = MAX (box->right, x + 1);
          box->bottom = MAX (box->bottom, y + 1);
        }
  return box->right > box->left;
}

static void
find_centre (const float *grey, int width, const Box *box, double *x, double *y)
{
  double sum = 0;

  *x = *y = 0;
  for (int row = (int) box->top; row < (int) box->bottom; row++)
    for (int column = (int) box->left; column < (int) box->right; column++)
      {
        double ink = grey[row * width + column];

        sum += ink;
        *x += ink * (column + 0.5);
        *y += ink * (row + 0.5);
      }
  *x /= sum;
  *y /= sum;
}

/**
 * sb_grey_to_digit:
 * @grey: ink from 0 to 1, row by row
 * @width: in pixels
 * @height: in pixels
 * @out: (out): 28 × 28 numbers from 0 to 1
 *
 * What MNIST's makers did: the ink is fitted into 20 by 20 pixels, its proportions kept, and its
 * centre of mass put into the middle of 28 by 28.
 *
 * Returns: whether there is any ink; without, @out is all zero
 */
gboolean
sb_grey_to_digit (const float *grey, int width, int height, float *out)
{
  Box ink;
  double scale, x, y;
  float most = 0;

  memset (out, 0, SIDE * SIDE * sizeof (float));
  if (!find_ink (grey, width, height, &ink))
    return FALSE;
  scale = MAX (ink.right - ink.left, ink.bottom - ink.top) / BOX;
  find_centre (grey, width, &ink, &x, &y);
  for (int row = 0; row < SIDE; row++)
    for (int column = 0; column < SIDE; column++)
      {
        Box box = { x + (column - SIDE / 2.0) * scale, y + (row - SIDE / 2.0) * scale, 0, 0 };

        box.right = box.left + scale;
        box.bottom = box.top + scale;
        out[row * SIDE + column] = area_mean (grey, width, height, &box);
        most = MAX (most, out[row * SIDE + column]);
      }
  for (int i = 0; most > 0 && i < SIDE * SIDE; i++)
    out[i] = MIN (1, out[i] / most);
  return TRUE;
}

static GdkPixbuf *
decode (const void *data, gsize length, GError **error)
{
  g_autoptr (GdkPixbufLoader) loader = gdk_pixbuf_loader_new ();
  GdkPixbuf *pixbuf;

  if (!gdk_pixbuf_loader_write (loader, data, length, error))
    {
      gdk_pixbuf_loader_close (loader, NULL);
      return NULL;
    }
  if (!gdk_pixbuf_loader_close (loader, error))
    return NULL;
  pixbuf = gdk_pixbuf_loader_get_pixbuf (loader);
  if (pixbuf == NULL || gdk_pixbuf_get_width (pixbuf) > MAX_SIDE ||
      gdk_pixbuf_get_height (pixbuf) > MAX_SIDE)
    {
      g_set_error (error,
                   GDK_PIXBUF_ERROR,
                   GDK_PIXBUF_ERROR_FAILED,
                   "it has to be at most %d by %d pixels",
                   MAX_SIDE,
                   MAX_SIDE);
      return NULL;
    }
  return g_object_ref (pixbuf);
}

/**
 * sb_pixbuf_to_digit:
 * @pixbuf: a picture
 * @out: (out): 28 × 28 numbers from 0 to 1
 *
 * The edge of the picture tells whether the ink is dark on light or light on dark. What is
 * transparent counts as white.
 *
 * Returns: whether there is any ink; without, @out is all zero
 */
gboolean
sb_pixbuf_to_digit (const GdkPixbuf *pixbuf, float *out)
{
  int width = gdk_pixbuf_get_width (pixbuf), height = gdk_pixbuf_get_height (pixbuf);
  int channels = gdk_pixbuf_get_n_channels (pixbuf), n_edge = 0;
  g_autofree float *grey = g_new (float, (gsize) width *(gsize) height);
  double edge = 0;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        const guint8 *p = gdk_pixbuf_read_pixels (pixbuf) +
                          (gsize) y * (gsize) gdk_pixbuf_get_rowstride (pixbuf) + x * channels;
        double alpha = channels == 4 ? p[3] / 255.0 : 1;
        double value = (0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]) / 255 * alpha + (1 - alpha);

        grey[y * width + x] = (float) value;
        if (y == 0 || x == 0 || y == height - 1 || x == width - 1)
          {
            edge += value;
            n_edge++;
          }
      }
  edge /= n_edge;
  for (int i = 0; i < width * height; i++)
    grey[i] = MAX (0, edge > 0.5 ? (float) edge - grey[i] : grey[i] - (float) edge);
  return sb_grey_to_digit (grey, width, height, out);
}

/**
 * sb_picture_to_digit:
 * @data: a file of any format that GdkPixbuf reads
 * @length: its bytes
 * @out: (out): 28 × 28 numbers from 0 to 1
 * @error: a %GDK_PIXBUF_ERROR
 *
 * As sb_pixbuf_to_digit(); a picture without ink is no error.
 *
 * Returns: whether it is a picture
 */
gboolean
sb_picture_to_digit (const void *data, gsize length, float *out, GError **error)
{
  g_autoptr (GdkPixbuf) pixbuf = decode (data, length, error);

  if (pixbuf == NULL)
    return FALSE;
  sb_pixbuf_to_digit (pixbuf, out);
  return TRUE;
}
