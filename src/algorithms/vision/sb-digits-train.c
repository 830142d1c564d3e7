/* sb-digits-train.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "algorithms/contract/sb-contract.h"
#include "algorithms/contract/sb-options.h"
#include "algorithms/vision/sb-checkpoint.h"
#include "algorithms/vision/sb-digits-data.h"
#include "algorithms/vision/sb-digits.h"
#include "algorithms/vision/sb-graph.h"
#include "algorithms/vision/sb-images.h"
#include "algorithms/vision/sb-optimizer.h"
#include "algorithms/vision/sb-worker.h"
#include "algorithms/vision/sb-world.h"
#include "wire/sb-json.h"

/* How often all workers tell each other how they are, and a line is written. */
#define SAY_STEPS        20
#define EVALUATION_BATCH 250

typedef struct
{
  SbOptions *options;
  SbImages *train;
  SbImages *validation;
  SbNet *net;
  SbGraph *graph;
  SbGraph *evaluation;
  SbOptimizer *optimizer;
  int epochs;
  int first_epoch;
  int batch; /* of each worker */
  double rate;
  const char *schedule;
  guint64 seed;
  gboolean augment;
  gboolean sharded;    /* each worker has images of its own, not all of them */
  guint64 *counts;     /* images in each worker's memory */
  guint64 n_total;     /* different images that the workers have together */
  guint64 first_image; /* number of this worker's first image among them */
  guint32 *order;      /* of this worker's images in this epoch */
  double loss;
  double right;
  double seen;
} Training;

static gboolean
check_size (const Training *self, const SbImages *images, GError **error)
{
  if (images == NULL || (images->height == self->net->height && images->width == self->net->width))
    return TRUE;
  g_set_error (error,
               SB_NET_ERROR,
               SB_NET_ERROR_INVALID,
               "The images are %d by %d pixels; digits have %d by %d",
               images->width,
               images->height,
               self->net->width,
               self->net->height);
  return FALSE;
}

static gboolean
read_options (Training *self, GError **error)
{
  self->options = sb_options_read ("digits", error);
  if (self->options == NULL)
    return FALSE;
  self->epochs = sb_options_get_int (self->options, "epochs");
  self->batch = sb_options_get_int (self->options, "batch_size");
  self->rate = sb_options_get_number (self->options, "learning_rate");
  self->schedule = sb_options_get (self->options, "schedule");
  self->seed = (guint64) sb_options_get_number (self->options, "seed");
  self->augment = sb_options_get_flag (self->options, "augment");
  return TRUE;
}

static SbGraphFlags
precision (const Training *self)
{
  if (strcmp (sb_options_get (self->options, "precision"), "bf16") != 0)
    return SB_GRAPH_INFERENCE;
  if (sb_dnn_has_bf16 ())
    return SB_GRAPH_BF16;
  if (sb_world_is_first ())
    sb_contract_say ("This processor has no bfloat16: training in 32 bit");
  return SB_GRAPH_INFERENCE;
}

static gboolean
load_data (Training *self, GError **error)
{
  GError *local = NULL;

  self->train = sb_digits_load_channel ("train", TRUE, &local);
  if (self->train != NULL)
    self->validation = sb_digits_load_channel ("validation", FALSE, &local);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  return check_size (self, self->train, error) && check_size (self, self->validation, error);
}

static void
count_images (Training *self)
{
  int size = sb_world_get_size ();
  double own = sb_images_get_n (self->train);
  g_autofree double *all = sb_world_gather (&own, 1);

  self->sharded = size > 1 && sb_contract_is_sharded ("train");
  self->counts = g_new (guint64, size);
  for (int i = 0; i < size; i++)
    {
      self->counts[i] = (guint64) all[i];
      if (self->sharded && i < sb_world_get_rank ())
        self->first_image += self->counts[i];
      if (self->sharded || i == 0)
        self->n_total += self->counts[i];
    }
}

