/* sb-step-extra.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "workshop/sb-run.h"

G_BEGIN_DECLS

GtkWidget *sb_step_extra_new (SbStep *step, JsonObject *result, GtkWidget *chart);
gboolean sb_step_extra_comes_last (JsonObject *result);

G_END_DECLS
