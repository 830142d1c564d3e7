/* vision-speed.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How fast a network computes, without reading or augmenting anything:
 *
 *   vision-speed train|predict BATCH THREADS fp32|exact|bf16 SECONDS [LAYERS SIDE CLASSES]
 *
 * prints a line of JSON: images per second, the median of one pass in milliseconds and the most
 * memory that the process had, in megabytes. A training pass is forward, backward and a step of SGD
 * with momentum. The network is that of the digits, or a residual one.
 */

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "algorithms/vision/sb-graph.h"
#include "algorithms/vision/sb-optimizer.h"

typedef struct
{
  SbNet *net;
  SbGraph *graph;
  SbOptimizer *optimizer;
  int *labels;
  int batch;
} Speed;

static void
set_up (Speed *self, SbGraphFlags flags, char **network)
{
  SbRandom random;
  gsize count;
  GError *error = NULL;

  self->net = network[0] == NULL ? sb_net_new_digits ()
                                 : sb_net_new_resnet (atoi (network[0]),
                                                      3,
                                                      atoi (network[1]),
                                                      atoi (network[1]),
                                                      atoi (network[2]),
                                                      &error);
  if (self->net == NULL)
    g_error ("%s", error->message);
  sb_net_initialize (self->net, 1);
  self->graph = sb_graph_new (self->net, self->batch, flags, &error);
  if (self->graph == NULL)
    g_error ("%s", error->message);
  sb_graph_get_weights (self->graph, &count);
  self->optimizer = sb_optimizer_new (SB_OPTIMIZER_SGD, 0.9, 0, count);
  self->labels = g_new (int, self->batch);
  sb_random_init (&random, 2);
  for (int i = 0; i < self->batch; i++)
    self->labels[i] = i % 10;
  for (int i = 0; i < self->batch * self->net->channels * self->net->height * self->net->width; i++)
    sb_graph_get_input (self->graph)[i] = (float) sb_random_double (&random);
}

static void
pass (Speed *self, gboolean training)
{
  GError *error = NULL;
  gsize count;
  guint right;
  gboolean fine = sb_graph_forward (self->graph, &error);

  if (fine && training)
    {
      float *weights = sb_graph_get_weights (self->graph, &count);

      sb_graph_loss (self->graph, self->labels, NULL, 1.0 / self->batch, &right);
      fine = sb_graph_backward (self->graph, NULL, NULL, &error);
      sb_optimizer_step (
          self->optimizer, 0.001, weights, sb_graph_get_gradients (self->graph), 0, count);
      fine = fine && sb_graph_refresh (self->graph, &error);
    }
  if (!fine)
    g_error ("%s", error->message);
}

static int
compare (const void *a, const void *b)
{
  const gint64 *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

int
main (int argc, char **argv)
{
  Speed self = { 0 };
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  gboolean training;
  SbGraphFlags flags;
  gint64 begin, end;
  struct rusage usage;

  if (argc != 6 && argc != 9)
    return 2;
  training = strcmp (argv[1], "train") == 0;
  self.batch = atoi (argv[2]);
  omp_set_num_threads (atoi (argv[3]));
  flags = training ? SB_GRAPH_TRAINING : SB_GRAPH_INFERENCE;
  if (strcmp (argv[4], "bf16") == 0)
    {
      if (!sb_dnn_has_bf16 ())
        return 3;
      flags |= SB_GRAPH_BF16;
    }
  if (strcmp (argv[4], "exact") == 0)
    flags |= SB_GRAPH_EXACT;
  set_up (&self, flags, argv + 6);
  for (int i = 0; i < (argc == 6 ? 10 : 2); i++)
    pass (&self, training);
  begin = g_get_monotonic_time ();
  end = begin + (gint64) (g_ascii_strtod (argv[5], NULL) * G_USEC_PER_SEC);
  for (gint64 last = begin; last < end;)
    {
      gint64 now, took;

      pass (&self, training);
      now = g_get_monotonic_time ();
      took = now - last;
      g_array_append_val (times, took);
      last = now;
    }
  g_array_sort (times, compare);
  getrusage (RUSAGE_SELF, &usage);
  printf ("{\"per_second\": %.1f, \"median\": %.4f, \"memory\": %.0f}\n",
          (double) self.batch * times->len * G_USEC_PER_SEC /
              (double) (g_get_monotonic_time () - begin),
          (double) g_array_index (times, gint64, times->len / 2) / 1000,
          (double) usage.ru_maxrss / 1024);
  g_clear_pointer (&self.optimizer, sb_optimizer_free);
  sb_graph_free (self.graph);
  sb_net_free (self.net);
  g_free (self.labels);
  return 0;
}
