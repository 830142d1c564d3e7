/* sb-connection-store.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-asker.h"
#include "cloud/sb-connection-info.h"
#include "cloud/sb-connection.h"
#include "cloud/sb-sso.h"

G_BEGIN_DECLS

/**
 * SbSecrets:
 * @credentials: (nullable): the access key of a connection that has one
 * @token: (nullable): the sign-in of one of IAM Identity Center
 *
 * What a connection needs and no file holds. Borrows both.
 */
typedef struct
{
  SbCredentials *credentials;
  SbSsoToken *token;
} SbSecrets;

#define SB_TYPE_CONNECTION_STORE (sb_connection_store_get_type ())
G_DECLARE_FINAL_TYPE (SbConnectionStore, sb_connection_store, SB, CONNECTION_STORE, GObject)

SbConnectionStore *sb_connection_store_new (const char *data_dir, SbAsker *asker, GError **error);
gboolean sb_connection_store_reload (SbConnectionStore *self, GError **error);
SbConnectionInfo *sb_connection_store_find (SbConnectionStore *self, const char *name);
SbConnection *sb_connection_store_open (SbConnectionStore *self, SbConnectionInfo *info);
SbConnection *
sb_connection_store_try (SbConnectionStore *self, SbConnectionInfo *info, const SbSecrets *secrets);
SbConnectionInfo *sb_connection_check (SbConnectionInfo *info,
                                       SbConnection *connection,
                                       GCancellable *cancellable,
                                       GError **error);
void sb_connection_check_async (SbConnectionInfo *info,
                                SbConnection *connection,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
SbConnectionInfo *sb_connection_check_finish (GAsyncResult *result, GError **error);
gboolean sb_connection_store_add (SbConnectionStore *self,
                                  SbConnectionInfo *info,
                                  const SbSecrets *secrets,
                                  GCancellable *cancellable,
                                  GError **error);
void sb_connection_store_add_async (SbConnectionStore *self,
                                    SbConnectionInfo *info,
                                    const SbSecrets *secrets,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean
sb_connection_store_add_finish (SbConnectionStore *self, GAsyncResult *result, GError **error);
gboolean sb_connection_store_remove (SbConnectionStore *self,
                                     SbConnectionInfo *info,
                                     GCancellable *cancellable,
                                     GError **error);
void sb_connection_store_remove_async (SbConnectionStore *self,
                                       SbConnectionInfo *info,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
gboolean
sb_connection_store_remove_finish (SbConnectionStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
