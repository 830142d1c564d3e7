/* sb-script-train.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Starts a script on as many hosts as the job has, each a process, and sees to it that either all
 * of them end well or none is left.
 */

#include "config.h"

#include "algorithms/script/sb-script.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "algorithms/contract/sb-contract.h"
#include "algorithms/script/sb-host-folder.h"
#include "algorithms/script/sb-host.h"
#include "algorithms/script/sb-python.h"
#include "algorithms/script/sb-reason.h"
#include "formats/sb-archive.h"
#include "wire/sb-json.h"

/* How long the other hosts have when one has failed. */
#define GRACE_SECONDS 5
#define CONTAINER     "/opt/ml/"

typedef struct
{
  GMainLoop *loop;
  char *folder;
  char *python;
  JsonArray *names;
  GPtrArray *hosts; /* (element-type SbHost) */
  guint n_running;
  guint grace;
  gboolean stopping;
  SbHost *failed; /* the one that is to blame */
} Run;

/* The SDK writes hyperparameters as JSON, others as plain text. */
static char *
decode (const char *value)
{
  g_autoptr (JsonNode) node = sb_json_parse (value, -1, NULL);

  if (node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
      json_node_get_value_type (node) == G_TYPE_STRING)
    return g_strdup (json_node_get_string (node));
  return g_strdup (value);
}

/* The engine has put an archive from S3 where its first try looks; a path of the container is one
 * below the job's folder. */
static char *
find_source (GError **error)
{
  g_autofree char *path = sb_contract_path ("input", "source", "sourcedir.tar.gz", NULL);
  g_autoptr (JsonObject) given = sb_contract_read_hyperparameters (error);
  g_autofree char *directory = NULL;

  if (given == NULL || g_file_test (path, G_FILE_TEST_EXISTS))
    return given != NULL ? g_steal_pointer (&path) : NULL;
  directory = decode (sb_json_get_string (given, "sagemaker_submit_directory", ""));
  if (g_str_has_prefix (directory, CONTAINER))
    {
      g_autofree char *inside = sb_contract_path (directory + strlen (CONTAINER), NULL);

      if (g_file_test (inside, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&inside);
    }
  g_set_error (error,
               G_IO_ERROR,
               G_IO_ERROR_NOT_FOUND,
               "ClientError: There is no script: the hyperparameter sagemaker_submit_directory has "
               "to name an archive of it in S3, and sagemaker_program the file in it to run.");
  return NULL;
}

static gboolean
unpack_source (Run *self, GError **error)
{
  g_autofree char *source = find_source (error);

  for (guint i = 0; source != NULL && i < json_array_get_length (self->names); i++)
    {
      g_autofree char *own = sb_host_folder_get (self->folder, self->names, i);
      g_autofree char *code = g_build_filename (own, "code", NULL);

      if (g_file_test (source, G_FILE_TEST_IS_DIR))
        {
          if (symlink (source, code) == 0 || errno == EEXIST)
            continue;
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "“%s”: %s", code, g_strerror (errno));
          return FALSE;
        }
      g_mkdir_with_parents (code, 0700);
      if (!sb_archive_unpack (source, code, NULL, error))
        {
          g_prefix_error (error, "ClientError: The script’s archive cannot be unpacked: ");
          return FALSE;
        }
    }
  return source != NULL;
}

/* Nobody listens there now. All are asked for before the first is given back, so that they differ.
 */
static gboolean
find_ports (guint *ports, guint n, GError **error)
{
  g_autoptr (GPtrArray) sockets = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
      g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
      g_autoptr (GSocketAddress) found = NULL;
      GSocket *socket =
          g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

      if (socket == NULL)
        return FALSE;
      g_ptr_array_add (sockets, socket);
      if (!g_socket_bind (socket, any, FALSE, error))
        return FALSE;
      found = g_socket_get_local_address (socket, error);
      if (found == NULL)
        return FALSE;
      ports[i] = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (found));
    }
  return TRUE;
}

