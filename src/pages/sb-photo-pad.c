/* sb-photo-pad.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-photo-pad.h"

#include <glib/gi18n.h>
#include <string.h>

#include "pages/sb-photo-intake.h"
#include "pages/sb-photo-reader.h"
#include "pages/sb-photo-table.h"
#include "pages/sb-photo-why.h"
#include "widgets/sb-chart-view.h"
#include "widgets/sb-guess-bars.h"
#include "widgets/sb-photo-grid.h"
#include "widgets/sb-scroll.h"
#include "wire/sb-json.h"

/* Longer side of the photo that is looked at, in pixels. */
#define PHOTO_SIDE 1024
/* Answers come by the hundred in a second; the matrix follows them that often. */
#define REFRESH_MS 300

/**
 * SbPhotoPad:
 *
 * Photos in, labels out: drop, paste or open some, and the run's endpoint says what each is, how
 * sure it is and why.
 */
struct _SbPhotoPad
{
  AdwBin parent_instance;

  SbPhotoReader *reader;
  SbPhotoEntry *item; /* (nullable): the one that is looked at */
  gulong changed;
  GCancellable *cancellable;
  guint refresh;
  SbPhotoGrid *grid;
  char **names; /* of the matrix's rows and columns */

  GtkStack *stack;
  GtkWidget *progress_row;
  GtkLabel *progress_text;
  GtkProgressBar *progress;
  GtkWidget *rest_row;
  GtkLabel *rest_text;
  GtkExpander *skipped;
  GtkWidget *skipped_scroller;
  GtkListView *skipped_view;
  SbPhotoCanvas *canvas;
  GtkLabel *answer;
  GtkLabel *about;
  SbGuessBars *bars;
  SbPhotoWhy *why;
  AdwBin *grid_bin;
  GtkWidget *matrix_box;
  GtkLabel *matrix_text;
  SbChartView *matrix;
};

G_DEFINE_FINAL_TYPE (SbPhotoPad, sb_photo_pad, ADW_TYPE_BIN)

static char *
make_answer (SbPhotoEntry *item)
{
  const char *label = sb_photo_entry_get_label (item);

  if (label != NULL)
    return g_strdup_printf (_ ("%s (%.1f %%)"), label, 100 * sb_photo_entry_get_confidence (item));
  if (sb_photo_entry_get_state (item) == SB_PHOTO_FAILED)
    return g_strdup (_ ("No answer"));
  if (sb_photo_entry_get_state (item) == SB_PHOTO_WAITING)
    return g_strdup (_ ("Waiting…"));
  return g_strdup (_ ("Not read yet"));
}

static char *
make_about (SbPhotoEntry *item)
{
  const char *name = sb_photo_entry_get_name (item);
  const char *truth = sb_photo_entry_get_truth (item);
  double milliseconds = sb_photo_entry_get_milliseconds (item);

  if (sb_photo_entry_get_state (item) == SB_PHOTO_FAILED)
    return g_strdup_printf (_ ("%s: %s"), name, sb_photo_entry_get_message (item));
  if (sb_photo_entry_get_label (item) == NULL)
    return g_strdup (name);
  if (sb_photo_entry_is_wrong (item))
    return g_strdup_printf (_ ("%s · wrong: its folder says %s · %.1f ms"),
                            name,
                            truth,
                            milliseconds);
  if (truth != NULL)
    return g_strdup_printf (_ ("%s · right · %.1f ms"), name, milliseconds);
  return g_strdup_printf (_ ("%s · %.1f ms"), name, milliseconds);
}

static void
show_answer (SbPhotoPad *self)
{
  g_autofree char *answer = make_answer (self->item);
  g_autofree char *about = make_about (self->item);
  guint n;
  const SbPhotoGuess *guesses = sb_photo_entry_get_guesses (self->item, &n);

  gtk_label_set_label (self->answer, answer);
  gtk_label_set_label (self->about, about);
  sb_guess_bars_set_guesses (self->bars, guesses, n);
  sb_photo_why_set_item (self->why, self->item);
}

static void
on_changed (SbPhotoEntry *item, SbPhotoPad *self)
{
  show_answer (self);
}

static void
on_photo (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SbPhotoPad) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GdkTexture) texture =
      sb_thumbnailer_load_finish (SB_THUMBNAILER (source), result, &error);

  if (texture != NULL)
    sb_photo_canvas_set_photo (self->canvas,
                               GDK_PAINTABLE (texture),
                               sb_photo_entry_get_name (self->item));
}

