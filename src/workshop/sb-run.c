/* sb-run.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-ledger-private.h"
#include "workshop/sb-run-private.h"
#include "workshop/sb-step-private.h"

enum
{
  PROP_0,
  PROP_RUNNING,
  PROP_N_DONE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

/**
 * SbRun:
 *
 * One person's pass through a module: its steps, their results, what they have created. Kept in a
 * folder, so that closing the window loses nothing. Lives in the main thread; the steps' work is
 * done in worker threads, one step at a time.
 */
G_DEFINE_FINAL_TYPE (SbRun, sb_run, G_TYPE_OBJECT)

SbStep *
_sb_run_get_step (SbRun *self, guint index)
{
  g_autoptr (SbStep) step = g_list_model_get_item (G_LIST_MODEL (self->steps), index);

  /* The store keeps it. */
  return step;
}

guint
_sb_run_n_steps (SbRun *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->steps));
}

/* A model from elsewhere rests on nothing that the run has done. */
static gboolean
rests_on (SbStep *step, JsonObject *result, SbStep *other)
{
  return _sb_step_needs (step, sb_step_get_id (other)) &&
         !(result != NULL && sb_json_get_bool (result, "imported", FALSE));
}

/* What a result rests on: the step's own values, and the very executions of those it needs. */
char *
_sb_run_make_basis (SbRun *self, SbStep *step, JsonObject *result)
{
  g_autoptr (JsonObject) values = sb_step_get_values (step);
  g_autofree char *text = sb_json_to_string (values);
  GString *basis = g_string_new (text);

  for (guint i = 0; i < _sb_run_n_steps (self); i++)
    {
      SbStep *other = _sb_run_get_step (self, i);

      if (rests_on (step, result, other))
        g_string_append_printf (basis,
                                " %s=%s",
                                sb_step_get_id (other),
                                _sb_step_get_stamp (other) != NULL ? _sb_step_get_stamp (other)
                                                                   : "");
    }
  return g_string_free (basis, FALSE);
}

static gboolean
has_run (SbStep *step)
{
  return sb_step_stands (step) || sb_step_get_state (step) == SB_STEP_STALE;
}

static SbStep *
find_missing (SbRun *self, SbStep *step)
{
  for (guint i = 0; i < _sb_run_n_steps (self); i++)
    {
      SbStep *other = _sb_run_get_step (self, i);

      if (rests_on (step, sb_step_get_result (step), other) && !sb_step_stands (other))
        return other;
    }
  return NULL;
}

/* A model is lost with what it was trained from, and without an endpoint nothing is predicted. */
static gboolean
is_gone (SbRun *self, SbStep *step)
{
  static const char *const lost_together[] = { "train", "predict", NULL };

  if (sb_ledger_is_gone (self->ledger, sb_step_get_id (step), sb_step_get_started (step)))
    return TRUE;
  if (!g_strv_contains (lost_together, sb_step_get_kind (step)))
    return FALSE;
  for (guint i = 0; i < _sb_run_n_steps (self); i++)
    if (rests_on (step, sb_step_get_result (step), _sb_run_get_step (self, i)) &&
        sb_step_get_state (_sb_run_get_step (self, i)) == SB_STEP_GONE)
      return TRUE;
  return FALSE;
}

static void
refresh_step (SbRun *self, SbStep *step)
{
  SbStepState state = sb_step_get_state (step);
  SbStep *missing = find_missing (self, step);
  g_autofree char *basis = NULL;

  if (state == SB_STEP_RUNNING || state == SB_STEP_STOPPING)
    return;
  if (has_run (step))
    {
      basis = _sb_run_make_basis (self, step, sb_step_get_result (step));
      if (missing != NULL || g_strcmp0 (basis, _sb_step_get_basis (step)) != 0)
        state = SB_STEP_STALE;
      else
        state = is_gone (self, step) ? SB_STEP_GONE : SB_STEP_DONE;
      _sb_step_set_state (step, state, missing != NULL ? sb_step_get_title (missing) : NULL);
    }
  else if (missing != NULL)
    _sb_step_set_state (step, SB_STEP_WAITING, sb_step_get_title (missing));
  else if (state != SB_STEP_FAILED)
    _sb_step_set_state (step, SB_STEP_READY, NULL);
}

void
_sb_run_refresh (SbRun *self)
{
  for (guint i = 0; i < _sb_run_n_steps (self); i++)
    refresh_step (self, _sb_run_get_step (self, i));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_DONE]);
}

static void
on_ledger_changed (SbRun *self)
{
  _sb_run_refresh (self);
}

static void
on_values (SbStep *step, GParamSpec *pspec, SbRun *self)
{
  _sb_run_refresh (self);
}

