/* sb-photo-gallery.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-photo-gallery.h"

#include <glib/gi18n.h>

#include "widgets/sb-photo-grid.h"
#include "wire/sb-json.h"

/**
 * SbPhotoGallery:
 *
 * Photos that a step has kept: examples of each class, or those that were taken for something else,
 * all of them or those of one cell of the confusion matrix.
 */
struct _SbPhotoGallery
{
  AdwBin parent_instance;

  GtkLabel *title;
  SbPhotoGrid *grid;
  JsonArray *names; /* (nullable): of the matrix's rows and columns */
};

G_DEFINE_FINAL_TYPE (SbPhotoGallery, sb_photo_gallery, ADW_TYPE_BIN)

static const char *
nth_string (JsonArray *array, guint index)
{
  if (array == NULL || index >= json_array_get_length (array))
    return NULL;
  return json_array_get_string_element (array, index);
}

static SbPhotoEntry *
make_entry (JsonObject *photos, guint index)
{
  JsonArray *probabilities = sb_json_get_array (photos, "probability");
  const char *truth = nth_string (sb_json_get_array (photos, "truth"), index);
  const char *caption = nth_string (sb_json_get_array (photos, "captions"), index);
  const char *said = nth_string (sb_json_get_array (photos, "said"), index);
  g_autoptr (GFile) file =
      g_file_new_for_path (nth_string (sb_json_get_array (photos, "paths"), index));
  SbPhotoEntry *entry = sb_photo_entry_new (file, truth != NULL ? truth : caption);
  double probability = probabilities != NULL && index < json_array_get_length (probabilities)
                           ? json_array_get_double_element (probabilities, index)
                           : 0;

  if (said != NULL)
    sb_photo_entry_set_guesses (entry, &said, &probability, 1, 0);
  return entry;
}

static GListModel *
make_model (JsonObject *photos)
{
  JsonArray *paths = sb_json_get_array (photos, "paths");
  GListStore *model = g_list_store_new (SB_TYPE_PHOTO_ENTRY);

  for (guint i = 0; paths != NULL && i < json_array_get_length (paths); i++)
    {
      g_autoptr (SbPhotoEntry) entry = make_entry (photos, i);

      g_list_store_append (model, entry);
    }
  return G_LIST_MODEL (model);
}

static void
on_cell (GtkWidget *matrix, guint series, guint index, SbPhotoGallery *self)
{
  guint n = self->names != NULL ? json_array_get_length (self->names) : 0;

  /* What was right has not been kept. */
  if (n > 0 && index < n * n && index / n != index % n)
    sb_photo_grid_set_pair (self->grid,
                            nth_string (self->names, index / n),
                            nth_string (self->names, index % n));
}

static void
sb_photo_gallery_finalize (GObject *object)
{
  g_clear_pointer (&SB_PHOTO_GALLERY (object)->names, json_array_unref);
  G_OBJECT_CLASS (sb_photo_gallery_parent_class)->finalize (object);
}

static void
sb_photo_gallery_class_init (SbPhotoGalleryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_photo_gallery_finalize;
}

static void
sb_photo_gallery_init (SbPhotoGallery *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 9);

  self->title = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_xalign (self->title, 0);
  gtk_label_set_wrap (self->title, TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (self->title), "heading");
  self->grid = SB_PHOTO_GRID (sb_photo_grid_new (_ ("Photos")));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->title));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->grid));
  adw_bin_set_child (ADW_BIN (self), box);
}

static void
show_mistakes (SbPhotoGallery *self, JsonObject *result, guint n, GtkWidget *matrix)
{
  JsonArray *names = sb_json_get_array (result, "charts.0.rows");

  gtk_label_set_label (
      self->title,
      n > 0 ? _ ("Taken for something else: choose a cell of the matrix to see only its photos")
            : _ ("Not one was taken for something else"));
  gtk_widget_set_visible (GTK_WIDGET (self->grid), n > 0);
  self->names = names != NULL ? json_array_ref (names) : NULL;
  if (matrix != NULL)
    g_signal_connect_object (matrix, "point-activated", G_CALLBACK (on_cell), self, 0);
}

/**
 * sb_photo_gallery_new:
 * @result: of a step
 * @member: where it has {"paths", "captions"}, or {"paths", "truth", "said", "probability"} for
 *   photos that were taken for something else
 * @matrix: (nullable): an #SbChartView with the first of the result's charts, the confusion matrix
 *
 * Returns: the photos
 */
GtkWidget *
sb_photo_gallery_new (JsonObject *result, const char *member, GtkWidget *matrix)
{
  SbPhotoGallery *self = g_object_new (SB_TYPE_PHOTO_GALLERY, NULL);
  JsonObject *photos = sb_json_get_object (result, member);
  g_autoptr (GListModel) model = make_model (photos);

  sb_photo_grid_set_model (self->grid, model);
  if (json_object_has_member (photos, "said"))
    show_mistakes (self, result, g_list_model_get_n_items (model), matrix);
  else
    gtk_label_set_label (self->title, _ ("Examples"));
  return GTK_WIDGET (self);
}
