/* sb-run.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-client.h"
#include "formats/sb-picture.h"
#include "workshop/sb-ledger.h"
#include "workshop/sb-module.h"
#include "workshop/sb-step.h"

G_BEGIN_DECLS

/**
 * SbRunFlags:
 * @SB_RUN_DEFAULT: every step but Clean Up and the optional ones
 * @SB_RUN_WITH_CLEAN_UP: Clean Up too
 */
typedef enum
{
  SB_RUN_DEFAULT = 0,
  SB_RUN_WITH_CLEAN_UP = 1 << 0,
} SbRunFlags;

#define SB_TYPE_RUN (sb_run_get_type ())
G_DECLARE_FINAL_TYPE (SbRun, sb_run, SB, RUN, GObject)

const char *sb_run_get_id (SbRun *self);
SbModule *sb_run_get_module (SbRun *self);
SbConnection *sb_run_get_connection (SbRun *self);
SbClient *sb_run_get_client (SbRun *self);
const char *sb_run_get_folder (SbRun *self);
GListModel *sb_run_get_steps (SbRun *self);
SbStep *sb_run_find_step (SbRun *self, const char *id);
SbStep *sb_run_find_step_of_kind (SbRun *self, const char *kind);
SbLedger *sb_run_get_ledger (SbRun *self);
guint sb_run_get_n_done (SbRun *self);
guint sb_run_get_n_wanted (SbRun *self);
gboolean sb_run_get_running (SbRun *self);
gboolean sb_run_is_interrupted (SbRun *self);
gboolean sb_run_save (SbRun *self, GError **error);

void sb_run_execute_async (SbRun *self,
                           const char *step_id,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
void sb_run_execute_all_async (SbRun *self,
                               SbRunFlags flags,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
void sb_run_resume_async (SbRun *self, GAsyncReadyCallback callback, gpointer user_data);
void sb_run_import_model_async (SbRun *self,
                                const char *path,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean sb_run_execute_finish (SbRun *self, GAsyncResult *result, GError **error);
void sb_run_stop (SbRun *self);

void sb_run_predict_game_async (SbRun *self,
                                JsonObject *fields,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
double sb_run_predict_game_finish (SbRun *self, GAsyncResult *result, GError **error);
void sb_run_predict_csv_async (SbRun *self,
                               const char *path,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
JsonArray *sb_run_predict_csv_finish (SbRun *self, GAsyncResult *result, GError **error);

/* Digits that there are. */
#define SB_DIGIT_CLASSES 10

/**
 * SbDigitReading:
 * @probabilities: of each digit
 * @digit: the likeliest
 * @milliseconds: from the question to the answer
 */
typedef struct
{
  double probabilities[SB_DIGIT_CLASSES];
  guint digit;
  double milliseconds;
} SbDigitReading;

void sb_run_predict_digit_async (SbRun *self,
                                 const guint8 pixels[SB_DIGIT_SIZE],
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
SbDigitReading *sb_run_predict_digit_finish (SbRun *self, GAsyncResult *result, GError **error);
gboolean sb_run_name_digit (SbRun *self,
                            const guint8 pixels[SB_DIGIT_SIZE],
                            guint label,
                            guint *n,
                            GError **error);

G_END_DECLS
