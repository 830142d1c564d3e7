/* sb-engine-process.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-connection.h"

G_BEGIN_DECLS

#define SB_TYPE_ENGINE_PROCESS (sb_engine_process_get_type ())
G_DECLARE_FINAL_TYPE (SbEngineProcess, sb_engine_process, SB, ENGINE_PROCESS, GObject)

SbEngineProcess *
sb_engine_process_start (const char *data_dir, GCancellable *cancellable, GError **error);
SbEngineProcess *sb_engine_process_start_on_port (const char *data_dir,
                                                  guint16 port,
                                                  GCancellable *cancellable,
                                                  GError **error);
const char *sb_engine_process_get_data_dir (SbEngineProcess *self);
const char *sb_engine_process_get_url (SbEngineProcess *self);
const char *sb_engine_process_get_region (SbEngineProcess *self);
const char *sb_engine_process_get_credentials_file (SbEngineProcess *self);
GPid sb_engine_process_get_pid (SbEngineProcess *self);
gboolean sb_engine_process_is_child (SbEngineProcess *self);
gboolean sb_engine_process_is_wanted (SbEngineProcess *self,
                                      gboolean *wanted,
                                      GCancellable *cancellable,
                                      GError **error);
gboolean sb_engine_process_stop (SbEngineProcess *self, GCancellable *cancellable, GError **error);
SbConnection *sb_connection_new_for_engine (SbEngineProcess *self);

G_END_DECLS
