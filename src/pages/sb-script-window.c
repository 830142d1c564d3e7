/* sb-script-window.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-script-window.h"

#include <glib/gi18n.h>
#include <string.h>

#include "pages/sb-source.h"
#include "pages/sb-subwindow.h"
#include "workshop/sb-script.h"

/**
 * SbScriptWindow:
 *
 * An editor of the script that a step trains with. What is saved makes the step want to run again.
 */
struct _SbScriptWindow
{
  AdwWindow parent_instance;

  SbStep *step;
  char *path;
  char *on_disk; /* the text as it was last read or written */
  GFileMonitor *monitor;
  GtkSourceBuffer *buffer;
  AdwWindowTitle *title;
  GtkLabel *message;
  gboolean closing;
};

G_DEFINE_FINAL_TYPE (SbScriptWindow, sb_script_window, ADW_TYPE_WINDOW)

static void
tell (SbScriptWindow *self, const char *text)
{
  gtk_label_set_label (self->message, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->message), text != NULL);
}

static char *
dup_text (SbScriptWindow *self)
{
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (GTK_TEXT_BUFFER (self->buffer), &start, &end);
  return gtk_text_buffer_get_text (GTK_TEXT_BUFFER (self->buffer), &start, &end, TRUE);
}

static void
on_modified (GtkTextBuffer *buffer, SbScriptWindow *self)
{
  gboolean modified = gtk_text_buffer_get_modified (buffer);
  g_autofree char *folder = g_path_get_dirname (self->path);
  g_autofree char *name = g_path_get_basename (self->path);
  g_autofree char *marked = modified ? g_strconcat ("• ", name, NULL) : g_strdup (name);

  adw_window_title_set_title (self->title, marked);
  adw_window_title_set_subtitle (self->title, folder);
  gtk_window_set_title (GTK_WINDOW (self), name);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "script.save", modified);
}

/* Whatever is written, the step rests on it from now on. */
static gboolean
save (SbScriptWindow *self)
{
  g_autofree char *text = dup_text (self);
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  g_autoptr (GError) error = NULL;

  if (!g_file_set_contents (self->path, text, -1, &error))
    {
      g_autofree char *message =
          g_strdup_printf (_ ("It cannot be saved: %s. Choose another place for the script."),
                           error->message);

      tell (self, message);
      return FALSE;
    }
  tell (self, NULL);
  g_free (self->on_disk);
  self->on_disk = g_strdup (text);
  gtk_text_buffer_set_modified (GTK_TEXT_BUFFER (self->buffer), FALSE);
  sb_step_set_value (self->step, "edition", sum, NULL);
  return TRUE;
}

static void
show_text (SbScriptWindow *self, char *text)
{
  GtkTextBuffer *buffer = GTK_TEXT_BUFFER (self->buffer);
  GtkTextIter at;
  int line;

  gtk_text_buffer_get_iter_at_mark (buffer, &at, gtk_text_buffer_get_insert (buffer));
  line = gtk_text_iter_get_line (&at);
  gtk_text_buffer_set_text (buffer, text, -1);
  gtk_text_buffer_get_iter_at_line (buffer, &at, line);
  gtk_text_buffer_place_cursor (buffer, &at);
  gtk_text_buffer_set_modified (buffer, FALSE);
  g_free (self->on_disk);
  self->on_disk = text;
}

/* Another program has written the file, or it was put aside. What was typed here stays. */
static void
on_file_changed (GFileMonitor *monitor,
                 GFile *file,
                 GFile *other,
                 GFileMonitorEvent event,
                 SbScriptWindow *self)
{
  g_autofree char *text = NULL;

  if (!g_file_get_contents (self->path, &text, NULL, NULL))
    {
      tell (self, _ ("The file is not there any more. Saving makes it anew."));
      gtk_text_buffer_set_modified (GTK_TEXT_BUFFER (self->buffer), TRUE);
      return;
    }
  if (!g_utf8_validate (text, -1, NULL))
    return;
  /* As it was saved here, or as it was before another program changed it. */
  if (strcmp (text, self->on_disk) == 0)
    {
      tell (self, NULL);
      return;
    }
  if (gtk_text_buffer_get_modified (GTK_TEXT_BUFFER (self->buffer)))
    {
      tell (self, _ ("Another program has changed the file. Saving replaces what it wrote."));
      return;
    }
  show_text (self, g_steal_pointer (&text));
  tell (self, NULL);
}

static void
watch (SbScriptWindow *self)
{
  g_autoptr (GFile) file = g_file_new_for_path (self->path);

  self->monitor = g_file_monitor_file (file, G_FILE_MONITOR_NONE, NULL, NULL);
  if (self->monitor != NULL)
    g_signal_connect (self->monitor, "changed", G_CALLBACK (on_file_changed), self);
}

