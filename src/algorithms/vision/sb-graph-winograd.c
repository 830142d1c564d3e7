/* sb-graph-winograd.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The steps of convolutions that are computed by sb-winograd.c. Their weights are kept with the
 * outputs next to each other; what becomes of them is made anew for each step of training, in
 * memory that is used for something else meanwhile.
 */

#include "config.h"

#include "algorithms/vision/sb-graph-private.h"

/* Images have the layout that oneDNN's own convolutions like best on this processor. */
void
sb_graph_find_block (SbGraph *self)
{
  static const struct
  {
    dnnl_format_tag_t tag;
    int block;
  } known[] = { { dnnl_nChw8c, 8 }, { dnnl_nChw16c, 16 }, { dnnl_nhwc, 0 } };
  dnnl_dim_t dims[] = { self->batch, 64, 16, 16 }, weights[] = { 64, 64, 1, 1 };
  SbMd any = sb_md_new (4, dims, dnnl_f32, SB_TAG_ANY), weights_md;
  dnnl_primitive_desc_t pd;
  SbMd dst;

  weights_md = sb_md_new (4, weights, dnnl_f32, SB_TAG_ANY);
  self->tag = SB_TAG_ANY;
  pd = sb_pd_convolution (
      sb_graph_is_training (self), any, weights_md, NULL, any, 1, 0, SB_FUSE_NOTHING, NULL);
  sb_md_free (any);
  sb_md_free (weights_md);
  if (pd == NULL)
    return;
  dst = sb_pd_get_md (pd, dnnl_query_dst_md);
  dnnl_primitive_desc_destroy (pd);
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      SbMd md = sb_md_new (4, dims, dnnl_f32, known[i].tag);

      if (sb_md_equal (md, dst))
        {
          self->tag = known[i].tag;
          self->block = known[i].block;
        }
      sb_md_free (md);
    }
  sb_md_free (dst);
}

static gboolean
is_possible (const SbGraph *self, const SbNode *node)
{
  const SbLayer *layer = node->layer;

  return layer->kind == SB_LAYER_CONVOLUTION && layer->kernel == 3 && layer->stride == 1 &&
         layer->padding == 1 && self->type == dnnl_f32 && self->tag != SB_TAG_ANY &&
         (self->flags & SB_GRAPH_EXACT) == 0 && !(node->trained && layer->bias);
}

void
sb_graph_choose_winograd (SbGraph *self, SbNode *node)
{
  if (!is_possible (self, node))
    return;
  node->shape = (SbWinogradShape){ .batch = self->batch,
                                   .height = (int) node->in.dims[2],
                                   .width = (int) node->in.dims[3],
                                   .inputs = (int) node->in.dims[1],
                                   .outputs = (int) node->out.dims[1],
                                   .block = self->block };
  node->winograd = sb_winograd_is_worth_it (&node->shape);
}

static SbMd
image_md (const SbGraph *self, const SbDims *dims)
{
  return sb_dims_md (dims, dnnl_f32, self->tag);
}

/* Height × width × inputs × outputs, or with inputs and outputs exchanged. */
SbMd
sb_winograd_weight_md (const SbWeight *weight, gboolean turned)
{
  dnnl_dim_t outputs = weight->dims[0], inputs = weight->dims[1], both = inputs * outputs;
  dnnl_dim_t dims[] = { outputs, inputs, 3, 3 };
  dnnl_dim_t strides[] = { turned ? inputs : 1, turned ? 1 : outputs, 3 * both, both };

  return sb_md_new_strided (4, dims, dnnl_f32, strides);
}

static SbTensor *
new_floats (SbGraph *self, gsize count, GError **error)
{
  dnnl_dim_t dims[] = { (dnnl_dim_t) count };
  SbMd md = sb_md_new (1, dims, dnnl_f32, dnnl_a);
  SbTensor *tensor = sb_graph_new_tensor (self, md, error);

  sb_md_free (md);
  return tensor;
}

/* The weights of a graph without training never change. */
gboolean
sb_graph_make_points (SbGraph *self, SbNode *node, GError **error)
{
  dnnl_dim_t dims[] = { (dnnl_dim_t) sb_winograd_get_n_points (&node->shape) };
  SbMd md = sb_md_new (1, dims, dnnl_f32, dnnl_a);

  node->points = sb_graph_own (self, sb_tensor_new (md, error));
  sb_md_free (md);
  return node->points != NULL;
}

gboolean
sb_graph_load_points (const SbGraph *self, const SbNode *node, SbTensor *plain, GError **error)
{
  SbMd md =
      sb_winograd_weight_md (g_ptr_array_index (self->net->weights, node->first_weight), FALSE);
  g_autoptr (SbTensor) weights = sb_tensor_new (md, error);

  sb_md_free (md);
  if (weights == NULL || !sb_tensor_copy (plain, weights, error))
    return FALSE;
  sb_winograd_change_weights (&node->shape, weights->data, FALSE, node->points->data);
  return TRUE;
}

