/* sb-optimizer.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-optimizer.h"

#include <math.h>
#include <string.h>

/* The part of the steps in which the rate rises. */
#define WARM_UP 0.1
/* As PyTorch's OneCycleLR has it: the rise, and how much lower begin and end are. */
#define CYCLE_RISE  0.3
#define CYCLE_BEGIN 25
#define CYCLE_END   1e4
/* Fewer weights are not worth waking threads for. */
#define WORTH_THREADS 16384

/* Weights that lie together and are treated alike. */
typedef struct
{
  gsize begin;
  gsize end;
  gboolean decays;
} Span;

SbOptimizer *
sb_optimizer_new (SbOptimizerKind kind, double momentum, double weight_decay, gsize count)
{
  SbOptimizer *self = g_new0 (SbOptimizer, 1);
  Span all = { 0, count, TRUE };

  self->kind = kind;
  self->momentum = momentum;
  self->weight_decay = weight_decay;
  self->beta_1 = 0.9;
  self->beta_2 = 0.999;
  self->epsilon = 1e-8;
  self->gamma = 0.9;
  self->count = count;
  self->state = g_aligned_alloc0 (sb_optimizer_get_n_state (self), sizeof (float), 64);
  self->spans = g_array_new (FALSE, FALSE, sizeof (Span));
  g_array_append_val (self->spans, all);
  return self;
}

void
sb_optimizer_free (SbOptimizer *self)
{
  if (!self->is_moved)
    g_aligned_free (self->state);
  g_array_unref (self->spans);
  g_free (self);
}

gsize
sb_optimizer_get_n_state (const SbOptimizer *self)
{
  return self->kind == SB_OPTIMIZER_ADAM ? 2 * self->count : self->count;
}

/**
 * sb_optimizer_move:
 * @self: an optimizer
 * @memory: room for as many numbers as sb_optimizer_get_n_state() tells, which outlives it
 *
 * From now on its state is there.
 */
void
sb_optimizer_move (SbOptimizer *self, float *memory)
{
  g_return_if_fail (!self->is_moved);
  memcpy (memory, self->state, sb_optimizer_get_n_state (self) * sizeof (float));
  g_aligned_free (self->state);
  self->state = memory;
  self->is_moved = TRUE;
}

/**
 * sb_optimizer_spare:
 * @self: an optimizer
 * @begin: the first of some weights that were not spared yet
 * @count: how many
 *
 * Spares biases and the like the weight decay.
 */
void
sb_optimizer_spare (SbOptimizer *self, gsize begin, gsize count)
{
  Span spared = { begin, begin + count, FALSE };
  guint i = 0;
  Span around;

  while (g_array_index (self->spans, Span, i).end < begin + count)
    i++;
  around = g_array_index (self->spans, Span, i);
  g_return_if_fail (around.decays && around.begin <= begin);
  g_array_index (self->spans, Span, i) = spared;
  if (around.end > spared.end)
    {
      Span rest = { spared.end, around.end, TRUE };

      g_array_insert_val (self->spans, i + 1, rest);
    }
  if (around.begin < begin)
    {
      Span rest = { around.begin, begin, TRUE };

      g_array_insert_val (self->spans, i, rest);
    }
}

static void
step_sgd (SbOptimizer *self,
          const Span *span,
          float rate,
          float decay,
          float *weights,
          const float *gradients)
{
  float momentum = (float) self->momentum;
  float *speed = self->state;

#pragma omp parallel for simd if (span->end - span->begin > WORTH_THREADS)
  for (gsize i = span->begin; i < span->end; i++)
    {
      speed[i] = momentum * speed[i] + gradients[i] + decay * weights[i];
      weights[i] -= rate * speed[i];
    }
}

static void
step_nag (SbOptimizer *self,
          const Span *span,
          float rate,
          float decay,
          float *weights,
          const float *gradients)
{
  float momentum = (float) self->momentum;
  float *speed = self->state;

#pragma omp parallel for simd if (span->end - span->begin > WORTH_THREADS)
  for (gsize i = span->begin; i < span->end; i++)
    {
      float g = gradients[i] + decay * weights[i];

      speed[i] = momentum * speed[i] + g;
      weights[i] -= rate * (g + momentum * speed[i]);
    }
}

