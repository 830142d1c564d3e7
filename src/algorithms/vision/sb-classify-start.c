/* sb-classify-start.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What there is before the first step: the photos, the network, and where it begins.
 */

#include "config.h"

#include <math.h>
#include <string.h>

#include "algorithms/contract/sb-contract.h"
#include "algorithms/vision/sb-classify-private.h"
#include "algorithms/vision/sb-pretrained.h"
#include "algorithms/vision/sb-worker.h"
#include "algorithms/vision/sb-world.h"
#include "wire/sb-json.h"

/* Images that are judged together, at most: no more than are trained together. */
#define EVALUATION_BATCH 64
/* What decoded photos may take that are kept for further epochs, in bytes: all of CIFAR-10. */
#define TRAIN_CACHE      ((gsize) 256 * 1024 * 1024)
#define VALIDATION_CACHE ((gsize) 64 * 1024 * 1024)
/* What the features of a data set may take, in bytes; of more, the last layer learns from photos.
 */
#define MAX_FEATURES ((gsize) 1024 * 1024 * 1024)
/* How many variations of each photo the last layer sees. */
#define FEATURE_PASSES 4

static int
get_evaluation_batch (const SbClassify *self)
{
  return MIN (self->options->batch, EVALUATION_BATCH);
}

/* Validation sees every photo as serving would. */
static SbLoaderOptions
get_validation_input (const SbClassify *self)
{
  SbLoaderOptions input = self->options->input;

  input.augmentation = SB_AUGMENTATION_NONE;
  input.cache_bytes = VALIDATION_CACHE;
  return input;
}

static gboolean
check_labels (const SbClassify *self, const SbDataset *dataset, const char *channel, GError **error)
{
  guint n = sb_dataset_get_n (dataset);

  if (sb_dataset_is_multi_label (dataset) && !self->options->multi_label)
    return sb_net_fail (
        error,
        "The images of the channel “%s” have several labels each: set multi_label to 1",
        channel);
  if (!sb_dataset_check (dataset, (guint) self->options->n_classes, error))
    return FALSE;
  for (guint i = 0; i < n && !self->options->multi_label; i++)
    if (sb_dataset_get_label (dataset, i) < 0)
      {
        g_autofree char *name = sb_dataset_dup_name (dataset, i);

        return sb_net_fail (error, "%s has no label", name);
      }
  return TRUE;
}

static gboolean
open_data (SbClassify *self, GError **error)
{
  GError *local = NULL;

  self->train = sb_dataset_open ("train", NULL, &local);
  if (self->train != NULL)
    self->validation = sb_dataset_open ("validation", self->train, &local);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  if (self->train == NULL)
    return sb_net_fail (error, "The channel “train” is missing");
  if (!check_labels (self, self->train, "train", error) ||
      (self->validation != NULL && !check_labels (self, self->validation, "validation", error)))
    return FALSE;
  if (sb_dataset_get_n (self->train) != (guint) self->options->n_samples)
    _sb_classify_say ("num_training_samples is %d, but there are %u images in the channel train",
                      self->options->n_samples,
                      sb_dataset_get_n (self->train));
  return TRUE;
}

/* Every worker sees the same files, so that none is read twice or not at all. */
static gboolean
take_share (SbClassify *self, GError **error)
{
  guint n = sb_dataset_get_n (self->train);
  guint size = (guint) sb_world_get_size (), rank = (guint) sb_world_get_rank ();
  guint64 together = (guint64) self->options->batch * size;

  self->sharded = size > 1 && sb_contract_is_sharded ("train");
  if (self->sharded && n < size)
    return sb_net_fail (error,
                        "There are %u images for %u workers: with ShardedByS3Key a worker would be "
                        "without data",
                        n,
                        size);
  self->share = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint32 i = 0; i < n; i++)
    if (!self->sharded || i % size == rank)
      g_array_append_val (self->share, i);
  self->n_steps = (n + together - 1) / together;
  return TRUE;
}

