/* sb-graph-forward.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The steps of a graph's forward pass.
 */

#include "config.h"

#include "algorithms/vision/sb-graph-private.h"

SbMd
sb_dims_md (const SbDims *dims, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
  return sb_md_new (dims->n_dims, dims->dims, type, tag);
}

static SbMd
plain_md (const SbDims *dims, dnnl_data_type_t type)
{
  return sb_dims_md (dims, type, dims->n_dims == 2 ? dnnl_ab : dnnl_abcd);
}

SbOp *
sb_graph_new_op (const_dnnl_primitive_desc_t pd, GError **error)
{
  dnnl_primitive_desc_t copy = NULL;

  if (!sb_dnn_check (dnnl_primitive_desc_clone (&copy, pd), "primitive", error))
    return NULL;
  return sb_op_new (copy, error);
}

/* What a layer moves over its image; an average may be over all of it. */
SbWindow
sb_node_get_window (const SbNode *node)
{
  const SbLayer *layer = node->layer;

  if (layer->kind == SB_LAYER_AVERAGE_POOL && layer->kernel == 0)
    return (SbWindow){ { node->in.dims[2], node->in.dims[3] }, 1, 0 };
  return (SbWindow){ { layer->kernel, layer->kernel }, layer->stride, layer->padding };
}

static gboolean
is_weighted (const SbNode *node)
{
  return node->layer->kind == SB_LAYER_CONVOLUTION || node->layer->kind == SB_LAYER_DENSE;
}

/* Without training, oneDNN's convolutions in bfloat16 put the channels last: a dense layer that
 * takes them so needs no copy. All else is oneDNN's to choose. */
static SbMd
choose_src (const SbGraph *self, const SbNode *node)
{
  gboolean last = node->layer->kind == SB_LAYER_DENSE && node->in.n_dims == 4 &&
                  self->type == dnnl_bf16 && !sb_graph_is_training (self);

  return sb_dims_md (&node->in, self->type, last ? dnnl_nhwc : SB_TAG_ANY);
}

/* Chooses the primitives of a layer with weights, and with them the layouts of the weights. */
static gboolean
choose (SbGraph *self, SbNode *node, GError **error)
{
  const SbLayer *layer = node->layer;
  const SbWeight *weight = g_ptr_array_index (self->net->weights, node->first_weight);
  gboolean dense = layer->kind == SB_LAYER_DENSE;
  gboolean with_bias = layer->bias || node->norm != NULL;
  SbFusion fusion = (node->relu ? SB_FUSE_RELU : 0) | (node->addition != NULL ? SB_FUSE_SUM : 0);
  dnnl_dim_t n_bias[] = { layer->channels };
  SbMd src = choose_src (self, node);
  SbMd dst = node == sb_graph_get_head (self) ? sb_dims_md (&node->out, dnnl_f32, dnnl_ab)
                                              : sb_dims_md (&node->out, self->type, SB_TAG_ANY);
  SbMd diff_dst = sb_dims_md (&node->out, self->type, SB_TAG_ANY);
  SbMd weights = sb_weight_md (weight, self->type, FALSE);
  SbMd diff_weights = sb_weight_md (weight, dnnl_f32, FALSE);
  SbMd bias_md = with_bias ? sb_md_new (1, n_bias, dnnl_f32, dnnl_a) : NULL;

  node->forward = dense ? sb_pd_dense (node->trained, src, weights, bias_md, dst, fusion, error)
                        : sb_pd_convolution (node->trained,
                                             src,
                                             weights,
                                             bias_md,
                                             dst,
                                             layer->stride,
                                             layer->padding,
                                             fusion,
                                             error);
  if (node->forward != NULL && node->trained)
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
  g_clear_pointer (&bias_md, sb_md_free);
  return node->forward != NULL && (!node->trained || node->backward != NULL);
}

gboolean
sb_graph_choose (SbGraph *self, GError **error)
{
  for (guint i = 0; i < self->n_nodes; i++)
    {
      SbNode *node = &self->nodes[i];

      sb_graph_choose_winograd (self, node);
      sb_graph_choose_dense (self, node);
      if (is_weighted (node) && !node->winograd && !node->dense && !choose (self, node, error))
        return FALSE;
    }
  return TRUE;
}

