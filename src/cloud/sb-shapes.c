/* sb-shapes.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-shapes-private.h"

#include <string.h>

#include "cloud/sb-cloud-resources.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

typedef struct
{
  const char *name;
  SbProtocol protocol;
  const char *signing_name;
  const char *target;
  const char *resource;
} ServiceRow;

static const ServiceRow services[] = {
  { "sagemaker", SB_PROTOCOL_JSON, "sagemaker", "SageMaker", NULL },
  { "logs", SB_PROTOCOL_JSON, "logs", "Logs_20140328", NULL },
  { "pricing", SB_PROTOCOL_JSON, "pricing", "AWSPriceListService", NULL },
  { "sagemaker-runtime", SB_PROTOCOL_REST_JSON, "sagemaker", NULL, "sagemaker-runtime.json" },
  { "s3", SB_PROTOCOL_REST_XML, "s3", NULL, "s3.json" },
  { "cloudwatch", SB_PROTOCOL_QUERY, "monitoring", NULL, "cloudwatch.json" },
  { "iam", SB_PROTOCOL_QUERY, "iam", NULL, "iam.json" },
  { "sts", SB_PROTOCOL_QUERY, "sts", NULL, "sts.json" },
  { "sso", SB_PROTOCOL_REST_JSON, "awsssoportal", NULL, "sso.json" },
  { "sso-oidc", SB_PROTOCOL_REST_JSON, "awsssooidc", NULL, "sso-oidc.json" },
};

static JsonObject *tables[G_N_ELEMENTS (services)];

static void
load_table (gsize index)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  if (services[index].resource == NULL)
    return;
  path =
      g_strconcat ("/io/github/sagebrush/Sagebrush/cloud/shapes/", services[index].resource, NULL);
  tables[index] = sb_json_load_resource (sb_cloud_get_resource (), path, &error);
  if (tables[index] == NULL)
    g_error ("%s", error->message);
}

static void
load_tables (void)
{
  static gsize ready = 0;

  if (!g_once_init_enter (&ready))
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (services); i++)
    load_table (i);
  g_once_init_leave (&ready, 1);
}

static gboolean
fill (SbOperation *out, gsize index, const char *operation)
{
  const ServiceRow *row = &services[index];
  JsonObject *table = tables[index];
  JsonObject *operations;

  *out = (SbOperation){ .service = row->name,
                        .name = g_intern_string (operation),
                        .protocol = row->protocol,
                        .signing_name = row->signing_name,
                        .target = row->target };
  if (table == NULL)
    return TRUE;
  operations = _sb_shape_get_object (table, "operations");
  out->version = _sb_shape_get_string (table, "version", NULL);
  out->xml_namespace = _sb_shape_get_string (table, "namespace", NULL);
  out->shape = _sb_shape_get_object (operations, operation);
  out->is_unsigned = out->shape != NULL && _sb_shape_get_bool (out->shape, "unsigned");
  /* A form needs no table on its way in, and an answer without one is empty. */
  return out->shape != NULL;
}

/*< private >
 * _sb_operation_find:
 * @service: a service
 * @operation: an operation
 * @out: what is known of it
 * @error: %SB_ERROR_INVALID
 *
 * Returns: whether the client speaks it
 */
gboolean
_sb_operation_find (const char *service, const char *operation, SbOperation *out, GError **error)
{
  load_tables ();
  for (gsize i = 0; i < G_N_ELEMENTS (services); i++)
    if (strcmp (services[i].name, service) == 0 && fill (out, i, operation))
      return TRUE;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_INVALID,
               "The client does not know the operation %s of %s",
               operation,
               service);
  return FALSE;
}

/*< private >
 * _sb_operation_get_members:
 * @operation: an operation
 * @direction: `input` or `output`
 *
 * Returns: (transfer none) (nullable): the shapes of its members by name
 */
JsonObject *
_sb_operation_get_members (const SbOperation *operation, const char *direction)
{
  return operation->shape != NULL ? _sb_shape_get_object (operation->shape, direction) : NULL;
}

JsonObject *
_sb_shape_get_object (JsonObject *shape, const char *member)
{
  JsonNode *node = json_object_get_member (shape, member);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

const char *
_sb_shape_get_string (JsonObject *shape, const char *member, const char *fallback)
{
  JsonNode *node = json_object_get_member (shape, member);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : fallback;
}

gboolean
_sb_shape_get_bool (JsonObject *shape, const char *member)
{
  JsonNode *node = json_object_get_member (shape, member);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_boolean (node);
}

gboolean
_sb_shape_is (JsonObject *shape, const char *member, const char *value)
{
  return g_strcmp0 (_sb_shape_get_string (shape, member, NULL), value) == 0;
}
