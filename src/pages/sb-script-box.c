/* sb-script-box.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-script-box.h"

#include <glib/gi18n.h>
#include <string.h>

#include "pages/sb-file-dialog.h"
#include "pages/sb-script-window.h"
#include "workshop/sb-script.h"

/**
 * SbScriptBox:
 *
 * Which script a training step runs, when it is to run one: its name, and buttons to edit it or to
 * choose another.
 */
struct _SbScriptBox
{
  AdwBin parent_instance;

  SbStep *step;
  GtkLabel *name;
};

G_DEFINE_FINAL_TYPE (SbScriptBox, sb_script_box, ADW_TYPE_BIN)

static void
update (SbScriptBox *self)
{
  gboolean shown = g_strcmp0 (sb_step_get_value (self->step, "network"), "script") == 0;
  SbRun *run = sb_step_get_run (self->step);
  g_autofree char *path = shown && run != NULL
                              ? sb_script_choose (sb_run_get_folder (run),
                                                  sb_step_get_value (self->step, "framework"),
                                                  sb_step_get_value (self->step, "script"),
                                                  NULL)
                              : NULL;

  gtk_widget_set_visible (GTK_WIDGET (self), shown);
  gtk_label_set_label (self->name, path != NULL ? path : _ ("There is no such script"));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->name), path);
}

static void
on_values (SbStep *step, GParamSpec *pspec, SbScriptBox *self)
{
  update (self);
}

static void
on_edit (GtkButton *button, SbScriptBox *self)
{
  sb_script_window_show (GTK_WIDGET (self), self->step);
}

static void
on_response (GtkNativeDialog *dialog, int response, SbScriptBox *self)
{
  g_autofree char *path = sb_file_dialog_take_path (dialog, response);

  if (path != NULL)
    sb_step_set_value (self->step, "script", path, NULL);
}

static void
on_choose_file (GtkButton *button, SbScriptBox *self)
{
  GtkFileChooserNative *dialog = sb_file_dialog_ask (GTK_WIDGET (self),
                                                     _ ("Choose a Script"),
                                                     GTK_FILE_CHOOSER_ACTION_OPEN,
                                                     G_CALLBACK (on_response));
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, _ ("Python files"));
  gtk_file_filter_add_suffix (filter, "py");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
}

static void
on_choose_folder (GtkButton *button, SbScriptBox *self)
{
  sb_file_dialog_ask (GTK_WIDGET (self),
                      _ ("Choose a Folder with a Script"),
                      GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER,
                      G_CALLBACK (on_response));
}

static void
use_shipped (SbScriptBox *self)
{
  sb_step_set_value (self->step, "script", NULL, NULL);
  sb_step_set_value (self->step, "edition", NULL, NULL);
  update (self);
}

static void
complain (SbScriptBox *self, const GError *error)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *dialog = adw_message_dialog_new (GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL,
                                              _ ("Your Copy Stays"),
                                              error->message);

  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("Close"));
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_answer (AdwMessageDialog *dialog, const char *response, SbScriptBox *self)
{
  SbRun *run = sb_step_get_run (self->step);
  const char *framework = sb_step_get_value (self->step, "framework");
  g_autoptr (GError) error = NULL;
  g_autofree char *kept = NULL;

  if (strcmp (response, "mine") == 0)
    sb_step_set_value (self->step, "script", NULL, NULL);
  if (strcmp (response, "example") != 0 || run == NULL)
    return;
  kept = sb_script_set_aside (sb_run_get_folder (run), framework, &error);
  if (kept != NULL)
    use_shipped (self);
  else
    complain (self, error);
}

/* Whoever has changed the example may mean either. */
static void
ask_which (SbScriptBox *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *widget = adw_message_dialog_new (
      GTK_WINDOW (root),
      _ ("Use the Example without Your Changes?"),
      _ ("You have changed the example. Your copy of it is kept in the same folder under another "
         "name; “Choose File” finds it there."));
  AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG (widget);

  adw_message_dialog_add_responses (dialog,
                                    "cancel",
                                    _ ("Cancel"),
                                    "mine",
                                    _ ("With My Changes"),
                                    "example",
                                    _ ("Without Them"),
                                    NULL);
  adw_message_dialog_set_default_response (dialog, "cancel");
  adw_message_dialog_set_close_response (dialog, "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_answer), self, 0);
  gtk_window_present (GTK_WINDOW (widget));
}

static void
on_shipped (GtkButton *button, SbScriptBox *self)
{
  SbRun *run = sb_step_get_run (self->step);

  if (run != NULL &&
      sb_script_is_changed (sb_run_get_folder (run), sb_step_get_value (self->step, "framework")))
    ask_which (self);
  else
    use_shipped (self);
}

static void
add_button (GtkFlowBox *box, SbScriptBox *self, const char *title, GCallback callback)
{
  GtkWidget *button = gtk_button_new_with_label (title);

  gtk_label_set_ellipsize (GTK_LABEL (gtk_button_get_child (GTK_BUTTON (button))),
                           PANGO_ELLIPSIZE_END);
  gtk_widget_set_tooltip_text (button, title);
  g_signal_connect (button, "clicked", callback, self);
  gtk_flow_box_append (box, button);
  gtk_widget_set_focusable (gtk_widget_get_parent (button), FALSE);
}

static void
sb_script_box_dispose (GObject *object)
{
  g_clear_object (&SB_SCRIPT_BOX (object)->step);
  G_OBJECT_CLASS (sb_script_box_parent_class)->dispose (object);
}

static void
sb_script_box_class_init (SbScriptBoxClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sb_script_box_dispose;
}

static void
sb_script_box_init (SbScriptBox *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *buttons = gtk_flow_box_new ();
  GtkFlowBox *flow = GTK_FLOW_BOX (buttons);

  self->name = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_xalign (self->name, 0);
  gtk_label_set_ellipsize (self->name, PANGO_ELLIPSIZE_START);
  gtk_widget_add_css_class (GTK_WIDGET (self->name), "dim-label");
  gtk_flow_box_set_selection_mode (flow, GTK_SELECTION_NONE);
  gtk_flow_box_set_max_children_per_line (flow, 4);
  gtk_flow_box_set_homogeneous (flow, TRUE);
  gtk_flow_box_set_column_spacing (flow, 6);
  gtk_flow_box_set_row_spacing (flow, 6);
  gtk_widget_add_css_class (buttons, "plain");
  add_button (flow, self, _ ("Edit Script…"), G_CALLBACK (on_edit));
  add_button (flow, self, _ ("Choose File…"), G_CALLBACK (on_choose_file));
  add_button (flow, self, _ ("Choose Folder…"), G_CALLBACK (on_choose_folder));
  add_button (flow, self, _ ("Use the Example"), G_CALLBACK (on_shipped));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->name));
  gtk_box_append (GTK_BOX (box), buttons);
  adw_bin_set_child (ADW_BIN (self), box);
}

/**
 * sb_script_box_new:
 * @step: a step that may train with a script
 *
 * Returns: its box, which shows itself when it is to
 */
GtkWidget *
sb_script_box_new (SbStep *step)
{
  SbScriptBox *self = g_object_new (SB_TYPE_SCRIPT_BOX, NULL);

  self->step = g_object_ref (step);
  g_signal_connect_object (step, "notify::values", G_CALLBACK (on_values), self, 0);
  update (self);
  return GTK_WIDGET (self);
}
