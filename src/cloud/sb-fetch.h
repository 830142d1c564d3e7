/* sb-fetch.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-transfer.h"

G_BEGIN_DECLS

gboolean sb_fetch_file (const char *url,
                        const char *path,
                        const char *sha256,
                        guint64 size,
                        SbProgressFunc progress,
                        gpointer user_data,
                        GCancellable *cancellable,
                        GError **error);

G_END_DECLS
