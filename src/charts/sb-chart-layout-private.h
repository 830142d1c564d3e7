/* sb-chart-layout-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is where in a drawing, for who draws it and for who asks what is under the pointer.
 */

#pragma once

#include <pango/pangocairo.h>

#include "charts/sb-chart-draw.h"
#include "charts/sb-chart-private.h"

G_BEGIN_DECLS

/**
 * SbChartLayout:
 * @plot: where the data is drawn
 * @across: the scale from left to right; 0 to the number of categories where there are some
 * @up: the scale from bottom to top
 * @categories: (nullable): names of the places on the axis that has no numbers
 * @n_categories: how many there are
 * @turned: whether categories run from top to bottom
 */
typedef struct
{
  SbChartRect plot;
  SbScale across;
  SbScale up;
  char **categories;
  guint n_categories;
  gboolean turned;
} SbChartLayout;

void _sb_chart_lay_out (SbChart *self,
                        const SbChartStyle *style,
                        double width,
                        double height,
                        SbChartLayout *layout);
double _sb_chart_layout_x (const SbChartLayout *self, double value);
double _sb_chart_layout_y (const SbChartLayout *self, double value);
SbChartRect _sb_chart_layout_bar (const SbChartLayout *self,
                                  SbChart *chart,
                                  const SbChartStyle *style,
                                  guint series,
                                  guint index);
SbChartRect _sb_chart_layout_cell (const SbChartLayout *self, SbChart *chart, guint index);
PangoLayout *
_sb_chart_text (cairo_t *cr, const SbChartStyle *style, const char *text, double scale);
void
_sb_chart_text_size (const SbChartStyle *style, const char *text, double *width, double *height);

G_END_DECLS
