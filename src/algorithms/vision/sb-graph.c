/* sb-graph.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-graph.h"

#include <math.h>
#include <string.h>

#define ALIGNMENT       64
#define ALIGNED(floats) (((floats) + 15) / 16 * 16)

typedef struct _Node Node;
typedef void (*ActFunc) (SbGraph *graph, Node *node);

/* One thing to do: a primitive, or a function of ours on a node. */
typedef struct
{
  const SbOp *op;
  ActFunc func;
  Node *node;
} Act;

/* A layer in a graph. */
struct _Node
{
  const SbLayer *layer;
  const SbWeight *weight; /* NULL without weights; the bias is the next one */
  dnnl_primitive_desc_t forward;
  dnnl_primitive_desc_t backward; /* of the weights */
  SbTensor *src;
  SbTensor *dst;
  SbTensor *diff; /* of dst, where a function of ours changes it */
  SbTensor *workspace;
  SbMd master_md;
  gsize master_offset; /* in floats */
  gsize bias_offset;
  SbTensor *master;
  SbTensor *bias;
  SbTensor *weights;
  SbTensor *diff_master;
  SbTensor *diff_bias;
};

struct _SbGraph
{
  const SbNet *net;
  SbGraphFlags flags;
  int batch;
  dnnl_data_type_t type;
  Node *nodes;
  guint n_nodes;
  GPtrArray *tensors; /* owned */
  GPtrArray *ops;     /* owned */
  GArray *forward;    /* Act */
  GArray *backward;   /* Act */
  GArray *update;     /* Act */
  SbTensor *input;
  SbTensor *logits;
  SbTensor *diff_logits;
  float *masters;
  float *gradients;
  gsize n_masters;
  SbRandom random;
  double smoothing;
};

static void
free_aligned (float **data)
{
  g_clear_pointer (data, g_aligned_free);
}

void
sb_graph_free (SbGraph *self)
{
  for (guint i = 0; i < self->n_nodes; i++)
    {
      Node *node = &self->nodes[i];

      g_clear_pointer (&node->forward, dnnl_primitive_desc_destroy);
      g_clear_pointer (&node->backward, dnnl_primitive_desc_destroy);
      g_clear_pointer (&node->master_md, sb_md_free);
    }
  g_ptr_array_unref (self->ops);
  g_ptr_array_unref (self->tensors);
  g_array_unref (self->forward);
  g_array_unref (self->backward);
  g_array_unref (self->update);
  free_aligned (&self->masters);
  free_aligned (&self->gradients);
  g_free (self->nodes);
  g_free (self);
}

static gboolean
is_training (const SbGraph *self)
{
  return (self->flags & SB_GRAPH_TRAINING) != 0;
}

static SbTensor *
own (SbGraph *self, SbTensor *tensor)
{
  if (tensor != NULL)
    g_ptr_array_add (self->tensors, tensor);
  return tensor;
}

static void
add_act (SbGraph *self, GArray *acts, SbOp *op, ActFunc func, Node *node)
{
  Act act = { op, func, node };

  if (op != NULL)
    g_ptr_array_add (self->ops, op);
  g_array_append_val (acts, act);
}

/* The tensor itself, or a copy in the layout that is wanted, made anew each time. */
static SbTensor *
in_layout (SbGraph *self, GArray *acts, SbTensor *have, SbMdRef want, GError **error)
{
  SbTensor *copy;
  SbOp *op;

  if (sb_md_equal (have->md, want))
    return have;
  copy = own (self, sb_tensor_new (want, error));
  op = copy != NULL ? sb_op_new_reorder (have, copy, error) : NULL;
  if (op == NULL)
    return NULL;
  add_act (self, acts, op, NULL, NULL);
  return copy;
}

static SbTensor *
in_layout_of (SbGraph *self,
              GArray *acts,
              SbTensor *have,
              const_dnnl_primitive_desc_t pd,
              dnnl_query_t what,
              GError **error)
{
  SbMd md = sb_pd_get_md (pd, what);
  SbTensor *tensor = in_layout (self, acts, have, md, error);

  sb_md_free (md);
  return tensor;
}

static SbTensor *
new_for (SbGraph *self, const_dnnl_primitive_desc_t pd, dnnl_query_t what, GError **error)
{
  SbMd md = sb_pd_get_md (pd, what);
  SbTensor *tensor = own (self, sb_tensor_new (md, error));

  sb_md_free (md);
  return tensor;
}

static SbOp *
new_op (const_dnnl_primitive_desc_t pd, GError **error)
{
  dnnl_primitive_desc_t copy = NULL;

  if (!sb_dnn_check (dnnl_primitive_desc_clone (&copy, pd), "primitive", error))
    return NULL;
  return sb_op_new (copy, error);
}

