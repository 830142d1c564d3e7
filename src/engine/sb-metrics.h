/* sb-metrics.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbMetrics:
 *
 * How often each variant of each endpoint was asked, minute by minute, as CloudWatch tells it:
 * since the engine was started, for a day at most.
 */
typedef struct _SbMetrics SbMetrics;

SbMetrics *sb_metrics_new (void);
void sb_metrics_free (SbMetrics *self);
void sb_metrics_count (SbMetrics *self,
                       const char *endpoint,
                       const char *variant,
                       guint status,
                       gint64 microseconds);

G_END_DECLS
