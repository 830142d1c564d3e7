/* sb-validate.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

/* What the services check of an input before they look at anything else: types, required members,
 * lengths, ranges, patterns and enumerations, and the sentences that they answer with. The rules
 * are data: validation/SERVICE.json, compiled in. */

#include "config.h"

#include "engine/sb-validate.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "engine/sb-validate-resources.h"
#include "wire/sb-error.h"

#define RESOURCE_PREFIX "/io/github/sagebrush/Sagebrush/engine/validation/"
/* The services stop counting long before a thousand wrong members. */
#define MAX_COMPLAINTS 10

typedef struct
{
  JsonObject *shapes; /* borrowed from the table, which is never freed */
  GPtrArray *complaints;
  GString *path;
  SbValidateFlags flags;
  char *type_error;
} Check;

static void check_value (Check *check, const char *shape_name, JsonNode *value);

static JsonObject *
load_table (const char *service)
{
  static GMutex lock;
  static GHashTable *tables;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);
  g_autofree char *path = g_strconcat (RESOURCE_PREFIX, service, ".json", NULL);
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  JsonObject *table;

  if (tables == NULL)
    tables = g_hash_table_new (g_str_hash, g_str_equal);
  table = g_hash_table_lookup (tables, service);
  if (table != NULL)
    return table;
  bytes = g_resource_lookup_data (sb_validate_get_resource (),
                                  path,
                                  G_RESOURCE_LOOKUP_FLAGS_NONE,
                                  &error);
  if (bytes == NULL || !json_parser_load_from_data (parser,
                                                    g_bytes_get_data (bytes, NULL),
                                                    g_bytes_get_size (bytes),
                                                    &error))
    g_error ("The validation table of %s cannot be read: %s", service, error->message);
  table = json_object_ref (json_node_get_object (json_parser_get_root (parser)));
  g_hash_table_insert (tables, g_strdup (service), table);
  return table;
}

/* The models' patterns are written for Java, which matches whole values and knows \uXXXX. */
static GRegex *
compile_pattern (const char *pattern)
{
  static GMutex lock;
  static GHashTable *cache;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);
  GRegex *regex;
  GString *text;

  if (cache == NULL)
    cache = g_hash_table_new (g_str_hash, g_str_equal);
  regex = g_hash_table_lookup (cache, pattern);
  if (regex != NULL)
    return regex;
  text = g_string_new ("^(?:");
  for (const char *p = pattern; *p != '\0'; p++)
    {
      if (p[0] == '\\' && p[1] == 'u' && strlen (p) >= 6)
        {
          g_string_append_printf (text, "\\x{%.4s}", p + 2);
          p += 5;
        }
      else if (p[0] == '\\' && p[1] != '\0')
        {
          g_string_append_len (text, p, 2);
          p++;
        }
      else
        g_string_append_c (text, *p);
    }
  g_string_append (text, ")$");
  regex = g_regex_new (text->str, G_REGEX_DOLLAR_ENDONLY | G_REGEX_OPTIMIZE, 0, NULL);
  g_string_free (text, TRUE);
  if (regex == NULL)
    g_error ("The validation tables hold a pattern that cannot be used: %s", pattern);
  g_hash_table_insert (cache, g_strdup (pattern), regex);
  return regex;
}

static void
append_value (GString *text, JsonNode *value)
{
  if (value == NULL || JSON_NODE_HOLDS_NULL (value))
    g_string_append (text, "null");
  else if (JSON_NODE_HOLDS_ARRAY (value))
    {
      JsonArray *array = json_node_get_array (value);

      g_string_append_c (text, '[');
      for (guint i = 0; i < json_array_get_length (array); i++)
        {
          g_string_append (text, i > 0 ? ", " : "");
          append_value (text, json_array_get_element (array, i));
        }
      g_string_append_c (text, ']');
    }
  else if (JSON_NODE_HOLDS_OBJECT (value))
    {
      JsonObjectIter iter;
      const char *name;
      JsonNode *member;
      gboolean first = TRUE;

      g_string_append_c (text, '{');
      json_object_iter_init_ordered (&iter, json_node_get_object (value));
      while (json_object_iter_next_ordered (&iter, &name, &member))
        {
          g_string_append_printf (text, "%s%s=", first ? "" : ", ", name);
          append_value (text, member);
          first = FALSE;
        }
      g_string_append_c (text, '}');
    }
  else if (json_node_get_value_type (value) == G_TYPE_STRING)
    g_string_append (text, json_node_get_string (value));
  else
    {
      g_autofree char *plain = json_to_string (value, FALSE);

      g_string_append (text, plain);
    }
}

