/* sb-graph-dense.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The step of a dense layer that is computed by sb-dense.c: only where nothing is trained.
 */

#include "config.h"

#include <omp.h>

#include "algorithms/vision/sb-graph-private.h"

void
sb_graph_choose_dense (SbGraph *self, SbNode *node)
{
  if (node->layer->kind != SB_LAYER_DENSE || node->trained || self->type != dnnl_f32 ||
      node->norm != NULL || node->addition != NULL || (self->flags & SB_GRAPH_EXACT) != 0)
    return;
  node->dense_shape = (SbDenseShape){ .batch = self->batch,
                                      .inputs = (int) (sb_dims_count (&node->in) / self->batch),
                                      .outputs = (int) node->out.dims[1],
                                      .threads = omp_get_max_threads () };
  node->dense = sb_dense_is_worth_it (&node->dense_shape);
}

gboolean
sb_graph_make_ordered (SbGraph *self, SbNode *node, GError **error)
{
  dnnl_dim_t dims[] = { (dnnl_dim_t) node->dense_shape.inputs * node->dense_shape.outputs };
  SbMd md = sb_md_new (1, dims, dnnl_f32, dnnl_a);

  node->weights = sb_graph_own (self, sb_tensor_new (md, error));
  sb_md_free (md);
  return node->weights != NULL;
}

static void
do_dense (SbGraph *self, const SbAct *act)
{
  const SbNode *node = act->node;

  sb_dense_compute (&node->dense_shape,
                    node->src->data,
                    node->weights->data,
                    node->bias != NULL ? node->bias->data : NULL,
                    node->relu,
                    node->dst->data,
                    node->scratch->data);
}

gboolean
sb_graph_add_dense (SbGraph *self, SbNode *node, SbTensor *x, GError **error)
{
  SbMd in = sb_dims_md (&node->in, dnnl_f32, node->in.n_dims == 2 ? dnnl_ab : dnnl_abcd);
  SbMd out = sb_dims_md (&node->out, dnnl_f32, dnnl_ab);

  node->src = sb_graph_in_layout (self, self->forward, x, in, error);
  node->dst = node->src != NULL ? sb_graph_make_output (self, node, out, error) : NULL;
  sb_md_free (in);
  sb_md_free (out);
  if (node->dst == NULL)
    return FALSE;
  node->scratch = sb_graph_new_scratch (self, sb_dense_get_n_scratch (&node->dense_shape), error);
  if (node->scratch == NULL)
    return FALSE;
  sb_graph_add_func (
      self, self->forward, do_dense, node, node->src, node->dst, node->scratch, NULL);
  return TRUE;
}
