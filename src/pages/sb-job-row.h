/* sb-job-row.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-job.h"
#include "workshop/sb-module-store.h"

G_BEGIN_DECLS

#define SB_TYPE_JOB_ROW (sb_job_row_get_type ())
G_DECLARE_FINAL_TYPE (SbJobRow, sb_job_row, SB, JOB_ROW, AdwExpanderRow)

GtkWidget *
sb_job_row_new (SbJob *job, SbModuleStore *modules, SbPrices *prices, SbConnection *connection);
SbJob *sb_job_row_get_job (SbJobRow *self);
gboolean sb_job_row_matches (SbJobRow *self, const char *text);

G_END_DECLS
