/* sb-notebook.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Notebook instances: a document, a folder, and a Jupyter on loopback while it is in service.
 */

#include "config.h"

#include "engine/sb-notebook.h"

#include <string.h>

#include "engine/sb-process.h"
#include "engine/sb-resource.h"
#include "formats/sb-folder.h"
#include "wire/sb-json.h"

/* Jupyter needs a moment to shut down its kernels. */
#define STOP_GRACE 15
/* What Jupyter writes once it listens: "Jupyter Notebook 6.4.12 is running at:" */
#define RUNNING_LINE " is running at:"

struct _SbNotebooks
{
  SbEngine *engine;
  char *folder;
  GHashTable *instances; /* name -> Instance */
};

typedef struct
{
  SbNotebooks *notebooks;
  char *name;
  SbNotebookPlace place;
  GQueue stages;
  SbNotebookStage *stage; /* that runs */
  SbProcess *process;
  guint timeout;
  char *last_line;
  gboolean serving;
  gboolean stopping;
} Instance;

static void
instance_free (Instance *self)
{
  g_clear_handle_id (&self->timeout, g_source_remove);
  if (self->process != NULL)
    {
      sb_process_disconnect (self->process);
      sb_process_kill (self->process);
      sb_process_unref (self->process);
    }
  g_queue_clear_full (&self->stages, (GDestroyNotify) sb_notebook_stage_free);
  g_clear_pointer (&self->stage, sb_notebook_stage_free);
  g_free (self->place.folder);
  g_free (self->place.token);
  g_free (self->place.url);
  g_free (self->last_line);
  g_free (self->name);
  g_free (self);
}

static void
save (SbNotebooks *self, JsonObject *document)
{
  const char *name = sb_json_get_string (document, "NotebookInstanceName", "");
  g_autoptr (GError) error = NULL;

  json_object_set_double_member (document, "LastModifiedTime", sb_engine_now ());
  if (!sb_resource_save (self->engine, "notebook-instance", name, document, &error))
    g_warning ("The state of the notebook instance %s cannot be stored: %s", name, error->message);
}

static void
set_status (SbNotebooks *self, const char *name, const char *status, const char *reason)
{
  g_autoptr (JsonObject) document = sb_resource_load (self->engine, "notebook-instance", name);

  if (document == NULL)
    return;
  json_object_set_string_member (document, "NotebookInstanceStatus", status);
  json_object_remove_member (document, "FailureReason");
  if (reason != NULL)
    json_object_set_string_member (document, "FailureReason", reason);
  if (strcmp (status, "InService") == 0)
    json_object_set_boolean_member (document, "_created", TRUE);
  save (self, document);
}

/* The end of an instance's Jupyter, its kernels, and whatever they have started. */
static void
end (Instance *self, const char *status, const char *reason)
{
  SbNotebooks *notebooks = self->notebooks;
  g_autofree char *name = g_strdup (self->name);
  g_autofree char *folder = g_strdup (self->place.folder);

  g_hash_table_remove (notebooks->instances, name);
  sb_process_kill_left_over (folder);
  set_status (notebooks, name, status, reason);
}

/* Whoever reads the log must not thereby be able to open the notebook. */
static char *
hide_token (Instance *self, const char *line)
{
  g_auto (GStrv) parts = g_strsplit (line, self->place.token, -1);

  return g_strjoinv ("…", parts);
}

static void
on_lines (SbProcess *process, GPtrArray *lines, gpointer data)
{
  Instance *self = data;
  g_autoptr (GPtrArray) shown = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *stream = g_strconcat (self->name, "/jupyter.log", NULL);
  gboolean up = FALSE;

  for (guint i = 0; i < lines->len; i++)
    {
      up = up || (self->stage->server && strstr (lines->pdata[i], RUNNING_LINE) != NULL);
      g_ptr_array_add (shown, hide_token (self, lines->pdata[i]));
    }
  g_free (self->last_line);
  self->last_line = g_strdup (shown->pdata[shown->len - 1]);
  sb_log_store_append (self->notebooks->engine->logs,
                       SB_NOTEBOOK_LOG_GROUP,
                       stream,
                       shown,
                       g_get_real_time () / 1000);
  if (!up || self->serving || self->stopping)
    return;
  self->serving = TRUE;
  g_clear_handle_id (&self->timeout, g_source_remove);
  set_status (self->notebooks, self->name, "InService", NULL);
}

