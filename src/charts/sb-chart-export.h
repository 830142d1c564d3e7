/* sb-chart-export.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "charts/sb-chart.h"
#include "charts/sb-chart-style.h"

G_BEGIN_DECLS

typedef enum
{
  SB_CHART_PNG,
  SB_CHART_SVG,
  SB_CHART_PDF,
  SB_CHART_CSV,
} SbChartFormat;

GBytes *sb_chart_to_bytes (SbChart *self,
                           const SbChartStyle *style,
                           SbChartFormat format,
                           guint width,
                           guint height,
                           GError **error);
gboolean sb_chart_save (SbChart *self,
                        const char *path,
                        SbChartFormat format,
                        guint width,
                        guint height,
                        GError **error);
char *sb_chart_to_svg_string (SbChart *self,
                              const SbChartStyle *style,
                              guint width,
                              guint height,
                              GError **error);
char *sb_chart_to_csv (SbChart *self);
const char *sb_chart_format_get_extension (SbChartFormat format);

G_END_DECLS