/* Whether no step after @node, save for @addition, takes what @other puts out. */
static gboolean
is_free_after (const SbGraph *self, const SbNode *node, const SbNode *addition, SbNode *other)
{
  for (guint i = node->index + 1; i < self->n_nodes; i++)
    for (guint k = 0; k < 2; k++)
      if (&self->nodes[i] != addition && self->nodes[i].alias != other &&
          sb_node_get_real (self->nodes[i].from[k]) == other)
        return FALSE;
  return TRUE;
}

/* Where a convolution that adds finds what it adds to: in its own output. */
static SbTensor *
prepare_sum (SbGraph *self, SbNode *node, SbMdRef md, GError **error)
{
  SbNode *addition = node->addition;
  SbNode *first = sb_node_get_real (addition->from[0]);
  SbNode *other = first == node ? sb_node_get_real (addition->from[1]) : first;
  SbTensor *dst;
  SbOp *op;

  if (sb_md_equal (md, other->dst->md) && other->dst != node->src &&
      is_free_after (self, node, addition, other))
    return other->dst;
  dst = sb_graph_new_tensor (self, md, error);
  op = dst != NULL ? sb_op_new_reorder (other->dst, dst, error) : NULL;
  if (op == NULL)
    return NULL;
  sb_graph_add_op (self, self->forward, op);
  return dst;
}

/* Where a layer with weights puts its results. The logits are there to stay. */
SbTensor *
sb_graph_make_output (SbGraph *self, SbNode *node, SbMdRef md, GError **error)
{
  if (node->addition != NULL)
    return prepare_sum (self, node, md, error);
  if (node != sb_graph_get_head (self))
    return sb_graph_new_tensor (self, md, error);
  return sb_graph_own (self, sb_tensor_new (md, error));
}

static gboolean
add_weighted (SbGraph *self, SbNode *node, SbTensor *x, GError **error)
{
  SbMd md;
  SbOp *op;

  if (!sb_graph_make_weights (self, node, error))
    return FALSE;
  if (node->winograd)
    return sb_graph_add_winograd (self, node, x, error);
  if (node->dense)
    return sb_graph_add_dense (self, node, x, error);
  md = sb_pd_get_md (node->forward, dnnl_query_dst_md);
  node->src =
      sb_graph_in_layout_of (self, self->forward, x, node->forward, dnnl_query_src_md, error);
  node->dst = node->src != NULL ? sb_graph_make_output (self, node, md, error) : NULL;
  sb_md_free (md);
  op = node->dst != NULL ? sb_graph_new_op (node->forward, error) : NULL;
  if (op == NULL)
    return FALSE;
  sb_op_add (op, DNNL_ARG_SRC, node->src);
  sb_op_add (op, DNNL_ARG_WEIGHTS, node->weights);
  if (node->bias != NULL)
    sb_op_add (op, DNNL_ARG_BIAS, node->bias);
  sb_op_add (op, DNNL_ARG_DST, node->dst);
  sb_graph_add_op (self, self->forward, op);
  return TRUE;
}

static gboolean
add_pool (SbGraph *self, SbNode *node, SbTensor *x, GError **error)
{
  gboolean max = node->layer->kind == SB_LAYER_MAX_POOL;
  SbWindow window = sb_node_get_window (node);
  SbMd dst = sb_dims_md (&node->out, self->type, SB_TAG_ANY);
  SbOp *op;

  node->forward = sb_pd_pool (node->trained,
                              max ? dnnl_pooling_max : dnnl_pooling_avg_include_padding,
                              x->md,
                              dst,
                              &window,
                              error);
  sb_md_free (dst);
  if (node->forward == NULL)
    return FALSE;
  node->src = x;
  node->dst = sb_graph_new_tensor_for (self, node->forward, dnnl_query_dst_md, error);
  op = node->dst != NULL ? sb_graph_new_op (node->forward, error) : NULL;
  if (op == NULL)
    return FALSE;
  sb_op_add (op, DNNL_ARG_SRC, node->src);
  sb_op_add (op, DNNL_ARG_DST, node->dst);
  if (node->trained && max)
    {
      node->workspace =
          sb_graph_new_tensor_for (self, node->forward, dnnl_query_workspace_md, error);
      if (node->workspace == NULL)
        {
          sb_op_free (op);
          return FALSE;
        }
      sb_op_add (op, DNNL_ARG_WORKSPACE, node->workspace);
    }
  sb_graph_add_op (self, self->forward, op);
  return TRUE;
}

