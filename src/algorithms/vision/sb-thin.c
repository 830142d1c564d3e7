/* sb-thin.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The gradient of a network's first weights. With one or three input channels there is no matrix
 * worth the name in it; here all places of a row that meet the same pixels are summed up in
 * registers.
 */

#include "config.h"

#include "algorithms/vision/sb-thin.h"

#include <omp.h>
#include <string.h>

#define MAX_INPUTS 4
#define WIDTH      8
/* Output channels that are computed at once, and the vectors that they are. */
#define PANEL   16
#define VECTORS (PANEL / WIDTH)

typedef float Vector __attribute__ ((vector_size (4 * WIDTH), aligned (4)));

/**
 * sb_thin_is_worth_it:
 * @shape: of a convolution
 *
 * Returns: whether its gradient can be computed here, faster than oneDNN does
 */
gboolean
sb_thin_is_worth_it (const SbThinShape *shape)
{
#ifdef __x86_64__
  return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma") &&
         shape->inputs <= MAX_INPUTS && shape->outputs % PANEL == 0 &&
         (shape->kernel == 3 || shape->kernel == 5);
#else
  return FALSE;
#endif
}

static gsize
get_n_sums (const SbThinShape *shape)
{
  return (gsize) (shape->kernel * shape->kernel * shape->inputs + 1) * (gsize) shape->outputs;
}

/* One channel of an image with zeros around it. */
static gsize
get_n_plane (const SbThinShape *shape)
{
  return (gsize) (shape->height + shape->kernel - 1) * (gsize) (shape->width + shape->kernel - 1);
}

/**
 * sb_thin_get_n_scratch:
 * @shape: of a convolution
 *
 * Returns: how many floats of memory sb_thin_take_gradient() wants
 */
gsize
sb_thin_get_n_scratch (const SbThinShape *shape)
{
  return (gsize) shape->threads * (get_n_sums (shape) + get_n_plane (shape));
}

static void
surround (const SbThinShape *shape, const float *from, float *plane)
{
  int around = shape->kernel / 2, width = shape->width + 2 * around;

  memset (plane, 0, get_n_plane (shape) * sizeof (float));
  for (int y = 0; y < shape->height; y++)
    memcpy (plane + (y + around) * width + around,
            from + y * shape->width,
            (gsize) shape->width * sizeof (float));
}

/* Where the outputs from @channel on are, of one image. */
static const float *
get_outputs (const SbThinShape *shape, const float *diff, int number, int channel)
{
  gsize plane = (gsize) shape->height * (gsize) shape->width;
  int block = shape->block > 0 ? shape->block : shape->outputs;

  return diff +
         ((gsize) number * (gsize) shape->outputs + (gsize) (channel / block * block)) * plane +
         channel % block;
}

#ifdef __x86_64__
#define KERNEL __attribute__ ((target ("avx2,fma")))
#else
#define KERNEL
#endif

/* Adds what one image and one row of a kernel of @size contribute. @apart is from the first eight
 * outputs to the next, @n from pixel to pixel. */
static inline __attribute__ ((always_inline)) KERNEL void
take_row (const SbThinShape *shape,
          int size,
          const float *plane,
          const float *diff,
          gsize apart,
          gsize n,
          float *sums)
{
  int width = shape->width + size - 1;
  Vector sum[5][VECTORS];

  for (int i = 0; i < size; i++)
    for (int v = 0; v < VECTORS; v++)
      sum[i][v] = *(Vector *) (sums + i * shape->outputs + v * WIDTH);
  for (int y = 0; y < shape->height; y++, plane += width)
    for (int x = 0; x < shape->width; x++, diff += n)
      {
        Vector first = *(const Vector *) diff, second = *(const Vector *) (diff + apart);

        for (int i = 0; i < size; i++)
          {
            sum[i][0] += plane[x + i] * first;
            sum[i][1] += plane[x + i] * second;
          }
      }
  for (int i = 0; i < size; i++)
    for (int v = 0; v < VECTORS; v++)
      *(Vector *) (sums + i * shape->outputs + v * WIDTH) = sum[i][v];
}

static inline __attribute__ ((always_inline)) KERNEL void
take_bias (const SbThinShape *shape, const float *diff, gsize apart, gsize n, float *sums)
{
  Vector first = *(Vector *) sums, second = *(Vector *) (sums + WIDTH);

  for (int i = 0; i < shape->height * shape->width; i++, diff += n)
    {
      first += *(const Vector *) diff;
      second += *(const Vector *) (diff + apart);
    }
  *(Vector *) sums = first;
  *(Vector *) (sums + WIDTH) = second;
}

/* Adds what one image contributes. */
static KERNEL void
take_image (const SbThinShape *shape,
            const float *src,
            const float *diff_dst,
            int number,
            float *sums,
            float *plane)
{
  gsize n_pixels = (gsize) shape->height * (gsize) shape->width;
  gsize n = (gsize) (shape->block > 0 ? shape->block : shape->outputs);
  gsize apart = shape->block == WIDTH ? WIDTH * n_pixels : WIDTH;
  int size = shape->kernel, width = shape->width + size - 1;

  for (int i = 0; i < shape->inputs; i++)
    {
      surround (shape,
                src + ((gsize) number * (gsize) shape->inputs + (gsize) i) * n_pixels,
                plane);
      for (int c = 0; c < shape->outputs; c += PANEL)
        {
          const float *diff = get_outputs (shape, diff_dst, number, c);

          for (int y = 0; y < size; y++)
            {
              float *to = sums + (i * size + y) * size * shape->outputs + c;

              if (size == 3)
                take_row (shape, 3, plane + y * width, diff, apart, n, to);
              else
                take_row (shape, 5, plane + y * width, diff, apart, n, to);
            }
          if (i == 0)
            take_bias (
                shape, diff, apart, n, sums + size * size * shape->inputs * shape->outputs + c);
        }
    }
}

/**
 * sb_thin_take_gradient:
 * @shape: of the convolution
 * @src: its inputs, channel by channel
 * @diff_dst: the gradient of its outputs
 * @diff_weights: (out): the gradient of its weights, inputs × kernel × kernel × outputs numbers
 * @diff_bias: (nullable) (out): that of its bias
 * @scratch: room for sb_thin_get_n_scratch() numbers
 */
void
sb_thin_take_gradient (const SbThinShape *shape,
                       const float *src,
                       const float *diff_dst,
                       float *diff_weights,
                       float *diff_bias,
                       float *scratch)
{
  gsize n_sums = get_n_sums (shape), each = n_sums + get_n_plane (shape);
  gsize n_weights = n_sums - (gsize) shape->outputs;

  memset (scratch, 0, (gsize) shape->threads * each * sizeof (float));
#pragma omp parallel for schedule(static) num_threads(shape->threads)
  for (int i = 0; i < shape->batch; i++)
    {
      float *own = scratch + (gsize) omp_get_thread_num () * each;

      take_image (shape, src, diff_dst, i, own, own + n_sums);
    }
  /* Always in the same order. */
  for (int t = 1; t < shape->threads; t++)
    for (gsize i = 0; i < n_sums; i++)
      scratch[i] += scratch[(gsize) t * each + i];
  memcpy (diff_weights, scratch, n_weights * sizeof (float));
  if (diff_bias != NULL)
    memcpy (diff_bias, scratch + n_weights, (gsize) shape->outputs * sizeof (float));
}
