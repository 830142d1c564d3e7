/* sb-optimizer.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbOptimizerKind:
 * @SB_OPTIMIZER_SGD: with momentum, as PyTorch computes it
 * @SB_OPTIMIZER_ADAM: with bias correction, as PyTorch computes it
 */
typedef enum
{
  SB_OPTIMIZER_SGD,
  SB_OPTIMIZER_ADAM,
} SbOptimizerKind;

/**
 * SbOptimizer:
 * @kind: how it steps
 * @momentum: of SGD
 * @weight_decay: share of the weights that is added to their gradients
 * @step: how many steps it has made
 * @count: how many weights
 * @state: count numbers of momentum; for Adam as many again of squares
 */
typedef struct
{
  SbOptimizerKind kind;
  double momentum;
  double weight_decay;
  guint64 step;
  gsize count;
  float *state;
} SbOptimizer;

SbOptimizer *
sb_optimizer_new (SbOptimizerKind kind, double momentum, double weight_decay, gsize count);
void sb_optimizer_free (SbOptimizer *self);
gsize sb_optimizer_get_n_state (const SbOptimizer *self);
void sb_optimizer_step (SbOptimizer *self, double rate, float *weights, const float *gradients);
double sb_schedule (const char *name, double rate, guint64 step, guint64 n_steps);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbOptimizer, sb_optimizer_free)

G_END_DECLS
