/* sb-log-store.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-log-store.h"

#include <string.h>

#include "engine/sb-database.h"
#include "wire/sb-json.h"

struct _SbLogStore
{
  SbDatabase *database;
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS streams (id INTEGER PRIMARY KEY, log_group TEXT NOT NULL, name "
    "TEXT NOT NULL, created INTEGER NOT NULL, first INTEGER, last INTEGER, bytes INTEGER NOT "
    "NULL DEFAULT 0, UNIQUE (log_group, name));"
    "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT "
    "NULL REFERENCES streams ON DELETE CASCADE, time INTEGER NOT NULL, message TEXT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS events_of_stream ON events (stream, id);";

void
sb_log_event_free (SbLogEvent *self)
{
  g_free (self->stream);
  g_free (self->message);
  g_free (self);
}

/**
 * sb_log_store_open:
 * @data_dir: the engine's folder
 * @error: why it cannot be opened
 *
 * Returns: (transfer full) (nullable): the store
 */
SbLogStore *
sb_log_store_open (const char *data_dir, GError **error)
{
  g_autofree char *path = g_build_filename (data_dir, "logs.db", NULL);
  SbDatabase *database = sb_database_open (path, schema, SB_DATABASE_LAZY, error);
  SbLogStore *self;

  if (database == NULL)
    return NULL;
  self = g_new0 (SbLogStore, 1);
  self->database = database;
  return self;
}

void
sb_log_store_free (SbLogStore *self)
{
  sb_database_close (self->database);
  g_free (self);
}

/**
 * sb_log_store_add_stream:
 * @self: a store
 * @group: a log group
 * @stream: name of a stream, which may exist
 * @error: why not
 *
 * Returns: whether the stream is there
 */
gboolean
sb_log_store_add_stream (SbLogStore *self, const char *group, const char *stream, GError **error)
{
  return sb_database_exec (self->database,
                           error,
                           "INSERT OR IGNORE INTO streams (log_group, name, created) VALUES (?, "
                           "?, ?)",
                           "ssi",
                           group,
                           stream,
                           g_get_real_time () / 1000);
}

/**
 * sb_log_store_find_stream:
 * @self: a store
 * @group: a log group
 * @stream: name of a stream
 *
 * Returns: its id, or 0 when there is none
 */
gint64
sb_log_store_find_stream (SbLogStore *self, const char *group, const char *stream)
{
  sqlite3_stmt *row = sb_database_query (self->database,
                                         "SELECT id FROM streams WHERE log_group = ? AND name = ?",
                                         "ss",
                                         group,
                                         stream);
  gint64 id = sb_database_next (self->database, row, NULL) ? sqlite3_column_int64 (row, 0) : 0;

  sqlite3_reset (row);
  return id;
}

/* CloudWatch shows tabs as rsyslog writes them, and the metrics' regular expressions rely on it. */
static char *
escape_tabs (const char *line)
{
  g_auto (GStrv) parts = NULL;

  if (strchr (line, '\t') == NULL)
    return g_strdup (line);
  parts = g_strsplit (line, "\t", -1);
  return g_strjoinv ("#011", parts);
}

/**
 * sb_log_store_append:
 * @self: a store
 * @group: a log group
 * @stream: name of a stream that exists
 * @lines: (element-type utf8): lines
 * @time: milliseconds since 1970
 *
 * A line that cannot be stored is lost: a full disk must not end the job that wrote it.
 */
