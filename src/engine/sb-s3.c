/* sb-s3.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-s3.h"

#include <string.h>

#include "wire/sb-error.h"

#define MAX_KEY 1024

/**
 * sb_s3_parse_path:
 * @path: of a request, not decoded: `/BUCKET/KEY`
 * @target: (out): what it names
 * @error: InvalidURI, KeyTooLongError
 *
 * Returns: whether it names something
 */
gboolean
sb_s3_parse_path (const char *path, SbS3Target *target, GError **error)
{
  gsize length;
  g_autofree char *decoded = sb_uri_decode (path, -1, &length);
  const char *slash;

  memset (target, 0, sizeof *target);
  if (decoded == NULL || *decoded != '/' || !g_utf8_validate (decoded, (gssize) length, NULL))
    {
      g_propagate_error (
          error,
          sb_error_new_service (400, "InvalidURI", "Couldn't parse the specified URI.", NULL));
      return FALSE;
    }
  if (decoded[1] == '\0')
    return TRUE;
  slash = strchr (decoded + 1, '/');
  if (slash == NULL)
    {
      target->bucket = g_strdup (decoded + 1);
      return TRUE;
    }
  target->bucket = g_strndup (decoded + 1, (gsize) (slash - decoded - 1));
  if (slash[1] != '\0')
    target->key = g_strdup (slash + 1);
  if (target->key == NULL || strlen (target->key) <= MAX_KEY)
    return TRUE;
  sb_s3_target_clear (target);
  g_propagate_error (error,
                     sb_error_new_service (400, "KeyTooLongError", "Your key is too long", NULL));
  return FALSE;
}

void
sb_s3_target_clear (SbS3Target *target)
{
  g_clear_pointer (&target->bucket, g_free);
  g_clear_pointer (&target->key, g_free);
}

/**
 * sb_s3_format_time:
 * @time: seconds since 1970
 *
 * Returns: (transfer full): as in S3's documents
 */
char *
sb_s3_format_time (double time)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc ((gint64) time);
  g_autofree char *text = g_date_time_format (date, "%Y-%m-%dT%H:%M:%S");

  return g_strdup_printf ("%s.%03dZ", text, (int) ((time - (double) (gint64) time) * 1000));
}

char *
sb_s3_quote_etag (const char *etag)
{
  return g_strdup_printf ("\"%s\"", etag);
}

/**
 * sb_s3_reply_xml:
 * @request: a request
 * @status: HTTP status
 * @writer: (transfer full): the document
 */
void
sb_s3_reply_xml (SbRequest *request, guint status, SbXmlWriter *writer)
{
  g_autoptr (GBytes) body = sb_xml_writer_finish (writer);

  sb_request_reply (request, status, "application/xml", body);
}

/**
 * sb_s3_wants_stream:
 * @request: a request of which only the head has come
 *
 * Returns: whether its body is an object or a part, which is not to be held in memory
 */
gboolean
sb_s3_wants_stream (SbRequest *request)
{
  const char *slash;

  if (strcmp (request->method, "PUT") != 0 ||
      sb_request_get_header (request, "x-amz-copy-source") != NULL)
    return FALSE;
  slash = strchr (request->path + 1, '/');
  return slash != NULL && slash[1] != '\0';
}

static void
handle_object (SbRequest *request, const char *bucket, const char *key)
{
  const char *method = request->method;
  gboolean upload = sb_request_get_query (request, "uploadId") != NULL;

  if (strcmp (method, "GET") == 0 && upload)
    sb_s3_list_parts (request, bucket, key);
  else if (strcmp (method, "GET") == 0 || strcmp (method, "HEAD") == 0)
    sb_s3_get_object (request, bucket, key);
  else if (strcmp (method, "DELETE") == 0 && upload)
    sb_s3_abort_upload (request, bucket, key);
  else if (strcmp (method, "DELETE") == 0)
    sb_s3_delete_object (request, bucket, key);
  else if (strcmp (method, "PUT") == 0 && !upload)
    sb_s3_copy_object (request, bucket, key);
  else if (strcmp (method, "POST") == 0 && sb_request_get_query (request, "uploads") != NULL)
    sb_s3_create_upload (request, bucket, key);
  else if (strcmp (method, "POST") == 0 && upload)
    sb_s3_complete_upload (request, bucket, key);
  else
    sb_request_fail (request,
                     501,
                     "NotImplemented",
                     "A header you provided implies functionality that is not implemented");
}

