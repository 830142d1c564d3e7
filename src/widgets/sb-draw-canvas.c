/* sb-draw-canvas.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "widgets/sb-draw-canvas.h"

#include <glib/gi18n.h>

#include "widgets/sb-accessible.h"

#define SIDE 280
/* Width of a stroke of the middle pressure, and of one without any, in pixels. */
#define PEN      20.0
#define THINNEST 0.4
/* Larger pictures are made smaller as they are read. */
#define MAX_PICTURE 560

typedef struct
{
  double x;
  double y;
  double width;
} Point;

/**
 * SbDrawCanvas:
 *
 * A sheet of paper: to draw on with a pen that knows how hard it is pressed, a finger or a mouse,
 * or to put a picture on. Ctrl+Z takes the last stroke away, Delete all, Ctrl+V pastes a picture.
 */
struct _SbDrawCanvas
{
  GtkWidget parent_instance;

  GPtrArray *strokes; /* (element-type GArray) of Point */
  GdkPixbuf *picture; /* (nullable): lies below the strokes */
  GCancellable *cancellable;
};

enum
{
  CHANGED,
  FAILED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SbDrawCanvas, sb_draw_canvas, GTK_TYPE_WIDGET)

static void
draw_stroke (cairo_t *cr, const GArray *stroke)
{
  const Point *points = (const Point *) (gpointer) stroke->data;
  Point from = points[0];

  /* A mere touch is a dot. */
  cairo_set_line_width (cr, from.width);
  cairo_move_to (cr, from.x, from.y);
  cairo_line_to (cr, from.x, from.y);
  cairo_stroke (cr);
  /* Each point bends the way between the middles before and after it. */
  for (guint i = 1; i < stroke->len; i++)
    {
      const Point *last = &points[i - 1], *point = &points[i];
      Point to = { (last->x + point->x) / 2, (last->y + point->y) / 2, 0 };

      cairo_set_line_width (cr, (last->width + point->width) / 2);
      cairo_move_to (cr, from.x, from.y);
      cairo_curve_to (cr,
                      from.x + (last->x - from.x) * 2 / 3,
                      from.y + (last->y - from.y) * 2 / 3,
                      to.x + (last->x - to.x) * 2 / 3,
                      to.y + (last->y - to.y) * 2 / 3,
                      to.x,
                      to.y);
      if (i + 1 == stroke->len)
        cairo_line_to (cr, point->x, point->y);
      cairo_stroke (cr);
      from = to;
    }
}

static void
draw_picture (const GdkPixbuf *picture, cairo_t *cr)
{
  int width = gdk_pixbuf_get_width (picture), height = gdk_pixbuf_get_height (picture);
  double scale = (double) SIDE / MAX (width, height);

  cairo_save (cr);
  cairo_translate (cr, (SIDE - width * scale) / 2, (SIDE - height * scale) / 2);
  cairo_scale (cr, scale, scale);
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  gdk_cairo_set_source_pixbuf (cr, picture, 0, 0);
  G_GNUC_END_IGNORE_DEPRECATIONS
  cairo_paint (cr);
  cairo_restore (cr);
}

/* Paper is white in dark mode, too: what is drawn is what the model sees. */
static void
draw (SbDrawCanvas *self, cairo_t *cr)
{
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  if (self->picture != NULL)
    draw_picture (self->picture, cr);
  cairo_set_source_rgb (cr, 0, 0, 0);
  cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  for (guint i = 0; i < self->strokes->len; i++)
    draw_stroke (cr, g_ptr_array_index (self->strokes, i));
}

static void
sb_draw_canvas_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  graphene_rect_t bounds = GRAPHENE_RECT_INIT (0, 0, SIDE, SIDE);
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &bounds);

  draw (SB_DRAW_CANVAS (widget), cr);
  cairo_destroy (cr);
}

static void
sb_draw_canvas_measure (GtkWidget *widget,
                        GtkOrientation orientation,
                        int for_size,
                        int *minimum,
                        int *natural,
                        int *minimum_baseline,
                        int *natural_baseline)
{
  *minimum = *natural = SIDE;
}

/* Tells a screen reader what is on the sheet. */
static void
describe (SbDrawCanvas *self)
{
  guint n = self->strokes->len;
  g_autofree char *text = NULL;

  if (n > 0)
    text = g_strdup_printf (ngettext ("%u stroke", "%u strokes", n), n);
  else
    text = g_strdup (self->picture != NULL ? _ ("A picture") : _ ("Empty"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self),
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                  text,
                                  -1);
}

