/* sb-s3-multipart.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "engine/sb-s3.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

#define MAX_PART_NUMBER 10000
#define MIN_PART_SIZE   (G_GUINT64_CONSTANT (5) * 1024 * 1024)

static double
now (void)
{
  return (double) (g_get_real_time () / 1000) / 1000;
}

static SbUpload *
find_upload (SbRequest *request, const char *bucket, const char *key, GError **error)
{
  return sb_object_store_find_upload (
      request->engine->objects, bucket, key, sb_request_get_query (request, "uploadId"), error);
}

/**
 * sb_s3_create_upload:
 * @request: CreateMultipartUpload
 * @bucket: a bucket that exists
 * @key: the key of the object to be
 */
void
sb_s3_create_upload (SbRequest *request, const char *bucket, const char *key)
{
  g_autoptr (JsonObject) headers = sb_s3_collect_headers (request);
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  SbXmlWriter *writer;

  if (sb_s3_check_put (request, bucket, key, &error))
    id = sb_object_store_create_upload (request->engine->objects, bucket, key, headers, &error);
  if (id == NULL)
    {
      sb_request_reply_error (request, error);
      return;
    }
  sb_request_add_header (request,
                         "x-amz-checksum-algorithm",
                         sb_request_get_header (request, "x-amz-checksum-algorithm"));
  writer = sb_xml_writer_new ("InitiateMultipartUploadResult", SB_S3_NAMESPACE);
  sb_xml_writer_text (writer, "Bucket", bucket);
  sb_xml_writer_text (writer, "Key", key);
  sb_xml_writer_text (writer, "UploadId", id);
  sb_s3_reply_xml (request, 200, writer);
}

static gboolean
read_part_number (SbRequest *request, guint *number, GError **error)
{
  const char *text = sb_request_get_query (request, "partNumber");
  guint64 value;

  if (text != NULL && g_ascii_string_to_unsigned (text, 10, 1, MAX_PART_NUMBER, &value, NULL))
    {
      *number = (guint) value;
      return TRUE;
    }
  g_propagate_error (
      error,
      sb_error_new_service (400,
                            "InvalidArgument",
                            "Part number must be an integer between 1 and 10000, inclusive",
                            NULL));
  return FALSE;
}

/**
 * sb_s3_put_part:
 * @request: UploadPart
 * @stream: its body, stored
 * @target: the object to be
 */
void
sb_s3_put_part (SbRequest *request, SbUploadStream *stream, const SbS3Target *target)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbUpload) upload = find_upload (request, target->bucket, target->key, &error);
  g_autofree char *etag = sb_s3_quote_etag (sb_upload_stream_get_md5 (stream));
  g_autofree char *checksum = sb_upload_stream_dup_checksum (stream);
  SbPart part = {
    .size = sb_upload_stream_get_size (stream),
    .etag = (char *) sb_upload_stream_get_md5 (stream),
    .modified = now (),
    .blob = (char *) sb_upload_stream_get_blob (stream),
    .checksum = checksum,
  };

  if (upload == NULL || !read_part_number (request, &part.number, &error) ||
      !sb_object_store_put_part (request->engine->objects, upload->id, &part, &error))
    {
      g_autofree char *path = sb_object_store_dup_blob_path (request->engine->objects, part.blob);

      g_unlink (path);
      sb_request_reply_error (request, error);
      return;
    }
  sb_request_add_header (request, "ETag", etag);
  if (checksum != NULL)
    {
      char *value = strchr (checksum, ':');

      *value++ = '\0';
      sb_request_add_header (request, checksum, value);
    }
  sb_request_reply (request, 200, NULL, NULL);
}

/**
 * sb_s3_list_parts:
 * @request: ListParts
 * @bucket: a bucket that exists
 * @key: the key of the object to be
 */
