/* sb-clean-up-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-clean-up-page.h"

#include <glib/gi18n.h>

#include "pages/sb-resource-row.h"
#include "wire/sb-error.h"

/* Seconds until what is on its way somewhere is asked about again: here, and on AWS. */
#define LOCAL_PAUSE 1
#define PAUSE       20

/**
 * SbCleanUpPage:
 *
 * Everything that the workshop has created and the service still has, in the order in which it is
 * deleted.
 */
struct _SbCleanUpPage
{
  AdwBin parent_instance;

  SbResources *resources;
  SbConnection *connection;
  SbPrices *prices; /* borrowed; lives as long as the window */
  GCancellable *cancellable;
  guint timer;
  GtkStack *stack;
  AdwStatusPage *nothing;
  AdwStatusPage *failed;
  GtkButton *refresh_button;
  GtkButton *delete_button;
  GtkLabel *summary;
  GtkLabel *problems;
  GtkListBox *list;
  GtkAdjustment *reminder;
};

G_DEFINE_FINAL_TYPE (SbCleanUpPage, sb_clean_up_page, ADW_TYPE_BIN)

static guint
n_items (SbCleanUpPage *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->resources));
}

static guint
count_selected (SbCleanUpPage *self)
{
  guint n = 0;

  for (guint i = 0; i < n_items (self); i++)
    {
      g_autoptr (SbResourceItem) item = g_list_model_get_item (G_LIST_MODEL (self->resources), i);

      n += sb_resource_item_get_selected (item) ? 1 : 0;
    }
  return n;
}

/* Per hour; what is not known makes the sum unknown, too. */
static double
sum_prices (SbCleanUpPage *self)
{
  double sum = 0;

  for (guint i = 0; i < n_items (self); i++)
    {
      g_autoptr (SbResourceItem) item = g_list_model_get_item (G_LIST_MODEL (self->resources), i);
      double price = sb_prices_get_for_item (self->prices, self->connection, item);

      if (price < 0)
        return SB_PRICE_UNKNOWN;
      sum += price;
    }
  return sum;
}

static void
show_summary (SbCleanUpPage *self)
{
  g_autofree char *price = sb_price_format_per_hour (sum_prices (self));
  g_autofree char *count =
      g_strdup_printf (ngettext ("%u resource", "%u resources", n_items (self)), n_items (self));
  g_autofree char *text = NULL;

  if (sb_connection_is_engine (self->connection))
    text = g_strdup_printf ("%s · %s", count, price);
  else
    /* translators: %s are "5 resources", "$0.12 per hour" and a date */
    text = g_strdup_printf (_ ("%s · %s (prices of %s)"),
                            count,
                            price,
                            sb_prices_get_date (self->prices));
  gtk_label_set_label (self->summary, text);
}

static void
show_button (SbCleanUpPage *self)
{
  guint n = count_selected (self);
  gboolean busy = sb_resources_get_busy (self->resources);
  g_autofree char *text =
      g_strdup_printf (ngettext ("Delete %u Resource", "Delete %u Resources", n), n);

  gtk_button_set_label (self->delete_button, text);
  gtk_widget_set_sensitive (GTK_WIDGET (self->delete_button), n > 0 && !busy);
  gtk_widget_set_sensitive (GTK_WIDGET (self->refresh_button), !busy);
}

static void
show_problems (SbCleanUpPage *self)
{
  const char *const *problems = sb_resources_get_problems (self->resources);
  g_autofree char *joined = g_strjoinv ("\n", (char **) problems);
  g_autofree char *text = g_strdup_printf (_ ("Something may be missing here. %s"), joined);

  gtk_label_set_label (self->problems, text);
  gtk_widget_set_visible (GTK_WIDGET (self->problems), *problems != NULL);
}

static gboolean
is_on_its_way (SbResourceItem *item)
{
  static const char *const statuses[] = { "Creating", "Updating",   "Pending", "Stopping",
                                          "Deleting", "InProgress", NULL };
  const char *status = sb_resource_item_get_status (item);

  return status != NULL && g_strv_contains (statuses, status);
}

static gboolean
on_time (gpointer data)
{
  SbCleanUpPage *self = data;

  self->timer = 0;
  sb_clean_up_page_refresh (self);
  return G_SOURCE_REMOVE;
}

/* Only while somebody looks. */
static void
watch (SbCleanUpPage *self)
{
  gboolean local = sb_connection_is_engine (self->connection);
  gboolean moving = FALSE;

  g_clear_handle_id (&self->timer, g_source_remove);
  for (guint i = 0; i < n_items (self); i++)
    {
      g_autoptr (SbResourceItem) item = g_list_model_get_item (G_LIST_MODEL (self->resources), i);

      moving = moving || is_on_its_way (item);
    }
  if (moving && gtk_widget_get_mapped (GTK_WIDGET (self)))
    self->timer = g_timeout_add_seconds (local ? LOCAL_PAUSE : PAUSE, on_time, self);
}

