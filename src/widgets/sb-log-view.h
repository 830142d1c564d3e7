/* sb-log-view.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define SB_TYPE_LOG_VIEW (sb_log_view_get_type ())
G_DECLARE_FINAL_TYPE (SbLogView, sb_log_view, SB, LOG_VIEW, AdwBin)

GtkWidget *sb_log_view_new (void);
void sb_log_view_append (SbLogView *self, const GPtrArray *lines, guint from);
void sb_log_view_clear (SbLogView *self);

G_END_DECLS
