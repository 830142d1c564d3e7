/* sb-onnx.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "algorithms/vision/sb-net.h"

G_BEGIN_DECLS

gboolean sb_onnx_save (const SbNet *net, const char *path, GError **error);
SbNet *sb_onnx_load (const char *path, GError **error);

G_END_DECLS
