/* sb-log-store.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * SbLogStore:
 *
 * Log groups, streams and events, as CloudWatch Logs has them. They survive the death of the
 * engine, but not necessarily the loss of power: logs are many and small.
 */
typedef struct _SbLogStore SbLogStore;

/**
 * SbLogEvent:
 * @id: ascends within a stream
 * @stream: name of its stream
 * @time: milliseconds since 1970
 * @message: one line
 */
typedef struct
{
  gint64 id;
  char *stream;
  gint64 time;
  char *message;
} SbLogEvent;

void sb_log_event_free (SbLogEvent *self);

SbLogStore *sb_log_store_open (const char *data_dir, GError **error);
void sb_log_store_free (SbLogStore *self);
gboolean
sb_log_store_add_stream (SbLogStore *self, const char *group, const char *stream, GError **error);
void sb_log_store_append (SbLogStore *self,
                          const char *group,
                          const char *stream,
                          GPtrArray *lines,
                          gint64 time);
gboolean sb_log_store_has_group (SbLogStore *self, const char *group);
gint64 sb_log_store_find_stream (SbLogStore *self, const char *group, const char *stream);
JsonArray *sb_log_store_list_streams (SbLogStore *self, const char *group, const char *prefix);
JsonArray *sb_log_store_list_groups (SbLogStore *self, const char *prefix);
GPtrArray *sb_log_store_read (SbLogStore *self,
                              gint64 stream,
                              gint64 after,
                              gint64 before,
                              gint64 start,
                              gint64 end,
                              gboolean from_head,
                              guint limit);
GPtrArray *sb_log_store_read_group (SbLogStore *self,
                                    const char *group,
                                    gint64 after,
                                    gint64 start,
                                    gint64 end,
                                    guint limit);
void sb_log_store_delete_group (SbLogStore *self, const char *group);

G_END_DECLS