static void G_GNUC_PRINTF (3, 4) complain (Check *check, JsonNode *value, const char *format, ...)
{
  GString *text = g_string_new ("Value ");
  va_list args;

  if (value == NULL)
    g_string_append (text, "null");
  else
    {
      g_string_append_c (text, '\'');
      append_value (text, value);
      g_string_append_c (text, '\'');
    }
  g_string_append_printf (text, " at '%s' failed to satisfy constraint: ", check->path->str);
  va_start (args, format);
  g_string_append_vprintf (text, format, args);
  va_end (args);
  if (check->complaints->len < MAX_COMPLAINTS)
    g_ptr_array_add (check->complaints, g_string_free (text, FALSE));
  else
    g_string_free (text, TRUE);
}

static const char *
kind_of (JsonNode *value)
{
  if (JSON_NODE_HOLDS_OBJECT (value))
    return "START_OBJECT";
  if (JSON_NODE_HOLDS_ARRAY (value))
    return "START_ARRAY";
  switch (json_node_get_value_type (value))
    {
    case G_TYPE_STRING:
      return "STRING_VALUE";
    case G_TYPE_BOOLEAN:
      return json_node_get_boolean (value) ? "TRUE_VALUE" : "FALSE_VALUE";
    case G_TYPE_DOUBLE:
      return "DECIMAL_VALUE";
    default:
      return "NUMBER_VALUE";
    }
}

static void
wrong_type (Check *check, JsonNode *value, const char *wanted)
{
  if (check->type_error == NULL)
    check->type_error = g_strdup_printf ("%s can not be converted to %s at '%s'",
                                         kind_of (value),
                                         wanted,
                                         check->path->str);
}

static char *
join_enum (JsonArray *values)
{
  GString *text = g_string_new ("[");

  for (guint i = 0; i < json_array_get_length (values); i++)
    g_string_append_printf (text,
                            "%s%s",
                            i > 0 ? ", " : "",
                            json_array_get_string_element (values, i));
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

static gboolean
enum_holds (JsonArray *values, const char *text)
{
  for (guint i = 0; i < json_array_get_length (values); i++)
    if (strcmp (json_array_get_string_element (values, i), text) == 0)
      return TRUE;
  return FALSE;
}

/* Every rule that @text breaks, as the sentences that follow "Member must". */
static GPtrArray *
broken_rules (JsonObject *shape, const char *text)
{
  GPtrArray *broken = g_ptr_array_new_with_free_func (g_free);
  glong length = g_utf8_strlen (text, -1);

  if (json_object_has_member (shape, "enum"))
    {
      JsonArray *values = json_object_get_array_member (shape, "enum");

      if (!enum_holds (values, text))
        {
          g_autofree char *list = join_enum (values);

          g_ptr_array_add (broken,
                           g_strdup_printf ("Member must satisfy enum value set: %s", list));
        }
      return broken;
    }
  if (length < json_object_get_int_member_with_default (shape, "min", 0))
    g_ptr_array_add (
        broken,
        g_strdup_printf ("Member must have length greater than or equal to %" G_GINT64_FORMAT,
                         json_object_get_int_member (shape, "min")));
  if (length > json_object_get_int_member_with_default (shape, "max", G_MAXINT64))
    g_ptr_array_add (
        broken,
        g_strdup_printf ("Member must have length less than or equal to %" G_GINT64_FORMAT,
                         json_object_get_int_member (shape, "max")));
  if (json_object_has_member (shape, "pattern"))
    {
      const char *pattern = json_object_get_string_member (shape, "pattern");

      if (!g_regex_match (compile_pattern (pattern), text, 0, NULL))
        g_ptr_array_add (broken,
                         g_strdup_printf ("Member must satisfy regular expression pattern: %s",
                                          pattern));
    }
  return broken;
}

static void
check_string (Check *check, JsonObject *shape, JsonNode *value)
{
  g_autoptr (GPtrArray) broken = NULL;

  if (!JSON_NODE_HOLDS_VALUE (value) || json_node_get_value_type (value) != G_TYPE_STRING)
    {
      wrong_type (check, value, "a String");
      return;
    }
  broken = broken_rules (shape, json_node_get_string (value));
  for (guint i = 0; i < broken->len; i++)
    complain (check, value, "%s", (const char *) g_ptr_array_index (broken, i));
}

static gboolean
number_from_text (JsonNode *value)
{
  const char *text = json_node_get_string (value);
  char *end = NULL;
  gint64 number;

  errno = 0;
  number = g_ascii_strtoll (text, &end, 10);
  if (errno != 0 || end == text || *end != '\0')
    return FALSE;
  json_node_set_int (value, number);
  return TRUE;
}

/* In the Query protocol times are dates; here they are seconds, as everywhere else. */
static gboolean
time_from_text (JsonNode *value)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (json_node_get_string (value), utc);

  if (time != NULL)
    json_node_set_int (value, g_date_time_to_unix (time));
  return time != NULL;
}

