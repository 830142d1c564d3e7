/* sb-photo-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbPhotoHead:
 * @type: the format's name in GdkPixbuf
 * @width: in pixels, where GdkPixbuf does not say it in time; else 0
 * @height: in pixels, or 0
 * @is_cut: whether the file ends too early, where GdkPixbuf would not mind
 * @orientation: as EXIF has it, 1 to 8, where GdkPixbuf does not see it; else 0
 *
 * What a picture says of itself before it is decoded.
 */
typedef struct
{
  const char *type;
  int width;
  int height;
  gboolean is_cut;
  int orientation;
} SbPhotoHead;

gboolean _sb_photo_head_read (SbPhotoHead *self, const guint8 *data, gsize length);

G_END_DECLS
