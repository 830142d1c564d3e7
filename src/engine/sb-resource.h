/* sb-resource.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Jobs, models, endpoints and roles: named JSON documents of a kind, as the services' Describe
 * calls return them. Members whose names begin with "_" are the engine's own and never leave it.
 */

#pragma once

#include "engine/sb-engine.h"

G_BEGIN_DECLS

/**
 * SbListSpec:
 * @kind: the kind that is listed
 * @name_member: such as `ModelName`
 * @status_member: (nullable): such as `EndpointStatus`
 * @result_member: such as `Models`
 * @members: (array zero-terminated=1): what a summary holds
 * @sort: member to sort by when the request does not say
 * @descending: whether it descends when the request does not say
 *
 * How one of SageMaker's List calls differs from the others.
 */
typedef struct
{
  const char *kind;
  const char *name_member;
  const char *status_member;
  const char *result_member;
  const char *members[12];
  const char *sort;
  gboolean descending;
} SbListSpec;

JsonObject *sb_resource_load (SbEngine *engine, const char *kind, const char *name);
gboolean sb_resource_save (SbEngine *engine,
                           const char *kind,
                           const char *name,
                           JsonObject *document,
                           GError **error);
gboolean sb_resource_delete (SbEngine *engine, const char *kind, const char *name, GError **error);
GPtrArray *sb_resource_load_all (SbEngine *engine, const char *kind);
JsonObject *sb_resource_to_answer (JsonObject *document);
JsonObject *
sb_resource_list (SbEngine *engine, const SbListSpec *spec, JsonObject *input, GError **error);
gboolean sb_resource_save_tags (SbEngine *engine, const char *arn, JsonArray *tags, GError **error);
gboolean sb_resource_delete_tags (SbEngine *engine, const char *arn, GError **error);
JsonArray *sb_resource_load_tags (SbEngine *engine, const char *arn);
gboolean sb_role_is_assumable (SbEngine *engine, const char *arn, GError **error);
gboolean sb_resource_fail (GError **error, const char *code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

G_END_DECLS