static gboolean
on_timeout (gpointer data)
{
  Instance *self = data;
  g_autofree char *reason = g_strdup_printf ("%s: it took longer than %u seconds",
                                             self->stage->failure,
                                             self->stage->seconds);

  self->timeout = 0;
  end (self, "Failed", reason);
  return G_SOURCE_REMOVE;
}

static void run_next (Instance *self);

static void
on_process_exit (SbProcess *process, int status, gpointer data)
{
  Instance *self = data;
  g_autofree char *how = sb_process_describe (status);
  g_autofree char *reason = NULL;

  g_clear_pointer (&self->process, sb_process_unref);
  g_clear_handle_id (&self->timeout, g_source_remove);
  if (self->stopping)
    end (self, "Stopped", NULL);
  else if (self->serving && status == 0)
    /* Somebody has shut it down from within. */
    end (self, "Stopped", NULL);
  else if (!self->stage->server && status == 0)
    run_next (self);
  else
    {
      reason = g_strdup_printf ("%s: %s; %s",
                                self->serving ? "Jupyter has ended" : self->stage->failure,
                                how,
                                self->last_line != NULL ? self->last_line : "it wrote nothing");
      if (strlen (reason) > 1024)
        {
          g_autofree char *whole = g_steal_pointer (&reason);

          reason = g_utf8_make_valid (whole, 1000);
        }
      end (self, "Failed", reason);
    }
}

static void
run_next (Instance *self)
{
  g_auto (GStrv) environ = sb_notebook_make_environment (self->notebooks->engine, &self->place);
  g_autofree char *root = g_build_filename (self->place.folder, "SageMaker", NULL);
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->stage, sb_notebook_stage_free);
  self->stage = g_queue_pop_head (&self->stages);
  self->process = sb_process_start ((const char *const *) self->stage->argv,
                                    (const char *const *) environ,
                                    root,
                                    on_lines,
                                    on_process_exit,
                                    self,
                                    &error);
  if (self->process != NULL)
    self->timeout = g_timeout_add_seconds (self->stage->seconds, on_timeout, self);
  else
    end (self, "Failed", error->message);
}

static char *
make_token (void)
{
  g_autofree char *first = g_uuid_string_random ();
  g_autofree char *second = g_uuid_string_random ();
  g_autofree char *both = g_strconcat (first, second, NULL);

  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, both, -1);
}

static char *
instance_folder (SbNotebooks *self, const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

/**
 * sb_notebooks_start:
 * @self: the notebook instances
 * @document: an instance, which is stored already as Pending
 *
 * Brings the instance up; it ends as InService or Failed.
 */
void
sb_notebooks_start (SbNotebooks *self, JsonObject *document)
{
  const char *name = sb_json_get_string (document, "NotebookInstanceName", "");
  g_autofree char *line = sb_engine_dup_ready_line (self->engine);
  g_autoptr (JsonObject) ready = sb_json_parse_object (line, -1, NULL);
  g_autofree char *stream = g_strconcat (name, "/jupyter.log", NULL);
  g_autofree char *url = NULL;
  g_autoptr (GError) error = NULL;
  Instance *instance = g_new0 (Instance, 1);

  instance->notebooks = self;
  instance->name = g_strdup (name);
  instance->place.folder = instance_folder (self, name);
  instance->place.token = make_token ();
  instance->place.url = g_strdup (sb_json_get_string (ready, "url", ""));
  g_hash_table_replace (self->instances, g_strdup (name), instance);
  if (!sb_log_store_add_stream (self->engine->logs, SB_NOTEBOOK_LOG_GROUP, stream, &error) ||
      !sb_notebook_find_port (&instance->place.port, &error) ||
      !sb_notebook_add_stages (self->engine, document, &instance->place, &instance->stages, &error))
    {
      end (instance, "Failed", error->message);
      return;
    }
  url = g_strdup_printf ("127.0.0.1:%u", instance->place.port);
  json_object_set_string_member (document, "Url", url);
  save (self, document);
  run_next (instance);
}

/**
 * sb_notebooks_stop:
 * @self: the notebook instances
 * @name: an instance, which is stored already as Stopping
 *
 * Ends its Jupyter; the instance ends as Stopped.
 */
void
sb_notebooks_stop (SbNotebooks *self, const char *name)
{
  Instance *instance = g_hash_table_lookup (self->instances, name);

  if (instance == NULL)
    {
      set_status (self, name, "Stopped", NULL);
      return;
    }
  instance->stopping = TRUE;
  sb_process_stop (instance->process, STOP_GRACE);
}

typedef struct
{
  SbNotebooks *notebooks;
  char *name;
  char *folder;
} Removal;

static void
removal_free (Removal *self)
{
  g_free (self->name);
  g_free (self->folder);
  g_free (self);
}

static void
remove_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  sb_folder_remove (((Removal *) data)->folder);
  g_task_return_boolean (task, TRUE);
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  Removal *removal = g_task_get_task_data (G_TASK (result));
  SbEngine *engine = removal->notebooks->engine;
  g_autofree char *arn = sb_engine_arn (engine, "notebook-instance", removal->name);
  g_autoptr (GError) error = NULL;

  if (!sb_resource_delete_tags (engine, arn, &error) ||
      !sb_resource_delete (engine, "notebook-instance", removal->name, &error))
    g_warning ("The notebook instance %s cannot be deleted: %s", removal->name, error->message);
}