static void
check_range (Check *check, JsonObject *shape, JsonNode *value)
{
  double number = json_node_get_double (value);

  if (json_object_has_member (shape, "min") &&
      number < json_object_get_double_member (shape, "min"))
    complain (check,
              value,
              "Member must have value greater than or equal to %" G_GINT64_FORMAT,
              json_object_get_int_member (shape, "min"));
  if (json_object_has_member (shape, "max") &&
      number > json_object_get_double_member (shape, "max"))
    complain (check,
              value,
              "Member must have value less than or equal to %" G_GINT64_FORMAT,
              json_object_get_int_member (shape, "max"));
}

static void
check_number (Check *check, JsonObject *shape, const char *type, JsonNode *value)
{
  gboolean whole = strcmp (type, "integer") == 0 || strcmp (type, "long") == 0;
  GType given = JSON_NODE_HOLDS_VALUE (value) ? json_node_get_value_type (value) : G_TYPE_INVALID;

  if (given == G_TYPE_STRING && (check->flags & SB_VALIDATE_TEXT) &&
      (number_from_text (value) || (strcmp (type, "timestamp") == 0 && time_from_text (value))))
    given = G_TYPE_INT64;
  /* Clients in languages with one kind of number write 10 as 10.0. */
  if (given == G_TYPE_DOUBLE && whole)
    {
      double number = json_node_get_double (value);

      if (isfinite (number) && number == floor (number))
        given = G_TYPE_INT64;
    }
  if (given != G_TYPE_INT64 && (whole || given != G_TYPE_DOUBLE))
    {
      wrong_type (check,
                  value,
                  strcmp (type, "long") == 0      ? "a Long"
                  : strcmp (type, "integer") == 0 ? "an Integer"
                                                  : "a Number");
      return;
    }
  check_range (check, shape, value);
}

static void
check_boolean (Check *check, JsonNode *value)
{
  GType given = JSON_NODE_HOLDS_VALUE (value) ? json_node_get_value_type (value) : G_TYPE_INVALID;

  if (given == G_TYPE_STRING && (check->flags & SB_VALIDATE_TEXT))
    {
      const char *text = json_node_get_string (value);

      if (strcmp (text, "true") == 0 || strcmp (text, "false") == 0)
        {
          json_node_set_boolean (value, strcmp (text, "true") == 0);
          return;
        }
    }
  if (given != G_TYPE_BOOLEAN)
    wrong_type (check, value, "a Boolean");
}

static void
check_count (Check *check, JsonObject *shape, JsonNode *value, guint count)
{
  if (count < json_object_get_int_member_with_default (shape, "min", 0))
    complain (check,
              value,
              "Member must have length greater than or equal to %" G_GINT64_FORMAT,
              json_object_get_int_member (shape, "min"));
  if (count > json_object_get_int_member_with_default (shape, "max", G_MAXUINT))
    complain (check,
              value,
              "Member must have length less than or equal to %" G_GINT64_FORMAT,
              json_object_get_int_member (shape, "max"));
}

static void
check_list (Check *check, JsonObject *shape, JsonNode *value)
{
  const char *member = json_object_get_string_member (shape, "list");
  gsize length = check->path->len;
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (value))
    {
      wrong_type (check, value, "a List");
      return;
    }
  array = json_node_get_array (value);
  check_count (check, shape, value, json_array_get_length (array));
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      g_string_append_printf (check->path, ".%u.member", i + 1);
      check_value (check, member, json_array_get_element (array, i));
      g_string_truncate (check->path, length);
    }
}

/* A map is complained about as a whole: its keys have no path of their own. */
static void
check_map_text (Check *check, JsonNode *map, const char *what, const char *shape, const char *text)
{
  JsonObject *rules = json_object_get_object_member (check->shapes, shape);
  g_autoptr (GPtrArray) broken = broken_rules (rules, text);
  g_autofree char *joined = NULL;

  if (broken->len == 0)
    return;
  g_ptr_array_add (broken, NULL);
  joined = g_strjoinv (", ", (char **) broken->pdata);
  complain (check, map, "Map %s must satisfy constraint: [%s]", what, joined);
}

static void
check_map (Check *check, JsonObject *shape, JsonNode *value)
{
  JsonArray *kinds = json_object_get_array_member (shape, "map");
  const char *key_shape = json_array_get_string_element (kinds, 0);
  const char *value_shape = json_array_get_string_element (kinds, 1);
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;

  if (!JSON_NODE_HOLDS_OBJECT (value))
    {
      wrong_type (check, value, "a Map");
      return;
    }
  check_count (check, shape, value, json_object_get_size (json_node_get_object (value)));
  json_object_iter_init_ordered (&iter, json_node_get_object (value));
  while (json_object_iter_next_ordered (&iter, &name, &member))
    {
      check_map_text (check, value, "keys", key_shape, name);
      if (JSON_NODE_HOLDS_VALUE (member) && json_node_get_value_type (member) == G_TYPE_STRING)
        check_map_text (check, value, "value", value_shape, json_node_get_string (member));
      else
        check_value (check, value_shape, member);
    }
}

