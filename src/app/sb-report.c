/* sb-report.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "app/sb-report.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "charts/sb-chart-export.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-notebook-export.h"

#define CHART_WIDTH  640
#define CHART_HEIGHT 400

static const char style[] =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;"
    "color:#222;background:#fff}h2{margin-top:2.5rem}table{border-collapse:collapse}"
    "td{padding:.15rem 1rem .15rem 0}svg{max-width:100%;height:auto}.summary{color:#555}";

static void
append_escaped (GString *out, const char *format, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text != NULL ? text : "", -1);
  g_auto (GStrv) parts = g_strsplit (format, "%s", 2);

  g_string_append_printf (out, "%s%s%s", parts[0], escaped, parts[1] != NULL ? parts[1] : "");
}

static void
append_facts (GString *out, JsonArray *facts)
{
  if (facts == NULL)
    return;
  g_string_append (out, "<table>");
  for (guint i = 0; i < json_array_get_length (facts); i++)
    {
      JsonObject *fact = json_array_get_object_element (facts, i);

      append_escaped (out, "<tr><td>%s</td>", sb_json_get_string (fact, "name", ""));
      append_escaped (out, "<td>%s</td></tr>", sb_json_get_string (fact, "value", ""));
    }
  g_string_append (out, "</table>\n");
}

static gboolean
append_chart (GString *out, JsonObject *json, const char *folder, GError **error)
{
  g_autoptr (SbChart) chart = sb_chart_new_from_json (json, error);
  g_autofree char *svg = NULL;
  g_autofree char *name = NULL;
  g_autofree char *path = NULL;
  const char *start;

  if (chart == NULL)
    return FALSE;
  svg = sb_chart_to_svg_string (chart, NULL, CHART_WIDTH, CHART_HEIGHT, error);
  name = g_strconcat (sb_chart_get_id (chart), ".png", NULL);
  path = g_build_filename (folder, name, NULL);
  if (svg == NULL || !sb_chart_save (chart, path, SB_CHART_PNG, CHART_WIDTH, CHART_HEIGHT, error))
    return FALSE;
  /* Within HTML an SVG begins at its element, and its glyphs need names of their own. */
  start = g_strstr_len (svg, -1, "<svg");
  {
    g_auto (GStrv) parts = g_strsplit (start != NULL ? start : svg, "glyph", -1);
    g_autofree char *prefix = g_strconcat (sb_chart_get_id (chart), "-glyph", NULL);
    g_autofree char *renamed = g_strjoinv (prefix, parts);

    append_escaped (out, "<figure><figcaption>%s</figcaption>", sb_chart_get_summary (chart));
    g_string_append_printf (out, "%s</figure>\n", renamed);
  }
  return TRUE;
}

/* What a step leaves for a person to keep, such as a table. */
static gboolean
append_files (GString *out, JsonArray *files, const char *folder, GError **error)
{
  for (guint i = 0; files != NULL && i < json_array_get_length (files); i++)
    {
      const char *path = json_array_get_string_element (files, i);
      g_autofree char *name = g_path_get_basename (path);
      g_autofree char *target = g_build_filename (folder, name, NULL);
      g_autoptr (GFile) from = g_file_new_for_path (path);
      g_autoptr (GFile) to = g_file_new_for_path (target);

      if (!g_file_copy (from, to, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, error))
        return FALSE;
      append_escaped (out, "<p><a href=\"%s\">", name);
      append_escaped (out, "%s</a></p>\n", name);
    }
  return TRUE;
}

static gboolean
append_step (GString *out, SbStep *step, const char *folder, GError **error)
{
  JsonObject *result = sb_step_get_result (step);
  JsonArray *charts = result != NULL ? sb_json_get_array (result, "charts") : NULL;

  append_escaped (out, "<h2>%s</h2>\n", sb_step_get_title (step));
  append_escaped (out, "<p class=\"summary\">%s</p>\n", sb_step_get_summary (step));
  append_facts (out, result != NULL ? sb_json_get_array (result, "facts") : NULL);
  for (guint i = 0; charts != NULL && i < json_array_get_length (charts); i++)
    if (!append_chart (out, json_array_get_object_element (charts, i), folder, error))
      return FALSE;
  return append_files (out,
                       result != NULL ? sb_json_get_array (result, "files") : NULL,
                       folder,
                       error);
}

/**
 * sb_report_write_notebook:
 * @run: a run
 * @path: the file to write
 * @error: why it cannot be written
 *
 * Writes a Jupyter notebook that makes the run's calls with boto3.
 *
 * Returns: whether it was written
 */
gboolean
sb_report_write_notebook (SbRun *run, const char *path, GError **error)
{
  g_autofree char *notebook = sb_notebook_export (run);

  return g_file_set_contents (path, notebook, -1, error);
}

static gboolean
write_notebook (SbRun *run, const char *folder, GError **error)
{
  g_autofree char *name = g_strconcat (sb_module_get_id (sb_run_get_module (run)), ".ipynb", NULL);
  g_autofree char *path = g_build_filename (folder, name, NULL);

  return sb_report_write_notebook (run, path, error);
}

/**
 * sb_report_write:
 * @run: a run
 * @folder: where it goes; made when it does not exist
 * @report: (out): the report's file
 * @error: why it cannot be written
 *
 * Writes every chart of a run as PNG, an HTML report that holds them all, the files that its steps
 * leave for a person to keep, and a notebook that does the same with boto3.
 *
 * Returns: whether everything was written
 */
gboolean
sb_report_write (SbRun *run, const char *folder, char **report, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "report.html", NULL);
  g_autoptr (GString) out =
      g_string_new ("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">"
                    "<meta name=\"viewport\" content=\"width=device-width\">");
  GListModel *steps = sb_run_get_steps (run);
  const char *title = sb_module_get_title (sb_run_get_module (run));

  if (g_mkdir_with_parents (folder, 0755) != 0)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_STORAGE,
                   _ ("The folder “%s” cannot be made: %s"),
                   folder,
                   g_strerror (errno));
      return FALSE;
    }
  append_escaped (out, "<title>%s</title>", title);
  g_string_append_printf (out, "<style>%s</style></head><body>\n", style);
  append_escaped (out, "<h1>%s</h1>\n", title);
  for (guint i = 0; i < g_list_model_get_n_items (steps); i++)
    {
      g_autoptr (SbStep) step = g_list_model_get_item (steps, i);

      if (sb_step_stands (step) && !append_step (out, step, folder, error))
        return FALSE;
    }
  g_string_append (out, "</body></html>\n");
  if (!g_file_set_contents (path, out->str, (gssize) out->len, error) ||
      !write_notebook (run, folder, error))
    return FALSE;
  *report = g_steal_pointer (&path);
  return TRUE;
}
