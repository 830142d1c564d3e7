/* sb-graph-winograd.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The steps of convolutions that are computed by sb-winograd.c. Their weights are kept with the
 * outputs next to each other; what becomes of them is made anew for each step of training, in
 * memory that is used for something else meanwhile.
 */

#include "config.h"

#include <omp.h>

#include "algorithms/vision/sb-graph-private.h"

/* Of weights of 3 × 3 pixels: with 32 their gradient alone was faster, with 16 nothing was. */
#define LEAST_BF16_CHANNELS 32

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

/* In bfloat16 oneDNN multiplies twice as fast as this does in 32 bit, on processors without matrix
 * units. With few channels, changing images into points costs more than is left to win. */
static gboolean
outdoes_bf16 (const SbGraph *self, const SbNode *node)
{
  gint64 channels = MIN (node->in.dims[1], node->out.dims[1]);

  return (node->layer->kernel > 3 || channels >= LEAST_BF16_CHANNELS) &&
         sb_graph_is_training (self) && node->addition == NULL &&
         dnnl_get_effective_cpu_isa () == dnnl_cpu_isa_avx512_core_bf16;
}

static gboolean
is_possible (const SbGraph *self, const SbNode *node)
{
  const SbLayer *layer = node->layer;

  return layer->kind == SB_LAYER_CONVOLUTION && layer->stride == 1 &&
         layer->padding == layer->kernel / 2 && self->tag != SB_TAG_ANY &&
         (self->flags & SB_GRAPH_EXACT) == 0 &&
         (self->type == dnnl_f32 || outdoes_bf16 (self, node));
}

void
sb_graph_choose_winograd (SbGraph *self, SbNode *node)
{
  const SbLayer *layer = node->layer;

  if (!is_possible (self, node))
    return;
  node->shape = (SbWinogradShape){ .batch = self->batch,
                                   .height = (int) node->in.dims[2],
                                   .width = (int) node->in.dims[3],
                                   .inputs = (int) node->in.dims[1],
                                   .outputs = (int) node->out.dims[1],
                                   .kernel = layer->kernel,
                                   .threads = omp_get_max_threads (),
                                   .block = self->block,
                                   .narrow = self->type == dnnl_bf16 };
  node->winograd = sb_winograd_is_worth_it (&node->shape);
}

/* For every 16 outputs height × width × inputs × 16 numbers. */
SbMd
sb_winograd_weight_md (const SbWeight *weight)
{
  return sb_md_new (4, weight->dims, dnnl_f32, dnnl_Ohwi16o);
}

/* The same memory, or with inputs and outputs exchanged, as outputs / 16 × 16 × inputs / 16 × 16 ×
 * pixels, which oneDNN has no name for. */
static SbMd
split_md (const SbWeight *weight, gboolean turned)
{
  dnnl_dim_t outputs = weight->dims[0], inputs = weight->dims[1];
  dnnl_dim_t n = weight->dims[2] * weight->dims[3];
  dnnl_dim_t dims[] = { outputs / 16, 16, inputs / 16, 16, n };
  dnnl_dim_t strides[] = { n * 16 * inputs, 1, 256, 16, 16 * inputs };
  dnnl_dim_t turned_strides[] = { 256, 16, n * 16 * outputs, 1, 16 * outputs };

  return sb_md_new_strided (5, dims, dnnl_f32, turned ? turned_strides : strides);
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
  SbMd md = sb_winograd_weight_md (g_ptr_array_index (self->net->weights, node->first_weight));
  g_autoptr (SbTensor) weights = sb_tensor_new (md, error);

  sb_md_free (md);
  if (weights == NULL || !sb_tensor_copy (plain, weights, error))
    return FALSE;
  sb_winograd_change_weights (&node->shape,
                              &(SbWinogradWeights){ .plain = weights->data },
                              node->points->data);
  return TRUE;
}

