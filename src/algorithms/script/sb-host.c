/* sb-host.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/script/sb-host.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define READ_SIZE 65536
/* How much of stderr is kept to explain a failure. */
#define MAX_TAIL 16384

typedef struct
{
  SbHost *host;
  int fd;
  guint watch;
  GString *rest; /* an unfinished line */
  GString *tail; /* (nullable) */
} Stream;

struct _SbHost
{
  char *name;
  char *folder;
  gboolean marked;
  GPid pid;
  gboolean running;
  int status;
  guint watch;
  Stream out;
  Stream err;
  SbHostFunc func;
  gpointer data;
};

/* Runs between fork and exec: only async-signal-safe calls. */
static void
prepare_child (gpointer data)
{
  GPid parent = *(GPid *) data;

  setpgid (0, 0);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  /* The parent may have died before the line above. */
  if (getppid () != parent)
    _exit (127);
}

static void
write_lines (Stream *self, gboolean all)
{
  const char *start = self->rest->str;
  const char *end = start + self->rest->len;
  const char *newline;

  while (start < end)
    {
      newline = memchr (start, '\n', (gsize) (end - start));
      if (newline == NULL && !all)
        break;
      if (self->host->marked)
        printf ("[%s] ", self->host->name);
      fwrite (start, 1, (gsize) ((newline != NULL ? newline : end) - start), stdout);
      putchar ('\n');
      start = newline != NULL ? newline + 1 : end;
    }
  fflush (stdout);
  g_string_erase (self->rest, 0, start - self->rest->str);
}

static void
keep_tail (Stream *self, const char *text, gsize length)
{
  if (self->tail == NULL)
    return;
  g_string_append_len (self->tail, text, (gssize) length);
  if (self->tail->len > MAX_TAIL)
    g_string_erase (self->tail, 0, (gssize) (self->tail->len - MAX_TAIL));
}

/* Returns: bytes that were read, 0 at the end, -1 when there is nothing now */
static gssize
read_some (Stream *self)
{
  char buffer[READ_SIZE];
  gssize n;

  do
    n = read (self->fd, buffer, sizeof buffer);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return errno == EAGAIN ? -1 : 0;
  g_string_append_len (self->rest, buffer, n);
  keep_tail (self, buffer, (gsize) n);
  write_lines (self, n == 0);
  return n;
}

static gboolean
readable_cb (int fd, GIOCondition condition, gpointer data)
{
  Stream *self = data;

  if (read_some (self) != 0)
    return G_SOURCE_CONTINUE;
  self->watch = 0;
  return G_SOURCE_REMOVE;
}

static void
stream_init (Stream *self, SbHost *host, int fd, gboolean kept)
{
  self->host = host;
  self->fd = fd;
  self->rest = g_string_new (NULL);
  self->tail = kept ? g_string_new (NULL) : NULL;
  g_unix_set_fd_nonblocking (fd, TRUE, NULL);
  self->watch = g_unix_fd_add (fd, G_IO_IN | G_IO_HUP | G_IO_ERR, readable_cb, self);
}

/* A descendant that got away could hold the pipe open: this does not wait for its end. */
static void
stream_drain (Stream *self)
{
  if (self->watch != 0)
    while (read_some (self) > 0)
      continue;
  g_clear_handle_id (&self->watch, g_source_remove);
  write_lines (self, TRUE);
}

static void
stream_clear (Stream *self)
{
  g_clear_handle_id (&self->watch, g_source_remove);
  if (self->rest == NULL)
    return;
  close (self->fd);
  g_string_free (self->rest, TRUE);
  if (self->tail != NULL)
    g_string_free (self->tail, TRUE);
}

static void
exit_cb (GPid pid, int status, gpointer data)
{
  SbHost *self = data;

  self->watch = 0;
  self->running = FALSE;
  self->status = status;
  kill (-pid, SIGKILL);
  stream_drain (&self->out);
  stream_drain (&self->err);
  self->func (self, self->data);
}

/**
 * sb_host_start:
 * @name: such as `algo-1`
 * @folder: where it runs
 * @marked: whether its lines begin with its name, as in `[algo-2] text`: from that the engine tells
 *   its log from the first host's
 * @argv: (array zero-terminated=1): program, as a path, and its arguments
 * @environ: (array zero-terminated=1): the whole environment
 * @func: called once when it has ended, in the main loop
 * @data: for it
 * @error: why it could not be started
 *
 * Returns: (transfer full) (nullable): the running host
 */
SbHost *
sb_host_start (const char *name,
               const char *folder,
               gboolean marked,
               const char *const *argv,
               const char *const *environ,
               SbHostFunc func,
               gpointer data,
               GError **error)
{
  g_autoptr (SbHost) self = g_new0 (SbHost, 1);
  GPid parent = getpid ();
  int out;
  int err;

  self->name = g_strdup (name);
  self->folder = g_strdup (folder);
  self->marked = marked;
  self->func = func;
  self->data = data;
  if (!g_spawn_async_with_pipes (folder,
                                 (char **) argv,
                                 (char **) environ,
                                 G_SPAWN_DO_NOT_REAP_CHILD,
                                 prepare_child,
                                 &parent,
                                 &self->pid,
                                 NULL,
                                 &out,
                                 &err,
                                 error))
    return NULL;
  self->running = TRUE;
  stream_init (&self->out, self, out, FALSE);
  stream_init (&self->err, self, err, TRUE);
  self->watch = g_child_watch_add (self->pid, exit_cb, self);
  return g_steal_pointer (&self);
}

/**
 * sb_host_free:
 * @self: a host; one that runs is ended
 */
void
sb_host_free (SbHost *self)
{
  if (self->running)
    kill (-self->pid, SIGKILL);
  g_clear_handle_id (&self->watch, g_source_remove);
  stream_clear (&self->out);
  stream_clear (&self->err);
  g_free (self->name);
  g_free (self->folder);
  g_free (self);
}

const char *
sb_host_get_name (SbHost *self)
{
  return self->name;
}

const char *
sb_host_get_folder (SbHost *self)
{
  return self->folder;
}

gboolean
sb_host_is_running (SbHost *self)
{
  return self->running;
}

/**
 * sb_host_get_status:
 * @self: a host that has ended
 *
 * Returns: how, as of waitpid()
 */
int
sb_host_get_status (SbHost *self)
{
  return self->status;
}

/**
 * sb_host_get_tail:
 * @self: a host
 *
 * Returns: (transfer none): the last of what it wrote to stderr
 */
const char *
sb_host_get_tail (SbHost *self)
{
  return self->err.tail->str;
}

/**
 * sb_host_signal:
 * @self: a host
 * @number: such as SIGTERM
 *
 * Sends a signal to all its processes, if it runs.
 */
void
sb_host_signal (SbHost *self, int number)
{
  if (self->running)
    kill (-self->pid, number);
}
