/* sb-answer.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-answer-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-uri.h"
#include "wire/sb-xml.h"

/*< private >
 * _sb_answer_clear:
 * @self: an answer
 */
void
_sb_answer_clear (SbAnswer *self)
{
  g_clear_pointer (&self->headers, soup_message_headers_unref);
  g_clear_pointer (&self->body, g_bytes_unref);
  self->status = 0;
}

gboolean
_sb_answer_is_success (const SbAnswer *self)
{
  return self->status >= 200 && self->status < 300;
}

static const char *
get_header (const SbAnswer *self, const char *name)
{
  return self->headers != NULL ? soup_message_headers_get_one (self->headers, name) : NULL;
}

/*< private >
 * _sb_answer_get_request_id:
 * @self: an answer
 *
 * Returns: (transfer none) (nullable): what the service's support asks for
 */
const char *
_sb_answer_get_request_id (const SbAnswer *self)
{
  const char *id = get_header (self, "x-amzn-RequestId");

  return id != NULL ? id : get_header (self, "x-amz-request-id");
}

static SbXmlNode *
parse_xml (const SbAnswer *self, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (self->body, &length);

  return sb_xml_parse (text != NULL ? text : "", (gssize) length, error);
}

/* "prefix#Code:http://…" */
static char *
tidy_code (const char *code)
{
  const char *hash = strchr (code, '#');
  const char *start = hash != NULL ? hash + 1 : code;

  return g_strndup (start, strcspn (start, ":"));
}

static GError *
json_error (const SbAnswer *self)
{
  g_autoptr (JsonObject) body = sb_json_parse_bytes (self->body, NULL);
  const char *header = get_header (self, "x-amzn-ErrorType");
  g_autofree char *code = NULL;
  const char *raw = header, *message = NULL;

  if (body != NULL)
    {
      if (raw == NULL)
        raw = sb_json_get_string (body, "__type", NULL);
      message = sb_json_get_string (body, "message", sb_json_get_string (body, "Message", NULL));
    }
  if (raw != NULL)
    code = tidy_code (raw);
  return sb_error_new_service (self->status, code, message, _sb_answer_get_request_id (self));
}

/* An answer to HEAD has no body that could say more. */
static GError *
bare_error (const SbAnswer *self)
{
  const char *message = NULL;

  if (self->status == 404)
    message = _ ("There is no such bucket or object. Check its name.");
  else if (self->status == 403)
    message = _ ("Access was denied. Check the credentials and their permissions.");
  return sb_error_new_service (self->status, NULL, message, _sb_answer_get_request_id (self));
}

static GError *
xml_error (const SbAnswer *self, char **region)
{
  g_autoptr (SbXmlNode) root = parse_xml (self, NULL);
  const SbXmlNode *node = root;
  const char *id = _sb_answer_get_request_id (self);

  if (root != NULL && sb_xml_find (root, "Error") != NULL)
    node = sb_xml_find (root, "Error");
  if (node == NULL || sb_xml_find (node, "Code") == NULL)
    return bare_error (self);
  if (region != NULL && *region == NULL)
    *region = g_strdup (sb_xml_get (node, "Region", NULL));
  return sb_error_new_service (self->status,
                               sb_xml_get (node, "Code", NULL),
                               sb_xml_get (node, "Message", NULL),
                               id != NULL ? id : sb_xml_get (root, "RequestId", NULL));
}

static gboolean
is_error_document (const SbAnswer *self)
{
  g_autoptr (SbXmlNode) root = NULL;

  if (g_bytes_get_size (self->body) == 0)
    return FALSE;
  root = parse_xml (self, NULL);
  return root != NULL && strcmp (root->name, "Error") == 0;
}

/*< private >
 * _sb_answer_to_error:
 * @self: an answer
 * @operation: what was asked
 * @region: (out) (optional) (nullable): the Region that the service wants to be asked in
 *
 * Returns: (transfer full) (nullable): the error that the answer is
 */
GError *
_sb_answer_to_error (const SbAnswer *self, const SbOperation *operation, char **region)
{
  if (region != NULL)
    *region = g_strdup (get_header (self, "x-amz-bucket-region"));
  if (_sb_answer_is_success (self))
    {
      SbAnswer broken = *self;

      /* S3 begins to answer a long operation before it knows how that ends. */
      if (operation->protocol != SB_PROTOCOL_REST_XML ||
          _sb_shape_is (operation->shape, "method", "GET") || !is_error_document (self))
        return NULL;
      broken.status = 500;
      return xml_error (&broken, NULL);
    }
  if (operation->protocol == SB_PROTOCOL_JSON || operation->protocol == SB_PROTOCOL_REST_JSON)
    return json_error (self);
  return xml_error (self, region);
}

