/* sb-work-script.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-work-script.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#include "cloud/sb-transfer.h"
#include "formats/sb-archive.h"
#include "formats/sb-folder.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-uri.h"
#include "workshop/sb-framework.h"
#include "workshop/sb-script.h"

#define ARCHIVE   "sourcedir.tar.gz"
#define INFERENCE "inference.py"
#define LOG_LEVEL "20"

/**
 * sb_work_uses_script:
 * @work: a training
 *
 * Returns: whether it is to be done by a script
 */
gboolean
sb_work_uses_script (SbWork *work)
{
  return strcmp (sb_json_get_string (work->values, "network", ""), "script") == 0;
}

static const char *
get_framework (SbWork *work)
{
  return sb_json_get_string (work->values, "framework", "pytorch");
}

static const char *
get_region (SbWork *work)
{
  return sb_connection_get_region (sb_client_get_connection (work->client));
}

/* What is not said is the newest that can also be hosted. */
static char *
find_version (SbWork *work)
{
  const char *given = sb_json_get_string (work->values, "version", "");

  return *given != '\0' ? g_strdup (given) : sb_framework_dup_newest (get_framework (work));
}

/**
 * sb_work_script_find_image:
 * @work: a training
 * @error: %SB_ERROR_INVALID when SageMaker has none
 *
 * Returns: (transfer full) (nullable): the URI of the framework's training image
 */
char *
sb_work_script_find_image (SbWork *work, GError **error)
{
  g_autofree char *version = find_version (work);

  return sb_framework_image_uri (get_framework (work),
                                 version,
                                 "training",
                                 get_region (work),
                                 sb_json_get_string (work->module, "instance-type", "ml.c5.xlarge"),
                                 error);
}

static char *
find_script (SbWork *work, char **entry, GError **error)
{
  g_autofree char *path = sb_script_choose (work->folder,
                                            get_framework (work),
                                            sb_json_get_string (work->values, "script", NULL),
                                            error);

  *entry = path != NULL
               ? sb_script_find_entry (path,
                                       sb_json_get_string (work->values, "entry_point", NULL),
                                       error)
               : NULL;
  return *entry != NULL ? g_steal_pointer (&path) : NULL;
}

/* Below what the run's upload has written down already, so that it is cleaned up with it. */
static char *
make_key (SbWork *work, const char *name, const char *rest)
{
  return g_strdup_printf ("%s/%s/%s/%s",
                          sb_json_get_string (work->module, "prefix", "workshop"),
                          work->run,
                          name,
                          rest);
}

static char *
upload (SbWork *work, const char *path, const char *key, GError **error)
{
  g_autofree char *bucket = sb_work_ensure_bucket (work, error);
  g_autofree char *base = NULL;

  if (bucket == NULL)
    return NULL;
  base = g_strdup_printf ("s3://%s/%s/%s",
                          bucket,
                          sb_json_get_string (work->module, "prefix", "workshop"),
                          work->run);
  if (!sb_ledger_intend (
          work->ledger, SB_RESOURCE_OBJECTS, base, work->id, get_region (work), error) ||
      !sb_transfer_upload_file (
          work->client, bucket, key, path, NULL, NULL, work->cancellable, error) ||
      !sb_ledger_confirm (work->ledger, SB_RESOURCE_OBJECTS, base, NULL, error))
    return NULL;
  return g_strdup_printf ("s3://%s/%s", bucket, key);
}

static void
set_json (JsonObject *values, const char *name, const char *text)
{
  g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), text);
  g_autofree char *json = sb_json_node_to_string (node);

  json_object_set_string_member (values, name, json);
}

