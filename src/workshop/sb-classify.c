/* sb-classify.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A run's endpoint classifies photos, one or many at once.
 */

#include "config.h"

#include "workshop/sb-classify.h"

#include <string.h>

#include "cloud/sb-parallel.h"
#include "wire/sb-json.h"
#include "workshop/sb-classify-private.h"
#include "workshop/sb-photo-ask.h"

/* So many are asked about at a time: enough to keep an endpoint busy, not to drown it. */
#define MAX_ASKED 4

G_DEFINE_BOXED_TYPE (SbPhotoReading, sb_photo_reading, sb_photo_reading_copy, sb_photo_reading_free)

SbPhotoReading *
sb_photo_reading_copy (const SbPhotoReading *self)
{
  SbPhotoReading *copy = g_memdup2 (self, sizeof *self);

  copy->probabilities = g_memdup2 (self->probabilities, self->n_classes * sizeof (double));
  return copy;
}

void
sb_photo_reading_free (SbPhotoReading *self)
{
  g_free (self->probabilities);
  g_free (self);
}

/**
 * sb_photo_reading_rank:
 * @self: a reading
 * @order: (out caller-allocates) (array length=n): where indices of classes go, the likeliest first
 * @n: how many are wanted
 *
 * Returns: how many there are, at most @n
 */
guint
sb_photo_reading_rank (const SbPhotoReading *self, guint *order, guint n)
{
  guint count = 0;

  for (guint i = 0; i < self->n_classes; i++)
    {
      guint at = count;

      while (at > 0 && self->probabilities[i] > self->probabilities[order[at - 1]])
        at--;
      if (at == n)
        continue;
      count = MIN (count + 1, n);
      memmove (order + at + 1, order + at, (count - at - 1) * sizeof (guint));
      order[at] = i;
    }
  return count;
}

static char **
list_names (JsonArray *classes)
{
  guint n = classes != NULL ? json_array_get_length (classes) : 0;
  char **names = g_new0 (char *, n + 1);

  for (guint i = 0; i < n; i++)
    names[i] = g_strdup (json_array_get_string_element (classes, i));
  return names;
}

static JsonArray *
get_classes (SbRun *self, const char *kind)
{
  SbStep *step = sb_run_find_step_of_kind (self, kind);
  JsonObject *result = step != NULL ? sb_step_get_result (step) : NULL;

  return result != NULL ? sb_json_get_array (result, "classes") : NULL;
}

/**
 * sb_run_list_photo_classes:
 * @self: a run
 *
 * Returns: (transfer full) (array zero-terminated=1): the names that a model from elsewhere brings,
 *   or those of the classes that the photos are of, in the order of a reading's probabilities;
 *   empty when nobody knows them
 */
char **
sb_run_list_photo_classes (SbRun *self)
{
  JsonArray *own = get_classes (self, "train");

  return list_names (own != NULL ? own : get_classes (self, "choose-data"));
}

/* The classes of a run, if it has deployed that endpoint. */
static JsonArray *
find_classes (JsonObject *run, const char *endpoint)
{
  JsonObject *steps = run != NULL ? sb_json_get_object (run, "steps") : NULL;
  JsonArray *classes = NULL, *own;
  gboolean is_its = FALSE;
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (steps == NULL)
    return NULL;
  json_object_iter_init_ordered (&iter, steps);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      JsonObject *step = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      JsonObject *result = step != NULL ? sb_json_get_object (step, "result") : NULL;

      if (result == NULL)
        continue;
      own = sb_json_get_array (result, "classes");
      /* A model from elsewhere brings its own. */
      if (own != NULL && (classes == NULL || strcmp (name, "train") == 0))
        classes = own;
      is_its = is_its || strcmp (sb_json_get_string (result, "endpoint", ""), endpoint) == 0;
    }
  return is_its ? classes : NULL;
}

/**
 * sb_photo_classes_of_endpoint:
 * @data_dir: where Sagebrush keeps its runs
 * @endpoint: the name of an endpoint
 *
 * Returns: (transfer full) (array zero-terminated=1): the names of the classes that it tells apart;
 *   empty when none of the runs has deployed it
 */
char **
sb_photo_classes_of_endpoint (const char *data_dir, const char *endpoint)
{
  g_autofree char *folder = g_build_filename (data_dir, "runs", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, "run.json", NULL);
      g_autoptr (JsonObject) run = sb_json_load_file (path, NULL);
      JsonArray *classes = find_classes (run, endpoint);

      if (classes != NULL)
        return list_names (classes);
    }
  return list_names (NULL);
}

void
_sb_photo_target_init (SbPhotoTarget *self, SbRun *run)
{
  SbStep *deploy = sb_run_find_step_of_kind (run, "deploy");
  SbStep *predict = sb_run_find_step_of_kind (run, "predict");
  JsonObject *result = deploy != NULL ? sb_step_get_result (deploy) : NULL;

  self->client = sb_client_with_label (sb_run_get_client (run),
                                       sb_module_get_id (sb_run_get_module (run)),
                                       sb_run_get_id (run),
                                       predict != NULL ? sb_step_get_id (predict) : NULL);
  self->endpoint = g_strdup (result != NULL ? sb_json_get_string (result, "endpoint", "") : "");
}

