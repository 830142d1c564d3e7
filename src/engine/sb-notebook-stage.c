/* sb-notebook-stage.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which programs make a notebook instance, and what they find around them: repositories are
 * cloned, the lifecycle configuration's scripts run, and Jupyter starts.
 */

#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/sb-notebook-resources.h"
#include "engine/sb-notebook.h"
#include "engine/sb-resource.h"
#include "formats/sb-folder.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

/* SageMaker's own limit for the scripts of a lifecycle configuration. */
#define SCRIPT_SECONDS 300
#define CLONE_SECONDS  300
#define SERVER_SECONDS 120

void
sb_notebook_stage_free (SbNotebookStage *self)
{
  g_strfreev (self->argv);
  g_free (self->failure);
  g_free (self);
}

static void
add_stage (GQueue *stages, GPtrArray *argv, char *failure, guint seconds, gboolean server)
{
  SbNotebookStage *stage = g_new0 (SbNotebookStage, 1);

  g_ptr_array_add (argv, NULL);
  stage->argv = (char **) g_ptr_array_free (argv, FALSE);
  stage->failure = failure;
  stage->seconds = seconds;
  stage->server = server;
  g_queue_push_tail (stages, stage);
}

static GPtrArray *
make_argv (const char *program, ...)
{
  GPtrArray *argv = g_ptr_array_new_with_free_func (g_free);
  va_list args;

  va_start (args, program);
  for (const char *arg = program; arg != NULL; arg = va_arg (args, const char *))
    g_ptr_array_add (argv, g_strdup (arg));
  va_end (args);
  return argv;
}

static char *
find_tool (const char *name, const char *hint, GError **error)
{
  char *path = g_find_program_in_path (name);

  if (path == NULL)
    g_set_error (error, SB_ERROR, SB_ERROR_NOT_FOUND, "%s", hint);
  return path;
}

/* What was cloned before stays as the person has left it. */
static gboolean
add_clone (const char *root, const char *url, GQueue *stages, GError **error)
{
  g_autofree char *base = g_path_get_basename (url);
  g_autofree char *target = NULL;
  g_autofree char *git = NULL;

  if (g_str_has_suffix (base, ".git"))
    base[strlen (base) - strlen (".git")] = '\0';
  target = g_build_filename (root, base, NULL);
  if (g_file_test (target, G_FILE_TEST_EXISTS))
    return TRUE;
  git = find_tool ("git",
                   "Git is not installed on this computer, so that the instance’s repository "
                   "cannot be cloned. Install git, then start the notebook instance again.",
                   error);
  if (git == NULL)
    return FALSE;
  add_stage (stages,
             make_argv (git, "clone", "--quiet", "--", url, target, NULL),
             g_strdup_printf ("The Git repository %s could not be cloned", url),
             CLONE_SECONDS,
             FALSE);
  return TRUE;
}

static gboolean
add_clones (JsonObject *document, const char *root, GQueue *stages, GError **error)
{
  const char *first = sb_json_get_string (document, "DefaultCodeRepository", NULL);
  JsonArray *more = sb_json_get_array (document, "AdditionalCodeRepositories");

  if (first != NULL && !add_clone (root, first, stages, error))
    return FALSE;
  for (guint i = 0; more != NULL && i < json_array_get_length (more); i++)
    if (!add_clone (root, json_array_get_string_element (more, i), stages, error))
      return FALSE;
  return TRUE;
}

