/* sb-client.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

#include "cloud/sb-connection.h"
#include "cloud/sb-journal.h"

G_BEGIN_DECLS

#define SB_TYPE_CLIENT (sb_client_get_type ())
G_DECLARE_FINAL_TYPE (SbClient, sb_client, SB, CLIENT, GObject)

SbClient *sb_client_new (SbConnection *connection, SbJournal *journal);
SbClient *
sb_client_with_label (SbClient *self, const char *module, const char *run, const char *step);
SbConnection *sb_client_get_connection (SbClient *self);
SbJournal *sb_client_get_journal (SbClient *self);
JsonObject *sb_client_call (SbClient *self,
                            const char *service,
                            const char *operation,
                            JsonObject *input,
                            GCancellable *cancellable,
                            GError **error);
JsonObject *sb_client_call_with_body (SbClient *self,
                                      const char *service,
                                      const char *operation,
                                      JsonObject *input,
                                      GBytes *body,
                                      GBytes **out_body,
                                      GCancellable *cancellable,
                                      GError **error);
void sb_client_call_async (SbClient *self,
                           const char *service,
                           const char *operation,
                           JsonObject *input,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
JsonObject *sb_client_call_finish (SbClient *self, GAsyncResult *result, GError **error);

G_END_DECLS
