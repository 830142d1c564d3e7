/* sb-notebook-instance.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-notebook-instance.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-jupyter.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"
#include "workshop/sb-notebook.h"

/* Returns: (transfer full) (nullable): name of an instance in service. None is started here: that
 * costs money on AWS, and is a step of its own. */
static char *
find_instance (SbClient *client, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) all = sb_notebook_list (client, cancellable, error);

  if (all == NULL)
    return NULL;
  for (guint i = 0; i < all->len; i++)
    if (strcmp (sb_json_get_string (all->pdata[i], "NotebookInstanceStatus", ""), "InService") == 0)
      return g_strdup (sb_json_get_string (all->pdata[i], "NotebookInstanceName", ""));
  g_set_error_literal (error,
                       SB_ERROR,
                       SB_ERROR_CONFLICT,
                       _ ("No notebook instance is in service. Start one in Get Started, then open "
                          "the notebook again."));
  return NULL;
}

/* Returns: (transfer full) (nullable): a URL that signs in, for a short time */
static char *
presign (SbClient *client, const char *name, GCancellable *cancellable, GError **error)
{
  g_autoptr (JsonObject) answer =
      sb_notebook_act (client, name, SB_NOTEBOOK_OPEN, cancellable, error);

  return answer != NULL ? g_strdup (sb_json_get_string (answer, "url", "")) : NULL;
}

static char *
upload (const char *url, const char *path, GCancellable *cancellable, GError **error)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *folder = sb_job_name_new ("sagebrush", g_get_real_time () / 1000);
  g_autoptr (JsonObject) notebook = sb_json_load_file (path, error);

  return notebook != NULL ? sb_jupyter_upload (url, folder, name, notebook, cancellable, error)
                          : NULL;
}

static void
open_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  SbClient *client = sb_run_get_client (source);
  GError *error = NULL;
  g_autofree char *name = find_instance (client, cancellable, &error);
  g_autofree char *url = name != NULL ? presign (client, name, cancellable, &error) : NULL;
  g_autofree char *page = url != NULL ? upload (url, data, cancellable, &error) : NULL;
  /* The first may sign in once only. */
  g_autofree char *fresh = page != NULL ? presign (client, name, cancellable, &error) : NULL;

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, g_strconcat (page, strchr (fresh, '?'), NULL), g_free);
}

/**
 * sb_notebook_instance_open_async:
 * @run: a run of the connection, whose client makes the calls
 * @path: an .ipynb file
 * @cancellable: (nullable): to stop it
 * @callback: called when it is done
 * @user_data: for it
 *
 * Uploads the notebook to a new folder of a notebook instance in service.
 */
void
sb_notebook_instance_open_async (SbRun *run,
                                 const char *path,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (run, cancellable, callback, user_data);

  g_task_set_source_tag (task, sb_notebook_instance_open_async);
  g_task_set_task_data (task, g_strdup (path), g_free);
  g_task_run_in_thread (task, open_in_thread);
}

/**
 * sb_notebook_instance_open_finish:
 * @run: the run
 * @result: as the callback got it
 * @error: of the service, %SB_ERROR_NETWORK, or %SB_ERROR_CONFLICT when none is in service
 *
 * Returns: (transfer full) (nullable): URL to open in a web browser, which signs in
 */
char *
sb_notebook_instance_open_finish (SbRun *run, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
