/* sb-graph-backward.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The steps of a graph's backward pass: from the last layer to the first, each takes what the
 * layers behind it have contributed to its output's gradient.
 */

#include "config.h"

#include "algorithms/vision/sb-graph-private.h"

static void
do_gradient (SbGraph *self, const SbAct *act)
{
  sb_loop_gradient (act->sum, self->type);
}

/* Adds up the contributions of @node, and undoes its ReLU or dropout when @masked. In the place of
 * one of them, if nothing else reads that. */
static SbTensor *
add_up (SbGraph *self, SbNode *node, gboolean masked, GError **error)
{
  SbTensor *parts[2] = { NULL };
  gboolean drops = masked && node->layer->kind == SB_LAYER_DROPOUT && node->alias == NULL;
  SbSum sum = { .factor = drops ? (float) (1 / (1 - node->layer->rate)) : 1 };

  for (guint i = 0; i < node->n_diffs; i++)
    {
      parts[i] = sb_graph_in_layout (self, self->backward, node->diffs[i], node->dst->md, error);
      if (parts[i] == NULL)
        return NULL;
    }
  if (!parts[0]->shared)
    sum.out = parts[0];
  else if (parts[1] != NULL && !parts[1]->shared)
    sum.out = parts[1];
  else
    sum.out = sb_graph_new_tensor (self, node->dst->md, error);
  if (sum.out == NULL)
    return NULL;
  sum.a = parts[0];
  sum.b = parts[1];
  sum.y = masked ? node->dst : NULL;
  sb_graph_add_sum (self, self->backward, do_gradient, &sum);
  return sum.out;
}

/* Contributes to the gradient of what @node puts out. */
static gboolean
give (SbGraph *self, SbNode *node, SbTensor *diff, GError **error)
{
  if (node == NULL || !node->wants_diff)
    return TRUE;
  if (node->n_diffs == G_N_ELEMENTS (node->diffs))
    {
      node->diffs[0] = add_up (self, node, FALSE, error);
      node->n_diffs = 1;
    }
  node->diffs[node->n_diffs++] = diff;
  return node->diffs[0] != NULL && diff != NULL;
}

/* The gradient of what @node puts out before its ReLU. */
static SbTensor *
collect (SbGraph *self, SbNode *node, GError **error)
{
  g_assert (node->n_diffs > 0);
  if (node->n_diffs == 1 && !node->masks)
    return node->diffs[0];
  return add_up (self, node, node->masks, error);
}

static gboolean
add_weights_gradient (SbGraph *self, SbNode *node, SbTensor *diff, GError **error)
{
  SbTensor *src, *d;
  SbOp *op;

  if (node->winograd)
    return sb_graph_add_winograd_gradient (self, node, diff, error);
  if (node->thin)
    return sb_graph_add_thin_gradient (self, node, diff, error);
  src = sb_graph_in_layout_of (
      self, self->backward, node->src, node->backward, dnnl_query_src_md, error);
  d = sb_graph_in_layout_of (
      self, self->backward, diff, node->backward, dnnl_query_diff_dst_md, error);
  op = src != NULL && d != NULL ? sb_graph_new_op (node->backward, error) : NULL;

  if (op == NULL)
    return FALSE;
  sb_op_add (op, DNNL_ARG_SRC, src);
  sb_op_add (op, DNNL_ARG_DIFF_DST, d);
  sb_op_add (op, DNNL_ARG_DIFF_WEIGHTS, node->diff_roles[0]);
  if (node->diff_roles[1] != NULL)
    sb_op_add (op, DNNL_ARG_DIFF_BIAS, node->diff_roles[1]);
  sb_graph_add_op (self, self->backward, op);
  sb_graph_set_final (self, node);
  return TRUE;
}

static dnnl_primitive_desc_t
choose_data_gradient (SbGraph *self, SbNode *node, GError **error)
{
  const SbLayer *layer = node->layer;
  const SbWeight *weight = g_ptr_array_index (self->net->weights, node->first_weight);
  SbMd weights = sb_weight_md (weight, self->type, FALSE);
  SbMd diff_src = sb_dims_md (&node->in, self->type, SB_TAG_ANY);
  SbMd diff_dst = sb_dims_md (&node->out, self->type, SB_TAG_ANY);
  dnnl_primitive_desc_t pd =
      layer->kind == SB_LAYER_DENSE
          ? sb_pd_dense_data (diff_src, weights, diff_dst, node->forward, error)
          : sb_pd_convolution_data (
                diff_src, weights, diff_dst, layer->stride, layer->padding, node->forward, error);

  sb_md_free (weights);
  sb_md_free (diff_src);
  sb_md_free (diff_dst);
  return pd;
}

static SbTensor *
add_data_gradient (SbGraph *self, SbNode *node, SbTensor *diff, GError **error)
{
  dnnl_primitive_desc_t pd;
  SbTensor *weights, *d, *result;
  SbOp *op;

  if (node->winograd)
    return sb_graph_add_winograd_data (self, node, error);
  pd = choose_data_gradient (self, node, error);
  if (pd == NULL)
    return NULL;
  weights =
      sb_graph_in_layout_of (self, self->update, node->roles[0], pd, dnnl_query_weights_md, error);
  d = sb_graph_in_layout_of (self, self->backward, diff, pd, dnnl_query_diff_dst_md, error);
  result = sb_graph_new_tensor_for (self, pd, dnnl_query_diff_src_md, error);
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
  sb_graph_add_op (self, self->backward, op);
  return result;
}

