/* sb-photo-ask.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-client.h"
#include "formats/sb-photo.h"
#include "workshop/sb-classify.h"

G_BEGIN_DECLS

GBytes *sb_photo_to_jpeg (const SbPhoto *photo, GError **error);
GBytes *sb_photo_make_body (GBytes *photo, GError **error);
SbPhotoReading *sb_photo_reading_parse (GBytes *body);
SbPhotoReading *sb_photo_ask (SbClient *client,
                              const char *endpoint,
                              GBytes *photo,
                              GCancellable *cancellable,
                              GError **error);

G_END_DECLS
