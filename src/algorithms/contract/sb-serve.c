/* sb-serve.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The serving half of a container: HTTP/1.1 on the Unix socket $SM_SERVE_SOCKET, one thread, kept
 * connections, as little between the socket and the model as possible.
 */

#include "config.h"

#include "algorithms/contract/sb-serve.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_HEAD   (16 * 1024)
#define MAX_BODY   (8 * 1024 * 1024)
#define READ_SIZE  (64 * 1024)
#define MAX_EVENTS 64
#define BACKLOG    128

typedef struct
{
  int fd;
  GString *in;
  GString *out;
  gsize sent;
  SbServeAnswer answer; /* while it is made */
  gboolean waiting;     /* for an answer that was deferred */
  gboolean parked;      /* for so long that it is not read from meanwhile */
  gboolean gone;        /* whether nobody wants that answer any more */
  gboolean last;        /* whether that answer is the last */
  gboolean closing;     /* once everything is sent */
} Connection;

typedef struct
{
  const char *method;
  const char *path;
  char *content_type;
  char *accept;
  gsize length;
  gboolean close;
  gboolean bad;
} Head;

typedef struct
{
  int epoll;
  int listener;
  SbServeFunc func;
  SbServeBatchFunc batch;
  gpointer data;
  GPtrArray *waiting; /* (element-type Connection) */
} Server;

/* Eventfds; there is one server in a program. */
static int wake_up = -1;
static int stop = -1;

static const char *
phrase (guint status)
{
  switch (status)
    {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 413:
      return "Payload Too Large";
    case 415:
      return "Unsupported Media Type";
    default:
      return "Error";
    }
}

/**
 * sb_serve_fail:
 * @answer: an answer
 * @status: HTTP status
 * @format: of the text that says why
 * @...: for @format
 */
void
sb_serve_fail (SbServeAnswer *answer, guint status, const char *format, ...)
{
  va_list args;

  answer->status = status;
  answer->content_type = "text/plain; charset=utf-8";
  va_start (args, format);
  g_string_vprintf (answer->body, format, args);
  va_end (args);
}

static void
connection_free (Connection *self)
{
  close (self->fd);
  g_string_free (self->in, TRUE);
  g_string_free (self->out, TRUE);
  g_string_free (self->answer.body, TRUE);
  g_free (self);
}

static void
head_clear (Head *head)
{
  g_free (head->content_type);
  g_free (head->accept);
}

static void
take_header (Head *head, const char *name, char *value)
{
  guint64 length;

  if (g_ascii_strcasecmp (name, "content-length") == 0)
    {
      head->bad = head->bad || !g_ascii_string_to_unsigned (value, 10, 0, MAX_BODY, &length, NULL);
      head->length = head->bad ? 0 : (gsize) length;
    }
  else if (g_ascii_strcasecmp (name, "transfer-encoding") == 0)
    head->bad = TRUE;
  else if (g_ascii_strcasecmp (name, "content-type") == 0)
    {
      g_free (head->content_type);
      value[strcspn (value, ";")] = '\0';
      head->content_type = g_ascii_strdown (g_strstrip (value), -1);
    }
  else if (g_ascii_strcasecmp (name, "accept") == 0)
    {
      g_free (head->accept);
      head->accept = g_strdup (value);
    }
  else if (g_ascii_strcasecmp (name, "connection") == 0)
    head->close = g_ascii_strcasecmp (value, "close") == 0;
}

/* @text is the head's own copy, which it may cut up. */
static void
parse_head (Head *head, char *text)
{
  char *line = text;
  gboolean first = TRUE;

  while (line != NULL && *line != '\0')
    {
      char *next = strstr (line, "\r\n");

      if (next != NULL)
        {
          *next = '\0';
          next += 2;
        }
      if (first)
        {
          char *space = strchr (line, ' ');
          char *version = space != NULL ? strchr (space + 1, ' ') : NULL;

          head->method = line;
          if (version == NULL || !g_str_has_prefix (version + 1, "HTTP/1.1"))
            head->bad = TRUE;
          else
            {
              *space = '\0';
              *version = '\0';
              head->path = space + 1;
            }
          first = FALSE;
        }
      else
        {
          char *colon = strchr (line, ':');

          if (colon == NULL)
            head->bad = TRUE;
          else
            {
              *colon = '\0';
              take_header (head, line, g_strstrip (colon + 1));
            }
        }
      line = next;
    }
  head->bad = head->bad || head->path == NULL;
}

static void
write_answer (Connection *connection)
{
  const SbServeAnswer *answer = &connection->answer;

  g_string_append_printf (connection->out,
                          "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %" G_GSIZE_FORMAT
                          "\r\n\r\n",
                          answer->status,
                          phrase (answer->status),
                          answer->content_type,
                          answer->body->len);
  g_string_append_len (connection->out, answer->body->str, (gssize) answer->body->len);
  connection->closing = connection->closing || connection->last;
}

