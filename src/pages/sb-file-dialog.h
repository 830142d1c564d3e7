/* sb-file-dialog.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

GtkFileChooserNative *sb_file_dialog_ask (GtkWidget *asker,
                                          const char *title,
                                          GtkFileChooserAction action,
                                          GCallback on_response);
char *sb_file_dialog_take_path (GtkNativeDialog *dialog, int response);

G_END_DECLS
