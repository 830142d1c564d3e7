/* sb-photo-why.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "widgets/sb-photo-canvas.h"
#include "widgets/sb-photo-entry.h"
#include "workshop/sb-run.h"

G_BEGIN_DECLS

#define SB_TYPE_PHOTO_WHY (sb_photo_why_get_type ())
G_DECLARE_FINAL_TYPE (SbPhotoWhy, sb_photo_why, SB, PHOTO_WHY, AdwBin)

void sb_photo_why_set_up (SbPhotoWhy *self, SbRun *run, SbPhotoCanvas *canvas);
void sb_photo_why_set_item (SbPhotoWhy *self, SbPhotoEntry *item);

G_END_DECLS
