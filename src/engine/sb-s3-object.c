/* sb-s3-object.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "engine/sb-s3.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

#define MAX_METADATA 2048

/* Headers of an upload that come back with the object. */
static const char *const kept_headers[] = { "content-type",
                                            "content-disposition",
                                            "content-language",
                                            "cache-control",
                                            "expires",
                                            "x-amz-server-side-encryption",
                                            "x-amz-storage-class",
                                            "x-amz-website-redirect-location",
                                            NULL };

static double
now (void)
{
  return (double) (g_get_real_time () / 1000) / 1000;
}

static char *
format_http_time (double time)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc ((gint64) time);

  return soup_date_time_to_string (date, SOUP_DATE_HTTP);
}

/* aws-chunked is how the bytes travelled, not what they are. */
static char *
strip_aws_chunked (const char *encoding)
{
  g_auto (GStrv) items = g_strsplit (encoding, ",", -1);
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();

  for (guint i = 0; items[i] != NULL; i++)
    if (g_ascii_strcasecmp (g_strstrip (items[i]), "aws-chunked") != 0 && *items[i] != '\0')
      g_ptr_array_add (kept, items[i]);
  g_ptr_array_add (kept, NULL);
  return kept->len > 1 ? g_strjoinv (",", (char **) kept->pdata) : NULL;
}

/**
 * sb_s3_collect_headers:
 * @request: PutObject, CreateMultipartUpload or CopyObject
 *
 * Returns: (transfer full): what is stored with the object
 */
JsonObject *
sb_s3_collect_headers (SbRequest *request)
{
  JsonObject *headers = json_object_new ();

  for (guint i = 0; i < request->headers->len; i++)
    {
      const SbHeader *header = g_ptr_array_index (request->headers, i);
      g_autofree char *name = g_ascii_strdown (header->name, -1);
      g_autofree char *value = g_utf8_make_valid (header->value, -1);

      if (g_strv_contains (kept_headers, name) || g_str_has_prefix (name, "x-amz-meta-"))
        json_object_set_string_member (headers, name, value);
      else if (strcmp (name, "content-encoding") == 0)
        {
          g_autofree char *encoding = strip_aws_chunked (value);

          if (encoding != NULL)
            json_object_set_string_member (headers, name, encoding);
        }
    }
  return headers;
}

static gsize
metadata_size (JsonObject *headers)
{
  g_autoptr (GList) names = json_object_get_members (headers);
  gsize size = 0;

  for (GList *l = names; l != NULL; l = l->next)
    if (g_str_has_prefix (l->data, "x-amz-meta-"))
      size += strlen (l->data) - strlen ("x-amz-meta-") +
              strlen (json_object_get_string_member (headers, l->data));
  return size;
}

static gboolean
etag_matches (const char *list, const char *etag)
{
  g_auto (GStrv) items = g_strsplit (list, ",", -1);

  for (guint i = 0; items[i] != NULL; i++)
    {
      char *item = g_strstrip (items[i]);
      gsize length = strlen (item);

      if (strcmp (item, "*") == 0 || strcmp (item, etag) == 0)
        return TRUE;
      if (length >= 2 && item[0] == '"' && item[length - 1] == '"')
        {
          item[length - 1] = '\0';
          if (strcmp (item + 1, etag) == 0)
            return TRUE;
        }
    }
  return FALSE;
}

static gboolean
parse_http_time (const char *text, double *time)
{
  g_autoptr (GDateTime) date = text != NULL ? soup_date_time_new_from_http_string (text) : NULL;

  if (date == NULL)
    return FALSE;
  *time = (double) g_date_time_to_unix (date);
  return TRUE;
}

/* Returns 0 when the object may be sent, or the status that says why not. */
static guint
check_conditions (SbRequest *request, const SbObject *object)
{
  const char *match = sb_request_get_header (request, "If-Match");
  const char *none = sb_request_get_header (request, "If-None-Match");
  double modified = (double) (gint64) object->modified;
  double time;

  if (match != NULL && !etag_matches (match, object->etag))
    return 412;
  if (match == NULL &&
      parse_http_time (sb_request_get_header (request, "If-Unmodified-Since"), &time) &&
      modified > time)
    return 412;
  if (none != NULL && etag_matches (none, object->etag))
    return 304;
  if (none == NULL &&
      parse_http_time (sb_request_get_header (request, "If-Modified-Since"), &time) &&
      modified <= time)
    return 304;
  return 0;
}

typedef enum
{
  RANGE_NONE,
  RANGE_OK,
  RANGE_BAD,
} RangeResult;

