/* main.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "app/sb-application.h"
#include "app/sb-command.h"
#include "wire/sb-secret.h"

static void
print_help (void)
{
  printf (
      "%s\n",
      _ ("Usage:\n"
         "  sagebrush                       open the window\n"
         "  sagebrush --page MODULE         open it with the page of a module\n"
         "  sagebrush FILE…                 add modules that are in files, and open it\n"
         "  sagebrush run MODULE [OPTION…]  run a module in the terminal\n"
         "  sagebrush predict ENDPOINT FILE…  ask an endpoint about files\n"
         "  sagebrush connections [add|remove|check NAME] [OPTION…]  where to run besides here\n"
         "  sagebrush notebooks [open|start|stop|delete NAME] [OPTION…]  notebook instances\n"
         "  sagebrush resources [OPTION…]   list what the workshop has created\n"
         "  sagebrush clean-up [OPTION…]    delete what the workshop has created\n"
         "  sagebrush engine [OPTION…]      run the local engine in the foreground\n"
         "  sagebrush --version             print the version\n\n"
         "Options of “run”:\n"
         "  --data PATH             data to work on, a file or a folder; a synthetic sample when\n"
         "                          left out\n"
         "  --script PATH           train digits with a script of yours, a Python file or a folder\n"
         "                          with a train.py\n"
         "  --connection NAME       where to run: a connection; “local” is this computer\n"
         "  --set STEP.NAME=VALUE   a value of a step’s form, such as train.max_depth=4\n"
         "  --step STEP             run this step and what it needs, in place of all\n"
         "  --keep                  do not clean up at the end\n"
         "  --output DIR            where charts and report are written\n"
         "  --json                  print the result as JSON\n"
         "  --data-dir DIR          where Sagebrush keeps its own files\n\n"
         "Modules: get-started, games (video-game-sales), digits (handwritten-digits), photos\n"
         "(image-classification), and your own.\n\n"
         "Options of “predict”:\n"
         "  --content-type TYPE     what the files are; else their names tell\n"
         "  --accept TYPE           what is wanted\n"
         "  --connection NAME       where the endpoint is; “local” is this computer\n"
         "  --json                  print the answer as it came\n"
         "  --data-dir DIR          where Sagebrush keeps its own files\n\n"
         "Options of “connections add”: see sagebrush connections --help. Secrets are read from the\n"
         "terminal or the standard input, never from arguments.\n\n"
         "Options of “resources”, “clean-up” and “notebooks”:\n"
         "  --connection NAME       where to look; “local” is this computer\n"
         "  --json                  print the list as JSON (resources, notebooks)\n"
         "  --yes                   delete without asking (clean-up)\n"
         "  --data-dir DIR          where Sagebrush keeps its own files\n\n"
         "Options of “engine”:\n"
         "  --data-dir DIR          where everything is kept\n"
         "  --port N                port on 127.0.0.1; any when left out\n"
         "  --print-env             print what to export for boto3 and the AWS CLI"));
}

/* A word is a command; desktops name files by URIs or by their whole path. */
static gboolean
is_file (const char *word)
{
  return strchr (word, '/') != NULL || g_file_test (word, G_FILE_TEST_IS_REGULAR);
}

int
main (int argc, char **argv)
{
  const char *verb = argc > 1 ? argv[1] : "";

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, SB_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("sagebrush");
  if (!sb_secret_keep_out_of_dumps ())
    g_message ("A crash may leave a core dump that holds secrets");
  if (strcmp (verb, "run") == 0)
    return sb_command_run (argc - 1, argv + 1);
  if (strcmp (verb, "predict") == 0)
    return sb_command_predict (argc - 1, argv + 1);
  if (strcmp (verb, "connections") == 0)
    return sb_command_connections (argc - 1, argv + 1);
  if (strcmp (verb, "resources") == 0)
    return sb_command_resources (argc - 1, argv + 1);
  if (strcmp (verb, "clean-up") == 0)
    return sb_command_clean_up (argc - 1, argv + 1);
  if (strcmp (verb, "notebooks") == 0)
    return sb_command_notebooks (argc - 1, argv + 1);
  if (strcmp (verb, "engine") == 0)
    return sb_command_engine (argc - 1, argv + 1);
  if (strcmp (verb, "--help") == 0 || strcmp (verb, "-h") == 0)
    {
      print_help ();
      return 0;
    }
  if (strcmp (verb, "--version") == 0)
    {
      printf ("sagebrush %s\n", SB_VERSION);
      return 0;
    }
  if (*verb != '\0' && *verb != '-' && !is_file (verb))
    {
      fprintf (stderr, _ ("sagebrush: there is no command “%s”; see sagebrush --help\n"), verb);
      return 2;
    }
  return sb_application_main (argc, argv);
}
