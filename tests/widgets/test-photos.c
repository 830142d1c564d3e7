/* test-photos.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <adwaita.h>
#include <glib/gstdio.h>
#include <string.h>

#include "widgets/sb-photo-canvas.h"
#include "widgets/sb-photo-cell.h"
#include "widgets/sb-photo-grid.h"

static const char *const classes[] = { "ants", "bees", "cats", "dogs", "elks", "fish" };

typedef struct
{
  GAsyncResult *result;
  gboolean done;
} Wait;

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Wait *wait = data;

  wait->result = g_object_ref (result);
  wait->done = TRUE;
}

static void
iterate_until (gboolean (*is_so) (gpointer), gpointer data)
{
  while (!is_so (data))
    g_main_context_iteration (NULL, TRUE);
}

static gboolean
is_done (gpointer data)
{
  return ((Wait *) data)->done;
}

static GBytes *
make_image (int width, int height, guint32 left, guint32 right, const char *type)
{
  g_autoptr (GdkPixbuf) pixbuf = gdk_pixbuf_new (GDK_COLORSPACE_RGB, FALSE, 8, width, height);
  g_autoptr (GdkPixbuf) half =
      gdk_pixbuf_new_subpixbuf (pixbuf, width / 2, 0, width - width / 2, height);
  char *data;
  gsize length;

  gdk_pixbuf_fill (pixbuf, left);
  gdk_pixbuf_fill (half, right);
  g_assert_true (gdk_pixbuf_save_to_buffer (pixbuf, &data, &length, type, NULL, NULL));
  return g_bytes_new_take (data, length);
}

/* Says in EXIF that the picture has to be turned to the right to stand upright. */
static GBytes *
turn (GBytes *jpeg)
{
  static const guint8 exif[] = { 0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0,    'M', 'M',
                                 0,    42,   0, 0,  0,   8,   0,   1,   1, 0x12, 0,   3,
                                 0,    0,    0, 1,  0,   6,   0,   0,   0, 0,    0,   0 };
  g_autoptr (GByteArray) turned = g_byte_array_new ();
  gsize length;
  const guint8 *data = g_bytes_get_data (jpeg, &length);

  g_byte_array_append (turned, data, 2);
  g_byte_array_append (turned, exif, sizeof exif);
  g_byte_array_append (turned, data + 2, (guint) (length - 2));
  return g_byte_array_free_to_bytes (g_steal_pointer (&turned));
}

static GdkTexture *
load (SbThumbnailer *thumbnailer, SbPhotoEntry *item, SbThumbnailShape shape, GError **error)
{
  Wait wait = { NULL };
  GdkTexture *texture;

  sb_thumbnailer_load_async (thumbnailer, item, shape, 40, NULL, NULL, on_done, &wait);
  iterate_until (is_done, &wait);
  texture = sb_thumbnailer_load_finish (thumbnailer, wait.result, error);
  g_object_unref (wait.result);
  return texture;
}

/* Red of a pixel, and its blue. */
static void
read_pixel (GdkTexture *texture, int x, int y, int *red, int *blue)
{
  int width = gdk_texture_get_width (texture), height = gdk_texture_get_height (texture);
  g_autofree guint32 *pixels = g_new (guint32, (gsize) width * (gsize) height);

  gdk_texture_download (texture, (guchar *) pixels, (gsize) width * 4);
  *red = (int) (pixels[y * width + x] >> 16 & 0xff);
  *blue = (int) (pixels[y * width + x] & 0xff);
}

static void
set_guess (SbPhotoEntry *item, const char *label, double probability)
{
  const char *const labels[] = { "other", label };
  const double probabilities[] = { 1 - probability, probability };

  sb_photo_entry_set_guesses (item, labels, probabilities, 2, 1);
}

