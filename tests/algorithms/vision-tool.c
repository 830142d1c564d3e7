/* vision-tool.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The network library for test_vision.py, test_resnet.py and test_onnx.py. In FOLDER are
 * model.json, model.safetensors, input.bin (float) and, for training, labels.bin (int32):
 *
 *   vision-tool gradients FOLDER BATCH [FLAG…]
 *     writes logits.bin, gradients.bin (float, as SbNet.values) and the net to FOLDER/after
 *   vision-tool steps FOLDER BATCH N OPTIMIZER RATE MOMENTUM DECAY [FLAG…]
 *     trains N steps on that one batch; writes losses.bin (double) and the net to FOLDER/after
 *   vision-tool predict FOLDER BATCH [FLAG…]
 *     writes logits.bin and features.bin
 *   vision-tool losses FOLDER BATCH
 *     the losses alone, see take_losses()
 *   vision-tool resnet FOLDER LAYERS CHANNELS HEIGHT WIDTH CLASSES SEED
 *     writes such a net
 *   vision-tool digit IMAGE OUT
 *     writes what a picture becomes, 784 floats
 *
 * A flag is bf16, exact, head or classes=N (replaces the head).
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

static SbGraphFlags
read_flags (char **flags, SbNet *net)
{
  SbGraphFlags result = 0;
  GError *error = NULL;

  for (; *flags != NULL; flags++)
    if (strcmp (*flags, "bf16") == 0)
      result |= SB_GRAPH_BF16;
    else if (strcmp (*flags, "exact") == 0)
      result |= SB_GRAPH_EXACT;
    else if (strcmp (*flags, "head") == 0)
      result |= SB_GRAPH_HEAD_ONLY;
    else if (g_str_has_prefix (*flags, "classes=") &&
             !sb_net_set_classes (net, atoi (*flags + strlen ("classes=")), 7, &error))
      die (error);
  return result;
}

static SbGraph *
make_graph (SbNet *net, int batch, SbGraphFlags flags)
{
  GError *error = NULL;
  SbGraph *graph = sb_graph_new (net, batch, flags, &error);

  if (graph == NULL)
    die (error);
  return graph;
}

static void
save_after (const SbGraph *graph, SbNet *net, const char *folder)
{
  g_autofree char *after = g_build_filename (folder, "after", NULL);
  GError *error = NULL;

  g_mkdir_with_parents (after, 0700);
  if (!sb_graph_store (graph, net, &error) || !sb_net_save (net, after, NULL, &error))
    die (error);
}

static void
write_logits (const SbGraph *graph, const SbNet *net, const char *folder)
{
  write_file (folder,
              "logits.bin",
              sb_graph_get_logits (graph),
              (gsize) sb_graph_get_batch (graph) * (gsize) net->n_classes * sizeof (float));
}

static void
take_gradients (SbNet *net, const char *folder, int batch, char **flags)
{
  GError *error = NULL;
  g_autoptr (SbGraph) graph = make_graph (net, batch, SB_GRAPH_TRAINING | read_flags (flags, net));
  g_autofree float *gradients = g_new (float, net->n_values);

  go_through (graph, folder, batch);
  if (!sb_graph_export_gradients (graph, gradients, &error))
    die (error);
  write_file (folder, "gradients.bin", gradients, net->n_values * sizeof (float));
  write_logits (graph, net, folder);
  save_after (graph, net, folder);
}

static void
take_answers (SbNet *net, const char *folder, int batch, char **flags)
{
  GError *error = NULL;
  g_autoptr (SbGraph) graph = make_graph (net, batch, read_flags (flags, net));
  gsize n_input, per_image;
  g_autofree char *input = read_file (folder, "input.bin", &n_input);
  const float *features;

  memcpy (sb_graph_get_input (graph), input, n_input);
  if (!sb_graph_forward (graph, &error))
    die (error);
  write_logits (graph, net, folder);
  features = sb_graph_get_features (graph, &per_image);
  write_file (folder, "features.bin", features, (gsize) batch * per_image * sizeof (float));
}

static void
take_steps (SbNet *net, const char *folder, int batch, int n, char **argv)
{
  GError *error = NULL;
  g_autoptr (SbGraph) graph =
      make_graph (net, batch, SB_GRAPH_TRAINING | read_flags (argv + 4, net));
  g_autoptr (SbOptimizer) optimizer = NULL;
  g_autofree double *losses = g_new (double, n);
  float *weights;
  gsize count;

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
                         sb_graph_get_gradients (graph),
                         0,
                         count);
      if (!sb_graph_refresh (graph, &error))
        die (error);
    }
  save_after (graph, net, folder);
  write_file (folder, "losses.bin", losses, (gsize) n * sizeof (double));
}

/* Without a net worth the name: from FOLDER/input.bin, which are the features of a dense layer, and
 * labels.bin or targets.bin (float), class_weights.bin (float) and smoothing.bin (one double), the
 * loss and the number of right answers (two doubles) to losses.bin, and the gradients. */
