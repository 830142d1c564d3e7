/* sb-workshop.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-connection.h"
#include "cloud/sb-journal.h"
#include "workshop/sb-module-store.h"
#include "workshop/sb-run.h"

G_BEGIN_DECLS

#define SB_TYPE_WORKSHOP (sb_workshop_get_type ())
G_DECLARE_FINAL_TYPE (SbWorkshop, sb_workshop, SB, WORKSHOP, GObject)

SbWorkshop *sb_workshop_new (const char *data_dir, SbConnection *connection);
const char *sb_workshop_get_data_dir (SbWorkshop *self);
SbConnection *sb_workshop_get_connection (SbWorkshop *self);
SbModuleStore *sb_workshop_get_modules (SbWorkshop *self);
SbJournal *sb_workshop_get_journal (SbWorkshop *self);
GListModel *sb_workshop_get_runs (SbWorkshop *self);
SbRun *sb_workshop_get_run (SbWorkshop *self, const char *module_id, GError **error);
SbRun *sb_workshop_start_over (SbWorkshop *self, const char *module_id, GError **error);

G_END_DECLS
