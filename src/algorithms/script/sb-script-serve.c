/* sb-script-serve.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/script/sb-script.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "algorithms/script/sb-python.h"

/**
 * sb_script_serve:
 *
 * Becomes the user's Python with the toolkit's server, which answers on the Unix socket
 * `$SM_SERVE_SOCKET`.
 *
 * Returns: the program's exit status, if it could not
 */
int
sb_script_serve (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *python = sb_python_find (&error);
  g_autofree char *toolkit =
      python != NULL ? sb_python_find_toolkit ("sagebrush_serve.py", &error) : NULL;
  g_auto (GStrv) environ = sb_python_make_environment ();
  char *argv[] = { python, "-u", toolkit, NULL };

  if (toolkit == NULL)
    {
      fprintf (stderr, "%s\n", error->message);
      return 1;
    }
  execve (python, argv, environ);
  fprintf (stderr, "%s: %s\n", python, g_strerror (errno));
  return 1;
}
