/* sb-chart-view.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "widgets/sb-chart-view.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "charts/sb-chart-draw.h"
#include "charts/sb-chart-export.h"
#include "widgets/sb-accessible.h"

#define MIN_WIDTH    260
#define NAT_WIDTH    360
#define NAT_HEIGHT   280
#define SAVED_WIDTH  800
#define SAVED_HEIGHT 500

/**
 * SbChartView:
 *
 * Shows a chart: reads values under the pointer and with the arrow keys, zooms into what is dragged
 * over, and saves what it shows.
 */
struct _SbChartView
{
  GtkWidget parent_instance;

  SbChart *chart;
  SbChartStyle style;
  SbChartPoint point;
  gboolean has_point;
  SbChartRect selection;
  gboolean selecting;
  double begin_x;
  double begin_y;
  GtkWidget *read_out;
  GtkWidget *legend;
  GtkWidget *menu;
};

enum
{
  POINT_ACTIVATED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SbChartView, sb_chart_view, GTK_TYPE_WIDGET)

static double
plot_height (SbChartView *self)
{
  int height = 0;

  if (gtk_widget_get_visible (self->legend))
    gtk_widget_measure (self->legend, GTK_ORIENTATION_VERTICAL, -1, NULL, &height, NULL, NULL);
  return gtk_widget_get_height (GTK_WIDGET (self)) - height;
}

static void
show_point (SbChartView *self)
{
  const char *text = self->has_point ? self->point.text : NULL;

  gtk_label_set_label (GTK_LABEL (self->read_out), text != NULL ? text : "");
  gtk_widget_set_visible (self->read_out, text != NULL);
  if (text != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (self),
                                    GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                    text,
                                    -1);
  gtk_widget_queue_allocate (GTK_WIDGET (self));
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_motion (GtkEventControllerMotion *controller, double x, double y, SbChartView *self)
{
  if (self->chart == NULL || self->selecting)
    return;
  self->has_point = sb_chart_hit (self->chart,
                                  &self->style,
                                  gtk_widget_get_width (GTK_WIDGET (self)),
                                  plot_height (self),
                                  x,
                                  y,
                                  &self->point);
  show_point (self);
}

static void
on_leave (GtkEventControllerMotion *controller, SbChartView *self)
{
  self->has_point = FALSE;
  show_point (self);
}

static void
activate_point (SbChartView *self)
{
  g_signal_emit (self, signals[POINT_ACTIVATED], 0, self->point.series, self->point.index);
}

static gboolean
on_key (GtkEventControllerKey *controller,
        guint key,
        guint code,
        GdkModifierType modifiers,
        SbChartView *self)
{
  static const struct
  {
    guint key;
    SbChartStep step;
  } keys[] = {
    { GDK_KEY_Home, SB_CHART_STEP_FIRST }, { GDK_KEY_End, SB_CHART_STEP_LAST },
    { GDK_KEY_Left, SB_CHART_STEP_LEFT },  { GDK_KEY_Right, SB_CHART_STEP_RIGHT },
    { GDK_KEY_Up, SB_CHART_STEP_UP },      { GDK_KEY_Down, SB_CHART_STEP_DOWN },
  };

  if (self->chart == NULL)
    return FALSE;
  if (key == GDK_KEY_Escape && sb_chart_style_is_zoomed (&self->style))
    {
      sb_chart_style_reset_view (&self->style);
      gtk_widget_queue_draw (GTK_WIDGET (self));
      return TRUE;
    }
  if ((key == GDK_KEY_Return || key == GDK_KEY_space) && self->has_point)
    {
      activate_point (self);
      return TRUE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i].key == key)
      {
        SbChartStep step = self->has_point ? keys[i].step : SB_CHART_STEP_FIRST;

        if (sb_chart_step_point (self->chart,
                                 &self->style,
                                 gtk_widget_get_width (GTK_WIDGET (self)),
                                 plot_height (self),
                                 step,
                                 &self->point))
          self->has_point = TRUE;
        show_point (self);
        return TRUE;
      }
  return FALSE;
}

static void
on_drag_begin (GtkGestureDrag *gesture, double x, double y, SbChartView *self)
{
  self->begin_x = x;
  self->begin_y = y;
  gtk_widget_grab_focus (GTK_WIDGET (self));
}

