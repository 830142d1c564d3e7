/* sb-model-file.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-model-file.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-uri.h"
#include "workshop/sb-model-program.h"

typedef struct
{
  SbClient *client;
  char *artifact; /* s3://… */
  char *folder;
  SbProgressFunc progress;
  gpointer progress_data;
  GMainContext *context;
  gint64 told;
} Load;

void
sb_model_file_free (SbModelFile *self)
{
  g_free (self->path);
  g_clear_pointer (&self->description, json_object_unref);
  g_free (self->problem);
  g_free (self);
}

static void
load_free (gpointer data)
{
  Load *self = data;

  g_object_unref (self->client);
  g_free (self->artifact);
  g_free (self->folder);
  g_main_context_unref (self->context);
  g_free (self);
}

static JsonObject *
get_result (SbRun *run, const char *kind)
{
  SbStep *step = sb_run_find_step_of_kind (run, kind);

  return step != NULL ? sb_step_get_result (step) : NULL;
}

/**
 * sb_run_has_model:
 * @self: a run
 *
 * Returns: whether it has trained or imported a model whose form is known; what a script of one's
 *   own leaves may be anything
 */
gboolean
sb_run_has_model (SbRun *self)
{
  JsonObject *result = get_result (self, "train");

  return result != NULL && sb_json_get_string (result, "artifact", NULL) != NULL &&
         !json_object_has_member (result, "script");
}

/**
 * sb_run_can_import_model:
 * @self: a run
 *
 * Returns: whether a network from a file can take the place of one that it would train
 */
gboolean
sb_run_can_import_model (SbRun *self)
{
  JsonObject *module = sb_module_get_json (sb_run_get_module (self));
  const char *algorithm = sb_json_get_string (module, "algorithm", "");

  return strcmp (algorithm, "digits") == 0 || strcmp (algorithm, "image-classification") == 0;
}

/**
 * sb_model_describe:
 * @path: a model.tar.gz, a folder with what is in it, or an ONNX file
 * @cancellable: (nullable): a cancellable
 * @error: why it is no network that Sagebrush knows
 *
 * Blocks.
 *
 * Returns: (transfer full) (nullable): as SbModelFile.description
 */
JsonObject *
sb_model_describe (const char *path, GCancellable *cancellable, GError **error)
{
  const char *const arguments[] = { "describe", path, NULL };
  g_autoptr (GBytes) output = sb_model_program_run (arguments, cancellable, error);

  return output != NULL ? sb_json_parse_bytes (output, error) : NULL;
}

/* One artifact never changes, so that its file is fetched once. */
static char *
make_path (const Load *self)
{
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, self->artifact, -1);
  g_autofree char *name = g_strdup_printf ("model-%.12s.tar.gz", sum);

  return g_build_filename (self->folder, name, NULL);
}

typedef struct
{
  GTask *task; /* keeps the load */
  guint64 done;
  guint64 total;
} News;

static void
news_free (gpointer data)
{
  g_object_unref (((News *) data)->task);
  g_free (data);
}

static gboolean
deliver (gpointer data)
{
  News *news = data;
  Load *self = g_task_get_task_data (news->task);

  if (!g_cancellable_is_cancelled (g_task_get_cancellable (news->task)))
    self->progress (news->done, news->total, self->progress_data);
  return G_SOURCE_REMOVE;
}

/* A few times a second, in the caller's main context. */
static void
on_bytes (guint64 done, guint64 total, gpointer user_data)
{
  GTask *task = user_data;
  Load *self = g_task_get_task_data (task);
  gint64 now = g_get_monotonic_time ();
  News *news;

  if (self->progress == NULL || now - self->told < G_USEC_PER_SEC / 10)
    return;
  self->told = now;
  news = g_new0 (News, 1);
  news->task = g_object_ref (task);
  news->done = done;
  news->total = total;
  g_main_context_invoke_full (self->context, G_PRIORITY_DEFAULT, deliver, news, news_free);
}

static gboolean
fetch (GTask *task, const char *path, GCancellable *cancellable, GError **error)
{
  Load *self = g_task_get_task_data (task);
  g_autofree char *bucket = NULL;
  g_autofree char *key = NULL;

  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  return sb_s3_uri_parse (self->artifact, &bucket, &key, error) &&
         sb_transfer_download_file (
             self->client, bucket, key, path, on_bytes, task, cancellable, error);
}

static void
load_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (SbModelFile) file = g_new0 (SbModelFile, 1);
  g_autoptr (GError) error = NULL;
  GStatBuf info;

  file->path = make_path (data);
  if (!fetch (task, file->path, cancellable, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  file->size = g_stat (file->path, &info) == 0 ? (guint64) info.st_size : 0;
  file->description = sb_model_describe (file->path, cancellable, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  file->problem = error != NULL ? g_strdup (error->message) : NULL;
  g_task_return_pointer (task, g_steal_pointer (&file), (GDestroyNotify) sb_model_file_free);
}

/**
 * sb_run_load_model_async:
 * @self: a run for which sb_run_has_model() is true
 * @progress: (nullable): called in the caller's main context while the model is fetched
 * @progress_data: data for @progress
 * @cancellable: (nullable): a cancellable
 * @callback: called in the caller's main context
 * @user_data: data for @callback
 *
 * Fetches the model from S3, unless the run's folder has it, and looks into it.
 */
void
sb_run_load_model_async (SbRun *self,
                         SbProgressFunc progress,
                         gpointer progress_data,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  SbStep *step = sb_run_find_step_of_kind (self, "train");
  Load *load = g_new0 (Load, 1);

  g_return_if_fail (sb_run_has_model (self));
  load->client = sb_client_with_label (sb_run_get_client (self),
                                       sb_module_get_id (sb_run_get_module (self)),
                                       sb_run_get_id (self),
                                       sb_step_get_id (step));
  load->artifact = g_strdup (sb_json_get_string (sb_step_get_result (step), "artifact", ""));
  load->folder = g_strdup (sb_run_get_folder (self));
  load->progress = progress;
  load->progress_data = progress_data;
  load->context = g_main_context_ref_thread_default ();
  g_task_set_source_tag (task, sb_run_load_model_async);
  g_task_set_task_data (task, load, load_free);
  g_task_run_in_thread (task, load_in_thread);
}

/**
 * sb_run_load_model_finish:
 * @self: a run
 * @result: what the callback got
 * @error: why the model cannot be fetched
 *
 * Returns: (transfer full) (nullable): the model
 */
SbModelFile *
sb_run_load_model_finish (SbRun *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
export_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const char *const *arguments = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) output = sb_model_program_run (arguments, cancellable, &error);

  if (output != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * sb_model_export_async:
 * @path: a model.tar.gz of Sagebrush's own
 * @onnx: path of the ONNX file that is written
 * @cancellable: (nullable): a cancellable
 * @callback: called in the caller's main context
 * @user_data: data for @callback
 */
void
sb_model_export_async (const char *path,
                       const char *onnx,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  const char *const arguments[] = { "export", path, onnx, NULL };
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, sb_model_export_async);
  g_task_set_task_data (task, g_strdupv ((char **) arguments), (GDestroyNotify) g_strfreev);
  g_task_run_in_thread (task, export_in_thread);
}

/**
 * sb_model_export_finish:
 * @result: what the callback got
 * @error: why nothing was written
 *
 * Returns: whether the file is there
 */
gboolean
sb_model_export_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