static void
test_item (void)
{
  g_autoptr (GFile) file = g_file_new_for_path ("/nowhere/Ein Foto 2.jpg");
  g_autoptr (SbPhotoEntry) item = sb_photo_entry_new (file, "bees");
  const double probabilities[] = { 0.1, 0.05, 0.4, 0.2, 0.22, 0.03 };
  const double order[] = { 0.4, 0.22, 0.2, 0.1, 0.05 };
  const SbPhotoGuess *guesses;
  g_autofree char *plain = sb_photo_entry_describe (item);
  g_autofree char *wrong = NULL;
  guint n;

  g_assert_cmpstr (plain, ==, "Ein Foto 2.jpg: bees");
  g_assert_cmpfloat (sb_photo_entry_get_confidence (item), <, 0);
  g_assert_cmpstr (sb_photo_entry_get_class (item), ==, "bees");
  g_assert_false (sb_photo_entry_is_wrong (item));
  sb_photo_entry_set_guesses (item, classes, probabilities, G_N_ELEMENTS (classes), 12.5);
  guesses = sb_photo_entry_get_guesses (item, &n);
  g_assert_cmpuint (n, ==, SB_PHOTO_TOP);
  for (guint i = 0; i < n; i++)
    g_assert_cmpfloat (guesses[i].probability, ==, order[i]);
  g_assert_cmpstr (sb_photo_entry_get_label (item), ==, "cats");
  g_assert_true (sb_photo_entry_is_wrong (item));
  wrong = sb_photo_entry_describe (item);
  g_assert_cmpstr (wrong, ==, "Ein Foto 2.jpg: taken for cats (40.0 %), but it is bees");
  g_assert_true (sb_photo_entry_matches (item, "foto"));
  g_assert_true (sb_photo_entry_matches (item, "cat"));
  g_assert_false (sb_photo_entry_matches (item, "dog"));
  sb_photo_entry_set_message (item, "gone");
  g_assert_null (sb_photo_entry_get_label (item));
  g_assert_cmpint (sb_photo_entry_get_state (item), ==, SB_PHOTO_FAILED);
}

static void
test_thumbnail_is_upright (void)
{
  g_autoptr (SbThumbnailer) thumbnailer = sb_thumbnailer_new (1 << 20);
  g_autoptr (GBytes) jpeg = make_image (400, 200, 0xff000000, 0x0000ff00, "jpeg");
  g_autoptr (GBytes) turned = turn (jpeg);
  g_autoptr (SbPhotoEntry) item = sb_photo_entry_new_for_bytes (turned, "a");
  g_autoptr (GdkTexture) square = load (thumbnailer, item, SB_THUMBNAIL_SQUARE, NULL);
  g_autoptr (GdkTexture) whole = load (thumbnailer, item, SB_THUMBNAIL_WHOLE, NULL);
  int red, blue;

  g_assert_cmpint (gdk_texture_get_width (square), ==, 40);
  g_assert_cmpint (gdk_texture_get_height (square), ==, 40);
  g_assert_cmpint (gdk_texture_get_width (whole), ==, 20);
  g_assert_cmpint (gdk_texture_get_height (whole), ==, 40);
  /* What was on the left is at the top. */
  read_pixel (whole, 10, 5, &red, &blue);
  g_assert_cmpint (red, >, 200);
  g_assert_cmpint (blue, <, 60);
  read_pixel (square, 20, 35, &red, &blue);
  g_assert_cmpint (red, <, 60);
  g_assert_cmpint (blue, >, 200);
}

static void
test_thumbnails_are_bounded (void)
{
  const gsize budget = 10 * 40 * 40 * 3;
  g_autoptr (SbThumbnailer) thumbnailer = sb_thumbnailer_new (budget);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < 40; i++)
    {
      g_autoptr (GBytes) png = make_image (60, 60, 0x33669900, 0x33669900, "png");
      g_autoptr (GdkTexture) texture = NULL;

      g_ptr_array_add (items, sb_photo_entry_new_for_bytes (png, "a"));
      texture = load (thumbnailer, items->pdata[i], SB_THUMBNAIL_SQUARE, NULL);
      g_assert_nonnull (texture);
      g_assert_cmpuint (sb_thumbnailer_get_bytes (thumbnailer), <=, budget);
      /* The first is always used, so that it stays. */
      g_assert_nonnull (
          sb_thumbnailer_lookup (thumbnailer, items->pdata[0], SB_THUMBNAIL_SQUARE, 40));
    }
  g_assert_null (sb_thumbnailer_lookup (thumbnailer, items->pdata[1], SB_THUMBNAIL_SQUARE, 40));
  g_assert_nonnull (sb_thumbnailer_lookup (thumbnailer, items->pdata[39], SB_THUMBNAIL_SQUARE, 40));
}

