/* sb-csv.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "formats/sb-csv.h"

#include <string.h>

#define READ_SIZE 65536
/* A field longer than this is a quote that was never closed, not data. */
#define MAX_FIELD (16 * 1024 * 1024)

struct _SbCsvReader
{
  GInputStream *stream;
  char *name;
  char delimiter;
  char buffer[READ_SIZE];
  gsize position;
  gsize length;
  gboolean at_start;
  gboolean ended;
  GString *field;
  GPtrArray *fields;
  guint64 line;     /* of the next byte */
  guint64 row_line; /* on which the latest row began */
};

struct _SbCsvTable
{
  int ref_count;
  GStringChunk *chunk;
  GPtrArray *names;
  GPtrArray *cells; /* row after row */
  GArray *lines;    /* guint64, one per row */
};

/**
 * sb_csv_reader_new:
 * @stream: what is read
 * @name: what errors call it, such as a file's name
 * @delimiter: usually ','
 *
 * Returns: (transfer full): a reader
 */
SbCsvReader *
sb_csv_reader_new (GInputStream *stream, const char *name, char delimiter)
{
  SbCsvReader *self = g_new0 (SbCsvReader, 1);

  self->stream = g_object_ref (stream);
  self->name = g_strdup (name);
  self->delimiter = delimiter;
  self->at_start = TRUE;
  self->field = g_string_new (NULL);
  self->fields = g_ptr_array_new_with_free_func (g_free);
  self->line = 1;
  return self;
}

void
sb_csv_reader_free (SbCsvReader *self)
{
  g_object_unref (self->stream);
  g_free (self->name);
  g_string_free (self->field, TRUE);
  g_ptr_array_unref (self->fields);
  g_free (self);
}

/* Fills the buffer. Returns FALSE with an error, or at the end with ended set. */
static gboolean
fill (SbCsvReader *self, GError **error)
{
  gssize n;

  if (self->ended)
    return FALSE;
  n = g_input_stream_read (self->stream, self->buffer, sizeof self->buffer, NULL, error);
  if (n <= 0)
    {
      self->ended = n == 0;
      return FALSE;
    }
  self->position = 0;
  self->length = (gsize) n;
  if (self->at_start && n >= 3 && memcmp (self->buffer, "\xEF\xBB\xBF", 3) == 0)
    self->position = 3;
  self->at_start = FALSE;
  return TRUE;
}

/* Returns the next byte without taking it, or -1 at the end and on errors. */
static int
peek (SbCsvReader *self, GError **error)
{
  if (self->position == self->length && !fill (self, error))
    return -1;
  return (guchar) self->buffer[self->position];
}

/* Spreadsheets of the western world write Windows-1252 where they do not write UTF-8. */
static char *
to_utf8 (const char *text, gsize length)
{
  char *converted;

  if (g_utf8_validate (text, (gssize) length, NULL))
    return g_strndup (text, length);
  converted = g_convert (text, (gssize) length, "UTF-8", "WINDOWS-1252", NULL, NULL, NULL);
  return converted != NULL ? converted : g_utf8_make_valid (text, (gssize) length);
}

static void
end_field (SbCsvReader *self)
{
  g_ptr_array_add (self->fields, to_utf8 (self->field->str, self->field->len));
  g_string_truncate (self->field, 0);
}

static gboolean
fail (SbCsvReader *self, guint64 line, const char *what, GError **error)
{
  g_set_error (error,
               SB_FORMAT_ERROR,
               SB_FORMAT_ERROR_INVALID,
               "%s:%" G_GUINT64_FORMAT ": %s",
               self->name,
               line,
               what);
  return FALSE;
}

/* Reads what is between quotes; the opening one is taken already. */
static gboolean
read_quoted (SbCsvReader *self, GError **error)
{
  guint64 line = self->line;
  GError *local = NULL;
  int c;

  while ((c = peek (self, &local)) >= 0)
    {
      self->position++;
      if (c == '"' && peek (self, &local) != '"')
        return local == NULL || (g_propagate_error (error, local), FALSE);
      if (c == '"')
        self->position++;
      if (c == '\n')
        self->line++;
      if (self->field->len >= MAX_FIELD)
        return fail (self, line, "a field is longer than 16 MiB; is a quote not closed?", error);
      g_string_append_c (self->field, (char) c);
    }
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  return fail (self, line, "a quote is not closed", error);
}

