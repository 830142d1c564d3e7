/* sb-threshold.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>
#include <json-glib/json-glib.h>

#include "widgets/sb-chart-view.h"

G_BEGIN_DECLS

#define SB_TYPE_THRESHOLD (sb_threshold_get_type ())
G_DECLARE_FINAL_TYPE (SbThreshold, sb_threshold, SB, THRESHOLD, AdwBin)

GtkWidget *sb_threshold_new (JsonObject *result, SbChartView *matrix);

G_END_DECLS
