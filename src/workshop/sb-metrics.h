/* sb-metrics.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbConfusion:
 * @tn: misses that were scored as misses
 * @fp: misses that were scored as hits
 * @fn: hits that were scored as misses
 * @tp: hits that were scored as hits
 */
typedef struct
{
  guint tn;
  guint fp;
  guint fn;
  guint tp;
} SbConfusion;

/**
 * SbRocPoint:
 * @threshold: the lowest score that counts as a hit here
 * @false_positive_rate: from 0 to 1
 * @true_positive_rate: from 0 to 1
 */
typedef struct
{
  double threshold;
  double false_positive_rate;
  double true_positive_rate;
} SbRocPoint;

SbConfusion sb_confusion (const double *labels, const double *scores, gsize n, double threshold);
guint sb_confusion_get_total (const SbConfusion *self);
double sb_confusion_get_error (const SbConfusion *self);
double sb_confusion_get_accuracy (const SbConfusion *self);
double sb_confusion_get_precision (const SbConfusion *self);
double sb_confusion_get_recall (const SbConfusion *self);
double sb_confusion_get_f1 (const SbConfusion *self);
GArray *sb_roc_points (const double *labels, const double *scores, gsize n);
double sb_roc_auc (const GArray *points);

G_END_DECLS
