/* sb-digits-data.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which files of a channel are read by which worker.
 */

#pragma once

#include "algorithms/vision/sb-images.h"

G_BEGIN_DECLS

#define SB_DIGITS_CLASSES 10

SbImages *sb_digits_load_channel (const char *channel, gboolean required, GError **error);

G_END_DECLS
