/* sb-photo-grid.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "widgets/sb-photo-entry.h"
#include "widgets/sb-thumbnailer.h"

G_BEGIN_DECLS

/**
 * SbPhotoOrder:
 * @SB_PHOTO_ORDER_ADDED: as they are in the model
 * @SB_PHOTO_ORDER_NAME: by name
 * @SB_PHOTO_ORDER_LABEL: by label, the most certain of each first
 * @SB_PHOTO_ORDER_CERTAIN: the most certain first
 * @SB_PHOTO_ORDER_UNCERTAIN: the least certain first
 *
 * What has no label comes last.
 */
typedef enum
{
  SB_PHOTO_ORDER_ADDED,
  SB_PHOTO_ORDER_NAME,
  SB_PHOTO_ORDER_LABEL,
  SB_PHOTO_ORDER_CERTAIN,
  SB_PHOTO_ORDER_UNCERTAIN,
} SbPhotoOrder;

#define SB_TYPE_PHOTO_GRID (sb_photo_grid_get_type ())
G_DECLARE_FINAL_TYPE (SbPhotoGrid, sb_photo_grid, SB, PHOTO_GRID, AdwBin)

GtkWidget *sb_photo_grid_new (const char *title);
void sb_photo_grid_set_model (SbPhotoGrid *self, GListModel *model);
GListModel *sb_photo_grid_get_shown (SbPhotoGrid *self);
SbThumbnailer *sb_photo_grid_get_thumbnailer (SbPhotoGrid *self);
void sb_photo_grid_refresh (SbPhotoGrid *self);

SbPhotoEntry *sb_photo_grid_get_selected (SbPhotoGrid *self);
void sb_photo_grid_set_order (SbPhotoGrid *self, SbPhotoOrder order);
void sb_photo_grid_set_label (SbPhotoGrid *self, const char *label);
void sb_photo_grid_set_search (SbPhotoGrid *self, const char *text);
void sb_photo_grid_set_only_wrong (SbPhotoGrid *self, gboolean only_wrong);
void sb_photo_grid_set_pair (SbPhotoGrid *self, const char *truth, const char *label);

G_END_DECLS
