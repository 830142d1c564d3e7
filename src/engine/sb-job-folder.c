/* sb-job-folder.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-job-folder.h"

#include <glib/gstdio.h>
#include <string.h>

#include "engine/sb-resource.h"
#include "formats/sb-archive.h"
#include "formats/sb-folder.h"
#include "wire/sb-algorithm.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-uri.h"

/* As many objects as one channel may have; SageMaker has limits of the same order. */
#define MAX_INPUTS  1000000
#define BATCH       1000
#define MAX_FAILURE 1024

static void
input_free (SbJobInput *self)
{
  g_free (self->path);
  sb_object_free (self->object);
  g_free (self);
}

/* A key is a file name below the channel's folder; it must stay there. */
static gboolean
is_safe (const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    if (*parts[i] == '\0' || strcmp (parts[i], ".") == 0 || strcmp (parts[i], "..") == 0 ||
        strlen (parts[i]) > 255)
      return FALSE;
  return TRUE;
}

static gboolean
add_input (GPtrArray *inputs,
           const char *channel,
           const char *name,
           SbObject *object,
           GError **error)
{
  SbJobInput *input;

  if (!is_safe (name) || inputs->len >= MAX_INPUTS)
    {
      sb_resource_fail (error,
                        "ValidationException",
                        "The S3 key \"%s\" cannot be a file of the channel \"%s\".",
                        object->key,
                        channel);
      sb_object_free (object);
      return FALSE;
    }
  input = g_new0 (SbJobInput, 1);
  input->path = g_build_filename ("input", "data", channel, name, NULL);
  input->object = object;
  g_ptr_array_add (inputs, input);
  return TRUE;
}

/* The file's name is what the key has beyond the prefix; an exact key keeps its last part. */
static const char *
name_for (const char *key, const char *prefix)
{
  const char *name = key + strlen (prefix);

  while (*name == '/')
    name++;
  if (*name != '\0')
    return name;
  name = strrchr (key, '/');
  return name != NULL ? name + 1 : key;
}

static gboolean
add_prefix (SbEngine *engine,
            GPtrArray *inputs,
            const char *channel,
            const char *uri,
            GError **error)
{
  g_autofree char *bucket = NULL;
  g_autofree char *prefix = NULL;
  g_autofree char *start = g_strdup ("");
  guint before = inputs->len;
  guint n;

  if (!sb_s3_uri_parse (uri, &bucket, &prefix, NULL))
    return sb_resource_fail (error, "ValidationException", "The S3 URL \"%s\" is invalid.", uri);
  do
    {
      g_autoptr (GPtrArray) batch =
          sb_object_store_list (engine->objects, bucket, prefix, start, FALSE, BATCH);

      g_ptr_array_set_free_func (batch, NULL);
      n = batch->len;
      for (guint i = 0; i < n; i++)
        {
          SbObject *object = batch->pdata[i];

          g_free (start);
          start = g_strdup (object->key);
          if (g_str_has_suffix (object->key, "/"))
            sb_object_free (object);
          else if (!add_input (inputs, channel, name_for (object->key, prefix), object, error))
            {
              while (++i < n)
                sb_object_free (batch->pdata[i]);
              return FALSE;
            }
        }
    }
  while (n == BATCH);
  if (inputs->len > before)
    return TRUE;
  return sb_resource_fail (
      error,
      "ValidationException",
      "No S3 objects found under S3 URL \"%s\" given in input data source. Please ensure that the "
      "bucket exists in the selected region (%s), that objects exist under that S3 prefix, and "
      "that the role has access to them.",
      uri,
      engine->region);
}

/* The text of an object, and the object itself. */
static char *
read_text (SbEngine *engine, const char *uri, SbObject **object)
{
  g_autofree char *bucket = NULL;
  g_autofree char *key = NULL;
  g_autofree char *path = NULL;
  char *text = NULL;

  *object = NULL;
  if (sb_s3_uri_parse (uri, &bucket, &key, NULL))
    *object = sb_object_store_find (engine->objects, bucket, key);
  if (*object == NULL)
    return NULL;
  path = g_build_filename (engine->data_dir, "incoming", "manifest", NULL);
  g_unlink (path);
  if (sb_object_store_materialise (engine->objects, *object, path, NULL))
    g_file_get_contents (path, &text, NULL, NULL);
  g_unlink (path);
  return text;
}

