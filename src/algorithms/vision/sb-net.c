/* sb-net.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-net.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "formats/sb-weight-file.h"
#include "wire/sb-json.h"

#define DESCRIPTION "model.json"
#define WEIGHTS     "model.safetensors"
#define MAX_SIDE    4096
/* More weights than any network here has. */
#define MAX_VALUES 2.5e8
/* PyTorch's, of normalizations. */
#define EPSILON  1e-5
#define MOMENTUM 0.1

G_DEFINE_QUARK (sb - net - error - quark, sb_net_error)

static const char *const kinds[] = { "convolution", "max-pool", "dense", "dropout",
                                     "batch-norm",  "relu",     "add",   "average-pool" };

/**
 * sb_net_fail:
 * @error: where the error goes
 * @format: what is wrong with a net, its description, its weights or how it is to be trained
 *
 * Returns: %FALSE, with a %SB_NET_ERROR_INVALID
 */
gboolean
sb_net_fail (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_propagate_error (error, g_error_new_valist (SB_NET_ERROR, SB_NET_ERROR_INVALID, format, args));
  va_end (args);
  return FALSE;
}

static void
layer_free (gpointer data)
{
  SbLayer *layer = data;

  g_free (layer->name);
  for (guint i = 0; i < G_N_ELEMENTS (layer->inputs); i++)
    g_free (layer->inputs[i]);
  g_free (layer);
}

static void
weight_free (gpointer data)
{
  SbWeight *weight = data;

  g_free (weight->name);
  g_free (weight);
}

void
sb_net_free (SbNet *self)
{
  g_ptr_array_unref (self->layers);
  g_ptr_array_unref (self->weights);
  g_free (self->values);
  g_free (self);
}

static SbWeight *
add_weight (SbNet *self, guint layer, SbWeightRole role, gsize fan_in, int n, ...)
{
  static const char *const names[] = { "weight", "bias",         "weight",
                                       "bias",   "running_mean", "running_var" };
  const SbLayer *of = g_ptr_array_index (self->layers, layer);
  SbWeight *weight = g_new0 (SbWeight, 1);
  va_list dims;

  weight->name = g_strdup_printf ("%s.%s", of->name, names[role]);
  weight->role = role;
  weight->statistic = role == SB_WEIGHT_MEAN || role == SB_WEIGHT_VARIANCE;
  weight->layer = layer;
  weight->n_dims = n;
  weight->offset = self->n_values;
  weight->count = 1;
  weight->fan_in = fan_in;
  va_start (dims, n);
  for (int i = 0; i < n; i++)
    {
      weight->dims[i] = va_arg (dims, int);
      weight->count *= (gsize) weight->dims[i];
    }
  va_end (dims);
  self->n_values += weight->count;
  g_ptr_array_add (self->weights, weight);
  return weight;
}

/* Before there is room made for them. */
static gboolean
check_weights (const SbNet *self, const SbLayer *layer, gsize fan_in, GError **error)
{
  if (layer->channels < 1 || layer->channels > 1 << 20)
    return sb_net_fail (error, "The layer “%s” has no outputs", layer->name);
  if ((double) self->n_values + ((double) fan_in + 1) * layer->channels <= MAX_VALUES)
    return TRUE;
  return sb_net_fail (error, "The layer “%s” has too many weights", layer->name);
}

/* The shape of what a layer takes; -1 is the image. */
static SbShape
shape_of (const SbNet *self, int source)
{
  if (source < 0)
    return (SbShape){ self->channels, self->height, self->width, FALSE };
  return ((const SbLayer *) g_ptr_array_index (self->layers, source))->shape;
}

static gboolean
does_not_fit (const SbLayer *layer, GError **error)
{
  return sb_net_fail (error, "The layer “%s” does not fit what comes before it", layer->name);
}

/* What a square that is moved over an image makes of the image's shape. */
static gboolean
move_square (SbLayer *layer, const SbShape *from, GError **error)
{
  gboolean whole = layer->kind == SB_LAYER_AVERAGE_POOL && layer->kernel == 0;

  layer->shape = *from;
  if (from->flat)
    return does_not_fit (layer, error);
  if (whole)
    {
      layer->shape.height = layer->shape.width = 1;
      return TRUE;
    }
  if (layer->kernel < 1 || layer->stride < 1 || layer->padding < 0 ||
      layer->padding > layer->kernel || layer->kernel > from->height + 2 * layer->padding ||
      layer->kernel > from->width + 2 * layer->padding)
    return does_not_fit (layer, error);
  layer->shape.height = (from->height + 2 * layer->padding - layer->kernel) / layer->stride + 1;
  layer->shape.width = (from->width + 2 * layer->padding - layer->kernel) / layer->stride + 1;
  return TRUE;
}

