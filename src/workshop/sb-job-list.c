/* sb-job-list.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-job-list.h"

#include <string.h>

#include "wire/sb-json.h"
#include "workshop/sb-survey.h"

#define PAGE 100

/**
 * SbJobList:
 *
 * The training jobs of a connection, the newest of them. A job that was listed before stays the
 * same object, and what is known of one that has ended is not asked for again. Lives in one thread.
 */
struct _SbJobList
{
  GObject parent_instance;

  SbClient *client;
  GListStore *jobs;
  GPtrArray *found; /* (element-type JsonObject): of the listing that goes on */
  guint next;       /* of the jobs, the first that was not looked at */
  gboolean cut;
};

G_DEFINE_FINAL_TYPE (SbJobList, sb_job_list, G_TYPE_OBJECT)

static void
call (SbJobList *self,
      const char *operation,
      JsonObject *input,
      GAsyncReadyCallback callback,
      GTask *task)
{
  sb_client_call_async (self->client,
                        "sagemaker",
                        operation,
                        input,
                        g_task_get_cancellable (task),
                        callback,
                        g_object_ref (task));
}

/* Returns: (transfer none): the list keeps it */
static SbJob *
get_job (SbJobList *self, guint position)
{
  g_autoptr (SbJob) job = g_list_model_get_item (G_LIST_MODEL (self->jobs), position);

  return job;
}

static void describe_next (SbJobList *self, GTask *task);

/* Jobs that are not the workshop's have no such tag, and not everybody may read tags. */
static void
on_tags (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  SbJobList *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = sb_client_call_finish (SB_CLIENT (source), result, &error);
  JsonArray *tags = answer != NULL ? sb_json_get_array (answer, "Tags") : NULL;
  const char *module = "";

  if (g_task_return_error_if_cancelled (task))
    return;
  for (guint i = 0; tags != NULL && i < json_array_get_length (tags); i++)
    {
      JsonObject *tag = json_array_get_object_element (tags, i);

      if (strcmp (sb_json_get_string (tag, "Key", ""), SB_TAG_MODULE) == 0)
        module = sb_json_get_string (tag, "Value", "");
    }
  sb_job_set_module (get_job (self, self->next), module);
  self->next++;
  describe_next (self, task);
}

static void
on_described (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  SbJobList *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = sb_client_call_finish (SB_CLIENT (source), result, &error);
  SbJob *job = get_job (self, self->next);

  if (answer == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  sb_job_set_description (job, answer);
  if (sb_job_get_module (job) == NULL)
    {
      g_autoptr (JsonObject) input =
          sb_json_object_new ("ResourceArn", "s", sb_job_get_arn (job), NULL);

      call (self, "ListTags", input, on_tags, task);
      return;
    }
  self->next++;
  describe_next (self, task);
}

/* One after the other: the service asks whoever asks too much at once to wait. */
static void
describe_next (SbJobList *self, GTask *task)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->jobs));
  g_autoptr (JsonObject) input = NULL;

  while (self->next < n && sb_job_is_known (get_job (self, self->next)))
    self->next++;
  if (self->next == n)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  input = sb_json_object_new ("TrainingJobName",
                              "s",
                              sb_job_get_name (get_job (self, self->next)),
                              NULL);
  call (self, "DescribeTrainingJob", input, on_described, task);
}

static JsonObject *
find_summary (SbJobList *self, const char *arn)
{
  for (guint i = 0; i < self->found->len; i++)
    if (strcmp (sb_json_get_string (self->found->pdata[i], "TrainingJobArn", ""), arn) == 0)
      return self->found->pdata[i];
  return NULL;
}

static void
add_new (SbJobList *self, GHashTable *known)
{
  for (guint i = 0; i < self->found->len; i++)
    {
      JsonObject *summary = self->found->pdata[i];
      g_autoptr (SbJob) job = NULL;

      if (g_hash_table_contains (known, sb_json_get_string (summary, "TrainingJobArn", "")))
        continue;
      job = sb_job_new (summary);
      g_list_store_append (self->jobs, job);
    }
}

