/* sb-storage-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-storage-page.h"

#include <glib/gi18n.h>
#include <string.h>

#include "pages/sb-file-dialog.h"
#include "pages/sb-format.h"
#include "pages/sb-page-frame.h"
#include "pages/sb-preview-window.h"
#include "widgets/sb-accessible.h"
#include "wire/sb-json.h"
#include "workshop/sb-storage.h"

/* How often is looked how far a transfer has come. */
#define TICK_MILLISECONDS 100

/**
 * SbStoragePage:
 *
 * The buckets of a connection: folders and files, to be looked into, uploaded, downloaded and
 * deleted.
 */
struct _SbStoragePage
{
  AdwBin parent_instance;

  SbClient *client; /* keeps no journal: who looks does nothing that is worth writing down */
  SbClient *doer;   /* its calls go to the journal */
  GCancellable *cancellable;
  GCancellable *listing;
  GCancellable *acting;
  char *prefix;
  char *next;
  char *target; /* the key that a dialog asks about */
  guint tick;
  gint permille; /* how far a file has come; written by the thread that moves it */
  SbPageFrame *frame;
  GtkWidget *upload_button;
  GtkWidget *place;
  GtkDropDown *buckets;
  GtkStringList *names;
  GtkScrolledWindow *crumb_scroller;
  GtkBox *crumbs;
  GtkWidget *transfer;
  GtkLabel *transfer_label;
  GtkProgressBar *progress;
  GtkWidget *no_bucket;
  GtkWidget *empty;
  GtkListBox *rows;
  GtkWidget *more;
};

G_DEFINE_FINAL_TYPE (SbStoragePage, sb_storage_page, ADW_TYPE_BIN)

static void go_to (SbStoragePage *self, const char *prefix);

static const char *
get_bucket (SbStoragePage *self)
{
  GtkStringObject *item = gtk_drop_down_get_selected_item (self->buckets);

  return item != NULL ? gtk_string_object_get_string (item) : NULL;
}

static void
on_progress (guint64 done, guint64 total, gpointer data)
{
  SbStoragePage *self = data;

  g_atomic_int_set (&self->permille, total > 0 ? (gint) (done * 1000 / total) : 1000);
}

static gboolean
on_tick (gpointer data)
{
  SbStoragePage *self = data;

  gtk_progress_bar_set_fraction (self->progress, g_atomic_int_get (&self->permille) / 1000.0);
  return G_SOURCE_CONTINUE;
}

static void
set_acting (SbStoragePage *self, const char *text)
{
  g_clear_handle_id (&self->tick, g_source_remove);
  g_atomic_int_set (&self->permille, 0);
  gtk_widget_set_visible (self->transfer, text != NULL);
  gtk_widget_set_sensitive (self->upload_button, text == NULL);
  gtk_widget_set_sensitive (GTK_WIDGET (self->rows), text == NULL);
  if (text == NULL)
    return;
  gtk_label_set_label (self->transfer_label, text);
  gtk_progress_bar_set_fraction (self->progress, 0);
  self->tick = g_timeout_add (TICK_MILLISECONDS, on_tick, self);
}

static void
on_acted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbStoragePage) self = data;
  g_autoptr (GError) error = NULL;

  sb_storage_act_finish (SB_CLIENT (source), result, &error);
  if (self->frame == NULL)
    return;
  set_acting (self, NULL);
  sb_page_frame_set_error (self->frame, error);
  /* What was done until then is there also when not all was. */
  go_to (self, self->prefix);
}

static void
act (SbStoragePage *self,
     SbStorageAct what,
     const char *key,
     const char *const *paths,
     const char *text)
{
  g_clear_object (&self->acting);
  self->acting = g_cancellable_new ();
  sb_page_frame_set_error (self->frame, NULL);
  set_acting (self, text);
  sb_storage_act_async (self->doer,
                        what,
                        get_bucket (self),
                        key,
                        paths,
                        on_progress,
                        self,
                        self->acting,
                        on_acted,
                        g_object_ref (self));
}

static void
on_cancel (SbStoragePage *self)
{
  g_cancellable_cancel (self->acting);
}

