/* sb-digit-gallery.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define SB_TYPE_DIGIT_GALLERY (sb_digit_gallery_get_type ())
G_DECLARE_FINAL_TYPE (SbDigitGallery, sb_digit_gallery, SB, DIGIT_GALLERY, AdwBin)

GtkWidget *sb_digit_gallery_new (JsonObject *digits, GtkWidget *matrix);

G_END_DECLS