/* A header that cannot be understood is as good as none, as HTTP has it. */
static RangeResult
parse_range (const char *text, guint64 size, guint64 *first, guint64 *last)
{
  g_auto (GStrv) ends = NULL;
  guint64 from = 0;
  guint64 to = G_MAXUINT64;

  if (text == NULL || !g_str_has_prefix (text, "bytes=") || strchr (text, ',') != NULL)
    return RANGE_NONE;
  ends = g_strsplit (text + strlen ("bytes="), "-", 3);
  if (g_strv_length (ends) != 2 || (*ends[0] == '\0' && *ends[1] == '\0'))
    return RANGE_NONE;
  if ((*ends[0] != '\0' && !g_ascii_string_to_unsigned (ends[0], 10, 0, G_MAXINT64, &from, NULL)) ||
      (*ends[1] != '\0' && !g_ascii_string_to_unsigned (ends[1], 10, 0, G_MAXINT64, &to, NULL)) ||
      (*ends[0] != '\0' && to < from))
    return RANGE_NONE;
  if (*ends[0] == '\0')
    {
      from = to < size ? size - to : 0;
      to = G_MAXUINT64;
      if (size == 0)
        return RANGE_BAD;
    }
  if (from >= size)
    return RANGE_BAD;
  *first = from;
  *last = MIN (to, size - 1);
  return RANGE_OK;
}

static void
add_stored_headers (SbRequest *request, const SbObject *object, gboolean follows)
{
  gboolean checksums =
      follows &&
      g_strcmp0 (sb_request_get_header (request, "x-amz-checksum-mode"), "ENABLED") == 0 &&
      sb_request_get_header (request, "Range") == NULL;
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  sb_request_add_header (request, "Content-Type", "binary/octet-stream");
  if (object->headers == NULL)
    return;
  json_object_iter_init_ordered (&iter, object->headers);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    if (checksums || !g_str_has_prefix (name, "x-amz-checksum-"))
      sb_request_add_header (request, name, json_node_get_string (node));
}

static void
add_overrides (SbRequest *request)
{
  static const char *const overrides[][2] = {
    { "response-content-type", "Content-Type" },
    { "response-content-language", "Content-Language" },
    { "response-content-disposition", "Content-Disposition" },
    { "response-content-encoding", "Content-Encoding" },
    { "response-cache-control", "Cache-Control" },
    { "response-expires", "Expires" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (overrides); i++)
    {
      const char *value = sb_request_get_query (request, overrides[i][0]);

      /* A line break would end the header: whoever makes the URL must not write the answer. */
      if (value != NULL && strpbrk (value, "\r\n") == NULL)
        sb_request_add_header (request, overrides[i][1], value);
    }
}

static void
add_object_headers (SbRequest *request, const SbObject *object, gboolean follows)
{
  g_autofree char *modified = format_http_time (object->modified);
  g_autofree char *etag = sb_s3_quote_etag (object->etag);

  add_stored_headers (request, object, follows);
  add_overrides (request);
  sb_request_add_header (request, "ETag", etag);
  sb_request_add_header (request, "Last-Modified", modified);
  sb_request_add_header (request, "Accept-Ranges", "bytes");
  sb_request_add_header (request, "x-amz-version-id", object->version);
}

static void
send_object (SbRequest *request, const SbObject *object)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (request->message);
  gboolean head = strcmp (request->method, "HEAD") == 0;
  guint64 first = 0;
  guint64 last = object->size > 0 ? object->size - 1 : 0;
  guint64 length = object->size;
  RangeResult range =
      parse_range (sb_request_get_header (request, "Range"), object->size, &first, &last);

  if (range == RANGE_BAD)
    {
      soup_message_headers_set_content_range (headers, -1, -1, (goffset) object->size);
      sb_request_fail (request, 416, "InvalidRange", "The requested range is not satisfiable");
      return;
    }
  if (range == RANGE_OK)
    {
      g_autofree char *text =
          g_strdup_printf ("bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT,
                           first,
                           last,
                           object->size);

      sb_request_add_header (request, "Content-Range", text);
      length = last - first + 1;
    }
  add_object_headers (request, object, TRUE);
  if (head)
    {
      soup_message_headers_set_content_length (headers, (goffset) length);
      sb_request_reply (request, range == RANGE_OK ? 206 : 200, NULL, NULL);
    }
  else
    sb_send_blobs (request, range == RANGE_OK ? 206 : 200, object->blobs, first, length);
}

