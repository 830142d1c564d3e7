/* sb-classify-options.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-classify-options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wire/sb-json.h"

/* The larger networks halve their input five times; what is larger than this is for them. */
#define MIN_LARGE_SIDE 32
#define MAX_SMALL_SIDE 64

/* Numbers separated by commas, in the description's pattern. */
static GArray *
read_list (const char *text)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (int));
  g_auto (GStrv) items = g_strsplit (text != NULL ? text : "", ",", -1);

  for (guint i = 0; items[i] != NULL; i++)
    {
      int number = atoi (items[i]);

      g_array_append_val (list, number);
    }
  return list;
}

static void
read_input (SbClassifyOptions *self)
{
  g_autoptr (GArray) shape = read_list (sb_options_get (self->options, "image_shape"));
  const char *augmentation = sb_options_get (self->options, "augmentation_type");

  sb_loader_options_init (&self->input,
                          g_array_index (shape, int, 0),
                          g_array_index (shape, int, 1),
                          g_array_index (shape, int, 2));
  self->input.resize = sb_options_get_int (self->options, "resize");
  self->input.n_classes = (guint) self->n_classes;
  if (augmentation != NULL)
    sb_augmentation_from_name (augmentation, &self->input.augmentation);
}

static void
read_numbers (SbClassifyOptions *self)
{
  const SbOptions *options = self->options;

  self->n_layers = sb_options_get_int (options, "num_layers");
  self->n_classes = sb_options_get_int (options, "num_classes");
  self->n_samples = sb_options_get_int (options, "num_training_samples");
  self->epochs = sb_options_get_int (options, "epochs");
  self->batch = sb_options_get_int (options, "mini_batch_size");
  self->rate = sb_options_get_number (options, "learning_rate");
  self->drops = read_list (sb_options_get (options, "lr_scheduler_step"));
  self->factor = sb_options_get_number (options, "lr_scheduler_factor");
  self->top_k = sb_options_get_int (options, "top_k");
  self->checkpoint_frequency = sb_options_get_int (options, "checkpoint_frequency");
  self->pretrained = sb_options_get_flag (options, "use_pretrained_model");
  self->multi_label = sb_options_get_flag (options, "multi_label");
  self->weighted = sb_options_get_flag (options, "use_weighted_loss");
  self->head_only = strcmp (sb_options_get (options, "train_layers"), "head") == 0;
  self->early_stopping = sb_options_get_flag (options, "early_stopping");
  self->min_epochs = sb_options_get_int (options, "early_stopping_min_epochs");
  self->patience = sb_options_get_int (options, "early_stopping_patience");
  self->tolerance = sb_options_get_number (options, "early_stopping_tolerance");
  self->smoothing = sb_options_get_number (options, "label_smoothing");
  self->decay = sb_options_get_number (options, "ema_decay");
  self->seed = (guint64) sb_options_get_number (options, "seed");
}

static gboolean
check_shape (const SbClassifyOptions *self, GError **error)
{
  gboolean small = sb_net_is_small_resnet (self->n_layers);
  int least = MIN (self->input.height, self->input.width);
  int most = MAX (self->input.height, self->input.width);

  if (!sb_loader_options_check (&self->input, error))
    return FALSE;
  if (small && most > MAX_SMALL_SIDE)
    return sb_net_fail (
        error,
        "num_layers %d is for images of up to %d pixels; image_shape has %d by %d. Choose "
        "18, 34, 50, 101, 152 or 200 layers, or a smaller image_shape",
        self->n_layers,
        MAX_SMALL_SIDE,
        self->input.height,
        self->input.width);
  if (!small && least < MIN_LARGE_SIDE)
    return sb_net_fail (
        error,
        "num_layers %d is for images of at least %d pixels; image_shape has %d by %d. "
        "Choose 20, 32, 44, 56 or 110 layers, or a larger image_shape",
        self->n_layers,
        MIN_LARGE_SIDE,
        self->input.height,
        self->input.width);
  return TRUE;
}

/* What one value alone does not show to be wrong. */
static gboolean
check (const SbClassifyOptions *self, GError **error)
{
  if (!check_shape (self, error))
    return FALSE;
  if (self->rate <= 0)
    return sb_net_fail (error, "learning_rate has to be above 0");
  if (self->checkpoint_frequency > self->epochs)
    return sb_net_fail (error,
                        "checkpoint_frequency is %d; it has to be no more than the %d epochs",
                        self->checkpoint_frequency,
                        self->epochs);
  if (self->top_k > self->n_classes)
    return sb_net_fail (error,
                        "top_k is %d; it has to be no more than the %d classes",
                        self->top_k,
                        self->n_classes);
  if (self->multi_label && self->top_k > 0)
    return sb_net_fail (error,
                        "top_k is for images of one class each: leave it out with multi_label");
  if (self->multi_label && self->smoothing > 0)
    return sb_net_fail (
        error, "label_smoothing is for images of one class each: leave it out with multi_label");
  if (self->weighted && !self->multi_label)
    return sb_net_fail (error, "use_weighted_loss is for multi_label only");
  for (guint i = 1; i < self->drops->len; i++)
    if (g_array_index (self->drops, int, i) <= g_array_index (self->drops, int, i - 1))
      return sb_net_fail (error, "lr_scheduler_step has to name epochs in rising order");
  return TRUE;
}

