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
#include "wire/sb-algorithm.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"
#include "workshop/sb-curves.h"
#include "workshop/sb-job-log.h"
#include "workshop/sb-photos-data.h"
#include "workshop/sb-work-script.h"
#include "workshop/sb-work.h"

/* What is known of a job while it runs. */
typedef struct
{
  SbWork *work;
  const char *job;
  SbJobLog *log;
  gint64 rounds;
  gboolean changed; /* whether the curves have something new */
  SbCurves curves;
} Watch;

static void
watch_clear (Watch *self)
{
  sb_job_log_free (self->log);
  sb_curves_clear (&self->curves);
}

static char *
make_job_name (SbWork *work)
{
  return sb_job_name_new (sb_json_get_string (work->module, "job-name", "sagebrush"),
                          g_get_real_time () / 1000);
}

static JsonObject *
make_channel (const char *name, const char *uri, const char *content_type)
{
  JsonObject *source = sb_json_object_new ("S3DataType",
                                           "s",
                                           "S3Prefix",
                                           "S3Uri",
                                           "s",
                                           uri,
                                           "S3DataDistributionType",
                                           "s",
                                           "FullyReplicated",
                                           NULL);

  return sb_json_object_new ("ChannelName",
                             "s",
                             name,
                             "ContentType",
                             "s",
                             content_type,
                             "CompressionType",
                             "s",
                             "None",
                             "DataSource",
                             "o",
                             sb_json_object_new ("S3DataSource", "o", source, NULL),
                             NULL);
}

static void
add_source (JsonArray *sources, const char *name, const char *uri, const char *content_type)
{
  json_array_add_object_element (
      sources,
      sb_json_object_new (
          "name", "s", name, "uri", "s", uri, "content-type", "s", content_type, NULL));
}

/* What was uploaded, as {"name", "uri", "content-type"}. */
static JsonArray *
list_sources (SbWork *work)
{
  JsonObject *upload = sb_work_result (work, "upload");
  JsonArray *given = sb_json_get_array (upload, "channels");
  const char *type = sb_json_get_string (work->module, "content-type", "libsvm");
  JsonArray *sources = json_array_new ();

  for (guint i = 0; given != NULL && i < json_array_get_length (given); i++)
    json_array_add_element (sources, json_node_copy (json_array_get_element (given, i)));
  if (given != NULL)
    return sources;
  add_source (sources, "train", sb_json_get_string (upload, "train", ""), type);
  add_source (sources, "validation", sb_json_get_string (upload, "validation", ""), type);
  return sources;
}

/* Not the algorithm's. */
static gboolean
is_of_the_job (const char *name)
{
  static const char *const names[] = { "InstanceCount", "InstanceType", "Image", NULL };

  return g_strv_contains (names, name);
}

/* Of the form's values, those that are the algorithm's; on AWS without what only the local engine
 * knows. */
static JsonObject *
make_hyperparameters (SbWork *work)
{
  SbConnection *connection = sb_client_get_connection (work->client);
  gboolean is_engine = sb_connection_is_engine (connection);
  const SbAlgorithm *algorithm =
      sb_algorithm_find (sb_json_get_string (work->module, "algorithm", ""));
  JsonObject *values = json_object_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, work->values);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      const SbParameter *parameter =
          algorithm != NULL ? sb_algorithm_find_parameter (algorithm, name) : NULL;

      if (algorithm == NULL ? !is_of_the_job (name)
                            : parameter != NULL && (is_engine || !parameter->local_only))
        json_object_set_member (values, name, json_node_copy (node));
    }
  return values;
}

static guint
get_n_hosts (SbWork *work)
{
  const char *count = sb_json_get_string (work->values, "InstanceCount", "1");

  return (guint) MAX (1, g_ascii_strtoll (count, NULL, 10));
}

static JsonObject *
make_resources (SbWork *work)
{
  const char *usual = sb_json_get_string (work->module, "instance-type", "ml.c5.xlarge");

  return sb_json_object_new ("InstanceCount",
                             "i",
                             (gint64) get_n_hosts (work),
                             "InstanceType",
                             "s",
                             sb_json_get_string (work->values, "InstanceType", usual),
                             "VolumeSizeInGB",
                             "i",
                             sb_json_get_int (work->module, "volume-size", 10),
                             NULL);
}

static JsonArray *
make_channels (JsonArray *sources)
{
  JsonArray *channels = json_array_new ();

  for (guint i = 0; i < json_array_get_length (sources); i++)
    {
      JsonObject *source = json_array_get_object_element (sources, i);

      json_array_add_object_element (
          channels,
          make_channel (sb_json_get_string (source, "name", ""),
                        sb_json_get_string (source, "uri", ""),
                        sb_json_get_string (source, "content-type", "")));
    }
  return channels;
}

static JsonObject *
make_input (SbWork *work, const char *job, const char *role, const char *image, GError **error)
{
  JsonObject *upload = sb_work_result (work, "upload");
  g_autoptr (JsonArray) sources = list_sources (work);
  g_autoptr (JsonObject) hyperparameters = make_hyperparameters (work);
  JsonObject *input;

  if (strcmp (sb_json_get_string (work->module, "data", ""), "photos") == 0 &&
      !sb_photos_complete_job (work, hyperparameters, sources, error))
    return NULL;
  input = sb_json_object_new ("TrainingJobName", "s", job, "RoleArn", "s", role, NULL);
  json_object_set_object_member (
      input,
      "AlgorithmSpecification",
      sb_json_object_new ("TrainingImage", "s", image, "TrainingInputMode", "s", "File", NULL));
  json_object_set_array_member (input, "InputDataConfig", make_channels (sources));
  json_object_set_object_member (
      input,
      "OutputDataConfig",
      sb_json_object_new ("S3OutputPath", "s", sb_json_get_string (upload, "output", ""), NULL));
  json_object_set_object_member (input, "ResourceConfig", make_resources (work));
  json_object_set_object_member (
      input,
      "StoppingCondition",
      sb_json_object_new (
          "MaxRuntimeInSeconds", "i", sb_json_get_int (work->module, "max-runtime", 3600), NULL));
  json_object_set_object_member (input, "HyperParameters", g_steal_pointer (&hyperparameters));
  json_object_set_array_member (input, "Tags", sb_work_make_tags (work));
  if (sb_work_uses_script (work) && !sb_work_script_complete_job (work, job, input, error))
    g_clear_pointer (&input, json_object_unref);
  return input;
}