void
_sb_photo_target_clear (SbPhotoTarget *self)
{
  g_clear_object (&self->client);
  g_clear_pointer (&self->endpoint, g_free);
}

typedef struct
{
  SbPhotoTarget target;
  GBytes *photo;
} Question;

static void
question_free (gpointer data)
{
  Question *self = data;

  _sb_photo_target_clear (&self->target);
  g_bytes_unref (self->photo);
  g_free (self);
}

static void
ask_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Question *self = data;
  GError *error = NULL;
  SbPhotoReading *reading =
      sb_photo_ask (self->target.client, self->target.endpoint, self->photo, cancellable, &error);

  if (reading != NULL)
    g_task_return_pointer (task, reading, (GDestroyNotify) sb_photo_reading_free);
  else
    g_task_return_error (task, error);
}

/**
 * sb_run_classify_photo_async:
 * @self: a run whose endpoint is in service
 * @photo: a file of any format that sb_photo_decode() reads; one that is too large for a request is
 *   sent smaller
 * @cancellable: (nullable): a cancellable
 * @callback: called with the answer
 * @user_data: data for @callback
 */
void
sb_run_classify_photo_async (SbRun *self,
                             GBytes *photo,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Question *question = g_new0 (Question, 1);

  _sb_photo_target_init (&question->target, self);
  question->photo = g_bytes_ref (photo);
  g_task_set_source_tag (task, sb_run_classify_photo_async);
  g_task_set_task_data (task, question, question_free);
  g_task_run_in_thread (task, ask_in_thread);
}

/**
 * sb_run_classify_photo_finish:
 * @self: a run
 * @result: what the callback got
 * @error: why there is no answer, such as that it is no photo
 *
 * Returns: (transfer full) (nullable): what was seen
 */
SbPhotoReading *
sb_run_classify_photo_finish (SbRun *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

typedef struct
{
  SbPhotoTarget target;
  char **paths;
  SbPhotoFunc func;
  gpointer func_data;
  GMainContext *context;
  GTask *task;
} Batch;

static void
batch_free (gpointer data)
{
  Batch *self = data;

  _sb_photo_target_clear (&self->target);
  g_strfreev (self->paths);
  g_main_context_unref (self->context);
  g_free (self);
}

/* One answer on its way to the caller's main context. */
typedef struct
{
  GTask *task; /* keeps the batch */
  guint index;
  SbPhotoReading *reading;
  GError *error;
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  g_object_unref (news->task);
  g_clear_pointer (&news->reading, sb_photo_reading_free);
  g_clear_error (&news->error);
  g_free (news);
}

static gboolean
deliver (gpointer data)
{
  News *news = data;
  Batch *self = g_task_get_task_data (news->task);

  if (!g_cancellable_is_cancelled (g_task_get_cancellable (news->task)))
    self->func (news->index, news->reading, news->error, self->func_data);
  return G_SOURCE_REMOVE;
}

/* A photo that cannot be classified is told of, and does not keep the others from it. */
static gboolean
ask_one (guint index, gpointer data, GCancellable *cancellable, GError **error)
{
  Batch *self = data;
  News *news = g_new0 (News, 1);
  g_autoptr (GBytes) photo = NULL;
  char *content;
  gsize length;

  news->task = g_object_ref (self->task);
  news->index = index;
  if (g_file_get_contents (self->paths[index], &content, &length, &news->error))
    {
      photo = g_bytes_new_take (content, length);
      news->reading = sb_photo_ask (
          self->target.client, self->target.endpoint, photo, cancellable, &news->error);
    }
  g_main_context_invoke_full (self->context, G_PRIORITY_DEFAULT, deliver, news, news_free);
  return TRUE;
}

static void
ask_all_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Batch *self = data;
  GError *error = NULL;

  if (sb_parallel_run (g_strv_length (self->paths), MAX_ASKED, ask_one, self, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/**
 * sb_run_classify_photos_async:
 * @self: a run whose endpoint is in service
 * @paths: (array zero-terminated=1): files
 * @func: called for each photo that is ready, in any order; not after @cancellable was cancelled
 * @func_data: data for @func
 * @cancellable: (nullable): a cancellable
 * @callback: called when all are done
 * @user_data: data for @callback
 *
 * Several photos are asked about at a time. However many there are, only these are in memory.
 */
void
sb_run_classify_photos_async (SbRun *self,
                              const char *const *paths,
                              SbPhotoFunc func,
                              gpointer func_data,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Batch *batch = g_new0 (Batch, 1);

  _sb_photo_target_init (&batch->target, self);
  batch->paths = g_strdupv ((char **) paths);
  batch->func = func;
  batch->func_data = func_data;
  batch->context = g_main_context_ref_thread_default ();
  batch->task = task;
  g_task_set_source_tag (task, sb_run_classify_photos_async);
  g_task_set_task_data (task, batch, batch_free);
  g_task_run_in_thread (task, ask_all_in_thread);
}

/**
 * sb_run_classify_photos_finish:
 * @self: a run
 * @result: what the callback got
 * @error: that it was cancelled
 *
 * Returns: whether every photo was told of
 */
gboolean
sb_run_classify_photos_finish (SbRun *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
