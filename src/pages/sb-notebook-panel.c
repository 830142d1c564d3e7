/* sb-notebook-panel.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-notebook-panel.h"

#include <glib/gi18n.h>
#include <string.h>

#include "pages/sb-problem-box.h"
#include "widgets/sb-accessible.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-notebook.h"
#include "workshop/sb-remove.h"

/* Seconds between two questions about a notebook that is on its way somewhere, and about one that
 * rests; nobody is asked while nobody looks. */
#define MOVING_SECONDS  3
#define RESTING_SECONDS 30

/**
 * SbNotebookPanel:
 *
 * A notebook instance: how it is, and what can be done with it.
 */
struct _SbNotebookPanel
{
  AdwBin parent_instance;

  SbClient *client;
  char *name;
  char *status;
  GCancellable *cancellable;
  guint timer;
  gboolean asking;
  gboolean acting;

  AdwActionRow *row;
  GtkSpinner *spinner;
  GtkButton *open_button;
  GtkButton *start_button;
  GtkButton *stop_button;
  GtkButton *delete_button;
  SbProblemBox *problem;
};

G_DEFINE_FINAL_TYPE (SbNotebookPanel, sb_notebook_panel, ADW_TYPE_BIN)

static gboolean
is (SbNotebookPanel *self, const char *status)
{
  return g_strcmp0 (self->status, status) == 0;
}

static void
update (SbNotebookPanel *self)
{
  gboolean rests = is (self, "Stopped") || is (self, "Failed");
  gboolean moves = self->acting || (self->status != NULL && sb_notebook_is_moving (self->status));

  gtk_spinner_set_spinning (self->spinner, moves);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), moves);
  gtk_widget_set_visible (GTK_WIDGET (self->open_button), !rests);
  gtk_widget_set_sensitive (GTK_WIDGET (self->open_button), is (self, "InService"));
  gtk_widget_set_visible (GTK_WIDGET (self->start_button), rests);
  gtk_widget_set_sensitive (GTK_WIDGET (self->start_button), !self->acting);
  gtk_widget_set_visible (GTK_WIDGET (self->stop_button), !rests);
  gtk_widget_set_sensitive (GTK_WIDGET (self->stop_button),
                            is (self, "InService") && !self->acting);
  gtk_widget_set_sensitive (GTK_WIDGET (self->delete_button),
                            !self->acting && !is (self, "Deleting"));
}

static char *
describe (JsonObject *answer)
{
  const char *status = sb_json_get_string (answer, "NotebookInstanceStatus", "");
  const char *reason = sb_json_get_string (answer, "FailureReason", "");
  gint64 volume = sb_json_get_int (answer, "VolumeSizeInGB", 0);

  if (*reason != '\0')
    return g_strdup_printf ("%s: %s", sb_notebook_get_status_title (status), reason);
  /* translators: how a notebook is, its instance type, and the size of its disk */
  return g_strdup_printf (_ ("%s · %s · %d GB"),
                          sb_notebook_get_status_title (status),
                          sb_json_get_string (answer, "InstanceType", ""),
                          (int) volume);
}

static void
set_status (SbNotebookPanel *self, const char *status, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  g_free (self->status);
  self->status = g_strdup (status);
  adw_action_row_set_subtitle (self->row, escaped);
  update (self);
}

static void
show_gone (SbNotebookPanel *self)
{
  set_status (self, "", _ ("It is gone; run the step to have one again"));
  gtk_widget_set_visible (GTK_WIDGET (self->open_button), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->stop_button), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->delete_button), FALSE);
}

static void
show (SbNotebookPanel *self, JsonObject *answer)
{
  g_autofree char *text = describe (answer);

  set_status (self, sb_json_get_string (answer, "NotebookInstanceStatus", ""), text);
}

static void schedule (SbNotebookPanel *self);

static gboolean
is_over (SbNotebookPanel *self, const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->row == NULL;
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbNotebookPanel) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = sb_notebook_act_finish (SB_CLIENT (source), result, &error);

  self->asking = FALSE;
  if (answer == NULL && is_over (self, error))
    return;
  if (answer != NULL)
    show (self, answer);
  else if (sb_remove_is_gone (error))
    {
      show_gone (self);
      return;
    }
  schedule (self);
}

static void
ask (SbNotebookPanel *self)
{
  if (self->asking)
    return;
  self->asking = TRUE;
  sb_notebook_act_async (
      self->client, self->name, SB_NOTEBOOK_ASK, self->cancellable, on_asked, g_object_ref (self));
}

static gboolean
on_time (gpointer data)
{
  SbNotebookPanel *self = data;

  self->timer = 0;
  ask (self);
  return G_SOURCE_REMOVE;
}

static void
schedule (SbNotebookPanel *self)
{
  gboolean moves = self->acting || (self->status != NULL && sb_notebook_is_moving (self->status));

  g_clear_handle_id (&self->timer, g_source_remove);
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    self->timer = g_timeout_add_seconds (moves ? MOVING_SECONDS : RESTING_SECONDS, on_time, self);
}

static void
on_acted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbNotebookPanel) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = sb_notebook_act_finish (SB_CLIENT (source), result, &error);

  self->acting = FALSE;
  if (answer == NULL && is_over (self, error))
    return;
  sb_problem_box_set_error (self->problem, error);
  update (self);
  ask (self);
  gtk_widget_activate_action (GTK_WIDGET (self), "win.refresh-resources", NULL);
}

