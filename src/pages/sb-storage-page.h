/* sb-storage-page.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "cloud/sb-connection.h"
#include "cloud/sb-journal.h"

G_BEGIN_DECLS

#define SB_TYPE_STORAGE_PAGE (sb_storage_page_get_type ())
G_DECLARE_FINAL_TYPE (SbStoragePage, sb_storage_page, SB, STORAGE_PAGE, AdwBin)

GtkWidget *sb_storage_page_new (SbConnection *connection, SbJournal *journal);

G_END_DECLS
