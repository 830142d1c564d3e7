/* sb-graph-connect.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How the layers of a graph hang together, and which of them need no step of their own.
 */

#include "config.h"

#include "algorithms/vision/sb-graph-private.h"

/* The node that computes what @node puts out. */
SbNode *
sb_node_get_real (SbNode *node)
{
  while (node != NULL && node->alias != NULL)
    node = node->alias;
  return node;
}

/* The node that computes what @node puts out, if only one layer takes that; else %NULL. */
SbNode *
sb_node_get_sole (SbNode *node)
{
  while (node != NULL && node->n_takers == 1 && node->alias != NULL)
    node = node->alias;
  return node != NULL && node->n_takers == 1 ? node : NULL;
}

static SbDims
get_dims (const SbGraph *self, const SbShape *shape)
{
  if (shape->flat)
    return (SbDims){ 2, { self->batch, shape->channels } };
  return (SbDims){ 4, { self->batch, shape->channels, shape->height, shape->width } };
}

static void
connect_node (SbGraph *self, SbNode *node)
{
  const SbShape image = { self->net->channels, self->net->height, self->net->width, FALSE };
  guint n = node->layer->kind == SB_LAYER_ADD ? 2 : 1;

  for (guint i = 0; i < n; i++)
    if (node->layer->sources[i] >= 0)
      {
        node->from[i] = &self->nodes[node->layer->sources[i]];
        node->from[i]->n_takers++;
        node->from[i]->last_taker = node->index;
      }
  node->in = get_dims (self, node->from[0] != NULL ? &node->from[0]->layer->shape : &image);
  node->out = get_dims (self, &node->layer->shape);
  node->relu =
      node->layer->kind == SB_LAYER_RELU ||
      (node->layer->relu && node->layer->kind != SB_LAYER_MAX_POOL &&
       node->layer->kind != SB_LAYER_AVERAGE_POOL && node->layer->kind != SB_LAYER_DROPOUT);
  node->trained = sb_graph_is_training (self) &&
                  ((self->flags & SB_GRAPH_HEAD_ONLY) == 0 || node->index + 1 == self->n_nodes);
}

static void
find_weights (SbGraph *self)
{
  for (guint i = self->net->weights->len; i > 0; i--)
    {
      const SbWeight *weight = g_ptr_array_index (self->net->weights, i - 1);

      self->nodes[weight->layer].first_weight = i - 1;
      self->nodes[weight->layer].n_weights++;
    }
}

static void
find_gradients (SbGraph *self)
{
  for (guint i = 0; i < self->n_nodes; i++)
    {
      SbNode *node = &self->nodes[i];

      node->wants_diff = (node->trained && node->n_weights > 0) ||
                         (node->from[0] != NULL && node->from[0]->wants_diff) ||
                         (node->from[1] != NULL && node->from[1]->wants_diff);
    }
}

/* A ReLU is part of the layer before it. */
static void
fuse_relu (SbNode *node)
{
  SbNode *real = sb_node_get_sole (node->from[0]);

  if (real == NULL || real->layer->kind == SB_LAYER_MAX_POOL ||
      real->layer->kind == SB_LAYER_AVERAGE_POOL || real->layer->kind == SB_LAYER_DROPOUT)
    return;
  real->relu = TRUE;
  node->alias = real;
}

/* Without training, a normalization is a factor and a summand for each channel. */
static void
fold_norm (SbNode *node)
{
  SbNode *real = sb_node_get_sole (node->from[0]);

  if (real == NULL || real->layer->kind != SB_LAYER_CONVOLUTION || real->relu ||
      real->norm != NULL || real->addition != NULL)
    return;
  real->norm = node;
  real->relu = node->relu;
  node->alias = real;
}

/* The convolution that can add its result to what the addition takes besides. It has to be the
 * later of the two. */
static SbNode *
find_adder (const SbNode *addition)
{
  SbNode *best = NULL;

  for (guint i = 0; i < 2; i++)
    {
      SbNode *real = sb_node_get_sole (addition->from[i]);
      const SbNode *other = sb_node_get_real (addition->from[1 - i]);

      if (real != NULL && other != NULL && real->layer->kind == SB_LAYER_CONVOLUTION &&
          !real->relu && real->addition == NULL && other->index < real->index)
        best = real;
    }
  return best;
}

static void
fold_addition (SbNode *node)
{
  SbNode *real = find_adder (node);

  if (real == NULL)
    return;
  real->addition = node;
  real->relu = node->relu;
  node->alias = real;
}

static void
simplify (SbNode *node)
{
  switch (node->layer->kind)
    {
    case SB_LAYER_RELU:
      fuse_relu (node);
      break;
    case SB_LAYER_BATCH_NORM:
      if (!node->trained)
        fold_norm (node);
      break;
    case SB_LAYER_ADD:
      if (!node->trained)
        fold_addition (node);
      break;
    case SB_LAYER_DROPOUT:
      if (!node->trained || !(node->layer->rate > 0))
        node->alias = node->from[0];
      break;
    default:
      break;
    }
}

/* A layer's ReLU is undone by the layer behind it where that has fewer outputs or drops some. A
 * normalization undoes its own. */
static void
find_masks (SbGraph *self, SbNode *node)
{
  SbNode *taker = node->n_takers == 1 ? &self->nodes[node->last_taker] : NULL;

  if (node->layer->kind == SB_LAYER_DROPOUT && node->alias == NULL)
    node->masks = TRUE;
  if (!node->wants_diff || !node->relu || node->alias != NULL ||
      node->layer->kind == SB_LAYER_BATCH_NORM)
    return;
  if (taker != NULL && taker->alias == NULL &&
      (taker->layer->kind == SB_LAYER_DROPOUT || taker->layer->kind == SB_LAYER_MAX_POOL))
    taker->masks = TRUE;
  else
    node->masks = TRUE;
}

/* Makes the nodes of the net's layers. */
void
sb_graph_connect (SbGraph *self)
{
  self->n_nodes = self->net->layers->len;
  self->nodes = g_new0 (SbNode, self->n_nodes);
  for (guint i = 0; i < self->n_nodes; i++)
    {
      self->nodes[i].layer = g_ptr_array_index (self->net->layers, i);
      self->nodes[i].index = i;
      connect_node (self, &self->nodes[i]);
    }
  find_weights (self);
  find_gradients (self);
  for (guint i = 0; i < self->n_nodes; i++)
    simplify (&self->nodes[i]);
  for (guint i = 0; i < self->n_nodes; i++)
    find_masks (self, &self->nodes[i]);
}
