/* sb-file-range-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-parallel-private.h"
#include "wire/sb-digest.h"

G_BEGIN_DECLS

#define SB_MD5_LENGTH 16

/**
 * SbFileRange:
 * @fd: an open file; several ranges share it
 * @offset: where the range begins
 * @length: its bytes
 * @progress: (nullable): learns what was read
 * @counted: how much of it @progress has been told
 *
 * A part of a file that is sent. Nothing of it is kept in memory.
 */
typedef struct
{
  int fd;
  goffset offset;
  goffset length;
  SbProgress *progress;
  goffset counted;
} SbFileRange;

GInputStream *_sb_file_range_open (gpointer range);
gboolean _sb_file_range_md5 (const SbFileRange *range,
                             guint8 out[SB_MD5_LENGTH],
                             GCancellable *cancellable,
                             GError **error);
gboolean _sb_file_range_update (int fd,
                                goffset offset,
                                goffset length,
                                SbDigest *digest,
                                GCancellable *cancellable,
                                GError **error);

G_END_DECLS
