/* sb-classify-train.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The course of a training, in the words of SageMaker's container.
 */

#include "config.h"

#include <math.h>
#include <omp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "algorithms/contract/sb-contract.h"
#include "algorithms/vision/sb-classify-private.h"
#include "algorithms/vision/sb-classify.h"
#include "algorithms/vision/sb-worker.h"
#include "algorithms/vision/sb-world.h"
#include "wire/sb-json.h"

/* After how many batches a line is written. */
#define SAY_STEPS 20

/**
 * _sb_classify_say:
 * @format: of a line
 * @...: for @format
 *
 * Writes a line of the log as Python's logging does in SageMaker's container; only the first worker
 * does.
 */
void
_sb_classify_say (const char *format, ...)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *stamp = g_date_time_format (now, "%m/%d/%Y %H:%M:%S");
  g_autofree char *text = NULL;
  va_list args;

  if (!sb_world_is_first ())
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  sb_contract_say ("[%s INFO %d] %s", stamp, (int) getpid (), text);
}

#define MAX_PARTS 5

/* Returns: how many there are */
static guint
get_parts (SbClassify *self, SbCheckpointPart parts[MAX_PARTS])
{
  parts[0].values = sb_graph_get_weights (self->graph, &parts[0].count);
  parts[1].values = sb_graph_get_statistics (self->graph, &parts[1].count);
  parts[2] =
      (SbCheckpointPart){ self->optimizer->state, sb_optimizer_get_n_state (self->optimizer) };
  parts[3] = (SbCheckpointPart){ self->best.values, self->net->n_values };
  if (self->average == NULL)
    return 4;
  parts[4] = (SbCheckpointPart){ self->average, self->net->n_values };
  return 5;
}

/**
 * _sb_classify_save_checkpoint:
 * @self: a training
 * @epoch: how many epochs are done
 * @error: a %G_FILE_ERROR
 *
 * Returns: whether the training can be resumed from here
 */
gboolean
_sb_classify_save_checkpoint (SbClassify *self, int epoch, GError **error)
{
  g_autoptr (JsonObject) json = sb_json_object_new ("step",
                                                    "i",
                                                    (gint64) self->optimizer->step,
                                                    "best_epoch",
                                                    "i",
                                                    (gint64) self->best.epoch,
                                                    "best_accuracy",
                                                    "d",
                                                    self->best.accuracy,
                                                    "progress",
                                                    "d",
                                                    self->best.progress,
                                                    "waited",
                                                    "i",
                                                    (gint64) self->best.waited,
                                                    NULL);
  SbCheckpointPart parts[MAX_PARTS];
  guint n_parts = get_parts (self, parts);

  if (!sb_world_is_first ())
    return TRUE;
  return sb_checkpoint_save (epoch, json, parts, n_parts, error);
}

/**
 * _sb_classify_resume:
 * @self: a training that has not begun
 * @error: why a checkpoint cannot be read
 *
 * Goes back to where an interrupted attempt was, if there was one.
 *
 * Returns: whether the training can begin
 */
gboolean
_sb_classify_resume (SbClassify *self, GError **error)
{
  g_autoptr (JsonObject) json = NULL;
  SbCheckpointPart parts[MAX_PARTS];
  guint n_parts = get_parts (self, parts);

  if (!sb_checkpoint_load (&json, parts, n_parts, error))
    return FALSE;
  if (json == NULL)
    return TRUE;
  self->optimizer->step = (guint64) sb_json_get_int (json, "step", 0);
  self->best.epoch = (int) sb_json_get_int (json, "best_epoch", 0);
  self->best.accuracy = sb_json_get_double (json, "best_accuracy", 0);
  self->best.progress = sb_json_get_double (json, "progress", 0);
  self->best.waited = (int) sb_json_get_int (json, "waited", 0);
  self->first_epoch = (int) sb_json_get_int (json, "epoch", 0);
  _sb_classify_say ("Resuming from the checkpoint after epoch %d", self->first_epoch);
  return sb_graph_refresh (self->graph, error) &&
         (self->best.epoch == 0 || _sb_classify_save_model (self, "", error));
}

