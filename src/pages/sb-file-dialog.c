/* sb-file-dialog.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-file-dialog.h"

/**
 * sb_file_dialog_take_path:
 * @dialog: (transfer full): a file dialog that was answered
 * @response: its answer
 *
 * Returns: (transfer full) (nullable): the path that was chosen on this computer, if one was
 */
char *
sb_file_dialog_take_path (GtkNativeDialog *dialog, int response)
{
  g_autoptr (GFile) file = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  g_object_unref (dialog);
  return file != NULL ? g_file_get_path (file) : NULL;
}
