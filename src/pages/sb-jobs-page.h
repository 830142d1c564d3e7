/* sb-jobs-page.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-prices.h"
#include "workshop/sb-workshop.h"

G_BEGIN_DECLS

#define SB_TYPE_JOBS_PAGE (sb_jobs_page_get_type ())
G_DECLARE_FINAL_TYPE (SbJobsPage, sb_jobs_page, SB, JOBS_PAGE, AdwBin)

GtkWidget *sb_jobs_page_new (SbWorkshop *workshop, SbPrices *prices);

G_END_DECLS
