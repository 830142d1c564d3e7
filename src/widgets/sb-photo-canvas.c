/* sb-photo-canvas.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "widgets/sb-photo-canvas.h"

#include <glib/gi18n.h>
#include <math.h>

#include "widgets/sb-accessible.h"

#define MIN_WIDTH  160
#define NAT_WIDTH  320
#define MIN_HEIGHT 160
#define NAT_HEIGHT 300
/* How dark the photo becomes below the map, and how much of it the strongest colour covers. */
#define SHADE   0.3f
#define COVERED 0.8

/* Orange and blue: told apart by colour-blind eyes, too. */
static const guint8 for_it[] = { 255, 140, 0 };
static const guint8 against_it[] = { 60, 150, 255 };

/**
 * SbPhotoCanvas:
 *
 * A photo, as large as there is room for. Above it may lie a map that says of each part how much
 * it matters: read under the pointer or with the arrow keys, shown and hidden with the space bar.
 */
struct _SbPhotoCanvas
{
  GtkWidget parent_instance;

  GdkPaintable *photo; /* (nullable) */
  double *values;      /* (nullable): row by row */
  guint rows;
  guint columns;
  char *label;
  GdkTexture *heat; /* (nullable) */
  gboolean heat_visible;
  int row; /* of the part that is read, or -1 */
  int column;
  GtkWidget *read_out;
};

enum
{
  PROP_0,
  PROP_HEAT_VISIBLE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (SbPhotoCanvas, sb_photo_canvas, GTK_TYPE_WIDGET)

static gboolean
shows_heat (SbPhotoCanvas *self)
{
  return self->heat != NULL && self->heat_visible;
}

/* Where the photo is drawn: all of it, in the middle. */
static graphene_rect_t
find_photo (SbPhotoCanvas *self)
{
  double width = gtk_widget_get_width (GTK_WIDGET (self));
  double height = gtk_widget_get_height (GTK_WIDGET (self));
  double own_width = gdk_paintable_get_intrinsic_width (self->photo);
  double own_height = gdk_paintable_get_intrinsic_height (self->photo);
  double scale = own_width > 0 && own_height > 0 ? MIN (width / own_width, height / own_height) : 1;

  return GRAPHENE_RECT_INIT ((float) floor ((width - own_width * scale) / 2),
                             (float) floor ((height - own_height * scale) / 2),
                             (float) (own_width * scale),
                             (float) (own_height * scale));
}

static graphene_rect_t
find_part (SbPhotoCanvas *self, const graphene_rect_t *photo)
{
  float width = photo->size.width / (float) self->columns;
  float height = photo->size.height / (float) self->rows;

  return GRAPHENE_RECT_INIT (photo->origin.x + (float) self->column * width,
                             photo->origin.y + (float) self->row * height,
                             width,
                             height);
}

/* A black line around a white one is seen on any photo. */
static void
draw_frame (GtkSnapshot *snapshot, const graphene_rect_t *part)
{
  const GdkRGBA black = { 0, 0, 0, 0.8f }, white = { 1, 1, 1, 1 };
  const float widths[] = { 2, 2, 2, 2 };
  GskRoundedRect outline;

  gsk_rounded_rect_init_from_rect (&outline, part, 0);
  gtk_snapshot_append_border (snapshot,
                              &outline,
                              widths,
                              (GdkRGBA[]){ black, black, black, black });
  gsk_rounded_rect_shrink (&outline, 2, 2, 2, 2);
  gtk_snapshot_append_border (snapshot,
                              &outline,
                              widths,
                              (GdkRGBA[]){ white, white, white, white });
}

static void
sb_photo_canvas_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SbPhotoCanvas *self = SB_PHOTO_CANVAS (widget);
  graphene_rect_t photo;