static gboolean
build (Training *self, GError **error)
{
  SbOptimizerKind kind = strcmp (sb_options_get (self->options, "optimizer"), "sgd") == 0
                             ? SB_OPTIMIZER_SGD
                             : SB_OPTIMIZER_ADAM;
  gsize count;

  for (guint i = 0; i < self->net->layers->len; i++)
    {
      SbLayer *layer = g_ptr_array_index (self->net->layers, i);

      if (layer->kind == SB_LAYER_DROPOUT)
        layer->rate = sb_options_get_number (self->options, "dropout");
    }
  sb_net_initialize (self->net, self->seed);
  self->graph = sb_graph_new (self->net, self->batch, SB_GRAPH_TRAINING | precision (self), error);
  if (self->graph == NULL)
    return FALSE;
  if (self->validation != NULL)
    self->evaluation = sb_graph_new (self->net, EVALUATION_BATCH, SB_GRAPH_INFERENCE, error);
  if (self->validation != NULL && self->evaluation == NULL)
    return FALSE;
  sb_graph_get_weights (self->graph, &count);
  self->optimizer = sb_optimizer_new (kind,
                                      sb_options_get_number (self->options, "momentum"),
                                      sb_options_get_number (self->options, "weight_decay"),
                                      count);
  self->order = g_new (guint32, sb_images_get_n (self->train));
  return sb_worker_share (self->graph, self->optimizer, error);
}

static void
get_parts (Training *self, SbCheckpointPart parts[2])
{
  parts[0].values = sb_graph_get_weights (self->graph, &parts[0].count);
  parts[1].values = self->optimizer->state;
  parts[1].count = sb_optimizer_get_n_state (self->optimizer);
}

static gboolean
save_checkpoint (Training *self, int epoch, GError **error)
{
  g_autoptr (JsonObject) json =
      sb_json_object_new ("step", "i", (gint64) self->optimizer->step, NULL);
  SbCheckpointPart parts[2];

  if (!sb_world_is_first ())
    return TRUE;
  get_parts (self, parts);
  return sb_checkpoint_save (epoch, json, parts, G_N_ELEMENTS (parts), error);
}

static gboolean
resume (Training *self, GError **error)
{
  g_autoptr (JsonObject) json = NULL;
  SbCheckpointPart parts[2];

  get_parts (self, parts);
  if (!sb_checkpoint_load (&json, parts, G_N_ELEMENTS (parts), error))
    return FALSE;
  if (json == NULL)
    return TRUE;
  self->optimizer->step = (guint64) sb_json_get_int (json, "step", 0);
  self->first_epoch = (int) sb_json_get_int (json, "epoch", 0);
  if (sb_world_is_first ())
    sb_contract_say ("Resuming from the checkpoint after epoch %d", self->first_epoch);
  return sb_graph_refresh (self->graph, error);
}

static guint64
get_n_steps (const Training *self)
{
  guint64 batch = (guint64) self->batch, longest = 0;

  if (!self->sharded)
    batch *= (guint64) sb_world_get_size ();
  for (int i = 0; i < sb_world_get_size (); i++)
    longest = MAX (longest, self->counts[i]);
  return (longest + batch - 1) / batch;
}

/* How many images all workers have in their batches together. A worker whose share is shorter than
 * those of others has none in the last steps of an epoch. */
static guint64
get_n_in_step (const Training *self, guint64 step)
{
  guint64 batch = (guint64) self->batch, whole = batch * (guint64) sb_world_get_size ();
  guint64 n = 0;

  if (!self->sharded)
    return MIN (whole, self->n_total - step * whole);
  for (int i = 0; i < sb_world_get_size (); i++)
    if (self->counts[i] > step * batch)
      n += MIN (batch, self->counts[i] - step * batch);
  return n;
}

/* Where in its order this worker's batch begins. */
static guint64
get_first (const Training *self, guint64 step)
{
  guint64 batch = (guint64) self->batch;

  if (self->sharded)
    return step * batch;
  return (step * (guint64) sb_world_get_size () + (guint64) sb_world_get_rank ()) * batch;
}

/* Where all workers have all images it is the same in every one, however many there are. */
static void
shuffle (Training *self, int epoch)
{
  guint n = sb_images_get_n (self->train);
  SbRandom random;

  sb_random_init (&random, self->seed * 1000003 + (guint64) epoch);
  for (guint i = 0; i < n; i++)
    self->order[i] = i;
  for (guint i = n; i > 1; i--)
    {
      guint k = (guint) (sb_random_next (&random) % i);
      guint32 swap = self->order[i - 1];

      self->order[i - 1] = self->order[k];
      self->order[k] = swap;
    }
}

