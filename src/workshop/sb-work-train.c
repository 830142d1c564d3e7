/* sb-work-train.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The training job: create it, watch its log and its metrics, wait for its end.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-waiter.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"
#include "workshop/sb-work.h"

#define MAX_WORKERS 64
#define LOG_GROUP   "/aws/sagemaker/TrainingJobs"

/* What is known of a job while it runs. */
typedef struct
{
  SbWork *work;
  const char *job;
  char *stream;
  char *token;
  gint64 rounds;
  JsonArray *x;
  JsonArray *train;
  JsonArray *validation;
  GPtrArray *workers; /* (element-type JsonArray): of each, when there are several */
  char *metric;
  gboolean epochs; /* rather than rounds */
} Watch;

static void
watch_clear (Watch *self)
{
  g_free (self->stream);
  g_free (self->token);
  g_free (self->metric);
  json_array_unref (self->x);
  json_array_unref (self->train);
  json_array_unref (self->validation);
  g_ptr_array_unref (self->workers);
}

static char *
make_job_name (SbWork *work)
{
  return sb_job_name_new (sb_json_get_string (work->module, "job-name", "sagebrush"),
                          g_get_real_time () / 1000);
}

static JsonArray *
make_tags (SbWork *work)
{
  JsonArray *tags = json_array_new ();

  json_array_add_object_element (tags,
                                 sb_json_object_new ("Key",
                                                     "s",
                                                     "sagebrush:module",
                                                     "Value",
                                                     "s",
                                                     sb_json_get_string (work->module, "id", ""),
                                                     NULL));
  json_array_add_object_element (
      tags, sb_json_object_new ("Key", "s", "sagebrush:run", "Value", "s", work->run, NULL));
  return tags;
}

static JsonObject *
make_channel (SbWork *work, const char *name, const char *uri)
{
  return sb_json_object_new ("ChannelName",
                             "s",
                             name,
                             "ContentType",
                             "s",
                             sb_json_get_string (work->module, "content-type", "libsvm"),
                             "CompressionType",
                             "s",
                             "None",
                             "DataSource",
                             "o",
                             sb_json_object_new ("S3DataSource",
                                                 "o",
                                                 sb_json_object_new ("S3DataType",
                                                                     "s",
                                                                     "S3Prefix",
                                                                     "S3Uri",
                                                                     "s",
                                                                     uri,
                                                                     "S3DataDistributionType",
                                                                     "s",
                                                                     "FullyReplicated",
                                                                     NULL),
                                                 NULL),
                             NULL);
}

/* What the form has beside the algorithm's own parameters. */
static JsonObject *
make_hyperparameters (SbWork *work)
{
  JsonObject *values = sb_json_copy (work->values);

  json_object_remove_member (values, "InstanceCount");
  return values;
}

static gint64
get_instance_count (SbWork *work)
{
  return g_ascii_strtoll (sb_json_get_string (work->values, "InstanceCount", "1"), NULL, 10);
}

static JsonObject *
make_input (SbWork *work, const char *job, const char *role, const char *image)
{
  JsonObject *upload = sb_work_result (work, "upload");
  JsonArray *channels = json_array_new ();

  json_array_add_object_element (
      channels, make_channel (work, "train", sb_json_get_string (upload, "train", "")));
  json_array_add_object_element (
      channels, make_channel (work, "validation", sb_json_get_string (upload, "validation", "")));
  return sb_json_object_new (
      "TrainingJobName",
      "s",
      job,
      "AlgorithmSpecification",
      "o",
      sb_json_object_new ("TrainingImage", "s", image, "TrainingInputMode", "s", "File", NULL),
      "RoleArn",
      "s",
      role,
      "InputDataConfig",
      "a",
      channels,
      "OutputDataConfig",
      "o",
      sb_json_object_new ("S3OutputPath", "s", sb_json_get_string (upload, "output", ""), NULL),
      "ResourceConfig",
      "o",
      sb_json_object_new ("InstanceCount",
                          "i",
                          get_instance_count (work),
                          "InstanceType",
                          "s",
                          "ml.c5.xlarge",
                          "VolumeSizeInGB",
                          "i",
                          (gint64) 10,
                          NULL),
      "StoppingCondition",
      "o",
      sb_json_object_new ("MaxRuntimeInSeconds", "i", (gint64) 3600, NULL),
      "HyperParameters",
      "o",
      make_hyperparameters (work),
      "Tags",
      "a",
      make_tags (work),
      NULL);
}

