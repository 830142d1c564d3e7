/* sb-colour.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

void sb_colour_shift (guint8 *pixels, gsize n, float hue, float saturation, float lightness);

G_END_DECLS
