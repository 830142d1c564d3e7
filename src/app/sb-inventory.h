/* sb-inventory.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "app/sb-notices.h"
#include "workshop/sb-prices.h"
#include "workshop/sb-resources.h"

G_BEGIN_DECLS

#define SB_TYPE_INVENTORY (sb_inventory_get_type ())
G_DECLARE_FINAL_TYPE (SbInventory, sb_inventory, SB, INVENTORY, GObject)

SbInventory *sb_inventory_new (SbPrices *prices, SbNotices *notices, GSettings *settings);
void sb_inventory_show (SbInventory *self, SbWorkshop *workshop);
SbResources *sb_inventory_get_shown (SbInventory *self);
double sb_inventory_get_shown_price (SbInventory *self);
double sb_inventory_sum_prices (SbInventory *self, guint *n_paid);
void sb_inventory_refresh (SbInventory *self);
void sb_inventory_forget (SbInventory *self, const char *id);

G_END_DECLS
