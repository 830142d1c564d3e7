/* sb-run-execute.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A run's steps, done one after the other in worker threads.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-run-private.h"
#include "workshop/sb-work.h"

static void
work_free (SbWork *work)
{
  g_object_unref (work->step);
  g_object_unref (work->client);
  g_object_unref (work->ledger);
  json_object_unref (work->module);
  g_free (work->import);
  g_free (work->id);
  g_free (work->run);
  json_object_unref (work->values);
  g_hash_table_unref (work->results);
  g_free (work->folder);
  g_object_unref (work->cancellable);
  g_free (work);
}

static SbWork *
work_new (SbRun *self, SbStep *step)
{
  SbWork *work = g_new0 (SbWork, 1);

  work->step = g_object_ref (step);
  work->client = sb_client_with_label (self->client,
                                       sb_module_get_id (self->module),
                                       self->id,
                                       sb_step_get_id (step));
  work->ledger = g_object_ref (self->ledger);
  /* Copies, as the work is done in a thread of its own. */
  work->module = sb_json_copy (sb_module_get_json (self->module));
  work->id = g_strdup (sb_step_get_id (step));
  work->run = g_strdup (self->id);
  work->values = sb_step_get_values (step);
  work->results =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) json_object_unref);
  for (guint i = 0; i < _sb_run_n_steps (self); i++)
    {
      SbStep *other = _sb_run_get_step (self, i);
      JsonObject *result = sb_step_get_result (other);

      if (result != NULL && other != step)
        g_hash_table_insert (work->results,
                             g_strdup (sb_step_get_kind (other)),
                             sb_json_copy (result));
    }
  work->folder = g_strdup (self->folder);
  work->resume = self->interrupted;
  work->import = g_strdup (self->import);
  work->cancellable = g_object_ref (self->cancellable);
  return work;
}

static void
work_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  SbWork *work = data;
  SbWorkFunc func = work->import != NULL
                        ? sb_work_import
                        : sb_work_find (sb_step_get_kind (work->step),
                                        sb_json_get_string (work->module, "data", NULL));
  g_autoptr (GError) error = NULL;
  JsonObject *result = NULL;

  if (func == NULL)
    g_set_error (&error,
                 SB_ERROR,
                 SB_ERROR_INVALID,
                 _ ("There are no steps of the kind “%s”"),
                 sb_step_get_kind (work->step));
  else
    result = func (work, &error);
  if (result != NULL)
    g_task_return_pointer (task, result, (GDestroyNotify) json_object_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void run_next (SbRun *self);

static void
finish (SbRun *self, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  g_queue_clear (&self->queue);
  self->current = NULL;
  self->interrupted = FALSE;
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->import, g_free);
  _sb_run_refresh (self);
  g_object_notify (G_OBJECT (self), "running");
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
on_worked (GObject *source, GAsyncResult *result, gpointer data)
{
  SbRun *self = SB_RUN (source);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) save_error = NULL;
  g_autoptr (JsonObject) answer = g_task_propagate_pointer (G_TASK (result), &error);
  SbStep *step = self->current;
  g_autofree char *basis = _sb_run_make_basis (self, step, answer);

  /* What cannot be imported leaves everything as it was. */
  if (answer == NULL && self->import != NULL)
    _sb_step_set_state (step,
                        sb_step_get_result (step) != NULL ? SB_STEP_DONE : SB_STEP_READY,
                        NULL);
  else
    _sb_step_end (step, answer, basis, error != NULL ? g_error_copy (error) : NULL);
  self->interrupted = FALSE;
  _sb_run_refresh (self);
  if (!sb_run_save (self, &save_error) && error == NULL)
    error = g_steal_pointer (&save_error);
  if (error != NULL)
    finish (self, g_steal_pointer (&error));
  else
    run_next (self);
}

static void
run_next (SbRun *self)
{
  SbStep *step = g_queue_pop_head (&self->queue);
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;

  if (step == NULL || g_cancellable_set_error_if_cancelled (self->cancellable, &error))
    {
      finish (self, g_steal_pointer (&error));
      return;
    }
  if (!sb_step_check_values (step, &error))
    {
      _sb_step_begin (step);
      _sb_step_end (step, NULL, NULL, g_error_copy (error));
      finish (self, g_steal_pointer (&error));
      return;
    }
  self->current = step;
  _sb_step_begin (step);
  _sb_run_refresh (self);
  if (!sb_run_save (self, &error))
    {
      _sb_step_end (step, NULL, NULL, g_error_copy (error));
      finish (self, g_steal_pointer (&error));
      return;
    }
  task = g_task_new (self, NULL, on_worked, NULL);
  g_task_set_source_tag (task, run_next);
  g_task_set_task_data (task, work_new (self, step), (GDestroyNotify) work_free);
  g_task_run_in_thread (task, work_in_thread);
}

