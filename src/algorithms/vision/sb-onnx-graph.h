/* sb-onnx-graph.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The graph of an ONNX file as it stands there: operators, their attributes, numbers.
 */

#pragma once

#include <json-glib/json-glib.h>

#include "formats/sb-protobuf.h"

G_BEGIN_DECLS

#define SB_ONNX_MAX_DIMS 4

/**
 * SbOnnxTensor:
 * @dims: (array length=n_dims): its shape; how many numbers there really are is not checked
 * @n_dims: up to %SB_ONNX_MAX_DIMS
 * @type: what its numbers are, ELEMENT_FLOAT or another of sb-onnx-private.h
 * @raw: the numbers in a row, little endian; its @at is %NULL where they are in @floats or @ints
 * @floats: 32 bit numbers in a row
 * @ints: whole numbers, as sb_proto_next_number() reads them
 *
 * Numbers that a file holds: they are there as long as its graph is.
 */
typedef struct
{
  gint64 dims[SB_ONNX_MAX_DIMS];
  guint n_dims;
  guint64 type;
  SbProtoReader raw;
  SbProtoReader floats;
  SbProtoReader ints;
} SbOnnxTensor;

/**
 * SbOnnxNode:
 * @operator: such as `Conv`
 * @inputs: (element-type utf8): names of what it takes
 * @outputs: (element-type utf8): names of what it puts out, one at least
 * @attributes: strings, and arrays of numbers
 * @value: the tensor of a `Constant`
 * @has_value: whether there is one
 */
typedef struct
{
  char *operator;
  GPtrArray *inputs;
  GPtrArray *outputs;
  JsonObject *attributes;
  SbOnnxTensor value;
  gboolean has_value;
} SbOnnxNode;

/**
 * SbOnnxGraph:
 * @nodes: (element-type SbOnnxNode): in the order of the file
 * @tensors: (element-type utf8 SbOnnxTensor): by name
 * @input: shape of the images: N × channels × height × width, 0 where the file leaves it open
 * @input_name: what the operators call them
 * @file: where the numbers are
 */
typedef struct
{
  GPtrArray *nodes;
  GHashTable *tensors;
  gint64 input[4];
  char *input_name;
  GMappedFile *file;
} SbOnnxGraph;

SbOnnxGraph *sb_onnx_graph_read (const char *path, GError **error);
void sb_onnx_graph_free (SbOnnxGraph *self);

gboolean
sb_onnx_node_get_number (const SbOnnxNode *self, const char *name, double fallback, double *value);
gboolean sb_onnx_node_is_all (const SbOnnxNode *self, const char *name, double wanted);
gint64 sb_onnx_tensor_get_int (const SbOnnxTensor *self, guint i);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbOnnxGraph, sb_onnx_graph_free)

G_END_DECLS
