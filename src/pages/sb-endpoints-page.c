/* sb-endpoints-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-endpoints-page.h"

#include <glib/gi18n.h>
#include <string.h>

#include "pages/sb-endpoint-row.h"
#include "pages/sb-page-frame.h"
#include "wire/sb-error.h"

/**
 * SbEndpointsPage:
 *
 * The workshop's endpoints, those that are paused among them.
 */
struct _SbEndpointsPage
{
  AdwBin parent_instance;

  SbResources *resources;
  SbPrices *prices; /* borrowed; lives as long as the window */
  SbClient *client;
  GCancellable *cancellable;
  SbPageFrame *frame;
  GtkWidget *none;
  GtkListBox *list;
  GtkAdjustment *idle;
};

G_DEFINE_FINAL_TYPE (SbEndpointsPage, sb_endpoints_page, ADW_TYPE_BIN)

static gboolean
has_endpoint (SbEndpointsPage *self, const char *name)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->resources)); i++)
    {
      g_autoptr (SbResourceItem) item = g_list_model_get_item (G_LIST_MODEL (self->resources), i);

      if (sb_resource_item_get_kind (item) == SB_RESOURCE_ENDPOINT &&
          strcmp (sb_resource_item_get_name (item), name) == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_shown (SbEndpointsPage *self, SbResourceItem *item)
{
  switch (sb_resource_item_get_kind (item))
    {
    case SB_RESOURCE_ENDPOINT:
      return TRUE;
    case SB_RESOURCE_ENDPOINT_CONFIG:
      return !has_endpoint (self, sb_resource_item_get_name (item));
    default:
      return FALSE;
    }
}

static SbEndpointRow *
find_row (SbEndpointsPage *self, const char *name)
{
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)) != NULL; i++)
    if (strcmp (sb_resource_item_get_name (sb_endpoint_row_get_item (SB_ENDPOINT_ROW (row))),
                name) == 0)
      return SB_ENDPOINT_ROW (row);
  return NULL;
}

static void
on_changed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbEndpointsPage) self = data;
  g_autoptr (GError) error = NULL;

  if (!sb_resources_change_finish (SB_RESOURCES (source), result, &error) && self->frame != NULL)
    sb_page_frame_set_error (self->frame, error);
}

static void
on_action (SbEndpointRow *row, SbEndpointsPage *self)
{
  SbResourceItem *item = sb_endpoint_row_get_item (row);

  sb_page_frame_set_error (self->frame, NULL);
  if (sb_resource_item_get_kind (item) == SB_RESOURCE_ENDPOINT)
    sb_resources_pause_async (
        self->resources, item, self->cancellable, on_changed, g_object_ref (self));
  else
    sb_resources_resume_async (
        self->resources, item, self->cancellable, on_changed, g_object_ref (self));
}

/* Rows stay where they can: what is unfolded and typed in them is not to be lost. */
static void
show_item (SbEndpointsPage *self, SbResourceItem *item)
{
  SbEndpointRow *row = find_row (self, sb_resource_item_get_name (item));
  g_autofree char *price =
      sb_resource_item_is_running (item)
          ? sb_prices_describe_item (self->prices, sb_client_get_connection (self->client), item)
          : NULL;

  if (row == NULL)
    {
      row = SB_ENDPOINT_ROW (sb_endpoint_row_new (self->client));
      sb_endpoint_row_set_item (row, item, price);
      g_signal_connect_object (row, "action", G_CALLBACK (on_action), self, 0);
      gtk_list_box_append (self->list, GTK_WIDGET (row));
    }
  else
    sb_endpoint_row_set_item (row, item, price);
  sb_endpoint_row_set_busy (row, sb_resources_get_busy (self->resources));
}

static void
remove_gone (SbEndpointsPage *self, GHashTable *names)
{
  GtkListBoxRow *row;
  int i = 0;

  while ((row = gtk_list_box_get_row_at_index (self->list, i)) != NULL)
    if (g_hash_table_contains (
            names, sb_resource_item_get_name (sb_endpoint_row_get_item (SB_ENDPOINT_ROW (row)))))
      i++;
    else
      gtk_list_box_remove (self->list, GTK_WIDGET (row));
}

static gboolean
is_on_its_way (SbResourceItem *item)
{
  static const char *const statuses[] = { "Creating",    "Updating", "SystemUpdating",
                                          "RollingBack", "Deleting", NULL };
  const char *status = sb_resource_item_get_status (item);

  return status != NULL && g_strv_contains (statuses, status);
}

