/* test-photo-pad.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Photos are read by an endpoint on loopback, which knows a photo by its colour.
 */

#include "config.h"

#include <adwaita.h>
#include <glib/gstdio.h>
#include <string.h>

#include "../workshop/photo-run.h"
#include "pages/sb-photo-gallery.h"
#include "pages/sb-photo-pad.h"
#include "pages/sb-photo-reader.h"
#include "pages/sb-photo-table.h"
#include "pages/sb-photo-why.h"
#include "widgets/sb-chart-view.h"
#include "widgets/sb-photo-grid.h"
#include "wire/sb-json.h"
#include "workshop/sb-photo-ask.h"

static void
answer (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  gsize length;
  const void *bytes = g_bytes_get_data (asked->body, &length);
  g_autoptr (SbPhoto) photo = sb_photo_decode (bytes, length, 0, NULL);

  if (photo != NULL)
    photo_answer (message, photo);
  else
    reply (message, 400, "application/json", "{\"Message\": \"this is no photo\"}");
}

static void
write_photo (PhotoRun *self, const char *name, guint8 red, guint8 green, guint8 blue)
{
  g_autoptr (SbPhoto) photo = sb_photo_new (48, 32);
  g_autoptr (GBytes) jpeg = NULL;
  gsize length;
  const void *data;

  for (int i = 0; i < photo->width * photo->height; i++)
    memcpy (photo->pixels + i * 3, (guint8[]){ red, green, blue }, 3);
  jpeg = sb_photo_to_jpeg (photo, NULL);
  data = g_bytes_get_data (jpeg, &length);
  photo_run_write (self, name, data, length);
}

/* Four photos in two folders that are named like classes, of which one is wrong. */
static void
set_up (PhotoRun *self, gconstpointer data)
{
  photo_run_set_up (self, answer);
  write_photo (self, "in/red/1.jpg", 240, 10, 10);
  write_photo (self, "in/red/2.jpg", 200, 40, 40);
  write_photo (self, "in/blue/3.jpg", 10, 10, 240);
  write_photo (self, "in/blue/4.jpg", 240, 200, 10);
  photo_run_write (self, "in/blue/cut.jpg", "\xff\xd8\xff no more", 11);
  photo_run_write (self, "notes.txt", "no photo", 8);
}

static void
tear_down (PhotoRun *self, gconstpointer data)
{
  photo_run_tear_down (self);
}

static void
iterate_until (gboolean (*is_so) (gpointer), gpointer data)
{
  while (!is_so (data))
    g_main_context_iteration (NULL, TRUE);
}

static gboolean
is_idle (gpointer reader)
{
  return !sb_photo_reader_is_busy (reader);
}

static void
add (PhotoRun *self, SbPhotoReader *reader, const char *name)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  const char *const paths[] = { path, NULL };

  sb_photo_reader_add_files (reader, paths);
}

static SbPhotoEntry *
find (GListModel *photos, const char *name)
{
  for (guint i = 0; i < g_list_model_get_n_items (photos); i++)
    {
      g_autoptr (SbPhotoEntry) entry = g_list_model_get_item (photos, i);

      if (strcmp (sb_photo_entry_get_name (entry), name) == 0)
        return entry;
    }
  g_assert_not_reached ();
}

