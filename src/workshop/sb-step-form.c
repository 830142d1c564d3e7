/* sb-step-form.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-step-form.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-algorithm.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

#define DATA_PARAMETERS(values)                                                                    \
  "[{\"Name\":\"source\",\"Title\":\"Data\",\"Type\":\"Categorical\",\"Basic\":true,"              \
  "\"DefaultValue\":\"sample\",\"Range\":{\"CategoricalParameterRangeSpecification\":"             \
  "{\"Values\":[" values "]}},"                                                                    \
  "\"Description\":\"Where the data comes from.\"},"                                               \
  "{\"Name\":\"path\",\"Title\":\"File\",\"Type\":\"FreeText\",\"Basic\":true,"                    \
  "\"Description\":\"A file of your own.\"}"

static const char data_parameters[] = DATA_PARAMETERS ("\"sample\",\"file\",\"download\"") "]";

static const char digits_parameters[] = DATA_PARAMETERS (
    "\"sample\",\"file\",\"download\",\"mine\"") ",{\"Name\":\"add_mine\",\"Title\":\"With my "
                                                 "digits\",\"Type\":\"Categorical\",\"Basic\":true,\"DefaultValue\":\"false\","
                                                 "\"Range\":{\"CategoricalParameterRangeSpecification\":{\"Values\":[\"true\",\"false\"]}},"
                                                 "\"Description\":\"Whether what you drew and named is trained on, too.\"}]";

static const char workers_parameters[] =
    "[{\"Name\":\"InstanceCount\",\"Title\":\"Instances\",\"Type\":\"Integer\",\"Basic\":true,"
    "\"DefaultValue\":\"1\",\"Range\":{\"IntegerParameterRangeSpecification\":"
    "{\"MinValue\":\"1\",\"MaxValue\":\"16\"}},"
    "\"Description\":\"Workers that share each batch of images. On this computer they share its "
    "processors, too.\"}]";

static const char *
get_kind (SbStepForm *self)
{
  return sb_json_get_string (self->spec, "kind", "");
}

/* One that a module describes wrongly is left out; the others make a form all the same. */
static void
add_own_parameters (SbStepForm *self, JsonArray *array)
{
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      g_autoptr (GError) error = NULL;
      SbParameter *parameter =
          sb_parameter_new_from_json (json_array_get_object_element (array, i), &error);

      if (parameter == NULL)
        {
          g_warning ("%s: %s", sb_json_get_string (self->spec, "id", ""), error->message);
          continue;
        }
      g_ptr_array_add (self->own_parameters, parameter);
      g_ptr_array_add (self->parameters, parameter);
    }
}

static void
parse_own_parameters (SbStepForm *self, const char *text)
{
  g_autoptr (JsonNode) root = sb_json_parse (text, -1, NULL);

  add_own_parameters (self, json_node_get_array (root));
}

/* What a step runs on; on this computer it is of no consequence. */
static void
add_instance_type (SbStepForm *self, const char *type)
{
  g_autofree char *text = g_strdup_printf (
      "[{\"Name\":\"InstanceType\",\"Title\":\"Instance type\",\"Type\":\"FreeText\","
      "\"DefaultValue\":\"%s\",\"Pattern\":\"ml\\\\.[a-z0-9-]+\\\\.[a-z0-9]+\","
      "\"Description\":\"How large a computer it is, such as ml.m5.xlarge.\"}]",
      type);

  parse_own_parameters (self, text);
}

static char *
dup_array_text (JsonArray *array)
{
  g_autoptr (JsonNode) node = json_node_alloc ();

  json_node_init_array (node, array);
  return sb_json_node_to_string (node);
}

/* Versions of the algorithm's image of which the first is the usual one. */
static void
add_images (SbStepForm *self, JsonArray *images)
{
  g_autofree char *values = dup_array_text (images);
  g_autofree char *text = g_strdup_printf (
      "[{\"Name\":\"Image\",\"Title\":\"Image\",\"Type\":\"Categorical\","
      "\"DefaultValue\":\"%s\",\"Range\":{\"CategoricalParameterRangeSpecification\":"
      "{\"Values\":%s}},\"Description\":\"The version of SageMaker’s own image.\"}]",
      json_array_get_string_element (images, 0),
      values);

  parse_own_parameters (self, text);
}

static void
add_job_parameters (SbStepForm *self, JsonObject *module)
{
  const char *kind = get_kind (self);
  JsonArray *images = sb_json_get_array (module, "images");

  if (strcmp (kind, "train") == 0 && images != NULL && json_array_get_length (images) > 0)
    add_images (self, images);
  if (strcmp (kind, "train") == 0)
    add_instance_type (self, sb_json_get_string (module, "instance-type", "ml.c5.xlarge"));
  else if (strcmp (kind, "deploy") == 0)
    add_instance_type (self, sb_json_get_string (module, "hosting-instance-type", "ml.m5.large"));
}