static gboolean
create_job (SbWork *work, const char *job, const char *image, GError **error)
{
  const char *region = sb_connection_get_region (sb_client_get_connection (work->client));
  g_autofree char *role = sb_work_find_role (work, error);
  g_autoptr (JsonObject) input = NULL;
  g_autoptr (JsonObject) answer = NULL;

  input = role != NULL ? make_input (work, job, role, image, error) : NULL;
  if (input == NULL ||
      !sb_ledger_intend (work->ledger, SB_RESOURCE_TRAINING_JOB, job, work->id, region, error))
    return FALSE;
  answer = sb_work_create (work, "CreateTrainingJob", input, error);
  return answer != NULL && sb_ledger_confirm (work->ledger,
                                              SB_RESOURCE_TRAINING_JOB,
                                              job,
                                              sb_json_get_string (answer, "TrainingJobArn", NULL),
                                              error);
}

/* The curves are those of the first host: the others see their share of the same training. */
static void
take_lines (const char *host, GPtrArray *lines, gpointer user_data)
{
  Watch *self = user_data;
  GPtrArray *shown = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < lines->len; i++)
    {
      g_auto (GStrv) parts = g_strsplit (lines->pdata[i], "#011", -1);
      g_autofree char *text = g_strjoinv ("  ", parts);

      if (host == NULL && sb_curves_take_line (&self->curves, lines->pdata[i]))
        self->changed = TRUE;
      g_ptr_array_add (shown,
                       host == NULL ? g_steal_pointer (&text)
                                    : g_strdup_printf ("[%s] %s", host, text));
    }
  sb_work_log (self->work, shown);
}

/* Reads the log as far as there is one; that there is none yet is no error. */
static void
read_log (Watch *self)
{
  JsonArray *charts;

  self->changed = FALSE;
  sb_job_log_read (self->log, take_lines, self, self->work->cancellable, NULL);
  if (!self->changed)
    return;
  charts = sb_curves_make_charts (&self->curves);
  sb_work_partial (self->work,
                   sb_json_object_new ("charts", "a", charts, "job", "s", self->job, NULL));
}

static void
on_answer (JsonObject *answer, gpointer user_data)
{
  Watch *self = user_data;
  guint done;
  g_autofree char *text = NULL;

  read_log (self);
  done = json_array_get_length (self->curves.x);
  text = g_strdup_printf (self->curves.epochs ? _ ("%s, epoch %u of %" G_GINT64_FORMAT)
                                              : _ ("%s, round %u of %" G_GINT64_FORMAT),
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

/* What hosting the model has to know, beside what every training leaves. */
static JsonObject *
finish_script (SbWork *work, JsonObject *result, GError **error)
{
  JsonObject *script = result != NULL ? sb_work_script_describe (work, error) : NULL;

  if (script != NULL)
    json_object_set_object_member (result, "script", script);
  else
    g_clear_pointer (&result, json_object_unref);
  return result;
}

static JsonObject *
finish (Watch *self, JsonObject *answer, const char *image, GError **error)
{
  const char *artifact = sb_json_get_string (answer, "ModelArtifacts.S3ModelArtifacts", NULL);
  guint n = json_array_get_length (self->curves.validation);
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
    summary = g_strdup_printf (self->curves.epochs ? _ ("Validation %s %.3f after %u epochs")
                                                   : _ ("Validation %s %.3f after %u rounds"),
                               self->curves.metric,
                               json_array_get_double_element (self->curves.validation, n - 1),
                               n);
  else
    summary = g_strdup_printf (_ ("Trained in %u rounds"), json_array_get_length (self->curves.x));
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
                             self->curves.metric,
                             "validation",
                             "d",
                             n > 0 ? json_array_get_double_element (self->curves.validation, n - 1)
                                   : 0.0,
                             "charts",
                             "a",
                             sb_curves_make_charts (&self->curves),
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
char *
sb_work_find_image (SbWork *work, GError **error)
{
  const char *region = sb_connection_get_region (sb_client_get_connection (work->client));
  const char *usual = sb_json_get_string (work->module, "images.0", "xgboost:latest");
  const char *image =
      sb_json_get_string (work->values, "Image", sb_json_get_string (work->module, "image", usual));

  if (sb_work_uses_script (work))
    return sb_work_script_find_image (work, error);
  if (g_str_has_prefix (image, "local/"))
    return g_strdup (image);
  return sb_image_uri (image, region, error);
}

JsonObject *
sb_work_train (SbWork *work, GError **error)
{
  g_autofree char *image = sb_work_find_image (work, error);
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
  if (sb_work_uses_script (work))
    watch.rounds = sb_work_script_get_epochs (work);
  sb_curves_init (&watch.curves);
  watch.log = sb_job_log_new (work->client, job, get_n_hosts (work));
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
  if (result != NULL && sb_work_uses_script (work))
    result = finish_script (work, result, error);
  watch_clear (&watch);
  return result;
}
