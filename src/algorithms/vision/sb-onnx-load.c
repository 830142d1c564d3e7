/* sb-onnx-load.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The graph of an ONNX file becomes a net, as long as SbNet has layers for its operators.
 */

#include "config.h"

#include <string.h>

#include "algorithms/vision/sb-onnx-graph.h"
#include "algorithms/vision/sb-onnx-private.h"
#include "algorithms/vision/sb-onnx.h"
#include "wire/sb-json.h"

/* What an operator puts out. */
typedef struct
{
  int layer; /* that computes it; -1 is the image */
  gboolean flat;
  gint64 padding; /* zeros that an operator of their own has put around it */
} Value;

/* What becomes of the graph. */
typedef struct
{
  SbOnnxGraph *graph;
  GHashTable *values; /* (element-type utf8 Value) */
  GHashTable *takers; /* (element-type utf8 guint): how many operators take a value */
  JsonArray *layers;
  GHashTable *names;  /* (element-type utf8): of layers */
  GPtrArray *weights; /* (element-type utf8): names of tensors, in SbNet's order */
} Import;

static JsonObject *
get_layer (const Import *self, int index)
{
  return json_array_get_object_element (self->layers, (guint) index);
}

static void
add_value (Import *self, const char *name, int layer, gboolean flat)
{
  Value value = { layer, flat, 0 };

  g_hash_table_replace (self->values, g_strdup (name), g_memdup2 (&value, sizeof value));
}

/* What the operator takes, in the place of @i, with zeros around it or not. */
static const Value *
find_padded (const Import *self, const SbOnnxNode *node, guint i, GError **error)
{
  const char *name = i < node->inputs->len ? node->inputs->pdata[i] : "";
  const Value *value = g_hash_table_lookup (self->values, name);

  if (value == NULL)
    sb_net_fail (error,
                 "The ONNX operator “%s” takes “%s”, which no operator before it puts out",
                 node->operator,
                 name);
  return value;
}

static const Value *
find_value (const Import *self, const SbOnnxNode *node, guint i, GError **error)
{
  const Value *value = find_padded (self, node, i, error);

  if (value == NULL || value->padding == 0)
    return value;
  sb_net_fail (error, "The ONNX operator “Pad” has to be followed by AveragePool");
  return NULL;
}

/* A layer with weights has the name that they begin with, as long as no other has it. */
static char *
choose_name (Import *self, const char *weight)
{
  char *name = weight != NULL && g_str_has_suffix (weight, ".weight")
                   ? g_strndup (weight, strlen (weight) - strlen (".weight"))
                   : g_strdup_printf ("layer%u", json_array_get_length (self->layers) + 1);

  while (strcmp (name, "input") == 0 || !g_hash_table_add (self->names, g_strdup (name)))
    {
      char *longer = g_strconcat (name, "_", NULL);

      g_free (name);
      name = longer;
    }
  return name;
}

static const char *
get_source_name (const Import *self, int layer)
{
  return layer < 0 ? "input" : sb_json_get_string (get_layer (self, layer), "name", "");
}

/* A layer that takes @value, and @other if that is given. Only what is not the output of the layer
 * before it is said. */
static JsonObject *
add_layer (Import *self,
           const SbOnnxNode *node,
           const char *kind,
           const char *weight,
           const Value *value,
           const Value *other)
{
  g_autofree char *name = choose_name (self, weight);
  int index = (int) json_array_get_length (self->layers);
  JsonObject *layer = sb_json_object_new ("kind", "s", kind, "name", "s", name, NULL);

  if (value->layer != index - 1 || other != NULL)
    {
      JsonArray *inputs = json_array_new ();

      json_array_add_string_element (inputs, get_source_name (self, value->layer));
      if (other != NULL)
        json_array_add_string_element (inputs, get_source_name (self, other->layer));
      json_object_set_array_member (layer, "inputs", inputs);
    }
  json_array_add_object_element (self->layers, layer);
  add_value (self, node->outputs->pdata[0], index, value->flat);
  return layer;
}