/* How the hosts come together, in the words that the SDK has for its `distribution`. */
static void
add_distribution (SbWork *work, const char *output, const char *job, JsonObject *values)
{
  static const struct
  {
    const char *name;
    const char *parameter;
    gboolean with_type;
  } kinds[] = {
    { "torch_distributed", "sagemaker_torch_distributed_enabled", TRUE },
    { "pytorchddp", "sagemaker_pytorch_ddp_enabled", TRUE },
    { "multi_worker_mirrored_strategy", "sagemaker_multi_worker_mirrored_strategy_enabled", FALSE },
    { "parameter_server", "sagemaker_parameter_server_enabled", FALSE },
  };
  const char *given = sb_json_get_string (work->values, "distribution", "automatic");
  gboolean tensorflow = strcmp (get_framework (work), "tensorflow") == 0;
  gboolean several =
      g_ascii_strtoll (sb_json_get_string (work->values, "InstanceCount", "1"), NULL, 10) > 1;

  if (strcmp (given, "automatic") == 0 && tensorflow && several)
    given = "multi_worker_mirrored_strategy";
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].name, given) == 0)
      {
        json_object_set_string_member (values, kinds[i].parameter, "true");
        if (kinds[i].with_type)
          set_json (values,
                    "sagemaker_instance_type",
                    sb_json_get_string (work->module, "instance-type", "ml.c5.xlarge"));
      }
  if (tensorflow)
    {
      g_autofree char *uri = g_strdup_printf ("%s/%s/model", output, job);

      set_json (values, "model_dir", uri);
    }
}

static JsonObject *
make_hyperparameters (SbWork *work,
                      const char *job,
                      const char *output,
                      const char *entry,
                      const char *source,
                      GError **error)
{
  JsonObject *values =
      sb_script_parse_hyperparameters (sb_json_get_string (work->values, "hyperparameters", NULL),
                                       error);

  if (values == NULL)
    return NULL;
  set_json (values, "sagemaker_submit_directory", source);
  set_json (values, "sagemaker_program", entry);
  json_object_set_string_member (values, "sagemaker_container_log_level", LOG_LEVEL);
  set_json (values, "sagemaker_job_name", job);
  set_json (values, "sagemaker_region", get_region (work));
  add_distribution (work, output, job, values);
  return values;
}

/**
 * sb_work_script_complete_job:
 * @work: a training
 * @job: its name
 * @input: CreateTrainingJob's input, of which the hyperparameters are replaced
 * @error: why the script cannot be packed or uploaded
 *
 * Returns: whether the job has its script
 */
gboolean
sb_work_script_complete_job (SbWork *work, const char *job, JsonObject *input, GError **error)
{
  JsonObject *algorithm = sb_json_get_object (input, "AlgorithmSpecification");
  JsonArray *metrics = sb_json_get_array (work->module, "script-metrics");
  g_autofree char *output =
      g_strdup (sb_json_get_string (input, "OutputDataConfig.S3OutputPath", ""));
  g_autofree char *entry = NULL;
  g_autofree char *path = find_script (work, &entry, error);
  g_autofree char *archive = sb_work_path (work, ARCHIVE);
  g_autofree char *staging = sb_work_path (work, "sourcedir");
  g_autofree char *key = make_key (work, job, "source/" ARCHIVE);
  g_autofree char *source = NULL;
  JsonObject *hyperparameters;

  if (path == NULL || !sb_script_pack (path, staging, archive, work->cancellable, error))
    return FALSE;
  sb_work_progress (work, -1, _ ("Uploading the script"));
  source = upload (work, archive, key, error);
  if (source == NULL)
    return FALSE;
  while (g_str_has_suffix (output, "/"))
    output[strlen (output) - 1] = '\0';
  hyperparameters = make_hyperparameters (work, job, output, entry, source, error);
  if (hyperparameters == NULL)
    return FALSE;
  json_object_set_object_member (input, "HyperParameters", hyperparameters);
  if (metrics != NULL)
    {
      g_autoptr (JsonNode) node = json_node_init_array (json_node_alloc (), metrics);

      json_object_set_member (algorithm, "MetricDefinitions", json_node_copy (node));
    }
  return TRUE;
}

/**
 * sb_work_script_get_epochs:
 * @work: a training
 *
 * Returns: how many epochs its hyperparameters ask for, 0 when they do not say
 */
gint64
sb_work_script_get_epochs (SbWork *work)
{
  g_autoptr (JsonObject) values =
      sb_script_parse_hyperparameters (sb_json_get_string (work->values, "hyperparameters", NULL),
                                       NULL);

  return values != NULL ? g_ascii_strtoll (sb_json_get_string (values, "epochs", "0"), NULL, 10)
                        : 0;
}