/* Answers itself, and returns NULL, when there is no such version. */
static SbObject *
find_version (SbRequest *request, const char *bucket, const char *key, const char *version)
{
  SbVersion *found = sb_object_store_find_version (request->engine->objects, bucket, key, version);
  SbObject *object;

  if (found == NULL)
    sb_request_fail (request, 404, "NoSuchVersion", "The specified version does not exist.");
  else if (found->marker)
    {
      sb_request_add_header (request, "x-amz-delete-marker", "true");
      sb_request_fail (request,
                       405,
                       "MethodNotAllowed",
                       "The specified method is not allowed against this resource.");
    }
  if (found == NULL || found->marker)
    {
      g_clear_pointer (&found, sb_version_free);
      return NULL;
    }
  object = g_steal_pointer (&found->object);
  sb_version_free (found);
  return object;
}

static SbObject *
find_current (SbRequest *request, const char *bucket, const char *key)
{
  SbObject *object = sb_object_store_find (request->engine->objects, bucket, key);

  if (object == NULL)
    sb_request_fail (request, 404, "NoSuchKey", "The specified key does not exist.");
  return object;
}

/**
 * sb_s3_get_object:
 * @request: GetObject or HeadObject
 * @bucket: a bucket that exists
 * @key: a key
 */
void
sb_s3_get_object (SbRequest *request, const char *bucket, const char *key)
{
  const char *version = sb_request_get_query (request, "versionId");
  g_autoptr (SbObject) object = version != NULL ? find_version (request, bucket, key, version)
                                                : find_current (request, bucket, key);
  guint status;

  if (object == NULL)
    return;
  status = check_conditions (request, object);
  if (status == 412)
    sb_request_fail (request,
                     412,
                     "PreconditionFailed",
                     "At least one of the pre-conditions you specified did not hold");
  else if (status == 304)
    {
      add_object_headers (request, object, FALSE);
      sb_request_reply (request, 304, NULL, NULL);
    }
  else
    send_object (request, object);
}

/**
 * sb_s3_delete_object:
 * @request: DeleteObject
 * @bucket: a bucket that exists
 * @key: a key
 */
void
sb_s3_delete_object (SbRequest *request, const char *bucket, const char *key)
{
  const char *version = sb_request_get_query (request, "versionId");
  SbObjectStore *store = request->engine->objects;
  g_autoptr (GError) error = NULL;
  g_autofree char *made = NULL;
  gboolean marker = FALSE;

  if (!(version != NULL
            ? sb_object_store_delete_version (store, bucket, key, version, &marker, &error)
            : sb_object_store_delete (store, bucket, key, &made, &error)))
    {
      sb_request_reply_error (request, error);
      return;
    }
  sb_request_add_header (request, "x-amz-version-id", version != NULL ? version : made);
  sb_request_add_header (request, "x-amz-delete-marker", marker || made != NULL ? "true" : NULL);
  sb_request_reply (request, 204, NULL, NULL);
}

/**
 * sb_s3_check_put:
 * @request: PutObject, UploadPart, CompleteMultipartUpload or CopyObject
 * @bucket: a bucket
 * @key: a key
 * @error: NoSuchBucket, PreconditionFailed, MetadataTooLarge
 *
 * Returns: whether an object may be put there
 */
gboolean
sb_s3_check_put (SbRequest *request, const char *bucket, const char *key, GError **error)
{
  const char *none = sb_request_get_header (request, "If-None-Match");
  const char *match = sb_request_get_header (request, "If-Match");
  g_autoptr (JsonObject) headers = NULL;
  g_autoptr (SbObject) old = NULL;

  if (!sb_object_store_require_bucket (request->engine->objects, bucket, error))
    return FALSE;
  headers = sb_s3_collect_headers (request);
  if (metadata_size (headers) > MAX_METADATA)
    {
      g_propagate_error (error,
                         sb_error_new_service (400,
                                               "MetadataTooLarge",
                                               "Your metadata headers exceed the maximum allowed "
                                               "metadata size",
                                               NULL));
      return FALSE;
    }
  if (none == NULL && match == NULL)
    return TRUE;
  old = sb_object_store_find (request->engine->objects, bucket, key);
  if ((none == NULL || old == NULL || !etag_matches (none, old->etag)) &&
      (match == NULL || (old != NULL && etag_matches (match, old->etag))))
    return TRUE;
  g_propagate_error (
      error,
      sb_error_new_service (412,
                            "PreconditionFailed",
                            "At least one of the pre-conditions you specified did not hold",
                            NULL));
  return FALSE;
}

/**
 * sb_s3_put_object:
 * @request: PutObject
 * @stream: its body, stored
 * @target: where it goes
 */
