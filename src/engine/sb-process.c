/* sb-process.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-process.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/sb-error.h"

#define READ_SIZE 65536
/* The longest event that CloudWatch Logs takes; longer lines are cut there. */
#define MAX_LINE (256 * 1024)

struct _SbProcess
{
  int ref_count;
  GPid pid;
  gboolean running;
  int fd;
  guint watch;
  guint output;
  guint grace;
  GByteArray *rest;
  SbProcessLinesFunc on_lines;
  SbProcessExitFunc on_exit;
  gpointer data;
};

/* Runs between fork and exec: only async-signal-safe calls. */
static void
prepare_child (gpointer data)
{
  GPid parent = *(GPid *) data;
  sigset_t none;

  setpgid (0, 0);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  /* The engine may have died before the line above. */
  if (getppid () != parent)
    _exit (127);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
}

static void
add_line (GPtrArray *lines, const guint8 *start, gsize length)
{
  if (length > 0 && start[length - 1] == '\r')
    length--;
  if (length == 0)
    return;
  g_ptr_array_add (lines, g_utf8_make_valid ((const char *) start, (gssize) length));
}

/* Hands over all whole lines that were read, and with @all the unfinished last one. */
static void
deliver (SbProcess *self, gboolean all)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  const guint8 *start = self->rest->data;
  const guint8 *end = start + self->rest->len;
  const guint8 *newline;

  while (start < end && (newline = memchr (start, '\n', (gsize) (end - start))) != NULL)
    {
      add_line (lines, start, (gsize) (newline - start));
      start = newline + 1;
    }
  if (start < end && (all || end - start >= MAX_LINE))
    {
      add_line (lines, start, (gsize) (end - start));
      start = end;
    }
  if (self->rest->len > 0)
    g_byte_array_remove_range (self->rest, 0, (guint) (start - self->rest->data));
  if (lines->len > 0 && self->on_lines != NULL)
    self->on_lines (self, lines, self->data);
}

/* Returns: whether there may be more to read later */
static gboolean
read_some (SbProcess *self)
{
  gsize before = self->rest->len;
  gssize n;

  g_byte_array_set_size (self->rest, (guint) (before + READ_SIZE));
  do
    n = read (self->fd, self->rest->data + before, READ_SIZE);
  while (n < 0 && errno == EINTR);
  g_byte_array_set_size (self->rest, (guint) (before + (gsize) MAX (n, 0)));
  return n > 0 || (n < 0 && errno == EAGAIN);
}

static gboolean
output_cb (int fd, GIOCondition condition, gpointer data)
{
  g_autoptr (SbProcess) self = sb_process_ref (data);
  gboolean more = read_some (self);

  deliver (self, !more);
  if (more)
    return G_SOURCE_CONTINUE;
  self->output = 0;
  return G_SOURCE_REMOVE;
}

/* What a dead process left in its pipe. A descendant that got away from the group could keep the
 * pipe open, so this does not wait for the end of file. */
static void
drain (SbProcess *self)
{
  gsize before;

  do
    {
      before = self->rest->len;
      if (!read_some (self))
        break;
    }
  while (self->rest->len > before);
  deliver (self, TRUE);
}

static void
exit_cb (GPid pid, int status, gpointer data)
{
  g_autoptr (SbProcess) self = sb_process_ref (data);

  self->watch = 0;
  self->running = FALSE;
  g_clear_handle_id (&self->grace, g_source_remove);
  kill (-pid, SIGKILL);
  if (self->output != 0)
    drain (self);
  g_clear_handle_id (&self->output, g_source_remove);
  if (self->on_exit != NULL)
    self->on_exit (self, status, self->data);
  /* The reference that the running process held. */
  sb_process_unref (self);
}

static gboolean
open_pipe (int fds[2], GError **error)
{
  if (!g_unix_open_pipe (fds, FD_CLOEXEC, error))
    return FALSE;
  return g_unix_set_fd_nonblocking (fds[0], TRUE, error);
}

/**
 * sb_process_start:
 * @argv: (array zero-terminated=1): program, as a path, and its arguments
 * @environ: (array zero-terminated=1): the whole environment
 * @folder: where it runs
 * @on_lines: (nullable): called with what it writes to stdout and stderr
 * @on_exit: (nullable): called when it has ended
 * @data: for both
 * @error: why it could not be started
 *
 * Returns: (transfer full): the running process
 */
SbProcess *
sb_process_start (const char *const *argv,
                  const char *const *environ,
                  const char *folder,
                  SbProcessLinesFunc on_lines,
                  SbProcessExitFunc on_exit,
                  gpointer data,
                  GError **error)
{
  GPid parent = getpid ();
  int fds[2];
  SbProcess *self;
  GPid pid;
  gboolean started;

  if (!open_pipe (fds, error))
    return NULL;
  started = g_spawn_async_with_pipes_and_fds (folder,
                                              argv,
                                              environ,
                                              G_SPAWN_DO_NOT_REAP_CHILD,
                                              prepare_child,
                                              &parent,
                                              -1,
                                              fds[1],
                                              fds[1],
                                              NULL,
                                              NULL,
                                              0,
                                              &pid,
                                              NULL,
                                              NULL,
                                              NULL,
                                              error);
  close (fds[1]);
  if (!started)
    {
      close (fds[0]);
      return NULL;
    }
  self = g_new0 (SbProcess, 1);
  self->ref_count = 2;
  self->pid = pid;
  self->running = TRUE;
  self->fd = fds[0];
  self->rest = g_byte_array_new ();
  self->on_lines = on_lines;
  self->on_exit = on_exit;
  self->data = data;
  self->output = g_unix_fd_add (self->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, output_cb, self);
  self->watch = g_child_watch_add (pid, exit_cb, self);
  return self;
}

