/* sb-photo-cell.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "widgets/sb-thumbnailer.h"

G_BEGIN_DECLS

#define SB_TYPE_PHOTO_CELL (sb_photo_cell_get_type ())
G_DECLARE_FINAL_TYPE (SbPhotoCell, sb_photo_cell, SB, PHOTO_CELL, AdwBin)

GtkWidget *sb_photo_cell_new (SbThumbnailer *thumbnailer);
void sb_photo_cell_set_item (SbPhotoCell *self, SbPhotoEntry *item);

G_END_DECLS
