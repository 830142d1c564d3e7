/* sb-action-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which permission a call needs.
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

void _sb_action_note (GError *error,
                      const char *service,
                      const char *operation,
                      JsonObject *input,
                      const char *partition);

G_END_DECLS
