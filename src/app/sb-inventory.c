/* sb-inventory.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "app/sb-inventory.h"

#include "workshop/sb-idle-watch.h"

/**
 * SbInventory:
 *
 * What there is on each connection that was looked at, as its services have told it last, and what
 * that costs. One connection is shown; those who warn and those who pause endpoints are told of
 * all.
 */
struct _SbInventory
{
  GObject parent_instance;

  SbPrices *prices; /* borrowed */
  SbNotices *notices;
  SbIdleWatch *idle_watch;
  GCancellable *cancellable;
  GHashTable *everywhere; /* (element-type utf8 SbResources): by the id of the connection */
  SbResources *shown;     /* borrowed: one of them */
  gboolean outdated;      /* whether the service is to be asked once more */
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SbInventory, sb_inventory, G_TYPE_OBJECT)

/* Per hour; what is not known makes the sum unknown, too. */
static double
sum_prices (SbInventory *self, SbResources *resources)
{
  SbConnection *connection = sb_resources_get_connection (resources);
  GListModel *items = G_LIST_MODEL (resources);
  double sum = 0;

  for (guint i = 0; i < g_list_model_get_n_items (items); i++)
    {
      g_autoptr (SbResourceItem) item = g_list_model_get_item (items, i);
      double price = sb_prices_get_for_item (self->prices, connection, item);

      if (price < 0)
        return SB_PRICE_UNKNOWN;
      sum += price;
    }
  return sum;
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  /* What runs is told as it was known last; Clean Up says why it cannot be asked. */
  if (!sb_resources_refresh_finish (SB_RESOURCES (source), result, &error))
    g_debug ("%s", error->message);
}

/**
 * sb_inventory_refresh:
 * @self: an inventory that shows something
 *
 * Asks the service of the connection that is shown, at once or when it has answered what it is
 * being asked.
 */
void
sb_inventory_refresh (SbInventory *self)
{
  g_return_if_fail (SB_IS_INVENTORY (self));

  self->outdated = sb_resources_get_busy (self->shown);
  if (!self->outdated)
    sb_resources_refresh_async (self->shown, self->cancellable, on_asked, NULL);
}

static void
on_busy (SbResources *resources, GParamSpec *pspec, SbInventory *self)
{
  if (resources == self->shown && !sb_resources_get_busy (resources) && self->outdated)
    sb_inventory_refresh (self);
}

