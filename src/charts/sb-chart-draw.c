/* sb-chart-draw.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "charts/sb-chart-draw.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#include "charts/sb-chart-layout-private.h"
#include "charts/sb-line-data-private.h"

#define MARGIN      8.0
#define MAX_TICKS   6
#define MARKER_SIZE 3.0

static void
set_color (cairo_t *cr, const SbChartColor *color, double alpha)
{
  cairo_set_source_rgba (cr, color->red, color->green, color->blue, color->alpha * alpha);
}

typedef enum
{
  ALIGN_START,
  ALIGN_MIDDLE,
  ALIGN_END,
} Align;

static void
draw_text (cairo_t *cr,
           const SbChartStyle *style,
           const char *text,
           double x,
           double y,
           Align align,
           double max_width,
           double scale)
{
  g_autoptr (PangoLayout) layout = _sb_chart_text (cr, style, text, scale);
  int width;
  int height;

  if (max_width > 0)
    {
      pango_layout_set_width (layout, (int) (max_width * PANGO_SCALE));
      pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
      if (align == ALIGN_END)
        pango_layout_set_alignment (layout, PANGO_ALIGN_RIGHT);
      else if (align == ALIGN_MIDDLE)
        pango_layout_set_alignment (layout, PANGO_ALIGN_CENTER);
    }
  pango_layout_get_pixel_size (layout, &width, &height);
  if (max_width > 0)
    width = (int) max_width;
  cairo_move_to (cr,
                 align == ALIGN_START ? x
                 : align == ALIGN_END ? x - width
                                      : x - width / 2.0,
                 y - height / 2.0);
  pango_cairo_show_layout (cr, layout);
}

static void
draw_turned_text (cairo_t *cr,
                  const SbChartStyle *style,
                  const char *text,
                  double x,
                  double y,
                  double room)
{
  cairo_save (cr);
  cairo_translate (cr, x, y);
  cairo_rotate (cr, -G_PI / 2);
  draw_text (cr, style, text, 0, 0, ALIGN_MIDDLE, room, 1);
  cairo_restore (cr);
}

static void
draw_number_axis (cairo_t *cr,
                  const SbChartStyle *style,
                  const SbChartLayout *layout,
                  const SbScale *scale,
                  SbNumberFormat format,
                  gboolean bottom)
{
  guint most = bottom ? (guint) CLAMP (layout->plot.width / 70, 2, MAX_TICKS) : MAX_TICKS;
  double step;
  g_autoptr (GArray) ticks = sb_scale_get_ticks (scale, most, &step);

  cairo_set_line_width (cr, 1);
  for (guint i = 0; i < ticks->len; i++)
    {
      double value = g_array_index (ticks, double, i);
      g_autofree char *text = sb_number_format (value, format, step);
      double x = bottom ? round (_sb_chart_layout_x (layout, value)) + 0.5 : layout->plot.x;
      double y = bottom ? layout->plot.y : round (_sb_chart_layout_y (layout, value)) + 0.5;

      set_color (cr, &style->grid, 1);
      cairo_move_to (cr, x, y);
      cairo_line_to (cr, bottom ? x : x + layout->plot.width, bottom ? y + layout->plot.height : y);
      cairo_stroke (cr);
      set_color (cr, &style->foreground, 0.85);
      if (bottom)
        draw_text (cr,
                   style,
                   text,
                   x,
                   layout->plot.y + layout->plot.height + style->font_size,
                   ALIGN_MIDDLE,
                   0,
                   1);
      else
        draw_text (cr, style, text, layout->plot.x - 6, y, ALIGN_END, 0, 1);
    }
}

static void
draw_category_axis (cairo_t *cr,
                    const SbChartStyle *style,
                    const SbChartLayout *layout,
                    char **names,
                    guint n,
                    gboolean has_title,
                    gboolean bottom)
{
  double room = layout->plot.x - 10 - (has_title ? style->font_size * 1.5 : 0);

  set_color (cr, &style->foreground, 0.85);
  for (guint i = 0; i < n; i++)
    {
      double size = (bottom ? layout->plot.width : layout->plot.height) / n;
      double at = (i + 0.5) * size;

      if (bottom)
        draw_text (cr,
                   style,
                   names[i],
                   layout->plot.x + at,
                   layout->plot.y + layout->plot.height + style->font_size,
                   ALIGN_MIDDLE,
                   size - 4,
                   1);
      else
        draw_text (cr,
                   style,
                   names[i],
                   layout->plot.x - 6,
                   layout->plot.y + at,
                   ALIGN_END,
                   fmax (20, room),
                   1);
    }
}

static void
draw_axis_titles (SbChart *self,
                  cairo_t *cr,
                  const SbChartStyle *style,
                  const SbChartLayout *layout,
                  double height)
{
  gboolean turned = layout->turned;
  const char *bottom = turned ? self->y.title : self->x.title;
  const char *left = turned ? self->x.title : self->y.title;

  set_color (cr, &style->foreground, 0.7);
  if (bottom != NULL && *bottom != '\0')
    draw_text (cr,
               style,
               bottom,
               layout->plot.x + layout->plot.width / 2,
               height - MARGIN - style->font_size / 2,
               ALIGN_MIDDLE,
               layout->plot.width,
               1);
  if (left != NULL && *left != '\0')
    draw_turned_text (cr,
                      style,
                      left,
                      MARGIN + style->font_size / 2,
                      layout->plot.y + layout->plot.height / 2,
                      layout->plot.height);
}

static gboolean
has_text (const char *text)
{
  return text != NULL && *text != '\0';
}

static void
draw_axes (SbChart *self,
           cairo_t *cr,
           const SbChartStyle *style,
           const SbChartLayout *layout,
           double height)
{
  if (self->kind == SB_CHART_HEATMAP)
    {
      draw_category_axis (cr, style, layout, self->categories, self->n_categories, FALSE, TRUE);
      draw_category_axis (
          cr, style, layout, self->rows, self->n_rows, has_text (self->y.title), FALSE);
    }
  else if (self->kind == SB_CHART_BAR)
    {
      draw_number_axis (cr,
                        style,
                        layout,
                        layout->turned ? &layout->across : &layout->up,
                        self->y.format,
                        layout->turned);
      draw_category_axis (cr,
                          style,
                          layout,
                          layout->categories,
                          layout->n_categories,
                          has_text (self->x.title),
                          !layout->turned);
    }
  else
    {
      draw_number_axis (cr, style, layout, &layout->across, self->x.format, TRUE);
      draw_number_axis (cr, style, layout, &layout->up, self->y.format, FALSE);
    }
  draw_axis_titles (self, cr, style, layout, height);
}

static void
trace_marker (cairo_t *cr, SbChartMarker marker, double x, double y, double size)
{
  cairo_new_sub_path (cr);
  switch (marker)
    {
    case SB_CHART_MARKER_SQUARE:
      cairo_rectangle (cr, x - size, y - size, 2 * size, 2 * size);
      break;
    case SB_CHART_MARKER_TRIANGLE:
    case SB_CHART_MARKER_DOWN:
      {
        double tip = marker == SB_CHART_MARKER_DOWN ? size : -size;

        cairo_move_to (cr, x, y + tip * 1.2);
        cairo_line_to (cr, x + size, y - tip);
        cairo_line_to (cr, x - size, y - tip);
        cairo_close_path (cr);
        break;
      }
    case SB_CHART_MARKER_DIAMOND:
    case SB_CHART_MARKER_CROSS:
    case SB_CHART_MARKER_PLUS:
      cairo_move_to (cr, x, y - size * 1.3);
      cairo_line_to (cr, x + size * 1.3, y);
      cairo_line_to (cr, x, y + size * 1.3);
      cairo_line_to (cr, x - size * 1.3, y);
      cairo_close_path (cr);
      break;
    case SB_CHART_MARKER_CIRCLE:
    case SB_CHART_MARKER_RING:
    default:
      cairo_arc (cr, x, y, size, 0, 2 * G_PI);
      break;
    }
}

static void
stroke_series (cairo_t *cr, const SbChartStyle *style, guint series)
{
  double dashes[4];
  guint n = sb_chart_style_get_dashes (style, series, dashes);

  cairo_set_line_width (cr, style->line_width);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_dash (cr, dashes, (int) n, 0);
  set_color (cr, sb_chart_style_get_color (style, series), 1);
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0);
}

static void
draw_line (SbChart *self,
           cairo_t *cr,
           const SbChartStyle *style,
           const SbChartLayout *layout,
           guint index)
{
  const SbChartSeries *series = _sb_chart_get_series (self, index);
  g_autofree double *smooth = self->kind == SB_CHART_LINE && style->smoothing > 0
                                  ? _sb_smooth (series->y, series->n, style->smoothing)
                                  : NULL;
  const double *y = smooth != NULL ? smooth : series->y;
  gboolean pen_down = FALSE;
  guint drawn = 0;

  for (guint i = 0; i < series->n; i++)
    {
      if (isnan (series->x[i]) || isnan (y[i]))
        {
          pen_down = FALSE;
          continue;
        }
      if (pen_down)
        cairo_line_to (cr,
                       _sb_chart_layout_x (layout, series->x[i]),
                       _sb_chart_layout_y (layout, y[i]));
      else
        cairo_move_to (cr,
                       _sb_chart_layout_x (layout, series->x[i]),
                       _sb_chart_layout_y (layout, y[i]));
      pen_down = TRUE;
      drawn++;
    }
  stroke_series (cr, style, index);
  if (drawn == 1)
    for (guint i = 0; i < series->n; i++)
      if (!isnan (y[i]))
        {
          trace_marker (cr,
                        SB_CHART_MARKER_CIRCLE,
                        _sb_chart_layout_x (layout, series->x[i]),
                        _sb_chart_layout_y (layout, y[i]),
                        MARKER_SIZE);
          cairo_fill (cr);
        }
}

static void
draw_scatter (SbChart *self,
              cairo_t *cr,
              const SbChartStyle *style,
              const SbChartLayout *layout,
              guint index)
{
  const SbChartSeries *series = _sb_chart_get_series (self, index);
  SbChartMarker marker = sb_chart_style_get_marker (index);
  double size = series->n > 500 ? 1.6 : MARKER_SIZE;

  set_color (cr, sb_chart_style_get_color (style, index), series->n > 500 ? 0.5 : 0.85);
  for (guint i = 0; i < series->n; i++)
    {
      if (isnan (series->x[i]) || isnan (series->y[i]) ||
          (layout->across.kind == SB_SCALE_LOG && series->x[i] <= 0) ||
          (layout->up.kind == SB_SCALE_LOG && series->y[i] <= 0))
        continue;
      trace_marker (cr,
                    marker,
                    _sb_chart_layout_x (layout, series->x[i]),
                    _sb_chart_layout_y (layout, series->y[i]),
                    size);
      cairo_fill (cr);
    }
}

/* Stripes tell a second series from the first without its colour. */
static void
draw_stripes (cairo_t *cr, const SbChartStyle *style, const SbChartRect *rect)
{
  cairo_save (cr);
  cairo_rectangle (cr, rect->x, rect->y, rect->width, rect->height);
  cairo_clip (cr);
  set_color (cr, &style->foreground, 0.35);
  cairo_set_line_width (cr, 1);
  for (double d = -rect->height; d < rect->width; d += 5)
    {
      cairo_move_to (cr, rect->x + d, rect->y + rect->height);
      cairo_line_to (cr, rect->x + d + rect->height, rect->y);
    }
  cairo_stroke (cr);
  cairo_restore (cr);
}