static gboolean
fail_manifest (const char *uri, GError **error)
{
  return sb_resource_fail (error,
                           "ValidationException",
                           "The manifest \"%s\" cannot be read.",
                           uri);
}

static JsonArray *
read_manifest (SbEngine *engine, const char *uri, GError **error)
{
  g_autoptr (SbObject) object = NULL;
  g_autofree char *text = read_text (engine, uri, &object);
  g_autoptr (JsonNode) root = text != NULL ? sb_json_parse (text, -1, NULL) : NULL;

  if (root != NULL && JSON_NODE_HOLDS_ARRAY (root))
    return json_array_ref (json_node_get_array (root));
  fail_manifest (uri, error);
  return NULL;
}

static gboolean
add_manifest (SbEngine *engine,
              GPtrArray *inputs,
              const char *channel,
              const char *uri,
              GError **error)
{
  g_autoptr (JsonArray) items = read_manifest (engine, uri, error);
  const char *prefix = "";

  for (guint i = 0; items != NULL && i < json_array_get_length (items); i++)
    {
      JsonNode *node = json_array_get_element (items, i);
      g_autofree char *full = NULL;
      g_autofree char *bucket = NULL;
      g_autofree char *key = NULL;
      SbObject *object = NULL;

      if (JSON_NODE_HOLDS_OBJECT (node))
        {
          prefix = sb_json_get_string (json_node_get_object (node), "prefix", "");
          continue;
        }
      full = g_strconcat (prefix, json_node_get_string (node), NULL);
      if (json_node_get_string (node) != NULL && sb_s3_uri_parse (full, &bucket, &key, NULL))
        object = sb_object_store_find (engine->objects, bucket, key);
      if (object == NULL)
        return sb_resource_fail (error,
                                 "ValidationException",
                                 "No S3 objects found under S3 URL \"%s\" given in input data "
                                 "source.",
                                 full);
      if (!add_input (inputs, channel, json_node_get_string (node), object, error))
        return FALSE;
    }
  return items != NULL;
}

/* The object of a line in an augmented manifest, below the channel by its whole key. */
static gboolean
add_line (SbEngine *engine,
          GPtrArray *inputs,
          GHashTable *known,
          const char *channel,
          const char *line,
          const char *attribute,
          GError **error)
{
  g_autoptr (JsonObject) json = sb_json_parse_object (line, -1, NULL);
  const char *uri = json != NULL ? sb_json_get_string (json, attribute, "") : "";
  g_autofree char *bucket = NULL;
  g_autofree char *key = NULL;
  SbObject *object = NULL;

  if (sb_s3_uri_parse (uri, &bucket, &key, NULL))
    object = sb_object_store_find (engine->objects, bucket, key);
  if (object == NULL)
    return sb_resource_fail (error,
                             "ValidationException",
                             "The line \"%.200s\" of the augmented manifest of the channel \"%s\" "
                             "has no object of S3 as \"%s\".",
                             line,
                             channel,
                             attribute);
  /* Several lines may tell of one object. */
  if (!g_hash_table_add (known, g_strdup (key)))
    {
      sb_object_free (object);
      return TRUE;
    }
  return add_input (inputs, channel, key, object, error);
}

