/* sb-python.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/script/sb-python.h"

#include "algorithms/contract/sb-contract.h"

G_DEFINE_QUARK (sb - python - error - quark, sb_python_error)

/**
 * sb_python_find:
 * @error: %SB_PYTHON_ERROR_MISSING, with what to do about it
 *
 * Returns: (transfer full) (nullable): the user's own Python: what `$SAGEBRUSH_PYTHON` names, else
 *   the first python3 in `$PATH`
 */
char *
sb_python_find (GError **error)
{
  const char *given = g_getenv ("SAGEBRUSH_PYTHON");
  g_autofree char *path =
      g_find_program_in_path (given != NULL && *given != '\0' ? given : "python3");

  if (path != NULL)
    return g_steal_pointer (&path);
  if (given != NULL && *given != '\0')
    g_set_error (error,
                 SB_PYTHON_ERROR,
                 SB_PYTHON_ERROR_MISSING,
                 "SAGEBRUSH_PYTHON names “%s”, which is no program. Set it to a Python that has "
                 "your framework, or unset it.",
                 given);
  else
    g_set_error (error,
                 SB_PYTHON_ERROR,
                 SB_PYTHON_ERROR_MISSING,
                 "There is no python3 in PATH. Install Python, or set SAGEBRUSH_PYTHON to one.");
  return NULL;
}

/**
 * sb_python_find_toolkit:
 * @name: such as `sagebrush_train.py`
 * @error: %SB_PYTHON_ERROR_MISSING
 *
 * Looks in `$SAGEBRUSH_TOOLKIT_DIR`, in the source folder when the program runs from its build
 * folder, and where it is installed.
 *
 * Returns: (transfer full) (nullable): the path of that part of the toolkit
 */
char *
sb_python_find_toolkit (const char *name, GError **error)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  gboolean uninstalled = self != NULL && g_str_has_prefix (self, SB_BUILDDIR "/");
  const char *folders[] = { g_getenv ("SAGEBRUSH_TOOLKIT_DIR"),
                            uninstalled ? SB_SOURCEDIR "/data/toolkit" : NULL,
                            SB_DATADIR "/sagebrush/toolkit" };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autofree char *path = NULL;

      if (folders[i] == NULL)
        continue;
      path = g_build_filename (folders[i], name, NULL);
      if (g_file_test (path, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&path);
    }
  g_set_error (error,
               SB_PYTHON_ERROR,
               SB_PYTHON_ERROR_MISSING,
               "The file %s is not installed; install Sagebrush again",
               name);
  return NULL;
}

/**
 * sb_python_make_environment:
 *
 * Returns: (transfer full): the program's own environment, for a script: it writes its log at once,
 *   and libraries compute with as many threads as the host has processors, unless it says else
 */
GStrv
sb_python_make_environment (void)
{
  static const char *const limits[] = { "OMP_NUM_THREADS",
                                        "OPENBLAS_NUM_THREADS",
                                        "MKL_NUM_THREADS" };
  g_autofree char *threads = g_strdup_printf ("%u", sb_contract_get_n_threads ());
  GStrv environ = g_get_environ ();

  environ = g_environ_setenv (environ, "PYTHONUNBUFFERED", "1", TRUE);
  environ = g_environ_setenv (environ, "PYTHONDONTWRITEBYTECODE", "1", FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    environ = g_environ_setenv (environ, limits[i], threads, FALSE);
  return environ;
}