static void
step_adam (SbOptimizer *self,
           const Span *span,
           double rate,
           float decay,
           float *weights,
           const float *gradients)
{
  float *mean = self->state, *square = self->state + self->count;
  float beta_1 = (float) self->beta_1, rest_1 = (float) (1 - self->beta_1);
  float beta_2 = (float) self->beta_2, rest_2 = (float) (1 - self->beta_2);
  float first = (float) (rate / (1 - pow (self->beta_1, (double) self->step)));
  float second = (float) (1 / sqrt (1 - pow (self->beta_2, (double) self->step)));
  float epsilon = (float) self->epsilon;

#pragma omp parallel for simd if (span->end - span->begin > WORTH_THREADS)
  for (gsize i = span->begin; i < span->end; i++)
    {
      float g = gradients[i] + decay * weights[i];

      mean[i] = beta_1 * mean[i] + rest_1 * g;
      square[i] = beta_2 * square[i] + rest_2 * g * g;
      weights[i] -= first * mean[i] / (sqrtf (square[i]) * second + epsilon);
    }
}

static void
step_rmsprop (SbOptimizer *self,
              const Span *span,
              float rate,
              float decay,
              float *weights,
              const float *gradients)
{
  float gamma = (float) self->gamma, rest = (float) (1 - self->gamma);
  float epsilon = (float) self->epsilon;
  float *square = self->state;

#pragma omp parallel for simd if (span->end - span->begin > WORTH_THREADS)
  for (gsize i = span->begin; i < span->end; i++)
    {
      float g = gradients[i] + decay * weights[i];

      square[i] = gamma * square[i] + rest * g * g;
      weights[i] -= rate * g / sqrtf (square[i] + epsilon);
    }
}

static void
step_span (SbOptimizer *self, const Span *span, double rate, float *weights, const float *gradients)
{
  float decay = span->decays ? (float) self->weight_decay : 0;

  switch (self->kind)
    {
    case SB_OPTIMIZER_ADAM:
      step_adam (self, span, rate, decay, weights, gradients);
      break;
    case SB_OPTIMIZER_NAG:
      step_nag (self, span, (float) rate, decay, weights, gradients);
      break;
    case SB_OPTIMIZER_RMSPROP:
      step_rmsprop (self, span, (float) rate, decay, weights, gradients);
      break;
    default:
      step_sgd (self, span, (float) rate, decay, weights, gradients);
    }
}

/**
 * sb_optimizer_step:
 * @self: an optimizer
 * @rate: the learning rate
 * @weights: what is changed
 * @gradients: of the mean loss
 * @begin: the first of the weights that are changed
 * @end: the one after the last; somebody else changes the others in the same step
 */
void
sb_optimizer_step (SbOptimizer *self,
                   double rate,
                   float *weights,
                   const float *gradients,
                   gsize begin,
                   gsize end)
{
  self->step++;
  for (guint i = 0; i < self->spans->len; i++)
    {
      Span span = g_array_index (self->spans, Span, i);

      span.begin = MAX (span.begin, begin);
      span.end = MIN (span.end, end);
      if (span.begin < span.end)
        step_span (self, &span, rate, weights, gradients);
    }
}

static double
anneal (double from, double to, double at)
{
  return to + (from - to) * 0.5 * (1 + cos (G_PI * at));
}

/**
 * sb_schedule:
 * @name: `constant`; `cosine`: it rises for a tenth of the steps, then falls to zero; or
 *   `one_cycle`: it rises for three tenths of them, then falls to nearly zero
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

  if (strcmp (name, "one_cycle") == 0)
    return at < CYCLE_RISE ? anneal (rate / CYCLE_BEGIN, rate, at / CYCLE_RISE)
                           : anneal (rate, rate / CYCLE_END, (at - CYCLE_RISE) / (1 - CYCLE_RISE));
  if (strcmp (name, "cosine") != 0)
    return rate;
  if (at < WARM_UP)
    return rate * at / WARM_UP;
  return rate * 0.5 * (1 + cos (G_PI * (at - WARM_UP) / (1 - WARM_UP)));
}
