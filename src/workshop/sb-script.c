/* sb-script.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-script.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#include "formats/sb-archive.h"
#include "formats/sb-folder.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

static gboolean
fail (GError **error, const char *format, const char *path)
{
  int code = errno;
  g_auto (GStrv) parts = g_strsplit (format, "%s", 2);
  g_autofree char *text = g_strconcat (parts[0], path, parts[1], NULL);

  g_set_error (error, SB_ERROR, SB_ERROR_STORAGE, "%s: %s", text, g_strerror (code));
  return FALSE;
}

static char *
make_name (const char *framework)
{
  return g_strdup_printf ("mnist_%s.py", framework);
}

/**
 * sb_script_find_shipped:
 * @framework: `pytorch` or `tensorflow`
 * @error: why there is none
 *
 * Looks in `$SAGEBRUSH_SCRIPTS_DIR`, in the source folder when the program runs from its build
 * folder, and where the scripts are installed.
 *
 * Returns: (transfer full) (nullable): the script for MNIST that comes along, which is not to be
 *   written to
 */
char *
sb_script_find_shipped (const char *framework, GError **error)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *name = make_name (framework);
  gboolean uninstalled = self != NULL && g_str_has_prefix (self, SB_BUILDDIR "/");
  const char *folders[] = { g_getenv ("SAGEBRUSH_SCRIPTS_DIR"),
                            uninstalled ? SB_SOURCEDIR "/data/scripts" : NULL,
                            SB_DATADIR "/sagebrush/scripts" };

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
               SB_ERROR,
               SB_ERROR_NOT_FOUND,
               _ ("The script %s is not installed; install Sagebrush again"),
               name);
  return NULL;
}

/**
 * sb_script_get_own_path:
 * @run_folder: a run's folder
 * @framework: `pytorch` or `tensorflow`
 *
 * Returns: (transfer full): where a person's own copy of the script is, which all runs share; there
 *   may be none yet
 */
char *
sb_script_get_own_path (const char *run_folder, const char *framework)
{
  g_autofree char *runs = g_path_get_dirname (run_folder);
  g_autofree char *base = g_path_get_dirname (runs);
  g_autofree char *name = make_name (framework);

  return g_build_filename (base, "scripts", name, NULL);
}

/**
 * sb_script_make_own:
 * @run_folder: a run's folder
 * @framework: `pytorch` or `tensorflow`
 * @error: why it cannot be made
 *
 * Returns: (transfer full) (nullable): the path of the person's own copy, which is made of the one
 *   that comes along if there is none yet
 */
