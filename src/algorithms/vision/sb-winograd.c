/* sb-winograd.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-winograd.h"

#include <string.h>

#include "algorithms/vision/sb-winograd-private.h"

#define POINTS 36
/* A whole number of rows of every kernel. */
#define TILES_STEP 12
/* In floats: what of a group of tiles should be in the cache at once, and what it may take. */
#define GROUP_WANTED (1 << 20)
#define GROUP_MOST   (1 << 22)
/* So that the points do not share a line of the cache. */
#define SKEW 16
/* Tiles below which reading the weights, which are four times as many, takes longer than is won. */
#define FEWEST_TILES 32

/* Tiles whose points are computed together. */
typedef struct
{
  int rows;    /* of tiles in an image */
  int columns; /* of tiles in an image */
  int total;
  int size; /* tiles in a group */
} Groups;

static const SbWinogradKernels *
get_kernels (void)
{
#ifdef __x86_64__
  if (__builtin_cpu_supports ("avx512f"))
    return &sb_winograd_avx512_kernels;
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    return &sb_winograd_avx2_kernels;
#endif
  return NULL;
}

static SbWinogradImage
make_image (const SbWinogradShape *shape, int channels)
{
  return (
      SbWinogradImage){ shape->height, shape->width, shape->block > 0 ? shape->block : channels };
}

static Groups
make_groups (const SbWinogradShape *shape)
{
  Groups groups = { .rows = (shape->height + 3) / 4, .columns = (shape->width + 3) / 4 };
  int both = shape->inputs + shape->outputs;
  int most = GROUP_MOST / (POINTS * both);

  groups.total = shape->batch * groups.rows * groups.columns;
  /* Few tiles fit into the cache, but many share what is read of the weights. */
  groups.size = MAX (GROUP_WANTED / (POINTS * both), shape->inputs * shape->outputs / both);
  groups.size = MIN (MIN (groups.size, most), groups.total);
  groups.size = MAX (1, (groups.size + TILES_STEP - 1) / TILES_STEP) * TILES_STEP;
  return groups;
}

/**
 * sb_winograd_is_worth_it:
 * @shape: of a convolution
 *
 * A rule, so that the same convolution is always computed in the same way on the same processor.
 *
 * Returns: whether it can be done here, and is faster than a direct convolution
 */
gboolean
sb_winograd_is_worth_it (const SbWinogradShape *shape)
{
  return get_kernels () != NULL && shape->inputs % SB_WINOGRAD_PANEL == 0 &&
         shape->outputs % SB_WINOGRAD_PANEL == 0 && shape->height >= 4 && shape->width >= 4 &&
         make_groups (shape).total >= FEWEST_TILES;
}

/**
 * sb_winograd_get_n_points:
 * @shape: of a convolution
 *
 * Returns: how many floats its weights become
 */
gsize
sb_winograd_get_n_points (const SbWinogradShape *shape)
{
  return POINTS * ((gsize) shape->inputs * (gsize) shape->outputs + SKEW);
}

static gsize
get_step (const Groups *groups, int channels)
{
  return (gsize) groups->size * (gsize) channels + SKEW;
}

/**
 * sb_winograd_get_n_scratch:
 * @shape: of a convolution
 *
 * Returns: how many floats of memory are wanted while it is computed
 */
gsize
sb_winograd_get_n_scratch (const SbWinogradShape *shape)
{
  Groups groups = make_groups (shape);

  return POINTS * (get_step (&groups, shape->inputs) + get_step (&groups, shape->outputs));
}

static SbWinogradTile
get_tile (const Groups *groups, int i)
{
  int in_image = i % (groups->rows * groups->columns);

  return (SbWinogradTile){ i / (groups->rows * groups->columns),
                           in_image / groups->columns,
                           in_image % groups->columns };
}

