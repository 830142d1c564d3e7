/* sb-onnx-load.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ONNX files of such operators as SbNet has layers. A file comes from anywhere: every length in it
 * is held against what is there.
 */

#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "algorithms/vision/sb-onnx-private.h"
#include "algorithms/vision/sb-onnx.h"
#include "formats/sb-protobuf.h"
#include "wire/sb-json.h"

#define MAX_DIMS 4
/* More operators than any net of ours has. */
#define MAX_NODES 4096

/* Numbers that the file holds. */
typedef struct
{
  gint64 dims[MAX_DIMS];
  guint n_dims;
  guint64 type;
  SbProtoReader raw;
  SbProtoReader floats;
  SbProtoReader ints;
} Tensor;

typedef struct
{
  char *operator;
  GPtrArray *inputs;
  GPtrArray *outputs;
  JsonObject *attributes; /* numbers, strings, and arrays of numbers */
  Tensor value;           /* of a Constant */
  gboolean has_value;
} Node;

/* What an operator puts out. */
typedef struct
{
  int layer; /* that computes it; -1 is the image */
  gboolean flat;
  gint64 padding; /* zeros that an operator of their own has put around it */
} Value;

typedef struct
{
  GPtrArray *nodes;    /* (element-type Node) */
  GHashTable *tensors; /* (element-type utf8 Tensor) */
  gint64 input[4];
  char *input_name;
  /* What becomes of them. */
  GHashTable *values; /* (element-type utf8 Value) */
  GHashTable *takers; /* (element-type utf8 guint): how many operators take a value */
  JsonArray *layers;
  GHashTable *names;  /* (element-type utf8): of layers */
  GPtrArray *weights; /* (element-type utf8): names of tensors, in SbNet's order */
} Import;

static void
node_free (gpointer data)
{
  Node *self = data;

  g_free (self->operator);
  g_ptr_array_unref (self->inputs);
  g_ptr_array_unref (self->outputs);
  json_object_unref (self->attributes);
  g_free (self);
}

static gboolean
add_dim (Tensor *self, guint64 value)
{
  if (self->n_dims == MAX_DIMS || value > G_MAXINT)
    return FALSE;
  self->dims[self->n_dims++] = (gint64) value;
  return TRUE;
}

/* Its name, or NULL when it is broken. */
static char *
read_tensor (SbProtoReader message, Tensor *tensor)
{
  g_autofree char *name = g_strdup ("");
  gboolean broken = FALSE;
  SbProtoField field;
  guint64 value;

  *tensor = (Tensor){ 0 };
  while (sb_proto_next (&message, &field, &broken))
    if (field.number == TENSOR_DIMS && !field.is_bytes)
      broken = !add_dim (tensor, field.value);
    else if (field.number == TENSOR_DIMS)
      {
        while (!broken && sb_proto_next_number (&field.bytes, &value, &broken))
          broken = !add_dim (tensor, value);
      }
    else if (field.number == TENSOR_TYPE)
      tensor->type = field.value;
    else if (field.is_bytes && field.number == TENSOR_RAW)
      tensor->raw = field.bytes;
    else if (field.is_bytes && field.number == TENSOR_FLOATS)
      tensor->floats = field.bytes;
    else if (field.is_bytes && field.number == TENSOR_INTS)
      tensor->ints = field.bytes;
    else if (field.is_bytes && field.number == TENSOR_NAME)
      {
        g_free (name);
        name = sb_proto_dup_string (&field.bytes);
      }
  return broken ? NULL : g_steal_pointer (&name);
}

static gboolean
add_number (JsonArray *numbers, guint64 value)
{
  json_array_add_int_element (numbers, (gint64) value);
  return json_array_get_length (numbers) < 64;
}

