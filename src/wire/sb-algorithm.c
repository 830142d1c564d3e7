/* sb-algorithm.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "wire/sb-algorithm.h"

#include <string.h>

#include "sb-algorithm-resources.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"

#define FOLDER "/io/github/sagebrush/Sagebrush/algorithms"

struct _SbAlgorithm
{
  char *id;
  char *title;
  char *program;
  char **repositories;
  char **required_channels;
  char **instance_types;
  gboolean distributed;
  gboolean brings_script;
  GPtrArray *parameters;
  GPtrArray *metrics;
};

static char **
read_strings (JsonObject *json, const char *member)
{
  JsonArray *array = sb_json_get_array (json, member);
  guint length = array != NULL ? json_array_get_length (array) : 0;
  char **strings = g_new0 (char *, length + 1);

  for (guint i = 0; i < length; i++)
    strings[i] = g_strdup (json_array_get_string_element (array, i));
  return strings;
}

static char **
read_required_channels (JsonObject *json)
{
  JsonArray *channels = sb_json_get_array (json, "TrainingChannels");
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (guint i = 0; i < json_array_get_length (channels); i++)
    {
      JsonObject *channel = json_array_get_object_element (channels, i);

      if (sb_json_get_bool (channel, "IsRequired", FALSE))
        g_strv_builder_add (names, sb_json_get_string (channel, "Name", ""));
    }
  return g_strv_builder_end (names);
}

static void
read_parameters (SbAlgorithm *self, JsonObject *json)
{
  JsonArray *items = sb_json_get_array (json, "SupportedHyperParameters");

  self->parameters = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_parameter_free);
  for (guint i = 0; i < json_array_get_length (items); i++)
    {
      g_autoptr (GError) error = NULL;
      SbParameter *parameter =
          sb_parameter_new_from_json (json_array_get_object_element (items, i), &error);

      /* These files are part of the program: a wrong one is a mistake in it. */
      if (parameter == NULL)
        g_error ("%s: %s", self->id, error->message);
      g_ptr_array_add (self->parameters, parameter);
    }
}

static void
metric_free (SbMetricDefinition *metric)
{
  g_free (metric->name);
  g_free (metric->regex);
  g_free (metric);
}

static void
read_metrics (SbAlgorithm *self, JsonObject *json)
{
  JsonArray *items = sb_json_get_array (json, "MetricDefinitions");

  self->metrics = g_ptr_array_new_with_free_func ((GDestroyNotify) metric_free);
  for (guint i = 0; i < json_array_get_length (items); i++)
    {
      JsonObject *item = json_array_get_object_element (items, i);
      SbMetricDefinition *metric = g_new0 (SbMetricDefinition, 1);

      metric->name = g_strdup (sb_json_get_string (item, "Name", NULL));
      metric->regex = g_strdup (sb_json_get_string (item, "Regex", NULL));
      metric->maximize = sb_json_get_bool (item, "Maximize", FALSE);
      g_ptr_array_add (self->metrics, metric);
    }
}

static SbAlgorithm *
load (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) json =
      sb_json_load_resource (sb_algorithm_resources_get_resource (), path, &error);
  SbAlgorithm *self;

  if (json == NULL)
    g_error ("%s: %s", path, error->message);
  self = g_new0 (SbAlgorithm, 1);
  self->id = g_strdup (sb_json_get_string (json, "Id", NULL));
  self->title = g_strdup (sb_json_get_string (json, "Title", NULL));
  self->program = g_strdup (sb_json_get_string (json, "Program", NULL));
  self->repositories = read_strings (json, "Repositories");
  self->instance_types = read_strings (json, "SupportedTrainingInstanceTypes");
  self->distributed = sb_json_get_bool (json, "SupportsDistributedTraining", FALSE);
  self->brings_script = sb_json_get_bool (json, "BringsOwnScript", FALSE);
  self->required_channels = read_required_channels (json);
  read_parameters (self, json);
  read_metrics (self, json);
  return self;
}

static GPtrArray *
load_all (void)
{
  static GPtrArray *all;

  if (g_once_init_enter (&all))
    {
      GPtrArray *loaded = g_ptr_array_new ();
      g_auto (GStrv) names =
          g_resource_enumerate_children (sb_algorithm_resources_get_resource (), FOLDER, 0, NULL);

      for (guint i = 0; names != NULL && names[i] != NULL; i++)
        {
          g_autofree char *path = g_strconcat (FOLDER "/", names[i], NULL);

          g_ptr_array_add (loaded, load (path));
        }
      g_once_init_leave (&all, loaded);
    }
  return all;
}

/**
 * sb_algorithm_find:
 * @id: such as `xgboost`
 *
 * Returns: (transfer none) (nullable): the algorithm
 */
const SbAlgorithm *
sb_algorithm_find (const char *id)
{
  GPtrArray *all = load_all ();

  for (guint i = 0; i < all->len; i++)
    if (strcmp (((SbAlgorithm *) all->pdata[i])->id, id) == 0)
      return all->pdata[i];
  return NULL;
}

