/* sb-redact-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

char *_sb_redact_text (const char *text, const char *const *secrets);
JsonObject *_sb_redact_object (JsonObject *object, const char *const *secrets);

G_END_DECLS
