/* sb-photo-cell.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "widgets/sb-photo-cell.h"

#include <glib/gi18n.h>

#include "widgets/sb-accessible.h"

/* Width and height of the picture, in pixels of the application; as in the .ui file. */
#define SIDE 112

/**
 * SbPhotoCell:
 *
 * One photo of a grid: a thumbnail, what it is held for, and a mark when that is wrong. Asks for
 * its thumbnail when it gets a photo, and takes the question back when it gets another.
 */
struct _SbPhotoCell
{
  AdwBin parent_instance;

  SbThumbnailer *thumbnailer;
  SbPhotoEntry *item;
  gulong changed;
  GCancellable *cancellable;
  GtkImage *picture;
  GtkWidget *missing;
  GtkWidget *mark;
  GtkLabel *label;
  GtkLabel *confidence;
  GtkLabel *note;
};

G_DEFINE_FINAL_TYPE (SbPhotoCell, sb_photo_cell, ADW_TYPE_BIN)

static void
show_words (SbPhotoCell *self)
{
  SbPhotoState state = sb_photo_entry_get_state (self->item);
  gboolean wrong = sb_photo_entry_is_wrong (self->item);
  const char *class = sb_photo_entry_get_class (self->item);
  double confidence = sb_photo_entry_get_confidence (self->item);
  g_autofree char *percent = NULL;
  g_autofree char *note = NULL;

  if (state == SB_PHOTO_FAILED)
    class = _ ("No answer");
  else if (state == SB_PHOTO_WAITING)
    class = _ ("Waiting…");
  percent = confidence >= 0 ? g_strdup_printf (_ ("%.0f %%"), 100 * confidence) : NULL;
  /* translators: below a photo that was taken for something else */
  note = wrong ? g_strdup_printf (_ ("is %s"), sb_photo_entry_get_truth (self->item))
               : g_strdup (sb_photo_entry_get_name (self->item));
  gtk_label_set_label (self->label, class != NULL ? class : "");
  gtk_label_set_label (self->confidence, percent != NULL ? percent : "");
  gtk_label_set_label (self->note, note);
  gtk_widget_set_visible (self->mark, wrong);
  gtk_widget_set_css_classes (GTK_WIDGET (self->note),
                              (const char *[]){ "caption", wrong ? "error" : "dim-label", NULL });
}

/* The list's own widget around this one is what has the focus, and what a screen reader reads. */
static void
describe (SbPhotoCell *self)
{
  GtkWidget *parent = gtk_widget_get_parent (GTK_WIDGET (self));
  g_autofree char *text = sb_photo_entry_describe (self->item);

  gtk_widget_set_tooltip_text (GTK_WIDGET (self), text);
  if (parent != NULL)
    sb_accessible_set_name (parent, text);
}

static void
on_changed (SbPhotoEntry *item, SbPhotoCell *self)
{
  show_words (self);
  describe (self);
}

static void
show_picture (SbPhotoCell *self, GdkTexture *texture)
{
  gtk_image_set_from_paintable (self->picture, GDK_PAINTABLE (texture));
  gtk_widget_set_visible (self->missing, FALSE);
}

static void
on_thumbnail (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SbPhotoCell) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkTexture) texture =
      sb_thumbnailer_load_finish (SB_THUMBNAILER (source), result, &error);

  /* A cell that shows another photo by now has cancelled this. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (texture != NULL)
    show_picture (self, texture);
  else
    gtk_widget_set_visible (self->missing, TRUE);
}

static void
load (SbPhotoCell *self)
{
  guint side = SIDE * (guint) gtk_widget_get_scale_factor (GTK_WIDGET (self));
  GdkTexture *known =
      sb_thumbnailer_lookup (self->thumbnailer, self->item, SB_THUMBNAIL_SQUARE, side);

  if (known != NULL)
    {
      show_picture (self, known);
      return;
    }
  self->cancellable = g_cancellable_new ();
  sb_thumbnailer_load_async (self->thumbnailer,
                             self->item,
                             SB_THUMBNAIL_SQUARE,
                             side,
                             GTK_WIDGET (self),
                             self->cancellable,
                             on_thumbnail,
                             g_object_ref (self));
}

static void
clear (SbPhotoCell *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_signal_handler (&self->changed, self->item);
  g_clear_object (&self->item);
}

/**
 * sb_photo_cell_set_item:
 * @self: a cell
 * @item: (nullable): what it shows
 */
void
sb_photo_cell_set_item (SbPhotoCell *self, SbPhotoEntry *item)
{
  if (self->item == item)
    return;
  clear (self);
  gtk_image_clear (self->picture);
  gtk_widget_set_visible (self->missing, FALSE);
  if (item == NULL)
    return;
  self->item = g_object_ref (item);
  self->changed = g_signal_connect (item, "changed", G_CALLBACK (on_changed), self);
  on_changed (item, self);
  load (self);
}

static void
sb_photo_cell_dispose (GObject *object)
{
  SbPhotoCell *self = SB_PHOTO_CELL (object);

  clear (self);
  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_PHOTO_CELL);
  g_clear_object (&self->thumbnailer);
  G_OBJECT_CLASS (sb_photo_cell_parent_class)->dispose (object);
}

static void
sb_photo_cell_class_init (SbPhotoCellClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_photo_cell_dispose;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-photo-cell.ui");
  gtk_widget_class_bind_template_child (widget_class, SbPhotoCell, picture);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoCell, missing);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoCell, mark);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoCell, label);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoCell, confidence);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoCell, note);
}

static void
sb_photo_cell_init (SbPhotoCell *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * sb_photo_cell_new:
 * @thumbnailer: makes its thumbnails
 *
 * Returns: an empty cell
 */
GtkWidget *
sb_photo_cell_new (SbThumbnailer *thumbnailer)
{
  SbPhotoCell *self = g_object_new (SB_TYPE_PHOTO_CELL, NULL);

  self->thumbnailer = g_object_ref (thumbnailer);
  return GTK_WIDGET (self);
}