static void
fill (Training *self, int epoch, guint64 first, int *labels)
{
  gsize size = (gsize) (self->net->height * self->net->width);
  guint n = sb_images_get_n (self->train);
  float *input = sb_graph_get_input (self->graph);

#pragma omp parallel for
  for (int i = 0; i < self->batch; i++)
    {
      guint64 at = first + (guint64) i;
      SbRandom random;

      labels[i] = -1;
      if (at >= n)
        {
          memset (input + (gsize) i * size, 0, size * sizeof (float));
          continue;
        }
      sb_random_init (&random,
                      (self->seed << 40) ^ ((guint64) epoch << 32) ^
                          (self->first_image + self->order[at]));
      sb_images_augment (self->train,
                         self->order[at],
                         self->augment ? &random : NULL,
                         input + (gsize) i * size);
      labels[i] = self->train->labels->data[self->order[at]];
    }
}

static gboolean
do_step (Training *self, int epoch, guint64 step, guint64 n_steps, GError **error)
{
  g_autofree int *labels = g_new (int, self->batch);
  guint64 n = get_n_in_step (self, step);
  guint64 number = (guint64) epoch * n_steps + step;
  guint right;

  fill (self, epoch, get_first (self, step), labels);
  sb_graph_set_seed (self->graph,
                     self->seed + number * 7919 + (guint64) sb_world_get_rank () * 104729);
  if (!sb_graph_forward (self->graph, error))
    return FALSE;
  self->loss += sb_graph_loss (self->graph, labels, NULL, 1 / (double) n, &right);
  self->right += right;
  for (int i = 0; i < self->batch; i++)
    self->seen += labels[i] >= 0 ? 1 : 0;
  if (!sb_graph_backward (self->graph, sb_world_sum_begin, NULL, error))
    return FALSE;
  return sb_worker_step (
      self->graph,
      self->optimizer,
      sb_schedule (self->schedule, self->rate, number, n_steps * (guint64) self->epochs),
      error);
}

/* Sums over all workers; whether one of them is to stop. */
static gboolean
gather (Training *self, double sums[4])
{
  sums[0] = self->loss;
  sums[1] = self->right;
  sums[2] = self->seen;
  sums[3] = sb_worker_stop_wanted ();
  sb_world_sum (sums, 4);
  return sums[3] > 0;
}

static gboolean
evaluate (Training *self, double *loss, double *accuracy, GError **error)
{
  guint n = sb_images_get_n (self->validation);
  gsize size = (gsize) (self->net->height * self->net->width);
  gboolean own = sb_contract_is_sharded ("validation");
  guint begin = own ? 0 : (guint) sb_world_get_rank () * EVALUATION_BATCH;
  guint step = own ? EVALUATION_BATCH : (guint) sb_world_get_size () * EVALUATION_BATCH;
  double sums[3] = { 0 };

  if (!sb_graph_store (self->graph, self->net, error) ||
      !sb_graph_load (self->evaluation, self->net, error))
    return FALSE;
  for (guint first = begin; first < n; first += step)
    {
      guint count = MIN (EVALUATION_BATCH, n - first);
      float *input = sb_graph_get_input (self->evaluation);

      for (guint i = 0; i < count; i++)
        sb_images_augment (self->validation, first + i, NULL, input + i * size);
      if (!sb_graph_forward (self->evaluation, error))
        return FALSE;
      for (guint i = 0; i < count; i++)
        {
          int label = self->validation->labels->data[first + i], best = 0;
          float probabilities[10];

          sb_graph_get_probabilities (self->evaluation, (int) i, probabilities);
          for (int k = 1; k < 10; k++)
            if (probabilities[k] > probabilities[best])
              best = k;
          sums[0] += best == label ? 1 : 0;
          sums[1] -= log (MAX (probabilities[label], 1e-30f));
          sums[2] += 1;
        }
    }
  sb_world_sum (sums, 3);
  *accuracy = sums[0] / sums[2];
  *loss = sums[1] / sums[2];
  return TRUE;
}

/* Each worker's own part of the totals, in a line for each. */
static void
say_each_worker (const Training *self, int epoch)
{
  double own[] = { self->loss, self->right, self->seen };
  int size = sb_world_get_size ();
  g_autofree double *rows = sb_world_gather (own, G_N_ELEMENTS (own));

  for (int i = 0; sb_world_is_first () && size > 1 && i < size; i++)
    {
      const double *row = rows + (gsize) i * G_N_ELEMENTS (own);

      if (row[2] > 0)
        sb_contract_say ("epoch=%d worker=%d train_loss=%.5f train_accuracy=%.5f images=%.0f",
                         epoch + 1,
                         i + 1,
                         row[0] / row[2],
                         row[1] / row[2],
                         row[2]);
    }
}