/**
 * sb_winograd_change_weights:
 * @shape: of a convolution
 * @weights: 3 × 3 × inputs × outputs numbers
 * @turned: whether the pixels are to be taken in the opposite order: the gradient of the inputs is
 * a convolution of the outputs' gradient with such weights, inputs and outputs exchanged
 * @points: (out): room for sb_winograd_get_n_points() numbers
 */
void
sb_winograd_change_weights (const SbWinogradShape *shape,
                            const float *weights,
                            gboolean turned,
                            float *points)
{
  const SbWinogradKernels *kernels = get_kernels ();
  gsize inputs = (gsize) shape->inputs, outputs = (gsize) shape->outputs;
  gsize step = inputs * outputs + SKEW;

#pragma omp parallel for
  for (int i = 0; i < shape->inputs; i++)
    for (int o = 0; o < shape->outputs; o += kernels->width)
      kernels->weights (weights + (gsize) i * outputs + o,
                        inputs * outputs,
                        turned,
                        points +
                            ((gsize) (o / SB_WINOGRAD_PANEL) * inputs + (gsize) i) *
                                SB_WINOGRAD_PANEL +
                            o % SB_WINOGRAD_PANEL,
                        step);
}

/* The products of a group's tiles at every point. */
static void
multiply (const SbWinogradKernels *kernels,
          const SbWinogradShape *shape,
          const Groups *groups,
          int n,
          const float *a,
          const float *points,
          float *to)
{
  int panels = shape->outputs / SB_WINOGRAD_PANEL;
  gsize panel = (gsize) groups->size * SB_WINOGRAD_PANEL;

#pragma omp for
  for (int job = 0; job < POINTS * panels; job++)
    {
      gsize point = (gsize) (job / panels), o = (gsize) (job % panels);
      const float *from = a + point * get_step (groups, shape->inputs);
      const float *weights = points +
                             point * ((gsize) shape->inputs * (gsize) shape->outputs + SKEW) +
                             o * (gsize) shape->inputs * SB_WINOGRAD_PANEL;
      float *result = to + point * get_step (groups, shape->outputs) + o * panel;

      for (int row = 0; row < n; row += kernels->rows)
        kernels->multiply (from + row * SB_WINOGRAD_PANEL,
                           panel,
                           shape->inputs,
                           weights,
                           result + row * SB_WINOGRAD_PANEL);
    }
}

/**
 * sb_winograd_convolve:
 * @shape: of the convolution
 * @src: the inputs
 * @points: the weights, as sb_winograd_change_weights() has left them
 * @bias: (nullable): one number for each output channel
 * @sum: whether to add the result to what is in @dst
 * @relu: whether what is below zero then becomes zero
 * @dst: (out): the outputs
 * @scratch: room for sb_winograd_get_n_scratch() numbers
 */
void
sb_winograd_convolve (const SbWinogradShape *shape,
                      const float *src,
                      const float *points,
                      const float *bias,
                      gboolean sum,
                      gboolean relu,
                      float *dst,
                      float *scratch)
{
  const SbWinogradKernels *kernels = get_kernels ();
  Groups groups = make_groups (shape);
  SbWinogradImage in = make_image (shape, shape->inputs);
  SbWinogradImage out = make_image (shape, shape->outputs);
  SbWinogradEnd end = { bias, sum, relu };
  gsize in_step = get_step (&groups, shape->inputs);
  gsize out_step = get_step (&groups, shape->outputs);
  gsize panel = (gsize) groups.size * SB_WINOGRAD_PANEL;
  float *products = scratch + POINTS * in_step;

#pragma omp parallel
  for (int first = 0; first < groups.total; first += groups.size)
    {
      int n = MIN (groups.size, groups.total - first);

#pragma omp for
      for (int i = 0; i < n; i++)
        kernels->input (&in,
                        src,
                        shape->inputs,
                        get_tile (&groups, first + i),
                        scratch + i * SB_WINOGRAD_PANEL,
                        in_step,
                        panel);
      multiply (kernels, shape, &groups, n, scratch, points, products);
#pragma omp for
      for (int i = 0; i < n; i++)
        kernels->output (&out,
                         dst,
                         shape->outputs,
                         get_tile (&groups, first + i),
                         products + i * SB_WINOGRAD_PANEL,
                         out_step,
                         panel,
                         &end);
    }
}

