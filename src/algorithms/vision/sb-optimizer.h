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
 * @SB_OPTIMIZER_NAG: SGD with Nesterov's momentum, as PyTorch computes it
 * @SB_OPTIMIZER_RMSPROP: as MXNet computes it: epsilon is below the root
 */
typedef enum
{
  SB_OPTIMIZER_SGD,
  SB_OPTIMIZER_ADAM,
  SB_OPTIMIZER_NAG,
  SB_OPTIMIZER_RMSPROP,
} SbOptimizerKind;

/**
 * SbOptimizer:
 * @kind: how it steps
 * @momentum: of SGD and NAG
 * @weight_decay: share of the weights that is added to their gradients
 * @beta_1: how much of the mean gradient Adam keeps; 0.9 at first
 * @beta_2: how much of the mean squared gradient Adam keeps; 0.999 at first
 * @epsilon: of Adam and RMSprop; 1e-8 at first
 * @gamma: how much of the mean squared gradient RMSprop keeps; 0.9 at first
 * @step: how many steps it has made
 * @count: how many weights
 * @state: count numbers of momentum or of squares; for Adam count of both
 * @is_moved: whether the state is in memory that others have given
 * @spans: weights that are treated alike; private
 */
typedef struct
{
  SbOptimizerKind kind;
  double momentum;
  double weight_decay;
  double beta_1;
  double beta_2;
  double epsilon;
  double gamma;
  guint64 step;
  gsize count;
  float *state;
  gboolean is_moved;
  GArray *spans;
} SbOptimizer;

SbOptimizer *
sb_optimizer_new (SbOptimizerKind kind, double momentum, double weight_decay, gsize count);
void sb_optimizer_free (SbOptimizer *self);
void sb_optimizer_move (SbOptimizer *self, float *memory);
void sb_optimizer_spare (SbOptimizer *self, gsize begin, gsize count);
gsize sb_optimizer_get_n_state (const SbOptimizer *self);
void sb_optimizer_step (SbOptimizer *self,
                        double rate,
                        float *weights,
                        const float *gradients,
                        gsize begin,
                        gsize end);
double sb_schedule (const char *name, double rate, guint64 step, guint64 n_steps);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbOptimizer, sb_optimizer_free)

G_END_DECLS