void
sb_log_store_append (SbLogStore *self,
                     const char *group,
                     const char *stream,
                     GPtrArray *lines,
                     gint64 time)
{
  gint64 id = sb_log_store_find_stream (self, group, stream);
  g_autoptr (GError) error = NULL;
  gboolean good = id != 0 && sb_database_begin (self->database, &error);
  gint64 bytes = 0;

  for (guint i = 0; good && i < lines->len; i++)
    {
      g_autofree char *line = escape_tabs (g_ptr_array_index (lines, i));

      bytes += (gint64) strlen (line);
      good = sb_database_exec (self->database,
                               &error,
                               "INSERT INTO events (stream, time, message) VALUES (?, ?, ?)",
                               "iis",
                               id,
                               time,
                               line);
    }
  good =
      good && sb_database_exec (self->database,
                                &error,
                                "UPDATE streams SET first = ifnull (first, ?), last = ?, bytes = "
                                "bytes + ? WHERE id = ?",
                                "iiii",
                                time,
                                time,
                                bytes,
                                id);
  if (good)
    good = sb_database_commit (self->database, &error);
  else
    sb_database_roll_back (self->database);
  if (!good && error != NULL)
    g_warning ("%u log lines were lost: %s", lines->len, error->message);
}

/**
 * sb_log_store_has_group:
 * @self: a store
 * @group: a log group
 *
 * Returns: whether it has a stream
 */
gboolean
sb_log_store_has_group (SbLogStore *self, const char *group)
{
  sqlite3_stmt *row = sb_database_query (self->database,
                                         "SELECT 1 FROM streams WHERE log_group = ? LIMIT 1",
                                         "s",
                                         group);
  gboolean found = sb_database_next (self->database, row, NULL);

  sqlite3_reset (row);
  return found;
}

/**
 * sb_log_store_list_streams:
 * @self: a store
 * @group: a log group
 * @prefix: how their names begin; "" for all
 *
 * Returns: (transfer full): objects with DescribeLogStreams' members, by name
 */
JsonArray *
sb_log_store_list_streams (SbLogStore *self, const char *group, const char *prefix)
{
  JsonArray *array = json_array_new ();
  sqlite3_stmt *row =
      sb_database_query (self->database,
                         "SELECT name, created, first, last, bytes FROM streams WHERE log_group "
                         "= ? ORDER BY name",
                         "s",
                         group);

  while (sb_database_next (self->database, row, NULL))
    {
      const char *name = (const char *) sqlite3_column_text (row, 0);
      JsonObject *stream;

      if (!g_str_has_prefix (name, prefix))
        continue;
      stream = sb_json_object_new ("logStreamName",
                                   "s",
                                   name,
                                   "creationTime",
                                   "i",
                                   (gint64) sqlite3_column_int64 (row, 1),
                                   "storedBytes",
                                   "i",
                                   (gint64) sqlite3_column_int64 (row, 4),
                                   NULL);
      if (sqlite3_column_type (row, 2) != SQLITE_NULL)
        {
          json_object_set_int_member (stream, "firstEventTimestamp", sqlite3_column_int64 (row, 2));
          json_object_set_int_member (stream, "lastEventTimestamp", sqlite3_column_int64 (row, 3));
          json_object_set_int_member (stream, "lastIngestionTime", sqlite3_column_int64 (row, 3));
        }
      json_array_add_object_element (array, stream);
    }
  return array;
}

/**
 * sb_log_store_list_groups:
 * @self: a store
 * @prefix: how their names begin; "" for all
 *
 * Returns: (transfer full): objects with DescribeLogGroups' members, by name
 */
JsonArray *
sb_log_store_list_groups (SbLogStore *self, const char *prefix)
{
  JsonArray *array = json_array_new ();
  sqlite3_stmt *row = sb_database_query (
      self->database,
      "SELECT log_group, min (created), sum (bytes) FROM streams GROUP BY log_group ORDER BY "
      "log_group",
      "");

  while (sb_database_next (self->database, row, NULL))
    {
      const char *name = (const char *) sqlite3_column_text (row, 0);

      if (g_str_has_prefix (name, prefix))
        json_array_add_object_element (array,
                                       sb_json_object_new ("logGroupName",
                                                           "s",
                                                           name,
                                                           "creationTime",
                                                           "i",
                                                           (gint64) sqlite3_column_int64 (row, 1),
                                                           "storedBytes",
                                                           "i",
                                                           (gint64) sqlite3_column_int64 (row, 2),
                                                           NULL));
    }
  return array;
}

