/* sb-module.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-module.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "wire/sb-error.h"

/**
 * SbModule:
 *
 * One entry of the workshop, read from a JSON document: its texts and its steps in order. It never
 * changes; what a person does with it is an [class@Run].
 */
struct _SbModule
{
  GObject parent_instance;

  JsonObject *json;
  char *file;
};

enum
{
  PROP_0,
  PROP_ID,
  PROP_TITLE,
  PROP_SUMMARY,
  PROP_ICON_NAME,
  PROP_ORDER,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (SbModule, sb_module, G_TYPE_OBJECT)

/* Where a module is checked: its text, so that a complaint can name the line. */
typedef struct
{
  const char *data;
  const char *file;
  const char *where;
} Check;

static guint
line_of (const Check *check)
{
  const char *found = NULL;
  guint line = 1;

  if (check->where != NULL)
    {
      g_autofree char *quoted = g_strdup_printf ("\"%s\"", check->where);

      found = strstr (check->data, quoted);
    }
  for (const char *at = check->data; found != NULL && at < found; at++)
    line += *at == '\n';
  return line;
}

static gboolean G_GNUC_PRINTF (3, 4)
    complain (const Check *check, GError **error, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (
      error, SB_ERROR, SB_ERROR_INVALID, "%s:%u: %s", check->file, line_of (check), reason);
  return FALSE;
}

static const char *
get_text (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  if (node == NULL || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  return json_node_get_string (node);
}

static gboolean
is_id (const char *text)
{
  if (text == NULL || *text == '\0' || strlen (text) > 63)
    return FALSE;
  for (; *text != '\0'; text++)
    if (!g_ascii_islower (*text) && !g_ascii_isdigit (*text) && *text != '-')
      return FALSE;
  return TRUE;
}

static gboolean
check_needs (const Check *check, JsonObject *step, GHashTable *seen, GError **error)
{
  JsonNode *node = json_object_get_member (step, "needs");
  JsonArray *needs;

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return complain (check, error, _ ("“needs” of a step has to be a list of step ids"));
  needs = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (needs); i++)
    {
      JsonNode *need = json_array_get_element (needs, i);
      const char *id = NULL;

      if (json_node_get_value_type (need) == G_TYPE_STRING)
        id = json_node_get_string (need);
      if (id == NULL || !g_hash_table_contains (seen, id))
        return complain (check,
                         error,
                         _ ("step “%s” needs “%s”, which is no step before it"),
                         check->where,
                         id != NULL ? id : "?");
    }
  return TRUE;
}

static gboolean
check_step (Check *check, JsonNode *node, GHashTable *seen, GError **error)
{
  JsonObject *step;
  const char *id;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return complain (check, error, _ ("a step has to be an object"));
  step = json_node_get_object (node);
  id = get_text (step, "id");
  if (!is_id (id))
    return complain (check,
                     error,
                     _ ("every step needs an “id” of lower-case letters, digits and hyphens"));
  check->where = id;
  if (get_text (step, "kind") == NULL)
    return complain (check, error, _ ("step “%s” has no “kind”"), id);
  if (get_text (step, "title") == NULL)
    return complain (check, error, _ ("step “%s” has no “title”"), id);
  if (!check_needs (check, step, seen, error))
    return FALSE;
  if (!g_hash_table_add (seen, g_strdup (id)))
    return complain (check, error, _ ("two steps have the id “%s”"), id);
  return TRUE;
}

static gboolean
check_json (Check *check, JsonNode *root, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  JsonObject *json;
  JsonNode *steps;
  JsonArray *list;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return complain (check, error, _ ("a module has to be a JSON object"));
  json = json_node_get_object (root);
  if (!is_id (get_text (json, "id")))
    return complain (check,
                     error,
                     _ ("a module needs an “id” of lower-case letters, digits and hyphens"));
  if (get_text (json, "title") == NULL)
    return complain (check, error, _ ("the module has no “title”"));
  steps = json_object_get_member (json, "steps");
  if (steps == NULL || !JSON_NODE_HOLDS_ARRAY (steps) ||
      json_array_get_length (json_node_get_array (steps)) == 0)
    return complain (check, error, _ ("the module has no “steps”"));
  list = json_node_get_array (steps);
  for (guint i = 0; i < json_array_get_length (list); i++)
    if (!check_step (check, json_array_get_element (list, i), seen, error))
      return FALSE;
  return TRUE;
}

/* The parser's message is "<data>:LINE:COLUMN: reason"; its current line is forgotten by then. */
static void
set_parse_error (const char *file, const GError *parse_error, GError **error)
{
  const char *reason = strstr (parse_error->message, ": ");
  guint line = 1;

  if (reason == NULL || sscanf (parse_error->message, "<data>:%u:", &line) != 1)
    line = 1;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_INVALID,
               "%s:%u: %s",
               file,
               line,
               reason != NULL ? reason + 2 : parse_error->message);
}

static void
sb_module_finalize (GObject *object)
{
  SbModule *self = SB_MODULE (object);

  g_clear_pointer (&self->json, json_object_unref);
  g_clear_pointer (&self->file, g_free);
  G_OBJECT_CLASS (sb_module_parent_class)->finalize (object);
}