static void
merge (SbJobList *self)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (self->jobs)); i > 0; i--)
    {
      SbJob *job = get_job (self, i - 1);
      JsonObject *summary = find_summary (self, sb_job_get_arn (job));

      if (summary == NULL)
        {
          g_list_store_remove (self->jobs, i - 1);
          continue;
        }
      g_hash_table_add (known, g_strdup (sb_job_get_arn (job)));
      sb_job_set_summary (job, summary);
    }
  add_new (self, known);
}

static void ask_page (SbJobList *self, const char *token, GTask *task);

static void
on_page (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  SbJobList *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) page = sb_client_call_finish (SB_CLIENT (source), result, &error);
  JsonArray *summaries = page != NULL ? sb_json_get_array (page, "TrainingJobSummaries") : NULL;
  const char *token = page != NULL ? sb_json_get_string (page, "NextToken", NULL) : NULL;

  if (page == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  for (guint i = 0; summaries != NULL && i < json_array_get_length (summaries); i++)
    g_ptr_array_add (self->found, json_object_ref (json_array_get_object_element (summaries, i)));
  self->cut = token != NULL && self->found->len >= SB_JOB_LIST_MAX;
  if (token != NULL && !self->cut)
    {
      ask_page (self, token, task);
      return;
    }
  merge (self);
  self->next = 0;
  describe_next (self, task);
}

static void
ask_page (SbJobList *self, const char *token, GTask *task)
{
  g_autoptr (JsonObject) input = sb_json_object_new ("MaxResults",
                                                     "i",
                                                     (gint64) PAGE,
                                                     "SortBy",
                                                     "s",
                                                     "CreationTime",
                                                     "SortOrder",
                                                     "s",
                                                     "Descending",
                                                     "NextToken",
                                                     "s",
                                                     token,
                                                     NULL);

  call (self, "ListTrainingJobs", input, on_page, task);
}

static void
sb_job_list_finalize (GObject *object)
{
  SbJobList *self = SB_JOB_LIST (object);

  g_object_unref (self->client);
  g_object_unref (self->jobs);
  g_ptr_array_unref (self->found);
  G_OBJECT_CLASS (sb_job_list_parent_class)->finalize (object);
}

static void
sb_job_list_class_init (SbJobListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_job_list_finalize;
}

static void
sb_job_list_init (SbJobList *self)
{
  self->jobs = g_list_store_new (SB_TYPE_JOB);
  self->found = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
}

/**
 * sb_job_list_new:
 * @client: makes the calls
 *
 * Returns: (transfer full): a list that is empty until sb_job_list_refresh_async()
 */
SbJobList *
sb_job_list_new (SbClient *client)
{
  SbJobList *self = g_object_new (SB_TYPE_JOB_LIST, NULL);

  self->client = g_object_ref (client);
  return self;
}

/**
 * sb_job_list_get_jobs:
 * @self: a list
 *
 * Returns: (transfer none): of #SbJob, in no order
 */
GListModel *
sb_job_list_get_jobs (SbJobList *self)
{
  return G_LIST_MODEL (self->jobs);
}

/**
 * sb_job_list_is_cut:
 * @self: a list
 *
 * Returns: whether there are older jobs that are not in it
 */
gboolean
sb_job_list_is_cut (SbJobList *self)
{
  return self->cut;
}

/**
 * sb_job_list_refresh_async:
 * @self: a list that is not being refreshed
 * @cancellable: (nullable): a cancellable
 * @callback: called when all is known of all jobs
 * @user_data: data for @callback
 *
 * Asks the service. What it answers can be seen in the list at once.
 */
void
sb_job_list_refresh_async (SbJobList *self,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, sb_job_list_refresh_async);
  g_ptr_array_set_size (self->found, 0);
  ask_page (self, NULL, task);
}

/**
 * sb_job_list_refresh_finish:
 * @self: a list
 * @result: what the callback got
 * @error: why the service could not be asked
 *
 * Returns: whether it could be asked
 */
gboolean
sb_job_list_refresh_finish (SbJobList *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
