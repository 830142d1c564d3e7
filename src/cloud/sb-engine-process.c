/* sb-engine-process.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-engine-process.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cloud/sb-client-private.h"
#include "cloud/sb-profile-provider.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

#define PROGRAM        "sagebrush-engine"
#define DEFAULT_REGION "us-east-1"
/* How long an engine may take to say where it is, and one that was told to stop, to end. */
#define START_SECONDS 20
#define STOP_SECONDS  20
/* How often to look for the file of an engine that somebody else is just starting. */
#define LOOK_SECONDS 0.05
#define MAX_LINE     65536

/**
 * SbEngineProcess:
 *
 * The local engine of a data folder: one that this program started, or one that it found running.
 */
struct _SbEngineProcess
{
  GObject parent_instance;

  char *data_dir;
  char *url;
  char *region;
  char *credentials_file;
  GPid pid;
  GSubprocess *child; /* %NULL for an engine that was found running */
};

G_DEFINE_FINAL_TYPE (SbEngineProcess, sb_engine_process, G_TYPE_OBJECT)

static void
sb_engine_process_finalize (GObject *object)
{
  SbEngineProcess *self = SB_ENGINE_PROCESS (object);

  g_clear_pointer (&self->data_dir, g_free);
  g_clear_pointer (&self->url, g_free);
  g_clear_pointer (&self->region, g_free);
  g_clear_pointer (&self->credentials_file, g_free);
  g_clear_object (&self->child);

  G_OBJECT_CLASS (sb_engine_process_parent_class)->finalize (object);
}

static void
sb_engine_process_class_init (SbEngineProcessClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_engine_process_finalize;
}

static void
sb_engine_process_init (SbEngineProcess *self)
{
}

static char *
beside_this_program (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = program != NULL ? g_path_get_dirname (program) : NULL;

  return folder != NULL ? g_build_filename (folder, PROGRAM, NULL) : NULL;
}

static char *
find_program (GError **error)
{
  const char *named = g_getenv ("SAGEBRUSH_ENGINE");
  char *places[] = { g_strdup (named),
                     beside_this_program (),
                     g_strdup (SB_BUILDDIR "/src/engine/" PROGRAM),
                     g_strdup (SB_BINDIR "/" PROGRAM) };
  char *found = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      if (found == NULL && places[i] != NULL && *places[i] != '\0' &&
          g_file_test (places[i], G_FILE_TEST_IS_EXECUTABLE))
        found = g_steal_pointer (&places[i]);
      g_free (places[i]);
    }
  if (found == NULL)
    g_set_error_literal (
        error,
        SB_ERROR,
        SB_ERROR_FAILED,
        _ ("The local engine (sagebrush-engine) is not installed. Install Sagebrush "
           "again, or set SAGEBRUSH_ENGINE to its place."));
  return found;
}

static gboolean
take_members (SbEngineProcess *self, JsonObject *json)
{
  const char *url = sb_json_get_string (json, "url", NULL);
  const char *credentials = sb_json_get_string (json, "credentials", NULL);

  if (url == NULL || credentials == NULL)
    return FALSE;
  g_free (self->url);
  g_free (self->region);
  g_free (self->credentials_file);
  self->url = g_strdup (url);
  self->region = g_strdup (sb_json_get_string (json, "region", DEFAULT_REGION));
  self->credentials_file = g_strdup (credentials);
  return TRUE;
}

/* Its file may have outlived it, and its port may be another program's by now: only a signed
 * answer counts. */
static gboolean
answers (SbEngineProcess *self, GCancellable *cancellable)
{
  g_autoptr (SbConnection) connection = sb_connection_new_for_engine (self);
  g_autoptr (SbClient) client = sb_client_new (connection, NULL);
  g_autoptr (JsonObject) output = NULL;

  sb_connection_set_max_attempts (connection, 1);
  output = sb_client_call (client, "sts", "GetCallerIdentity", NULL, cancellable, NULL);
  return output != NULL;
}

/* An engine in another sandbox has a number there that says nothing here. */
static gboolean
may_run (gint64 pid)
{
  return pid > 0 &&
         (kill ((pid_t) pid, 0) == 0 || g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS));
}

static char *
lock_path (SbEngineProcess *self)
{
  return g_build_filename (self->data_dir, "lock", NULL);
}

/* Whether the process of this number is the engine: it has the file open that it locks. */
static gboolean
has_lock_open (SbEngineProcess *self, gint64 pid)
{
  g_autofree char *folder = g_strdup_printf ("/proc/%" G_GINT64_FORMAT "/fd", pid);
  g_autofree char *lock = lock_path (self);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  gboolean found = FALSE;
  GStatBuf wanted;
  GStatBuf other;
  const char *name;

  if (dir == NULL || g_stat (lock, &wanted) != 0)
    return FALSE;
  while (!found && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      found = g_stat (path, &other) == 0 && other.st_dev == wanted.st_dev &&
              other.st_ino == wanted.st_ino;
    }
  return found;
}

