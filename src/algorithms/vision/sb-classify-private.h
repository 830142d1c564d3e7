/* sb-classify-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "algorithms/vision/sb-checkpoint.h"
#include "algorithms/vision/sb-classify-options.h"
#include "algorithms/vision/sb-graph.h"
#include "algorithms/vision/sb-source.h"

G_BEGIN_DECLS

/**
 * SbTally:
 * @loss: sum of the images' losses
 * @right: how many answers were right
 * @top: how many right classes were among the likeliest k
 * @seen: how many answers there were: one for each image; with several labels, one for each class
 * @images: how many images
 *
 * What was counted, by one worker or by all.
 */
typedef struct
{
  double loss;
  double right;
  double top;
  double seen;
  double images;
} SbTally;

/**
 * SbBest:
 * @epoch: the epoch whose weights they are, from 1; 0 when there are none yet
 * @accuracy: in validation
 * @progress: the accuracy that early stopping compares with
 * @waited: for how many epochs there was no progress
 * @values: the weights, in the order of SbNet.values
 */
typedef struct
{
  int epoch;
  double accuracy;
  double progress;
  int waited;
  float *values;
} SbBest;

/**
 * SbClassify:
 * @options: what to do
 * @train: the photos
 * @validation: (nullable): other photos
 * @full: the network as it is stored
 * @net: what learns: @full, or its last layer alone
 * @graph: @net in training
 * @evaluation: (nullable): @net in inference, for @validation
 * @optimizer: changes @graph
 * @source: gives @train to @graph
 * @validation_source: (nullable): gives @validation to @evaluation
 * @class_weights: (nullable): how much each class counts
 * @share: (element-type guint32): which photos this worker may see
 * @sharded: whether no other worker sees these
 * @n_steps: of an epoch
 * @first_epoch: where it begins, after a checkpoint
 * @labels: of a batch
 * @targets: of a batch
 * @tally: of this worker in this epoch
 * @average: (nullable): of the weights after each epoch so far, in the order of SbNet.values
 * @best: what is stored in the end
 *
 * A training of image classification, or one worker's part in it.
 */
typedef struct
{
  SbClassifyOptions *options;
  SbDataset *train;
  SbDataset *validation;
  SbNet *full;
  SbNet *net;
  SbGraph *graph;
  SbGraph *evaluation;
  SbOptimizer *optimizer;
  SbSource *source;
  SbSource *validation_source;
  float *class_weights;
  GArray *share;
  gboolean sharded;
  guint64 n_steps;
  int first_epoch;
  int *labels;
  float *targets;
  SbTally tally;
  float *average;
  SbBest best;
} SbClassify;

gboolean _sb_classify_start (SbClassify *self, GError **error);
void _sb_classify_clear (SbClassify *self);

void _sb_classify_begin_epoch (SbClassify *self, int epoch);
gboolean _sb_classify_step (SbClassify *self, int epoch, guint64 step, GError **error);
gboolean _sb_classify_evaluate (SbClassify *self, int epoch, SbTally *tally, GError **error);
gboolean _sb_classify_gather (const SbClassify *self, SbTally *tally);

gboolean _sb_classify_save_model (SbClassify *self, const char *folder, GError **error);
gboolean _sb_classify_save_checkpoint (SbClassify *self, int epoch, GError **error);
gboolean _sb_classify_resume (SbClassify *self, GError **error);

void _sb_classify_say (const char *format, ...) G_GNUC_PRINTF (1, 2);

G_END_DECLS
