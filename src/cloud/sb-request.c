/* sb-request.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-request-private.h"

#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-query.h"
#include "wire/sb-secret.h"
#include "wire/sb-uri.h"
#include "wire/sb-xml.h"

#define JSON_TYPE  "application/x-amz-json-1.1"
#define QUERY_TYPE "application/x-www-form-urlencoded; charset=utf-8"

/*< private >
 * _sb_request_free:
 * @self: a request
 */
void
_sb_request_free (SbRequest *self)
{
  g_free (self->path);
  g_free (self->query);
  g_free (self->bucket);
  g_ptr_array_unref (self->headers);
  g_clear_pointer (&self->document, g_bytes_unref);
  g_clear_pointer (&self->members, json_object_unref);
  g_free (self);
}

/*< private >
 * _sb_request_add_header:
 * @self: a request
 * @name: a header's name
 * @value: its value
 */
void
_sb_request_add_header (SbRequest *self, const char *name, const char *value)
{
  g_ptr_array_add (self->headers, sb_header_new (name, value));
}

static char *
format_http_time (double seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc ((gint64) seconds);
  static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
  static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

  /* g_date_time_format() would write the names in the person's language. */
  return g_strdup_printf ("%s, %02d %s %04d %02d:%02d:%02d GMT",
                          days[g_date_time_get_day_of_week (time) - 1],
                          g_date_time_get_day_of_month (time),
                          months[g_date_time_get_month (time) - 1],
                          g_date_time_get_year (time),
                          g_date_time_get_hour (time),
                          g_date_time_get_minute (time),
                          g_date_time_get_second (time));
}

/* A member as text, for paths, queries, headers and elements. */
static char *
to_text (JsonNode *value, JsonObject *shape)
{
  if (!JSON_NODE_HOLDS_VALUE (value))
    return NULL;
  if (json_node_get_value_type (value) == G_TYPE_STRING)
    return json_node_dup_string (value);
  if (_sb_shape_is (shape, "type", "timestamp"))
    return format_http_time (json_node_get_double (value));
  return sb_json_node_to_string (value);
}

static gboolean
fail (const SbOperation *operation, const char *member, const char *why, GError **error)
{
  g_set_error (
      error, SB_ERROR, SB_ERROR_INVALID, "The member %s of %s %s", member, operation->name, why);
  return FALSE;
}

/* "/{Bucket}/{Key+}": a plus sign lets slashes stay. */
static gboolean
expand_path (SbRequest *self,
             const SbOperation *operation,
             const char *template,
             JsonObject *input,
             GError **error)
{
  g_autoptr (GString) path = g_string_new (NULL);
  const char *p = template;

  while (*p != '\0' && *p != '?')
    {
      const char *end = *p == '{' ? strchr (p, '}') : NULL;
      gboolean greedy = end != NULL && end[-1] == '+';
      g_autofree char *name = NULL;
      g_autofree char *encoded = NULL;
      const char *value;

      if (end == NULL)
        {
          g_string_append_c (path, *p++);
          continue;
        }
      name = g_strndup (p + 1, (gsize) (end - p - (greedy ? 2 : 1)));
      value = sb_json_get_string (input, name, NULL);
      if (value == NULL || *value == '\0')
        return fail (operation, name, "is missing", error);
      if (strcmp (name, "Bucket") == 0)
        {
          self->bucket = g_strdup (value);
          g_string_set_size (path, path->len - 1);
        }
      else
        {
          encoded = sb_uri_encode (value, -1, greedy);
          g_string_append (path, encoded);
        }
      p = end + 1;
    }
  self->query = *p == '?' ? g_strdup (p + 1) : NULL;
  self->path = g_string_free (g_steal_pointer (&path), FALSE);
  if (*self->path == '\0')
    {
      g_free (self->path);
      self->path = g_strdup ("/");
    }
  return TRUE;
}

