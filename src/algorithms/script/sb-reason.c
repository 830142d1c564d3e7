/* sb-reason.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why a script ended, in the words of SageMaker's Training Toolkit. The service shows 1024
 * characters of it, so that what tells most has to be among them: the end of a traceback.
 */

#include "config.h"

#include "algorithms/script/sb-reason.h"

#include <string.h>
#include <sys/wait.h>

#define TRACEBACK   "Traceback (most recent call last):"
#define NO_MODULE   "ModuleNotFoundError: No module named '"
#define MAX_MESSAGE 560
#define MAX_COMMAND 160

/**
 * sb_reason_cut_traceback:
 * @text: what a script wrote to stderr
 * @most: bytes
 *
 * Returns: (transfer full): the last traceback in it, or its last lines when there is none, without
 *   the lines from its middle that would make it too long; always valid UTF-8
 */
char *
sb_reason_cut_traceback (const char *text, gsize most)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  const char *start = g_strrstr (valid, TRACEBACK);
  const char *cut;
  gsize length;

  g_strchomp (valid);
  if (start == NULL || start >= valid + strlen (valid))
    start = valid;
  length = strlen (start);
  if (length <= most)
    return g_strdup (start);
  cut = start + length - most + strlen ("…\n");
  while ((*cut & 0xc0) == 0x80)
    cut++;
  if (strchr (cut, '\n') != NULL)
    cut = strchr (cut, '\n') + 1;
  return g_strconcat ("…\n", cut, NULL);
}

/* The module that Python did not find, which a user can do something about. */
static char *
find_missing_module (const char *errors)
{
  const char *start = g_strrstr (errors, NO_MODULE);
  const char *end;

  if (start == NULL)
    return NULL;
  start += strlen (NO_MODULE);
  end = start + strcspn (start, ".'");
  return g_strndup (start, MIN ((gsize) (end - start), 60));
}

static char *
make_hint (const char *python, const char *host, int status, const char *errors)
{
  g_autofree char *module = find_missing_module (errors);
  g_autofree char *which =
      host != NULL ? g_strdup_printf ("The host %s ended first. ", host) : g_strdup ("");

  if (module != NULL)
    return g_strdup_printf ("%s%s has no module “%s”. Install it there, or set SAGEBRUSH_PYTHON to "
                            "a Python that has it.",
                            which,
                            python,
                            module);
  if (WIFSIGNALED (status))
    return g_strdup_printf ("%sIt was killed by signal %d (%s).",
                            which,
                            WTERMSIG (status),
                            g_strsignal (WTERMSIG (status)));
  return host != NULL ? g_strdup_printf ("The host %s ended first.", host) : NULL;
}

/**
 * sb_reason_new:
 * @python: the program that ran the script
 * @host: (nullable): which host it was, if there are several
 * @status: how it ended, as of waitpid()
 * @errors: the last of what it wrote to stderr
 * @command: (nullable): the command that it was started with
 *
 * Returns: (transfer full): the text for the failure file
 */
char *
sb_reason_new (const char *python,
               const char *host,
               int status,
               const char *errors,
               const char *command)
{
  g_autofree char *message = sb_reason_cut_traceback (errors, MAX_MESSAGE);
  g_autofree char *hint = make_hint (python, host, status, errors);
  GString *text = g_string_new ("ExecuteUserScriptError:");

  g_string_append_printf (text,
                          "\nExitCode %d\nErrorMessage \"%s\"",
                          WIFSIGNALED (status) ? -WTERMSIG (status) : WEXITSTATUS (status),
                          message);
  if (hint != NULL)
    g_string_append_printf (text, "\nExtraInfo \"%s\"", hint);
  if (command != NULL)
    {
      g_autofree char *valid = g_utf8_make_valid (command, -1);
      g_autofree char *cut = g_utf8_strlen (valid, -1) > MAX_COMMAND
                                 ? g_utf8_substring (valid, 0, MAX_COMMAND)
                                 : g_strdup (valid);

      g_string_append_printf (text, "\nCommand \"%s\"", cut);
    }
  return g_string_free (text, FALSE);
}