static const char *
get_weight_name (const SbOnnxNode *node, guint i)
{
  const char *name = i < node->inputs->len ? node->inputs->pdata[i] : "";

  return *name != '\0' ? name : NULL;
}

/* The weights and the bias, if there is one. */
static gboolean
take_weights (Import *self, const SbOnnxNode *node, JsonObject *layer, guint n_dims, GError **error)
{
  const char *weight = get_weight_name (node, 1), *bias = get_weight_name (node, 2);
  const SbOnnxTensor *tensor =
      weight != NULL ? g_hash_table_lookup (self->graph->tensors, weight) : NULL;

  if (weight == NULL)
    return sb_net_fail (error, "The ONNX operator “%s” needs weights", node->operator);
  if (tensor == NULL || tensor->n_dims != n_dims)
    return sb_net_fail (error, "The weights “%s” are missing in the ONNX file", weight);
  g_ptr_array_add (self->weights, g_strdup (weight));
  if (bias != NULL)
    g_ptr_array_add (self->weights, g_strdup (bias));
  json_object_set_int_member (layer, "channels", tensor->dims[0]);
  json_object_set_boolean_member (layer, "bias", bias != NULL);
  return TRUE;
}

static gboolean
take_square (Import *self, const SbOnnxNode *node, const char *kind, GError **error)
{
  gboolean convolution = strcmp (kind, "convolution") == 0;
  gboolean average = strcmp (kind, "average-pool") == 0;
  const Value *value =
      average ? find_padded (self, node, 0, error) : find_value (self, node, 0, error);
  JsonObject *layer;
  double kernel, stride, padding, counted;
  gint64 extra;

  if (value == NULL)
    return FALSE;
  if (value->flat || !sb_onnx_node_get_number (node, "kernel_shape", 0, &kernel) || kernel < 1 ||
      !sb_onnx_node_get_number (node, "strides", 1, &stride) ||
      !sb_onnx_node_get_number (node, "pads", 0, &padding) ||
      !sb_onnx_node_get_number (node, "count_include_pad", 0, &counted) ||
      !sb_onnx_node_is_all (node, "dilations", 1) || !sb_onnx_node_is_all (node, "group", 1) ||
      !sb_onnx_node_is_all (node, "ceil_mode", 0) ||
      !sb_onnx_node_is_all (node, "storage_order", 0) ||
      (average && padding != 0 && (counted != 1 || value->padding != 0)) ||
      strcmp (sb_json_get_string (node->attributes, "auto_pad", "NOTSET"), "NOTSET") != 0)
    return sb_net_fail (error,
                        "The ONNX operator “%s” has to be square, without groups or dilation",
                        node->operator);
  extra = value->padding;
  layer = add_layer (self, node, kind, convolution ? get_weight_name (node, 1) : NULL, value, NULL);
  json_object_set_int_member (layer, "kernel", (gint64) kernel);
  json_object_set_int_member (layer, "stride", (gint64) stride);
  json_object_set_int_member (layer, "padding", (gint64) padding + extra);
  return !convolution || take_weights (self, node, layer, 4, error);
}

static gboolean
take_dense (Import *self, const SbOnnxNode *node, GError **error)
{
  const Value *value = find_value (self, node, 0, error);

  if (value == NULL)
    return FALSE;
  if (!value->flat)
    return sb_net_fail (error, "The ONNX operator “Gemm” needs a Flatten before it");
  if (!sb_onnx_node_is_all (node, "alpha", 1) || !sb_onnx_node_is_all (node, "beta", 1) ||
      !sb_onnx_node_is_all (node, "transA", 0) || !sb_onnx_node_is_all (node, "transB", 1) ||
      !json_object_has_member (node->attributes, "transB"))
    return sb_net_fail (error, "The ONNX operator “Gemm” has to be y = x · Wᵀ + b");
  return take_weights (self,
                       node,
                       add_layer (self, node, "dense", get_weight_name (node, 1), value, NULL),
                       2,
                       error);
}

