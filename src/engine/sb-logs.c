/* sb-logs.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "engine/sb-services.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"

#define DEFAULT_STREAMS 50
#define DEFAULT_EVENTS  10000
/* What an answer may hold; more goes on the next page. */
#define MAX_PAGE_BYTES (1024 * 1024)
#define EVENT_OVERHEAD 26

static gboolean
fail (GError **error, const char *code, const char *message)
{
  g_propagate_error (error, sb_error_new_service (400, code, message, NULL));
  return FALSE;
}

static const char *
read_group (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *group = sb_json_get_string (input, "logGroupName", NULL);
  const char *identifier = sb_json_get_string (input, "logGroupIdentifier", NULL);

  if (group == NULL && identifier != NULL)
    {
      const char *colon = strrchr (identifier, ':');

      group = colon != NULL ? colon + 1 : identifier;
    }
  if (group == NULL)
    fail (error, "InvalidParameterException", "A log group name or identifier is required.");
  else if (!sb_log_store_has_group (engine->logs, group))
    {
      fail (error, "ResourceNotFoundException", "The specified log group does not exist.");
      group = NULL;
    }
  return group;
}

static gboolean
read_offset (JsonObject *input, guint *offset, GError **error)
{
  const char *token = sb_json_get_string (input, "nextToken", NULL);
  guint64 value = 0;

  if (token != NULL && !g_ascii_string_to_unsigned (token, 10, 0, G_MAXUINT32, &value, NULL))
    return fail (error, "InvalidParameterException", "The specified nextToken is invalid.");
  *offset = (guint) value;
  return TRUE;
}

/* Puts a page of @all, from @offset on, into @member of the answer. */
static JsonObject *
make_page (JsonArray *all, guint offset, guint limit, const char *member)
{
  JsonObject *answer = json_object_new ();
  JsonArray *page = json_array_new ();
  guint length = json_array_get_length (all);
  guint end = MIN (length, offset + limit);

  for (guint i = offset; i < end; i++)
    json_array_add_object_element (page, json_object_ref (json_array_get_object_element (all, i)));
  json_object_set_array_member (answer, member, page);
  if (end < length)
    {
      g_autofree char *token = g_strdup_printf ("%u", end);

      json_object_set_string_member (answer, "nextToken", token);
    }
  return answer;
}

static char *
group_arn (SbEngine *engine, const char *group, const char *rest)
{
  g_autofree char *resource = g_strconcat ("log-group:", group, ":", rest, NULL);

  return sb_arn_new (sb_region_get_partition (engine->region),
                     "logs",
                     engine->region,
                     SB_ENGINE_ACCOUNT,
                     resource);
}

static JsonObject *
describe_log_groups (SbEngine *engine, JsonObject *input, GError **error)
{
  g_autoptr (JsonArray) all =
      sb_log_store_list_groups (engine->logs, sb_json_get_string (input, "logGroupNamePrefix", ""));
  guint offset;

  for (guint i = 0; i < json_array_get_length (all); i++)
    {
      JsonObject *item = json_array_get_object_element (all, i);
      g_autofree char *arn = group_arn (engine, sb_json_get_string (item, "logGroupName", ""), "*");

      json_object_set_string_member (item, "arn", arn);
    }
  if (!read_offset (input, &offset, error))
    return NULL;
  return make_page (all,
                    offset,
                    (guint) sb_json_get_int (input, "limit", DEFAULT_STREAMS),
                    "logGroups");
}

static int
compare_last (gconstpointer a, gconstpointer b, gpointer data)
{
  gint64 x = sb_json_get_int (*(JsonObject *const *) a, "lastEventTimestamp", 0);
  gint64 y = sb_json_get_int (*(JsonObject *const *) b, "lastEventTimestamp", 0);

  return (x > y) - (x < y);
}

static JsonArray *
order_streams (JsonArray *streams, JsonObject *input)
{
  g_autoptr (GPtrArray) order = g_ptr_array_new ();
  JsonArray *ordered = json_array_new ();
  gboolean descending = sb_json_get_bool (input, "descending", FALSE);

  for (guint i = 0; i < json_array_get_length (streams); i++)
    g_ptr_array_add (order, json_array_get_object_element (streams, i));
  if (strcmp (sb_json_get_string (input, "orderBy", "LogStreamName"), "LastEventTime") == 0)
    g_ptr_array_sort_with_data (order, compare_last, NULL);
  for (guint i = 0; i < order->len; i++)
    json_array_add_object_element (ordered,
                                   json_object_ref (
                                       order->pdata[descending ? order->len - 1 - i : i]));
  return ordered;
}