/* The names of the classes, if all have one. */
static JsonArray *
list_classes (const SbClassify *self)
{
  const char *const *names = sb_dataset_get_class_names (self->train);
  guint n = sb_dataset_get_n_classes (self->train);
  JsonArray *classes;

  if (names == NULL || n != (guint) self->options->n_classes)
    return NULL;
  classes = json_array_new ();
  for (guint i = 0; i < n; i++)
    json_array_add_string_element (classes, names[i]);
  return classes;
}

static JsonObject *
describe_model (const SbClassify *self)
{
  const SbClassifyOptions *options = self->options;
  JsonArray *classes = list_classes (self);
  JsonObject *json = sb_json_object_new ("algorithm",
                                         "s",
                                         "image-classification",
                                         "num_layers",
                                         "i",
                                         (gint64) options->n_layers,
                                         "num_classes",
                                         "i",
                                         (gint64) options->n_classes,
                                         "multi_label",
                                         "b",
                                         options->multi_label,
                                         "epoch",
                                         "i",
                                         (gint64) self->best.epoch,
                                         "accuracy",
                                         "d",
                                         self->best.accuracy,
                                         NULL);

  if (classes != NULL)
    json_object_set_array_member (json, "classes", classes);
  json_object_set_object_member (json,
                                 "preprocessing",
                                 sb_loader_options_to_json (&options->input));
  return json;
}

/**
 * _sb_classify_save_model:
 * @self: a training
 * @folder: below the job's folder for the model; "" for that itself
 * @error: why it cannot be written
 *
 * Writes the best weights so far; only the first worker does.
 *
 * Returns: whether they are written
 */
gboolean
_sb_classify_save_model (SbClassify *self, const char *folder, GError **error)
{
  g_autofree char *path = sb_contract_path ("model", folder, NULL);
  g_autoptr (JsonObject) more = describe_model (self);
  guint head;
  gsize offset = 0;

  if (!sb_world_is_first ())
    return TRUE;
  if (self->net != self->full && sb_net_get_head (self->full, &head))
    offset = ((const SbWeight *) g_ptr_array_index (self->full->weights, head))->offset;
  memcpy (self->full->values + offset, self->best.values, self->net->n_values * sizeof (float));
  g_mkdir_with_parents (path, 0700);
  if (!sb_net_save (self->full, path, more, error))
    return FALSE;
  _sb_classify_say ("Saved checkpoint to \"/opt/ml/model/%s%smodel.safetensors\"",
                    folder,
                    *folder != '\0' ? "/" : "");
  return TRUE;
}

/* What the net has now becomes the best. */
static gboolean
keep (SbClassify *self, int epoch, double accuracy, GError **error)
{
  self->best.epoch = epoch + 1;
  self->best.accuracy = accuracy;
  memcpy (self->best.values, self->net->values, self->net->n_values * sizeof (float));
  return _sb_classify_save_model (self, "", error);
}

static gboolean
save_periodically (SbClassify *self, int epoch, GError **error)
{
  int frequency = self->options->checkpoint_frequency;
  g_autofree char *folder = g_strdup_printf ("epoch-%04d", epoch + 1);
  SbBest best = self->best;
  gboolean fine;

  if (frequency == 0 || (epoch + 1) % frequency != 0)
    return TRUE;
  self->best.epoch = epoch + 1;
  self->best.values = self->net->values;
  fine = _sb_classify_save_model (self, folder, error);
  self->best = best;
  return fine;
}

static void
say_tally (const SbClassify *self, int epoch, const char *part, const SbTally *tally)
{
  _sb_classify_say ("Epoch[%d] %s-accuracy=%.6f", epoch, part, tally->right / tally->seen);
  if (self->options->top_k > 0)
    _sb_classify_say ("Epoch[%d] %s-top_k_accuracy_%d=%.6f",
                      epoch,
                      part,
                      self->options->top_k,
                      tally->top / tally->seen);
  _sb_classify_say ("Epoch[%d] %s-cross-entropy=%.6f", epoch, part, tally->loss / tally->seen);
}

