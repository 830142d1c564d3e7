/* sb-work-data.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Choose, explore and prepare the data, and upload it.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#include "cloud/sb-fetch.h"
#include "cloud/sb-transfer.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-games.h"
#include "workshop/sb-work.h"

#define SAMPLE_SEED 1729
#define SAMPLE_ROWS 6000

static const char *const part_names[] = { "train", "validation", "test" };

static gboolean
write_file (const char *path, const char *text, GError **error)
{
  return g_file_set_contents_full (
      path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error);
}

static gboolean
download (SbWork *work, const char *path, GError **error)
{
  JsonObject *spec = sb_json_get_object (work->module, "download");
  const char *override = spec != NULL ? g_getenv (sb_json_get_string (spec, "override", "")) : NULL;

  if (spec == NULL)
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_INVALID,
                           _ ("This module names no file to download; choose a file"));
      return FALSE;
    }
  return sb_fetch_file (override != NULL ? override : sb_json_get_string (spec, "url", ""),
                        path,
                        sb_json_get_string (spec, "sha256", ""),
                        (guint64) sb_json_get_int (spec, "size", 0),
                        sb_work_on_downloaded,
                        work,
                        work->cancellable,
                        error);
}

static char *
fetch (SbWork *work, const char *source, GError **error)
{
  g_autofree char *path = sb_work_path (work, "games.csv");
  g_autofree char *sample = NULL;
  const char *file = sb_json_get_string (work->values, "path", NULL);

  if (strcmp (source, "download") == 0)
    return download (work, path, error) ? g_steal_pointer (&path) : NULL;
  if (strcmp (source, "sample") == 0)
    {
      sample = sb_games_make_sample (SAMPLE_SEED, SAMPLE_ROWS);
      return write_file (path, sample, error) ? g_steal_pointer (&path) : NULL;
    }
  if (file != NULL && *file != '\0')
    return g_strdup (file);
  g_set_error_literal (error, SB_ERROR, SB_ERROR_INVALID, _ ("Choose a CSV file of games first"));
  return NULL;
}

JsonObject *
sb_work_choose_data (SbWork *work, GError **error)
{
  const char *source = sb_json_get_string (work->values, "source", "sample");
  gboolean synthetic = strcmp (source, "sample") == 0;
  g_autofree char *path = fetch (work, source, error);
  g_autoptr (SbCsvTable) table = NULL;
  g_autofree char *name = NULL;
  g_autofree char *summary = NULL;
  JsonArray *facts;

  if (path != NULL)
    table = sb_csv_table_load (path, work->cancellable, error);
  if (table == NULL || !sb_games_check (table, error))
    return NULL;
  name = synthetic ? g_strdup (_ ("Sample (synthetic)")) : g_path_get_basename (path);
  summary =
      g_strdup_printf (ngettext ("%s: %u game", "%s: %u games", sb_csv_table_get_n_rows (table)),
                       name,
                       sb_csv_table_get_n_rows (table));
  facts = json_array_new ();
  sb_work_add_fact (facts, _ ("Data"), "%s", name);
  sb_work_add_fact (facts, _ ("Rows"), "%u", sb_csv_table_get_n_rows (table));
  sb_work_add_fact (facts, _ ("Columns"), "%u", sb_csv_table_get_n_columns (table));
  return sb_json_object_new ("summary",
                             "s",
                             summary,
                             "path",
                             "s",
                             path,
                             "name",
                             "s",
                             name,
                             "synthetic",
                             "b",
                             synthetic,
                             "facts",
                             "a",
                             facts,
                             NULL);
}

static SbCsvTable *
load_table (SbWork *work, GError **error)
{
  JsonObject *data = sb_work_result (work, "choose-data");

  return sb_csv_table_load (sb_json_get_string (data, "path", ""), work->cancellable, error);
}

static const char *
synthetic_mark (SbWork *work)
{
  JsonObject *data = sb_work_result (work, "choose-data");

  return data != NULL && sb_json_get_bool (data, "synthetic", FALSE) ? _ (" (synthetic data)") : "";
}

static void
mark_charts (JsonArray *charts, const char *mark)
{
  for (guint i = 0; *mark != '\0' && i < json_array_get_length (charts); i++)
    {
      JsonObject *chart = json_array_get_object_element (charts, i);
      g_autofree char *title = g_strconcat (sb_json_get_string (chart, "title", ""), mark, NULL);

      json_object_set_string_member (chart, "title", title);
    }
}

JsonObject *
sb_work_explore (SbWork *work, GError **error)
{
  g_autoptr (SbCsvTable) table = load_table (work, error);
  JsonArray *facts;
  JsonArray *charts;
  g_autofree char *summary = NULL;

  if (table == NULL || !sb_games_check (table, error))
    return NULL;
  charts = sb_games_explore (table, &facts);
  mark_charts (charts, synthetic_mark (work));
  summary =
      g_strdup_printf (_ ("%s of %s games are hits%s"),
                       sb_json_get_string (json_array_get_object_element (facts, 1), "value", ""),
                       sb_json_get_string (json_array_get_object_element (facts, 0), "value", ""),
                       synthetic_mark (work));
  return sb_json_object_new (
      "summary", "s", summary, "facts", "a", facts, "charts", "a", charts, NULL);
}

static gboolean
write_parts (SbWork *work, const SbGames *games, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (part_names); i++)
    {
      g_autofree char *name = g_strconcat (part_names[i], ".libsvm", NULL);
      g_autofree char *path = sb_work_path (work, name);
      g_autofree char *text = sb_games_write_libsvm (games, (SbGamesPart) i);

      if (!write_file (path, text, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_features (SbWork *work, const SbGames *games, GError **error)
{
  g_autofree char *path = sb_work_path (work, "features.json");
  g_autoptr (JsonObject) features = json_object_new ();
  JsonArray *columns = json_array_new ();

  for (guint i = 0; i < games->columns->len; i++)
    json_array_add_string_element (columns, games->columns->pdata[i]);
  json_object_set_array_member (features, "columns", columns);
  json_object_set_object_member (features, "choices", json_object_ref (games->choices));
  return sb_json_save_file (features, path, error);
}

JsonObject *
sb_work_prepare (SbWork *work, GError **error)
{
  g_autoptr (SbCsvTable) table = load_table (work, error);
  g_autoptr (SbGames) games = NULL;
  g_autofree char *summary = NULL;
  JsonArray *facts;

  if (table == NULL || !sb_games_check (table, error))
    return NULL;
  games = sb_games_prepare (table, error);
  if (games == NULL || !write_parts (work, games, error) || !write_features (work, games, error))
    return NULL;
  facts = json_array_new ();
  sb_work_add_fact (facts, _ ("Complete rows"), "%u", games->order->len);
  sb_work_add_fact (facts, _ ("Features"), "%u", games->columns->len);
  sb_work_add_fact (facts, _ ("To train on"), "%u", sb_games_count (games, SB_GAMES_TRAIN));
  sb_work_add_fact (facts,
                    _ ("To validate with"),
                    "%u",
                    sb_games_count (games, SB_GAMES_VALIDATION));
  sb_work_add_fact (facts, _ ("To test with"), "%u", sb_games_count (games, SB_GAMES_TEST));
  sb_work_add_fact (facts,
                    _ ("Hits to test with"),
                    "%u",
                    sb_games_count_hits (games, SB_GAMES_TEST));
  summary = g_strdup_printf (_ ("%u rows with %u features: %u / %u / %u"),
                             games->order->len,
                             games->columns->len,
                             sb_games_count (games, SB_GAMES_TRAIN),
                             sb_games_count (games, SB_GAMES_VALIDATION),
                             sb_games_count (games, SB_GAMES_TEST));
  return sb_json_object_new ("summary",
                             "s",
                             summary,
                             "facts",
                             "a",
                             facts,
                             "rows",
                             "i",
                             (gint64) games->order->len,
                             "features",
                             "i",
                             (gint64) games->columns->len,
                             "test_hits",
                             "i",
                             (gint64) sb_games_count_hits (games, SB_GAMES_TEST),
                             "choices",
                             "o",
                             json_object_ref (games->choices),
                             NULL);
}

static void
on_uploaded (guint64 done, guint64 total, gpointer user_data)
{
  sb_work_progress (user_data, total > 0 ? (double) done / (double) total : -1, _ ("Uploading"));
}

/* The files of a part: those that were chosen, or what was prepared. */
static GPtrArray *
list_part (SbWork *work, const char *part)
{
  JsonObject *data = sb_work_result (work, "choose-data");
  JsonArray *chosen = data != NULL ? sb_json_get_array (data, part) : NULL;
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *name = g_strconcat (part, ".libsvm", NULL);

  for (guint i = 0; chosen != NULL && i < json_array_get_length (chosen); i++)
    g_ptr_array_add (paths, g_strdup (json_array_get_string_element (chosen, i)));
  if (chosen == NULL)
    g_ptr_array_add (paths, sb_work_path (work, name));
  return paths;
}