static void
test_folder (PhotoRun *self, gconstpointer data)
{
  SbPhotoReader *reader = sb_photo_reader_new (self->run);
  GListModel *photos = sb_photo_reader_get_photos (reader);
  GListModel *skipped = sb_photo_reader_get_skipped (reader);
  guint n;

  g_assert_false (sb_photo_reader_is_busy (reader));
  add (self, reader, "in");
  add (self, reader, "notes.txt");
  g_assert_true (sb_photo_reader_is_searching (reader));
  iterate_until (is_idle, reader);
  g_assert_cmpuint (g_list_model_get_n_items (photos), ==, 4);
  g_assert_cmpstr (sb_photo_entry_get_label (find (photos, "1.jpg")), ==, "red");
  g_assert_cmpfloat (sb_photo_entry_get_confidence (find (photos, "1.jpg")), >, 0.85);
  g_assert_cmpstr (sb_photo_entry_get_truth (find (photos, "3.jpg")), ==, "blue");
  g_assert_false (sb_photo_entry_is_wrong (find (photos, "3.jpg")));
  g_assert_true (sb_photo_entry_is_wrong (find (photos, "4.jpg")));
  g_assert_cmpfloat (sb_photo_entry_get_milliseconds (find (photos, "4.jpg")), >, 0);
  g_assert_nonnull (sb_photo_entry_get_guesses (find (photos, "4.jpg"), &n));
  g_assert_cmpuint (n, ==, 3);
  g_assert_cmpuint (g_list_model_get_n_items (skipped), ==, 2);
  g_assert_nonnull (sb_photo_entry_get_message (find (skipped, "notes.txt")));
  g_assert_nonnull (sb_photo_entry_get_message (find (skipped, "cut.jpg")));
  /* A second time it is the same photos. */
  add (self, reader, "in/red");
  iterate_until (is_idle, reader);
  g_assert_cmpuint (g_list_model_get_n_items (photos), ==, 4);
  sb_photo_reader_clear (reader);
  g_assert_cmpuint (g_list_model_get_n_items (photos), ==, 0);
  g_assert_cmpuint (g_list_model_get_n_items (skipped), ==, 0);
  g_assert_finalize_object (reader);
}

static void
test_empty_folder (PhotoRun *self, gconstpointer data)
{
  SbPhotoReader *reader = sb_photo_reader_new (self->run);
  GListModel *skipped = sb_photo_reader_get_skipped (reader);

  add (self, reader, "modules");
  iterate_until (is_idle, reader);
  g_assert_cmpuint (g_list_model_get_n_items (skipped), ==, 1);
  g_assert_cmpstr (sb_photo_entry_get_message (find (skipped, "Folder")),
                   ==,
                   "There is no photo in it.");
  g_assert_finalize_object (reader);
}

