/* sb-predict.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Predictions by a run's endpoint: of one game as a person describes it, and of a file of games.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-games.h"
#include "workshop/sb-work.h"

typedef struct
{
  SbClient *client;
  char *endpoint;
  char *features;
  char *path;
  JsonObject *fields;
  double score;
} Prediction;

static void
prediction_free (Prediction *self)
{
  g_object_unref (self->client);
  g_free (self->endpoint);
  g_free (self->features);
  g_free (self->path);
  g_clear_pointer (&self->fields, json_object_unref);
  g_free (self);
}

static Prediction *
prediction_new (SbRun *run)
{
  Prediction *self = g_new0 (Prediction, 1);
  SbStep *deploy = sb_run_find_step_of_kind (run, "deploy");
  JsonObject *result = deploy != NULL ? sb_step_get_result (deploy) : NULL;
  SbStep *predict = sb_run_find_step_of_kind (run, "predict");

  self->client = sb_client_with_label (sb_run_get_client (run),
                                       sb_module_get_id (sb_run_get_module (run)),
                                       sb_run_get_id (run),
                                       sb_step_get_id (predict));
  self->endpoint = g_strdup (result != NULL ? sb_json_get_string (result, "endpoint", "") : "");
  self->features = g_build_filename (sb_run_get_folder (run), "features.json", NULL);
  return self;
}

static void
predict_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Prediction *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) features = sb_json_load_file (self->features, &error);
  g_autofree char *line =
      features != NULL ? sb_games_encode (features, self->fields, &error) : NULL;
  const char *const lines[] = { line, NULL };
  g_autoptr (GArray) scores = NULL;

  if (line != NULL)
    scores = sb_work_score (self->client, self->endpoint, lines, cancellable, &error);
  if (scores == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  self->score = g_array_index (scores, double, 0);
  g_task_return_boolean (task, TRUE);
}

/**
 * sb_run_predict_game_async:
 * @self: a run whose endpoint is in service
 * @fields: see sb_games_encode()
 * @cancellable: (nullable): a cancellable
 * @callback: called with the answer
 * @user_data: data for @callback
 */
void
sb_run_predict_game_async (SbRun *self,
                           JsonObject *fields,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Prediction *prediction = prediction_new (self);

  prediction->fields = sb_json_copy (fields);
  g_task_set_source_tag (task, sb_run_predict_game_async);
  g_task_set_task_data (task, prediction, (GDestroyNotify) prediction_free);
  g_task_run_in_thread (task, predict_in_thread);
}

/**
 * sb_run_predict_game_finish:
 * @self: a run
 * @result: what the callback got
 * @error: why there is no answer
 *
 * Returns: the probability that the game is a hit, from 0 to 1, or -1 on error
 */
double
sb_run_predict_game_finish (SbRun *self, GAsyncResult *result, GError **error)
{
  Prediction *prediction = g_task_get_task_data (G_TASK (result));

  return g_task_propagate_boolean (G_TASK (result), error) ? prediction->score : -1;
}

static JsonObject *
read_game (SbCsvTable *table, guint row)
{
  static const char *const columns[] = { "Name",   "Platform",     "Genre",     "Publisher",
                                         "Rating", "Critic_Score", "User_Score" };
  JsonObject *game = json_object_new ();

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      int column = sb_csv_table_find_column (table, columns[i]);
      const char *text = column >= 0 ? sb_csv_table_get (table, row, (guint) column) : "";

      if (!sb_games_is_missing (text))
        json_object_set_string_member (game, columns[i], text);
    }
  return game;
}

/* A game that lacks a score is named, with no prediction: better than one out of thin air. */
static gboolean
encode_all (JsonObject *features,
            SbCsvTable *table,
            JsonArray *games,
            GPtrArray *lines,
            GArray *rows)
{
  for (guint row = 0; row < sb_csv_table_get_n_rows (table); row++)
    {
      JsonObject *game = read_game (table, row);
      g_autoptr (GError) error = NULL;
      char *line = sb_games_encode (features, game, &error);

      if (line != NULL)
        {
          g_ptr_array_add (lines, line);
          g_array_append_val (rows, row);
        }
      else
        json_object_set_string_member (game, "problem", error->message);
      json_array_add_object_element (games, game);
    }
  g_ptr_array_add (lines, NULL);
  return rows->len > 0;
}

static void
predict_csv_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Prediction *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) features = sb_json_load_file (self->features, &error);
  g_autoptr (SbCsvTable) table =
      features != NULL ? sb_csv_table_load (self->path, cancellable, &error) : NULL;
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (JsonArray) games = json_array_new ();
  g_autoptr (GArray) scores = NULL;

  if (table != NULL && !encode_all (features, table, games, lines, rows))
    g_set_error_literal (&error,
                         SB_ERROR,
                         SB_ERROR_INVALID,
                         _ ("No row of the file describes a game; it needs the columns Platform, "
                            "Genre, Publisher, Rating, Critic_Score and User_Score"));
  else if (table != NULL)
    scores = sb_work_score (
        self->client, self->endpoint, (const char *const *) lines->pdata, cancellable, &error);
  if (scores == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  for (guint i = 0; i < rows->len; i++)
    json_object_set_double_member (json_array_get_object_element (games,
                                                                  g_array_index (rows, guint, i)),
                                   "score",
                                   g_array_index (scores, double, i));
  g_task_return_pointer (task, g_steal_pointer (&games), (GDestroyNotify) json_array_unref);
}

/**
 * sb_run_predict_csv_async:
 * @self: a run whose endpoint is in service
 * @path: a CSV file of games
 * @cancellable: (nullable): a cancellable
 * @callback: called with the answer
 * @user_data: data for @callback
 */
void
sb_run_predict_csv_async (SbRun *self,
                          const char *path,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Prediction *prediction = prediction_new (self);

  prediction->path = g_strdup (path);
  g_task_set_source_tag (task, sb_run_predict_csv_async);
  g_task_set_task_data (task, prediction, (GDestroyNotify) prediction_free);
  g_task_run_in_thread (task, predict_csv_in_thread);
}

/**
 * sb_run_predict_csv_finish:
 * @self: a run
 * @result: what the callback got
 * @error: why there is no answer
 *
 * Returns: (transfer full) (nullable): the games in their order, each with its `score`, or with
 *   the `problem` why there is none
 */
JsonArray *
sb_run_predict_csv_finish (SbRun *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
