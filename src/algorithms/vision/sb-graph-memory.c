/* sb-graph-memory.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tensors of a graph, and where they are. Most are needed from one step to a later one: all these
 * lie in one arena, in which a place is used again as soon as it is free.
 */

#include "config.h"

#include "algorithms/vision/sb-graph-private.h"

float *
sb_graph_new_floats (gsize count)
{
  return g_aligned_alloc0 (MAX (count, 1), sizeof (float), SB_GRAPH_ALIGNMENT);
}

SbTensor *
sb_graph_own (SbGraph *self, SbTensor *tensor)
{
  if (tensor != NULL)
    g_ptr_array_add (self->tensors, tensor);
  return tensor;
}

/* In the arena. */
SbTensor *
sb_graph_new_tensor (SbGraph *self, SbMdRef md, GError **error)
{
  SbTensor *tensor = sb_graph_own (self, sb_tensor_new_unplaced (md, error));

  if (tensor == NULL)
    return NULL;
  tensor->first = G_MAXINT;
  tensor->last = -1;
  g_ptr_array_add (self->unplaced, tensor);
  return tensor;
}

/* Room for a function's own numbers while it runs. */
SbTensor *
sb_graph_new_scratch (SbGraph *self, gsize count, GError **error)
{
  dnnl_dim_t dims[] = { (dnnl_dim_t) count };
  SbMd md = sb_md_new (1, dims, dnnl_f32, dnnl_a);
  SbTensor *tensor = sb_graph_new_tensor (self, md, error);

  sb_md_free (md);
  return tensor;
}

SbTensor *
sb_graph_new_tensor_for (SbGraph *self,
                         const_dnnl_primitive_desc_t pd,
                         dnnl_query_t what,
                         GError **error)
{
  SbMd md = sb_pd_get_md (pd, what);
  SbTensor *tensor = sb_graph_new_tensor (self, md, error);

  sb_md_free (md);
  return tensor;
}

/* The next step uses it. */
void
sb_graph_touch (SbGraph *self, SbTensor *tensor)
{
  if (tensor == NULL)
    return;
  tensor->first = MIN (tensor->first, self->clock);
  tensor->last = MAX (tensor->last, self->clock);
}

static void
add_act (SbGraph *self, GArray *acts, const SbAct *act)
{
  g_array_append_val (acts, *act);
  self->clock++;
}

void
sb_graph_add_op (SbGraph *self, GArray *acts, SbOp *op)
{
  SbAct act = { .op = op };

  g_ptr_array_add (self->ops, op);
  for (int i = 0; i < op->n_args; i++)
    sb_graph_touch (self, op->tensors[i]);
  add_act (self, acts, &act);
}

/* A function on @node, which uses the tensors that follow. */
void
sb_graph_add_func (SbGraph *self, GArray *acts, SbActFunc func, SbNode *node, ...)
{
  SbAct act = { .func = func, .node = node };
  SbTensor *tensor;
  va_list tensors;

  va_start (tensors, node);
  while ((tensor = va_arg (tensors, SbTensor *)) != NULL)
    sb_graph_touch (self, tensor);
  va_end (tensors);
  add_act (self, acts, &act);
}

/* A function on what @sum tells, which is copied. */
void
sb_graph_add_sum (SbGraph *self, GArray *acts, SbActFunc func, const SbSum *sum)
{
  SbAct act = { .func = func, .sum = g_memdup2 (sum, sizeof *sum) };

  g_ptr_array_add (self->sums, (gpointer) act.sum);
  sb_graph_touch (self, (SbTensor *) sum->a);
  sb_graph_touch (self, (SbTensor *) sum->b);
  sb_graph_touch (self, (SbTensor *) sum->y);
  sb_graph_touch (self, sum->out);
  add_act (self, acts, &act);
}

/* The gradients of the weights of @node are there after the last step. */
void
sb_graph_set_final (SbGraph *self, SbNode *node)
{
  SbAct *act = &g_array_index (self->backward, SbAct, self->backward->len - 1);

  act->node = node;
  act->final = TRUE;
}

/* The tensor itself, or a copy in the layout that is wanted, made anew each time. Copies of weights
 * stay. */
SbTensor *
sb_graph_in_layout (SbGraph *self, GArray *acts, SbTensor *have, SbMdRef want, GError **error)
{
  SbTensor *copy;
  SbOp *op;

  if (sb_md_equal (have->md, want))
    return have;
  copy = acts == self->update ? sb_graph_own (self, sb_tensor_new (want, error))
                              : sb_graph_new_tensor (self, want, error);
  op = copy != NULL ? sb_op_new_reorder (have, copy, error) : NULL;
  if (op == NULL)
    return NULL;
  sb_graph_add_op (self, acts, op);
  return copy;
}

SbTensor *
sb_graph_in_layout_of (SbGraph *self,
                       GArray *acts,
                       SbTensor *have,
                       const_dnnl_primitive_desc_t pd,
                       dnnl_query_t what,
                       GError **error)
{
  SbMd md = sb_pd_get_md (pd, what);
  SbTensor *tensor = sb_graph_in_layout (self, acts, have, md, error);

  sb_md_free (md);
  return tensor;
}

static int
compare_sizes (gconstpointer a, gconstpointer b)
{
  const SbTensor *x = *(SbTensor *const *) a, *y = *(SbTensor *const *) b;

  if (x->size != y->size)
    return x->size < y->size ? 1 : -1;
  return x->first != y->first ? (x->first > y->first) - (x->first < y->first)
                              : (x->last > y->last) - (x->last < y->last);
}

typedef struct
{
  const SbTensor *tensor;
  gsize begin;
  gsize end;
} Spot;

static int
compare_spots (gconstpointer a, gconstpointer b)
{
  const Spot *x = a, *y = b;

  return (x->begin > y->begin) - (x->begin < y->begin);
}

/* The first gap among what is used at the same time; @spots are in their order. */
static gsize
find_gap (const GArray *spots, const SbTensor *tensor)
{
  gsize at = 0;

  for (guint i = 0; i < spots->len; i++)
    {
      const Spot *spot = &g_array_index (spots, Spot, i);

      if (spot->tensor->last < tensor->first || spot->tensor->first > tensor->last)
        continue;
      if (spot->begin >= at + tensor->size)
        break;
      at = MAX (at, spot->end);
    }
  return at;
}

/* Gives every tensor its place in the arena, the largest first. */
gboolean
sb_graph_place (SbGraph *self, GError **error)
{
  g_autoptr (GArray) spots = g_array_new (FALSE, FALSE, sizeof (Spot));
  gsize size = 0;

  g_ptr_array_sort (self->unplaced, compare_sizes);
  for (guint i = 0; i < self->unplaced->len; i++)
    {
      const SbTensor *tensor = g_ptr_array_index (self->unplaced, i);
      gsize at = find_gap (spots, tensor);
      Spot spot = { tensor,
                    at,
                    (at + tensor->size + SB_GRAPH_ALIGNMENT - 1) / SB_GRAPH_ALIGNMENT *
                        SB_GRAPH_ALIGNMENT };

      size = MAX (size, spot.end);
      g_array_append_val (spots, spot);
      g_array_sort (spots, compare_spots);
    }
  self->arena = g_aligned_alloc0 (MAX (size, 1), 1, SB_GRAPH_ALIGNMENT);
  for (guint i = 0; i < spots->len; i++)
    {
      const Spot *spot = &g_array_index (spots, Spot, i);

      if (!sb_tensor_place ((SbTensor *) spot->tensor, (char *) self->arena + spot->begin, error))
        return FALSE;
    }
  return TRUE;
}
