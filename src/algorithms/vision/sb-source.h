/* sb-source.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "algorithms/vision/sb-graph.h"
#include "algorithms/vision/sb-loader.h"

G_BEGIN_DECLS

/**
 * SbSource:
 *
 * Where batches come from: photos that are read ahead, or features of photos that a network has
 * seen once and that are kept in memory.
 */
typedef struct _SbSource SbSource;

SbSource *sb_source_new_photos (SbDataset *dataset, const SbLoaderOptions *options, int batch);
SbSource *sb_source_new_features (SbDataset *dataset,
                                  const SbLoaderOptions *options,
                                  const SbNet *net,
                                  SbGraphFlags flags,
                                  int n_passes,
                                  int batch,
                                  GError **error);
void sb_source_free (SbSource *self);
void sb_source_begin (SbSource *self, const guint32 *order, guint64 n, guint64 seed);
int sb_source_next (SbSource *self, float *input, int *labels, float *targets, GError **error);
double sb_source_get_waited (const SbSource *self);
guint sb_source_get_n_broken (const SbSource *self);
char *sb_source_dup_broken (const SbSource *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbSource, sb_source_free)

G_END_DECLS
