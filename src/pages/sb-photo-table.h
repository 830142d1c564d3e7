/* sb-photo-table.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

JsonObject *sb_photo_table_make_matrix (GListModel *photos);
char *sb_photo_table_to_csv (GListModel *photos, GListModel *skipped);

G_END_DECLS
