/* sb-onnx-save.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <gio/gio.h>

#include "algorithms/vision/sb-onnx-private.h"
#include "algorithms/vision/sb-onnx.h"
#include "formats/sb-protobuf.h"

/* A graph that grows by one operator after the other. */
typedef struct
{
  const SbNet *net;
  GByteArray *out;
  GPtrArray *values; /* (element-type utf8): what each layer puts out is called */
  guint n;
} Graph;

static void
add_ints (GByteArray *node, const char *name, int value, guint n)
{
  GByteArray *attribute = g_byte_array_new ();

  sb_proto_add_string (attribute, ATTRIBUTE_NAME, name);
  for (guint i = 0; i < n; i++)
    sb_proto_add_number (attribute, ATTRIBUTE_INTS, (guint64) value);
  sb_proto_add_number (attribute, ATTRIBUTE_TYPE, KIND_INTS);
  sb_proto_add_message (node, NODE_ATTRIBUTE, attribute);
}

static void
add_int (GByteArray *node, const char *name, int value)
{
  GByteArray *attribute = g_byte_array_new ();

  sb_proto_add_string (attribute, ATTRIBUTE_NAME, name);
  sb_proto_add_number (attribute, ATTRIBUTE_INT, (guint64) value);
  sb_proto_add_number (attribute, ATTRIBUTE_TYPE, KIND_INT);
  sb_proto_add_message (node, NODE_ATTRIBUTE, attribute);
}

static void
add_float (GByteArray *node, const char *name, double value)
{
  GByteArray *attribute = g_byte_array_new ();

  sb_proto_add_string (attribute, ATTRIBUTE_NAME, name);
  sb_proto_add_float (attribute, ATTRIBUTE_FLOAT, (float) value);
  sb_proto_add_number (attribute, ATTRIBUTE_TYPE, KIND_FLOAT);
  sb_proto_add_message (node, NODE_ATTRIBUTE, attribute);
}

static const char *
get_value (const Graph *self, int source)
{
  return source < 0 ? "image" : g_ptr_array_index (self->values, source);
}

static GByteArray *
begin_node (const char *operator, const char * input)
{
  GByteArray *node = g_byte_array_new ();

  sb_proto_add_string (node, NODE_INPUT, input);
  sb_proto_add_string (node, NODE_OPERATOR, operator);
  return node;
}

/* The weights of a layer are its inputs, too, in their order. */
static void
add_weights (const Graph *self, GByteArray *node, guint layer)
{
  for (guint i = 0; i < self->net->weights->len; i++)
    {
      const SbWeight *weight = g_ptr_array_index (self->net->weights, i);

      if (weight->layer == layer)
        sb_proto_add_string (node, NODE_INPUT, weight->name);
    }
}

/* Returns the name of what the operator puts out. */
static char *
end_node (Graph *self, GByteArray *node, gboolean last)
{
  char *name = last ? g_strdup ("logits") : g_strdup_printf ("value%u", ++self->n);

  sb_proto_add_string (node, NODE_OUTPUT, name);
  sb_proto_add_message (self->out, GRAPH_NODE, node);
  return name;
}

static GByteArray *
begin_square (const SbLayer *layer, const char *operator, const char * input)
{
  GByteArray *node = begin_node (operator, input);

  add_ints (node, "kernel_shape", layer->kernel, 2);
  add_ints (node, "strides", layer->stride, 2);
  add_ints (node, "pads", layer->padding, 4);
  return node;
}

static GByteArray *
begin_dense (Graph *self, const SbLayer *layer, const char *input)
{
  g_autofree char *flat = NULL;
  GByteArray *node;
  gboolean image =
      layer->sources[0] < 0 ||
      !((const SbLayer *) g_ptr_array_index (self->net->layers, layer->sources[0]))->shape.flat;

  if (image)
    {
      node = begin_node ("Flatten", input);
      add_int (node, "axis", 1);
      flat = end_node (self, node, FALSE);
    }
  node = begin_node ("Gemm", image ? flat : input);
  add_int (node, "transB", 1);
  return node;
}

static GByteArray *
begin_norm (const SbLayer *layer, const char *input)
{
  GByteArray *node = begin_node ("BatchNormalization", input);

  add_float (node, "epsilon", layer->epsilon);
  /* ONNX counts what is kept, PyTorch what is new. */
  add_float (node, "momentum", 1 - layer->momentum);
  return node;
}

/* The operator of a layer without its ReLU, and without its weights. */
static GByteArray *
begin_layer (Graph *self, const SbLayer *layer)
{
  const char *input = get_value (self, layer->sources[0]);
  GByteArray *node;

  switch (layer->kind)
    {
    case SB_LAYER_CONVOLUTION:
      return begin_square (layer, "Conv", input);
    case SB_LAYER_MAX_POOL:
      return begin_square (layer, "MaxPool", input);
    case SB_LAYER_AVERAGE_POOL:
      if (layer->kernel == 0)
        return begin_node ("GlobalAveragePool", input);
      node = begin_square (layer, "AveragePool", input);
      add_int (node, "count_include_pad", 1);
      return node;
    case SB_LAYER_DENSE:
      return begin_dense (self, layer, input);
    case SB_LAYER_BATCH_NORM:
      return begin_norm (layer, input);
    case SB_LAYER_RELU:
      return begin_node ("Relu", input);
    case SB_LAYER_ADD:
      node = begin_node ("Add", input);
      sb_proto_add_string (node, NODE_INPUT, get_value (self, layer->sources[1]));
      return node;
    default:
      g_assert_not_reached ();
    }
}

