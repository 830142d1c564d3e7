/* sb-upload-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-etag-private.h"

G_BEGIN_DECLS

gboolean _sb_upload_file (SbClient *client,
                          const char *bucket,
                          const char *key,
                          const char *path,
                          JsonObject *transfer,
                          SbProgress *progress,
                          GCancellable *cancellable,
                          GError **error);
gboolean _sb_upload_is_small (goffset size);
char *_sb_upload_dup_etag (const char *path, GCancellable *cancellable, GError **error);

G_END_DECLS