static SbRun *
make (SbModule *module,
      SbConnection *connection,
      SbJournal *journal,
      const char *folder,
      GError **error)
{
  g_autoptr (SbRun) self = g_object_new (SB_TYPE_RUN, NULL);
  g_autofree char *ledger = g_build_filename (folder, "ledger.json", NULL);
  JsonArray *specs = sb_module_get_steps (module);

  self->id = g_path_get_basename (folder);
  self->folder = g_strdup (folder);
  self->module = g_object_ref (module);
  self->connection = g_object_ref (connection);
  self->client = sb_client_new (connection, journal);
  self->ledger = _sb_ledger_new (ledger, error);
  if (self->ledger == NULL)
    return NULL;
  g_signal_connect_object (
      self->ledger, "changed", G_CALLBACK (on_ledger_changed), self, G_CONNECT_SWAPPED);
  for (guint i = 0; i < json_array_get_length (specs); i++)
    {
      g_autoptr (SbStep) step = _sb_step_new (self,
                                              sb_module_get_json (module),
                                              json_array_get_object_element (specs, i),
                                              i + 1);

      g_list_store_append (self->steps, step);
      g_signal_connect_object (step, "notify::values", G_CALLBACK (on_values), self, 0);
    }
  return g_steal_pointer (&self);
}

/**
 * _sb_run_new:
 * @module: its module
 * @connection: where it runs
 * @journal: is told of every call
 * @runs_dir: where runs are kept
 * @error: why its folder cannot be made
 *
 * Returns: (transfer full) (nullable): a run of which no step has run
 */
