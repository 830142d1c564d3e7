/* sb-terminal.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asking in a terminal. Secrets are read without echo, from the terminal itself or, where somebody
 * pipes them in, from the standard input; never from arguments, which everybody sees.
 */

#pragma once

#include "cloud/sb-asker.h"

G_BEGIN_DECLS

#define SB_TYPE_TERMINAL (sb_terminal_get_type ())
G_DECLARE_FINAL_TYPE (SbTerminal, sb_terminal, SB, TERMINAL, GObject)

SbTerminal *sb_terminal_new (void);
gboolean sb_terminal_is_interactive (SbTerminal *self);
SbSecret *sb_terminal_read (SbTerminal *self, const char *prompt, gboolean secret, GError **error);
SbCredentials *sb_terminal_read_keys (SbTerminal *self, const char *access_key_id, GError **error);

G_END_DECLS
