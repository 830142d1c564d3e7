/* sb-shapes-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * SbProtocol:
 * @SB_PROTOCOL_JSON: JSON 1.1
 * @SB_PROTOCOL_REST_JSON: members in paths and headers, documents are JSON
 * @SB_PROTOCOL_REST_XML: members in paths, queries and headers, documents are XML
 * @SB_PROTOCOL_QUERY: a form in, XML out
 */
typedef enum
{
  SB_PROTOCOL_JSON,
  SB_PROTOCOL_REST_JSON,
  SB_PROTOCOL_REST_XML,
  SB_PROTOCOL_QUERY,
} SbProtocol;

/**
 * SbOperation:
 * @service: such as `s3`
 * @name: such as `PutObject`
 * @protocol: how the service speaks
 * @signing_name: what the service is called in a signature
 * @target: (nullable): prefix of `X-Amz-Target`
 * @version: (nullable): the API's version
 * @xml_namespace: (nullable): the namespace of its documents
 * @is_unsigned: whether it is made without keys
 * @shape: (nullable): its row of the table, see shapes/generate.py
 *
 * One operation of a service. Borrows everything from tables that are never freed.
 */
typedef struct
{
  const char *service;
  const char *name;
  SbProtocol protocol;
  const char *signing_name;
  const char *target;
  const char *version;
  const char *xml_namespace;
  gboolean is_unsigned;
  JsonObject *shape;
} SbOperation;

gboolean
_sb_operation_find (const char *service, const char *operation, SbOperation *out, GError **error);
JsonObject *_sb_operation_get_members (const SbOperation *operation, const char *direction);
JsonObject *_sb_shape_get_object (JsonObject *shape, const char *member);
const char *_sb_shape_get_string (JsonObject *shape, const char *member, const char *fallback);
gboolean _sb_shape_get_bool (JsonObject *shape, const char *member);
gboolean _sb_shape_is (JsonObject *shape, const char *member, const char *value);

G_END_DECLS