static gboolean
read_row (SbCsvReader *self, GError **error)
{
  GError *local = NULL;
  int c;

  while ((c = peek (self, &local)) >= 0)
    {
      self->position++;
      if (c == '"' && self->field->len == 0)
        {
          if (!read_quoted (self, error))
            return FALSE;
        }
      else if (c == self->delimiter)
        end_field (self);
      else if (c == '\n' || c == '\r')
        {
          if (c == '\r' && peek (self, &local) == '\n')
            self->position++;
          self->line++;
          break;
        }
      else if (self->field->len >= MAX_FIELD)
        return fail (self, self->line, "a field is longer than 16 MiB", error);
      else
        g_string_append_c (self->field, (char) c);
    }
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  end_field (self);
  return TRUE;
}

/**
 * sb_csv_reader_next:
 * @self: a reader
 * @error: %SB_FORMAT_ERROR_INVALID, or why the stream cannot be read
 *
 * Lines without any field are skipped.
 *
 * Returns: (transfer none) (nullable) (element-type utf8): the next row's fields, valid until the
 *   next call; %NULL without an error at the end
 */
GPtrArray *
sb_csv_reader_next (SbCsvReader *self, GError **error)
{
  GError *local = NULL;

  do
    {
      g_ptr_array_set_size (self->fields, 0);
      g_string_truncate (self->field, 0);
      self->row_line = self->line;
      if (peek (self, &local) < 0)
        {
          if (local != NULL)
            g_propagate_error (error, local);
          return NULL;
        }
      if (!read_row (self, error))
        return NULL;
    }
  while (self->fields->len == 1 && *(char *) self->fields->pdata[0] == '\0');
  return self->fields;
}

/**
 * sb_csv_reader_get_line:
 * @self: a reader
 *
 * Returns: the line on which the latest row began, from 1
 */
guint64
sb_csv_reader_get_line (SbCsvReader *self)
{
  return self->row_line;
}

/**
 * sb_csv_guess_delimiter:
 * @text: the beginning of a file
 * @length: its bytes
 *
 * Returns: which of comma, semicolon, tab and bar is most frequent in the first line, outside of
 *   quotes; a comma when there is none
 */
char
sb_csv_guess_delimiter (const char *text, gsize length)
{
  static const char candidates[] = { ',', ';', '\t', '|' };
  guint counts[G_N_ELEMENTS (candidates)] = { 0 };
  gboolean quoted = FALSE;
  guint best = 0;

  for (gsize i = 0; i < length && (quoted || (text[i] != '\n' && text[i] != '\r')); i++)
    {
      if (text[i] == '"')
        quoted = !quoted;
      for (guint j = 0; !quoted && j < G_N_ELEMENTS (candidates); j++)
        counts[j] += text[i] == candidates[j] ? 1 : 0;
    }
  for (guint j = 1; j < G_N_ELEMENTS (candidates); j++)
    if (counts[j] > counts[best])
      best = j;
  return candidates[best];
}

static gboolean
read_header (SbCsvTable *self, SbCsvReader *reader, const char *name, GError **error)
{
  GError *local = NULL;
  GPtrArray *fields = sb_csv_reader_next (reader, &local);

  if (local != NULL)
    {
      g_propagate_error (error, local);
      return FALSE;
    }
  if (fields == NULL)
    {
      g_set_error (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID, "%s: the file is empty", name);
      return FALSE;
    }
  for (guint i = 0; i < fields->len; i++)
    g_ptr_array_add (self->names, g_string_chunk_insert (self->chunk, fields->pdata[i]));
  return TRUE;
}

