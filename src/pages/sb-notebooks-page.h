/* sb-notebooks-page.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-resources.h"

G_BEGIN_DECLS

#define SB_TYPE_NOTEBOOKS_PAGE (sb_notebooks_page_get_type ())
G_DECLARE_FINAL_TYPE (SbNotebooksPage, sb_notebooks_page, SB, NOTEBOOKS_PAGE, AdwBin)

GtkWidget *sb_notebooks_page_new (SbResources *resources);

G_END_DECLS