static void
check_structure (Check *check, JsonObject *shape, JsonNode *value)
{
  JsonObject *members = json_object_get_object_member (shape, "members");
  gsize length = check->path->len;
  JsonObjectIter iter;
  const char *key;
  JsonNode *kind;

  if (!JSON_NODE_HOLDS_OBJECT (value))
    {
      wrong_type (check, value, "a Structure");
      return;
    }
  json_object_iter_init_ordered (&iter, members);
  while (json_object_iter_next_ordered (&iter, &key, &kind))
    {
      gboolean required = g_str_has_suffix (key, "!");
      g_autofree char *name = g_strndup (key, strlen (key) - (required ? 1 : 0));
      JsonNode *member = json_object_get_member (json_node_get_object (value), name);

      if (length > 0)
        g_string_append_c (check->path, '.');
      g_string_append_c (check->path, g_ascii_tolower (name[0]));
      g_string_append (check->path, name + 1);
      if (member != NULL && !JSON_NODE_HOLDS_NULL (member))
        check_value (check, json_node_get_string (kind), member);
      else if (required)
        complain (check, NULL, "Member must not be null");
      g_string_truncate (check->path, length);
    }
}

static void
check_value (Check *check, const char *shape_name, JsonNode *value)
{
  JsonObject *shape = json_object_get_object_member (check->shapes, shape_name);
  const char *type;

  if (JSON_NODE_HOLDS_NULL (value))
    complain (check, NULL, "Member must not be null");
  else if (json_object_has_member (shape, "members"))
    check_structure (check, shape, value);
  else if (json_object_has_member (shape, "list"))
    check_list (check, shape, value);
  else if (json_object_has_member (shape, "map"))
    check_map (check, shape, value);
  else
    {
      type = json_object_get_string_member (shape, "type");
      if (strcmp (type, "string") == 0)
        check_string (check, shape, value);
      else if (strcmp (type, "boolean") == 0)
        check_boolean (check, value);
      else
        check_number (check, shape, type, value);
    }
}

static const char *
code_of (const char *service)
{
  if (strcmp (service, "logs") == 0)
    return "InvalidParameterException";
  if (strcmp (service, "iam") == 0 || strcmp (service, "sts") == 0)
    return "ValidationError";
  return "ValidationException";
}

static GError *
error_from (Check *check, const char *service)
{
  g_autofree char *joined = NULL;
  g_autofree char *message = NULL;
  guint count = check->complaints->len;

  if (check->type_error != NULL)
    return sb_error_new_service (400, "SerializationException", check->type_error, NULL);
  if (count == 0)
    return NULL;
  g_ptr_array_add (check->complaints, NULL);
  joined = g_strjoinv ("; ", (char **) check->complaints->pdata);
  message =
      g_strdup_printf ("%u validation error%s detected: %s", count, count == 1 ? "" : "s", joined);
  return sb_error_new_service (400, code_of (service), message, NULL);
}

/**
 * sb_validate:
 * @service: a service with a table: `sagemaker`, `logs`, `iam` or `sts`
 * @operation: an operation of it
 * @input: what was sent; unknown members are ignored, as the services do
 * @flags: how the values were written
 * @error: %SB_ERROR with the service's own code and its own sentence
 *
 * Returns: whether @input is what the operation accepts; %TRUE for an operation without a table
 */
gboolean
sb_validate (const char *service,
             const char *operation,
             JsonObject *input,
             SbValidateFlags flags,
             GError **error)
{
  JsonObject *table = load_table (service);
  JsonObject *operations = json_object_get_object_member (table, "operations");
  const char *shape = json_object_get_string_member_with_default (operations, operation, NULL);
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  Check check = { 0 };
  GError *found;

  if (shape == NULL)
    return TRUE;
  json_node_set_object (root, input);
  check.shapes = json_object_get_object_member (table, "shapes");
  check.complaints = g_ptr_array_new_with_free_func (g_free);
  check.path = g_string_new (NULL);
  check.flags = flags;
  check_value (&check, shape, root);
  found = error_from (&check, service);
  g_ptr_array_unref (check.complaints);
  g_string_free (check.path, TRUE);
  g_free (check.type_error);
  if (found == NULL)
    return TRUE;
  g_propagate_error (error, found);
  return FALSE;
}
