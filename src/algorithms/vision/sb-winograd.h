/* sb-winograd.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Convolutions of 3 × 3 or 5 × 5 pixels with a stride of 1, whose outputs are as large as their
 * inputs, with a quarter or a sixth of the multiplications, which are in 32 bit. Images are so,
 * too, or in bfloat16. oneDNN has those of 3 × 3 up to version 2, in 32 bit and for AVX-512 alone.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbWinogradShape:
 * @batch: images
 * @height: of an image, in pixels
 * @width: of an image, in pixels
 * @inputs: channels, a multiple of 16
 * @outputs: channels, a multiple of 16
 * @kernel: pixels of a side of the weights, 3 or 5; half as many are around an image
 * @threads: that compute it, the same each time
 * @block: channels that lie next to each other in memory for one pixel: 8, 16, or 0 for all
 * @narrow: whether inputs, outputs and their gradients are in bfloat16, all else being in 32 bit
 */
typedef struct
{
  int batch;
  int height;
  int width;
  int inputs;
  int outputs;
  int kernel;
  int threads;
  int block;
  gboolean narrow;
} SbWinogradShape;

/**
 * SbWinogradWeights:
 * @points: (nullable): the weights as sb_winograd_change_weights() has left them, if they stay
 * @plain: (nullable): else for every 16 outputs kernel × kernel × inputs × 16 numbers
 * @turned: whether their pixels are to be taken in the opposite order: the gradient of the inputs
 * is a convolution of the outputs' gradient with such weights, inputs and outputs exchanged
 */
typedef struct
{
  const float *points;
  const float *plain;
  gboolean turned;
} SbWinogradWeights;

/**
 * SbWinogradEnd:
 * @bias: (nullable): one number for each output channel
 * @plus: (nullable): numbers of the outputs' shape that are added, such as what was in the output
 * @relu: whether what is below zero then becomes zero
 *
 * What is done to a result.
 */
typedef struct
{
  const float *bias;
  const void *plus;
  gboolean relu;
} SbWinogradEnd;

gboolean sb_winograd_is_worth_it (const SbWinogradShape *shape);
gsize sb_winograd_get_n_points (const SbWinogradShape *shape);
gsize sb_winograd_get_n_scratch (const SbWinogradShape *shape, gboolean changed);
gsize sb_winograd_get_n_gradient_scratch (const SbWinogradShape *shape);
void sb_winograd_change_weights (const SbWinogradShape *shape,
                                 const SbWinogradWeights *weights,
                                 float *points);
void sb_winograd_convolve (const SbWinogradShape *shape,
                           const void *src,
                           const SbWinogradWeights *weights,
                           const SbWinogradEnd *end,
                           void *dst,
                           float *scratch);
void sb_winograd_take_gradient (const SbWinogradShape *shape,
                                const void *src,
                                const void *diff_dst,
                                float *diff_weights,
                                float *diff_bias,
                                float *scratch);

G_END_DECLS
