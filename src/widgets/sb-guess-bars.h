/* sb-guess-bars.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "widgets/sb-photo-entry.h"

G_BEGIN_DECLS

#define SB_TYPE_GUESS_BARS (sb_guess_bars_get_type ())
G_DECLARE_FINAL_TYPE (SbGuessBars, sb_guess_bars, SB, GUESS_BARS, GtkWidget)

GtkWidget *sb_guess_bars_new (void);
void sb_guess_bars_set_guesses (SbGuessBars *self, const SbPhotoGuess *guesses, guint n);

G_END_DECLS
