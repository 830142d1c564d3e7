/* sb-chart-hit.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <math.h>

#include "charts/sb-chart-layout-private.h"

/* How far from a value, in pixels, the pointer still means it. */
#define REACH 24.0

void
sb_chart_point_clear (SbChartPoint *point)
{
  g_clear_pointer (&point->text, g_free);
}

SbChartRect
sb_chart_get_plot_area (SbChart *self, const SbChartStyle *style, double width, double height)
{
  SbChartLayout layout;

  _sb_chart_lay_out (self, style, width, height, &layout);
  return layout.plot;
}

static gboolean
has_place (const SbChartAxis *axis, double value)
{
  return !isnan (value) && (axis->scale != SB_SCALE_LOG || value > 0);
}

static gboolean
is_there (SbChart *self, guint series, guint index)
{
  const SbChartSeries *data = _sb_chart_get_series (self, series);

  return index < data->n && has_place (&self->y, data->y[index]) &&
         (data->x == NULL || has_place (&self->x, data->x[index]));
}

static void
place (SbChart *self, const SbChartStyle *style, const SbChartLayout *layout, SbChartPoint *point)
{
  const SbChartSeries *data = _sb_chart_get_series (self, point->series);
  SbChartRect rect;

  if (self->kind == SB_CHART_HEATMAP)
    rect = _sb_chart_layout_cell (layout, self, point->index);
  else if (self->kind == SB_CHART_BAR || self->kind == SB_CHART_HISTOGRAM)
    rect = _sb_chart_layout_bar (layout, self, style, point->series, point->index);
  else
    rect = (SbChartRect){ _sb_chart_layout_x (layout, data->x[point->index]),
                          _sb_chart_layout_y (layout, data->y[point->index]),
                          0,
                          0 };
  point->px = rect.x + rect.width / 2;
  point->py = rect.y + rect.height / 2;
}

/**
 * sb_chart_dup_read_out:
 * @self: a chart
 * @style: how it is drawn
 * @point: one of its values
 *
 * Returns: (transfer full): the value in words
 */
char *
sb_chart_dup_read_out (SbChart *self, const SbChartStyle *style, const SbChartPoint *point)
{
  const SbChartSeries *data = _sb_chart_get_series (self, point->series);
  guint columns = MAX (1, self->n_categories);
  g_autofree char *value = sb_number_format (data->y[point->index], self->y.format, 0);
  g_autofree char *x = NULL;
  g_autofree char *end = NULL;

  switch (self->kind)
    {
    case SB_CHART_HEATMAP:
      return g_strdup_printf ("%s, %s: %s",
                              self->rows[point->index / columns],
                              self->categories[point->index % columns],
                              value);
    case SB_CHART_BAR:
      return g_strdup_printf ("%s, %s: %s", self->categories[point->index], data->name, value);
    case SB_CHART_HISTOGRAM:
      x = sb_number_format (self->edges[point->index], self->x.format, 0);
      end = sb_number_format (self->edges[point->index + 1], self->x.format, 0);
      return g_strdup_printf ("%s – %s, %s: %s", x, end, data->name, value);
    case SB_CHART_LINE:
    case SB_CHART_SCATTER:
    case SB_CHART_ROC:
    default:
      x = sb_number_format (data->x[point->index], self->x.format, 0);
      return g_strdup_printf ("%s: %s = %s, %s = %s",
                              data->name,
                              self->x.title != NULL ? self->x.title : "x",
                              x,
                              self->y.title != NULL ? self->y.title : "y",
                              value);
    }
}

static void
take (SbChart *self, const SbChartStyle *style, SbChartPoint *point)
{
  g_free (point->text);
  point->text = sb_chart_dup_read_out (self, style, point);
}

/**
 * sb_chart_hit:
 * @self: a chart
 * @style: how it is drawn
 * @width: of the drawing
 * @height: of the drawing
 * @x: from the left
 * @y: from the top
 * @point: (inout): the value nearest to there
 *
 * Returns: whether there is a value within reach
 */
gboolean
sb_chart_hit (SbChart *self,
              const SbChartStyle *style,
              double width,
              double height,
              double x,
              double y,
              SbChartPoint *point)
{
  SbChartLayout layout;
  double best = INFINITY;
  SbChartPoint found = { 0 };
  gboolean columns = self->kind == SB_CHART_LINE;

  _sb_chart_lay_out (self, style, width, height, &layout);
  for (guint i = 0; i < self->series->len; i++)
    {
      if (sb_chart_style_is_hidden (style, i))
        continue;
      for (guint j = 0; j < _sb_chart_get_series (self, i)->n; j++)
        {
          SbChartPoint candidate = { .series = i, .index = j };
          double distance;

          if (!is_there (self, i, j))
            continue;
          place (self, style, &layout, &candidate);
          /* On a line it is the column that counts, and the height decides between lines. */
          distance = columns ? fabs (candidate.px - x) + 0.01 * fabs (candidate.py - y)
                             : hypot (candidate.px - x, candidate.py - y);
          if (distance < best)
            {
              best = distance;
              found = candidate;
            }
        }
    }
  if (!isfinite (best) || (self->kind == SB_CHART_SCATTER && best > REACH))
    return FALSE;
  sb_chart_point_clear (point);
  *point = found;
  take (self, style, point);
  return TRUE;
}

