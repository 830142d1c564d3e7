/* sb-module.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "workshop/sb-workshop-types.h"

G_BEGIN_DECLS

#define SB_TYPE_MODULE (sb_module_get_type ())
G_DECLARE_FINAL_TYPE (SbModule, sb_module, SB, MODULE, GObject)

SbModule *
sb_module_new_from_data (const char *data, gssize length, const char *file, GError **error);
SbModule *sb_module_new_from_file (const char *path, GError **error);
const char *sb_module_get_id (SbModule *self);
const char *sb_module_get_short_name (SbModule *self);
const char *sb_module_get_title (SbModule *self);
const char *sb_module_get_summary (SbModule *self);
const char *sb_module_get_icon_name (SbModule *self);
const char *sb_module_get_file (SbModule *self);
double sb_module_get_order (SbModule *self);
gboolean sb_module_is_automatic (SbModule *self);
JsonObject *sb_module_get_json (SbModule *self);
JsonArray *sb_module_get_steps (SbModule *self);

G_END_DECLS
