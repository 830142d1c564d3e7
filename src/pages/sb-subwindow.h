/* sb-subwindow.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void sb_subwindow_present (GtkWindow *self, GtkWidget *parent);
gboolean sb_subwindow_close_all (GtkWindow *above);

G_END_DECLS