static gboolean
read_attribute (Node *node, SbProtoReader message)
{
  g_autofree char *name = NULL;
  g_autofree char *text = NULL;
  g_autoptr (JsonArray) numbers = json_array_new ();
  gboolean broken = FALSE;
  SbProtoField field;
  guint64 value;
  float number;
  guint32 bits;

  while (sb_proto_next (&message, &field, &broken))
    if (field.number == ATTRIBUTE_NAME && field.is_bytes)
      {
        g_free (name);
        name = sb_proto_dup_string (&field.bytes);
      }
    else if (field.number == ATTRIBUTE_STRING && field.is_bytes)
      {
        g_free (text);
        text = sb_proto_dup_string (&field.bytes);
      }
    else if (field.number == ATTRIBUTE_TENSOR && field.is_bytes)
      {
        g_autofree char *tensor = read_tensor (field.bytes, &node->value);

        broken = tensor == NULL;
        node->has_value = !broken;
      }
    else if (field.number == ATTRIBUTE_FLOAT && !field.is_bytes)
      {
        bits = (guint32) field.value;
        memcpy (&number, &bits, sizeof number);
        json_array_add_double_element (numbers, number);
      }
    else if ((field.number == ATTRIBUTE_INT || field.number == ATTRIBUTE_INTS) && !field.is_bytes)
      broken = !add_number (numbers, field.value);
    else if (field.number == ATTRIBUTE_INTS)
      while (!broken && sb_proto_next_number (&field.bytes, &value, &broken))
        broken = !add_number (numbers, value);
  if (broken || name == NULL)
    return FALSE;
  if (text != NULL)
    json_object_set_string_member (node->attributes, name, text);
  else
    json_object_set_array_member (node->attributes, name, g_steal_pointer (&numbers));
  return TRUE;
}

static Node *
read_node (SbProtoReader message)
{
  Node *node = g_new0 (Node, 1);
  gboolean broken = FALSE;
  SbProtoField field;

  node->inputs = g_ptr_array_new_with_free_func (g_free);
  node->outputs = g_ptr_array_new_with_free_func (g_free);
  node->attributes = json_object_new ();
  while (sb_proto_next (&message, &field, &broken))
    if (!field.is_bytes)
      continue;
    else if (field.number == NODE_INPUT)
      g_ptr_array_add (node->inputs, sb_proto_dup_string (&field.bytes));
    else if (field.number == NODE_OUTPUT)
      g_ptr_array_add (node->outputs, sb_proto_dup_string (&field.bytes));
    else if (field.number == NODE_OPERATOR)
      {
        g_free (node->operator);
        node->operator= sb_proto_dup_string (&field.bytes);
      }
    else if (field.number == NODE_ATTRIBUTE)
      broken = !read_attribute (node, field.bytes);
  if (!broken && node->operator!= NULL && node->outputs->len> 0)
    return node;
  node_free (node);
  return NULL;
}

/* The message within a message that has this field. */
static gboolean
find_message (SbProtoReader message, guint number, SbProtoReader *found)
{
  gboolean broken = FALSE;
  SbProtoField field;

  while (sb_proto_next (&message, &field, &broken))
    if (field.number == number && field.is_bytes)
      {
        *found = field.bytes;
        return TRUE;
      }
  return FALSE;
}

/* PyTorch lists the weights among the inputs, too, when it is told to; the image has four dims. */
static void
read_input (Import *self, SbProtoReader message)
{
  SbProtoReader part, shape;
  SbProtoField field;
  gboolean broken = FALSE;
  gint64 dims[4] = { 0 };
  guint n = 0;
  g_autofree char *name = NULL;

  if (!find_message (message, VALUE_NAME, &part))
    return;
  name = sb_proto_dup_string (&part);
  if (self->input_name != NULL || g_hash_table_contains (self->tensors, name) ||
      !find_message (message, VALUE_TYPE, &part) || !find_message (part, TYPE_TENSOR, &part) ||
      !find_message (part, TENSOR_TYPE_SHAPE, &shape))
    return;
  while (sb_proto_next (&shape, &field, &broken))
    {
      SbProtoField value;
      gboolean bad = FALSE;

      if (field.number != SHAPE_DIM || !field.is_bytes || n == 4)
        return;
      while (sb_proto_next (&field.bytes, &value, &bad))
        if (value.number == DIM_VALUE && !value.is_bytes && value.value <= G_MAXINT)
          dims[n] = (gint64) value.value;
      n++;
    }
  if (n != 4 || broken)
    return;
  memcpy (self->input, dims, sizeof dims);
  self->input_name = g_steal_pointer (&name);
}

