/* sb-tags.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "engine/sb-resource.h"
#include "engine/sb-services.h"
#include "wire/sb-json.h"

#define MAX_TAGS 50

/* Whether an ARN names something that is there: "…:TYPE/NAME" with the name in lower case. */
static gboolean
check_arn (SbEngine *engine, const char *arn, GError **error)
{
  static const char *const types[] = { "training-job",      "model", "endpoint-config", "endpoint",
                                       "notebook-instance", NULL };

  for (guint i = 0; types[i] != NULL; i++)
    {
      g_autofree char *prefix = sb_engine_arn (engine, types[i], "");
      g_autoptr (GPtrArray) all = NULL;

      if (!g_str_has_prefix (arn, prefix))
        continue;
      all = sb_resource_load_all (engine, types[i]);
      for (guint j = 0; j < all->len; j++)
        {
          static const char *const members[] = {
            "TrainingJobArn", "ModelArn", "EndpointConfigArn", "EndpointArn", "NotebookInstanceArn"
          };

          if (g_strcmp0 (sb_json_get_string (all->pdata[j], members[i], NULL), arn) == 0)
            return TRUE;
        }
    }
  return sb_resource_fail (error, "ValidationException", "Could not find resource \"%s\".", arn);
}

static JsonObject *
add_tags (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *arn = sb_json_get_string (input, "ResourceArn", "");
  g_autoptr (JsonArray) tags = NULL;

  if (!check_arn (engine, arn, error))
    return NULL;
  tags = sb_resource_load_tags (engine, arn);
  if (json_array_get_length (tags) + json_array_get_length (sb_json_get_array (input, "Tags")) >
      MAX_TAGS)
    {
      sb_resource_fail (error, "ResourceLimitExceeded", "A resource can have %d tags.", MAX_TAGS);
      return NULL;
    }
  if (!sb_resource_save_tags (engine, arn, sb_json_get_array (input, "Tags"), error))
    return NULL;
  g_clear_pointer (&tags, json_array_unref);
  tags = sb_resource_load_tags (engine, arn);
  return sb_json_object_new ("Tags", "a", g_steal_pointer (&tags), NULL);
}

static JsonObject *
list_tags (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *arn = sb_json_get_string (input, "ResourceArn", "");

  if (!check_arn (engine, arn, error))
    return NULL;
  return sb_json_object_new ("Tags", "a", sb_resource_load_tags (engine, arn), NULL);
}

static JsonObject *
delete_tags (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *arn = sb_json_get_string (input, "ResourceArn", "");
  JsonArray *keys = sb_json_get_array (input, "TagKeys");

  if (!check_arn (engine, arn, error))
    return NULL;
  for (guint i = 0; i < json_array_get_length (keys); i++)
    if (!sb_database_exec (engine->database,
                           error,
                           "DELETE FROM tags WHERE arn = ? AND key = ?",
                           "ss",
                           arn,
                           json_array_get_string_element (keys, i)))
      return NULL;
  return json_object_new ();
}

static const SbOperation operations[] = {
  { "AddTags", add_tags, FALSE },
  { "ListTags", list_tags, FALSE },
  { "DeleteTags", delete_tags, FALSE },
  { NULL },
};

/**
 * sb_add_tag_operations:
 * @engine: an engine
 */
void
sb_add_tag_operations (SbEngine *engine)
{
  sb_engine_add_operations (engine, "sagemaker", operations);
}
