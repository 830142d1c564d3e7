/* sb-archive.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "formats/sb-format-error.h"

G_BEGIN_DECLS

gboolean sb_archive_pack_folder (const char *folder,
                                 const char *path,
                                 GCancellable *cancellable,
                                 GError **error);
gboolean
sb_archive_unpack (const char *path, const char *folder, GCancellable *cancellable, GError **error);

gboolean sb_archive_unpack_zip (const char *path,
                                const char *folder,
                                guint64 most,
                                GCancellable *cancellable,
                                GError **error);

/**
 * SbArchiveFunc:
 * @name: of a file in an archive
 * @offset: of its first byte, from the beginning of the archive
 * @length: in bytes
 * @user_data: as given
 * @error: why to stop
 *
 * Returns: whether to go on
 */
typedef gboolean (*SbArchiveFunc) (const char *name,
                                   guint64 offset,
                                   guint64 length,
                                   gpointer user_data,
                                   GError **error);

gboolean
sb_archive_index (const char *path, SbArchiveFunc func, gpointer user_data, GError **error);

G_END_DECLS
