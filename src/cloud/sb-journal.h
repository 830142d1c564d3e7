/* sb-journal.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-journal-entry.h"

G_BEGIN_DECLS

#define SB_TYPE_JOURNAL (sb_journal_get_type ())
G_DECLARE_FINAL_TYPE (SbJournal, sb_journal, SB, JOURNAL, GObject)

SbJournal *sb_journal_new (const char *path, GError **error);
const char *sb_journal_get_path (SbJournal *self);
void sb_journal_append (SbJournal *self, SbJournalEntry *entry);
GPtrArray *
sb_journal_dup_entries (SbJournal *self, const char *module, const char *run, const char *step);

G_END_DECLS
