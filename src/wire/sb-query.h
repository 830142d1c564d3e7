/* sb-query.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Query protocol of IAM and STS: nested members as `Tags.member.1.Key=…`.
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

char *sb_query_encode (const char *action, const char *version, JsonObject *input);
JsonObject *
sb_query_decode (const char *body, gssize length, char **action, char **version, GError **error);

G_END_DECLS