static gboolean
lay_out_convolution (SbNet *self, guint index, const SbShape *from, GError **error)
{
  SbLayer *layer = g_ptr_array_index (self->layers, index);
  gsize fan_in = (gsize) from->channels * (gsize) layer->kernel * (gsize) layer->kernel;

  if (!move_square (layer, from, error) || !check_weights (self, layer, fan_in, error))
    return FALSE;
  layer->shape.channels = layer->channels;
  add_weight (self,
              index,
              SB_WEIGHT_WEIGHT,
              fan_in,
              4,
              layer->channels,
              from->channels,
              layer->kernel,
              layer->kernel);
  if (layer->bias)
    add_weight (self, index, SB_WEIGHT_BIAS, fan_in, 1, layer->channels);
  return TRUE;
}

static gboolean
lay_out_dense (SbNet *self, guint index, const SbShape *from, GError **error)
{
  SbLayer *layer = g_ptr_array_index (self->layers, index);
  gsize fan_in = (gsize) from->channels * (gsize) from->height * (gsize) from->width;

  if (!check_weights (self, layer, fan_in, error))
    return FALSE;
  layer->shape = (SbShape){ layer->channels, 1, 1, TRUE };
  add_weight (self,
              index,
              SB_WEIGHT_WEIGHT,
              fan_in,
              from->flat ? 2 : 4,
              layer->channels,
              from->channels,
              from->height,
              from->width)
      ->matrix = TRUE;
  if (layer->bias)
    add_weight (self, index, SB_WEIGHT_BIAS, fan_in, 1, layer->channels);
  return TRUE;
}

static gboolean
lay_out_batch_norm (SbNet *self, guint index, const SbShape *from, GError **error)
{
  SbLayer *layer = g_ptr_array_index (self->layers, index);

  layer->channels = from->channels;
  layer->shape = *from;
  if (from->flat)
    return does_not_fit (layer, error);
  if (!(layer->epsilon > 0) || !(layer->momentum >= 0 && layer->momentum <= 1))
    return sb_net_fail (error, "The layer “%s” has no such epsilon or momentum", layer->name);
  if (!check_weights (self, layer, 4, error))
    return FALSE;
  for (SbWeightRole role = SB_WEIGHT_GAMMA; role <= SB_WEIGHT_VARIANCE; role++)
    add_weight (self, index, role, 1, 1, layer->channels);
  return TRUE;
}

static gboolean
lay_out_add (SbNet *self, SbLayer *layer, const SbShape *from, GError **error)
{
  SbShape other = shape_of (self, layer->sources[1]);

  layer->shape = *from;
  if (layer->inputs[1] == NULL || other.channels != from->channels ||
      other.height != from->height || other.width != from->width || other.flat != from->flat)
    return sb_net_fail (error, "The layer “%s” has to add two outputs of one shape", layer->name);
  return TRUE;
}

static gboolean
lay_out_layer (SbNet *self, guint index, GError **error)
{
  SbLayer *layer = g_ptr_array_index (self->layers, index);
  SbShape from = shape_of (self, layer->sources[0]);

  switch (layer->kind)
    {
    case SB_LAYER_CONVOLUTION:
      return lay_out_convolution (self, index, &from, error);
    case SB_LAYER_MAX_POOL:
    case SB_LAYER_AVERAGE_POOL:
      return move_square (layer, &from, error);
    case SB_LAYER_DENSE:
      return lay_out_dense (self, index, &from, error);
    case SB_LAYER_BATCH_NORM:
      return lay_out_batch_norm (self, index, &from, error);
    case SB_LAYER_ADD:
      return lay_out_add (self, layer, &from, error);
    default:
      layer->shape = from;
      return TRUE;
    }
}

