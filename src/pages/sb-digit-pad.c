/* sb-digit-pad.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-digit-pad.h"

#include <glib/gi18n.h>

#include "widgets/sb-accessible.h"
#include "widgets/sb-digit-grid.h"
#include "widgets/sb-draw-canvas.h"

#define CLASSES      SB_DIGIT_CLASSES
#define PREVIEW_SIDE 56

/**
 * SbDigitPad:
 *
 * A sheet to draw a digit on, which the run's endpoint reads after every movement of the pen. One
 * question is asked at a time; the newest drawing wins. What was read wrongly can be named, and is
 * kept to learn from.
 */
struct _SbDigitPad
{
  AdwBin parent_instance;

  SbRun *run;
  GCancellable *cancellable;
  SbDrawCanvas *canvas;
  GtkLabel *answer;
  GtkWidget *bars[CLASSES];
  GtkPicture *preview;
  GtkLabel *time;
  GtkWidget *undo;
  GtkWidget *clear;
  GtkWidget *naming;
  GtkDropDown *name;
  GtkLabel *saved;
  guint8 pixels[SB_DIGIT_SIZE];
  gboolean asking;
  gboolean changed;
};

G_DEFINE_FINAL_TYPE (SbDigitPad, sb_digit_pad, ADW_TYPE_BIN)

static void ask (SbDigitPad *self);

static void
show_preview (SbDigitPad *self)
{
  g_autoptr (GdkTexture) texture = sb_digit_texture_new (self->pixels);

  gtk_picture_set_paintable (self->preview, GDK_PAINTABLE (texture));
}

/* What is shown is of an earlier drawing while this is so. */
static void
set_asking (SbDigitPad *self, gboolean asking)
{
  self->asking = asking;
  gtk_accessible_update_state (GTK_ACCESSIBLE (self->answer),
                               GTK_ACCESSIBLE_STATE_BUSY,
                               asking,
                               -1);
}

static void
show_nothing (SbDigitPad *self)
{
  gtk_label_set_label (self->answer, _ ("Draw a digit"));
  gtk_label_set_label (self->time, "");
  gtk_widget_set_sensitive (self->naming, FALSE);
  for (guint i = 0; i < CLASSES; i++)
    gtk_level_bar_set_value (GTK_LEVEL_BAR (self->bars[i]), 0);
}

/* Most likely it was the one that came second. */
static guint
find_second (const SbDigitReading *reading)
{
  guint second = reading->digit == 0 ? 1 : 0;

  for (guint i = 0; i < CLASSES; i++)
    if (i != reading->digit && reading->probabilities[i] > reading->probabilities[second])
      second = i;
  return second;
}

static void
show_answer (SbDigitPad *self, const SbDigitReading *reading)
{
  g_autofree char *text = g_strdup_printf (_ ("This is a %u (%.1f %%)"),
                                           reading->digit,
                                           100 * reading->probabilities[reading->digit]);
  g_autofree char *took = g_strdup_printf (_ ("%.1f ms"), reading->milliseconds);

  for (guint i = 0; i < CLASSES; i++)
    gtk_level_bar_set_value (GTK_LEVEL_BAR (self->bars[i]),
                             CLAMP (reading->probabilities[i], 0, 1));
  gtk_label_set_label (self->answer, text);
  gtk_label_set_label (self->time, took);
  gtk_drop_down_set_selected (self->name, find_second (reading));
  gtk_widget_set_sensitive (self->naming, TRUE);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SbDigitPad) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree SbDigitReading *reading =
      sb_run_predict_digit_finish (SB_RUN (source), result, &error);

  set_asking (self, FALSE);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (self->changed)
    ask (self);
  else if (sb_draw_canvas_is_empty (self->canvas))
    show_nothing (self);
  else if (error != NULL)
    gtk_label_set_label (self->answer, error->message);
  else
    show_answer (self, reading);
}

static void
ask (SbDigitPad *self)
{
  gboolean any;

  self->changed = self->asking;
  if (sb_draw_canvas_is_empty (self->canvas))
    show_nothing (self);
  if (self->asking)
    return;
  any = sb_draw_canvas_get_digit (self->canvas, self->pixels);
  show_preview (self);
  if (!any)
    {
      show_nothing (self);
      if (!sb_draw_canvas_is_empty (self->canvas))
        gtk_label_set_label (self->answer, _ ("There is no ink in this picture"));
      return;
    }
  set_asking (self, TRUE);
  sb_run_predict_digit_async (
      self->run, self->pixels, self->cancellable, on_answer, g_object_ref (self));
}

static void
on_changed (SbDrawCanvas *canvas, SbDigitPad *self)
{
  gboolean any = !sb_draw_canvas_is_empty (canvas);

  gtk_widget_set_sensitive (self->undo, any);
  gtk_widget_set_sensitive (self->clear, any);
  gtk_label_set_label (self->saved, "");
  ask (self);
}

