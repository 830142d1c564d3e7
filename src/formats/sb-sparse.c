/* sb-sparse.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "formats/sb-sparse.h"

#include <math.h>
#include <string.h>

/**
 * sb_sparse_new:
 *
 * Returns: (transfer full): no rows
 */
SbSparse *
sb_sparse_new (void)
{
  SbSparse *self = g_new0 (SbSparse, 1);
  guint64 zero = 0;

  self->offsets = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->indices = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->values = g_array_new (FALSE, FALSE, sizeof (float));
  self->labels = g_array_new (FALSE, FALSE, sizeof (float));
  self->weights = g_array_new (FALSE, FALSE, sizeof (float));
  g_array_append_val (self->offsets, zero);
  return self;
}

void
sb_sparse_free (SbSparse *self)
{
  g_array_unref (self->offsets);
  g_array_unref (self->indices);
  g_array_unref (self->values);
  g_array_unref (self->labels);
  g_array_unref (self->weights);
  g_free (self);
}

guint64
sb_sparse_get_n_rows (const SbSparse *self)
{
  return self->offsets->len - 1;
}

/**
 * sb_sparse_add:
 * @self: rows
 * @column: from 0
 * @value: the value there
 *
 * Adds a value to the row that has not ended yet.
 */
void
sb_sparse_add (SbSparse *self, guint32 column, float value)
{
  g_array_append_val (self->indices, column);
  g_array_append_val (self->values, value);
  if (column >= self->n_columns)
    self->n_columns = column + 1;
}

/**
 * sb_sparse_end_row:
 * @self: rows
 *
 * Ends the row that the values since the last call make.
 */
void
sb_sparse_end_row (SbSparse *self)
{
  guint64 end = self->indices->len;

  g_array_append_val (self->offsets, end);
}

static gboolean fail (GError **error, const char *name, guint64 line, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

static gboolean
fail (GError **error, const char *name, guint64 line, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error,
               SB_FORMAT_ERROR,
               SB_FORMAT_ERROR_INVALID,
               "%s:%" G_GUINT64_FORMAT ": %s",
               name,
               line,
               what);
  return FALSE;
}

/* Reads a number that ends before @end; @rest is where it ended. The usual short decimal is read by
 * hand, exactly: its digits fit a double and so does the power of ten. */
static gboolean
parse_number (const char *p, const char *end, double *value, const char **rest)
{
  static const double powers[] = { 1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
  const char *q = p;
  gboolean negative = FALSE;
  guint64 digits = 0;
  guint n = 0;
  guint decimals = 0;
  char buffer[64];
  char *stop;
  gsize length;

  if (q < end && (*q == '-' || *q == '+'))
    negative = *q++ == '-';
  for (; q < end && g_ascii_isdigit (*q) && n < 15; q++, n++)
    digits = digits * 10 + (guint64) (*q - '0');
  if (n > 0 && q < end && *q == '.')
    for (q++; q < end && g_ascii_isdigit (*q) && n < 15; q++, n++, decimals++)
      digits = digits * 10 + (guint64) (*q - '0');
  if (n > 0 && n < 15 && (q == end || strchr (" \t,;|:\r", *q) != NULL))
    {
      *value = (double) digits / powers[decimals];
      if (negative)
        *value = -*value;
      *rest = q;
      return TRUE;
    }
  length = MIN ((gsize) (end - p), sizeof buffer - 1);
  memcpy (buffer, p, length);
  buffer[length] = '\0';
  *value = g_ascii_strtod (buffer, &stop);
  *rest = p + (stop - buffer);
  return stop != buffer;
}

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t' || c == '\r';
}

static gboolean
parse_label (SbSparse *self,
             const char **p,
             const char *end,
             const char *name,
             guint64 line,
             GError **error)
{
  double value;
  float label;
  float weight;

  if (!parse_number (*p, end, &value, p) || !isfinite (value))
    return fail (error, name, line, "the label is no number");
  label = (float) value;
  g_array_append_val (self->labels, label);
  if (*p == end || **p != ':')
    {
      if (self->weights->len > 0)
        return fail (error, name, line, "the weight is missing that other rows have");
      return TRUE;
    }
  (*p)++;
  if (!parse_number (*p, end, &value, p) || !isfinite (value) || value < 0)
    return fail (error, name, line, "the weight is no number");
  weight = (float) value;
  if (self->weights->len + 1 != self->labels->len)
    return fail (error, name, line, "this row has a weight and those before have none");
  g_array_append_val (self->weights, weight);
  return TRUE;
}

