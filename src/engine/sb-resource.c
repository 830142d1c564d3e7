/* sb-resource.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-resource.h"

#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"

#define DEFAULT_RESULTS 10

/**
 * sb_resource_fail:
 * @error: where it goes
 * @code: the service's code; the status is 400
 * @format: the service's sentence
 * @...: for @format
 *
 * Returns: %FALSE
 */
gboolean
sb_resource_fail (GError **error, const char *code, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_propagate_error (error, sb_error_new_service (400, code, message, NULL));
  return FALSE;
}

/**
 * sb_resource_load:
 * @engine: the engine
 * @kind: a kind of resource
 * @name: its name
 *
 * Returns: (transfer full) (nullable): its document
 */
JsonObject *
sb_resource_load (SbEngine *engine, const char *kind, const char *name)
{
  sqlite3_stmt *row =
      sb_database_query (engine->database,
                         "SELECT document FROM resources WHERE kind = ? AND name = ?",
                         "ss",
                         kind,
                         name);
  JsonObject *document = NULL;

  if (sb_database_next (engine->database, row, NULL))
    document = sb_json_parse_object ((const char *) sqlite3_column_text (row, 0), -1, NULL);
  sqlite3_reset (row);
  return document;
}

/**
 * sb_resource_save:
 * @engine: the engine
 * @kind: a kind of resource
 * @name: its name
 * @document: what it is
 * @error: why it could not be stored
 *
 * Stores durably.
 *
 * Returns: whether it is stored
 */
gboolean
sb_resource_save (SbEngine *engine,
                  const char *kind,
                  const char *name,
                  JsonObject *document,
                  GError **error)
{
  g_autofree char *text = sb_json_to_string (document);
  double time = sb_engine_now ();

  return sb_database_exec (engine->database,
                           error,
                           "INSERT INTO resources (kind, name, created, modified, document) VALUES "
                           "(?, ?, ?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET modified = "
                           "excluded.modified, document = excluded.document",
                           "ssdds",
                           kind,
                           name,
                           time,
                           time,
                           text);
}

/**
 * sb_resource_delete:
 * @engine: the engine
 * @kind: a kind of resource
 * @name: its name
 * @error: why it could not be deleted
 *
 * Returns: whether it is gone
 */
gboolean
sb_resource_delete (SbEngine *engine, const char *kind, const char *name, GError **error)
{
  return sb_database_exec (engine->database,
                           error,
                           "DELETE FROM resources WHERE kind = ? AND name = ?",
                           "ss",
                           kind,
                           name);
}

/**
 * sb_resource_load_all:
 * @engine: the engine
 * @kind: a kind of resource
 *
 * Returns: (transfer full) (element-type JsonObject): in the order in which they were made
 */
GPtrArray *
sb_resource_load_all (SbEngine *engine, const char *kind)
{
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  sqlite3_stmt *row = sb_database_query (
      engine->database, "SELECT document FROM resources WHERE kind = ? ORDER BY rowid", "s", kind);

  while (sb_database_next (engine->database, row, NULL))
    {
      JsonObject *document =
          sb_json_parse_object ((const char *) sqlite3_column_text (row, 0), -1, NULL);

      if (document != NULL)
        g_ptr_array_add (all, document);
    }
  return all;
}

/**
 * sb_resource_to_answer:
 * @document: (transfer full) (nullable): a document
 *
 * Returns: (transfer full) (nullable): it without the engine's own members
 */
JsonObject *
sb_resource_to_answer (JsonObject *document)
{
  g_autoptr (GList) names = NULL;

  if (document == NULL)
    return NULL;
  names = json_object_get_members (document);
  for (GList *l = names; l != NULL; l = l->next)
    if (*(const char *) l->data == '_')
      {
        g_autofree char *name = g_strdup (l->data);

        json_object_remove_member (document, name);
      }
  return document;
}

