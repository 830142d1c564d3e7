/* sb-preview-window.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-preview-window.h"

#include <glib/gi18n.h>
#include <string.h>

#include "formats/sb-photo.h"
#include "pages/sb-subwindow.h"
#include "workshop/sb-storage.h"

/* So much of a text is shown. */
#define MAX_TEXT (64 * 1024)

/* Pictures that are larger have to be downloaded. */
#define MAX_PICTURE (32 * 1024 * 1024)

/* Of a picture, pixels on its shorter side. */
#define PICTURE_SIDE 900

/**
 * SbPreviewWindow:
 *
 * A look into a file in S3: a picture, or the beginning of a text.
 */
struct _SbPreviewWindow
{
  AdwWindow parent_instance;

  GCancellable *cancellable;
  GtkStack *stack;
  GtkTextView *text;
  GtkLabel *cut;
  GtkPicture *picture;
  AdwStatusPage *none;
};

G_DEFINE_FINAL_TYPE (SbPreviewWindow, sb_preview_window, ADW_TYPE_WINDOW)

typedef struct
{
  SbClient *client;
  char *bucket;
  char *key;
  guint64 size;
} Place;

static void
place_free (gpointer data)
{
  Place *self = data;

  g_object_unref (self->client);
  g_free (self->bucket);
  g_free (self->key);
  g_free (self);
}

/**
 * Look:
 * @photo: (nullable): a picture
 * @text: (nullable): else the beginning of a text; what is neither has neither
 */
typedef struct
{
  SbPhoto *photo;
  char *text;
} Look;

static void
look_free (gpointer data)
{
  Look *self = data;

  g_clear_pointer (&self->photo, sb_photo_free);
  g_free (self->text);
  g_free (self);
}

static GBytes *
read_place (const Place *place, guint64 length, GCancellable *cancellable, GError **error)
{
  /* Of nothing there is no range. */
  if (place->size == 0)
    return g_bytes_new (NULL, 0);
  return sb_storage_read (place->client, place->bucket, place->key, length, cancellable, error);
}

/* A character may have been cut in two at the end. */
static char *
take_text (GBytes *bytes)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);
  const char *end = data;

  if (length == 0)
    return g_strdup ("");
  if (memchr (data, '\0', length) != NULL)
    return NULL;
  if (!g_utf8_validate (data, (gssize) length, &end) && length - (gsize) (end - data) > 3)
    return NULL;
  return g_strndup (data, (gsize) (end - data));
}

static gboolean
look_into (Look *look, const Place *place, GCancellable *cancellable, GError **error)
{
  gboolean may_be_picture = sb_photo_is_named_like_one (place->key) && place->size <= MAX_PICTURE;
  g_autoptr (GBytes) bytes =
      read_place (place, may_be_picture ? MAX_PICTURE : MAX_TEXT, cancellable, error);
  gsize length;
  const void *data;

  if (bytes == NULL)
    return FALSE;
  data = g_bytes_get_data (bytes, &length);
  if (may_be_picture && length > 0)
    look->photo = sb_photo_decode (data, length, PICTURE_SIDE, NULL);
  if (look->photo == NULL && length <= MAX_TEXT)
    look->text = take_text (bytes);
  return TRUE;
}

static void
look_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Look *look = g_new0 (Look, 1);
  g_autoptr (GError) error = NULL;

  if (look_into (look, data, cancellable, &error))
    g_task_return_pointer (task, look, look_free);
  else
    {
      look_free (look);
      g_task_return_error (task, g_steal_pointer (&error));
    }
}

static void
show_picture (SbPreviewWindow *self, const SbPhoto *photo)
{
  g_autoptr (GdkTexture) texture = gdk_texture_new_for_pixbuf (sb_photo_get_pixbuf (photo));

  gtk_picture_set_paintable (self->picture, GDK_PAINTABLE (texture));
  gtk_stack_set_visible_child_name (self->stack, "picture");
}

static void
show_text (SbPreviewWindow *self, const char *text, gboolean whole)
{
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->text), text, -1);
  gtk_widget_set_visible (GTK_WIDGET (self->cut), !whole);
  gtk_stack_set_visible_child_name (self->stack, "text");
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer data)
{
  SbPreviewWindow *self = SB_PREVIEW_WINDOW (source);
  const Place *place = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  Look *look = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (error != NULL)
    adw_status_page_set_description (self->none, error->message);
  if (look == NULL || (look->photo == NULL && look->text == NULL))
    gtk_stack_set_visible_child_name (self->stack, "none");
  else if (look->photo != NULL)
    show_picture (self, look->photo);
  else
    show_text (self, look->text, place->size <= MAX_TEXT);
  g_clear_pointer (&look, look_free);
}

static void
sb_preview_window_dispose (GObject *object)
{
  SbPreviewWindow *self = SB_PREVIEW_WINDOW (object);

  g_cancellable_cancel (self->cancellable);
  G_OBJECT_CLASS (sb_preview_window_parent_class)->dispose (object);
}

static void
sb_preview_window_finalize (GObject *object)
{
  g_object_unref (SB_PREVIEW_WINDOW (object)->cancellable);
  G_OBJECT_CLASS (sb_preview_window_parent_class)->finalize (object);
}

static void
sb_preview_window_class_init (SbPreviewWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_preview_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_preview_window_finalize;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-preview-window.ui");
  gtk_widget_class_bind_template_child (widget_class, SbPreviewWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, SbPreviewWindow, text);
  gtk_widget_class_bind_template_child (widget_class, SbPreviewWindow, cut);
  gtk_widget_class_bind_template_child (widget_class, SbPreviewWindow, picture);
  gtk_widget_class_bind_template_child (widget_class, SbPreviewWindow, none);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
sb_preview_window_init (SbPreviewWindow *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * sb_preview_window_show:
 * @parent: a widget of the window that it belongs to
 * @client: makes the calls
 * @bucket: a bucket
 * @key: a file in it
 * @size: its bytes
 *
 * Opens a window with what is in the file.
 */
void
sb_preview_window_show (GtkWidget *parent,
                        SbClient *client,
                        const char *bucket,
                        const char *key,
                        guint64 size)
{
  SbPreviewWindow *self = g_object_new (SB_TYPE_PREVIEW_WINDOW, NULL);
  g_autofree char *name = g_path_get_basename (key);
  g_autoptr (GTask) task = g_task_new (self, self->cancellable, on_looked, NULL);
  Place *place = g_new0 (Place, 1);

  place->client = g_object_ref (client);
  place->bucket = g_strdup (bucket);
  place->key = g_strdup (key);
  place->size = size;
  g_task_set_source_tag (task, sb_preview_window_show);
  g_task_set_task_data (task, place, place_free);
  gtk_window_set_title (GTK_WINDOW (self), name);
  gtk_picture_set_alternative_text (self->picture, name);
  sb_subwindow_present (GTK_WINDOW (self), parent);
  g_task_run_in_thread (task, look_in_thread);
}
