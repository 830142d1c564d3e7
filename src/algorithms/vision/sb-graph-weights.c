/* sb-graph-weights.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a graph keeps its weights, and their way from the net and back.
 */

#include "config.h"

#include "algorithms/vision/sb-graph-private.h"

#include <math.h>
#include <string.h>

static const SbWeight *
get_weight (const SbGraph *self, guint i)
{
  return g_ptr_array_index (self->net->weights, i);
}

/* Dense layers take an image as it is, in four dimensions, and a vector in two. */
SbMd
sb_weight_md (const SbWeight *weight, dnnl_data_type_t type, gboolean plain)
{
  static const dnnl_format_tag_t tags[] = { 0, dnnl_a, dnnl_ab, 0, dnnl_abcd };
  dnnl_dims_t dims = { 0 };

  for (int i = 0; i < weight->n_dims; i++)
    dims[i] = weight->dims[i];
  return sb_md_new (weight->n_dims, dims, type, plain ? tags[weight->n_dims] : SB_TAG_ANY);
}

/* How weights are updated: as their gradient comes. */
static SbMd
choose_layout (SbGraph *self, SbNode *node, const SbWeight *weight)
{
  SbMd thin;

  if (node->winograd)
    return sb_winograd_weight_md (weight);
  thin = sb_graph_choose_thin (self, node);
  return thin != NULL ? thin : sb_pd_get_md (node->backward, dnnl_query_diff_weights_md);
}

/* The weights that are trained get their places in the flat arrays, in the order of their layers.
 */
void
sb_graph_lay_out_weights (SbGraph *self)
{
  for (guint i = 0; i < self->net->weights->len; i++)
    {
      const SbWeight *weight = get_weight (self, i);
      SbNode *node = &self->nodes[weight->layer];
      SbPlace *place = &self->places[i];
      gsize *end = weight->statistic ? &self->n_statistics : &self->n_masters;

      if (!node->trained)
        continue;
      if (weight->role == SB_WEIGHT_WEIGHT)
        place->md = choose_layout (self, node, weight);
      place->kind = weight->statistic ? SB_PLACE_STATISTIC : SB_PLACE_MASTER;
      place->offset = *end;
      place->count = SB_ALIGNED (place->md != NULL ? sb_md_get_size (place->md) / sizeof (float)
                                                   : weight->count);
      *end += place->count;
    }
  self->masters = sb_graph_new_floats (self->n_masters);
  self->statistics = sb_graph_new_floats (self->n_statistics);
  if (sb_graph_is_training (self))
    self->gradients = sb_graph_new_floats (self->n_masters);
}

/* The tensors over the weights of a node that are in the flat arrays. */
static gboolean
make_trained (SbGraph *self, SbNode *node, guint role, GError **error)
{
  guint i = node->first_weight + role;
  const SbPlace *place = &self->places[i];
  gboolean statistic = place->kind == SB_PLACE_STATISTIC;
  SbMd md = place->md != NULL ? sb_md_copy (place->md)
                              : sb_weight_md (get_weight (self, i), dnnl_f32, TRUE);
  float *at = (statistic ? self->statistics : self->masters) + place->offset;

  node->roles[role] = sb_graph_own (self, sb_tensor_new_over (md, at, error));
  if (!statistic)
    node->diff_roles[role] =
        sb_graph_own (self, sb_tensor_new_over (md, self->gradients + place->offset, error));
  sb_md_free (md);
  return node->roles[role] != NULL && (statistic || node->diff_roles[role] != NULL);
}

static SbTensor *
new_vector (SbGraph *self, gint64 count, GError **error)
{
  dnnl_dim_t dims[] = { count };
  SbMd md = sb_md_new (1, dims, dnnl_f32, dnnl_a);
  SbTensor *tensor = sb_graph_own (self, sb_tensor_new (md, error));

  sb_md_free (md);
  return tensor;
}

static gboolean
make_constants (SbGraph *self, SbNode *node, GError **error)
{
  SbMd md;

  if (node->layer->kind == SB_LAYER_BATCH_NORM)
    {
      for (guint role = 0; role < node->n_weights; role++)
        {
          node->roles[role] = new_vector (self, node->layer->channels, error);
          if (node->roles[role] == NULL)
            return FALSE;
        }
      return TRUE;
    }
  if (node->layer->bias || node->norm != NULL)
    {
      node->bias = new_vector (self, node->layer->channels, error);
      if (node->bias == NULL)
        return FALSE;
    }
  if (node->winograd)
    return sb_graph_make_points (self, node, error);
  if (node->dense)
    return sb_graph_make_ordered (self, node, error);
  md = sb_pd_get_md (node->forward, dnnl_query_weights_md);
  node->weights = sb_graph_own (self, sb_tensor_new (md, error));
  sb_md_free (md);
  return node->weights != NULL;
}