static gboolean
take_norm (Import *self, const SbOnnxNode *node, GError **error)
{
  const Value *value = find_value (self, node, 0, error);
  double epsilon, momentum;
  JsonObject *layer;

  if (value == NULL)
    return FALSE;
  if (node->inputs->len != 5 || !sb_onnx_node_is_all (node, "training_mode", 0) ||
      !sb_onnx_node_is_all (node, "spatial", 1) ||
      !sb_onnx_node_get_number (node, "epsilon", 1e-5, &epsilon) ||
      !sb_onnx_node_get_number (node, "momentum", 0.9, &momentum))
    return sb_net_fail (error,
                        "The ONNX operator “BatchNormalization” has to be one for inference");
  layer = add_layer (self, node, "batch-norm", get_weight_name (node, 1), value, NULL);
  json_object_set_double_member (layer, "epsilon", epsilon);
  json_object_set_double_member (layer, "momentum", 1 - momentum);
  for (guint i = 1; i < 5; i++)
    g_ptr_array_add (self->weights, g_strdup (node->inputs->pdata[i]));
  return TRUE;
}

/* It belongs to the layer before it, when nothing else takes that. */
static gboolean
take_relu (Import *self, const SbOnnxNode *node, GError **error)
{
  const Value *value = find_value (self, node, 0, error);
  JsonObject *before;
  const char *kind;

  if (value == NULL)
    return FALSE;
  before = value->layer >= 0 ? get_layer (self, value->layer) : NULL;
  kind = before != NULL ? sb_json_get_string (before, "kind", "") : "";
  if (GPOINTER_TO_UINT (g_hash_table_lookup (self->takers, node->inputs->pdata[0])) == 1 &&
      (strcmp (kind, "convolution") == 0 || strcmp (kind, "dense") == 0 ||
       strcmp (kind, "batch-norm") == 0 || strcmp (kind, "add") == 0))
    {
      json_object_set_boolean_member (before, "relu", TRUE);
      add_value (self, node->outputs->pdata[0], value->layer, value->flat);
    }
  else
    add_layer (self, node, "relu", NULL, value, NULL);
  return TRUE;
}

static gboolean
take_addition (Import *self, const SbOnnxNode *node, GError **error)
{
  const Value *value = find_value (self, node, 0, error);
  const Value *other = value != NULL ? find_value (self, node, 1, error) : NULL;

  if (other == NULL)
    return FALSE;
  if (value->flat != other->flat)
    return sb_net_fail (error, "The ONNX operator “Add” has to add two outputs of one shape");
  add_layer (self, node, "add", NULL, value, other);
  return TRUE;
}

static gboolean
take_average (Import *self, const SbOnnxNode *node, GError **error)
{
  const Value *value = find_value (self, node, 0, error);

  if (value == NULL)
    return FALSE;
  if (value->flat)
    return sb_net_fail (error, "The ONNX operator “%s” has to take an image", node->operator);
  json_object_set_int_member (add_layer (self, node, "average-pool", NULL, value, NULL),
                              "kernel",
                              0);
  return TRUE;
}