static gboolean
create_job (SbWork *work, const char *job, const char *image, GError **error)
{
  const char *region = sb_connection_get_region (sb_client_get_connection (work->client));
  g_autofree char *role = sb_work_find_role (work, error);
  g_autoptr (JsonObject) input = NULL;
  g_autoptr (JsonObject) answer = NULL;

  if (role == NULL ||
      !sb_ledger_intend (work->ledger, SB_RESOURCE_TRAINING_JOB, job, work->id, region, error))
    return FALSE;
  input = make_input (work, job, role, image);
  answer = sb_client_call (
      work->client, "sagemaker", "CreateTrainingJob", input, work->cancellable, error);
  return answer != NULL && sb_ledger_confirm (work->ledger,
                                              SB_RESOURCE_TRAINING_JOB,
                                              job,
                                              sb_json_get_string (answer, "TrainingJobArn", NULL),
                                              error);
}

/* "epoch=3 worker=1 train_loss=0.2 train_accuracy=0.95 images=5000" */
static void
take_worker (Watch *self, const char *worker, double accuracy)
{
  guint64 number = g_ascii_strtoull (strchr (worker, '=') + 1, NULL, 10);

  if (number < 1 || number > MAX_WORKERS)
    return;
  while (self->workers->len < number)
    g_ptr_array_add (self->workers, json_array_new ());
  json_array_add_double_element (g_ptr_array_index (self->workers, number - 1), accuracy);
}

/* "epoch=3 train_loss=0.2 train_accuracy=0.95 validation_loss=0.1 validation_accuracy=0.97 …" */
static gboolean
take_epoch (Watch *self, const char *line)
{
  const char *train = strstr (line, "train_accuracy=");
  const char *validation = strstr (line, "validation_accuracy=");
  const char *worker = strstr (line, " worker=");

  if (!g_str_has_prefix (line, "epoch=") || train == NULL)
    return FALSE;
  self->epochs = TRUE;
  if (worker != NULL)
    {
      take_worker (self, worker, g_ascii_strtod (strchr (train, '=') + 1, NULL));
      return TRUE;
    }
  if (self->metric == NULL)
    self->metric = g_strdup ("accuracy");
  json_array_add_int_element (self->x, g_ascii_strtoll (line + strlen ("epoch="), NULL, 10));
  json_array_add_double_element (self->train, g_ascii_strtod (strchr (train, '=') + 1, NULL));
  if (validation != NULL)
    json_array_add_double_element (self->validation,
                                   g_ascii_strtod (strchr (validation, '=') + 1, NULL));
  return TRUE;
}

/* "[12]#011train-auc:0.88812#011validation-auc:0.84211" */
static gboolean
take_metrics (Watch *self, const char *line)
{
  static GRegex *regex;
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *round = NULL;
  g_autofree char *train = NULL;
  g_autofree char *validation = NULL;

  if (g_once_init_enter (&regex))
    g_once_init_leave (&regex,
                       g_regex_new ("\\[(\\d+)\\](?:#011|\\t)train-([^:]+):([-+.\\deE]+)"
                                    "(?:(?:#011|\\t)validation-\\2:([-+.\\deE]+))?",
                                    G_REGEX_OPTIMIZE,
                                    0,
                                    NULL));
  if (take_epoch (self, line))
    return TRUE;
  if (!g_regex_match (regex, line, 0, &match))
    return FALSE;
  round = g_match_info_fetch (match, 1);
  train = g_match_info_fetch (match, 3);
  validation = g_match_info_fetch (match, 4);
  if (self->metric == NULL)
    self->metric = g_match_info_fetch (match, 2);
  json_array_add_int_element (self->x, g_ascii_strtoll (round, NULL, 10));
  json_array_add_double_element (self->train, g_ascii_strtod (train, NULL));
  if (validation != NULL && *validation != '\0')
    json_array_add_double_element (self->validation, g_ascii_strtod (validation, NULL));
  return TRUE;
}

static JsonArray *
copy_array (JsonArray *array)
{
  JsonArray *copy = json_array_new ();

  for (guint i = 0; i < json_array_get_length (array); i++)
    json_array_add_element (copy, json_node_copy (json_array_get_element (array, i)));
  return copy;
}

static void
add_series (JsonArray *series, const char *name, JsonArray *x, JsonArray *y)
{
  if (json_array_get_length (y) > 0)
    json_array_add_object_element (
        series,
        sb_json_object_new (
            "name", "s", name, "x", "a", copy_array (x), "y", "a", copy_array (y), NULL));
}

