/* sb-weight-file-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "formats/sb-weight-file.h"

G_BEGIN_DECLS

struct _SbWeightFile
{
  GMappedFile *file;
  GPtrArray *entries;   /* (element-type SbWeightEntry) */
  GHashTable *by_name;  /* (element-type utf8 SbWeightEntry): not owned */
  GHashTable *metadata; /* (element-type utf8 utf8) */
};

/**
 * SbWeightStorage:
 * @data: within the file
 * @length: bytes
 * @type: of its numbers
 *
 * Numbers in a row, of which one or several arrays are made.
 */
typedef struct
{
  const guint8 *data;
  gsize length;
  SbWeightType type;
} SbWeightStorage;

/**
 * SbWeightView:
 * @n_dims: at most %SB_WEIGHT_MAX_DIMS
 * @dims: not negative
 * @strides: how many numbers lie between neighbours in each dimension
 * @offset: index of the first number
 *
 * Where the numbers of an array are in their storage. Nothing in it has been checked.
 */
typedef struct
{
  guint n_dims;
  gint64 dims[SB_WEIGHT_MAX_DIMS];
  gint64 strides[SB_WEIGHT_MAX_DIMS];
  gint64 offset;
} SbWeightView;

gsize _sb_weight_type_get_width (SbWeightType type);
void _sb_weight_view_make_plain (SbWeightView *self);
gboolean _sb_weight_file_add (SbWeightFile *self,
                              const char *name,
                              const SbWeightStorage *storage,
                              const SbWeightView *view,
                              GError **error);
gboolean _sb_weight_fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

gboolean _sb_safetensors_read (SbWeightFile *self, GError **error);
const char *_sb_safetensors_type_name (SbWeightType type);
gboolean _sb_torch_is (const guint8 *data, gsize length);
gboolean _sb_torch_read (SbWeightFile *self, GError **error);

G_END_DECLS
