/* sb-code-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-code.h"

G_BEGIN_DECLS

/**
 * SbActKind:
 * @SB_ACT_CALL: one call, perhaps with several bodies one after the other
 * @SB_ACT_WAIT: all questions of a waiter
 * @SB_ACT_UPLOAD: all calls that uploaded a file
 * @SB_ACT_UPLOAD_FOLDER: all calls that uploaded a folder
 * @SB_ACT_UPLOAD_LIST: all calls that uploaded the files of a list
 * @SB_ACT_DOWNLOAD: all calls that downloaded a file
 *
 * What one line of a program stands for.
 */
typedef enum
{
  SB_ACT_CALL,
  SB_ACT_WAIT,
  SB_ACT_UPLOAD,
  SB_ACT_UPLOAD_FOLDER,
  SB_ACT_UPLOAD_LIST,
  SB_ACT_DOWNLOAD,
} SbActKind;

/**
 * SbAct:
 * @kind: what it is
 * @entry: its first entry
 * @service: the client that it needs
 * @bodies: (element-type JsonObject): the bodies that were sent, see sb_journal_entry_get_body()
 *
 * Entries of the journal that belong together. Borrows all but the array from the entries.
 */
typedef struct
{
  SbActKind kind;
  SbJournalEntry *entry;
  const char *service;
  GPtrArray *bodies;
} SbAct;

/* How many bodies of equal calls are written out; more would hide the program. */
#define SB_CODE_MAX_BODIES 20

GPtrArray *_sb_code_collect (GPtrArray *entries);
gboolean _sb_code_is_paged (const char *operation);
char *_sb_code_words (const char *name, char separator);
void _sb_code_append_python_string (GString *out, const char *text);
void _sb_code_append_shell_string (GString *out, const char *text);

char *_sb_code_python_setup (GPtrArray *acts, const char *region, const char *endpoint_url);
char *_sb_code_python_act (const SbAct *act, gboolean local);
char *_sb_code_notebook (GPtrArray *acts,
                         const SbCodeStory *story,
                         const char *region,
                         const char *endpoint_url);
char *_sb_code_cli (GPtrArray *acts, const char *region, const char *endpoint_url);

G_END_DECLS
