/* sb-job-list.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-client.h"
#include "workshop/sb-job.h"

G_BEGIN_DECLS

/* How many of the newest jobs are listed at most. */
#define SB_JOB_LIST_MAX 500

#define SB_TYPE_JOB_LIST (sb_job_list_get_type ())
G_DECLARE_FINAL_TYPE (SbJobList, sb_job_list, SB, JOB_LIST, GObject)

SbJobList *sb_job_list_new (SbClient *client);
GListModel *sb_job_list_get_jobs (SbJobList *self);
gboolean sb_job_list_is_cut (SbJobList *self);
void sb_job_list_refresh_async (SbJobList *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean sb_job_list_refresh_finish (SbJobList *self, GAsyncResult *result, GError **error);

G_END_DECLS
