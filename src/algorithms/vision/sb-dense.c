/* sb-dense.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A dense layer's answers to a few rows at once. oneDNN copies the weights for each such product,
 * which takes longer than the product itself; here they lie in the order in which they are used
 * from the beginning.
 */

#include "config.h"

#include "algorithms/vision/sb-dense.h"

#include <string.h>

#include "algorithms/vision/sb-winograd-private.h"

#define PANEL SB_WINOGRAD_PANEL
/* With more rows, copying the weights pays. One row alone is a matter of memory only. */
#define MOST_ROWS 12
/* Weights that are worth the trouble. */
#define FEWEST_WEIGHTS (1 << 16)
/* Of every kernel, rows that it takes at once. */
#define MAX_ROWS 16

/**
 * sb_dense_is_worth_it:
 * @shape: of a layer
 *
 * Returns: whether it can be computed here, and faster than by oneDNN
 */
gboolean
sb_dense_is_worth_it (const SbDenseShape *shape)
{
  return sb_winograd_get_kernels () != NULL && shape->batch > 1 && shape->batch <= MOST_ROWS &&
         shape->inputs % PANEL == 0 && shape->outputs % PANEL == 0 &&
         shape->inputs * shape->outputs >= FEWEST_WEIGHTS;
}

/* Rows, with those that fill up the last group. */
static gsize
get_n_rows (const SbDenseShape *shape)
{
  int rows = sb_winograd_get_kernels ()->rows;

  return (gsize) ((shape->batch + rows - 1) / rows * rows);
}

/**
 * sb_dense_get_n_scratch:
 * @shape: of a layer
 *
 * Returns: how many floats of memory sb_dense_compute() wants
 */
gsize
sb_dense_get_n_scratch (const SbDenseShape *shape)
{
  return get_n_rows (shape) * (gsize) shape->inputs;
}

/**
 * sb_dense_order_weights:
 * @shape: of a layer
 * @weights: outputs × inputs numbers
 * @ordered: (out): as many, as sb_dense_compute() wants them
 */
void
sb_dense_order_weights (const SbDenseShape *shape, const float *weights, float *ordered)
{
  for (int o = 0; o < shape->outputs; o++)
    {
      float *to = ordered + (gsize) (o / PANEL * PANEL) * (gsize) shape->inputs + o % PANEL;

      for (int i = 0; i < shape->inputs; i++, to += PANEL)
        *to = *weights++;
    }
}

/* For every 16 inputs the numbers of all rows. */
static void
order_rows (const SbDenseShape *shape, const float *src, float *to)
{
  gsize n_rows = get_n_rows (shape);

  for (int i = 0; i < shape->inputs; i += PANEL, to += n_rows * PANEL)
    {
      for (int row = 0; row < shape->batch; row++)
        memcpy (to + row * PANEL,
                src + (gsize) row * (gsize) shape->inputs + i,
                PANEL * sizeof (float));
      memset (to + shape->batch * PANEL,
              0,
              (n_rows - (gsize) shape->batch) * PANEL * sizeof (float));
    }
}

static void
finish_row (const float *sums, const float *bias, gboolean relu, float *to)
{
  for (int i = 0; i < PANEL; i++)
    {
      float value = sums[i] + (bias != NULL ? bias[i] : 0);

      to[i] = relu && !(value > 0) ? 0 : value;
    }
}

/**
 * sb_dense_compute:
 * @shape: of a layer
 * @src: batch × inputs numbers
 * @ordered: the weights, as sb_dense_order_weights() has left them
 * @bias: (nullable): one number for each output
 * @relu: whether what is below zero becomes zero
 * @dst: (out): batch × outputs numbers
 * @scratch: room for sb_dense_get_n_scratch() numbers
 */
void
sb_dense_compute (const SbDenseShape *shape,
                  const float *src,
                  const float *ordered,
                  const float *bias,
                  gboolean relu,
                  float *dst,
                  float *scratch)
{
  const SbWinogradKernels *kernels = sb_winograd_get_kernels ();
  gsize panel = get_n_rows (shape) * PANEL;

  order_rows (shape, src, scratch);
#pragma omp parallel for num_threads(shape->threads)
  for (int o = 0; o < shape->outputs; o += PANEL)
    for (int first = 0; first < shape->batch; first += kernels->rows)
      {
        int end = MIN (first + kernels->rows, shape->batch);
        float sums[MAX_ROWS * PANEL];

        kernels->multiply (1,
                           scratch + first * PANEL,
                           panel,
                           shape->inputs,
                           ordered + (gsize) o * (gsize) shape->inputs,
                           0,
                           sums);
        for (int row = first; row < end; row++)
          finish_row (sums + (row - first) * PANEL,
                      bias != NULL ? bias + o : NULL,
                      relu,
                      dst + (gsize) row * (gsize) shape->outputs + o);
      }
}
