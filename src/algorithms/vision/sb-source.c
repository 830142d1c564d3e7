/* sb-source.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-source.h"

#include <string.h>

#include "algorithms/contract/sb-contract.h"
#include "algorithms/vision/sb-worker.h"
#include "algorithms/vision/sb-world.h"

/* Images that are looked at together for their features. */
#define FEATURE_BATCH 16

struct _SbSource
{
  SbDataset *dataset;
  SbLoader *loader; /* NULL for features that are kept */
  int batch;
  gsize n_values; /* of one input */
  guint n_classes;

  float *features; /* for each pass, for each photo */
  guint8 *broken;  /* for each photo */
  guint n_broken;
  int n_passes;
  char *names; /* of the broken ones */
  guint32 *order;
  guint64 n;
  guint64 taken;
  guint64 pass;
};

static SbSource *
source_new (SbDataset *dataset, const SbLoaderOptions *options, int batch)
{
  SbSource *self = g_new0 (SbSource, 1);

  self->dataset = dataset;
  self->batch = batch;
  self->n_values = sb_input_get_n_values (options);
  self->n_classes = options->n_classes;
  return self;
}

/**
 * sb_source_new_photos:
 * @dataset: a data set, which has to be there as long as the source
 * @options: how its photos become input
 * @batch: photos in a batch
 *
 * Returns: (transfer full): a source that reads ahead
 */
SbSource *
sb_source_new_photos (SbDataset *dataset, const SbLoaderOptions *options, int batch)
{
  SbSource *self = source_new (dataset, options, batch);

  self->loader = sb_loader_new (dataset, options, batch, sb_contract_get_n_threads ());
  return self;
}

void
sb_source_free (SbSource *self)
{
  g_clear_pointer (&self->loader, sb_loader_free);
  g_free (self->features);
  g_free (self->broken);
  g_free (self->names);
  g_free (self->order);
  g_free (self);
}

/* This worker's share of the photos, and of these the ones that are not known to be broken. */
static GArray *
list_share (const SbSource *self)
{
  GArray *share = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint size = (guint) sb_world_get_size (), rank = (guint) sb_world_get_rank ();

  for (guint32 i = rank; i < sb_dataset_get_n (self->dataset); i += size)
    if (!self->broken[i])
      g_array_append_val (share, i);
  return share;
}

/* Reads the next photos into @graph and writes down which they are; returns how many, or -1. */
static int
look (SbSource *self,
      SbLoader *loader,
      SbGraph *graph,
      const GArray *share,
      guint *at,
      guint32 *indices,
      GError **error)
{
  gsize size = self->n_values;
  int n = 0;

  while (n < FEATURE_BATCH)
    {
      guint before = sb_loader_get_n_broken (loader);
      int got =
          sb_loader_next (loader, sb_graph_get_input (graph) + (gsize) n * size, NULL, NULL, error);

      /* One is read at a time: whatever is missing was right before it. */
      for (guint i = before; i < sb_loader_get_n_broken (loader); i++)
        self->broken[g_array_index (share, guint32, (*at)++)] = TRUE;
      if (got < 0)
        return -1;
      if (got == 0)
        return n;
      indices[n++] = g_array_index (share, guint32, (*at)++);
    }
  return n;
}

static gboolean
look_at_all (SbSource *self, SbLoader *loader, SbGraph *graph, int pass, GError **error)
{
  g_autoptr (GArray) share = list_share (self);
  guint32 indices[FEATURE_BATCH];
  guint at = 0;
  int n = 0;

  sb_loader_begin (loader, (guint32 *) (gpointer) share->data, share->len, (guint64) pass);
  /* Who is told to stop meanwhile learns nothing from what is missing. */
  while (!sb_worker_stop_wanted () &&
         (n = look (self, loader, graph, share, &at, indices, error)) > 0)
    {
      gsize count;
      const float *features;

      if (!sb_graph_forward (graph, error))
        return FALSE;
      features = sb_graph_get_features (graph, &count);
      for (int i = 0; i < n; i++)
        memcpy (self->features +
                    ((gsize) pass * sb_dataset_get_n (self->dataset) + indices[i]) * count,
                features + (gsize) i * count,
                count * sizeof (float));
    }
  return n >= 0;
}

/* What all workers have seen becomes known to all. */
static void
share_features (SbSource *self, gsize count)
{
  gsize n = sb_dataset_get_n (self->dataset);
  g_autofree double *broken = g_new0 (double, n);
  gsize part = (gsize) G_MAXINT / 2;

  for (gsize at = 0; at < count; at += part)
    sb_world_sum_begin (self->features + at, MIN (part, count - at), NULL);
  sb_world_sum_wait ();
  for (gsize i = 0; i < n; i++)
    broken[i] = self->broken[i];
  sb_world_sum (broken, (int) n);
  self->n_broken = 0;
  for (gsize i = 0; i < n; i++)
    {
      self->broken[i] = broken[i] > 0;
      self->n_broken += self->broken[i];
    }
}