static SbTensor *
in_image_layout (SbGraph *self, GArray *acts, SbTensor *x, const SbDims *dims, GError **error)
{
  SbMd md = image_md (self, dims);
  SbTensor *tensor = sb_graph_in_layout (self, acts, x, md, error);

  sb_md_free (md);
  return tensor;
}

static void
do_convolve (SbGraph *self, const SbAct *act)
{
  const SbNode *node = act->node;
  float *scratch = node->scratch->data, *points = scratch;

  if (node->points != NULL)
    points = node->points->data;
  else
    {
      sb_winograd_change_weights (&node->shape, node->roles[0]->data, FALSE, points);
      scratch += sb_winograd_get_n_points (&node->shape);
    }
  sb_winograd_convolve (&node->shape,
                        node->src->data,
                        points,
                        node->bias != NULL ? node->bias->data : NULL,
                        node->addition != NULL,
                        node->relu,
                        node->dst->data,
                        scratch);
}

gboolean
sb_graph_add_winograd (SbGraph *self, SbNode *node, SbTensor *x, GError **error)
{
  gsize n_points = node->trained ? sb_winograd_get_n_points (&node->shape) : 0;
  SbMd md = image_md (self, &node->out);

  node->src = in_image_layout (self, self->forward, x, &node->in, error);
  node->dst = node->src != NULL ? sb_graph_make_output (self, node, md, error) : NULL;
  sb_md_free (md);
  if (node->dst == NULL)
    return FALSE;
  node->scratch = new_floats (self, n_points + sb_winograd_get_n_scratch (&node->shape), error);
  if (node->scratch == NULL)
    return FALSE;
  sb_graph_add_func (
      self, self->forward, do_convolve, node, node->src, node->dst, node->scratch, NULL);
  return TRUE;
}

static void
do_gradient (SbGraph *self, const SbAct *act)
{
  const SbNode *node = act->node;

  sb_winograd_take_gradient (&node->shape,
                             node->src->data,
                             node->diff->data,
                             node->diff_roles[0]->data,
                             node->scratch_weights->data);
}

gboolean
sb_graph_add_winograd_gradient (SbGraph *self, SbNode *node, SbTensor *diff, GError **error)
{
  gsize count = sb_winograd_get_n_points (&node->shape) + sb_winograd_get_n_scratch (&node->shape);

  node->diff = in_image_layout (self, self->backward, diff, &node->out, error);
  node->scratch_weights = new_floats (self, count, error);
  if (node->diff == NULL || node->scratch_weights == NULL)
    return FALSE;
  sb_graph_add_func (
      self, self->backward, do_gradient, node, node->src, node->diff, node->scratch_weights, NULL);
  sb_graph_set_final (self, node);
  return TRUE;
}

static SbWinogradShape
turn (const SbWinogradShape *shape)
{
  SbWinogradShape turned = *shape;

  turned.inputs = shape->outputs;
  turned.outputs = shape->inputs;
  return turned;
}

/* The gradient of what a convolution takes is a convolution with the same weights, turned. */
static void
do_data_gradient (SbGraph *self, const SbAct *act)
{
  const SbNode *node = act->node;
  SbWinogradShape turned = turn (&node->shape);
  float *points = node->scratch_data->data;

  sb_winograd_change_weights (&turned, node->turned->data, TRUE, points);
  sb_winograd_convolve (&turned,
                        node->diff->data,
                        points,
                        NULL,
                        FALSE,
                        FALSE,
                        node->diff_src->data,
                        points + sb_winograd_get_n_points (&turned));
}

/* After sb_graph_add_winograd_gradient(). */
SbTensor *
sb_graph_add_winograd_data (SbGraph *self, SbNode *node, GError **error)
{
  const SbWeight *weight = g_ptr_array_index (self->net->weights, node->first_weight);
  SbWinogradShape turned = turn (&node->shape);
  SbMd weights = sb_winograd_weight_md (weight, TRUE);
  SbMd image = image_md (self, &node->in);

  node->turned = sb_graph_in_layout (self, self->update, node->roles[0], weights, error);
  node->diff_src = sb_graph_new_tensor (self, image, error);
  node->scratch_data =
      new_floats (self,
                  sb_winograd_get_n_points (&turned) + sb_winograd_get_n_scratch (&turned),
                  error);
  sb_md_free (weights);
  sb_md_free (image);
  if (node->turned == NULL || node->diff_src == NULL || node->scratch_data == NULL)
    return NULL;
  sb_graph_add_func (self,
                     self->backward,
                     do_data_gradient,
                     node,
                     node->diff,
                     node->diff_src,
                     node->scratch_data,
                     NULL);
  return node->diff_src;
}