static void
add_query (SbRequest *self, const char *name, const char *value)
{
  g_autofree char *encoded = sb_uri_encode (value, -1, FALSE);
  char *query = self->query != NULL ? g_strdup_printf ("%s&%s=%s", self->query, name, encoded)
                                    : g_strdup_printf ("%s=%s", name, encoded);

  g_free (self->query);
  self->query = query;
}

static void
add_header_map (SbRequest *self, const char *prefix, JsonObject *map)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, map);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      g_autofree char *full = g_strconcat (prefix, name, NULL);

      _sb_request_add_header (self, full, json_node_get_string (node));
    }
}

static void write_structure (SbXmlWriter *writer, JsonObject *members, JsonObject *value);

static void
write_element (SbXmlWriter *writer, const char *name, JsonObject *shape, JsonNode *value)
{
  JsonObject *members = _sb_shape_get_object (shape, "members");
  g_autofree char *text = NULL;

  if (members != NULL && JSON_NODE_HOLDS_OBJECT (value))
    {
      sb_xml_writer_open (writer, name);
      write_structure (writer, members, json_node_get_object (value));
      sb_xml_writer_close (writer);
      return;
    }
  text = to_text (value, shape);
  sb_xml_writer_text (writer, name, text);
}

static void
write_list (SbXmlWriter *writer, const char *name, JsonObject *shape, JsonArray *values)
{
  gboolean flat = _sb_shape_get_bool (shape, "flat");
  const char *item = flat ? name : _sb_shape_get_string (shape, "item", "member");

  if (!flat)
    sb_xml_writer_open (writer, name);
  for (guint i = 0; i < json_array_get_length (values); i++)
    write_element (writer,
                   item,
                   _sb_shape_get_object (shape, "list"),
                   json_array_get_element (values, i));
  if (!flat)
    sb_xml_writer_close (writer);
}

/* In the order of the table: some services read documents in their schema's order. */
static void
write_structure (SbXmlWriter *writer, JsonObject *members, JsonObject *value)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *shape_node;

  json_object_iter_init_ordered (&iter, members);
  while (json_object_iter_next_ordered (&iter, &name, &shape_node))
    {
      JsonObject *shape = json_node_get_object (shape_node);
      const char *wire = _sb_shape_get_string (shape, "as", name);
      JsonNode *node = json_object_get_member (value, name);

      if (node != NULL && JSON_NODE_HOLDS_ARRAY (node))
        write_list (writer, wire, shape, json_node_get_array (node));
      else if (node != NULL)
        write_element (writer, wire, shape, node);
    }
}

static GBytes *
write_document (const SbOperation *operation,
                const char *name,
                JsonObject *shape,
                JsonObject *value)
{
  SbXmlWriter *writer =
      sb_xml_writer_new (_sb_shape_get_string (shape, "as", name), operation->xml_namespace);

  write_structure (writer, _sb_shape_get_object (shape, "members"), value);
  return sb_xml_writer_finish (writer);
}

static gboolean
place_member (SbRequest *self,
              const SbOperation *operation,
              const char *name,
              JsonObject *shape,
              JsonNode *value,
              GError **error)
{
  const char *place = _sb_shape_get_string (shape, "in", "");
  const char *wire = _sb_shape_get_string (shape, "as", name);
  g_autofree char *text = NULL;

  if (strcmp (place, "uri") == 0)
    return TRUE;
  if (strcmp (place, "headers") == 0 && JSON_NODE_HOLDS_OBJECT (value))
    {
      add_header_map (self, wire, json_node_get_object (value));
      return TRUE;
    }
  if (strcmp (place, "body") == 0 && JSON_NODE_HOLDS_OBJECT (value) &&
      operation->protocol == SB_PROTOCOL_REST_XML)
    {
      self->document = write_document (operation, name, shape, json_node_get_object (value));
      return TRUE;
    }
  if (*place == '\0' && operation->protocol == SB_PROTOCOL_REST_JSON)
    {
      json_object_set_member (self->members, wire, json_node_copy (value));
      return TRUE;
    }
  text = to_text (value, shape);
  if (text == NULL || (strcmp (place, "query") != 0 && strcmp (place, "header") != 0))
    return fail (operation, name, "cannot be sent", error);
  if (strcmp (place, "query") == 0)
    add_query (self, wire, text);
  else
    _sb_request_add_header (self, wire, text);
  return TRUE;
}

