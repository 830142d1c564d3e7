/* sb-photo-why.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-photo-why.h"

#include <glib/gi18n.h>

#include "workshop/sb-classify.h"

/**
 * SbPhotoWhy:
 *
 * Asks a run's endpoint what a photo is without one part of it after the other, and lays what that
 * changes over the photo.
 */
struct _SbPhotoWhy
{
  AdwBin parent_instance;

  SbRun *run;
  SbPhotoCanvas *canvas;
  SbPhotoEntry *item; /* (nullable) */
  GCancellable *cancellable;
  GtkStack *stack;
  GtkLabel *problem;
  GtkProgressBar *progress;
  GtkToggleButton *shown;
  GtkLabel *legend;
};

G_DEFINE_FINAL_TYPE (SbPhotoWhy, sb_photo_why, ADW_TYPE_BIN)

/* One question: about a photo that may no longer be the one that is looked at. */
typedef struct
{
  SbPhotoWhy *self;
  GCancellable *cancellable;
} Question;

static void
question_free (Question *question)
{
  g_object_unref (question->self);
  g_object_unref (question->cancellable);
  g_free (question);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Question, question_free)

static void
show_page (SbPhotoWhy *self, const char *name, const char *problem)
{
  gtk_stack_set_visible_child_name (self->stack, name);
  gtk_label_set_label (self->problem, problem != NULL ? problem : "");
  gtk_widget_set_visible (GTK_WIDGET (self->problem), problem != NULL);
}

static void
stop (SbPhotoWhy *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  show_page (self, "ask", NULL);
}

static void
show_map (SbPhotoWhy *self, const SbOcclusionMap *map)
{
  const char *label = sb_photo_entry_get_label (self->item);
  g_autofree char *text = g_markup_printf_escaped (
      /* translators: the label of a photo */
      _ ("<span foreground=\"#ff8c00\">●</span> speaks for “%s”  "
         "<span foreground=\"#3c96ff\">●</span> speaks against it. Arrow keys or the pointer read "
         "each part."),
      label);

  gtk_label_set_markup (self->legend, text);
  sb_photo_canvas_set_heat_visible (self->canvas, TRUE);
  sb_photo_canvas_set_heat (self->canvas, map->drops, map->rows, map->columns, label);
  show_page (self, "map", NULL);
}

static void
on_explained (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  SbPhotoWhy *self = question->self;
  g_autoptr (GError) error = NULL;
  g_autoptr (SbOcclusionMap) map = sb_run_explain_photo_finish (SB_RUN (source), result, &error);

  if (self->cancellable != question->cancellable)
    return;
  g_clear_object (&self->cancellable);
  if (map == NULL)
    show_page (self, "ask", error->message);
  else if (sb_photo_entry_get_label (self->item) != NULL)
    show_map (self, map);
  else
    show_page (self, "ask", NULL);
}

static void
on_progress (guint done, guint total, gpointer user_data)
{
  Question *question = user_data;

  if (question->self->cancellable == question->cancellable && total > 0)
    gtk_progress_bar_set_fraction (question->self->progress, (double) done / total);
}

static void
explain (Question *question, GBytes *bytes)
{
  sb_run_explain_photo_async (question->self->run,
                              bytes,
                              SB_OCCLUSION_CELLS,
                              on_progress,
                              question,
                              question->cancellable,
                              on_explained,
                              question);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  SbPhotoWhy *self = question->self;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_file_load_bytes_finish (G_FILE (source), result, NULL, &error);

  if (self->cancellable != question->cancellable)
    return;
  if (bytes != NULL)
    explain (g_steal_pointer (&question), bytes);
  else
    {
      g_clear_object (&self->cancellable);
      show_page (self, "ask", error->message);
    }
}

static void
ask (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SbPhotoWhy *self = SB_PHOTO_WHY (widget);
  Question *question;

  if (self->item == NULL || sb_photo_entry_get_label (self->item) == NULL)
    return;
  stop (self);
  self->cancellable = g_cancellable_new ();
  question = g_new0 (Question, 1);
  question->self = g_object_ref (self);
  question->cancellable = g_object_ref (self->cancellable);
  gtk_progress_bar_set_fraction (self->progress, 0);
  show_page (self, "asking", NULL);
  if (sb_photo_entry_get_bytes (self->item) != NULL)
    explain (question, sb_photo_entry_get_bytes (self->item));
  else
    g_file_load_bytes_async (sb_photo_entry_get_file (self->item),
                             question->cancellable,
                             on_loaded,
                             question);
}

static void
stop_action (GtkWidget *widget, const char *action, GVariant *parameter)
{
  stop (SB_PHOTO_WHY (widget));
}

/**
 * sb_photo_why_set_item:
 * @self: the button and what comes of it
 * @item: (nullable): the photo on the canvas
 *
 * To be called again when the photo has got another label.
 */
void
sb_photo_why_set_item (SbPhotoWhy *self, SbPhotoEntry *item)
{
  gboolean read = item != NULL && sb_photo_entry_get_label (item) != NULL;

  g_set_object (&self->item, item);
  stop (self);
  gtk_widget_set_visible (GTK_WIDGET (self), read);
}

static void
sb_photo_why_dispose (GObject *object)
{
  SbPhotoWhy *self = SB_PHOTO_WHY (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_PHOTO_WHY);
  g_clear_object (&self->item);
  g_clear_object (&self->canvas);
  g_clear_object (&self->run);
  G_OBJECT_CLASS (sb_photo_why_parent_class)->dispose (object);
}

static void
sb_photo_why_class_init (SbPhotoWhyClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_photo_why_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/sagebrush/Sagebrush/ui/sb-photo-why.ui");
  gtk_widget_class_bind_template_child (widget_class, SbPhotoWhy, stack);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoWhy, problem);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoWhy, progress);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoWhy, shown);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoWhy, legend);
  gtk_widget_class_install_action (widget_class, "why.ask", NULL, ask);
  gtk_widget_class_install_action (widget_class, "why.stop", NULL, stop_action);
}

static void
sb_photo_why_init (SbPhotoWhy *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}

/**
 * sb_photo_why_set_up:
 * @self: just made
 * @run: a run whose endpoint is in service
 * @canvas: shows the photo, and will show the map
 */
void
sb_photo_why_set_up (SbPhotoWhy *self, SbRun *run, SbPhotoCanvas *canvas)
{
  g_set_object (&self->run, run);
  g_set_object (&self->canvas, canvas);
  g_object_bind_property (canvas,
                          "heat-visible",
                          self->shown,
                          "active",
                          G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL);
}
