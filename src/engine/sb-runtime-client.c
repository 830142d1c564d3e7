/* sb-runtime-client.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-runtime-client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/sb-runtime-parser.h"

/* More parallel requests wait their turn: the program could not work on them anyway. */
#define MAX_CONNECTIONS 64
#define READ_SIZE       16384

typedef struct
{
  GBytes *head;
  GBytes *body;
  gint64 deadline;
  SbRuntimeFunc func;
  gpointer data;
} Request;

typedef struct
{
  GSource source;
  SbRuntimeClient *client;
  int fd;
  gpointer tag;
  gboolean reused;
  Request *request; /* NULL while idle */
  gsize sent;
  SbRuntimeParser parser;
} Connection;

struct _SbRuntimeClient
{
  struct sockaddr_un address;
  gsize max_body;
  GPtrArray *connections; /* of Connection, each a reference to its source */
  GQueue idle;            /* the most recently used first: its caches are warm */
  GQueue waiting;         /* of Request */
  guint n_active;
};

static gboolean start_request (SbRuntimeClient *self, Request *request);

static void
request_free (Request *request)
{
  g_bytes_unref (request->head);
  g_bytes_unref (request->body);
  g_free (request);
}

static void
finish_request (SbRuntimeClient *self,
                Request *request,
                const SbRuntimeAnswer *answer,
                const GError *error)
{
  self->n_active--;
  request->func (answer, error, request->data);
  request_free (request);
}

static void
drop_connection (Connection *connection)
{
  SbRuntimeClient *self = connection->client;

  g_queue_remove (&self->idle, connection);
  close (connection->fd);
  connection->fd = -1;
  sb_runtime_parser_clear (&connection->parser);
  g_source_destroy (&connection->source);
  /* Drops the pool's reference. */
  g_ptr_array_remove_fast (self->connections, connection);
}

static void
start_waiting (SbRuntimeClient *self)
{
  Request *request;

  while ((request = g_queue_pop_head (&self->waiting)) != NULL)
    if (!start_request (self, request))
      {
        g_queue_push_head (&self->waiting, request);
        return;
      }
}

static void
fail (Connection *connection, GIOErrorEnum code, const char *message)
{
  SbRuntimeClient *self = connection->client;
  Request *request = g_steal_pointer (&connection->request);
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, (int) code, message);

  drop_connection (connection);
  if (request != NULL)
    finish_request (self, request, NULL, error);
}

/* A kept-alive connection may have been closed by the program while this request was under way:
 * as long as nothing was answered, it goes out once more on a new one. */
static void
lost (Connection *connection)
{
  SbRuntimeClient *self = connection->client;
  Request *request = connection->request;

  if (request == NULL || !connection->reused || connection->parser.n_received > 0)
    {
      fail (connection, G_IO_ERROR_CONNECTION_CLOSED, "The program closed the connection");
      return;
    }
  connection->request = NULL;
  drop_connection (connection);
  g_queue_push_head (&self->waiting, request);
  while (!g_queue_is_empty (&self->idle))
    drop_connection (g_queue_peek_head (&self->idle));
  start_waiting (self);
}

static void
answered (Connection *connection)
{
  SbRuntimeClient *self = connection->client;
  Request *request = g_steal_pointer (&connection->request);
  SbRuntimeAnswer answer = { 0 };
  gboolean keep = connection->parser.keep_alive;

  answer.status = connection->parser.status;
  answer.content_type = g_steal_pointer (&connection->parser.content_type);
  answer.custom_attributes = g_steal_pointer (&connection->parser.custom_attributes);
  answer.body = sb_runtime_parser_steal_body (&connection->parser);
  if (keep)
    {
      sb_runtime_parser_reset (&connection->parser);
      g_source_set_ready_time (&connection->source, -1);
      connection->reused = TRUE;
      g_queue_push_head (&self->idle, connection);
    }
  else
    drop_connection (connection);
  start_waiting (self);
  finish_request (self, request, &answer, NULL);
  g_free (answer.content_type);
  g_free (answer.custom_attributes);
  g_bytes_unref (answer.body);
}