static void
show_all (SbEndpointsPage *self)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gboolean moving = FALSE;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->resources)); i++)
    {
      g_autoptr (SbResourceItem) item = g_list_model_get_item (G_LIST_MODEL (self->resources), i);

      if (!is_shown (self, item))
        continue;
      g_hash_table_add (names, g_strdup (sb_resource_item_get_name (item)));
      show_item (self, item);
      moving = moving || is_on_its_way (item);
    }
  remove_gone (self, names);
  gtk_widget_set_visible (GTK_WIDGET (self->list), g_hash_table_size (names) > 0);
  gtk_widget_set_visible (self->none, g_hash_table_size (names) == 0);
  if (moving)
    sb_page_frame_ask_soon (self->frame,
                            sb_connection_is_local (sb_client_get_connection (self->client)));
  else
    sb_page_frame_ask_no_more (self->frame);
}

static void
on_n_running (SbResources *resources, GParamSpec *pspec, SbEndpointsPage *self)
{
  show_all (self);
}

static void
on_busy (SbResources *resources, GParamSpec *pspec, SbEndpointsPage *self)
{
  gboolean busy = sb_resources_get_busy (resources);
  GtkListBoxRow *row;

  sb_page_frame_set_busy (self->frame, busy);
  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)) != NULL; i++)
    sb_endpoint_row_set_busy (SB_ENDPOINT_ROW (row), busy);
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbEndpointsPage) self = data;
  g_autoptr (GError) error = NULL;

  if (!sb_resources_refresh_finish (SB_RESOURCES (source), result, &error) &&
      g_error_matches (error, SB_ERROR, SB_ERROR_CONFLICT))
    g_clear_error (&error);
  if (self->frame != NULL)
    sb_page_frame_set_error (self->frame, error);
}

static void
on_refresh (SbEndpointsPage *self)
{
  show_all (self);
  if (!sb_resources_get_busy (self->resources))
    sb_resources_refresh_async (self->resources,
                                self->cancellable,
                                on_refreshed,
                                g_object_ref (self));
}

static void
sb_endpoints_page_dispose (GObject *object)
{
  SbEndpointsPage *self = SB_ENDPOINTS_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  /* The frame is a child and is bound: nobody else may unparent it. */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_ENDPOINTS_PAGE);
  g_clear_object (&self->resources);
  g_clear_object (&self->client);
  G_OBJECT_CLASS (sb_endpoints_page_parent_class)->dispose (object);
}

static void
sb_endpoints_page_finalize (GObject *object)
{
  g_object_unref (SB_ENDPOINTS_PAGE (object)->cancellable);
  G_OBJECT_CLASS (sb_endpoints_page_parent_class)->finalize (object);
}

static void
sb_endpoints_page_class_init (SbEndpointsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_endpoints_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_endpoints_page_finalize;
  g_type_ensure (SB_TYPE_PAGE_FRAME);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-endpoints-page.ui");
  gtk_widget_class_bind_template_child (widget_class, SbEndpointsPage, frame);
  gtk_widget_class_bind_template_child (widget_class, SbEndpointsPage, none);
  gtk_widget_class_bind_template_child (widget_class, SbEndpointsPage, list);
  gtk_widget_class_bind_template_child (widget_class, SbEndpointsPage, idle);
  gtk_widget_class_bind_template_callback (widget_class, on_refresh);
}

static void
sb_endpoints_page_init (SbEndpointsPage *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * sb_endpoints_page_new:
 * @resources: what there is on a connection
 * @prices: (transfer none): what it costs; must live longer than the page
 * @settings: say after how long an idle endpoint is paused
 *
 * Returns: the page; it asks nothing before it is shown
 */
GtkWidget *
sb_endpoints_page_new (SbResources *resources, SbPrices *prices, GSettings *settings)
{
  SbEndpointsPage *self = g_object_new (SB_TYPE_ENDPOINTS_PAGE, NULL);

  self->resources = g_object_ref (resources);
  self->client = sb_client_new (sb_resources_get_connection (resources), NULL);
  self->prices = prices;
  g_settings_bind (settings, "idle-minutes", self->idle, "value", G_SETTINGS_BIND_DEFAULT);
  g_signal_connect_object (resources, "notify::busy", G_CALLBACK (on_busy), self, 0);
  g_signal_connect_object (resources, "notify::n-running", G_CALLBACK (on_n_running), self, 0);
  show_all (self);
  return GTK_WIDGET (self);
}
