/* sb-classify-epoch.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Steps of training, and what validation counts.
 */

#include "config.h"

#include <math.h>
#include <string.h>

#include "algorithms/contract/sb-contract.h"
#include "algorithms/vision/sb-classify-private.h"
#include "algorithms/vision/sb-worker.h"
#include "algorithms/vision/sb-world.h"

/* Where all workers may see all photos it is the same in every one, however many there are. */
static void
shuffle (const SbClassify *self, int epoch)
{
  guint32 *items = (guint32 *) (gpointer) self->share->data;
  guint64 seed = self->options->seed * 1000003 + (guint64) epoch;
  SbRandom random;

  if (self->sharded)
    seed += (guint64) sb_world_get_rank () * 7919;
  sb_random_init (&random, seed);
  for (guint i = 0; i < self->share->len; i++)
    items[i] = i;
  for (guint i = self->share->len; i > 1; i--)
    {
      guint k = (guint) (sb_random_next (&random) % i);
      guint32 swap = items[i - 1];

      items[i - 1] = items[k];
      items[k] = swap;
    }
  for (guint i = 0; i < self->share->len && self->sharded; i++)
    items[i] = items[i] * (guint32) sb_world_get_size () + (guint32) sb_world_get_rank ();
}

/**
 * _sb_classify_begin_epoch:
 * @self: a training
 * @epoch: which epoch, from 0
 *
 * Every batch is full: behind the last photo come the first ones again, as MXNet has it. Workers
 * that share their photos take the parts of one large batch.
 */
void
_sb_classify_begin_epoch (SbClassify *self, int epoch)
{
  guint64 batch = (guint64) self->options->batch, n = self->n_steps * batch;
  g_autofree guint32 *order = g_new (guint32, n);

  shuffle (self, epoch);
  for (guint64 i = 0; i < n; i++)
    {
      guint64 at = i;

      if (!self->sharded)
        at = (i / batch * (guint64) sb_world_get_size () + (guint64) sb_world_get_rank ()) * batch +
             i % batch;
      order[i] = g_array_index (self->share, guint32, (guint) (at % self->share->len));
    }
  self->tally = (SbTally){ 0 };
  sb_source_begin (self->source, order, n, (self->options->seed << 32) + (guint64) epoch);
}

/* Rows without a photo of their own repeat others, for the normalizations' sake, and count for
 * nothing. They are there only when photos are broken. */
static void
fill_up (SbClassify *self, int n)
{
  float *input = sb_graph_get_input (self->graph);
  gsize size = (gsize) (self->net->channels * self->net->height * self->net->width);
  gsize n_classes = (gsize) self->net->n_classes;

  for (int i = n; i < self->options->batch; i++)
    {
      memcpy (input + (gsize) i * size, input + (gsize) (i % n) * size, size * sizeof (float));
      self->labels[i] = -1;
      if (self->targets != NULL)
        self->targets[(gsize) i * n_classes] = -1;
    }
}

static gboolean
take_batch (SbClassify *self, int epoch, GError **error)
{
  float *input = sb_graph_get_input (self->graph);
  int n = sb_source_next (self->source, input, self->labels, self->targets, error);

  if (n == 0)
    {
      /* So many photos were broken that a whole batch is missing: others come again. */
      SbTally tally = self->tally;

      _sb_classify_begin_epoch (self, epoch);
      self->tally = tally;
      n = sb_source_next (self->source, input, self->labels, self->targets, error);
    }
  if (n == 0)
    g_set_error (error, SB_NET_ERROR, SB_NET_ERROR_INVALID, "None of the photos can be read");
  if (n > 0)
    fill_up (self, n);
  return n > 0;
}

/* How many classes are likelier than @label. */
static int
get_place (const float *logits, int n, int label)
{
  int place = 0;

  for (int i = 0; i < n; i++)
    place += logits[i] > logits[label] ? 1 : 0;
  return place;
}

static void
count_batch (SbClassify *self, double loss, guint right)
{
  int n = self->net->n_classes;
  const float *logits = sb_graph_get_logits (self->graph);

  self->tally.loss += loss;
  self->tally.right += right;
  for (int i = 0; i < self->options->batch; i++, logits += n)
    {
      if (self->labels[i] < 0 &&
          (self->targets == NULL || self->targets[(gsize) i * (gsize) n] < 0))
        continue;
      self->tally.images++;
      self->tally.seen += self->options->multi_label ? n : 1;
      if (self->options->top_k > 0)
        self->tally.top += get_place (logits, n, self->labels[i]) < self->options->top_k ? 1 : 0;
    }
}

/**
 * _sb_classify_step:
 * @self: a training
 * @epoch: which epoch, from 0
 * @step: which step of it, from 0
 * @error: why it cannot go on
 *
 * Returns: whether the weights are changed
 */