static void
say_speed (const SbClassify *self, int epoch, guint64 step, const SbTally *tally, double seconds)
{
  double images = (double) SAY_STEPS * self->options->batch * sb_world_get_size ();
  g_autoptr (GString) line = g_string_new (NULL);

  g_string_append_printf (line,
                          "Epoch[%d] Batch [%" G_GUINT64_FORMAT
                          "]\tSpeed: %.3f samples/sec\taccuracy=%.6f",
                          epoch,
                          step,
                          images / seconds,
                          tally->right / tally->seen);
  if (self->options->top_k > 0)
    g_string_append_printf (line,
                            "\ttop_k_accuracy_%d=%.6f",
                            self->options->top_k,
                            tally->top / tally->seen);
  g_string_append_printf (line, "\tcross-entropy=%.6f", tally->loss / tally->seen);
  _sb_classify_say ("%s", line->str);
}

static gboolean
check_loss (const SbTally *tally, GError **error)
{
  if (isfinite (tally->loss))
    return TRUE;
  g_set_error (error,
               SB_NET_ERROR,
               SB_NET_ERROR_INVALID,
               "The loss has grown beyond all numbers: choose a lower learning_rate");
  return FALSE;
}

/* Whether early stopping ends the training now. */
static gboolean
is_at_rest (SbClassify *self, int epoch, double accuracy)
{
  const SbClassifyOptions *options = self->options;
  double needed = self->best.progress * (1 + options->tolerance);

  if (!options->early_stopping || self->validation == NULL)
    return FALSE;
  if (accuracy > needed)
    {
      self->best.progress = accuracy;
      self->best.waited = 0;
      return FALSE;
    }
  self->best.waited++;
  if (epoch + 1 < options->min_epochs || self->best.waited < options->patience)
    return FALSE;
  _sb_classify_say ("Early stopping: the validation accuracy has not risen for %d epochs",
                    self->best.waited);
  return TRUE;
}

static void
say_broken (const SbClassify *self)
{
  guint n = sb_source_get_n_broken (self->source);
  g_autofree char *names = n > 0 ? sb_source_dup_broken (self->source) : NULL;

  if (n > 0)
    _sb_classify_say ("%u images cannot be read and are left out: %s", n, names);
}

typedef struct
{
  gint64 begin;
  double waited;
} Clock;

static void
say_times (const SbClassify *self, int epoch, const Clock *clock)
{
  double seconds = (double) (g_get_monotonic_time () - clock->begin) / G_USEC_PER_SEC;
  double waited = sb_source_get_waited (self->source) - clock->waited;

  _sb_classify_say ("Epoch[%d] Time cost=%.3f", epoch, seconds);
  _sb_classify_say ("Epoch[%d] Learned from %.0f samples/sec, data wait %.1f %%",
                    epoch,
                    self->tally.images / seconds,
                    100 * waited / seconds);
}

/* All steps of an epoch; *@stopped is set when the training was told to stop. */
static gboolean
do_steps (SbClassify *self, int epoch, SbTally *tally, gboolean *stopped, GError **error)
{
  gint64 begin = g_get_monotonic_time ();

  *stopped = FALSE;
  _sb_classify_begin_epoch (self, epoch);
  for (guint64 step = 0; step < self->n_steps; step++)
    {
      if (!_sb_classify_step (self, epoch, step, error))
        return FALSE;
      *tally = self->tally;
      *stopped = _sb_classify_gather (self, tally);
      if (*stopped || !check_loss (tally, error))
        return *stopped;
      if ((step + 1) % SAY_STEPS == 0)
        {
          gint64 now = g_get_monotonic_time ();

          say_speed (self, epoch, step + 1, tally, (double) (now - begin) / G_USEC_PER_SEC);
          begin = now;
        }
    }
  return TRUE;
}