static void
act (SbNotebookPanel *self, SbNotebookAct what)
{
  self->acting = TRUE;
  sb_problem_box_set_error (self->problem, NULL);
  update (self);
  schedule (self);
  sb_notebook_act_async (
      self->client, self->name, what, self->cancellable, on_acted, g_object_ref (self));
}

static void
on_address (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbNotebookPanel) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = sb_notebook_act_finish (SB_CLIENT (source), result, &error);

  if (answer == NULL && is_over (self, error))
    return;
  sb_problem_box_set_error (self->problem, error);
  if (answer != NULL)
    gtk_show_uri (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                  sb_json_get_string (answer, "url", ""),
                  GDK_CURRENT_TIME);
}

/* The address lets in whoever has it, for a few minutes: it is fetched when it is wanted. */
static void
on_open (SbNotebookPanel *self)
{
  sb_notebook_act_async (self->client,
                         self->name,
                         SB_NOTEBOOK_OPEN,
                         self->cancellable,
                         on_address,
                         g_object_ref (self));
}

static void
on_start (SbNotebookPanel *self)
{
  act (self, SB_NOTEBOOK_START);
}

static void
on_stop (SbNotebookPanel *self)
{
  act (self, SB_NOTEBOOK_STOP);
}

static void
on_response (AdwMessageDialog *dialog, const char *response, SbNotebookPanel *self)
{
  if (strcmp (response, "delete") == 0)
    act (self, SB_NOTEBOOK_DELETE);
}

static void
on_delete (SbNotebookPanel *self)
{
  g_autofree char *heading = g_strdup_printf (_ ("Delete “%s”?"), self->name);
  GtkWidget *dialog = adw_message_dialog_new (
      GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
      heading,
      _ ("Its files are deleted with it. Download from Jupyter what you want to keep."));

  adw_message_dialog_add_responses (
      ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("Cancel"), "delete", _ ("Delete for Good"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog),
                                              "delete",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_response), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
sb_notebook_panel_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (sb_notebook_panel_parent_class)->map (widget);
  ask (SB_NOTEBOOK_PANEL (widget));
}

static void
sb_notebook_panel_unmap (GtkWidget *widget)
{
  g_clear_handle_id (&SB_NOTEBOOK_PANEL (widget)->timer, g_source_remove);
  GTK_WIDGET_CLASS (sb_notebook_panel_parent_class)->unmap (widget);
}

static void
sb_notebook_panel_dispose (GObject *object)
{
  SbNotebookPanel *self = SB_NOTEBOOK_PANEL (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_NOTEBOOK_PANEL);
  self->row = NULL;
  g_clear_object (&self->client);
  G_OBJECT_CLASS (sb_notebook_panel_parent_class)->dispose (object);
}

static void
sb_notebook_panel_finalize (GObject *object)
{
  SbNotebookPanel *self = SB_NOTEBOOK_PANEL (object);

  g_free (self->name);
  g_free (self->status);
  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (sb_notebook_panel_parent_class)->finalize (object);
}

static void
sb_notebook_panel_class_init (SbNotebookPanelClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_notebook_panel_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_notebook_panel_finalize;
  widget_class->map = sb_notebook_panel_map;
  widget_class->unmap = sb_notebook_panel_unmap;
  g_type_ensure (SB_TYPE_PROBLEM_BOX);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-notebook-panel.ui");
  gtk_widget_class_bind_template_child (widget_class, SbNotebookPanel, row);
  gtk_widget_class_bind_template_child (widget_class, SbNotebookPanel, spinner);
  gtk_widget_class_bind_template_child (widget_class, SbNotebookPanel, open_button);
  gtk_widget_class_bind_template_child (widget_class, SbNotebookPanel, start_button);
  gtk_widget_class_bind_template_child (widget_class, SbNotebookPanel, stop_button);
  gtk_widget_class_bind_template_child (widget_class, SbNotebookPanel, delete_button);
  gtk_widget_class_bind_template_child (widget_class, SbNotebookPanel, problem);
  gtk_widget_class_bind_template_callback (widget_class, on_open);
  gtk_widget_class_bind_template_callback (widget_class, on_start);
  gtk_widget_class_bind_template_callback (widget_class, on_stop);
  gtk_widget_class_bind_template_callback (widget_class, on_delete);
}

static void
sb_notebook_panel_init (SbNotebookPanel *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->cancellable = g_cancellable_new ();
}

/* Whoever does not see beside what a button is hears it. */
static void
name_button (SbNotebookPanel *self, GtkButton *button, const char *format)
{
  g_autoptr (GString) label = g_string_new (format);

  g_string_replace (label, "%s", self->name, 1);
  sb_accessible_set_name (button, label->str);
}

/**
 * sb_notebook_panel_new:
 * @client: makes the calls
 * @name: a notebook instance
 *
 * Returns: its panel
 */
GtkWidget *
sb_notebook_panel_new (SbClient *client, const char *name)
{
  SbNotebookPanel *self = g_object_new (SB_TYPE_NOTEBOOK_PANEL, NULL);

  self->client = g_object_ref (client);
  self->name = g_strdup (name);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->row), name);
  name_button (self, self->open_button, _ ("Open Jupyter: %s"));
  name_button (self, self->start_button, _ ("Start: %s"));
  name_button (self, self->stop_button, _ ("Stop: %s"));
  name_button (self, self->delete_button, _ ("Delete: %s"));
  update (self);
  return GTK_WIDGET (self);
}