/* Rare classes count as much as frequent ones. */
static void
weigh_classes (SbClassify *self)
{
  guint n = (guint) self->options->n_classes, known = sb_dataset_get_n_classes (self->train);
  const guint *counts = sb_dataset_get_counts (self->train);
  double sum = 0;

  if (!self->options->weighted)
    return;
  self->class_weights = g_new (float, n);
  for (guint i = 0; i < n; i++)
    sum += i < known ? counts[i] : 0;
  for (guint i = 0; i < n; i++)
    {
      guint count = i < known ? counts[i] : 0;

      self->class_weights[i] = count > 0 ? (float) (sum / ((double) n * count)) : 1;
    }
}

static gboolean
has_same_classes (const SbClassify *self, JsonObject *description)
{
  const char *const *names = sb_dataset_get_class_names (self->train);
  JsonArray *array = description != NULL ? sb_json_get_array (description, "classes") : NULL;
  guint n = sb_dataset_get_n_classes (self->train);

  if (array == NULL || names == NULL || json_array_get_length (array) != n)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (strcmp (json_array_get_string_element (array, i), names[i]) != 0)
      return FALSE;
  return TRUE;
}

/* Photos have to look to the network as they did when it learnt. */
static gboolean
take_scale (SbClassify *self, JsonObject *description, GError **error)
{
  JsonObject *json = description != NULL ? sb_json_get_object (description, "preprocessing") : NULL;
  SbLoaderOptions theirs;

  if (json == NULL)
    return TRUE;
  if (!sb_loader_options_from_json (&theirs, json, error))
    return FALSE;
  if (theirs.channels != self->options->input.channels)
    return sb_net_fail (error,
                        "The pretrained network is for images of %d channels; image_shape has %d",
                        theirs.channels,
                        self->options->input.channels);
  memcpy (self->options->input.mean, theirs.mean, sizeof theirs.mean);
  memcpy (self->options->input.std, theirs.std, sizeof theirs.std);
  return TRUE;
}

static gboolean
begin_pretrained (SbClassify *self, GError **error)
{
  g_autoptr (SbPretrained) pretrained = sb_pretrained_find (self->options->n_layers, error);
  g_autofree char *base = NULL;
  gboolean same;

  if (pretrained == NULL)
    return FALSE;
  base = g_path_get_basename (pretrained->path);
  same = has_same_classes (self, pretrained->description);
  if (!take_scale (self, pretrained->description, error) ||
      !sb_pretrained_load (pretrained, self->full, same, error))
    return FALSE;
  _sb_classify_say ("Loading pretrained weights from %s; %s",
                    base,
                    same ? "the classes are the same, and so the last layer is kept"
                         : "the last layer begins with random weights");
  return TRUE;
}

/* What SageMaker calls incremental training: all of a model that it has made before. */
static gboolean
begin_with (SbClassify *self, const SbPretrained *model, GError **error)
{
  const SbClassifyOptions *options = self->options;
  JsonObject *json = model->description;
  SbLoaderOptions theirs;

  if (json == NULL ||
      strcmp (sb_json_get_string (json, "algorithm", ""), "image-classification") != 0)
    return sb_net_fail (
        error,
        "The channel “model” has no model of image-classification. To begin with weights "
        "from elsewhere, set use_pretrained_model to 1");
  if (!sb_loader_options_from_json (&theirs, sb_json_get_object (json, "preprocessing"), error))
    return FALSE;
  if (sb_json_get_int (json, "num_layers", 0) != options->n_layers)
    return sb_net_fail (error,
                        "num_layers is %d, but the model in the channel “model” has %d",
                        options->n_layers,
                        (int) sb_json_get_int (json, "num_layers", 0));
  if (sb_json_get_int (json, "num_classes", 0) != options->n_classes)
    return sb_net_fail (
        error,
        "num_classes is %d, but the model in the channel “model” has %d. To learn other "
        "classes from it, set use_pretrained_model to 1",
        options->n_classes,
        (int) sb_json_get_int (json, "num_classes", 0));
  if (theirs.channels != options->input.channels || theirs.height != options->input.height ||
      theirs.width != options->input.width)
    return sb_net_fail (
        error,
        "image_shape is %d,%d,%d, but the model in the channel “model” has %d,%d,%d",
        options->input.channels,
        options->input.height,
        options->input.width,
        theirs.channels,
        theirs.height,
        theirs.width);
  if (!take_scale (self, json, error) || !sb_pretrained_load (model, self->full, TRUE, error))
    return FALSE;
  _sb_classify_say ("Continuing with the model in the channel model");
  if (sb_json_get_array (json, "classes") != NULL && !has_same_classes (self, json))
    _sb_classify_say ("Its classes have other names than those of the channel train");
  return TRUE;
}

