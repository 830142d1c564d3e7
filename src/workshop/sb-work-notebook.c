/* sb-work-notebook.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Get Started: a notebook instance.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-waiter.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-notebook.h"
#include "workshop/sb-remove.h"
#include "workshop/sb-work.h"

#define DEFAULT_TYPE   "ml.t3.medium"
#define DEFAULT_VOLUME "5"

static const char *
get_value (SbWork *work, const char *name, const char *fallback)
{
  const char *value = sb_json_get_string (work->values, name, NULL);

  return value != NULL && *value != '\0' ? value : fallback;
}

static JsonObject *
make_input (SbWork *work, const char *name, const char *role)
{
  gint64 volume = g_ascii_strtoll (get_value (work, "VolumeSizeInGB", DEFAULT_VOLUME), NULL, 10);

  return sb_json_object_new ("NotebookInstanceName",
                             "s",
                             name,
                             "InstanceType",
                             "s",
                             get_value (work, "InstanceType", DEFAULT_TYPE),
                             "RoleArn",
                             "s",
                             role,
                             "VolumeSizeInGB",
                             "i",
                             volume,
                             "DefaultCodeRepository",
                             "s",
                             get_value (work, "DefaultCodeRepository", NULL),
                             "LifecycleConfigName",
                             "s",
                             get_value (work, "LifecycleConfigName", NULL),
                             "Tags",
                             "a",
                             sb_work_make_tags (work),
                             NULL);
}

static gboolean
create (SbWork *work, const char *name, GError **error)
{
  const char *region = sb_connection_get_region (sb_client_get_connection (work->client));
  g_autofree char *role = sb_work_find_role (work, error);
  g_autoptr (JsonObject) input = role != NULL ? make_input (work, name, role) : NULL;
  g_autoptr (JsonObject) answer = NULL;

  if (input == NULL ||
      !sb_ledger_intend (work->ledger, SB_RESOURCE_NOTEBOOK, name, work->id, region, error))
    return FALSE;
  answer = sb_work_create (work, "CreateNotebookInstance", input, error);
  return answer != NULL &&
         sb_ledger_confirm (work->ledger,
                            SB_RESOURCE_NOTEBOOK,
                            name,
                            sb_json_get_string (answer, "NotebookInstanceArn", NULL),
                            error);
}

static gboolean
call (SbWork *work, const char *operation, JsonObject *input, GError **error)
{
  g_autoptr (JsonObject) answer =
      sb_client_call (work->client, "sagemaker", operation, input, work->cancellable, error);

  return answer != NULL;
}

/* Brings an instance of that name on its way into service, whether it is there or not. */
static gboolean
set_going (SbWork *work, const char *name, JsonObject *input, GError **error)
{
  g_autoptr (JsonObject) found = NULL;
  const char *status;

  switch (
      sb_remove_ask (work->client, SB_RESOURCE_NOTEBOOK, name, &found, work->cancellable, error))
    {
    case SB_PRESENCE_GONE:
      return create (work, name, error);
    case SB_PRESENCE_THERE:
      break;
    case SB_PRESENCE_UNKNOWN:
    default:
      return FALSE;
    }
  status = sb_json_get_string (found, "NotebookInstanceStatus", "");
  if (strcmp (status, "Stopped") == 0 || strcmp (status, "Failed") == 0)
    return call (work, "StartNotebookInstance", input, error);
  if (strcmp (status, "Pending") == 0 || strcmp (status, "InService") == 0)
    return TRUE;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_CONFLICT,
               _ ("The notebook instance “%s” is “%s” just now"),
               name,
               sb_notebook_get_status_title (status));
  return FALSE;
}

static void
on_answer (JsonObject *answer, gpointer user_data)
{
  SbWork *work = user_data;

  sb_work_progress (work,
                    -1,
                    sb_notebook_get_status_title (
                        sb_json_get_string (answer, "NotebookInstanceStatus", "")));
}

JsonObject *
sb_work_notebook (SbWork *work, GError **error)
{
  const char *name = get_value (work, "name", "sagebrush");
  g_autoptr (JsonObject) input = sb_json_object_new ("NotebookInstanceName", "s", name, NULL);
  g_autoptr (JsonObject) found = NULL;
  g_autofree char *summary = NULL;

  if (!set_going (work, name, input, error))
    return NULL;
  found = sb_waiter_wait (work->client,
                          "notebook_instance_in_service",
                          input,
                          on_answer,
                          work,
                          work->cancellable,
                          error);
  if (found == NULL)
    return NULL;
  summary = g_strdup_printf (_ ("%s, %s, in service"),
                             name,
                             sb_json_get_string (found, "InstanceType", ""));
  return sb_json_object_new ("summary", "s", summary, "notebook", "s", name, NULL);
}
