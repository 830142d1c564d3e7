/* sb-thumbnailer.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "widgets/sb-photo-entry.h"

G_BEGIN_DECLS

#define SB_TYPE_THUMBNAILER (sb_thumbnailer_get_type ())
G_DECLARE_FINAL_TYPE (SbThumbnailer, sb_thumbnailer, SB, THUMBNAILER, GObject)

/**
 * SbThumbnailShape:
 * @SB_THUMBNAIL_SQUARE: the middle of the photo, as wide as it is high
 * @SB_THUMBNAIL_WHOLE: all of it
 */
typedef enum
{
  SB_THUMBNAIL_SQUARE,
  SB_THUMBNAIL_WHOLE,
} SbThumbnailShape;

SbThumbnailer *sb_thumbnailer_new (gsize budget);
GdkTexture *
sb_thumbnailer_lookup (SbThumbnailer *self, SbPhotoEntry *item, SbThumbnailShape shape, guint side);
void sb_thumbnailer_load_async (SbThumbnailer *self,
                                SbPhotoEntry *item,
                                SbThumbnailShape shape,
                                guint side,
                                GtkWidget *viewer,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
GdkTexture *sb_thumbnailer_load_finish (SbThumbnailer *self, GAsyncResult *result, GError **error);
gsize sb_thumbnailer_get_bytes (SbThumbnailer *self);

G_END_DECLS
