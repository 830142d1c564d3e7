/* sb-step.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-algorithm.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-step-private.h"

/**
 * SbStep:
 *
 * One runnable part of a run: what its module says of it, its form, where it stands, its result.
 * Lives in the main thread.
 */
struct _SbStep
{
  GObject parent_instance;

  SbRun *run; /* unowned: the run owns its steps */
  JsonObject *spec;
  JsonObject *defaults;
  guint number;
  GPtrArray *parameters; /* not owned: the algorithm's, or among those below */
  GPtrArray *own_parameters;
  JsonObject *values;

  SbStepState state;
  char *missing;
  double fraction;
  char *progress_text;
  double started;
  double duration;
  GError *error;
  JsonObject *result;
  char *basis;
  char *stamp;
  GPtrArray *log;
};

enum
{
  PROP_0,
  PROP_STATE,
  PROP_SUMMARY,
  PROP_MISSING,
  PROP_FRACTION,
  PROP_PROGRESS_TEXT,
  PROP_RESULT,
  PROP_VALUES,
  N_PROPS
};

enum
{
  SIGNAL_LOGGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SbStep, sb_step, G_TYPE_OBJECT)

static const GEnumValue state_values[] = {
  { SB_STEP_WAITING, "SB_STEP_WAITING", "waiting" },
  { SB_STEP_READY, "SB_STEP_READY", "ready" },
  { SB_STEP_RUNNING, "SB_STEP_RUNNING", "running" },
  { SB_STEP_STOPPING, "SB_STEP_STOPPING", "stopping" },
  { SB_STEP_DONE, "SB_STEP_DONE", "done" },
  { SB_STEP_FAILED, "SB_STEP_FAILED", "failed" },
  { SB_STEP_STALE, "SB_STEP_STALE", "stale" },
  { 0, NULL, NULL },
};

GType
sb_step_state_get_type (void)
{
  static GType type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("SbStepState", state_values));
  return type;
}

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

/* One that a module describes wrongly is left out; the others make a form all the same. */
static void
add_own_parameters (SbStep *self, JsonArray *array)
{
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      g_autoptr (GError) error = NULL;
      SbParameter *parameter =
          sb_parameter_new_from_json (json_array_get_object_element (array, i), &error);

      if (parameter == NULL)
        {
          g_warning ("%s: %s", sb_step_get_id (self), error->message);
          continue;
        }
      g_ptr_array_add (self->own_parameters, parameter);
      g_ptr_array_add (self->parameters, parameter);
    }
}

static void
parse_own_parameters (SbStep *self, const char *text)
{
  g_autoptr (JsonNode) root = sb_json_parse (text, -1, NULL);

  add_own_parameters (self, json_node_get_array (root));
}

