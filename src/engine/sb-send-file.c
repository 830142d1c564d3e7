/* sb-send-file.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Objects leave the engine through sendfile(2), within the kernel. libsoup has no way for that, so
 * the connection is taken from it, a thread sends head and body, and libsoup gets the connection
 * back for the next request.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <poll.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/sb-connection.h"
#include "engine/sb-s3.h"

/* Up to here a copy through libsoup is cheaper than a thread. */
#define SMALL            (64 * 1024)
#define STALL_TIMEOUT_MS (120 * 1000)
#define MAX_SEND         (1 << 30)

typedef struct
{
  SoupServer *server;
  GPtrArray *paths; /* of the blobs */
  GArray *sizes;    /* guint64 */
  guint64 offset;
  guint64 length;
  char *head;
  int socket;
  gboolean keep_alive;
} Sending;

static void
sending_free (Sending *self)
{
  g_object_unref (self->server);
  g_ptr_array_unref (self->paths);
  g_array_unref (self->sizes);
  g_free (self->head);
  if (self->socket >= 0)
    close (self->socket);
  g_free (self);
}

static void
append_header (const char *name, const char *value, gpointer data)
{
  g_string_append_printf (data, "%s: %s\r\n", name, value);
}

static char *
make_head (SbRequest *request, guint status, guint64 length, gboolean keep_alive)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (request->message);
  GString *head = g_string_new (NULL);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *date = soup_date_time_to_string (now, SOUP_DATE_HTTP);

  g_string_append_printf (head, "HTTP/1.1 %u %s\r\n", status, soup_status_get_phrase (status));
  soup_message_headers_remove (headers, "Content-Length");
  soup_message_headers_foreach (headers, append_header, head);
  g_string_append_printf (head, "Date: %s\r\n", date);
  g_string_append_printf (head,
                          "x-amz-request-id: %s\r\nx-amz-id-2: %s\r\n",
                          request->id,
                          request->id);
  g_string_append_printf (head, "Content-Length: %" G_GUINT64_FORMAT "\r\n", length);
  if (!keep_alive)
    g_string_append (head, "Connection: close\r\n");
  g_string_append (head, "\r\n");
  return g_string_free (head, FALSE);
}

static gboolean
wait_writable (int fd)
{
  struct pollfd item = { .fd = fd, .events = POLLOUT };
  int n;

  do
    n = poll (&item, 1, STALL_TIMEOUT_MS);
  while (n < 0 && errno == EINTR);
  return n > 0 && (item.revents & (POLLERR | POLLHUP)) == 0;
}

static gboolean
send_text (int fd, const char *text)
{
  gsize length = strlen (text);

  while (length > 0)
    {
      gssize n = send (fd, text, length, MSG_NOSIGNAL | MSG_MORE);

      if (n >= 0)
        {
          text += n;
          length -= (gsize) n;
        }
      else if (errno == EAGAIN ? !wait_writable (fd) : errno != EINTR)
        return FALSE;
    }
  return TRUE;
}

static gboolean
send_range (int out, const char *path, guint64 offset, guint64 length)
{
  int in = open (path, O_RDONLY | O_CLOEXEC);
  off_t position = (off_t) offset;
  gboolean good = in >= 0;

  while (good && length > 0)
    {
      gssize n = sendfile (out, in, &position, (gsize) MIN (length, MAX_SEND));

      if (n > 0)
        length -= (guint64) n;
      else if (n == 0)
        good = FALSE;
      else if (errno == EAGAIN)
        good = wait_writable (out);
      else if (errno != EINTR)
        good = FALSE;
    }
  if (in >= 0)
    close (in);
  return good;
}

static void
send_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Sending *self = data;
  gboolean good = send_text (self->socket, self->head);

  for (guint i = 0; good && i < self->paths->len && self->length > 0; i++)
    {
      guint64 size = g_array_index (self->sizes, guint64, i);

      if (self->offset < size)
        {
          guint64 n = MIN (size - self->offset, self->length);

          good = send_range (self->socket, g_ptr_array_index (self->paths, i), self->offset, n);
          self->offset = 0;
          self->length -= n;
        }
      else
        self->offset -= size;
    }
  g_task_return_boolean (task, good && self->length == 0);
}