static void
change (SbDrawCanvas *self)
{
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
add_point (SbDrawCanvas *self, double x, double y, double pressure)
{
  GArray *stroke = g_ptr_array_index (self->strokes, self->strokes->len - 1);
  Point point = { x, y, PEN * (pressure >= 0 ? THINNEST + pressure * 2 * (1 - THINNEST) : 1) };

  g_array_append_val (stroke, point);
}

/* From 0 to 1; below zero when the device knows of none. */
static double
get_pressure (GdkEvent *event)
{
  double pressure;

  if (event == NULL || gdk_event_get_device_tool (event) == NULL ||
      !gdk_event_get_axis (event, GDK_AXIS_PRESSURE, &pressure))
    return -1;
  return CLAMP (pressure, 0, 1);
}

/* The places that the pen passed since the last frame: GTK hands on one movement for each frame. */
static void
add_history (SbDrawCanvas *self, GdkEvent *event)
{
  GtkWidget *native = GTK_WIDGET (gtk_widget_get_native (GTK_WIDGET (self)));
  g_autofree GdkTimeCoord *history = NULL;
  double left, top, x, y;
  guint n = 0;

  if (event == NULL || gdk_event_get_event_type (event) != GDK_MOTION_NOTIFY)
    return;
  history = gdk_event_get_history (event, &n);
  gtk_native_get_surface_transform (GTK_NATIVE (native), &left, &top);
  for (guint i = 0; i < n; i++)
    {
      const GdkTimeCoord *past = &history[i];
      gboolean pressed = (past->flags & GDK_AXIS_FLAG_PRESSURE) != 0;

      if ((past->flags & GDK_AXIS_FLAG_X) != 0 && (past->flags & GDK_AXIS_FLAG_Y) != 0 &&
          gtk_widget_translate_coordinates (native,
                                            GTK_WIDGET (self),
                                            past->axes[GDK_AXIS_X] - left,
                                            past->axes[GDK_AXIS_Y] - top,
                                            &x,
                                            &y))
        add_point (self, x, y, pressed ? past->axes[GDK_AXIS_PRESSURE] : -1);
    }
}

static GdkEvent *
get_event (GtkGestureDrag *gesture)
{
  return gtk_event_controller_get_current_event (GTK_EVENT_CONTROLLER (gesture));
}

static void
on_drag_begin (GtkGestureDrag *gesture, double x, double y, SbDrawCanvas *self)
{
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);
  gtk_widget_grab_focus (GTK_WIDGET (self));
  g_ptr_array_add (self->strokes, g_array_new (FALSE, FALSE, sizeof (Point)));
  add_point (self, x, y, get_pressure (get_event (gesture)));
  change (self);
}

static void
on_drag_update (GtkGestureDrag *gesture, double dx, double dy, SbDrawCanvas *self)
{
  GdkEvent *event = get_event (gesture);
  double x, y;

  if (self->strokes->len == 0 || !gtk_gesture_drag_get_start_point (gesture, &x, &y))
    return;
  add_history (self, event);
  add_point (self, x + dx, y + dy, get_pressure (event));
  change (self);
}

/* A stroke counts once the pen is lifted. */
static void
on_drag_end (GtkGestureDrag *gesture, double dx, double dy, SbDrawCanvas *self)
{
  describe (self);
}

/**
 * sb_draw_canvas_is_empty:
 * @self: a canvas
 *
 * Returns: whether there is neither a stroke nor a picture
 */
gboolean
sb_draw_canvas_is_empty (SbDrawCanvas *self)
{
  return self->strokes->len == 0 && self->picture == NULL;
}

/**
 * sb_draw_canvas_undo:
 * @self: a canvas
 *
 * Takes away the last stroke; when there is none, the picture.
 */
void
sb_draw_canvas_undo (SbDrawCanvas *self)
{
  if (sb_draw_canvas_is_empty (self))
    return;
  if (self->strokes->len > 0)
    g_ptr_array_remove_index (self->strokes, self->strokes->len - 1);
  else
    g_clear_object (&self->picture);
  change (self);
  describe (self);
}

void
sb_draw_canvas_clear (SbDrawCanvas *self)
{
  if (sb_draw_canvas_is_empty (self))
    return;
  g_ptr_array_set_size (self->strokes, 0);
  g_clear_object (&self->picture);
  change (self);
  describe (self);
}

