/* sb-xgboost-train.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "algorithms/contract/sb-contract.h"
#include "algorithms/xgboost/sb-xgboost.h"
#include "wire/sb-algorithm.h"
#include "wire/sb-json.h"

/* Rarely enough that a short job never pays for it. */
#define CHECKPOINT_INTERVAL (2 * G_USEC_PER_SEC)
/* With so many rows splits are no longer searched exactly. */
#define EXACT_ROWS (1 << 22)

typedef struct
{
  JsonObject *hyperparameters;
  DMatrixHandle matrices[2];
  const char *names[2];
  guint n_matrices;
  BoosterHandle booster;
  int rounds;
  int first_round;
  int done_rounds;
  int patience; /* early stopping; 0 is off */
  int best_round;
  double best_score;
  gboolean maximize;
  char *checkpoint;
  gint64 last_checkpoint;
} Training;

static volatile sig_atomic_t stop_wanted;

static void
on_stop (int number)
{
  stop_wanted = 1;
}

static const char *
get (const Training *self, const char *name, const char *fallback)
{
  const char *value = sb_json_get_string (self->hyperparameters, name, fallback);

  return value != NULL && *value != '\0' ? value : fallback;
}

static void
say_info (const char *text)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *stamp = g_date_time_format (now, "%Y-%m-%d:%H:%M:%S");

  sb_contract_say ("[%s:INFO] %s", stamp, text);
}

