/* sb-connection.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-connection.h"

#include <glib-unix.h>
#include <poll.h>

/* On the address of the other end: the socket of a connection that libsoup was given back. */
#define SOCKET_KEY "sb-socket"
/* On a socket at rest: what waits for the client to close it. */
#define SOURCE_KEY "sb-source"

/**
 * sb_connection_get_socket:
 * @message: what came over a connection
 *
 * libsoup itself only knows the sockets of connections that it accepted.
 *
 * Returns: (transfer none) (nullable): the connection's socket
 */
GSocket *
sb_connection_get_socket (SoupServerMessage *message)
{
  GSocket *socket = soup_server_message_get_socket (message);
  GSocketAddress *remote = soup_server_message_get_remote_address (message);

  if (socket != NULL || remote == NULL)
    return socket;
  return g_object_get_data (G_OBJECT (remote), SOCKET_KEY);
}

/**
 * sb_connection_remember_socket:
 * @remote: the address that libsoup is given with a connection
 * @socket: the connection's socket
 *
 * Lets sb_connection_get_socket() find it.
 */
void
sb_connection_remember_socket (GSocketAddress *remote, GSocket *socket)
{
  g_object_set_data_full (G_OBJECT (remote), SOCKET_KEY, g_object_ref (socket), g_object_unref);
}

static void
source_free (gpointer data)
{
  g_source_destroy (data);
  g_source_unref (data);
}

/**
 * sb_connection_begin:
 * @message: a request whose head has come
 *
 * From now on a client that closes its end may be waiting for the answer.
 */
void
sb_connection_begin (SoupServerMessage *message)
{
  GSocket *socket = sb_connection_get_socket (message);

  if (socket != NULL)
    g_object_set_data (G_OBJECT (socket), SOURCE_KEY, NULL);
}

static gboolean
on_closed (int fd, GIOCondition condition, gpointer data)
{
  g_autoptr (GSocket) socket = g_object_ref (data);

  g_socket_close (socket, NULL);
  g_object_set_data (G_OBJECT (socket), SOURCE_KEY, NULL);
  return G_SOURCE_REMOVE;
}

/**
 * sb_connection_rest:
 * @message: a request that was answered
 *
 * Until the next request comes over its connection, the client may close that. libsoup before 3.3.0
 * then forgets to do so, too, and a descriptor would be lost with each client.
 */
void
sb_connection_rest (SoupServerMessage *message)
{
  GSocket *socket = sb_connection_get_socket (message);
  GSource *source;

  if (socket == NULL || g_socket_is_closed (socket))
    return;
  source = g_unix_fd_source_new (g_socket_get_fd (socket), (GIOCondition) POLLRDHUP);
  /* libsoup is to see it first. */
  g_source_set_priority (source, G_PRIORITY_DEFAULT + 1);
  g_source_set_callback (source, G_SOURCE_FUNC (on_closed), socket, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  g_object_set_data_full (G_OBJECT (socket), SOURCE_KEY, source, source_free);
}
