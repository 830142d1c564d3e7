/* sb-job-metrics.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The metrics of a training job, which are read in what its program writes.
 */

#pragma once

#include <json-glib/json-glib.h>

#include "wire/sb-algorithm.h"

G_BEGIN_DECLS

/**
 * SbJobMetrics:
 *
 * For each definition a regular expression whose first group is the value, and the value that it
 * was found with last.
 */
typedef struct _SbJobMetrics SbJobMetrics;

SbJobMetrics *sb_job_metrics_new (const SbAlgorithm *algorithm, JsonObject *job);
void sb_job_metrics_free (SbJobMetrics *self);
void sb_job_metrics_scan (SbJobMetrics *self, const char *line, gint64 time);
JsonArray *sb_job_metrics_list (const SbJobMetrics *self);

G_END_DECLS
