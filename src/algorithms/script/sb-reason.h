/* sb-reason.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *sb_reason_cut_traceback (const char *text, gsize most);
char *sb_reason_new (const char *python,
                     const char *host,
                     int status,
                     const char *errors,
                     const char *command);

G_END_DECLS