/* Whole parts of S3 that the engine does not have: better said than guessed. Some it has for
 * buckets, but not for objects. */
static const char *
find_unknown_subresource (SbRequest *request, gboolean is_bucket)
{
  static const char *const known[] = { "acl",
                                       "tagging",
                                       "policy",
                                       "versioning",
                                       "versions",
                                       "lifecycle",
                                       "cors",
                                       "website",
                                       "logging",
                                       "notification",
                                       "torrent",
                                       "restore",
                                       "legal-hold",
                                       "retention",
                                       "encryption",
                                       "object-lock",
                                       "replication",
                                       "select",
                                       "attributes",
                                       "inventory",
                                       "analytics",
                                       "metrics",
                                       "accelerate",
                                       "requestPayment",
                                       "publicAccessBlock",
                                       "ownershipControls",
                                       NULL };

  for (guint i = 0; i < request->pairs->len; i++)
    {
      const SbPair *pair = g_ptr_array_index (request->pairs, i);

      if (g_strv_contains (known, pair->name) && !(is_bucket && sb_s3_is_setting (pair->name)))
        return pair->name;
    }
  return NULL;
}

static gboolean
prepare (SbRequest *request, SbS3Target *target)
{
  g_autoptr (GError) error = NULL;
  const char *unknown;

  if (!sb_s3_parse_path (request->path, target, &error))
    {
      sb_request_reply_error (request, error);
      return FALSE;
    }
  unknown = find_unknown_subresource (request, target->key == NULL);
  if (unknown != NULL)
    {
      g_autofree char *message =
          g_strdup_printf ("The local engine does not implement the subresource ?%s", unknown);

      sb_request_fail (request, 501, "NotImplemented", message);
      return FALSE;
    }
  return TRUE;
}

/**
 * sb_s3_handle:
 * @request: an authenticated request with its body
 */
void
sb_s3_handle (SbRequest *request)
{
  g_auto (SbS3Target) target = { 0 };
  g_autoptr (GError) error = NULL;

  if (!prepare (request, &target))
    return;
  if (target.bucket == NULL && strcmp (request->method, "GET") == 0)
    sb_s3_list_buckets (request);
  else if (target.bucket == NULL)
    sb_request_fail (request,
                     405,
                     "MethodNotAllowed",
                     "The specified method is not allowed against this resource.");
  else if (target.key == NULL)
    sb_s3_bucket (request, target.bucket);
  else if (!sb_object_store_require_bucket (request->engine->objects, target.bucket, &error))
    sb_request_reply_error (request, error);
  else
    handle_object (request, target.bucket, target.key);
}

static void
on_uploaded (SbRequest *request, SbUploadStream *stream, const GError *error)
{
  g_auto (SbS3Target) target = { 0 };

  if (error != NULL)
    {
      sb_request_reply_error (request, error);
      return;
    }
  if (!prepare (request, &target))
    return;
  if (sb_request_get_query (request, "uploadId") != NULL)
    sb_s3_put_part (request, stream, &target);
  else
    sb_s3_put_object (request, stream, &target);
}

/**
 * sb_s3_handle_upload:
 * @request: an authenticated request
 * @stream: its body, complete
 */
void
sb_s3_handle_upload (SbRequest *request, SbUploadStream *stream)
{
  sb_upload_stream_finish (stream, on_uploaded);
}