static char *
join_ports (const guint *ports, guint n)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s%u", i > 0 ? "," : "", ports[i]);
  return g_string_free (text, FALSE);
}

static GStrv
make_environment (Run *self, guint index, const char *own, guint port, const char *ports)
{
  guint n = json_array_get_length (self->names);
  g_autofree char *rank = g_strdup_printf ("%u", index);
  g_autofree char *size = g_strdup_printf ("%u", n);
  g_autofree char *port_text = g_strdup_printf ("%u", port);
  GStrv environ = sb_python_make_environment ();

  environ = g_environ_setenv (environ, "SM_PREFIX", own, TRUE);
  environ = g_environ_setenv (environ, "MASTER_ADDR", "127.0.0.1", TRUE);
  environ = g_environ_setenv (environ, "MASTER_PORT", port_text, TRUE);
  environ = g_environ_setenv (environ, "RANK", rank, TRUE);
  environ = g_environ_setenv (environ, "LOCAL_RANK", "0", TRUE);
  environ = g_environ_setenv (environ, "WORLD_SIZE", size, TRUE);
  /* All hosts are this computer; libraries would else look for a name that leads elsewhere. */
  environ = g_environ_setenv (environ, "GLOO_SOCKET_IFNAME", "lo", FALSE);
  environ = g_environ_setenv (environ, "NCCL_SOCKET_IFNAME", "lo", FALSE);
  /* PyTorch after 2.4 takes it for granted, and Debian's is built without. */
  environ = g_environ_setenv (environ, "USE_LIBUV", "0", FALSE);
  return g_environ_setenv (environ, "SAGEBRUSH_HOST_PORTS", ports, TRUE);
}

static void
signal_all (Run *self, int number)
{
  for (guint i = 0; i < self->hosts->len; i++)
    sb_host_signal (self->hosts->pdata[i], number);
}

static gboolean
grace_over_cb (gpointer data)
{
  Run *self = data;

  self->grace = 0;
  signal_all (self, SIGKILL);
  return G_SOURCE_REMOVE;
}

static gboolean
has_failed (SbHost *host)
{
  int status = sb_host_get_status (host);

  return !WIFEXITED (status) || WEXITSTATUS (status) != 0;
}

/* When a host dies the others lose their connections and may be heard of first; a host that was
 * killed is more to blame than one that complains. */
static void
blame (Run *self, SbHost *host)
{
  gboolean killed = WIFSIGNALED (sb_host_get_status (host));

  if (self->failed == NULL ||
      (killed && WTERMSIG (sb_host_get_status (host)) != SIGTERM && self->grace != 0 &&
       !WIFSIGNALED (sb_host_get_status (self->failed))))
    self->failed = host;
}

static void
on_host_end (SbHost *host, gpointer data)
{
  Run *self = data;

  self->n_running--;
  if (has_failed (host) && !self->stopping)
    {
      blame (self, host);
      if (self->n_running > 0 && self->grace == 0)
        {
          sb_contract_say ("The host %s has failed; the others are ended", sb_host_get_name (host));
          signal_all (self, SIGTERM);
          self->grace = g_timeout_add_seconds (GRACE_SECONDS, grace_over_cb, self);
        }
    }
  if (self->n_running == 0)
    g_main_loop_quit (self->loop);
}

static gboolean
start_hosts (Run *self, GError **error)
{
  guint n = json_array_get_length (self->names);
  g_autofree guint *free_ports = g_new0 (guint, n + 1);
  g_autofree char *ports = NULL;
  g_autofree char *toolkit = sb_python_find_toolkit ("sagebrush_train.py", error);
  const char *const argv[] = { self->python, "-u", toolkit, NULL };

  if (toolkit == NULL || !find_ports (free_ports, n + 1, error))
    return FALSE;
  ports = join_ports (free_ports, n);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *own = sb_host_folder_get (self->folder, self->names, i);
      g_auto (GStrv) environ = make_environment (self, i, own, free_ports[n], ports);
      SbHost *host = sb_host_start (json_array_get_string_element (self->names, i),
                                    own,
                                    i > 0,
                                    argv,
                                    (const char *const *) environ,
                                    on_host_end,
                                    self,
                                    error);

      if (host == NULL)
        return FALSE;
      g_ptr_array_add (self->hosts, host);
      self->n_running++;
    }
  return TRUE;
}

