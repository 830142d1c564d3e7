/* sb-step-sources.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-step-sources.h"

#include <glib/gi18n.h>
#include <string.h>

#include "pages/sb-file-dialog.h"
#include "wire/sb-json.h"
#include "wire/sb-parameter.h"
#include "workshop/sb-run.h"

/**
 * SbStepSources:
 *
 * Where the data of a run may come from, a button for each.
 */
struct _SbStepSources
{
  AdwBin parent_instance;

  SbStep *step;
};

enum
{
  CHOSEN,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SbStepSources, sb_step_sources, ADW_TYPE_BIN)

static void
choose (SbStepSources *self, const char *source, const char *path)
{
  g_autoptr (GError) error = NULL;

  if (sb_step_set_value (self->step, "source", source, &error) &&
      (path == NULL || sb_step_set_value (self->step, "path", path, &error)))
    g_signal_emit (self, signals[CHOSEN], 0);
  else
    g_warning ("%s", error->message);
}

static void
on_response (GtkNativeDialog *dialog, int response, SbStepSources *self)
{
  g_autofree char *path = sb_file_dialog_take_path (dialog, response);

  if (path != NULL)
    choose (self, "file", path);
}

static void
on_choose_file (GtkButton *button, SbStepSources *self)
{
  sb_file_dialog_ask (GTK_WIDGET (self),
                      _ ("Choose a File"),
                      GTK_FILE_CHOOSER_ACTION_OPEN,
                      G_CALLBACK (on_response));
}

static void
on_choose_folder (GtkButton *button, SbStepSources *self)
{
  sb_file_dialog_ask (GTK_WIDGET (self),
                      _ ("Choose a Folder with a Folder of Each Class"),
                      GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER,
                      G_CALLBACK (on_response));
}

static void
on_choose_records (GtkButton *button, SbStepSources *self)
{
  GtkFileChooserNative *dialog =
      sb_file_dialog_ask (GTK_WIDGET (self),
                          _ ("Choose a .rec File, Which Brings Those Beside It"),
                          GTK_FILE_CHOOSER_ACTION_OPEN,
                          G_CALLBACK (on_response));
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, _ ("RecordIO and tar files"));
  gtk_file_filter_add_suffix (filter, "rec");
  gtk_file_filter_add_suffix (filter, "tar");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
}

static void
on_source (GtkButton *button, SbStepSources *self)
{
  choose (self, g_object_get_data (G_OBJECT (button), "sb-source"), NULL);
}

static GtkWidget *
add_button (GtkFlowBox *box, SbStepSources *self, const char *title, GCallback callback)
{
  GtkWidget *button = gtk_button_new_with_label (title);

  gtk_label_set_ellipsize (GTK_LABEL (gtk_button_get_child (GTK_BUTTON (button))),
                           PANGO_ELLIPSIZE_END);
  gtk_widget_set_tooltip_text (button, title);
  g_signal_connect (button, "clicked", callback, self);
  gtk_flow_box_append (box, button);
  gtk_widget_set_focusable (gtk_widget_get_parent (button), FALSE);
  return button;
}

static void
add_source (GtkFlowBox *box, SbStepSources *self, const char *title, const char *source)
{
  GtkWidget *button = add_button (box, self, title, G_CALLBACK (on_source));

  g_object_set_data (G_OBJECT (button), "sb-source", (gpointer) source);
}

static const SbParameter *
find_parameter (SbStepSources *self, const char *name)
{
  const GPtrArray *parameters = sb_step_get_parameters (self->step);

  for (guint i = 0; i < parameters->len; i++)
    if (strcmp (((const SbParameter *) parameters->pdata[i])->name, name) == 0)
      return parameters->pdata[i];
  return NULL;
}

static void
on_add_mine (GtkCheckButton *button, SbStepSources *self)
{
  const char *value = gtk_check_button_get_active (button) ? "true" : "false";

  sb_step_set_value (self->step, "add_mine", value, NULL);
}

static GtkWidget *
make_add_mine (SbStepSources *self)
{
  GtkWidget *check = gtk_check_button_new_with_label (_ ("Train on my digits, too"));

  gtk_check_button_set_active (GTK_CHECK_BUTTON (check),
                               g_strcmp0 (sb_step_get_value (self->step, "add_mine"), "true") == 0);
  g_signal_connect (check, "toggled", G_CALLBACK (on_add_mine), self);
  return check;
}

static gboolean
has_photos (SbStepSources *self)
{
  SbRun *run = sb_step_get_run (self->step);

  return run != NULL &&
         strcmp (sb_json_get_string (sb_module_get_json (sb_run_get_module (run)), "data", ""),
                 "photos") == 0;
}

static void
fill (SbStepSources *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *buttons = gtk_flow_box_new ();
  GtkFlowBox *flow = GTK_FLOW_BOX (buttons);

  gtk_flow_box_set_selection_mode (flow, GTK_SELECTION_NONE);
  gtk_flow_box_set_max_children_per_line (flow, 4);
  gtk_flow_box_set_homogeneous (flow, TRUE);
  gtk_flow_box_set_column_spacing (flow, 6);
  gtk_flow_box_set_row_spacing (flow, 6);
  gtk_widget_add_css_class (buttons, "plain");
  if (has_photos (self))
    {
      add_button (flow, self, _ ("Choose Folder…"), G_CALLBACK (on_choose_folder));
      add_button (flow, self, _ ("Choose .rec Files…"), G_CALLBACK (on_choose_records));
    }
  else
    add_button (flow, self, _ ("Choose File…"), G_CALLBACK (on_choose_file));
  add_source (flow, self, _ ("Download"), "download");
  add_source (flow,
              self,
              has_photos (self) ? _ ("Sample (Shapes)") : _ ("Sample (Synthetic)"),
              "sample");
  gtk_box_append (GTK_BOX (box), buttons);
  if (find_parameter (self, "add_mine") != NULL)
    {
      add_source (flow, self, _ ("My Digits"), "mine");
      gtk_box_append (GTK_BOX (box), make_add_mine (self));
    }
  adw_bin_set_child (ADW_BIN (self), box);
}

static void
sb_step_sources_dispose (GObject *object)
{
  g_clear_object (&SB_STEP_SOURCES (object)->step);
  G_OBJECT_CLASS (sb_step_sources_parent_class)->dispose (object);
}

static void
sb_step_sources_class_init (SbStepSourcesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sb_step_sources_dispose;
  /**
   * SbStepSources::chosen:
   *
   * The step has been told where its data come from.
   */
  signals[CHOSEN] = g_signal_new (
      "chosen", SB_TYPE_STEP_SOURCES, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sb_step_sources_init (SbStepSources *self)
{
}

/**
 * sb_step_sources_new:
 * @step: a step of the kind `choose-data`
 *
 * Returns: its buttons
 */
GtkWidget *
sb_step_sources_new (SbStep *step)
{
  SbStepSources *self = g_object_new (SB_TYPE_STEP_SOURCES, NULL);

  self->step = g_object_ref (step);
  fill (self);
  return GTK_WIDGET (self);
}
