/* sb-world.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The workers of a job: MPI's ranks, or one process alone, which then needs no MPI at all.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

int sb_world_get_hosts (void);
gboolean sb_world_is_launched (void);
int sb_world_launch (char **argv, int n, guint threads);
void sb_world_start (void);
void sb_world_end (void);
void sb_world_abort (void);
int sb_world_get_rank (void);
int sb_world_get_size (void);
gboolean sb_world_is_first (void);
float *sb_world_new_shared (gsize count, gsize n_common, float **common);
gboolean sb_world_is_shared (void);
void sb_world_meet (void);
void sb_world_sum_begin (float *values, gsize count, gpointer unused);
void sb_world_sum_wait (void);
void sb_world_sum_share (gsize *begin, gsize *end);
void sb_world_sum (double *values, int count);
double *sb_world_gather (const double *row, int width);

G_END_DECLS
