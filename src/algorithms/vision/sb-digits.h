/* sb-digits.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

int sb_digits_train (char **argv);
int sb_digits_serve (void);

G_END_DECLS
