/* sb-s3-versions.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "engine/sb-s3.h"

#define MAX_KEYS 1000

static void
write_key (SbXmlWriter *writer, const char *name, const char *key, gboolean encode)
{
  g_autofree char *encoded = encode && key != NULL ? sb_uri_encode (key, -1, TRUE) : NULL;

  sb_xml_writer_text (writer, name, encoded != NULL ? encoded : key);
}

static void
write_version (SbXmlWriter *writer, const SbVersion *version, gboolean encode)
{
  const SbObject *object = version->object;
  g_autofree char *modified = sb_s3_format_time (object->modified);
  g_autofree char *etag = sb_s3_quote_etag (object->etag);

  sb_xml_writer_open (writer, version->marker ? "DeleteMarker" : "Version");
  write_key (writer, "Key", object->key, encode);
  sb_xml_writer_text (writer, "VersionId", object->version);
  sb_xml_writer_bool (writer, "IsLatest", version->latest);
  sb_xml_writer_text (writer, "LastModified", modified);
  if (!version->marker)
    {
      sb_xml_writer_text (writer, "ETag", etag);
      sb_xml_writer_int (writer, "Size", (gint64) object->size);
      sb_xml_writer_text (writer, "StorageClass", "STANDARD");
    }
  sb_xml_writer_open (writer, "Owner");
  sb_xml_writer_text (writer, "ID", SB_ENGINE_ACCOUNT);
  sb_xml_writer_close (writer);
  sb_xml_writer_close (writer);
}

static void
write_head (SbXmlWriter *writer,
            SbRequest *request,
            const char *bucket,
            guint max,
            GPtrArray *versions,
            gboolean encode)
{
  gboolean truncated = versions->len > max;

  sb_xml_writer_text (writer, "Name", bucket);
  write_key (writer, "Prefix", sb_request_get_query (request, "prefix"), encode);
  write_key (writer, "KeyMarker", sb_request_get_query (request, "key-marker"), encode);
  sb_xml_writer_text (writer,
                      "VersionIdMarker",
                      sb_request_get_query (request, "version-id-marker"));
  sb_xml_writer_int (writer, "MaxKeys", max);
  if (encode)
    sb_xml_writer_text (writer, "EncodingType", "url");
  sb_xml_writer_bool (writer, "IsTruncated", truncated);
  if (truncated && max > 0)
    {
      const SbVersion *last = g_ptr_array_index (versions, max - 1);

      write_key (writer, "NextKeyMarker", last->object->key, encode);
      sb_xml_writer_text (writer, "NextVersionIdMarker", last->object->version);
    }
}

/**
 * sb_s3_list_versions:
 * @request: ListObjectVersions
 * @bucket: a bucket that exists
 */
void
sb_s3_list_versions (SbRequest *request, const char *bucket)
{
  const char *prefix = sb_request_get_query (request, "prefix");
  const char *delimiter = sb_request_get_query (request, "delimiter");
  const char *max_text = sb_request_get_query (request, "max-keys");
  guint64 max = MAX_KEYS;
  gboolean encode = g_strcmp0 (sb_request_get_query (request, "encoding-type"), "url") == 0;
  g_autoptr (GPtrArray) versions = NULL;
  SbXmlWriter *writer;

  if (delimiter != NULL && *delimiter != '\0')
    {
      sb_request_fail (request,
                       501,
                       "NotImplemented",
                       "The local engine lists versions without a delimiter only");
      return;
    }
  if (max_text != NULL && !g_ascii_string_to_unsigned (max_text, 10, 0, G_MAXINT32, &max, NULL))
    {
      sb_request_fail (request,
                       400,
                       "InvalidArgument",
                       "Argument max-keys must be an integer between 0 and 2147483647");
      return;
    }
  max = MIN (max, MAX_KEYS);
  versions = sb_object_store_list_versions (request->engine->objects,
                                            bucket,
                                            prefix != NULL ? prefix : "",
                                            sb_request_get_query (request, "key-marker"),
                                            sb_request_get_query (request, "version-id-marker"),
                                            (guint) max + 1);
  writer = sb_xml_writer_new ("ListVersionsResult", SB_S3_NAMESPACE);
  write_head (writer, request, bucket, (guint) max, versions, encode);
  for (guint i = 0; i < MIN (versions->len, max); i++)
    write_version (writer, g_ptr_array_index (versions, i), encode);
  sb_s3_reply_xml (request, 200, writer);
}
