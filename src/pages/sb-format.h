/* sb-format.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers as people read them.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *sb_format_duration (double seconds);
char *sb_format_time (gint64 seconds);

G_END_DECLS