static void
on_failed (SbDrawCanvas *canvas, const char *message, SbDigitPad *self)
{
  gtk_label_set_label (self->answer, message);
}

static void
on_undo (GtkButton *button, SbDigitPad *self)
{
  sb_draw_canvas_undo (self->canvas);
}

static void
on_clear (GtkButton *button, SbDigitPad *self)
{
  sb_draw_canvas_clear (self->canvas);
}

static void
on_paste (GtkButton *button, SbDigitPad *self)
{
  sb_draw_canvas_paste (self->canvas);
}

static void
on_open_response (GtkNativeDialog *dialog, int response, SbDigitPad *self)
{
  g_autoptr (GFile) file = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  g_object_unref (dialog);
  if (file != NULL)
    sb_draw_canvas_open (self->canvas, file);
}

static void
on_open (GtkButton *button, SbDigitPad *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (
      _ ("Open a Picture"), GTK_WINDOW (root), GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, _ ("Pictures"));
  gtk_file_filter_add_pixbuf_formats (filter);
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_open_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
on_save (GtkButton *button, SbDigitPad *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  guint n;

  if (sb_run_name_digit (
          self->run, self->pixels, gtk_drop_down_get_selected (self->name), &n, &error))
    text =
        g_strdup_printf (ngettext ("Saved: you have %u digit", "Saved: you have %u digits", n), n);
  else
    text = g_strdup_printf (_ ("Not saved: %s"), error->message);
  gtk_label_set_label (self->saved, text);
}

static GtkWidget *
make_button (SbDigitPad *self, const char *icon, const char *title, GCallback callback)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon);

  gtk_widget_set_tooltip_text (button, title);
  sb_accessible_set_name (button, title);
  g_signal_connect (button, "clicked", callback, self);
  return button;
}

static GtkWidget *
make_sheet (SbDigitPad *self)
{
  GtkWidget *left = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *buttons = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *frame = gtk_frame_new (NULL);

  self->canvas = SB_DRAW_CANVAS (sb_draw_canvas_new ());
  g_signal_connect (self->canvas, "changed", G_CALLBACK (on_changed), self);
  g_signal_connect (self->canvas, "failed", G_CALLBACK (on_failed), self);
  gtk_frame_set_child (GTK_FRAME (frame), GTK_WIDGET (self->canvas));
  gtk_widget_set_halign (frame, GTK_ALIGN_START);
  self->undo = make_button (self, "edit-undo-symbolic", _ ("Undo Stroke"), G_CALLBACK (on_undo));
  self->clear = make_button (self, "edit-clear-all-symbolic", _ ("Clear"), G_CALLBACK (on_clear));
  gtk_widget_set_sensitive (self->undo, FALSE);
  gtk_widget_set_sensitive (self->clear, FALSE);
  gtk_box_append (GTK_BOX (buttons), self->undo);
  gtk_box_append (GTK_BOX (buttons), self->clear);
  gtk_box_append (
      GTK_BOX (buttons),
      make_button (self, "edit-paste-symbolic", _ ("Paste Picture"), G_CALLBACK (on_paste)));
  gtk_box_append (
      GTK_BOX (buttons),
      make_button (self, "document-open-symbolic", _ ("Open Picture…"), G_CALLBACK (on_open)));
  gtk_box_append (GTK_BOX (left), frame);
  gtk_box_append (GTK_BOX (left), buttons);
  gtk_widget_set_valign (left, GTK_ALIGN_START);
  return left;
}

static GtkWidget *
make_bars (SbDigitPad *self)
{
  GtkWidget *grid = gtk_grid_new ();

  gtk_grid_set_column_spacing (GTK_GRID (grid), 9);
  gtk_grid_set_row_spacing (GTK_GRID (grid), 1);
  for (guint i = 0; i < CLASSES; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      g_autofree char *title = g_strdup_printf (_ ("Probability of a %u"), i);
      GtkWidget *label = gtk_label_new (name);

      self->bars[i] = gtk_level_bar_new ();
      gtk_widget_set_hexpand (self->bars[i], TRUE);
      gtk_widget_set_valign (self->bars[i], GTK_ALIGN_CENTER);
      sb_accessible_set_name (self->bars[i], title);
      gtk_widget_add_css_class (label, "numeric");
      gtk_grid_attach (GTK_GRID (grid), label, 0, (int) i, 1, 1);
      gtk_grid_attach (GTK_GRID (grid), self->bars[i], 1, (int) i, 1, 1);
    }
  return grid;
}