static SbLogEvent *
read_event (sqlite3_stmt *row)
{
  SbLogEvent *event = g_new0 (SbLogEvent, 1);

  event->id = sqlite3_column_int64 (row, 0);
  event->time = sqlite3_column_int64 (row, 1);
  event->message = g_strdup ((const char *) sqlite3_column_text (row, 2));
  if (sqlite3_column_count (row) > 3)
    event->stream = g_strdup ((const char *) sqlite3_column_text (row, 3));
  return event;
}

static void
reverse (GPtrArray *events)
{
  for (guint i = 0; i < events->len / 2; i++)
    {
      gpointer swapped = events->pdata[i];

      events->pdata[i] = events->pdata[events->len - 1 - i];
      events->pdata[events->len - 1 - i] = swapped;
    }
}

/**
 * sb_log_store_read:
 * @self: a store
 * @stream: id of a stream
 * @after: only events with a higher id
 * @before: only events with a lower id
 * @start: only events at this time or later, in milliseconds since 1970
 * @end: only events before this time
 * @from_head: whether the page begins at the oldest of them or ends with the newest
 * @limit: how many at most
 *
 * Returns: (transfer full) (element-type SbLogEvent): in ascending order
 */
GPtrArray *
sb_log_store_read (SbLogStore *self,
                   gint64 stream,
                   gint64 after,
                   gint64 before,
                   gint64 start,
                   gint64 end,
                   gboolean from_head,
                   guint limit)
{
  GPtrArray *events = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_log_event_free);
  sqlite3_stmt *row = sb_database_query (
      self->database,
      from_head ? "SELECT id, time, message FROM events WHERE stream = ? AND id > ? AND id < ? "
                  "AND time >= ? AND time < ? ORDER BY id LIMIT ?"
                : "SELECT id, time, message FROM events WHERE stream = ? AND id > ? AND id < ? "
                  "AND time >= ? AND time < ? ORDER BY id DESC LIMIT ?",
      "iiiiii",
      stream,
      after,
      before,
      start,
      end,
      (gint64) limit);

  while (sb_database_next (self->database, row, NULL))
    g_ptr_array_add (events, read_event (row));
  if (!from_head)
    reverse (events);
  return events;
}

/**
 * sb_log_store_read_group:
 * @self: a store
 * @group: a log group
 * @after: only events with a higher id
 * @start: only events at this time or later, in milliseconds since 1970
 * @end: only events before this time
 * @limit: how many at most
 *
 * Returns: (transfer full) (element-type SbLogEvent): of all its streams, as they came
 */
GPtrArray *
sb_log_store_read_group (SbLogStore *self,
                         const char *group,
                         gint64 after,
                         gint64 start,
                         gint64 end,
                         guint limit)
{
  GPtrArray *events = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_log_event_free);
  sqlite3_stmt *row =
      sb_database_query (self->database,
                         "SELECT e.id, e.time, e.message, s.name FROM events e JOIN streams s ON "
                         "s.id = e.stream WHERE s.log_group = ? AND e.id > ? AND e.time >= ? AND "
                         "e.time < ? ORDER BY e.id LIMIT ?",
                         "siiii",
                         group,
                         after,
                         start,
                         end,
                         (gint64) limit);

  while (sb_database_next (self->database, row, NULL))
    g_ptr_array_add (events, read_event (row));
  return events;
}

/**
 * sb_log_store_delete_group:
 * @self: a store
 * @group: a log group
 *
 * An endpoint that is made again under an old name begins with an empty log.
 */
void
sb_log_store_delete_group (SbLogStore *self, const char *group)
{
  sb_database_exec (self->database, NULL, "DELETE FROM streams WHERE log_group = ?", "s", group);
}
