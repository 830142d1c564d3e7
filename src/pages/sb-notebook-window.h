/* sb-notebook-window.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-run.h"

G_BEGIN_DECLS

gboolean sb_notebook_window_show (GtkWidget *parent, SbRun *run, const char *path, GError **error);

G_END_DECLS
