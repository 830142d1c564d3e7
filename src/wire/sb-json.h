/* sb-json.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Small helpers over json-glib. A path is member names and array indices joined by dots, such as
 * "ProductionVariants.0.VariantName"; where it leads nowhere or to another type, the fallback is
 * returned.
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

JsonNode *sb_json_parse (const char *text, gssize length, GError **error);
JsonObject *sb_json_parse_object (const char *text, gssize length, GError **error);
JsonObject *sb_json_parse_bytes (GBytes *bytes, GError **error);
JsonObject *sb_json_load_file (const char *path, GError **error);
gboolean sb_json_save_file (JsonObject *object, const char *path, GError **error);
JsonObject *sb_json_load_resource (GResource *resource, const char *path, GError **error);
char *sb_json_to_string (JsonObject *object);
char *sb_json_to_pretty_string (JsonObject *object);
char *sb_json_node_to_string (JsonNode *node);
JsonObject *sb_json_copy (JsonObject *object);

JsonObject *sb_json_object_new (const char *first_member, ...) G_GNUC_NULL_TERMINATED;
JsonArray *sb_json_array_new_strings (const char *const *strings);

JsonNode *sb_json_get (JsonObject *object, const char *path);
const char *sb_json_get_string (JsonObject *object, const char *path, const char *fallback);
gint64 sb_json_get_int (JsonObject *object, const char *path, gint64 fallback);
double sb_json_get_double (JsonObject *object, const char *path, double fallback);
gboolean sb_json_get_bool (JsonObject *object, const char *path, gboolean fallback);
JsonObject *sb_json_get_object (JsonObject *object, const char *path);
JsonArray *sb_json_get_array (JsonObject *object, const char *path);

G_END_DECLS
