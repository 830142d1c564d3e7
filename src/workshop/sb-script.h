/* sb-script.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The scripts that a person trains with: those that come along, and what is packed of one's own.
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

char *sb_script_find_shipped (const char *framework, GError **error);
char *sb_script_get_own_path (const char *run_folder, const char *framework);
char *sb_script_make_own (const char *run_folder, const char *framework, GError **error);
gboolean sb_script_is_changed (const char *run_folder, const char *framework);
char *sb_script_set_aside (const char *run_folder, const char *framework, GError **error);
char *
sb_script_choose (const char *run_folder, const char *framework, const char *given, GError **error);
char *sb_script_find_entry (const char *path, const char *given, GError **error);
gboolean sb_script_pack (const char *path,
                         const char *staging,
                         const char *archive,
                         GCancellable *cancellable,
                         GError **error);
JsonObject *sb_script_parse_hyperparameters (const char *text, GError **error);

G_END_DECLS
