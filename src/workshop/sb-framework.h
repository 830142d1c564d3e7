/* sb-framework.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

char *sb_framework_image_uri (const char *framework,
                              const char *version,
                              const char *scope,
                              const char *region,
                              const char *instance_type,
                              GError **error);
char *sb_framework_dup_newest (const char *framework);
GStrv sb_framework_list_versions (const char *framework);

G_END_DECLS
