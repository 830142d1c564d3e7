/* sb-s3-settings.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a bucket is set to: tags, the public access block, versioning.
 */

#include "config.h"

#include <string.h>

#include "engine/sb-s3.h"
#include "wire/sb-json.h"

#define MAX_TAGS 50

typedef void (*SettingFunc) (SbRequest *request, const char *bucket);

static SbXmlNode *
read_body (SbRequest *request, const char *root_name)
{
  gsize length = 0;
  const char *text = request->body != NULL ? g_bytes_get_data (request->body, &length) : "";
  g_autoptr (SbXmlNode) root = sb_xml_parse (text, (gssize) length, NULL);

  if (root != NULL && strcmp (root->name, root_name) == 0)
    return g_steal_pointer (&root);
  sb_request_fail (request,
                   400,
                   "MalformedXML",
                   "The XML you provided was not well-formed or did not validate against our "
                   "published schema");
  return NULL;
}

static void
set_setting (SbRequest *request,
             const char *bucket,
             const char *name,
             const char *value,
             guint status)
{
  g_autoptr (GError) error = NULL;

  if (sb_object_store_set_setting (request->engine->objects, bucket, name, value, &error))
    sb_request_reply (request, status, NULL, NULL);
  else
    sb_request_reply_error (request, error);
}

static JsonObject *
load_setting (SbRequest *request, const char *bucket, const char *name)
{
  g_autofree char *value = sb_object_store_dup_setting (request->engine->objects, bucket, name);

  return value != NULL ? sb_json_parse_object (value, -1, NULL) : NULL;
}

static void
put_tagging (SbRequest *request, const char *bucket)
{
  g_autoptr (SbXmlNode) root = read_body (request, "Tagging");
  const SbXmlNode *set = root != NULL ? sb_xml_find (root, "TagSet") : NULL;
  g_autoptr (JsonObject) tags = json_object_new ();
  g_autofree char *text = NULL;

  if (root == NULL)
    return;
  for (guint i = 0; set != NULL && i < set->children->len; i++)
    {
      const SbXmlNode *tag = g_ptr_array_index (set->children, i);
      const char *key = sb_xml_get (tag, "Key", "");

      if (*key == '\0' || json_object_has_member (tags, key))
        {
          sb_request_fail (request,
                           400,
                           "InvalidTag",
                           "Cannot provide multiple Tags with the same key, or one without");
          return;
        }
      json_object_set_string_member (tags, key, sb_xml_get (tag, "Value", ""));
    }
  if (json_object_get_size (tags) > MAX_TAGS)
    {
      sb_request_fail (request, 400, "BadRequest", "Bucket tag count cannot be greater than 50");
      return;
    }
  text = sb_json_to_string (tags);
  set_setting (request, bucket, "tagging", text, 204);
}

static void
get_tagging (SbRequest *request, const char *bucket)
{
  g_autoptr (JsonObject) tags = load_setting (request, bucket, "tagging");
  SbXmlWriter *writer;
  JsonObjectIter iter;
  const char *key;
  JsonNode *value;

  if (tags == NULL)
    {
      sb_request_fail (request, 404, "NoSuchTagSet", "The TagSet does not exist");
      return;
    }
  writer = sb_xml_writer_new ("Tagging", SB_S3_NAMESPACE);
  sb_xml_writer_open (writer, "TagSet");
  json_object_iter_init_ordered (&iter, tags);
  while (json_object_iter_next_ordered (&iter, &key, &value))
    {
      sb_xml_writer_open (writer, "Tag");
      sb_xml_writer_text (writer, "Key", key);
      sb_xml_writer_text (writer, "Value", json_node_get_string (value));
      sb_xml_writer_close (writer);
    }
  sb_xml_writer_close (writer);
  sb_s3_reply_xml (request, 200, writer);
}

static void
delete_tagging (SbRequest *request, const char *bucket)
{
  set_setting (request, bucket, "tagging", NULL, 204);
}

static const char *const block_members[] = { "BlockPublicAcls",
                                             "IgnorePublicAcls",
                                             "BlockPublicPolicy",
                                             "RestrictPublicBuckets" };