static gboolean
attach (SbEngineProcess *self, GCancellable *cancellable)
{
  g_autofree char *path = g_build_filename (self->data_dir, "engine.json", NULL);
  g_autoptr (JsonObject) json = sb_json_load_file (path, NULL);
  gint64 pid = json != NULL ? sb_json_get_int (json, "pid", 0) : 0;

  if (!may_run (pid) || !take_members (self, json) || !answers (self, cancellable))
    return FALSE;
  self->pid = has_lock_open (self, pid) ? (GPid) pid : 0;
  return TRUE;
}

static char *
log_path (SbEngineProcess *self)
{
  return g_build_filename (self->data_dir, "engine.log", NULL);
}

/* A signal from the terminal is for this program, which then decides about the engine. */
static void
own_session (gpointer data)
{
  (void) setsid ();
}

static gboolean
spawn (SbEngineProcess *self, guint16 port, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autofree char *program = find_program (error);
  g_autofree char *log = log_path (self);
  g_autofree char *port_text = g_strdup_printf ("%u", port);
  const char *argv[] = { program,   "--data-dir", self->data_dir, port != 0 ? "--port" : NULL,
                         port_text, NULL };
  int fd;

  if (program == NULL)
    return FALSE;
  fd = g_open (log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_STORAGE,
                   _ ("The engine’s log “%s” could not be opened: %s"),
                   log,
                   g_strerror (errno));
      return FALSE;
    }
  g_subprocess_launcher_take_stderr_fd (launcher, fd);
  g_subprocess_launcher_set_child_setup (launcher, own_session, NULL, NULL);
  self->child = g_subprocess_launcher_spawnv (launcher, argv, error);
  if (self->child == NULL)
    return FALSE;
  self->pid = (GPid) g_ascii_strtoll (g_subprocess_get_identifier (self->child), NULL, 10);
  return TRUE;
}

/* Waits for more to read. */
static gboolean
wait_readable (int fd, gint64 deadline, GCancellable *cancellable, GError **error)
{
  GPollFD fds[2] = { { .fd = fd, .events = G_IO_IN | G_IO_HUP } };
  gboolean watched = cancellable != NULL && g_cancellable_make_pollfd (cancellable, &fds[1]);
  gint64 left = MAX (0, deadline - g_get_monotonic_time ());
  int n = g_poll (fds, watched ? 2 : 1, (int) (left / 1000));

  if (watched)
    g_cancellable_release_fd (cancellable);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (n == 0)
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_FAILED,
                 _ ("The local engine did not start in %d seconds. See its log, engine.log."),
                 START_SECONDS);
  return n != 0;
}

/* The line that the engine prints when it is ready; "" if it ended before. */
static char *
read_line (SbEngineProcess *self, GCancellable *cancellable, GError **error)
{
  GInputStream *stream = g_subprocess_get_stdout_pipe (self->child);
  int fd = g_unix_input_stream_get_fd (G_UNIX_INPUT_STREAM (stream));
  gint64 deadline = g_get_monotonic_time () + START_SECONDS * G_USEC_PER_SEC;
  g_autoptr (GString) line = g_string_new (NULL);

  while (line->len < MAX_LINE)
    {
      char c;
      gssize n;

      if (!wait_readable (fd, deadline, cancellable, error))
        return NULL;
      n = read (fd, &c, 1);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        {
          g_string_truncate (line, 0);
          break;
        }
      if (c == '\n')
        break;
      g_string_append_c (line, c);
    }
  return g_string_free (g_steal_pointer (&line), FALSE);
}

static char *
last_log_line (SbEngineProcess *self)
{
  g_autofree char *path = log_path (self);
  g_autofree char *text = NULL;
  const char *start;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return g_strdup ("");
  g_strchomp (text);
  start = strrchr (text, '\n');
  return g_utf8_make_valid (start != NULL ? start + 1 : text, -1);
}

static void
set_ended (SbEngineProcess *self, GError **error)
{
  g_autofree char *line = last_log_line (self);

  if (*line != '\0')
    g_set_error (
        error, SB_ERROR, SB_ERROR_FAILED, _ ("The local engine could not start: %s"), line);
  else
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_FAILED,
                 _ ("The local engine could not start and did not say why. See the folder “%s”."),
                 self->data_dir);
}

static void
drop_child (SbEngineProcess *self)
{
  g_subprocess_force_exit (self->child);
  g_subprocess_wait (self->child, NULL, NULL);
  g_clear_object (&self->child);
  self->pid = 0;
}

