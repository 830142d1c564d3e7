/* sb-aws-chunked.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "wire/sb-digest.h"

G_BEGIN_DECLS

/**
 * SbAwsChunked:
 *
 * Decodes the `aws-chunked` form of S3 uploads (x-amz-content-sha256: STREAMING-…), bytes in,
 * bytes out, in constant memory; checks the signature of every chunk when there are any.
 */
typedef struct _SbAwsChunked SbAwsChunked;

/**
 * SbAwsChunkedFunc:
 * @data: decoded bytes
 * @length: their number
 * @user_data: the caller's data
 * @error: why they could not be taken
 *
 * Returns: whether to go on
 */
typedef gboolean (*SbAwsChunkedFunc) (const guint8 *data,
                                      gsize length,
                                      gpointer user_data,
                                      GError **error);

SbAwsChunked *sb_aws_chunked_new (SbAwsChunkedFunc func, gpointer user_data);
void sb_aws_chunked_free (SbAwsChunked *self);
void sb_aws_chunked_expect_signatures (SbAwsChunked *self,
                                       const guint8 key[SB_SHA256_LENGTH],
                                       const char *amz_date,
                                       const char *scope,
                                       const char *seed_signature);
gboolean sb_aws_chunked_feed (SbAwsChunked *self, const guint8 *data, gsize length, GError **error);
gboolean sb_aws_chunked_finish (SbAwsChunked *self, GError **error);
guint64 sb_aws_chunked_get_decoded_length (SbAwsChunked *self);
const char *sb_aws_chunked_get_trailer (SbAwsChunked *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbAwsChunked, sb_aws_chunked_free)

G_END_DECLS
