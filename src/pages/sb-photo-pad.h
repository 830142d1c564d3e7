/* sb-photo-pad.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-run.h"

G_BEGIN_DECLS

#define SB_TYPE_PHOTO_PAD (sb_photo_pad_get_type ())
G_DECLARE_FINAL_TYPE (SbPhotoPad, sb_photo_pad, SB, PHOTO_PAD, AdwBin)

GtkWidget *sb_photo_pad_new (SbRun *run);

G_END_DECLS
