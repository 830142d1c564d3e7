/* test-notebook-file.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "wire/sb-error.h"
#include "workshop/sb-notebook-file.h"

static SbNotebookFile *
load (const char *text, GError **error)
{
  g_autofree char *path = NULL;
  SbNotebookFile *file;
  int fd = g_file_open_tmp ("sb-notebook-XXXXXX.ipynb", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  file = sb_notebook_file_load (path, error);
  g_unlink (path);
  return file;
}

static void
test_cells (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbNotebookFile) file = load (
      "{\"nbformat\": 4, \"nbformat_minor\": 5, \"metadata\": {\"kernelspec\": {\"language\": "
      "\"julia\"}}, \"cells\": ["
      "{\"cell_type\": \"markdown\", \"source\": [\"# One\\n\", \"two\"]},"
      "{\"cell_type\": \"code\", \"source\": \"1 + 1\", \"execution_count\": 3, \"outputs\": ["
      "{\"output_type\": \"stream\", \"text\": [\"said\\n\"]},"
      "{\"output_type\": \"execute_result\", \"data\": {\"text/plain\": \"2\"}},"
      "{\"output_type\": \"display_data\", \"data\": {\"image/png\": \"AQID\", \"text/plain\": "
      "\"a chart\"}},"
      "{\"output_type\": \"display_data\", \"data\": {\"text/html\": \"<b>\"}},"
      "{\"output_type\": \"error\", \"ename\": \"E\", \"evalue\": \"why\", \"traceback\": "
      "[\"\\u001b[0;31mE\\u001b[0m: why\"]}]},"
      "{\"cell_type\": \"code\", \"source\": \"\", \"execution_count\": null, \"outputs\": []},"
      "{\"cell_type\": \"raw\", \"source\": \"as it is\"}]}",
      &error);
  const SbNotebookCell *cell;
  const SbNotebookOutput *output;

  g_assert_no_error (error);
  g_assert_cmpstr (file->language, ==, "julia");
  g_assert_cmpuint (file->cells->len, ==, 4);
  cell = file->cells->pdata[0];
  g_assert_cmpint (cell->kind, ==, SB_NOTEBOOK_MARKDOWN);
  g_assert_cmpstr (cell->source, ==, "# One\ntwo");
  cell = file->cells->pdata[1];
  g_assert_cmpuint (cell->count, ==, 3);
  g_assert_cmpuint (cell->outputs->len, ==, 4);
  output = cell->outputs->pdata[0];
  g_assert_cmpstr (output->text, ==, "said\n");
  output = cell->outputs->pdata[2];
  g_assert_cmpuint (g_bytes_get_size (output->image), ==, 3);
  g_assert_cmpstr (output->text, ==, "a chart");
  output = cell->outputs->pdata[3];
  g_assert_true (output->failed);
  g_assert_cmpstr (output->text, ==, "E: why");
  cell = file->cells->pdata[2];
  g_assert_cmpuint (cell->count, ==, 0);
  cell = file->cells->pdata[3];
  g_assert_cmpint (cell->kind, ==, SB_NOTEBOOK_RAW);
}

static void
test_refused (void)
{
  static const char *const texts[] = {
    "", "[]", "{}", "{\"cells\": []}", "{\"nbformat\": 3, \"worksheets\": []}", "{\"nbformat\": 4}"
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (load (texts[i], &error));
      g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
    }
}

static void
test_odd (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbNotebookFile) file = load (
      "{\"nbformat\": 4, \"cells\": [7, {}, {\"cell_type\": \"code\", \"source\": [5, \"x\"], "
      "\"outputs\": [1, {}, {\"output_type\": \"error\"}]}]}",
      &error);

  g_assert_no_error (error);
  g_assert_cmpuint (file->cells->len, ==, 2);
  g_assert_cmpstr (((SbNotebookCell *) file->cells->pdata[1])->source, ==, "x");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/workshop/notebook-file/cells", test_cells);
  g_test_add_func ("/workshop/notebook-file/refused", test_refused);
  g_test_add_func ("/workshop/notebook-file/odd", test_odd);
  return g_test_run ();
}