/* SageMaker streams these. Here the algorithm finds the manifest and its objects as files. */
static gboolean
add_augmented_manifest (SbEngine *engine,
                        GPtrArray *inputs,
                        JsonObject *channel,
                        const char *uri,
                        GError **error)
{
  const char *name = sb_json_get_string (channel, "ChannelName", "");
  const char *attribute =
      sb_json_get_string (channel, "DataSource.S3DataSource.AttributeNames.0", "source-ref");
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  SbObject *manifest;
  g_autofree char *text = read_text (engine, uri, &manifest);
  g_auto (GStrv) lines = text != NULL ? g_strsplit (text, "\n", -1) : NULL;

  if (lines == NULL)
    {
      g_clear_pointer (&manifest, sb_object_free);
      return fail_manifest (uri, error);
    }
  if (!add_input (inputs, name, "augmented.manifest", manifest, error))
    return FALSE;
  for (guint i = 0; lines[i] != NULL; i++)
    if (*g_strstrip (lines[i]) != '\0' &&
        !add_line (engine, inputs, known, name, lines[i], attribute, error))
      return FALSE;
  return TRUE;
}

static gboolean
add_channel (SbEngine *engine,
             GPtrArray *inputs,
             JsonObject *job,
             JsonObject *channel,
             GError **error)
{
  const char *name = sb_json_get_string (channel, "ChannelName", "");
  const char *type = sb_json_get_string (channel, "DataSource.S3DataSource.S3DataType", NULL);
  const char *uri = sb_json_get_string (channel, "DataSource.S3DataSource.S3Uri", "");
  const char *mode = sb_json_get_string (
      channel,
      "InputMode",
      sb_json_get_string (job, "AlgorithmSpecification.TrainingInputMode", "File"));

  if (g_strcmp0 (type, "AugmentedManifestFile") == 0)
    return add_augmented_manifest (engine, inputs, channel, uri, error);
  if (strcmp (mode, "Pipe") == 0)
    return sb_resource_fail (error,
                             "ValidationException",
                             "The local engine has no Pipe mode: use File for the channel \"%s\".",
                             name);
  if (strcmp (sb_json_get_string (channel, "CompressionType", "None"), "None") != 0 ||
      strcmp (sb_json_get_string (channel, "RecordWrapperType", "None"), "None") != 0)
    return sb_resource_fail (error,
                             "ValidationException",
                             "The local engine reads channels as they are: set CompressionType "
                             "and RecordWrapperType of \"%s\" to None.",
                             name);
  if (g_strcmp0 (type, "S3Prefix") == 0)
    return add_prefix (engine, inputs, name, uri, error);
  if (g_strcmp0 (type, "ManifestFile") == 0)
    return add_manifest (engine, inputs, name, uri, error);
  return sb_resource_fail (error,
                           "ValidationException",
                           "The local engine reads channels of S3Prefix, ManifestFile and "
                           "AugmentedManifestFile only; \"%s\" is none of these.",
                           name);
}

/* Where the hyperparameters say that the job's script is, in S3. The SDK writes them as JSON. */
static char *
find_source_uri (JsonObject *job)
{
  JsonObject *given = sb_json_get_object (job, "HyperParameters");
  const char *text =
      given != NULL ? sb_json_get_string (given, "sagemaker_submit_directory", "") : "";
  g_autoptr (JsonNode) node = sb_json_parse (text, -1, NULL);

  if (node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
      json_node_get_value_type (node) == G_TYPE_STRING)
    text = json_node_get_string (node);
  return g_str_has_prefix (text, "s3://") ? g_strdup (text) : NULL;
}

/* SageMaker's container fetches its script itself. Here it finds it as a file. */
static gboolean
add_source (SbEngine *engine, GPtrArray *inputs, JsonObject *job, GError **error)
{
  const SbAlgorithm *algorithm = sb_algorithm_find_by_image (
      sb_json_get_string (job, "AlgorithmSpecification.TrainingImage", ""));
  g_autofree char *uri = find_source_uri (job);
  g_autofree char *bucket = NULL;
  g_autofree char *key = NULL;
  SbObject *object = NULL;
  SbJobInput *input;

  if (uri == NULL || algorithm == NULL || !sb_algorithm_brings_script (algorithm))
    return TRUE;
  if (sb_s3_uri_parse (uri, &bucket, &key, NULL))
    object = sb_object_store_find (engine->objects, bucket, key);
  if (object == NULL)
    return sb_resource_fail (error,
                             "ValidationException",
                             "No S3 object found under S3 URL \"%s\" given as "
                             "sagemaker_submit_directory.",
                             uri);
  input = g_new0 (SbJobInput, 1);
  input->path = g_build_filename ("input", "source", "sourcedir.tar.gz", NULL);
  input->object = object;
  g_ptr_array_add (inputs, input);
  return TRUE;
}

