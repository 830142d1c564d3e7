/* sb-training.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Training jobs on their way: prepare (thread), train (process), pack (thread), store. Every step
 * is written down before it begins, so that a killed engine can take the job up again.
 */

#include "config.h"

#include "engine/sb-training.h"

#include <string.h>
#include <sys/wait.h>

#include "engine/sb-job-environment.h"
#include "engine/sb-job-folder.h"
#include "engine/sb-job-metrics.h"
#include "engine/sb-process.h"
#include "engine/sb-resource.h"
#include "formats/sb-folder.h"
#include "wire/sb-algorithm.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-uri.h"

#define STOP_GRACE_SECONDS 120
#define MAX_REASON         1024
#define RETRYING           "Restarting the training job, attempt"

struct _SbTraining
{
  SbEngine *engine;
  GHashTable *jobs; /* name -> Job */
};

typedef struct
{
  int ref_count;
  SbTraining *training; /* NULL once the engine goes */
  SbEngine *engine;
  char *name;
  JsonObject *document;
  GPtrArray *inputs;
  char *folder;
  GPtrArray *streams; /* (element-type utf8): the log stream of each host */
  const SbAlgorithm *algorithm;
  SbProcess *process;
  SbJobMetrics *metrics;
  guint time_limit;
  gboolean stopping;
  gboolean over_time;
  int status; /* as of waitpid() */
  char *model_archive;
  char *output_archive;
} Job;

static void train (Job *self);

static void
job_unref (Job *self)
{
  if (--self->ref_count > 0)
    return;
  g_clear_handle_id (&self->time_limit, g_source_remove);
  if (self->process != NULL)
    {
      sb_process_disconnect (self->process);
      sb_process_unref (self->process);
    }
  g_free (self->name);
  json_object_unref (self->document);
  g_clear_pointer (&self->inputs, g_ptr_array_unref);
  g_clear_pointer (&self->metrics, sb_job_metrics_free);
  g_free (self->folder);
  g_clear_pointer (&self->streams, g_ptr_array_unref);
  g_free (self->model_archive);
  g_free (self->output_archive);
  g_free (self);
}

static Job *
job_ref (Job *self)
{
  self->ref_count++;
  return self;
}

static gboolean
save (Job *self)
{
  g_autoptr (GError) error = NULL;

  json_object_set_double_member (self->document, "LastModifiedTime", sb_engine_now ());
  if (sb_resource_save (self->engine, "training-job", self->name, self->document, &error))
    return TRUE;
  g_warning ("The state of the training job %s cannot be stored: %s", self->name, error->message);
  return FALSE;
}

static void
add_transition (Job *self, const char *status, const char *message, gboolean final)
{
  JsonArray *transitions = sb_json_get_array (self->document, "SecondaryStatusTransitions");
  guint count = json_array_get_length (transitions);
  double now = sb_engine_now ();
  JsonObject *transition;

  if (count > 0)
    json_object_set_double_member (json_array_get_object_element (transitions, count - 1),
                                   "EndTime",
                                   now);
  transition = sb_json_object_new (
      "Status", "s", status, "StartTime", "d", now, "StatusMessage", "s", message, NULL);
  if (final)
    json_object_set_double_member (transition, "EndTime", now);
  json_array_add_object_element (transitions, transition);
  json_object_set_string_member (self->document, "SecondaryStatus", status);
}

static void
advance (Job *self, const char *status, const char *message)
{
  add_transition (self, status, message, FALSE);
  save (self);
}

static void
set_durations (Job *self)
{
  double now = sb_engine_now ();
  double start = sb_json_get_double (self->document, "TrainingStartTime", now);
  gint64 seconds = MAX (1, (gint64) (now - start + 0.5));

  json_object_set_double_member (self->document, "TrainingStartTime", start);
  json_object_set_double_member (self->document, "TrainingEndTime", now);
  json_object_set_int_member (self->document, "TrainingTimeInSeconds", seconds);
  json_object_set_int_member (self->document, "BillableTimeInSeconds", seconds);
}