static gboolean
parse_entries (SbSparse *self,
               const char *p,
               const char *end,
               const char *name,
               guint64 line,
               GError **error)
{
  while (TRUE)
    {
      guint64 column = 0;
      const char *start;
      double value;

      while (p < end && is_blank (*p))
        p++;
      if (p == end)
        return TRUE;
      if (end - p > 4 && memcmp (p, "qid:", 4) == 0)
        return fail (error, name, line, "query groups (qid:) are not supported");
      start = p;
      for (; p < end && g_ascii_isdigit (*p) && column < G_MAXINT32; p++)
        column = column * 10 + (guint64) (*p - '0');
      if (p == start || p == end || *p != ':' || column >= G_MAXINT32)
        return fail (
            error, name, line, "“%.*s” is no index:value", (int) MIN (end - start, 40), start);
      p++;
      if (!parse_number (p, end, &value, &p) || (p < end && !is_blank (*p)))
        return fail (
            error, name, line, "the value of feature %" G_GUINT64_FORMAT " is no number", column);
      if (!isnan (value))
        sb_sparse_add (self, (guint32) column, (float) value);
    }
}

/* What comes first is a label unless it reads as an entry. */
static gboolean
has_label (const char *p, const char *end)
{
  const char *q = p;

  while (q < end && !is_blank (*q) && *q != ':')
    q++;
  return q == end || is_blank (*q);
}

static gboolean
parse_line (SbSparse *self,
            const char *p,
            const char *end,
            gboolean labels,
            const char *name,
            guint64 line,
            GError **error)
{
  const char *comment = memchr (p, '#', (gsize) (end - p));

  if (comment != NULL)
    end = comment;
  while (p < end && is_blank (*p))
    p++;
  while (end > p && is_blank (end[-1]))
    end--;
  if (p == end)
    return TRUE;
  if (labels && !parse_label (self, &p, end, name, line, error))
    return FALSE;
  if (!labels && has_label (p, end))
    while (p < end && !is_blank (*p))
      p++;
  if (p < end && !is_blank (*p) && labels)
    return fail (error, name, line, "the label is no number");
  if (!parse_entries (self, p, end, name, line, error))
    return FALSE;
  sb_sparse_end_row (self);
  return TRUE;
}

static gboolean
parse_libsvm (SbSparse *into,
              const char *text,
              gsize length,
              gboolean labels,
              const char *name,
              GError **error)
{
  const char *p = text;
  const char *stop = text + length;
  guint64 line = 0;

  while (p < stop)
    {
      const char *end = memchr (p, '\n', (gsize) (stop - p));

      if (end == NULL)
        end = stop;
      if (!parse_line (into, p, end, labels, name, ++line, error))
        return FALSE;
      p = end + 1;
    }
  return TRUE;
}

/**
 * sb_libsvm_parse:
 * @into: gets the rows
 * @text: lines of `label[:weight] index:value …`
 * @length: their bytes
 * @name: what errors call it
 * @error: %SB_FORMAT_ERROR_INVALID
 *
 * Returns: whether all was understood
 */
gboolean
sb_libsvm_parse (SbSparse *into, const char *text, gsize length, const char *name, GError **error)
{
  return parse_libsvm (into, text, length, TRUE, name, error);
}

/**
 * sb_libsvm_parse_features:
 * @into: gets the rows, without labels
 * @text: lines of `index:value …`, with a label before them or without
 * @length: their bytes
 * @name: what errors call it
 * @error: %SB_FORMAT_ERROR_INVALID
 *
 * Returns: whether all was understood
 */
gboolean
sb_libsvm_parse_features (SbSparse *into,
                          const char *text,
                          gsize length,
                          const char *name,
                          GError **error)
{
  return parse_libsvm (into, text, length, FALSE, name, error);
}

static GMappedFile *
map_file (const char *path, const char **text, gsize *length, GError **error)
{
  GMappedFile *file = g_mapped_file_new (path, FALSE, error);

  if (file == NULL)
    return NULL;
  *text = g_mapped_file_get_contents (file);
  *length = g_mapped_file_get_length (file);
  if (*text == NULL)
    *text = "";
  return file;
}

/**
 * sb_libsvm_load:
 * @into: gets the rows
 * @path: a libsvm file
 * @error: %SB_FORMAT_ERROR_INVALID, or a %G_FILE_ERROR
 *
 * Returns: whether all was understood
 */
gboolean
sb_libsvm_load (SbSparse *into, const char *path, GError **error)
{
  const char *text;
  gsize length;
  g_autoptr (GMappedFile) file = map_file (path, &text, &length, error);
  g_autofree char *name = g_path_get_basename (path);

  return file != NULL && sb_libsvm_parse (into, text, length, name, error);
}

static void
append_number (GString *out, float value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (value == (float) (gint64) value && fabsf (value) < 1e15f)
    g_string_append_printf (out, "%" G_GINT64_FORMAT, (gint64) value);
  else
    g_string_append (out, g_ascii_formatd (buffer, sizeof buffer, "%.9g", value));
}

/**
 * sb_libsvm_append_row:
 * @out: grows
 * @from: rows
 * @row: from 0
 * @label: whether the label is written, too
 *
 * Writes a row and its line end.
 */
