/* sb-connection-dialog.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "cloud/sb-connection-store.h"

G_BEGIN_DECLS

#define SB_TYPE_CONNECTION_DIALOG (sb_connection_dialog_get_type ())
G_DECLARE_FINAL_TYPE (SbConnectionDialog, sb_connection_dialog, SB, CONNECTION_DIALOG, AdwWindow)

GtkWidget *sb_connection_dialog_new (GtkWindow *parent, SbConnectionStore *store, SbAsker *asker);

G_END_DECLS