/**
 * sb_job_folder_list_inputs:
 * @engine: the engine
 * @job: a training job's document
 * @error: ValidationException
 *
 * Returns: (transfer full) (nullable) (element-type SbJobInput): the files of all its channels, and
 *   of its script
 */
GPtrArray *
sb_job_folder_list_inputs (SbEngine *engine, JsonObject *job, GError **error)
{
  g_autoptr (GPtrArray) inputs = g_ptr_array_new_with_free_func ((GDestroyNotify) input_free);
  JsonArray *channels = sb_json_get_array (job, "InputDataConfig");

  for (guint i = 0; channels != NULL && i < json_array_get_length (channels); i++)
    if (!add_channel (engine, inputs, job, json_array_get_object_element (channels, i), error))
      return NULL;
  if (!add_source (engine, inputs, job, error))
    return NULL;
  return g_steal_pointer (&inputs);
}

static gboolean
save_config (const char *folder, const char *name, JsonObject *config, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "input", "config", name, NULL);

  return sb_json_save_file (config, path, error);
}

static JsonArray *
make_hosts (gint64 count)
{
  JsonArray *hosts = json_array_new ();

  for (gint64 i = 1; i <= count; i++)
    {
      g_autofree char *name = g_strdup_printf ("algo-%" G_GINT64_FORMAT, i);

      json_array_add_string_element (hosts, name);
    }
  return hosts;
}

static JsonObject *
make_resource_config (JsonObject *job)
{
  const char *type = sb_json_get_string (job, "ResourceConfig.InstanceType", "ml.m5.large");
  gint64 count = sb_json_get_int (job, "ResourceConfig.InstanceCount", 1);
  JsonArray *groups = json_array_new ();

  json_array_add_object_element (groups,
                                 sb_json_object_new ("instance_group_name",
                                                     "s",
                                                     "homogeneousCluster",
                                                     "instance_type",
                                                     "s",
                                                     type,
                                                     "hosts",
                                                     "a",
                                                     make_hosts (count),
                                                     NULL));
  return sb_json_object_new ("current_host",
                             "s",
                             "algo-1",
                             "current_instance_type",
                             "s",
                             type,
                             "current_group_name",
                             "s",
                             "homogeneousCluster",
                             "hosts",
                             "a",
                             make_hosts (count),
                             "instance_groups",
                             "a",
                             groups,
                             "network_interface_name",
                             "s",
                             "lo",
                             NULL);
}

static JsonObject *
make_input_config (JsonObject *job)
{
  JsonObject *config = json_object_new ();
  JsonArray *channels = sb_json_get_array (job, "InputDataConfig");

  for (guint i = 0; channels != NULL && i < json_array_get_length (channels); i++)
    {
      JsonObject *channel = json_array_get_object_element (channels, i);
      JsonArray *attributes = sb_json_get_array (channel, "DataSource.S3DataSource.AttributeNames");
      JsonObject *entry =
          sb_json_object_new ("TrainingInputMode",
                              "s",
                              "File",
                              "S3DistributionType",
                              "s",
                              sb_json_get_string (channel,
                                                  "DataSource.S3DataSource.S3DataDistributionType",
                                                  "FullyReplicated"),
                              "RecordWrapperType",
                              "s",
                              sb_json_get_string (channel, "RecordWrapperType", "None"),
                              "ContentType",
                              "s",
                              sb_json_get_string (channel, "ContentType", NULL),
                              NULL);

      if (attributes != NULL)
        json_object_set_array_member (entry, "AttributeNames", json_array_ref (attributes));
      json_object_set_object_member (config,
                                     sb_json_get_string (channel, "ChannelName", ""),
                                     entry);
    }
  return config;
}