static gboolean
end_epoch (Training *self, int epoch, double seconds, GError **error)
{
  double sums[4], loss = 0, accuracy = 0;
  g_autoptr (GString) line = g_string_new (NULL);

  gather (self, sums);
  if (self->validation != NULL && !evaluate (self, &loss, &accuracy, error))
    return FALSE;
  g_string_append_printf (line,
                          "epoch=%d train_loss=%.5f train_accuracy=%.5f",
                          epoch + 1,
                          sums[0] / sums[2],
                          sums[1] / sums[2]);
  if (self->validation != NULL)
    g_string_append_printf (line, " validation_loss=%.5f validation_accuracy=%.5f", loss, accuracy);
  g_string_append_printf (line,
                          " images_per_second=%.0f workers=%d",
                          sums[2] / seconds,
                          sb_world_get_size ());
  /* Whoever reads of an epoch may rely on it: what was said of is never trained again. */
  if (!save_checkpoint (self, epoch + 1, error))
    return FALSE;
  say_each_worker (self, epoch);
  if (sb_world_is_first ())
    sb_contract_say ("%s", line->str);
  return TRUE;
}

/* Returns FALSE without an error when it was told to stop. */
static gboolean
do_epoch (Training *self, int epoch, GError **error)
{
  guint64 n_steps = get_n_steps (self);
  gint64 begin = g_get_monotonic_time ();

  self->loss = self->right = self->seen = 0;
  shuffle (self, epoch);
  for (guint64 step = 0; step < n_steps; step++)
    {
      double sums[4];

      if (!do_step (self, epoch, step, n_steps, error))
        return FALSE;
      if ((step + 1) % SAY_STEPS != 0 && step + 1 < n_steps)
        continue;
      if (gather (self, sums))
        return FALSE;
      if (sb_world_is_first () && (step + 1) % SAY_STEPS == 0)
        sb_contract_say ("step=%" G_GUINT64_FORMAT " loss=%.5f accuracy=%.5f",
                         (guint64) epoch * n_steps + step + 1,
                         sums[0] / sums[2],
                         sums[1] / sums[2]);
    }
  return end_epoch (self,
                    epoch,
                    (double) (g_get_monotonic_time () - begin) / G_USEC_PER_SEC,
                    error);
}

static gboolean
save_model (Training *self, GError **error)
{
  g_autofree char *folder = sb_contract_path ("model", NULL);
  g_autoptr (JsonObject) more = sb_json_object_new ("algorithm", "s", "digits", NULL);

  if (!sb_world_is_first ())
    return TRUE;
  g_mkdir_with_parents (folder, 0700);
  return sb_graph_store (self->graph, self->net, error) &&
         sb_net_save (self->net, folder, more, error);
}

static void
say_workers (const Training *self)
{
  int size = sb_world_get_size ();

  if (!sb_world_is_first ())
    return;
  sb_contract_say ("Training on %" G_GUINT64_FORMAT
                   " images with %d worker(s) of %d thread(s), batch %d each",
                   self->n_total,
                   size,
                   omp_get_max_threads (),
                   self->batch);
  for (int i = 0; size > 1 && i < size; i++)
    sb_contract_say ("worker=%d loaded %" G_GUINT64_FORMAT " images", i + 1, self->counts[i]);
}

static gboolean
train (gpointer data, GError **error)
{
  Training *self = data;
  GError *local = NULL;

  self->net = sb_net_new_digits ();
  if (!read_options (self, error) || !load_data (self, error))
    return FALSE;
  count_images (self);
  if (!build (self, error) || !resume (self, error))
    return FALSE;
  say_workers (self);
  for (int epoch = self->first_epoch; epoch < self->epochs; epoch++)
    if (!do_epoch (self, epoch, &local))
      break;
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  return save_model (self, error);
}

static void
clear (Training *self)
{
  g_clear_pointer (&self->options, sb_options_free);
  g_clear_pointer (&self->train, sb_images_free);
  g_clear_pointer (&self->validation, sb_images_free);
  g_clear_pointer (&self->graph, sb_graph_free);
  g_clear_pointer (&self->evaluation, sb_graph_free);
  g_clear_pointer (&self->optimizer, sb_optimizer_free);
  g_clear_pointer (&self->net, sb_net_free);
  g_free (self->counts);
  g_free (self->order);
}

/**
 * sb_digits_train:
 * @argv: the program's own arguments, for further workers
 *
 * Returns: an exit code
 */
int
sb_digits_train (char **argv)
{
  Training self = { 0 };
  int code = sb_worker_run (argv, train, &self);

  clear (&self);
  return code;
}
