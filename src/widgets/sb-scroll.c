/* sb-scroll.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "widgets/sb-scroll.h"

#include <math.h>

/* As far as a scrolled window goes by itself: a wheel turns by steps, fingers move by pixels. */
static void
scroll (GtkEventControllerScroll *controller, GtkWidget *page, double dy)
{
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (page));
  double step = gtk_event_controller_scroll_get_unit (controller) == GDK_SCROLL_UNIT_WHEEL
                    ? pow (gtk_adjustment_get_page_size (adjustment), 2.0 / 3)
                    : 1;

  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + dy * step);
}

static gboolean
on_scroll (GtkEventControllerScroll *controller, double dx, double dy, gpointer user_data)
{
  GtkWidget *widget = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (controller));
  GtkWidget *page = gtk_widget_get_ancestor (widget, GTK_TYPE_SCROLLED_WINDOW);

  if (page == NULL)
    return GDK_EVENT_PROPAGATE;
  scroll (controller, page, dy);
  return GDK_EVENT_STOP;
}

/**
 * sb_scroll_past:
 * @widget: a widget whose value the wheel would change, on a page that scrolls
 *
 * Lets the wheel scroll the page over the widget, too: who scrolls past must not change a value.
 */
void
sb_scroll_past (GtkWidget *widget)
{
  GtkEventController *controller =
      gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);

  gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_CAPTURE);
  g_signal_connect (controller, "scroll", G_CALLBACK (on_scroll), NULL);
  gtk_widget_add_controller (widget, controller);
}

static gboolean
on_inner_scroll (GtkEventControllerScroll *controller, double dx, double dy, gpointer user_data)
{
  GtkWidget *widget = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (controller));
  GtkWidget *parent = gtk_widget_get_parent (widget);
  GtkWidget *page =
      parent != NULL ? gtk_widget_get_ancestor (parent, GTK_TYPE_SCROLLED_WINDOW) : NULL;
  GtkAdjustment *own = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (widget));
  double value = gtk_adjustment_get_value (own);
  double last = gtk_adjustment_get_upper (own) - gtk_adjustment_get_page_size (own);

  if (page == NULL || (dy < 0 && value > gtk_adjustment_get_lower (own)) ||
      (dy > 0 && value < last - 0.5))
    return GDK_EVENT_PROPAGATE;
  scroll (controller, page, dy);
  return GDK_EVENT_STOP;
}

/**
 * sb_scroll_on:
 * @scrolled: a #GtkScrolledWindow on a page that scrolls, too
 *
 * Lets the wheel go on with the page once @scrolled is at its end; by itself it would stop there.
 */
void
sb_scroll_on (GtkWidget *scrolled)
{
  GtkEventController *controller =
      gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);

  gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_CAPTURE);
  g_signal_connect (controller, "scroll", G_CALLBACK (on_inner_scroll), NULL);
  gtk_widget_add_controller (scrolled, controller);
}