static gboolean
passes (const SbListSpec *spec, JsonObject *document, JsonObject *input)
{
  static const struct
  {
    const char *filter;
    const char *member;
    int sign;
  } times[] = {
    { "CreationTimeAfter", "CreationTime", 1 },
    { "CreationTimeBefore", "CreationTime", -1 },
    { "LastModifiedTimeAfter", "LastModifiedTime", 1 },
    { "LastModifiedTimeBefore", "LastModifiedTime", -1 },
  };
  static const char *const texts[][2] = {
    { "NotebookInstanceLifecycleConfigNameContains", "NotebookInstanceLifecycleConfigName" },
    { "DefaultCodeRepositoryContains", "DefaultCodeRepository" },
  };
  const char *contains = sb_json_get_string (input, "NameContains", NULL);
  const char *status = sb_json_get_string (input, "StatusEquals", NULL);
  const char *name = sb_json_get_string (document, spec->name_member, "");

  if (contains != NULL)
    {
      g_autofree char *haystack = g_ascii_strdown (name, -1);
      g_autofree char *needle = g_ascii_strdown (contains, -1);

      if (strstr (haystack, needle) == NULL)
        return FALSE;
    }
  if (status != NULL && spec->status_member != NULL &&
      g_strcmp0 (sb_json_get_string (document, spec->status_member, NULL), status) != 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (json_object_has_member (input, texts[i][0]) &&
        strstr (sb_json_get_string (document, texts[i][1], ""),
                sb_json_get_string (input, texts[i][0], "")) == NULL)
      return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    if (json_object_has_member (input, times[i].filter) &&
        times[i].sign * (sb_json_get_double (document, times[i].member, 0) -
                         sb_json_get_double (input, times[i].filter, 0)) <=
            0)
      return FALSE;
  return TRUE;
}

typedef struct
{
  const SbListSpec *spec;
  const char *member;
  gboolean numeric;
  int sign;
} Order;

static int
compare (gconstpointer a, gconstpointer b, gpointer data)
{
  JsonObject *left = *(JsonObject *const *) a;
  JsonObject *right = *(JsonObject *const *) b;
  const Order *order = data;
  int result;

  if (order->numeric)
    {
      double x = sb_json_get_double (left, order->member, 0);
      double y = sb_json_get_double (right, order->member, 0);

      result = (x > y) - (x < y);
    }
  else
    result = strcmp (sb_json_get_string (left, order->member, ""),
                     sb_json_get_string (right, order->member, ""));
  /* A stable order, so that pages neither repeat nor skip. */
  if (result == 0)
    result = strcmp (sb_json_get_string (left, order->spec->name_member, ""),
                     sb_json_get_string (right, order->spec->name_member, ""));
  return order->sign * result;
}

static Order
read_order (const SbListSpec *spec, JsonObject *input)
{
  const char *by = sb_json_get_string (input, "SortBy", spec->sort);
  const char *direction =
      sb_json_get_string (input, "SortOrder", spec->descending ? "Descending" : "Ascending");
  Order order = { .spec = spec, .member = "CreationTime", .numeric = TRUE, .sign = 1 };

  if (strcmp (by, "Name") == 0)
    order = (Order){ .spec = spec, .member = spec->name_member };
  else if (strcmp (by, "Status") == 0 && spec->status_member != NULL)
    order = (Order){ .spec = spec, .member = spec->status_member };
  order.sign = strcmp (direction, "Descending") == 0 ? -1 : 1;
  return order;
}

static JsonObject *
summarise (const SbListSpec *spec, JsonObject *document)
{
  JsonObject *summary = json_object_new ();

  for (guint i = 0; i < G_N_ELEMENTS (spec->members) && spec->members[i] != NULL; i++)
    {
      JsonNode *node = json_object_get_member (document, spec->members[i]);

      if (node != NULL)
        json_object_set_member (summary, spec->members[i], json_node_copy (node));
    }
  return summary;
}

/* A token names the last item of the page before. */
static gboolean
find_start (GPtrArray *all, const SbListSpec *spec, const char *token, guint *start)
{
  g_autofree char *last = NULL;
  gsize length;

  *start = 0;
  if (token == NULL)
    return TRUE;
  last = (char *) g_base64_decode (token, &length);
  for (guint i = 0; i < all->len; i++)
    {
      const char *name = sb_json_get_string (all->pdata[i], spec->name_member, "");

      if (strlen (name) == length && memcmp (name, last, length) == 0)
        {
          *start = i + 1;
          return TRUE;
        }
    }
  return FALSE;
}

/**
 * sb_resource_list:
 * @engine: the engine
 * @spec: which list
 * @input: the request
 * @error: ValidationException for a token that is none
 *
 * Returns: (transfer full) (nullable): the answer of a List call
 */
JsonObject *
sb_resource_list (SbEngine *engine, const SbListSpec *spec, JsonObject *input, GError **error)
{
  g_autoptr (GPtrArray) all = sb_resource_load_all (engine, spec->kind);
  gint64 max = sb_json_get_int (input, "MaxResults", DEFAULT_RESULTS);
  Order order = read_order (spec, input);
  JsonArray *items;
  JsonObject *answer;
  guint start;
  guint end;

  for (guint i = all->len; i > 0; i--)
    if (!passes (spec, all->pdata[i - 1], input))
      g_ptr_array_remove_index (all, i - 1);
  g_ptr_array_sort_with_data (all, compare, &order);
  if (!find_start (all, spec, sb_json_get_string (input, "NextToken", NULL), &start))
    {
      sb_resource_fail (error, "ValidationException", "The NextToken is invalid.");
      return NULL;
    }
  end = (guint) MIN ((gint64) all->len, start + max);
  items = json_array_new ();
  for (guint i = start; i < end; i++)
    json_array_add_object_element (items, summarise (spec, all->pdata[i]));
  answer = json_object_new ();
  json_object_set_array_member (answer, spec->result_member, items);
  if (end < all->len && end > start)
    {
      const char *name = sb_json_get_string (all->pdata[end - 1], spec->name_member, "");
      g_autofree char *token = g_base64_encode ((const guchar *) name, strlen (name));

      json_object_set_string_member (answer, "NextToken", token);
    }
  return answer;
}

/**
 * sb_resource_save_tags:
 * @engine: the engine
 * @arn: what they are on
 * @tags: (nullable): objects with `Key` and `Value`
 * @error: why they could not be stored
 *
 * Adds tags; equal keys are overwritten.
 *
 * Returns: whether they are stored
 */
gboolean
sb_resource_save_tags (SbEngine *engine, const char *arn, JsonArray *tags, GError **error)
{
  guint count = tags != NULL ? json_array_get_length (tags) : 0;

  for (guint i = 0; i < count; i++)
    {
      JsonObject *tag = json_array_get_object_element (tags, i);

      if (!sb_database_exec (engine->database,
                             error,
                             "INSERT OR REPLACE INTO tags (arn, key, value) VALUES (?, ?, ?)",
                             "sss",
                             arn,
                             sb_json_get_string (tag, "Key", ""),
                             sb_json_get_string (tag, "Value", "")))
        return FALSE;
    }
  return TRUE;
}

/**
 * sb_resource_delete_tags:
 * @engine: the engine
 * @arn: what they are on
 * @error: why they could not be deleted
 *
 * Returns: whether it has no tags now
 */
gboolean
sb_resource_delete_tags (SbEngine *engine, const char *arn, GError **error)
{
  return sb_database_exec (engine->database, error, "DELETE FROM tags WHERE arn = ?", "s", arn);
}

/**
 * sb_resource_load_tags:
 * @engine: the engine
 * @arn: what they are on
 *
 * Returns: (transfer full): objects with `Key` and `Value`, by key
 */
JsonArray *
sb_resource_load_tags (SbEngine *engine, const char *arn)
{
  JsonArray *tags = json_array_new ();
  sqlite3_stmt *row = sb_database_query (engine->database,
                                         "SELECT key, value FROM tags WHERE arn = ? ORDER BY key",
                                         "s",
                                         arn);

  while (sb_database_next (engine->database, row, NULL))
    json_array_add_object_element (tags,
                                   sb_json_object_new ("Key",
                                                       "s",
                                                       (const char *) sqlite3_column_text (row, 0),
                                                       "Value",
                                                       "s",
                                                       (const char *) sqlite3_column_text (row, 1),
                                                       NULL));
  return tags;
}
