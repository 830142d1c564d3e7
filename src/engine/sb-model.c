/* sb-model.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "engine/sb-resource.h"
#include "engine/sb-services.h"
#include "wire/sb-algorithm.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-uri.h"

static const SbListSpec list_spec = {
  .kind = "model",
  .name_member = "ModelName",
  .result_member = "Models",
  .members = { "ModelName", "ModelArn", "CreationTime" },
  .sort = "CreationTime",
  .descending = TRUE,
};

/* The engine hosts one container a model, from an archive in S3, with a program that it has. */
static gboolean
check_container (SbEngine *engine, JsonObject *container, GError **error)
{
  const char *image = sb_json_get_string (container, "Image", NULL);
  const char *url = sb_json_get_string (container, "ModelDataUrl", NULL);
  g_autofree char *bucket = NULL;
  g_autofree char *key = NULL;
  g_autoptr (SbObject) object = NULL;

  if (container == NULL)
    return sb_resource_fail (error,
                             "ValidationException",
                             "The local engine hosts models with exactly one container: set "
                             "PrimaryContainer.");
  if (image == NULL || sb_algorithm_find_by_image (image) == NULL)
    return sb_resource_fail (error,
                             "ValidationException",
                             "The local engine has no algorithm for the image \"%s\".",
                             image != NULL ? image : "");
  if (strcmp (sb_json_get_string (container, "Mode", "SingleModel"), "SingleModel") != 0)
    return sb_resource_fail (error,
                             "ValidationException",
                             "The local engine hosts SingleModel containers only.");
  if (url == NULL)
    return TRUE;
  if (sb_s3_uri_parse (url, &bucket, &key, NULL))
    object = sb_object_store_find (engine->objects, bucket, key);
  if (object == NULL)
    return sb_resource_fail (error, "ValidationException", "Could not find model data at %s.", url);
  return TRUE;
}

static JsonObject *
pick_container (JsonObject *input)
{
  JsonArray *containers = sb_json_get_array (input, "Containers");

  if (containers != NULL && json_array_get_length (containers) == 1)
    return json_array_get_object_element (containers, 0);
  return sb_json_get_object (input, "PrimaryContainer");
}

static JsonObject *
create_model (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "ModelName", NULL);
  const char *role = sb_json_get_string (input, "ExecutionRoleArn", NULL);
  g_autofree char *arn = sb_engine_arn (engine, "model", name);
  g_autoptr (JsonObject) existing = sb_resource_load (engine, "model", name);
  g_autoptr (JsonObject) document = NULL;

  if (existing != NULL)
    {
      sb_resource_fail (error,
                        "ValidationException",
                        "Cannot create already existing model \"%s\".",
                        arn);
      return NULL;
    }
  if ((role != NULL && !sb_role_is_assumable (engine, role, error)) ||
      !check_container (engine, pick_container (input), error))
    return NULL;
  document = sb_json_copy (input);
  json_object_remove_member (document, "Tags");
  json_object_set_string_member (document, "ModelArn", arn);
  json_object_set_double_member (document, "CreationTime", sb_engine_now ());
  if (!json_object_has_member (document, "EnableNetworkIsolation"))
    json_object_set_boolean_member (document, "EnableNetworkIsolation", FALSE);
  if (!sb_resource_save (engine, "model", name, document, error) ||
      !sb_resource_save_tags (engine, arn, sb_json_get_array (input, "Tags"), error))
    return NULL;
  return sb_json_object_new ("ModelArn", "s", arn, NULL);
}

static gboolean
not_found (SbEngine *engine, const char *name, GError **error)
{
  g_autofree char *arn = sb_engine_arn (engine, "model", name);

  return sb_resource_fail (error, "ValidationException", "Could not find model \"%s\".", arn);
}

static JsonObject *
describe_model (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "ModelName", NULL);
  JsonObject *document = sb_resource_load (engine, "model", name);

  if (document == NULL)
    not_found (engine, name, error);
  return sb_resource_to_answer (document);
}

static JsonObject *
delete_model (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "ModelName", NULL);
  g_autofree char *arn = sb_engine_arn (engine, "model", name);
  g_autoptr (JsonObject) document = sb_resource_load (engine, "model", name);

  if (document == NULL)
    {
      not_found (engine, name, error);
      return NULL;
    }
  if (!sb_resource_delete (engine, "model", name, error) ||
      !sb_resource_delete_tags (engine, arn, error))
    return NULL;
  return json_object_new ();
}

static JsonObject *
list_models (SbEngine *engine, JsonObject *input, GError **error)
{
  return sb_resource_list (engine, &list_spec, input, error);
}

static const SbOperation operations[] = {
  { "CreateModel", create_model, FALSE },
  { "DescribeModel", describe_model, FALSE },
  { "DeleteModel", delete_model, TRUE },
  { "ListModels", list_models, FALSE },
  { NULL },
};

/**
 * sb_add_model_operations:
 * @engine: an engine
 */
void
sb_add_model_operations (SbEngine *engine)
{
  sb_engine_add_operations (engine, "sagemaker", operations);
}