/* The weights' tensors: as they are updated, and as the forward pass wants them. */
gboolean
sb_graph_make_weights (SbGraph *self, SbNode *node, GError **error)
{
  if (!node->trained)
    return make_constants (self, node, error);
  for (guint role = 0; role < node->n_weights; role++)
    if (!make_trained (self, node, role, error))
      return FALSE;
  if (node->layer->kind == SB_LAYER_BATCH_NORM)
    return TRUE;
  node->bias = node->roles[1];
  if (node->winograd)
    return TRUE;
  node->weights = sb_graph_in_layout_of (
      self, self->update, node->roles[0], node->forward, dnnl_query_weights_md, error);
  return node->weights != NULL;
}

/* Between the plain order of @plain, an array as SbNet.values is, and that of @flat. */
static gboolean
copy_weight (const SbGraph *self,
             guint i,
             float *plain,
             float *flat,
             gboolean to_plain,
             GError **error)
{
  const SbWeight *weight = get_weight (self, i);
  const SbPlace *place = &self->places[i];
  g_autoptr (SbTensor) ours = NULL;
  g_autoptr (SbTensor) theirs = NULL;
  SbMd md;

  plain += weight->offset;
  flat += place->offset;
  if (place->md == NULL)
    {
      memcpy (to_plain ? plain : flat, to_plain ? flat : plain, weight->count * sizeof (float));
      return TRUE;
    }
  md = sb_weight_md (weight, dnnl_f32, TRUE);
  ours = sb_tensor_new_over (place->md, flat, error);
  theirs = sb_tensor_new_over (md, plain, error);
  sb_md_free (md);
  return ours != NULL && theirs != NULL &&
         sb_tensor_copy (to_plain ? ours : theirs, to_plain ? theirs : ours, error);
}

static gboolean
copy_weights (const SbGraph *self, float *plain, gboolean to_plain, GError **error)
{
  for (guint i = 0; i < self->net->weights->len; i++)
    {
      SbPlaceKind kind = self->places[i].kind;
      float *flat = kind == SB_PLACE_STATISTIC ? self->statistics : self->masters;

      if (kind != SB_PLACE_CONSTANT && !copy_weight (self, i, plain, flat, to_plain, error))
        return FALSE;
    }
  return TRUE;
}

static const float *
get_values (const SbNet *net, const SbNode *node, guint role)
{
  const SbWeight *weight = g_ptr_array_index (net->weights, node->first_weight + role);

  return net->values + weight->offset;
}

/* A convolution's or a dense layer's weights, with the normalization behind it folded in. */
static gboolean
load_folded (const SbGraph *self, const SbNode *node, const SbNet *net, GError **error)
{
  const SbWeight *weight = get_weight (self, node->first_weight);
  gsize channels = (gsize) weight->dims[0], inner = weight->count / channels;
  g_autofree float *folded = g_memdup2 (get_values (net, node, 0), weight->count * sizeof (float));
  SbMd md = sb_weight_md (weight, dnnl_f32, TRUE);
  g_autoptr (SbTensor) plain = sb_tensor_new_over (md, folded, error);
  float *bias = node->bias != NULL ? node->bias->data : NULL;

  sb_md_free (md);
  if (plain == NULL)
    return FALSE;
  if (bias != NULL && node->layer->bias)
    memcpy (bias, get_values (net, node, 1), channels * sizeof (float));
  for (gsize c = 0; node->norm != NULL && c < channels; c++)
    {
      /* In 32 bit, as ONNX has it and oneDNN takes it: a net means the same however it came here.
       */
      double epsilon = (float) node->norm->layer->epsilon;
      double factor =
          get_values (net, node->norm, 0)[c] / sqrt (get_values (net, node->norm, 3)[c] + epsilon);
      double before = node->layer->bias ? bias[c] : 0;

      for (gsize i = 0; i < inner; i++)
        folded[c * inner + i] = (float) (factor * folded[c * inner + i]);
      bias[c] = (float) (get_values (net, node->norm, 1)[c] +
                         factor * (before - get_values (net, node->norm, 2)[c]));
    }
  if (node->winograd)
    return sb_graph_load_points (self, node, plain, error);
  if (!node->dense)
    return sb_tensor_copy (plain, node->weights, error);
  sb_dense_order_weights (&node->dense_shape, folded, node->weights->data);
  return TRUE;
}