/* Those that other steps give are not asked for. */
static void
add_algorithm_parameters (SbStepForm *self, const GPtrArray *parameters)
{
  JsonArray *given = sb_json_get_array (self->spec, "given");

  for (guint i = 0; i < parameters->len; i++)
    {
      SbParameter *parameter = parameters->pdata[i];
      gboolean is_given = FALSE;

      for (guint k = 0; given != NULL && k < json_array_get_length (given); k++)
        is_given =
            is_given || strcmp (json_array_get_string_element (given, k), parameter->name) == 0;
      if (!is_given)
        g_ptr_array_add (self->parameters, parameter);
    }
}

/* The module's, the algorithm's own, and with them what belongs to the job. */
static void
make_parameters (SbStepForm *self, JsonObject *module)
{
  const char *kind = get_kind (self);
  gboolean digits = strcmp (sb_json_get_string (module, "data", ""), "digits") == 0;
  JsonArray *described = sb_json_get_array (self->spec, "parameters");
  const SbAlgorithm *algorithm = NULL;

  self->parameters = g_ptr_array_new ();
  self->own_parameters = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_parameter_free);
  if (described != NULL)
    add_own_parameters (self, described);
  else if (strcmp (kind, "choose-data") == 0)
    parse_own_parameters (self, digits ? digits_parameters : data_parameters);
  if (json_object_has_member (self->spec, "more-parameters"))
    add_own_parameters (self, sb_json_get_array (self->spec, "more-parameters"));
  if (strcmp (kind, "train") == 0)
    algorithm = sb_algorithm_find (sb_json_get_string (module, "algorithm", ""));
  if (algorithm != NULL && sb_algorithm_is_distributed (algorithm))
    parse_own_parameters (self, workers_parameters);
  add_job_parameters (self, module);
  if (algorithm != NULL)
    add_algorithm_parameters (self, sb_algorithm_get_parameters (algorithm));
}

/**
 * sb_step_form_new:
 * @module: what describes the whole module
 * @spec: what it says of the step
 *
 * Returns: (transfer full): a form in which nothing is set
 */
SbStepForm *
sb_step_form_new (JsonObject *module, JsonObject *spec)
{
  SbStepForm *self = g_new0 (SbStepForm, 1);
  JsonObject *defaults = sb_json_get_object (spec, "defaults");

  self->spec = json_object_ref (spec);
  self->defaults = defaults != NULL ? json_object_ref (defaults) : json_object_new ();
  self->values = json_object_new ();
  make_parameters (self, module);
  return self;
}

void
sb_step_form_free (SbStepForm *self)
{
  json_object_unref (self->spec);
  json_object_unref (self->defaults);
  json_object_unref (self->values);
  g_ptr_array_unref (self->parameters);
  g_ptr_array_unref (self->own_parameters);
  g_free (self);
}

/**
 * sb_step_form_take_values:
 * @self: a form
 * @values: (transfer full): what a person has set, by the names of parameters; not checked
 */
void
sb_step_form_take_values (SbStepForm *self, JsonObject *values)
{
  json_object_unref (self->values);
  self->values = values;
}

/* "defaults-by": {"weights": {"imagenet": {"num_layers": "18"}}}: with one choice, others make
 * sense. */
static JsonObject *
find_preset (SbStepForm *self, const char *choice)
{
  JsonObject *by = sb_json_get_object (self->spec, "defaults-by");
  JsonObject *presets = by != NULL ? sb_json_get_object (by, choice) : NULL;
  const char *value = NULL;

  if (presets != NULL)
    value = sb_json_get_string (self->values, choice, NULL);
  if (presets != NULL && value == NULL)
    value = sb_json_get_string (self->defaults, choice, "");
  return presets != NULL ? sb_json_get_object (presets, value) : NULL;
}

static const char *
get_preset (SbStepForm *self, const char *name)
{
  JsonObject *by = sb_json_get_object (self->spec, "defaults-by");
  const char *value = NULL;
  JsonObjectIter iter;
  const char *choice;

  if (by == NULL)
    return NULL;
  json_object_iter_init_ordered (&iter, by);
  while (value == NULL && json_object_iter_next_ordered (&iter, &choice, NULL))
    {
      JsonObject *preset = find_preset (self, choice);

      if (preset != NULL)
        value = sb_json_get_string (preset, name, NULL);
    }
  return value;
}

/**
 * sb_step_form_get_default:
 * @self: a form
 * @name: a parameter
 *
 * Returns: (transfer none) (nullable): the module's default, which may depend on what a person has
 *   chosen for another parameter, or the algorithm's
 */
const char *
sb_step_form_get_default (SbStepForm *self, const char *name)
{
  const char *value = get_preset (self, name);

  if (value == NULL)
    value = sb_json_get_string (self->defaults, name, NULL);
  for (guint i = 0; value == NULL && i < self->parameters->len; i++)
    {
      const SbParameter *parameter = self->parameters->pdata[i];

      if (strcmp (parameter->name, name) == 0)
        value = parameter->default_value;
    }
  return value;
}

/**
 * sb_step_form_get_value:
 * @self: a form
 * @name: a parameter
 *
 * Returns: (transfer none) (nullable): what a person has set, or the default
 */