static gboolean
add_script (JsonObject *config,
            const char *hook,
            JsonObject *document,
            const SbNotebookPlace *place,
            GQueue *stages,
            GError **error)
{
  g_autofree char *member = g_strconcat (hook, ".0.Content", NULL);
  const char *content = sb_json_get_string (config, member, NULL);
  g_autofree char *path = g_build_filename (place->folder, hook, NULL);
  g_autofree guchar *text = NULL;
  gsize length;

  if (content == NULL)
    return TRUE;
  text = g_base64_decode (content, &length);
  if (!g_file_set_contents_full (
          path, (const char *) text, (gssize) length, G_FILE_SET_CONTENTS_CONSISTENT, 0700, error))
    return FALSE;
  add_stage (stages,
             make_argv ("/bin/bash", "-e", path, NULL),
             g_strdup_printf ("Notebook Instance Lifecycle Config '%s' for Notebook Instance '%s' "
                              "failed to run %s",
                              sb_json_get_string (config, "NotebookInstanceLifecycleConfigArn", ""),
                              sb_json_get_string (document, "NotebookInstanceArn", ""),
                              hook),
             SCRIPT_SECONDS,
             FALSE);
  return TRUE;
}

static gboolean
add_scripts (SbEngine *engine,
             JsonObject *document,
             const SbNotebookPlace *place,
             GQueue *stages,
             GError **error)
{
  const char *name = sb_json_get_string (document, "NotebookInstanceLifecycleConfigName", NULL);
  g_autoptr (JsonObject) config =
      name != NULL ? sb_resource_load (engine, "notebook-lifecycle", name) : NULL;

  if (config == NULL)
    return TRUE;
  return (sb_json_get_bool (document, "_created", FALSE) ||
          add_script (config, "OnCreate", document, place, stages, error)) &&
         add_script (config, "OnStart", document, place, stages, error);
}

static gboolean
add_server (const SbNotebookPlace *place, const char *root, GQueue *stages, GError **error)
{
  static const char hint[] =
      "Jupyter is not installed on this computer. Install it (on Debian and Ubuntu: sudo apt "
      "install jupyter-notebook), then start the notebook instance again.";
  const char *chosen = g_getenv ("SAGEBRUSH_JUPYTER");
  g_autofree char *program = find_tool (chosen != NULL ? chosen : "jupyter-notebook", hint, error);
  GPtrArray *argv;

  if (program == NULL)
    return FALSE;
  argv = make_argv (program, "--no-browser", "--ip=127.0.0.1", "--port-retries=0", NULL);
  g_ptr_array_add (argv, g_strdup_printf ("--port=%u", place->port));
  g_ptr_array_add (argv, g_strdup_printf ("--notebook-dir=%s", root));
  if (geteuid () == 0)
    g_ptr_array_add (argv, g_strdup ("--allow-root"));
  add_stage (stages, argv, g_strdup ("Jupyter could not be started"), SERVER_SECONDS, TRUE);
  return TRUE;
}

static gboolean
make_folder (char *path, GError **error)
{
  g_autofree char *owned = path;

  if (g_mkdir_with_parents (owned, 0700) == 0)
    return TRUE;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_STORAGE,
               "The instance’s folder cannot be made: %s",
               g_strerror (errno));
  return FALSE;
}

static gboolean
write_helpers (SbEngine *engine, const SbNotebookPlace *place, GError **error)
{
  g_autoptr (GBytes) code =
      g_resource_lookup_data (sb_notebook_get_resource (),
                              "/io/github/sagebrush/engine/notebook/sitecustomize.py",
                              G_RESOURCE_LOOKUP_FLAGS_NONE,
                              error);
  g_autofree char *python = g_build_filename (place->folder, "python", NULL);
  g_autofree char *module = g_build_filename (python, "sitecustomize.py", NULL);
  g_autofree char *config = g_build_filename (place->folder, "aws-config", NULL);
  g_autofree char *text = g_strdup_printf ("[default]\nregion = %s\n", engine->region);

  return code != NULL && make_folder (g_strdup (python), error) &&
         g_file_set_contents (module,
                              g_bytes_get_data (code, NULL),
                              (gssize) g_bytes_get_size (code),
                              error) &&
         g_file_set_contents (config, text, -1, error);
}