static void
finish (Job *self, const char *status, const char *secondary, const char *message)
{
  SbTraining *training = self->training;

  set_durations (self);
  json_object_set_array_member (self->document,
                                "FinalMetricDataList",
                                sb_job_metrics_list (self->metrics));
  json_object_set_string_member (self->document, "TrainingJobStatus", status);
  add_transition (self, secondary, message, TRUE);
  /* A job whose end cannot be written down stays in its folder: the next engine takes it up. */
  if (save (self))
    sb_folder_remove (self->folder);
  if (training != NULL)
    g_hash_table_remove (training->jobs, self->name);
}

static void
finish_failed (Job *self, const char *prefix, const char *reason)
{
  g_autofree char *full =
      g_str_has_prefix (reason, "ClientError:") || g_str_has_prefix (reason, "AlgorithmError:")
          ? g_strdup (reason)
          : g_strdup_printf ("%s: %s", prefix, reason);
  g_autofree char *cut = g_utf8_strlen (full, -1) > MAX_REASON
                             ? g_utf8_substring (full, 0, MAX_REASON)
                             : g_strdup (full);

  json_object_set_string_member (self->document, "FailureReason", cut);
  finish (self, "Failed", "Failed", "Training job failed");
}

static const char *
stop_status (Job *self)
{
  return self->over_time ? "MaxRuntimeExceeded" : "Stopped";
}

static void
finish_well (Job *self)
{
  if (!self->stopping)
    finish (self, "Completed", "Completed", "Training job completed");
  else
    finish (self,
            "Stopped",
            stop_status (self),
            self->over_time ? "Training job runtime exceeded MaxRuntimeInSeconds provided"
                            : "Training job stopped");
}

static char *
artifact_uri (Job *self, const char *name)
{
  g_autofree char *base =
      g_strdup (sb_json_get_string (self->document, "OutputDataConfig.S3OutputPath", ""));

  while (g_str_has_suffix (base, "/"))
    base[strlen (base) - 1] = '\0';
  return g_strdup_printf ("%s/%s/output/%s", base, self->name, name);
}

static gboolean
store_archive (Job *self, const char *archive, const char *name, char **uri, GError **error)
{
  g_autofree char *full = artifact_uri (self, name);
  g_autofree char *bucket = NULL;
  g_autofree char *key = NULL;

  if (!sb_s3_uri_parse (full, &bucket, &key, error) ||
      !sb_object_store_put_file (
          self->engine->objects, bucket, key, archive, "application/x-tar", error))
    return FALSE;
  *uri = g_steal_pointer (&full);
  return TRUE;
}

static void
on_packed (GObject *source, GAsyncResult *result, gpointer data)
{
  Job *self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *model = NULL;
  g_autofree char *output = NULL;

  if (self->training != NULL)
    {
      if (g_task_propagate_boolean (G_TASK (result), &error) &&
          (self->model_archive == NULL ||
           store_archive (self, self->model_archive, "model.tar.gz", &model, &error)) &&
          (self->output_archive == NULL ||
           store_archive (self, self->output_archive, "output.tar.gz", &output, &error)))
        {
          if (model != NULL)
            json_object_set_object_member (
                self->document,
                "ModelArtifacts",
                sb_json_object_new ("S3ModelArtifacts", "s", model, NULL));
          finish_well (self);
        }
      else
        {
          g_autofree char *reason =
              g_strdup_printf ("The model cannot be uploaded: %s", error->message);

          finish_failed (self, "ClientError", reason);
        }
    }
  job_unref (self);
}

static void
pack_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *self = data;
  g_autofree char *model = g_build_filename (self->folder, "model.tar.gz", NULL);
  g_autofree char *output = g_build_filename (self->folder, "output.tar.gz", NULL);
  g_autofree char *data_part = g_build_filename ("output", "data", NULL);
  gboolean no_model;
  gboolean no_output;
  g_autoptr (GError) error = NULL;

  if (!sb_job_folder_pack (self->folder, "model", model, &no_model, &error) ||
      !sb_job_folder_pack (self->folder, data_part, output, &no_output, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (!no_model)
    self->model_archive = g_steal_pointer (&model);
  if (!no_output)
    self->output_archive = g_steal_pointer (&output);
  g_task_return_boolean (task, TRUE);
}

static void
upload (Job *self)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_packed, job_ref (self));

  advance (self, "Uploading", "Uploading generated training model");
  g_task_set_task_data (task, self, NULL);
  g_task_run_in_thread (task, pack_in_thread);
}

