/* sb-window.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "cloud/sb-connection-store.h"
#include "workshop/sb-workshop.h"

G_BEGIN_DECLS

#define SB_TYPE_WINDOW (sb_window_get_type ())
G_DECLARE_FINAL_TYPE (SbWindow, sb_window, SB, WINDOW, AdwApplicationWindow)

GtkWidget *sb_window_new (AdwApplication *application, GSettings *settings);
void sb_window_set_workshop (SbWindow *self, SbWorkshop *workshop);
SbWindow *sb_window_find (GtkApplication *application);
void sb_window_show_page (SbWindow *self, const char *page);
void sb_window_set_store (SbWindow *self, SbConnectionStore *store);
void sb_window_forget_connection (SbWindow *self, const char *id);
void sb_window_toast (SbWindow *self, const char *text);
void sb_window_open (SbWindow *self, GFile *file);
void sb_window_show_problem (SbWindow *self, const GError *error);

G_END_DECLS