static void
take_losses (SbNet *net, const char *folder, int batch)
{
  GError *error = NULL;
  g_autoptr (SbGraph) graph = make_graph (net, batch, SB_GRAPH_TRAINING | SB_GRAPH_EXACT);
  g_autofree float *gradients = g_new (float, net->n_values);
  g_autofree char *targets = g_build_filename (folder, "targets.bin", NULL);
  gsize length;
  g_autofree char *input = read_file (folder, "input.bin", &length);
  g_autofree char *class_weights = NULL;
  g_autofree char *answers = NULL;
  g_autofree char *smoothing = NULL;
  double results[2];
  guint right;

  memcpy (sb_graph_get_input (graph), input, length);
  class_weights = read_file (folder, "class_weights.bin", &length);
  smoothing = read_file (folder, "smoothing.bin", &length);
  sb_graph_set_smoothing (graph, *(const double *) smoothing);
  if (!sb_graph_forward (graph, &error))
    die (error);
  if (g_file_test (targets, G_FILE_TEST_EXISTS))
    {
      answers = read_file (folder, "targets.bin", &length);
      results[0] = sb_graph_loss_multi (
          graph, (const float *) answers, (const float *) class_weights, 1, &right);
    }
  else
    {
      answers = read_file (folder, "labels.bin", &length);
      results[0] =
          sb_graph_loss (graph, (const int *) answers, (const float *) class_weights, 1, &right);
    }
  results[1] = right;
  if (!sb_graph_backward (graph, NULL, NULL, &error) ||
      !sb_graph_export_gradients (graph, gradients, &error))
    die (error);
  write_file (folder, "losses.bin", results, sizeof results);
  write_file (folder, "gradients.bin", gradients, net->n_values * sizeof (float));
}

static void
make_resnet (const char *folder, char **argv)
{
  GError *error = NULL;
  g_autoptr (SbNet) net = sb_net_new_resnet (
      atoi (argv[0]), atoi (argv[1]), atoi (argv[2]), atoi (argv[3]), atoi (argv[4]), &error);

  if (net == NULL)
    die (error);
  sb_net_initialize (net, g_ascii_strtoull (argv[5], NULL, 10));
  g_mkdir_with_parents (folder, 0700);
  if (!sb_net_save (net, folder, NULL, &error))
    die (error);
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
  if (argc == 9 && strcmp (argv[1], "resnet") == 0)
    {
      make_resnet (argv[2], argv + 3);
      return 0;
    }
  if (argc < 4)
    return 2;
  net = sb_net_load (argv[2], NULL, &error);
  if (net == NULL)
    die (g_steal_pointer (&error));
  if (strcmp (argv[1], "gradients") == 0)
    take_gradients (net, argv[2], atoi (argv[3]), argv + 4);
  else if (strcmp (argv[1], "predict") == 0)
    take_answers (net, argv[2], atoi (argv[3]), argv + 4);
  else if (strcmp (argv[1], "losses") == 0)
    take_losses (net, argv[2], atoi (argv[3]));
  else
    take_steps (net, argv[2], atoi (argv[3]), atoi (argv[4]), argv + 5);
  return 0;
}
