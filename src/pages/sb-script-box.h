/* sb-script-box.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-run.h"

G_BEGIN_DECLS

#define SB_TYPE_SCRIPT_BOX (sb_script_box_get_type ())
G_DECLARE_FINAL_TYPE (SbScriptBox, sb_script_box, SB, SCRIPT_BOX, AdwBin)

GtkWidget *sb_script_box_new (SbStep *step);

G_END_DECLS
