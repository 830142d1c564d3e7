/* sb-module-store.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "workshop/sb-module.h"

G_BEGIN_DECLS

#define SB_TYPE_MODULE_STORE (sb_module_store_get_type ())
G_DECLARE_FINAL_TYPE (SbModuleStore, sb_module_store, SB, MODULE_STORE, GObject)

SbModuleStore *sb_module_store_new (const char *folder);
SbModule *sb_module_store_find (SbModuleStore *self, const char *id);
SbModule *sb_module_store_find_by_name (SbModuleStore *self, const char *name);
SbModule *sb_module_store_import (SbModuleStore *self, const char *path, GError **error);
GPtrArray *sb_module_store_get_problems (SbModuleStore *self);

G_END_DECLS
