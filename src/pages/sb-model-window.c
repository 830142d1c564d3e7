/* sb-model-window.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-model-window.h"

#include <glib/gi18n.h>
#include <string.h>

#include "pages/sb-model-table.h"
#include "pages/sb-subwindow.h"
#include "widgets/sb-chart-view.h"
#include "wire/sb-json.h"
#include "workshop/sb-model-file.h"

/**
 * SbModelWindow:
 *
 * What training has left behind: its layers, how large it is, and the ways out: as ONNX, as it is.
 */
struct _SbModelWindow
{
  AdwWindow parent_instance;

  SbRun *run;
  SbModelFile *file; /* (nullable) */
  GCancellable *cancellable;
  AdwToastOverlay *toasts;
  AdwWindowTitle *title;
  GtkStack *stack;
  GtkProgressBar *progress;
  AdwStatusPage *problem;
  GtkFlowBox *facts;
  GtkLabel *note;
  AdwBin *chart;
  GtkColumnView *table;
};

G_DEFINE_FINAL_TYPE (SbModelWindow, sb_model_window, ADW_TYPE_WINDOW)

static void
toast (SbModelWindow *self, const char *text)
{
  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (text));
}

static void
add_fact (SbModelWindow *self, const char *name, const char *value)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *top = gtk_label_new (value);
  GtkWidget *bottom = gtk_label_new (name);

  gtk_label_set_xalign (GTK_LABEL (top), 0);
  gtk_label_set_xalign (GTK_LABEL (bottom), 0);
  gtk_label_set_ellipsize (GTK_LABEL (top), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (top), 24);
  gtk_widget_set_tooltip_text (top, value);
  gtk_widget_add_css_class (top, "heading");
  gtk_widget_add_css_class (bottom, "caption");
  gtk_widget_add_css_class (bottom, "dim-label");
  gtk_box_append (GTK_BOX (box), top);
  gtk_box_append (GTK_BOX (box), bottom);
  gtk_flow_box_append (self->facts, box);
  gtk_widget_set_focusable (gtk_widget_get_parent (box), FALSE);
}

static char *
make_classes (JsonObject *description)
{
  JsonArray *layers = sb_json_get_array (description, "layers");
  guint n = json_array_get_length (layers);
  JsonObject *last = n > 0 ? json_array_get_object_element (layers, n - 1) : NULL;

  return g_strdup_printf ("%" G_GINT64_FORMAT,
                          last != NULL ? sb_json_get_int (last, "output.0", 0) : 0);
}

static void
show_network (SbModelWindow *self)
{
  JsonObject *description = self->file->description;
  g_autofree char *input = sb_model_table_format_shape (sb_json_get_array (description, "input"));
  g_autofree char *classes = make_classes (description);
  g_autofree char *parameters =
      sb_model_table_format_number (sb_json_get_int (description, "parameters", 0));
  g_autofree char *layers =
      g_strdup_printf ("%u", json_array_get_length (sb_json_get_array (description, "layers")));

  add_fact (self, _ ("Parameters"), parameters);
  add_fact (self, _ ("Layers"), layers);
  add_fact (self, _ ("Input"), input);
  add_fact (self, _ ("Classes"), classes);
  sb_model_table_show_layers (self->table, description);
}

/* What the test of the model has found out, if it has. */
static JsonObject *
find_importance (SbRun *run)
{
  SbStep *step = sb_run_find_step_of_kind (run, "evaluate");
  JsonObject *result = step != NULL ? sb_step_get_result (step) : NULL;
  JsonArray *charts = result != NULL ? sb_json_get_array (result, "charts") : NULL;

  for (guint i = 0; charts != NULL && i < json_array_get_length (charts); i++)
    {
      JsonObject *chart = json_array_get_object_element (charts, i);

      if (strcmp (sb_json_get_string (chart, "id", ""), "importance") == 0)
        return chart;
    }
  return NULL;
}

static void
show_other (SbModelWindow *self)
{
  SbStep *step = sb_run_find_step_of_kind (self->run, "train");
  g_autoptr (JsonObject) values = sb_step_get_values (step);
  JsonObject *importance = find_importance (self->run);
  g_autoptr (SbChart) chart = importance != NULL ? sb_chart_new_from_json (importance, NULL) : NULL;

  sb_model_table_show_values (self->table, values);
  if (chart != NULL)
    {
      GtkWidget *view = sb_chart_view_new ();

      sb_chart_view_set_chart (SB_CHART_VIEW (view), chart);
      adw_bin_set_child (self->chart, view);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->chart), chart != NULL);
  gtk_label_set_label (self->note,
                       _ ("This is no network that Sagebrush knows: here is what it was trained "
                          "with."));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->note), self->file->problem);
  gtk_widget_set_visible (GTK_WIDGET (self->note), TRUE);
}

