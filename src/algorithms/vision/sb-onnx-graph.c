/* sb-onnx-graph.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A file comes from anywhere: every length in it is held against what is there.
 */

#include "config.h"

#include "algorithms/vision/sb-onnx-graph.h"

#include <string.h>

#include "algorithms/vision/sb-net.h"
#include "algorithms/vision/sb-onnx-private.h"
#include "formats/sb-little-endian.h"

/* More operators than any net of ours has. */
#define MAX_NODES 4096

static void
node_free (gpointer data)
{
  SbOnnxNode *self = data;

  g_free (self->operator);
  g_ptr_array_unref (self->inputs);
  g_ptr_array_unref (self->outputs);
  json_object_unref (self->attributes);
  g_free (self);
}

static gboolean
add_dim (SbOnnxTensor *self, guint64 value)
{
  if (self->n_dims == SB_ONNX_MAX_DIMS || value > G_MAXINT)
    return FALSE;
  self->dims[self->n_dims++] = (gint64) value;
  return TRUE;
}

/* Its name, or NULL when it is broken. */
static char *
read_tensor (SbProtoReader message, SbOnnxTensor *tensor)
{
  g_autofree char *name = g_strdup ("");
  gboolean broken = FALSE;
  SbProtoField field;
  guint64 value;

  *tensor = (SbOnnxTensor){ 0 };
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
read_attribute (SbOnnxNode *node, SbProtoReader message)
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

static SbOnnxNode *
read_node (SbProtoReader message)
{
  SbOnnxNode *node = g_new0 (SbOnnxNode, 1);
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
read_input (SbOnnxGraph *self, SbProtoReader message)
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
read_graph (SbOnnxGraph *self, SbProtoReader graph, GError **error)
{
  SbProtoReader again = graph;
  gboolean broken = FALSE;
  SbProtoField field;

  while (sb_proto_next (&graph, &field, &broken))
    if (field.number == GRAPH_INITIALIZER && field.is_bytes)
      {
        g_autofree SbOnnxTensor *tensor = g_new0 (SbOnnxTensor, 1);
        g_autofree char *name = read_tensor (field.bytes, tensor);

        if (name == NULL)
          return sb_net_fail (error, "A tensor of the ONNX file is damaged");
        g_hash_table_replace (self->tensors, g_steal_pointer (&name), g_steal_pointer (&tensor));
      }
    else if (field.number == GRAPH_NODE && field.is_bytes)
      {
        SbOnnxNode *node = self->nodes->len < MAX_NODES ? read_node (field.bytes) : NULL;

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

/**
 * sb_onnx_graph_read:
 * @path: an ONNX file
 * @error: %SB_NET_ERROR_INVALID, or a %G_FILE_ERROR
 *
 * Returns: (transfer full) (nullable): its graph; free it with sb_onnx_graph_free()
 */
SbOnnxGraph *
sb_onnx_graph_read (const char *path, GError **error)
{
  g_autoptr (SbOnnxGraph) self = g_new0 (SbOnnxGraph, 1);
  SbProtoReader model, graph;

  self->nodes = g_ptr_array_new_with_free_func (node_free);
  self->tensors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->file = g_mapped_file_new (path, FALSE, error);
  if (self->file == NULL)
    return NULL;
  model.at = (const guint8 *) g_mapped_file_get_contents (self->file);
  model.end = model.at + g_mapped_file_get_length (self->file);
  if (!find_message (model, MODEL_GRAPH, &graph))
    {
      sb_net_fail (error, "%s is no ONNX file", path);
      return NULL;
    }
  return read_graph (self, graph, error) ? g_steal_pointer (&self) : NULL;
}

void
sb_onnx_graph_free (SbOnnxGraph *self)
{
  g_ptr_array_unref (self->nodes);
  g_hash_table_unref (self->tensors);
  g_free (self->input_name);
  g_clear_pointer (&self->file, g_mapped_file_unref);
  g_free (self);
}

/**
 * sb_onnx_node_get_number:
 * @self: an operator
 * @name: of an attribute
 * @fallback: what it is where it is not given
 * @value: (out): the one number that all of its numbers are
 *
 * Returns: whether it is one number, once or several times
 */
gboolean
sb_onnx_node_get_number (const SbOnnxNode *self, const char *name, double fallback, double *value)
{
  JsonNode *member = json_object_get_member (self->attributes, name);
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

/**
 * sb_onnx_node_is_all:
 * @self: an operator
 * @name: of an attribute
 * @wanted: a number
 *
 * Returns: whether all of its numbers are @wanted, or it is not given
 */
gboolean
sb_onnx_node_is_all (const SbOnnxNode *self, const char *name, double wanted)
{
  double value;

  return sb_onnx_node_get_number (self, name, wanted, &value) && value == wanted;
}

/**
 * sb_onnx_tensor_get_int:
 * @self: a tensor of type ELEMENT_INT64
 * @i: which of its numbers
 *
 * Returns: that number; -1 when there are not so many
 */
gint64
sb_onnx_tensor_get_int (const SbOnnxTensor *self, guint i)
{
  SbProtoReader ints = self->ints;
  gboolean broken = FALSE;
  guint64 value = 0;

  if (self->raw.at != NULL)
    return (gsize) (self->raw.end - self->raw.at) / sizeof value > i
               ? (gint64) sb_le_get_64 (self->raw.at + i * sizeof value)
               : -1;
  for (guint k = 0; k <= i; k++)
    if (!sb_proto_next_number (&ints, &value, &broken))
      return -1;
  return (gint64) value;
}
