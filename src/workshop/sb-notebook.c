/* sb-notebook.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-notebook.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-waiter.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-remove.h"

static JsonObject *
call (SbClient *client,
      const char *operation,
      const char *name,
      GCancellable *cancellable,
      GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new ("NotebookInstanceName", "s", name, NULL);

  return sb_client_call (client, "sagemaker", operation, input, cancellable, error);
}

static JsonObject *
wait_for (SbClient *client,
          const char *waiter,
          const char *name,
          GCancellable *cancellable,
          GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new ("NotebookInstanceName", "s", name, NULL);

  return sb_waiter_wait (client, waiter, input, NULL, NULL, cancellable, error);
}

static JsonObject *
call_and_wait (SbClient *client,
               const char *operation,
               const char *waiter,
               const char *name,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (JsonObject) answer = call (client, operation, name, cancellable, error);

  return answer != NULL ? wait_for (client, waiter, name, cancellable, error) : NULL;
}

/* Its Jupyter begins with JupyterLab where it has one, else with the list of files. */
static JsonObject *
get_address (SbClient *client, const char *name, GCancellable *cancellable, GError **error)
{
  g_autoptr (JsonObject) answer =
      call (client, "CreatePresignedNotebookInstanceUrl", name, cancellable, error);

  if (answer == NULL)
    return NULL;
  return sb_json_object_new ("url", "s", sb_json_get_string (answer, "AuthorizedUrl", NULL), NULL);
}

static JsonObject *
remove_it (SbClient *client, const char *name, GCancellable *cancellable, GError **error)
{
  if (sb_remove_resource (client, SB_RESOURCE_NOTEBOOK, name, cancellable, error) !=
      SB_REMOVAL_DONE)
    return NULL;
  return json_object_new ();
}

/**
 * sb_notebook_act:
 * @client: makes the calls
 * @name: a notebook instance
 * @act: what to do with it
 * @cancellable: (nullable): a cancellable
 * @error: an error of %SB_ERROR; %SB_ERROR_JOB when it has failed to start, with its reason
 *
 * Blocks, on AWS for minutes.
 *
 * Returns: (transfer full) (nullable): the answer of DescribeNotebookInstance; `{"url": …}` for
 *   %SB_NOTEBOOK_OPEN, `{}` for %SB_NOTEBOOK_DELETE
 */
JsonObject *
sb_notebook_act (SbClient *client,
                 const char *name,
                 SbNotebookAct act,
                 GCancellable *cancellable,
                 GError **error)
{
  switch (act)
    {
    case SB_NOTEBOOK_OPEN:
      return get_address (client, name, cancellable, error);
    case SB_NOTEBOOK_START:
      return call_and_wait (client,
                            "StartNotebookInstance",
                            "notebook_instance_in_service",
                            name,
                            cancellable,
                            error);
    case SB_NOTEBOOK_STOP:
      return call_and_wait (
          client, "StopNotebookInstance", "notebook_instance_stopped", name, cancellable, error);
    case SB_NOTEBOOK_DELETE:
      return remove_it (client, name, cancellable, error);
    case SB_NOTEBOOK_ASK:
    default:
      return call (client, "DescribeNotebookInstance", name, cancellable, error);
    }
}

typedef struct
{
  char *name;
  SbNotebookAct act;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  g_free (request->name);
  g_free (request);
}

static void
act_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Request *request = data;
  GError *error = NULL;
  JsonObject *answer = sb_notebook_act (source, request->name, request->act, cancellable, &error);

  if (answer != NULL)
    g_task_return_pointer (task, answer, (GDestroyNotify) json_object_unref);
  else
    g_task_return_error (task, error);
}

/**
 * sb_notebook_act_async:
 * @client: makes the calls
 * @name: a notebook instance
 * @act: what to do with it
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: data for @callback
 *
 * See sb_notebook_act().
 */
void
sb_notebook_act_async (SbClient *client,
                       const char *name,
                       SbNotebookAct act,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (client, cancellable, callback, user_data);
  Request *request = g_new0 (Request, 1);

  request->name = g_strdup (name);
  request->act = act;
  g_task_set_source_tag (task, sb_notebook_act_async);
  g_task_set_task_data (task, request, request_free);
  g_task_run_in_thread (task, act_in_thread);
}

/**
 * sb_notebook_act_finish:
 * @client: makes the calls
 * @result: what the callback got
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): see sb_notebook_act()
 */
JsonObject *
sb_notebook_act_finish (SbClient *client, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * sb_notebook_list:
 * @client: makes the calls
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable) (element-type JsonObject): all of the Region, as
 *   ListNotebookInstances has them; blocks
 */
GPtrArray *
sb_notebook_list (SbClient *client, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  g_autofree char *token = NULL;

  do
    {
      g_autoptr (JsonObject) input =
          sb_json_object_new ("MaxResults", "i", (gint64) 100, "NextToken", "s", token, NULL);
      g_autoptr (JsonObject) page =
          sb_client_call (client, "sagemaker", "ListNotebookInstances", input, cancellable, error);
      JsonArray *items = page != NULL ? sb_json_get_array (page, "NotebookInstances") : NULL;

      if (page == NULL)
        return NULL;
      for (guint i = 0; items != NULL && i < json_array_get_length (items); i++)
        g_ptr_array_add (all, json_object_ref (json_array_get_object_element (items, i)));
      g_free (token);
      token = g_strdup (sb_json_get_string (page, "NextToken", NULL));
    }
  while (token != NULL);
  return g_steal_pointer (&all);
}

/**
 * sb_notebook_get_status_title:
 * @status: a NotebookInstanceStatus
 *
 * Returns: (transfer none): the same for people
 */
const char *
sb_notebook_get_status_title (const char *status)
{
  static const char *const titles[][2] = {
    { "Pending", N_ ("Starting") },  { "InService", N_ ("In service") },
    { "Stopping", N_ ("Stopping") }, { "Stopped", N_ ("Stopped") },
    { "Failed", N_ ("Failed") },     { "Deleting", N_ ("Being deleted") },
    { "Updating", N_ ("Changing") },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (titles); i++)
    if (strcmp (titles[i][0], status) == 0)
      return _ (titles[i][1]);
  return status;
}

/**
 * sb_notebook_is_moving:
 * @status: a NotebookInstanceStatus
 *
 * Returns: whether it is on its way to another status by itself
 */
gboolean
sb_notebook_is_moving (const char *status)
{
  static const char *const moving[] = { "Pending", "Stopping", "Deleting", "Updating", NULL };

  return g_strv_contains (moving, status);
}