static void
on_drag_update (GtkGestureDrag *gesture, double dx, double dy, SbChartView *self)
{
  self->selecting =
      self->chart != NULL && sb_chart_can_zoom (self->chart) && ABS (dx) > 4 && ABS (dy) > 4;
  self->selection = (SbChartRect){ MIN (self->begin_x, self->begin_x + dx),
                                   MIN (self->begin_y, self->begin_y + dy),
                                   ABS (dx),
                                   ABS (dy) };
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_drag_end (GtkGestureDrag *gesture, double dx, double dy, SbChartView *self)
{
  if (self->selecting)
    sb_chart_zoom (self->chart,
                   &self->style,
                   gtk_widget_get_width (GTK_WIDGET (self)),
                   plot_height (self),
                   &self->selection);
  self->selecting = FALSE;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_pressed (GtkGestureClick *gesture, int n, double x, double y, SbChartView *self)
{
  if (n == 1 && self->has_point)
    activate_point (self);
  if (n != 2)
    return;
  sb_chart_style_reset_view (&self->style);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_dark (AdwStyleManager *manager, GParamSpec *pspec, SbChartView *self)
{
  sb_chart_style_set_dark (&self->style, adw_style_manager_get_dark (manager));
  self->style.background.alpha = 0;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
on_toggled (GtkToggleButton *button, SbChartView *self)
{
  guint series = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (button), "sb-series"));

  if (gtk_toggle_button_get_active (button))
    self->style.hidden &= ~(G_GUINT64_CONSTANT (1) << series);
  else
    self->style.hidden |= G_GUINT64_CONSTANT (1) << series;
  self->has_point = FALSE;
  show_point (self);
}

static void
draw_swatch (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
  SbChartView *self = g_object_get_data (G_OBJECT (area), "sb-view");

  if (self->chart != NULL && GPOINTER_TO_UINT (data) < sb_chart_get_n_series (self->chart))
    sb_chart_draw_swatch (self->chart, cr, &self->style, GPOINTER_TO_UINT (data), width, height);
}

static void
add_legend_item (SbChartView *self, guint series)
{
  GtkWidget *button = gtk_toggle_button_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *swatch = gtk_drawing_area_new ();
  g_autofree char *name = sb_chart_dup_series_label (self->chart, series);

  gtk_widget_set_size_request (swatch, 18, 12);
  gtk_widget_set_valign (swatch, GTK_ALIGN_CENTER);
  g_object_set_data (G_OBJECT (swatch), "sb-view", self);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (swatch),
                                  draw_swatch,
                                  GUINT_TO_POINTER (series),
                                  NULL);
  gtk_box_append (GTK_BOX (box), swatch);
  gtk_box_append (GTK_BOX (box), gtk_label_new (name));
  gtk_button_set_child (GTK_BUTTON (button), box);
  gtk_widget_add_css_class (button, "flat");
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (button),
                                !sb_chart_style_is_hidden (&self->style, series));
  sb_accessible_set_name (button, name);
  g_object_set_data (G_OBJECT (button), "sb-series", GUINT_TO_POINTER (series));
  g_signal_connect (button, "toggled", G_CALLBACK (on_toggled), self);
  gtk_box_append (GTK_BOX (self->legend), button);
}

static void
fill_legend (SbChartView *self)
{
  guint n = self->chart != NULL && sb_chart_get_kind (self->chart) != SB_CHART_HEATMAP
                ? sb_chart_get_n_series (self->chart)
                : 0;
  GtkWidget *child;
  guint present = 0;

  for (child = gtk_widget_get_first_child (self->legend); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    present++;
  gtk_widget_set_visible (self->legend, n > 1);
  /* A chart that only grows keeps its buttons, and with them the focus. */
  if (present == (n > 1 ? n : 0))
    return;
  while ((child = gtk_widget_get_first_child (self->legend)) != NULL)
    gtk_box_remove (GTK_BOX (self->legend), child);
  for (guint i = 0; n > 1 && i < n; i++)
    add_legend_item (self, i);
}

/**
 * sb_chart_view_set_chart:
 * @self: a view
 * @chart: (nullable): what it shows
 */
void
sb_chart_view_set_chart (SbChartView *self, SbChart *chart)
{
  g_set_object (&self->chart, chart);
  self->has_point = FALSE;
  fill_legend (self);
  gtk_widget_queue_resize (GTK_WIDGET (self));
  if (chart != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (self),
                                    GTK_ACCESSIBLE_PROPERTY_LABEL,
                                    sb_chart_get_title (chart),
                                    GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                    sb_chart_get_summary (chart),
                                    -1);
  show_point (self);
}

static void
copy_data (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SbChartView *self = SB_CHART_VIEW (widget);
  g_autofree char *csv = NULL;

  if (self->chart == NULL)
    return;
  csv = sb_chart_to_csv (self->chart);
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), csv);
}

