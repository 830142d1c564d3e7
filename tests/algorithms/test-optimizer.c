/* test-optimizer.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <math.h>

#include "algorithms/vision/sb-net.h"
#include "algorithms/vision/sb-optimizer.h"

#define COUNT 1000
#define STEPS 5
#define RATE  0.01
#define DECAY 0.1

/* One weight, in double precision. */
typedef struct
{
  double weight;
  double first;
  double second;
} Reference;

static void
step_reference (Reference *self, SbOptimizerKind kind, double g, int step)
{
  switch (kind)
    {
    case SB_OPTIMIZER_ADAM:
      self->first = 0.9 * self->first + 0.1 * g;
      self->second = 0.999 * self->second + 0.001 * g * g;
      self->weight -= RATE * self->first / (1 - pow (0.9, step)) /
                      (sqrt (self->second / (1 - pow (0.999, step))) + 1e-8);
      break;
    case SB_OPTIMIZER_RMSPROP:
      self->first = 0.9 * self->first + 0.1 * g * g;
      self->weight -= RATE * g / sqrt (self->first + 1e-8);
      break;
    case SB_OPTIMIZER_NAG:
      self->first = 0.9 * self->first + g;
      self->weight -= RATE * (g + 0.9 * self->first);
      break;
    case SB_OPTIMIZER_SGD:
    default:
      self->first = 0.9 * self->first + g;
      self->weight -= RATE * self->first;
    }
}

/* Weights that were spared twice, at both ends and in the middle. */
static gboolean
is_spared (int i)
{
  return i < 10 || (i >= 300 && i < 350) || i >= COUNT - 3;
}

static void
test_steps (gconstpointer data)
{
  SbOptimizerKind kind = (SbOptimizerKind) GPOINTER_TO_INT (data);
  g_autoptr (SbOptimizer) optimizer = sb_optimizer_new (kind, 0.9, DECAY, COUNT);
  Reference references[COUNT] = { 0 };
  float weights[COUNT], gradients[COUNT];
  SbRandom random;

  sb_random_init (&random, 5);
  sb_optimizer_spare (optimizer, COUNT - 3, 3);
  sb_optimizer_spare (optimizer, 0, 10);
  sb_optimizer_spare (optimizer, 300, 20);
  sb_optimizer_spare (optimizer, 320, 30);
  for (int i = 0; i < COUNT; i++)
    references[i].weight = weights[i] = (float) sb_random_normal (&random);
  for (int step = 1; step <= STEPS; step++)
    {
      for (int i = 0; i < COUNT; i++)
        gradients[i] = (float) sb_random_normal (&random);
      for (int i = 0; i < COUNT; i++)
        step_reference (&references[i],
                        kind,
                        gradients[i] + (is_spared (i) ? 0 : DECAY * references[i].weight),
                        step);
      sb_optimizer_step (optimizer, RATE, weights, gradients, 0, COUNT);
    }
  for (int i = 0; i < COUNT; i++)
    g_assert_cmpfloat_with_epsilon (weights[i], references[i].weight, 1e-5);
}

/* Three that each change their share of the same weights are one that changes all. */
static void
test_shares (gconstpointer data)
{
  static const gsize bounds[] = { 0, 7, 311, COUNT };
  SbOptimizerKind kind = (SbOptimizerKind) GPOINTER_TO_INT (data);
  g_autoptr (SbOptimizer) whole = sb_optimizer_new (kind, 0.9, DECAY, COUNT);
  SbOptimizer *shares[3];
  float weights[COUNT], same[COUNT], gradients[COUNT], state[2 * COUNT];
  SbRandom random;

  sb_random_init (&random, 6);
  sb_optimizer_spare (whole, 300, 20);
  for (guint i = 0; i < G_N_ELEMENTS (shares); i++)
    {
      shares[i] = sb_optimizer_new (kind, 0.9, DECAY, COUNT);
      sb_optimizer_spare (shares[i], 300, 20);
      sb_optimizer_move (shares[i], state);
    }
  for (int i = 0; i < COUNT; i++)
    same[i] = weights[i] = (float) sb_random_normal (&random);
  for (int step = 1; step <= STEPS; step++)
    {
      for (int i = 0; i < COUNT; i++)
        gradients[i] = (float) sb_random_normal (&random);
      sb_optimizer_step (whole, RATE, weights, gradients, 0, COUNT);
      for (guint i = 0; i < G_N_ELEMENTS (shares); i++)
        sb_optimizer_step (shares[i], RATE, same, gradients, bounds[i], bounds[i + 1]);
    }
  g_assert_cmpmem (same, sizeof same, weights, sizeof weights);
  g_assert_cmpmem (state,
                   sb_optimizer_get_n_state (whole) * sizeof (float),
                   whole->state,
                   sb_optimizer_get_n_state (whole) * sizeof (float));
  for (guint i = 0; i < G_N_ELEMENTS (shares); i++)
    sb_optimizer_free (shares[i]);
}

static void
test_schedules (void)
{
  double highest = 0;

  g_assert_cmpfloat (sb_schedule ("constant", 0.5, 7, 100), ==, 0.5);
  for (guint64 step = 0; step < 1000; step++)
    {
      double rate = sb_schedule ("one_cycle", 0.5, step, 1000);
      double before = step > 0 ? sb_schedule ("one_cycle", 0.5, step - 1, 1000) : 0;

      /* It rises, and then falls. */
      g_assert_true (step < 300 ? rate > before : rate < before);
      highest = MAX (highest, rate);
    }
  g_assert_cmpfloat_with_epsilon (highest, 0.5, 1e-4);
  g_assert_cmpfloat_with_epsilon (sb_schedule ("one_cycle", 0.5, 0, 1000), 0.02, 1e-3);
  g_assert_cmpfloat_with_epsilon (sb_schedule ("one_cycle", 0.5, 999, 1000), 0.00005, 1e-6);
  g_assert_cmpfloat_with_epsilon (sb_schedule ("cosine", 0.5, 99, 1000), 0.5, 1e-3);
  g_assert_cmpfloat_with_epsilon (sb_schedule ("cosine", 0.5, 999, 1000), 0, 1e-6);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    SbOptimizerKind kind;
  } kinds[] = { { "sgd", SB_OPTIMIZER_SGD },
                { "adam", SB_OPTIMIZER_ADAM },
                { "nag", SB_OPTIMIZER_NAG },
                { "rmsprop", SB_OPTIMIZER_RMSPROP } };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *steps = g_strdup_printf ("/algorithms/optimizer/%s", kinds[i].name);
      g_autofree char *shares = g_strdup_printf ("/algorithms/optimizer/shares/%s", kinds[i].name);

      g_test_add_data_func (steps, GINT_TO_POINTER (kinds[i].kind), test_steps);
      g_test_add_data_func (shares, GINT_TO_POINTER (kinds[i].kind), test_shares);
    }
  g_test_add_func ("/algorithms/schedule", test_schedules);
  return g_test_run ();
}