/* Finds the layers whose outputs a layer takes. */
static gboolean
find_sources (const SbNet *self, guint index, gboolean *taken, GError **error)
{
  SbLayer *layer = g_ptr_array_index (self->layers, index);

  for (guint i = 0; i < G_N_ELEMENTS (layer->sources); i++)
    {
      const char *name = layer->inputs[i];
      int source = (int) index - 1;

      while (name != NULL && source >= 0 &&
             strcmp (((const SbLayer *) g_ptr_array_index (self->layers, source))->name, name) != 0)
        source--;
      if (source < 0 && name != NULL && strcmp (name, "input") != 0)
        return sb_net_fail (error,
                            "The layer “%s” takes “%s”, but no layer before it has that name",
                            layer->name,
                            name);
      layer->sources[i] = source;
      if (source >= 0 && (i == 0 || layer->kind == SB_LAYER_ADD))
        taken[source] = TRUE;
    }
  return TRUE;
}

/* Follows the shape of an image through the layers and gives each its weights. */
static gboolean
lay_out (SbNet *self, GError **error)
{
  guint n = self->layers->len;
  g_autofree gboolean *taken = g_new0 (gboolean, MAX (n, 1));
  const SbLayer *last = n > 0 ? g_ptr_array_index (self->layers, n - 1) : NULL;

  for (guint i = 0; i < n; i++)
    if (!find_sources (self, i, taken, error) || !lay_out_layer (self, i, error))
      return FALSE;
  for (guint i = 0; i + 1 < n; i++)
    if (!taken[i])
      return sb_net_fail (error,
                          "No layer takes what “%s” puts out",
                          ((const SbLayer *) g_ptr_array_index (self->layers, i))->name);
  if (last == NULL || last->kind != SB_LAYER_DENSE)
    return sb_net_fail (error, "The last layer has to be a dense one");
  self->n_classes = last->channels;
  self->values = g_new0 (float, self->n_values);
  return TRUE;
}

static void
read_inputs (SbLayer *layer, JsonObject *json)
{
  JsonArray *names = sb_json_get_array (json, "inputs");

  for (guint i = 0; i < G_N_ELEMENTS (layer->inputs); i++)
    if (names != NULL && i < json_array_get_length (names) &&
        JSON_NODE_HOLDS_VALUE (json_array_get_element (names, i)))
      layer->inputs[i] = g_strdup (json_array_get_string_element (names, i));
}

static gboolean
read_layer (SbNet *self, JsonObject *json, GError **error)
{
  SbLayer *layer = g_new0 (SbLayer, 1);
  const char *kind = sb_json_get_string (json, "kind", "");

  g_ptr_array_add (self->layers, layer);
  layer->name = g_strdup (sb_json_get_string (json, "name", "layer"));
  layer->channels = (int) sb_json_get_int (json, "channels", 0);
  layer->kernel = (int) sb_json_get_int (json, "kernel", 1);
  layer->stride = (int) sb_json_get_int (json, "stride", 1);
  layer->padding = (int) sb_json_get_int (json, "padding", 0);
  layer->bias = sb_json_get_bool (json, "bias", TRUE);
  layer->relu = sb_json_get_bool (json, "relu", FALSE);
  layer->rate = sb_json_get_double (json, "rate", 0);
  layer->epsilon = sb_json_get_double (json, "epsilon", EPSILON);
  layer->momentum = sb_json_get_double (json, "momentum", MOMENTUM);
  read_inputs (layer, json);
  if (!(layer->rate >= 0 && layer->rate < 1))
    return sb_net_fail (error, "The layer “%s” drops everything", layer->name);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i], kind) == 0)
      {
        layer->kind = (SbLayerKind) i;
        return TRUE;
      }
  return sb_net_fail (error, "“%s” is no kind of layer", kind);
}

/**
 * sb_net_new_from_json:
 * @json: {"input": [channels, height, width], "layers": [{"kind", "name", …}]}
 * @error: %SB_NET_ERROR_INVALID
 *
 * Returns: (transfer full) (nullable): a net whose weights are all zero
 */