/* What a step runs on; on this computer it is of no consequence. */
static void
add_instance_type (SbStep *self, const char *type)
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
add_images (SbStep *self, JsonArray *images)
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
add_job_parameters (SbStep *self, JsonObject *module)
{
  const char *kind = sb_step_get_kind (self);
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
add_algorithm_parameters (SbStep *self, const GPtrArray *parameters)
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
make_parameters (SbStep *self, JsonObject *module)
{
  const char *kind = sb_step_get_kind (self);
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

SbStep *
_sb_step_new (SbRun *run, JsonObject *module, JsonObject *spec, guint number)
{
  SbStep *self = g_object_new (SB_TYPE_STEP, NULL);
  JsonObject *defaults = sb_json_get_object (spec, "defaults");

  self->run = run;
  self->spec = json_object_ref (spec);
  self->defaults = defaults != NULL ? json_object_ref (defaults) : json_object_new ();
  self->number = number;
  make_parameters (self, module);
  return self;
}

void
_sb_step_detach (SbStep *self)
{
  self->run = NULL;
}

const char *
sb_step_get_id (SbStep *self)
{
  return sb_json_get_string (self->spec, "id", "");
}

const char *
sb_step_get_kind (SbStep *self)
{
  return sb_json_get_string (self->spec, "kind", "");
}

const char *
sb_step_get_title (SbStep *self)
{
  return sb_json_get_string (self->spec, "title", "");
}

const char *
sb_step_get_narrative (SbStep *self)
{
  return sb_json_get_string (self->spec, "narrative", "");
}

guint
sb_step_get_number (SbStep *self)
{
  return self->number;
}

/**
 * sb_step_get_expected:
 * @self: a step
 *
 * Returns: seconds that it usually takes on this computer; 0 when nobody knows
 */
double
sb_step_get_expected (SbStep *self)
{
  return sb_json_get_double (self->spec, "expected", 0);
}

/**
 * sb_step_is_optional:
 * @self: a step
 *
 * Returns: whether its module is complete without it: it runs when it is asked for by itself
 */
gboolean
sb_step_is_optional (SbStep *self)
{
  return sb_json_get_bool (self->spec, "optional", FALSE);
}

/**
 * sb_step_get_run:
 * @self: a step
 *
 * Returns: (transfer none) (nullable): its run
 */
SbRun *
sb_step_get_run (SbStep *self)
{
  return self->run;
}

JsonObject *
sb_step_get_spec (SbStep *self)
{
  return self->spec;
}

gboolean
_sb_step_needs (SbStep *self, const char *id)
{
  JsonArray *needs = sb_json_get_array (self->spec, "needs");

  for (guint i = 0; needs != NULL && i < json_array_get_length (needs); i++)
    if (strcmp (json_array_get_string_element (needs, i), id) == 0)
      return TRUE;
  return FALSE;
}

SbStepState
sb_step_get_state (SbStep *self)
{
  return self->state;
}

/**
 * sb_step_get_summary:
 * @self: a step
 *
 * Returns: (transfer none) (nullable): one line that says how it ended
 */
const char *
sb_step_get_summary (SbStep *self)
{
  if (self->state == SB_STEP_FAILED && self->error != NULL)
    return self->error->message;
  return self->result != NULL ? sb_json_get_string (self->result, "summary", NULL) : NULL;
}

const char *
sb_step_get_missing (SbStep *self)
{
  return self->missing;
}

double
sb_step_get_fraction (SbStep *self)
{
  return self->fraction;
}

const char *
sb_step_get_progress_text (SbStep *self)
{
  return self->progress_text;
}

double
sb_step_get_started (SbStep *self)
{
  return self->started;
}

double
sb_step_get_duration (SbStep *self)
{
  return self->duration;
}

const GError *
sb_step_get_error (SbStep *self)
{
  return self->error;
}

JsonObject *
sb_step_get_result (SbStep *self)
{
  return self->result;
}

const GPtrArray *
sb_step_get_log (SbStep *self)
{
  return self->log;
}

const GPtrArray *
sb_step_get_parameters (SbStep *self)
{
  return self->parameters;
}

/* "defaults-by": {"weights": {"imagenet": {"num_layers": "18"}}}: with one choice, others make
 * sense. */
static JsonObject *
find_preset (SbStep *self, const char *choice)
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
get_preset (SbStep *self, const char *name)
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
 * sb_step_get_default:
 * @self: a step
 * @name: a parameter
 *
 * Returns: (transfer none) (nullable): the module's default, which may depend on what a person has
 *   chosen for another parameter, or the algorithm's
 */
const char *
sb_step_get_default (SbStep *self, const char *name)
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
 * sb_step_get_value:
 * @self: a step
 * @name: a parameter
 *
 * Returns: (transfer none) (nullable): what a person has set, or the default
 */
const char *
sb_step_get_value (SbStep *self, const char *name)
{
  return sb_json_get_string (self->values, name, sb_step_get_default (self, name));
}

static const SbParameter *
find_parameter (SbStep *self, const char *name)
{
  for (guint i = 0; i < self->parameters->len; i++)
    if (strcmp (((SbParameter *) self->parameters->pdata[i])->name, name) == 0)
      return self->parameters->pdata[i];
  return NULL;
}

/**
 * sb_step_has_parameter:
 * @self: a step
 * @name: a name
 *
 * Returns: whether it has a parameter of that name
 */
gboolean
sb_step_has_parameter (SbStep *self, const char *name)
{
  return find_parameter (self, name) != NULL;
}

/**
 * sb_step_set_value:
 * @self: a step
 * @name: a parameter
 * @value: (nullable): its value; %NULL for the default
 * @error: %SB_ERROR_INVALID; the value is not taken then
 *
 * Returns: whether the value is set
 */
gboolean
sb_step_set_value (SbStep *self, const char *name, const char *value, GError **error)
{
  const SbParameter *parameter = find_parameter (self, name);

  if (parameter == NULL)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   _ ("“%s” has no parameter “%s”"),
                   sb_step_get_title (self),
                   name);
      return FALSE;
    }
  if (value != NULL && !sb_parameter_check (parameter, value, error))
    return FALSE;
  if (g_strcmp0 (value, sb_json_get_string (self->values, name, NULL)) == 0)
    return TRUE;
  if (value != NULL)
    json_object_set_string_member (self->values, name, value);
  else
    json_object_remove_member (self->values, name);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VALUES]);
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
find_needed (SbStep *self, const char *name, const char **choice)
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
 * sb_step_is_shown:
 * @self: a step
 * @name: a parameter
 *
 * Returns: whether a form is to show it, with what is chosen now
 */
