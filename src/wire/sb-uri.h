/* sb-uri.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *sb_uri_encode (const char *text, gssize length, gboolean keep_slash);
char *sb_uri_decode (const char *text, gssize length, gsize *decoded_length);
GPtrArray *sb_query_parse (const char *query);
const char *sb_query_lookup (GPtrArray *pairs, const char *name);
gboolean sb_s3_uri_parse (const char *uri, char **bucket, char **key, GError **error);
char *sb_bucket_from_text (const char *text, gboolean *whole);

/**
 * SbPair:
 *
 * A decoded name and value of a query, in an array that owns them.
 */
typedef struct
{
  char *name;
  char *value;
} SbPair;

G_END_DECLS
