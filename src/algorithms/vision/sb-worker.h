/* sb-worker.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "algorithms/vision/sb-graph.h"
#include "algorithms/vision/sb-optimizer.h"

G_BEGIN_DECLS

/**
 * SbWorkerFunc:
 * @data: the caller's
 * @error: why it cannot be done
 *
 * Trains, as one of the job's workers.
 *
 * Returns: whether there is a model
 */
typedef gboolean (*SbWorkerFunc) (gpointer data, GError **error);

int sb_worker_run (char **argv, SbWorkerFunc func, gpointer data);
gboolean sb_worker_stop_wanted (void);
gboolean sb_worker_share (SbGraph *graph, SbOptimizer *optimizer, GError **error);
gboolean sb_worker_step (SbGraph *graph, SbOptimizer *optimizer, double rate, GError **error);

G_END_DECLS