/**
 * sb_source_new_features:
 * @dataset: a data set, which has to be there as long as the source
 * @options: how its photos become input
 * @net: what looks at them
 * @flags: %SB_GRAPH_INFERENCE, or %SB_GRAPH_BF16
 * @n_passes: how often: more than once only serves when @options vary them
 * @batch: photos in a batch
 * @error: %SB_DNN_ERROR, or %SB_NET_ERROR_INVALID when no photo can be read
 *
 * Looks at all photos, each worker at its share of them, and keeps what the last layer of @net
 * would see of each. To be called by all workers.
 *
 * Returns: (transfer full) (nullable): a source of these features
 */
SbSource *
sb_source_new_features (SbDataset *dataset,
                        const SbLoaderOptions *options,
                        const SbNet *net,
                        SbGraphFlags flags,
                        int n_passes,
                        int batch,
                        GError **error)
{
  g_autoptr (SbSource) self = source_new (dataset, options, batch);
  g_autoptr (SbGraph) graph = sb_graph_new (net, FEATURE_BATCH, flags, error);
  g_autoptr (SbLoader) loader = NULL;
  gsize n = sb_dataset_get_n (dataset), count;

  if (graph == NULL)
    return NULL;
  sb_graph_get_features (graph, &count);
  self->n_passes = n_passes;
  self->features = g_new0 (float, (gsize) n_passes *n *count);
  self->broken = g_new0 (guint8, n);
  loader = sb_loader_new (dataset, options, 1, sb_contract_get_n_threads ());
  for (int pass = 0; pass < n_passes; pass++)
    if (!look_at_all (self, loader, graph, pass, error))
      return NULL;
  self->names = sb_loader_dup_broken (loader);
  share_features (self, (gsize) n_passes * n * count);
  self->n_values = count;
  return g_steal_pointer (&self);
}

/**
 * sb_source_begin:
 * @self: a source
 * @order: (array length=n): numbers of photos; one may come several times
 * @n: how many
 * @seed: of what varies; another one for each epoch
 *
 * Starts an epoch. @order is copied.
 */
void
sb_source_begin (SbSource *self, const guint32 *order, guint64 n, guint64 seed)
{
  if (self->loader != NULL)
    {
      sb_loader_begin (self->loader, order, n, seed);
      return;
    }
  g_free (self->order);
  self->order = g_memdup2 (order, n * sizeof *order);
  self->n = n;
  self->taken = 0;
  self->pass = seed % (guint64) self->n_passes;
}

static void
take (SbSource *self, guint32 index, int at, float *input, int *labels, float *targets)
{
  gsize row = (gsize) self->pass * sb_dataset_get_n (self->dataset) + index;

  memcpy (input + (gsize) at * self->n_values,
          self->features + row * self->n_values,
          self->n_values * sizeof (float));
  if (labels != NULL)
    labels[at] = sb_dataset_get_label (self->dataset, index);
  if (targets != NULL)
    sb_dataset_fill_targets (self->dataset,
                             index,
                             self->n_classes,
                             targets + (gsize) at * self->n_classes);
}

/**
 * sb_source_next:
 * @self: a source
 * @input: (out): batch × as many numbers as the network takes
 * @labels: (out) (nullable): batch numbers
 * @targets: (out) (nullable): batch × classes numbers
 * @error: as of sb_loader_next()
 *
 * Returns: how many photos there are in the batch; 0 after the last, -1 on error. Rows beyond them
 *   are undefined.
 */
int
sb_source_next (SbSource *self, float *input, int *labels, float *targets, GError **error)
{
  int at = 0;

  if (self->loader != NULL)
    return sb_loader_next (self->loader, input, labels, targets, error);
  for (; at < self->batch && self->taken < self->n; self->taken++)
    if (!self->broken[self->order[self->taken]])
      take (self, self->order[self->taken], at++, input, labels, targets);
  return at;
}

/**
 * sb_source_get_waited:
 * @self: a source
 *
 * Returns: for how many seconds the network had to wait so far
 */
double
sb_source_get_waited (const SbSource *self)
{
  return self->loader != NULL ? sb_loader_get_waited (self->loader) : 0;
}

/**
 * sb_source_get_n_broken:
 * @self: a source
 *
 * Returns: how many photos could not be read so far
 */
guint
sb_source_get_n_broken (const SbSource *self)
{
  return self->loader != NULL ? sb_loader_get_n_broken (self->loader) : self->n_broken;
}

/**
 * sb_source_dup_broken:
 * @self: a source
 *
 * Returns: (transfer full): the first few of them, as this worker knows them
 */
char *
sb_source_dup_broken (const SbSource *self)
{
  return self->loader != NULL ? sb_loader_dup_broken (self->loader) : g_strdup (self->names);
}