static double
parse_time (const char *text)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, NULL);

  if (time == NULL)
    time = soup_date_time_new_from_http_string (text);
  if (time == NULL)
    return 0;
  return (double) g_date_time_to_unix (time) + g_date_time_get_microsecond (time) / 1e6;
}

static JsonNode *
scalar (JsonObject *shape, const char *text, gboolean decode)
{
  JsonNode *node = json_node_new (JSON_NODE_VALUE);
  const char *type = _sb_shape_get_string (shape, "type", "string");
  g_autofree char *decoded = NULL;

  if (strcmp (type, "integer") == 0 || strcmp (type, "long") == 0)
    json_node_set_int (node, g_ascii_strtoll (text, NULL, 10));
  else if (strcmp (type, "float") == 0 || strcmp (type, "double") == 0)
    json_node_set_double (node, g_ascii_strtod (text, NULL));
  else if (strcmp (type, "boolean") == 0)
    json_node_set_boolean (node, g_ascii_strcasecmp (text, "true") == 0);
  else if (strcmp (type, "timestamp") == 0)
    json_node_set_double (node, parse_time (text));
  else if (decode && _sb_shape_get_bool (shape, "encoded"))
    {
      decoded = sb_uri_decode (text, -1, NULL);
      json_node_set_string (node, g_utf8_validate (decoded, -1, NULL) ? decoded : text);
    }
  else
    json_node_set_string (node, text);
  return node;
}

static JsonObject *read_structure (const SbXmlNode *xml, JsonObject *members, gboolean decode);

static JsonNode *
read_element (const SbXmlNode *xml, JsonObject *shape, gboolean decode)
{
  JsonObject *members = _sb_shape_get_object (shape, "members");
  JsonNode *node;

  if (members == NULL)
    return scalar (shape, xml->text, decode);
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, read_structure (xml, members, decode));
  return node;
}

static JsonNode *
read_list (const SbXmlNode *parent, const char *wire, JsonObject *shape, gboolean decode)
{
  gboolean flat = _sb_shape_get_bool (shape, "flat");
  const SbXmlNode *holder = flat ? parent : sb_xml_find (parent, wire);
  const char *item = flat ? wire : _sb_shape_get_string (shape, "item", "member");
  JsonArray *array = json_array_new ();
  JsonNode *node;

  for (guint i = 0; holder != NULL && i < holder->children->len; i++)
    {
      const SbXmlNode *child = g_ptr_array_index (holder->children, i);

      if (strcmp (child->name, item) == 0)
        json_array_add_element (array,
                                read_element (child, _sb_shape_get_object (shape, "list"), decode));
    }
  if (json_array_get_length (array) == 0 && (flat || holder == NULL))
    {
      json_array_unref (array);
      return NULL;
    }
  node = json_node_new (JSON_NODE_ARRAY);
  json_node_take_array (node, array);
  return node;
}

static JsonNode *
read_member (const SbXmlNode *xml, const char *name, JsonObject *shape, gboolean decode)
{
  const char *wire = _sb_shape_get_string (shape, "as", name);
  const SbXmlNode *child;

  if (_sb_shape_get_object (shape, "list") != NULL)
    return read_list (xml, wire, shape, decode);
  child = sb_xml_find (xml, wire);
  return child != NULL ? read_element (child, shape, decode) : NULL;
}

static JsonObject *
read_structure (const SbXmlNode *xml, JsonObject *members, gboolean decode)
{
  JsonObject *object = json_object_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *shape;

  json_object_iter_init_ordered (&iter, members);
  while (json_object_iter_next_ordered (&iter, &name, &shape))
    {
      JsonNode *node = NULL;

      if (!json_object_has_member (json_node_get_object (shape), "in"))
        node = read_member (xml, name, json_node_get_object (shape), decode);
      if (node != NULL)
        json_object_set_member (object, name, node);
    }
  return object;
}

