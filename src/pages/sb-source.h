/* sb-source.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>
#include <gtksourceview/gtksource.h>

G_BEGIN_DECLS

GtkSourceBuffer *sb_source_buffer_new (const char *text, const char *language);
GtkWidget *sb_source_view_new (GtkSourceBuffer *buffer, const char *name);

G_END_DECLS
