/* sb-connection-file-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-connection-info.h"

G_BEGIN_DECLS

GPtrArray *_sb_connection_file_load (const char *path, GError **error);
gboolean _sb_connection_file_put (const char *path, SbConnectionInfo *info, GError **error);
gboolean _sb_connection_file_remove (const char *path, const char *id, GError **error);

G_END_DECLS
