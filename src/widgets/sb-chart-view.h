/* sb-chart-view.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "charts/sb-chart.h"

G_BEGIN_DECLS

#define SB_TYPE_CHART_VIEW (sb_chart_view_get_type ())
G_DECLARE_FINAL_TYPE (SbChartView, sb_chart_view, SB, CHART_VIEW, GtkWidget)

GtkWidget *sb_chart_view_new (void);
void sb_chart_view_set_chart (SbChartView *self, SbChart *chart);

G_END_DECLS
