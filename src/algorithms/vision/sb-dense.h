/* sb-dense.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbDenseShape:
 * @batch: rows of inputs, few
 * @inputs: numbers in a row, a multiple of 16
 * @outputs: numbers in a row of results, a multiple of 16
 * @threads: that compute it
 *
 * A dense layer of which only the answers are wanted, in 32 bit.
 */
typedef struct
{
  int batch;
  int inputs;
  int outputs;
  int threads;
} SbDenseShape;

gboolean sb_dense_is_worth_it (const SbDenseShape *shape);
gsize sb_dense_get_n_scratch (const SbDenseShape *shape);
void sb_dense_order_weights (const SbDenseShape *shape, const float *weights, float *ordered);
void sb_dense_compute (const SbDenseShape *shape,
                       const float *src,
                       const float *ordered,
                       const float *bias,
                       gboolean relu,
                       float *dst,
                       float *scratch);

G_END_DECLS
