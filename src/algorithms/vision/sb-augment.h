/* sb-augment.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which part of a photo training sees, and how it varies it.
 */

#pragma once

#include "algorithms/vision/sb-input.h"

G_BEGIN_DECLS

void sb_augment_middle (const SbLoaderOptions *options, const SbPhoto *photo, guint8 *out);
void
sb_augment (const SbLoaderOptions *options, const SbPhoto *photo, SbRandom *random, guint8 *out);

G_END_DECLS
