/* sb-model-program.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

GBytes *
sb_model_program_run (const char *const *arguments, GCancellable *cancellable, GError **error);

G_END_DECLS
