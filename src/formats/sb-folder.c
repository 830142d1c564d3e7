/* sb-folder.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "formats/sb-folder.h"

#include <glib/gstdio.h>

/**
 * sb_folder_remove:
 * @folder: a folder of the program's own
 *
 * Removes it with everything in it; links are removed, not followed.
 */
void
sb_folder_remove (const char *folder)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (g_file_test (folder, G_FILE_TEST_IS_SYMLINK) || !g_file_test (folder, G_FILE_TEST_IS_DIR))
    {
      g_unlink (folder);
      return;
    }
  dir = g_dir_open (folder, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      sb_folder_remove (path);
    }
  g_rmdir (folder);
}