static void
save_action (GtkWidget *widget, const char *action, GVariant *parameter)
{
  save (SB_SCRIPT_WINDOW (widget));
}

static void
on_executed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  /* What went wrong stands in the card of the step. */
  if (!sb_run_execute_finish (SB_RUN (source), result, &error))
    g_debug ("%s", error->message);
}

static void
run_action (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SbScriptWindow *self = SB_SCRIPT_WINDOW (widget);
  SbRun *run = sb_step_get_run (self->step);

  if (gtk_text_buffer_get_modified (GTK_TEXT_BUFFER (self->buffer)) && !save (self))
    return;
  if (run == NULL || sb_run_get_running (run))
    {
      tell (self, _ ("Another step is running. Wait for its end, or stop it."));
      return;
    }
  sb_run_execute_async (run, sb_step_get_id (self->step), on_executed, NULL);
}

static void
on_answer (AdwMessageDialog *dialog, const char *response, SbScriptWindow *self)
{
  if (strcmp (response, "cancel") == 0 || (strcmp (response, "save") == 0 && !save (self)))
    return;
  self->closing = TRUE;
  gtk_window_close (GTK_WINDOW (self));
}

static gboolean
sb_script_window_close_request (GtkWindow *window)
{
  SbScriptWindow *self = SB_SCRIPT_WINDOW (window);
  GtkWidget *dialog;

  if (self->closing || !gtk_text_buffer_get_modified (GTK_TEXT_BUFFER (self->buffer)))
    return GTK_WINDOW_CLASS (sb_script_window_parent_class)->close_request (window);
  dialog = adw_message_dialog_new (window,
                                   _ ("Save Changes?"),
                                   _ ("What was changed in the script is lost if it is not "
                                      "saved."));
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog),
                                    "cancel",
                                    _ ("Cancel"),
                                    "discard",
                                    _ ("Discard"),
                                    "save",
                                    _ ("Save"),
                                    NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog),
                                              "discard",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog),
                                              "save",
                                              ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "save");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_answer), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
  return TRUE;
}

static GtkWidget *
make_header (SbScriptWindow *self)
{
  GtkWidget *header = adw_header_bar_new ();
  GtkWidget *save_button = gtk_button_new_with_mnemonic (_ ("_Save"));
  GtkWidget *run_button = gtk_button_new_with_mnemonic (_ ("Save and _Run"));

  gtk_actionable_set_action_name (GTK_ACTIONABLE (save_button), "script.save");
  gtk_actionable_set_action_name (GTK_ACTIONABLE (run_button), "script.run");
  gtk_widget_add_css_class (run_button, "suggested-action");
  self->title = ADW_WINDOW_TITLE (adw_window_title_new ("", ""));
  adw_header_bar_set_title_widget (ADW_HEADER_BAR (header), GTK_WIDGET (self->title));
  adw_header_bar_pack_start (ADW_HEADER_BAR (header), save_button);
  adw_header_bar_pack_end (ADW_HEADER_BAR (header), run_button);
  return header;
}

static void
fill (SbScriptWindow *self, const char *text)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *scroller = gtk_scrolled_window_new ();
  GtkWidget *view;
  GtkTextIter start;

  self->buffer = sb_source_buffer_new (text, "python3");
  gtk_text_buffer_set_modified (GTK_TEXT_BUFFER (self->buffer), FALSE);
  gtk_text_buffer_get_start_iter (GTK_TEXT_BUFFER (self->buffer), &start);
  gtk_text_buffer_place_cursor (GTK_TEXT_BUFFER (self->buffer), &start);
  view = sb_source_view_new (self->buffer, _ ("Text of the script"));
  gtk_text_view_set_editable (GTK_TEXT_VIEW (view), TRUE);
  gtk_source_view_set_show_line_numbers (GTK_SOURCE_VIEW (view), TRUE);
  gtk_source_view_set_auto_indent (GTK_SOURCE_VIEW (view), TRUE);
  gtk_source_view_set_insert_spaces_instead_of_tabs (GTK_SOURCE_VIEW (view), TRUE);
  gtk_source_view_set_tab_width (GTK_SOURCE_VIEW (view), 4);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scroller), view);
  gtk_widget_set_vexpand (scroller, TRUE);
  self->message = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_wrap (self->message, TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (self->message), "error");
  gtk_widget_set_margin_top (GTK_WIDGET (self->message), 6);
  gtk_widget_set_margin_bottom (GTK_WIDGET (self->message), 6);
  gtk_box_append (GTK_BOX (box), make_header (self));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->message));
  gtk_box_append (GTK_BOX (box), scroller);
  adw_window_set_content (ADW_WINDOW (self), box);
  g_signal_connect (self->buffer, "modified-changed", G_CALLBACK (on_modified), self);
  tell (self, NULL);
  on_modified (GTK_TEXT_BUFFER (self->buffer), self);
  gtk_widget_grab_focus (view);
}