static gboolean
start (SbEngineProcess *self, guint16 port, GCancellable *cancellable, GError **error)
{
  g_autofree char *line = NULL;
  g_autoptr (JsonObject) json = NULL;

  if (!spawn (self, port, error))
    return FALSE;
  line = read_line (self, cancellable, error);
  if (line != NULL && *line == '\0')
    set_ended (self, error);
  if (line == NULL || *line == '\0')
    {
      drop_child (self);
      return FALSE;
    }
  json = sb_json_parse_object (line, -1, NULL);
  if (json != NULL && take_members (self, json))
    return TRUE;
  g_set_error_literal (error,
                       SB_ERROR,
                       SB_ERROR_PROTOCOL,
                       _ ("The local engine started and did not say where it is. Is it of another "
                          "version of Sagebrush?"));
  drop_child (self);
  return FALSE;
}

static gboolean
is_locked (SbEngineProcess *self)
{
  g_autofree char *path = lock_path (self);
  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  gboolean locked;

  if (fd < 0)
    return FALSE;
  locked = flock (fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close (fd);
  return locked;
}

/* Somebody else's engine holds the folder: it has its file as soon as it is ready. */
static gboolean
attach_when_ready (SbEngineProcess *self, GCancellable *cancellable)
{
  gint64 deadline = g_get_monotonic_time () + START_SECONDS * G_USEC_PER_SEC;

  while (is_locked (self) && g_get_monotonic_time () < deadline)
    {
      if (attach (self, cancellable))
        return TRUE;
      if (!_sb_client_sleep (LOOK_SECONDS, cancellable, NULL))
        return FALSE;
    }
  return FALSE;
}

/**
 * sb_engine_process_start:
 * @data_dir: the folder that keeps all that the engine has
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Starts the local engine, or finds the one that has the folder already. Blocks until it answers.
 *
 * Returns: (transfer full) (nullable): the engine
 */
SbEngineProcess *
sb_engine_process_start (const char *data_dir, GCancellable *cancellable, GError **error)
{
  return sb_engine_process_start_on_port (data_dir, 0, cancellable, error);
}

/**
 * sb_engine_process_start_on_port:
 * @data_dir: the folder that keeps all that the engine has
 * @port: the port to listen at, 0 for any; one that runs already keeps its own
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Like sb_engine_process_start().
 *
 * Returns: (transfer full) (nullable): the engine
 */
SbEngineProcess *
sb_engine_process_start_on_port (const char *data_dir,
                                 guint16 port,
                                 GCancellable *cancellable,
                                 GError **error)
{
  g_autoptr (SbEngineProcess) self = NULL;
  g_autoptr (GError) local = NULL;

  g_return_val_if_fail (data_dir != NULL, NULL);

  self = g_object_new (SB_TYPE_ENGINE_PROCESS, NULL);
  self->data_dir = g_canonicalize_filename (data_dir, NULL);
  if (g_mkdir_with_parents (self->data_dir, 0700) != 0)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_STORAGE,
                   _ ("The folder “%s” could not be made: %s"),
                   self->data_dir,
                   g_strerror (errno));
      return NULL;
    }
  if (attach (self, cancellable) || start (self, port, cancellable, &local) ||
      attach_when_ready (self, cancellable))
    return g_steal_pointer (&self);
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

/**
 * sb_engine_process_get_data_dir:
 * @self: an engine
 *
 * Returns: (transfer none): the absolute path of its folder
 */
const char *
sb_engine_process_get_data_dir (SbEngineProcess *self)
{
  g_return_val_if_fail (SB_IS_ENGINE_PROCESS (self), NULL);

  return self->data_dir;
}

/**
 * sb_engine_process_get_url:
 * @self: an engine
 *
 * Returns: (transfer none): the endpoint of all its services
 */
const char *
sb_engine_process_get_url (SbEngineProcess *self)
{
  g_return_val_if_fail (SB_IS_ENGINE_PROCESS (self), NULL);

  return self->url;
}

/**
 * sb_engine_process_get_region:
 * @self: an engine
 *
 * Returns: (transfer none): the Region that it says it is
 */
const char *
sb_engine_process_get_region (SbEngineProcess *self)
{
  g_return_val_if_fail (SB_IS_ENGINE_PROCESS (self), NULL);

  return self->region;
}

/**
 * sb_engine_process_get_credentials_file:
 * @self: an engine
 *
 * Returns: (transfer none): the shared credentials file with its key, profile `default`
 */
const char *
sb_engine_process_get_credentials_file (SbEngineProcess *self)
{
  g_return_val_if_fail (SB_IS_ENGINE_PROCESS (self), NULL);

  return self->credentials_file;
}