/* PyTorch writes an average's padding as an operator of its own. */
static gboolean
take_padding (Import *self, const SbOnnxNode *node, GError **error)
{
  const Value *value = find_value (self, node, 0, error);
  const char *name = get_weight_name (node, 1);
  const SbOnnxTensor *pads = name != NULL ? g_hash_table_lookup (self->graph->tensors, name) : NULL;
  Value padded;

  if (value == NULL)
    return FALSE;
  padded = *value;
  if (pads == NULL || pads->type != ELEMENT_INT64 || pads->n_dims != 1 || pads->dims[0] != 8 ||
      (pads->raw.at != NULL && pads->raw.end - pads->raw.at != 8 * sizeof (gint64)) ||
      strcmp (sb_json_get_string (node->attributes, "mode", "constant"), "constant") != 0)
    return sb_net_fail (error, "The ONNX operator “Pad” has to put zeros around an image");
  padded.padding = sb_onnx_tensor_get_int (pads, 2);
  for (guint i = 0; i < 8; i++)
    if (sb_onnx_tensor_get_int (pads, i) != (i % 4 < 2 ? 0 : padded.padding) ||
        padded.padding < 0 || padded.padding > G_MAXINT16)
      return sb_net_fail (error, "The ONNX operator “Pad” has to put as many zeros on every side");
  g_hash_table_replace (self->values,
                        g_strdup (node->outputs->pdata[0]),
                        g_memdup2 (&padded, sizeof padded));
  return TRUE;
}

/* What changes no number. */
static gboolean
take_same (Import *self, const SbOnnxNode *node, gboolean flatten, GError **error)
{
  const SbOnnxTensor *tensor =
      node->inputs->len > 0 ? g_hash_table_lookup (self->graph->tensors, node->inputs->pdata[0])
                            : NULL;
  const Value *value;

  /* PyTorch writes weights that are alike once. */
  if (tensor != NULL)
    {
      g_hash_table_replace (self->graph->tensors,
                            g_strdup (node->outputs->pdata[0]),
                            g_memdup2 (tensor, sizeof *tensor));
      return TRUE;
    }
  value = find_value (self, node, 0, error);
  if (value == NULL)
    return FALSE;
  add_value (self, node->outputs->pdata[0], value->layer, value->flat || flatten);
  return TRUE;
}

static gboolean
take_node (Import *self, const SbOnnxNode *node, GError **error)
{
  static const struct
  {
    const char *operator;
    const char *kind;
  } squares[] = { { "Conv", "convolution" },
                  { "MaxPool", "max-pool" },
                  { "AveragePool", "average-pool" } };

  for (guint i = 0; i < G_N_ELEMENTS (squares); i++)
    if (strcmp (node->operator, squares[i].operator) == 0)
      return take_square (self, node, squares[i].kind, error);
  if (strcmp (node->operator, "Gemm") == 0)
    return take_dense (self, node, error);
  if (strcmp (node->operator, "BatchNormalization") == 0)
    return take_norm (self, node, error);
  if (strcmp (node->operator, "Relu") == 0)
    return take_relu (self, node, error);
  if (strcmp (node->operator, "Add") == 0)
    return take_addition (self, node, error);
  if (strcmp (node->operator, "Pad") == 0)
    return take_padding (self, node, error);
  if (strcmp (node->operator, "GlobalAveragePool") == 0)
    return take_average (self, node, error);
  if (strcmp (node->operator, "Dropout") == 0 || strcmp (node->operator, "Identity") == 0)
    return take_same (self, node, FALSE, error);
  if (strcmp (node->operator, "Flatten") == 0 || strcmp (node->operator, "Reshape") == 0)
    return take_same (self, node, TRUE, error);
  return sb_net_fail (
      error,
      "The ONNX operator “%s” is none that Sagebrush knows: Conv, BatchNormalization, "
      "Relu, Add, MaxPool, Pad, AveragePool, GlobalAveragePool, Flatten, Reshape, "
      "Gemm, Dropout, Identity",
      node->operator);
}

static void
count_takers (Import *self)
{
  for (guint i = 0; i < self->graph->nodes->len; i++)
    {
      const SbOnnxNode *node = g_ptr_array_index (self->graph->nodes, i);

      for (guint k = 0; k < node->inputs->len; k++)
        {
          const char *name = node->inputs->pdata[k];
          guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->takers, name));

          g_hash_table_replace (self->takers, g_strdup (name), GUINT_TO_POINTER (n + 1));
        }
    }
}

