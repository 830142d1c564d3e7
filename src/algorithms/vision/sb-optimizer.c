/* sb-optimizer.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-optimizer.h"

#include <math.h>
#include <string.h>

#define BETA1   0.9
#define BETA2   0.999
#define EPSILON 1e-8
/* The part of the steps in which the rate rises. */
#define WARM_UP 0.1

SbOptimizer *
sb_optimizer_new (SbOptimizerKind kind, double momentum, double weight_decay, gsize count)
{
  SbOptimizer *self = g_new0 (SbOptimizer, 1);

  self->kind = kind;
  self->momentum = momentum;
  self->weight_decay = weight_decay;
  self->count = count;
  self->state = g_aligned_alloc0 (sb_optimizer_get_n_state (self), sizeof (float), 64);
  return self;
}

void
sb_optimizer_free (SbOptimizer *self)
{
  g_aligned_free (self->state);
  g_free (self);
}

gsize
sb_optimizer_get_n_state (const SbOptimizer *self)
{
  return self->kind == SB_OPTIMIZER_ADAM ? 2 * self->count : self->count;
}

static void
step_sgd (SbOptimizer *self, float rate, float *weights, const float *gradients)
{
  float momentum = (float) self->momentum, decay = (float) self->weight_decay;
  float *speed = self->state;

#pragma omp parallel for simd
  for (gsize i = 0; i < self->count; i++)
    {
      speed[i] = momentum * speed[i] + gradients[i] + decay * weights[i];
      weights[i] -= rate * speed[i];
    }
}

static void
step_adam (SbOptimizer *self, double rate, float *weights, const float *gradients)
{
  float *mean = self->state, *square = self->state + self->count;
  float decay = (float) self->weight_decay;
  float first = (float) (rate / (1 - pow (BETA1, (double) self->step)));
  float second = (float) (1 / sqrt (1 - pow (BETA2, (double) self->step)));

#pragma omp parallel for simd
  for (gsize i = 0; i < self->count; i++)
    {
      float g = gradients[i] + decay * weights[i];

      mean[i] = (float) BETA1 * mean[i] + (float) (1 - BETA1) * g;
      square[i] = (float) BETA2 * square[i] + (float) (1 - BETA2) * g * g;
      weights[i] -= first * mean[i] / (sqrtf (square[i]) * second + (float) EPSILON);
    }
}

/**
 * sb_optimizer_step:
 * @self: an optimizer
 * @rate: the learning rate
 * @weights: what is changed
 * @gradients: of the mean loss
 */
void
sb_optimizer_step (SbOptimizer *self, double rate, float *weights, const float *gradients)
{
  self->step++;
  if (self->kind == SB_OPTIMIZER_ADAM)
    step_adam (self, rate, weights, gradients);
  else
    step_sgd (self, (float) rate, weights, gradients);
}

/**
 * sb_schedule:
 * @name: `constant`, or `cosine`: it rises for a tenth of the steps, then falls to zero
 * @rate: the highest rate
 * @step: which step, from 0
 * @n_steps: of how many
 *
 * Returns: the rate of that step
 */
double
sb_schedule (const char *name, double rate, guint64 step, guint64 n_steps)
{
  double at = ((double) step + 1) / (double) MAX (n_steps, 1);

  if (strcmp (name, "cosine") != 0)
    return rate;
  if (at < WARM_UP)
    return rate * at / WARM_UP;
  return rate * 0.5 * (1 + cos (G_PI * (at - WARM_UP) / (1 - WARM_UP)));
}