static void
draw_bars (SbChart *self,
           cairo_t *cr,
           const SbChartStyle *style,
           const SbChartLayout *layout,
           guint index)
{
  const SbChartSeries *series = _sb_chart_get_series (self, index);

  for (guint i = 0; i < series->n; i++)
    {
      SbChartRect rect = _sb_chart_layout_bar (layout, self, style, index, i);

      set_color (cr, sb_chart_style_get_color (style, index), 1);
      cairo_rectangle (cr, rect.x, rect.y, rect.width, rect.height);
      cairo_fill (cr);
      if (index > 0)
        draw_stripes (cr, style, &rect);
    }
}

static double
highest (const SbChartSeries *series)
{
  double best = 0;

  for (guint i = 0; i < series->n; i++)
    if (!isnan (series->y[i]))
      best = fmax (best, series->y[i]);
  return best;
}

static void
draw_cells (SbChart *self, cairo_t *cr, const SbChartStyle *style, const SbChartLayout *layout)
{
  const SbChartSeries *series = _sb_chart_get_series (self, 0);
  const SbChartColor *color = sb_chart_style_get_color (style, 0);
  double most = fmax (highest (series), 1e-9);

  for (guint i = 0; i < series->n; i++)
    {
      SbChartRect rect = _sb_chart_layout_cell (layout, self, i);
      double share = isnan (series->y[i]) ? 0 : series->y[i] / most;
      g_autofree char *text = sb_number_format (series->y[i], self->y.format, 0);

      set_color (cr, color, 0.12 + 0.68 * share);
      cairo_rectangle (cr, rect.x + 1, rect.y + 1, rect.width - 2, rect.height - 2);
      cairo_fill (cr);
      set_color (cr, &style->foreground, 1);
      draw_text (
          cr, style, text, rect.x + rect.width / 2, rect.y + rect.height / 2, ALIGN_MIDDLE, 0, 1.4);
    }
}