/* Each operator has to take what those before it put out. */
static gboolean
follow (Import *self, GError **error)
{
  count_takers (self);
  add_value (self, self->graph->input_name, -1, FALSE);
  for (guint i = 0; i < self->graph->nodes->len; i++)
    {
      const SbOnnxNode *node = g_ptr_array_index (self->graph->nodes, i);

      if (strcmp (node->operator, "Constant") == 0 && node->has_value)
        g_hash_table_replace (self->graph->tensors,
                              g_strdup (node->outputs->pdata[0]),
                              g_memdup2 (&node->value, sizeof node->value));
      else if (!take_node (self, node, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
copy_values (SbNet *net, const SbWeight *weight, const SbOnnxTensor *tensor, GError **error)
{
  const SbProtoReader *from = tensor->raw.at != NULL ? &tensor->raw : &tensor->floats;
  guint64 count = 1, inner = 1;
  gboolean matrix = weight->matrix && tensor->n_dims == 2;

  for (guint i = 0; i < tensor->n_dims; i++)
    count *= (guint64) tensor->dims[i];
  for (guint i = 1; i < tensor->n_dims; i++)
    inner *= (guint64) tensor->dims[i];
  for (int i = 1; !matrix && i < weight->n_dims; i++)
    matrix = (guint) weight->n_dims != tensor->n_dims || weight->dims[i] != tensor->dims[i];
  if (tensor->type != ELEMENT_FLOAT || count != weight->count ||
      tensor->dims[0] != weight->dims[0] || (matrix && inner != weight->fan_in) ||
      (guint64) (from->end - from->at) != count * sizeof (float))
    return sb_net_fail (
        error,
        "The weights “%s” of the ONNX file have another shape than the network, or are no "
        "32 bit numbers",
        weight->name);
  memcpy (net->values + weight->offset, from->at, count * sizeof (float));
  return TRUE;
}

static SbNet *
make_net (Import *self, GError **error)
{
  g_autoptr (JsonObject) json = json_object_new ();
  g_autoptr (SbNet) net = NULL;
  JsonArray *input = json_array_new ();

  for (guint i = 1; i < 4; i++)
    json_array_add_int_element (input, self->graph->input[i]);
  json_object_set_array_member (json, "input", input);
  json_object_set_array_member (json, "layers", json_array_ref (self->layers));
  net = sb_net_new_from_json (json, error);
  for (guint i = 0; net != NULL && i < net->weights->len; i++)
    {
      const SbWeight *weight = g_ptr_array_index (net->weights, i);
      const SbOnnxTensor *tensor =
          i < self->weights->len
              ? g_hash_table_lookup (self->graph->tensors, self->weights->pdata[i])
              : NULL;

      if (tensor == NULL)
        {
          sb_net_fail (error, "The weights “%s” are missing in the ONNX file", weight->name);
          return NULL;
        }
      if (!copy_values (net, weight, tensor, error))
        return NULL;
    }
  return g_steal_pointer (&net);
}

/**
 * sb_onnx_load:
 * @path: an ONNX file of operators that SbNet has layers for
 * @error: %SB_NET_ERROR_INVALID, or a %G_FILE_ERROR
 *
 * Returns: (transfer full) (nullable): the net
 */
SbNet *
sb_onnx_load (const char *path, GError **error)
{
  g_autoptr (SbOnnxGraph) graph = sb_onnx_graph_read (path, error);
  SbNet *net = NULL;
  Import self = { 0 };

  if (graph == NULL)
    return NULL;
  self.graph = graph;
  self.values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self.takers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.layers = json_array_new ();
  self.weights = g_ptr_array_new_with_free_func (g_free);
  if (follow (&self, error))
    net = make_net (&self, error);
  g_hash_table_unref (self.values);
  g_hash_table_unref (self.takers);
  g_hash_table_unref (self.names);
  json_array_unref (self.layers);
  g_ptr_array_unref (self.weights);
  return net;
}
