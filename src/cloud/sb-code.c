/* sb-code.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-code.h"

#include <string.h>

#include "cloud/sb-code-private.h"
#include "wire/sb-json.h"

static char *
python_program (GPtrArray *acts, const char *region, const char *endpoint_url)
{
  GString *out = g_string_new ("#!/usr/bin/env python3\n");
  g_autofree char *setup = _sb_code_python_setup (acts, region, endpoint_url);
  const char *step = NULL;

  g_string_append (out, setup);
  for (guint i = 0; i < acts->len; i++)
    {
      const SbAct *act = g_ptr_array_index (acts, i);
      const char *current = sb_journal_entry_get_step (act->entry);
      g_autofree char *text = _sb_code_python_act (act, endpoint_url != NULL);

      g_string_append_c (out, '\n');
      if (current != NULL && g_strcmp0 (current, step) != 0)
        g_string_append_printf (out, "# %s\n", current);
      step = current;
      g_string_append (out, text);
    }
  return g_string_free (out, FALSE);
}

/* A cell's source is a list of lines, each with its end but the last. */
static void
add_cell (JsonArray *cells, const char *kind, const char *source)
{
  g_auto (GStrv) lines = g_strsplit (source, "\n", -1);
  JsonArray *array = json_array_new ();
  JsonObject *cell =
      sb_json_object_new ("cell_type", "s", kind, "metadata", "o", json_object_new (), NULL);

  for (gsize i = 0; lines[i] != NULL; i++)
    {
      gboolean last = lines[i + 1] == NULL || (*lines[i + 1] == '\0' && lines[i + 2] == NULL);
      g_autofree char *line = g_strconcat (lines[i], last ? "" : "\n", NULL);

      json_array_add_string_element (array, line);
      if (last)
        break;
    }
  json_object_set_array_member (cell, "source", array);
  if (strcmp (kind, "code") == 0)
    {
      json_object_set_null_member (cell, "execution_count");
      json_object_set_array_member (cell, "outputs", json_array_new ());
    }
  json_array_add_object_element (cells, cell);
}

static char *
notebook (GPtrArray *acts, const char *region, const char *endpoint_url)
{
  JsonArray *cells = json_array_new ();
  g_autofree char *setup = _sb_code_python_setup (acts, region, endpoint_url);
  g_autoptr (JsonObject) root = NULL;
  JsonObject *kernel = sb_json_object_new (
      "display_name", "s", "Python 3", "language", "s", "python", "name", "s", "python3", NULL);
  const char *step = NULL;

  add_cell (cells, "code", setup);
  for (guint i = 0; i < acts->len; i++)
    {
      const SbAct *act = g_ptr_array_index (acts, i);
      const char *current = sb_journal_entry_get_step (act->entry);
      g_autofree char *text = _sb_code_python_act (act, endpoint_url != NULL);
      g_autofree char *title = g_strdup_printf ("## %s", current != NULL ? current : "");

      if (current != NULL && g_strcmp0 (current, step) != 0)
        add_cell (cells, "markdown", title);
      step = current;
      add_cell (cells, "code", text);
    }
  root = sb_json_object_new ("cells",
                             "a",
                             cells,
                             "metadata",
                             "o",
                             sb_json_object_new ("kernelspec", "o", kernel, NULL),
                             "nbformat",
                             "i",
                             (gint64) 4,
                             "nbformat_minor",
                             "i",
                             (gint64) 4,
                             NULL);
  return sb_json_to_pretty_string (root);
}

/**
 * sb_code_generate:
 * @entries: (element-type SbJournalEntry): what was done, oldest first
 * @kind: as what to write it
 * @region: the Region to do it in
 * @endpoint_url: (nullable): the endpoint of all services, %NULL for AWS's own
 *
 * Writes a program that does the same. Calls that failed are left out; questions of a waiter become
 * a waiter, calls of a transfer one transfer, pages a loop. Credentials are left to where boto3 and
 * the AWS CLI look for them.
 *
 * Returns: (transfer full): the program
 */
char *
sb_code_generate (GPtrArray *entries, SbCodeKind kind, const char *region, const char *endpoint_url)
{
  g_autoptr (GPtrArray) acts = NULL;

  g_return_val_if_fail (entries != NULL, NULL);
  g_return_val_if_fail (region != NULL, NULL);

  acts = _sb_code_collect (entries);
  switch (kind)
    {
    case SB_CODE_CLI:
      return _sb_code_cli (acts, region, endpoint_url);
    case SB_CODE_NOTEBOOK:
      return notebook (acts, region, endpoint_url);
    case SB_CODE_BOTO3:
    default:
      return python_program (acts, region, endpoint_url);
    }
}
