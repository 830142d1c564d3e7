/* sb-chart-layout.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <math.h>

#include "charts/sb-chart-layout-private.h"

#define MARGIN      8.0
#define MAX_TICKS   6
#define LABEL_SHARE 0.35

PangoLayout *
_sb_chart_text (cairo_t *cr, const SbChartStyle *style, const char *text, double scale)
{
  PangoLayout *layout = pango_cairo_create_layout (cr);
  PangoFontDescription *font = pango_font_description_new ();

  pango_font_description_set_family (font,
                                     style->font_family != NULL ? style->font_family : "Sans");
  pango_font_description_set_absolute_size (font, style->font_size * scale * PANGO_SCALE);
  if (scale > 1)
    pango_font_description_set_weight (font, PANGO_WEIGHT_BOLD);
  pango_layout_set_font_description (layout, font);
  pango_font_description_free (font);
  pango_layout_set_text (layout, text, -1);
  return layout;
}

void
_sb_chart_text_size (const SbChartStyle *style, const char *text, double *width, double *height)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_A8, 1, 1);
  cairo_t *cr = cairo_create (surface);
  g_autoptr (PangoLayout) layout = _sb_chart_text (cr, style, text, 1);
  int w;
  int h;

  pango_layout_get_pixel_size (layout, &w, &h);
  *width = w;
  *height = h;
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

static void
extend (double value, SbScaleKind kind, double *min, double *max)
{
  if (isnan (value) || isinf (value) || (kind == SB_SCALE_LOG && value <= 0))
    return;
  *min = fmin (*min, value);
  *max = fmax (*max, value);
}

/* The range of all series that are shown; NaN when there is no value at all. */
static void
find_range (SbChart *self, const SbChartStyle *style, gboolean of_x, double *min, double *max)
{
  *min = INFINITY;
  *max = -INFINITY;
  for (guint i = 0; i < self->series->len; i++)
    {
      const SbChartSeries *series = _sb_chart_get_series (self, i);
      const double *values = of_x ? series->x : series->y;

      if (sb_chart_style_is_hidden (style, i) || values == NULL)
        continue;
      for (guint j = 0; j < series->n; j++)
        extend (values[j], of_x ? self->x.scale : self->y.scale, min, max);
    }
}

static SbScale
make_scale (const SbChartAxis *axis, double min, double max, double view_min, double view_max)
{
  SbScale scale = { .kind = axis->scale, .whole = axis->format == SB_NUMBER_FORMAT_INTEGER };

  if (!isfinite (min) || !isfinite (max))
    {
      min = axis->scale == SB_SCALE_LOG ? 1 : 0;
      max = axis->scale == SB_SCALE_LOG ? 10 : 1;
    }
  scale.min = isnan (axis->min) ? min : axis->min;
  scale.max = isnan (axis->max) ? max : axis->max;
  if (scale.min >= scale.max)
    sb_scale_widen (&scale);
  if (isnan (view_min) || isnan (view_max))
    {
      if (isnan (axis->min) && isnan (axis->max))
        sb_scale_make_nice (&scale, MAX_TICKS);
      return scale;
    }
  scale.min = view_min;
  scale.max = view_max;
  return scale;
}

static gboolean
is_tabular (SbChart *self)
{
  return self->kind == SB_CHART_BAR || self->kind == SB_CHART_HEATMAP;
}

static void
make_scales (SbChart *self, const SbChartStyle *style, SbChartLayout *layout)
{
  double x_min = 0;
  double x_max = 1;
  double y_min;
  double y_max;
  SbScale values;

  find_range (self, style, FALSE, &y_min, &y_max);
  if (self->kind == SB_CHART_ROC)
    x_min = y_min = 0, x_max = y_max = 1;
  else if (self->kind == SB_CHART_HISTOGRAM && self->n_bins > 0)
    x_min = self->edges[0], x_max = self->edges[self->n_bins];
  else
    find_range (self, style, TRUE, &x_min, &x_max);
  if (self->kind == SB_CHART_BAR || self->kind == SB_CHART_HISTOGRAM)
    y_min = fmin (0, y_min);
  values = make_scale (&self->y, y_min, y_max, style->view_y_min, style->view_y_max);
  if (!is_tabular (self))
    {
      layout->across = make_scale (&self->x, x_min, x_max, style->view_x_min, style->view_x_max);
      if (self->kind == SB_CHART_LINE && isnan (style->view_x_min) && isfinite (x_min) &&
          x_min < x_max)
        layout->across.min = x_min, layout->across.max = x_max;
      layout->up = values;
      return;
    }
  layout->categories = self->categories;
  layout->n_categories = self->n_categories;
  layout->turned = self->kind == SB_CHART_BAR && self->horizontal;
  layout->across = layout->turned ? values : (SbScale){ .max = MAX (1, self->n_categories) };
  layout->up = layout->turned ? (SbScale){ .max = MAX (1, self->n_categories) } : values;
  if (self->kind == SB_CHART_HEATMAP)
    layout->up = (SbScale){ .max = MAX (1, self->n_rows) };
}

static double
widest (const SbChartStyle *style, char **texts, guint n)
{
  double best = 0;

  for (guint i = 0; i < n; i++)
    {
      double width;
      double height;

      _sb_chart_text_size (style, texts[i], &width, &height);
      best = fmax (best, width);
    }
  return best;
}

