/* vision-tool.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   vision-tool gradients FOLDER BATCH: reads FOLDER/model.json, model.safetensors, input.bin
 *   (float) and labels.bin (int32); writes logits.bin and gradients.bin (float, as SbNet.values).
 *   vision-tool steps FOLDER BATCH N OPTIMIZER RATE MOMENTUM DECAY: trains N steps on that one
 * batch and writes losses.bin (double) and the weights to FOLDER/after. vision-tool digit IMAGE
 * OUT: writes what a picture becomes, 784 floats.
 */

#include "config.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "algorithms/vision/sb-graph.h"
#include "algorithms/vision/sb-optimizer.h"
#include "formats/sb-picture.h"

static void
die (GError *error)
{
  g_printerr ("%s\n", error->message);
  exit (1);
}

static char *
read_file (const char *folder, const char *name, gsize *length)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  GError *error = NULL;
  char *data;

  if (!g_file_get_contents (path, &data, length, &error))
    die (error);
  return data;
}

static void
write_file (const char *folder, const char *name, const void *data, gsize length)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  GError *error = NULL;

  if (!g_file_set_contents (path, data, (gssize) length, &error))
    die (error);
}

static double
go_through (SbGraph *graph, const char *folder, int batch)
{
  gsize n_input, n_labels;
  g_autofree char *input = read_file (folder, "input.bin", &n_input);
  g_autofree char *labels = read_file (folder, "labels.bin", &n_labels);
  GError *error = NULL;
  double loss;
  guint right;

  g_assert_cmpuint (n_labels, ==, (gsize) batch * sizeof (int));
  memcpy (sb_graph_get_input (graph), input, n_input);
  if (!sb_graph_forward (graph, &error))
    die (error);
  loss = sb_graph_loss (graph, (const int *) labels, NULL, 1.0 / batch, &right);
  if (!sb_graph_backward (graph, NULL, NULL, &error))
    die (error);
  return loss / batch;
}

static void
take_gradients (SbNet *net, const char *folder, int batch)
{
  GError *error = NULL;
  g_autoptr (SbGraph) graph = sb_graph_new (net, batch, SB_GRAPH_TRAINING, &error);
  g_autofree float *gradients = g_new (float, net->n_values);

  if (graph == NULL)
    die (error);
  go_through (graph, folder, batch);
  if (!sb_graph_export_gradients (graph, gradients, &error))
    die (error);
  write_file (folder, "gradients.bin", gradients, net->n_values * sizeof (float));
  write_file (folder,
              "logits.bin",
              sb_graph_get_logits (graph),
              (gsize) batch * (gsize) net->n_classes * sizeof (float));
}

static void
take_steps (SbNet *net, const char *folder, int batch, int n, char **argv)
{
  GError *error = NULL;
  g_autoptr (SbGraph) graph = sb_graph_new (net, batch, SB_GRAPH_TRAINING, &error);
  g_autoptr (SbOptimizer) optimizer = NULL;
  g_autofree double *losses = g_new (double, n);
  g_autofree char *after = g_build_filename (folder, "after", NULL);
  float *weights;
  gsize count;

  if (graph == NULL)
    die (error);
  weights = sb_graph_get_weights (graph, &count);
  optimizer =
      sb_optimizer_new (strcmp (argv[0], "adam") == 0 ? SB_OPTIMIZER_ADAM : SB_OPTIMIZER_SGD,
                        g_ascii_strtod (argv[2], NULL),
                        g_ascii_strtod (argv[3], NULL),
                        count);
  for (int i = 0; i < n; i++)
    {
      losses[i] = go_through (graph, folder, batch);
      sb_optimizer_step (optimizer,
                         g_ascii_strtod (argv[1], NULL),
                         weights,
                         sb_graph_get_gradients (graph));
      if (!sb_graph_refresh (graph, &error))
        die (error);
    }
  g_mkdir_with_parents (after, 0700);
  if (!sb_graph_store (graph, net, &error) || !sb_net_save (net, after, NULL, &error))
    die (error);
  write_file (folder, "losses.bin", losses, (gsize) n * sizeof (double));
}

static void
take_picture (const char *path, const char *out)
{
  GError *error = NULL;
  char *data;
  gsize length;
  float digit[784];

  if (!g_file_get_contents (path, &data, &length, &error) ||
      !sb_picture_to_digit (data, length, digit, &error) ||
      !g_file_set_contents (out, (const char *) digit, sizeof digit, &error))
    die (error);
  g_free (data);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbNet) net = NULL;

  if (argc == 4 && strcmp (argv[1], "digit") == 0)
    {
      take_picture (argv[2], argv[3]);
      return 0;
    }
  net = sb_net_load (argv[2], NULL, &error);
  if (net == NULL)
    die (g_steal_pointer (&error));
  if (strcmp (argv[1], "gradients") == 0)
    take_gradients (net, argv[2], atoi (argv[3]));
  else
    take_steps (net, argv[2], atoi (argv[3]), atoi (argv[4]), argv + 5);
  return 0;
}