static JsonObject *
describe_log_streams (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *group = read_group (engine, input, error);
  const char *prefix = sb_json_get_string (input, "logStreamNamePrefix", NULL);
  g_autoptr (JsonArray) streams = NULL;
  g_autoptr (JsonArray) ordered = NULL;
  guint offset;

  if (group == NULL || !read_offset (input, &offset, error))
    return NULL;
  if (prefix != NULL && strcmp (sb_json_get_string (input, "orderBy", ""), "LastEventTime") == 0)
    {
      fail (error,
            "InvalidParameterException",
            "Cannot order by LastEventTime with a logStreamNamePrefix.");
      return NULL;
    }
  streams = sb_log_store_list_streams (engine->logs, group, prefix != NULL ? prefix : "");
  for (guint i = 0; i < json_array_get_length (streams); i++)
    {
      JsonObject *item = json_array_get_object_element (streams, i);
      g_autofree char *rest =
          g_strconcat ("log-stream:", sb_json_get_string (item, "logStreamName", ""), NULL);
      g_autofree char *arn = group_arn (engine, group, rest);

      json_object_set_string_member (item, "arn", arn);
    }
  ordered = order_streams (streams, input);
  return make_page (ordered,
                    offset,
                    (guint) sb_json_get_int (input, "limit", DEFAULT_STREAMS),
                    "logStreams");
}

/* Tokens are "f/ID" (events after ID) and "b/ID" (events before ID). */
static gboolean
read_event_token (JsonObject *input,
                  gint64 *after,
                  gint64 *before,
                  gboolean *from_head,
                  GError **error)
{
  const char *token = sb_json_get_string (input, "nextToken", NULL);
  guint64 id;

  *after = 0;
  *before = G_MAXINT64;
  *from_head = sb_json_get_bool (input, "startFromHead", FALSE);
  if (token == NULL)
    return TRUE;
  if ((!g_str_has_prefix (token, "f/") && !g_str_has_prefix (token, "b/")) ||
      !g_ascii_string_to_unsigned (token + 2, 10, 0, G_MAXINT64, &id, NULL))
    return fail (error, "InvalidParameterException", "The specified nextToken is invalid.");
  *from_head = *token == 'f';
  if (*from_head)
    *after = (gint64) id;
  else
    *before = (gint64) id;
  return TRUE;
}

/* Cuts what does not fit into one answer: at the end, or at the beginning when the page ends with
 * the newest event. */
static void
limit_bytes (GPtrArray *events, gboolean from_head)
{
  gsize bytes = 0;
  guint kept = 0;

  for (; kept < events->len; kept++)
    {
      const SbLogEvent *event = events->pdata[from_head ? kept : events->len - 1 - kept];

      bytes += strlen (event->message) + EVENT_OVERHEAD;
      if (bytes > MAX_PAGE_BYTES && kept > 0)
        break;
    }
  if (from_head)
    g_ptr_array_set_size (events, (int) kept);
  else if (kept < events->len)
    g_ptr_array_remove_range (events, 0, events->len - kept);
}

static JsonObject *
get_log_events (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *group = read_group (engine, input, error);
  gint64 stream;
  gint64 after;
  gint64 before;
  gboolean from_head;
  g_autoptr (GPtrArray) events = NULL;
  g_autofree char *forward = NULL;
  g_autofree char *backward = NULL;
  JsonArray *array;

  if (group == NULL)
    return NULL;
  stream = sb_log_store_find_stream (engine->logs,
                                     group,
                                     sb_json_get_string (input, "logStreamName", ""));
  if (stream == 0)
    {
      fail (error, "ResourceNotFoundException", "The specified log stream does not exist.");
      return NULL;
    }
  if (!read_event_token (input, &after, &before, &from_head, error))
    return NULL;
  events = sb_log_store_read (engine->logs,
                              stream,
                              after,
                              before,
                              sb_json_get_int (input, "startTime", 0),
                              sb_json_get_int (input, "endTime", G_MAXINT64),
                              from_head,
                              (guint) sb_json_get_int (input, "limit", DEFAULT_EVENTS));
  limit_bytes (events, from_head);
  array = json_array_new ();
  for (guint i = 0; i < events->len; i++)
    {
      const SbLogEvent *event = events->pdata[i];

      json_array_add_object_element (array,
                                     sb_json_object_new ("timestamp",
                                                         "i",
                                                         event->time,
                                                         "message",
                                                         "s",
                                                         event->message,
                                                         "ingestionTime",
                                                         "i",
                                                         event->time,
                                                         NULL));
    }
  if (events->len > 0)
    {
      after = ((SbLogEvent *) events->pdata[events->len - 1])->id;
      before = ((SbLogEvent *) events->pdata[0])->id;
    }
  else if (after == 0 && before != G_MAXINT64)
    after = before - 1;
  else if (before == G_MAXINT64)
    before = after + 1;
  forward = g_strdup_printf ("f/%" G_GINT64_FORMAT, after);
  backward = g_strdup_printf ("b/%" G_GINT64_FORMAT, before);
  return sb_json_object_new ("events",
                             "a",
                             array,
                             "nextForwardToken",
                             "s",
                             forward,
                             "nextBackwardToken",
                             "s",
                             backward,
                             NULL);
}

