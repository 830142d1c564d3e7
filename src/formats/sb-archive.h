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

G_END_DECLS