/**
 * sb_notebook_add_stages:
 * @engine: the engine
 * @document: a notebook instance
 * @place: where it is
 * @stages: (element-type SbNotebookStage): what is to run is added
 * @error: why it cannot be made, such as that Jupyter is not installed
 *
 * Returns: whether all can be started
 */
gboolean
sb_notebook_add_stages (SbEngine *engine,
                        JsonObject *document,
                        const SbNotebookPlace *place,
                        GQueue *stages,
                        GError **error)
{
  g_autofree char *root = g_build_filename (place->folder, "SageMaker", NULL);
  g_autofree char *runtime = g_build_filename (place->folder, "runtime", NULL);

  /* What a Jupyter that was killed has left there tells of a server that is gone. */
  sb_folder_remove (runtime);
  return make_folder (g_strdup (root), error) && write_helpers (engine, place, error) &&
         add_clones (document, root, stages, error) &&
         add_scripts (engine, document, place, stages, error) &&
         add_server (place, root, stages, error);
}

/* The account that the engine's own environment may name is none of the notebook's business. */
static char **
drop_aws (char **environ)
{
  g_auto (GStrv) names = g_strdupv (environ);

  for (guint i = 0; names[i] != NULL; i++)
    {
      char *equals = strchr (names[i], '=');

      if (equals == NULL || !g_str_has_prefix (names[i], "AWS_"))
        continue;
      *equals = '\0';
      environ = g_environ_unsetenv (environ, names[i]);
    }
  return environ;
}

/**
 * sb_notebook_make_environment:
 * @engine: the engine
 * @place: where the instance is
 *
 * Returns: (transfer full): the environment of its programs: AWS is the engine, and Jupyter keeps
 *   to the instance's folder
 */
char **
sb_notebook_make_environment (SbEngine *engine, const SbNotebookPlace *place)
{
  char **environ = drop_aws (g_get_environ ());
  const char *path = g_environ_getenv (environ, "PYTHONPATH");
  g_autofree char *python = g_build_filename (place->folder, "python", NULL);
  g_autofree char *paths = path != NULL ? g_strconcat (python, ":", path, NULL) : g_strdup (python);
  g_autofree char *config = g_build_filename (place->folder, "aws-config", NULL);
  g_autofree char *credentials = g_build_filename (engine->data_dir, "credentials", NULL);
  g_autofree char *runtime = g_build_filename (place->folder, "runtime", NULL);
  g_autofree char *jupyter = g_build_filename (place->folder, "jupyter", NULL);
  g_autofree char *mark = g_strconcat (place->folder, G_DIR_SEPARATOR_S, NULL);
  const char *const pairs[][2] = {
    { "AWS_ENDPOINT_URL", place->url },
    { "AWS_REGION", engine->region },
    { "AWS_DEFAULT_REGION", engine->region },
    { "AWS_CONFIG_FILE", config },
    { "AWS_SHARED_CREDENTIALS_FILE", credentials },
    { "AWS_EC2_METADATA_DISABLED", "true" },
    { "PYTHONPATH", paths },
    { "JUPYTER_TOKEN", place->token },
    { "JUPYTER_RUNTIME_DIR", runtime },
    { "JUPYTER_CONFIG_DIR", jupyter },
    /* By it, what an instance has started is found again. */
    { "SAGEBRUSH_INSTANCE", mark },
  };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    environ = g_environ_setenv (environ, pairs[i][0], pairs[i][1], TRUE);
  return environ;
}

/**
 * sb_notebook_find_port:
 * @port: (out): a port of 127.0.0.1 that nobody listens on
 * @error: why there is none
 *
 * Returns: whether there is one
 */
gboolean
sb_notebook_find_port (guint *port, GError **error)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) local = NULL;
  g_autoptr (GSocket) socket =
      g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

  if (socket == NULL || !g_socket_bind (socket, any, FALSE, error))
    return FALSE;
  local = g_socket_get_local_address (socket, error);
  if (local == NULL)
    return FALSE;
  *port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local));
  return TRUE;
}