  if (self->photo == NULL)
    return;
  photo = find_photo (self);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &photo.origin);
  gdk_paintable_snapshot (self->photo, snapshot, photo.size.width, photo.size.height);
  gtk_snapshot_restore (snapshot);
  if (shows_heat (self))
    {
      gtk_snapshot_append_color (snapshot, &(GdkRGBA){ 0, 0, 0, SHADE }, &photo);
      gtk_snapshot_append_texture (snapshot, self->heat, &photo);
      if (self->row >= 0)
        {
          graphene_rect_t part = find_part (self, &photo);

          draw_frame (snapshot, &part);
        }
    }
  gtk_widget_snapshot_child (widget, self->read_out, snapshot);
}

static void
sb_photo_canvas_measure (GtkWidget *widget,
                         GtkOrientation orientation,
                         int for_size,
                         int *minimum,
                         int *natural,
                         int *minimum_baseline,
                         int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? MIN_WIDTH : MIN_HEIGHT;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? NAT_WIDTH : NAT_HEIGHT;
}

static void
sb_photo_canvas_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  SbPhotoCanvas *self = SB_PHOTO_CANVAS (widget);
  GtkRequisition size;
  int minimum;
  graphene_rect_t part;

  if (!gtk_widget_get_visible (self->read_out) || self->row < 0 || self->photo == NULL)
    return;
  gtk_widget_get_preferred_size (self->read_out, NULL, &size);
  size.width = MIN (size.width, width);
  gtk_widget_measure (
      self->read_out, GTK_ORIENTATION_VERTICAL, size.width, &minimum, &size.height, NULL, NULL);
  part = find_photo (self);
  part = find_part (self, &part);
  /* Beside the part that it is about, so that it does not cover it. */
  gtk_widget_size_allocate (self->read_out,
                            &(GtkAllocation){
                                CLAMP ((int) (part.origin.x + part.size.width / 2) - size.width / 2,
                                       0,
                                       width - size.width),
                                part.origin.y > (float) size.height + 6
                                    ? (int) part.origin.y - size.height - 6
                                    : MIN ((int) (part.origin.y + part.size.height) + 6,
                                           height - size.height),
                                size.width,
                                size.height },
                            -1);
}

static void
say (SbPhotoCanvas *self)
{
  g_autofree char *text = NULL;

  if (shows_heat (self) && self->row >= 0)
    {
      double value = 100 * self->values[(guint) self->row * self->columns + (guint) self->column];

      if (fabs (value) < 0.05)
        text = g_strdup_printf (_ ("Without this part “%s” is as likely"), self->label);
      else
        text =
            g_strdup_printf (value > 0 ? _ ("Without this part “%s” is less likely by %.1f points")
                                       : _ ("Without this part “%s” is more likely by %.1f points"),
                             self->label,
                             fabs (value));
    }
  gtk_label_set_label (GTK_LABEL (self->read_out), text != NULL ? text : "");
  gtk_widget_set_visible (self->read_out, text != NULL);
  if (text != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (self),
                                    GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                    text,
                                    -1);
  else
    gtk_accessible_reset_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT);
  gtk_widget_queue_allocate (GTK_WIDGET (self));
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_motion (GtkEventControllerMotion *controller, double x, double y, SbPhotoCanvas *self)
{
  graphene_rect_t photo;

  if (!shows_heat (self) || self->photo == NULL)
    return;
  photo = find_photo (self);
  if (graphene_rect_contains_point (&photo, &GRAPHENE_POINT_INIT ((float) x, (float) y)))
    {
      self->column = (int) ((x - photo.origin.x) * self->columns / photo.size.width);
      self->row = (int) ((y - photo.origin.y) * self->rows / photo.size.height);
      self->column = MIN (self->column, (int) self->columns - 1);
      self->row = MIN (self->row, (int) self->rows - 1);
    }
  else
    self->row = -1;
  say (self);
}

static void
on_leave (GtkEventControllerMotion *controller, SbPhotoCanvas *self)
{
  self->row = -1;
  say (self);
}