/* How often it was started again, which is to be read in what is stored of it. */
static gint64
count_retries (Job *self)
{
  JsonArray *transitions = sb_json_get_array (self->document, "SecondaryStatusTransitions");
  gint64 count = 0;

  for (guint i = 0; i < json_array_get_length (transitions); i++)
    {
      JsonObject *transition = json_array_get_object_element (transitions, i);

      if (g_str_has_prefix (sb_json_get_string (transition, "StatusMessage", ""), RETRYING))
        count++;
    }
  return count;
}

/* What the algorithm itself gave up for is not tried again: it would give up for it again. */
static gboolean
retry (Job *self, const char *reason)
{
  gint64 most = sb_json_get_int (self->document, "RetryStrategy.MaximumRetryAttempts", 0);
  gint64 count = count_retries (self);
  g_autofree char *message = NULL;

  if (count >= most)
    return FALSE;
  message = g_strdup_printf (RETRYING " %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT ": %s",
                             count + 1,
                             most,
                             reason);
  advance (self, "Restarting", message);
  train (self);
  return TRUE;
}

static void
on_process_exit (SbProcess *process, int status, gpointer data)
{
  Job *self = data;
  gboolean good = WIFEXITED (status) && WEXITSTATUS (status) == 0;
  g_autofree char *failure = NULL;
  g_autofree char *reason = NULL;

  g_clear_handle_id (&self->time_limit, g_source_remove);
  g_clear_pointer (&self->process, sb_process_unref);
  sb_process_kill_left_over (self->folder);
  if (good || self->stopping)
    {
      upload (self);
      return;
    }
  failure = sb_job_folder_read_failure (self->folder);
  if (failure == NULL)
    {
      reason = sb_process_describe (status);
      if (retry (self, reason))
        return;
      g_clear_pointer (&reason, g_free);
    }
  reason = failure != NULL ? g_steal_pointer (&failure) : sb_process_describe (status);
  finish_failed (self, "AlgorithmError", reason);
}

/* The program of several hosts marks lines of all but the first: "[algo-2] text". */
static guint
take_mark (Job *self, char **line)
{
  guint64 number;
  char *end;

  if (self->streams->len < 2 || !g_str_has_prefix (*line, "[algo-"))
    return 0;
  number = g_ascii_strtoull (*line + strlen ("[algo-"), &end, 10);
  if (number < 1 || number > self->streams->len || !g_str_has_prefix (end, "] "))
    return 0;
  *line = end + strlen ("] ");
  return (guint) number - 1;
}

static void
on_lines (SbProcess *process, GPtrArray *lines, gpointer data)
{
  Job *self = data;
  gint64 time = g_get_real_time () / 1000;
  g_autoptr (GPtrArray) of_hosts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < self->streams->len; i++)
    g_ptr_array_add (of_hosts, g_ptr_array_new ());
  for (guint i = 0; i < lines->len; i++)
    {
      char *text = lines->pdata[i];
      guint host = take_mark (self, &text);
      g_auto (GStrv) parts = g_strsplit (text, "\t", -1);
      g_autofree char *line = g_strjoinv ("#011", parts);

      g_ptr_array_add (of_hosts->pdata[host], text);
      sb_job_metrics_scan (self->metrics, line, time);
    }
  for (guint i = 0; i < of_hosts->len; i++)
    if (((GPtrArray *) of_hosts->pdata[i])->len > 0)
      sb_log_store_append (self->engine->logs,
                           SB_TRAINING_LOG_GROUP,
                           self->streams->pdata[i],
                           of_hosts->pdata[i],
                           time);
}

