/* sb-worker.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is around every training: workers, threads, signals, and how it ends.
 */

#include "config.h"

#include "algorithms/vision/sb-worker.h"

#include <omp.h>
#include <signal.h>

#include "algorithms/contract/sb-contract.h"
#include "algorithms/vision/sb-world.h"

static volatile sig_atomic_t stop_wanted;

static void
on_stop (int number)
{
  stop_wanted = 1;
}

/**
 * sb_worker_stop_wanted:
 *
 * Returns: whether this worker was told to end with the model so far
 */
gboolean
sb_worker_stop_wanted (void)
{
  return stop_wanted != 0;
}

/**
 * sb_worker_share:
 * @graph: a training graph
 * @optimizer: what changes its weights
 * @error: %SB_DNN_ERROR
 *
 * Puts gradients where all workers see them, and weights and the optimizer's state where all have
 * the same, if there is such a place: then sb_worker_step() divides its work between the workers.
 *
 * Returns: whether the graph can be used
 */
gboolean
sb_worker_share (SbGraph *graph, SbOptimizer *optimizer, GError **error)
{
  gsize count;
  float *gradients, *common;

  sb_graph_get_weights (graph, &count);
  gradients = sb_world_new_shared (count, count + sb_optimizer_get_n_state (optimizer), &common);
  if (gradients == NULL)
    return TRUE;
  if (!sb_graph_move (graph, common, gradients, error))
    return FALSE;
  sb_optimizer_move (optimizer, common + count);
  sb_world_meet ();
  return TRUE;
}

/**
 * sb_worker_step:
 * @graph: a training graph, whose gradients are being summed since sb_world_sum_begin()
 * @optimizer: what changes its weights
 * @rate: the learning rate
 * @error: %SB_DNN_ERROR
 *
 * Changes the weights by the sums of all workers' gradients.
 *
 * Returns: whether the graph can be used
 */
gboolean
sb_worker_step (SbGraph *graph, SbOptimizer *optimizer, double rate, GError **error)
{
  gsize begin, end;
  float *weights = sb_graph_get_weights (graph, &end);
  const float *gradients = sb_graph_get_gradients (graph);

  sb_world_sum_share (&begin, &end);
  sb_optimizer_step (optimizer, rate, weights, gradients, begin, end);
  if (sb_world_is_shared ())
    sb_world_meet ();
  return sb_graph_refresh (graph, error);
}

/**
 * sb_worker_run:
 * @argv: the program's own arguments, for further workers
 * @func: trains
 * @data: for @func
 *
 * Starts as many workers as the job has hosts, or is one of them.
 *
 * Returns: an exit code
 */
int
sb_worker_run (char **argv, SbWorkerFunc func, gpointer data)
{
  g_autoptr (GError) error = NULL;
  struct sigaction action = { .sa_handler = on_stop };
  guint threads = sb_contract_get_n_threads ();
  int hosts = sb_world_get_hosts ();
  gboolean fine;

  if (hosts > 1 && !sb_world_is_launched ())
    return sb_world_launch (argv, hosts, threads);
  omp_set_num_threads ((int) threads);
  sigaction (SIGTERM, &action, NULL);
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGUSR1, &action, NULL);
  sb_world_start ();
  fine = func (data, &error);
  if (!fine)
    {
      g_autofree char *message = g_strdup_printf ("ClientError: %s", error->message);

      sb_contract_write_failure (message);
      sb_world_abort ();
    }
  sb_world_end ();
  return fine ? 0 : 1;
}
