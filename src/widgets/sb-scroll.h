/* sb-scroll.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void sb_scroll_past (GtkWidget *widget);
void sb_scroll_on (GtkWidget *scrolled);

G_END_DECLS
