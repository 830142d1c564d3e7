/* sb-graph-thin.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The step of a first convolution's gradient that is computed by sb-thin.c.
 */

#include "config.h"

#include <omp.h>

#include "algorithms/vision/sb-graph-private.h"

/* Such weights are kept with the outputs next to each other. */
static SbMd
weight_md (const SbWeight *weight)
{
  const dnnl_dim_t *dims = weight->dims;
  dnnl_dim_t strides[] = { 1, dims[2] * dims[3] * dims[0], dims[3] * dims[0], dims[0] };

  return sb_md_new_strided (4, dims, dnnl_f32, strides);
}

/* Returns: (nullable): how the weights are kept, if their gradient is computed here. */
SbMd
sb_graph_choose_thin (SbGraph *self, SbNode *node)
{
  const SbLayer *layer = node->layer;

  if (layer->kind != SB_LAYER_CONVOLUTION || layer->stride != 1 || self->type != dnnl_f32 ||
      layer->padding != layer->kernel / 2 || self->tag == SB_TAG_ANY ||
      (self->flags & SB_GRAPH_EXACT) != 0)
    return NULL;
  node->thin_shape = (SbThinShape){ .batch = self->batch,
                                    .height = (int) node->in.dims[2],
                                    .width = (int) node->in.dims[3],
                                    .inputs = (int) node->in.dims[1],
                                    .outputs = (int) node->out.dims[1],
                                    .kernel = layer->kernel,
                                    .threads = omp_get_max_threads (),
                                    .block = self->block };
  node->thin = sb_thin_is_worth_it (&node->thin_shape);
  return node->thin ? weight_md (g_ptr_array_index (self->net->weights, node->first_weight)) : NULL;
}

static void
do_gradient (SbGraph *self, const SbAct *act)
{
  const SbNode *node = act->node;

  sb_thin_take_gradient (&node->thin_shape,
                         node->thin_src->data,
                         node->diff->data,
                         node->diff_roles[0]->data,
                         node->diff_roles[1] != NULL ? node->diff_roles[1]->data : NULL,
                         node->scratch_weights->data);
}

gboolean
sb_graph_add_thin_gradient (SbGraph *self, SbNode *node, SbTensor *diff, GError **error)
{
  SbMd in = sb_dims_md (&node->in, dnnl_f32, dnnl_nchw);
  SbMd out = sb_dims_md (&node->out, dnnl_f32, self->tag);

  node->thin_src = sb_graph_in_layout (self, self->backward, node->src, in, error);
  node->diff = sb_graph_in_layout (self, self->backward, diff, out, error);
  node->scratch_weights =
      sb_graph_new_scratch (self, sb_thin_get_n_scratch (&node->thin_shape), error);
  sb_md_free (in);
  sb_md_free (out);
  if (node->thin_src == NULL || node->diff == NULL || node->scratch_weights == NULL)
    return FALSE;
  sb_graph_add_func (self,
                     self->backward,
                     do_gradient,
                     node,
                     node->thin_src,
                     node->diff,
                     node->scratch_weights,
                     NULL);
  sb_graph_set_final (self, node);
  return TRUE;
}