/* Dense layers take an image as it is, in four dimensions, and a vector in two. */
static SbMd
weight_md (const SbWeight *weight, dnnl_data_type_t type, gboolean plain)
{
  static const dnnl_format_tag_t tags[] = { 0, dnnl_a, dnnl_ab, 0, dnnl_abcd };
  dnnl_dims_t dims = { 0 };

  for (int i = 0; i < weight->n_dims; i++)
    dims[i] = weight->dims[i];
  return sb_md_new (weight->n_dims, dims, type, plain ? tags[weight->n_dims] : SB_TAG_ANY);
}

typedef struct
{
  int n_dims;
  dnnl_dim_t dims[4];
} Shape;

static SbMd
shape_md (const Shape *shape, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
  return sb_md_new (shape->n_dims, shape->dims, type, tag);
}

static Shape
shape_after (const SbLayer *layer, const Shape *shape)
{
  Shape next = *shape;

  if (layer->kind == SB_LAYER_CONVOLUTION || layer->kind == SB_LAYER_MAX_POOL)
    for (int i = 2; i < 4; i++)
      next.dims[i] = (shape->dims[i] + 2 * layer->padding - layer->kernel) / layer->stride + 1;
  if (layer->kind == SB_LAYER_CONVOLUTION)
    next.dims[1] = layer->channels;
  if (layer->kind == SB_LAYER_DENSE)
    next = (Shape){ 2, { shape->dims[0], layer->channels } };
  return next;
}

/* Chooses the primitives of a layer with weights, and with them the layouts of the weights. */
static gboolean
choose (SbGraph *self,
        Node *node,
        const Shape *from,
        const Shape *to,
        gboolean last,
        GError **error)
{
  const SbLayer *layer = node->layer;
  gboolean dense = layer->kind == SB_LAYER_DENSE;
  dnnl_dim_t n_bias[] = { to->dims[1] };
  SbMd src = shape_md (from, self->type, SB_TAG_ANY);
  SbMd dst = last ? shape_md (to, dnnl_f32, dnnl_ab) : shape_md (to, self->type, SB_TAG_ANY);
  SbMd diff_dst = shape_md (to, self->type, SB_TAG_ANY);
  SbMd weights = weight_md (node->weight, self->type, FALSE);
  SbMd diff_weights = weight_md (node->weight, dnnl_f32, FALSE);
  SbMd bias_md = sb_md_new (1, n_bias, dnnl_f32, dnnl_a);

  node->forward =
      dense ? sb_pd_dense (is_training (self), src, weights, bias_md, dst, layer->relu, error)
            : sb_pd_convolution (is_training (self),
                                 src,
                                 weights,
                                 bias_md,
                                 dst,
                                 layer->stride,
                                 layer->padding,
                                 layer->relu,
                                 error);
  if (node->forward != NULL && is_training (self))
    node->backward =
        dense ? sb_pd_dense_weights (src, diff_weights, bias_md, diff_dst, node->forward, error)
              : sb_pd_convolution_weights (src,
                                           diff_weights,
                                           bias_md,
                                           diff_dst,
                                           layer->stride,
                                           layer->padding,
                                           node->forward,
                                           error);
  sb_md_free (src);
  sb_md_free (dst);
  sb_md_free (diff_dst);
  sb_md_free (weights);
  sb_md_free (diff_weights);
  sb_md_free (bias_md);
  if (node->forward == NULL || (is_training (self) && node->backward == NULL))
    return FALSE;
  node->master_md = is_training (self) ? sb_pd_get_md (node->backward, dnnl_query_diff_weights_md)
                                       : weight_md (node->weight, dnnl_f32, TRUE);
  node->master_offset = self->n_masters;
  self->n_masters += ALIGNED (sb_md_get_size (node->master_md) / sizeof (float));
  node->bias_offset = self->n_masters;
  self->n_masters += ALIGNED ((gsize) to->dims[1]);
  return TRUE;
}

static float *
new_floats (gsize count)
{
  float *data = g_aligned_alloc0 (count, sizeof (float), ALIGNMENT);

  return data;
}

