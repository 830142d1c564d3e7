/* sb-redact.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-redact-private.h"

#include <string.h>

#define REDACTED "[redacted]"

/* Members whose value is a secret wherever they stand, in lower case. */
static const char *const secret_members[] = {
  "secretaccesskey", "sessiontoken", "authorizedurl", "authorization",         "password",
  "secretstring",    "secretbinary", "authtoken",     "aws_secret_access_key", "aws_session_token",
  "accesstoken",     "refreshtoken", "idtoken",       "clientsecret",          "devicecode",
  "tokencode",
};

/* Words that make a hyperparameter's or a variable's name suspicious. */
static const char *const secret_words[] = { "secret", "password", "passwd", "credential",
                                            "apikey", "api_key",  "token" };

/* What these hold was named by a person, so that only the name tells a secret. */
static const char *const free_maps[] = { "Environment", "HyperParameters", "Metadata" };

/* Parameters of a presigned URL: whoever has them has the access. */
static const char *const secret_parameters[] = { "X-Amz-Signature=",
                                                 "X-Amz-Security-Token=",
                                                 "authToken=",
                                                 "Signature=" };

static JsonNode *redact_node (JsonNode *node, const char *const *secrets, gboolean free_names);

static gboolean
is_secret_member (const char *name, gboolean free_name)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);

  for (gsize i = 0; i < G_N_ELEMENTS (secret_members); i++)
    if (strcmp (lower, secret_members[i]) == 0)
      return TRUE;
  for (gsize i = 0; free_name && i < G_N_ELEMENTS (secret_words); i++)
    if (strstr (lower, secret_words[i]) != NULL)
      return TRUE;
  return FALSE;
}

static gboolean
is_free_map (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (free_maps); i++)
    if (strcmp (name, free_maps[i]) == 0)
      return TRUE;
  return FALSE;
}

static void
redact_parameter (GString *text, const char *parameter)
{
  gsize at = 0;
  const char *hit;

  while ((hit = strstr (text->str + at, parameter)) != NULL)
    {
      gsize start = (gsize) (hit - text->str) + strlen (parameter);
      gsize length = strcspn (text->str + start, "&\"' \t\r\n<>");

      g_string_erase (text, (gssize) start, (gssize) length);
      g_string_insert (text, (gssize) start, REDACTED);
      at = start + strlen (REDACTED);
    }
}

/*< private >
 * _sb_redact_text:
 * @text: any text
 * @secrets: (nullable): values known to be secret
 *
 * Returns: (transfer full): @text without @secrets and without signatures of presigned URLs
 */
char *
_sb_redact_text (const char *text, const char *const *secrets)
{
  GString *out = g_string_new (text);

  for (gsize i = 0; secrets != NULL && secrets[i] != NULL; i++)
    if (*secrets[i] != '\0')
      g_string_replace (out, secrets[i], REDACTED, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (secret_parameters); i++)
    redact_parameter (out, secret_parameters[i]);
  return g_string_free (out, FALSE);
}

static JsonObject *
redact_members (JsonObject *object, const char *const *secrets, gboolean free_names)
{
  JsonObject *copy = json_object_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      g_autofree char *safe_name = _sb_redact_text (name, secrets);

      if (is_secret_member (name, free_names) && JSON_NODE_HOLDS_VALUE (node))
        json_object_set_string_member (copy, safe_name, REDACTED);
      else
        json_object_set_member (copy, safe_name, redact_node (node, secrets, is_free_map (name)));
    }
  return copy;
}

static JsonArray *
redact_elements (JsonArray *array, const char *const *secrets)
{
  guint length = json_array_get_length (array);
  JsonArray *copy = json_array_sized_new (length);

  for (guint i = 0; i < length; i++)
    json_array_add_element (copy, redact_node (json_array_get_element (array, i), secrets, FALSE));
  return copy;
}

static JsonNode *
redact_node (JsonNode *node, const char *const *secrets, gboolean free_names)
{
  JsonNode *copy;

  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      copy = json_node_new (JSON_NODE_OBJECT);
      json_node_take_object (copy,
                             redact_members (json_node_get_object (node), secrets, free_names));
      return copy;
    }
  if (JSON_NODE_HOLDS_ARRAY (node))
    {
      copy = json_node_new (JSON_NODE_ARRAY);
      json_node_take_array (copy, redact_elements (json_node_get_array (node), secrets));
      return copy;
    }
  /* A copy of an immutable node is immutable, too: what changes is made anew. */
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    {
      g_autofree char *text = _sb_redact_text (json_node_get_string (node), secrets);

      return json_node_init_string (json_node_alloc (), text);
    }
  return json_node_copy (node);
}

/*< private >
 * _sb_redact_object:
 * @object: any document
 * @secrets: (nullable): values known to be secret
 *
 * Returns: (transfer full): a deep copy of @object that holds no secret
 */
JsonObject *
_sb_redact_object (JsonObject *object, const char *const *secrets)
{
  return redact_members (object, secrets, FALSE);
}