const char *
sb_step_form_get_value (SbStepForm *self, const char *name)
{
  return sb_json_get_string (self->values, name, sb_step_form_get_default (self, name));
}

/**
 * sb_step_form_find:
 * @self: a form
 * @name: a name
 *
 * Returns: (transfer none) (nullable): the parameter of that name
 */
const SbParameter *
sb_step_form_find (SbStepForm *self, const char *name)
{
  for (guint i = 0; i < self->parameters->len; i++)
    if (strcmp (((SbParameter *) self->parameters->pdata[i])->name, name) == 0)
      return self->parameters->pdata[i];
  return NULL;
}

/**
 * sb_step_form_set_value:
 * @self: a form
 * @name: a parameter
 * @value: (nullable): its value; %NULL for the default
 * @changed: (out): whether it was another before
 * @error: %SB_ERROR_INVALID; the value is not taken then
 *
 * Returns: whether the value is set
 */
gboolean
sb_step_form_set_value (SbStepForm *self,
                        const char *name,
                        const char *value,
                        gboolean *changed,
                        GError **error)
{
  const SbParameter *parameter = sb_step_form_find (self, name);

  if (parameter == NULL)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   _ ("“%s” has no parameter “%s”"),
                   sb_json_get_string (self->spec, "title", ""),
                   name);
      return FALSE;
    }
  if (value != NULL && !sb_parameter_check (parameter, value, error))
    return FALSE;
  *changed = g_strcmp0 (value, sb_json_get_string (self->values, name, NULL)) != 0;
  if (value != NULL)
    json_object_set_string_member (self->values, name, value);
  else
    json_object_remove_member (self->values, name);
  return TRUE;
}

static gboolean
lists (JsonArray *names, const char *name)
{
  for (guint i = 0; i < json_array_get_length (names); i++)
    if (strcmp (json_array_get_string_element (names, i), name) == 0)
      return TRUE;
  return FALSE;
}

/* "shown-with": {"network": {"script": ["framework"]}}: a parameter that is listed with a value of
 * a choice matters with that value only. Returns that value, or NULL for one that always matters.
 */
static const char *
find_needed (SbStepForm *self, const char *name, const char **choice)
{
  JsonObject *with = sb_json_get_object (self->spec, "shown-with");
  JsonObjectIter choices;
  JsonNode *node;

  if (with == NULL)
    return NULL;
  json_object_iter_init_ordered (&choices, with);
  while (json_object_iter_next_ordered (&choices, choice, &node))
    {
      JsonObjectIter values;
      const char *value;
      JsonNode *names;

      json_object_iter_init_ordered (&values, json_node_get_object (node));
      while (json_object_iter_next_ordered (&values, &value, &names))
        if (lists (json_node_get_array (names), name))
          return value;
    }
  return NULL;
}

/**
 * sb_step_form_is_shown:
 * @self: a form
 * @name: a parameter
 *
 * Returns: whether it is to be shown, with what is chosen now
 */
gboolean
sb_step_form_is_shown (SbStepForm *self, const char *name)
{
  const char *choice = NULL;
  const char *needed = find_needed (self, name, &choice);

  return needed == NULL || g_strcmp0 (sb_step_form_get_value (self, choice), needed) == 0;
}

/* Whether its default goes with the values: a person's choice has made it matter. */
static gboolean
is_called_for (SbStepForm *self, const char *name)
{
  const char *choice = NULL;

  return find_needed (self, name, &choice) != NULL && sb_step_form_is_shown (self, name);
}

/**
 * sb_step_form_get_values:
 * @self: a form
 *
 * Returns: (transfer full): every value that is set or that the module gives; defaults of the
 *   algorithm itself are left to it
 */
JsonObject *
sb_step_form_get_values (SbStepForm *self)
{
  JsonObject *all = sb_json_copy (self->defaults);
  gboolean described = json_object_has_member (self->spec, "parameters");
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  for (guint i = 0; i < self->parameters->len; i++)
    {
      const SbParameter *parameter = self->parameters->pdata[i];
      gboolean own =
          (i < self->own_parameters->len && (described || is_called_for (self, parameter->name))) ||
          strcmp (parameter->name, "source") == 0;
      const char *value = own ? sb_step_form_get_default (self, parameter->name)
                              : get_preset (self, parameter->name);

      if (value != NULL)
        json_object_set_string_member (all, parameter->name, value);
    }
  json_object_iter_init_ordered (&iter, self->values);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    json_object_set_member (all, name, json_node_copy (node));
  return all;
}

/**
 * sb_step_form_check:
 * @self: a form
 * @error: the first value that is wrong
 *
 * Returns: whether the step can run with these values
 */
gboolean
sb_step_form_check (SbStepForm *self, GError **error)
{
  for (guint i = 0; i < self->parameters->len; i++)
    {
      const SbParameter *parameter = self->parameters->pdata[i];

      if (!sb_parameter_check (parameter, sb_step_form_get_value (self, parameter->name), error))
        return FALSE;
    }
  return TRUE;
}