static double
widest_tick (const SbChartStyle *style, const SbScale *scale, SbNumberFormat format)
{
  double step;
  g_autoptr (GArray) ticks = sb_scale_get_ticks (scale, MAX_TICKS, &step);
  double best = 0;

  for (guint i = 0; i < ticks->len; i++)
    {
      g_autofree char *text = sb_number_format (g_array_index (ticks, double, i), format, step);
      double width;
      double height;

      _sb_chart_text_size (style, text, &width, &height);
      best = fmax (best, width);
    }
  return best;
}

static double
left_labels (SbChart *self, const SbChartStyle *style, const SbChartLayout *layout, double width)
{
  double labels;

  if (self->kind == SB_CHART_HEATMAP)
    labels = widest (style, self->rows, self->n_rows);
  else if (layout->turned)
    labels = widest (style, layout->categories, layout->n_categories);
  else
    labels = widest_tick (style, &layout->up, self->y.format);
  return fmin (labels, width * LABEL_SHARE);
}

/* What the left axis is about: turned bars have their categories there. */
static const char *
left_title (SbChart *self)
{
  if (self->kind == SB_CHART_BAR && self->horizontal)
    return self->x.title;
  return self->y.title;
}

static const char *
bottom_title (SbChart *self)
{
  if (self->kind == SB_CHART_BAR && self->horizontal)
    return self->y.title;
  return self->x.title;
}

void
_sb_chart_lay_out (SbChart *self,
                   const SbChartStyle *style,
                   double width,
                   double height,
                   SbChartLayout *layout)
{
  double line = style->font_size * 1.5;
  double left = MARGIN;
  double top = MARGIN;
  double bottom = MARGIN + line;

  *layout = (SbChartLayout){ 0 };
  make_scales (self, style, layout);
  if (left_title (self) != NULL && *left_title (self) != '\0')
    left += line;
  left += left_labels (self, style, layout, width) + 6;
  if (bottom_title (self) != NULL && *bottom_title (self) != '\0')
    bottom += line;
  if (style->show_title && self->title != NULL && *self->title != '\0')
    top += line * 1.5;
  if (style->show_legend && self->series->len > 1 && self->kind != SB_CHART_HEATMAP)
    top += line;
  layout->plot.x = left;
  layout->plot.y = top;
  layout->plot.width = fmax (10, width - left - MARGIN - style->font_size);
  layout->plot.height = fmax (10, height - top - bottom);
}

double
_sb_chart_layout_x (const SbChartLayout *self, double value)
{
  return self->plot.x + sb_scale_map (&self->across, value) * self->plot.width;
}

double
_sb_chart_layout_y (const SbChartLayout *self, double value)
{
  return self->plot.y + (1 - sb_scale_map (&self->up, value)) * self->plot.height;
}

static void
count_shown (SbChart *chart, const SbChartStyle *style, guint series, guint *place, guint *shown)
{
  *place = 0;
  *shown = 0;
  for (guint i = 0; i < chart->series->len; i++)
    if (!sb_chart_style_is_hidden (style, i))
      {
        if (i < series)
          (*place)++;
        (*shown)++;
      }
}

SbChartRect
_sb_chart_layout_bar (const SbChartLayout *self,
                      SbChart *chart,
                      const SbChartStyle *style,
                      guint series,
                      guint index)
{
  const SbChartSeries *data = _sb_chart_get_series (chart, series);
  double value = index < data->n && !isnan (data->y[index]) ? data->y[index] : 0;
  gboolean bins = chart->kind == SB_CHART_HISTOGRAM;
  guint place;
  guint shown;
  double begin;
  double end;
  double from;
  double to;

  count_shown (chart, style, series, &place, &shown);
  shown = MAX (shown, 1);
  if (bins)
    {
      begin = _sb_chart_layout_x (self, chart->edges[index]);
      end = _sb_chart_layout_x (self, chart->edges[index + 1]);
    }
  else
    {
      double size =
          (self->turned ? self->plot.height : self->plot.width) / MAX (1, self->n_categories);

      begin = (self->turned ? self->plot.y : self->plot.x) + (index + 0.15) * size;
      end = begin + 0.7 * size;
    }
  from = begin + (end - begin) * place / shown;
  to = begin + (end - begin) * (place + 1) / shown;
  if (self->turned)
    {
      double zero = _sb_chart_layout_x (self, 0);
      double x = _sb_chart_layout_x (self, value);

      return (SbChartRect){ fmin (zero, x), from, fabs (x - zero), fmax (1, to - from - 1) };
    }
  else
    {
      double zero = _sb_chart_layout_y (self, fmax (0, self->up.min));
      double y = _sb_chart_layout_y (self, value);

      return (SbChartRect){ from, fmin (zero, y), fmax (1, to - from - 1), fabs (y - zero) };
    }
}

SbChartRect
_sb_chart_layout_cell (const SbChartLayout *self, SbChart *chart, guint index)
{
  guint columns = MAX (1, chart->n_categories);
  guint rows = MAX (1, chart->n_rows);
  double width = self->plot.width / columns;
  double height = self->plot.height / rows;

  return (SbChartRect){ self->plot.x + (index % columns) * width,
                        self->plot.y + (index / columns) * height,
                        width,
                        height };
}
