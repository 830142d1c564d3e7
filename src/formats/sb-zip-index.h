/* sb-zip-index.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the members of a zip archive are that is in memory, for those that are stored as they are.
 * It is meant for mapped files with large members; what is packed is for libarchive.
 */

#pragma once

#include "formats/sb-format-error.h"

G_BEGIN_DECLS

/**
 * SbZipMember:
 * @data: (nullable): its first byte within the archive; %NULL when it is packed or encrypted
 * @length: its bytes
 */
typedef struct
{
  const guint8 *data;
  gsize length;
} SbZipMember;

gboolean sb_zip_is (const guint8 *data, gsize length);
GHashTable *sb_zip_index (const guint8 *data, gsize length, GError **error);

G_END_DECLS
