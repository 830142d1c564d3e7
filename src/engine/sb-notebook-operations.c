/* sb-notebook-operations.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "engine/sb-notebook.h"
#include "engine/sb-resource.h"
#include "wire/sb-json.h"

static const SbListSpec list_spec = {
  .kind = "notebook-instance",
  .name_member = "NotebookInstanceName",
  .status_member = "NotebookInstanceStatus",
  .result_member = "NotebookInstances",
  .members = { "NotebookInstanceName",
               "NotebookInstanceArn",
               "NotebookInstanceStatus",
               "Url",
               "InstanceType",
               "CreationTime",
               "LastModifiedTime",
               "NotebookInstanceLifecycleConfigName",
               "DefaultCodeRepository",
               "AdditionalCodeRepositories" },
  .sort = "Name",
};

/* What a request calls otherwise than the description of an instance does. */
static const char *const renamed[][2] = {
  { "LifecycleConfigName", "NotebookInstanceLifecycleConfigName" },
  { "SecurityGroupIds", "SecurityGroups" },
};

static JsonObject *
load (SbEngine *engine, JsonObject *input, GError **error)
{
  JsonObject *document = sb_resource_load (engine,
                                           "notebook-instance",
                                           sb_json_get_string (input, "NotebookInstanceName", ""));

  if (document == NULL)
    sb_resource_fail (error, "ValidationException", "RecordNotFound");
  return document;
}

static gboolean
save (SbEngine *engine, JsonObject *document, const char *status, GError **error)
{
  json_object_set_string_member (document, "NotebookInstanceStatus", status);
  json_object_set_double_member (document, "LastModifiedTime", sb_engine_now ());
  json_object_remove_member (document, "FailureReason");
  return sb_resource_save (engine,
                           "notebook-instance",
                           sb_json_get_string (document, "NotebookInstanceName", ""),
                           document,
                           error);
}

/* The instance, if it may go from the state in which it is to the one named. */
static JsonObject *
load_in_state (SbEngine *engine,
               JsonObject *input,
               const char *const *allowed,
               const char *next,
               GError **error)
{
  g_autoptr (JsonObject) document = load (engine, input, error);
  g_autofree char *list = NULL;
  const char *status;

  if (document == NULL)
    return NULL;
  status = sb_json_get_string (document, "NotebookInstanceStatus", "");
  if (g_strv_contains (allowed, status))
    return g_steal_pointer (&document);
  list = g_strjoinv (", ", (char **) allowed);
  sb_resource_fail (error,
                    "ValidationException",
                    "Status (%s) not in ([%s]). Unable to transition to (%s) for Notebook Instance "
                    "(%s)",
                    status,
                    list,
                    next,
                    sb_json_get_string (document, "NotebookInstanceArn", ""));
  return NULL;
}

static const char *const at_rest[] = { "Stopped", "Failed", NULL };
static const char *const in_service[] = { "InService", NULL };

static gboolean
check_repository (const char *repository, GError **error)
{
  if (repository == NULL || g_str_has_prefix (repository, "https://"))
    return TRUE;
  return sb_resource_fail (
      error,
      "ValidationException",
      "Code repository %s does not exist: the local engine takes https:// URLs.",
      repository);
}

static gboolean
check_references (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *lifecycle = sb_json_get_string (input, "LifecycleConfigName", NULL);
  const char *role = sb_json_get_string (input, "RoleArn", NULL);
  JsonArray *more = sb_json_get_array (input, "AdditionalCodeRepositories");
  g_autoptr (JsonObject) config =
      lifecycle != NULL ? sb_resource_load (engine, "notebook-lifecycle", lifecycle) : NULL;

  if (role != NULL && !sb_role_is_assumable (engine, role, error))
    return FALSE;
  if (lifecycle != NULL && config == NULL)
    return sb_resource_fail (error,
                             "ValidationException",
                             "Notebook Instance Lifecycle Config [%s] does not exist.",
                             lifecycle);
  if (!check_repository (sb_json_get_string (input, "DefaultCodeRepository", NULL), error))
    return FALSE;
  for (guint i = 0; more != NULL && i < json_array_get_length (more); i++)
    if (!check_repository (json_array_get_string_element (more, i), error))
      return FALSE;
  return TRUE;
}

static void
take_members (JsonObject *document, JsonObject *input)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, input);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      if (strcmp (name, "Tags") == 0 || g_str_has_prefix (name, "Disassociate"))
        continue;
      for (guint i = 0; i < G_N_ELEMENTS (renamed); i++)
        if (strcmp (name, renamed[i][0]) == 0)
          name = renamed[i][1];
      json_object_set_member (document, name, json_node_copy (node));
    }
}

static void
set_default (JsonObject *document, const char *member, const char *value)
{
  if (!json_object_has_member (document, member))
    json_object_set_string_member (document, member, value);
}

static JsonObject *
make_document (SbEngine *engine, JsonObject *input, const char *arn)
{
  double now = sb_engine_now ();
  JsonObject *document = sb_json_object_new ("NotebookInstanceArn",
                                             "s",
                                             arn,
                                             "NotebookInstanceStatus",
                                             "s",
                                             "Pending",
                                             "CreationTime",
                                             "d",
                                             now,
                                             "LastModifiedTime",
                                             "d",
                                             now,
                                             NULL);

  take_members (document, input);
  set_default (document, "DirectInternetAccess", "Enabled");
  set_default (document, "RootAccess", "Enabled");
  set_default (document, "PlatformIdentifier", "notebook-al2-v3");
  if (!json_object_has_member (document, "VolumeSizeInGB"))
    json_object_set_int_member (document, "VolumeSizeInGB", 5);
  return document;
}