gboolean
sb_step_is_shown (SbStep *self, const char *name)
{
  const char *choice = NULL;
  const char *needed = find_needed (self, name, &choice);

  return needed == NULL || g_strcmp0 (sb_step_get_value (self, choice), needed) == 0;
}

/* Whether its default goes with the values: a person's choice has made it matter. */
static gboolean
is_called_for (SbStep *self, const char *name)
{
  const char *choice = NULL;

  return find_needed (self, name, &choice) != NULL && sb_step_is_shown (self, name);
}

/**
 * sb_step_get_values:
 * @self: a step
 *
 * Returns: (transfer full): every value that is set or that the module gives; defaults of the
 *   algorithm itself are left to it
 */
JsonObject *
sb_step_get_values (SbStep *self)
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
      const char *value =
          own ? sb_step_get_default (self, parameter->name) : get_preset (self, parameter->name);

      if (value != NULL)
        json_object_set_string_member (all, parameter->name, value);
    }
  json_object_iter_init_ordered (&iter, self->values);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    json_object_set_member (all, name, json_node_copy (node));
  return all;
}

/**
 * sb_step_check_values:
 * @self: a step
 * @error: the first value that is wrong
 *
 * Returns: whether it can run with its values
 */
gboolean
sb_step_check_values (SbStep *self, GError **error)
{
  for (guint i = 0; i < self->parameters->len; i++)
    {
      const SbParameter *parameter = self->parameters->pdata[i];

      if (!sb_parameter_check (parameter, sb_step_get_value (self, parameter->name), error))
        return FALSE;
    }
  return TRUE;
}

/**
 * sb_step_reset:
 * @self: a step that does not run
 *
 * Forgets its values, its result and its log.
 */
void
sb_step_reset (SbStep *self)
{
  g_clear_pointer (&self->values, json_object_unref);
  self->values = json_object_new ();
  g_clear_pointer (&self->result, json_object_unref);
  g_clear_pointer (&self->basis, g_free);
  g_clear_error (&self->error);
  g_ptr_array_set_size (self->log, 0);
  self->state = SB_STEP_READY;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VALUES]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RESULT]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

void
_sb_step_set_state (SbStep *self, SbStepState state, const char *missing)
{
  if (g_strcmp0 (self->missing, missing) != 0)
    {
      g_free (self->missing);
      self->missing = g_strdup (missing);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MISSING]);
    }
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SUMMARY]);
}

void
_sb_step_set_progress (SbStep *self, double fraction, const char *text)
{
  g_free (self->progress_text);
  self->progress_text = g_strdup (text);
  self->fraction = fraction;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRESS_TEXT]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
}