static void
on_save_response (GtkNativeDialog *dialog, int response, SbChartView *self)
{
  g_autoptr (GFile) file = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  SbChartFormat format =
      (SbChartFormat) GPOINTER_TO_INT (g_object_get_data (G_OBJECT (dialog), "sb-format"));

  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  path = file != NULL ? g_file_get_path (file) : NULL;
  if (path != NULL && self->chart != NULL &&
      !sb_chart_save (self->chart, path, format, SAVED_WIDTH, SAVED_HEIGHT, &error))
    g_warning ("%s", error->message);
  g_object_unref (dialog);
}

static void
save_as (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SbChartView *self = SB_CHART_VIEW (widget);
  SbChartFormat format = (SbChartFormat) g_variant_get_int32 (parameter);
  GtkRoot *root = gtk_widget_get_root (widget);
  g_autofree char *name = NULL;
  GtkFileChooserNative *dialog;

  if (self->chart == NULL)
    return;
  name = g_strdup_printf ("%s.%s",
                          sb_chart_get_id (self->chart),
                          sb_chart_format_get_extension (format));
  dialog = gtk_file_chooser_native_new (_ ("Save Chart"),
                                        GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL,
                                        GTK_FILE_CHOOSER_ACTION_SAVE,
                                        NULL,
                                        NULL);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  g_object_set_data (G_OBJECT (dialog), "sb-format", GINT_TO_POINTER ((int) format));
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_save_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
sb_chart_view_measure (GtkWidget *widget,
                       GtkOrientation orientation,
                       int for_size,
                       int *minimum,
                       int *natural,
                       int *minimum_baseline,
                       int *natural_baseline)
{
  SbChartView *self = SB_CHART_VIEW (widget);
  int height = self->chart != NULL ? (int) sb_chart_get_natural_height (self->chart) : NAT_HEIGHT;

  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? MIN_WIDTH : height;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? NAT_WIDTH : height;
}

static void
sb_chart_view_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  SbChartView *self = SB_CHART_VIEW (widget);
  int menu_width;
  int menu_height;
  int legend_height = 0;
  GtkRequisition size;

  gtk_widget_measure (self->menu, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &menu_width, NULL, NULL);
  gtk_widget_measure (self->menu, GTK_ORIENTATION_VERTICAL, -1, NULL, &menu_height, NULL, NULL);
  gtk_widget_size_allocate (self->menu,
                            &(GtkAllocation){ width - menu_width, 0, menu_width, menu_height },
                            -1);
  if (gtk_widget_get_visible (self->legend))
    {
      gtk_widget_measure (
          self->legend, GTK_ORIENTATION_VERTICAL, -1, NULL, &legend_height, NULL, NULL);
      gtk_widget_size_allocate (self->legend,
                                &(GtkAllocation){ 0, height - legend_height, width, legend_height },
                                -1);
    }
  gtk_widget_get_preferred_size (self->read_out, NULL, &size);
  if (gtk_widget_get_visible (self->read_out))
    {
      int w = MIN (size.width, width);
      int x = CLAMP ((int) self->point.px - w / 2, 0, width - w);
      int y = (int) self->point.py - size.height - 12;

      gtk_widget_size_allocate (self->read_out,
                                &(GtkAllocation){
                                    x, y < 0 ? (int) self->point.py + 12 : y, w, size.height },
                                -1);
    }
}

static void
draw_selection (SbChartView *self, cairo_t *cr)
{
  GdkRGBA color;

  gtk_style_context_get_color (gtk_widget_get_style_context (GTK_WIDGET (self)), &color);
  color.alpha = 0.15f;
  gdk_cairo_set_source_rgba (cr, &color);
  cairo_rectangle (
      cr, self->selection.x, self->selection.y, self->selection.width, self->selection.height);
  cairo_fill (cr);
}

static void
sb_chart_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  SbChartView *self = SB_CHART_VIEW (widget);
  int width = gtk_widget_get_width (widget);
  double height = plot_height (self);
  GtkWidget *child;

  if (self->chart != NULL && width > 0 && height > 0)
    {
      cairo_t *cr =
          gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, width, (float) height));

      sb_chart_draw (self->chart, cr, &self->style, width, height);
      if (self->has_point)
        sb_chart_draw_point (self->chart, cr, &self->style, width, height, &self->point);
      if (self->selecting)
        draw_selection (self, cr);
      cairo_destroy (cr);
    }
  for (child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    gtk_widget_snapshot_child (widget, child, snapshot);
}

static void
sb_chart_view_dispose (GObject *object)
{
  SbChartView *self = SB_CHART_VIEW (object);

  g_clear_object (&self->chart);
  g_clear_pointer (&self->read_out, gtk_widget_unparent);
  g_clear_pointer (&self->legend, gtk_widget_unparent);
  g_clear_pointer (&self->menu, gtk_widget_unparent);
  G_OBJECT_CLASS (sb_chart_view_parent_class)->dispose (object);
}

