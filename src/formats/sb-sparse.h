/* sb-sparse.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "formats/sb-format-error.h"

G_BEGIN_DECLS

/**
 * SbSparse:
 * @offsets: (element-type guint64): n_rows + 1 offsets into @indices and @values; the first is 0
 * @indices: (element-type guint32): zero-based column of each value
 * @values: (element-type float): what is not here is missing (libsvm), not zero
 * @labels: (element-type float): one per row, or empty when there are none
 * @weights: (element-type float): one per row, or empty when all weigh 1
 * @n_columns: one more than the highest column seen
 *
 * Rows of labelled, sparse features: compressed sparse rows as XGBoost takes them. The members may
 * be read and, by a reader of a format, appended to.
 */
typedef struct
{
  GArray *offsets;
  GArray *indices;
  GArray *values;
  GArray *labels;
  GArray *weights;
  guint32 n_columns;
} SbSparse;

/**
 * SbCsvFlags:
 * @SB_CSV_LABEL_FIRST: the first column is the label
 * @SB_CSV_WEIGHT_SECOND: the second column is the weight (csv_weights=1)
 */
typedef enum
{
  SB_CSV_DEFAULT = 0,
  SB_CSV_LABEL_FIRST = 1 << 0,
  SB_CSV_WEIGHT_SECOND = 1 << 1,
} SbCsvFlags;

SbSparse *sb_sparse_new (void);
void sb_sparse_free (SbSparse *self);
guint64 sb_sparse_get_n_rows (const SbSparse *self);
void sb_sparse_add (SbSparse *self, guint32 column, float value);
void sb_sparse_end_row (SbSparse *self);

gboolean
sb_libsvm_parse (SbSparse *into, const char *text, gsize length, const char *name, GError **error);
gboolean sb_libsvm_parse_features (SbSparse *into,
                                   const char *text,
                                   gsize length,
                                   const char *name,
                                   GError **error);
gboolean sb_libsvm_load (SbSparse *into, const char *path, GError **error);
void sb_libsvm_append_row (GString *out, const SbSparse *from, guint64 row, gboolean label);
gboolean sb_numeric_csv_parse (SbSparse *into,
                               const char *text,
                               gsize length,
                               const char *name,
                               SbCsvFlags flags,
                               GError **error);
gboolean sb_numeric_csv_load (SbSparse *into, const char *path, SbCsvFlags flags, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbSparse, sb_sparse_free)

G_END_DECLS