/* PyTorch's rule: the running variance is that of all images, as far as a batch tells. */
static void
do_statistics (SbGraph *self, const SbAct *act)
{
  const SbNode *node = act->node;
  const float *mean = node->mean->data, *variance = node->variance->data;
  float *running_mean = node->roles[2]->data, *running_variance = node->roles[3]->data;
  double n = (double) (node->in.dims[0] * node->in.dims[2] * node->in.dims[3]);
  float share = (float) node->layer->momentum;
  float unbiased = (float) (node->layer->momentum * n / MAX (n - 1, 1));

  for (int i = 0; i < node->layer->channels; i++)
    {
      running_mean[i] = (1 - share) * running_mean[i] + share * mean[i];
      running_variance[i] = (1 - share) * running_variance[i] + unbiased * variance[i];
    }
}

static gboolean
make_norm_tensors (SbGraph *self, SbNode *node, SbTensor *x, GError **error)
{
  dnnl_dim_t dims[] = { node->layer->channels };
  SbMd md = sb_md_new (1, dims, dnnl_f32, dnnl_a);

  node->src = x;
  node->dst = sb_graph_new_tensor (self, x->md, error);
  node->mean = node->trained ? sb_graph_new_tensor (self, md, error) : node->roles[2];
  node->variance = node->trained ? sb_graph_new_tensor (self, md, error) : node->roles[3];
  if (node->trained && node->relu)
    node->workspace = sb_graph_new_tensor_for (self, node->forward, dnnl_query_workspace_md, error);
  sb_md_free (md);
  return node->dst != NULL && node->mean != NULL && node->variance != NULL &&
         (!node->trained || !node->relu || node->workspace != NULL);
}

static gboolean
add_norm (SbGraph *self, SbNode *node, SbTensor *x, GError **error)
{
  SbOp *op;

  node->forward = sb_pd_batch_norm (node->trained, x->md, node->layer->epsilon, node->relu, error);
  if (node->forward == NULL || !sb_graph_make_weights (self, node, error) ||
      !make_norm_tensors (self, node, x, error))
    return FALSE;
  op = sb_graph_new_op (node->forward, error);
  if (op == NULL)
    return FALSE;
  sb_op_add (op, DNNL_ARG_SRC, node->src);
  sb_op_add (op, DNNL_ARG_SCALE, node->roles[0]);
  sb_op_add (op, DNNL_ARG_SHIFT, node->roles[1]);
  sb_op_add (op, DNNL_ARG_MEAN, node->mean);
  sb_op_add (op, DNNL_ARG_VARIANCE, node->variance);
  sb_op_add (op, DNNL_ARG_DST, node->dst);
  if (node->workspace != NULL)
    sb_op_add (op, DNNL_ARG_WORKSPACE, node->workspace);
  sb_graph_add_op (self, self->forward, op);
  if (node->trained)
    sb_graph_add_func (self, self->forward, do_statistics, node, node->mean, node->variance, NULL);
  return TRUE;
}

static void
do_relu (SbGraph *self, const SbAct *act)
{
  sb_loop_relu (act->node->src, act->node->dst, self->type);
}

static gboolean
add_relu (SbGraph *self, SbNode *node, SbTensor *x, GError **error)
{
  node->src = x;
  node->dst = sb_graph_new_tensor (self, x->md, error);
  if (node->dst == NULL)
    return FALSE;
  sb_graph_add_func (self, self->forward, do_relu, node, node->src, node->dst, NULL);
  return TRUE;
}

/* Whether what @node puts out may be overwritten by the one layer that takes it: the backward pass
 * does without. */
static gboolean
may_overwrite (SbNode *node)
{
  const SbNode *real = sb_node_get_sole (node);

  if (real == NULL)
    return FALSE;
  return real->layer->kind == SB_LAYER_BATCH_NORM ||
         ((real->layer->kind == SB_LAYER_CONVOLUTION || real->layer->kind == SB_LAYER_DENSE) &&
          !real->relu);
}

static void
do_add (SbGraph *self, const SbAct *act)
{
  sb_loop_add (act->node->src, act->node->other, act->node->dst, act->node->relu, self->type);
}