static JsonObject *
header_map (const SbAnswer *self, const char *prefix)
{
  JsonObject *map = json_object_new ();
  SoupMessageHeadersIter iter;
  const char *name, *value;

  soup_message_headers_iter_init (&iter, self->headers);
  while (soup_message_headers_iter_next (&iter, &name, &value))
    if (g_ascii_strncasecmp (name, prefix, strlen (prefix)) == 0 &&
        g_utf8_validate (value, -1, NULL))
      json_object_set_string_member (map, name + strlen (prefix), value);
  return map;
}

static void
take_headers (const SbAnswer *self, JsonObject *members, JsonObject *output)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, members);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      JsonObject *shape = json_node_get_object (node);
      const char *wire = _sb_shape_get_string (shape, "as", name);
      const char *value;

      if (_sb_shape_is (shape, "in", "headers"))
        json_object_set_object_member (output, name, header_map (self, wire));
      if (!_sb_shape_is (shape, "in", "header"))
        continue;
      value = get_header (self, wire);
      if (value != NULL && g_utf8_validate (value, -1, NULL))
        json_object_set_member (output, name, scalar (shape, value, FALSE));
    }
}

/* GetBucketLocation's document is a member itself. */
static gboolean
is_member_itself (const SbXmlNode *root, JsonObject *members)
{
  JsonObject *shape = _sb_shape_get_object (members, root->name);

  return root->children->len == 0 && shape != NULL && !json_object_has_member (shape, "in");
}

static JsonObject *
read_document (const SbAnswer *self,
               const SbOperation *operation,
               JsonObject *members,
               gboolean decode,
               GError **error)
{
  g_autoptr (SbXmlNode) root = parse_xml (self, error);
  const char *wrapper = _sb_shape_get_string (operation->shape, "wrapper", NULL);
  const SbXmlNode *node = root;
  JsonObject *output;

  if (root == NULL)
    return NULL;
  if (wrapper != NULL)
    node = sb_xml_find (root, wrapper);
  if (node == NULL)
    return json_object_new ();
  /* A server that does not know encoding-type answers without it. */
  if (operation->protocol == SB_PROTOCOL_REST_XML)
    decode = decode && g_strcmp0 (sb_xml_get (node, "EncodingType", NULL), "url") == 0;
  if (!is_member_itself (node, members))
    return read_structure (node, members, decode);
  output = json_object_new ();
  if (*node->text != '\0')
    json_object_set_string_member (output, node->name, node->text);
  return output;
}

static gboolean
has_document (JsonObject *members)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, members);
  while (json_object_iter_next (&iter, &name, &node))
    if (!json_object_has_member (json_node_get_object (node), "in"))
      return TRUE;
  return FALSE;
}

static JsonObject *
parse_output (const SbAnswer *self, const SbOperation *operation, gboolean decode, GError **error)
{
  JsonObject *members = _sb_operation_get_members (operation, "output");

  if (g_bytes_get_size (self->body) == 0)
    return json_object_new ();
  if (operation->protocol == SB_PROTOCOL_JSON)
    return sb_json_parse_bytes (self->body, error);
  if (members == NULL || !has_document (members))
    return json_object_new ();
  if (operation->protocol == SB_PROTOCOL_REST_JSON)
    return sb_json_parse_bytes (self->body, error);
  return read_document (self, operation, members, decode, error);
}

/*< private >
 * _sb_answer_to_output:
 * @self: an answer that is no error
 * @operation: what was asked
 * @decode_url: whether the request asked for percent-encoded keys
 * @error: %SB_ERROR_PROTOCOL
 *
 * Returns: (transfer full) (nullable): the operation's output
 */
JsonObject *
_sb_answer_to_output (const SbAnswer *self,
                      const SbOperation *operation,
                      gboolean decode_url,
                      GError **error)
{
  JsonObject *members = _sb_operation_get_members (operation, "output");
  gboolean decode = decode_url || operation->protocol == SB_PROTOCOL_QUERY;
  g_autoptr (GError) local = NULL;
  JsonObject *output = parse_output (self, operation, decode, &local);

  if (output == NULL)
    {
      g_set_error (
          error,
          SB_ERROR,
          SB_ERROR_PROTOCOL,
          _ ("The answer to %s could not be understood: %s. Is the endpoint the right one?"),
          operation->name,
          local->message);
      return NULL;
    }
  if (members != NULL && operation->protocol != SB_PROTOCOL_QUERY)
    take_headers (self, members, output);
  if (decode_url)
    json_object_remove_member (output, "EncodingType");
  return output;
}