static void
test_no_photo (void)
{
  g_autoptr (SbThumbnailer) thumbnailer = sb_thumbnailer_new (1 << 20);
  g_autoptr (GBytes) text = g_bytes_new_static ("no photo at all", 15);
  g_autoptr (SbPhotoEntry) item = sb_photo_entry_new_for_bytes (text, "a");
  g_autoptr (GFile) file = g_file_new_for_path ("/nowhere/at/all");
  g_autoptr (SbPhotoEntry) gone = sb_photo_entry_new (file, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (load (thumbnailer, item, SB_THUMBNAIL_SQUARE, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_null (load (thumbnailer, gone, SB_THUMBNAIL_SQUARE, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_cancelled (void)
{
  g_autoptr (SbThumbnailer) thumbnailer = sb_thumbnailer_new (1 << 20);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GBytes) png = make_image (60, 60, 0x33669900, 0x33669900, "png");
  g_autoptr (SbPhotoEntry) item = sb_photo_entry_new_for_bytes (png, "a");
  g_autoptr (GError) error = NULL;
  Wait waits[20] = { { NULL } };

  for (guint i = 0; i < G_N_ELEMENTS (waits); i++)
    sb_thumbnailer_load_async (
        thumbnailer, item, SB_THUMBNAIL_SQUARE, 40, NULL, cancellable, on_done, &waits[i]);
  g_cancellable_cancel (cancellable);
  for (guint i = 0; i < G_N_ELEMENTS (waits); i++)
    {
      iterate_until (is_done, &waits[i]);
      g_assert_null (sb_thumbnailer_load_finish (thumbnailer, waits[i].result, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&error);
      g_object_unref (waits[i].result);
    }
}

/* Every third is wrong; confidences differ. */
static GListStore *
make_model (guint n)
{
  GListStore *model = g_list_store_new (SB_TYPE_PHOTO_ENTRY);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *path = g_strdup_printf ("/nowhere/photo %u.jpg", n - i);
      g_autoptr (GFile) file = g_file_new_for_path (path);
      SbPhotoEntry *item = sb_photo_entry_new (file, classes[i % 6]);

      set_guess (item, classes[i % 3 == 0 ? (i + 1) % 6 : i % 6], 0.5 + 0.5 * (i * 7 % n) / n);
      g_ptr_array_add (items, item);
    }
  g_list_store_splice (model, 0, 0, items->pdata, items->len);
  return model;
}

static guint
count (GtkWidget *grid)
{
  return g_list_model_get_n_items (sb_photo_grid_get_shown (SB_PHOTO_GRID (grid)));
}

static SbPhotoEntry *
nth (GtkWidget *grid, guint index)
{
  g_autoptr (SbPhotoEntry) item =
      g_list_model_get_item (sb_photo_grid_get_shown (SB_PHOTO_GRID (grid)), index);

  /* The model keeps it. */
  return item;
}

static void
test_filters (void)
{
  GtkWidget *grid = g_object_ref_sink (sb_photo_grid_new ("Photos"));
  SbPhotoGrid *self = SB_PHOTO_GRID (grid);
  g_autoptr (GListStore) model = make_model (600);

  g_assert_cmpuint (count (grid), ==, 0);
  sb_photo_grid_set_model (self, G_LIST_MODEL (model));
  g_assert_cmpuint (count (grid), ==, 600);
  g_assert_nonnull (sb_photo_grid_get_selected (self));
  sb_photo_grid_set_only_wrong (self, TRUE);
  g_assert_cmpuint (count (grid), ==, 200);
  g_assert_true (sb_photo_entry_is_wrong (nth (grid, 0)));
  sb_photo_grid_set_only_wrong (self, FALSE);
  /* Of dogs: every sixth was a dog and is wrong; elks come from them. */
  sb_photo_grid_set_label (self, "elks");
  g_assert_cmpuint (count (grid), ==, 200);
  sb_photo_grid_set_pair (self, "dogs", "elks");
  g_assert_cmpuint (count (grid), ==, 100);
  sb_photo_grid_set_label (self, NULL);
  g_assert_cmpuint (count (grid), ==, 100);
  sb_photo_grid_set_pair (self, NULL, NULL);
  sb_photo_grid_set_search (self, "PHOTO 59");
  g_assert_cmpuint (count (grid), ==, 11);
  sb_photo_grid_set_search (self, "nothing like it");
  g_assert_cmpuint (count (grid), ==, 0);
  g_assert_null (sb_photo_grid_get_selected (self));
  sb_photo_grid_set_search (self, "");
  g_assert_cmpuint (count (grid), ==, 600);
  g_assert_finalize_object (g_steal_pointer (&grid));
}

static void
test_orders (void)
{
  GtkWidget *grid = g_object_ref_sink (sb_photo_grid_new ("Photos"));
  SbPhotoGrid *self = SB_PHOTO_GRID (grid);
  g_autoptr (GListStore) model = make_model (60);
  g_autoptr (GBytes) none = g_bytes_new_static ("", 0);
  g_autoptr (SbPhotoEntry) last = sb_photo_entry_new_for_bytes (none, "zz");

  g_list_store_insert (model, 0, last);
  sb_photo_grid_set_model (self, G_LIST_MODEL (model));
  g_assert_true (nth (grid, 0) == last);
  sb_photo_grid_set_order (self, SB_PHOTO_ORDER_CERTAIN);
  for (guint i = 1; i < 60; i++)
    g_assert_cmpfloat (sb_photo_entry_get_confidence (nth (grid, i - 1)),
                       >=,
                       sb_photo_entry_get_confidence (nth (grid, i)));
  g_assert_true (nth (grid, 60) == last);
  sb_photo_grid_set_order (self, SB_PHOTO_ORDER_UNCERTAIN);
  for (guint i = 1; i < 60; i++)
    g_assert_cmpfloat (sb_photo_entry_get_confidence (nth (grid, i - 1)),
                       <=,
                       sb_photo_entry_get_confidence (nth (grid, i)));
  g_assert_true (nth (grid, 60) == last);
  sb_photo_grid_set_order (self, SB_PHOTO_ORDER_LABEL);
  for (guint i = 1; i < 60; i++)
    g_assert_cmpstr (sb_photo_entry_get_label (nth (grid, i - 1)),
                     <=,
                     sb_photo_entry_get_label (nth (grid, i)));
  /* As a person counts: 9 before 10. */
  sb_photo_grid_set_order (self, SB_PHOTO_ORDER_NAME);
  g_assert_cmpstr (sb_photo_entry_get_name (nth (grid, 8)), ==, "photo 9.jpg");
  g_assert_cmpstr (sb_photo_entry_get_name (nth (grid, 9)), ==, "photo 10.jpg");
  g_assert_finalize_object (g_steal_pointer (&grid));
}

typedef struct
{
  GtkWidget *grid;
  guint wanted;
} Count;

static gboolean
has_count (gpointer data)
{
  Count *wait = data;

  return count (wait->grid) == wait->wanted;
}

static void
test_answers_come_later (void)
{
  GtkWidget *grid = g_object_ref_sink (sb_photo_grid_new ("Photos"));
  SbPhotoGrid *self = SB_PHOTO_GRID (grid);
  g_autoptr (GListStore) model = g_list_store_new (SB_TYPE_PHOTO_ENTRY);
  g_autoptr (GFile) file = g_file_new_for_path ("/nowhere/a.jpg");
  g_autoptr (SbPhotoEntry) item = sb_photo_entry_new (file, "ants");
  Count wait = { grid, 1 };

  g_list_store_append (model, item);
  sb_photo_grid_set_model (self, G_LIST_MODEL (model));
  sb_photo_grid_set_only_wrong (self, TRUE);
  g_assert_cmpuint (count (grid), ==, 0);
  set_guess (item, "bees", 0.9);
  sb_photo_grid_refresh (self);
  iterate_until (has_count, &wait);
  g_assert_finalize_object (g_steal_pointer (&grid));
}

static guint
count_cells (GtkWidget *widget)
{
  guint n = SB_IS_PHOTO_CELL (widget) ? 1 : 0;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    n += count_cells (child);
  return n;
}

static gboolean
has_cells (gpointer data)
{
  return count_cells (data) > 0;
}

/* The widgets do not become more as the photos do. */
static void
test_thousands (void)
{
  GtkWidget *window = gtk_window_new ();
  GtkWidget *grid = sb_photo_grid_new ("Photos");
  g_autoptr (GListStore) model = make_model (3000);

  gtk_window_set_default_size (GTK_WINDOW (window), 800, 600);
  gtk_window_set_child (GTK_WINDOW (window), grid);
  sb_photo_grid_set_model (SB_PHOTO_GRID (grid), G_LIST_MODEL (model));
  gtk_window_present (GTK_WINDOW (window));
  iterate_until (has_cells, grid);
  g_assert_cmpuint (count_cells (grid), <, 1000);
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
press (GtkWidget *widget, guint key)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);
  gboolean handled = FALSE;

  for (guint i = 0; i < g_list_model_get_n_items (controllers) && !handled; i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_EVENT_CONTROLLER_KEY (controller))
        g_signal_emit_by_name (controller, "key-pressed", key, 0, 0, &handled);
    }
  g_assert_true (handled);
}

static void
test_heat (void)
{
  GtkWidget *canvas = g_object_ref_sink (sb_photo_canvas_new ());
  SbPhotoCanvas *self = SB_PHOTO_CANVAS (canvas);
  g_autoptr (GBytes) png = make_image (60, 40, 0x33669900, 0x33669900, "png");
  g_autoptr (GdkTexture) texture = gdk_texture_new_from_bytes (png, NULL);
  const double values[] = { 0, 0.1, 0.25, -0.125, 0.0001, 0.05 };

  sb_photo_canvas_set_photo (self, GDK_PAINTABLE (texture), "A bee");
  gtk_test_accessible_assert_property (canvas, GTK_ACCESSIBLE_PROPERTY_LABEL, "A bee");
  g_assert_false (sb_photo_canvas_has_heat (self));
  sb_photo_canvas_set_heat (self, values, 2, 3, "bees");
  g_assert_true (sb_photo_canvas_has_heat (self));
  /* First the part that matters most; then to the left and below. */
  press (canvas, GDK_KEY_Home);
  gtk_test_accessible_assert_property (canvas,
                                       GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                       "Without this part “bees” is less likely by 25.0 points");
  press (canvas, GDK_KEY_Left);
  press (canvas, GDK_KEY_Left);
  press (canvas, GDK_KEY_Down);
  gtk_test_accessible_assert_property (canvas,
                                       GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                       "Without this part “bees” is more likely by 12.5 points");
  press (canvas, GDK_KEY_Right);
  gtk_test_accessible_assert_property (canvas,
                                       GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                       "Without this part “bees” is as likely");
  press (canvas, GDK_KEY_space);
  g_assert_false (sb_photo_canvas_get_heat_visible (self));
  sb_photo_canvas_set_photo (self, NULL, "Nothing");
  g_assert_false (sb_photo_canvas_has_heat (self));
  g_assert_finalize_object (g_steal_pointer (&canvas));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gtk_init ();
  adw_init ();
  g_test_add_func ("/photos/item", test_item);
  g_test_add_func ("/photos/thumbnail-is-upright", test_thumbnail_is_upright);
  g_test_add_func ("/photos/thumbnails-are-bounded", test_thumbnails_are_bounded);
  g_test_add_func ("/photos/no-photo", test_no_photo);
  g_test_add_func ("/photos/cancelled", test_cancelled);
  g_test_add_func ("/photos/filters", test_filters);
  g_test_add_func ("/photos/orders", test_orders);
  g_test_add_func ("/photos/answers-come-later", test_answers_come_later);
  g_test_add_func ("/photos/thousands", test_thousands);
  g_test_add_func ("/photos/heat", test_heat);
  return g_test_run ();
}
