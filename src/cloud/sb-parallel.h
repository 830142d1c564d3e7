/* sb-parallel.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SbParallelFunc:
 * @index: which piece
 * @data: the caller's data
 * @cancellable: is cancelled when the work ends early, too
 * @error: why the whole work has to end
 *
 * Does one piece of work; called in several threads at once.
 *
 * Returns: whether to go on
 */
typedef gboolean (*SbParallelFunc) (guint index,
                                    gpointer data,
                                    GCancellable *cancellable,
                                    GError **error);

gboolean sb_parallel_run (guint n_pieces,
                          guint n_threads,
                          SbParallelFunc func,
                          gpointer data,
                          GCancellable *cancellable,
                          GError **error);

G_END_DECLS
