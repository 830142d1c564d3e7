/* sb-endpoints-page.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-prices.h"
#include "workshop/sb-resources.h"

G_BEGIN_DECLS

#define SB_TYPE_ENDPOINTS_PAGE (sb_endpoints_page_get_type ())
G_DECLARE_FINAL_TYPE (SbEndpointsPage, sb_endpoints_page, SB, ENDPOINTS_PAGE, AdwBin)

GtkWidget *sb_endpoints_page_new (SbResources *resources, SbPrices *prices, GSettings *settings);

G_END_DECLS
