/* sb-charts.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Charts side by side, or one below the other where there is no room.
 */

#include "config.h"

#include "pages/sb-charts.h"

#include "widgets/sb-chart-view.h"

/**
 * sb_charts_get_nth:
 * @box: what sb_charts_show() has filled
 * @index: a number from 0
 *
 * Returns: (transfer none) (nullable): the #SbChartView of that chart
 */
GtkWidget *
sb_charts_get_nth (GtkFlowBox *box, guint index)
{
  GtkFlowBoxChild *child = gtk_flow_box_get_child_at_index (box, (int) index);

  return child != NULL ? gtk_flow_box_child_get_child (child) : NULL;
}

static void
show_chart (GtkFlowBox *box, guint index, JsonObject *json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbChart) chart = sb_chart_new_from_json (json, &error);
  GtkWidget *view = sb_charts_get_nth (box, index);

  if (chart == NULL)
    {
      g_warning ("%s", error->message);
      return;
    }
  if (view == NULL)
    {
      view = sb_chart_view_new ();
      gtk_flow_box_append (box, view);
      gtk_widget_set_focusable (gtk_widget_get_parent (view), FALSE);
    }
  sb_chart_view_set_chart (SB_CHART_VIEW (view), chart);
}

/**
 * sb_charts_show:
 * @box: a box for nothing but these charts
 * @charts: (nullable): charts as sb_chart_new_from_json() takes them
 *
 * Shows these in place of those that were shown; a view that is there stays, with its zoom. Without
 * any the box is hidden.
 */
void
sb_charts_show (GtkFlowBox *box, JsonArray *charts)
{
  guint n = charts != NULL ? json_array_get_length (charts) : 0;
  GtkWidget *extra;

  for (guint i = 0; i < n; i++)
    show_chart (box, i, json_array_get_object_element (charts, i));
  while ((extra = sb_charts_get_nth (box, n)) != NULL)
    gtk_flow_box_remove (box, gtk_widget_get_parent (extra));
  gtk_flow_box_set_max_children_per_line (box, n > 1 ? 2 : 1);
  gtk_widget_set_visible (GTK_WIDGET (box), n > 0);
}
