/* sb-step.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-step-form.h"
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
  SbStepForm *form;
  guint number;

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
  { SB_STEP_GONE, "SB_STEP_GONE", "gone" },
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

SbStep *
_sb_step_new (SbRun *run, JsonObject *module, JsonObject *spec, guint number)
{
  SbStep *self = g_object_new (SB_TYPE_STEP, NULL);

  self->run = run;
  self->spec = json_object_ref (spec);
  self->form = sb_step_form_new (module, spec);
  self->number = number;
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
 * sb_step_stands:
 * @self: a step
 *
 * Returns: whether it has run, and its result is what running it again would come to
 */
gboolean
sb_step_stands (SbStep *self)
{
  return self->state == SB_STEP_DONE || self->state == SB_STEP_GONE;
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
  return self->form->parameters;
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
  return sb_step_form_get_default (self->form, name);
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
  return sb_step_form_get_value (self->form, name);
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
  return sb_step_form_find (self->form, name) != NULL;
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
  gboolean changed;

  if (!sb_step_form_set_value (self->form, name, value, &changed, error))
    return FALSE;
  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_VALUES]);
  return TRUE;
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
  return sb_step_form_is_shown (self->form, name);
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
  return sb_step_form_get_values (self->form);
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
  return sb_step_form_check (self->form, error);
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
  sb_step_form_take_values (self->form, json_object_new ());
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
                          json_object_ref (self->form->values),
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
    sb_step_form_take_values (self->form, sb_json_copy (values));
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
  sb_step_form_free (self->form);
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
  self->log = g_ptr_array_new_with_free_func (g_free);
}
