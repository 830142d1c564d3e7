/* sb-clean-up-page.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-prices.h"
#include "workshop/sb-resources.h"

G_BEGIN_DECLS

#define SB_TYPE_CLEAN_UP_PAGE (sb_clean_up_page_get_type ())
G_DECLARE_FINAL_TYPE (SbCleanUpPage, sb_clean_up_page, SB, CLEAN_UP_PAGE, AdwBin)

GtkWidget *sb_clean_up_page_new (SbResources *resources, SbPrices *prices, GSettings *settings);
void sb_clean_up_page_refresh (SbCleanUpPage *self);

G_END_DECLS