static gboolean
check_combination (const Training *self, GError **error)
{
  const char *objective = get (self, "objective", "reg:squarederror");
  const char *metric = get (self, "eval_metric", "");
  gboolean ranks = g_str_has_prefix (objective, "binary:") || g_str_has_prefix (objective, "rank:");

  if (g_str_has_prefix (objective, "multi:") && get (self, "num_class", NULL) == NULL)
    {
      g_set_error (error,
                   SB_XGBOOST_ERROR,
                   SB_XGBOOST_ERROR_FAILED,
                   "ClientError: Require input for parameter 'num_class' for multi-classification");
      return FALSE;
    }
  if (strstr (metric, "auc") != NULL && !ranks)
    {
      g_set_error (error,
                   SB_XGBOOST_ERROR,
                   SB_XGBOOST_ERROR_FAILED,
                   "ClientError: Metric 'auc' can only be applied for classification and ranking "
                   "problems, not for %s.",
                   objective);
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_hyperparameters (Training *self, GError **error)
{
  g_autoptr (GError) local = NULL;

  self->hyperparameters = sb_contract_read_hyperparameters (error);
  if (self->hyperparameters == NULL)
    return FALSE;
  if (!sb_algorithm_check_hyperparameters (sb_algorithm_find ("xgboost"),
                                           self->hyperparameters,
                                           &local))
    {
      g_set_error (
          error, SB_XGBOOST_ERROR, SB_XGBOOST_ERROR_FAILED, "ClientError: %s", local->message);
      return FALSE;
    }
  self->rounds = (int) g_ascii_strtoll (get (self, "num_round", "1"), NULL, 10);
  self->patience = (int) g_ascii_strtoll (get (self, "early_stopping_rounds", "0"), NULL, 10);
  return check_combination (self, error);
}

static gboolean
add_matrix (Training *self, const char *name, const SbSparse *data, guint32 columns, GError **error)
{
  DMatrixHandle matrix = sb_xgboost_make_matrix (data, columns, error);

  if (matrix == NULL)
    return FALSE;
  self->matrices[self->n_matrices] = matrix;
  self->names[self->n_matrices++] = name;
  sb_contract_say ("%" G_GUINT64_FORMAT "x%u matrix with %u entries loaded from "
                   "/opt/ml/input/data/%s",
                   sb_sparse_get_n_rows (data),
                   columns,
                   data->indices->len,
                   name);
  return TRUE;
}

static gboolean
load_data (Training *self, GError **error)
{
  gboolean weights = strcmp (get (self, "csv_weights", "0"), "1") == 0;
  g_autoptr (GError) local = NULL;
  g_autoptr (SbSparse) train = sb_xgboost_load_channel ("train", weights, &local);
  g_autoptr (SbSparse) validation = NULL;
  g_autofree char *size = NULL;
  guint32 columns;

  if (train != NULL)
    validation = sb_xgboost_load_channel ("validation", weights, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (train == NULL)
    {
      g_set_error (error,
                   SB_XGBOOST_ERROR,
                   SB_XGBOOST_ERROR_FAILED,
                   "ClientError: the training job has no channel “train”");
      return FALSE;
    }
  columns = MAX (train->n_columns, validation != NULL ? validation->n_columns : 0);
  if (!add_matrix (self, "train", train, columns, error) ||
      (validation != NULL && !add_matrix (self, "validation", validation, columns, error)))
    return FALSE;
  size = g_strdup_printf ("Train matrix has %" G_GUINT64_FORMAT " rows and %u columns",
                          sb_sparse_get_n_rows (train),
                          columns);
  say_info (size);
  if (validation != NULL)
    {
      g_autofree char *rows = g_strdup_printf ("Validation matrix has %" G_GUINT64_FORMAT " rows",
                                               sb_sparse_get_n_rows (validation));

      say_info (rows);
    }
  return TRUE;
}

/* What XGBoost itself does not know, or knows under another name. */
static gboolean
is_ours (const char *name)
{
  static const char *const ours[] = {
    "num_round",  "early_stopping_rounds",     "csv_weights",           "silent",
    "sketch_eps", "save_model_on_termination", "use_dask_gpu_training", "dsplit",
    NULL
  };

  return *name == '_' || g_str_has_prefix (name, "sagemaker_") || g_strv_contains (ours, name);
}

static gboolean
set_parameter (Training *self, const char *name, const char *value, GError **error)
{
  g_auto (GStrv) items = NULL;

  if (strcmp (name, "objective") == 0 && strcmp (value, "reg:linear") == 0)
    value = "reg:squarederror";
  if (strcmp (name, "eval_metric") != 0)
    return sb_xgboost_check (XGBoosterSetParam (self->booster, name, value), error);
  items = g_strsplit (value, ",", -1);
  for (guint i = 0; items[i] != NULL; i++)
    if (!sb_xgboost_check (XGBoosterSetParam (self->booster, name, g_strstrip (items[i])), error))
      return FALSE;
  return TRUE;
}

/* How splits are searched when nobody says it: XGBoost's documentation, versions before 2.0. */
static const char *
choose_tree_method (Training *self)
{
  bst_ulong n_rows = 0;

  XGDMatrixNumRow (self->matrices[0], &n_rows);
  return n_rows < EXACT_ROWS ? "exact" : "approx";
}

/* SageMaker's image 1.7-1 sets the measure. XGBoost 2.0 has other defaults of its own, and a model
 * would depend on the distribution. */
static gboolean
set_defaults (Training *self, GError **error)
{
  g_autofree char *threads = g_strdup_printf ("%u", sb_contract_get_n_threads ());
  gboolean trees = strcmp (get (self, "booster", "gbtree"), "gblinear") != 0;

  return set_parameter (self, "nthread", threads, error) &&
         set_parameter (self, "base_score", "0.5", error) &&
         (!trees || set_parameter (self, "tree_method", choose_tree_method (self), error));
}

static gboolean
is_default (const char *name, const char *value)
{
  return *value == '\0' || (strcmp (name, "tree_method") == 0 && strcmp (value, "auto") == 0);
}

static gboolean
set_parameters (Training *self, GError **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (!set_defaults (self, error))
    return FALSE;
  json_object_iter_init_ordered (&iter, self->hyperparameters);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    if (!is_ours (name) && !is_default (name, json_node_get_string (node)) &&
        !set_parameter (self, name, json_node_get_string (node), error))
      return FALSE;
  return TRUE;
}

static gboolean
resume (Training *self, GError **error)
{
  int rounds;

  if (!g_file_test (self->checkpoint, G_FILE_TEST_EXISTS))
    return TRUE;
  if (!sb_xgboost_check (XGBoosterLoadModel (self->booster, self->checkpoint), error) ||
      !sb_xgboost_check (XGBoosterBoostedRounds (self->booster, &rounds), error))
    return FALSE;
  self->first_round = rounds;
  self->done_rounds = rounds;
  sb_contract_say ("Resuming from the checkpoint after round %d", rounds - 1);
  return TRUE;
}

static gboolean
make_booster (Training *self, GError **error)
{
  return sb_xgboost_check (XGBoosterCreate (self->matrices, self->n_matrices, &self->booster),
                           error) &&
         set_parameters (self, error) && resume (self, error);
}

/* "[0]\ttrain-auc:0.77741935483870972" comes with all digits; five are what people know. */
static char *
shorten (const char *line)
{
  g_auto (GStrv) parts = g_strsplit (line, "\t", -1);
  GString *text = g_string_new (parts[0]);

  for (guint i = 1; parts[i - 1] != NULL && parts[i] != NULL; i++)
    {
      char *colon = strrchr (parts[i], ':');

      if (colon == NULL)
        continue;
      *colon = '\0';
      g_string_append_printf (text, "\t%s:%.5f", parts[i], g_ascii_strtod (colon + 1, NULL));
    }
  return g_string_free (text, FALSE);
}

/* The last measure on the last part of the data is the one that stops. */
static double
last_score (const char *line)
{
  const char *colon = strrchr (line, ':');

  return colon != NULL ? g_ascii_strtod (colon + 1, NULL) : NAN;
}

static gboolean
is_maximised (const char *line)
{
  const SbAlgorithm *algorithm = sb_algorithm_find ("xgboost");
  const GPtrArray *metrics = sb_algorithm_get_metrics (algorithm);
  const char *tab = strrchr (line, '\t');
  const char *dash = tab != NULL ? strchr (tab, '-') : NULL;
  g_autofree char *name = dash != NULL ? g_strndup (dash + 1, strcspn (dash + 1, ":@")) : NULL;
  g_autofree char *full = g_strconcat ("validation:", name, NULL);

  for (guint i = 0; i < metrics->len; i++)
    {
      const SbMetricDefinition *metric = metrics->pdata[i];

      if (strcmp (metric->name, full) == 0)
        return metric->maximize;
    }
  return FALSE;
}

/* Returns whether it is time to stop. */
static gboolean
watch_score (Training *self, int round, const char *line)
{
  double score = last_score (line);

  if (round == self->first_round)
    self->maximize = is_maximised (line);
  if (round == self->first_round ||
      (self->maximize ? score > self->best_score : score < self->best_score))
    {
      self->best_round = round;
      self->best_score = score;
    }
  return self->patience > 0 && round - self->best_round >= self->patience;
}

static gboolean
save_atomically (Training *self, const char *path, GError **error)
{
  g_autofree char *temporary = g_strconcat (path, ".part", NULL);

  if (!sb_xgboost_check (XGBoosterSaveModel (self->booster, temporary), error))
    return FALSE;
  if (g_rename (temporary, path) == 0)
    return TRUE;
  g_set_error (error,
               SB_XGBOOST_ERROR,
               SB_XGBOOST_ERROR_FAILED,
               "The model cannot be saved: %s",
               g_strerror (errno));
  return FALSE;
}

static gboolean
save_checkpoint (Training *self, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (self->checkpoint);
  gint64 now = g_get_monotonic_time ();

  if (now - self->last_checkpoint < CHECKPOINT_INTERVAL ||
      !g_file_test (folder, G_FILE_TEST_IS_DIR))
    return TRUE;
  self->last_checkpoint = now;
  return save_atomically (self, self->checkpoint, error);
}

static gboolean
boost (Training *self, GError **error)
{
  self->last_checkpoint = g_get_monotonic_time ();
  for (int round = self->first_round; round < self->rounds && !stop_wanted; round++)
    {
      const char *line;
      g_autofree char *text = NULL;

      if (!sb_xgboost_check (XGBoosterUpdateOneIter (self->booster, round, self->matrices[0]),
                             error) ||
          !sb_xgboost_check (
              XGBoosterEvalOneIter (
                  self->booster, round, self->matrices, self->names, self->n_matrices, &line),
              error))
        return FALSE;
      text = shorten (line);
      sb_contract_say ("%s", text);
      self->done_rounds = round + 1;
      if (watch_score (self, round, text))
        {
          sb_contract_say ("Stopping. Best iteration: %d", self->best_round);
          break;
        }
      if (!save_checkpoint (self, error))
        return FALSE;
    }
  return TRUE;
}

/* With early stopping the model ends where it was best. */
static gboolean
cut_to_best (Training *self, GError **error)
{
  BoosterHandle best;

  if (self->patience == 0 || self->best_round + 1 >= self->done_rounds ||
      strcmp (get (self, "booster", "gbtree"), "gblinear") == 0)
    return TRUE;
  if (!sb_xgboost_check (XGBoosterSlice (self->booster, 0, self->best_round + 1, 1, &best), error))
    return FALSE;
  XGBoosterFree (self->booster);
  self->booster = best;
  return TRUE;
}

static JsonObject *
read_importance (Training *self, const char *type, GError **error)
{
  g_autofree char *config = g_strdup_printf ("{\"importance_type\":\"%s\"}", type);
  bst_ulong n_features;
  bst_ulong dimensions;
  const bst_ulong *shape;
  const char **features;
  const float *scores;
  JsonObject *object;

  if (!sb_xgboost_check (
          XGBoosterFeatureScore (
              self->booster, config, &n_features, &features, &dimensions, &shape, &scores),
          error))
    return NULL;
  object = json_object_new ();
  for (bst_ulong i = 0; i < n_features; i++)
    json_object_set_double_member (object, features[i], scores[i]);
  return object;
}

static gboolean
save_importance (Training *self, GError **error)
{
  static const char *const types[] = { "gain", "weight", "cover" };
  g_autofree char *folder = sb_contract_path ("output", "data", NULL);
  g_autofree char *path = g_build_filename (folder, "feature_importance.json", NULL);
  g_autoptr (JsonObject) all = json_object_new ();

  if (strcmp (get (self, "booster", "gbtree"), "gblinear") == 0)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      JsonObject *scores = read_importance (self, types[i], error);

      if (scores == NULL)
        return FALSE;
      json_object_set_object_member (all, types[i], scores);
    }
  g_mkdir_with_parents (folder, 0700);
  return sb_json_save_file (all, path, error);
}

static gboolean
save (Training *self, GError **error)
{
  g_autofree char *folder = sb_contract_path ("model", NULL);
  g_autofree char *path = g_build_filename (folder, "xgboost-model", NULL);

  if (self->done_rounds == 0)
    return TRUE;
  g_mkdir_with_parents (folder, 0700);
  return cut_to_best (self, error) && save_atomically (self, path, error) &&
         save_importance (self, error);
}

static void
training_clear (Training *self)
{
  if (self->booster != NULL)
    XGBoosterFree (self->booster);
  for (guint i = 0; i < self->n_matrices; i++)
    XGDMatrixFree (self->matrices[i]);
  g_clear_pointer (&self->hyperparameters, json_object_unref);
  g_free (self->checkpoint);
}

/**
 * sb_xgboost_train:
 *
 * Returns: the program's exit status
 */
int
sb_xgboost_train (void)
{
  Training self = { 0 };
  g_autoptr (GError) error = NULL;
  struct sigaction action = { .sa_handler = on_stop };
  gboolean done;

  sigaction (SIGTERM, &action, NULL);
  sb_contract_say ("Arguments: train");
  say_info ("Running standalone xgboost training.");
  self.checkpoint = sb_contract_path ("checkpoints", "xgboost-checkpoint", NULL);
  done = read_hyperparameters (&self, &error) && load_data (&self, &error) &&
         make_booster (&self, &error) && boost (&self, &error) && save (&self, &error);
  if (!done)
    sb_contract_write_failure (error->message);
  training_clear (&self);
  return done ? 0 : 1;
}
