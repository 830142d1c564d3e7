/* sb-charts.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

void sb_charts_show (GtkFlowBox *box, JsonArray *charts);
GtkWidget *sb_charts_get_nth (GtkFlowBox *box, guint index);

G_END_DECLS