void
sb_s3_put_object (SbRequest *request, SbUploadStream *stream, const SbS3Target *target)
{
  g_autoptr (SbObject) object = g_new0 (SbObject, 1);
  g_autofree char *checksum = sb_upload_stream_dup_checksum (stream);
  g_autoptr (GError) error = NULL;
  g_autofree char *etag = NULL;

  object->key = g_strdup (target->key);
  object->size = sb_upload_stream_get_size (stream);
  object->etag = g_strdup (sb_upload_stream_get_md5 (stream));
  object->modified = now ();
  object->headers = sb_s3_collect_headers (request);
  object->blobs =
      g_strdup_printf ("%s:%" G_GUINT64_FORMAT, sb_upload_stream_get_blob (stream), object->size);
  if (checksum != NULL)
    {
      char *value = strchr (checksum, ':');

      *value++ = '\0';
      json_object_set_string_member (object->headers, checksum, value);
      sb_request_add_header (request, checksum, value);
    }
  if (!sb_s3_check_put (request, target->bucket, target->key, &error) ||
      !sb_object_store_put (request->engine->objects, target->bucket, object, &error))
    {
      g_autofree char *path = sb_object_store_dup_blob_path (request->engine->objects,
                                                             sb_upload_stream_get_blob (stream));

      g_unlink (path);
      sb_request_reply_error (request, error);
      return;
    }
  etag = sb_s3_quote_etag (object->etag);
  sb_request_add_header (request, "ETag", etag);
  sb_request_add_header (request, "x-amz-version-id", object->version);
  sb_request_add_header (request,
                         "x-amz-server-side-encryption",
                         sb_json_get_string (object->headers,
                                             "x-amz-server-side-encryption",
                                             NULL));
  sb_request_reply (request, 200, NULL, NULL);
}

static SbObject *
take_version (SbObjectStore *store, const SbS3Target *source, const char *id)
{
  SbVersion *version = sb_object_store_find_version (store, source->bucket, source->key, id);
  SbObject *object =
      version != NULL && !version->marker ? g_steal_pointer (&version->object) : NULL;

  g_clear_pointer (&version, sb_version_free);
  return object;
}

static SbObject *
find_source (SbRequest *request, GError **error)
{
  const char *text = sb_request_get_header (request, "x-amz-copy-source");
  g_autofree char *path = NULL;
  g_auto (SbS3Target) source = { 0 };
  SbObject *object;
  char *version;

  if (text == NULL)
    {
      g_propagate_error (
          error,
          sb_error_new_service (400, "InvalidRequest", "There is nothing to put here.", NULL));
      return NULL;
    }
  path = *text == '/' ? g_strdup (text) : g_strconcat ("/", text, NULL);
  version = strstr (path, "?versionId=");
  if (version != NULL)
    *version = '\0';
  if (!sb_s3_parse_path (path, &source, error) || source.key == NULL)
    {
      if (error != NULL && *error == NULL)
        g_propagate_error (
            error,
            sb_error_new_service (400,
                                  "InvalidArgument",
                                  "Copy Source must mention the source bucket and key: "
                                  "sourcebucket/sourcekey",
                                  NULL));
      return NULL;
    }
  if (!sb_object_store_require_bucket (request->engine->objects, source.bucket, error))
    return NULL;
  object = version != NULL
               ? take_version (request->engine->objects, &source, version + strlen ("?versionId="))
               : sb_object_store_find (request->engine->objects, source.bucket, source.key);
  if (object == NULL)
    g_propagate_error (
        error, sb_error_new_service (404, "NoSuchKey", "The specified key does not exist.", NULL));
  return object;
}

/**
 * sb_s3_copy_object:
 * @request: CopyObject
 * @bucket: a bucket that exists
 * @key: the key of the copy
 */
void
sb_s3_copy_object (SbRequest *request, const char *bucket, const char *key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbObject) from = find_source (request, &error);
  g_autoptr (SbObject) copied = NULL;
  g_autoptr (JsonObject) headers = NULL;
  gboolean replace =
      g_strcmp0 (sb_request_get_header (request, "x-amz-metadata-directive"), "REPLACE") == 0;
  SbXmlWriter *writer;
  g_autofree char *modified = NULL;
  g_autofree char *etag = NULL;

  if (from != NULL && !replace && from->headers != NULL)
    headers = json_object_ref (from->headers);
  else if (from != NULL && replace)
    headers = sb_s3_collect_headers (request);
  if (from == NULL || !sb_s3_check_put (request, bucket, key, &error) ||
      !sb_object_store_copy (request->engine->objects, from, bucket, key, headers, &copied, &error))
    {
      sb_request_reply_error (request, error);
      return;
    }
  sb_request_add_header (request, "x-amz-version-id", copied->version);
  modified = sb_s3_format_time (copied->modified);
  etag = sb_s3_quote_etag (copied->etag);
  writer = sb_xml_writer_new ("CopyObjectResult", SB_S3_NAMESPACE);
  sb_xml_writer_text (writer, "LastModified", modified);
  sb_xml_writer_text (writer, "ETag", etag);
  sb_s3_reply_xml (request, 200, writer);
}