SbNet *
sb_net_new_from_json (JsonObject *json, GError **error)
{
  g_autoptr (SbNet) self = g_new0 (SbNet, 1);
  JsonArray *input = sb_json_get_array (json, "input");
  JsonArray *layers = sb_json_get_array (json, "layers");

  self->layers = g_ptr_array_new_with_free_func (layer_free);
  self->weights = g_ptr_array_new_with_free_func (weight_free);
  if (input == NULL || json_array_get_length (input) != 3 || layers == NULL)
    {
      sb_net_fail (error, "The description of the network has no input or no layers");
      return NULL;
    }
  self->channels = (int) json_array_get_int_element (input, 0);
  self->height = (int) json_array_get_int_element (input, 1);
  self->width = (int) json_array_get_int_element (input, 2);
  if (self->channels < 1 || self->channels > MAX_SIDE || self->height < 1 ||
      self->height > MAX_SIDE || self->width < 1 || self->width > MAX_SIDE)
    {
      sb_net_fail (error, "The network’s input has no such shape");
      return NULL;
    }
  for (guint i = 0; i < json_array_get_length (layers); i++)
    if (!JSON_NODE_HOLDS_OBJECT (json_array_get_element (layers, i)) ||
        !read_layer (self, json_array_get_object_element (layers, i), error))
      {
        if (error != NULL && *error == NULL)
          sb_net_fail (error, "A layer is no object");
        return NULL;
      }
  return lay_out (self, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * sb_net_new_digits:
 *
 * Returns: (transfer full): the network of TensorFlow's official MNIST example
 */
SbNet *
sb_net_new_digits (void)
{
  static const char text[] =
      "{\"input\":[1,28,28],\"layers\":["
      "{\"kind\":\"convolution\",\"name\":\"conv1\",\"channels\":32,\"kernel\":5,\"padding\":2,"
      "\"relu\":true},{\"kind\":\"max-pool\",\"name\":\"pool1\",\"kernel\":2,\"stride\":2},"
      "{\"kind\":\"convolution\",\"name\":\"conv2\",\"channels\":64,\"kernel\":5,\"padding\":2,"
      "\"relu\":true},{\"kind\":\"max-pool\",\"name\":\"pool2\",\"kernel\":2,\"stride\":2},"
      "{\"kind\":\"dense\",\"name\":\"fc1\",\"channels\":1024,\"relu\":true},"
      "{\"kind\":\"dropout\",\"name\":\"dropout\",\"rate\":0.4},"
      "{\"kind\":\"dense\",\"name\":\"fc2\",\"channels\":10}]}";
  g_autoptr (JsonObject) json = sb_json_parse_object (text, -1, NULL);

  return sb_net_new_from_json (json, NULL);
}

static void
write_inputs (JsonObject *json, const SbLayer *layer)
{
  JsonArray *names = json_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (layer->inputs); i++)
    if (layer->inputs[i] != NULL)
      json_array_add_string_element (names, layer->inputs[i]);
    else
      json_array_add_null_element (names);
  json_object_set_array_member (json, "inputs", names);
}

/* What older readers do not know is only there where it matters. */
static JsonObject *
write_layer (const SbLayer *layer)
{
  JsonObject *json = sb_json_object_new ("kind",
                                         "s",
                                         kinds[layer->kind],
                                         "name",
                                         "s",
                                         layer->name,
                                         "channels",
                                         "i",
                                         (gint64) layer->channels,
                                         "kernel",
                                         "i",
                                         (gint64) layer->kernel,
                                         "stride",
                                         "i",
                                         (gint64) layer->stride,
                                         "padding",
                                         "i",
                                         (gint64) layer->padding,
                                         "relu",
                                         "b",
                                         layer->relu,
                                         "rate",
                                         "d",
                                         layer->rate,
                                         NULL);

  if (layer->inputs[0] != NULL || layer->inputs[1] != NULL)
    write_inputs (json, layer);
  if (!layer->bias)
    json_object_set_boolean_member (json, "bias", FALSE);
  if (layer->kind == SB_LAYER_BATCH_NORM)
    {
      json_object_set_double_member (json, "epsilon", layer->epsilon);
      json_object_set_double_member (json, "momentum", layer->momentum);
    }
  return json;
}

/**
 * sb_net_to_json:
 *
 * Returns: (transfer full): what sb_net_new_from_json() takes
 */
JsonObject *
sb_net_to_json (const SbNet *self)
{
  JsonObject *json = json_object_new ();
  JsonArray *input = json_array_new (), *layers = json_array_new ();

  json_array_add_int_element (input, self->channels);
  json_array_add_int_element (input, self->height);
  json_array_add_int_element (input, self->width);
  for (guint i = 0; i < self->layers->len; i++)
    json_array_add_object_element (layers, write_layer (g_ptr_array_index (self->layers, i)));
  json_object_set_array_member (json, "input", input);
  json_object_set_array_member (json, "layers", layers);
  return json;
}

/* Uniformly from ±1/√(inputs). */
static void
draw_uniform (SbNet *self, const SbWeight *weight, SbRandom *random)
{
  double bound = 1 / sqrt ((double) weight->fan_in);

  for (gsize k = 0; k < weight->count; k++)
    self->values[weight->offset + k] = (float) sb_random_range (random, -bound, bound);
}

/* He et al. 2015, by the outputs of one input, for layers with ReLU. */
static void
draw_normal (SbNet *self, const SbWeight *weight, SbRandom *random)
{
  double deviation = sqrt (2 / (double) (weight->dims[0] * weight->dims[2] * weight->dims[3]));

  for (gsize k = 0; k < weight->count; k++)
    self->values[weight->offset + k] = (float) (deviation * sb_random_normal (random));
}

static void
set_all (SbNet *self, const SbWeight *weight, float value)
{
  for (gsize k = 0; k < weight->count; k++)
    self->values[weight->offset + k] = value;
}

static gboolean
has_batch_norm (const SbNet *self)
{
  for (guint i = 0; i < self->layers->len; i++)
    if (((const SbLayer *) g_ptr_array_index (self->layers, i))->kind == SB_LAYER_BATCH_NORM)
      return TRUE;
  return FALSE;
}

/**
 * sb_net_initialize:
 * @self: a net
 * @seed: which random weights
 *
 * Draws the weights uniformly from ±1/√(inputs), as PyTorch does. In a net with normalizations,
 * convolutions get normal weights by the number of outputs, as torchvision's ResNets do, and
 * normalizations begin by changing nothing.
 */
void
sb_net_initialize (SbNet *self, guint64 seed)
{
  gboolean normal = has_batch_norm (self);
  SbRandom random;

  sb_random_init (&random, seed);
  for (guint i = 0; i < self->weights->len; i++)
    {
      const SbWeight *weight = g_ptr_array_index (self->weights, i);
      const SbLayer *layer = g_ptr_array_index (self->layers, weight->layer);

      if (weight->role > SB_WEIGHT_BIAS)
        set_all (self,
                 weight,
                 weight->role == SB_WEIGHT_GAMMA || weight->role == SB_WEIGHT_VARIANCE ? 1 : 0);
      else if (normal && layer->kind == SB_LAYER_CONVOLUTION && weight->role == SB_WEIGHT_WEIGHT)
        draw_normal (self, weight, &random);
      else
        draw_uniform (self, weight, &random);
    }
}

/**
 * sb_net_get_head:
 * @self: a net
 * @first_weight: (out): the index of its last layer's first weight in SbNet.weights
 *
 * What is from there on belongs to the last dense layer: all that is new when a net learns other
 * classes.
 *
 * Returns: whether there is such a layer
 */
gboolean
sb_net_get_head (const SbNet *self, guint *first_weight)
{
  guint i = self->weights->len;

  while (i > 0 && ((const SbWeight *) g_ptr_array_index (self->weights, i - 1))->layer + 1 ==
                      self->layers->len)
    i--;
  *first_weight = i;
  return i < self->weights->len;
}

/**
 * sb_net_set_classes:
 * @self: a net, of which no graph was made yet
 * @n_classes: how many it is to tell apart
 * @seed: which random weights
 * @error: %SB_NET_ERROR_INVALID
 *
 * Replaces the last dense layer by one with @n_classes outputs and new weights, drawn uniformly
 * from ±1/√(inputs). All others stay as they are.
 *
 * Returns: whether it is replaced
 */
gboolean
sb_net_set_classes (SbNet *self, int n_classes, guint64 seed, GError **error)
{
  guint last = self->layers->len - 1, head;
  SbLayer *layer = g_ptr_array_index (self->layers, last);
  SbLayer wanted = *layer;
  SbShape from = shape_of (self, layer->sources[0]);
  SbRandom random;

  wanted.channels = n_classes;
  if (!sb_net_get_head (self, &head) ||
      !check_weights (
          self, &wanted, (gsize) from.channels * (gsize) from.height * (gsize) from.width, error))
    return FALSE;
  self->n_values = ((const SbWeight *) g_ptr_array_index (self->weights, head))->offset;
  g_ptr_array_set_size (self->weights, (int) head);
  layer->channels = n_classes;
  if (!lay_out_dense (self, last, &from, error))
    return FALSE;
  self->n_classes = n_classes;
  self->values = g_renew (float, self->values, self->n_values);
  sb_random_init (&random, seed);
  for (guint i = head; i < self->weights->len; i++)
    draw_uniform (self, g_ptr_array_index (self->weights, i), &random);
  return TRUE;
}

/* A dense layer's weights are a matrix in a file. */
static void
describe_weight (const SbNet *self, const SbWeight *weight, SbWeightSource *source)
{
  *source = (SbWeightSource){ .name = weight->name, .values = self->values + weight->offset };
  source->n_dims = weight->matrix ? 2 : (guint) weight->n_dims;
  for (guint i = 0; i < source->n_dims; i++)
    source->dims[i] = weight->dims[i];
  if (weight->matrix)
    source->dims[1] = (gint64) weight->fan_in;
}

static gboolean
save_weights (const SbNet *self, const char *path, GError **error)
{
  g_autofree SbWeightSource *sources = g_new (SbWeightSource, self->weights->len);

  for (guint i = 0; i < self->weights->len; i++)
    describe_weight (self, g_ptr_array_index (self->weights, i), &sources[i]);
  return sb_weight_file_save (path, sources, self->weights->len, SB_WEIGHT_FLOAT32, NULL, error);
}

/**
 * sb_net_save:
 * @self: a net
 * @folder: a folder that exists
 * @more: (nullable): what else the description is to hold
 * @error: a %G_IO_ERROR, or a %G_FILE_ERROR
 *
 * Writes model.json and model.safetensors.
 *
 * Returns: whether both were written
 */
gboolean
sb_net_save (const SbNet *self, const char *folder, JsonObject *more, GError **error)
{
  g_autofree char *description = g_build_filename (folder, DESCRIPTION, NULL);
  g_autofree char *weights = g_build_filename (folder, WEIGHTS, NULL);
  g_autoptr (JsonObject) json = sb_net_to_json (self);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (more != NULL)
    {
      json_object_iter_init (&iter, more);
      while (json_object_iter_next (&iter, &name, &node))
        json_object_set_member (json, name, json_node_copy (node));
    }
  return save_weights (self, weights, error) && sb_json_save_file (json, description, error);
}

static gboolean
take_weight (SbNet *self, const SbWeight *weight, const SbWeightFile *file, GError **error)
{
  const SbWeightArray *array = sb_weight_file_find (file, weight->name);

  if (array == NULL)
    return sb_net_fail (error, "The weights “%s” are missing", weight->name);
  if (array->count != weight->count || array->n_dims == 0 || array->dims[0] != weight->dims[0])
    return sb_net_fail (error,
                        "The weights “%s” have another shape than the network",
                        weight->name);
  return sb_weight_file_read_floats (
      file, weight->name, self->values + weight->offset, weight->count, error);
}

/**
 * sb_net_load_weights:
 * @self: a net
 * @path: a file of weights: see sb_weight_file_open()
 * @error: %SB_NET_ERROR_INVALID, %SB_FORMAT_ERROR_INVALID, or a %G_FILE_ERROR
 *
 * Returns: whether all weights were in it
 */
gboolean
sb_net_load_weights (SbNet *self, const char *path, GError **error)
{
  g_autoptr (SbWeightFile) file = sb_weight_file_open (path, error);

  if (file == NULL)
    return FALSE;
  for (guint i = 0; i < self->weights->len; i++)
    if (!take_weight (self, g_ptr_array_index (self->weights, i), file, error))
      return FALSE;
  return TRUE;
}

/**
 * sb_net_load:
 * @folder: where sb_net_save() has written
 * @description: (out) (optional): all of model.json
 * @error: %SB_NET_ERROR_INVALID, or why a file cannot be read
 *
 * Returns: (transfer full) (nullable): the net
 */
SbNet *
sb_net_load (const char *folder, JsonObject **description, GError **error)
{
  g_autofree char *path = g_build_filename (folder, DESCRIPTION, NULL);
  g_autofree char *weights = g_build_filename (folder, WEIGHTS, NULL);
  g_autoptr (JsonObject) json = sb_json_load_file (path, error);
  g_autoptr (SbNet) self = json != NULL ? sb_net_new_from_json (json, error) : NULL;

  if (self == NULL || !sb_net_load_weights (self, weights, error))
    return NULL;
  if (description != NULL)
    *description = g_steal_pointer (&json);
  return g_steal_pointer (&self);
}
