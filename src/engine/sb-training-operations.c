/* sb-training-operations.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "engine/sb-job-folder.h"
#include "engine/sb-resource.h"
#include "engine/sb-training.h"
#include "wire/sb-algorithm.h"
#include "wire/sb-json.h"
#include "wire/sb-uri.h"

static const SbListSpec list_spec = {
  .kind = "training-job",
  .name_member = "TrainingJobName",
  .status_member = "TrainingJobStatus",
  .result_member = "TrainingJobSummaries",
  .members = { "TrainingJobName",
               "TrainingJobArn",
               "CreationTime",
               "TrainingEndTime",
               "LastModifiedTime",
               "TrainingJobStatus",
               "SecondaryStatus" },
  .sort = "CreationTime",
};

static gboolean
check_metrics (JsonArray *definitions, GError **error)
{
  for (guint i = 0; i < json_array_get_length (definitions); i++)
    {
      JsonObject *item = json_array_get_object_element (definitions, i);
      const char *text = sb_json_get_string (item, "Regex", "");
      g_autoptr (GRegex) regex = g_regex_new (text, 0, 0, NULL);

      if (regex == NULL || g_regex_get_capture_count (regex) < 1)
        return sb_resource_fail (error,
                                 "ValidationException",
                                 "The metric \"%s\" needs a regular expression with a group that "
                                 "finds its value; \"%s\" is none.",
                                 sb_json_get_string (item, "Name", ""),
                                 text);
    }
  return TRUE;
}

static gboolean
check_algorithm (JsonObject *input, GError **error)
{
  const char *image = sb_json_get_string (input, "AlgorithmSpecification.TrainingImage", NULL);
  const SbAlgorithm *algorithm = image != NULL ? sb_algorithm_find_by_image (image) : NULL;
  JsonArray *metrics = sb_json_get_array (input, "AlgorithmSpecification.MetricDefinitions");

  if (algorithm == NULL)
    return sb_resource_fail (error,
                             "ValidationException",
                             "The local engine has no algorithm for the training image \"%s\".",
                             image != NULL ? image : "");
  if (metrics != NULL && sb_algorithm_brings_script (algorithm))
    return check_metrics (metrics, error);
  if (metrics != NULL)
    return sb_resource_fail (error,
                             "ValidationException",
                             "You can't override the metric definitions for Amazon SageMaker "
                             "algorithms. Please retry the request without specifying metric "
                             "definitions.");
  return TRUE;
}

static gboolean
check_resources (JsonObject *input, GError **error)
{
  const char *image = sb_json_get_string (input, "AlgorithmSpecification.TrainingImage", "");
  const SbAlgorithm *algorithm = sb_algorithm_find_by_image (image);
  gint64 count = sb_json_get_int (input, "ResourceConfig.InstanceCount", 1);
  gint64 wait = sb_json_get_int (input, "StoppingCondition.MaxWaitTimeInSeconds", G_MAXINT64);

  if (sb_json_get_array (input, "ResourceConfig.InstanceGroups") != NULL)
    return sb_resource_fail (error,
                             "ValidationException",
                             "The local engine has no instance groups: set InstanceType and "
                             "InstanceCount.");
  if (count != 1 && (algorithm == NULL || !sb_algorithm_is_distributed (algorithm)))
    return sb_resource_fail (error,
                             "ValidationException",
                             "This algorithm trains on one instance on the local engine: set "
                             "InstanceCount to 1.");
  if (wait < sb_json_get_int (input, "StoppingCondition.MaxRuntimeInSeconds", 0))
    return sb_resource_fail (error,
                             "ValidationException",
                             "Invalid MaxWaitTimeInSeconds. It must be present and be greater "
                             "than or equal to MaxRuntimeInSeconds");
  return TRUE;
}

static gboolean
check_output (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *uri = sb_json_get_string (input, "OutputDataConfig.S3OutputPath", "");
  g_autofree char *bucket = NULL;
  g_autofree char *key = NULL;

  if (sb_s3_uri_parse (uri, &bucket, &key, NULL) &&
      sb_object_store_has_bucket (engine->objects, bucket))
    return TRUE;
  return sb_resource_fail (error,
                           "ValidationException",
                           "S3 bucket of the output path \"%s\" was not found.",
                           uri);
}

static JsonObject *
make_document (SbEngine *engine, JsonObject *input, const char *arn)
{
  JsonObject *document = sb_json_copy (input);
  JsonArray *transitions = json_array_new ();
  double now = sb_engine_now ();
  static const char *const flags[] = { "EnableNetworkIsolation",
                                       "EnableInterContainerTrafficEncryption",
                                       "EnableManagedSpotTraining" };

  json_object_remove_member (document, "Tags");
  json_object_set_string_member (document, "TrainingJobArn", arn);
  json_object_set_string_member (document, "TrainingJobStatus", "InProgress");
  json_object_set_string_member (document, "SecondaryStatus", "Starting");
  json_object_set_double_member (document, "CreationTime", now);
  json_object_set_double_member (document, "LastModifiedTime", now);
  json_array_add_object_element (transitions,
                                 sb_json_object_new ("Status",
                                                     "s",
                                                     "Starting",
                                                     "StartTime",
                                                     "d",
                                                     now,
                                                     "StatusMessage",
                                                     "s",
                                                     "Starting the training job",
                                                     NULL));
  json_object_set_array_member (document, "SecondaryStatusTransitions", transitions);
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    if (!json_object_has_member (document, flags[i]))
      json_object_set_boolean_member (document, flags[i], FALSE);
  return document;
}

static JsonObject *
create_training_job (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "TrainingJobName", "");
  g_autofree char *arn = sb_engine_arn (engine, "training-job", name);
  g_autoptr (JsonObject) existing = sb_resource_load (engine, "training-job", name);
  g_autoptr (JsonObject) document = NULL;
  g_autoptr (GPtrArray) inputs = NULL;

  if (existing != NULL)
    {
      sb_resource_fail (error,
                        "ResourceInUse",
                        "Job name must be unique within an AWS account and region, and a job with "
                        "this name already exists (%s)",
                        arn);
      return NULL;
    }
  if (!check_algorithm (input, error) || !check_resources (input, error) ||
      !sb_role_is_assumable (engine, sb_json_get_string (input, "RoleArn", ""), error) ||
      !check_output (engine, input, error))
    return NULL;
  inputs = sb_job_folder_list_inputs (engine, input, error);
  if (inputs == NULL)
    return NULL;
  document = make_document (engine, input, arn);
  if (!sb_resource_save (engine, "training-job", name, document, error) ||
      !sb_resource_save_tags (engine, arn, sb_json_get_array (input, "Tags"), error))
    return NULL;
  sb_training_start (engine->training, document, inputs);
  return sb_json_object_new ("TrainingJobArn", "s", arn, NULL);
}

static JsonObject *
describe_training_job (SbEngine *engine, JsonObject *input, GError **error)
{
  JsonObject *document =
      sb_resource_load (engine, "training-job", sb_json_get_string (input, "TrainingJobName", ""));

  if (document == NULL)
    sb_resource_fail (error, "ValidationException", "Requested resource not found.");
  return sb_resource_to_answer (document);
}

static JsonObject *
stop_training_job (SbEngine *engine, JsonObject *input, GError **error)
{
  if (!sb_training_stop (engine->training,
                         sb_json_get_string (input, "TrainingJobName", ""),
                         error))
    return NULL;
  return json_object_new ();
}

static JsonObject *
list_training_jobs (SbEngine *engine, JsonObject *input, GError **error)
{
  return sb_resource_list (engine, &list_spec, input, error);
}

static const SbOperation operations[] = {
  { "CreateTrainingJob", create_training_job, FALSE },
  { "DescribeTrainingJob", describe_training_job, FALSE },
  { "StopTrainingJob", stop_training_job, TRUE },
  { "ListTrainingJobs", list_training_jobs, FALSE },
  { NULL },
};

/**
 * sb_add_training_operations:
 * @engine: an engine
 */
void
sb_add_training_operations (SbEngine *engine)
{
  sb_engine_add_operations (engine, "sagemaker", operations);
}
