/* sb-resource-row.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-resource-item.h"

G_BEGIN_DECLS

#define SB_TYPE_RESOURCE_ROW (sb_resource_row_get_type ())
G_DECLARE_FINAL_TYPE (SbResourceRow, sb_resource_row, SB, RESOURCE_ROW, AdwActionRow)

GtkWidget *sb_resource_row_new (SbResourceItem *item, const char *price);
SbResourceItem *sb_resource_row_get_item (SbResourceRow *self);
void sb_resource_row_set_action (SbResourceRow *self, const char *label);

G_END_DECLS
