/* sb-curves.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How a training goes, as far as its log tells: lines in, charts out.
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * SbCurves:
 * @metric: (nullable): what is measured, such as `auc`; %NULL before the first line
 * @epochs: whether a line stands for an epoch rather than a round
 * @x: numbers of the rounds or epochs
 * @train: the metric on what is trained on
 * @validation: the metric on what is not
 * @train_loss: empty where the log has none
 * @validation_loss: empty where the log has none
 * @workers: (element-type JsonArray): of each worker, when there are several
 *
 * Curves may differ in length, as a line may be there whose companion is not yet.
 */
typedef struct
{
  char *metric;
  gboolean epochs;
  JsonArray *x;
  JsonArray *train;
  JsonArray *validation;
  JsonArray *train_loss;
  JsonArray *validation_loss;
  GPtrArray *workers;
} SbCurves;

SbCurves *sb_curves_new (void);
void sb_curves_free (SbCurves *self);
void sb_curves_init (SbCurves *self);
void sb_curves_clear (SbCurves *self);
gboolean sb_curves_take_line (SbCurves *self, const char *line);
JsonArray *sb_curves_make_charts (const SbCurves *self);
JsonArray *
sb_curves_make_comparison (const SbCurves *const *curves, const char *const *names, guint n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbCurves, sb_curves_free)

G_END_DECLS
