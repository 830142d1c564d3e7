/* sb-accessible.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

void sb_accessible_keep_name (gpointer widget);
void sb_accessible_set_name (gpointer widget, const char *name);

G_END_DECLS
