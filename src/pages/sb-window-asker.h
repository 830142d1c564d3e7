/* sb-window-asker.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "cloud/sb-asker.h"

G_BEGIN_DECLS

#define SB_TYPE_WINDOW_ASKER (sb_window_asker_get_type ())
G_DECLARE_FINAL_TYPE (SbWindowAsker, sb_window_asker, SB, WINDOW_ASKER, GObject)

SbAsker *sb_window_asker_new (GtkApplication *application);

G_END_DECLS
