/* sb-prices.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-client.h"
#include "workshop/sb-resource-item.h"

G_BEGIN_DECLS

/* What is not known. */
#define SB_PRICE_UNKNOWN (-1.0)

/**
 * SbPrices:
 *
 * What SageMaker's instances cost, in US dollars per hour: a dated table that comes with the
 * program, or a newer one that the Price List API has answered. It does not change, and may be
 * used by several threads.
 */
typedef struct _SbPrices SbPrices;

SbPrices *sb_prices_new (void);
SbPrices *sb_prices_new_from_json (JsonObject *table);
void sb_prices_free (SbPrices *self);
const char *sb_prices_get_date (SbPrices *self);
double sb_prices_get (SbPrices *self, const char *region, SbResourceKind kind, const char *type);
double sb_prices_get_for_item (SbPrices *self, SbConnection *connection, SbResourceItem *item);
double sb_prices_get_spent (SbPrices *self, SbConnection *connection, SbResourceItem *item);
char *sb_prices_describe_item (SbPrices *self, SbConnection *connection, SbResourceItem *item);
char *sb_price_format (double price);
char *sb_price_format_per_hour (double price);

JsonObject *sb_prices_fetch (SbClient *client, GCancellable *cancellable, GError **error);
gboolean sb_prices_refresh (SbClient *client, GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbPrices, sb_prices_free)

G_END_DECLS
