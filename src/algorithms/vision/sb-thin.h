/* sb-thin.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbThinShape:
 * @batch: images
 * @height: of an image and of its outputs, in pixels
 * @width: of an image and of its outputs, in pixels
 * @inputs: channels, few
 * @outputs: channels, a multiple of 16
 * @kernel: pixels of a side of the weights; as many are around an image as keep its size
 * @threads: that compute it, the same each time
 * @block: outputs that lie next to each other in memory for one pixel: 8, 16, or 0 for all
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
} SbThinShape;

gboolean sb_thin_is_worth_it (const SbThinShape *shape);
gsize sb_thin_get_n_scratch (const SbThinShape *shape);
void sb_thin_take_gradient (const SbThinShape *shape,
                            const float *src,
                            const float *diff_dst,
                            float *diff_weights,
                            float *diff_bias,
                            float *scratch);

G_END_DECLS
