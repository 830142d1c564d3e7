/* sb-endpoint-config.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "engine/sb-resource.h"
#include "engine/sb-services.h"
#include "wire/sb-json.h"

static const SbListSpec list_spec = {
  .kind = "endpoint-config",
  .name_member = "EndpointConfigName",
  .result_member = "EndpointConfigs",
  .members = { "EndpointConfigName", "EndpointConfigArn", "CreationTime" },
  .sort = "CreationTime",
  .descending = TRUE,
};

static gboolean
check_variants (SbEngine *engine, JsonArray *variants, GError **error)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  double weight = 0;

  for (guint i = 0; i < json_array_get_length (variants); i++)
    {
      JsonObject *variant = json_array_get_object_element (variants, i);
      const char *name = sb_json_get_string (variant, "VariantName", "");
      const char *model_name = sb_json_get_string (variant, "ModelName", "");
      g_autofree char *arn = sb_engine_arn (engine, "model", model_name);
      g_autoptr (JsonObject) model = sb_resource_load (engine, "model", model_name);

      if (model == NULL)
        return sb_resource_fail (error, "ValidationException", "Could not find model \"%s\".", arn);
      if (!g_hash_table_add (names, (gpointer) name))
        return sb_resource_fail (error,
                                 "ValidationException",
                                 "Production variant names must be unique; \"%s\" is not.",
                                 name);
      weight += sb_json_get_double (variant, "InitialVariantWeight", 1);
    }
  if (weight <= 0)
    return sb_resource_fail (error,
                             "ValidationException",
                             "The sum of the variants' weights must be greater than 0.");
  return TRUE;
}

static JsonObject *
create_endpoint_config (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "EndpointConfigName", NULL);
  g_autofree char *arn = sb_engine_arn (engine, "endpoint-config", name);
  g_autoptr (JsonObject) existing = sb_resource_load (engine, "endpoint-config", name);
  g_autoptr (JsonObject) document = NULL;
  JsonArray *variants;

  if (existing != NULL)
    {
      sb_resource_fail (error,
                        "ValidationException",
                        "Cannot create already existing endpoint configuration \"%s\".",
                        arn);
      return NULL;
    }
  if (!check_variants (engine, sb_json_get_array (input, "ProductionVariants"), error))
    return NULL;
  document = sb_json_copy (input);
  variants = sb_json_get_array (document, "ProductionVariants");
  for (guint i = 0; i < json_array_get_length (variants); i++)
    {
      JsonObject *variant = json_array_get_object_element (variants, i);

      if (!json_object_has_member (variant, "InitialVariantWeight"))
        json_object_set_double_member (variant, "InitialVariantWeight", 1);
    }
  json_object_remove_member (document, "Tags");
  json_object_set_string_member (document, "EndpointConfigArn", arn);
  json_object_set_double_member (document, "CreationTime", sb_engine_now ());
  if (!sb_resource_save (engine, "endpoint-config", name, document, error) ||
      !sb_resource_save_tags (engine, arn, sb_json_get_array (input, "Tags"), error))
    return NULL;
  return sb_json_object_new ("EndpointConfigArn", "s", arn, NULL);
}

static JsonObject *
find (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "EndpointConfigName", NULL);
  JsonObject *document = sb_resource_load (engine, "endpoint-config", name);
  g_autofree char *arn = sb_engine_arn (engine, "endpoint-config", name);

  if (document == NULL)
    sb_resource_fail (error,
                      "ValidationException",
                      "Could not find endpoint configuration \"%s\".",
                      arn);
  return document;
}

static JsonObject *
describe_endpoint_config (SbEngine *engine, JsonObject *input, GError **error)
{
  return sb_resource_to_answer (find (engine, input, error));
}

static JsonObject *
delete_endpoint_config (SbEngine *engine, JsonObject *input, GError **error)
{
  g_autoptr (JsonObject) document = find (engine, input, error);

  if (document == NULL ||
      !sb_resource_delete (engine,
                           "endpoint-config",
                           sb_json_get_string (document, "EndpointConfigName", ""),
                           error) ||
      !sb_resource_delete_tags (engine,
                                sb_json_get_string (document, "EndpointConfigArn", ""),
                                error))
    return NULL;
  return json_object_new ();
}

static JsonObject *
list_endpoint_configs (SbEngine *engine, JsonObject *input, GError **error)
{
  return sb_resource_list (engine, &list_spec, input, error);
}

static const SbOperation operations[] = {
  { "CreateEndpointConfig", create_endpoint_config, FALSE },
  { "DescribeEndpointConfig", describe_endpoint_config, FALSE },
  { "DeleteEndpointConfig", delete_endpoint_config, TRUE },
  { "ListEndpointConfigs", list_endpoint_configs, FALSE },
  { NULL },
};

/**
 * sb_add_endpoint_config_operations:
 * @engine: an engine
 */
void
sb_add_endpoint_config_operations (SbEngine *engine)
{
  sb_engine_add_operations (engine, "sagemaker", operations);
}