static void
test_table (PhotoRun *self, gconstpointer data)
{
  SbPhotoReader *reader = sb_photo_reader_new (self->run);
  g_autoptr (JsonObject) matrix = NULL;
  g_autofree char *csv = NULL;
  g_auto (GStrv) lines = NULL;

  g_assert_null (sb_photo_table_make_matrix (sb_photo_reader_get_photos (reader)));
  add (self, reader, "in");
  iterate_until (is_idle, reader);
  matrix = sb_photo_table_make_matrix (sb_photo_reader_get_photos (reader));
  g_assert_cmpstr (sb_json_get_string (matrix, "rows.0", ""), ==, "blue");
  g_assert_cmpstr (sb_json_get_string (matrix, "rows.1", ""), ==, "red");
  g_assert_cmpint (sb_json_get_int (matrix, "values.0.0", -1), ==, 1);
  g_assert_cmpint (sb_json_get_int (matrix, "values.0.1", -1), ==, 1);
  g_assert_cmpint (sb_json_get_int (matrix, "values.1.0", -1), ==, 0);
  g_assert_cmpint (sb_json_get_int (matrix, "values.1.1", -1), ==, 2);
  g_assert_cmpstr (sb_json_get_string (matrix, "summary", ""),
                   ==,
                   "3 of 4 photos in folders named like classes are right, 75.0 %");
  csv = sb_photo_table_to_csv (sb_photo_reader_get_photos (reader),
                               sb_photo_reader_get_skipped (reader));
  lines = g_strsplit (g_strchomp (csv), "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 6);
  g_assert_true (g_str_has_prefix (lines[0], "photo,truth,right,label,probability,label_2,"));
  g_assert_nonnull (strstr (csv, "/in/blue/4.jpg,blue,no,red,0.5"));
  g_assert_nonnull (strstr (csv, "/in/red/1.jpg,red,yes,red,0.9"));
  g_assert_nonnull (strstr (lines[5], "/in/blue/cut.jpg,blue,,,"));
  g_assert_finalize_object (reader);
}

static gboolean
has_some (gpointer reader)
{
  return sb_photo_reader_get_done (reader) > 0;
}

static void
test_stop (PhotoRun *self, gconstpointer data)
{
  SbPhotoReader *reader = sb_photo_reader_new (self->run);

  for (guint i = 0; i < 60; i++)
    {
      g_autofree char *name = g_strdup_printf ("many/%u.jpg", i);

      write_photo (self, name, 10, 200, (guint8) i);
    }
  add (self, reader, "many");
  iterate_until (has_some, reader);
  sb_photo_reader_stop (reader);
  iterate_until (is_idle, reader);
  g_assert_cmpuint (sb_photo_reader_count_unread (reader), >, 0);
  g_assert_cmpuint (sb_photo_reader_count_unread (reader), <, 60);
  sb_photo_reader_read_rest (reader);
  g_assert_true (sb_photo_reader_is_busy (reader));
  iterate_until (is_idle, reader);
  g_assert_cmpuint (sb_photo_reader_count_unread (reader), ==, 0);
  /* In the middle of it. */
  sb_photo_reader_clear (reader);
  add (self, reader, "many");
  iterate_until (has_some, reader);
  sb_photo_reader_clear (reader);
  add (self, reader, "in/red");
  iterate_until (is_idle, reader);
  g_assert_cmpuint (g_list_model_get_n_items (sb_photo_reader_get_photos (reader)), ==, 2);
  g_assert_cmpuint (sb_photo_reader_count_unread (reader), ==, 0);
  /* What was cancelled still holds it for a moment. */
  g_object_unref (reader);
}

/* An endpoint that is gone says nothing about the photos: they stay, and can be read later. */
static void
test_no_endpoint (PhotoRun *self, gconstpointer data)
{
  SbPhotoReader *reader = sb_photo_reader_new (self->run);
  SbPhotoEntry *entry;

  g_clear_pointer (&self->server, loopback_free);
  add (self, reader, "in/red");
  iterate_until (is_idle, reader);
  entry = find (sb_photo_reader_get_photos (reader), "1.jpg");
  g_assert_cmpint (sb_photo_entry_get_state (entry), ==, SB_PHOTO_FAILED);
  g_assert_nonnull (sb_photo_entry_get_message (entry));
  g_assert_cmpuint (sb_photo_reader_count_unread (reader), ==, 2);
  g_assert_cmpuint (g_list_model_get_n_items (sb_photo_reader_get_skipped (reader)), ==, 0);
  g_assert_finalize_object (reader);
}

static GtkWidget *
find_label (GtkWidget *widget, const char *text)
{
  if (GTK_IS_LABEL (widget) && strstr (gtk_label_get_label (GTK_LABEL (widget)), text) != NULL &&
      gtk_widget_get_mapped (widget))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_label (child, text);

      if (found != NULL)
        return found;
    }
  return NULL;
}

static GtkWidget *
find_widget (GtkWidget *widget, GType type)
{
  if (G_TYPE_CHECK_INSTANCE_TYPE (widget, type))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_widget (child, type);

      if (found != NULL)
        return found;
    }
  return NULL;
}

typedef struct
{
  GtkWidget *widget;
  const char *text;
} Label;

static gboolean
is_shown (gpointer data)
{
  const Label *label = data;

  return find_label (label->widget, label->text) != NULL;
}

static void
wait_for_label (GtkWidget *widget, const char *text)
{
  Label label = { widget, text };

  iterate_until (is_shown, &label);
}

static gboolean
has_heat (gpointer canvas)
{
  return sb_photo_canvas_has_heat (canvas);
}

static void
copy_folder (PhotoRun *self)
{
  g_autoptr (GFile) file = g_file_new_build_filename (self->folder, "in", NULL);
  g_autoptr (GSList) files = g_slist_append (NULL, file);
  GdkFileList *list = gdk_file_list_new_from_list (files);

  gdk_clipboard_set (gdk_display_get_clipboard (gdk_display_get_default ()),
                     GDK_TYPE_FILE_LIST,
                     list);
  g_boxed_free (GDK_TYPE_FILE_LIST, list);
}

static void
copy_picture (void)
{
  static const guint8 pixel[] = { 20, 20, 250 };
  g_autoptr (GBytes) bytes = g_bytes_new_static (pixel, sizeof pixel);
  g_autoptr (GdkTexture) texture =
      gdk_memory_texture_new (1, 1, GDK_MEMORY_R8G8B8, bytes, sizeof pixel);

  gdk_clipboard_set_texture (gdk_display_get_clipboard (gdk_display_get_default ()), texture);
}