static void
on_n_running (SbResources *resources, GParamSpec *pspec, SbInventory *self)
{
  if (resources == self->shown)
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
on_idle_paused (SbIdleWatch *watch, SbResources *resources, const char *name, SbInventory *self)
{
  sb_notices_tell_paused (self->notices, resources, name);
}

/**
 * sb_inventory_show:
 * @self: an inventory
 * @workshop: one of the connection that is shown from now on
 *
 * What there is on a connection that was shown before is still known. The service is not asked.
 */
void
sb_inventory_show (SbInventory *self, SbWorkshop *workshop)
{
  const char *id = sb_connection_get_id (sb_workshop_get_connection (workshop));

  g_return_if_fail (SB_IS_INVENTORY (self));

  self->shown = g_hash_table_lookup (self->everywhere, id);
  if (self->shown != NULL)
    return;
  self->shown = sb_resources_new (workshop);
  sb_resources_set_background (self->shown, TRUE);
  g_hash_table_insert (self->everywhere, g_strdup (id), self->shown);
  sb_notices_follow_resources (self->notices, self->shown);
  sb_idle_watch_follow (self->idle_watch, self->shown);
  g_signal_connect_object (self->shown, "notify::busy", G_CALLBACK (on_busy), self, 0);
  g_signal_connect_object (self->shown, "notify::n-running", G_CALLBACK (on_n_running), self, 0);
}

/**
 * sb_inventory_get_shown:
 * @self: an inventory
 *
 * Returns: (transfer none) (nullable): what there is on the connection that is shown
 */
SbResources *
sb_inventory_get_shown (SbInventory *self)
{
  g_return_val_if_fail (SB_IS_INVENTORY (self), NULL);

  return self->shown;
}

/**
 * sb_inventory_get_shown_price:
 * @self: an inventory that shows something
 *
 * Returns: US dollars per hour of what is shown, or %SB_PRICE_UNKNOWN
 */
double
sb_inventory_get_shown_price (SbInventory *self)
{
  g_return_val_if_fail (SB_IS_INVENTORY (self), SB_PRICE_UNKNOWN);

  return sum_prices (self, self->shown);
}

/**
 * sb_inventory_sum_prices:
 * @self: an inventory
 * @n_paid: (out): how many run where something is paid for, or may be
 *
 * Returns: US dollars per hour on all connections that were looked at, or %SB_PRICE_UNKNOWN
 */
double
sb_inventory_sum_prices (SbInventory *self, guint *n_paid)
{
  GHashTableIter iter;
  gpointer resources;
  double sum = 0;

  g_return_val_if_fail (SB_IS_INVENTORY (self), SB_PRICE_UNKNOWN);

  *n_paid = 0;
  g_hash_table_iter_init (&iter, self->everywhere);
  while (g_hash_table_iter_next (&iter, NULL, &resources))
    {
      double price = sum_prices (self, resources);

      if (price != 0)
        *n_paid += sb_resources_get_n_running (resources);
      sum = price < 0 || sum < 0 ? SB_PRICE_UNKNOWN : sum + price;
    }
  return sum;
}

/**
 * sb_inventory_forget:
 * @self: an inventory that shows another connection
 * @id: a connection
 *
 * What runs there is not asked about any more.
 */
void
sb_inventory_forget (SbInventory *self, const char *id)
{
  SbResources *resources;

  g_return_if_fail (SB_IS_INVENTORY (self));

  resources = g_hash_table_lookup (self->everywhere, id);
  if (resources == NULL)
    return;
  g_return_if_fail (resources != self->shown);
  sb_notices_forget_resources (self->notices, resources);
  sb_idle_watch_forget (self->idle_watch, resources);
  g_hash_table_remove (self->everywhere, id);
}

static void
sb_inventory_dispose (GObject *object)
{
  SbInventory *self = SB_INVENTORY (object);

  g_cancellable_cancel (self->cancellable);
  self->shown = NULL;
  g_hash_table_remove_all (self->everywhere);
  g_clear_object (&self->notices);
  g_clear_object (&self->idle_watch);
  G_OBJECT_CLASS (sb_inventory_parent_class)->dispose (object);
}

static void
sb_inventory_finalize (GObject *object)
{
  SbInventory *self = SB_INVENTORY (object);

  g_hash_table_unref (self->everywhere);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (sb_inventory_parent_class)->finalize (object);
}

static void
sb_inventory_class_init (SbInventoryClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sb_inventory_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_inventory_finalize;

  /**
   * SbInventory::changed:
   *
   * Another number of things runs on the connection that is shown.
   */
  signals[SIGNAL_CHANGED] = g_signal_new (
      "changed", SB_TYPE_INVENTORY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sb_inventory_init (SbInventory *self)
{
  self->everywhere = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->cancellable = g_cancellable_new ();
  self->idle_watch = sb_idle_watch_new ();
  g_signal_connect_object (self->idle_watch, "paused", G_CALLBACK (on_idle_paused), self, 0);
}

/**
 * sb_inventory_new:
 * @prices: (transfer none): what things cost; has to outlive the inventory
 * @notices: (transfer none): who tells people of what they pay for
 * @settings: says after how many minutes endpoints are paused
 *
 * Returns: (transfer full): an inventory that shows nothing yet
 */
SbInventory *
sb_inventory_new (SbPrices *prices, SbNotices *notices, GSettings *settings)
{
  SbInventory *self = g_object_new (SB_TYPE_INVENTORY, NULL);

  self->prices = prices;
  self->notices = g_object_ref (notices);
  g_settings_bind (settings, "idle-minutes", self->idle_watch, "minutes", G_SETTINGS_BIND_GET);
  return self;
}
