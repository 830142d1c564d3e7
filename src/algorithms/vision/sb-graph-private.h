/* sb-graph-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a graph is made of, for the files that build it: sb-graph-forward.c, sb-graph-backward.c
 * and sb-graph-memory.c.
 */

#pragma once

#include "algorithms/vision/sb-dense.h"
#include "algorithms/vision/sb-graph.h"
#include "algorithms/vision/sb-thin.h"
#include "algorithms/vision/sb-winograd.h"

G_BEGIN_DECLS

#define SB_GRAPH_ALIGNMENT 64
#define SB_ALIGNED(floats) (((floats) + 15) / 16 * 16)
#define SB_MAX_ROLES       4

typedef struct _SbNode SbNode;
typedef struct _SbAct SbAct;
typedef void (*SbActFunc) (SbGraph *graph, const SbAct *act);

/* @a and @b, which may be %NULL, are added up; what did not pass through @y, if that is given, does
 * not pass here; the rest is multiplied by @factor. */
typedef struct
{
  const SbTensor *a;
  const SbTensor *b;
  const SbTensor *y;
  float factor;
  SbTensor *out;
} SbSum;

/* One thing to do: a primitive, or a function of ours. */
struct _SbAct
{
  const SbOp *op;
  SbActFunc func;
  SbNode *node;
  const SbSum *sum;
  gboolean final; /* whether the gradients of the node's weights are there after it */
};

typedef struct
{
  int n_dims;
  dnnl_dim_t dims[4];
} SbDims;

/* Where a weight is while the graph computes. */
typedef enum
{
  SB_PLACE_CONSTANT, /* only in the layout of the primitive that uses it */
  SB_PLACE_MASTER,   /* in SbGraph.masters */
  SB_PLACE_STATISTIC /* in SbGraph.statistics */
} SbPlaceKind;

typedef struct
{
  SbPlaceKind kind;
  SbMd md; /* NULL for a plain vector */
  gsize offset;
  gsize count; /* in floats, padding included */
} SbPlace;

/* A layer in a graph. */
struct _SbNode
{
  const SbLayer *layer;
  guint index;
  SbNode *from[2]; /* NULL is the image */
  guint n_takers;
  guint last_taker;
  SbDims in;
  SbDims out;
  guint first_weight; /* in SbNet.weights */
  guint n_weights;
  gboolean trained;
  gboolean wants_diff; /* whether its output's gradient leads to weights that are trained */
  gboolean relu;       /* its own, or that of a layer behind it */
  gboolean masks;      /* whether the backward pass applies its ReLU, or drops, by function */
  SbNode *alias;       /* the node whose output this one's is */
  SbNode *norm;        /* without training: a normalization that is folded into it */
  SbNode *addition;    /* without training: one that is made part of it */
  gboolean winograd;   /* whether it is a convolution that needs no primitive */
  SbWinogradShape shape;
  gboolean thin; /* whether it is a convolution whose weights' gradient needs no primitive */
  SbThinShape thin_shape;
  gboolean dense; /* whether it is a dense layer that needs no primitive */
  SbDenseShape dense_shape;

  dnnl_primitive_desc_t forward;
  dnnl_primitive_desc_t backward; /* of the weights */
  SbTensor *src;
  SbTensor *other; /* what an addition adds to src */
  SbTensor *dst;
  SbTensor *workspace;
  SbTensor *roles[SB_MAX_ROLES]; /* its weights: masters, statistics or constants, as in SbNet */
  SbTensor *diff_roles[SB_MAX_ROLES];
  SbTensor *weights; /* in the layout of the forward pass */
  SbTensor *bias;
  SbTensor *points; /* Winograd's weights, where they do not change */
  SbTensor
      *scratch; /* Winograd's, of the forward pass, the weights' gradient, the data's gradient */
  SbTensor *scratch_weights;
  SbTensor *scratch_data;
  SbTensor *thin_src;
  SbTensor *turned; /* weights for the data's gradient */
  SbTensor *diff;   /* what functions of the backward pass take, and give */
  SbTensor *diff_src;
  SbTensor *mean; /* of this batch */
  SbTensor *variance;

  SbTensor *diffs[2]; /* what the layers that take its output have contributed so far */
  guint n_diffs;
};

struct _SbGraph
{
  const SbNet *net;
  SbGraphFlags flags;
  int batch;
  dnnl_data_type_t type;
  SbNode *nodes;
  guint n_nodes;
  SbPlace *places;       /* one for each of the net's weights */
  GPtrArray *tensors;    /* owned */
  GPtrArray *ops;        /* owned */
  GPtrArray *sums;       /* owned */
  GPtrArray *unplaced;   /* tensors of which the arena holds as many as are in use at once */
  GArray *forward;       /* SbAct */
  GArray *backward;      /* SbAct */
  GArray *update;        /* SbAct */
  dnnl_format_tag_t tag; /* of images, where Winograd's convolutions are possible */
  int block;             /* channels that it puts next to each other, 0 for all */
  int clock;             /* steps of forward and backward together */
  void *arena;
  SbTensor *input;
  SbTensor *logits;
  SbTensor *diff_logits;
  SbTensor *features;
  SbOp *take_features;
  float *masters;
  float *gradients;
  gboolean is_moved; /* masters and gradients are in memory that others have given */
  float *statistics;
  gsize n_masters;
  gsize n_statistics;
  SbRandom random;
  double smoothing;
};