static gboolean
on_time_limit (gpointer data)
{
  Job *self = data;

  self->time_limit = 0;
  self->over_time = TRUE;
  self->stopping = TRUE;
  json_object_set_string_member (self->document, "TrainingJobStatus", "Stopping");
  advance (self, "Stopping", "Stopping the training job: MaxRuntimeInSeconds was reached");
  if (self->process != NULL)
    sb_process_stop (self->process, STOP_GRACE_SECONDS);
  return G_SOURCE_REMOVE;
}

/* Over all attempts. */
static void
start_time_limit (Job *self)
{
  gint64 seconds = sb_json_get_int (self->document, "StoppingCondition.MaxRuntimeInSeconds", 86400);
  double now = sb_engine_now ();
  double start = sb_json_get_double (self->document, "TrainingStartTime", now);
  double left = CLAMP ((double) seconds - (now - start), 0, G_MAXINT);

  self->time_limit = g_timeout_add_seconds ((guint) left, on_time_limit, self);
}

/* One a host, for all attempts. */
static gboolean
open_streams (Job *self, GError **error)
{
  guint n = (guint) sb_json_get_int (self->document, "ResourceConfig.InstanceCount", 1);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  if (self->streams != NULL)
    return TRUE;
  self->streams = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < n; i++)
    {
      char *stream = g_strdup_printf ("%s/algo-%u-%" G_GINT64_FORMAT, self->name, i + 1, now);

      g_ptr_array_add (self->streams, stream);
      if (!sb_log_store_add_stream (self->engine->logs, SB_TRAINING_LOG_GROUP, stream, error))
        return FALSE;
    }
  return TRUE;
}

static void
train (Job *self)
{
  const char *program_name = sb_algorithm_get_program (self->algorithm);
  g_autoptr (GError) error = NULL;
  g_autofree char *program = sb_process_find_program (program_name, &error);
  const char *const argv[] = { program, "train", NULL };
  g_auto (GStrv) environ =
      sb_job_environment_new (self->engine, self->document, self->algorithm, self->folder);

  if (program != NULL && open_streams (self, &error))
    {
      if (count_retries (self) == 0)
        json_object_set_double_member (self->document, "TrainingStartTime", sb_engine_now ());
      advance (self, "Training", "Training image download completed. Training in progress.");
      start_time_limit (self);
      self->process = sb_process_start (argv,
                                        (const char *const *) environ,
                                        self->folder,
                                        on_lines,
                                        on_process_exit,
                                        self,
                                        &error);
    }
  if (self->process == NULL)
    {
      g_clear_handle_id (&self->time_limit, g_source_remove);
      finish_failed (self, "InternalServerError", error->message);
    }
}

static void
on_prepared (GObject *source, GAsyncResult *result, gpointer data)
{
  Job *self = data;
  g_autoptr (GError) error = NULL;

  if (self->training == NULL)
    ;
  else if (!g_task_propagate_boolean (G_TASK (result), &error))
    finish_failed (self, "ClientError", error->message);
  else if (self->stopping)
    finish_well (self);
  else
    train (self);
  job_unref (self);
}

static void
prepare_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *self = data;
  g_autoptr (GError) error = NULL;

  if (sb_job_folder_prepare (self->engine, self->folder, self->document, self->inputs, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
prepare (Job *self)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_prepared, job_ref (self));

  add_transition (self, "Downloading", "Downloading input data", FALSE);
  g_task_set_task_data (task, self, NULL);
  g_task_run_in_thread (task, prepare_in_thread);
}

static Job *
job_new (SbTraining *training, JsonObject *document, GPtrArray *inputs)
{
  Job *self = g_new0 (Job, 1);
  const char *image = sb_json_get_string (document, "AlgorithmSpecification.TrainingImage", "");

  self->ref_count = 1;
  self->training = training;
  self->engine = training->engine;
  self->name = g_strdup (sb_json_get_string (document, "TrainingJobName", ""));
  self->document = json_object_ref (document);
  self->inputs = g_ptr_array_ref (inputs);
  self->folder = g_build_filename (self->engine->data_dir, "jobs", self->name, NULL);
  self->algorithm = sb_algorithm_find_by_image (image);
  self->metrics = sb_job_metrics_new (self->algorithm, document);
  return self;
}

