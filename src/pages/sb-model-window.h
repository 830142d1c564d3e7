/* sb-model-window.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-run.h"

G_BEGIN_DECLS

#define SB_TYPE_MODEL_WINDOW (sb_model_window_get_type ())
G_DECLARE_FINAL_TYPE (SbModelWindow, sb_model_window, SB, MODEL_WINDOW, AdwWindow)

void sb_model_window_show (GtkWidget *parent, SbRun *run);
void sb_model_window_import (GtkWidget *parent, SbRun *run);

G_END_DECLS
