/* sb-graph.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "algorithms/vision/sb-dnn.h"
#include "algorithms/vision/sb-net.h"

G_BEGIN_DECLS

/**
 * SbGraphFlags:
 * @SB_GRAPH_INFERENCE: forward only; dropout does nothing, normalizations use what they have learnt
 * @SB_GRAPH_TRAINING: forward and backward
 * @SB_GRAPH_BF16: compute in bfloat16; weights and their gradients stay 32 bit
 * @SB_GRAPH_HEAD_ONLY: in training, only the last dense layer learns: all before it computes as in
 *   inference, the backward pass stops there, and the graph's weights are that layer's alone
 * @SB_GRAPH_EXACT: no Winograd convolutions, which save multiplications at the price of about two
 *   digits of precision; for 32 bit alone
 */
typedef enum
{
  SB_GRAPH_INFERENCE = 0,
  SB_GRAPH_TRAINING = 1 << 0,
  SB_GRAPH_BF16 = 1 << 1,
  SB_GRAPH_HEAD_ONLY = 1 << 2,
  SB_GRAPH_EXACT = 1 << 3,
} SbGraphFlags;

/**
 * SbGraph:
 *
 * A net made ready to compute for batches of one size: every primitive, layout and buffer is chosen
 * once. In training the weights are kept in the layout of their gradients, as one flat array; in
 * inference they are kept as they are used alone, with normalizations folded into the convolutions
 * before them. One thread at a time.
 *
 * The same net, batch, seed, flags and number of threads give the same numbers on the same
 * processor.
 */
typedef struct _SbGraph SbGraph;

/**
 * SbGradientFunc:
 * @gradients: gradients that are final from now on
 * @count: their number
 * @data: the caller's
 *
 * Called while the backward pass goes on, so that sending them overlaps with it.
 */
typedef void (*SbGradientFunc) (float *gradients, gsize count, gpointer data);

SbGraph *sb_graph_new (const SbNet *net, int batch, SbGraphFlags flags, GError **error);
void sb_graph_free (SbGraph *self);
int sb_graph_get_batch (const SbGraph *self);
gboolean sb_graph_load (SbGraph *self, const SbNet *net, GError **error);
gboolean sb_graph_store (const SbGraph *self, SbNet *net, GError **error);
gboolean sb_graph_refresh (SbGraph *self, GError **error);
float *sb_graph_get_input (SbGraph *self);
const float *sb_graph_get_logits (const SbGraph *self);
float *sb_graph_get_weights (SbGraph *self, gsize *count);
float *sb_graph_get_gradients (SbGraph *self);
gboolean sb_graph_move (SbGraph *self, float *weights, float *gradients, GError **error);
float *sb_graph_get_statistics (SbGraph *self, gsize *count);
gboolean sb_graph_get_range (const SbGraph *self, guint weight, gsize *offset, gsize *count);
const float *sb_graph_get_features (const SbGraph *self, gsize *per_image);
void sb_graph_set_seed (SbGraph *self, guint64 seed);
void sb_graph_set_smoothing (SbGraph *self, double smoothing);

gboolean sb_graph_forward (SbGraph *self, GError **error);
double sb_graph_loss (SbGraph *self,
                      const int *labels,
                      const float *class_weights,
                      double scale,
                      guint *n_right);
double sb_graph_loss_multi (SbGraph *self,
                            const float *targets,
                            const float *class_weights,
                            double scale,
                            guint *n_right);
gboolean sb_graph_backward (SbGraph *self, SbGradientFunc func, gpointer data, GError **error);
void sb_graph_get_probabilities (const SbGraph *self, int row, float *probabilities);
void sb_graph_get_probabilities_multi (const SbGraph *self, int row, float *probabilities);
gboolean sb_graph_export_gradients (const SbGraph *self, float *plain, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbGraph, sb_graph_free)

G_END_DECLS