static void
sb_script_window_dispose (GObject *object)
{
  SbScriptWindow *self = SB_SCRIPT_WINDOW (object);

  if (self->monitor != NULL)
    g_signal_handlers_disconnect_by_data (self->monitor, self);
  g_clear_object (&self->monitor);
  if (self->buffer != NULL)
    g_signal_handlers_disconnect_by_data (self->buffer, self);
  g_clear_object (&self->buffer);
  g_clear_object (&self->step);
  G_OBJECT_CLASS (sb_script_window_parent_class)->dispose (object);
}

static void
sb_script_window_finalize (GObject *object)
{
  SbScriptWindow *self = SB_SCRIPT_WINDOW (object);

  g_free (self->path);
  g_free (self->on_disk);
  G_OBJECT_CLASS (sb_script_window_parent_class)->finalize (object);
}

static void
sb_script_window_class_init (SbScriptWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_script_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_script_window_finalize;
  GTK_WINDOW_CLASS (klass)->close_request = sb_script_window_close_request;
  gtk_widget_class_install_action (widget_class, "script.save", NULL, save_action);
  gtk_widget_class_install_action (widget_class, "script.run", NULL, run_action);
  gtk_widget_class_add_binding_action (
      widget_class, GDK_KEY_s, GDK_CONTROL_MASK, "script.save", NULL);
  gtk_widget_class_add_binding_action (
      widget_class, GDK_KEY_w, GDK_CONTROL_MASK, "window.close", NULL);
}

/* Before the text takes it for a new line. */
static void
add_run_key (GtkWidget *window)
{
  GtkEventController *keys = gtk_shortcut_controller_new ();

  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (keys),
                                        gtk_shortcut_new (gtk_shortcut_trigger_parse_string (
                                                              "<Control>Return|<Control>KP_Enter"),
                                                          gtk_named_action_new ("script.run")));
  gtk_widget_add_controller (window, keys);
}

static void
sb_script_window_init (SbScriptWindow *self)
{
  add_run_key (GTK_WIDGET (self));
  gtk_window_set_default_size (GTK_WINDOW (self), 760, 620);
}

/* The file to edit: what the step names, or a copy of the script that comes along. */
static char *
find_path (SbStep *step, GError **error)
{
  const char *folder = sb_run_get_folder (sb_step_get_run (step));
  const char *framework = sb_step_get_value (step, "framework");
  const char *given = sb_step_get_value (step, "script");
  g_autofree char *path = NULL;
  g_autofree char *entry = NULL;

  if (given == NULL || *given == '\0')
    return sb_script_make_own (folder, framework, error);
  path = sb_script_choose (folder, framework, given, error);
  entry = path != NULL ? sb_script_find_entry (path, sb_step_get_value (step, "entry_point"), error)
                       : NULL;
  if (entry == NULL || !g_file_test (path, G_FILE_TEST_IS_DIR))
    return entry != NULL ? g_steal_pointer (&path) : NULL;
  return g_build_filename (path, entry, NULL);
}

static void
complain (GtkWidget *parent, const GError *error)
{
  GtkRoot *root = gtk_widget_get_root (parent);
  GtkWidget *dialog = adw_message_dialog_new (GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL,
                                              _ ("The Script Cannot Be Opened"),
                                              error->message);

  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("Close"));
  gtk_window_present (GTK_WINDOW (dialog));
}

/**
 * sb_script_window_show:
 * @parent: a widget of the window that it belongs to
 * @step: a step that trains with a script
 *
 * Opens that script in an editor.
 */
void
sb_script_window_show (GtkWidget *parent, SbStep *step)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = find_path (step, &error);
  g_autofree char *text = NULL;
  SbScriptWindow *self;

  if (path == NULL || !g_file_get_contents (path, &text, NULL, &error) ||
      !g_utf8_validate (text, -1, NULL))
    {
      if (error == NULL)
        g_set_error (
            &error, G_FILE_ERROR, G_FILE_ERROR_INVAL, _ ("“%s” is no text in UTF-8"), path);
      complain (parent, error);
      return;
    }
  self = g_object_new (SB_TYPE_SCRIPT_WINDOW, NULL);
  self->step = g_object_ref (step);
  self->path = g_steal_pointer (&path);
  fill (self, text);
  self->on_disk = g_steal_pointer (&text);
  watch (self);
  sb_subwindow_present (GTK_WINDOW (self), parent);
}
