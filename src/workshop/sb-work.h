/* sb-work.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the kinds of steps do. Everything here runs in a worker thread.
 */

#pragma once

#include "workshop/sb-step-private.h"

G_BEGIN_DECLS

/**
 * SbWork:
 * @step: the step; to be told of progress with sb_work_progress() and the like only
 * @client: makes the calls, labelled with module, run and step
 * @ledger: is told of everything before it is created
 * @module: the module's document
 * @id: the step's id
 * @run: the run's id
 * @values: its form's values
 * @results: (element-type utf8 JsonObject): results of the steps before it, by kind
 * @folder: the run's folder
 * @resume: whether it was interrupted and may find what it has begun
 * @import: (nullable): a file with a model, which takes the place of one that would be trained
 *
 * One execution of a step.
 */
typedef struct
{
  SbStep *step;
  SbClient *client;
  SbLedger *ledger;
  JsonObject *module;
  char *id;
  char *run;
  JsonObject *values;
  GHashTable *results;
  char *folder;
  gboolean resume;
  char *import;
  GCancellable *cancellable;
} SbWork;

typedef JsonObject *(*SbWorkFunc) (SbWork *work, GError **error);

SbWorkFunc sb_work_find (const char *kind, const char *data);
void sb_work_progress (SbWork *work, double fraction, const char *text);
void sb_work_partial (SbWork *work, JsonObject *result);
void sb_work_log (SbWork *work, GPtrArray *lines);
char *sb_work_path (SbWork *work, const char *name);
JsonArray *sb_work_make_tags (SbWork *work);
JsonObject *sb_work_result (SbWork *work, const char *kind);
void sb_work_add_fact (JsonArray *facts, const char *name, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
void sb_work_on_downloaded (guint64 done, guint64 total, gpointer user_data);

char *sb_work_lookup_account (SbWork *work, const char *what);
gboolean sb_work_settle_account (SbWork *work, const char *what, const char *value, GError **error);
JsonObject *sb_work_create (SbWork *work, const char *operation, JsonObject *input, GError **error);

JsonObject *sb_work_bucket (SbWork *work, GError **error);
JsonObject *sb_work_role (SbWork *work, GError **error);
JsonObject *sb_work_notebook (SbWork *work, GError **error);
char *sb_work_ensure_bucket (SbWork *work, GError **error);
char *sb_work_find_image (SbWork *work, GError **error);
char *sb_work_find_role (SbWork *work, GError **error);
JsonObject *sb_work_choose_data (SbWork *work, GError **error);
JsonObject *sb_work_explore (SbWork *work, GError **error);
JsonObject *sb_work_prepare (SbWork *work, GError **error);
JsonObject *sb_work_upload (SbWork *work, GError **error);
JsonObject *sb_work_train (SbWork *work, GError **error);
JsonObject *sb_work_import (SbWork *work, GError **error);
JsonObject *sb_work_deploy (SbWork *work, GError **error);
JsonObject *sb_work_predict (SbWork *work, GError **error);
JsonObject *sb_work_evaluate (SbWork *work, GError **error);
JsonObject *sb_work_choose_digits (SbWork *work, GError **error);
JsonObject *sb_work_explore_digits (SbWork *work, GError **error);
JsonObject *sb_work_predict_digits (SbWork *work, GError **error);
JsonObject *sb_work_evaluate_digits (SbWork *work, GError **error);
JsonObject *sb_work_choose_photos (SbWork *work, GError **error);
JsonObject *sb_work_explore_photos (SbWork *work, GError **error);
JsonObject *sb_work_prepare_photos (SbWork *work, GError **error);
JsonObject *sb_work_upload_photos (SbWork *work, GError **error);
JsonObject *sb_work_predict_photos (SbWork *work, GError **error);
JsonObject *sb_work_evaluate_photos (SbWork *work, GError **error);
JsonObject *sb_work_clean_up (SbWork *work, GError **error);

GArray *sb_work_score (SbClient *client,
                       const char *endpoint,
                       const char *const *lines,
                       GCancellable *cancellable,
                       GError **error);

G_END_DECLS