static void
forget_item (SbPhotoPad *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_signal_handler (&self->changed, self->item);
  g_clear_object (&self->item);
}

static void
on_selected (SbPhotoGrid *grid, GParamSpec *pspec, SbPhotoPad *self)
{
  SbPhotoEntry *item = sb_photo_grid_get_selected (grid);

  if (item == self->item)
    return;
  forget_item (self);
  sb_photo_canvas_set_photo (self->canvas, NULL, _ ("No photo"));
  if (item == NULL)
    {
      gtk_label_set_label (self->answer, _ ("No photo is selected"));
      gtk_label_set_label (self->about, "");
      sb_guess_bars_set_guesses (self->bars, NULL, 0);
      sb_photo_why_set_item (self->why, NULL);
      return;
    }
  self->item = g_object_ref (item);
  self->changed = g_signal_connect (item, "changed", G_CALLBACK (on_changed), self);
  self->cancellable = g_cancellable_new ();
  show_answer (self);
  sb_thumbnailer_load_async (sb_photo_grid_get_thumbnailer (grid),
                             item,
                             SB_THUMBNAIL_WHOLE,
                             PHOTO_SIDE,
                             GTK_WIDGET (self->canvas),
                             self->cancellable,
                             on_photo,
                             g_object_ref (self));
}

static char **
read_names (JsonArray *names)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < json_array_get_length (names); i++)
    g_strv_builder_add (builder, json_array_get_string_element (names, i));
  return g_strv_builder_end (builder);
}

static void
show_matrix (SbPhotoPad *self)
{
  g_autoptr (JsonObject) json =
      sb_photo_table_make_matrix (sb_photo_reader_get_photos (self->reader));
  g_autoptr (SbChart) chart = NULL;
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->names, g_strfreev);
  gtk_widget_set_visible (self->matrix_box, json != NULL);
  if (json == NULL)
    return;
  gtk_label_set_label (self->matrix_text, sb_json_get_string (json, "summary", ""));
  self->names = read_names (sb_json_get_array (json, "rows"));
  chart = sb_chart_new_from_json (json, &error);
  if (chart == NULL)
    g_warning ("%s", error->message);
  sb_chart_view_set_chart (self->matrix, chart);
}

static void
show_rest (SbPhotoPad *self)
{
  gboolean busy = sb_photo_reader_is_busy (self->reader);
  guint n = busy ? 0 : sb_photo_reader_count_unread (self->reader);
  g_autofree char *text =
      g_strdup_printf (ngettext ("%u photo has not been read", "%u photos have not been read", n),
                       n);

  gtk_label_set_label (self->rest_text, text);
  gtk_widget_set_visible (self->rest_row, n > 0);
}

static void
show_skipped (SbPhotoPad *self)
{
  guint n = g_list_model_get_n_items (sb_photo_reader_get_skipped (self->reader));
  g_autofree char *text =
      g_strdup_printf (ngettext ("%u file was skipped", "%u files were skipped", n), n);

  gtk_expander_set_label (self->skipped, text);
  gtk_widget_set_visible (GTK_WIDGET (self->skipped), n > 0);
}

static void
refresh (SbPhotoPad *self)
{
  g_clear_handle_id (&self->refresh, g_source_remove);
  show_matrix (self);
  show_rest (self);
  sb_photo_grid_refresh (self->grid);
}

static gboolean
on_refresh (gpointer data)
{
  SbPhotoPad *self = data;

  self->refresh = 0;
  refresh (self);
  return G_SOURCE_REMOVE;
}

static void
show_progress (SbPhotoPad *self)
{
  guint done = sb_photo_reader_get_done (self->reader);
  guint total = sb_photo_reader_get_total (self->reader);
  g_autofree char *text = NULL;

  if (sb_photo_reader_is_searching (self->reader) && total == 0)
    text = g_strdup (_ ("Looking for photos…"));
  else
    text = g_strdup_printf (ngettext ("%u of %u photo read", "%u of %u photos read", total),
                            done,
                            total);
  gtk_label_set_label (self->progress_text, text);
  if (total > 0)
    gtk_progress_bar_set_fraction (self->progress, (double) done / total);
  else
    gtk_progress_bar_pulse (self->progress);
}

