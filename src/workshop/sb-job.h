/* sb-job.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "workshop/sb-curves.h"
#include "workshop/sb-prices.h"

G_BEGIN_DECLS

#define SB_TYPE_JOB (sb_job_get_type ())
G_DECLARE_FINAL_TYPE (SbJob, sb_job, SB, JOB, GObject)

SbJob *sb_job_new (JsonObject *summary);
void sb_job_set_summary (SbJob *self, JsonObject *summary);
void sb_job_set_description (SbJob *self, JsonObject *description);
void sb_job_set_module (SbJob *self, const char *module);
void sb_job_take_curves (SbJob *self, SbCurves *curves);

const char *sb_job_get_name (SbJob *self);
const char *sb_job_get_arn (SbJob *self);
const char *sb_job_get_status (SbJob *self);
const char *sb_job_get_status_title (SbJob *self);
gboolean sb_job_is_running (SbJob *self);
gboolean sb_job_is_known (SbJob *self);
const char *sb_job_get_module (SbJob *self);
JsonObject *sb_job_get_description (SbJob *self);
const SbCurves *sb_job_get_curves (SbJob *self);
gint64 sb_job_get_created (SbJob *self);
double sb_job_get_duration (SbJob *self);
const char *sb_job_get_metric (SbJob *self, double *value);
double sb_job_get_cost (SbJob *self, SbPrices *prices, SbConnection *connection);
JsonObject *sb_job_dup_parameters (SbJob *self);
GPtrArray *sb_job_list_differences (SbJob *const *jobs, guint n);

gboolean sb_job_get_selected (SbJob *self);
void sb_job_set_selected (SbJob *self, gboolean selected);

G_END_DECLS