void
sb_libsvm_append_row (GString *out, const SbSparse *from, guint64 row, gboolean label)
{
  guint64 begin = g_array_index (from->offsets, guint64, row);
  guint64 end = g_array_index (from->offsets, guint64, row + 1);

  if (label)
    append_number (out, g_array_index (from->labels, float, row));
  for (guint64 i = begin; i < end; i++)
    {
      if (label || i > begin)
        g_string_append_c (out, ' ');
      g_string_append_printf (out, "%u:", g_array_index (from->indices, guint32, i));
      append_number (out, g_array_index (from->values, float, i));
    }
  g_string_append_c (out, '\n');
}

static char
guess_delimiter (const char *text, const char *end)
{
  for (const char *p = text; p < end; p++)
    if (*p == ',' || *p == ';' || *p == '\t' || *p == '|')
      return *p;
  for (const char *p = text; p < end; p++)
    if (*p == ' ')
      return ' ';
  return ',';
}

static gboolean
take_cell (SbSparse *self,
           guint column,
           const char *p,
           const char *end,
           SbCsvFlags flags,
           const char *name,
           guint64 line,
           GError **error)
{
  guint shift = (flags & SB_CSV_LABEL_FIRST ? 1 : 0) + (flags & SB_CSV_WEIGHT_SECOND ? 1 : 0);
  gboolean missing;
  double value = 0;
  float number;
  const char *rest;

  while (p < end && is_blank (*p))
    p++;
  while (end > p && is_blank (end[-1]))
    end--;
  missing = p == end;
  if (!missing && (!parse_number (p, end, &value, &rest) || rest != end))
    return fail (error,
                 name,
                 line,
                 line == 1 ? "“%.*s” is no number; is there a header?" : "“%.*s” is no number",
                 (int) MIN (end - p, 40),
                 p);
  number = (float) value;
  if (column < shift && missing)
    return fail (error, name, line, column == 0 ? "the label is missing" : "the weight is missing");
  if (column == 0 && (flags & SB_CSV_LABEL_FIRST))
    g_array_append_val (self->labels, number);
  else if (column < shift)
    g_array_append_val (self->weights, number);
  else if (!missing && !isnan (value))
    sb_sparse_add (self, column - shift, number);
  return TRUE;
}

/**
 * sb_numeric_csv_parse:
 * @into: gets the rows
 * @text: lines of numbers, without a header; an empty cell is a missing value
 * @length: their bytes
 * @name: what errors call it
 * @flags: what the first columns are
 * @error: %SB_FORMAT_ERROR_INVALID
 *
 * Returns: whether all was understood
 */
gboolean
sb_numeric_csv_parse (SbSparse *into,
                      const char *text,
                      gsize length,
                      const char *name,
                      SbCsvFlags flags,
                      GError **error)
{
  guint shift = (flags & SB_CSV_LABEL_FIRST ? 1 : 0) + (flags & SB_CSV_WEIGHT_SECOND ? 1 : 0);
  const char *p = text;
  const char *stop = text + length;
  guint64 line = 0;
  guint n_columns = 0;
  char delimiter = '\0';

  while (p < stop)
    {
      const char *end = memchr (p, '\n', (gsize) (stop - p));
      const char *next;
      const char *last;
      guint column = 0;

      end = end != NULL ? end : stop;
      next = end + 1;
      line++;
      for (last = end; last > p && is_blank (last[-1]) && last[-1] != '\t';)
        last--;
      if (last == p)
        {
          p = next;
          continue;
        }
      if (delimiter == '\0')
        delimiter = guess_delimiter (p, last);
      while (TRUE)
        {
          const char *cell = memchr (p, delimiter, (gsize) (last - p));

          if (!take_cell (into, column++, p, cell != NULL ? cell : last, flags, name, line, error))
            return FALSE;
          if (cell == NULL)
            break;
          p = cell + 1;
        }
      if (n_columns != 0 && column != n_columns)
        return fail (error,
                     name,
                     line,
                     "there are %u columns where the first row has %u",
                     column,
                     n_columns);
      n_columns = column;
      if (column > shift && column - shift > into->n_columns)
        into->n_columns = column - shift;
      sb_sparse_end_row (into);
      p = next;
    }
  return TRUE;
}

/**
 * sb_numeric_csv_load:
 * @into: gets the rows
 * @path: a CSV file without a header
 * @flags: what the first columns are
 * @error: %SB_FORMAT_ERROR_INVALID, or a %G_FILE_ERROR
 *
 * Returns: whether all was understood
 */
gboolean
sb_numeric_csv_load (SbSparse *into, const char *path, SbCsvFlags flags, GError **error)
{
  const char *text;
  gsize length;
  g_autoptr (GMappedFile) file = map_file (path, &text, &length, error);
  g_autofree char *name = g_path_get_basename (path);

  return file != NULL && sb_numeric_csv_parse (into, text, length, name, flags, error);
}