/**
 * sb_classify_options_read:
 * @error: %SB_ERROR_INVALID or %SB_NET_ERROR_INVALID, in SageMaker's manner, or why the file cannot
 *   be read
 *
 * Returns: (transfer full) (nullable): the job's options
 */
SbClassifyOptions *
sb_classify_options_read (GError **error)
{
  g_autoptr (SbClassifyOptions) self = g_new0 (SbClassifyOptions, 1);

  self->options = sb_options_read ("image-classification", error);
  if (self->options == NULL)
    return NULL;
  read_numbers (self);
  read_input (self);
  return check (self, error) ? g_steal_pointer (&self) : NULL;
}

void
sb_classify_options_free (SbClassifyOptions *self)
{
  g_clear_pointer (&self->options, sb_options_free);
  g_clear_pointer (&self->drops, g_array_unref);
  g_free (self);
}

/**
 * sb_classify_options_get_rate:
 * @self: options
 * @epoch: which epoch, from 0
 * @step: which step of it, from 0
 * @n_steps: how many an epoch has
 *
 * Returns: the learning rate of that step
 */
double
sb_classify_options_get_rate (const SbClassifyOptions *self,
                              int epoch,
                              guint64 step,
                              guint64 n_steps)
{
  double rate = self->rate;

  if (self->drops->len == 0)
    return sb_schedule (sb_options_get (self->options, "lr_schedule"),
                        rate,
                        (guint64) epoch * n_steps + step,
                        n_steps * (guint64) self->epochs);
  for (guint i = 0; i < self->drops->len; i++)
    if (epoch >= g_array_index (self->drops, int, i))
      rate *= self->factor;
  return rate;
}

/**
 * sb_classify_options_get_precision:
 * @self: options
 *
 * Returns: %SB_GRAPH_BF16 where half precision was asked for and the processor has it, or nothing
 */
SbGraphFlags
sb_classify_options_get_precision (const SbClassifyOptions *self)
{
  gboolean half = strcmp (sb_options_get (self->options, "precision_dtype"), "float16") == 0;

  return half && sb_dnn_has_bf16 () ? SB_GRAPH_BF16 : SB_GRAPH_INFERENCE;
}

/**
 * sb_classify_options_make_optimizer:
 * @self: options
 * @graph: what it is to train
 * @net: the graph's net
 *
 * The weight decay is for weights alone: biases and normalizations are spared it.
 *
 * Returns: (transfer full): an optimizer
 */
SbOptimizer *
sb_classify_options_make_optimizer (const SbClassifyOptions *self, SbGraph *graph, const SbNet *net)
{
  static const char *const names[] = { "sgd", "adam", "nag", "rmsprop" };
  const SbOptions *options = self->options;
  const char *name = sb_options_get (options, "optimizer");
  SbOptimizer *optimizer;
  guint kind = 0;
  gsize offset, count;

  while (strcmp (names[kind], name) != 0)
    kind++;
  sb_graph_get_weights (graph, &count);
  optimizer = sb_optimizer_new ((SbOptimizerKind) kind,
                                sb_options_get_number (options, "momentum"),
                                sb_options_get_number (options, "weight_decay"),
                                count);
  optimizer->beta_1 = sb_options_get_number (options, "beta_1");
  optimizer->beta_2 = sb_options_get_number (options, "beta_2");
  optimizer->epsilon = sb_options_get_number (options, "eps");
  optimizer->gamma = sb_options_get_number (options, "gamma");
  for (guint i = 0; i < net->weights->len; i++)
    {
      const SbWeight *weight = g_ptr_array_index (net->weights, i);

      if (weight->role != SB_WEIGHT_WEIGHT && sb_graph_get_range (graph, i, &offset, &count))
        sb_optimizer_spare (optimizer, offset, count);
    }
  return optimizer;
}

/**
 * sb_classify_options_describe:
 * @self: options
 *
 * Returns: (transfer full): all of them as JSON text, defaults included
 */
char *
sb_classify_options_describe (const SbClassifyOptions *self)
{
  const GPtrArray *parameters = sb_algorithm_get_parameters (self->options->algorithm);
  g_autoptr (JsonObject) json = json_object_new ();

  for (guint i = 0; i < parameters->len; i++)
    {
      const SbParameter *parameter = parameters->pdata[i];
      const char *value = sb_options_get (self->options, parameter->name);

      if (value != NULL)
        json_object_set_string_member (json, parameter->name, value);
    }
  return sb_json_to_string (json);
}