static void
test_pad (PhotoRun *self, gconstpointer data)
{
  GtkWidget *window = gtk_window_new ();
  GtkWidget *pad = sb_photo_pad_new (self->run);
  GtkWidget *grid = find_widget (pad, SB_TYPE_PHOTO_GRID);

  gtk_window_set_default_size (GTK_WINDOW (window), 800, 700);
  gtk_window_set_child (GTK_WINDOW (window), pad);
  gtk_window_present (GTK_WINDOW (window));
  wait_for_label (pad, "Drop Photos Here");
  copy_folder (self);
  gtk_widget_activate_action (pad, "photos.paste", NULL);
  wait_for_label (pad, "3 of 4 photos in folders named like classes are right");
  wait_for_label (pad, "1 file was skipped");
  wait_for_label (pad, "4 photos");
  sb_photo_grid_set_only_wrong (SB_PHOTO_GRID (grid), TRUE);
  wait_for_label (pad, "1 of 4 photos");
  wait_for_label (pad, "4.jpg · wrong: its folder says blue");
  gtk_widget_activate_action (find_widget (pad, SB_TYPE_PHOTO_WHY), "why.ask", NULL);
  iterate_until (has_heat, find_widget (pad, SB_TYPE_PHOTO_CANVAS));
  wait_for_label (pad, "speaks for “red”");
  sb_photo_grid_set_only_wrong (SB_PHOTO_GRID (grid), FALSE);
  copy_picture ();
  gtk_widget_activate_action (pad, "photos.paste", NULL);
  wait_for_label (pad, "5 photos");
  gtk_widget_activate_action (pad, "photos.clear", NULL);
  wait_for_label (pad, "Drop Photos Here");
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
test_gallery (PhotoRun *self, gconstpointer data)
{
  g_autoptr (JsonObject) result = sb_json_parse_object (
      "{\"mistakes\": {\"paths\": [\"/nowhere/a.jpg\", \"/nowhere/b.jpg\"],"
      " \"truth\": [\"ants\", \"bees\"], \"said\": [\"bees\", \"ants\"],"
      " \"probability\": [0.9, 0.6]}, \"charts\": [{\"rows\": [\"ants\", \"bees\"]}]}",
      -1,
      NULL);
  GtkWidget *matrix = g_object_ref_sink (sb_chart_view_new ());
  GtkWidget *gallery = g_object_ref_sink (sb_photo_gallery_new (result, "mistakes", matrix));
  SbPhotoGrid *grid = SB_PHOTO_GRID (find_widget (gallery, SB_TYPE_PHOTO_GRID));
  GListModel *shown = sb_photo_grid_get_shown (grid);

  g_assert_cmpuint (g_list_model_get_n_items (shown), ==, 2);
  g_assert_true (sb_photo_entry_is_wrong (find (shown, "a.jpg")));
  g_assert_cmpfloat (sb_photo_entry_get_confidence (find (shown, "b.jpg")), ==, 0.6);
  /* Bees that were taken for ants; what is right has no photos here. */
  g_signal_emit_by_name (matrix, "point-activated", 0, 2);
  g_assert_cmpuint (g_list_model_get_n_items (shown), ==, 1);
  g_assert_cmpstr (sb_photo_entry_get_name (find (shown, "b.jpg")), ==, "b.jpg");
  g_signal_emit_by_name (matrix, "point-activated", 0, 3);
  g_assert_cmpuint (g_list_model_get_n_items (shown), ==, 1);
  g_assert_finalize_object (gallery);
  g_assert_finalize_object (matrix);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gtk_init ();
  adw_init ();
#define ADD(path, func) g_test_add (path, PhotoRun, NULL, set_up, func, tear_down)
  ADD ("/photo-pad/folder", test_folder);
  ADD ("/photo-pad/empty-folder", test_empty_folder);
  ADD ("/photo-pad/table", test_table);
  ADD ("/photo-pad/stop", test_stop);
  ADD ("/photo-pad/no-endpoint", test_no_endpoint);
  ADD ("/photo-pad/pad", test_pad);
  ADD ("/photo-pad/gallery", test_gallery);
  return g_test_run ();
}
