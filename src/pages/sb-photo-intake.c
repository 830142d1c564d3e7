/* sb-photo-intake.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-photo-intake.h"

#include <glib/gi18n.h>

static void
add_file (SbPhotoReader *reader, GPtrArray *paths, GFile *file)
{
  g_autofree char *name = NULL;

  if (g_file_peek_path (file) != NULL)
    {
      g_ptr_array_add (paths, g_file_get_path (file));
      return;
    }
  name = g_file_get_parse_name (file);
  sb_photo_reader_skip (reader, name, _ ("It is not on this computer. Save it first."));
}

static void
end_files (SbPhotoReader *reader, GPtrArray *paths)
{
  g_ptr_array_add (paths, NULL);
  sb_photo_reader_add_files (reader, (const char *const *) paths->pdata);
}

static void
take_files (SbPhotoReader *reader, const GValue *value)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GSList) files = gdk_file_list_get_files (g_value_get_boxed (value));

  for (GSList *link = files; link != NULL; link = link->next)
    add_file (reader, paths, link->data);
  end_files (reader, paths);
}

static void
encode_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (task,
                         gdk_texture_save_to_png_bytes (data),
                         (GDestroyNotify) g_bytes_unref);
}

static void
on_encoded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GBytes) png = g_task_propagate_pointer (G_TASK (result), NULL);
  static guint number;
  g_autofree char *name = g_strdup_printf (_ ("Picture %u"), ++number);

  sb_photo_reader_add_bytes (SB_PHOTO_READER (source), png, name);
}

/* The endpoint wants a file, so that the pixels become one. */
static void
take_texture (SbPhotoReader *reader, GdkTexture *texture)
{
  g_autoptr (GTask) task = g_task_new (reader, NULL, on_encoded, NULL);

  g_task_set_source_tag (task, take_texture);
  g_task_set_task_data (task, g_object_ref (texture), g_object_unref);
  g_task_run_in_thread (task, encode_in_thread);
}

static gboolean
take_value (SbPhotoReader *reader, const GValue *value)
{
  if (G_VALUE_HOLDS (value, GDK_TYPE_FILE_LIST))
    take_files (reader, value);
  else if (G_VALUE_HOLDS (value, GDK_TYPE_TEXTURE))
    take_texture (reader, g_value_get_object (value));
  else
    return FALSE;
  return TRUE;
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, SbPhotoReader *reader)
{
  return take_value (reader, value);
}

/**
 * sb_photo_intake_accept_drops:
 * @widget: where photos may be dropped
 * @reader: gets them
 */
void
sb_photo_intake_accept_drops (GtkWidget *widget, SbPhotoReader *reader)
{
  GType types[] = { GDK_TYPE_FILE_LIST, GDK_TYPE_TEXTURE };
  GtkDropTarget *target = gtk_drop_target_new (G_TYPE_INVALID, GDK_ACTION_COPY);

  gtk_drop_target_set_gtypes (target, types, G_N_ELEMENTS (types));
  g_signal_connect_object (target, "drop", G_CALLBACK (on_drop), reader, 0);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (target));
}

static void
on_pasted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SbPhotoReader) reader = user_data;
  g_autoptr (GError) error = NULL;
  const GValue *value = gdk_clipboard_read_value_finish (GDK_CLIPBOARD (source), result, &error);

  if (value == NULL || !take_value (reader, value))
    sb_photo_reader_skip (reader,
                          _ ("Clipboard"),
                          error != NULL ? error->message : _ ("There is no picture in it."));
}

/**
 * sb_photo_intake_paste:
 * @widget: where it is pasted
 * @reader: gets the clipboard's files or picture
 */
void
sb_photo_intake_paste (GtkWidget *widget, SbPhotoReader *reader)
{
  GdkClipboard *clipboard = gtk_widget_get_clipboard (widget);
  g_autoptr (GdkContentFormats) formats = gdk_content_formats_union_deserialize_gtypes (
      gdk_content_formats_ref (gdk_clipboard_get_formats (clipboard)));
  GType type = gdk_content_formats_contain_gtype (formats, GDK_TYPE_FILE_LIST) ? GDK_TYPE_FILE_LIST
                                                                               : GDK_TYPE_TEXTURE;

  if (!gdk_content_formats_contain_gtype (formats, type))
    sb_photo_reader_skip (reader,
                          _ ("Clipboard"),
                          _ ("There is no picture in it. Copy a picture or files, then paste."));
  else
    gdk_clipboard_read_value_async (
        clipboard, type, G_PRIORITY_DEFAULT, NULL, on_pasted, g_object_ref (reader));
}

static void
on_response (GtkNativeDialog *dialog, int response, SbPhotoReader *reader)
{
  g_autoptr (GListModel) files = NULL;
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  if (response == GTK_RESPONSE_ACCEPT)
    files = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog));
  g_object_unref (dialog);
  for (guint i = 0; files != NULL && i < g_list_model_get_n_items (files); i++)
    {
      g_autoptr (GFile) file = g_list_model_get_item (files, i);

      add_file (reader, paths, file);
    }
  end_files (reader, paths);
}

static GtkFileChooserNative *
choose (GtkWidget *widget, SbPhotoReader *reader, const char *title, GtkFileChooserAction action)
{
  GtkRoot *root = gtk_widget_get_root (widget);
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (
      title, GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL, action, NULL, NULL);

  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (dialog), TRUE);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_response), reader, 0);
  return dialog;
}

/**
 * sb_photo_intake_open:
 * @widget: a widget of the window that asks
 * @reader: gets the files that the person chooses
 */
void
sb_photo_intake_open (GtkWidget *widget, SbPhotoReader *reader)
{
  GtkFileChooserNative *dialog =
      choose (widget, reader, _ ("Open Photos"), GTK_FILE_CHOOSER_ACTION_OPEN);
  g_autoptr (GtkFileFilter) photos = gtk_file_filter_new ();
  g_autoptr (GtkFileFilter) all = gtk_file_filter_new ();

  gtk_file_filter_set_name (photos, _ ("Photos"));
  gtk_file_filter_add_mime_type (photos, "image/*");
  gtk_file_filter_set_name (all, _ ("All files"));
  gtk_file_filter_add_pattern (all, "*");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), photos);
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), all);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/**
 * sb_photo_intake_open_folder:
 * @widget: a widget of the window that asks
 * @reader: gets the folders that the person chooses
 */
void
sb_photo_intake_open_folder (GtkWidget *widget, SbPhotoReader *reader)
{
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (choose (
      widget, reader, _ ("Open a Folder of Photos"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER)));
}
