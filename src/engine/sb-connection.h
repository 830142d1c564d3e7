/* sb-connection.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The connections of the engine's clients.
 */

#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

GSocket *sb_connection_get_socket (SoupServerMessage *message);
void sb_connection_remember_socket (GSocketAddress *remote, GSocket *socket);
void sb_connection_begin (SoupServerMessage *message);
void sb_connection_rest (SoupServerMessage *message);

G_END_DECLS