static void
on_progress (SbPhotoReader *reader, SbPhotoPad *self)
{
  gboolean busy = sb_photo_reader_is_busy (reader);
  gboolean any = g_list_model_get_n_items (sb_photo_reader_get_photos (reader)) > 0 ||
                 g_list_model_get_n_items (sb_photo_reader_get_skipped (reader)) > 0;

  gtk_stack_set_visible_child_name (self->stack, any || busy ? "photos" : "empty");
  gtk_widget_set_visible (self->progress_row, busy);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "photos.export", any && !busy);
  show_progress (self);
  show_skipped (self);
  if (!busy)
    refresh (self);
  else if (self->refresh == 0)
    self->refresh = g_timeout_add (REFRESH_MS, on_refresh, self);
}

static void
on_cell (SbChartView *matrix, guint series, guint index, SbPhotoPad *self)
{
  guint n = self->names != NULL ? g_strv_length (self->names) : 0;

  if (index < n * n)
    sb_photo_grid_set_pair (self->grid, self->names[index / n], self->names[index % n]);
}

static void
toast (SbPhotoPad *self, const char *text)
{
  GtkWidget *overlay = gtk_widget_get_ancestor (GTK_WIDGET (self), ADW_TYPE_TOAST_OVERLAY);

  if (overlay != NULL)
    adw_toast_overlay_add_toast (ADW_TOAST_OVERLAY (overlay), adw_toast_new (text));
}

static void
on_exported (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SbPhotoPad) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_file_get_basename (G_FILE (source));
  g_autofree char *text = NULL;

  if (g_file_replace_contents_finish (G_FILE (source), result, NULL, &error))
    text = g_strdup_printf (_ ("“%s” was written"), name);
  else
    text = g_strdup_printf (_ ("“%s” was not written: %s"), name, error->message);
  toast (self, text);
}

static void
on_export_response (GtkNativeDialog *dialog, int response, SbPhotoPad *self)
{
  g_autoptr (GFile) file = NULL;
  g_autoptr (GBytes) bytes = NULL;
  char *csv;

  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
  g_object_unref (dialog);
  if (file == NULL)
    return;
  csv = sb_photo_table_to_csv (sb_photo_reader_get_photos (self->reader),
                               sb_photo_reader_get_skipped (self->reader));
  bytes = g_bytes_new_take (csv, strlen (csv));
  g_file_replace_contents_bytes_async (
      file, bytes, NULL, FALSE, G_FILE_CREATE_NONE, NULL, on_exported, g_object_ref (self));
}

static void
export_csv (GtkWidget *widget, const char *action, GVariant *parameter)
{
  GtkRoot *root = gtk_widget_get_root (widget);
  GtkFileChooserNative *dialog =
      gtk_file_chooser_native_new (_ ("Export CSV"),
                                   GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL,
                                   GTK_FILE_CHOOSER_ACTION_SAVE,
                                   NULL,
                                   NULL);

  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), "photos.csv");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_export_response), widget, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
open_photos (GtkWidget *widget, const char *action, GVariant *parameter)
{
  sb_photo_intake_open (widget, SB_PHOTO_PAD (widget)->reader);
}

static void
open_folder (GtkWidget *widget, const char *action, GVariant *parameter)
{
  sb_photo_intake_open_folder (widget, SB_PHOTO_PAD (widget)->reader);
}

static void
paste (GtkWidget *widget, const char *action, GVariant *parameter)
{
  sb_photo_intake_paste (widget, SB_PHOTO_PAD (widget)->reader);
}

static void
clear_photos (GtkWidget *widget, const char *action, GVariant *parameter)
{
  SbPhotoPad *self = SB_PHOTO_PAD (widget);

  sb_photo_grid_set_pair (self->grid, NULL, NULL);
  sb_photo_reader_clear (self->reader);
}

static void
stop (GtkWidget *widget, const char *action, GVariant *parameter)
{
  sb_photo_reader_stop (SB_PHOTO_PAD (widget)->reader);
}

static void
read_rest (GtkWidget *widget, const char *action, GVariant *parameter)
{
  sb_photo_reader_read_rest (SB_PHOTO_PAD (widget)->reader);
}

static void
on_skipped_setup (GtkSignalListItemFactory *factory, GtkListItem *item, SbPhotoPad *self)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_widget_add_css_class (label, "caption");
  gtk_list_item_set_child (item, label);
}

static void
on_skipped_bind (GtkSignalListItemFactory *factory, GtkListItem *item, SbPhotoPad *self)
{
  g_autofree char *text = sb_photo_entry_describe (gtk_list_item_get_item (item));

  gtk_label_set_label (GTK_LABEL (gtk_list_item_get_child (item)), text);
}

