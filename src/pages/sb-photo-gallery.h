/* sb-photo-gallery.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define SB_TYPE_PHOTO_GALLERY (sb_photo_gallery_get_type ())
G_DECLARE_FINAL_TYPE (SbPhotoGallery, sb_photo_gallery, SB, PHOTO_GALLERY, AdwBin)

GtkWidget *sb_photo_gallery_new (JsonObject *result, const char *member, GtkWidget *matrix);

G_END_DECLS
