/* sb-photo-canvas.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define SB_TYPE_PHOTO_CANVAS (sb_photo_canvas_get_type ())
G_DECLARE_FINAL_TYPE (SbPhotoCanvas, sb_photo_canvas, SB, PHOTO_CANVAS, GtkWidget)

GtkWidget *sb_photo_canvas_new (void);
void sb_photo_canvas_set_photo (SbPhotoCanvas *self, GdkPaintable *photo, const char *description);
void sb_photo_canvas_set_heat (SbPhotoCanvas *self,
                               const double *values,
                               guint rows,
                               guint columns,
                               const char *label);
gboolean sb_photo_canvas_has_heat (SbPhotoCanvas *self);
gboolean sb_photo_canvas_get_heat_visible (SbPhotoCanvas *self);
void sb_photo_canvas_set_heat_visible (SbPhotoCanvas *self, gboolean visible);

G_END_DECLS