/* The service gives the hosts its own time before it kills them. */
static gboolean
on_stop (gpointer data)
{
  Run *self = data;

  self->stopping = TRUE;
  signal_all (self, SIGTERM);
  return G_SOURCE_CONTINUE;
}

/* Returns: (nullable): what the toolkit or the script itself has written down */
static char *
read_own_reason (SbHost *host)
{
  g_autofree char *path = g_build_filename (sb_host_get_folder (host), "output", "failure", NULL);
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);
  return text;
}

static char *
read_command (SbHost *host)
{
  g_autofree char *path = g_build_filename (sb_host_get_folder (host), "command", NULL);
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);
  return text;
}

static void
report_failure (Run *self)
{
  g_autofree char *reason = read_own_reason (self->failed);
  g_autofree char *command = read_command (self->failed);

  if (reason == NULL || *reason == '\0')
    {
      g_free (reason);
      reason = sb_reason_new (self->python,
                              self->hosts->len > 1 ? sb_host_get_name (self->failed) : NULL,
                              sb_host_get_status (self->failed),
                              sb_host_get_tail (self->failed),
                              command);
    }
  sb_contract_say ("Reporting training FAILURE");
  sb_contract_write_failure (reason);
}

/* Returns: the exit status */
static int
finish (Run *self)
{
  int status = self->failed != NULL ? sb_host_get_status (self->failed) : 0;

  sb_host_folders_merge (self->folder, self->names);
  if (self->failed == NULL)
    {
      if (!self->stopping)
        sb_contract_say ("Reporting training SUCCESS");
      return 0;
    }
  report_failure (self);
  return WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status);
}

static gboolean
read_hosts (Run *self, GError **error)
{
  g_autofree char *path = sb_contract_path ("input", "config", "resourceconfig.json", NULL);
  g_autoptr (JsonObject) json = sb_json_load_file (path, error);
  JsonArray *hosts = json != NULL ? sb_json_get_array (json, "hosts") : NULL;

  if (json == NULL)
    return FALSE;
  if (hosts != NULL && json_array_get_length (hosts) > 0)
    self->names = json_array_ref (hosts);
  else
    {
      self->names = json_array_new ();
      json_array_add_string_element (self->names, "algo-1");
    }
  return TRUE;
}

static void
run_clear (Run *self)
{
  g_clear_handle_id (&self->grace, g_source_remove);
  g_ptr_array_unref (self->hosts);
  g_clear_pointer (&self->names, json_array_unref);
  g_main_loop_unref (self->loop);
  g_free (self->folder);
  g_free (self->python);
}

/**
 * sb_script_train:
 *
 * Runs the job below `$SM_PREFIX` to its end.
 *
 * Returns: the program's exit status
 */
int
sb_script_train (void)
{
  Run self = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *input = sb_contract_path ("input", NULL);
  int status = 1;

  self.loop = g_main_loop_new (NULL, FALSE);
  self.folder = g_path_get_dirname (input);
  self.hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_host_free);
  g_unix_signal_add (SIGTERM, on_stop, &self);
  g_unix_signal_add (SIGINT, on_stop, &self);
  self.python = sb_python_find (&error);
  if (self.python != NULL && read_hosts (&self, &error) &&
      sb_host_folders_make (self.folder, self.names, &error) && unpack_source (&self, &error) &&
      start_hosts (&self, &error))
    {
      g_main_loop_run (self.loop);
      status = finish (&self);
    }
  else
    sb_contract_write_failure (error->message);
  run_clear (&self);
  return status;
}
