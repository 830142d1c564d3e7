/* sb-s3.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Amazon S3 as the engine speaks it.
 */

#pragma once

#include "engine/sb-request.h"
#include "engine/sb-upload.h"
#include "wire/sb-xml.h"

G_BEGIN_DECLS

#define SB_S3_NAMESPACE "http://s3.amazonaws.com/doc/2006-03-01/"

/**
 * SbS3Target:
 * @bucket: (nullable): %NULL for the service itself
 * @key: (nullable): %NULL for the bucket itself
 *
 * What a request's path names.
 */
typedef struct
{
  char *bucket;
  char *key;
} SbS3Target;

gboolean sb_s3_parse_path (const char *path, SbS3Target *target, GError **error);
void sb_s3_target_clear (SbS3Target *target);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SbS3Target, sb_s3_target_clear)

gboolean sb_s3_wants_stream (SbRequest *request);
void sb_s3_handle (SbRequest *request);
void sb_s3_handle_upload (SbRequest *request, SbUploadStream *stream);
void sb_s3_reply_xml (SbRequest *request, guint status, SbXmlWriter *writer);
char *sb_s3_format_time (double time);
char *sb_s3_quote_etag (const char *etag);

/* sb-s3-bucket.c */
void sb_s3_list_buckets (SbRequest *request);
void sb_s3_bucket (SbRequest *request, const char *bucket);

/* sb-s3-settings.c */
gboolean sb_s3_is_setting (const char *name);
gboolean sb_s3_bucket_setting (SbRequest *request, const char *bucket);

/* sb-s3-versions.c */
void sb_s3_list_versions (SbRequest *request, const char *bucket);

/* sb-s3-list.c */
void sb_s3_list_objects (SbRequest *request, const char *bucket);

/* sb-s3-object.c */
void sb_s3_get_object (SbRequest *request, const char *bucket, const char *key);
void sb_s3_delete_object (SbRequest *request, const char *bucket, const char *key);
void sb_s3_copy_object (SbRequest *request, const char *bucket, const char *key);
gboolean sb_s3_check_put (SbRequest *request, const char *bucket, const char *key, GError **error);
void sb_s3_put_object (SbRequest *request, SbUploadStream *stream, const SbS3Target *target);
JsonObject *sb_s3_collect_headers (SbRequest *request);

/* sb-s3-multipart.c */
void sb_s3_create_upload (SbRequest *request, const char *bucket, const char *key);
void sb_s3_put_part (SbRequest *request, SbUploadStream *stream, const SbS3Target *target);
void sb_s3_list_parts (SbRequest *request, const char *bucket, const char *key);
void sb_s3_list_uploads (SbRequest *request, const char *bucket);
void sb_s3_complete_upload (SbRequest *request, const char *bucket, const char *key);
void sb_s3_abort_upload (SbRequest *request, const char *bucket, const char *key);

/* sb-send-file.c */
void
sb_send_blobs (SbRequest *request, guint status, const char *blobs, guint64 offset, guint64 length);

G_END_DECLS