static void
draw_diagonal (cairo_t *cr, const SbChartStyle *style, const SbChartLayout *layout)
{
  static const double dashes[] = { 4, 4 };

  cairo_set_line_width (cr, 1);
  cairo_set_dash (cr, dashes, 2, 0);
  set_color (cr, &style->foreground, 0.5);
  cairo_move_to (cr, _sb_chart_layout_x (layout, 0), _sb_chart_layout_y (layout, 0));
  cairo_line_to (cr, _sb_chart_layout_x (layout, 1), _sb_chart_layout_y (layout, 1));
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0);
}

static void
draw_marker_label (SbChart *self,
                   cairo_t *cr,
                   const SbChartStyle *style,
                   const SbChartLayout *layout,
                   guint index)
{
  const SbChartSeries *series = _sb_chart_get_series (self, index);
  double x;
  double y;

  if (series->marker_label == NULL)
    return;
  x = _sb_chart_layout_x (layout, series->marker_x);
  y = _sb_chart_layout_y (layout, series->marker_y);
  set_color (cr, &style->foreground, 1);
  trace_marker (cr, SB_CHART_MARKER_CIRCLE, x, y, MARKER_SIZE * 1.8);
  cairo_fill (cr);
  draw_text (cr, style, series->marker_label, x + 10, y + 4, ALIGN_START, 0, 1);
}