/* The weights' tensors: as they are updated, and as the forward pass wants them. */
static gboolean
make_weights (SbGraph *self, Node *node, GError **error)
{
  dnnl_dim_t n_bias[] = { node->weight->dims[0] };
  SbMd bias_md = sb_md_new (1, n_bias, dnnl_f32, dnnl_a);
  float *at = self->masters + node->master_offset;

  node->master = own (self, sb_tensor_new_over (node->master_md, at, error));
  node->bias = own (self, sb_tensor_new_over (bias_md, self->masters + node->bias_offset, error));
  if (is_training (self))
    {
      at = self->gradients + node->master_offset;
      node->diff_master = own (self, sb_tensor_new_over (node->master_md, at, error));
      at = self->gradients + node->bias_offset;
      node->diff_bias = own (self, sb_tensor_new_over (bias_md, at, error));
    }
  sb_md_free (bias_md);
  if (node->master == NULL || node->bias == NULL ||
      (is_training (self) && (node->diff_master == NULL || node->diff_bias == NULL)))
    return FALSE;
  node->weights =
      in_layout_of (self, self->update, node->master, node->forward, dnnl_query_weights_md, error);
  return node->weights != NULL;
}

static gboolean
add_forward_weighted (SbGraph *self, Node *node, SbTensor *src, GError **error)
{
  SbOp *op;

  node->src = in_layout_of (self, self->forward, src, node->forward, dnnl_query_src_md, error);
  node->dst = new_for (self, node->forward, dnnl_query_dst_md, error);
  op = node->src != NULL && node->dst != NULL ? new_op (node->forward, error) : NULL;
  if (op == NULL)
    return FALSE;
  sb_op_add (op, DNNL_ARG_SRC, node->src);
  sb_op_add (op, DNNL_ARG_WEIGHTS, node->weights);
  sb_op_add (op, DNNL_ARG_BIAS, node->bias);
  sb_op_add (op, DNNL_ARG_DST, node->dst);
  add_act (self, self->forward, op, NULL, node);
  return TRUE;
}

static gboolean
add_forward_pool (SbGraph *self, Node *node, SbTensor *src, const Shape *to, GError **error)
{
  const SbLayer *layer = node->layer;
  SbMd dst = shape_md (to, self->type, SB_TAG_ANY);
  SbOp *op;

  node->forward = sb_pd_max_pool (
      is_training (self), src->md, dst, layer->kernel, layer->stride, layer->padding, error);
  sb_md_free (dst);
  if (node->forward == NULL)
    return FALSE;
  node->src = src;
  node->dst = new_for (self, node->forward, dnnl_query_dst_md, error);
  op = node->dst != NULL ? new_op (node->forward, error) : NULL;
  if (op == NULL)
    return FALSE;
  sb_op_add (op, DNNL_ARG_SRC, node->src);
  sb_op_add (op, DNNL_ARG_DST, node->dst);
  add_act (self, self->forward, op, NULL, node);
  if (!is_training (self))
    return TRUE;
  node->workspace = new_for (self, node->forward, dnnl_query_workspace_md, error);
  if (node->workspace == NULL)
    return FALSE;
  sb_op_add (op, DNNL_ARG_WORKSPACE, node->workspace);
  return TRUE;
}

static gsize
count_of (const SbGraph *self, const SbTensor *tensor)
{
  return tensor->size / (self->type == dnnl_bf16 && tensor->size > 0 ? 2 : 4);
}

static float
from_bf16 (guint16 value)
{
  guint32 bits = (guint32) value << 16;
  float result;

  memcpy (&result, &bits, sizeof result);
  return result;
}