/* The part that matters most is where reading begins. */
static void
begin (SbPhotoCanvas *self)
{
  guint most = 0;

  for (guint i = 1; i < self->rows * self->columns; i++)
    if (self->values[i] > self->values[most])
      most = i;
  self->row = (int) (most / self->columns);
  self->column = (int) (most % self->columns);
}

static gboolean
on_key (GtkEventControllerKey *controller,
        guint key,
        guint code,
        GdkModifierType modifiers,
        SbPhotoCanvas *self)
{
  int down = (key == GDK_KEY_Down) - (key == GDK_KEY_Up);
  int right = (key == GDK_KEY_Right) - (key == GDK_KEY_Left);

  if (self->heat == NULL)
    return FALSE;
  if (key == GDK_KEY_space)
    {
      sb_photo_canvas_set_heat_visible (self, !self->heat_visible);
      return TRUE;
    }
  if (!self->heat_visible || (down == 0 && right == 0 && key != GDK_KEY_Home))
    return FALSE;
  if (self->row < 0 || key == GDK_KEY_Home)
    begin (self);
  else
    {
      self->row = CLAMP (self->row + down, 0, (int) self->rows - 1);
      self->column = CLAMP (self->column + right, 0, (int) self->columns - 1);
    }
  say (self);
  return TRUE;
}

static void
on_pressed (GtkGestureClick *gesture, int n, double x, double y, SbPhotoCanvas *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self));
}

/* One texel for each part; it is drawn smoothly. */
static GdkTexture *
make_texture (const double *values, guint rows, guint columns)
{
  g_autoptr (GByteArray) pixels = g_byte_array_sized_new (rows * columns * 4);
  g_autoptr (GBytes) bytes = NULL;
  double most = 0;

  for (guint i = 0; i < rows * columns; i++)
    most = MAX (most, fabs (values[i]));
  for (guint i = 0; i < rows * columns; i++)
    {
      const guint8 *colour = values[i] >= 0 ? for_it : against_it;
      double share = most > 0 ? fabs (values[i]) / most : 0;
      guint8 pixel[] = { colour[0], colour[1], colour[2], (guint8) (255 * COVERED * share) };

      g_byte_array_append (pixels, pixel, sizeof pixel);
    }
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&pixels));
  return gdk_memory_texture_new (
      (int) columns, (int) rows, GDK_MEMORY_R8G8B8A8, bytes, (gsize) columns * 4);
}

/**
 * sb_photo_canvas_set_photo:
 * @self: a canvas
 * @photo: (nullable): what it shows
 * @description: what that is, for who cannot see it
 *
 * The map of the photo before it goes.
 */
void
sb_photo_canvas_set_photo (SbPhotoCanvas *self, GdkPaintable *photo, const char *description)
{
  if (g_set_object (&self->photo, photo))
    sb_photo_canvas_set_heat (self, NULL, 0, 0, NULL);
  sb_accessible_set_name (self, description);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/**
 * sb_photo_canvas_set_heat:
 * @self: a canvas
 * @values: (nullable) (array): for each part, row by row, by how much the probability of @label
 *   falls without it, from -1 to 1; %NULL for no map
 * @rows: into how many rows of parts the photo is cut
 * @columns: into how many columns
 * @label: what the photo is held for
 *
 * Lays a map over the photo: orange is what speaks for the label, blue what speaks against it.
 */
void
sb_photo_canvas_set_heat (SbPhotoCanvas *self,
                          const double *values,
                          guint rows,
                          guint columns,
                          const char *label)
{
  g_clear_pointer (&self->values, g_free);
  g_clear_object (&self->heat);
  g_free (self->label);
  self->label = g_strdup (label);
  self->row = -1;
  self->rows = rows;
  self->columns = columns;
  if (values != NULL && rows > 0 && columns > 0)
    {
      self->values = g_memdup2 (values, sizeof (double) * rows * columns);
      self->heat = make_texture (values, rows, columns);
    }
  say (self);
}

gboolean
sb_photo_canvas_has_heat (SbPhotoCanvas *self)
{
  return self->heat != NULL;
}

gboolean
sb_photo_canvas_get_heat_visible (SbPhotoCanvas *self)
{
  return self->heat_visible;
}

void
sb_photo_canvas_set_heat_visible (SbPhotoCanvas *self, gboolean visible)
{
  if (self->heat_visible == visible)
    return;
  self->heat_visible = visible;
  say (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HEAT_VISIBLE]);
}