static void
show_file (SbModelWindow *self)
{
  g_autofree char *size = g_format_size (self->file->size);
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->facts))) != NULL)
    gtk_flow_box_remove (self->facts, child);
  gtk_widget_set_visible (GTK_WIDGET (self->note), FALSE);
  if (self->file->description != NULL)
    show_network (self);
  else
    show_other (self);
  add_fact (self, _ ("Size"), size);
  gtk_widget_action_set_enabled (GTK_WIDGET (self),
                                 "model.export",
                                 self->file->description != NULL);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "model.save", TRUE);
  gtk_stack_set_visible_child_name (self->stack, "model");
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SbModelWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  SbModelFile *file = sb_run_load_model_finish (SB_RUN (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_pointer (&self->file, sb_model_file_free);
  self->file = file;
  if (file != NULL)
    {
      show_file (self);
      return;
    }
  adw_status_page_set_description (self->problem, error->message);
  gtk_stack_set_visible_child_name (self->stack, "problem");
}

static void
on_progress (guint64 done, guint64 total, gpointer user_data)
{
  SbModelWindow *self = user_data;

  if (total > 0)
    gtk_progress_bar_set_fraction (self->progress, (double) done / (double) total);
}

static void
load (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SbModelWindow *self = SB_MODEL_WINDOW (widget);

  gtk_stack_set_visible_child_name (self->stack, "loading");
  gtk_progress_bar_set_fraction (self->progress, 0);
  sb_run_load_model_async (
      self->run, on_progress, self, self->cancellable, on_loaded, g_object_ref (self));
}

static GtkFileChooserNative *
ask (GtkWidget *widget, const char *title, const char *name, GCallback callback, gpointer data)
{
  GtkFileChooserNative *dialog =
      gtk_file_chooser_native_new (title,
                                   GTK_WINDOW (gtk_widget_get_root (widget)),
                                   name != NULL ? GTK_FILE_CHOOSER_ACTION_SAVE
                                                : GTK_FILE_CHOOSER_ACTION_OPEN,
                                   NULL,
                                   NULL);

  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  if (name != NULL)
    gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  g_signal_connect_object (dialog, "response", callback, data, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
  return dialog;
}

static GFile *
take_file (GtkNativeDialog *dialog, int response)
{
  GFile *file = response == GTK_RESPONSE_ACCEPT
                    ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog))
                    : NULL;

  g_object_unref (dialog);
  return file;
}

static void
on_exported (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SbModelWindow) self = user_data;
  g_autoptr (GError) error = NULL;

  if (sb_model_export_finish (result, &error))
    toast (self, _ ("The ONNX file was written"));
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    toast (self, error->message);
}

static void
on_export_response (GtkNativeDialog *dialog, int response, SbModelWindow *self)
{
  g_autoptr (GFile) file = take_file (dialog, response);

  if (file == NULL || self->file == NULL)
    return;
  if (g_file_peek_path (file) != NULL)
    sb_model_export_async (self->file->path,
                           g_file_peek_path (file),
                           self->cancellable,
                           on_exported,
                           g_object_ref (self));
  else
    toast (self, _ ("Choose a place on this computer"));
}

static void
export_onnx (GtkWidget *widget, const char *action, GVariant *parameter)
{
  ask (widget, _ ("Export ONNX"), "model.onnx", G_CALLBACK (on_export_response), widget);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SbModelWindow) self = user_data;
  g_autoptr (GError) error = NULL;

  if (g_file_copy_finish (G_FILE (source), result, &error))
    toast (self, _ ("The model was saved"));
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    toast (self, error->message);
}

static void
on_save_response (GtkNativeDialog *dialog, int response, SbModelWindow *self)
{
  g_autoptr (GFile) file = take_file (dialog, response);
  g_autoptr (GFile) own = NULL;

  if (file == NULL || self->file == NULL)
    return;
  own = g_file_new_for_path (self->file->path);
  g_file_copy_async (own,
                     file,
                     G_FILE_COPY_OVERWRITE,
                     G_PRIORITY_DEFAULT,
                     self->cancellable,
                     NULL,
                     NULL,
                     on_saved,
                     g_object_ref (self));
}

static void
save (GtkWidget *widget, const char *action, GVariant *parameter)
{
  ask (widget, _ ("Save Model"), "model.tar.gz", G_CALLBACK (on_save_response), widget);
}

static void
on_understood (AdwMessageDialog *dialog, const char *response, gpointer data)
{
}