static void
upload (SbStoragePage *self, GPtrArray *paths)
{
  if (paths->len == 0 || get_bucket (self) == NULL || self->tick != 0)
    return;
  g_ptr_array_add (paths, NULL);
  act (self, SB_STORAGE_UPLOAD, self->prefix, (const char *const *) paths->pdata, _ ("Uploading"));
}

static void
add_path (GPtrArray *paths, GFile *file)
{
  char *path = g_file_get_path (file);

  if (path != NULL)
    g_ptr_array_add (paths, path);
}

static void
on_upload_response (GtkNativeDialog *dialog, int response, SbStoragePage *self)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GListModel) files = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    files = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog));
  g_object_unref (dialog);
  for (guint i = 0; files != NULL && i < g_list_model_get_n_items (files); i++)
    {
      g_autoptr (GFile) file = g_list_model_get_item (files, i);

      add_path (paths, file);
    }
  upload (self, paths);
}

static GtkFileChooserNative *
make_dialog (SbStoragePage *self, const char *title, GtkFileChooserAction action)
{
  return gtk_file_chooser_native_new (
      title, GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), action, NULL, NULL);
}

static void
on_upload (SbStoragePage *self)
{
  GtkFileChooserNative *dialog =
      make_dialog (self, _ ("Upload Files"), GTK_FILE_CHOOSER_ACTION_OPEN);

  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (dialog), TRUE);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_upload_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, SbStoragePage *self)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  for (GSList *link = g_value_get_boxed (value); link != NULL; link = link->next)
    add_path (paths, link->data);
  upload (self, paths);
  return paths->len > 0;
}

static gboolean
is_folder (const char *key)
{
  return g_str_has_suffix (key, "/");
}

static void
on_download_response (GtkNativeDialog *dialog, int response, SbStoragePage *self)
{
  g_autofree char *path = sb_file_dialog_take_path (dialog, response);
  g_autofree char *name = g_path_get_basename (self->target);
  g_autofree char *whole = NULL;

  if (path == NULL)
    return;
  whole = is_folder (self->target) ? g_build_filename (path, name, NULL) : g_strdup (path);
  act (self,
       SB_STORAGE_DOWNLOAD,
       self->target,
       (const char *const[]){ whole, NULL },
       _ ("Downloading"));
}

static void
set_target (SbStoragePage *self, gpointer widget)
{
  const char *key = g_object_get_data (G_OBJECT (widget), "sb-key");

  g_free (self->target);
  self->target = g_strdup (key);
}

