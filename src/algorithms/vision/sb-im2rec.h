/* sb-im2rec.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

int sb_im2rec (int argc, char **argv);

G_END_DECLS
