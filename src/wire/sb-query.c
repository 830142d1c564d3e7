/* sb-query.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "wire/sb-query.h"

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-uri.h"

#include <string.h>

/* A list longer than any that these services take; a hostile index must not become memory. */
#define MAX_MEMBERS 1000

static void encode_node (GString *out, const char *name, JsonNode *node);

static void
encode_pair (GString *out, const char *name, const char *value)
{
  g_autofree char *encoded = sb_uri_encode (value, -1, FALSE);

  if (out->len > 0)
    g_string_append_c (out, '&');
  g_string_append_printf (out, "%s=%s", name, encoded);
}

static void
encode_object (GString *out, const char *prefix, JsonObject *object)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      g_autofree char *full =
          prefix != NULL ? g_strconcat (prefix, ".", name, NULL) : g_strdup (name);

      encode_node (out, full, node);
    }
}

static void
encode_array (GString *out, const char *prefix, JsonArray *array)
{
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      g_autofree char *full = g_strdup_printf ("%s.member.%u", prefix, i + 1);

      encode_node (out, full, json_array_get_element (array, i));
    }
}

static void
encode_node (GString *out, const char *name, JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    encode_object (out, name, json_node_get_object (node));
  else if (JSON_NODE_HOLDS_ARRAY (node))
    encode_array (out, name, json_node_get_array (node));
  else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    encode_pair (out, name, json_node_get_string (node));
  else if (JSON_NODE_HOLDS_VALUE (node))
    {
      g_autofree char *text = sb_json_node_to_string (node);

      encode_pair (out, name, text);
    }
}

/**
 * sb_query_encode:
 * @action: the operation
 * @version: the API's version
 * @input: (nullable): its input, nested as in JSON
 *
 * Returns: (transfer full): the body of the request
 */
char *
sb_query_encode (const char *action, const char *version, JsonObject *input)
{
  g_autoptr (GString) out = g_string_new (NULL);

  encode_pair (out, "Action", action);
  encode_pair (out, "Version", version);
  if (input != NULL)
    encode_object (out, NULL, input);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static gboolean
fail (GError **error, const char *name)
{
  g_set_error (error, SB_ERROR, SB_ERROR_PROTOCOL, "The parameter “%s” cannot be understood", name);
  return FALSE;
}

static JsonObject *
enter_object (JsonObject *parent, const char *name)
{
  if (!json_object_has_member (parent, name))
    json_object_set_object_member (parent, name, json_object_new ());
  if (!JSON_NODE_HOLDS_OBJECT (json_object_get_member (parent, name)))
    return NULL;
  return json_object_get_object_member (parent, name);
}

static JsonArray *
enter_array (JsonObject *parent, const char *name)
{
  if (!json_object_has_member (parent, name))
    json_object_set_array_member (parent, name, json_array_new ());
  if (!JSON_NODE_HOLDS_ARRAY (json_object_get_member (parent, name)))
    return NULL;
  return json_object_get_array_member (parent, name);
}

/* Puts one pair where its name leads: "Tags.member.1.Key" into {"Tags": [{"Key": …}]}. */
static gboolean
decode_pair (JsonObject *root, const SbPair *pair, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (pair->name, ".", 16);
  JsonObject *object = root;
  guint i = 0;

  while (parts[i] != NULL && parts[i + 1] != NULL)
    {
      if (strcmp (parts[i + 1], "member") == 0)
        {
          JsonArray *array = enter_array (object, parts[i]);
          guint64 index;

          if (array == NULL || parts[i + 2] == NULL ||
              !g_ascii_string_to_unsigned (parts[i + 2], 10, 1, MAX_MEMBERS, &index, NULL) ||
              index > (guint64) json_array_get_length (array) + 1)
            return fail (error, pair->name);
          if (parts[i + 3] == NULL)
            {
              if (index <= json_array_get_length (array))
                return fail (error, pair->name);
              json_array_add_string_element (array, pair->value);
              return TRUE;
            }
          if (index > json_array_get_length (array))
            json_array_add_object_element (array, json_object_new ());
          if (!JSON_NODE_HOLDS_OBJECT (json_array_get_element (array, (guint) index - 1)))
            return fail (error, pair->name);
          object = json_array_get_object_element (array, (guint) index - 1);
          i += 3;
        }
      else
        {
          object = enter_object (object, parts[i]);
          if (object == NULL)
            return fail (error, pair->name);
          i++;
        }
    }
  if (parts[i] == NULL || *parts[i] == '\0' || json_object_has_member (object, parts[i]))
    return fail (error, pair->name);
  json_object_set_string_member (object, parts[i], pair->value);
  return TRUE;
}

/* The order of list members on the wire is the client's affair; sorted, each follows the one
 * before it. */
static int
compare_pairs (gconstpointer a, gconstpointer b)
{
  const SbPair *const *left = a;
  const SbPair *const *right = b;
  g_autofree char *left_key = g_utf8_collate_key_for_filename ((*left)->name, -1);
  g_autofree char *right_key = g_utf8_collate_key_for_filename ((*right)->name, -1);

  return strcmp (left_key, right_key);
}

/**
 * sb_query_decode:
 * @body: the body of a request
 * @length: its bytes, or -1 when it ends with a NUL
 * @action: (out) (nullable): the operation
 * @version: (out) (nullable): the API's version
 * @error: %SB_ERROR_PROTOCOL
 *
 * Returns: (transfer full) (nullable): the input, nested as in JSON; every value is a string
 */
JsonObject *
sb_query_decode (const char *body, gssize length, char **action, char **version, GError **error)
{
  g_autofree char *text = length < 0 ? g_strdup (body) : g_strndup (body, (gsize) length);
  g_autoptr (JsonObject) input = json_object_new ();
  g_autoptr (GPtrArray) pairs = NULL;

  for (char *p = text; *p != '\0'; p++)
    if (*p == '+')
      *p = ' ';
  pairs = sb_query_parse (text);
  if (action != NULL)
    *action = g_strdup (sb_query_lookup (pairs, "Action"));
  if (version != NULL)
    *version = g_strdup (sb_query_lookup (pairs, "Version"));
  g_ptr_array_sort (pairs, compare_pairs);
  for (guint i = 0; i < pairs->len; i++)
    {
      const SbPair *pair = g_ptr_array_index (pairs, i);

      if (strcmp (pair->name, "Action") == 0 || strcmp (pair->name, "Version") == 0)
        continue;
      if (!g_utf8_validate (pair->value, -1, NULL) || !g_utf8_validate (pair->name, -1, NULL))
        {
          fail (error, "?");
          return NULL;
        }
      if (!decode_pair (input, pair, error))
        return NULL;
    }
  return g_steal_pointer (&input);
}
