/* sb-journal-entry-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-journal-entry.h"

G_BEGIN_DECLS

SbJournalEntry *_sb_journal_entry_new (JsonObject *json, const char *const *secrets);

G_END_DECLS
