/* sb-endpoint.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Endpoints: a document and the fleet that serves it. An update brings up a second fleet while the
 * first one serves, and changes over when the second is up.
 */

#include "config.h"

#include "engine/sb-endpoint.h"

#include <string.h>

#include "engine/sb-resource.h"
#include "wire/sb-json.h"

struct _SbEndpoints
{
  SbEngine *engine;
  GHashTable *endpoints; /* name -> Endpoint */
};

typedef struct
{
  SbEndpoints *endpoints;
  char *name;
  JsonObject *config;  /* that serves */
  SbFleet *fleet;      /* that serves, or NULL */
  JsonObject *pending; /* the configuration that is coming up, or NULL */
  SbFleet *coming;
} Endpoint;

static void
drop_fleet (SbFleet *fleet)
{
  sb_fleet_stop (fleet);
  sb_fleet_unref (fleet);
}

static void
endpoint_free (Endpoint *self)
{
  g_clear_pointer (&self->fleet, drop_fleet);
  g_clear_pointer (&self->coming, drop_fleet);
  g_clear_pointer (&self->config, json_object_unref);
  g_clear_pointer (&self->pending, json_object_unref);
  g_free (self->name);
  g_free (self);
}

static void
save (Endpoint *self, JsonObject *document)
{
  g_autoptr (GError) error = NULL;

  json_object_set_double_member (document, "LastModifiedTime", sb_engine_now ());
  if (!sb_resource_save (self->endpoints->engine, "endpoint", self->name, document, &error))
    g_warning ("The state of the endpoint %s cannot be stored: %s", self->name, error->message);
}

static void
take_over (Endpoint *self, JsonObject *document)
{
  g_clear_pointer (&self->fleet, drop_fleet);
  g_clear_pointer (&self->config, json_object_unref);
  self->fleet = g_steal_pointer (&self->coming);
  self->config = g_steal_pointer (&self->pending);
  json_object_remove_member (document, "FailureReason");
  json_object_set_string_member (document, "EndpointStatus", "InService");
  json_object_set_string_member (document,
                                 "EndpointConfigName",
                                 sb_json_get_string (self->config, "EndpointConfigName", ""));
  json_object_set_object_member (document, "_config", json_object_ref (self->config));
  json_object_set_array_member (document,
                                "ProductionVariants",
                                sb_fleet_describe (self->fleet, self->config));
}

/* An update that fails leaves the endpoint as it was; a creation leaves it Failed. */
static void
give_up (Endpoint *self, JsonObject *document, const char *reason)
{
  g_clear_pointer (&self->coming, drop_fleet);
  g_clear_pointer (&self->pending, json_object_unref);
  json_object_set_string_member (document,
                                 "EndpointStatus",
                                 self->fleet != NULL ? "InService" : "Failed");
  json_object_set_string_member (document, "FailureReason", reason);
}

static void
on_fleet (SbFleet *fleet, const char *reason, gpointer data)
{
  Endpoint *self = data;
  g_autoptr (JsonObject) document =
      sb_resource_load (self->endpoints->engine, "endpoint", self->name);

  if (document == NULL || fleet != self->coming)
    return;
  if (reason == NULL)
    take_over (self, document);
  else
    give_up (self, document, reason);
  save (self, document);
}

/**
 * sb_endpoints_begin:
 * @self: the endpoints
 * @document: an endpoint's document, which is stored already as Creating or Updating
 * @config: the document of the configuration that it is to serve
 *
 * Brings up a fleet.
 */
void
sb_endpoints_begin (SbEndpoints *self, JsonObject *document, JsonObject *config)
{
  const char *name = sb_json_get_string (document, "EndpointName", "");
  Endpoint *endpoint = g_hash_table_lookup (self->endpoints, name);

  if (endpoint == NULL)
    {
      endpoint = g_new0 (Endpoint, 1);
      endpoint->endpoints = self;
      endpoint->name = g_strdup (name);
      g_hash_table_insert (self->endpoints, g_strdup (name), endpoint);
    }
  g_clear_pointer (&endpoint->coming, drop_fleet);
  g_clear_pointer (&endpoint->pending, json_object_unref);
  endpoint->pending = json_object_ref (config);
  endpoint->coming = sb_fleet_new (self->engine, name, config, on_fleet, endpoint);
}

/**
 * sb_endpoints_find_fleet:
 * @self: the endpoints
 * @name: name of an endpoint
 *
 * Returns: (transfer none) (nullable): what serves it
 */
SbFleet *
sb_endpoints_find_fleet (SbEndpoints *self, const char *name)
{
  Endpoint *endpoint = g_hash_table_lookup (self->endpoints, name);

  return endpoint != NULL ? endpoint->fleet : NULL;
}

/**
 * sb_endpoints_delete:
 * @self: the endpoints
 * @name: name of an endpoint
 */
void
sb_endpoints_delete (SbEndpoints *self, const char *name)
{
  g_hash_table_remove (self->endpoints, name);
}

/**
 * sb_endpoints_set_weights:
 * @self: the endpoints
 * @document: an endpoint's document; its `ProductionVariants` tell the weights
 * @error: ValidationException
 *
 * Returns: whether they apply now
 */
gboolean
sb_endpoints_set_weights (SbEndpoints *self, JsonObject *document, GError **error)
{
  SbFleet *fleet =
      sb_endpoints_find_fleet (self, sb_json_get_string (document, "EndpointName", ""));
  JsonArray *variants = sb_json_get_array (document, "ProductionVariants");

  for (guint i = 0; fleet != NULL && i < json_array_get_length (variants); i++)
    {
      JsonObject *variant = json_array_get_object_element (variants, i);

      sb_fleet_set_weight (fleet,
                           sb_json_get_string (variant, "VariantName", ""),
                           sb_json_get_double (variant, "CurrentWeight", 1));
    }
  return fleet != NULL ||
         sb_resource_fail (error, "ValidationException", "The endpoint is not in service.");
}

/**
 * sb_endpoints_new:
 * @engine: the engine
 *
 * Returns: (transfer full): the endpoints; none serves yet
 */
SbEndpoints *
sb_endpoints_new (SbEngine *engine)
{
  SbEndpoints *self = g_new0 (SbEndpoints, 1);

  self->engine = engine;
  self->endpoints =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) endpoint_free);
  return self;
}

void
sb_endpoints_free (SbEndpoints *self)
{
  g_hash_table_unref (self->endpoints);
  g_free (self);
}

/**
 * sb_endpoints_resume:
 * @self: the endpoints
 *
 * Brings up the endpoints that the engine before this one has served.
 */
void
sb_endpoints_resume (SbEndpoints *self)
{
  g_autoptr (GPtrArray) all = sb_resource_load_all (self->engine, "endpoint");

  for (guint i = 0; i < all->len; i++)
    {
      JsonObject *document = all->pdata[i];
      const char *status = sb_json_get_string (document, "EndpointStatus", "");
      JsonObject *config = sb_json_get_object (document, "_config");

      if (strcmp (status, "Failed") != 0 && config != NULL)
        sb_endpoints_begin (self, document, config);
    }
}
