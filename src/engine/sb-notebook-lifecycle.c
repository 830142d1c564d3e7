/* sb-notebook-lifecycle.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lifecycle configurations: scripts that run when a notebook instance is created or started.
 */

#include "config.h"

#include <string.h>

#include "engine/sb-notebook.h"
#include "engine/sb-resource.h"
#include "wire/sb-json.h"

#define NAME "NotebookInstanceLifecycleConfigName"
#define KIND "notebook-lifecycle"

static const SbListSpec list_spec = {
  .kind = KIND,
  .name_member = NAME,
  .result_member = "NotebookInstanceLifecycleConfigs",
  .members = { NAME, "NotebookInstanceLifecycleConfigArn", "CreationTime", "LastModifiedTime" },
  .sort = "CreationTime",
  .descending = TRUE,
};

static char *
make_arn (SbEngine *engine, JsonObject *input)
{
  return sb_engine_arn (engine,
                        "notebook-instance-lifecycle-config",
                        sb_json_get_string (input, NAME, ""));
}

static gboolean
refuse (SbEngine *engine, JsonObject *input, const char *verb, const char *details, GError **error)
{
  g_autofree char *arn = make_arn (engine, input);

  return sb_resource_fail (error,
                           "ValidationException",
                           "Unable to %s Notebook Instance Lifecycle Config '%s'. (Details: %s)",
                           verb,
                           arn,
                           details);
}

static JsonObject *
load (SbEngine *engine, JsonObject *input, const char *verb, GError **error)
{
  JsonObject *document = sb_resource_load (engine, KIND, sb_json_get_string (input, NAME, ""));

  if (document == NULL)
    refuse (engine, input, verb, "Notebook Instance Lifecycle Config does not exist.", error);
  return document;
}

static gboolean
take_scripts (SbEngine *engine,
              JsonObject *document,
              JsonObject *input,
              const char *verb,
              GError **error)
{
  static const char *const hooks[] = { "OnCreate", "OnStart" };

  for (guint i = 0; i < G_N_ELEMENTS (hooks); i++)
    {
      g_autofree char *path = g_strconcat (hooks[i], ".0.Content", NULL);
      const char *content = sb_json_get_string (input, path, NULL);
      g_autofree guchar *text = NULL;
      gsize length = 1;

      if (!json_object_has_member (input, hooks[i]))
        continue;
      if (content != NULL)
        text = g_base64_decode (content, &length);
      if (length == 0)
        return refuse (engine, input, verb, "The content is not base64.", error);
      json_object_set_array_member (document,
                                    hooks[i],
                                    json_array_ref (sb_json_get_array (input, hooks[i])));
    }
  json_object_set_double_member (document, "LastModifiedTime", sb_engine_now ());
  return sb_resource_save (engine, KIND, sb_json_get_string (input, NAME, ""), document, error);
}

static JsonObject *
create_config (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, NAME, "");
  g_autofree char *arn = make_arn (engine, input);
  g_autoptr (JsonObject) existing = sb_resource_load (engine, KIND, name);
  g_autoptr (JsonObject) document = NULL;

  if (existing != NULL)
    {
      refuse (engine, input, "create", "Notebook Instance Lifecycle Config already exists.", error);
      return NULL;
    }
  document = sb_json_object_new (NAME,
                                 "s",
                                 name,
                                 "NotebookInstanceLifecycleConfigArn",
                                 "s",
                                 arn,
                                 "CreationTime",
                                 "d",
                                 sb_engine_now (),
                                 NULL);
  if (!take_scripts (engine, document, input, "create", error))
    return NULL;
  return sb_json_object_new ("NotebookInstanceLifecycleConfigArn", "s", arn, NULL);
}

static JsonObject *
describe_config (SbEngine *engine, JsonObject *input, GError **error)
{
  return sb_resource_to_answer (load (engine, input, "describe", error));
}

static JsonObject *
list_configs (SbEngine *engine, JsonObject *input, GError **error)
{
  return sb_resource_list (engine, &list_spec, input, error);
}

static JsonObject *
update_config (SbEngine *engine, JsonObject *input, GError **error)
{
  g_autoptr (JsonObject) document = load (engine, input, "update", error);

  if (document == NULL || !take_scripts (engine, document, input, "update", error))
    return NULL;
  return json_object_new ();
}

static gboolean
is_used (SbEngine *engine, const char *name)
{
  g_autoptr (GPtrArray) all = sb_resource_load_all (engine, "notebook-instance");

  for (guint i = 0; i < all->len; i++)
    if (g_strcmp0 (sb_json_get_string (all->pdata[i], NAME, NULL), name) == 0)
      return TRUE;
  return FALSE;
}

static JsonObject *
delete_config (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, NAME, "");
  g_autoptr (JsonObject) document = load (engine, input, "delete", error);

  if (document == NULL)
    return NULL;
  if (is_used (engine, name))
    {
      refuse (engine,
              input,
              "delete",
              "Cannot delete a Notebook Instance Lifecycle Config that a Notebook Instance uses.",
              error);
      return NULL;
    }
  return sb_resource_delete (engine, KIND, name, error) ? json_object_new () : NULL;
}

static const SbOperation operations[] = {
  { "CreateNotebookInstanceLifecycleConfig", create_config, FALSE },
  { "DescribeNotebookInstanceLifecycleConfig", describe_config, FALSE },
  { "ListNotebookInstanceLifecycleConfigs", list_configs, FALSE },
  { "UpdateNotebookInstanceLifecycleConfig", update_config, FALSE },
  { "DeleteNotebookInstanceLifecycleConfig", delete_config, TRUE },
  { NULL },
};

/**
 * sb_add_notebook_lifecycle_operations:
 * @engine: an engine
 */
void
sb_add_notebook_lifecycle_operations (SbEngine *engine)
{
  sb_engine_add_operations (engine, "sagemaker", operations);
}
