/* sb-chart-style.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SB_CHART_N_COLORS 8

/**
 * SbChartColor:
 *
 * Each from 0 to 1; not premultiplied.
 */
typedef struct
{
  double red;
  double green;
  double blue;
  double alpha;
} SbChartColor;

/**
 * SbChartMarker:
 *
 * The shape of a series' points; with its dashes it tells series apart without colour.
 */
typedef enum
{
  SB_CHART_MARKER_CIRCLE,
  SB_CHART_MARKER_SQUARE,
  SB_CHART_MARKER_TRIANGLE,
  SB_CHART_MARKER_DIAMOND,
  SB_CHART_MARKER_DOWN,
  SB_CHART_MARKER_CROSS,
  SB_CHART_MARKER_PLUS,
  SB_CHART_MARKER_RING,
} SbChartMarker;

/**
 * SbChartStyle:
 * @dark: whether it is drawn on a dark background
 * @foreground: text and axes
 * @background: what is behind; an alpha of 0 leaves what is there
 * @grid: the lines behind the data
 * @palette: the series' colours, repeated where there are more series
 * @font_family: of all text
 * @font_size: of ticks and labels, in pixels; the title's is larger
 * @line_width: in pixels
 * @show_title: whether the title is part of the drawing
 * @show_legend: whether the legend is part of the drawing, where there is more than one series
 * @hidden: bit i hides series i
 * @smoothing: 0 draws lines as they are, towards 1 ever smoother
 * @view_x_min: the visible range; NaN is all there is, as for the three below
 * @view_x_max: see @view_x_min
 * @view_y_min: see @view_x_min
 * @view_y_max: see @view_x_min
 *
 * How a chart is drawn. Set up with sb_chart_style_init(), then change what you want.
 */
typedef struct
{
  gboolean dark;
  SbChartColor foreground;
  SbChartColor background;
  SbChartColor grid;
  SbChartColor palette[SB_CHART_N_COLORS];
  char *font_family;
  double font_size;
  double line_width;
  gboolean show_title;
  gboolean show_legend;
  guint64 hidden;
  double smoothing;
  double view_x_min;
  double view_x_max;
  double view_y_min;
  double view_y_max;
} SbChartStyle;

void sb_chart_style_init (SbChartStyle *self, gboolean dark);
void sb_chart_style_clear (SbChartStyle *self);
void sb_chart_style_set_dark (SbChartStyle *self, gboolean dark);
void sb_chart_style_set_font_family (SbChartStyle *self, const char *family);
void sb_chart_style_reset_view (SbChartStyle *self);
gboolean sb_chart_style_is_zoomed (const SbChartStyle *self);
gboolean sb_chart_style_is_hidden (const SbChartStyle *self, guint series);
const SbChartColor *sb_chart_style_get_color (const SbChartStyle *self, guint series);
SbChartMarker sb_chart_style_get_marker (guint series);
const char *sb_chart_style_get_marker_text (guint series);
guint sb_chart_style_get_dashes (const SbChartStyle *self, guint series, double dashes[4]);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SbChartStyle, sb_chart_style_clear)

G_END_DECLS
