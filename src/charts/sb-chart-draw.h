/* sb-chart-draw.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Draws a chart with Cairo, and tells what is where in the drawing. All coordinates are pixels from
 * the drawing's upper left corner.
 */

#pragma once

#include <cairo.h>

#include "charts/sb-chart.h"
#include "charts/sb-chart-style.h"

G_BEGIN_DECLS

/**
 * SbChartRect:
 */
typedef struct
{
  double x;
  double y;
  double width;
  double height;
} SbChartRect;

/**
 * SbChartPoint:
 * @series: which series
 * @index: which of its values; in a heat map the row times the number of columns, plus the column
 * @px: where it is drawn, from the left
 * @py: where it is drawn, from the top
 * @text: (nullable): the value in words, for a screen reader
 *
 * One value of a chart. Start with { 0 }, end with sb_chart_point_clear().
 */
typedef struct
{
  guint series;
  guint index;
  double px;
  double py;
  char *text;
} SbChartPoint;

/**
 * SbChartStep:
 *
 * Where the keyboard goes from a point.
 */
typedef enum
{
  SB_CHART_STEP_FIRST,
  SB_CHART_STEP_LAST,
  SB_CHART_STEP_LEFT,
  SB_CHART_STEP_RIGHT,
  SB_CHART_STEP_UP,
  SB_CHART_STEP_DOWN,
} SbChartStep;

void
sb_chart_draw (SbChart *self, cairo_t *cr, const SbChartStyle *style, double width, double height);
void sb_chart_draw_swatch (SbChart *self,
                           cairo_t *cr,
                           const SbChartStyle *style,
                           guint series,
                           double width,
                           double height);
void sb_chart_draw_point (SbChart *self,
                          cairo_t *cr,
                          const SbChartStyle *style,
                          double width,
                          double height,
                          const SbChartPoint *point);

SbChartRect
sb_chart_get_plot_area (SbChart *self, const SbChartStyle *style, double width, double height);
gboolean sb_chart_zoom (SbChart *self,
                        SbChartStyle *style,
                        double width,
                        double height,
                        const SbChartRect *area);

void sb_chart_point_clear (SbChartPoint *point);
gboolean sb_chart_hit (SbChart *self,
                       const SbChartStyle *style,
                       double width,
                       double height,
                       double x,
                       double y,
                       SbChartPoint *point);
gboolean sb_chart_step_point (SbChart *self,
                              const SbChartStyle *style,
                              double width,
                              double height,
                              SbChartStep step,
                              SbChartPoint *point);
char *sb_chart_dup_read_out (SbChart *self, const SbChartStyle *style, const SbChartPoint *point);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SbChartPoint, sb_chart_point_clear)

G_END_DECLS