static void
draw_series (SbChart *self,
             cairo_t *cr,
             const SbChartStyle *style,
             const SbChartLayout *layout,
             guint index)
{
  switch (self->kind)
    {
    case SB_CHART_LINE:
      draw_line (self, cr, style, layout, index);
      break;
    case SB_CHART_ROC:
      draw_line (self, cr, style, layout, index);
      draw_marker_label (self, cr, style, layout, index);
      break;
    case SB_CHART_SCATTER:
      draw_scatter (self, cr, style, layout, index);
      break;
    case SB_CHART_BAR:
    case SB_CHART_HISTOGRAM:
      draw_bars (self, cr, style, layout, index);
      break;
    case SB_CHART_HEATMAP:
      draw_cells (self, cr, style, layout);
      break;
    default:
      g_assert_not_reached ();
    }
}

/**
 * sb_chart_draw_swatch:
 * @self: a chart
 * @cr: where to draw
 * @style: how
 * @series: which series
 * @width: of the swatch
 * @height: of the swatch
 *
 * Draws the sample of a series that a legend shows beside its name.
 */
void
sb_chart_draw_swatch (SbChart *self,
                      cairo_t *cr,
                      const SbChartStyle *style,
                      guint series,
                      double width,
                      double height)
{
  SbChartRect rect = { 1, 1, width - 2, height - 2 };

  set_color (cr, sb_chart_style_get_color (style, series), 1);
  if (self->kind == SB_CHART_LINE || self->kind == SB_CHART_ROC)
    {
      cairo_move_to (cr, 0, height / 2);
      cairo_line_to (cr, width, height / 2);
      stroke_series (cr, style, series);
    }
  else if (self->kind == SB_CHART_SCATTER)
    {
      trace_marker (
          cr, sb_chart_style_get_marker (series), width / 2, height / 2, MARKER_SIZE * 1.3);
      cairo_fill (cr);
    }
  else
    {
      cairo_rectangle (cr, rect.x, rect.y, rect.width, rect.height);
      cairo_fill (cr);
      if (series > 0)
        draw_stripes (cr, style, &rect);
    }
}