static JsonArray *
make_charts (Watch *self)
{
  const char *metric = self->metric != NULL ? self->metric : "auc";
  g_autofree char *upper = g_ascii_strup (metric, -1);
  g_autofree char *summary = NULL;
  JsonArray *series = json_array_new ();
  JsonArray *charts = json_array_new ();
  JsonArray *shown = json_array_get_length (self->validation) > 0 ? self->validation : self->train;
  guint n = json_array_get_length (shown);

  add_series (series, _ ("Training"), self->x, self->train);
  add_series (series, _ ("Validation"), self->x, self->validation);
  for (guint i = 0; i < self->workers->len; i++)
    {
      JsonArray *own = g_ptr_array_index (self->workers, i);
      g_autofree char *name = g_strdup_printf (_ ("Worker %u"), i + 1);

      /* Their lines come before that of the whole epoch. */
      if (json_array_get_length (own) == json_array_get_length (self->x))
        add_series (series, name, self->x, own);
    }
  summary = n > 0 ? g_strdup_printf (self->epochs ? _ ("%s went from %.3f to %.3f in %u epochs")
                                                  : _ ("%s went from %.3f to %.3f in %u rounds"),
                                     upper,
                                     json_array_get_double_element (shown, 0),
                                     json_array_get_double_element (shown, n - 1),
                                     n)
                  : g_strdup (_ ("No round has ended yet"));
  json_array_add_object_element (
      charts,
      sb_json_object_new (
          "id",
          "s",
          "metric",
          "kind",
          "s",
          "line",
          "title",
          "s",
          upper,
          "summary",
          "s",
          summary,
          "x",
          "o",
          sb_json_object_new (
              "title", "s", self->epochs ? _ ("Epoch") : _ ("Round"), "scale", "s", "linear", NULL),
          "y",
          "o",
          sb_json_object_new ("title", "s", upper, "scale", "s", "linear", NULL),
          "series",
          "a",
          series,
          NULL));
  return charts;
}

static void
find_stream (Watch *self)
{
  g_autofree char *prefix = g_strconcat (self->job, "/", NULL);
  g_autoptr (JsonObject) input =
      sb_json_object_new ("logGroupName", "s", LOG_GROUP, "logStreamNamePrefix", "s", prefix, NULL);
  g_autoptr (JsonObject) answer = sb_client_call (
      self->work->client, "logs", "DescribeLogStreams", input, self->work->cancellable, NULL);

  if (answer != NULL)
    self->stream = g_strdup (sb_json_get_string (answer, "logStreams.0.logStreamName", NULL));
}

/* Reads the log as far as there is one; that there is none yet is no error. */
static void
read_log (Watch *self)
{
  gboolean changed = FALSE;

  if (self->stream == NULL)
    find_stream (self);
  while (self->stream != NULL)
    {
      g_autoptr (JsonObject) input = sb_json_object_new ("logGroupName",
                                                         "s",
                                                         LOG_GROUP,
                                                         "logStreamName",
                                                         "s",
                                                         self->stream,
                                                         "startFromHead",
                                                         "b",
                                                         TRUE,
                                                         "nextToken",
                                                         "s",
                                                         self->token,
                                                         NULL);
      g_autoptr (JsonObject) answer = sb_client_call (
          self->work->client, "logs", "GetLogEvents", input, self->work->cancellable, NULL);
      JsonArray *events = answer != NULL ? sb_json_get_array (answer, "events") : NULL;
      GPtrArray *lines;

      if (answer == NULL)
        break;
      g_free (self->token);
      self->token = g_strdup (sb_json_get_string (answer, "nextForwardToken", NULL));
      if (events == NULL || json_array_get_length (events) == 0)
        break;
      lines = g_ptr_array_new_with_free_func (g_free);
      for (guint i = 0; i < json_array_get_length (events); i++)
        {
          const char *line =
              sb_json_get_string (json_array_get_object_element (events, i), "message", "");
          g_auto (GStrv) parts = g_strsplit (line, "#011", -1);

          changed = take_metrics (self, line) || changed;
          g_ptr_array_add (lines, g_strjoinv ("  ", parts));
        }
      sb_work_log (self->work, lines);
    }
  if (changed)
    {
      g_autoptr (JsonObject) partial =
          sb_json_object_new ("charts", "a", make_charts (self), "job", "s", self->job, NULL);

      sb_work_partial (self->work, partial);
    }
}

