/* sb-json.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "wire/sb-json.h"

#include "wire/sb-error.h"

#include <string.h>

#define MAX_DEPTH 64

/* Whether json-glib may have the text: it parses by recursion, so what is deep is refused before it
 * gets there. It also knows comments and single quotes, which JSON does not, and in which depth
 * could hide. */
static gboolean
is_harmless (const char *text, gsize length)
{
  gsize depth = 0;
  gboolean in_string = FALSE;

  for (gsize i = 0; i < length; i++)
    {
      if (in_string)
        {
          if (text[i] == '\\')
            i++;
          else if (text[i] == '"')
            in_string = FALSE;
        }
      else if (text[i] == '"')
        in_string = TRUE;
      else if (text[i] == '/' || text[i] == '#' || text[i] == '\'')
        return FALSE;
      else if (text[i] == '{' || text[i] == '[')
        {
          if (++depth > MAX_DEPTH)
            return FALSE;
        }
      else if ((text[i] == '}' || text[i] == ']') && depth > 0)
        depth--;
    }
  return TRUE;
}

/**
 * sb_json_parse:
 * @text: UTF-8
 * @length: bytes of @text, or -1 when it ends with a NUL
 * @error: %SB_ERROR_PROTOCOL
 *
 * Returns: (transfer full) (nullable): the document
 */
JsonNode *
sb_json_parse (const char *text, gssize length, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) local = NULL;
  gsize n = length < 0 ? strlen (text) : (gsize) length;
  JsonNode *root;

  if (!g_utf8_validate_len (text, n, NULL))
    {
      g_set_error_literal (error, SB_ERROR, SB_ERROR_PROTOCOL, "This is not JSON: it is no UTF-8");
      return NULL;
    }
  if (!is_harmless (text, n))
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_PROTOCOL,
                           "This JSON is nested too deeply, or it holds what JSON has not");
      return NULL;
    }
  if (!json_parser_load_from_data (parser, text, (gssize) n, &local))
    {
      g_set_error (error, SB_ERROR, SB_ERROR_PROTOCOL, "This is not JSON: %s", local->message);
      return NULL;
    }
  root = json_parser_get_root (parser);
  if (root == NULL)
    {
      g_set_error_literal (error, SB_ERROR, SB_ERROR_PROTOCOL, "This is not JSON: it is empty");
      return NULL;
    }
  return json_node_copy (root);
}

/**
 * sb_json_parse_object:
 *
 * Like sb_json_parse(), for text that has to be an object.
 *
 * Returns: (transfer full) (nullable): the object, which may be changed
 */
JsonObject *
sb_json_parse_object (const char *text, gssize length, GError **error)
{
  g_autoptr (JsonNode) node = sb_json_parse (text, length, error);

  if (node == NULL)
    return NULL;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error_literal (error, SB_ERROR, SB_ERROR_PROTOCOL, "This JSON is no object");
      return NULL;
    }
  return sb_json_copy (json_node_get_object (node));
}

JsonObject *
sb_json_parse_bytes (GBytes *bytes, GError **error)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  return sb_json_parse_object (data != NULL ? data : "", (gssize) length, error);
}

JsonObject *
sb_json_load_file (const char *path, GError **error)
{
  g_autofree char *text = NULL;
  gsize length;
  JsonObject *object;

  if (!g_file_get_contents (path, &text, &length, error))
    return NULL;
  object = sb_json_parse_object (text, (gssize) length, error);
  if (object == NULL)
    g_prefix_error (error, "%s: ", path);
  return object;
}

/**
 * sb_json_save_file:
 *
 * Writes to a temporary name, syncs and renames: after a crash there is the old file or the new
 * one, never half of one.
 */
gboolean
sb_json_save_file (JsonObject *object, const char *path, GError **error)
{
  g_autofree char *text = sb_json_to_pretty_string (object);

  return g_file_set_contents_full (
      path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error);
}

JsonObject *
sb_json_load_resource (GResource *resource, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes =
      g_resource_lookup_data (resource, path, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  JsonObject *object;

  if (bytes == NULL)
    return NULL;
  object = sb_json_parse_bytes (bytes, error);
  if (object == NULL)
    g_prefix_error (error, "%s: ", path);
  return object;
}

static char *
generate (JsonNode *node, gboolean pretty)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();

  json_generator_set_root (generator, node);
  json_generator_set_pretty (generator, pretty);
  return json_generator_to_data (generator, NULL);
}

static char *
generate_object (JsonObject *object, gboolean pretty)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);

  return generate (node, pretty);
}

char *
sb_json_to_string (JsonObject *object)
{
  return generate_object (object, FALSE);
}

char *
sb_json_to_pretty_string (JsonObject *object)
{
  return generate_object (object, TRUE);
}

char *
sb_json_node_to_string (JsonNode *node)
{
  return generate (node, FALSE);
}

static JsonNode *copy_node (JsonNode *node);

static JsonArray *
copy_array (JsonArray *array)
{
  guint length = json_array_get_length (array);
  JsonArray *copy = json_array_sized_new (length);

  for (guint i = 0; i < length; i++)
    json_array_add_element (copy, copy_node (json_array_get_element (array, i)));
  return copy;
}

/* json_node_copy() shares the value, and counts its references without a lock: two threads that
 * copy the same would now and then free it too early. */
static JsonNode *
copy_value (JsonNode *node)
{
  JsonNode *copy = json_node_new (json_node_get_node_type (node));
  GValue value = G_VALUE_INIT;

  if (JSON_NODE_HOLDS_NULL (node))
    return copy;
  json_node_get_value (node, &value);
  json_node_set_value (copy, &value);
  g_value_unset (&value);
  return copy;
}

