/* sb-job-log.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a training job has written, as CloudWatch Logs keeps it: a stream for each of its hosts.
 */

#pragma once

#include "cloud/sb-client.h"
#include "workshop/sb-curves.h"

G_BEGIN_DECLS

/**
 * SbJobLog:
 *
 * How far the log of a job was read. For one thread at a time.
 */
typedef struct _SbJobLog SbJobLog;

/**
 * SbJobLogFunc:
 * @host: (nullable): such as `algo-2`; %NULL for the first host, whose lines tell of the whole job
 * @lines: (element-type utf8): lines that were not read before, without their ends
 * @user_data: the caller's data
 */
typedef void (*SbJobLogFunc) (const char *host, GPtrArray *lines, gpointer user_data);

SbJobLog *sb_job_log_new (SbClient *client, const char *job, guint n_hosts);
void sb_job_log_free (SbJobLog *self);
gboolean sb_job_log_read (SbJobLog *self,
                          SbJobLogFunc func,
                          gpointer user_data,
                          GCancellable *cancellable,
                          GError **error);

void sb_job_log_fetch_curves_async (SbClient *client,
                                    const char *job,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
SbCurves *sb_job_log_fetch_curves_finish (SbClient *client, GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbJobLog, sb_job_log_free)

G_END_DECLS