static void
sb_chart_view_finalize (GObject *object)
{
  SbChartView *self = SB_CHART_VIEW (object);

  sb_chart_style_clear (&self->style);
  sb_chart_point_clear (&self->point);
  G_OBJECT_CLASS (sb_chart_view_parent_class)->finalize (object);
}

static void
sb_chart_view_class_init (SbChartViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = sb_chart_view_dispose;
  object_class->finalize = sb_chart_view_finalize;
  widget_class->measure = sb_chart_view_measure;
  widget_class->size_allocate = sb_chart_view_size_allocate;
  widget_class->snapshot = sb_chart_view_snapshot;
  gtk_widget_class_set_css_name (widget_class, "chartview");
  /**
   * SbChartView::point-activated:
   * @series: as in SbChartPoint
   * @index: as in SbChartPoint
   *
   * A value was clicked, or Enter pressed on it.
   */
  signals[POINT_ACTIVATED] = g_signal_new ("point-activated",
                                           SB_TYPE_CHART_VIEW,
                                           G_SIGNAL_RUN_LAST,
                                           0,
                                           NULL,
                                           NULL,
                                           NULL,
                                           G_TYPE_NONE,
                                           2,
                                           G_TYPE_UINT,
                                           G_TYPE_UINT);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_install_action (widget_class, "chart.copy", NULL, copy_data);
  gtk_widget_class_install_action (widget_class, "chart.save", "i", save_as);
}

static void
add_controllers (SbChartView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *key = gtk_event_controller_key_new ();
  GtkGesture *drag = gtk_gesture_drag_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (motion, "leave", G_CALLBACK (on_leave), self);
  g_signal_connect (key, "key-pressed", G_CALLBACK (on_key), self);
  g_signal_connect (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  g_signal_connect (drag, "drag-end", G_CALLBACK (on_drag_end), self);
  g_signal_connect (click, "pressed", G_CALLBACK (on_pressed), self);
  gtk_widget_add_controller (widget, motion);
  gtk_widget_add_controller (widget, key);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (drag));
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (click));
}

static GtkWidget *
make_menu (void)
{
  g_autoptr (GMenu) menu = g_menu_new ();
  GtkWidget *button = gtk_menu_button_new ();

  g_menu_append (menu, _ ("Copy Data"), "chart.copy");
  g_menu_append (menu, _ ("Save as PNG…"), "chart.save(0)");
  g_menu_append (menu, _ ("Save as SVG…"), "chart.save(1)");
  g_menu_append (menu, _ ("Save as PDF…"), "chart.save(2)");
  g_menu_append (menu, _ ("Save as CSV…"), "chart.save(3)");
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (button), G_MENU_MODEL (menu));
  gtk_menu_button_set_icon_name (GTK_MENU_BUTTON (button), "view-more-symbolic");
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_set_tooltip_text (button, _ ("Chart Menu"));
  sb_accessible_set_name (button, _ ("Chart Menu"));
  return button;
}

static void
sb_chart_view_init (SbChartView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  AdwStyleManager *manager = adw_style_manager_get_default ();

  sb_chart_style_init (&self->style, adw_style_manager_get_dark (manager));
  self->style.background.alpha = 0;
  self->style.show_title = TRUE;
  self->style.show_legend = FALSE;
  gtk_widget_set_focusable (widget, TRUE);
  gtk_widget_set_hexpand (widget, TRUE);
  gtk_widget_set_overflow (widget, GTK_OVERFLOW_HIDDEN);
  self->legend = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_widget_set_halign (self->legend, GTK_ALIGN_CENTER);
  gtk_widget_set_parent (self->legend, widget);
  self->read_out = gtk_label_new (NULL);
  gtk_label_set_ellipsize (GTK_LABEL (self->read_out), PANGO_ELLIPSIZE_END);
  gtk_widget_add_css_class (self->read_out, "osd");
  gtk_widget_add_css_class (self->read_out, "readout");
  gtk_widget_set_can_target (self->read_out, FALSE);
  gtk_widget_set_visible (self->read_out, FALSE);
  gtk_widget_set_parent (self->read_out, widget);
  self->menu = make_menu ();
  gtk_widget_set_parent (self->menu, widget);
  add_controllers (self);
  g_signal_connect_object (manager, "notify::dark", G_CALLBACK (on_dark), self, 0);
}

GtkWidget *
sb_chart_view_new (void)
{
  return g_object_new (SB_TYPE_CHART_VIEW, NULL);
}