static char *
upload_part (SbWork *work, const char *bucket, const char *prefix, const char *part, GError **error)
{
  g_autoptr (GPtrArray) paths = list_part (work, part);

  for (guint i = 0; i < paths->len; i++)
    {
      g_autofree char *name = g_path_get_basename (paths->pdata[i]);
      g_autofree char *key = g_strdup_printf ("%s/%s/%s", prefix, part, name);

      if (!sb_transfer_upload_file (work->client,
                                    bucket,
                                    key,
                                    paths->pdata[i],
                                    on_uploaded,
                                    work,
                                    work->cancellable,
                                    error))
        return NULL;
    }
  return g_strdup_printf ("s3://%s/%s/%s", bucket, prefix, part);
}

JsonObject *
sb_work_upload (SbWork *work, GError **error)
{
  const char *region = sb_connection_get_region (sb_client_get_connection (work->client));
  g_autofree char *bucket = sb_work_ensure_bucket (work, error);
  g_autofree char *prefix =
      g_strdup_printf ("%s/%s", sb_json_get_string (work->module, "prefix", "workshop"), work->run);
  g_autofree char *base = g_strdup_printf ("s3://%s/%s", bucket, prefix);
  g_autofree char *train = NULL;
  g_autofree char *validation = NULL;
  g_autofree char *output = NULL;

  if (bucket == NULL ||
      !sb_ledger_intend (work->ledger, SB_RESOURCE_OBJECTS, base, work->id, region, error))
    return NULL;
  train = upload_part (work, bucket, prefix, "train", error);
  validation = train != NULL ? upload_part (work, bucket, prefix, "validation", error) : NULL;
  if (validation == NULL ||
      !sb_ledger_confirm (work->ledger, SB_RESOURCE_OBJECTS, base, NULL, error))
    return NULL;
  output = g_strconcat (base, "/output", NULL);
  return sb_json_object_new ("summary",
                             "s",
                             base,
                             "train",
                             "s",
                             train,
                             "validation",
                             "s",
                             validation,
                             "output",
                             "s",
                             output,
                             "bucket",
                             "s",
                             bucket,
                             "prefix",
                             "s",
                             prefix,
                             NULL);
}