static inline gsize
sb_dims_count (const SbDims *dims)
{
  gsize count = 1;

  for (int i = 0; i < dims->n_dims; i++)
    count *= (gsize) dims->dims[i];
  return count;
}

static inline gboolean
sb_graph_is_training (const SbGraph *self)
{
  return (self->flags & SB_GRAPH_TRAINING) != 0;
}

static inline SbNode *
sb_graph_get_head (const SbGraph *self)
{
  return &self->nodes[self->n_nodes - 1];
}

/* sb-graph-memory.c */
float *sb_graph_new_floats (gsize count);
SbTensor *sb_graph_own (SbGraph *self, SbTensor *tensor);
SbTensor *sb_graph_new_tensor (SbGraph *self, SbMdRef md, GError **error);
SbTensor *sb_graph_new_scratch (SbGraph *self, gsize count, GError **error);
SbTensor *sb_graph_new_tensor_for (SbGraph *self,
                                   const_dnnl_primitive_desc_t pd,
                                   dnnl_query_t what,
                                   GError **error);
void sb_graph_touch (SbGraph *self, SbTensor *tensor);
void sb_graph_add_op (SbGraph *self, GArray *acts, SbOp *op);
void sb_graph_add_func (SbGraph *self, GArray *acts, SbActFunc func, SbNode *node, ...)
    G_GNUC_NULL_TERMINATED;
void sb_graph_add_sum (SbGraph *self, GArray *acts, SbActFunc func, const SbSum *sum);
void sb_graph_set_final (SbGraph *self, SbNode *node);
SbTensor *
sb_graph_in_layout (SbGraph *self, GArray *acts, SbTensor *have, SbMdRef want, GError **error);
SbTensor *sb_graph_in_layout_of (SbGraph *self,
                                 GArray *acts,
                                 SbTensor *have,
                                 const_dnnl_primitive_desc_t pd,
                                 dnnl_query_t what,
                                 GError **error);
gboolean sb_graph_place (SbGraph *self, GError **error);

/* sb-graph-connect.c */
void sb_graph_connect (SbGraph *self);
SbNode *sb_node_get_real (SbNode *node);
SbNode *sb_node_get_sole (SbNode *node);

/* sb-graph-forward.c */
SbMd sb_dims_md (const SbDims *dims, dnnl_data_type_t type, dnnl_format_tag_t tag);
SbOp *sb_graph_new_op (const_dnnl_primitive_desc_t pd, GError **error);
SbWindow sb_node_get_window (const SbNode *node);
gboolean sb_graph_choose (SbGraph *self, GError **error);
SbTensor *sb_graph_make_output (SbGraph *self, SbNode *node, SbMdRef md, GError **error);
gboolean sb_graph_build_forward (SbGraph *self, GError **error);

/* sb-graph-winograd.c */
void sb_graph_find_block (SbGraph *self);
void sb_graph_choose_winograd (SbGraph *self, SbNode *node);
SbMd sb_winograd_weight_md (const SbWeight *weight);
gboolean sb_graph_make_points (SbGraph *self, SbNode *node, GError **error);
gboolean
sb_graph_load_points (const SbGraph *self, const SbNode *node, SbTensor *plain, GError **error);
gboolean sb_graph_add_winograd (SbGraph *self, SbNode *node, SbTensor *x, GError **error);
gboolean
sb_graph_add_winograd_gradient (SbGraph *self, SbNode *node, SbTensor *diff, GError **error);
SbTensor *sb_graph_add_winograd_data (SbGraph *self, SbNode *node, GError **error);

/* sb-graph-thin.c */
SbMd sb_graph_choose_thin (SbGraph *self, SbNode *node);
gboolean sb_graph_add_thin_gradient (SbGraph *self, SbNode *node, SbTensor *diff, GError **error);

/* sb-graph-dense.c */
void sb_graph_choose_dense (SbGraph *self, SbNode *node);
gboolean sb_graph_make_ordered (SbGraph *self, SbNode *node, GError **error);
gboolean sb_graph_add_dense (SbGraph *self, SbNode *node, SbTensor *x, GError **error);

/* sb-graph-backward.c */
gboolean sb_graph_build_backward (SbGraph *self, GError **error);

/* sb-graph-weights.c */
SbMd sb_weight_md (const SbWeight *weight, dnnl_data_type_t type, gboolean plain);
void sb_graph_lay_out_weights (SbGraph *self);
gboolean sb_graph_make_weights (SbGraph *self, SbNode *node, GError **error);

/* sb-loops.c */
void sb_loop_relu (const SbTensor *from, SbTensor *to, dnnl_data_type_t type);
void sb_loop_add (const SbTensor *a,
                  const SbTensor *b,
                  SbTensor *to,
                  gboolean relu,
                  dnnl_data_type_t type);
void sb_loop_gradient (const SbSum *sum, dnnl_data_type_t type);
void sb_loop_drop (const SbTensor *from,
                   SbTensor *to,
                   double rate,
                   SbRandom *random,
                   dnnl_data_type_t type);

G_END_DECLS
