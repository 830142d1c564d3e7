/* sb-digit-grid.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

GdkTexture *sb_digit_texture_new (const guint8 *pixels);
GtkWidget *sb_digit_picture_new (const guint8 *pixels, int side);
GtkWidget *sb_digit_grid_new (const char *title);
void sb_digit_grid_add (GtkWidget *grid,
                        const guint8 *pixels,
                        const char *caption,
                        const char *description);
void sb_digit_grid_clear (GtkWidget *grid);

G_END_DECLS