static gboolean
place_members (SbRequest *self, const SbOperation *operation, JsonObject *input, GError **error)
{
  JsonObject *members = _sb_operation_get_members (operation, "input");
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;

  json_object_iter_init_ordered (&iter, input);
  while (json_object_iter_next_ordered (&iter, &name, &value))
    {
      JsonObject *shape = members != NULL ? _sb_shape_get_object (members, name) : NULL;

      if (shape == NULL)
        return fail (operation, name, "is unknown", error);
      if (!place_member (self, operation, name, shape, value, error))
        return FALSE;
    }
  return TRUE;
}

/* Keys may hold what XML cannot: like every SDK, lists ask for them percent-encoded. */
static void
ask_for_encoding (SbRequest *self, const SbOperation *operation, JsonObject *input)
{
  JsonObject *members = _sb_operation_get_members (operation, "input");

  if (members == NULL || !json_object_has_member (members, "EncodingType") ||
      json_object_has_member (input, "EncodingType"))
    return;
  add_query (self, "encoding-type", "url");
  self->decode_url = TRUE;
}

static gboolean
build_rest (SbRequest *self, const SbOperation *operation, JsonObject *input, GError **error)
{
  const char *template = _sb_shape_get_string (operation->shape, "path", "/");

  self->method = _sb_shape_get_string (operation->shape, "method", "POST");
  self->md5 = _sb_shape_get_bool (operation->shape, "md5");
  self->members = json_object_new ();
  if (!expand_path (self, operation, template, input, error) ||
      !place_members (self, operation, input, error))
    return FALSE;
  ask_for_encoding (self, operation, input);
  if (self->document != NULL)
    _sb_request_add_header (self, "Content-Type", "application/xml");
  else if (json_object_get_size (self->members) > 0)
    {
      self->document = sb_secret_bytes_new_take (sb_json_to_string (self->members));
      _sb_request_add_header (self, "Content-Type", "application/json");
    }
  return TRUE;
}

static void
build_json (SbRequest *self, const SbOperation *operation, JsonObject *input)
{
  g_autofree char *target = g_strdup_printf ("%s.%s", operation->target, operation->name);
  char *text = sb_json_to_string (input);

  self->document = g_bytes_new_take (text, strlen (text));
  _sb_request_add_header (self, "Content-Type", JSON_TYPE);
  _sb_request_add_header (self, "X-Amz-Target", target);
}

static void
build_query (SbRequest *self, const SbOperation *operation, JsonObject *input)
{
  self->document =
      sb_secret_bytes_new_take (sb_query_encode (operation->name, operation->version, input));
  _sb_request_add_header (self, "Content-Type", QUERY_TYPE);
}

/*< private >
 * _sb_request_new:
 * @operation: an operation
 * @input: its input
 * @error: %SB_ERROR_INVALID when the input does not fit the operation
 *
 * Returns: (transfer full) (nullable): the request
 */
SbRequest *
_sb_request_new (const SbOperation *operation, JsonObject *input, GError **error)
{
  g_autoptr (SbRequest) self = g_new0 (SbRequest, 1);

  self->method = "POST";
  self->headers = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_header_free);
  if (operation->protocol == SB_PROTOCOL_JSON)
    build_json (self, operation, input);
  else if (operation->protocol == SB_PROTOCOL_QUERY)
    build_query (self, operation, input);
  else if (!build_rest (self, operation, input, error))
    return NULL;
  if (self->path == NULL)
    self->path = g_strdup ("/");
  return g_steal_pointer (&self);
}