void
sb_s3_list_parts (SbRequest *request, const char *bucket, const char *key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbUpload) upload = find_upload (request, bucket, key, &error);
  const char *marker_text = sb_request_get_query (request, "part-number-marker");
  const char *max_text = sb_request_get_query (request, "max-parts");
  guint64 marker = marker_text != NULL ? g_ascii_strtoull (marker_text, NULL, 10) : 0;
  guint64 max = max_text != NULL ? MIN (g_ascii_strtoull (max_text, NULL, 10), 1000) : 1000;
  g_autoptr (GPtrArray) parts = NULL;
  SbXmlWriter *writer;
  guint first = 0;
  guint end;

  if (upload == NULL)
    {
      sb_request_reply_error (request, error);
      return;
    }
  parts = sb_object_store_list_parts (request->engine->objects, upload->id);
  while (first < parts->len && ((SbPart *) parts->pdata[first])->number <= marker)
    first++;
  end = (guint) MIN (parts->len, first + max);
  writer = sb_xml_writer_new ("ListPartsResult", SB_S3_NAMESPACE);
  sb_xml_writer_text (writer, "Bucket", bucket);
  sb_xml_writer_text (writer, "Key", key);
  sb_xml_writer_text (writer, "UploadId", upload->id);
  sb_xml_writer_int (writer, "PartNumberMarker", (gint64) marker);
  if (end > first)
    sb_xml_writer_int (writer, "NextPartNumberMarker", ((SbPart *) parts->pdata[end - 1])->number);
  sb_xml_writer_int (writer, "MaxParts", (gint64) max);
  sb_xml_writer_bool (writer, "IsTruncated", end < parts->len);
  for (guint i = first; i < end; i++)
    {
      const SbPart *part = g_ptr_array_index (parts, i);
      g_autofree char *modified = sb_s3_format_time (part->modified);
      g_autofree char *etag = sb_s3_quote_etag (part->etag);

      sb_xml_writer_open (writer, "Part");
      sb_xml_writer_int (writer, "PartNumber", part->number);
      sb_xml_writer_text (writer, "LastModified", modified);
      sb_xml_writer_text (writer, "ETag", etag);
      sb_xml_writer_int (writer, "Size", (gint64) part->size);
      sb_xml_writer_close (writer);
    }
  sb_s3_reply_xml (request, 200, writer);
}

static void
write_key (SbXmlWriter *writer, const char *name, const char *key, gboolean encode)
{
  g_autofree char *encoded = encode && key != NULL ? sb_uri_encode (key, -1, TRUE) : NULL;

  sb_xml_writer_text (writer, name, encoded != NULL ? encoded : key);
}

/* Whether an upload was on a page before: by its key, then, as they come in the order of their age,
 * by the upload that was the last one of that key. */
static guint
find_first_upload (GPtrArray *uploads, const char *key, const char *id)
{
  guint first = 0;

  if (key == NULL || *key == '\0')
    return 0;
  while (first < uploads->len && strcmp (((SbUpload *) uploads->pdata[first])->key, key) < 0)
    first++;
  for (guint i = first; i < uploads->len; i++)
    {
      const SbUpload *upload = g_ptr_array_index (uploads, i);

      if (strcmp (upload->key, key) != 0)
        break;
      if (id == NULL || *id == '\0' || strcmp (upload->id, id) == 0)
        first = i + 1;
    }
  return first;
}

static void
write_upload (SbXmlWriter *writer, const SbUpload *upload, gboolean encode)
{
  g_autofree char *created = sb_s3_format_time (upload->created);

  sb_xml_writer_open (writer, "Upload");
  write_key (writer, "Key", upload->key, encode);
  sb_xml_writer_text (writer, "UploadId", upload->id);
  sb_xml_writer_text (writer, "Initiated", created);
  sb_xml_writer_close (writer);
}

/**
 * sb_s3_list_uploads:
 * @request: ListMultipartUploads
 * @bucket: a bucket that exists
 */
