/* sb-command-engine.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <stdio.h>

#include "app/sb-command.h"
#include "cloud/sb-engine-process.h"

static gboolean
on_signal (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

/* A key file of the user's own account, readable by nobody else: its secret may be shown to who
 * asks for it with --print-env, and never otherwise. */
static gboolean
print_environment (SbEngineProcess *engine, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *key = NULL;
  g_autofree char *secret = NULL;
  const char *url = sb_engine_process_get_url (engine);

  if (!g_key_file_load_from_file (
          file, sb_engine_process_get_credentials_file (engine), G_KEY_FILE_NONE, error))
    return FALSE;
  key = g_key_file_get_string (file, "default", "aws_access_key_id", error);
  secret =
      key != NULL ? g_key_file_get_string (file, "default", "aws_secret_access_key", error) : NULL;
  if (secret == NULL)
    return FALSE;
  printf ("export AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\n"
          "export AWS_DEFAULT_REGION=%s\nexport AWS_REGION=%s\nexport AWS_ENDPOINT_URL=%s\n",
          key,
          secret,
          sb_engine_process_get_region (engine),
          sb_engine_process_get_region (engine),
          url);
  return TRUE;
}

static void
print_usage (SbEngineProcess *engine)
{
  const char *url = sb_engine_process_get_url (engine);
  const char *credentials = sb_engine_process_get_credentials_file (engine);

  printf (_ ("The engine listens on %s. In another terminal:\n\n"), url);
  printf ("  export AWS_SHARED_CREDENTIALS_FILE=%s AWS_DEFAULT_REGION=%s\n"
          "  aws --endpoint-url %s s3 ls\n"
          "  python3 -c \"import boto3; print(boto3.client('sagemaker', "
          "endpoint_url='%s').list_endpoints()['Endpoints'])\"\n\n",
          credentials,
          sb_engine_process_get_region (engine),
          url,
          url);
  printf ("%s\n", _ ("Ctrl+C stops it."));
}

static int
fail (const GError *error)
{
  fprintf (stderr, "sagebrush: %s\n", error->message);
  return 1;
}

/**
 * sb_command_engine:
 * @argc: number of arguments
 * @argv: `engine` and what follows it
 *
 * Runs the engine until it is interrupted.
 *
 * Returns: the program's exit status
 */
int
sb_command_engine (int argc, char **argv)
{
  g_autofree char *data_dir = NULL;
  int port = 0;
  gboolean print_env = FALSE;
  g_autoptr (GError) error = NULL;
  const GOptionEntry entries[] = {
    { "data-dir",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &data_dir,
      N_ ("Where everything is kept"),
      N_ ("DIR") },
    { "port",
      0,
      0,
      G_OPTION_ARG_INT,
      &port,
      N_ ("Port on 127.0.0.1; any when left out"),
      N_ ("N") },
    { "print-env",
      0,
      0,
      G_OPTION_ARG_NONE,
      &print_env,
      N_ ("Print what to export, with the secret key, and nothing else"),
      NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (SbEngineProcess) engine = NULL;
  g_autoptr (GMainLoop) loop = NULL;

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    return fail (error), 2;
  if (argc > 1 || port < 0 || port > 65535)
    {
      fprintf (
          stderr,
          "sagebrush: %s\n",
          _ ("“engine” takes --data-dir, --port and --print-env; see sagebrush engine --help"));
      return 2;
    }
  if (data_dir == NULL)
    {
      g_autofree char *base = sb_command_data_dir ();

      data_dir = g_build_filename (base, "engine", NULL);
    }
  engine = sb_engine_process_start_on_port (data_dir, (guint16) port, NULL, &error);
  if (engine == NULL || (print_env && !print_environment (engine, &error)))
    return fail (error);
  if (!print_env)
    print_usage (engine);
  fflush (stdout);
  loop = g_main_loop_new (NULL, FALSE);
  g_unix_signal_add (SIGINT, on_signal, loop);
  g_unix_signal_add (SIGTERM, on_signal, loop);
  g_main_loop_run (loop);
  if (sb_engine_process_is_child (engine) && !sb_engine_process_stop (engine, NULL, &error))
    return fail (error);
  return 0;
}