static void
enqueue (SbRun *self, SbStep *step)
{
  if (g_queue_find (&self->queue, step) != NULL)
    return;
  for (guint i = 0; i < _sb_run_n_steps (self); i++)
    {
      SbStep *other = _sb_run_get_step (self, i);

      if (_sb_step_needs (step, sb_step_get_id (other)) &&
          sb_step_get_state (other) != SB_STEP_DONE)
        enqueue (self, other);
    }
  g_queue_push_tail (&self->queue, step);
}

/* Returns whether the caller may fill the queue and go. */
static gboolean
begin (SbRun *self, gpointer tag, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, tag);
  if (self->task != NULL)
    {
      g_task_return_new_error (task,
                               SB_ERROR,
                               SB_ERROR_CONFLICT,
                               _ ("Another step is running; wait for it or stop it first"));
      return FALSE;
    }
  self->task = g_steal_pointer (&task);
  self->cancellable = g_cancellable_new ();
  g_object_notify (G_OBJECT (self), "running");
  return TRUE;
}

/**
 * sb_run_execute_async:
 * @self: a run
 * @step_id: a step
 * @callback: called when it has ended
 * @user_data: data for @callback
 *
 * Runs a step, and before it those that it needs and that are not done.
 */
void
sb_run_execute_async (SbRun *self,
                      const char *step_id,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  SbStep *step = sb_run_find_step (self, step_id);

  g_return_if_fail (step != NULL);
  if (!begin (self, sb_run_execute_async, callback, user_data))
    return;
  enqueue (self, step);
  run_next (self);
}

/**
 * sb_run_execute_all_async:
 * @self: a run
 * @flags: what else is wanted
 * @callback: called when all have ended, or the first has failed
 * @user_data: data for @callback
 *
 * Runs every step that is not done, in order; not the optional ones.
 */
void
sb_run_execute_all_async (SbRun *self,
                          SbRunFlags flags,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  if (!begin (self, sb_run_execute_all_async, callback, user_data))
    return;
  for (guint i = 0; i < _sb_run_n_steps (self); i++)
    {
      SbStep *step = _sb_run_get_step (self, i);
      gboolean last = strcmp (sb_step_get_kind (step), "clean-up") == 0;

      if (last ? (flags & SB_RUN_WITH_CLEAN_UP) != 0
               : sb_step_get_state (step) != SB_STEP_DONE && !sb_step_is_optional (step))
        enqueue (self, step);
    }
  run_next (self);
}

/**
 * sb_run_resume_async:
 * @self: a run that was interrupted
 * @callback: called when the interrupted step has ended
 * @user_data: data for @callback
 *
 * Takes up the step in whose middle the run was left; what it has begun is found, not repeated.
 */
void
sb_run_resume_async (SbRun *self, GAsyncReadyCallback callback, gpointer user_data)
{
  SbStep *step = self->current;

  g_return_if_fail (self->interrupted && step != NULL);
  if (!begin (self, sb_run_resume_async, callback, user_data))
    return;
  enqueue (self, step);
  run_next (self);
}

/**
 * sb_run_import_model_async:
 * @self: a run for which sb_run_can_import_model() is true
 * @path: a model.tar.gz of Sagebrush's own, or an ONNX file
 * @callback: called when it has been imported
 * @user_data: data for @callback
 *
 * Puts a model from elsewhere in the place of the one that the step `train` makes; what was trained
 * before stays in S3 until it is cleaned up. The step may be run afterwards as ever. When the file
 * cannot be used, all stays as it was.
 */
void
sb_run_import_model_async (SbRun *self,
                           const char *path,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  SbStep *step = sb_run_find_step_of_kind (self, "train");

  g_return_if_fail (step != NULL);
  if (!begin (self, sb_run_import_model_async, callback, user_data))
    return;
  self->import = g_strdup (path);
  g_queue_push_tail (&self->queue, step);
  run_next (self);
}

/**
 * sb_run_execute_finish:
 * @self: a run
 * @result: of any of those above
 * @error: of the step that has failed
 *
 * Returns: whether all steps have ended well
 */
gboolean
sb_run_execute_finish (SbRun *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * sb_run_stop:
 * @self: a run
 *
 * Tells the running step to stop, and lets none begin after it.
 */
void
sb_run_stop (SbRun *self)
{
  if (self->task == NULL)
    return;
  if (self->current != NULL)
    _sb_step_set_state (self->current, SB_STEP_STOPPING, NULL);
  g_cancellable_cancel (self->cancellable);
}