/* Returns: FALSE if the connection is gone */
static gboolean
write_some (Connection *connection)
{
  Request *request = connection->request;
  gsize head_size, body_size;
  const char *head = g_bytes_get_data (request->head, &head_size);
  const char *body = g_bytes_get_data (request->body, &body_size);

  while (connection->sent < head_size + body_size)
    {
      struct iovec parts[2];
      struct msghdr message = { .msg_iov = parts };
      gssize n;

      if (connection->sent < head_size)
        parts[message.msg_iovlen++] =
            (struct iovec){ (char *) head + connection->sent, head_size - connection->sent };
      if (body_size > 0)
        {
          gsize skip = connection->sent > head_size ? connection->sent - head_size : 0;

          parts[message.msg_iovlen++] = (struct iovec){ (char *) body + skip, body_size - skip };
        }
      n = sendmsg (connection->fd, &message, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return errno == EAGAIN;
      connection->sent += (gsize) n;
    }
  return TRUE;
}

static gboolean
wholly_sent (Connection *connection)
{
  return connection->sent == g_bytes_get_size (connection->request->head) +
                                 g_bytes_get_size (connection->request->body);
}

static void
watch (Connection *connection)
{
  GIOCondition condition = G_IO_IN | G_IO_HUP | G_IO_ERR;

  if (connection->request != NULL && !wholly_sent (connection))
    condition |= G_IO_OUT;
  g_source_modify_unix_fd (&connection->source, connection->tag, condition);
}

static void
read_some (Connection *connection)
{
  char buffer[READ_SIZE];
  gssize n;

  do
    n = recv (connection->fd, buffer, sizeof buffer, 0);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN)
    return;
  if (connection->request == NULL)
    {
      /* Closed while idle, or talking out of turn. */
      drop_connection (connection);
      return;
    }
  if (n == 0 && sb_runtime_parser_finish (&connection->parser))
    {
      answered (connection);
      return;
    }
  if (n <= 0)
    {
      lost (connection);
      return;
    }
  switch (sb_runtime_parser_push (&connection->parser, buffer, (gsize) n))
    {
    case SB_RUNTIME_PARSER_MORE:
      break;
    case SB_RUNTIME_PARSER_DONE:
      answered (connection);
      break;
    case SB_RUNTIME_PARSER_TOO_LARGE:
      fail (connection, G_IO_ERROR_MESSAGE_TOO_LARGE, "The program's answer is too large");
      break;
    default:
      fail (connection, G_IO_ERROR_INVALID_DATA, "The program's answer is not HTTP");
    }
}

static gboolean
connection_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  Connection *connection = (Connection *) source;
  GIOCondition condition = g_source_query_unix_fd (source, connection->tag);

  if (condition == 0)
    {
      gint64 ready = g_source_get_ready_time (source);

      if (ready >= 0 && ready <= g_source_get_time (source))
        fail (connection, G_IO_ERROR_TIMED_OUT, "The program did not answer in time");
      return G_SOURCE_CONTINUE;
    }
  if ((condition & G_IO_OUT) && connection->request != NULL)
    {
      if (!write_some (connection))
        {
          lost (connection);
          return G_SOURCE_CONTINUE;
        }
      watch (connection);
    }
  if (condition & (G_IO_IN | G_IO_HUP | G_IO_ERR))
    read_some (connection);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs connection_funcs = { NULL, NULL, connection_dispatch, NULL, NULL, NULL };