static JsonNode *
copy_node (JsonNode *node)
{
  JsonNode *copy;

  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      copy = json_node_new (JSON_NODE_OBJECT);
      json_node_take_object (copy, sb_json_copy (json_node_get_object (node)));
      return copy;
    }
  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      copy = json_node_new (JSON_NODE_ARRAY);
      json_node_take_array (copy, copy_array (json_node_get_array (node)));
      return copy;
    }
  return copy_value (node);
}

/**
 * sb_json_copy:
 *
 * Several threads may copy the same object. The copy shares nothing with it, so that it may be
 * given to another thread: json-glib's own references must not be counted in two threads at once.
 *
 * Returns: (transfer full): a deep copy, which may be changed whatever @object is part of
 */
JsonObject *
sb_json_copy (JsonObject *object)
{
  JsonObject *copy = json_object_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    json_object_set_member (copy, name, copy_node (node));
  return copy;
}

/**
 * sb_json_object_new:
 * @first_member: (nullable): a name, followed by the kind of its value, the value, and the next
 *   name, up to %NULL. Kinds: "s" a string (%NULL leaves the member out), "i" a gint64, "d" a
 *   double, "b" a gboolean, "o" a JsonObject and "a" a JsonArray (both taken; %NULL leaves out)
 *
 * Returns: (transfer full): the object
 */
JsonObject *
sb_json_object_new (const char *first_member, ...)
{
  JsonObject *object = json_object_new ();
  va_list args;

  va_start (args, first_member);
  for (const char *name = first_member; name != NULL; name = va_arg (args, const char *))
    {
      const char *kind = va_arg (args, const char *);

      switch (*kind)
        {
        case 's':
          {
            const char *value = va_arg (args, const char *);

            if (value != NULL)
              json_object_set_string_member (object, name, value);
            break;
          }
        case 'i':
          json_object_set_int_member (object, name, va_arg (args, gint64));
          break;
        case 'd':
          json_object_set_double_member (object, name, va_arg (args, double));
          break;
        case 'b':
          json_object_set_boolean_member (object, name, va_arg (args, gboolean));
          break;
        case 'o':
          {
            JsonObject *value = va_arg (args, JsonObject *);

            if (value != NULL)
              json_object_set_object_member (object, name, value);
            break;
          }
        case 'a':
          {
            JsonArray *value = va_arg (args, JsonArray *);

            if (value != NULL)
              json_object_set_array_member (object, name, value);
            break;
          }
        default:
          g_assert_not_reached ();
        }
    }
  va_end (args);
  return object;
}

JsonArray *
sb_json_array_new_strings (const char *const *strings)
{
  JsonArray *array = json_array_new ();

  for (gsize i = 0; strings != NULL && strings[i] != NULL; i++)
    json_array_add_string_element (array, strings[i]);
  return array;
}

static JsonNode *
node_step (JsonNode *node, const char *name)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    return json_object_get_member (json_node_get_object (node), name);
  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);
      guint64 index;

      if (g_ascii_string_to_unsigned (name, 10, 0, G_MAXUINT, &index, NULL) &&
          index < json_array_get_length (array))
        return json_array_get_element (array, (guint) index);
    }
  return NULL;
}

/**
 * sb_json_get:
 *
 * A member whose own name holds dots is found under that name, too.
 *
 * Returns: (transfer none) (nullable): the node at @path
 */
JsonNode *
sb_json_get (JsonObject *object, const char *path)
{
  g_auto (GStrv) names = NULL;
  JsonNode *node = json_object_get_member (object, path);

  if (node != NULL || strchr (path, '.') == NULL)
    return node;
  names = g_strsplit (path, ".", -1);
  node = json_object_get_member (object, names[0]);
  for (gsize i = 1; node != NULL && names[i] != NULL; i++)
    node = node_step (node, names[i]);
  return node;
}

const char *
sb_json_get_string (JsonObject *object, const char *path, const char *fallback)
{
  JsonNode *node = sb_json_get (object, path);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
                 json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : fallback;
}

static gboolean
is_number (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
         (json_node_get_value_type (node) == G_TYPE_INT64 ||
          json_node_get_value_type (node) == G_TYPE_DOUBLE);
}

gint64
sb_json_get_int (JsonObject *object, const char *path, gint64 fallback)
{
  JsonNode *node = sb_json_get (object, path);

  return is_number (node) ? json_node_get_int (node) : fallback;
}

double
sb_json_get_double (JsonObject *object, const char *path, double fallback)
{
  JsonNode *node = sb_json_get (object, path);

  return is_number (node) ? json_node_get_double (node) : fallback;
}

gboolean
sb_json_get_bool (JsonObject *object, const char *path, gboolean fallback)
{
  JsonNode *node = sb_json_get (object, path);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
                 json_node_get_value_type (node) == G_TYPE_BOOLEAN
             ? json_node_get_boolean (node)
             : fallback;
}

/**
 * sb_json_get_object:
 *
 * Returns: (transfer none) (nullable): the object at @path
 */
JsonObject *
sb_json_get_object (JsonObject *object, const char *path)
{
  JsonNode *node = sb_json_get (object, path);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/**
 * sb_json_get_array:
 *
 * Returns: (transfer none) (nullable): the array at @path
 */
JsonArray *
sb_json_get_array (JsonObject *object, const char *path)
{
  JsonNode *node = sb_json_get (object, path);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}