static gboolean
make_folders (const char *folder, GError **error)
{
  static const char *const parts[] = {
    "input/config", "input/data", "model", "output/data", "checkpoints"
  };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *path = g_build_filename (folder, parts[i], NULL);

      if (g_mkdir_with_parents (path, 0700) != 0)
        {
          g_set_error (error,
                       SB_ERROR,
                       SB_ERROR_STORAGE,
                       "The job’s folder cannot be made: %s",
                       g_strerror (errno));
          return FALSE;
        }
    }
  return TRUE;
}

/**
 * sb_job_folder_prepare:
 * @engine: the engine
 * @folder: the job's folder
 * @job: the job's document
 * @inputs: (element-type SbJobInput): its files
 * @error: why it could not be prepared
 *
 * Writes everything that the algorithm reads. May be called in any thread. What an interrupted
 * attempt has left is used again only where it is a checkpoint.
 *
 * Returns: whether the job can start
 */
gboolean
sb_job_folder_prepare (SbEngine *engine,
                       const char *folder,
                       JsonObject *job,
                       GPtrArray *inputs,
                       GError **error)
{
  static const char *const stale[] = { "input", "model", "output" };
  g_autoptr (JsonObject) resources = make_resource_config (job);
  g_autoptr (JsonObject) channels = make_input_config (job);
  g_autoptr (JsonObject) none = json_object_new ();
  JsonObject *hyperparameters = sb_json_get_object (job, "HyperParameters");

  for (guint i = 0; i < G_N_ELEMENTS (stale); i++)
    {
      g_autofree char *path = g_build_filename (folder, stale[i], NULL);

      sb_folder_remove (path);
    }
  if (!make_folders (folder, error) ||
      !save_config (folder,
                    "hyperparameters.json",
                    hyperparameters != NULL ? hyperparameters : none,
                    error) ||
      !save_config (folder, "inputdataconfig.json", channels, error) ||
      !save_config (folder, "resourceconfig.json", resources, error))
    return FALSE;
  for (guint i = 0; i < inputs->len; i++)
    {
      const SbJobInput *input = inputs->pdata[i];
      g_autofree char *path = g_build_filename (folder, input->path, NULL);
      g_autofree char *parent = g_path_get_dirname (path);

      if (g_mkdir_with_parents (parent, 0700) != 0 ||
          !sb_object_store_materialise (engine->objects, input->object, path, error))
        {
          if (error != NULL && *error == NULL)
            g_set_error (error,
                         SB_ERROR,
                         SB_ERROR_STORAGE,
                         "The S3 key “%s” cannot be a file beside the others",
                         input->object->key);
          return FALSE;
        }
    }
  return TRUE;
}

/**
 * sb_job_folder_read_failure:
 * @folder: the job's folder
 *
 * Returns: (transfer full) (nullable): what the algorithm says of why it failed
 */
char *
sb_job_folder_read_failure (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "output", "failure", NULL);
  g_autofree char *text = NULL;
  g_autofree char *valid = NULL;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, NULL))
    return NULL;
  valid = g_utf8_make_valid (text, (gssize) length);
  g_strstrip (valid);
  if (*valid == '\0')
    return NULL;
  return g_utf8_strlen (valid, -1) > MAX_FAILURE ? g_utf8_substring (valid, 0, MAX_FAILURE)
                                                 : g_steal_pointer (&valid);
}

/**
 * sb_job_folder_pack:
 * @folder: the job's folder
 * @part: such as "model"
 * @archive: the tar.gz to write
 * @empty: (out): whether there is nothing in it, and no archive
 * @error: why it could not be written
 *
 * May be called in any thread.
 *
 * Returns: whether it is done
 */
gboolean
sb_job_folder_pack (const char *folder,
                    const char *part,
                    const char *archive,
                    gboolean *empty,
                    GError **error)
{
  g_autofree char *path = g_build_filename (folder, part, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

  *empty = dir == NULL || g_dir_read_name (dir) == NULL;
  return *empty || sb_archive_pack_folder (path, archive, NULL, error);
}