static void
on_download (GtkButton *button, SbStoragePage *self)
{
  g_autofree char *name = NULL;
  GtkFileChooserNative *dialog;

  set_target (self, button);
  name = g_path_get_basename (self->target);
  if (is_folder (self->target))
    dialog =
        make_dialog (self, _ ("Folder for the Download"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER);
  else
    {
      dialog = make_dialog (self, _ ("Save the File"), GTK_FILE_CHOOSER_ACTION_SAVE);
      gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
    }
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_download_response), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
on_delete_response (AdwMessageDialog *dialog, const char *response, SbStoragePage *self)
{
  if (strcmp (response, "delete") == 0)
    act (self, SB_STORAGE_DELETE, self->target, NULL, _ ("Deleting"));
}

static void
on_delete (GtkButton *button, SbStoragePage *self)
{
  g_autofree char *name = NULL;
  g_autofree char *title = NULL;
  GtkWidget *dialog;

  set_target (self, button);
  name = g_path_get_basename (self->target);
  title = g_strdup_printf (_ ("Delete “%s”?"), name);
  dialog = adw_message_dialog_new (
      GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
      title,
      is_folder (self->target)
          ? _ ("All files in this folder are deleted, also from what trains on them. They cannot be "
               "brought back.")
          : _ ("What trains on this file, or hosts it, may need it. It cannot be brought back."));
  adw_message_dialog_add_responses (
      ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("Cancel"), "delete", _ ("Delete for Good"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog),
                                              "delete",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_delete_response), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static char *
describe (const SbStoredItem *item)
{
  g_autofree char *size = g_format_size (item->size);
  g_autofree char *count = NULL;
  g_autofree char *time = NULL;

  if (!item->is_folder)
    {
      time = item->modified > 0 ? sb_format_time (item->modified) : NULL;
      return time != NULL ? g_strdup_printf ("%s · %s", size, time) : g_steal_pointer (&size);
    }
  count = g_strdup_printf (ngettext ("%u file", "%u files", item->n_files), item->n_files);
  if (item->counted)
    return g_strdup_printf ("%s · %s", count, size);
  /* translators: %s are such as “5000 files” and “12 MB” */
  return g_strdup_printf (_ ("More than %s · %s"), count, size);
}

static GtkWidget *
make_button (SbStoragePage *self,
             const SbStoredItem *item,
             const char *icon,
             const char *label,
             GCallback callback)
{
  GtkWidget *button = gtk_button_new_from_icon_name (icon);
  g_autofree char *name = g_strdup_printf ("%s: %s", label, item->name);

  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (button, label);
  gtk_widget_add_css_class (button, "flat");
  sb_accessible_set_name (button, name);
  g_object_set_data_full (G_OBJECT (button), "sb-key", g_strdup (item->key), g_free);
  g_signal_connect_object (button, "clicked", callback, self, 0);
  return button;
}

static void
add_row (SbStoragePage *self, const SbStoredItem *item)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *icon = gtk_image_new_from_icon_name (item->is_folder ? "folder-symbolic"
                                                                  : "text-x-generic-symbolic");
  g_autofree char *text = describe (item);
  guint64 *size = g_memdup2 (&item->size, sizeof item->size);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), item->name);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), text);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), icon);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row),
                             make_button (self,
                                          item,
                                          "folder-download-symbolic",
                                          _ ("Download"),
                                          G_CALLBACK (on_download)));
  adw_action_row_add_suffix (
      ADW_ACTION_ROW (row),
      make_button (self, item, "user-trash-symbolic", _ ("Delete"), G_CALLBACK (on_delete)));
  g_object_set_data_full (G_OBJECT (row), "sb-key", g_strdup (item->key), g_free);
  g_object_set_data_full (G_OBJECT (row), "sb-size", size, g_free);
  gtk_list_box_append (self->rows, row);
}

static void
clear_rows (SbStoragePage *self)
{
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (self->rows, 0)) != NULL)
    gtk_list_box_remove (self->rows, GTK_WIDGET (row));
}

static void
on_activated (GtkListBox *list, GtkListBoxRow *row, SbStoragePage *self)
{
  const char *key = g_object_get_data (G_OBJECT (row), "sb-key");
  const guint64 *size = g_object_get_data (G_OBJECT (row), "sb-size");

  if (is_folder (key))
    go_to (self, key);
  else
    sb_preview_window_show (GTK_WIDGET (self), self->client, get_bucket (self), key, *size);
}

static void
on_crumb (GtkButton *button, SbStoragePage *self)
{
  go_to (self, g_object_get_data (G_OBJECT (button), "sb-key"));
}

static void
add_crumb (SbStoragePage *self, const char *label, const char *prefix)
{
  GtkWidget *button = gtk_button_new_with_label (label);

  gtk_widget_add_css_class (button, "flat");
  g_object_set_data_full (G_OBJECT (button), "sb-key", g_strdup (prefix), g_free);
  g_signal_connect_object (button, "clicked", G_CALLBACK (on_crumb), self, 0);
  gtk_box_append (self->crumbs, button);
}

/* Where one is: the way there, each part of which leads back to itself. */
static void
show_crumbs (SbStoragePage *self)
{
  g_auto (GStrv) parts = g_strsplit (self->prefix, "/", -1);
  g_autoptr (GString) prefix = g_string_new (NULL);
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->crumbs))) != NULL)
    gtk_box_remove (self->crumbs, child);
  add_crumb (self, _ ("All Files"), "");
  /* The last part is empty: there is a slash at the end. */
  for (guint i = 0; parts[i] != NULL && parts[i + 1] != NULL; i++)
    {
      GtkWidget *separator = gtk_label_new ("›");

      gtk_widget_add_css_class (separator, "dim-label");
      gtk_box_append (self->crumbs, separator);
      g_string_append_printf (prefix, "%s/", parts[i]);
      add_crumb (self, parts[i], prefix->str);
    }
}

