/* sb-digit-pad.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-run.h"

G_BEGIN_DECLS

#define SB_TYPE_DIGIT_PAD (sb_digit_pad_get_type ())
G_DECLARE_FINAL_TYPE (SbDigitPad, sb_digit_pad, SB, DIGIT_PAD, AdwBin)

GtkWidget *sb_digit_pad_new (SbRun *run);

G_END_DECLS