static void
show_all (SbCleanUpPage *self)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = g_date_time_format (now, "%X");
  /* translators: %s is a time of day */
  g_autofree char *asked = g_strdup_printf (_ ("The service was asked at %s."), time);

  adw_status_page_set_description (self->nothing, asked);
  gtk_stack_set_visible_child_name (self->stack, n_items (self) == 0 ? "nothing" : "list");
  show_summary (self);
  show_problems (self);
  show_button (self);
  watch (self);
}

static void
on_selected (SbResourceItem *item, GParamSpec *pspec, SbCleanUpPage *self)
{
  show_button (self);
}

/* The window asks, too: what it was told is shown, and when it was told nothing the page asks. */
static void
on_busy (SbResources *resources, GParamSpec *pspec, SbCleanUpPage *self)
{
  show_button (self);
  if (!sb_resources_get_busy (resources) && self->timer == 0 &&
      gtk_widget_get_mapped (GTK_WIDGET (self)) &&
      g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), "asking") == 0)
    self->timer = g_idle_add (on_time, self);
}

static void
on_n_running (SbResources *resources, GParamSpec *pspec, SbCleanUpPage *self)
{
  show_all (self);
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbCleanUpPage) self = data;
  g_autoptr (GError) error = NULL;

  if (sb_resources_refresh_finish (SB_RESOURCES (source), result, &error))
    show_all (self);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) &&
           !g_error_matches (error, SB_ERROR, SB_ERROR_CONFLICT))
    {
      adw_status_page_set_description (self->failed, error->message);
      gtk_stack_set_visible_child_name (self->stack, "failed");
    }
}

/**
 * sb_clean_up_page_refresh:
 * @self: a page
 *
 * Asks the service again.
 */
void
sb_clean_up_page_refresh (SbCleanUpPage *self)
{
  if (sb_resources_get_busy (self->resources))
    {
      if (n_items (self) > 0)
        show_all (self);
      return;
    }
  if (n_items (self) == 0)
    gtk_stack_set_visible_child_name (self->stack, "asking");
  sb_resources_refresh_async (self->resources,
                              self->cancellable,
                              on_refreshed,
                              g_object_ref (self));
}

static void
on_refresh (GtkButton *button, SbCleanUpPage *self)
{
  sb_clean_up_page_refresh (self);
}

static void
on_cleaned (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbCleanUpPage) self = data;
  g_autoptr (GError) error = NULL;

  if (!sb_resources_clean_up_finish (SB_RESOURCES (source), result, &error) &&
      !g_error_matches (error, SB_ERROR, SB_ERROR_CONFLICT))
    {
      adw_status_page_set_description (self->failed, error->message);
      gtk_stack_set_visible_child_name (self->stack, "failed");
      return;
    }
  show_all (self);
}

static void
on_delete_response (AdwMessageDialog *dialog, const char *response, SbCleanUpPage *self)
{
  if (g_strcmp0 (response, "delete") != 0 || sb_resources_get_busy (self->resources))
    return;
  sb_resources_clean_up_async (self->resources, self->cancellable, on_cleaned, g_object_ref (self));
}

static void
on_delete (GtkButton *button, SbCleanUpPage *self)
{
  guint n = count_selected (self);
  g_autofree char *title =
      g_strdup_printf (ngettext ("Delete %u Resource?", "Delete %u Resources?", n), n);
  GtkWidget *dialog = adw_message_dialog_new (
      GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
      title,
      _ ("Models, files and endpoints that are deleted cannot be brought back. The charts and "
         "results of your runs stay on this computer."));

  adw_message_dialog_add_responses (
      ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("Cancel"), "delete", _ ("Delete for Good"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog),
                                              "delete",
                                              ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_delete_response), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

static gboolean
has_endpoint (SbCleanUpPage *self, const char *name)
{
  for (guint i = 0; i < n_items (self); i++)
    {
      g_autoptr (SbResourceItem) item = g_list_model_get_item (G_LIST_MODEL (self->resources), i);

      if (sb_resource_item_get_kind (item) == SB_RESOURCE_ENDPOINT &&
          g_strcmp0 (sb_resource_item_get_name (item), name) == 0)
        return TRUE;
    }
  return FALSE;
}

static void
on_changed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbCleanUpPage) self = data;
  g_autoptr (GError) error = NULL;

  if (!sb_resources_change_finish (SB_RESOURCES (source), result, &error))
    {
      g_autofree char *text = g_strdup (error->message);

      show_all (self);
      gtk_label_set_label (self->problems, text);
      gtk_widget_set_visible (GTK_WIDGET (self->problems), TRUE);
      return;
    }
  show_all (self);
}

/* An endpoint is paused by deleting it: model and configuration stay, and bring it back. */
static void
on_row_action (SbResourceRow *row, SbCleanUpPage *self)
{
  SbResourceItem *item = sb_resource_row_get_item (row);

  if (sb_resources_get_busy (self->resources))
    return;
  if (sb_resource_item_get_kind (item) == SB_RESOURCE_ENDPOINT)
    sb_resources_pause_async (
        self->resources, item, self->cancellable, on_changed, g_object_ref (self));
  else
    sb_resources_resume_async (
        self->resources, item, self->cancellable, on_changed, g_object_ref (self));
}