static void
on_answer (JsonObject *answer, gpointer user_data)
{
  Watch *self = user_data;
  guint done;
  g_autofree char *text = NULL;

  read_log (self);
  done = json_array_get_length (self->x);
  text = g_strdup_printf (_ ("%s, round %u of %" G_GINT64_FORMAT),
                          sb_json_get_string (answer, "SecondaryStatus", ""),
                          done,
                          self->rounds);
  sb_work_progress (self->work,
                    self->rounds > 0 ? MIN (1, (double) done / (double) self->rounds) : -1,
                    text);
}

static void
stop_job (SbWork *work, const char *job)
{
  g_autoptr (JsonObject) input = sb_json_object_new ("TrainingJobName", "s", job, NULL);
  g_autoptr (JsonObject) answer =
      sb_client_call (work->client, "sagemaker", "StopTrainingJob", input, NULL, NULL);
}

static JsonObject *
finish (Watch *self, JsonObject *answer, const char *image, GError **error)
{
  const char *artifact = sb_json_get_string (answer, "ModelArtifacts.S3ModelArtifacts", NULL);
  guint n = json_array_get_length (self->validation);
  g_autofree char *summary = NULL;

  if (artifact == NULL)
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_JOB,
                           _ ("The training job was stopped before it had a model; run it again"));
      return NULL;
    }
  if (n > 0)
    summary = g_strdup_printf (self->epochs ? _ ("Validation %s %.3f after %u epochs")
                                            : _ ("Validation %s %.3f after %u rounds"),
                               self->metric,
                               json_array_get_double_element (self->validation, n - 1),
                               n);
  else
    summary = g_strdup_printf (_ ("Trained in %u rounds"), json_array_get_length (self->x));
  return sb_json_object_new ("summary",
                             "s",
                             summary,
                             "job",
                             "s",
                             self->job,
                             "image",
                             "s",
                             image,
                             "artifact",
                             "s",
                             artifact,
                             "metric",
                             "s",
                             self->metric,
                             "validation",
                             "d",
                             n > 0 ? json_array_get_double_element (self->validation, n - 1) : 0.0,
                             "charts",
                             "a",
                             make_charts (self),
                             NULL);
}

static char *
find_begun_job (SbWork *work)
{
  g_autoptr (SbResource) resource =
      sb_ledger_find_last (work->ledger, SB_RESOURCE_TRAINING_JOB, work->id);
  g_autoptr (JsonObject) input = NULL;
  g_autoptr (JsonObject) answer = NULL;

  if (!work->resume || resource == NULL)
    return NULL;
  input = sb_json_object_new ("TrainingJobName", "s", resource->name, NULL);
  answer = sb_client_call (
      work->client, "sagemaker", "DescribeTrainingJob", input, work->cancellable, NULL);
  return answer != NULL ? g_strdup (resource->name) : NULL;
}

/* An image of the local engine has no account and no Region. */
static char *
find_image (SbWork *work, GError **error)
{
  const char *region = sb_connection_get_region (sb_client_get_connection (work->client));
  const char *image = sb_json_get_string (work->module, "image", "xgboost:latest");

  if (g_str_has_prefix (image, "local/"))
    return g_strdup (image);
  return sb_image_uri (image, region, error);
}

JsonObject *
sb_work_train (SbWork *work, GError **error)
{
  g_autofree char *image = find_image (work, error);
  g_autofree char *job = NULL;
  g_autoptr (JsonObject) input = NULL;
  g_autoptr (JsonObject) answer = NULL;
  JsonObject *result = NULL;
  Watch watch = { .work = work };

  if (image == NULL)
    return NULL;
  job = find_begun_job (work);
  if (job == NULL)
    {
      job = make_job_name (work);
      if (!create_job (work, job, image, error))
        return NULL;
    }
  watch.job = job;
  watch.rounds = g_ascii_strtoll (
      sb_json_get_string (work->values,
                          json_object_has_member (work->values, "epochs") ? "epochs" : "num_round",
                          "0"),
      NULL,
      10);
  watch.x = json_array_new ();
  watch.train = json_array_new ();
  watch.validation = json_array_new ();
  watch.workers = g_ptr_array_new_with_free_func ((GDestroyNotify) json_array_unref);
  input = sb_json_object_new ("TrainingJobName", "s", job, NULL);
  answer = sb_waiter_wait (work->client,
                           "training_job_completed_or_stopped",
                           input,
                           on_answer,
                           &watch,
                           work->cancellable,
                           error);
  if (answer != NULL)
    result = finish (&watch, answer, image, error);
  else if (g_cancellable_is_cancelled (work->cancellable))
    stop_job (work, job);
  watch_clear (&watch);
  return result;
}
