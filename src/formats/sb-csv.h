/* sb-csv.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * CSV as RFC 4180 has it and as spreadsheets write it: quotes, doubled quotes, line ends of any
 * kind, also within quotes, a byte order mark. Bytes that are no UTF-8 are read as Windows-1252.
 */

#pragma once

#include "formats/sb-format-error.h"

G_BEGIN_DECLS

/**
 * SbCsvReader:
 *
 * Reads one row after another from a stream, in constant memory.
 */
typedef struct _SbCsvReader SbCsvReader;

SbCsvReader *sb_csv_reader_new (GInputStream *stream, const char *name, char delimiter);
void sb_csv_reader_free (SbCsvReader *self);
GPtrArray *sb_csv_reader_next (SbCsvReader *self, GError **error);
guint64 sb_csv_reader_get_line (SbCsvReader *self);
char sb_csv_guess_delimiter (const char *text, gsize length);

/**
 * SbCsvTable:
 *
 * A whole CSV file with a header row, in memory. Immutable; reference counted (atomically).
 */
typedef struct _SbCsvTable SbCsvTable;

SbCsvTable *sb_csv_table_load (const char *path, GCancellable *cancellable, GError **error);
SbCsvTable *sb_csv_table_parse (GBytes *bytes, const char *name, GError **error);
SbCsvTable *sb_csv_table_ref (SbCsvTable *self);
void sb_csv_table_unref (SbCsvTable *self);
guint sb_csv_table_get_n_rows (SbCsvTable *self);
guint sb_csv_table_get_n_columns (SbCsvTable *self);
const char *sb_csv_table_get_name (SbCsvTable *self, guint column);
int sb_csv_table_find_column (SbCsvTable *self, const char *name);
const char *sb_csv_table_get (SbCsvTable *self, guint row, guint column);
guint64 sb_csv_table_get_line (SbCsvTable *self, guint row);

void sb_csv_append_field (GString *out, const char *field);
void sb_csv_append_row (GString *out, const char *const *fields);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbCsvReader, sb_csv_reader_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbCsvTable, sb_csv_table_unref)

G_END_DECLS
