/* sb-etag-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-file-range-private.h"

G_BEGIN_DECLS

char *_sb_etag_of_md5 (const guint8 md5[SB_MD5_LENGTH]);
char *_sb_etag_of_parts (const guint8 *md5s, guint n_parts);
guint _sb_etag_get_n_parts (const char *etag);
gboolean _sb_etag_is_md5 (JsonObject *output);
gboolean _sb_etag_check (JsonObject *output, const char *expected, GError **error);
JsonObject *
_sb_transfer_describe (const char *kind, const char *bucket, const char *key, const char *path);

G_END_DECLS