void
_sb_step_set_result (SbStep *self, JsonObject *result)
{
  if (result != NULL)
    json_object_ref (result);
  g_clear_pointer (&self->result, json_object_unref);
  self->result = result;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RESULT]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SUMMARY]);
}

void
_sb_step_append_log (SbStep *self, GPtrArray *lines)
{
  guint before = self->log->len;

  for (guint i = 0; i < lines->len; i++)
    g_ptr_array_add (self->log, g_strdup (lines->pdata[i]));
  g_signal_emit (self, signals[SIGNAL_LOGGED], 0, before);
}

void
_sb_step_begin (SbStep *self)
{
  g_clear_error (&self->error);
  g_ptr_array_set_size (self->log, 0);
  self->started = (double) g_get_real_time () / G_USEC_PER_SEC;
  _sb_step_set_progress (self, -1, NULL);
  _sb_step_set_state (self, SB_STEP_RUNNING, NULL);
}

/* Takes the error; the result is kept as it was when there is one. */
void
_sb_step_end (SbStep *self, JsonObject *result, const char *basis, GError *error)
{
  self->duration = (double) g_get_real_time () / G_USEC_PER_SEC - self->started;
  if (error != NULL)
    {
      self->error = error;
      _sb_step_set_state (self, SB_STEP_FAILED, NULL);
      return;
    }
  g_free (self->basis);
  self->basis = g_strdup (basis);
  g_free (self->stamp);
  self->stamp = g_uuid_string_random ();
  _sb_step_set_result (self, result);
  _sb_step_set_state (self, SB_STEP_DONE, NULL);
}

const char *
_sb_step_get_basis (SbStep *self)
{
  return self->basis;
}

const char *
_sb_step_get_stamp (SbStep *self)
{
  return self->stamp;
}

static JsonObject *
error_to_json (const GError *error)
{
  if (error == NULL)
    return NULL;
  return sb_json_object_new ("message",
                             "s",
                             error->message,
                             "kind",
                             "i",
                             (gint64) (error->domain == SB_ERROR ? error->code : SB_ERROR_FAILED),
                             "service-code",
                             "s",
                             sb_error_get_service_code (error),
                             "status",
                             "i",
                             (gint64) sb_error_get_status (error),
                             "request-id",
                             "s",
                             sb_error_get_request_id (error),
                             "action",
                             "s",
                             sb_error_get_action (error),
                             "resource",
                             "s",
                             sb_error_get_resource (error),
                             NULL);
}

static GError *
error_from_json (JsonObject *json)
{
  const char *message = sb_json_get_string (json, "message", "");
  guint status = (guint) sb_json_get_int (json, "status", 0);
  GError *error;

  if (status == 0)
    return g_error_new_literal (SB_ERROR,
                                (int) sb_json_get_int (json, "kind", SB_ERROR_FAILED),
                                message);
  error = sb_error_new_service (status,
                                sb_json_get_string (json, "service-code", NULL),
                                message,
                                sb_json_get_string (json, "request-id", NULL));
  sb_error_set_action (error,
                       sb_json_get_string (json, "action", NULL),
                       sb_json_get_string (json, "resource", NULL));
  return error;
}

JsonObject *
_sb_step_to_json (SbStep *self)
{
  GEnumClass *klass = g_type_class_ref (SB_TYPE_STEP_STATE);
  JsonObject *json =
      sb_json_object_new ("state",
                          "s",
                          g_enum_get_value (klass, self->state)->value_nick,
                          "started",
                          "d",
                          self->started,
                          "duration",
                          "d",
                          self->duration,
                          "basis",
                          "s",
                          self->basis,
                          "stamp",
                          "s",
                          self->stamp,
                          "error",
                          "o",
                          error_to_json (self->error),
                          "values",
                          "o",
                          json_object_ref (self->values),
                          "result",
                          "o",
                          self->result != NULL ? json_object_ref (self->result) : NULL,
                          NULL);
  JsonArray *log = json_array_new ();

  for (guint i = 0; i < self->log->len; i++)
    json_array_add_string_element (log, self->log->pdata[i]);
  json_object_set_array_member (json, "log", log);
  g_type_class_unref (klass);
  return json;
}

