/* sb-journal-entry.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define SB_TYPE_JOURNAL_ENTRY (sb_journal_entry_get_type ())
G_DECLARE_FINAL_TYPE (SbJournalEntry, sb_journal_entry, SB, JOURNAL_ENTRY, GObject)

SbJournalEntry *sb_journal_entry_new_from_json (JsonObject *json);
JsonObject *sb_journal_entry_get_json (SbJournalEntry *self);
double sb_journal_entry_get_time (SbJournalEntry *self);
double sb_journal_entry_get_duration (SbJournalEntry *self);
const char *sb_journal_entry_get_module (SbJournalEntry *self);
const char *sb_journal_entry_get_run (SbJournalEntry *self);
const char *sb_journal_entry_get_step (SbJournalEntry *self);
const char *sb_journal_entry_get_connection (SbJournalEntry *self);
const char *sb_journal_entry_get_region (SbJournalEntry *self);
const char *sb_journal_entry_get_endpoint_url (SbJournalEntry *self);
const char *sb_journal_entry_get_service (SbJournalEntry *self);
const char *sb_journal_entry_get_operation (SbJournalEntry *self);
JsonObject *sb_journal_entry_get_input (SbJournalEntry *self);
JsonObject *sb_journal_entry_get_output (SbJournalEntry *self);
JsonObject *sb_journal_entry_get_body (SbJournalEntry *self);
JsonObject *sb_journal_entry_get_transfer (SbJournalEntry *self);
const char *sb_journal_entry_get_waiter (SbJournalEntry *self);
guint sb_journal_entry_get_status (SbJournalEntry *self);
const char *sb_journal_entry_get_error_code (SbJournalEntry *self);
const char *sb_journal_entry_get_message (SbJournalEntry *self);
const char *sb_journal_entry_get_request_id (SbJournalEntry *self);
guint sb_journal_entry_get_attempts (SbJournalEntry *self);

G_END_DECLS
