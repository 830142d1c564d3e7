/* sb-digit-pad.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-digit-pad.h"

#include <glib/gi18n.h>

#define SIDE    280
#define PEN     20.0
#define CLASSES SB_DIGIT_CLASSES

typedef struct
{
  double x;
  double y;
} Point;

/**
 * SbDigitPad:
 *
 * A sheet to draw a digit on, which the run's endpoint reads after every movement of the pen. One
 * question is asked at a time; the newest drawing wins.
 */
struct _SbDigitPad
{
  AdwBin parent_instance;

  SbRun *run;
  GCancellable *cancellable;
  GtkWidget *sheet;
  GtkLabel *answer;
  GtkWidget *bars[CLASSES];
  GtkWidget *undo;
  GtkWidget *clear;
  GPtrArray *strokes; /* (element-type GArray) of Point */
  gboolean asking;
  gboolean changed;
};

G_DEFINE_FINAL_TYPE (SbDigitPad, sb_digit_pad, ADW_TYPE_BIN)

static void ask (SbDigitPad *self);

static void
draw_strokes (SbDigitPad *self, cairo_t *cr)
{
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  cairo_set_source_rgb (cr, 0, 0, 0);
  cairo_set_line_width (cr, PEN);
  cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  for (guint i = 0; i < self->strokes->len; i++)
    {
      const GArray *stroke = g_ptr_array_index (self->strokes, i);

      for (guint k = 0; k < stroke->len; k++)
        {
          const Point *point = &g_array_index (stroke, Point, k);

          cairo_line_to (cr, point->x, point->y);
          /* A mere touch is a dot. */
          if (stroke->len == 1)
            cairo_line_to (cr, point->x, point->y);
        }
      cairo_stroke (cr);
    }
}

static void
on_draw (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer user_data)
{
  draw_strokes (SB_DIGIT_PAD (user_data), cr);
}

static cairo_status_t
take_bytes (void *closure, const unsigned char *data, unsigned int length)
{
  g_byte_array_append (closure, data, length);
  return CAIRO_STATUS_SUCCESS;
}

static GBytes *
make_picture (SbDigitPad *self)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, SIDE, SIDE);
  cairo_t *cr = cairo_create (surface);
  GByteArray *bytes = g_byte_array_new ();

  draw_strokes (self, cr);
  cairo_destroy (cr);
  cairo_surface_write_to_png_stream (surface, take_bytes, bytes);
  cairo_surface_destroy (surface);
  return g_byte_array_free_to_bytes (bytes);
}

static void
show_nothing (SbDigitPad *self)
{
  gtk_label_set_label (self->answer, _ ("Draw a digit"));
  for (guint i = 0; i < CLASSES; i++)
    gtk_level_bar_set_value (GTK_LEVEL_BAR (self->bars[i]), 0);
}

static void
show_answer (SbDigitPad *self, const double *probabilities)
{
  g_autofree char *text = NULL;
  guint best = 0;

  for (guint i = 0; i < CLASSES; i++)
    {
      gtk_level_bar_set_value (GTK_LEVEL_BAR (self->bars[i]), CLAMP (probabilities[i], 0, 1));
      if (probabilities[i] > probabilities[best])
        best = i;
    }
  text = g_strdup_printf (_ ("This is a %u (%.1f %%)"), best, 100 * probabilities[best]);
  gtk_label_set_label (self->answer, text);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SbDigitPad) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree double *probabilities = sb_run_predict_digit_finish (SB_RUN (source), result, &error);

  self->asking = FALSE;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (self->changed)
    ask (self);
  else if (self->strokes->len == 0)
    show_nothing (self);
  else if (error != NULL)
    gtk_label_set_label (self->answer, error->message);
  else
    show_answer (self, probabilities);
}

static void
ask (SbDigitPad *self)
{
  g_autoptr (GBytes) picture = NULL;

  self->changed = self->asking;
  if (self->asking)
    return;
  if (self->strokes->len == 0)
    {
      show_nothing (self);
      return;
    }
  self->asking = TRUE;
  picture = make_picture (self);
  sb_run_predict_digit_async (
      self->run, picture, self->cancellable, on_answer, g_object_ref (self));
}

static void
redraw (SbDigitPad *self)
{
  gtk_widget_set_sensitive (self->undo, self->strokes->len > 0);
  gtk_widget_set_sensitive (self->clear, self->strokes->len > 0);
  gtk_widget_queue_draw (self->sheet);
  ask (self);
}

static void
add_point (SbDigitPad *self, double x, double y)
{
  GArray *stroke = g_ptr_array_index (self->strokes, self->strokes->len - 1);
  Point point = { x, y };

  g_array_append_val (stroke, point);
}

/* The places that the pen passed since the last frame: GTK hands on one movement for each frame. */
static void
add_history (SbDigitPad *self, GdkEvent *event)
{
  GtkNative *native = gtk_widget_get_native (self->sheet);
  g_autofree GdkTimeCoord *history = NULL;
  double left, top, x, y;
  guint n = 0;

  if (event == NULL || gdk_event_get_event_type (event) != GDK_MOTION_NOTIFY)
    return;
  history = gdk_event_get_history (event, &n);
  gtk_native_get_surface_transform (native, &left, &top);
  for (guint i = 0; i < n; i++)
    if ((history[i].flags & GDK_AXIS_FLAG_X) != 0 && (history[i].flags & GDK_AXIS_FLAG_Y) != 0 &&
        gtk_widget_translate_coordinates (GTK_WIDGET (native),
                                          self->sheet,
                                          history[i].axes[GDK_AXIS_X] - left,
                                          history[i].axes[GDK_AXIS_Y] - top,
                                          &x,
                                          &y))
      add_point (self, x, y);
}

