/* sb-predict.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "formats/sb-csv.h"
#include "workshop/sb-run.h"

G_BEGIN_DECLS

double sb_predict_game (SbRun *run, JsonObject *fields, GCancellable *cancellable, GError **error);
void sb_predict_game_async (SbRun *run,
                            JsonObject *fields,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
double sb_predict_game_finish (SbRun *run, GAsyncResult *result, GError **error);
SbCsvTable *sb_predict_csv (SbRun *run,
                            const char *path,
                            GCancellable *cancellable,
                            GArray **scores,
                            GError **error);
void sb_predict_csv_async (SbRun *run,
                           const char *path,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
SbCsvTable *
sb_predict_csv_finish (SbRun *run, GAsyncResult *result, GArray **scores, GError **error);

G_END_DECLS
