/* sb-window-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "app/sb-window.h"

G_BEGIN_DECLS

void _sb_window_install_file_actions (GtkWidgetClass *widget_class);
void _sb_window_show_notebook (SbWindow *self, const char *path);
SbRun *_sb_window_get_run (SbWindow *self, const char *module);
SbRun *_sb_window_get_shown_run (SbWindow *self);

G_END_DECLS