/* Splits a filter pattern into its terms; quotes keep a phrase together. */
static GPtrArray *
parse_pattern (const char *pattern)
{
  GPtrArray *terms = g_ptr_array_new_with_free_func (g_free);
  const char *p = pattern;

  while (*p != '\0')
    {
      GString *term = g_string_new (NULL);

      while (*p == ' ')
        p++;
      while (*p == '?' || *p == '-')
        g_string_append_c (term, *p++);
      if (*p == '"')
        for (p++; *p != '\0' && *p++ != '"';)
          g_string_append_c (term, p[-1]);
      else
        while (*p != '\0' && *p != ' ')
          g_string_append_c (term, *p++);
      if (term->len > 0)
        g_ptr_array_add (terms, g_string_free (term, FALSE));
      else
        g_string_free (term, TRUE);
    }
  return terms;
}

static gboolean
matches_pattern (GPtrArray *terms, const char *message)
{
  gboolean any_wanted = FALSE;
  gboolean any_found = FALSE;

  for (guint i = 0; i < terms->len; i++)
    {
      const char *term = terms->pdata[i];

      if (*term == '?')
        {
          any_wanted = TRUE;
          any_found = any_found || strstr (message, term + 1) != NULL;
        }
      else if (*term == '-' ? strstr (message, term + 1) != NULL : strstr (message, term) == NULL)
        return FALSE;
    }
  return !any_wanted || any_found;
}

static gboolean
wants_stream (JsonObject *input, const char *stream)
{
  JsonArray *names = sb_json_get_array (input, "logStreamNames");

  if (names == NULL)
    return g_str_has_prefix (stream, sb_json_get_string (input, "logStreamNamePrefix", ""));
  for (guint i = 0; i < json_array_get_length (names); i++)
    if (strcmp (json_array_get_string_element (names, i), stream) == 0)
      return TRUE;
  return FALSE;
}

static JsonObject *
filter_log_events (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *group = read_group (engine, input, error);
  guint limit = (guint) sb_json_get_int (input, "limit", DEFAULT_EVENTS);
  g_autoptr (GPtrArray) terms = parse_pattern (sb_json_get_string (input, "filterPattern", ""));
  g_autoptr (GPtrArray) events = NULL;
  g_autofree char *token = NULL;
  JsonArray *array;
  gsize bytes = 0;
  guint offset;
  gint64 last = 0;

  if (group == NULL || !read_offset (input, &offset, error))
    return NULL;
  events = sb_log_store_read_group (engine->logs,
                                    group,
                                    offset,
                                    sb_json_get_int (input, "startTime", 0),
                                    sb_json_get_int (input, "endTime", G_MAXINT64),
                                    DEFAULT_EVENTS);
  array = json_array_new ();
  for (guint i = 0; i < events->len; i++)
    {
      const SbLogEvent *event = events->pdata[i];
      g_autofree char *id = g_strdup_printf ("%" G_GINT64_FORMAT, event->id);

      if (json_array_get_length (array) == limit || bytes > MAX_PAGE_BYTES)
        break;
      last = event->id;
      if (!wants_stream (input, event->stream) || !matches_pattern (terms, event->message))
        continue;
      bytes += strlen (event->message) + EVENT_OVERHEAD;
      json_array_add_object_element (array,
                                     sb_json_object_new ("logStreamName",
                                                         "s",
                                                         event->stream,
                                                         "timestamp",
                                                         "i",
                                                         event->time,
                                                         "message",
                                                         "s",
                                                         event->message,
                                                         "ingestionTime",
                                                         "i",
                                                         event->time,
                                                         "eventId",
                                                         "s",
                                                         id,
                                                         NULL));
    }
  if (events->len > 0 && last < ((SbLogEvent *) events->pdata[events->len - 1])->id)
    token = g_strdup_printf ("%" G_GINT64_FORMAT, last);
  else if (events->len == DEFAULT_EVENTS)
    token = g_strdup_printf ("%" G_GINT64_FORMAT, last);
  return sb_json_object_new ("events",
                             "a",
                             array,
                             "searchedLogStreams",
                             "a",
                             json_array_new (),
                             "nextToken",
                             "s",
                             token,
                             NULL);
}

static const SbOperation operations[] = {
  { "DescribeLogGroups", describe_log_groups, FALSE },
  { "DescribeLogStreams", describe_log_streams, FALSE },
  { "GetLogEvents", get_log_events, FALSE },
  { "FilterLogEvents", filter_log_events, FALSE },
  { NULL },
};

/**
 * sb_add_log_operations:
 * @engine: an engine
 */
void
sb_add_log_operations (SbEngine *engine)
{
  sb_engine_add_operations (engine, "logs", operations);
}