void
_sb_step_from_json (SbStep *self, JsonObject *json)
{
  GEnumClass *klass = g_type_class_ref (SB_TYPE_STEP_STATE);
  GEnumValue *value = g_enum_get_value_by_nick (klass, sb_json_get_string (json, "state", "ready"));
  JsonObject *values = sb_json_get_object (json, "values");
  JsonObject *result = sb_json_get_object (json, "result");
  JsonArray *log = sb_json_get_array (json, "log");
  JsonObject *error = sb_json_get_object (json, "error");

  self->state = value != NULL ? (SbStepState) value->value : SB_STEP_READY;
  self->started = sb_json_get_double (json, "started", 0);
  self->duration = sb_json_get_double (json, "duration", 0);
  self->basis = g_strdup (sb_json_get_string (json, "basis", NULL));
  self->stamp = g_strdup (sb_json_get_string (json, "stamp", NULL));
  if (error != NULL)
    self->error = error_from_json (error);
  if (values != NULL)
    {
      json_object_unref (self->values);
      self->values = sb_json_copy (values);
    }
  if (result != NULL)
    self->result = json_object_ref (result);
  for (guint i = 0; log != NULL && i < json_array_get_length (log); i++)
    g_ptr_array_add (self->log, g_strdup (json_array_get_string_element (log, i)));
  g_type_class_unref (klass);
}

static void
sb_step_finalize (GObject *object)
{
  SbStep *self = SB_STEP (object);

  json_object_unref (self->spec);
  json_object_unref (self->defaults);
  json_object_unref (self->values);
  g_ptr_array_unref (self->parameters);
  g_clear_pointer (&self->own_parameters, g_ptr_array_unref);
  g_ptr_array_unref (self->log);
  g_clear_pointer (&self->result, json_object_unref);
  g_clear_error (&self->error);
  g_free (self->missing);
  g_free (self->progress_text);
  g_free (self->basis);
  g_free (self->stamp);
  G_OBJECT_CLASS (sb_step_parent_class)->finalize (object);
}

static void
sb_step_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SbStep *self = SB_STEP (object);

  switch (id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_SUMMARY:
      g_value_set_string (value, sb_step_get_summary (self));
      break;
    case PROP_MISSING:
      g_value_set_string (value, self->missing);
      break;
    case PROP_FRACTION:
      g_value_set_double (value, self->fraction);
      break;
    case PROP_PROGRESS_TEXT:
      g_value_set_string (value, self->progress_text);
      break;
    case PROP_RESULT:
      g_value_set_boxed (value, self->result);
      break;
    case PROP_VALUES:
      g_value_take_boxed (value, sb_step_get_values (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sb_step_class_init (SbStepClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = sb_step_finalize;
  object_class->get_property = sb_step_get_property;
  properties[PROP_STATE] =
      g_param_spec_enum ("state", NULL, NULL, SB_TYPE_STEP_STATE, SB_STEP_READY, flags);
  properties[PROP_SUMMARY] = g_param_spec_string ("summary", NULL, NULL, NULL, flags);
  properties[PROP_MISSING] = g_param_spec_string ("missing", NULL, NULL, NULL, flags);
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, -1, 1, -1, flags);
  properties[PROP_PROGRESS_TEXT] = g_param_spec_string ("progress-text", NULL, NULL, NULL, flags);
  properties[PROP_RESULT] = g_param_spec_boxed ("result", NULL, NULL, JSON_TYPE_OBJECT, flags);
  properties[PROP_VALUES] = g_param_spec_boxed ("values", NULL, NULL, JSON_TYPE_OBJECT, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  /* The first new line is at the index that is the argument. */
  signals[SIGNAL_LOGGED] = g_signal_new (
      "logged", SB_TYPE_STEP, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
sb_step_init (SbStep *self)
{
  self->state = SB_STEP_READY;
  self->fraction = -1;
  self->values = json_object_new ();
  self->log = g_ptr_array_new_with_free_func (g_free);
}