/**
 * sb_engine_process_get_pid:
 * @self: an engine
 *
 * Returns: its process; 0 when that is in another sandbox
 */
GPid
sb_engine_process_get_pid (SbEngineProcess *self)
{
  g_return_val_if_fail (SB_IS_ENGINE_PROCESS (self), 0);

  return self->pid;
}

/**
 * sb_engine_process_is_child:
 * @self: an engine
 *
 * Returns: whether this program started it
 */
gboolean
sb_engine_process_is_child (SbEngineProcess *self)
{
  g_return_val_if_fail (SB_IS_ENGINE_PROCESS (self), FALSE);

  return self->child != NULL;
}

static gboolean
has_any (SbClient *client,
         const char *operation,
         const char *status,
         const char *list,
         gboolean *any,
         GCancellable *cancellable,
         GError **error)
{
  g_autoptr (JsonObject) input =
      sb_json_object_new ("StatusEquals", "s", status, "MaxResults", "i", (gint64) 1, NULL);
  g_autoptr (JsonObject) output =
      sb_client_call (client, "sagemaker", operation, input, cancellable, error);
  JsonArray *array = output != NULL ? sb_json_get_array (output, list) : NULL;

  *any = *any || (array != NULL && json_array_get_length (array) > 0);
  return output != NULL;
}

/**
 * sb_engine_process_is_wanted:
 * @self: an engine
 * @wanted: (out): whether a job is in progress, an endpoint exists or a notebook is open
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Asks the engine whether somebody would miss it. Blocks.
 *
 * Returns: whether it answered
 */
gboolean
sb_engine_process_is_wanted (SbEngineProcess *self,
                             gboolean *wanted,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (SbConnection) connection = NULL;
  g_autoptr (SbClient) client = NULL;

  g_return_val_if_fail (SB_IS_ENGINE_PROCESS (self), FALSE);
  g_return_val_if_fail (wanted != NULL, FALSE);

  *wanted = FALSE;
  connection = sb_connection_new_for_engine (self);
  client = sb_client_new (connection, NULL);
  return has_any (client,
                  "ListTrainingJobs",
                  "InProgress",
                  "TrainingJobSummaries",
                  wanted,
                  cancellable,
                  error) &&
         (*wanted ||
          has_any (client, "ListEndpoints", NULL, "Endpoints", wanted, cancellable, error)) &&
         (*wanted || has_any (client,
                              "ListNotebookInstances",
                              "InService",
                              "NotebookInstances",
                              wanted,
                              cancellable,
                              error));
}

/* Waits for the end of a process that is nobody's child here. */
static gboolean
wait_for_end (GPid pid, GCancellable *cancellable, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + STOP_SECONDS * G_USEC_PER_SEC;

  while (kill (pid, 0) == 0)
    {
      if (g_get_monotonic_time () > deadline)
        {
          g_set_error (error,
                       SB_ERROR,
                       SB_ERROR_FAILED,
                       _ ("The local engine did not stop in %d seconds. See its log, engine.log."),
                       STOP_SECONDS);
          return FALSE;
        }
      if (!_sb_client_sleep (LOOK_SECONDS, cancellable, error))
        return FALSE;
    }
  return TRUE;
}

/**
 * sb_engine_process_stop:
 * @self: an engine
 * @cancellable: (nullable): ends the waiting, not the stopping
 * @error: return location for an error
 *
 * Tells the engine to stop and waits until it has. Blocks. An engine that has stopped already is
 * no error.
 *
 * Returns: whether it has stopped
 */
gboolean
sb_engine_process_stop (SbEngineProcess *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (SB_IS_ENGINE_PROCESS (self), FALSE);

  if (self->child != NULL)
    {
      g_subprocess_send_signal (self->child, SIGTERM);
      return g_subprocess_wait (self->child, cancellable, error);
    }
  if (self->pid == 0 && is_locked (self))
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_FAILED,
                           _ ("The local engine runs in another sandbox and cannot be stopped from "
                              "here. End the Sagebrush that started it."));
      return FALSE;
    }
  if (self->pid == 0 || kill (self->pid, SIGTERM) != 0)
    return TRUE;
  return wait_for_end (self->pid, cancellable, error);
}

/**
 * sb_connection_new_for_engine:
 * @self: an engine
 *
 * Returns: (transfer full): the connection `local`, “This computer”
 */
SbConnection *
sb_connection_new_for_engine (SbEngineProcess *self)
{
  g_autoptr (SbCredentialsProvider) provider = NULL;

  g_return_val_if_fail (SB_IS_ENGINE_PROCESS (self), NULL);

  provider = sb_profile_provider_new (self->credentials_file, "default");
  return sb_connection_new ("local", _ ("This computer"), self->region, self->url, provider);
}
