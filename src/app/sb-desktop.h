/* sb-desktop.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the desktop asks of the application, and what the application asks of the desktop.
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void sb_desktop_attach (GApplication *application);
gboolean sb_desktop_is_sandboxed (void);
void sb_desktop_ask_for_background (GApplication *application);

G_END_DECLS
