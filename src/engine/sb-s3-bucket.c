/* sb-s3-bucket.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "engine/sb-s3.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"

#define MAX_DELETE 1000

static void
write_owner (SbXmlWriter *writer)
{
  sb_xml_writer_open (writer, "Owner");
  sb_xml_writer_text (writer, "ID", SB_ENGINE_ACCOUNT);
  sb_xml_writer_text (writer, "DisplayName", "sagebrush");
  sb_xml_writer_close (writer);
}

/**
 * sb_s3_list_buckets:
 * @request: ListBuckets
 */
void
sb_s3_list_buckets (SbRequest *request)
{
  g_autoptr (JsonArray) buckets = sb_object_store_list_buckets (request->engine->objects);
  SbXmlWriter *writer = sb_xml_writer_new ("ListAllMyBucketsResult", SB_S3_NAMESPACE);
  const char *prefix = sb_request_get_query (request, "prefix");

  write_owner (writer);
  sb_xml_writer_open (writer, "Buckets");
  for (guint i = 0; i < json_array_get_length (buckets); i++)
    {
      JsonObject *bucket = json_array_get_object_element (buckets, i);
      const char *name = json_object_get_string_member (bucket, "Name");
      g_autofree char *created =
          sb_s3_format_time (json_object_get_double_member (bucket, "CreationDate"));

      if (prefix != NULL && !g_str_has_prefix (name, prefix))
        continue;
      sb_xml_writer_open (writer, "Bucket");
      sb_xml_writer_text (writer, "Name", name);
      sb_xml_writer_text (writer, "CreationDate", created);
      sb_xml_writer_close (writer);
    }
  sb_s3_reply_xml (request, 200, writer);
}

static gboolean
check_location (SbRequest *request, GError **error)
{
  const char *region = request->engine->region;
  g_autoptr (SbXmlNode) root = NULL;
  const char *wanted = NULL;
  const char *code = NULL;
  gsize length = 0;
  const char *text = request->body != NULL ? g_bytes_get_data (request->body, &length) : NULL;

  if (length > 0)
    {
      root = sb_xml_parse (text, (gssize) length, NULL);
      if (root == NULL)
        {
          g_propagate_error (
              error,
              sb_error_new_service (400,
                                    "MalformedXML",
                                    "The XML you provided was not well-formed or did not "
                                    "validate against our published schema",
                                    NULL));
          return FALSE;
        }
      wanted = sb_xml_get (root, "LocationConstraint", NULL);
    }
  if (strcmp (region, "us-east-1") == 0)
    code = wanted != NULL && *wanted != '\0' ? "InvalidLocationConstraint" : NULL;
  else if (g_strcmp0 (wanted, region) != 0)
    code = "IllegalLocationConstraintException";
  if (code == NULL)
    return TRUE;
  g_propagate_error (
      error,
      sb_error_new_service (400,
                            code,
                            "The specified location-constraint is not valid for this "
                            "region's endpoint",
                            NULL));
  return FALSE;
}

static void
create_bucket (SbRequest *request, const char *bucket)
{
  SbEngine *engine = request->engine;
  g_autoptr (GError) error = NULL;
  g_autofree char *location = g_strconcat ("/", bucket, NULL);

  if (!sb_bucket_name_is_valid (bucket))
    sb_request_fail (request, 400, "InvalidBucketName", "The specified bucket is not valid.");
  else if (!check_location (request, &error))
    sb_request_reply_error (request, error);
  else if (sb_object_store_has_bucket (engine->objects, bucket) &&
           strcmp (engine->region, "us-east-1") != 0)
    sb_request_fail (request,
                     409,
                     "BucketAlreadyOwnedByYou",
                     "Your previous request to create the named bucket succeeded and you already "
                     "own it.");
  else if (!sb_object_store_create_bucket (engine->objects, bucket, &error))
    sb_request_reply_error (request, error);
  else
    {
      sb_request_add_header (request, "Location", location);
      sb_request_reply (request, 200, NULL, NULL);
    }
}

/* The one document of S3 whose root itself holds the text; us-east-1 is written as nothing. */
static void
get_location (SbRequest *request)
{
  const char *region = request->engine->region;
  char *text =
      g_strdup_printf ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                       "<LocationConstraint xmlns=\"" SB_S3_NAMESPACE "\">%s</LocationConstraint>",
                       strcmp (region, "us-east-1") == 0 ? "" : region);
  g_autoptr (GBytes) body = g_bytes_new_take (text, strlen (text));

  sb_request_reply (request, 200, "application/xml", body);
}

static void
write_deleted (SbXmlWriter *writer,
               const char *key,
               const char *version,
               gboolean marker,
               const char *made)
{
  sb_xml_writer_open (writer, "Deleted");
  sb_xml_writer_text (writer, "Key", key);
  sb_xml_writer_text (writer, "VersionId", version);
  if (marker || made != NULL)
    sb_xml_writer_bool (writer, "DeleteMarker", TRUE);
  sb_xml_writer_text (writer, "DeleteMarkerVersionId", marker ? version : made);
  sb_xml_writer_close (writer);
}

