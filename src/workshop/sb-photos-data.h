/* sb-photos-data.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Photos as the steps of a run hand them on, and what several of these steps do with them.
 */

#pragma once

#include "workshop/sb-photo-set.h"
#include "workshop/sb-work.h"

G_BEGIN_DECLS

const char *sb_photos_get_part_name (SbPhotoPart part);
SbPhotoSet *sb_photos_open (SbWork *work, GError **error);
SbPhotoSet *sb_photos_open_part (SbWork *work, SbPhotoPart part, GError **error);
char **sb_photos_list_classes (SbWork *work);
const char *sb_photos_get_mark (SbWork *work);
JsonObject *sb_photos_keep (SbWork *work,
                            const SbPhotoSet *set,
                            const GArray *indices,
                            const char *name,
                            GError **error);

/**
 * SbPhotosProgress:
 *
 * Tells a step's progress a few times a second, however often it is called, from any thread.
 */
typedef struct
{
  SbWork *work;
  GMutex lock;
  gint64 begun;
  gint64 told;
  guint done;
} SbPhotosProgress;

void sb_photos_progress_init (SbPhotosProgress *self, SbWork *work);
void sb_photos_progress_clear (SbPhotosProgress *self);
void sb_photos_progress_step (SbPhotosProgress *self, guint total, const char *what);
void sb_photos_progress_set (SbPhotosProgress *self, guint done, guint total, const char *what);

gboolean sb_photos_complete_job (SbWork *work,
                                 JsonObject *hyperparameters,
                                 JsonArray *channels,
                                 GError **error);

G_END_DECLS