static gboolean
make_net (SbClassify *self, GError **error)
{
  const SbClassifyOptions *options = self->options;
  g_autoptr (SbPretrained) model = NULL;
  GError *local = NULL;

  self->full = sb_net_new_resnet (options->n_layers,
                                  options->input.channels,
                                  options->input.height,
                                  options->input.width,
                                  options->n_classes,
                                  error);
  if (self->full == NULL)
    return FALSE;
  sb_net_initialize (self->full, options->seed);
  if (options->pretrained)
    return begin_pretrained (self, error);
  model = sb_pretrained_open_channel ("model", &local);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  if (model != NULL)
    return begin_with (self, model, error);
  if (options->head_only)
    return sb_net_fail (
        error,
        "train_layers is head, but the layers before it have learnt nothing yet: set "
        "use_pretrained_model to 1, or give a model in the channel “model”");
  _sb_classify_say ("Performing random weight initialization");
  return TRUE;
}

/* The last layer as a network of its own, which takes features. */
static SbNet *
make_head (const SbNet *full, gsize n_features, GError **error)
{
  g_autofree char *text =
      g_strdup_printf ("{\"input\":[%" G_GSIZE_FORMAT ",1,1],"
                       "\"layers\":[{\"kind\":\"dense\",\"name\":\"fc\",\"channels\":%d}]}",
                       n_features,
                       full->n_classes);
  g_autoptr (JsonObject) json = sb_json_parse_object (text, -1, error);
  SbNet *head = json != NULL ? sb_net_new_from_json (json, error) : NULL;
  guint first;

  if (head == NULL)
    return NULL;
  sb_net_get_head (full, &first);
  memcpy (head->values,
          full->values + ((const SbWeight *) g_ptr_array_index (full->weights, first))->offset,
          head->n_values * sizeof (float));
  return head;
}

static gsize
count_features (const SbNet *full)
{
  guint first;

  sb_net_get_head (full, &first);
  return ((const SbWeight *) g_ptr_array_index (full->weights, first))->fan_in;
}

/* Looks at all photos once; from then on only the last layer computes. */
static gboolean
look_once (SbClassify *self, gsize n_features, int n_passes, GError **error)
{
  const SbClassifyOptions *options = self->options;
  SbGraphFlags flags = sb_classify_options_get_precision (options);
  SbLoaderOptions plain = get_validation_input (self);
  gint64 begin = g_get_monotonic_time ();

  self->source = sb_source_new_features (
      self->train, &options->input, self->full, flags, n_passes, options->batch, error);
  if (self->source != NULL && self->validation != NULL)
    self->validation_source = sb_source_new_features (
        self->validation, &plain, self->full, flags, 1, get_evaluation_batch (self), error);
  if (self->source == NULL || (self->validation != NULL && self->validation_source == NULL))
    return FALSE;
  self->net = make_head (self->full, n_features, error);
  _sb_classify_say ("Computed the features of all images in %.3f s",
                    (double) (g_get_monotonic_time () - begin) / G_USEC_PER_SEC);
  return self->net != NULL;
}