static void
sb_module_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  SbModule *self = SB_MODULE (object);

  switch (prop_id)
    {
    case PROP_ID:
      g_value_set_string (value, sb_module_get_id (self));
      break;
    case PROP_TITLE:
      g_value_set_string (value, sb_module_get_title (self));
      break;
    case PROP_SUMMARY:
      g_value_set_string (value, sb_module_get_summary (self));
      break;
    case PROP_ICON_NAME:
      g_value_set_string (value, sb_module_get_icon_name (self));
      break;
    case PROP_ORDER:
      g_value_set_double (value, sb_module_get_order (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
sb_module_class_init (SbModuleClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = sb_module_finalize;
  object_class->get_property = sb_module_get_property;

  properties[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  properties[PROP_SUMMARY] = g_param_spec_string ("summary", NULL, NULL, NULL, flags);
  properties[PROP_ICON_NAME] = g_param_spec_string ("icon-name", NULL, NULL, NULL, flags);
  properties[PROP_ORDER] =
      g_param_spec_double ("order", NULL, NULL, -G_MAXDOUBLE, G_MAXDOUBLE, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sb_module_init (SbModule *self)
{
}

/**
 * sb_module_new_from_data:
 * @data: (array length=length): the JSON document
 * @length: its length in bytes, or -1 if it ends with a NUL
 * @file: the name by which complaints call it
 * @error: return location for an error of domain %SB_ERROR that names file, line and reason
 *
 * Returns: (transfer full) (nullable): the module
 */
SbModule *
sb_module_new_from_data (const char *data, gssize length, const char *file, GError **error)
{
  g_autofree char *text = length < 0 ? g_strdup (data) : g_strndup (data, (gsize) length);
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) parse_error = NULL;
  Check check = { text, file, NULL };
  SbModule *self;

  g_return_val_if_fail (data != NULL && file != NULL, NULL);

  if (!json_parser_load_from_data (parser, text, -1, &parse_error))
    {
      set_parse_error (file, parse_error, error);
      return NULL;
    }
  if (!check_json (&check, json_parser_get_root (parser), error))
    return NULL;
  self = g_object_new (SB_TYPE_MODULE, NULL);
  self->json = json_object_ref (json_node_get_object (json_parser_get_root (parser)));
  self->file = g_strdup (file);
  return self;
}

/**
 * sb_module_new_from_file:
 * @path: a JSON file
 * @error: return location for an error that names file, line and reason
 *
 * Returns: (transfer full) (nullable): the module
 */
SbModule *
sb_module_new_from_file (const char *path, GError **error)
{
  g_autofree char *data = NULL;
  g_autoptr (GError) read_error = NULL;
  gsize length;

  if (!g_file_get_contents (path, &data, &length, &read_error))
    {
      g_set_error (error, SB_ERROR, SB_ERROR_STORAGE, "%s:1: %s", path, read_error->message);
      return NULL;
    }
  if (!g_utf8_validate (data, (gssize) length, NULL))
    {
      g_set_error (error, SB_ERROR, SB_ERROR_INVALID, _ ("%s:1: the file is not UTF-8"), path);
      return NULL;
    }
  return sb_module_new_from_data (data, (gssize) length, path, error);
}

const char *
sb_module_get_id (SbModule *self)
{
  g_return_val_if_fail (SB_IS_MODULE (self), NULL);

  return get_text (self->json, "id");
}

const char *
sb_module_get_title (SbModule *self)
{
  g_return_val_if_fail (SB_IS_MODULE (self), NULL);

  return g_dgettext (NULL, get_text (self->json, "title"));
}

/**
 * sb_module_get_summary:
 * @self: a module
 *
 * Returns: one sentence or two about the module; empty if it has none
 */
const char *
sb_module_get_summary (SbModule *self)
{
  const char *text;

  g_return_val_if_fail (SB_IS_MODULE (self), NULL);

  text = get_text (self->json, "summary");
  return text != NULL && *text != '\0' ? g_dgettext (NULL, text) : "";
}

/**
 * sb_module_get_short_name:
 * @self: a module
 *
 * Returns: (nullable): what may be typed in a terminal in place of its id
 */
const char *
sb_module_get_short_name (SbModule *self)
{
  g_return_val_if_fail (SB_IS_MODULE (self), NULL);

  return get_text (self->json, "short-name");
}

const char *
sb_module_get_icon_name (SbModule *self)
{
  const char *name;

  g_return_val_if_fail (SB_IS_MODULE (self), NULL);

  name = get_text (self->json, "icon-name");
  return name != NULL ? name : "application-x-addon-symbolic";
}

/**
 * sb_module_get_file:
 * @self: a module
 *
 * Returns: the file or resource that it was read from
 */
const char *
sb_module_get_file (SbModule *self)
{
  g_return_val_if_fail (SB_IS_MODULE (self), NULL);

  return self->file;
}

/**
 * sb_module_get_order:
 * @self: a module
 *
 * Returns: where it stands in the workshop, smallest first; modules without an order come last
 */
double
sb_module_get_order (SbModule *self)
{
  g_return_val_if_fail (SB_IS_MODULE (self), 0);

  return json_object_get_double_member_with_default (self->json, "order", 1000);
}

/**
 * sb_module_is_automatic:
 * @self: a module
 *
 * Returns: whether its steps run by themselves on this computer, as they cost and ask nothing
 */
gboolean
sb_module_is_automatic (SbModule *self)
{
  g_return_val_if_fail (SB_IS_MODULE (self), FALSE);

  return json_object_get_boolean_member_with_default (self->json, "automatic", FALSE);
}

/**
 * sb_module_get_json:
 * @self: a module
 *
 * Returns: (transfer none): the whole document; not to be changed
 */
JsonObject *
sb_module_get_json (SbModule *self)
{
  g_return_val_if_fail (SB_IS_MODULE (self), NULL);

  return self->json;
}

/**
 * sb_module_get_steps:
 * @self: a module
 *
 * Returns: (transfer none): the descriptions of its steps, in order
 */
JsonArray *
sb_module_get_steps (SbModule *self)
{
  g_return_val_if_fail (SB_IS_MODULE (self), NULL);

  return json_object_get_array_member (self->json, "steps");
}
