/* sb-my-digits.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "formats/sb-picture.h"

G_BEGIN_DECLS

/**
 * SbMyDigits:
 * @n: how many
 * @pixels: SB_DIGIT_SIZE bytes for each, ink from 0 to 255
 * @labels: 0 to 9, one for each
 *
 * The digits that a person drew and named. They are one file, to which each new one is appended: a
 * byte with the label, then the pixels. What a crash left half written at its end does not count.
 */
typedef struct
{
  guint n;
  GByteArray *pixels;
  GByteArray *labels;
} SbMyDigits;

char *sb_my_digits_get_path (const char *run_folder);
SbMyDigits *sb_my_digits_load (const char *path, GError **error);
void sb_my_digits_free (SbMyDigits *self);
gboolean sb_my_digits_add (const char *path,
                           guint label,
                           const guint8 pixels[SB_DIGIT_SIZE],
                           GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbMyDigits, sb_my_digits_free)

G_END_DECLS
