/* sb-idx.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "formats/sb-format-error.h"

G_BEGIN_DECLS

#define SB_IDX_MAX_DIMS 3

/**
 * SbIdx:
 * @n_dims: 1 for labels, 3 for images
 * @dims: how many, then height and width
 * @bytes: all values, the last dimension fastest
 *
 * An IDX file of bytes: what MNIST is made of.
 */
typedef struct
{
  guint n_dims;
  guint dims[SB_IDX_MAX_DIMS];
  GByteArray *bytes;
} SbIdx;

SbIdx *sb_idx_load (const char *path, GError **error);
gboolean sb_idx_save (const char *path, const guint8 *values, guint n, guint side, GError **error);
void sb_idx_free (SbIdx *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbIdx, sb_idx_free)

G_END_DECLS
