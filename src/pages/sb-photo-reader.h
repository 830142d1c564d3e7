/* sb-photo-reader.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "widgets/sb-photo-entry.h"
#include "workshop/sb-run.h"

G_BEGIN_DECLS

#define SB_TYPE_PHOTO_READER (sb_photo_reader_get_type ())
G_DECLARE_FINAL_TYPE (SbPhotoReader, sb_photo_reader, SB, PHOTO_READER, GObject)

SbPhotoReader *sb_photo_reader_new (SbRun *run);
GListModel *sb_photo_reader_get_photos (SbPhotoReader *self);
GListModel *sb_photo_reader_get_skipped (SbPhotoReader *self);

void sb_photo_reader_add_files (SbPhotoReader *self, const char *const *paths);
void sb_photo_reader_add_bytes (SbPhotoReader *self, GBytes *bytes, const char *name);
void sb_photo_reader_skip (SbPhotoReader *self, const char *name, const char *reason);
void sb_photo_reader_stop (SbPhotoReader *self);
void sb_photo_reader_read_rest (SbPhotoReader *self);
void sb_photo_reader_clear (SbPhotoReader *self);

gboolean sb_photo_reader_is_busy (SbPhotoReader *self);
gboolean sb_photo_reader_is_searching (SbPhotoReader *self);
guint sb_photo_reader_get_done (SbPhotoReader *self);
guint sb_photo_reader_get_total (SbPhotoReader *self);
guint sb_photo_reader_count_unread (SbPhotoReader *self);

G_END_DECLS
