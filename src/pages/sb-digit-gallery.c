/* sb-digit-gallery.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-digit-gallery.h"

#include <glib/gi18n.h>

#include "formats/sb-idx.h"
#include "formats/sb-picture.h"
#include "widgets/sb-digit-grid.h"
#include "wire/sb-json.h"
#include "workshop/sb-run.h"

#define MAX_SHOWN 60

/**
 * SbDigitGallery:
 *
 * Digits that a step has kept: examples of each, or those that were read wrongly, all of them or
 * those of one cell of the confusion matrix.
 */
struct _SbDigitGallery
{
  AdwBin parent_instance;

  SbIdx *images;
  JsonArray *labels;
  JsonArray *said; /* (nullable) */
  GtkWidget *title;
  GtkWidget *all;
  GtkWidget *grid;
};

G_DEFINE_FINAL_TYPE (SbDigitGallery, sb_digit_gallery, ADW_TYPE_BIN)

static guint
get_n (SbDigitGallery *self)
{
  guint n = MIN (self->images->dims[0], json_array_get_length (self->labels));

  return self->said != NULL ? MIN (n, json_array_get_length (self->said)) : n;
}

static void
add (SbDigitGallery *self, guint index)
{
  const guint8 *pixels = self->images->bytes->data + (gsize) index * SB_DIGIT_SIZE;
  int digit = (int) json_array_get_int_element (self->labels, index);
  g_autofree char *caption = NULL;
  g_autofree char *description = NULL;

  if (self->said == NULL)
    description = g_strdup_printf (_ ("A handwritten %d"), digit);
  else
    {
      int said = (int) json_array_get_int_element (self->said, index);

      caption = g_strdup_printf (_ ("%d, not %d"), digit, said);
      description = g_strdup_printf (_ ("A %d that was read as a %d"), digit, said);
    }
  sb_digit_grid_add (self->grid, pixels, caption, description);
}

static gboolean
belongs (SbDigitGallery *self, guint index, int digit, int said)
{
  return digit < 0 || (json_array_get_int_element (self->labels, index) == digit &&
                       json_array_get_int_element (self->said, index) == said);
}

/* Below zero: all of them. */
static void
show (SbDigitGallery *self, int digit, int said)
{
  g_autofree char *text = NULL;
  guint n = 0, all = get_n (self);

  sb_digit_grid_clear (self->grid);
  for (guint i = 0; i < all; i++)
    if (belongs (self, i, digit, said) && n++ < MAX_SHOWN)
      add (self, i);
  if (self->said == NULL)
    text = g_strdup (_ ("Examples"));
  else if (digit >= 0)
    text = g_strdup_printf (_ ("%u times a %d was read as a %d"), n, digit, said);
  else if (n == 0)
    text = g_strdup (_ ("Not one was read wrongly"));
  else
    text = g_strdup_printf (_ ("Read wrongly: choose a cell of the matrix to see only its digits"));
  gtk_label_set_label (GTK_LABEL (self->title), text);
  gtk_widget_set_visible (self->all, digit >= 0);
}

static void
on_cell (GtkWidget *matrix, guint series, guint index, SbDigitGallery *self)
{
  guint digit = index / SB_DIGIT_CLASSES, said = index % SB_DIGIT_CLASSES;

  if (digit < SB_DIGIT_CLASSES && digit != said)
    show (self, (int) digit, (int) said);
}

static void
on_all (GtkButton *button, SbDigitGallery *self)
{
  show (self, -1, -1);
}

static void
sb_digit_gallery_finalize (GObject *object)
{
  SbDigitGallery *self = SB_DIGIT_GALLERY (object);

  g_clear_pointer (&self->images, sb_idx_free);
  g_clear_pointer (&self->labels, json_array_unref);
  g_clear_pointer (&self->said, json_array_unref);
  G_OBJECT_CLASS (sb_digit_gallery_parent_class)->finalize (object);
}

static void
sb_digit_gallery_class_init (SbDigitGalleryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_digit_gallery_finalize;
}

static void
sb_digit_gallery_init (SbDigitGallery *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 9);
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 9);

  self->title = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (self->title), 0);
  gtk_label_set_wrap (GTK_LABEL (self->title), TRUE);
  gtk_widget_set_hexpand (self->title, TRUE);
  gtk_widget_add_css_class (self->title, "heading");
  self->all = gtk_button_new_with_label (_ ("Show All"));
  gtk_widget_set_visible (self->all, FALSE);
  g_signal_connect (self->all, "clicked", G_CALLBACK (on_all), self);
  self->grid = sb_digit_grid_new (_ ("Digits"));
  gtk_box_append (GTK_BOX (row), self->title);
  gtk_box_append (GTK_BOX (row), self->all);
  gtk_box_append (GTK_BOX (box), row);
  gtk_box_append (GTK_BOX (box), self->grid);
  adw_bin_set_child (ADW_BIN (self), box);
}

/**
 * sb_digit_gallery_new:
 * @digits: {"path", "labels"} as a step keeps them, and "said" when they were read wrongly
 * @matrix: (nullable): an #SbChartView with the confusion matrix
 *
 * Returns: (nullable): the digits; %NULL when their file is no longer there
 */
GtkWidget *
sb_digit_gallery_new (JsonObject *digits, GtkWidget *matrix)
{
  JsonArray *labels = sb_json_get_array (digits, "labels");
  JsonArray *said = sb_json_get_array (digits, "said");
  g_autoptr (GError) error = NULL;
  g_autoptr (SbIdx) images = sb_idx_load (sb_json_get_string (digits, "path", ""), &error);
  SbDigitGallery *self;

  if (images == NULL || labels == NULL || images->n_dims != 3 || images->dims[1] != SB_DIGIT_SIDE ||
      images->dims[2] != SB_DIGIT_SIDE)
    {
      g_debug ("%s", error != NULL ? error->message : "no digits");
      return NULL;
    }
  self = g_object_new (SB_TYPE_DIGIT_GALLERY, NULL);
  self->images = g_steal_pointer (&images);
  self->labels = json_array_ref (labels);
  self->said = said != NULL ? json_array_ref (said) : NULL;
  if (matrix != NULL)
    g_signal_connect_object (matrix, "point-activated", G_CALLBACK (on_cell), self, 0);
  show (self, -1, -1);
  return GTK_WIDGET (self);
}
