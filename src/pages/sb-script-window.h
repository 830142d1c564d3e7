/* sb-script-window.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-run.h"

G_BEGIN_DECLS

#define SB_TYPE_SCRIPT_WINDOW (sb_script_window_get_type ())
G_DECLARE_FINAL_TYPE (SbScriptWindow, sb_script_window, SB, SCRIPT_WINDOW, AdwWindow)

void sb_script_window_show (GtkWidget *parent, SbStep *step);

G_END_DECLS
