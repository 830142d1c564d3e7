/* sb-markdown.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

char *sb_markdown_to_markup (const char *text);
GtkWidget *sb_markdown_new (const char *text);

G_END_DECLS
