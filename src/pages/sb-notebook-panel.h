/* sb-notebook-panel.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "cloud/sb-client.h"

G_BEGIN_DECLS

#define SB_TYPE_NOTEBOOK_PANEL (sb_notebook_panel_get_type ())
G_DECLARE_FINAL_TYPE (SbNotebookPanel, sb_notebook_panel, SB, NOTEBOOK_PANEL, AdwBin)

GtkWidget *sb_notebook_panel_new (SbClient *client, const char *name);

G_END_DECLS
