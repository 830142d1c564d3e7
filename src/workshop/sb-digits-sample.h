/* sb-digits-sample.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "formats/sb-picture.h"
#include "workshop/sb-mt19937.h"

G_BEGIN_DECLS

void sb_digits_sample_draw (SbMt19937 *random, guint digit, guint8 pixels[SB_DIGIT_SIZE]);
gboolean sb_digits_sample_write (const char *images,
                                 const char *labels,
                                 guint32 seed,
                                 guint n,
                                 GError **error);

G_END_DECLS