static gboolean
has_relu (const SbLayer *layer)
{
  return layer->relu && (layer->kind == SB_LAYER_CONVOLUTION || layer->kind == SB_LAYER_DENSE ||
                         layer->kind == SB_LAYER_BATCH_NORM || layer->kind == SB_LAYER_ADD);
}

static char *
add_layer (Graph *self, guint index, gboolean last)
{
  const SbLayer *layer = g_ptr_array_index (self->net->layers, index);
  g_autofree char *inner = NULL;
  GByteArray *node;

  if (layer->kind == SB_LAYER_DROPOUT)
    return g_strdup (get_value (self, layer->sources[0]));
  node = begin_layer (self, layer);
  add_weights (self, node, index);
  if (!has_relu (layer))
    return end_node (self, node, last);
  inner = end_node (self, node, FALSE);
  return end_node (self, begin_node ("Relu", inner), last);
}

static void
add_weight (GByteArray *graph, const SbNet *net, const SbWeight *weight)
{
  GByteArray *tensor = g_byte_array_new ();

  sb_proto_add_number (tensor, TENSOR_DIMS, (guint64) weight->dims[0]);
  if (weight->matrix)
    sb_proto_add_number (tensor, TENSOR_DIMS, weight->fan_in);
  for (int i = 1; i < weight->n_dims && !weight->matrix; i++)
    sb_proto_add_number (tensor, TENSOR_DIMS, (guint64) weight->dims[i]);
  sb_proto_add_number (tensor, TENSOR_TYPE, ELEMENT_FLOAT);
  sb_proto_add_string (tensor, TENSOR_NAME, weight->name);
  sb_proto_add_bytes (tensor,
                      TENSOR_RAW,
                      net->values + weight->offset,
                      weight->count * sizeof (float));
  sb_proto_add_message (graph, GRAPH_INITIALIZER, tensor);
}

static void
add_value (GByteArray *graph, guint field, const char *name, const int *dims, guint n)
{
  GByteArray *value = g_byte_array_new (), *type = g_byte_array_new ();
  GByteArray *tensor = g_byte_array_new (), *shape = g_byte_array_new ();
  GByteArray *batch = g_byte_array_new ();

  sb_proto_add_string (batch, DIM_NAME, "N");
  sb_proto_add_message (shape, SHAPE_DIM, batch);
  for (guint i = 0; i < n; i++)
    {
      GByteArray *dim = g_byte_array_new ();

      sb_proto_add_number (dim, DIM_VALUE, (guint64) dims[i]);
      sb_proto_add_message (shape, SHAPE_DIM, dim);
    }
  sb_proto_add_number (tensor, TENSOR_TYPE_ELEMENT, ELEMENT_FLOAT);
  sb_proto_add_message (tensor, TENSOR_TYPE_SHAPE, shape);
  sb_proto_add_message (type, TYPE_TENSOR, tensor);
  sb_proto_add_string (value, VALUE_NAME, name);
  sb_proto_add_message (value, VALUE_TYPE, type);
  sb_proto_add_message (graph, field, value);
}

static GByteArray *
make_graph (const SbNet *net)
{
  const int image[] = { net->channels, net->height, net->width };
  Graph graph = { net, g_byte_array_new (), g_ptr_array_new_with_free_func (g_free), 0 };

  for (guint i = 0; i < net->layers->len; i++)
    g_ptr_array_add (graph.values, add_layer (&graph, i, i + 1 == net->layers->len));
  sb_proto_add_string (graph.out, GRAPH_NAME, "sagebrush");
  for (guint i = 0; i < net->weights->len; i++)
    add_weight (graph.out, net, g_ptr_array_index (net->weights, i));
  add_value (graph.out, GRAPH_INPUT, "image", image, G_N_ELEMENTS (image));
  add_value (graph.out, GRAPH_OUTPUT, "logits", &net->n_classes, 1);
  g_ptr_array_unref (graph.values);
  return graph.out;
}

/**
 * sb_onnx_save:
 * @net: a net
 * @path: where to
 * @error: a %G_FILE_ERROR
 *
 * Writes the net for inference: from "image", N × channels × height × width numbers as the net
 * takes them, to "logits", N × classes. Dropout is left out, as it does nothing there.
 *
 * Returns: whether the file is there
 */
gboolean
sb_onnx_save (const SbNet *net, const char *path, GError **error)
{
  g_autoptr (GByteArray) model = g_byte_array_new ();
  GByteArray *opset = g_byte_array_new ();

  sb_proto_add_number (model, MODEL_IR_VERSION, SB_ONNX_IR_VERSION);
  sb_proto_add_string (model, MODEL_PRODUCER, "sagebrush");
  sb_proto_add_message (model, MODEL_GRAPH, make_graph (net));
  sb_proto_add_number (opset, OPSET_VERSION, SB_ONNX_OPSET);
  sb_proto_add_message (model, MODEL_OPSET, opset);
  return g_file_set_contents (path, (const char *) model->data, (gssize) model->len, error);
}
