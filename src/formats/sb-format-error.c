/* sb-format-error.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "formats/sb-format-error.h"

G_DEFINE_QUARK (sb - format - error - quark, sb_format_error)
