/* sb-model-program.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sagebrush-vision as a program that knows about models.
 */

#include "config.h"

#include "workshop/sb-model-program.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"

#define PROGRAM "sagebrush-vision"

/* As the engine looks for it: where an installation has it, or the build's folder. */
static char *
find_program (GError **error)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  gboolean uninstalled = self != NULL && g_str_has_prefix (self, SB_BUILDDIR "/");
  const char *folders[] = { g_getenv ("SAGEBRUSH_ALGORITHMS_DIR"),
                            uninstalled ? SB_BUILDDIR "/src/algorithms" : NULL,
                            SB_LIBEXECDIR };

  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path =
          folders[i] != NULL ? g_build_filename (folders[i], PROGRAM, NULL) : NULL;

      if (path != NULL && g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer (&path);
    }
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_NOT_FOUND,
               _ ("The program %s is not installed; install Sagebrush again"),
               PROGRAM);
  return NULL;
}

/* What it has to say stands in the last line, after its name. */
static void
set_error (GBytes *output, GError **error)
{
  gsize length;
  const char *data = g_bytes_get_data (output, &length);
  g_autofree char *all = g_strndup (data, length);
  g_autofree char *valid = g_utf8_make_valid (g_strstrip (all), -1);
  const char *line = strrchr (valid, '\n');
  const char *message = line != NULL ? line + 1 : valid;

  if (g_str_has_prefix (message, PROGRAM ": "))
    message += strlen (PROGRAM ": ");
  g_set_error_literal (error,
                       SB_ERROR,
                       SB_ERROR_INVALID,
                       *message != '\0' ? message
                                        : _ ("The program that reads models has crashed"));
}

/**
 * sb_model_program_run:
 * @arguments: (array zero-terminated=1): what `sagebrush-vision` is called with
 * @cancellable: (nullable): ends the program
 * @error: what the program said, as %SB_ERROR_INVALID; or that there is none
 *
 * Blocks until the program has ended.
 *
 * Returns: (transfer full) (nullable): what it has printed
 */
GBytes *
sb_model_program_run (const char *const *arguments, GCancellable *cancellable, GError **error)
{
  g_autofree char *program = find_program (error);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GSubprocess) child = NULL;
  g_autoptr (GBytes) output = NULL;
  g_autoptr (GBytes) problems = NULL;

  if (program == NULL)
    return NULL;
  g_ptr_array_add (argv, program);
  for (guint i = 0; arguments[i] != NULL; i++)
    g_ptr_array_add (argv, (gpointer) arguments[i]);
  g_ptr_array_add (argv, NULL);
  child = g_subprocess_newv ((const char *const *) argv->pdata,
                             G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                             error);
  if (child == NULL)
    return NULL;
  if (!g_subprocess_communicate (child, NULL, cancellable, &output, &problems, error))
    {
      g_subprocess_force_exit (child);
      g_subprocess_wait (child, NULL, NULL);
      return NULL;
    }
  if (g_subprocess_get_successful (child))
    return g_steal_pointer (&output);
  set_error (problems, error);
  return NULL;
}
