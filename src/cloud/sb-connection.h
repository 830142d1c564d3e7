/* sb-connection.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-credentials-provider.h"
#include "cloud/sb-endpoints.h"

G_BEGIN_DECLS

/* The id of the connection to this computer's engine. */
#define SB_CONNECTION_ENGINE "local"

#define SB_TYPE_CONNECTION (sb_connection_get_type ())
G_DECLARE_FINAL_TYPE (SbConnection, sb_connection, SB, CONNECTION, GObject)

SbConnection *sb_connection_new (const char *id,
                                 const char *name,
                                 const char *region,
                                 const char *endpoint_url,
                                 SbCredentialsProvider *provider);
SbConnection *sb_connection_new_at (const char *id,
                                    const char *name,
                                    SbEndpoints *endpoints,
                                    SbCredentialsProvider *provider);
const char *sb_connection_get_id (SbConnection *self);
const char *sb_connection_get_name (SbConnection *self);
const char *sb_connection_get_region (SbConnection *self);
const char *sb_connection_get_endpoint_url (SbConnection *self);
SbEndpoints *sb_connection_get_endpoints (SbConnection *self);
const char *sb_connection_get_partition (SbConnection *self);
SbCredentialsProvider *sb_connection_get_provider (SbConnection *self);
gboolean sb_connection_is_engine (SbConnection *self);
gboolean sb_connection_is_local (SbConnection *self);
guint sb_connection_get_timeout (SbConnection *self);
void sb_connection_set_timeout (SbConnection *self, guint seconds);
guint sb_connection_get_max_attempts (SbConnection *self);
void sb_connection_set_max_attempts (SbConnection *self, guint attempts);
char *sb_connection_dup_console_url (SbConnection *self, const char *path);

G_END_DECLS