/* Returns: NULL with errno set; EAGAIN means that the program's backlog is full */
static Connection *
connect_to (SbRuntimeClient *self)
{
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  Connection *connection;

  if (fd < 0)
    return NULL;
  if (connect (fd, (struct sockaddr *) &self->address, sizeof self->address) != 0)
    {
      int saved = errno;

      close (fd);
      errno = saved;
      return NULL;
    }
  connection = (Connection *) g_source_new (&connection_funcs, sizeof *connection);
  g_source_set_static_name (&connection->source, "runtime connection");
  connection->client = self;
  connection->fd = fd;
  connection->reused = FALSE;
  connection->request = NULL;
  sb_runtime_parser_init (&connection->parser, self->max_body);
  connection->tag = g_source_add_unix_fd (&connection->source, fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
  g_ptr_array_add (self->connections, connection);
  g_source_attach (&connection->source, g_main_context_get_thread_default ());
  return connection;
}

static void
attach (Connection *connection, Request *request)
{
  connection->request = request;
  connection->sent = 0;
  g_source_set_ready_time (&connection->source, request->deadline);
  /* A failed write shows as the end of the connection when the main loop looks at it next. */
  if (write_some (connection))
    watch (connection);
}

/* Returns: FALSE if all connections are busy; @request is taken otherwise */
static gboolean
start_request (SbRuntimeClient *self, Request *request)
{
  Connection *connection = g_queue_pop_head (&self->idle);

  if (connection == NULL)
    {
      if (self->connections->len >= MAX_CONNECTIONS)
        return FALSE;
      connection = connect_to (self);
      if (connection == NULL && errno == EAGAIN && self->connections->len > 0)
        return FALSE;
    }
  if (connection == NULL)
    {
      g_autoptr (GError) error = g_error_new (G_IO_ERROR,
                                              G_IO_ERROR_CONNECTION_REFUSED,
                                              "The program cannot be reached: %s",
                                              g_strerror (errno));

      finish_request (self, request, NULL, error);
      return TRUE;
    }
  attach (connection, request);
  return TRUE;
}

/**
 * sb_runtime_client_new:
 * @socket_path: of the program's Unix socket, at most 107 bytes; need not exist yet
 * @max_body: bytes that an answer's body may have
 *
 * Returns: (transfer full): a client without connections
 */
SbRuntimeClient *
sb_runtime_client_new (const char *socket_path, gsize max_body)
{
  SbRuntimeClient *self = g_new0 (SbRuntimeClient, 1);

  g_return_val_if_fail (strlen (socket_path) < sizeof self->address.sun_path, NULL);
  self->address.sun_family = AF_UNIX;
  strcpy (self->address.sun_path, socket_path);
  self->max_body = max_body;
  self->connections = g_ptr_array_new_with_free_func ((GDestroyNotify) g_source_unref);
  g_queue_init (&self->idle);
  g_queue_init (&self->waiting);
  return self;
}

/**
 * sb_runtime_client_free:
 * @self: a client
 *
 * Requests under way end with %G_IO_ERROR_CANCELLED.
 */
void
sb_runtime_client_free (SbRuntimeClient *self)
{
  Request *request;

  while (self->connections->len > 0)
    fail (g_ptr_array_index (self->connections, 0), G_IO_ERROR_CANCELLED, "The program was ended");
  while ((request = g_queue_pop_head (&self->waiting)) != NULL)
    {
      g_autoptr (GError) error =
          g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "The program was ended");

      finish_request (self, request, NULL, error);
    }
  g_ptr_array_unref (self->connections);
  g_queue_clear (&self->idle);
  g_free (self);
}

/**
 * sb_runtime_client_send:
 * @self: a client
 * @head: from sb_runtime_head_finish()
 * @body: what follows it
 * @timeout_ms: milliseconds for the whole answer
 * @func: called once, possibly before this returns; must not free @self
 * @data: for @func
 */
void
sb_runtime_client_send (SbRuntimeClient *self,
                        GBytes *head,
                        GBytes *body,
                        guint timeout_ms,
                        SbRuntimeFunc func,
                        gpointer data)
{
  Request *request = g_new0 (Request, 1);

  request->head = g_bytes_ref (head);
  request->body = g_bytes_ref (body);
  request->deadline = g_get_monotonic_time () + (gint64) timeout_ms * 1000;
  request->func = func;
  request->data = data;
  self->n_active++;
  if (!g_queue_is_empty (&self->waiting) || !start_request (self, request))
    g_queue_push_tail (&self->waiting, request);
}

/**
 * sb_runtime_client_get_n_active:
 * @self: a client
 *
 * Returns: how many requests have no answer yet
 */
guint
sb_runtime_client_get_n_active (SbRuntimeClient *self)
{
  return self->n_active;
}

/**
 * sb_runtime_head_new:
 * @method: such as `POST`
 * @path: such as `/invocations`
 * @content_length: bytes of the body
 *
 * Returns: (transfer full): a head to which sb_runtime_head_add() adds
 */
GString *
sb_runtime_head_new (const char *method, const char *path, gsize content_length)
{
  GString *head = g_string_sized_new (256);

  g_string_append (head, method);
  g_string_append_c (head, ' ');
  g_string_append (head, path);
  g_string_append (head, " HTTP/1.1\r\nHost: localhost\r\n");
  if (content_length > 0 || strcmp (method, "GET") != 0)
    g_string_append_printf (head, "Content-Length: %" G_GSIZE_FORMAT "\r\n", content_length);
  return head;
}

/**
 * sb_runtime_head_add:
 * @head: a head
 * @name: of a header
 * @value: (nullable): nothing is added without
 */
void
sb_runtime_head_add (GString *head, const char *name, const char *value)
{
  if (value == NULL || strpbrk (value, "\r\n") != NULL)
    return;
  g_string_append (head, name);
  g_string_append (head, ": ");
  g_string_append (head, value);
  g_string_append (head, "\r\n");
}

/**
 * sb_runtime_head_finish:
 * @head: (transfer full): a head
 *
 * Returns: (transfer full): the bytes to send
 */
GBytes *
sb_runtime_head_finish (GString *head)
{
  g_string_append (head, "\r\n");
  return g_string_free_to_bytes (head);
}
