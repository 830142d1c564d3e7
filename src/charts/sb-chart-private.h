/* sb-chart-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "charts/sb-chart.h"

G_BEGIN_DECLS

/**
 * SbChartAxis:
 * @min: lowest value wanted, NaN for the data's
 * @max: highest value wanted, NaN for the data's
 */
typedef struct
{
  char *title;
  SbScaleKind scale;
  SbNumberFormat format;
  double min;
  double max;
} SbChartAxis;

/**
 * SbChartSeries:
 * @x: (array length=n) (nullable): of line, scatter and roc only
 * @y: (array length=n): the values; NaN where one is missing
 * @rising: whether @x never falls and has no NaN
 * @auc: area under the curve, NaN where none is given
 * @marker_label: (nullable): of the marked point; without it there is none
 */
typedef struct
{
  char *name;
  double *x;
  double *y;
  guint n;
  gboolean rising;
  double auc;
  double marker_x;
  double marker_y;
  char *marker_label;
} SbChartSeries;

struct _SbChart
{
  GObject parent_instance;

  char *id;
  char *title;
  char *summary;
  SbChartKind kind;
  SbChartAxis x;
  SbChartAxis y;
  GPtrArray *series;
  char **categories;
  guint n_categories;
  char **rows;
  guint n_rows;
  double *edges;
  guint n_bins;
  gboolean horizontal;
};

SbChartSeries *_sb_chart_series_new (void);
void _sb_chart_series_free (SbChartSeries *self);
gboolean _sb_chart_read_json (SbChart *self, JsonObject *json, GError **error);

static inline SbChartSeries *
_sb_chart_get_series (const SbChart *self, guint series)
{
  return g_ptr_array_index (self->series, series);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbChartSeries, _sb_chart_series_free)

G_END_DECLS