static void
on_imported (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GtkWidget) parent = user_data;
  g_autoptr (GError) error = NULL;
  GtkRoot *root = gtk_widget_get_root (parent);
  GtkWidget *dialog;

  if (sb_run_execute_finish (SB_RUN (source), result, &error))
    {
      if (SB_IS_MODEL_WINDOW (parent))
        load (parent, NULL, NULL);
      return;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || root == NULL)
    return;
  dialog =
      adw_message_dialog_new (GTK_WINDOW (root), _ ("The Model Was Not Imported"), error->message);
  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _ ("Close"));
  g_signal_connect (dialog, "response", G_CALLBACK (on_understood), NULL);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_import_response (GtkNativeDialog *dialog, int response, GtkWidget *parent)
{
  SbRun *run = g_object_get_data (G_OBJECT (dialog), "sb-run");
  g_autoptr (SbRun) held = g_object_ref (run);
  g_autoptr (GFile) file = take_file (dialog, response);

  if (file != NULL && g_file_peek_path (file) != NULL)
    sb_run_import_model_async (held, g_file_peek_path (file), on_imported, g_object_ref (parent));
}

/**
 * sb_model_window_import:
 * @parent: a widget of the window that asks
 * @run: a run for which sb_run_can_import_model() is true
 *
 * Asks for a file with a model and puts it in the place of the one that the run trains.
 */
void
sb_model_window_import (GtkWidget *parent, SbRun *run)
{
  GtkFileChooserNative *dialog =
      ask (parent, _ ("Import a Model"), NULL, G_CALLBACK (on_import_response), parent);
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, _ ("ONNX files and model.tar.gz"));
  gtk_file_filter_add_suffix (filter, "onnx");
  gtk_file_filter_add_suffix (filter, "tar.gz");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
  g_object_set_data_full (G_OBJECT (dialog), "sb-run", g_object_ref (run), g_object_unref);
}

static void
import (GtkWidget *widget, const char *action, GVariant *parameter)
{
  sb_model_window_import (widget, SB_MODEL_WINDOW (widget)->run);
}

static void
sb_model_window_dispose (GObject *object)
{
  SbModelWindow *self = SB_MODEL_WINDOW (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_MODEL_WINDOW);
  g_clear_object (&self->run);
  G_OBJECT_CLASS (sb_model_window_parent_class)->dispose (object);
}

static void
sb_model_window_finalize (GObject *object)
{
  SbModelWindow *self = SB_MODEL_WINDOW (object);

  g_object_unref (self->cancellable);
  g_clear_pointer (&self->file, sb_model_file_free);
  G_OBJECT_CLASS (sb_model_window_parent_class)->finalize (object);
}

static void
sb_model_window_class_init (SbModelWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_model_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_model_window_finalize;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-model-window.ui");
  gtk_widget_class_bind_template_child (widget_class, SbModelWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, SbModelWindow, title);
  gtk_widget_class_bind_template_child (widget_class, SbModelWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, SbModelWindow, progress);
  gtk_widget_class_bind_template_child (widget_class, SbModelWindow, problem);
  gtk_widget_class_bind_template_child (widget_class, SbModelWindow, facts);
  gtk_widget_class_bind_template_child (widget_class, SbModelWindow, note);
  gtk_widget_class_bind_template_child (widget_class, SbModelWindow, chart);
  gtk_widget_class_bind_template_child (widget_class, SbModelWindow, table);
  gtk_widget_class_install_action (widget_class, "model.load", NULL, load);
  gtk_widget_class_install_action (widget_class, "model.export", NULL, export_onnx);
  gtk_widget_class_install_action (widget_class, "model.save", NULL, save);
  gtk_widget_class_install_action (widget_class, "model.import", NULL, import);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
sb_model_window_init (SbModelWindow *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "model.export", FALSE);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "model.save", FALSE);
}

/**
 * sb_model_window_show:
 * @parent: a widget of the window that it belongs to
 * @run: a run for which sb_run_has_model() is true
 *
 * Shows the run's model.
 */
void
sb_model_window_show (GtkWidget *parent, SbRun *run)
{
  SbModelWindow *self = g_object_new (SB_TYPE_MODEL_WINDOW, NULL);

  self->run = g_object_ref (run);
  adw_window_title_set_title (self->title, _ ("Model"));
  adw_window_title_set_subtitle (self->title, sb_module_get_title (sb_run_get_module (run)));
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "model.import", sb_run_can_import_model (run));
  load (GTK_WIDGET (self), NULL, NULL);
  sb_subwindow_present (GTK_WINDOW (self), parent);
}