static gboolean
add_weighted (SbGraph *self, SbNode *node, SbTensor *diff, GError **error)
{
  if (node->trained && !add_weights_gradient (self, node, diff, error))
    return FALSE;
  if (node->from[0] == NULL || !node->from[0]->wants_diff)
    return TRUE;
  return give (self, node->from[0], add_data_gradient (self, node, diff, error), error);
}

static gboolean
add_pool (SbGraph *self, SbNode *node, SbTensor *diff, GError **error)
{
  gboolean max = node->layer->kind == SB_LAYER_MAX_POOL;
  SbWindow window = sb_node_get_window (node);
  SbTensor *d = sb_graph_in_layout (self, self->backward, diff, node->dst->md, error);
  SbTensor *result = sb_graph_new_tensor (self, node->src->md, error);
  dnnl_primitive_desc_t pd;
  SbOp *op;

  if (d == NULL || result == NULL)
    return FALSE;
  pd = sb_pd_pool_data (max ? dnnl_pooling_max : dnnl_pooling_avg_include_padding,
                        node->src->md,
                        node->dst->md,
                        &window,
                        node->forward,
                        error);
  op = pd != NULL ? sb_op_new (pd, error) : NULL;
  if (op == NULL)
    return FALSE;
  sb_op_add (op, DNNL_ARG_DIFF_DST, d);
  if (max)
    sb_op_add (op, DNNL_ARG_WORKSPACE, node->workspace);
  sb_op_add (op, DNNL_ARG_DIFF_SRC, result);
  sb_graph_add_op (self, self->backward, op);
  return give (self, node->from[0], result, error);
}

/* In place, unless an addition has given the same gradient to another layer, too. */
static gboolean
add_norm (SbGraph *self, SbNode *node, SbTensor *diff, GError **error)
{
  SbTensor *d = sb_graph_in_layout (self, self->backward, diff, node->dst->md, error);
  SbTensor *result = d == NULL || !d->shared ? d : sb_graph_new_tensor (self, node->src->md, error);
  dnnl_primitive_desc_t pd =
      sb_pd_batch_norm_data (node->src->md, node->layer->epsilon, node->relu, node->forward, error);
  SbOp *op = pd != NULL ? sb_op_new (pd, error) : NULL;

  if (op == NULL || result == NULL)
    {
      g_clear_pointer (&op, sb_op_free);
      return FALSE;
    }
  sb_op_add (op, DNNL_ARG_SRC, node->src);
  sb_op_add (op, DNNL_ARG_MEAN, node->mean);
  sb_op_add (op, DNNL_ARG_VARIANCE, node->variance);
  sb_op_add (op, DNNL_ARG_SCALE, node->roles[0]);
  if (sb_dnn_norm_gradient_takes_shift ())
    sb_op_add (op, DNNL_ARG_SHIFT, node->roles[1]);
  if (node->workspace != NULL)
    sb_op_add (op, DNNL_ARG_WORKSPACE, node->workspace);
  sb_op_add (op, DNNL_ARG_DIFF_DST, d);
  sb_op_add (op, DNNL_ARG_DIFF_SRC, result);
  sb_op_add (op, DNNL_ARG_DIFF_SCALE, node->diff_roles[0]);
  sb_op_add (op, DNNL_ARG_DIFF_SHIFT, node->diff_roles[1]);
  sb_graph_add_op (self, self->backward, op);
  sb_graph_set_final (self, node);
  return give (self, node->from[0], result, error);
}

/* Both get the same; neither may change it, unless it gets it alone. */
static gboolean
pass_on (SbGraph *self, SbNode *node, SbTensor *diff, GError **error)
{
  diff->shared = diff->shared || (node->from[0] != NULL && node->from[1] != NULL &&
                                  node->from[0]->wants_diff && node->from[1]->wants_diff);
  return give (self, node->from[0], diff, error) && give (self, node->from[1], diff, error);
}

static gboolean
add_node (SbGraph *self, SbNode *node, GError **error)
{
  SbTensor *diff = collect (self, node, error);

  if (diff == NULL)
    return FALSE;
  if (node->alias != NULL)
    return give (self, node->from[0], diff, error);
  switch (node->layer->kind)
    {
    case SB_LAYER_CONVOLUTION:
    case SB_LAYER_DENSE:
      return add_weighted (self, node, diff, error);
    case SB_LAYER_MAX_POOL:
    case SB_LAYER_AVERAGE_POOL:
      return add_pool (self, node, diff, error);
    case SB_LAYER_BATCH_NORM:
      return add_norm (self, node, diff, error);
    default:
      return pass_on (self, node, diff, error);
    }
}

gboolean
sb_graph_build_backward (SbGraph *self, GError **error)
{
  SbNode *head = sb_graph_get_head (self);

  self->diff_logits = sb_graph_own (self, sb_tensor_new (self->logits->md, error));
  if (!give (self, head, self->diff_logits, error))
    return FALSE;
  for (guint i = self->n_nodes; i > 0; i--)
    if (self->nodes[i - 1].wants_diff && !add_node (self, &self->nodes[i - 1], error))
      return FALSE;
  return TRUE;
}
