/* sb-step-sources.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-step.h"

G_BEGIN_DECLS

#define SB_TYPE_STEP_SOURCES (sb_step_sources_get_type ())
G_DECLARE_FINAL_TYPE (SbStepSources, sb_step_sources, SB, STEP_SOURCES, AdwBin)

GtkWidget *sb_step_sources_new (SbStep *step);

G_END_DECLS
