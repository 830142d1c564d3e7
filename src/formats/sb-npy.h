/* sb-npy.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "formats/sb-format-error.h"

G_BEGIN_DECLS

#define SB_NPY_MAX_DIMS 8

/**
 * SbNpyType:
 *
 * What numbers an array is of; little endian.
 */
typedef enum
{
  SB_NPY_UINT8,
  SB_NPY_INT32,
  SB_NPY_INT64,
  SB_NPY_FLOAT32,
  SB_NPY_FLOAT64,
} SbNpyType;

/**
 * SbNpy:
 * @type: of its numbers
 * @n_dims: how many dimensions
 * @dims: each, the last one fastest
 * @count: how many numbers
 * @values: (not owned): their bytes, not aligned
 *
 * An array in NumPy's format, over memory that somebody else owns.
 */
typedef struct
{
  SbNpyType type;
  guint n_dims;
  guint64 dims[SB_NPY_MAX_DIMS];
  gsize count;
  const guint8 *values;
} SbNpy;

gboolean sb_npy_parse (SbNpy *self, const void *data, gsize length, GError **error);
double sb_npy_get (const SbNpy *self, gsize index);
GHashTable *sb_npz_load (const char *path, GError **error);

G_END_DECLS