static GtkWidget *
make_row (gpointer object, gpointer data)
{
  SbCleanUpPage *self = data;
  SbResourceItem *item = object;
  g_autofree char *price = sb_resource_item_is_running (item)
                               ? sb_prices_describe_item (self->prices, self->connection, item)
                               : NULL;
  GtkWidget *row = sb_resource_row_new (item, price);

  if (sb_resource_item_get_kind (item) == SB_RESOURCE_ENDPOINT)
    sb_resource_row_set_action (SB_RESOURCE_ROW (row), _ ("Pause"));
  else if (sb_resource_item_get_kind (item) == SB_RESOURCE_ENDPOINT_CONFIG &&
           !has_endpoint (self, sb_resource_item_get_name (item)))
    sb_resource_row_set_action (SB_RESOURCE_ROW (row), _ ("Resume"));
  g_signal_connect_object (item, "notify::selected", G_CALLBACK (on_selected), self, 0);
  g_signal_connect_object (row, "action", G_CALLBACK (on_row_action), self, 0);
  return row;
}

static void
update_header (GtkListBoxRow *row, GtkListBoxRow *before, gpointer data)
{
  SbResourceKind kind =
      sb_resource_item_get_kind (sb_resource_row_get_item (SB_RESOURCE_ROW (row)));
  GtkWidget *label;

  if (before != NULL &&
      sb_resource_item_get_kind (sb_resource_row_get_item (SB_RESOURCE_ROW (before))) == kind)
    {
      gtk_list_box_row_set_header (row, NULL);
      return;
    }
  label = gtk_label_new (sb_resource_kind_get_title (kind));
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "heading");
  gtk_widget_add_css_class (label, "resource-heading");
  gtk_list_box_row_set_header (row, label);
}

static void
sb_clean_up_page_dispose (GObject *object)
{
  SbCleanUpPage *self = SB_CLEAN_UP_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->timer, g_source_remove);
  if (self->list != NULL)
    gtk_list_box_bind_model (self->list, NULL, NULL, NULL, NULL);
  /* The template's own child is one of those that it binds: nobody else may unparent it. */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_CLEAN_UP_PAGE);
  g_clear_object (&self->resources);
  g_clear_object (&self->connection);
  G_OBJECT_CLASS (sb_clean_up_page_parent_class)->dispose (object);
}

static void
sb_clean_up_page_finalize (GObject *object)
{
  g_object_unref (SB_CLEAN_UP_PAGE (object)->cancellable);
  G_OBJECT_CLASS (sb_clean_up_page_parent_class)->finalize (object);
}

static void
sb_clean_up_page_class_init (SbCleanUpPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_clean_up_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_clean_up_page_finalize;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-clean-up-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SbCleanUpPage, stack);
  gtk_widget_class_bind_template_child (widget_class, SbCleanUpPage, nothing);
  gtk_widget_class_bind_template_child (widget_class, SbCleanUpPage, failed);
  gtk_widget_class_bind_template_child (widget_class, SbCleanUpPage, refresh_button);
  gtk_widget_class_bind_template_child (widget_class, SbCleanUpPage, delete_button);
  gtk_widget_class_bind_template_child (widget_class, SbCleanUpPage, summary);
  gtk_widget_class_bind_template_child (widget_class, SbCleanUpPage, problems);
  gtk_widget_class_bind_template_child (widget_class, SbCleanUpPage, list);
  gtk_widget_class_bind_template_child (widget_class, SbCleanUpPage, reminder);
  gtk_widget_class_bind_template_callback (widget_class, on_refresh);
  gtk_widget_class_bind_template_callback (widget_class, on_delete);
}

static void
sb_clean_up_page_init (SbCleanUpPage *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_list_box_set_header_func (self->list, update_header, NULL, NULL);
}

/**
 * sb_clean_up_page_new:
 * @resources: what it shows
 * @prices: (transfer none): what they cost; must live longer than the page
 * @settings: say after how long is reminded of what runs
 *
 * Returns: the page; it asks nothing before sb_clean_up_page_refresh()
 */
GtkWidget *
sb_clean_up_page_new (SbResources *resources, SbPrices *prices, GSettings *settings)
{
  SbCleanUpPage *self = g_object_new (SB_TYPE_CLEAN_UP_PAGE, NULL);

  self->resources = g_object_ref (resources);
  self->connection = g_object_ref (sb_resources_get_connection (resources));
  self->prices = prices;
  gtk_list_box_bind_model (self->list, G_LIST_MODEL (resources), make_row, self, NULL);
  g_settings_bind (settings, "reminder-minutes", self->reminder, "value", G_SETTINGS_BIND_DEFAULT);
  g_signal_connect_object (resources, "notify::busy", G_CALLBACK (on_busy), self, 0);
  g_signal_connect_object (resources, "notify::n-running", G_CALLBACK (on_n_running), self, 0);
  return GTK_WIDGET (self);
}
