/* sb-code.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-code.h"

#include "cloud/sb-code-private.h"

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
      return _sb_code_notebook (acts, NULL, region, endpoint_url);
    case SB_CODE_BOTO3:
    default:
      return python_program (acts, region, endpoint_url);
    }
}

/**
 * sb_code_generate_notebook:
 * @entries: (element-type SbJournalEntry): what was done, oldest first
 * @story: what to tell beside it
 * @region: the Region to do it in
 * @endpoint_url: (nullable): the endpoint of all services, %NULL for AWS's own
 *
 * As sb_code_generate(), with a heading and what is to be said before each step. What is created
 * gets names of its own each time, so that the notebook can be run again.
 *
 * Returns: (transfer full): a Jupyter notebook, nbformat 4
 */
char *
sb_code_generate_notebook (GPtrArray *entries,
                           const SbCodeStory *story,
                           const char *region,
                           const char *endpoint_url)
{
  g_autoptr (GPtrArray) acts = NULL;

  g_return_val_if_fail (entries != NULL, NULL);
  g_return_val_if_fail (story != NULL, NULL);
  g_return_val_if_fail (region != NULL, NULL);

  acts = _sb_code_collect (entries);
  return _sb_code_notebook (acts, story, region, endpoint_url);
}
