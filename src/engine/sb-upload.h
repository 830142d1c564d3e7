/* sb-upload.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "engine/sb-request.h"

G_BEGIN_DECLS

/**
 * SbUploadStream:
 *
 * The body of a PutObject or UploadPart on its way into a blob, checked against everything that
 * the request says of it: length, MD5, SHA-256, the SDKs' checksums, chunk signatures.
 */
typedef struct _SbUploadStream SbUploadStream;

/**
 * SbUploadFunc:
 * @request: the request
 * @stream: what has come
 * @error: (nullable): why it cannot be used
 *
 * Called once when the body is complete, stored and right, or is not.
 */
typedef void (*SbUploadFunc) (SbRequest *request, SbUploadStream *stream, const GError *error);

SbUploadStream *sb_upload_stream_new (SbRequest *request, GError **error);
void sb_upload_stream_free (SbUploadStream *self);
void sb_upload_stream_feed (SbUploadStream *self, const void *data, gsize length);
void sb_upload_stream_finish (SbUploadStream *self, SbUploadFunc func);
const char *sb_upload_stream_get_blob (SbUploadStream *self);
guint64 sb_upload_stream_get_size (SbUploadStream *self);
const char *sb_upload_stream_get_md5 (SbUploadStream *self);
const guint8 *sb_upload_stream_get_md5_bytes (SbUploadStream *self);
char *sb_upload_stream_dup_checksum (SbUploadStream *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbUploadStream, sb_upload_stream_free)

G_END_DECLS
