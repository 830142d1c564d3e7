/* sb-journal-page.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "workshop/sb-workshop.h"

G_BEGIN_DECLS

#define SB_TYPE_JOURNAL_PAGE (sb_journal_page_get_type ())
G_DECLARE_FINAL_TYPE (SbJournalPage, sb_journal_page, SB, JOURNAL_PAGE, AdwBin)

GtkWidget *sb_journal_page_new (SbWorkshop *workshop);

G_END_DECLS