static guint16
to_bf16 (float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  /* To the nearest, ties to even. */
  return (guint16) ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

/* In place: what is kept grows, so that the mean stays. What is dropped can be told by its zero. */
static void
drop (SbGraph *self, Node *node)
{
  gsize count = count_of (self, node->dst);
  float factor = (float) (1 / (1 - node->layer->rate));
  guint32 limit = (guint32) (node->layer->rate * 65536);
  guint16 *halves = node->dst->data;
  float *values = node->dst->data;
  guint64 bits = 0;

  for (gsize i = 0; i < count; i++)
    {
      gboolean gone;

      if (i % 4 == 0)
        bits = sb_random_next (&self->random);
      gone = (bits & 0xffff) < limit;
      bits >>= 16;
      if (self->type == dnnl_bf16)
        halves[i] = gone ? 0 : to_bf16 (from_bf16 (halves[i]) * factor);
      else
        values[i] = gone ? 0 : values[i] * factor;
    }
}

/* The gradient passes where the value passed. */
static void
mask (SbGraph *self, Node *node)
{
  gssize count = (gssize) count_of (self, node->dst);
  float factor = node->layer->kind == SB_LAYER_DROPOUT ? (float) (1 / (1 - node->layer->rate)) : 1;

  if (self->type == dnnl_bf16)
    {
      const gint16 *y = node->dst->data;
      guint16 *d = node->diff->data;

#pragma omp parallel for
      for (gssize i = 0; i < count; i++)
        d[i] = y[i] > 0 ? (factor == 1 ? d[i] : to_bf16 (from_bf16 (d[i]) * factor)) : 0;
    }
  else
    {
      const float *y = node->dst->data;
      float *d = node->diff->data;

#pragma omp parallel for simd
      for (gssize i = 0; i < count; i++)
        d[i] = y[i] > 0 ? d[i] * factor : 0;
    }
}

static gboolean
build_forward (SbGraph *self, GError **error)
{
  Shape shape = { 4, { self->batch, self->net->channels, self->net->height, self->net->width } };
  SbMd md = shape_md (&shape, dnnl_f32, dnnl_abcd);
  SbTensor *x = own (self, sb_tensor_new (md, error));

  sb_md_free (md);
  self->input = x;
  for (guint i = 0; x != NULL && i < self->n_nodes; i++)
    {
      Node *node = &self->nodes[i];
      Shape next = shape_after (node->layer, &shape);
      gboolean fine = TRUE;

      if (node->weight != NULL)
        fine = make_weights (self, node, error) && add_forward_weighted (self, node, x, error);
      else if (node->layer->kind == SB_LAYER_MAX_POOL)
        fine = add_forward_pool (self, node, x, &next, error);
      else
        {
          node->src = node->dst = x;
          if (is_training (self) && node->layer->rate > 0)
            add_act (self, self->forward, NULL, drop, node);
        }
      if (!fine)
        return FALSE;
      x = node->dst;
      shape = next;
    }
  self->logits = x;
  return x != NULL;
}

/* Whether the layer's ReLU is undone by the layer behind it, whose output is smaller or dropped. */
static gboolean
is_masked_later (const SbGraph *self, guint index)
{
  return index + 1 < self->n_nodes && (self->nodes[index + 1].layer->kind == SB_LAYER_DROPOUT ||
                                       self->nodes[index + 1].layer->kind == SB_LAYER_MAX_POOL);
}

static gboolean
needs_mask (const SbGraph *self, guint index)
{
  const SbLayer *layer = self->nodes[index].layer;
  gboolean behind_relu = index > 0 && self->nodes[index - 1].layer->relu;

  if (layer->kind == SB_LAYER_DROPOUT)
    return behind_relu || layer->rate > 0;
  if (layer->kind == SB_LAYER_MAX_POOL)
    return behind_relu;
  return layer->relu && !is_masked_later (self, index);
}

static gboolean
add_weights_gradient (SbGraph *self, Node *node, SbTensor *diff, GError **error)
{
  SbTensor *src =
      in_layout_of (self, self->backward, node->src, node->backward, dnnl_query_src_md, error);
  SbTensor *d =
      in_layout_of (self, self->backward, diff, node->backward, dnnl_query_diff_dst_md, error);
  SbOp *op = src != NULL && d != NULL ? new_op (node->backward, error) : NULL;

  if (op == NULL)
    return FALSE;
  sb_op_add (op, DNNL_ARG_SRC, src);
  sb_op_add (op, DNNL_ARG_DIFF_DST, d);
  sb_op_add (op, DNNL_ARG_DIFF_WEIGHTS, node->diff_master);
  sb_op_add (op, DNNL_ARG_DIFF_BIAS, node->diff_bias);
  add_act (self, self->backward, op, NULL, node);
  return TRUE;
}

static dnnl_primitive_desc_t
choose_data_gradient (SbGraph *self, Node *node, GError **error)
{
  const SbLayer *layer = node->layer;
  SbMd weights = weight_md (node->weight, self->type, FALSE);
  Shape from = { 0 }, to = { 0 };
  SbMd diff_src, diff_dst;
  dnnl_primitive_desc_t pd;

  /* The shapes again, from the front. */
  from = (Shape){ 4, { self->batch, self->net->channels, self->net->height, self->net->width } };
  for (guint i = 0; &self->nodes[i] != node; i++)
    from = shape_after (self->nodes[i].layer, &from);
  to = shape_after (layer, &from);
  diff_src = shape_md (&from, self->type, SB_TAG_ANY);
  diff_dst = shape_md (&to, self->type, SB_TAG_ANY);
  pd = layer->kind == SB_LAYER_DENSE
           ? sb_pd_dense_data (diff_src, weights, diff_dst, node->forward, error)
           : sb_pd_convolution_data (
                 diff_src, weights, diff_dst, layer->stride, layer->padding, node->forward, error);
  sb_md_free (weights);
  sb_md_free (diff_src);
  sb_md_free (diff_dst);
  return pd;
}

static SbTensor *
add_data_gradient (SbGraph *self, Node *node, SbTensor *diff, GError **error)
{
  dnnl_primitive_desc_t pd = choose_data_gradient (self, node, error);
  SbTensor *weights, *d, *result;
  SbOp *op;

  if (pd == NULL)
    return NULL;
  weights = in_layout_of (self, self->update, node->master, pd, dnnl_query_weights_md, error);
  d = in_layout_of (self, self->backward, diff, pd, dnnl_query_diff_dst_md, error);
  result = new_for (self, pd, dnnl_query_diff_src_md, error);
  if (weights == NULL || d == NULL || result == NULL)
    {
      dnnl_primitive_desc_destroy (pd);
      return NULL;
    }
  op = sb_op_new (pd, error);
  if (op == NULL)
    return NULL;
  sb_op_add (op, DNNL_ARG_WEIGHTS, weights);
  sb_op_add (op, DNNL_ARG_DIFF_DST, d);
  sb_op_add (op, DNNL_ARG_DIFF_SRC, result);
  add_act (self, self->backward, op, NULL, NULL);
  return result;
}

static SbTensor *
add_pool_gradient (SbGraph *self, Node *node, SbTensor *diff, GError **error)
{
  const SbLayer *layer = node->layer;
  SbTensor *d = in_layout (self, self->backward, diff, node->dst->md, error);
  SbTensor *result = own (self, sb_tensor_new (node->src->md, error));
  dnnl_primitive_desc_t pd;
  SbOp *op;

  if (d == NULL || result == NULL)
    return NULL;
  pd = sb_pd_max_pool_data (node->src->md,
                            node->dst->md,
                            layer->kernel,
                            layer->stride,
                            layer->padding,
                            node->forward,
                            error);
  op = pd != NULL ? sb_op_new (pd, error) : NULL;
  if (op == NULL)
    return NULL;
  sb_op_add (op, DNNL_ARG_DIFF_DST, d);
  sb_op_add (op, DNNL_ARG_WORKSPACE, node->workspace);
  sb_op_add (op, DNNL_ARG_DIFF_SRC, result);
  add_act (self, self->backward, op, NULL, NULL);
  return result;
}

static gboolean
build_backward (SbGraph *self, GError **error)
{
  SbTensor *diff = own (self, sb_tensor_new (self->logits->md, error));

  self->diff_logits = diff;
  for (guint i = self->n_nodes; diff != NULL && i > 0; i--)
    {
      Node *node = &self->nodes[i - 1];

      if (needs_mask (self, i - 1))
        {
          diff = in_layout (self, self->backward, diff, node->dst->md, error);
          if (diff == NULL)
            return FALSE;
          node->diff = diff;
          add_act (self, self->backward, NULL, mask, node);
        }
      if (node->weight != NULL && !add_weights_gradient (self, node, diff, error))
        return FALSE;
      if (i == 1)
        return TRUE;
      if (node->weight != NULL)
        diff = add_data_gradient (self, node, diff, error);
      else if (node->layer->kind == SB_LAYER_MAX_POOL)
        diff = add_pool_gradient (self, node, diff, error);
    }
  return diff != NULL;
}

static gboolean
choose_all (SbGraph *self, GError **error)
{
  Shape shape = { 4, { self->batch, self->net->channels, self->net->height, self->net->width } };
  guint weight = 0;

  for (guint i = 0; i < self->n_nodes; i++)
    {
      Node *node = &self->nodes[i];
      Shape next;

      node->layer = g_ptr_array_index (self->net->layers, i);
      if (node->layer->kind > SB_LAYER_DROPOUT)
        {
          g_set_error (error,
                       SB_NET_ERROR,
                       SB_NET_ERROR_INVALID,
                       "No such layers are computed yet");
          return FALSE;
        }
      next = shape_after (node->layer, &shape);
      if (node->layer->kind == SB_LAYER_CONVOLUTION || node->layer->kind == SB_LAYER_DENSE)
        {
          node->weight = g_ptr_array_index (self->net->weights, weight);
          weight += 2;
          if (!choose (self, node, &shape, &next, i + 1 == self->n_nodes, error))
            return FALSE;
        }
      shape = next;
    }
  return TRUE;
}

/**
 * sb_graph_new:
 * @net: a net, which has to outlive the graph
 * @batch: how many images it takes at once
 * @flags: what it is to do
 * @error: %SB_DNN_ERROR
 *
 * Returns: (transfer full) (nullable): a graph with the net's weights
 */
SbGraph *
sb_graph_new (const SbNet *net, int batch, SbGraphFlags flags, GError **error)
{
  g_autoptr (SbGraph) self = g_new0 (SbGraph, 1);

  self->net = net;
  self->flags = flags;
  self->batch = batch;
  self->type = (flags & SB_GRAPH_BF16) != 0 ? dnnl_bf16 : dnnl_f32;
  self->n_nodes = net->layers->len;
  self->nodes = g_new0 (Node, self->n_nodes);
  self->tensors = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_tensor_free);
  self->ops = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_op_free);
  self->forward = g_array_new (FALSE, FALSE, sizeof (Act));
  self->backward = g_array_new (FALSE, FALSE, sizeof (Act));
  self->update = g_array_new (FALSE, FALSE, sizeof (Act));
  sb_random_init (&self->random, 1);
  if (!choose_all (self, error))
    return NULL;
  self->masters = new_floats (self->n_masters);
  if (is_training (self))
    self->gradients = new_floats (self->n_masters);
  if (!build_forward (self, error) || (is_training (self) && !build_backward (self, error)) ||
      !sb_graph_load (self, net, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * sb_graph_get_statistics:
 * @self: a training graph
 * @count: (out): their number
 *
 * Returns: (transfer none): all running means and variances, which each forward pass changes
 */
float *
sb_graph_get_statistics (SbGraph *self, gsize *count)
{
  *count = 0;
  return NULL;
}

/**
 * sb_graph_get_range:
 * @self: a training graph
 * @weight: an index of SbNet.weights
 * @offset: (out): where it begins in sb_graph_get_weights()
 * @count: (out): how many numbers it has there, padding included
 *
 * Returns: whether that weight is trained by this graph
 */
gboolean
sb_graph_get_range (const SbGraph *self, guint weight, gsize *offset, gsize *count)
{
  for (guint i = 0; i < self->n_nodes; i++)
    {
      const Node *node = &self->nodes[i];
      guint bias = weight - 1;

      if (node->weight == NULL)
        continue;
      *offset = node->master_offset;
      *count = node->bias_offset - node->master_offset;
      if (g_ptr_array_index (self->net->weights, weight) == node->weight)
        return TRUE;
      *offset = node->bias_offset;
      *count = ALIGNED ((gsize) node->weight->dims[0]);
      if (weight > 0 && g_ptr_array_index (self->net->weights, bias) == node->weight)
        return TRUE;
    }
  return FALSE;
}

/**
 * sb_graph_get_features:
 * @self: a graph whose forward pass has run
 * @per_image: (out): how many numbers each image has
 *
 * Returns: (transfer none): what the last dense layer takes, one image after the other
 */
const float *
sb_graph_get_features (const SbGraph *self, gsize *per_image)
{
  const Node *head = &self->nodes[self->n_nodes - 1];

  *per_image = head->weight->fan_in;
  return head->src->data;
}

int
sb_graph_get_batch (const SbGraph *self)
{
  return self->batch;
}

void
sb_graph_set_seed (SbGraph *self, guint64 seed)
{
  sb_random_init (&self->random, seed);
}

/* Between the plain order of @plain, an array as SbNet.values is, and that of @flat. */
static gboolean
copy_weights (const SbGraph *self, float *plain, float *flat, gboolean to_plain, GError **error)
{
  gboolean fine = TRUE;

  for (guint i = 0; fine && i < self->n_nodes; i++)
    {
      const Node *node = &self->nodes[i];
      const SbWeight *weight = node->weight;
      g_autoptr (SbTensor) ours = NULL;
      g_autoptr (SbTensor) theirs = NULL;
      float *bias;
      SbMd md;

      if (weight == NULL)
        continue;
      md = weight_md (weight, dnnl_f32, TRUE);
      ours = sb_tensor_new_over (node->master_md, flat + node->master_offset, error);
      theirs = sb_tensor_new_over (md, plain + weight->offset, error);
      sb_md_free (md);
      fine = ours != NULL && theirs != NULL &&
             sb_tensor_copy (to_plain ? ours : theirs, to_plain ? theirs : ours, error);
      bias = plain + weight->offset + weight->count;
      if (to_plain)
        memcpy (bias, flat + node->bias_offset, (gsize) weight->dims[0] * sizeof (float));
      else
        memcpy (flat + node->bias_offset, bias, (gsize) weight->dims[0] * sizeof (float));
    }
  return fine;
}

static gboolean
run (SbGraph *self, GArray *acts, GError **error)
{
  for (guint i = 0; i < acts->len; i++)
    {
      const Act *act = &g_array_index (acts, Act, i);

      if (act->func != NULL)
        act->func (self, act->node);
      else if (!sb_op_run (act->op, error))
        return FALSE;
    }
  return TRUE;
}

/**
 * sb_graph_refresh:
 * @self: a graph
 * @error: %SB_DNN_ERROR
 *
 * To be called when the weights have changed.
 *
 * Returns: whether they are in use
 */
gboolean
sb_graph_refresh (SbGraph *self, GError **error)
{
  return run (self, self->update, error);
}

/**
 * sb_graph_load:
 * @self: a graph
 * @net: a net of the same layers
 * @error: %SB_DNN_ERROR
 *
 * Returns: whether the graph now has the net's weights
 */
gboolean
sb_graph_load (SbGraph *self, const SbNet *net, GError **error)
{
  return copy_weights (self, net->values, self->masters, FALSE, error) &&
         sb_graph_refresh (self, error);
}

/**
 * sb_graph_store:
 * @self: a graph
 * @net: a net of the same layers
 * @error: %SB_DNN_ERROR
 *
 * Returns: whether the net now has the graph's weights
 */
gboolean
sb_graph_store (const SbGraph *self, SbNet *net, GError **error)
{
  return copy_weights (self, net->values, self->masters, TRUE, error);
}

/**
 * sb_graph_export_gradients:
 * @self: a graph whose backward pass has run
 * @plain: room for SbNet.n_values numbers
 * @error: %SB_DNN_ERROR
 *
 * Returns: whether the gradients are there, in the order of SbNet.values
 */
gboolean
sb_graph_export_gradients (const SbGraph *self, float *plain, GError **error)
{
  return copy_weights (self, plain, self->gradients, TRUE, error);
}

/**
 * sb_graph_get_input:
 *
 * Returns: (transfer none): batch × channels × height × width numbers, to be filled
 */
float *
sb_graph_get_input (SbGraph *self)
{
  return self->input->data;
}

/**
 * sb_graph_get_logits:
 *
 * Returns: (transfer none): batch × classes numbers
 */
const float *
sb_graph_get_logits (const SbGraph *self)
{
  return self->logits->data;
}

/**
 * sb_graph_get_weights:
 * @count: (out): their number, padding included
 *
 * Returns: (transfer none): all weights in a layout of the graph's own
 */
float *
sb_graph_get_weights (SbGraph *self, gsize *count)
{
  *count = self->n_masters;
  return self->masters;
}

float *
sb_graph_get_gradients (SbGraph *self)
{
  return self->gradients;
}

gboolean
sb_graph_forward (SbGraph *self, GError **error)
{
  return run (self, self->forward, error);
}

/* Returns the logarithm of the sum of the exponentials. */
static double
softmax (const float *logits, int n, float *probabilities)
{
  float most = logits[0];
  double sum = 0;

  for (int i = 1; i < n; i++)
    most = MAX (most, logits[i]);
  for (int i = 0; i < n; i++)
    {
      probabilities[i] = expf (logits[i] - most);
      sum += probabilities[i];
    }
  for (int i = 0; i < n; i++)
    probabilities[i] = (float) (probabilities[i] / sum);
  return most + log (sum);
}

static const float *
get_row (const SbGraph *self, int row)
{
  return (const float *) self->logits->data + (gsize) row * (gsize) self->net->n_classes;
}

/**
 * sb_graph_get_probabilities:
 * @self: a graph whose forward pass has run
 * @row: which image
 * @probabilities: (out): room for one number per class; their sum is 1
 */
void
sb_graph_get_probabilities (const SbGraph *self, int row, float *probabilities)
{
  softmax (get_row (self, row), self->net->n_classes, probabilities);
}

static float
sigmoid (float logit)
{
  return 1 / (1 + expf (-logit));
}

/**
 * sb_graph_get_probabilities_multi:
 * @self: a graph whose forward pass has run
 * @row: which image
 * @probabilities: (out): room for one number per class, each from 0 to 1
 */
void
sb_graph_get_probabilities_multi (const SbGraph *self, int row, float *probabilities)
{
  const float *logits = get_row (self, row);

  for (int i = 0; i < self->net->n_classes; i++)
    probabilities[i] = sigmoid (logits[i]);
}

/**
 * sb_graph_set_smoothing:
 * @self: a training graph
 * @smoothing: the share of each label that sb_graph_loss() spreads evenly over all classes
 */
void
sb_graph_set_smoothing (SbGraph *self, double smoothing)
{
  self->smoothing = smoothing;
}

static int
find_best (const float *values, int n)
{
  int best = 0;

  for (int i = 1; i < n; i++)
    if (values[i] > values[best])
      best = i;
  return best;
}

static double
weight_of (const float *class_weights, int i)
{
  return class_weights != NULL ? class_weights[i] : 1;
}

/* The loss of one image; @diff becomes its gradient by the logits. */
static double
take_loss (const SbGraph *self,
           const float *logits,
           int label,
           const float *class_weights,
           double scale,
           float *diff)
{
  int n = self->net->n_classes;
  double all = softmax (logits, n, diff);
  double share = self->smoothing / n;
  double target = (1 - self->smoothing) * weight_of (class_weights, label);
  double loss = target * (all - logits[label]), whole = target;

  if (share > 0)
    for (int i = 0; i < n; i++)
      {
        loss += share * weight_of (class_weights, i) * (all - logits[i]);
        whole += share * weight_of (class_weights, i);
      }
  for (int i = 0; i < n; i++)
    diff[i] = (float) (scale * (whole * diff[i] - share * weight_of (class_weights, i)));
  diff[label] -= (float) (scale * target);
  return loss;
}

/**
 * sb_graph_loss:
 * @self: a training graph whose forward pass has run
 * @labels: one per image; below zero for a row that does not count
 * @class_weights: (nullable): one per class: how much its images count
 * @scale: of the gradients: 1 / the number of images in all workers' batches, or 1 / the sum of
 *   their weights
 * @n_right: (out): how many images were classified rightly
 *
 * Takes the softmax cross-entropy, with label smoothing when it is set, as PyTorch's
 * `cross_entropy (…, weight, reduction="sum", label_smoothing)`.
 *
 * Returns: the sum of the images' cross-entropies, each times its class's weight
 */
double
sb_graph_loss (SbGraph *self,
               const int *labels,
               const float *class_weights,
               double scale,
               guint *n_right)
{
  int n = self->net->n_classes;
  float *diff = self->diff_logits->data;
  double loss = 0;

  *n_right = 0;
  for (int row = 0; row < self->batch; row++, diff += n)
    {
      const float *logits = get_row (self, row);

      if (labels[row] < 0)
        {
          memset (diff, 0, (gsize) n * sizeof (float));
          continue;
        }
      loss += take_loss (self, logits, labels[row], class_weights, scale, diff);
      *n_right += find_best (logits, n) == labels[row] ? 1 : 0;
    }
  return loss;
}

/**
 * sb_graph_loss_multi:
 * @self: a training graph whose forward pass has run
 * @targets: batch × classes numbers: 1 where an image is of a class, 0 where it is not; a row that
 *   begins with a number below zero does not count
 * @class_weights: (nullable): one per class: how much it counts
 * @scale: of the gradients: 1 / (images in all workers' batches × classes) for the mean
 * @n_right: (out): how many of the batch × classes answers are right: above one half where the
 *   target is
 *
 * Takes the sigmoid cross-entropy of images that may be of several classes at once.
 *
 * Returns: the sum over all images and classes, each times its class's weight
 */
double
sb_graph_loss_multi (SbGraph *self,
                     const float *targets,
                     const float *class_weights,
                     double scale,
                     guint *n_right)
{
  int n = self->net->n_classes;
  float *diff = self->diff_logits->data;
  double loss = 0;

  *n_right = 0;
  for (int row = 0; row < self->batch; row++, diff += n, targets += n)
    {
      const float *logits = get_row (self, row);

      if (targets[0] < 0)
        {
          memset (diff, 0, (gsize) n * sizeof (float));
          continue;
        }
      for (int i = 0; i < n; i++)
        {
          double weight = weight_of (class_weights, i);

          /* -t·log σ(x) - (1 - t)·log (1 - σ(x)), without overflow. */
          loss += weight * (MAX (logits[i], 0) - (double) logits[i] * targets[i] +
                            log1p (exp (-fabs ((double) logits[i]))));
          diff[i] = (float) (scale * weight * (sigmoid (logits[i]) - targets[i]));
          *n_right += (logits[i] > 0) == (targets[i] > 0.5f) ? 1 : 0;
        }
    }
  return loss;
}

/**
 * sb_graph_backward:
 * @self: a training graph whose loss was taken
 * @func: (nullable): is told of gradients as they become final, the last layer's first
 * @data: for @func
 * @error: %SB_DNN_ERROR
 *
 * Returns: whether the gradients are there
 */
gboolean
sb_graph_backward (SbGraph *self, SbGradientFunc func, gpointer data, GError **error)
{
  for (guint i = 0; i < self->backward->len; i++)
    {
      const Act *act = &g_array_index (self->backward, Act, i);
      const Node *node = act->node;

      if (act->func != NULL)
        {
          act->func (self, act->node);
          continue;
        }
      if (!sb_op_run (act->op, error))
        return FALSE;
      if (node != NULL && func != NULL)
        func (self->gradients + node->master_offset,
              node->bias_offset - node->master_offset + ALIGNED ((gsize) node->weight->dims[0]),
              data);
    }
  return TRUE;
}