SbProcess *
sb_process_ref (SbProcess *self)
{
  self->ref_count++;
  return self;
}

void
sb_process_unref (SbProcess *self)
{
  if (--self->ref_count > 0)
    return;
  close (self->fd);
  g_byte_array_unref (self->rest);
  g_free (self);
}

/**
 * sb_process_disconnect:
 * @self: a process
 *
 * From now on neither of the functions given to sb_process_start() is called.
 */
void
sb_process_disconnect (SbProcess *self)
{
  self->on_lines = NULL;
  self->on_exit = NULL;
}

gboolean
sb_process_is_running (SbProcess *self)
{
  return self->running;
}

static gboolean
grace_over_cb (gpointer data)
{
  SbProcess *self = data;

  self->grace = 0;
  sb_process_kill (self);
  return G_SOURCE_REMOVE;
}

/**
 * sb_process_stop:
 * @self: a process
 * @grace: seconds after which it is killed
 *
 * Asks the process group to end (SIGTERM).
 */
void
sb_process_stop (SbProcess *self, guint grace)
{
  if (!self->running)
    return;
  kill (-self->pid, SIGTERM);
  if (self->grace == 0)
    self->grace = g_timeout_add_seconds (grace, grace_over_cb, self);
}

/**
 * sb_process_kill:
 * @self: a process
 *
 * Ends the process group now (SIGKILL).
 */
void
sb_process_kill (SbProcess *self)
{
  if (self->running)
    kill (-self->pid, SIGKILL);
}

/**
 * sb_process_describe:
 * @status: as of waitpid()
 *
 * Returns: (transfer full): how a process ended, as SageMaker says it
 */
char *
sb_process_describe (int status)
{
  if (WIFSIGNALED (status))
    return g_strdup_printf ("exit code: %d (%s)",
                            128 + WTERMSIG (status),
                            WTERMSIG (status) == SIGKILL ? "killed, possibly for lack of memory"
                                                         : g_strsignal (WTERMSIG (status)));
  return g_strdup_printf ("exit code: %d", WEXITSTATUS (status));
}

/* It may be the folder itself, or one below it. */
static gboolean
names_folder (const char *variable, const char *folder)
{
  static const char *const names[] = { "SM_PREFIX=", "SAGEBRUSH_INSTANCE=" };
  gsize length = strlen (folder);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const char *value = variable + strlen (names[i]);

      if (g_str_has_prefix (variable, names[i]) && strncmp (value, folder, length) == 0 &&
          (value[length] == G_DIR_SEPARATOR || value[length] == '\0'))
        return TRUE;
    }
  return FALSE;
}

static gboolean
works_below (const char *pid, const char *folder)
{
  g_autofree char *path = g_build_filename ("/proc", pid, "environ", NULL);
  g_autofree char *text = NULL;
  struct stat info;
  gsize length;

  if (stat (path, &info) != 0 || info.st_uid != getuid () ||
      !g_file_get_contents (path, &text, &length, NULL))
    return FALSE;
  for (char *p = text; p < text + length; p += strlen (p) + 1)
    if (names_folder (p, folder))
      return TRUE;
  return FALSE;
}

/**
 * sb_process_make_environment:
 *
 * Returns: (transfer full): what every algorithm gets of the engine's own environment
 */
GStrv
sb_process_make_environment (void)
{
  static const char *const passed[] = {
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "ASAN_OPTIONS",
    "UBSAN_OPTIONS",
    "LSAN_OPTIONS",
    /* Which Python runs a user's script, and what it finds. */
    "SAGEBRUSH_PYTHON",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "CUDA_VISIBLE_DEVICES",
  };
  GStrv environ = g_new0 (char *, 1);

  for (guint i = 0; i < G_N_ELEMENTS (passed); i++)
    if (g_getenv (passed[i]) != NULL)
      environ = g_environ_setenv (environ, passed[i], g_getenv (passed[i]), TRUE);
  return environ;
}

/**
 * sb_process_kill_left_over:
 * @folder: the engine's data folder, or a folder in it
 *
 * Ends what programs of an engine that was killed, of a job that has ended, or of a notebook
 * instance, have started themselves and left behind: those whose `SM_PREFIX` or
 * `SAGEBRUSH_INSTANCE` is @folder or below it. The programs proper died with the engine.
 */
void
sb_process_kill_left_over (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc", 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      pid_t pid = (pid_t) g_ascii_strtoll (name, NULL, 10);

      if (pid > 1 && pid != getpid () && works_below (name, folder))
        kill (pid, SIGKILL);
    }
}

/**
 * sb_process_find_program:
 * @name: such as `sagebrush-xgboost`
 * @error: why it was not found
 *
 * Looks in `$SAGEBRUSH_ALGORITHMS_DIR`, beside the running engine, in the build folder when the
 * engine runs from there, and where the algorithms are installed.
 *
 * Returns: (transfer full): the path of the program
 */
char *
sb_process_find_program (const char *name, GError **error)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *beside = self != NULL ? g_path_get_dirname (self) : NULL;
  g_autofree char *built = g_build_filename (SB_BUILDDIR, "src", "algorithms", NULL);
  gboolean uninstalled = self != NULL && g_str_has_prefix (self, SB_BUILDDIR "/");
  const char *folders[] = {
    g_getenv ("SAGEBRUSH_ALGORITHMS_DIR"), beside, uninstalled ? built : NULL, SB_LIBEXECDIR
  };

  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = NULL;

      if (folders[i] == NULL)
        continue;
      path = g_build_filename (folders[i], name, NULL);
      if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer (&path);
    }
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_NOT_FOUND,
               "The program %s is not installed beside the engine; install Sagebrush again",
               name);
  return NULL;
}