static gboolean
start_cb (gpointer data)
{
  Job *self = data;

  if (self->training != NULL)
    prepare (self);
  job_unref (self);
  return G_SOURCE_REMOVE;
}

/**
 * sb_training_start:
 * @self: the jobs
 * @job: (transfer none): a job's document, which is stored already
 * @inputs: (transfer none) (element-type SbJobInput): its files
 *
 * Begins a job once the main loop is idle: its Create call is answered first.
 *
 * Returns: %TRUE
 */
gboolean
sb_training_start (SbTraining *self, JsonObject *job, GPtrArray *inputs)
{
  Job *started = job_new (self, job, inputs);

  g_hash_table_insert (self->jobs, g_strdup (started->name), started);
  g_idle_add (start_cb, job_ref (started));
  return TRUE;
}

/**
 * sb_training_stop:
 * @self: the jobs
 * @name: a job
 * @error: ValidationException for a job that does not run
 *
 * Returns: whether it is stopping now
 */
gboolean
sb_training_stop (SbTraining *self, const char *name, GError **error)
{
  Job *job = g_hash_table_lookup (self->jobs, name);
  g_autoptr (JsonObject) document = NULL;

  if (job == NULL)
    {
      document = sb_resource_load (self->engine, "training-job", name);
      if (document == NULL)
        return sb_resource_fail (error, "ValidationException", "Requested resource not found.");
      return sb_resource_fail (error,
                               "ValidationException",
                               "The request was rejected because the training job is in status %s.",
                               sb_json_get_string (document, "TrainingJobStatus", ""));
    }
  if (job->stopping)
    return TRUE;
  job->stopping = TRUE;
  json_object_set_string_member (job->document, "TrainingJobStatus", "Stopping");
  advance (job, "Stopping", "Stopping the training job");
  if (job->process != NULL)
    sb_process_stop (job->process, STOP_GRACE_SECONDS);
  return TRUE;
}

/**
 * sb_training_new:
 * @engine: the engine
 *
 * Returns: (transfer full): the jobs; none runs yet
 */
SbTraining *
sb_training_new (SbEngine *engine)
{
  SbTraining *self = g_new0 (SbTraining, 1);

  self->engine = engine;
  self->jobs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) job_unref);
  return self;
}

/**
 * sb_training_free:
 * @self: the jobs; those that run are ended, and are resumed by the next engine
 */
void
sb_training_free (SbTraining *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->jobs);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Job *job = value;

      job->training = NULL;
      if (job->process != NULL)
        {
          sb_process_disconnect (job->process);
          sb_process_kill (job->process);
        }
    }
  g_hash_table_unref (self->jobs);
  g_free (self);
}

static void
resume_one (SbTraining *self, JsonObject *document)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) inputs = sb_job_folder_list_inputs (self->engine, document, &error);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  Job *job = job_new (self, document, inputs != NULL ? inputs : none);

  g_hash_table_insert (self->jobs, g_strdup (job->name), job);
  if (strcmp (sb_json_get_string (document, "TrainingJobStatus", ""), "Stopping") == 0)
    {
      job->stopping = TRUE;
      finish_well (job);
    }
  else if (inputs == NULL || job->algorithm == NULL)
    finish_failed (job,
                   "ClientError",
                   inputs == NULL ? error->message : "The algorithm is not installed any more");
  else
    {
      advance (job, "Restarting", "Restarting the training job after the engine was interrupted");
      g_idle_add (start_cb, job_ref (job));
    }
}

/**
 * sb_training_resume:
 * @self: the jobs
 *
 * Takes up the jobs that an engine before this one has left in progress.
 */
void
sb_training_resume (SbTraining *self)
{
  g_autoptr (GPtrArray) all = sb_resource_load_all (self->engine, "training-job");

  for (guint i = 0; i < all->len; i++)
    {
      const char *status = sb_json_get_string (all->pdata[i], "TrainingJobStatus", "");

      if (strcmp (status, "InProgress") == 0 || strcmp (status, "Stopping") == 0)
        resume_one (self, all->pdata[i]);
    }
}
