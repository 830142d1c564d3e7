/* sb-classify-options.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "algorithms/contract/sb-options.h"
#include "algorithms/vision/sb-graph.h"
#include "algorithms/vision/sb-input.h"
#include "algorithms/vision/sb-optimizer.h"

G_BEGIN_DECLS

/**
 * SbClassifyOptions:
 * @options: the hyperparameters as they came
 * @input: how a photo becomes input
 * @n_layers: depth of the network
 * @n_classes: num_classes
 * @n_samples: num_training_samples
 * @epochs: how often every image is seen
 * @batch: of each worker
 * @rate: the learning rate, the highest of a schedule
 * @drops: (element-type int): the epochs from which on the rate is lower, as lr_scheduler_step has
 *   them
 * @factor: what the rate is multiplied by at each of these
 * @top_k: 0 is off
 * @checkpoint_frequency: in epochs; 0 is off
 * @pretrained: whether it begins with weights that were learnt from other images
 * @multi_label: whether an image may be of several classes
 * @weighted: whether rare classes count more
 * @head_only: whether only the last layer learns
 * @early_stopping: whether to stop when there is no progress
 * @min_epochs: before that is thought of
 * @patience: epochs without progress
 * @tolerance: what is no progress yet, as a share of the best accuracy so far
 * @smoothing: of labels
 * @decay: what stays, at each epoch, of the average of all epochs' weights; 0 is off
 * @seed: of all that is random
 *
 * What a job of image classification is to do.
 */
typedef struct
{
  SbOptions *options;
  SbLoaderOptions input;
  int n_layers;
  int n_classes;
  int n_samples;
  int epochs;
  int batch;
  double rate;
  GArray *drops;
  double factor;
  int top_k;
  int checkpoint_frequency;
  gboolean pretrained;
  gboolean multi_label;
  gboolean weighted;
  gboolean head_only;
  gboolean early_stopping;
  int min_epochs;
  int patience;
  double tolerance;
  double smoothing;
  double decay;
  guint64 seed;
} SbClassifyOptions;

SbClassifyOptions *sb_classify_options_read (GError **error);
void sb_classify_options_free (SbClassifyOptions *self);
double sb_classify_options_get_rate (const SbClassifyOptions *self,
                                     int epoch,
                                     guint64 step,
                                     guint64 n_steps);
SbGraphFlags sb_classify_options_get_precision (const SbClassifyOptions *self);
SbOptimizer *sb_classify_options_make_optimizer (const SbClassifyOptions *self,
                                                 SbGraph *graph,
                                                 const SbNet *net);
char *sb_classify_options_describe (const SbClassifyOptions *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbClassifyOptions, sb_classify_options_free)

G_END_DECLS