static gboolean
read_graph (Import *self, SbProtoReader graph, GError **error)
{
  SbProtoReader again = graph;
  gboolean broken = FALSE;
  SbProtoField field;

  while (sb_proto_next (&graph, &field, &broken))
    if (field.number == GRAPH_INITIALIZER && field.is_bytes)
      {
        g_autofree Tensor *tensor = g_new0 (Tensor, 1);
        g_autofree char *name = read_tensor (field.bytes, tensor);

        if (name == NULL)
          return sb_net_fail (error, "A tensor of the ONNX file is damaged");
        g_hash_table_replace (self->tensors, g_steal_pointer (&name), g_steal_pointer (&tensor));
      }
    else if (field.number == GRAPH_NODE && field.is_bytes)
      {
        Node *node = self->nodes->len < MAX_NODES ? read_node (field.bytes) : NULL;

        if (node == NULL)
          return sb_net_fail (error, "An operator of the ONNX file is damaged");
        g_ptr_array_add (self->nodes, node);
      }
  if (broken)
    return sb_net_fail (error, "The graph of the ONNX file is damaged");
  while (sb_proto_next (&again, &field, &broken))
    if (field.number == GRAPH_INPUT && field.is_bytes)
      read_input (self, field.bytes);
  return self->input_name != NULL ||
         sb_net_fail (error, "The ONNX file has no input of images: N × channels × height × width");
}

/* The one number that all of the attribute's numbers are. */
static gboolean
get_number (const Node *node, const char *name, double fallback, double *value)
{
  JsonNode *member = json_object_get_member (node->attributes, name);
  JsonArray *numbers =
      member != NULL && JSON_NODE_HOLDS_ARRAY (member) ? json_node_get_array (member) : NULL;

  *value = fallback;
  for (guint i = 0; numbers != NULL && i < json_array_get_length (numbers); i++)
    {
      double one = json_array_get_double_element (numbers, i);

      if (i > 0 && one != *value)
        return FALSE;
      *value = one;
    }
  return member == NULL || numbers != NULL;
}

static gboolean
is_all (const Node *node, const char *name, double wanted)
{
  double value;

  return get_number (node, name, wanted, &value) && value == wanted;
}

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
find_padded (const Import *self, const Node *node, guint i, GError **error)
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
find_value (const Import *self, const Node *node, guint i, GError **error)
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
           const Node *node,
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
get_weight_name (const Node *node, guint i)
{
  const char *name = i < node->inputs->len ? node->inputs->pdata[i] : "";

  return *name != '\0' ? name : NULL;
}