/**
 * sb_algorithm_find_by_image:
 * @image: URI of an image, of any account and Region
 *
 * Returns: (transfer none) (nullable): the algorithm that SageMaker's image of that repository is
 */
const SbAlgorithm *
sb_algorithm_find_by_image (const char *image)
{
  GPtrArray *all = load_all ();
  g_autofree char *repository = sb_image_get_repository (image);

  for (guint i = 0; i < all->len; i++)
    if (g_strv_contains ((const char *const *) ((SbAlgorithm *) all->pdata[i])->repositories,
                         repository))
      return all->pdata[i];
  return NULL;
}

/**
 * sb_algorithm_is_distributed:
 * @self: an algorithm
 *
 * Returns: whether it trains on several instances at once
 */
gboolean
sb_algorithm_is_distributed (const SbAlgorithm *self)
{
  return self->distributed;
}

/**
 * sb_algorithm_brings_script:
 * @self: an algorithm
 *
 * Returns: whether a job brings its own script, and with it hyperparameters of any name and metrics
 *   of its own
 */
gboolean
sb_algorithm_brings_script (const SbAlgorithm *self)
{
  return self->brings_script;
}

const char *
sb_algorithm_get_id (const SbAlgorithm *self)
{
  return self->id;
}

const char *
sb_algorithm_get_title (const SbAlgorithm *self)
{
  return self->title;
}

/**
 * sb_algorithm_get_program:
 * @self: an algorithm
 *
 * Returns: (transfer none): name of the program that is it here, such as `sagebrush-xgboost`
 */
const char *
sb_algorithm_get_program (const SbAlgorithm *self)
{
  return self->program;
}

/**
 * sb_algorithm_get_parameters:
 * @self: an algorithm
 *
 * Returns: (transfer none) (element-type SbParameter): its hyperparameters
 */
const GPtrArray *
sb_algorithm_get_parameters (const SbAlgorithm *self)
{
  return self->parameters;
}

/**
 * sb_algorithm_find_parameter:
 * @self: an algorithm
 * @name: such as `eta`
 *
 * Returns: (transfer none) (nullable): that hyperparameter
 */
const SbParameter *
sb_algorithm_find_parameter (const SbAlgorithm *self, const char *name)
{
  for (guint i = 0; i < self->parameters->len; i++)
    if (strcmp (((SbParameter *) self->parameters->pdata[i])->name, name) == 0)
      return self->parameters->pdata[i];
  return NULL;
}

/**
 * sb_algorithm_get_metrics:
 * @self: an algorithm
 *
 * Returns: (transfer none) (element-type SbMetricDefinition): its metrics
 */
const GPtrArray *
sb_algorithm_get_metrics (const SbAlgorithm *self)
{
  return self->metrics;
}

const char *const *
sb_algorithm_get_required_channels (const SbAlgorithm *self)
{
  return (const char *const *) self->required_channels;
}

/**
 * sb_algorithm_get_instance_types:
 * @self: an algorithm
 *
 * Returns: (transfer none): the instance types that it trains on
 */
const char *const *
sb_algorithm_get_instance_types (const SbAlgorithm *self)
{
  return (const char *const *) self->instance_types;
}

static gboolean
check_given (const SbAlgorithm *self, JsonObject *hyperparameters, GError **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, hyperparameters);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      const SbParameter *parameter = sb_algorithm_find_parameter (self, name);

      /* Tuning jobs and the SDK's toolkit leave notes for themselves. */
      if (*name == '_' || g_str_has_prefix (name, "sagemaker_"))
        continue;
      if (parameter == NULL && self->brings_script)
        continue;
      if (parameter == NULL)
        {
          g_set_error (
              error, SB_ERROR, SB_ERROR_INVALID, "Extraneous hyperparameter found: %s", name);
          return FALSE;
        }
      if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
        {
          g_set_error (
              error, SB_ERROR, SB_ERROR_INVALID, "Hyperparameter %s: could not parse value", name);
          return FALSE;
        }
      if (!sb_parameter_check (parameter, json_node_get_string (node), error))
        return FALSE;
    }
  return TRUE;
}

/**
 * sb_algorithm_check_hyperparameters:
 * @self: an algorithm
 * @hyperparameters: names and values, all text
 * @error: %SB_ERROR_INVALID, in SageMaker's words
 *
 * Returns: whether a job with these can run
 */
gboolean
sb_algorithm_check_hyperparameters (const SbAlgorithm *self,
                                    JsonObject *hyperparameters,
                                    GError **error)
{
  for (guint i = 0; i < self->parameters->len; i++)
    {
      const SbParameter *parameter = self->parameters->pdata[i];

      if (parameter->required &&
          !sb_parameter_check (parameter,
                               sb_json_get_string (hyperparameters, parameter->name, NULL),
                               error))
        return FALSE;
    }
  return check_given (self, hyperparameters, error);
}