SbRun *
_sb_run_new (SbModule *module,
             SbConnection *connection,
             SbJournal *journal,
             const char *runs_dir,
             GError **error)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *stamp = g_date_time_format (now, "%Y%m%d-%H%M%S");
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *id = g_strdup_printf ("%s-%s-%.6s", sb_module_get_id (module), stamp, uuid);
  g_autofree char *folder = g_build_filename (runs_dir, id, NULL);
  g_autoptr (SbRun) self = NULL;

  if (g_mkdir_with_parents (folder, 0700) != 0)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_STORAGE,
                   _ ("The folder “%s” cannot be made: %s"),
                   folder,
                   g_strerror (errno));
      return NULL;
    }
  self = make (module, connection, journal, folder, error);
  if (self == NULL)
    return NULL;
  _sb_run_refresh (self);
  if (!sb_run_save (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * _sb_run_load:
 * @module: its module
 * @connection: where it runs
 * @journal: is told of every call
 * @folder: its folder
 * @error: why it cannot be read
 *
 * Returns: (transfer full) (nullable): the run as it was left
 */
SbRun *
_sb_run_load (SbModule *module,
              SbConnection *connection,
              SbJournal *journal,
              const char *folder,
              GError **error)
{
  g_autofree char *path = g_build_filename (folder, "run.json", NULL);
  g_autoptr (JsonObject) document = sb_json_load_file (path, error);
  g_autoptr (SbRun) self = NULL;
  JsonObject *steps;

  if (document == NULL)
    return NULL;
  self = make (module, connection, journal, folder, error);
  if (self == NULL)
    return NULL;
  steps = sb_json_get_object (document, "steps");
  for (guint i = 0; steps != NULL && i < _sb_run_n_steps (self); i++)
    {
      SbStep *step = _sb_run_get_step (self, i);
      JsonObject *saved = sb_json_get_object (steps, sb_step_get_id (step));

      if (saved == NULL)
        continue;
      _sb_step_from_json (step, saved);
      if (sb_step_get_state (step) == SB_STEP_RUNNING ||
          sb_step_get_state (step) == SB_STEP_STOPPING)
        {
          self->interrupted = TRUE;
          _sb_step_set_state (step, SB_STEP_READY, NULL);
          self->current = step;
        }
    }
  _sb_run_refresh (self);
  return g_steal_pointer (&self);
}

/**
 * sb_run_save:
 * @self: a run
 * @error: why it could not be saved
 *
 * Returns: whether it is kept as it is now, durably
 */
gboolean
sb_run_save (SbRun *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->folder, "run.json", NULL);
  JsonObject *steps = json_object_new ();
  g_autoptr (JsonObject) document = sb_json_object_new ("id",
                                                        "s",
                                                        self->id,
                                                        "module",
                                                        "s",
                                                        sb_module_get_id (self->module),
                                                        "connection",
                                                        "s",
                                                        sb_connection_get_id (self->connection),
                                                        "region",
                                                        "s",
                                                        sb_connection_get_region (self->connection),
                                                        "steps",
                                                        "o",
                                                        steps,
                                                        NULL);

  for (guint i = 0; i < _sb_run_n_steps (self); i++)
    json_object_set_object_member (steps,
                                   sb_step_get_id (_sb_run_get_step (self, i)),
                                   _sb_step_to_json (_sb_run_get_step (self, i)));
  return sb_json_save_file (document, path, error);
}

const char *
sb_run_get_id (SbRun *self)
{
  return self->id;
}

SbModule *
sb_run_get_module (SbRun *self)
{
  return self->module;
}

SbConnection *
sb_run_get_connection (SbRun *self)
{
  return self->connection;
}

SbClient *
sb_run_get_client (SbRun *self)
{
  return self->client;
}

const char *
sb_run_get_folder (SbRun *self)
{
  return self->folder;
}

GListModel *
sb_run_get_steps (SbRun *self)
{
  return G_LIST_MODEL (self->steps);
}

SbLedger *
sb_run_get_ledger (SbRun *self)
{
  return self->ledger;
}

/**
 * sb_run_find_step:
 * @self: a run
 * @id: a step's id
 *
 * Returns: (transfer none) (nullable): that step
 */
SbStep *
sb_run_find_step (SbRun *self, const char *id)
{
  for (guint i = 0; i < _sb_run_n_steps (self); i++)
    if (strcmp (sb_step_get_id (_sb_run_get_step (self, i)), id) == 0)
      return _sb_run_get_step (self, i);
  return NULL;
}

/**
 * sb_run_find_step_of_kind:
 * @self: a run
 * @kind: a kind
 *
 * Returns: (transfer none) (nullable): the first step of that kind
 */
SbStep *
sb_run_find_step_of_kind (SbRun *self, const char *kind)
{
  for (guint i = 0; i < _sb_run_n_steps (self); i++)
    if (strcmp (sb_step_get_kind (_sb_run_get_step (self, i)), kind) == 0)
      return _sb_run_get_step (self, i);
  return NULL;
}

/**
 * sb_run_get_n_done:
 * @self: a run
 *
 * Returns: how many of the steps are done that its module is not complete without; what they have
 *   created may be deleted since
 */
guint
sb_run_get_n_done (SbRun *self)
{
  guint n = 0;

  for (guint i = 0; i < _sb_run_n_steps (self); i++)
    if (!sb_step_is_optional (_sb_run_get_step (self, i)))
      n += sb_step_stands (_sb_run_get_step (self, i)) ? 1 : 0;
  return n;
}

/**
 * sb_run_get_n_wanted:
 * @self: a run
 *
 * Returns: how many steps there are that its module is not complete without
 */
guint
sb_run_get_n_wanted (SbRun *self)
{
  guint n = 0;

  for (guint i = 0; i < _sb_run_n_steps (self); i++)
    n += sb_step_is_optional (_sb_run_get_step (self, i)) ? 0 : 1;
  return n;
}

gboolean
sb_run_get_running (SbRun *self)
{
  return self->task != NULL;
}

/**
 * sb_run_is_interrupted:
 * @self: a run
 *
 * Returns: whether it was left in the middle of a step, so that sb_run_resume_async() is wanted
 */
gboolean
sb_run_is_interrupted (SbRun *self)
{
  return self->interrupted;
}

static void
sb_run_dispose (GObject *object)
{
  SbRun *self = SB_RUN (object);

  for (guint i = 0; self->steps != NULL && i < _sb_run_n_steps (self); i++)
    _sb_step_detach (_sb_run_get_step (self, i));
  g_clear_object (&self->steps);
  g_queue_clear (&self->queue);
  g_clear_object (&self->ledger);
  g_clear_object (&self->client);
  g_clear_object (&self->connection);
  g_clear_object (&self->module);
  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (sb_run_parent_class)->dispose (object);
}

static void
sb_run_finalize (GObject *object)
{
  SbRun *self = SB_RUN (object);

  g_free (self->id);
  g_free (self->folder);
  g_free (self->import);
  G_OBJECT_CLASS (sb_run_parent_class)->finalize (object);
}

static void
sb_run_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SbRun *self = SB_RUN (object);

  switch (id)
    {
    case PROP_RUNNING:
      g_value_set_boolean (value, sb_run_get_running (self));
      break;
    case PROP_N_DONE:
      g_value_set_uint (value, sb_run_get_n_done (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sb_run_class_init (SbRunClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->dispose = sb_run_dispose;
  object_class->finalize = sb_run_finalize;
  object_class->get_property = sb_run_get_property;
  properties[PROP_RUNNING] = g_param_spec_boolean ("running", NULL, NULL, FALSE, flags);
  properties[PROP_N_DONE] = g_param_spec_uint ("n-done", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sb_run_init (SbRun *self)
{
  self->steps = g_list_store_new (SB_TYPE_STEP);
  g_queue_init (&self->queue);
}
