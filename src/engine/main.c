/* main.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "engine/sb-engine.h"

static gboolean
on_signal (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_CONTINUE;
}

/* Every connection and every blob on its way is a descriptor; the soft limit of 1024 is for
 * programs that use select(), which this one does not. */
static void
raise_descriptor_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0)
    {
      limit.rlim_cur = MIN (limit.rlim_max, 65536);
      setrlimit (RLIMIT_NOFILE, &limit);
    }
}

static int
run (const char *data_dir, const char *region, guint16 port)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbEngine) engine = sb_engine_new (data_dir, region, &error);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autofree char *line = NULL;

  if (engine == NULL || !sb_engine_listen (engine, port, &error))
    {
      fprintf (stderr, "sagebrush-engine: %s\n", error->message);
      return 1;
    }
  g_unix_signal_add (SIGTERM, on_signal, loop);
  g_unix_signal_add (SIGINT, on_signal, loop);
  line = sb_engine_dup_ready_line (engine);
  printf ("%s\n", line);
  fflush (stdout);
  g_main_loop_run (loop);
  return 0;
}

int
main (int argc, char **argv)
{
  g_autofree char *data_dir = NULL;
  g_autofree char *region = NULL;
  int port = 0;
  gboolean version = FALSE;
  g_autoptr (GError) error = NULL;
  const GOptionEntry entries[] = {
    { "data-dir", 0, 0, G_OPTION_ARG_FILENAME, &data_dir, "Where everything is kept", "DIR" },
    { "port", 0, 0, G_OPTION_ARG_INT, &port, "Port on 127.0.0.1; 0 for any", "N" },
    { "region", 0, 0, G_OPTION_ARG_STRING, &region, "Region to be (us-east-1)", "REGION" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("— a SageMaker of your own");

  setlocale (LC_ALL, "");
  signal (SIGPIPE, SIG_IGN);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      fprintf (stderr, "sagebrush-engine: %s\n", error->message);
      return 2;
    }
  if (version)
    {
      printf ("sagebrush-engine %s\n", SB_VERSION);
      return 0;
    }
  if (argc > 1 || port < 0 || port > 65535 || data_dir == NULL)
    {
      fprintf (stderr, "sagebrush-engine: --data-dir DIR is needed; see --help\n");
      return 2;
    }
  raise_descriptor_limit ();
  return run (data_dir, region != NULL ? region : "us-east-1", (guint16) port);
}