/* Where one is counts most when there is no room for the whole way. */
static void
on_crumbs_changed (GtkAdjustment *adjustment)
{
  gtk_adjustment_set_value (adjustment,
                            gtk_adjustment_get_upper (adjustment) -
                                gtk_adjustment_get_page_size (adjustment));
}

static void
show_state (SbStoragePage *self)
{
  gboolean any = gtk_list_box_get_row_at_index (self->rows, 0) != NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->rows), any);
  gtk_widget_set_visible (self->empty, !any);
  gtk_widget_set_visible (self->more, self->next != NULL);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbStoragePage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SbStoredFolder) folder = sb_storage_list_finish (SB_CLIENT (source), result, &error);

  if (self->frame == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  sb_page_frame_set_busy (self->frame, FALSE);
  if (folder == NULL)
    {
      sb_page_frame_set_error (self->frame, error);
      return;
    }
  if (self->next == NULL)
    clear_rows (self);
  g_free (self->next);
  self->next = g_strdup (folder->next);
  for (guint i = 0; i < folder->items->len; i++)
    add_row (self, folder->items->pdata[i]);
  show_state (self);
}

static void
list (SbStoragePage *self)
{
  g_cancellable_cancel (self->listing);
  g_clear_object (&self->listing);
  self->listing = g_cancellable_new ();
  sb_page_frame_set_busy (self->frame, TRUE);
  sb_storage_list_async (self->client,
                         get_bucket (self),
                         self->prefix,
                         self->next,
                         self->listing,
                         on_listed,
                         g_object_ref (self));
}

/* What is listed stays until the service has answered; the way there stays as long as it is the
 * same, as somebody may be pressing a part of it. */
static void
go_to (SbStoragePage *self, const char *prefix)
{
  if (strcmp (prefix, self->prefix) != 0)
    {
      g_free (self->prefix);
      self->prefix = g_strdup (prefix);
      show_crumbs (self);
    }
  g_clear_pointer (&self->next, g_free);
  if (get_bucket (self) != NULL)
    list (self);
}

static void
on_more (SbStoragePage *self)
{
  list (self);
}

static void
on_bucket (SbStoragePage *self)
{
  if (get_bucket (self) != NULL)
    go_to (self, "");
}

static gboolean
is_same (SbStoragePage *self, JsonArray *buckets)
{
  guint n = buckets != NULL ? json_array_get_length (buckets) : 0;
  gboolean same = n == g_list_model_get_n_items (G_LIST_MODEL (self->names));

  for (guint i = 0; same && i < n; i++)
    same = strcmp (sb_json_get_string (json_array_get_object_element (buckets, i), "Name", ""),
                   gtk_string_list_get_string (self->names, i)) == 0;
  return same;
}

/* The bucket that is looked into stays the one, if it is still there. */
static void
show_buckets (SbStoragePage *self, JsonArray *buckets)
{
  g_autofree char *current = g_strdup (get_bucket (self));
  guint n = buckets != NULL ? json_array_get_length (buckets) : 0;
  guint selected = 0;

  gtk_string_list_splice (self->names,
                          0,
                          g_list_model_get_n_items (G_LIST_MODEL (self->names)),
                          NULL);
  for (guint i = 0; i < n; i++)
    {
      const char *name =
          sb_json_get_string (json_array_get_object_element (buckets, i), "Name", "");

      if (g_strcmp0 (name, current) == 0)
        selected = i;
      gtk_string_list_append (self->names, name);
    }
  gtk_drop_down_set_selected (self->buckets, n > 0 ? selected : GTK_INVALID_LIST_POSITION);
}

static void
on_buckets (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbStoragePage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = sb_client_call_finish (SB_CLIENT (source), result, &error);
  JsonArray *buckets = answer != NULL ? sb_json_get_array (answer, "Buckets") : NULL;
  gboolean any = buckets != NULL && json_array_get_length (buckets) > 0;

  if (self->frame == NULL)
    return;
  sb_page_frame_set_busy (self->frame, FALSE);
  sb_page_frame_set_error (self->frame, error);
  if (answer == NULL)
    return;
  gtk_widget_set_visible (self->place, any);
  gtk_widget_set_visible (self->no_bucket, !any);
  gtk_widget_set_sensitive (self->upload_button, any && self->tick == 0);
  if (is_same (self, buckets))
    go_to (self, self->prefix);
  else
    show_buckets (self, buckets);
}

