/* sb-predict-form.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-run.h"

G_BEGIN_DECLS

#define SB_TYPE_PREDICT_FORM (sb_predict_form_get_type ())
G_DECLARE_FINAL_TYPE (SbPredictForm, sb_predict_form, SB, PREDICT_FORM, AdwBin)

GtkWidget *sb_predict_form_new (SbRun *run, JsonObject *result);

G_END_DECLS