static gboolean
load_constants (const SbGraph *self, const SbNode *node, const SbNet *net, GError **error)
{
  if (node->trained || node->n_weights == 0 || node->alias != NULL)
    return TRUE;
  if (node->layer->kind != SB_LAYER_BATCH_NORM)
    return load_folded (self, node, net, error);
  for (guint role = 0; role < node->n_weights; role++)
    memcpy (node->roles[role]->data,
            get_values (net, node, role),
            (gsize) node->layer->channels * sizeof (float));
  return TRUE;
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
  for (guint i = 0; i < self->n_nodes; i++)
    if (!load_constants (self, &self->nodes[i], net, error))
      return FALSE;
  return copy_weights (self, net->values, FALSE, error) && sb_graph_refresh (self, error);
}

/**
 * sb_graph_store:
 * @self: a training graph
 * @net: a net of the same layers
 * @error: %SB_DNN_ERROR
 *
 * Weights that the graph does not train are left as they are.
 *
 * Returns: whether the net now has the graph's weights
 */
gboolean
sb_graph_store (const SbGraph *self, SbNet *net, GError **error)
{
  return copy_weights (self, net->values, TRUE, error);
}

/**
 * sb_graph_export_gradients:
 * @self: a graph whose backward pass has run
 * @plain: room for SbNet.n_values numbers
 * @error: %SB_DNN_ERROR
 *
 * Where there is no gradient, as of running means, there is zero.
 *
 * Returns: whether the gradients are there, in the order of SbNet.values
 */
gboolean
sb_graph_export_gradients (const SbGraph *self, float *plain, GError **error)
{
  memset (plain, 0, self->net->n_values * sizeof (float));
  for (guint i = 0; i < self->net->weights->len; i++)
    if (self->places[i].kind == SB_PLACE_MASTER &&
        !copy_weight (self, i, plain, self->gradients, TRUE, error))
      return FALSE;
  return TRUE;
}

/**
 * sb_graph_get_weights:
 * @self: a training graph
 * @count: (out): their number, padding included
 *
 * Returns: (transfer none): all weights that it trains, in a layout of the graph's own
 */
float *
sb_graph_get_weights (SbGraph *self, gsize *count)
{
  *count = self->n_masters;
  return self->masters;
}

/**
 * sb_graph_get_gradients:
 * @self: a training graph
 *
 * Returns: (transfer none): as many as sb_graph_get_weights() tells, in the same layout
 */
float *
sb_graph_get_gradients (SbGraph *self)
{
  return self->gradients;
}

/* Tensors over numbers at @from are over those at @to now. */
static gboolean
move_tensors (SbGraph *self, const float *from, float *to, GError **error)
{
  for (guint i = 0; i < self->tensors->len; i++)
    {
      SbTensor *tensor = g_ptr_array_index (self->tensors, i);
      const float *data = tensor->data;

      if (data >= from && data < from + self->n_masters &&
          !sb_tensor_place (tensor, to + (data - from), error))
        return FALSE;
    }
  return TRUE;
}

/**
 * sb_graph_move:
 * @self: a training graph
 * @weights: room for as many numbers as sb_graph_get_weights() tells, aligned to 64 bytes, which
 * outlives the graph
 * @gradients: the same
 * @error: %SB_DNN_ERROR
 *
 * From now on its weights and their gradients are there.
 *
 * Returns: whether they are
 */
gboolean
sb_graph_move (SbGraph *self, float *weights, float *gradients, GError **error)
{
  g_return_val_if_fail (!self->is_moved, FALSE);
  memcpy (weights, self->masters, self->n_masters * sizeof (float));
  memcpy (gradients, self->gradients, self->n_masters * sizeof (float));
  if (!move_tensors (self, self->masters, weights, error) ||
      !move_tensors (self, self->gradients, gradients, error))
    return FALSE;
  g_aligned_free (self->masters);
  g_aligned_free (self->gradients);
  self->masters = weights;
  self->gradients = gradients;
  self->is_moved = TRUE;
  return TRUE;
}

/**
 * sb_graph_get_statistics:
 * @self: a training graph
 * @count: (out): their number, padding included; 0 in a net without normalizations
 *
 * Each forward pass changes them. Who averages them over several workers may write to them.
 *
 * Returns: (transfer none): all running means and variances
 */
float *
sb_graph_get_statistics (SbGraph *self, gsize *count)
{
  *count = self->n_statistics;
  return self->statistics;
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
  const SbPlace *place = &self->places[weight];

  if (place->kind != SB_PLACE_MASTER)
    return FALSE;
  *offset = place->offset;
  *count = place->count;
  return TRUE;
}
