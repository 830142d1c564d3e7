/* sb-chart.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "charts/sb-chart-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

G_DEFINE_FINAL_TYPE (SbChart, sb_chart, G_TYPE_OBJECT)
G_DEFINE_QUARK (sb - chart - error - quark, sb_chart_error)

SbChartSeries *
_sb_chart_series_new (void)
{
  SbChartSeries *self = g_new0 (SbChartSeries, 1);

  self->auc = NAN;
  return self;
}

void
_sb_chart_series_free (SbChartSeries *self)
{
  g_free (self->name);
  g_free (self->x);
  g_free (self->y);
  g_free (self->marker_label);
  g_free (self);
}

static void
sb_chart_finalize (GObject *object)
{
  SbChart *self = SB_CHART (object);

  g_free (self->id);
  g_free (self->title);
  g_free (self->summary);
  g_free (self->x.title);
  g_free (self->y.title);
  g_ptr_array_unref (self->series);
  g_strfreev (self->categories);
  g_strfreev (self->rows);
  g_free (self->edges);

  G_OBJECT_CLASS (sb_chart_parent_class)->finalize (object);
}

static void
sb_chart_class_init (SbChartClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_chart_finalize;
}

static void
sb_chart_init (SbChart *self)
{
  self->series = g_ptr_array_new_with_free_func ((GDestroyNotify) _sb_chart_series_free);
  self->x.min = self->x.max = self->y.min = self->y.max = NAN;
}

/**
 * sb_chart_new_from_json:
 * @json: in the vocabulary of this file's header
 * @error: %SB_CHART_ERROR_INVALID; the message names the place that is wrong
 *
 * Copies what it needs of @json; the chart never changes afterwards.
 *
 * Returns: (transfer full) (nullable): the chart
 */
SbChart *
sb_chart_new_from_json (JsonObject *json, GError **error)
{
  g_autoptr (SbChart) self = NULL;

  g_return_val_if_fail (json != NULL, NULL);

  self = g_object_new (SB_TYPE_CHART, NULL);
  if (!_sb_chart_read_json (self, json, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * sb_chart_get_id:
 *
 * Returns: what other parts call it; "" where the JSON has none
 */
const char *
sb_chart_get_id (SbChart *self)
{
  g_return_val_if_fail (SB_IS_CHART (self), NULL);

  return self->id;
}

SbChartKind
sb_chart_get_kind (SbChart *self)
{
  g_return_val_if_fail (SB_IS_CHART (self), SB_CHART_LINE);

  return self->kind;
}

/**
 * sb_chart_get_title:
 *
 * Returns: the title, "" where it has none
 */
const char *
sb_chart_get_title (SbChart *self)
{
  g_return_val_if_fail (SB_IS_CHART (self), NULL);

  return self->title;
}

/**
 * sb_chart_get_summary:
 *
 * Returns: a sentence that says what the chart shows, "" where it has none
 */
const char *
sb_chart_get_summary (SbChart *self)
{
  g_return_val_if_fail (SB_IS_CHART (self), NULL);

  return self->summary;
}

guint
sb_chart_get_n_series (SbChart *self)
{
  g_return_val_if_fail (SB_IS_CHART (self), 0);

  return self->series->len;
}

/**
 * sb_chart_get_series_name:
 * @series: less than sb_chart_get_n_series()
 *
 * Returns: its name, "" where it has none
 */
const char *
sb_chart_get_series_name (SbChart *self, guint series)
{
  g_return_val_if_fail (SB_IS_CHART (self), NULL);
  g_return_val_if_fail (series < self->series->len, NULL);

  return _sb_chart_get_series (self, series)->name;
}

/**
 * sb_chart_dup_series_label:
 * @series: less than sb_chart_get_n_series()
 *
 * Returns: (transfer full): what the legend says: the name, with the area under the curve if known
 */
char *
sb_chart_dup_series_label (SbChart *self, guint series)
{
  const SbChartSeries *one;
  g_autofree char *auc = NULL;

  g_return_val_if_fail (SB_IS_CHART (self), NULL);
  g_return_val_if_fail (series < self->series->len, NULL);

  one = _sb_chart_get_series (self, series);
  if (isnan (one->auc))
    return g_strdup (one->name);
  auc = sb_number_format (one->auc, SB_NUMBER_FORMAT_NUMBER, 0.001);
  if (one->name[0] == '\0')
    /* translators: the area under a ROC curve, such as “AUC 0.845” */
    return g_strdup_printf (_ ("AUC %s"), auc);
  /* translators: a series' name and the area under its ROC curve, as in “validation (AUC 0.845)” */
  return g_strdup_printf (_ ("%s (AUC %s)"), one->name, auc);
}

/**
 * sb_chart_is_empty:
 *
 * Returns: whether there is no value at all to draw
 */
gboolean
sb_chart_is_empty (SbChart *self)
{
  g_return_val_if_fail (SB_IS_CHART (self), TRUE);

  for (guint s = 0; s < self->series->len; s++)
    {
      const SbChartSeries *series = _sb_chart_get_series (self, s);

      for (guint i = 0; i < series->n; i++)
        if (!isnan (series->y[i]))
          return FALSE;
    }
  return TRUE;
}

/**
 * sb_chart_can_zoom:
 *
 * Returns: whether both directions are numbers, a part of which can be looked at
 */
gboolean
sb_chart_can_zoom (SbChart *self)
{
  g_return_val_if_fail (SB_IS_CHART (self), FALSE);

  return self->kind != SB_CHART_BAR && self->kind != SB_CHART_HEATMAP;
}

gboolean
sb_chart_can_smooth (SbChart *self)
{
  g_return_val_if_fail (SB_IS_CHART (self), FALSE);

  return self->kind == SB_CHART_LINE;
}

/**
 * sb_chart_get_natural_height:
 * @self: a chart
 *
 * Returns: pixels from top to bottom at which it reads well
 */
guint
sb_chart_get_natural_height (SbChart *self)
{
  guint rows = self->kind == SB_CHART_HEATMAP                   ? self->n_rows
               : self->kind == SB_CHART_BAR && self->horizontal ? self->n_categories
                                                                : 0;

  return MAX (280, 90 + 19 * rows);
}
