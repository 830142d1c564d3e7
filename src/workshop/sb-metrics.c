/* sb-metrics.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-metrics.h"

#include <math.h>
#include <stdlib.h>

/**
 * sb_confusion:
 * @labels: (array length=n): 0 or 1 each
 * @scores: (array length=n): from 0 to 1 each
 * @n: how many
 * @threshold: the lowest score that counts as a hit
 *
 * Returns: how many were told right and wrong
 */
SbConfusion
sb_confusion (const double *labels, const double *scores, gsize n, double threshold)
{
  SbConfusion self = { 0 };

  for (gsize i = 0; i < n; i++)
    {
      gboolean hit = labels[i] > 0.5;

      if (scores[i] >= threshold)
        hit ? self.tp++ : self.fp++;
      else
        hit ? self.fn++ : self.tn++;
    }
  return self;
}

guint
sb_confusion_get_total (const SbConfusion *self)
{
  return self->tn + self->fp + self->fn + self->tp;
}

/* A share of nothing is nothing, not a NaN that would spoil every text it is printed in. */
static double
share (guint part, guint whole)
{
  return whole > 0 ? (double) part / whole : 0;
}

double
sb_confusion_get_error (const SbConfusion *self)
{
  return share (self->fp + self->fn, sb_confusion_get_total (self));
}

double
sb_confusion_get_accuracy (const SbConfusion *self)
{
  return share (self->tp + self->tn, sb_confusion_get_total (self));
}

/**
 * sb_confusion_get_precision:
 * @self: a confusion matrix
 *
 * Returns: the share of hits among what was scored as hits; 0 if nothing was
 */
double
sb_confusion_get_precision (const SbConfusion *self)
{
  return share (self->tp, self->tp + self->fp);
}

/**
 * sb_confusion_get_recall:
 * @self: a confusion matrix
 *
 * Returns: the share of the hits that was found; 0 if there are none
 */
double
sb_confusion_get_recall (const SbConfusion *self)
{
  return share (self->tp, self->tp + self->fn);
}

double
sb_confusion_get_f1 (const SbConfusion *self)
{
  return share (2 * self->tp, 2 * self->tp + self->fp + self->fn);
}

typedef struct
{
  double score;
  gboolean hit;
} Ranked;

static int
compare_ranked (gconstpointer a, gconstpointer b)
{
  double left = ((const Ranked *) a)->score;
  double right = ((const Ranked *) b)->score;

  return (left < right) - (left > right);
}

static Ranked *
rank (const double *labels, const double *scores, gsize n, guint *n_hits)
{
  Ranked *ranked = g_new (Ranked, MAX (n, 1));

  *n_hits = 0;
  for (gsize i = 0; i < n; i++)
    {
      ranked[i] = (Ranked){ scores[i], labels[i] > 0.5 };
      *n_hits += ranked[i].hit;
    }
  qsort (ranked, n, sizeof *ranked, compare_ranked);
  return ranked;
}

/**
 * sb_roc_points:
 * @labels: (array length=n): 0 or 1 each
 * @scores: (array length=n): from 0 to 1 each
 * @n: how many
 *
 * Rows of the same score make one point, as they can not be told apart.
 *
 * Returns: (transfer full) (element-type SbRocPoint): the points of the curve from (0, 0), whose
 *   threshold is infinite, to (1, 1)
 */
GArray *
sb_roc_points (const double *labels, const double *scores, gsize n)
{
  GArray *points = g_array_new (FALSE, FALSE, sizeof (SbRocPoint));
  guint n_hits;
  g_autofree Ranked *ranked = rank (labels, scores, n, &n_hits);
  guint n_misses = (guint) n - n_hits;
  guint tp = 0, fp = 0;
  SbRocPoint point = { INFINITY, 0, 0 };

  g_array_append_val (points, point);
  for (gsize i = 0; i < n; i++)
    {
      ranked[i].hit ? tp++ : fp++;
      if (i + 1 < n && ranked[i + 1].score == ranked[i].score)
        continue;
      point = (SbRocPoint){ ranked[i].score, share (fp, n_misses), share (tp, n_hits) };
      g_array_append_val (points, point);
    }
  return points;
}

/**
 * sb_roc_auc:
 * @points: (element-type SbRocPoint): from sb_roc_points()
 *
 * Returns: the area under the curve, from 0 to 1
 */
double
sb_roc_auc (const GArray *points)
{
  double area = 0;

  for (guint i = 1; i < points->len; i++)
    {
      const SbRocPoint *left = &g_array_index (points, SbRocPoint, i - 1);
      const SbRocPoint *right = &g_array_index (points, SbRocPoint, i);

      area += (right->false_positive_rate - left->false_positive_rate) *
              (right->true_positive_rate + left->true_positive_rate) / 2;
    }
  return area;
}