static void
on_drag_begin (GtkGestureDrag *gesture, double x, double y, SbDigitPad *self)
{
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
  g_ptr_array_add (self->strokes, g_array_new (FALSE, FALSE, sizeof (Point)));
  add_point (self, x, y);
  redraw (self);
}

static void
on_drag_update (GtkGestureDrag *gesture, double dx, double dy, SbDigitPad *self)
{
  double x, y;

  if (self->strokes->len == 0 || !gtk_gesture_drag_get_start_point (gesture, &x, &y))
    return;
  add_history (self, gtk_event_controller_get_current_event (GTK_EVENT_CONTROLLER (gesture)));
  add_point (self, x + dx, y + dy);
  redraw (self);
}

static void
on_undo (GtkButton *button, SbDigitPad *self)
{
  if (self->strokes->len == 0)
    return;
  g_ptr_array_remove_index (self->strokes, self->strokes->len - 1);
  redraw (self);
}

static void
on_clear (GtkButton *button, SbDigitPad *self)
{
  g_ptr_array_set_size (self->strokes, 0);
  redraw (self);
}

static GtkWidget *
make_sheet (SbDigitPad *self)
{
  GtkGesture *drag = gtk_gesture_drag_new ();
  GtkWidget *frame = gtk_frame_new (NULL);

  self->sheet =
      g_object_new (GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_IMG, NULL);
  gtk_drawing_area_set_content_width (GTK_DRAWING_AREA (self->sheet), SIDE);
  gtk_drawing_area_set_content_height (GTK_DRAWING_AREA (self->sheet), SIDE);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (self->sheet), on_draw, self, NULL);
  gtk_widget_set_cursor_from_name (self->sheet, "crosshair");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->sheet),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Sheet to draw on"),
                                  -1);
  g_signal_connect (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  gtk_widget_add_controller (self->sheet, GTK_EVENT_CONTROLLER (drag));
  gtk_frame_set_child (GTK_FRAME (frame), self->sheet);
  gtk_widget_set_halign (frame, GTK_ALIGN_START);
  gtk_widget_set_valign (frame, GTK_ALIGN_START);
  return frame;
}

static GtkWidget *
make_button (SbDigitPad *self, const char *icon, const char *title, GCallback callback)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon);

  gtk_widget_set_tooltip_text (button, title);
  gtk_widget_set_sensitive (button, FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  title,
                                  -1);
  g_signal_connect (button, "clicked", callback, self);
  return button;
}

static GtkWidget *
make_bars (SbDigitPad *self)
{
  GtkWidget *grid = gtk_grid_new ();

  gtk_grid_set_column_spacing (GTK_GRID (grid), 9);
  gtk_grid_set_row_spacing (GTK_GRID (grid), 3);
  for (guint i = 0; i < CLASSES; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      g_autofree char *title = g_strdup_printf (_ ("Probability of a %u"), i);
      GtkWidget *label = gtk_label_new (name);

      self->bars[i] = gtk_level_bar_new ();
      gtk_widget_set_hexpand (self->bars[i], TRUE);
      gtk_widget_set_valign (self->bars[i], GTK_ALIGN_CENTER);
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->bars[i]),
                                      GTK_ACCESSIBLE_PROPERTY_LABEL,
                                      title,
                                      -1);
      gtk_widget_add_css_class (label, "numeric");
      gtk_grid_attach (GTK_GRID (grid), label, 0, (int) i, 1, 1);
      gtk_grid_attach (GTK_GRID (grid), self->bars[i], 1, (int) i, 1, 1);
    }
  return grid;
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
  SbDigitPad *self = SB_DIGIT_PAD (object);

  g_object_unref (self->cancellable);
  g_ptr_array_unref (self->strokes);
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
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 18);
  GtkWidget *left = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *right = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  GtkWidget *buttons = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);

  self->cancellable = g_cancellable_new ();
  self->strokes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  self->undo = make_button (self, "edit-undo-symbolic", _ ("Undo Stroke"), G_CALLBACK (on_undo));
  self->clear = make_button (self, "edit-clear-all-symbolic", _ ("Clear"), G_CALLBACK (on_clear));
  self->answer = GTK_LABEL (gtk_label_new (NULL));
  gtk_widget_add_css_class (GTK_WIDGET (self->answer), "title-2");
  gtk_label_set_xalign (self->answer, 0);
  gtk_label_set_wrap (self->answer, TRUE);
  gtk_box_append (GTK_BOX (buttons), self->undo);
  gtk_box_append (GTK_BOX (buttons), self->clear);
  gtk_box_append (GTK_BOX (left), make_sheet (self));
  gtk_box_append (GTK_BOX (left), buttons);
  gtk_box_append (GTK_BOX (right), GTK_WIDGET (self->answer));
  gtk_box_append (GTK_BOX (right), make_bars (self));
  gtk_widget_set_hexpand (right, TRUE);
  gtk_box_append (GTK_BOX (box), left);
  gtk_box_append (GTK_BOX (box), right);
  adw_bin_set_child (ADW_BIN (self), box);
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