/* Adds a group's share to the gradients of the weights' points. */
static void
multiply_back (const SbWinogradKernels *kernels,
               const SbWinogradShape *shape,
               const Groups *groups,
               int n,
               const float *a,
               const float *b,
               float *to)
{
  int panels = shape->outputs / SB_WINOGRAD_PANEL;
  gsize panel = (gsize) groups->size * SB_WINOGRAD_PANEL;
  gsize step = (gsize) shape->inputs * (gsize) shape->outputs + SKEW;

#pragma omp for
  for (int job = 0; job < POINTS * panels; job++)
    {
      gsize point = (gsize) (job / panels), o = (gsize) (job % panels);
      const float *from = a + point * get_step (groups, shape->inputs);
      const float *by = b + point * get_step (groups, shape->outputs) + o * panel;
      float *result = to + point * step + o * (gsize) shape->inputs * SB_WINOGRAD_PANEL;

      for (int i = 0; i < shape->inputs; i += SB_WINOGRAD_PANEL)
        kernels->multiply_back (from + (gsize) (i / SB_WINOGRAD_PANEL) * panel,
                                by,
                                n,
                                result + i * SB_WINOGRAD_PANEL);
    }
}

/**
 * sb_winograd_take_gradient:
 * @shape: of the convolution
 * @src: its inputs
 * @diff_dst: the gradient of its outputs
 * @diff_weights: (out): the gradient of its weights, 3 × 3 × inputs × outputs numbers
 * @scratch: room for sb_winograd_get_n_points() and sb_winograd_get_n_scratch() numbers together
 */
void
sb_winograd_take_gradient (const SbWinogradShape *shape,
                           const float *src,
                           const float *diff_dst,
                           float *diff_weights,
                           float *scratch)
{
  const SbWinogradKernels *kernels = get_kernels ();
  Groups groups = make_groups (shape);
  SbWinogradImage in = make_image (shape, shape->inputs);
  SbWinogradImage out = make_image (shape, shape->outputs);
  gsize inputs = (gsize) shape->inputs, outputs = (gsize) shape->outputs;
  gsize in_step = get_step (&groups, shape->inputs);
  gsize out_step = get_step (&groups, shape->outputs);
  gsize panel = (gsize) groups.size * SB_WINOGRAD_PANEL;
  float *points = scratch;
  float *a = points + sb_winograd_get_n_points (shape), *b = a + POINTS * in_step;

  memset (points, 0, sb_winograd_get_n_points (shape) * sizeof (float));
#pragma omp parallel
  {
    for (int first = 0; first < groups.total; first += groups.size)
      {
        int n = MIN (groups.size, groups.total - first);

#pragma omp for
        for (int i = 0; i < n; i++)
          {
            SbWinogradTile tile = get_tile (&groups, first + i);
            gsize at = (gsize) i * SB_WINOGRAD_PANEL;

            kernels->input (&in, src, shape->inputs, tile, a + at, in_step, panel);
            kernels->gradient (&out, diff_dst, shape->outputs, tile, b + at, out_step, panel);
          }
        multiply_back (kernels, shape, &groups, n, a, b, points);
      }
#pragma omp for
    for (int i = 0; i < shape->inputs; i++)
      for (int o = 0; o < shape->outputs; o += kernels->width)
        kernels->weights_back (points +
                                   ((gsize) (o / SB_WINOGRAD_PANEL) * inputs + (gsize) i) *
                                       SB_WINOGRAD_PANEL +
                                   o % SB_WINOGRAD_PANEL,
                               inputs * outputs + SKEW,
                               diff_weights + (gsize) i * outputs + o,
                               inputs * outputs);
  }
}