void
sb_s3_list_uploads (SbRequest *request, const char *bucket)
{
  const char *prefix = sb_request_get_query (request, "prefix");
  const char *key_marker = sb_request_get_query (request, "key-marker");
  const char *id_marker = sb_request_get_query (request, "upload-id-marker");
  const char *max_text = sb_request_get_query (request, "max-uploads");
  guint64 max = max_text != NULL ? MIN (g_ascii_strtoull (max_text, NULL, 10), 1000) : 1000;
  g_autoptr (GPtrArray) uploads =
      sb_object_store_list_uploads (request->engine->objects, bucket, prefix != NULL ? prefix : "");
  gboolean encode = g_strcmp0 (sb_request_get_query (request, "encoding-type"), "url") == 0;
  SbXmlWriter *writer = sb_xml_writer_new ("ListMultipartUploadsResult", SB_S3_NAMESPACE);
  guint first = find_first_upload (uploads, key_marker, id_marker);
  guint end = (guint) MIN (uploads->len, first + max);

  sb_xml_writer_text (writer, "Bucket", bucket);
  write_key (writer, "KeyMarker", key_marker, encode);
  sb_xml_writer_text (writer, "UploadIdMarker", id_marker);
  write_key (writer, "Prefix", prefix, encode);
  sb_xml_writer_int (writer, "MaxUploads", (gint64) max);
  if (encode)
    sb_xml_writer_text (writer, "EncodingType", "url");
  sb_xml_writer_bool (writer, "IsTruncated", end < uploads->len);
  if (end < uploads->len && end > first)
    {
      write_key (writer, "NextKeyMarker", ((SbUpload *) uploads->pdata[end - 1])->key, encode);
      sb_xml_writer_text (writer, "NextUploadIdMarker", ((SbUpload *) uploads->pdata[end - 1])->id);
    }
  for (guint i = first; i < end; i++)
    write_upload (writer, g_ptr_array_index (uploads, i), encode);
  sb_s3_reply_xml (request, 200, writer);
}

static const SbPart *
find_part (GPtrArray *parts, guint64 number)
{
  for (guint i = 0; i < parts->len; i++)
    {
      const SbPart *part = g_ptr_array_index (parts, i);

      if (part->number == number)
        return part;
    }
  return NULL;
}

static gboolean
refuse (GError **error, const char *code, const char *message)
{
  g_propagate_error (error, sb_error_new_service (400, code, message, NULL));
  return FALSE;
}

static void
add_md5 (SbDigest *digest, const char *hex)
{
  for (guint i = 0; i + 1 < strlen (hex); i += 2)
    {
      guint8 byte =
          (guint8) ((g_ascii_xdigit_value (hex[i]) << 4) | g_ascii_xdigit_value (hex[i + 1]));

      sb_digest_update (digest, &byte, 1);
    }
}

/* Takes one Part element of the request: it has to name a part that is there, with its ETag. */
static gboolean
take_part (SbObject *object,
           GString *blobs,
           SbDigest *digest,
           GPtrArray *parts,
           const SbXmlNode *node,
           guint64 *previous,
           gboolean is_last,
           GError **error)
{
  guint64 number = g_ascii_strtoull (sb_xml_get (node, "PartNumber", "0"), NULL, 10);
  g_autofree char *etag = g_strdup (sb_xml_get (node, "ETag", ""));
  const SbPart *part = find_part (parts, number);
  gsize length = strlen (etag);

  if (length >= 2 && etag[0] == '"' && etag[length - 1] == '"')
    {
      etag[length - 1] = '\0';
      memmove (etag, etag + 1, length - 1);
    }
  if (number <= *previous)
    return refuse (error,
                   "InvalidPartOrder",
                   "The list of parts was not in ascending order. The parts list must be "
                   "specified in order by part number.");
  if (part == NULL || strcmp (part->etag, etag) != 0)
    return refuse (error,
                   "InvalidPart",
                   "One or more of the specified parts could not be found. The part may not have "
                   "been uploaded, or the specified entity tag may not match the part's entity "
                   "tag.");
  if (!is_last && part->size < MIN_PART_SIZE)
    return refuse (error,
                   "EntityTooSmall",
                   "Your proposed upload is smaller than the minimum allowed size");
  *previous = number;
  object->size += part->size;
  add_md5 (digest, part->etag);
  if (blobs->len > 0)
    g_string_append_c (blobs, ',');
  g_string_append_printf (blobs, "%s:%" G_GUINT64_FORMAT, part->blob, part->size);
  return TRUE;
}