static gboolean
has_file (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

/**
 * sb_work_script_describe:
 * @work: a training
 * @error: why not
 *
 * Returns: (transfer full) (nullable): what hosting its model has to know: `framework`, `version`,
 *   and `program` with its functions, null when TensorFlow Serving needs none
 */
JsonObject *
sb_work_script_describe (SbWork *work, GError **error)
{
  g_autofree char *entry = NULL;
  g_autofree char *path = find_script (work, &entry, error);
  g_autofree char *version = find_version (work);
  JsonObject *script;

  if (path == NULL)
    return NULL;
  script =
      sb_json_object_new ("framework", "s", get_framework (work), "version", "s", version, NULL);
  if (has_file (path, INFERENCE))
    json_object_set_string_member (script, "program", INFERENCE);
  else if (strcmp (get_framework (work), "tensorflow") != 0 || strcmp (entry, INFERENCE) == 0)
    json_object_set_string_member (script, "program", entry);
  return script;
}

static gboolean
download (SbWork *work, const char *uri, const char *path, GError **error)
{
  g_autofree char *bucket = NULL;
  g_autofree char *key = NULL;

  return sb_s3_uri_parse (uri, &bucket, &key, error) &&
         sb_transfer_download_file (
             work->client, bucket, key, path, NULL, NULL, work->cancellable, error);
}

/* The model with the script beside it, in code/, as the SDK repacks it. */
static gboolean
repack (SbWork *work, const char *artifact, const char *archive, GError **error)
{
  g_autofree char *source = sb_work_path (work, ARCHIVE);
  g_autofree char *folder = sb_work_path (work, "repacked");
  g_autofree char *code = g_build_filename (folder, "code", NULL);
  g_autofree char *trained = sb_work_path (work, "model.tar.gz");
  gboolean fine;

  /* That a folder cannot be made is said by what unpacks into it. */
  sb_folder_remove (folder);
  g_mkdir_with_parents (folder, 0700);
  fine = download (work, artifact, trained, error) &&
         sb_archive_unpack (trained, folder, work->cancellable, error);
  sb_folder_remove (code);
  g_mkdir_with_parents (code, 0700);
  fine = fine && sb_archive_unpack (source, code, work->cancellable, error) &&
         sb_archive_pack_folder (folder, archive, work->cancellable, error);
  sb_folder_remove (folder);
  return fine;
}

static void
set_environment (SbWork *work, JsonObject *container, const char *program)
{
  json_object_set_object_member (container,
                                 "Environment",
                                 sb_json_object_new ("SAGEMAKER_PROGRAM",
                                                     "s",
                                                     program,
                                                     "SAGEMAKER_SUBMIT_DIRECTORY",
                                                     "s",
                                                     "/opt/ml/model/code",
                                                     "SAGEMAKER_CONTAINER_LOG_LEVEL",
                                                     "s",
                                                     LOG_LEVEL,
                                                     "SAGEMAKER_REGION",
                                                     "s",
                                                     get_region (work),
                                                     NULL));
}

/**
 * sb_work_script_complete_model:
 * @work: a deployment
 * @name: of the model
 * @container: CreateModel's container, as of a model that brings all it needs
 * @error: why it cannot be made to serve
 *
 * Gives a model that a script has trained the image to serve it and, with PyTorch, that script.
 * TensorFlow Serving needs none, unless there is an inference.py.
 *
 * Returns: whether it can be created
 */
gboolean
sb_work_script_complete_model (SbWork *work,
                               const char *name,
                               JsonObject *container,
                               GError **error)
{
  JsonObject *script = sb_json_get_object (sb_work_result (work, "train"), "script");
  const char *program = sb_json_get_string (script, "program", NULL);
  g_autofree char *archive = sb_work_path (work, "repacked.tar.gz");
  g_autofree char *key = make_key (work, name, "model.tar.gz");
  g_autofree char *image = sb_framework_image_uri (sb_json_get_string (script, "framework", ""),
                                                   sb_json_get_string (script, "version", ""),
                                                   "inference",
                                                   get_region (work),
                                                   sb_json_get_string (work->module,
                                                                       "hosting-instance-type",
                                                                       "ml.m5.large"),
                                                   error);
  g_autofree char *uri = NULL;

  if (image == NULL)
    return FALSE;
  json_object_set_string_member (container, "Image", image);
  if (program == NULL)
    return TRUE;
  if (repack (work, sb_json_get_string (container, "ModelDataUrl", ""), archive, error))
    uri = upload (work, archive, key, error);
  g_unlink (archive);
  if (uri == NULL)
    return FALSE;
  json_object_set_string_member (container, "ModelDataUrl", uri);
  set_environment (work, container, program);
  return TRUE;
}