static void
sb_photo_canvas_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_HEAT_VISIBLE:
      g_value_set_boolean (value, SB_PHOTO_CANVAS (object)->heat_visible);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sb_photo_canvas_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_HEAT_VISIBLE:
      sb_photo_canvas_set_heat_visible (SB_PHOTO_CANVAS (object), g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sb_photo_canvas_dispose (GObject *object)
{
  SbPhotoCanvas *self = SB_PHOTO_CANVAS (object);

  g_clear_object (&self->photo);
  g_clear_object (&self->heat);
  g_clear_pointer (&self->read_out, gtk_widget_unparent);
  G_OBJECT_CLASS (sb_photo_canvas_parent_class)->dispose (object);
}

static void
sb_photo_canvas_finalize (GObject *object)
{
  SbPhotoCanvas *self = SB_PHOTO_CANVAS (object);

  g_free (self->values);
  g_free (self->label);
  G_OBJECT_CLASS (sb_photo_canvas_parent_class)->finalize (object);
}

static void
sb_photo_canvas_class_init (SbPhotoCanvasClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = sb_photo_canvas_dispose;
  object_class->finalize = sb_photo_canvas_finalize;
  object_class->get_property = sb_photo_canvas_get_property;
  object_class->set_property = sb_photo_canvas_set_property;
  widget_class->measure = sb_photo_canvas_measure;
  widget_class->size_allocate = sb_photo_canvas_size_allocate;
  widget_class->snapshot = sb_photo_canvas_snapshot;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_set_css_name (widget_class, "photocanvas");
  /**
   * SbPhotoCanvas:heat-visible:
   *
   * Whether the map is shown, if there is one.
   */
  properties[PROP_HEAT_VISIBLE] =
      g_param_spec_boolean ("heat-visible",
                            NULL,
                            NULL,
                            TRUE,
                            G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sb_photo_canvas_init (SbPhotoCanvas *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *key = gtk_event_controller_key_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  self->heat_visible = TRUE;
  self->row = -1;
  gtk_widget_set_focusable (widget, TRUE);
  gtk_widget_set_overflow (widget, GTK_OVERFLOW_HIDDEN);
  self->read_out = gtk_label_new (NULL);
  gtk_label_set_wrap (GTK_LABEL (self->read_out), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (self->read_out), 30);
  gtk_label_set_justify (GTK_LABEL (self->read_out), GTK_JUSTIFY_CENTER);
  gtk_widget_add_css_class (self->read_out, "osd");
  gtk_widget_add_css_class (self->read_out, "readout");
  gtk_widget_set_can_target (self->read_out, FALSE);
  gtk_widget_set_visible (self->read_out, FALSE);
  gtk_widget_set_parent (self->read_out, widget);
  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "leave", G_CALLBACK (on_leave), self);
  g_signal_connect (key, "key-pressed", G_CALLBACK (on_key), self);
  g_signal_connect (click, "pressed", G_CALLBACK (on_pressed), self);
  gtk_widget_add_controller (widget, motion);
  gtk_widget_add_controller (widget, key);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));
}

/**
 * sb_photo_canvas_new:
 *
 * Returns: a canvas without a photo
 */
GtkWidget *
sb_photo_canvas_new (void)
{
  return g_object_new (SB_TYPE_PHOTO_CANVAS, NULL);
}
