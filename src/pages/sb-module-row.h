/* sb-module-row.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "workshop/sb-run.h"

G_BEGIN_DECLS

#define SB_TYPE_MODULE_ROW (sb_module_row_get_type ())
G_DECLARE_FINAL_TYPE (SbModuleRow, sb_module_row, SB, MODULE_ROW, GtkListBoxRow)

GtkWidget *sb_module_row_new (SbModule *module);
SbModule *sb_module_row_get_module (SbModuleRow *self);
void sb_module_row_set_run (SbModuleRow *self, SbRun *run);

G_END_DECLS
