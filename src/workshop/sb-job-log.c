/* sb-job-log.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-job-log.h"

#include <string.h>

#include "wire/sb-json.h"

#define LOG_GROUP "/aws/sagemaker/TrainingJobs"

/* How far the stream of a host was read. */
typedef struct
{
  char *name;
  char *host; /* NULL for the first */
  char *token;
} Stream;

struct _SbJobLog
{
  SbClient *client;
  char *job;
  guint n_hosts;
  GPtrArray *streams;
};

static void
stream_free (gpointer data)
{
  Stream *self = data;

  g_free (self->name);
  g_free (self->host);
  g_free (self->token);
  g_free (self);
}

/* Returns: (transfer full) (nullable): "algo-2" of "JOB/algo-2-1700000000", NULL for "algo-1" */
static char *
dup_host (const char *stream)
{
  const char *name = strrchr (stream, '/');
  const char *end = strrchr (stream, '-');
  g_autofree char *host = NULL;

  if (name != NULL && end != NULL && end > name)
    host = g_strndup (name + 1, (gsize) (end - name - 1));
  return g_strcmp0 (host, "algo-1") == 0 ? NULL : g_steal_pointer (&host);
}

static gboolean
knows (SbJobLog *self, const char *name)
{
  for (guint i = 0; i < self->streams->len; i++)
    if (strcmp (((Stream *) self->streams->pdata[i])->name, name) == 0)
      return TRUE;
  return FALSE;
}

/* Adds the streams that there are now: each host's begins when the host does. */
static gboolean
find_streams (SbJobLog *self, GCancellable *cancellable, GError **error)
{
  g_autofree char *prefix = g_strconcat (self->job, "/", NULL);
  g_autoptr (JsonObject) input =
      sb_json_object_new ("logGroupName", "s", LOG_GROUP, "logStreamNamePrefix", "s", prefix, NULL);
  g_autoptr (JsonObject) answer =
      sb_client_call (self->client, "logs", "DescribeLogStreams", input, cancellable, error);
  JsonArray *streams = answer != NULL ? sb_json_get_array (answer, "logStreams") : NULL;

  for (guint i = 0; streams != NULL && i < json_array_get_length (streams); i++)
    {
      const char *name =
          sb_json_get_string (json_array_get_object_element (streams, i), "logStreamName", "");
      Stream *stream;

      if (knows (self, name))
        continue;
      stream = g_new0 (Stream, 1);
      stream->name = g_strdup (name);
      stream->host = dup_host (name);
      g_ptr_array_add (self->streams, stream);
    }
  return answer != NULL;
}

static JsonObject *
ask_stream (SbJobLog *self, Stream *stream, GCancellable *cancellable, GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new ("logGroupName",
                                                     "s",
                                                     LOG_GROUP,
                                                     "logStreamName",
                                                     "s",
                                                     stream->name,
                                                     "startFromHead",
                                                     "b",
                                                     TRUE,
                                                     "nextToken",
                                                     "s",
                                                     stream->token,
                                                     NULL);

  return sb_client_call (self->client, "logs", "GetLogEvents", input, cancellable, error);
}

/* A page without events is not the end on AWS, but one that leads nowhere else is. */
static gboolean
read_stream (SbJobLog *self,
             Stream *stream,
             SbJobLogFunc func,
             gpointer user_data,
             GCancellable *cancellable,
             GError **error)
{
  for (;;)
    {
      g_autoptr (JsonObject) answer = ask_stream (self, stream, cancellable, error);
      JsonArray *events = answer != NULL ? sb_json_get_array (answer, "events") : NULL;
      const char *next =
          answer != NULL ? sb_json_get_string (answer, "nextForwardToken", NULL) : NULL;
      g_autoptr (GPtrArray) lines = g_ptr_array_new ();
      gboolean over = next == NULL || g_strcmp0 (next, stream->token) == 0;

      if (answer == NULL)
        return FALSE;
      for (guint i = 0; events != NULL && i < json_array_get_length (events); i++)
        g_ptr_array_add (lines,
                         (gpointer) sb_json_get_string (json_array_get_object_element (events, i),
                                                        "message",
                                                        ""));
      if (lines->len > 0)
        func (stream->host, lines, user_data);
      if (over)
        return TRUE;
      g_free (stream->token);
      stream->token = g_strdup (next);
    }
}

/**
 * sb_job_log_new:
 * @client: makes the calls
 * @job: the name of a training job
 * @n_hosts: how many instances it has
 *
 * Returns: (transfer full): its log, of which nothing was read yet
 */
SbJobLog *
sb_job_log_new (SbClient *client, const char *job, guint n_hosts)
{
  SbJobLog *self = g_new0 (SbJobLog, 1);

  self->client = g_object_ref (client);
  self->job = g_strdup (job);
  self->n_hosts = n_hosts;
  self->streams = g_ptr_array_new_with_free_func (stream_free);
  return self;
}

void
sb_job_log_free (SbJobLog *self)
{
  g_object_unref (self->client);
  g_free (self->job);
  g_ptr_array_unref (self->streams);
  g_free (self);
}

/**
 * sb_job_log_read:
 * @self: a log
 * @func: called for what was not read before
 * @user_data: data for @func
 * @cancellable: (nullable): a cancellable
 * @error: why the service could not be asked; what was read until then is not read again
 *
 * Reads on as far as there is something. Blocks.
 *
 * Returns: whether the service could be asked
 */
gboolean
sb_job_log_read (SbJobLog *self,
                 SbJobLogFunc func,
                 gpointer user_data,
                 GCancellable *cancellable,
                 GError **error)
{
  if (self->streams->len < self->n_hosts && !find_streams (self, cancellable, error))
    return FALSE;
  for (guint i = 0; i < self->streams->len; i++)
    if (!read_stream (self, self->streams->pdata[i], func, user_data, cancellable, error))
      return FALSE;
  return TRUE;
}

static void
take_lines (const char *host, GPtrArray *lines, gpointer user_data)
{
  for (guint i = 0; host == NULL && i < lines->len; i++)
    sb_curves_take_line (user_data, lines->pdata[i]);
}

static void
fetch_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (SbJobLog) log = sb_job_log_new (source, data, 1);
  g_autoptr (SbCurves) curves = sb_curves_new ();
  g_autoptr (GError) error = NULL;

  if (sb_job_log_read (log, take_lines, curves, cancellable, &error))
    g_task_return_pointer (task, g_steal_pointer (&curves), (GDestroyNotify) sb_curves_free);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * sb_job_log_fetch_curves_async:
 * @client: makes the calls
 * @job: the name of a training job
 * @cancellable: (nullable): a cancellable
 * @callback: called when its log was read
 * @user_data: data for @callback
 *
 * Reads from a job's log how its training has gone until now.
 */
void
sb_job_log_fetch_curves_async (SbClient *client,
                               const char *job,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (client, cancellable, callback, user_data);

  g_task_set_source_tag (task, sb_job_log_fetch_curves_async);
  g_task_set_task_data (task, g_strdup (job), g_free);
  g_task_run_in_thread (task, fetch_in_thread);
}

/**
 * sb_job_log_fetch_curves_finish:
 * @client: the client
 * @result: what the callback got
 * @error: why the service could not be asked
 *
 * Returns: (transfer full) (nullable): its curves, which may be empty
 */
SbCurves *
sb_job_log_fetch_curves_finish (SbClient *client, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, client), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
