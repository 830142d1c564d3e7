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
  GByteArray *out;
  char *last; /* the name of what the last operator puts out */
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

/* An operator on what the last one put out, with the weights of @layer when there are any. */
static GByteArray *
begin_node (Graph *self, const char *operator, const char * layer)
{
  GByteArray *node = g_byte_array_new ();

  sb_proto_add_string (node, NODE_INPUT, self->last);
  if (layer != NULL)
    {
      g_autofree char *weight = g_strconcat (layer, ".weight", NULL);
      g_autofree char *bias = g_strconcat (layer, ".bias", NULL);

      sb_proto_add_string (node, NODE_INPUT, weight);
      sb_proto_add_string (node, NODE_INPUT, bias);
    }
  sb_proto_add_string (node, NODE_OPERATOR, operator);
  return node;
}

static void
end_node (Graph *self, GByteArray *node, gboolean last)
{
  g_free (self->last);
  self->last = last ? g_strdup ("logits") : g_strdup_printf ("value%u", ++self->n);
  sb_proto_add_string (node, NODE_OUTPUT, self->last);
  sb_proto_add_message (self->out, GRAPH_NODE, node);
}

static void
add_layer (Graph *self, const SbLayer *layer, gboolean image, gboolean last)
{
  GByteArray *node;

  if (layer->kind == SB_LAYER_DROPOUT)
    return;
  if (layer->kind == SB_LAYER_DENSE && image)
    {
      node = begin_node (self, "Flatten", NULL);
      add_int (node, "axis", 1);
      end_node (self, node, FALSE);
    }
  if (layer->kind == SB_LAYER_DENSE)
    {
      node = begin_node (self, "Gemm", layer->name);
      add_int (node, "transB", 1);
    }
  else
    {
      gboolean pool = layer->kind == SB_LAYER_MAX_POOL;

      node = begin_node (self, pool ? "MaxPool" : "Conv", pool ? NULL : layer->name);
      add_ints (node, "kernel_shape", layer->kernel, 2);
      add_ints (node, "strides", layer->stride, 2);
      add_ints (node, "pads", layer->padding, 4);
    }
  end_node (self, node, last && !layer->relu);
  if (layer->relu)
    end_node (self, begin_node (self, "Relu", NULL), last);
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
  Graph graph = { g_byte_array_new (), g_strdup ("image"), 0 };
  gboolean is_image = TRUE;

  for (guint i = 0; i < net->layers->len; i++)
    {
      const SbLayer *layer = g_ptr_array_index (net->layers, i);

      add_layer (&graph, layer, is_image, i + 1 == net->layers->len);
      is_image = is_image && layer->kind != SB_LAYER_DENSE;
    }
  sb_proto_add_string (graph.out, GRAPH_NAME, "sagebrush");
  for (guint i = 0; i < net->weights->len; i++)
    add_weight (graph.out, net, g_ptr_array_index (net->weights, i));
  add_value (graph.out, GRAPH_INPUT, "image", image, G_N_ELEMENTS (image));
  add_value (graph.out, GRAPH_OUTPUT, "logits", &net->n_classes, 1);
  g_free (graph.last);
  return graph.out;
}

/**
 * sb_onnx_save:
 * @net: a net
 * @path: where to
 * @error: a %G_FILE_ERROR
 *
 * Writes the net for inference: from "image", N × channels × height × width numbers from 0 to 1, to
 * "logits", N × classes. Dropout is left out, as it does nothing there.
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
