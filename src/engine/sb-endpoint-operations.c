/* sb-endpoint-operations.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "engine/sb-endpoint.h"
#include "engine/sb-resource.h"
#include "wire/sb-json.h"

static const SbListSpec list_spec = {
  .kind = "endpoint",
  .name_member = "EndpointName",
  .status_member = "EndpointStatus",
  .result_member = "Endpoints",
  .members = { "EndpointName",
               "EndpointArn",
               "CreationTime",
               "LastModifiedTime",
               "EndpointStatus" },
  .sort = "CreationTime",
  .descending = TRUE,
};

static JsonObject *
find_config (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "EndpointConfigName", "");
  JsonObject *config = sb_resource_load (engine, "endpoint-config", name);
  g_autofree char *arn = sb_engine_arn (engine, "endpoint-config", name);

  if (config == NULL)
    sb_resource_fail (error,
                      "ValidationException",
                      "Could not find endpoint configuration \"%s\".",
                      arn);
  return config;
}

static JsonObject *
find_endpoint (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "EndpointName", "");
  JsonObject *document = sb_resource_load (engine, "endpoint", name);
  g_autofree char *arn = sb_engine_arn (engine, "endpoint", name);

  if (document == NULL)
    sb_resource_fail (error, "ValidationException", "Could not find endpoint \"%s\".", arn);
  return document;
}

/* An endpoint on its way somewhere can be neither updated nor deleted. */
static gboolean
check_idle (JsonObject *document, const char *verb, gboolean failed_too, GError **error)
{
  const char *status = sb_json_get_string (document, "EndpointStatus", "");

  if (strcmp (status, "InService") == 0 || (failed_too && strcmp (status, "Failed") == 0))
    return TRUE;
  return sb_resource_fail (error,
                           "ValidationException",
                           "Cannot %s %s endpoint \"%s\".",
                           verb,
                           strcmp (status, "Failed") == 0 ? "failed" : "in-progress",
                           sb_json_get_string (document, "EndpointArn", ""));
}

static JsonObject *
create_endpoint (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "EndpointName", "");
  g_autofree char *arn = sb_engine_arn (engine, "endpoint", name);
  g_autofree char *group = g_strconcat (SB_ENDPOINT_LOG_GROUP, name, NULL);
  g_autoptr (JsonObject) existing = sb_resource_load (engine, "endpoint", name);
  g_autoptr (JsonObject) config = NULL;
  g_autoptr (JsonObject) document = NULL;
  double now = sb_engine_now ();

  if (existing != NULL)
    {
      sb_resource_fail (error,
                        "ValidationException",
                        "Cannot create already existing endpoint \"%s\".",
                        arn);
      return NULL;
    }
  config = find_config (engine, input, error);
  if (config == NULL)
    return NULL;
  document = sb_json_object_new ("EndpointName",
                                 "s",
                                 name,
                                 "EndpointArn",
                                 "s",
                                 arn,
                                 "EndpointConfigName",
                                 "s",
                                 sb_json_get_string (input, "EndpointConfigName", ""),
                                 "EndpointStatus",
                                 "s",
                                 "Creating",
                                 "CreationTime",
                                 "d",
                                 now,
                                 "LastModifiedTime",
                                 "d",
                                 now,
                                 "_config",
                                 "o",
                                 json_object_ref (config),
                                 NULL);
  if (!sb_resource_save (engine, "endpoint", name, document, error) ||
      !sb_resource_save_tags (engine, arn, sb_json_get_array (input, "Tags"), error))
    return NULL;
  sb_log_store_delete_group (engine->logs, group);
  sb_endpoints_begin (engine->endpoints, document, config);
  return sb_json_object_new ("EndpointArn", "s", arn, NULL);
}

static JsonObject *
update_endpoint (SbEngine *engine, JsonObject *input, GError **error)
{
  g_autoptr (JsonObject) document = find_endpoint (engine, input, error);
  g_autoptr (JsonObject) config = NULL;
  const char *arn;

  if (document == NULL || !check_idle (document, "update", FALSE, error))
    return NULL;
  config = find_config (engine, input, error);
  if (config == NULL)
    return NULL;
  arn = sb_json_get_string (document, "EndpointArn", "");
  json_object_set_string_member (document, "EndpointStatus", "Updating");
  json_object_set_double_member (document, "LastModifiedTime", sb_engine_now ());
  if (!sb_resource_save (
          engine, "endpoint", sb_json_get_string (input, "EndpointName", ""), document, error))
    return NULL;
  sb_endpoints_begin (engine->endpoints, document, config);
  return sb_json_object_new ("EndpointArn", "s", arn, NULL);
}

