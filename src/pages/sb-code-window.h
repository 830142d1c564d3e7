/* sb-code-window.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-run.h"

G_BEGIN_DECLS

void sb_code_window_show (GtkWidget *parent, SbStep *step);
void sb_code_window_show_entries (GtkWidget *parent,
                                  const char *title,
                                  GPtrArray *entries,
                                  SbConnection *connection);

G_END_DECLS
