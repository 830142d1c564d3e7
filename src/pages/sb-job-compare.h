/* sb-job-compare.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-job.h"

G_BEGIN_DECLS

#define SB_TYPE_JOB_COMPARE (sb_job_compare_get_type ())
G_DECLARE_FINAL_TYPE (SbJobCompare, sb_job_compare, SB, JOB_COMPARE, AdwBin)

void sb_job_compare_set_jobs (SbJobCompare *self, GPtrArray *jobs);

G_END_DECLS