static void
sb_photo_pad_dispose (GObject *object)
{
  SbPhotoPad *self = SB_PHOTO_PAD (object);

  g_clear_handle_id (&self->refresh, g_source_remove);
  forget_item (self);
  if (self->reader != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->reader, self);
      sb_photo_reader_clear (self->reader);
    }
  if (self->grid != NULL)
    g_signal_handlers_disconnect_by_data (self->grid, self);
  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_PHOTO_PAD);
  g_clear_object (&self->grid);
  g_clear_object (&self->reader);
  G_OBJECT_CLASS (sb_photo_pad_parent_class)->dispose (object);
}

static void
sb_photo_pad_finalize (GObject *object)
{
  g_strfreev (SB_PHOTO_PAD (object)->names);
  G_OBJECT_CLASS (sb_photo_pad_parent_class)->finalize (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/sagebrush/Sagebrush/ui/sb-photo-pad.ui");
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, stack);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, progress_row);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, progress_text);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, progress);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, rest_row);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, rest_text);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, skipped);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, skipped_scroller);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, skipped_view);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, canvas);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, answer);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, about);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, bars);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, why);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, grid_bin);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, matrix_box);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, matrix_text);
  gtk_widget_class_bind_template_child (widget_class, SbPhotoPad, matrix);
  gtk_widget_class_bind_template_callback (widget_class, on_skipped_setup);
  gtk_widget_class_bind_template_callback (widget_class, on_skipped_bind);
}

static void
sb_photo_pad_class_init (SbPhotoPadClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = sb_photo_pad_dispose;
  object_class->finalize = sb_photo_pad_finalize;
  g_type_ensure (SB_TYPE_CHART_VIEW);
  g_type_ensure (SB_TYPE_GUESS_BARS);
  g_type_ensure (SB_TYPE_PHOTO_CANVAS);
  g_type_ensure (SB_TYPE_PHOTO_WHY);
  bind_template (widget_class);
  gtk_widget_class_set_css_name (widget_class, "photopad");
  gtk_widget_class_install_action (widget_class, "photos.open", NULL, open_photos);
  gtk_widget_class_install_action (widget_class, "photos.open-folder", NULL, open_folder);
  gtk_widget_class_install_action (widget_class, "photos.paste", NULL, paste);
  gtk_widget_class_install_action (widget_class, "photos.clear", NULL, clear_photos);
  gtk_widget_class_install_action (widget_class, "photos.stop", NULL, stop);
  gtk_widget_class_install_action (widget_class, "photos.read-rest", NULL, read_rest);
  gtk_widget_class_install_action (widget_class, "photos.export", NULL, export_csv);
  gtk_widget_class_add_binding_action (
      widget_class, GDK_KEY_v, GDK_CONTROL_MASK, "photos.paste", NULL);
}

static void
sb_photo_pad_init (SbPhotoPad *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  sb_scroll_on (self->skipped_scroller);
  self->grid = SB_PHOTO_GRID (g_object_ref_sink (sb_photo_grid_new (_ ("Photos"))));
  adw_bin_set_child (self->grid_bin, GTK_WIDGET (self->grid));
  g_signal_connect (self->grid, "notify::selected", G_CALLBACK (on_selected), self);
  g_signal_connect_object (self->matrix, "point-activated", G_CALLBACK (on_cell), self, 0);
}

/**
 * sb_photo_pad_new:
 * @run: a run whose endpoint is in service
 *
 * Returns: a place to drop photos on
 */
GtkWidget *
sb_photo_pad_new (SbRun *run)
{
  SbPhotoPad *self = g_object_new (SB_TYPE_PHOTO_PAD, NULL);
  g_autoptr (GtkNoSelection) skipped = NULL;

  self->reader = sb_photo_reader_new (run);
  skipped = gtk_no_selection_new (g_object_ref (sb_photo_reader_get_skipped (self->reader)));
  gtk_list_view_set_model (self->skipped_view, GTK_SELECTION_MODEL (skipped));
  sb_photo_why_set_up (self->why, run, self->canvas);
  sb_photo_grid_set_model (self->grid, sb_photo_reader_get_photos (self->reader));
  sb_photo_intake_accept_drops (GTK_WIDGET (self), self->reader);
  g_signal_connect (self->reader, "progress", G_CALLBACK (on_progress), self);
  on_progress (self->reader, self);
  return GTK_WIDGET (self);
}