static void
delete_one (SbRequest *request,
            const char *bucket,
            const SbXmlNode *node,
            gboolean quiet,
            SbXmlWriter *writer)
{
  const char *key = sb_xml_get (node, "Key", "");
  const char *version = sb_xml_get (node, "VersionId", NULL);
  SbObjectStore *store = request->engine->objects;
  g_autoptr (GError) error = NULL;
  g_autofree char *made = NULL;
  gboolean marker = FALSE;
  gboolean done =
      version != NULL
          ? sb_object_store_delete_version (store, bucket, key, version, &marker, &error)
          : sb_object_store_delete (store, bucket, key, &made, &error);

  if (done && !quiet)
    write_deleted (writer, key, version, marker, made);
  if (done)
    return;
  sb_xml_writer_open (writer, "Error");
  sb_xml_writer_text (writer, "Key", key);
  sb_xml_writer_text (writer, "Code", "InternalError");
  sb_xml_writer_text (writer, "Message", error->message);
  sb_xml_writer_close (writer);
}

static gboolean
check_body_digest (SbRequest *request)
{
  const char *md5 = sb_request_get_header (request, "Content-MD5");
  gsize length;
  const void *data = g_bytes_get_data (request->body, &length);
  g_autofree char *value = sb_digest_base64 (SB_DIGEST_MD5, data, (gssize) length);

  return md5 == NULL || strcmp (md5, value) == 0;
}

static void
delete_objects (SbRequest *request, const char *bucket)
{
  gsize length = 0;
  const char *text = request->body != NULL ? g_bytes_get_data (request->body, &length) : "";
  g_autoptr (SbXmlNode) root = sb_xml_parse (text, (gssize) length, NULL);
  SbXmlWriter *writer;
  gboolean quiet;

  if (root == NULL || root->children->len == 0 || root->children->len > MAX_DELETE + 1)
    {
      sb_request_fail (request,
                       400,
                       "MalformedXML",
                       "The XML you provided was not well-formed or did not validate against our "
                       "published schema");
      return;
    }
  if (!check_body_digest (request))
    {
      sb_request_fail (request,
                       400,
                       "BadDigest",
                       "The Content-MD5 you specified did not match what we received.");
      return;
    }
  quiet = strcmp (sb_xml_get (root, "Quiet", "false"), "true") == 0;
  writer = sb_xml_writer_new ("DeleteResult", SB_S3_NAMESPACE);
  for (guint i = 0; i < root->children->len; i++)
    {
      const SbXmlNode *child = g_ptr_array_index (root->children, i);

      if (strcmp (child->name, "Object") == 0 && sb_xml_get (child, "Key", NULL) != NULL)
        delete_one (request, bucket, child, quiet, writer);
    }
  sb_s3_reply_xml (request, 200, writer);
}

static void
delete_bucket (SbRequest *request, const char *bucket)
{
  g_autoptr (GError) error = NULL;

  if (sb_object_store_delete_bucket (request->engine->objects, bucket, &error))
    sb_request_reply (request, 204, NULL, NULL);
  else
    sb_request_reply_error (request, error);
}

/**
 * sb_s3_bucket:
 * @request: a request about a bucket
 * @bucket: its name
 */
void
sb_s3_bucket (SbRequest *request, const char *bucket)
{
  const char *method = request->method;
  g_autoptr (GError) error = NULL;

  if (sb_s3_bucket_setting (request, bucket))
    return;
  if (strcmp (method, "PUT") == 0)
    create_bucket (request, bucket);
  else if (!sb_object_store_require_bucket (request->engine->objects, bucket, &error))
    sb_request_reply_error (request, error);
  else if (strcmp (method, "HEAD") == 0)
    {
      sb_request_add_header (request, "x-amz-bucket-region", request->engine->region);
      sb_request_reply (request, 200, "application/xml", NULL);
    }
  else if (strcmp (method, "DELETE") == 0)
    delete_bucket (request, bucket);
  else if (strcmp (method, "POST") == 0 && sb_request_get_query (request, "delete") != NULL)
    delete_objects (request, bucket);
  else if (strcmp (method, "GET") == 0 && sb_request_get_query (request, "location") != NULL)
    get_location (request);
  else if (strcmp (method, "GET") == 0 && sb_request_get_query (request, "uploads") != NULL)
    sb_s3_list_uploads (request, bucket);
  else if (strcmp (method, "GET") == 0)
    sb_s3_list_objects (request, bucket);
  else
    sb_request_fail (request,
                     405,
                     "MethodNotAllowed",
                     "The specified method is not allowed against this resource.");
}