static gboolean
read_rows (SbCsvTable *self,
           SbCsvReader *reader,
           const char *name,
           GCancellable *cancellable,
           GError **error)
{
  GError *local = NULL;
  GPtrArray *fields;

  while ((fields = sb_csv_reader_next (reader, &local)) != NULL)
    {
      guint64 line = sb_csv_reader_get_line (reader);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (fields->len != self->names->len)
        {
          g_set_error (error,
                       SB_FORMAT_ERROR,
                       SB_FORMAT_ERROR_INVALID,
                       "%s:%" G_GUINT64_FORMAT ": there are %u fields where the header has %u",
                       name,
                       line,
                       fields->len,
                       self->names->len);
          return FALSE;
        }
      for (guint i = 0; i < fields->len; i++)
        g_ptr_array_add (self->cells, g_string_chunk_insert_const (self->chunk, fields->pdata[i]));
      g_array_append_val (self->lines, line);
    }
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

static SbCsvTable *
read_table (GInputStream *stream,
            const char *name,
            char delimiter,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (SbCsvReader) reader = sb_csv_reader_new (stream, name, delimiter);
  g_autoptr (SbCsvTable) self = g_new0 (SbCsvTable, 1);

  self->ref_count = 1;
  self->chunk = g_string_chunk_new (65536);
  self->names = g_ptr_array_new ();
  self->cells = g_ptr_array_new ();
  self->lines = g_array_new (FALSE, FALSE, sizeof (guint64));
  if (!read_header (self, reader, name, error) ||
      !read_rows (self, reader, name, cancellable, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * sb_csv_table_parse:
 * @bytes: a CSV file with a header row
 * @name: what errors call it
 * @error: %SB_FORMAT_ERROR_INVALID
 *
 * Returns: (transfer full) (nullable): the table
 */
SbCsvTable *
sb_csv_table_parse (GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_bytes (bytes);
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);

  return read_table (stream, name, sb_csv_guess_delimiter (text, length), NULL, error);
}

/**
 * sb_csv_table_load:
 * @path: a CSV file with a header row
 * @cancellable: (nullable): to stop it
 * @error: %SB_FORMAT_ERROR_INVALID, or a %G_IO_ERROR
 *
 * Returns: (transfer full) (nullable): the table
 */
SbCsvTable *
sb_csv_table_load (const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) raw = g_file_read (file, cancellable, error);
  g_autoptr (GInputStream) stream = NULL;
  g_autofree char *name = g_path_get_basename (path);
  const char *start;
  gsize length;

  if (raw == NULL)
    return NULL;
  stream = g_buffered_input_stream_new_sized (G_INPUT_STREAM (raw), READ_SIZE);
  if (g_buffered_input_stream_fill (G_BUFFERED_INPUT_STREAM (stream), -1, cancellable, error) < 0)
    return NULL;
  start = g_buffered_input_stream_peek_buffer (G_BUFFERED_INPUT_STREAM (stream), &length);
  return read_table (stream, name, sb_csv_guess_delimiter (start, length), cancellable, error);
}

SbCsvTable *
sb_csv_table_ref (SbCsvTable *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
sb_csv_table_unref (SbCsvTable *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  g_string_chunk_free (self->chunk);
  g_ptr_array_unref (self->names);
  g_ptr_array_unref (self->cells);
  g_array_unref (self->lines);
  g_free (self);
}

guint
sb_csv_table_get_n_rows (SbCsvTable *self)
{
  return self->lines->len;
}

guint
sb_csv_table_get_n_columns (SbCsvTable *self)
{
  return self->names->len;
}

/**
 * sb_csv_table_get_name:
 * @self: a table
 * @column: from 0
 *
 * Returns: (transfer none): what the header calls that column
 */
const char *
sb_csv_table_get_name (SbCsvTable *self, guint column)
{
  return self->names->pdata[column];
}

/**
 * sb_csv_table_find_column:
 * @self: a table
 * @name: a name of the header
 *
 * Returns: its column, from 0, or -1
 */
int
sb_csv_table_find_column (SbCsvTable *self, const char *name)
{
  for (guint i = 0; i < self->names->len; i++)
    if (strcmp (self->names->pdata[i], name) == 0)
      return (int) i;
  return -1;
}

/**
 * sb_csv_table_get:
 * @self: a table
 * @row: from 0, the header not counted
 * @column: from 0
 *
 * Returns: (transfer none): the cell's text, "" when it is empty
 */
const char *
sb_csv_table_get (SbCsvTable *self, guint row, guint column)
{
  return self->cells->pdata[(gsize) row * self->names->len + column];
}

/**
 * sb_csv_table_get_line:
 * @self: a table
 * @row: from 0, the header not counted
 *
 * Returns: the line of the file on which that row begins, from 1
 */
guint64
sb_csv_table_get_line (SbCsvTable *self, guint row)
{
  return g_array_index (self->lines, guint64, row);
}

/**
 * sb_csv_append_field:
 * @out: grows
 * @field: a field
 *
 * Writes a field, with quotes where it needs them.
 */
void
sb_csv_append_field (GString *out, const char *field)
{
  if (strpbrk (field, ",\"\r\n") == NULL)
    {
      g_string_append (out, field);
      return;
    }
  g_string_append_c (out, '"');
  for (const char *p = field; *p != '\0'; p++)
    {
      if (*p == '"')
        g_string_append_c (out, '"');
      g_string_append_c (out, *p);
    }
  g_string_append_c (out, '"');
}

/**
 * sb_csv_append_row:
 * @out: grows
 * @fields: (array zero-terminated=1): the row's fields
 *
 * Writes a row and its line end.
 */
void
sb_csv_append_row (GString *out, const char *const *fields)
{
  for (guint i = 0; fields[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      sb_csv_append_field (out, fields[i]);
    }
  /* A row that is one empty field would read back as no row. */
  if (fields[0] != NULL && fields[1] == NULL && *fields[0] == '\0')
    g_string_append (out, "\"\"");
  g_string_append_c (out, '\n');
}
