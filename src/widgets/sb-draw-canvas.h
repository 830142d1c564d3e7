/* sb-draw-canvas.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "formats/sb-picture.h"

G_BEGIN_DECLS

#define SB_TYPE_DRAW_CANVAS (sb_draw_canvas_get_type ())
G_DECLARE_FINAL_TYPE (SbDrawCanvas, sb_draw_canvas, SB, DRAW_CANVAS, GtkWidget)

GtkWidget *sb_draw_canvas_new (void);
gboolean sb_draw_canvas_is_empty (SbDrawCanvas *self);
void sb_draw_canvas_undo (SbDrawCanvas *self);
void sb_draw_canvas_clear (SbDrawCanvas *self);
void sb_draw_canvas_paste (SbDrawCanvas *self);
void sb_draw_canvas_open (SbDrawCanvas *self, GFile *file);
gboolean sb_draw_canvas_get_digit (SbDrawCanvas *self, guint8 pixels[SB_DIGIT_SIZE]);

G_END_DECLS
