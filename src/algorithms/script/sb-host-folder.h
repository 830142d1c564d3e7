/* sb-host-folder.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each host of a job sees a folder of its own as /opt/ml. A single host has the job's; of several
 * each has `hosts/NAME` below it, where all that may be shared leads back to the job's.
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

gboolean sb_host_folders_make (const char *folder, JsonArray *hosts, GError **error);
char *sb_host_folder_get (const char *folder, JsonArray *hosts, guint index);
void sb_host_folders_merge (const char *folder, JsonArray *hosts);

G_END_DECLS