static gboolean
end_epoch (SbClassify *self, int epoch, gboolean *done, GError **error)
{
  SbTally tally;
  double accuracy;

  if (!_sb_classify_evaluate (self, epoch, &tally, error))
    return FALSE;
  if (self->validation != NULL)
    say_tally (self, epoch, "Validation", &tally);
  accuracy = tally.seen > 0 ? tally.right / tally.seen : 0;
  *done = is_at_rest (self, epoch, accuracy);
  if (self->validation == NULL || self->best.epoch == 0 || accuracy > self->best.accuracy)
    {
      if (self->validation != NULL)
        _sb_classify_say ("Storing the best model with validation accuracy: %.6f", accuracy);
      if (!keep (self, epoch, accuracy, error))
        return FALSE;
    }
  return save_periodically (self, epoch, error) &&
         _sb_classify_save_checkpoint (self, epoch + 1, error);
}

/* *@done is set when there is to be no further epoch. */
static gboolean
do_epoch (SbClassify *self, int epoch, gboolean *done, GError **error)
{
  Clock clock = { g_get_monotonic_time (), sb_source_get_waited (self->source) };
  SbTally tally;

  if (!do_steps (self, epoch, &tally, done, error))
    return FALSE;
  if (*done)
    {
      SbTally none;

      _sb_classify_say ("Told to stop: the best model so far is kept");
      return self->best.epoch > 0 ||
             (_sb_classify_evaluate (self, epoch, &none, error) && keep (self, epoch, 0, error));
    }
  say_tally (self, epoch, "Train", &tally);
  say_times (self, epoch, &clock);
  if (epoch == self->first_epoch)
    say_broken (self);
  return end_epoch (self, epoch, done, error);
}

static void
say_options (const SbClassify *self)
{
  const SbOptions *options = self->options->options;
  g_autofree char *given = sb_json_to_string (options->given);
  g_autofree char *all = sb_classify_options_describe (self->options);
  const char *store = sb_options_get (options, "kv_store");

  if (sb_world_is_first ())
    sb_contract_say ("Docker entrypoint called with argument(s): train");
  _sb_classify_say ("Merging with provided configuration from "
                    "/opt/ml/input/config/hyperparameters.json: %s",
                    given);
  _sb_classify_say ("Final configuration: %s", all);
  if (strcmp (sb_options_get (options, "precision_dtype"), "float16") == 0)
    _sb_classify_say (sb_dnn_has_bf16 ()
                          ? "precision_dtype float16 is computed in bfloat16 here, with weights "
                            "in float32"
                          : "This processor has no bfloat16: computing in float32");
  if (g_strcmp0 (store, "dist_async") == 0)
    _sb_classify_say ("kv_store dist_async: the workers go in step here, as in dist_sync");
}

static void
say_start (const SbClassify *self)
{
  gsize count;

  sb_graph_get_weights (self->graph, &count);
  _sb_classify_say ("Training on %u images of %u classes with %d worker(s) of %d thread(s), batch "
                    "%d each; %" G_GSIZE_FORMAT " weights",
                    sb_dataset_get_n (self->train),
                    sb_dataset_get_n_classes (self->train),
                    sb_world_get_size (),
                    omp_get_max_threads (),
                    self->options->batch,
                    count);
  if (self->validation == NULL)
    _sb_classify_say ("There is no channel validation: the model of the last epoch is kept");
}

static gboolean
train (gpointer data, GError **error)
{
  SbClassify *self = data;
  gboolean done = FALSE;

  self->options = sb_classify_options_read (error);
  if (self->options == NULL)
    return FALSE;
  say_options (self);
  if (!_sb_classify_start (self, error))
    return FALSE;
  say_start (self);
  for (int epoch = self->first_epoch; epoch < self->options->epochs && !done; epoch++)
    if (!do_epoch (self, epoch, &done, error))
      return FALSE;
  return TRUE;
}

/**
 * sb_classify_train:
 * @argv: the program's own arguments, for further workers
 *
 * Returns: an exit code
 */
int
sb_classify_train (char **argv)
{
  SbClassify self = { 0 };
  int code = sb_worker_run (argv, train, &self);

  _sb_classify_clear (&self);
  return code;
}
