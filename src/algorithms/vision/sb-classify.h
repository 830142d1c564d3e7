/* sb-classify.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The algorithm `image-classification`.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

int sb_classify_train (char **argv);
int sb_classify_serve (void);

G_END_DECLS
