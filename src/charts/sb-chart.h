/* sb-chart.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a chart is. It is described by JSON, so that rooms which never draw can write one:
 *
 *   {"id", "kind": "line|bar|histogram|scatter|heatmap|roc", "title", "summary",
 *    "x": {"title", "scale": "linear|log", "min", "max", "format": "number|percent|integer"},
 *    "y": {the same},
 *    "series": […]}
 *
 * where a series is {"name", "x": […], "y": […]} for line, scatter and roc (whose x is the rate of
 * false alarms and y the rate of hits; it may have "auc" and "marker": {"x", "y", "label"});
 * {"name", "values": […]} with "categories": [text] beside "series" for bar (and "horizontal":
 * true, which only turns the drawing: "x" is still about the categories, "y" about the values);
 * {"name", "values": […]} with "edges": [one more number than values] for histogram. A heatmap has
 * "rows": [text], "columns": [text], "values": [[number]] (a row of the table each), "row-title",
 * "column-title" and "format" instead. null stands for a value that is missing.
 */

#pragma once

#include <json-glib/json-glib.h>

#include "charts/sb-scale.h"

G_BEGIN_DECLS

#define SB_TYPE_CHART (sb_chart_get_type ())
G_DECLARE_FINAL_TYPE (SbChart, sb_chart, SB, CHART, GObject)

#define SB_CHART_ERROR (sb_chart_error_quark ())

/* Series that a chart may have: one bit each in SbChartStyle.hidden. */
#define SB_CHART_MAX_SERIES 64

/**
 * SbChartError:
 * @SB_CHART_ERROR_INVALID: the JSON describes no chart
 * @SB_CHART_ERROR_FAILED: it could not be drawn to a file
 */
typedef enum
{
  SB_CHART_ERROR_INVALID,
  SB_CHART_ERROR_FAILED,
} SbChartError;

typedef enum
{
  SB_CHART_LINE,
  SB_CHART_BAR,
  SB_CHART_HISTOGRAM,
  SB_CHART_SCATTER,
  SB_CHART_HEATMAP,
  SB_CHART_ROC,
} SbChartKind;

GQuark sb_chart_error_quark (void);

SbChart *sb_chart_new_from_json (JsonObject *json, GError **error);
const char *sb_chart_get_id (SbChart *self);
SbChartKind sb_chart_get_kind (SbChart *self);
const char *sb_chart_get_title (SbChart *self);
const char *sb_chart_get_summary (SbChart *self);
guint sb_chart_get_n_series (SbChart *self);
const char *sb_chart_get_series_name (SbChart *self, guint series);
char *sb_chart_dup_series_label (SbChart *self, guint series);
gboolean sb_chart_is_empty (SbChart *self);
gboolean sb_chart_can_zoom (SbChart *self);
gboolean sb_chart_can_smooth (SbChart *self);
guint sb_chart_get_natural_height (SbChart *self);

G_END_DECLS