static JsonObject *
find_variant (JsonArray *variants, const char *name)
{
  for (guint i = 0; variants != NULL && i < json_array_get_length (variants); i++)
    {
      JsonObject *variant = json_array_get_object_element (variants, i);

      if (strcmp (sb_json_get_string (variant, "VariantName", ""), name) == 0)
        return variant;
    }
  return NULL;
}

static gboolean
change_variant (JsonObject *document, JsonObject *change, GError **error)
{
  const char *name = sb_json_get_string (change, "VariantName", "");
  JsonObject *shown = find_variant (sb_json_get_array (document, "ProductionVariants"), name);
  JsonObject *kept =
      find_variant (sb_json_get_array (document, "_config.ProductionVariants"), name);

  if (shown == NULL || kept == NULL)
    return sb_resource_fail (error,
                             "ValidationException",
                             "The variant name(s) \"%s\" is/are not present within endpoint.",
                             name);
  if (json_object_has_member (change, "DesiredWeight"))
    {
      double weight = sb_json_get_double (change, "DesiredWeight", 1);

      json_object_set_double_member (shown, "CurrentWeight", weight);
      json_object_set_double_member (shown, "DesiredWeight", weight);
      json_object_set_double_member (kept, "InitialVariantWeight", weight);
    }
  if (json_object_has_member (change, "DesiredInstanceCount"))
    {
      gint64 count = sb_json_get_int (change, "DesiredInstanceCount", 1);

      json_object_set_int_member (shown, "CurrentInstanceCount", count);
      json_object_set_int_member (shown, "DesiredInstanceCount", count);
      json_object_set_int_member (kept, "InitialInstanceCount", count);
    }
  return TRUE;
}

static JsonObject *
update_weights (SbEngine *engine, JsonObject *input, GError **error)
{
  g_autoptr (JsonObject) document = find_endpoint (engine, input, error);
  JsonArray *changes = sb_json_get_array (input, "DesiredWeightsAndCapacities");

  if (document == NULL || !check_idle (document, "update", FALSE, error))
    return NULL;
  for (guint i = 0; i < json_array_get_length (changes); i++)
    if (!change_variant (document, json_array_get_object_element (changes, i), error))
      return NULL;
  json_object_set_double_member (document, "LastModifiedTime", sb_engine_now ());
  if (!sb_resource_save (
          engine, "endpoint", sb_json_get_string (input, "EndpointName", ""), document, error) ||
      !sb_endpoints_set_weights (engine->endpoints, document, error))
    return NULL;
  return sb_json_object_new ("EndpointArn",
                             "s",
                             sb_json_get_string (document, "EndpointArn", ""),
                             NULL);
}

static JsonObject *
describe_endpoint (SbEngine *engine, JsonObject *input, GError **error)
{
  return sb_resource_to_answer (find_endpoint (engine, input, error));
}

static JsonObject *
delete_endpoint (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "EndpointName", "");
  g_autoptr (JsonObject) document = find_endpoint (engine, input, error);

  if (document == NULL || !check_idle (document, "delete", TRUE, error) ||
      !sb_resource_delete (engine, "endpoint", name, error) ||
      !sb_resource_delete_tags (engine, sb_json_get_string (document, "EndpointArn", ""), error))
    return NULL;
  sb_endpoints_delete (engine->endpoints, name);
  return json_object_new ();
}

static JsonObject *
list_endpoints (SbEngine *engine, JsonObject *input, GError **error)
{
  return sb_resource_list (engine, &list_spec, input, error);
}

static const SbOperation operations[] = {
  { "CreateEndpoint", create_endpoint, FALSE },
  { "UpdateEndpoint", update_endpoint, FALSE },
  { "UpdateEndpointWeightsAndCapacities", update_weights, FALSE },
  { "DescribeEndpoint", describe_endpoint, FALSE },
  { "DeleteEndpoint", delete_endpoint, TRUE },
  { "ListEndpoints", list_endpoints, FALSE },
  { NULL },
};

/**
 * sb_add_endpoint_operations:
 * @engine: an engine
 */
void
sb_add_endpoint_operations (SbEngine *engine)
{
  sb_engine_add_operations (engine, "sagemaker", operations);
}