static SbTensor *
in_image_layout (SbGraph *self, GArray *acts, SbTensor *x, const SbDims *dims, GError **error)
{
  SbMd md = sb_dims_md (dims, self->type, self->tag);
  SbTensor *tensor = sb_graph_in_layout (self, acts, x, md, error);

  sb_md_free (md);
  return tensor;
}

static void
do_convolve (SbGraph *self, const SbAct *act)
{
  const SbNode *node = act->node;
  SbWinogradWeights weights = { .points = node->points != NULL ? node->points->data : NULL,
                                .plain = node->trained ? node->roles[0]->data : NULL };
  SbWinogradEnd end = { .bias = node->bias != NULL ? node->bias->data : NULL,
                        .plus = node->addition != NULL ? node->dst->data : NULL,
                        .relu = node->relu };

  sb_winograd_convolve (
      &node->shape, node->src->data, &weights, &end, node->dst->data, node->scratch->data);
}

gboolean
sb_graph_add_winograd (SbGraph *self, SbNode *node, SbTensor *x, GError **error)
{
  SbMd md = sb_dims_md (&node->out, self->type, self->tag);

  node->src = in_image_layout (self, self->forward, x, &node->in, error);
  node->dst = node->src != NULL ? sb_graph_make_output (self, node, md, error) : NULL;
  sb_md_free (md);
  if (node->dst == NULL)
    return FALSE;
  node->scratch =
      sb_graph_new_scratch (self, sb_winograd_get_n_scratch (&node->shape, !node->trained), error);
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
                             node->diff_roles[1] != NULL ? node->diff_roles[1]->data : NULL,
                             node->scratch_weights->data);
}

gboolean
sb_graph_add_winograd_gradient (SbGraph *self, SbNode *node, SbTensor *diff, GError **error)
{
  gsize count = sb_winograd_get_n_gradient_scratch (&node->shape);

  node->diff = in_image_layout (self, self->backward, diff, &node->out, error);
  node->scratch_weights = sb_graph_new_scratch (self, count, error);
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
  SbWinogradWeights weights = { .plain = node->turned->data, .turned = TRUE };
  SbWinogradEnd end = { 0 };

  sb_winograd_convolve (
      &turned, node->diff->data, &weights, &end, node->diff_src->data, node->scratch_data->data);
}

/* Makes the weights that the data's gradient takes, just before it does. */
static SbTensor *
add_turned (SbGraph *self, SbNode *node, GError **error)
{
  const SbWeight *weight = g_ptr_array_index (self->net->weights, node->first_weight);
  SbMd from = split_md (weight, FALSE), to = split_md (weight, TRUE);
  SbTensor *master = sb_graph_own (self, sb_tensor_new_over (from, node->roles[0]->data, error));
  SbTensor *turned = sb_graph_new_tensor (self, to, error);
  SbOp *op = master != NULL && turned != NULL ? sb_op_new_reorder (master, turned, error) : NULL;

  sb_md_free (from);
  sb_md_free (to);
  if (op == NULL)
    return NULL;
  sb_graph_add_op (self, self->backward, op);
  return turned;
}

/* After sb_graph_add_winograd_gradient(). */
SbTensor *
sb_graph_add_winograd_data (SbGraph *self, SbNode *node, GError **error)
{
  SbWinogradShape turned = turn (&node->shape);
  SbMd md = sb_dims_md (&node->in, self->type, self->tag);

  node->diff_src = sb_graph_new_tensor (self, md, error);
  sb_md_free (md);
  node->turned = node->diff_src != NULL ? add_turned (self, node, error) : NULL;
  if (node->turned == NULL)
    return NULL;
  node->scratch_data =
      sb_graph_new_scratch (self, sb_winograd_get_n_scratch (&turned, FALSE), error);
  if (node->scratch_data == NULL)
    return NULL;
  sb_graph_add_func (self,
                     self->backward,
                     do_data_gradient,
                     node,
                     node->diff,
                     node->turned,
                     node->diff_src,
                     node->scratch_data,
                     NULL);
  return node->diff_src;
}
