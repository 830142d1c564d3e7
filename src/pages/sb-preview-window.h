/* sb-preview-window.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "cloud/sb-client.h"

G_BEGIN_DECLS

#define SB_TYPE_PREVIEW_WINDOW (sb_preview_window_get_type ())
G_DECLARE_FINAL_TYPE (SbPreviewWindow, sb_preview_window, SB, PREVIEW_WINDOW, AdwWindow)

void sb_preview_window_show (GtkWidget *parent,
                             SbClient *client,
                             const char *bucket,
                             const char *key,
                             guint64 size);

G_END_DECLS