gboolean
_sb_classify_step (SbClassify *self, int epoch, guint64 step, GError **error)
{
  const SbClassifyOptions *options = self->options;
  double together = (double) options->batch * sb_world_get_size ();
  double rate = sb_classify_options_get_rate (options, epoch, step, self->n_steps);
  double loss;
  guint right;

  if (!take_batch (self, epoch, error) || !sb_graph_forward (self->graph, error))
    return FALSE;
  if (options->multi_label)
    loss = sb_graph_loss_multi (self->graph,
                                self->targets,
                                self->class_weights,
                                1 / (together * options->n_classes),
                                &right);
  else
    loss = sb_graph_loss (self->graph, self->labels, NULL, 1 / together, &right);
  count_batch (self, loss, right);
  if (!sb_graph_backward (self->graph, sb_world_sum_begin, NULL, error))
    return FALSE;
  return sb_worker_step (self->graph, self->optimizer, rate, error);
}

/**
 * _sb_classify_gather:
 * @self: a training
 * @tally: (inout): what this worker counted; then what all did
 *
 * Returns: whether one of the workers is to stop
 */
gboolean
_sb_classify_gather (const SbClassify *self, SbTally *tally)
{
  double sums[] = { tally->loss, tally->right,  tally->top,
                    tally->seen, tally->images, sb_worker_stop_wanted () };

  sb_world_sum (sums, G_N_ELEMENTS (sums));
  *tally = (SbTally){ sums[0], sums[1], sums[2], sums[3], sums[4] };
  return sums[5] > 0;
}

static double
cross_entropy (const float *logits, int n, int label)
{
  float most = logits[0];
  double sum = 0;

  for (int i = 1; i < n; i++)
    most = MAX (most, logits[i]);
  for (int i = 0; i < n; i++)
    sum += exp ((double) logits[i] - most);
  return most + log (sum) - logits[label];
}

static void
judge_one (const SbClassify *self, const float *logits, int label, SbTally *tally)
{
  int n = self->net->n_classes, place = get_place (logits, n, label);

  tally->loss += cross_entropy (logits, n, label);
  tally->right += place == 0 ? 1 : 0;
  tally->top += place < self->options->top_k ? 1 : 0;
  tally->seen++;
}

static void
judge_many (const SbClassify *self, const float *logits, const float *targets, SbTally *tally)
{
  for (int i = 0; i < self->net->n_classes; i++)
    {
      double x = logits[i];

      tally->loss += MAX (x, 0) - x * targets[i] + log1p (exp (-fabs (x)));
      tally->right += (x > 0) == (targets[i] > 0.5f) ? 1 : 0;
      tally->seen++;
    }
}

/* This worker's part of the photos, in their order. */
static void
begin_validation (SbClassify *self)
{
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 step = (guint32) sb_world_get_size ();

  for (guint32 i = (guint32) sb_world_get_rank (); i < sb_dataset_get_n (self->validation);
       i += step)
    g_array_append_val (order, i);
  sb_source_begin (self->validation_source, (guint32 *) (gpointer) order->data, order->len, 0);
}

/* The workers' running means and variances become one. */
static void
share_statistics (SbClassify *self)
{
  gsize count;
  float *statistics = sb_graph_get_statistics (self->graph, &count);
  float part = 1 / (float) sb_world_get_size ();

  if (sb_world_get_size () == 1 || count == 0)
    return;
  sb_world_sum_begin (statistics, count, NULL);
  sb_world_sum_wait ();
  for (gsize i = 0; i < count; i++)
    statistics[i] *= part;
}

/* The net's weights become what they are on average, the latest epochs counting most. The first
 * epochs count alike, until there are enough for the decay that is wanted. */
static void
average (SbClassify *self, int epoch)
{
  float share = (float) MAX (1 - self->options->decay, 1.0 / (epoch + 1));

  for (gsize i = 0; i < self->net->n_values; i++)
    self->average[i] += share * (self->net->values[i] - self->average[i]);
  memcpy (self->net->values, self->average, self->net->n_values * sizeof (float));
}

/**
 * _sb_classify_evaluate:
 * @self: a training
 * @epoch: which epoch has ended, from 0
 * @tally: (out): what all workers counted in the photos of validation; nothing without any
 * @error: why it cannot be done
 *
 * Afterwards the net has the weights that the graph has, or their average.
 *
 * Returns: whether it was done
 */
gboolean
_sb_classify_evaluate (SbClassify *self, int epoch, SbTally *tally, GError **error)
{
  gsize classes = (gsize) self->net->n_classes;
  int n;

  *tally = (SbTally){ 0 };
  share_statistics (self);
  if (!sb_graph_store (self->graph, self->net, error))
    return FALSE;
  if (self->average != NULL)
    average (self, epoch);
  if (self->validation == NULL)
    return TRUE;
  if (!sb_graph_load (self->evaluation, self->net, error))
    return FALSE;
  begin_validation (self);
  while ((n = sb_source_next (self->validation_source,
                              sb_graph_get_input (self->evaluation),
                              self->labels,
                              self->targets,
                              error)) > 0)
    {
      const float *logits = sb_graph_get_logits (self->evaluation);

      if (!sb_graph_forward (self->evaluation, error))
        return FALSE;
      for (gsize i = 0; i < (gsize) n; i++)
        if (self->options->multi_label)
          judge_many (self, logits + i * classes, self->targets + i * classes, tally);
        else
          judge_one (self, logits + i * classes, self->labels[i], tally);
      tally->images += n;
    }
  _sb_classify_gather (self, tally);
  return n == 0;
}