static gboolean
add_addition (SbGraph *self, SbNode *node, SbTensor *a, SbTensor *b, GError **error)
{
  node->src = a;
  node->other = sb_graph_in_layout (self, self->forward, b, a->md, error);
  if (may_overwrite (node->from[0]))
    node->dst = a;
  else if (node->other == b && may_overwrite (node->from[1]))
    node->dst = b;
  else
    node->dst = sb_graph_new_tensor (self, a->md, error);
  if (node->other == NULL || node->dst == NULL)
    return FALSE;
  sb_graph_add_func (self, self->forward, do_add, node, node->src, node->other, node->dst, NULL);
  return TRUE;
}

static void
do_drop (SbGraph *self, const SbAct *act)
{
  sb_loop_drop (act->node->src, act->node->dst, act->node->layer->rate, &self->random, self->type);
}

/* In place, where no other layer takes the same. */
static gboolean
add_dropout (SbGraph *self, SbNode *node, SbTensor *x, GError **error)
{
  node->src = x;
  node->dst =
      sb_node_get_sole (node->from[0]) != NULL ? x : sb_graph_new_tensor (self, x->md, error);
  if (node->dst == NULL)
    return FALSE;
  sb_graph_add_func (self, self->forward, do_drop, node, node->src, node->dst, NULL);
  return TRUE;
}

/* What a node takes, in the type that everything is computed in; convolutions see to it that the
 * image gets the layout that they like best. */
static SbTensor *
get_input (SbGraph *self, const SbNode *node, guint which, GError **error)
{
  SbTensor *tensor;
  SbMd md;

  if (node->from[which] != NULL)
    return node->from[which]->dst;
  if (is_weighted (node) || self->type == dnnl_f32)
    return self->input;
  md = plain_md (&node->in, self->type);
  tensor = sb_graph_in_layout (self, self->forward, self->input, md, error);
  sb_md_free (md);
  return tensor;
}

static gboolean
add_node (SbGraph *self, SbNode *node, GError **error)
{
  SbTensor *x = get_input (self, node, 0, error), *other;

  if (x == NULL)
    return FALSE;
  switch (node->layer->kind)
    {
    case SB_LAYER_CONVOLUTION:
    case SB_LAYER_DENSE:
      return add_weighted (self, node, x, error);
    case SB_LAYER_MAX_POOL:
    case SB_LAYER_AVERAGE_POOL:
      return add_pool (self, node, x, error);
    case SB_LAYER_BATCH_NORM:
      return add_norm (self, node, x, error);
    case SB_LAYER_RELU:
      return add_relu (self, node, x, error);
    case SB_LAYER_ADD:
      other = get_input (self, node, 1, error);
      return other != NULL && add_addition (self, node, x, other, error);
    case SB_LAYER_DROPOUT:
      if (node->trained && node->layer->rate > 0)
        return add_dropout (self, node, x, error);
      node->dst = x;
      return TRUE;
    default:
      g_assert_not_reached ();
    }
}

/* What the head takes, as plain numbers, for whoever asks. */
static gboolean
keep_features (SbGraph *self, GError **error)
{
  const SbNode *head = sb_graph_get_head (self);
  SbTensor *x = head->from[0] != NULL ? head->from[0]->dst : self->input;
  SbMd md = plain_md (&head->in, dnnl_f32);

  self->features = sb_graph_own (self, sb_tensor_new (md, error));
  sb_md_free (md);
  if (self->features == NULL)
    return FALSE;
  self->take_features = sb_op_new_reorder (x, self->features, error);
  if (self->take_features == NULL)
    return FALSE;
  g_ptr_array_add (self->ops, self->take_features);
  x->last = G_MAXINT;
  return TRUE;
}

gboolean
sb_graph_build_forward (SbGraph *self, GError **error)
{
  const SbNet *net = self->net;
  SbDims dims = { 4, { self->batch, net->channels, net->height, net->width } };
  SbMd md = plain_md (&dims, dnnl_f32);

  self->input = sb_graph_own (self, sb_tensor_new (md, error));
  sb_md_free (md);
  if (self->input == NULL)
    return FALSE;
  for (guint i = 0; i < self->n_nodes; i++)
    {
      SbNode *node = &self->nodes[i];

      if (node->alias != NULL)
        node->dst = sb_node_get_real (node)->dst;
      else if (!add_node (self, node, error))
        return FALSE;
    }
  self->logits = sb_graph_get_head (self)->dst;
  return keep_features (self, error);
}