static void
answer_request (Server *self, Connection *connection, const Head *head, const char *body)
{
  SbServeAnswer *answer = &connection->answer;
  SbServeRequest request = { head->content_type, head->accept, body, head->length };

  g_string_truncate (answer->body, 0);
  answer->status = 200;
  answer->content_type = "text/plain; charset=utf-8";
  answer->deferred = FALSE;
  connection->last = head->bad || head->close;
  if (head->bad)
    sb_serve_fail (answer, 400, "The request cannot be understood");
  else if (strcmp (head->path, "/ping") == 0)
    ;
  else if (strcmp (head->path, "/invocations") != 0)
    sb_serve_fail (answer, 404, "There is only /ping and /invocations");
  else if (strcmp (head->method, "POST") != 0)
    sb_serve_fail (answer, 405, "/invocations takes POST");
  else
    self->func (&request, answer, self->data);
  connection->waiting = answer->deferred;
  if (connection->waiting)
    g_ptr_array_add (self->waiting, connection);
  else
    write_answer (connection);
}

/* Answers every whole request that has come, up to one whose answer is deferred. */
static void
answer_all (Server *self, Connection *connection)
{
  while (!connection->closing && !connection->waiting && connection->in->len > 0)
    {
      const char *end = g_strstr_len (connection->in->str,
                                      (gssize) MIN (connection->in->len, MAX_HEAD + 4),
                                      "\r\n\r\n");
      g_autofree char *text = NULL;
      Head head = { 0 };
      gsize head_length;

      if (end == NULL && connection->in->len <= MAX_HEAD)
        return;
      head.bad = end == NULL;
      head_length = end != NULL ? (gsize) (end - connection->in->str) + 4 : connection->in->len;
      text = g_strndup (connection->in->str, end != NULL ? head_length - 2 : 0);
      if (!head.bad)
        parse_head (&head, text);
      if (!head.bad && connection->in->len < head_length + head.length)
        {
          head_clear (&head);
          return;
        }
      answer_request (self, connection, &head, connection->in->str + head_length);
      g_string_erase (connection->in, 0, (gssize) (head_length + head.length));
      head_clear (&head);
    }
}

static void
watch (Server *self, Connection *connection, int operation)
{
  struct epoll_event event = { .data.ptr = connection };

  if (!connection->parked)
    event.events = connection->sent < connection->out->len ? EPOLLOUT : EPOLLIN;
  epoll_ctl (self->epoll, operation, connection->fd, &event);
}

/* Returns FALSE when the connection is done for. */
static gboolean
flush (Server *self, Connection *connection)
{
  gboolean waited = connection->sent > 0;

  while (connection->sent < connection->out->len)
    {
      gssize n = send (connection->fd,
                       connection->out->str + connection->sent,
                       connection->out->len - connection->sent,
                       MSG_NOSIGNAL);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EAGAIN)
        {
          watch (self, connection, EPOLL_CTL_MOD);
          return TRUE;
        }
      if (n < 0)
        return FALSE;
      connection->sent += (gsize) n;
    }
  g_string_truncate (connection->out, 0);
  connection->sent = 0;
  if (waited)
    watch (self, connection, EPOLL_CTL_MOD);
  return !connection->closing;
}

static gboolean
receive (Server *self, Connection *connection)
{
  char buffer[READ_SIZE];
  gssize n;

  do
    n = read (connection->fd, buffer, sizeof buffer);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN)
    return TRUE;
  if (n <= 0)
    return FALSE;
  g_string_append_len (connection->in, buffer, n);
  answer_all (self, connection);
  return connection->waiting || flush (self, connection);
}