/* The weights and the bias, if there is one. */
static gboolean
take_weights (Import *self, const Node *node, JsonObject *layer, guint n_dims, GError **error)
{
  const char *weight = get_weight_name (node, 1), *bias = get_weight_name (node, 2);
  const Tensor *tensor = weight != NULL ? g_hash_table_lookup (self->tensors, weight) : NULL;

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
take_square (Import *self, const Node *node, const char *kind, GError **error)
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
  if (value->flat || !get_number (node, "kernel_shape", 0, &kernel) || kernel < 1 ||
      !get_number (node, "strides", 1, &stride) || !get_number (node, "pads", 0, &padding) ||
      !get_number (node, "count_include_pad", 0, &counted) || !is_all (node, "dilations", 1) ||
      !is_all (node, "group", 1) || !is_all (node, "ceil_mode", 0) ||
      !is_all (node, "storage_order", 0) ||
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
take_dense (Import *self, const Node *node, GError **error)
{
  const Value *value = find_value (self, node, 0, error);

  if (value == NULL)
    return FALSE;
  if (!value->flat)
    return sb_net_fail (error, "The ONNX operator “Gemm” needs a Flatten before it");
  if (!is_all (node, "alpha", 1) || !is_all (node, "beta", 1) || !is_all (node, "transA", 0) ||
      !is_all (node, "transB", 1) || !json_object_has_member (node->attributes, "transB"))
    return sb_net_fail (error, "The ONNX operator “Gemm” has to be y = x · Wᵀ + b");
  return take_weights (self,
                       node,
                       add_layer (self, node, "dense", get_weight_name (node, 1), value, NULL),
                       2,
                       error);
}

static gboolean
take_norm (Import *self, const Node *node, GError **error)
{
  const Value *value = find_value (self, node, 0, error);
  double epsilon, momentum;
  JsonObject *layer;

  if (value == NULL)
    return FALSE;
  if (node->inputs->len != 5 || !is_all (node, "training_mode", 0) ||
      !is_all (node, "spatial", 1) || !get_number (node, "epsilon", 1e-5, &epsilon) ||
      !get_number (node, "momentum", 0.9, &momentum))
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
take_relu (Import *self, const Node *node, GError **error)
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
take_addition (Import *self, const Node *node, GError **error)
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
take_average (Import *self, const Node *node, GError **error)
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

/* One of a tensor's whole numbers. */
static gint64
get_int (const Tensor *tensor, guint i)
{
  SbProtoReader ints = tensor->ints;
  gboolean broken = FALSE;
  guint64 value = 0;

  if (tensor->raw.at != NULL)
    {
      memcpy (&value, tensor->raw.at + i * sizeof value, sizeof value);
      return (gint64) GUINT64_FROM_LE (value);
    }
  for (guint k = 0; k <= i; k++)
    if (!sb_proto_next_number (&ints, &value, &broken))
      return -1;
  return (gint64) value;
}

/* PyTorch writes an average's padding as an operator of its own. */
static gboolean
take_padding (Import *self, const Node *node, GError **error)
{
  const Value *value = find_value (self, node, 0, error);
  const char *name = get_weight_name (node, 1);
  const Tensor *pads = name != NULL ? g_hash_table_lookup (self->tensors, name) : NULL;
  Value padded;

  if (value == NULL)
    return FALSE;
  padded = *value;
  if (pads == NULL || pads->type != ELEMENT_INT64 || pads->n_dims != 1 || pads->dims[0] != 8 ||
      (pads->raw.at != NULL && pads->raw.end - pads->raw.at != 8 * sizeof (gint64)) ||
      strcmp (sb_json_get_string (node->attributes, "mode", "constant"), "constant") != 0)
    return sb_net_fail (error, "The ONNX operator “Pad” has to put zeros around an image");
  padded.padding = get_int (pads, 2);
  for (guint i = 0; i < 8; i++)
    if (get_int (pads, i) != (i % 4 < 2 ? 0 : padded.padding) || padded.padding < 0 ||
        padded.padding > G_MAXINT16)
      return sb_net_fail (error, "The ONNX operator “Pad” has to put as many zeros on every side");
  g_hash_table_replace (self->values,
                        g_strdup (node->outputs->pdata[0]),
                        g_memdup2 (&padded, sizeof padded));
  return TRUE;
}

/* What changes no number. */
static gboolean
take_same (Import *self, const Node *node, gboolean flatten, GError **error)
{
  const Tensor *tensor =
      node->inputs->len > 0 ? g_hash_table_lookup (self->tensors, node->inputs->pdata[0]) : NULL;
  const Value *value;

  /* PyTorch writes weights that are alike once. */
  if (tensor != NULL)
    {
      g_hash_table_replace (self->tensors,
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
take_node (Import *self, const Node *node, GError **error)
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
  for (guint i = 0; i < self->nodes->len; i++)
    {
      const Node *node = g_ptr_array_index (self->nodes, i);

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
  add_value (self, self->input_name, -1, FALSE);
  for (guint i = 0; i < self->nodes->len; i++)
    {
      const Node *node = g_ptr_array_index (self->nodes, i);

      if (strcmp (node->operator, "Constant") == 0 && node->has_value)
        g_hash_table_replace (self->tensors,
                              g_strdup (node->outputs->pdata[0]),
                              g_memdup2 (&node->value, sizeof node->value));
      else if (!take_node (self, node, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
copy_values (SbNet *net, const SbWeight *weight, const Tensor *tensor, GError **error)
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
    json_array_add_int_element (input, self->input[i]);
  json_object_set_array_member (json, "input", input);
  json_object_set_array_member (json, "layers", json_array_ref (self->layers));
  net = sb_net_new_from_json (json, error);
  for (guint i = 0; net != NULL && i < net->weights->len; i++)
    {
      const SbWeight *weight = g_ptr_array_index (net->weights, i);
      const Tensor *tensor = i < self->weights->len
                                 ? g_hash_table_lookup (self->tensors, self->weights->pdata[i])
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
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, error);
  SbNet *net = NULL;
  Import self = { 0 };
  SbProtoReader model, graph;

  if (file == NULL)
    return NULL;
  model.at = (const guint8 *) g_mapped_file_get_contents (file);
  model.end = model.at + g_mapped_file_get_length (file);
  self.nodes = g_ptr_array_new_with_free_func (node_free);
  self.tensors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self.values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self.takers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.layers = json_array_new ();
  self.weights = g_ptr_array_new_with_free_func (g_free);
  if (!find_message (model, MODEL_GRAPH, &graph))
    sb_net_fail (error, "%s is no ONNX file", path);
  else if (read_graph (&self, graph, error) && follow (&self, error))
    net = make_net (&self, error);
  g_ptr_array_unref (self.nodes);
  g_hash_table_unref (self.tensors);
  g_hash_table_unref (self.values);
  g_hash_table_unref (self.takers);
  g_hash_table_unref (self.names);
  json_array_unref (self.layers);
  g_ptr_array_unref (self.weights);
  g_free (self.input_name);
  return net;
}