static void
take_picture (SbDrawCanvas *self, GdkPixbuf *picture)
{
  g_ptr_array_set_size (self->strokes, 0);
  g_clear_object (&self->picture);
  self->picture = gdk_pixbuf_apply_embedded_orientation (picture);
  change (self);
  describe (self);
}

static void
fail (SbDrawCanvas *self, const GError *error)
{
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_signal_emit (self, signals[FAILED], 0, error->message);
}

static void
on_pixbuf (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SbDrawCanvas) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkPixbuf) picture = gdk_pixbuf_new_from_stream_finish (result, &error);

  if (picture != NULL)
    take_picture (self, picture);
  else
    fail (self, error);
}

static void
on_file (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SbDrawCanvas) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInputStream) stream = g_file_read_finish (G_FILE (source), result, &error);

  if (stream != NULL)
    gdk_pixbuf_new_from_stream_at_scale_async (G_INPUT_STREAM (stream),
                                               MAX_PICTURE,
                                               MAX_PICTURE,
                                               TRUE,
                                               self->cancellable,
                                               on_pixbuf,
                                               g_object_ref (self));
  else
    fail (self, error);
}

/**
 * sb_draw_canvas_open:
 * @self: a canvas
 * @file: a picture
 *
 * Puts a picture in place of what is there. ::failed tells when it cannot be read.
 */
void
sb_draw_canvas_open (SbDrawCanvas *self, GFile *file)
{
  g_file_read_async (file, G_PRIORITY_DEFAULT, self->cancellable, on_file, g_object_ref (self));
}

static void
take_texture (SbDrawCanvas *self, GdkTexture *texture)
{
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  g_autoptr (GdkPixbuf) picture = gdk_pixbuf_get_from_texture (texture);
  G_GNUC_END_IGNORE_DEPRECATIONS
  double scale = (double) MAX_PICTURE /
                 MAX (gdk_texture_get_width (texture), gdk_texture_get_height (texture));
  g_autoptr (GdkPixbuf) smaller = NULL;

  if (scale < 1)
    smaller = gdk_pixbuf_scale_simple (picture,
                                       MAX (1, (int) (scale * gdk_pixbuf_get_width (picture))),
                                       MAX (1, (int) (scale * gdk_pixbuf_get_height (picture))),
                                       GDK_INTERP_BILINEAR);
  take_picture (self, smaller != NULL ? smaller : picture);
}

static void
on_pasted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SbDrawCanvas) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkTexture) texture =
      gdk_clipboard_read_texture_finish (GDK_CLIPBOARD (source), result, &error);

  if (texture != NULL)
    take_texture (self, texture);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_signal_emit (self,
                   signals[FAILED],
                   0,
                   _ ("There is no picture in the clipboard. Copy one, then paste it."));
}

/**
 * sb_draw_canvas_paste:
 * @self: a canvas
 *
 * Puts the clipboard's picture in place of what is there. ::failed tells when it has none.
 */
void
sb_draw_canvas_paste (SbDrawCanvas *self)
{
  gdk_clipboard_read_texture_async (gtk_widget_get_clipboard (GTK_WIDGET (self)),
                                    self->cancellable,
                                    on_pasted,
                                    g_object_ref (self));
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, SbDrawCanvas *self)
{
  if (G_VALUE_HOLDS (value, GDK_TYPE_TEXTURE))
    take_texture (self, g_value_get_object (value));
  else if (G_VALUE_HOLDS (value, G_TYPE_FILE))
    sb_draw_canvas_open (self, g_value_get_object (value));
  else
    return FALSE;
  return TRUE;
}

static void
strokes_to_grey (SbDrawCanvas *self, float *grey)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, SIDE, SIDE);
  cairo_t *cr = cairo_create (surface);

  draw (self, cr);
  cairo_destroy (cr);
  cairo_surface_flush (surface);
  for (int y = 0; y < SIDE; y++)
    {
      const guint32 *row =
          (const guint32 *) (gconstpointer) (cairo_image_surface_get_data (surface) +
                                             y * cairo_image_surface_get_stride (surface));

      for (int x = 0; x < SIDE; x++)
        grey[y * SIDE + x] = (float) (255 - (row[x] & 0xff)) / 255;
    }
  cairo_surface_destroy (surface);
}

/**
 * sb_draw_canvas_get_digit:
 * @self: a canvas
 * @pixels: (out): ink from 0 to 255, row by row
 *
 * What is on the sheet, fitted and centred as MNIST's makers did it.
 *
 * Returns: whether there is any ink
 */