static void
on_event (Server *self, const struct epoll_event *event)
{
  Connection *connection = event->data.ptr;
  gboolean alive = TRUE;

  if (connection->parked)
    {
      /* It has been closed at the other end; whoever makes the answer must still find it. */
      connection->gone = TRUE;
      epoll_ctl (self->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
      return;
    }
  if (event->events & EPOLLOUT)
    {
      alive = flush (self, connection);
      if (alive && connection->out->len == 0)
        {
          answer_all (self, connection);
          alive = connection->waiting || flush (self, connection);
        }
    }
  else if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
    alive = receive (self, connection);
  if (!alive)
    connection_free (connection);
}

static void
accept_all (Server *self)
{
  int fd;

  while ((fd = accept4 (self->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
    {
      Connection *connection = g_new0 (Connection, 1);

      connection->fd = fd;
      connection->in = g_string_new (NULL);
      connection->out = g_string_new (NULL);
      connection->answer.body = g_string_new (NULL);
      watch (self, connection, EPOLL_CTL_ADD);
    }
}

static gboolean
listen_on (Server *self, const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  if (strlen (path) >= sizeof address.sun_path)
    {
      errno = ENAMETOOLONG;
      return FALSE;
    }
  strcpy (address.sun_path, path);
  g_unlink (path);
  self->listener = socket (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return self->listener >= 0 &&
         bind (self->listener, (struct sockaddr *) &address, sizeof address) == 0 &&
         g_chmod (path, 0600) == 0 && listen (self->listener, BACKLOG) == 0;
}

static void
add_watch (int epoll, int fd, gpointer tag)
{
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = tag };

  epoll_ctl (epoll, EPOLL_CTL_ADD, fd, &event);
}

/* Its answer takes longer than until the next round. */
static void
park (Server *self, Connection *connection)
{
  g_ptr_array_add (self->waiting, connection);
  if (connection->parked)
    return;
  connection->parked = TRUE;
  watch (self, connection, EPOLL_CTL_MOD);
}

/* Returns whether there is a further request of it that waits. */
static gboolean
give_answer (Server *self, Connection *connection)
{
  if (connection->gone)
    {
      connection_free (connection);
      return FALSE;
    }
  if (connection->parked)
    {
      connection->parked = FALSE;
      watch (self, connection, EPOLL_CTL_MOD);
    }
  connection->waiting = FALSE;
  write_answer (connection);
  answer_all (self, connection);
  if (connection->waiting)
    return TRUE;
  if (!flush (self, connection))
    connection_free (connection);
  return FALSE;
}

/* Meanwhile no connection ends but those that are parked, and of these only a note is made. */
static void
answer_waiting (Server *self)
{
  gboolean more = self->waiting->len > 0;

  while (more)
    {
      g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);

      self->waiting = g_ptr_array_new ();
      self->batch (self->data);
      more = FALSE;
      for (guint i = 0; i < waiting->len; i++)
        {
          Connection *connection = g_ptr_array_index (waiting, i);

          if (connection->answer.deferred)
            park (self, connection);
          else if (give_answer (self, connection))
            more = TRUE;
        }
    }
}

/* In whichever thread: those of a library that were started with the model take signals, too. */
static void
on_signal (int number)
{
  int before = errno;
  guint64 one = 1;

  if (write (stop, &one, sizeof one) < 0)
    _exit (1);
  errno = before;
}

static void
take_wake_up (void)
{
  guint64 count;

  while (read (wake_up, &count, sizeof count) < 0 && errno == EINTR)
    continue;
}

static void
loop (Server *self)
{
  struct epoll_event events[MAX_EVENTS];

  while (TRUE)
    {
      int n = epoll_wait (self->epoll, events, MAX_EVENTS, -1);

      for (int i = 0; i < n; i++)
        {
          if (events[i].data.ptr == &stop)
            return;
          if (events[i].data.ptr == &self->listener)
            accept_all (self);
          else if (events[i].data.ptr == &wake_up)
            take_wake_up ();
          else
            on_event (self, &events[i]);
        }
      answer_waiting (self);
    }
}

/**
 * sb_serve_wake:
 *
 * Has the #SbServeBatchFunc called soon. May be called in any thread while sb_serve_run() serves.
 */
void
sb_serve_wake (void)
{
  guint64 one = 1;

  while (write (wake_up, &one, sizeof one) < 0 && errno == EINTR)
    continue;
}

/**
 * sb_serve_run:
 * @func: answers /invocations
 * @batch: (nullable): gives the answers that @func defers
 * @data: for both
 *
 * Serves until SIGTERM or SIGINT. The model is to be loaded before: /ping says that it is.
 *
 * Returns: the program's exit status
 */
int
sb_serve_run (SbServeFunc func, SbServeBatchFunc batch, gpointer data)
{
  const char *path = g_getenv ("SM_SERVE_SOCKET");
  Server self = { .func = func, .batch = batch, .data = data };
  struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

  if (path == NULL)
    {
      fprintf (stderr, "SM_SERVE_SOCKET has to name the Unix socket to listen on\n");
      return 2;
    }
  self.epoll = epoll_create1 (EPOLL_CLOEXEC);
  stop = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  sigaction (SIGTERM, &action, NULL);
  sigaction (SIGINT, &action, NULL);
  wake_up = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (!listen_on (&self, path))
    {
      fprintf (stderr, "%s: %s\n", path, g_strerror (errno));
      return 1;
    }
  self.waiting = g_ptr_array_new ();
  add_watch (self.epoll, stop, &stop);
  add_watch (self.epoll, self.listener, &self.listener);
  add_watch (self.epoll, wake_up, &wake_up);
  loop (&self);
  g_unlink (path);
  close (self.listener);
  close (self.epoll);
  g_ptr_array_unref (self.waiting);
  return 0;
}
