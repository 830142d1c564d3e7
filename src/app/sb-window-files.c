/* sb-window-files.c
 *
 * Notebooks and reports that are read from files and written to files.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gi18n.h>

#include "app/sb-report.h"
#include "app/sb-window-private.h"
#include "pages/sb-file-dialog.h"
#include "pages/sb-notebook-window.h"

/* Shows a notebook, or says why not. */
void
_sb_window_show_notebook (SbWindow *self, const char *path)
{
  g_autoptr (GError) error = NULL;
  /* Any run makes the calls; Get Started has the notebook instance. */
  SbRun *run = _sb_window_get_run (self, "get-started");

  if (!sb_notebook_window_show (GTK_WIDGET (self), run, path, &error))
    sb_window_toast (self, error->message);
}

static void
on_report_response (GtkNativeDialog *dialog, int response, SbWindow *self)
{
  SbRun *run = _sb_window_get_shown_run (self);
  g_autofree char *path = sb_file_dialog_take_path (dialog, response);
  g_autofree char *report = NULL;
  g_autoptr (GError) error = NULL;

  if (path == NULL || run == NULL)
    return;
  if (sb_report_write (run, path, &report, &error))
    sb_window_toast (self, _ ("The report was written"));
  else
    sb_window_toast (self, error->message);
}

static void
export_report (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SbWindow *self = SB_WINDOW (widget);
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (_ ("Folder for the Report"),
                                                              GTK_WINDOW (self),
                                                              GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER,
                                                              NULL,
                                                              NULL);

  g_signal_connect_object (dialog, "response", G_CALLBACK (on_report_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
on_notebook_response (GtkNativeDialog *dialog, int response, SbWindow *self)
{
  SbRun *run = _sb_window_get_shown_run (self);
  g_autofree char *path = sb_file_dialog_take_path (dialog, response);
  g_autoptr (GError) error = NULL;

  if (path == NULL || run == NULL)
    return;
  if (sb_report_write_notebook (run, path, &error))
    sb_window_toast (self, _ ("The notebook was written"));
  else
    sb_window_toast (self, error->message);
}

static void
export_notebook (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SbWindow *self = SB_WINDOW (widget);
  SbRun *run = _sb_window_get_shown_run (self);
  g_autofree char *name = g_strconcat (sb_module_get_id (sb_run_get_module (run)), ".ipynb", NULL);
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (
      _ ("Save the Notebook"), GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);

  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_notebook_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
on_open_response (GtkNativeDialog *dialog, int response, SbWindow *self)
{
  g_autofree char *path = sb_file_dialog_take_path (dialog, response);

  if (path != NULL)
    _sb_window_show_notebook (self, path);
}

static void
open_notebook (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SbWindow *self = SB_WINDOW (widget);
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (
      _ ("Open a Notebook"), GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, _ ("Jupyter notebooks"));
  gtk_file_filter_add_suffix (filter, "ipynb");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_open_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/* Reports and notebooks are of the module that is shown: without one their actions are disabled. */
void
_sb_window_install_file_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "win.open-notebook", NULL, open_notebook);
  gtk_widget_class_add_binding_action (
      widget_class, GDK_KEY_o, GDK_CONTROL_MASK, "win.open-notebook", NULL);
  gtk_widget_class_install_action (widget_class, "win.export-notebook", NULL, export_notebook);
  gtk_widget_class_install_action (widget_class, "win.export-report", NULL, export_report);
}
