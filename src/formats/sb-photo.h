/* sb-photo.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gdk-pixbuf/gdk-pixbuf.h>

#include "formats/sb-format-error.h"

G_BEGIN_DECLS

/* A picture with more pixels is not read. What is not JPEG cannot be read at a smaller size. */
#define SB_PHOTO_MAX_JPEG_PIXELS (128 * 1000 * 1000)
#define SB_PHOTO_MAX_PIXELS      (64 * 1000 * 1000)
/* Nor is a file with more bytes. */
#define SB_PHOTO_MAX_LENGTH (256 * 1024 * 1024)

/**
 * SbPhoto:
 * @width: in pixels
 * @height: in pixels
 * @pixels: (array): red, green, blue, 8 bits each, row by row without gaps
 *
 * A decoded photo, upright and without transparency. It is one block of memory.
 */
typedef struct
{
  int width;
  int height;
  guint8 pixels[];
} SbPhoto;

/**
 * SbPhotoBox:
 * @x: of its left edge, in pixels
 * @y: of its upper edge, in pixels
 * @width: in pixels, more than 0
 * @height: in pixels, more than 0
 *
 * A part of a photo; its edges may lie between pixels.
 */
typedef struct
{
  double x;
  double y;
  double width;
  double height;
} SbPhotoBox;

SbPhoto *sb_photo_new (int width, int height);
void sb_photo_free (SbPhoto *self);
gsize sb_photo_get_size (const SbPhoto *self);
gboolean sb_photo_is_named_like_one (const char *name);
SbPhoto *sb_photo_decode (const void *data, gsize length, int short_side, GError **error);
SbPhoto *sb_photo_load (const char *path, int short_side, GError **error);
GdkPixbuf *sb_photo_get_pixbuf (const SbPhoto *self);
SbPhoto *sb_photo_resize (const SbPhoto *self, int width, int height);
SbPhoto *sb_photo_resize_short (const SbPhoto *self, int short_side);
SbPhoto *sb_photo_resample (const SbPhoto *self, const SbPhotoBox *box, int width, int height);
SbPhoto *sb_photo_crop (const SbPhoto *self, int x, int y, int width, int height);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbPhoto, sb_photo_free)

G_END_DECLS