static GtkWidget *
make_preview (SbDigitPad *self)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 9);
  GtkWidget *texts = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *title = gtk_label_new (_ ("What the model sees"));
  GtkWidget *frame = gtk_frame_new (NULL);

  self->preview = GTK_PICTURE (sb_digit_picture_new (self->pixels, PREVIEW_SIDE));
  gtk_picture_set_alternative_text (self->preview, _ ("What the model sees"));
  gtk_widget_set_overflow (frame, GTK_OVERFLOW_HIDDEN);
  gtk_frame_set_child (GTK_FRAME (frame), GTK_WIDGET (self->preview));
  self->time = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_xalign (self->time, 0);
  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_widget_add_css_class (title, "caption");
  gtk_widget_add_css_class (GTK_WIDGET (self->time), "caption");
  gtk_widget_add_css_class (GTK_WIDGET (self->time), "dim-label");
  gtk_widget_add_css_class (GTK_WIDGET (self->time), "numeric");
  gtk_widget_set_valign (texts, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (texts), title);
  gtk_box_append (GTK_BOX (texts), GTK_WIDGET (self->time));
  gtk_box_append (GTK_BOX (row), frame);
  gtk_box_append (GTK_BOX (row), texts);
  return row;
}

static GtkWidget *
make_naming (SbDigitPad *self)
{
  static const char *const digits[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", NULL };
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3);
  GtkWidget *label = gtk_label_new (_ ("Wrong? It was a"));
  GtkWidget *save = gtk_button_new_with_label (_ ("Save to My Digits"));

  self->naming = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  self->name = GTK_DROP_DOWN (gtk_drop_down_new_from_strings (digits));
  sb_accessible_set_name (self->name, _ ("Digit that it was"));
  self->saved = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_xalign (self->saved, 0);
  gtk_label_set_wrap (self->saved, TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (self->saved), "caption");
  g_signal_connect (save, "clicked", G_CALLBACK (on_save), self);
  gtk_box_append (GTK_BOX (self->naming), label);
  gtk_box_append (GTK_BOX (self->naming), GTK_WIDGET (self->name));
  gtk_box_append (GTK_BOX (self->naming), save);
  gtk_box_append (GTK_BOX (box), self->naming);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->saved));
  return box;
}

static void
sb_digit_pad_dispose (GObject *object)
{
  SbDigitPad *self = SB_DIGIT_PAD (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->run);
  G_OBJECT_CLASS (sb_digit_pad_parent_class)->dispose (object);
}

static void
sb_digit_pad_finalize (GObject *object)
{
  g_object_unref (SB_DIGIT_PAD (object)->cancellable);
  G_OBJECT_CLASS (sb_digit_pad_parent_class)->finalize (object);
}

static void
sb_digit_pad_class_init (SbDigitPadClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sb_digit_pad_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_digit_pad_finalize;
}

static void
sb_digit_pad_init (SbDigitPad *self)
{
  GtkWidget *columns = gtk_flow_box_new ();
  GtkWidget *right = gtk_box_new (GTK_ORIENTATION_VERTICAL, 9);

  self->cancellable = g_cancellable_new ();
  self->answer = GTK_LABEL (gtk_label_new (NULL));
  gtk_widget_add_css_class (GTK_WIDGET (self->answer), "title-2");
  gtk_label_set_xalign (self->answer, 0);
  gtk_label_set_wrap (self->answer, TRUE);
  gtk_box_append (GTK_BOX (right), GTK_WIDGET (self->answer));
  gtk_box_append (GTK_BOX (right), make_bars (self));
  gtk_box_append (GTK_BOX (right), make_preview (self));
  gtk_box_append (GTK_BOX (right), make_naming (self));
  /* Beside each other; below each other in a narrow window. */
  gtk_flow_box_set_selection_mode (GTK_FLOW_BOX (columns), GTK_SELECTION_NONE);
  gtk_flow_box_set_max_children_per_line (GTK_FLOW_BOX (columns), 2);
  gtk_flow_box_set_column_spacing (GTK_FLOW_BOX (columns), 18);
  gtk_flow_box_set_row_spacing (GTK_FLOW_BOX (columns), 12);
  gtk_flow_box_append (GTK_FLOW_BOX (columns), make_sheet (self));
  gtk_flow_box_append (GTK_FLOW_BOX (columns), right);
  for (int i = 0; i < 2; i++)
    gtk_widget_set_focusable (GTK_WIDGET (
                                  gtk_flow_box_get_child_at_index (GTK_FLOW_BOX (columns), i)),
                              FALSE);
  adw_bin_set_child (ADW_BIN (self), columns);
  show_nothing (self);
}

/**
 * sb_digit_pad_new:
 * @run: a run whose endpoint is in service
 *
 * Returns: a sheet whose drawing the endpoint reads
 */
GtkWidget *
sb_digit_pad_new (SbRun *run)
{
  SbDigitPad *self = g_object_new (SB_TYPE_DIGIT_PAD, NULL);

  self->run = g_object_ref (run);
  return GTK_WIDGET (self);
}
