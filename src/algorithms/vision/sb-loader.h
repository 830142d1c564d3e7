/* sb-loader.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "algorithms/vision/sb-dataset.h"
#include "algorithms/vision/sb-input.h"

G_BEGIN_DECLS

/**
 * SbLoader:
 *
 * Reads photos ahead of the network in threads of its own and hands them out in batches. What it
 * hands out depends on the order and the seed alone, not on the number of threads. Its memory does
 * not grow with the data set: three batches of pixels, and SbLoaderOptions.cache_bytes.
 */
typedef struct _SbLoader SbLoader;

SbLoader *
sb_loader_new (SbDataset *dataset, const SbLoaderOptions *options, int batch, guint threads);
void sb_loader_free (SbLoader *self);
void sb_loader_begin (SbLoader *self, const guint32 *order, guint64 n, guint64 seed);
int sb_loader_next (SbLoader *self, float *input, int *labels, float *targets, GError **error);
double sb_loader_get_waited (const SbLoader *self);
guint sb_loader_get_n_broken (const SbLoader *self);
char *sb_loader_dup_broken (const SbLoader *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbLoader, sb_loader_free)

G_END_DECLS
