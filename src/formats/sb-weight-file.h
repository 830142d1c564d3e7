/* sb-weight-file.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files of a network's weights: safetensors, and what PyTorch's torch.save() writes of a state
 * dict. Of the latter nothing is ever run: it is read by a reader that knows tensors and no more.
 */

#pragma once

#include "formats/sb-format-error.h"

G_BEGIN_DECLS

/* Dimensions of an array. */
#define SB_WEIGHT_MAX_DIMS 8

/**
 * SbWeightType:
 * @SB_WEIGHT_FLOAT16: IEEE 754 half precision
 * @SB_WEIGHT_BFLOAT16: the upper half of a 32 bit number
 * @SB_WEIGHT_FLOAT32: single precision
 * @SB_WEIGHT_FLOAT64: double precision
 * @SB_WEIGHT_INT8: signed
 * @SB_WEIGHT_UINT8: unsigned
 * @SB_WEIGHT_INT16: signed
 * @SB_WEIGHT_INT32: signed
 * @SB_WEIGHT_INT64: signed
 * @SB_WEIGHT_BOOL: a byte, zero or not
 *
 * What an array in a file is made of. Whatever it is, it is read as floats.
 */
typedef enum
{
  SB_WEIGHT_FLOAT16,
  SB_WEIGHT_BFLOAT16,
  SB_WEIGHT_FLOAT32,
  SB_WEIGHT_FLOAT64,
  SB_WEIGHT_INT8,
  SB_WEIGHT_UINT8,
  SB_WEIGHT_INT16,
  SB_WEIGHT_INT32,
  SB_WEIGHT_INT64,
  SB_WEIGHT_BOOL,
} SbWeightType;

/**
 * SbWeightArray:
 * @name: such as `layer1.0.conv1.weight`, without a leading `module.`
 * @type: of its numbers in the file
 * @n_dims: 0 for a single number
 * @dims: such as output channels, input channels, height, width
 * @count: the product of @dims
 *
 * One array of a file. It belongs to the file.
 */
typedef struct
{
  const char *name;
  SbWeightType type;
  guint n_dims;
  gint64 dims[SB_WEIGHT_MAX_DIMS];
  gsize count;
} SbWeightArray;

/**
 * SbWeightFile:
 *
 * An open file. It never changes: several threads may read from it at once.
 */
typedef struct _SbWeightFile SbWeightFile;

SbWeightFile *sb_weight_file_open (const char *path, GError **error);
void sb_weight_file_free (SbWeightFile *self);
guint sb_weight_file_get_n_arrays (const SbWeightFile *self);
const SbWeightArray *sb_weight_file_get_array (const SbWeightFile *self, guint index);
const SbWeightArray *sb_weight_file_find (const SbWeightFile *self, const char *name);
const char *sb_weight_file_get_metadata (const SbWeightFile *self, const char *key);
gboolean sb_weight_file_read_floats (const SbWeightFile *self,
                                     const char *name,
                                     float *out,
                                     gsize count,
                                     GError **error);

/**
 * SbWeightSource:
 * @name: the array's name
 * @n_dims: 0 for a single number
 * @dims: as in SbWeightArray
 * @values: as many as the product of @dims, in row-major order
 *
 * One array that is to be written. Nothing of it is kept.
 */
typedef struct
{
  const char *name;
  guint n_dims;
  gint64 dims[SB_WEIGHT_MAX_DIMS];
  const float *values;
} SbWeightSource;

gboolean sb_weight_file_save (const char *path,
                              const SbWeightSource *sources,
                              guint n_sources,
                              SbWeightType type,
                              GHashTable *metadata,
                              GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbWeightFile, sb_weight_file_free)

G_END_DECLS