static gboolean
move (SbChart *self, const SbChartStyle *style, SbChartPoint *point, int by)
{
  guint n = _sb_chart_get_series (self, point->series)->n;
  gint64 index = point->index;

  do
    index += by;
  while (index >= 0 && index < n && !is_there (self, point->series, (guint) index));
  if (index < 0 || index >= n)
    return FALSE;
  point->index = (guint) index;
  return TRUE;
}

static gboolean
change_series (SbChart *self, const SbChartStyle *style, SbChartPoint *point, int by)
{
  gint64 series = point->series;

  do
    series += by;
  while (series >= 0 && series < self->series->len &&
         (sb_chart_style_is_hidden (style, (guint) series) ||
          !is_there (self, (guint) series, point->index)));
  if (series < 0 || series >= self->series->len)
    return FALSE;
  point->series = (guint) series;
  return TRUE;
}

static gboolean
jump (SbChart *self, const SbChartStyle *style, SbChartPoint *point, gboolean last)
{
  for (guint i = 0; i < self->series->len; i++)
    {
      guint n = _sb_chart_get_series (self, i)->n;

      if (sb_chart_style_is_hidden (style, i))
        continue;
      for (guint j = 0; j < n; j++)
        {
          guint index = last ? n - 1 - j : j;

          if (is_there (self, i, index))
            {
              point->series = i;
              point->index = index;
              return TRUE;
            }
        }
    }
  return FALSE;
}

/**
 * sb_chart_step_point:
 * @self: a chart
 * @style: how it is drawn
 * @width: of the drawing
 * @height: of the drawing
 * @step: where to
 * @point: (inout): a value, and where the step leads
 *
 * Returns: whether there is a value there
 */
gboolean
sb_chart_step_point (SbChart *self,
                     const SbChartStyle *style,
                     double width,
                     double height,
                     SbChartStep step,
                     SbChartPoint *point)
{
  SbChartLayout layout;
  int row = self->kind == SB_CHART_HEATMAP ? (int) MAX (1, self->n_categories) : 0;
  gboolean moved;

  if (sb_chart_is_empty (self))
    return FALSE;
  if (step == SB_CHART_STEP_FIRST || step == SB_CHART_STEP_LAST)
    moved = jump (self, style, point, step == SB_CHART_STEP_LAST);
  else if (step == SB_CHART_STEP_LEFT || step == SB_CHART_STEP_RIGHT)
    moved = move (self, style, point, step == SB_CHART_STEP_LEFT ? -1 : 1);
  else if (row > 0)
    moved = move (self, style, point, step == SB_CHART_STEP_UP ? -row : row);
  else
    moved = change_series (self, style, point, step == SB_CHART_STEP_UP ? -1 : 1);
  if (!moved)
    return FALSE;
  _sb_chart_lay_out (self, style, width, height, &layout);
  place (self, style, &layout, point);
  take (self, style, point);
  return TRUE;
}

/**
 * sb_chart_zoom:
 * @self: a chart
 * @style: gets the new view
 * @width: of the drawing
 * @height: of the drawing
 * @area: what is to fill the plot
 *
 * Returns: whether the view has changed
 */
gboolean
sb_chart_zoom (SbChart *self,
               SbChartStyle *style,
               double width,
               double height,
               const SbChartRect *area)
{
  SbChartLayout layout;
  double left;
  double right;
  double top;
  double bottom;

  if (!sb_chart_can_zoom (self) || area->width < 8 || area->height < 8)
    return FALSE;
  _sb_chart_lay_out (self, style, width, height, &layout);
  left = CLAMP ((area->x - layout.plot.x) / layout.plot.width, 0, 1);
  right = CLAMP ((area->x + area->width - layout.plot.x) / layout.plot.width, 0, 1);
  top = CLAMP (1 - (area->y - layout.plot.y) / layout.plot.height, 0, 1);
  bottom = CLAMP (1 - (area->y + area->height - layout.plot.y) / layout.plot.height, 0, 1);
  if (right - left < 1e-3 || top - bottom < 1e-3)
    return FALSE;
  style->view_x_min = sb_scale_unmap (&layout.across, left);
  style->view_x_max = sb_scale_unmap (&layout.across, right);
  style->view_y_min = sb_scale_unmap (&layout.up, bottom);
  style->view_y_max = sb_scale_unmap (&layout.up, top);
  return TRUE;
}