static void
put_access_block (SbRequest *request, const char *bucket)
{
  g_autoptr (SbXmlNode) root = read_body (request, "PublicAccessBlockConfiguration");
  g_autoptr (JsonObject) block = json_object_new ();
  g_autofree char *text = NULL;

  if (root == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (block_members); i++)
    json_object_set_boolean_member (
        block,
        block_members[i],
        g_ascii_strcasecmp (sb_xml_get (root, block_members[i], "false"), "true") == 0);
  text = sb_json_to_string (block);
  set_setting (request, bucket, "public-access-block", text, 200);
}

static void
get_access_block (SbRequest *request, const char *bucket)
{
  g_autoptr (JsonObject) block = load_setting (request, bucket, "public-access-block");
  SbXmlWriter *writer;

  if (block == NULL)
    {
      sb_request_fail (request,
                       404,
                       "NoSuchPublicAccessBlockConfiguration",
                       "The public access block configuration was not found");
      return;
    }
  writer = sb_xml_writer_new ("PublicAccessBlockConfiguration", SB_S3_NAMESPACE);
  for (guint i = 0; i < G_N_ELEMENTS (block_members); i++)
    sb_xml_writer_bool (writer,
                        block_members[i],
                        sb_json_get_bool (block, block_members[i], FALSE));
  sb_s3_reply_xml (request, 200, writer);
}

static void
delete_access_block (SbRequest *request, const char *bucket)
{
  set_setting (request, bucket, "public-access-block", NULL, 204);
}

static void
put_versioning (SbRequest *request, const char *bucket)
{
  g_autoptr (SbXmlNode) root = read_body (request, "VersioningConfiguration");
  const char *status;

  if (root == NULL)
    return;
  status = sb_xml_get (root, "Status", "");
  if (strcmp (status, "Enabled") != 0 && strcmp (status, "Suspended") != 0)
    sb_request_fail (request,
                     400,
                     "IllegalVersioningConfigurationException",
                     "The Versioning element must be specified");
  else
    set_setting (request, bucket, "versioning", status, 200);
}

static void
get_versioning (SbRequest *request, const char *bucket)
{
  g_autofree char *status =
      sb_object_store_dup_setting (request->engine->objects, bucket, "versioning");
  SbXmlWriter *writer = sb_xml_writer_new ("VersioningConfiguration", SB_S3_NAMESPACE);

  sb_xml_writer_text (writer, "Status", status);
  sb_s3_reply_xml (request, 200, writer);
}

static const struct
{
  const char *name;
  const char *method;
  SettingFunc func;
} settings[] = {
  { "tagging", "PUT", put_tagging },
  { "tagging", "GET", get_tagging },
  { "tagging", "DELETE", delete_tagging },
  { "publicAccessBlock", "PUT", put_access_block },
  { "publicAccessBlock", "GET", get_access_block },
  { "publicAccessBlock", "DELETE", delete_access_block },
  { "versioning", "PUT", put_versioning },
  { "versioning", "GET", get_versioning },
  { "versions", "GET", sb_s3_list_versions },
};

/**
 * sb_s3_is_setting:
 * @name: of a part of the query
 *
 * Returns: whether it names something that sb_s3_bucket_setting() knows
 */
gboolean
sb_s3_is_setting (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (strcmp (settings[i].name, name) == 0)
      return TRUE;
  return FALSE;
}

/**
 * sb_s3_bucket_setting:
 * @request: a request about a bucket
 * @bucket: its name
 *
 * Answers when the request is about one of the bucket's settings.
 *
 * Returns: whether it was
 */
gboolean
sb_s3_bucket_setting (SbRequest *request, const char *bucket)
{
  g_autoptr (GError) error = NULL;
  gboolean named = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      if (sb_request_get_query (request, settings[i].name) == NULL)
        continue;
      named = TRUE;
      if (strcmp (settings[i].method, request->method) != 0)
        continue;
      if (sb_object_store_require_bucket (request->engine->objects, bucket, &error))
        settings[i].func (request, bucket);
      else
        sb_request_reply_error (request, error);
      return TRUE;
    }
  if (named)
    sb_request_fail (request,
                     405,
                     "MethodNotAllowed",
                     "The specified method is not allowed against this resource.");
  return named;
}
