/* sb-module-page.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-run.h"

G_BEGIN_DECLS

#define SB_TYPE_MODULE_PAGE (sb_module_page_get_type ())
G_DECLARE_FINAL_TYPE (SbModulePage, sb_module_page, SB, MODULE_PAGE, AdwBin)

GtkWidget *sb_module_page_new (SbRun *run);
SbRun *sb_module_page_get_run (SbModulePage *self);
void sb_module_page_run_all (SbModulePage *self);

G_END_DECLS