static SbObject *
assemble (SbRequest *request, const SbUpload *upload, const SbXmlNode *root, GError **error)
{
  g_autoptr (GPtrArray) parts = sb_object_store_list_parts (request->engine->objects, upload->id);
  g_autoptr (SbObject) object = g_new0 (SbObject, 1);
  g_autoptr (GString) blobs = g_string_new (NULL);
  g_autoptr (SbDigest) digest = sb_digest_new (SB_DIGEST_MD5);
  g_autofree char *md5 = NULL;
  guint64 previous = 0;
  guint count = root->children->len;

  for (guint i = 0; i < count; i++)
    if (!take_part (object,
                    blobs,
                    digest,
                    parts,
                    g_ptr_array_index (root->children, i),
                    &previous,
                    i + 1 == count,
                    error))
      return NULL;
  md5 = sb_digest_finish_hex (digest);
  object->key = g_strdup (upload->key);
  object->etag = g_strdup_printf ("%s-%u", md5, count);
  object->modified = now ();
  object->headers = upload->headers != NULL ? json_object_ref (upload->headers) : NULL;
  object->blobs = g_strdup (blobs->str);
  return g_steal_pointer (&object);
}

static void
reply_completed (SbRequest *request, const char *bucket, const SbObject *object)
{
  SbXmlWriter *writer = sb_xml_writer_new ("CompleteMultipartUploadResult", SB_S3_NAMESPACE);
  g_autofree char *encoded = sb_uri_encode (object->key, -1, TRUE);
  g_autofree char *location = g_strdup_printf ("/%s/%s", bucket, encoded);
  g_autofree char *etag = sb_s3_quote_etag (object->etag);

  sb_request_add_header (request, "x-amz-version-id", object->version);
  sb_xml_writer_text (writer, "Location", location);
  sb_xml_writer_text (writer, "Bucket", bucket);
  sb_xml_writer_text (writer, "Key", object->key);
  sb_xml_writer_text (writer, "ETag", etag);
  sb_s3_reply_xml (request, 200, writer);
}

/**
 * sb_s3_complete_upload:
 * @request: CompleteMultipartUpload
 * @bucket: a bucket that exists
 * @key: the key of the object to be
 */
void
sb_s3_complete_upload (SbRequest *request, const char *bucket, const char *key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbUpload) upload = find_upload (request, bucket, key, &error);
  gsize length = 0;
  const char *text = request->body != NULL ? g_bytes_get_data (request->body, &length) : "";
  g_autoptr (SbXmlNode) root = sb_xml_parse (text, (gssize) length, NULL);
  g_autoptr (SbObject) object = NULL;

  if (upload != NULL && (root == NULL || root->children->len == 0))
    refuse (&error,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published "
            "schema");
  else if (upload != NULL && sb_s3_check_put (request, bucket, key, &error))
    object = assemble (request, upload, root, &error);
  if (object == NULL ||
      !sb_object_store_complete_upload (request->engine->objects, upload, object, &error))
    {
      sb_request_reply_error (request, error);
      return;
    }
  reply_completed (request, bucket, object);
}

/**
 * sb_s3_abort_upload:
 * @request: AbortMultipartUpload
 * @bucket: a bucket that exists
 * @key: the key of the object that is not to be
 */
void
sb_s3_abort_upload (SbRequest *request, const char *bucket, const char *key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbUpload) upload = find_upload (request, bucket, key, &error);

  if (upload != NULL && sb_object_store_abort_upload (request->engine->objects, upload->id, &error))
    sb_request_reply (request, 204, NULL, NULL);
  else
    sb_request_reply_error (request, error);
}
