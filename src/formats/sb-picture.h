/* sb-picture.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean sb_picture_to_digit (const void *data, gsize length, float *out, GError **error);
gboolean sb_grey_to_digit (const float *grey, int width, int height, float *out);

G_END_DECLS
