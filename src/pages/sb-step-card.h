/* sb-step-card.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-run.h"

G_BEGIN_DECLS

#define SB_TYPE_STEP_CARD (sb_step_card_get_type ())
G_DECLARE_FINAL_TYPE (SbStepCard, sb_step_card, SB, STEP_CARD, AdwBin)

GtkWidget *sb_step_card_new (SbStep *step);
SbStep *sb_step_card_get_step (SbStepCard *self);
void sb_step_card_run (SbStepCard *self);

G_END_DECLS