static void
on_refresh (SbStoragePage *self)
{
  g_autoptr (JsonObject) input = json_object_new ();

  sb_page_frame_set_busy (self->frame, TRUE);
  sb_client_call_async (
      self->client, "s3", "ListBuckets", input, self->cancellable, on_buckets, g_object_ref (self));
}

static void
sb_storage_page_dispose (GObject *object)
{
  SbStoragePage *self = SB_STORAGE_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  g_cancellable_cancel (self->listing);
  g_cancellable_cancel (self->acting);
  g_clear_handle_id (&self->tick, g_source_remove);
  /* The frame is a child and is bound: nobody else may unparent it. */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_STORAGE_PAGE);
  g_clear_object (&self->client);
  g_clear_object (&self->doer);
  G_OBJECT_CLASS (sb_storage_page_parent_class)->dispose (object);
}

static void
sb_storage_page_finalize (GObject *object)
{
  SbStoragePage *self = SB_STORAGE_PAGE (object);

  g_clear_object (&self->cancellable);
  g_clear_object (&self->listing);
  g_clear_object (&self->acting);
  g_free (self->prefix);
  g_free (self->next);
  g_free (self->target);
  G_OBJECT_CLASS (sb_storage_page_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, SbStoragePage, frame);
  gtk_widget_class_bind_template_child (widget_class, SbStoragePage, upload_button);
  gtk_widget_class_bind_template_child (widget_class, SbStoragePage, place);
  gtk_widget_class_bind_template_child (widget_class, SbStoragePage, buckets);
  gtk_widget_class_bind_template_child (widget_class, SbStoragePage, names);
  gtk_widget_class_bind_template_child (widget_class, SbStoragePage, crumb_scroller);
  gtk_widget_class_bind_template_child (widget_class, SbStoragePage, crumbs);
  gtk_widget_class_bind_template_child (widget_class, SbStoragePage, transfer);
  gtk_widget_class_bind_template_child (widget_class, SbStoragePage, transfer_label);
  gtk_widget_class_bind_template_child (widget_class, SbStoragePage, progress);
  gtk_widget_class_bind_template_child (widget_class, SbStoragePage, no_bucket);
  gtk_widget_class_bind_template_child (widget_class, SbStoragePage, empty);
  gtk_widget_class_bind_template_child (widget_class, SbStoragePage, rows);
  gtk_widget_class_bind_template_child (widget_class, SbStoragePage, more);
}

static void
sb_storage_page_class_init (SbStoragePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_storage_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_storage_page_finalize;
  g_type_ensure (SB_TYPE_PAGE_FRAME);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-storage-page.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, on_refresh);
  gtk_widget_class_bind_template_callback (widget_class, on_upload);
  gtk_widget_class_bind_template_callback (widget_class, on_bucket);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel);
  gtk_widget_class_bind_template_callback (widget_class, on_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_more);
}

static void
sb_storage_page_init (SbStoragePage *self)
{
  GtkDropTarget *target;

  self->cancellable = g_cancellable_new ();
  self->prefix = g_strdup ("");
  gtk_widget_init_template (GTK_WIDGET (self));
  sb_accessible_keep_name (self->buckets);
  show_crumbs (self);
  g_signal_connect (gtk_scrolled_window_get_hadjustment (self->crumb_scroller),
                    "changed",
                    G_CALLBACK (on_crumbs_changed),
                    NULL);
  target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
  g_signal_connect (target, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}

/**
 * sb_storage_page_new:
 * @connection: whose buckets are shown
 * @journal: gets the calls that change something
 *
 * Returns: the page; it asks nothing before it is shown
 */
GtkWidget *
sb_storage_page_new (SbConnection *connection, SbJournal *journal)
{
  SbStoragePage *self = g_object_new (SB_TYPE_STORAGE_PAGE, NULL);

  self->client = sb_client_new (connection, NULL);
  self->doer = sb_client_new (connection, journal);
  return GTK_WIDGET (self);
}