static gboolean
make_sources (SbClassify *self, GError **error)
{
  const SbClassifyOptions *options = self->options;
  int n_passes = options->input.augmentation != SB_AUGMENTATION_NONE
                     ? MIN (options->epochs, FEATURE_PASSES)
                     : 1;
  gsize n_features = count_features (self->full);
  gsize n = sb_dataset_get_n (self->train) * (gsize) n_passes;
  SbLoaderOptions plain = get_validation_input (self);

  if (self->validation != NULL)
    n += sb_dataset_get_n (self->validation);
  if (options->head_only && n * n_features * sizeof (float) <= MAX_FEATURES)
    return look_once (self, n_features, n_passes, error);
  self->net = self->full;
  self->source = sb_source_new_photos (self->train, &options->input, options->batch);
  if (self->validation != NULL)
    self->validation_source =
        sb_source_new_photos (self->validation, &plain, get_evaluation_batch (self));
  return TRUE;
}

static gboolean
make_graphs (SbClassify *self, GError **error)
{
  const SbClassifyOptions *options = self->options;
  SbGraphFlags flags = SB_GRAPH_TRAINING | sb_classify_options_get_precision (options);

  if (options->head_only && self->net == self->full)
    flags |= SB_GRAPH_HEAD_ONLY;
  self->graph = sb_graph_new (self->net, options->batch, flags, error);
  if (self->graph == NULL)
    return FALSE;
  if (self->validation != NULL)
    self->evaluation =
        sb_graph_new (self->net, get_evaluation_batch (self), SB_GRAPH_INFERENCE, error);
  if (self->validation != NULL && self->evaluation == NULL)
    return FALSE;
  sb_graph_set_smoothing (self->graph, options->smoothing);
  self->optimizer = sb_classify_options_make_optimizer (options, self->graph, self->net);
  if (!sb_worker_share (self->graph, self->optimizer, error))
    return FALSE;
  self->labels = g_new (int, options->batch);
  if (options->multi_label)
    self->targets = g_new (float, (gsize) options->batch *(gsize) options->n_classes);
  self->best.values = g_memdup2 (self->net->values, self->net->n_values * sizeof (float));
  if (options->decay > 0)
    self->average = g_new0 (float, self->net->n_values);
  return TRUE;
}

/**
 * _sb_classify_start:
 * @self: a training with options, and nothing else
 * @error: why it cannot begin
 *
 * Returns: whether the first step can be made
 */
gboolean
_sb_classify_start (SbClassify *self, GError **error)
{
  self->options->input.cache_bytes = TRAIN_CACHE;
  if (!open_data (self, error) || !take_share (self, error) || !make_net (self, error) ||
      !make_sources (self, error) || !make_graphs (self, error))
    return FALSE;
  weigh_classes (self);
  return _sb_classify_resume (self, error);
}

void
_sb_classify_clear (SbClassify *self)
{
  g_clear_pointer (&self->source, sb_source_free);
  g_clear_pointer (&self->validation_source, sb_source_free);
  g_clear_pointer (&self->graph, sb_graph_free);
  g_clear_pointer (&self->evaluation, sb_graph_free);
  g_clear_pointer (&self->optimizer, sb_optimizer_free);
  if (self->net != self->full)
    g_clear_pointer (&self->net, sb_net_free);
  g_clear_pointer (&self->full, sb_net_free);
  g_clear_pointer (&self->train, sb_dataset_free);
  g_clear_pointer (&self->validation, sb_dataset_free);
  g_clear_pointer (&self->share, g_array_unref);
  g_clear_pointer (&self->options, sb_classify_options_free);
  g_clear_pointer (&self->class_weights, g_free);
  g_clear_pointer (&self->labels, g_free);
  g_clear_pointer (&self->targets, g_free);
  g_clear_pointer (&self->average, g_free);
  g_clear_pointer (&self->best.values, g_free);
}
