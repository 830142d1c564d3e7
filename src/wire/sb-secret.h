/* sb-secret.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * SbSecret:
 *
 * Text that nobody else may read, ended by a zero byte. It lies in memory that is never swapped out
 * and never part of a core dump, as far as the system has such memory to give, and is wiped when it
 * is freed. `g_autoptr (SbSecret)` frees it, and so does sb_secret_free().
 */
typedef char SbSecret;

SbSecret *sb_secret_dup (const char *text);
SbSecret *sb_secret_ndup (const char *text, gsize length);
void sb_secret_free (SbSecret *self);
void sb_secret_clear (SbSecret **self);
void sb_secret_wipe (gpointer memory, gsize length);
void sb_secret_wipe_json (JsonObject *object);
GBytes *sb_secret_bytes_new_take (char *text);
gboolean sb_secret_keep_out_of_dumps (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbSecret, sb_secret_free)

G_END_DECLS
