/* sb-model-table.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

void sb_model_table_show_rows (GtkColumnView *table, const char *const *titles, GPtrArray *rows);
void sb_model_table_show_layers (GtkColumnView *table, JsonObject *description);
void sb_model_table_show_values (GtkColumnView *table, JsonObject *values);
char *sb_model_table_format_shape (JsonArray *shape);
char *sb_model_table_format_number (gint64 number);

G_END_DECLS
