/* sb-file-dialog.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-file-dialog.h"

/**
 * sb_file_dialog_ask:
 * @asker: a widget that wants a file
 * @title: of the dialog, translated
 * @action: what is done with the file
 * @on_response: called with the dialog, its response and @asker as long as that is there; it hands
 *   the dialog to sb_file_dialog_take_path()
 *
 * Asks for a file, above the window of @asker.
 *
 * Returns: (transfer none): the dialog, which is shown
 */
GtkFileChooserNative *
sb_file_dialog_ask (GtkWidget *asker,
                    const char *title,
                    GtkFileChooserAction action,
                    GCallback on_response)
{
  GtkWindow *window = GTK_WINDOW (gtk_widget_get_root (asker));
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (title, window, action, NULL, NULL);

  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_signal_connect_object (dialog, "response", on_response, asker, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
  return dialog;
}

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