static void
draw_legend (SbChart *self, cairo_t *cr, const SbChartStyle *style, const SbChartLayout *layout)
{
  double x = layout->plot.x;
  double y = layout->plot.y - style->font_size;

  for (guint i = 0; i < self->series->len; i++)
    {
      g_autofree char *label = sb_chart_dup_series_label (self, i);
      double width;
      double height;

      if (sb_chart_style_is_hidden (style, i))
        continue;
      cairo_save (cr);
      cairo_translate (cr, x, y - 6);
      sb_chart_draw_swatch (self, cr, style, i, 20, 12);
      cairo_restore (cr);
      set_color (cr, &style->foreground, 0.9);
      draw_text (cr, style, label, x + 26, y, ALIGN_START, 0, 1);
      _sb_chart_text_size (style, label, &width, &height);
      x += 26 + width + 18;
    }
}

/**
 * sb_chart_draw:
 * @self: a chart
 * @cr: where to draw
 * @style: how
 * @width: of the drawing
 * @height: of the drawing
 */
void
sb_chart_draw (SbChart *self, cairo_t *cr, const SbChartStyle *style, double width, double height)
{
  SbChartLayout layout;

  _sb_chart_lay_out (self, style, width, height, &layout);
  if (style->background.alpha > 0)
    {
      set_color (cr, &style->background, 1);
      cairo_rectangle (cr, 0, 0, width, height);
      cairo_fill (cr);
    }
  if (style->show_title && self->title != NULL && *self->title != '\0')
    {
      set_color (cr, &style->foreground, 1);
      draw_text (cr,
                 style,
                 self->title,
                 MARGIN,
                 MARGIN + style->font_size * 0.75,
                 ALIGN_START,
                 width - 2 * MARGIN,
                 1.15);
    }
  if (sb_chart_is_empty (self))
    {
      set_color (cr, &style->foreground, 0.6);
      draw_text (cr, style, _ ("No data yet"), width / 2, height / 2, ALIGN_MIDDLE, 0, 1);
      return;
    }
  draw_axes (self, cr, style, &layout, height);
  if (style->show_legend && self->series->len > 1 && self->kind != SB_CHART_HEATMAP)
    draw_legend (self, cr, style, &layout);
  cairo_save (cr);
  cairo_rectangle (
      cr, layout.plot.x - 2, layout.plot.y - 2, layout.plot.width + 4, layout.plot.height + 4);
  cairo_clip (cr);
  if (self->kind == SB_CHART_ROC)
    draw_diagonal (cr, style, &layout);
  for (guint i = 0; i < self->series->len; i++)
    if (!sb_chart_style_is_hidden (style, i))
      draw_series (self, cr, style, &layout, i);
  cairo_restore (cr);
}

/**
 * sb_chart_draw_point:
 * @self: a chart
 * @cr: where to draw
 * @style: how
 * @width: of the drawing
 * @height: of the drawing
 * @point: a value
 *
 * Draws the mark of the value that is read, over the chart.
 */
void
sb_chart_draw_point (SbChart *self,
                     cairo_t *cr,
                     const SbChartStyle *style,
                     double width,
                     double height,
                     const SbChartPoint *point)
{
  SbChartLayout layout;

  _sb_chart_lay_out (self, style, width, height, &layout);
  set_color (cr, &style->foreground, 0.4);
  cairo_set_line_width (cr, 1);
  if (self->kind == SB_CHART_LINE || self->kind == SB_CHART_ROC)
    {
      cairo_move_to (cr, round (point->px) + 0.5, layout.plot.y);
      cairo_line_to (cr, round (point->px) + 0.5, layout.plot.y + layout.plot.height);
      cairo_stroke (cr);
    }
  set_color (cr, &style->foreground, 1);
  cairo_set_line_width (cr, 2);
  trace_marker (cr, SB_CHART_MARKER_CIRCLE, point->px, point->py, MARKER_SIZE * 1.5);
  cairo_stroke (cr);
}
