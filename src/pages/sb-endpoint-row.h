/* sb-endpoint-row.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "cloud/sb-client.h"
#include "workshop/sb-resource-item.h"

G_BEGIN_DECLS

#define SB_TYPE_ENDPOINT_ROW (sb_endpoint_row_get_type ())
G_DECLARE_FINAL_TYPE (SbEndpointRow, sb_endpoint_row, SB, ENDPOINT_ROW, AdwExpanderRow)

GtkWidget *sb_endpoint_row_new (SbClient *client);
void sb_endpoint_row_set_item (SbEndpointRow *self, SbResourceItem *item, const char *price);
SbResourceItem *sb_endpoint_row_get_item (SbEndpointRow *self);
void sb_endpoint_row_set_busy (SbEndpointRow *self, gboolean busy);

G_END_DECLS