/**
 * sb_notebooks_delete:
 * @self: the notebook instances
 * @name: an instance that does not run, which is stored already as Deleting
 *
 * Deletes its folder, then the instance.
 */
void
sb_notebooks_delete (SbNotebooks *self, const char *name)
{
  Removal *removal = g_new0 (Removal, 1);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_removed, NULL);

  removal->notebooks = self;
  removal->name = g_strdup (name);
  removal->folder = instance_folder (self, name);
  g_task_set_task_data (task, removal, (GDestroyNotify) removal_free);
  g_task_run_in_thread (task, remove_in_thread);
}

/**
 * sb_notebooks_dup_url:
 * @self: the notebook instances
 * @name: an instance in service
 *
 * Returns: (transfer full) (nullable): URL that opens it, with its token
 */
char *
sb_notebooks_dup_url (SbNotebooks *self, const char *name)
{
  Instance *instance = g_hash_table_lookup (self->instances, name);

  if (instance == NULL || !instance->serving)
    return NULL;
  return g_strdup_printf ("http://127.0.0.1:%u?token=%s",
                          instance->place.port,
                          instance->place.token);
}

/**
 * sb_notebooks_new:
 * @engine: the engine
 *
 * Returns: (transfer full): the notebook instances; none is in service yet
 */
SbNotebooks *
sb_notebooks_new (SbEngine *engine)
{
  SbNotebooks *self = g_new0 (SbNotebooks, 1);

  self->engine = engine;
  self->folder = g_build_filename (engine->data_dir, "notebooks", NULL);
  self->instances =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) instance_free);
  return self;
}

/**
 * sb_notebooks_free:
 * @self: the notebook instances
 *
 * Ends every Jupyter and all that they have started; the next engine starts them again.
 */
void
sb_notebooks_free (SbNotebooks *self)
{
  gboolean any = g_hash_table_size (self->instances) > 0;

  g_hash_table_unref (self->instances);
  if (any)
    sb_process_kill_left_over (self->folder);
  g_free (self->folder);
  g_free (self);
}

/**
 * sb_notebooks_resume:
 * @self: the notebook instances
 *
 * Takes up what the engine before this one has left.
 */
void
sb_notebooks_resume (SbNotebooks *self)
{
  g_autoptr (GPtrArray) all = sb_resource_load_all (self->engine, "notebook-instance");

  for (guint i = 0; i < all->len; i++)
    {
      JsonObject *document = all->pdata[i];
      const char *name = sb_json_get_string (document, "NotebookInstanceName", "");
      const char *status = sb_json_get_string (document, "NotebookInstanceStatus", "");

      if (strcmp (status, "Pending") == 0 || strcmp (status, "InService") == 0)
        {
          json_object_set_string_member (document, "NotebookInstanceStatus", "Pending");
          sb_notebooks_start (self, document);
        }
      else if (strcmp (status, "Stopping") == 0 || strcmp (status, "Updating") == 0)
        set_status (self, name, "Stopped", NULL);
      else if (strcmp (status, "Deleting") == 0)
        sb_notebooks_delete (self, name);
    }
}