char *
sb_script_make_own (const char *run_folder, const char *framework, GError **error)
{
  g_autofree char *own = sb_script_get_own_path (run_folder, framework);
  g_autofree char *folder = g_path_get_dirname (own);
  g_autofree char *shipped = NULL;
  g_autofree char *text = NULL;
  gsize length;

  if (g_file_test (own, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&own);
  shipped = sb_script_find_shipped (framework, error);
  if (shipped == NULL || !g_file_get_contents (shipped, &text, &length, error))
    return NULL;
  if (g_mkdir_with_parents (folder, 0755) != 0)
    {
      fail (error, _ ("The folder “%s” cannot be made"), folder);
      return NULL;
    }
  if (!g_file_set_contents (own, text, (gssize) length, error))
    return NULL;
  return g_steal_pointer (&own);
}

/**
 * sb_script_is_changed:
 * @run_folder: a run's folder
 * @framework: `pytorch` or `tensorflow`
 *
 * Returns: whether the person's own copy is another text than the script that comes along
 */
gboolean
sb_script_is_changed (const char *run_folder, const char *framework)
{
  g_autofree char *own = sb_script_get_own_path (run_folder, framework);
  g_autofree char *shipped = sb_script_find_shipped (framework, NULL);
  g_autofree char *mine = NULL;
  g_autofree char *text = NULL;

  if (!g_file_test (own, G_FILE_TEST_EXISTS))
    return FALSE;
  return shipped == NULL || !g_file_get_contents (own, &mine, NULL, NULL) ||
         !g_file_get_contents (shipped, &text, NULL, NULL) || strcmp (mine, text) != 0;
}

static char *
find_free_name (const char *path)
{
  g_autofree char *stem = g_strndup (path, strlen (path) - strlen (".py"));

  for (guint i = 1;; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s-%u.py", stem, i);

      if (!g_file_test (name, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&name);
    }
}

/**
 * sb_script_set_aside:
 * @run_folder: a run's folder
 * @framework: `pytorch` or `tensorflow`
 * @error: why it cannot be renamed
 *
 * Gives the person's own copy of the script another name in its folder, so that the one that comes
 * along is trained with again. There has to be one, see sb_script_is_changed().
 *
 * Returns: (transfer full) (nullable): where the copy is now
 */
char *
sb_script_set_aside (const char *run_folder, const char *framework, GError **error)
{
  g_autofree char *own = sb_script_get_own_path (run_folder, framework);
  g_autofree char *name = find_free_name (own);

  if (g_rename (own, name) == 0)
    return g_steal_pointer (&name);
  fail (error, _ ("“%s” cannot be renamed"), own);
  return NULL;
}

/**
 * sb_script_choose:
 * @run_folder: a run's folder
 * @framework: `pytorch` or `tensorflow`
 * @given: (nullable): a file or folder that a person has named
 * @error: why there is none
 *
 * Returns: (transfer full) (nullable): what is to be trained with: @given, else the person's own
 *   copy of the script that comes along, else that script itself
 */
char *
sb_script_choose (const char *run_folder, const char *framework, const char *given, GError **error)
{
  g_autofree char *own = sb_script_get_own_path (run_folder, framework);

  if (given != NULL && *given != '\0')
    {
      if (g_file_test (given, G_FILE_TEST_EXISTS))
        return g_canonicalize_filename (given, NULL);
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   _ ("There is no script “%s”; choose another one"),
                   given);
      return NULL;
    }
  if (g_file_test (own, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&own);
  return sb_script_find_shipped (framework, error);
}

/**
 * sb_script_find_entry:
 * @path: a script, or a folder with one
 * @given: (nullable): the file in that folder to run
 * @error: %SB_ERROR_INVALID
 *
 * Returns: (transfer full) (nullable): the entry point, as a path in the archive
 */
char *
sb_script_find_entry (const char *path, const char *given, GError **error)
{
  const char *name = given != NULL && *given != '\0' ? given : "train.py";
  g_autofree char *file = NULL;

  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    return g_path_get_basename (path);
  file = g_build_filename (path, name, NULL);
  if (g_file_test (file, G_FILE_TEST_IS_REGULAR))
    return g_strdup (name);
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_INVALID,
               _ ("There is no “%s” in the folder “%s”; name the entry point"),
               name,
               path);
  return NULL;
}

/**
 * sb_script_pack:
 * @path: a script, or a folder with one
 * @staging: a folder that may be made and removed again
 * @archive: the tar.gz to write
 * @cancellable: (nullable): a cancellable
 * @error: why it cannot be written
 *
 * Packs as SageMaker's Python SDK does: a file alone, or all that a folder has, at the archive's
 * root.
 *
 * Returns: whether it is written
 */
gboolean
sb_script_pack (const char *path,
                const char *staging,
                const char *archive,
                GCancellable *cancellable,
                GError **error)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *copy = g_build_filename (staging, name, NULL);
  g_autofree char *text = NULL;
  gsize length;
  gboolean fine;

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return sb_archive_pack_folder (path, archive, cancellable, error);
  sb_folder_remove (staging);
  if (g_mkdir_with_parents (staging, 0700) != 0)
    return fail (error, _ ("The folder “%s” cannot be made"), staging);
  fine = g_file_get_contents (path, &text, &length, error) &&
         g_file_set_contents (copy, text, (gssize) length, error) &&
         sb_archive_pack_folder (staging, archive, cancellable, error);
  sb_folder_remove (staging);
  return fine;
}

/* What is JSON already stays so; everything else is a text. */
static char *
encode (const char *value)
{
  g_autoptr (JsonNode) node = sb_json_parse (value, -1, NULL);
  g_autoptr (JsonNode) text = NULL;

  if (node != NULL)
    return g_strdup (value);
  text = json_node_init_string (json_node_alloc (), value);
  return sb_json_node_to_string (text);
}

/**
 * sb_script_parse_hyperparameters:
 * @text: such as `epochs=8 optimizer=adam`; quotes as in a shell
 * @error: %SB_ERROR_INVALID
 *
 * Returns: (transfer full) (nullable): names and values, these as JSON in a text, as the SDK sends
 *   them
 */
JsonObject *
sb_script_parse_hyperparameters (const char *text, GError **error)
{
  g_autoptr (JsonObject) values = json_object_new ();
  g_auto (GStrv) items = NULL;
  g_autoptr (GError) local = NULL;

  if (text == NULL || *text == '\0')
    return g_steal_pointer (&values);
  if (!g_shell_parse_argv (text, NULL, &items, &local) &&
      !g_error_matches (local, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING))
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   _ ("The hyperparameters cannot be read: %s"),
                   local->message);
      return NULL;
    }
  for (guint i = 0; items != NULL && items[i] != NULL; i++)
    {
      const char *equals = strchr (items[i], '=');
      g_autofree char *name = NULL;
      g_autofree char *value = NULL;

      if (equals == NULL || equals == items[i])
        {
          g_set_error (error,
                       SB_ERROR,
                       SB_ERROR_INVALID,
                       _ ("“%s” is no hyperparameter; write them as epochs=8 batch_size=64"),
                       items[i]);
          return NULL;
        }
      name = g_strndup (items[i], (gsize) (equals - items[i]));
      value = encode (equals + 1);
      json_object_set_string_member (values, name, value);
    }
  return g_steal_pointer (&values);
}
