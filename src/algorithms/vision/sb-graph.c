/* sb-graph.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-graph-private.h"

/* Gradients are told of in at most about so many parts, and in none smaller than that. */
#define MAX_PARTS 32
#define MIN_PART  65536

void
sb_graph_free (SbGraph *self)
{
  for (guint i = 0; i < self->n_nodes; i++)
    {
      g_clear_pointer (&self->nodes[i].forward, dnnl_primitive_desc_destroy);
      g_clear_pointer (&self->nodes[i].backward, dnnl_primitive_desc_destroy);
    }
  for (guint i = 0; i < self->net->weights->len; i++)
    g_clear_pointer (&self->places[i].md, sb_md_free);
  g_ptr_array_unref (self->ops);
  g_ptr_array_unref (self->unplaced);
  g_ptr_array_unref (self->tensors);
  g_ptr_array_unref (self->sums);
  g_array_unref (self->forward);
  g_array_unref (self->backward);
  g_array_unref (self->update);
  g_clear_pointer (&self->arena, g_aligned_free);
  if (!self->is_moved)
    {
      g_aligned_free (self->masters);
      g_aligned_free (self->gradients);
    }
  g_clear_pointer (&self->statistics, g_aligned_free);
  g_free (self->places);
  g_free (self->nodes);
  g_free (self);
}

static gboolean
build (SbGraph *self, GError **error)
{
  sb_graph_connect (self);
  sb_graph_find_block (self);
  if (!sb_graph_choose (self, error))
    return FALSE;
  sb_graph_lay_out_weights (self);
  return sb_graph_build_forward (self, error) &&
         (!sb_graph_is_training (self) || sb_graph_build_backward (self, error)) &&
         sb_graph_place (self, error);
}

/**
 * sb_graph_new:
 * @net: a net, which has to outlive the graph and keep its classes
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
  self->places = g_new0 (SbPlace, net->weights->len);
  self->tensors = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_tensor_free);
  self->unplaced = g_ptr_array_new ();
  self->ops = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_op_free);
  self->sums = g_ptr_array_new_with_free_func (g_free);
  self->forward = g_array_new (FALSE, FALSE, sizeof (SbAct));
  self->backward = g_array_new (FALSE, FALSE, sizeof (SbAct));
  self->update = g_array_new (FALSE, FALSE, sizeof (SbAct));
  sb_random_init (&self->random, 1);
  if (!build (self, error) || !sb_graph_load (self, net, error))
    return NULL;
  return g_steal_pointer (&self);
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

static gboolean
run_act (SbGraph *self, const SbAct *act, GError **error)
{
  if (act->func == NULL)
    return sb_op_run (act->op, error);
  act->func (self, act);
  return TRUE;
}

static gboolean
run (SbGraph *self, GArray *acts, GError **error)
{
  for (guint i = 0; i < acts->len; i++)
    if (!run_act (self, &g_array_index (acts, SbAct, i), error))
      return FALSE;
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
 * sb_graph_get_features:
 * @self: a graph whose forward pass has run
 * @per_image: (out): how many numbers each image has
 *
 * A net of one dense layer whose input has that many channels, and one pixel, learns from them what
 * the head would learn.
 *
 * Returns: (transfer none): what the last dense layer takes, one image after the other
 */
const float *
sb_graph_get_features (const SbGraph *self, gsize *per_image)
{
  g_autoptr (GError) error = NULL;

  *per_image = self->features->size / sizeof (float) / (gsize) self->batch;
  if (!sb_op_run (self->take_features, &error))
    g_error ("%s", error->message);
  return self->features->data;
}

/**
 * sb_graph_forward:
 * @self: a graph whose input is filled
 * @error: %SB_DNN_ERROR
 *
 * Returns: whether the logits are there
 */
gboolean
sb_graph_forward (SbGraph *self, GError **error)
{
  return run (self, self->forward, error);
}

/* What a gradient's primitive has written: the place of its first weight to the end of its last. */
static void
get_part (const SbGraph *self, const SbNode *node, gsize *begin, gsize *end)
{
  *begin = *end = self->places[node->first_weight].offset;
  for (guint i = node->first_weight; i < node->first_weight + node->n_weights; i++)
    if (self->places[i].kind == SB_PLACE_MASTER)
      *end = self->places[i].offset + self->places[i].count;
}

/**
 * sb_graph_backward:
 * @self: a training graph whose loss was taken
 * @func: (nullable): is told of gradients as they become final, the last layer's first, in at most
 * a few dozen parts
 * @data: for @func
 * @error: %SB_DNN_ERROR
 *
 * Returns: whether the gradients are there
 */
gboolean
sb_graph_backward (SbGraph *self, SbGradientFunc func, gpointer data, GError **error)
{
  gsize enough = MAX (self->n_masters / MAX_PARTS, MIN_PART);
  gsize begin = self->n_masters, told = self->n_masters;

  for (guint i = 0; i < self->backward->len; i++)
    {
      const SbAct *act = &g_array_index (self->backward, SbAct, i);
      gsize end;

      if (!run_act (self, act, error))
        return FALSE;
      if (!act->final || func == NULL)
        continue;
      get_part (self, act->node, &begin, &end);
      g_assert (end <= told);
      if (told - begin < enough && begin > 0)
        continue;
      func (self->gradients + begin, told - begin, data);
      told = begin;
    }
  return TRUE;
}
