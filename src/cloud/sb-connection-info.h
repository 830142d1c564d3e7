/* sb-connection-info.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

#include "cloud/sb-endpoints.h"

G_BEGIN_DECLS

/**
 * SbConnectionKind:
 * @SB_CONNECTION_ACCESS_KEY: an access key in the keyring, or for this session only
 * @SB_CONNECTION_PROFILE: a profile of `~/.aws`
 * @SB_CONNECTION_SSO: a role of an account of IAM Identity Center
 *
 * Where the credentials of a connection come from.
 */
typedef enum
{
  SB_CONNECTION_ACCESS_KEY,
  SB_CONNECTION_PROFILE,
  SB_CONNECTION_SSO,
} SbConnectionKind;

/**
 * SbConnectionInfo:
 *
 * What is kept of a connection, without its secrets. Immutable once it is in a store. Its members,
 * all strings unless said otherwise:
 *
 * - `id`: what tells it from others, for good
 * - `name`: what people call it
 * - `kind`: `access-key`, `profile` or `sso`
 * - `region`, `fips` (boolean), `endpoint_url`, `endpoints` (object, by service)
 * - `access_key_id`, and `keep`: `keyring` or `session`
 * - `profile`
 * - `sso_start_url`, `sso_region`, `sso_account_id`, `sso_role_name`
 * - `account`, `arn`: who it was when it was last checked
 */
#define SB_TYPE_CONNECTION_INFO (sb_connection_info_get_type ())
G_DECLARE_FINAL_TYPE (SbConnectionInfo, sb_connection_info, SB, CONNECTION_INFO, GObject)

SbConnectionInfo *
sb_connection_info_new (SbConnectionKind kind, const char *name, const char *region);
SbConnectionInfo *sb_connection_info_new_from_json (JsonObject *json, GError **error);
SbConnectionInfo *sb_connection_info_copy (SbConnectionInfo *self);
JsonObject *sb_connection_info_to_json (SbConnectionInfo *self);
const char *sb_connection_info_get_id (SbConnectionInfo *self);
const char *sb_connection_info_get_name (SbConnectionInfo *self);
const char *sb_connection_info_get_region (SbConnectionInfo *self);
SbConnectionKind sb_connection_info_get_kind (SbConnectionInfo *self);
const char *sb_connection_info_get (SbConnectionInfo *self, const char *member);
void sb_connection_info_set (SbConnectionInfo *self, const char *member, const char *value);
void sb_connection_info_set_fips (SbConnectionInfo *self, gboolean fips);
void sb_connection_info_set_endpoint (SbConnectionInfo *self, const char *service, const char *url);
gboolean sb_connection_info_is_kept (SbConnectionInfo *self);
gboolean sb_connection_info_validate (SbConnectionInfo *self, GError **error);
SbEndpoints *sb_connection_info_dup_endpoints (SbConnectionInfo *self);
char *sb_connection_info_dup_user (SbConnectionInfo *self);

G_END_DECLS
