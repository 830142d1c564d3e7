/* sb-convert.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

int sb_convert_export (const char *model, const char *path);
int sb_convert_import (const char *path, const char *folder);
int sb_convert_describe (const char *model);
int sb_convert_weights (const char *model, const char *path);

G_END_DECLS