/* The connection goes back to libsoup, unless the client has left or was to be left. */
static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  Sending *self = g_task_get_task_data (G_TASK (result));
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GSocketAddress) local = NULL;
  g_autoptr (GSocketAddress) remote = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), NULL) || !self->keep_alive)
    return;
  socket = g_socket_new_from_fd (self->socket, NULL);
  if (socket == NULL)
    return;
  self->socket = -1;
  connection = g_socket_connection_factory_create_connection (socket);
  local = g_socket_get_local_address (socket, NULL);
  remote = g_socket_get_remote_address (socket, NULL);
  if (local == NULL || remote == NULL)
    return;
  sb_connection_remember_socket (remote, socket);
  soup_server_accept_iostream (self->server, G_IO_STREAM (connection), local, remote, NULL);
}

static void
add_blobs (Sending *self, SbObjectStore *store, const char *blobs)
{
  g_auto (GStrv) items = g_strsplit (blobs, ",", -1);

  for (guint i = 0; items[i] != NULL; i++)
    {
      char *colon = strchr (items[i], ':');
      guint64 size;

      if (colon == NULL)
        continue;
      *colon = '\0';
      size = g_ascii_strtoull (colon + 1, NULL, 10);
      g_ptr_array_add (self->paths, sb_object_store_dup_blob_path (store, items[i]));
      g_array_append_val (self->sizes, size);
    }
}

/* Returns NULL when a blob cannot be read. */
static GBytes *
read_small (const Sending *self)
{
  g_autofree char *buffer = g_malloc (self->length + 1);
  guint64 offset = self->offset;
  gsize done = 0;

  for (guint i = 0; i < self->paths->len && done < self->length; i++)
    {
      guint64 size = g_array_index (self->sizes, guint64, i);
      gsize n = (gsize) MIN (size - MIN (offset, size), self->length - done);
      int fd;

      if (offset >= size)
        {
          offset -= size;
          continue;
        }
      fd = open (g_ptr_array_index (self->paths, i), O_RDONLY | O_CLOEXEC);
      if (fd < 0 || pread (fd, buffer + done, n, (off_t) offset) != (gssize) n)
        {
          if (fd >= 0)
            close (fd);
          return NULL;
        }
      close (fd);
      done += n;
      offset = 0;
    }
  return done == self->length ? g_bytes_new_take (g_steal_pointer (&buffer), done) : NULL;
}

static gboolean
wants_keep_alive (SbRequest *request)
{
  const char *connection = sb_request_get_header (request, "Connection");

  return soup_server_message_get_http_version (request->message) != SOUP_HTTP_1_0 &&
         (connection == NULL || g_ascii_strcasecmp (connection, "close") != 0);
}

static void
send_large (SbRequest *request, guint status, GSocket *socket, Sending *self)
{
  g_autoptr (GIOStream) stolen = NULL;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_sent, NULL);

  self->keep_alive = wants_keep_alive (request);
  self->head = make_head (request, status, self->length, self->keep_alive);
  self->socket = fcntl (g_socket_get_fd (socket), F_DUPFD_CLOEXEC, 3);
  g_task_set_task_data (task, self, (GDestroyNotify) sending_free);
  stolen = soup_server_message_steal_connection (request->message);
  /* Who has the other descriptor can only end the connection when this one is closed. */
  g_io_stream_close (stolen, NULL, NULL);
  request->gone = TRUE;
  if (self->socket >= 0)
    g_task_run_in_thread (task, send_in_thread);
  else
    g_task_return_boolean (task, FALSE);
}

/**
 * sb_send_blobs:
 * @request: a request whose answer has all its headers but the length
 * @status: HTTP status
 * @blobs: see SbObject.blobs
 * @offset: of the first byte to send
 * @length: how many bytes
 *
 * Answers with a part of an object.
 */
void
sb_send_blobs (SbRequest *request, guint status, const char *blobs, guint64 offset, guint64 length)
{
  Sending *self = g_new0 (Sending, 1);
  GSocket *socket = sb_connection_get_socket (request->message);
  g_autoptr (GBytes) body = NULL;

  self->server = g_object_ref (request->engine->server);
  self->paths = g_ptr_array_new_with_free_func (g_free);
  self->sizes = g_array_new (FALSE, FALSE, sizeof (guint64));
  self->offset = offset;
  self->length = length;
  self->socket = -1;
  add_blobs (self, request->engine->objects, blobs);
  if (length > SMALL && socket != NULL)
    {
      send_large (request, status, socket, self);
      return;
    }
  body = read_small (self);
  if (body != NULL)
    sb_request_reply (request, status, NULL, body);
  else
    sb_request_fail (request,
                     500,
                     "InternalError",
                     "We encountered an internal error. Please try again.");
  sending_free (self);
}
