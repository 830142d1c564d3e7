/* sb-picture.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gdk-pixbuf/gdk-pixbuf.h>

G_BEGIN_DECLS

/* Width and height of a digit, in pixels, as in MNIST. */
#define SB_DIGIT_SIDE 28
#define SB_DIGIT_SIZE (SB_DIGIT_SIDE * SB_DIGIT_SIDE)

gboolean sb_pixbuf_to_digit (const GdkPixbuf *pixbuf, float *out);
gboolean sb_picture_to_digit (const void *data, gsize length, float *out, GError **error);
gboolean sb_grey_to_digit (const float *grey, int width, int height, float *out);

G_END_DECLS
