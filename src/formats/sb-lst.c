/* sb-lst.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "formats/sb-lst.h"

#include <math.h>
#include <string.h>

static gboolean
fail (GError **error, const char *name, guint line, const char *what)
{
  g_set_error (
      error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID, "%s, line %u: %s", name, line, what);
  return FALSE;
}

/* im2rec writes numbers as floats: 3 is "3.000000". */
static gboolean
parse_number (const char *text, double *value)
{
  char *end;

  *value = g_ascii_strtod (text, &end);
  return end != text && *end == '\0' && isfinite (*value);
}

static gboolean
is_safe (const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    if (strcmp (parts[i], "..") == 0)
      return FALSE;
  return *path != '\0' && *path != '/';
}

static gboolean
parse_line (const char *text,
            const char *name,
            guint line,
            SbLstFunc func,
            gpointer user_data,
            GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, "\t", -1);
  guint n = g_strv_length (parts);
  g_autofree float *labels = g_new (float, n);
  double value;

  if (n < 3)
    return fail (error,
                 name,
                 line,
                 "a number, a label and a path were expected, with tabs between them");
  if (!parse_number (parts[0], &value) || value < 0 || value > 9e15 || value != floor (value))
    return fail (error, name, line, "the first column has to be a number from 0");
  if (!is_safe (parts[n - 1]))
    return fail (error, name, line, "the path has to lead to a file below the channel’s folder");
  for (guint i = 1; i < n - 1; i++)
    {
      double label;

      if (!parse_number (parts[i], &label))
        return fail (error, name, line, "a label has to be a number");
      labels[i - 1] = (float) label;
    }
  if (func ((guint64) value, labels, n - 2, parts[n - 1], user_data, error))
    return TRUE;
  g_prefix_error (error, "%s, line %u: ", name, line);
  return FALSE;
}

/**
 * sb_lst_read:
 * @path: a .lst file
 * @func: (scope call): called for each line
 * @user_data: for @func
 * @error: %SB_FORMAT_ERROR_INVALID with file and line, a %G_IO_ERROR, or that of @func
 *
 * Returns: whether all lines were read
 */
gboolean
sb_lst_read (const char *path, SbLstFunc func, gpointer user_data, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autofree char *name = g_file_get_basename (file);
  g_autoptr (GFileInputStream) raw = g_file_read (file, NULL, error);
  g_autoptr (GDataInputStream) stream = NULL;
  GError *local = NULL;

  if (raw == NULL)
    return FALSE;
  stream = g_data_input_stream_new (G_INPUT_STREAM (raw));
  g_data_input_stream_set_newline_type (stream, G_DATA_STREAM_NEWLINE_TYPE_LF);
  for (guint line = 1;; line++)
    {
      g_autofree char *text = g_data_input_stream_read_line (stream, NULL, NULL, &local);

      if (text == NULL)
        break;
      g_strchomp (text);
      if (*text != '\0' && !parse_line (text, name, line, func, user_data, error))
        return FALSE;
    }
  if (local == NULL)
    return TRUE;
  g_propagate_prefixed_error (error, local, "%s: ", name);
  return FALSE;
}

/**
 * sb_lst_append:
 * @list: what the line is added to
 * @index: number of the image
 * @labels: (array length=n_labels): its labels
 * @n_labels: how many, at least 1
 * @path: its file; it must not have a tab or a new line in it
 */
void
sb_lst_append (GString *list, guint64 index, const float *labels, guint n_labels, const char *path)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (list, "%" G_GUINT64_FORMAT, index);
  for (guint i = 0; i < n_labels; i++)
    g_string_append_printf (list, "\t%s", g_ascii_formatd (text, sizeof text, "%f", labels[i]));
  g_string_append_printf (list, "\t%s\n", path);
}