gboolean
sb_draw_canvas_get_digit (SbDrawCanvas *self, guint8 pixels[SB_DIGIT_SIZE])
{
  float digit[SB_DIGIT_SIZE];
  gboolean any;

  /* A picture says by its own edge what is ink; with strokes on it, it is paper. */
  if (self->picture != NULL && self->strokes->len == 0)
    any = sb_pixbuf_to_digit (self->picture, digit);
  else
    {
      g_autofree float *grey = g_new (float, SIDE *SIDE);

      strokes_to_grey (self, grey);
      any = sb_grey_to_digit (grey, SIDE, SIDE, digit);
    }
  for (guint i = 0; i < SB_DIGIT_SIZE; i++)
    pixels[i] = (guint8) (digit[i] * 255 + 0.5f);
  return any;
}

static void
undo_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  sb_draw_canvas_undo (SB_DRAW_CANVAS (widget));
}

static void
clear_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  sb_draw_canvas_clear (SB_DRAW_CANVAS (widget));
}

static void
paste_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  sb_draw_canvas_paste (SB_DRAW_CANVAS (widget));
}

static void
sb_draw_canvas_dispose (GObject *object)
{
  g_cancellable_cancel (SB_DRAW_CANVAS (object)->cancellable);
  G_OBJECT_CLASS (sb_draw_canvas_parent_class)->dispose (object);
}

static void
sb_draw_canvas_finalize (GObject *object)
{
  SbDrawCanvas *self = SB_DRAW_CANVAS (object);

  g_object_unref (self->cancellable);
  g_clear_object (&self->picture);
  g_ptr_array_unref (self->strokes);
  G_OBJECT_CLASS (sb_draw_canvas_parent_class)->finalize (object);
}

static void
sb_draw_canvas_class_init (SbDrawCanvasClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = sb_draw_canvas_dispose;
  object_class->finalize = sb_draw_canvas_finalize;
  widget_class->snapshot = sb_draw_canvas_snapshot;
  widget_class->measure = sb_draw_canvas_measure;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_set_css_name (widget_class, "canvas");
  /**
   * SbDrawCanvas::changed:
   *
   * Something else is on the sheet.
   */
  signals[CHANGED] = g_signal_new (
      "changed", SB_TYPE_DRAW_CANVAS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * SbDrawCanvas::failed:
   * @message: why
   *
   * A picture could not be read.
   */
  signals[FAILED] = g_signal_new ("failed",
                                  SB_TYPE_DRAW_CANVAS,
                                  G_SIGNAL_RUN_LAST,
                                  0,
                                  NULL,
                                  NULL,
                                  NULL,
                                  G_TYPE_NONE,
                                  1,
                                  G_TYPE_STRING);
  gtk_widget_class_install_action (widget_class, "canvas.undo", NULL, undo_action);
  gtk_widget_class_install_action (widget_class, "canvas.clear", NULL, clear_action);
  gtk_widget_class_install_action (widget_class, "canvas.paste", NULL, paste_action);
  gtk_widget_class_add_binding_action (
      widget_class, GDK_KEY_z, GDK_CONTROL_MASK, "canvas.undo", NULL);
  gtk_widget_class_add_binding_action (
      widget_class, GDK_KEY_v, GDK_CONTROL_MASK, "canvas.paste", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Delete, 0, "canvas.clear", NULL);
}

static void
sb_draw_canvas_init (SbDrawCanvas *self)
{
  GtkGesture *drag = gtk_gesture_drag_new ();
  GtkDropTarget *target = gtk_drop_target_new (G_TYPE_INVALID, GDK_ACTION_COPY);
  GType types[] = { GDK_TYPE_TEXTURE, G_TYPE_FILE };

  self->strokes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  self->cancellable = g_cancellable_new ();
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
  gtk_widget_set_cursor_from_name (GTK_WIDGET (self), "crosshair");
  sb_accessible_set_name (self, _ ("Sheet to draw on"));
  describe (self);
  g_signal_connect (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  g_signal_connect (drag, "drag-end", G_CALLBACK (on_drag_end), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drag));
  gtk_drop_target_set_gtypes (target, types, G_N_ELEMENTS (types));
  g_signal_connect (target, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}

/**
 * sb_draw_canvas_new:
 *
 * Returns: an empty sheet
 */
GtkWidget *
sb_draw_canvas_new (void)
{
  return g_object_new (SB_TYPE_DRAW_CANVAS, NULL);
}