static JsonObject *
create_instance (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "NotebookInstanceName", "");
  g_autofree char *arn = sb_engine_arn (engine, "notebook-instance", name);
  g_autoptr (JsonObject) existing = sb_resource_load (engine, "notebook-instance", name);
  g_autoptr (JsonObject) document = NULL;

  if (existing != NULL)
    {
      sb_resource_fail (error,
                        "ValidationException",
                        "Cannot create a duplicate Notebook Instance (%s)",
                        arn);
      return NULL;
    }
  if (!check_references (engine, input, error))
    return NULL;
  document = make_document (engine, input, arn);
  if (!save (engine, document, "Pending", error) ||
      !sb_resource_save_tags (engine, arn, sb_json_get_array (input, "Tags"), error))
    return NULL;
  sb_notebooks_start (engine->notebooks, document);
  return sb_json_object_new ("NotebookInstanceArn", "s", arn, NULL);
}

static JsonObject *
describe_instance (SbEngine *engine, JsonObject *input, GError **error)
{
  return sb_resource_to_answer (load (engine, input, error));
}

static JsonObject *
list_instances (SbEngine *engine, JsonObject *input, GError **error)
{
  return sb_resource_list (engine, &list_spec, input, error);
}

static JsonObject *
update_instance (SbEngine *engine, JsonObject *input, GError **error)
{
  static const char *const drops[][2] = {
    { "DisassociateLifecycleConfig", "NotebookInstanceLifecycleConfigName" },
    { "DisassociateDefaultCodeRepository", "DefaultCodeRepository" },
    { "DisassociateAdditionalCodeRepositories", "AdditionalCodeRepositories" },
    { "DisassociateAcceleratorTypes", "AcceleratorTypes" },
  };
  g_autoptr (JsonObject) document = load_in_state (engine, input, at_rest, "Updating", error);

  if (document == NULL || !check_references (engine, input, error))
    return NULL;
  take_members (document, input);
  for (guint i = 0; i < G_N_ELEMENTS (drops); i++)
    if (sb_json_get_bool (input, drops[i][0], FALSE))
      json_object_remove_member (document, drops[i][1]);
  /* Nothing has to be moved to another machine: an update is over at once. */
  return save (engine, document, "Stopped", error) ? json_object_new () : NULL;
}

static JsonObject *
start_instance (SbEngine *engine, JsonObject *input, GError **error)
{
  g_autoptr (JsonObject) document = load_in_state (engine, input, at_rest, "Pending", error);

  if (document == NULL || !save (engine, document, "Pending", error))
    return NULL;
  sb_notebooks_start (engine->notebooks, document);
  return json_object_new ();
}

static JsonObject *
stop_instance (SbEngine *engine, JsonObject *input, GError **error)
{
  g_autoptr (JsonObject) document = load_in_state (engine, input, in_service, "Stopping", error);

  if (document == NULL || !save (engine, document, "Stopping", error))
    return NULL;
  sb_notebooks_stop (engine->notebooks, sb_json_get_string (input, "NotebookInstanceName", ""));
  return json_object_new ();
}

static JsonObject *
delete_instance (SbEngine *engine, JsonObject *input, GError **error)
{
  g_autoptr (JsonObject) document = load_in_state (engine, input, at_rest, "Deleting", error);

  if (document == NULL || !save (engine, document, "Deleting", error))
    return NULL;
  sb_notebooks_delete (engine->notebooks, sb_json_get_string (input, "NotebookInstanceName", ""));
  return json_object_new ();
}

static JsonObject *
create_presigned_url (SbEngine *engine, JsonObject *input, GError **error)
{
  g_autoptr (JsonObject) document = load_in_state (engine, input, in_service, "InService", error);
  g_autofree char *url = NULL;

  if (document == NULL)
    return NULL;
  url = sb_notebooks_dup_url (engine->notebooks,
                              sb_json_get_string (input, "NotebookInstanceName", ""));
  if (url != NULL)
    return sb_json_object_new ("AuthorizedUrl", "s", url, NULL);
  sb_resource_fail (error, "ValidationException", "The notebook instance is not in service.");
  return NULL;
}

static const SbOperation operations[] = {
  { "CreateNotebookInstance", create_instance, FALSE },
  { "DescribeNotebookInstance", describe_instance, FALSE },
  { "ListNotebookInstances", list_instances, FALSE },
  { "UpdateNotebookInstance", update_instance, FALSE },
  { "StartNotebookInstance", start_instance, TRUE },
  { "StopNotebookInstance", stop_instance, TRUE },
  { "DeleteNotebookInstance", delete_instance, TRUE },
  { "CreatePresignedNotebookInstanceUrl", create_presigned_url, FALSE },
  { NULL },
};

/**
 * sb_add_notebook_operations:
 * @engine: an engine
 */
void
sb_add_notebook_operations (SbEngine *engine)
{
  sb_engine_add_operations (engine, "sagemaker", operations);
  sb_add_notebook_lifecycle_operations (engine);
}
