/* sb-connection-menu.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "cloud/sb-connection-store.h"

G_BEGIN_DECLS

#define SB_TYPE_CONNECTION_MENU (sb_connection_menu_get_type ())
G_DECLARE_FINAL_TYPE (SbConnectionMenu, sb_connection_menu, SB, CONNECTION_MENU, AdwBin)

void sb_connection_menu_set_store (SbConnectionMenu *self, SbConnectionStore *store);
void sb_connection_menu_set_current (SbConnectionMenu *self, const char *id);

G_END_DECLS
