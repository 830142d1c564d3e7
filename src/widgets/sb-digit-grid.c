/* sb-digit-grid.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "widgets/sb-digit-grid.h"

#include "formats/sb-picture.h"
#include "widgets/sb-accessible.h"

#define PICTURE_SIDE 42

/**
 * sb_digit_texture_new:
 * @pixels: SB_DIGIT_SIZE bytes, ink from 0 to 255
 *
 * Returns: (transfer full): dark ink on white paper
 */
GdkTexture *
sb_digit_texture_new (const guint8 *pixels)
{
  g_autoptr (GByteArray) colours = g_byte_array_sized_new (3 * SB_DIGIT_SIZE);
  g_autoptr (GBytes) bytes = NULL;

  for (guint i = 0; i < SB_DIGIT_SIZE; i++)
    {
      const guint8 paper = (guint8) (255 - pixels[i]);
      const guint8 colour[] = { paper, paper, paper };

      g_byte_array_append (colours, colour, sizeof colour);
    }
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&colours));
  return gdk_memory_texture_new (
      SB_DIGIT_SIDE, SB_DIGIT_SIDE, GDK_MEMORY_R8G8B8, bytes, (gsize) 3 * SB_DIGIT_SIDE);
}

/**
 * sb_digit_picture_new:
 * @pixels: SB_DIGIT_SIZE bytes, ink from 0 to 255
 * @side: width and height of the widget, in pixels
 *
 * Returns: the digit
 */
GtkWidget *
sb_digit_picture_new (const guint8 *pixels, int side)
{
  g_autoptr (GdkTexture) texture = sb_digit_texture_new (pixels);
  GtkWidget *picture = gtk_picture_new_for_paintable (GDK_PAINTABLE (texture));

  gtk_widget_set_size_request (picture, side, side);
  gtk_widget_set_halign (picture, GTK_ALIGN_CENTER);
  gtk_widget_set_valign (picture, GTK_ALIGN_CENTER);
  return picture;
}

/**
 * sb_digit_grid_new:
 * @title: its accessible name
 *
 * Returns: a grid of digits, as many in a row as there is room for
 */
GtkWidget *
sb_digit_grid_new (const char *title)
{
  GtkWidget *grid = gtk_flow_box_new ();

  gtk_flow_box_set_selection_mode (GTK_FLOW_BOX (grid), GTK_SELECTION_NONE);
  gtk_flow_box_set_homogeneous (GTK_FLOW_BOX (grid), TRUE);
  gtk_flow_box_set_min_children_per_line (GTK_FLOW_BOX (grid), 4);
  gtk_flow_box_set_max_children_per_line (GTK_FLOW_BOX (grid), 10);
  gtk_flow_box_set_column_spacing (GTK_FLOW_BOX (grid), 6);
  gtk_flow_box_set_row_spacing (GTK_FLOW_BOX (grid), 6);
  gtk_widget_set_halign (grid, GTK_ALIGN_START);
  sb_accessible_set_name (grid, title);
  return grid;
}

/**
 * sb_digit_grid_add:
 * @grid: a grid of digits
 * @pixels: SB_DIGIT_SIZE bytes, ink from 0 to 255
 * @caption: (nullable): what stands below it
 * @description: what it is, for who cannot see it
 */
void
sb_digit_grid_add (GtkWidget *grid,
                   const guint8 *pixels,
                   const char *caption,
                   const char *description)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3);
  GtkWidget *picture = sb_digit_picture_new (pixels, PICTURE_SIDE);

  gtk_picture_set_alternative_text (GTK_PICTURE (picture), description);
  gtk_widget_set_tooltip_text (picture, description);
  gtk_box_append (GTK_BOX (box), picture);
  if (caption != NULL)
    {
      GtkWidget *label = gtk_label_new (caption);

      gtk_widget_add_css_class (label, "caption");
      gtk_widget_add_css_class (label, "numeric");
      gtk_box_append (GTK_BOX (box), label);
    }
  gtk_flow_box_append (GTK_FLOW_BOX (grid), box);
  gtk_widget_set_focusable (gtk_widget_get_parent (box), FALSE);
}

void
sb_digit_grid_clear (GtkWidget *grid)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (grid)) != NULL)
    gtk_flow_box_remove (GTK_FLOW_BOX (grid), child);
}
