/* sb-guess-bars.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "widgets/sb-guess-bars.h"

#include <glib/gi18n.h>

#include "widgets/sb-accessible.h"

/* Letters of a label before it is cut. */
#define LABEL_WIDTH 18

typedef struct
{
  GtkWidget *label;
  GtkWidget *bar;
  GtkWidget *percent;
} Row;

/**
 * SbGuessBars:
 *
 * What something may be, a bar for each: the likeliest first.
 */
struct _SbGuessBars
{
  GtkWidget parent_instance;

  GtkWidget *grid;
  Row rows[SB_PHOTO_TOP];
};

G_DEFINE_FINAL_TYPE (SbGuessBars, sb_guess_bars, GTK_TYPE_WIDGET)

static void
set_row (Row *row, const SbPhotoGuess *guess)
{
  g_autofree char *title = NULL;
  g_autofree char *percent = NULL;

  gtk_widget_set_visible (row->label, guess != NULL);
  gtk_widget_set_visible (row->bar, guess != NULL);
  gtk_widget_set_visible (row->percent, guess != NULL);
  if (guess == NULL)
    return;
  title = g_strdup_printf (_ ("Probability of %s"), guess->label);
  percent = g_strdup_printf (_ ("%.1f %%"), 100 * guess->probability);
  gtk_label_set_label (GTK_LABEL (row->label), guess->label);
  gtk_widget_set_tooltip_text (row->label, guess->label);
  gtk_label_set_label (GTK_LABEL (row->percent), percent);
  gtk_level_bar_set_value (GTK_LEVEL_BAR (row->bar), CLAMP (guess->probability, 0, 1));
  gtk_accessible_update_property (GTK_ACCESSIBLE (row->bar),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  title,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                  percent,
                                  -1);
}

/**
 * sb_guess_bars_set_guesses:
 * @self: bars
 * @guesses: (array length=n): the likeliest first
 * @n: how many, at most %SB_PHOTO_TOP
 */
void
sb_guess_bars_set_guesses (SbGuessBars *self, const SbPhotoGuess *guesses, guint n)
{
  for (guint i = 0; i < SB_PHOTO_TOP; i++)
    set_row (&self->rows[i], i < n ? &guesses[i] : NULL);
}

static void
make_row (SbGuessBars *self, int index)
{
  Row *row = &self->rows[index];

  row->label = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (row->label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (row->label), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (row->label), LABEL_WIDTH);
  row->bar = gtk_level_bar_new ();
  /* How likely something is is neither good nor bad: all bars have one colour. */
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (row->bar), GTK_LEVEL_BAR_OFFSET_LOW);
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (row->bar), GTK_LEVEL_BAR_OFFSET_HIGH);
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (row->bar), GTK_LEVEL_BAR_OFFSET_FULL);
  gtk_widget_set_hexpand (row->bar, TRUE);
  gtk_widget_set_valign (row->bar, GTK_ALIGN_CENTER);
  row->percent = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (row->percent), 1);
  gtk_label_set_width_chars (GTK_LABEL (row->percent), 7);
  gtk_widget_add_css_class (row->percent, "numeric");
  gtk_widget_add_css_class (row->percent, "dim-label");
  gtk_grid_attach (GTK_GRID (self->grid), row->label, 0, index, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), row->bar, 1, index, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), row->percent, 2, index, 1, 1);
}

static void
sb_guess_bars_dispose (GObject *object)
{
  g_clear_pointer (&SB_GUESS_BARS (object)->grid, gtk_widget_unparent);
  G_OBJECT_CLASS (sb_guess_bars_parent_class)->dispose (object);
}

static void
sb_guess_bars_class_init (SbGuessBarsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_guess_bars_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
sb_guess_bars_init (SbGuessBars *self)
{
  self->grid = gtk_grid_new ();
  gtk_grid_set_column_spacing (GTK_GRID (self->grid), 9);
  gtk_grid_set_row_spacing (GTK_GRID (self->grid), 3);
  gtk_widget_set_parent (self->grid, GTK_WIDGET (self));
  for (int i = 0; i < SB_PHOTO_TOP; i++)
    make_row (self, i);
  sb_accessible_set_name (self, _ ("What it may be"));
  sb_guess_bars_set_guesses (self, NULL, 0);
}

/**
 * sb_guess_bars_new:
 *
 * Returns: no bars yet
 */
GtkWidget *
sb_guess_bars_new (void)
{
  return g_object_new (SB_TYPE_GUESS_BARS, NULL);
}
