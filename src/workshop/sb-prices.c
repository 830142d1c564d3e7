/* sb-prices.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-prices.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-prices-resources.h"

/* Prices change a few times a year. */
#define REFRESH_SECONDS (7 * 24 * 3600)

struct _SbPrices
{
  JsonObject *table;
  JsonObject *fresh; /* of the Price List API, or NULL */
};

/* What the Price List API and the table call the uses of an instance. */
static const char *
get_use (SbResourceKind kind)
{
  switch (kind)
    {
    case SB_RESOURCE_ENDPOINT:
      return "Hosting";
    case SB_RESOURCE_TRAINING_JOB:
      return "Training";
    case SB_RESOURCE_NOTEBOOK:
      return "Notebook";
    default:
      return NULL;
    }
}

static char *
fresh_path (void)
{
  return g_build_filename (g_get_user_cache_dir (), "sagebrush", "prices.json", NULL);
}

/**
 * sb_prices_new:
 *
 * Returns: (transfer full): the table that came with the program, and what was fetched since
 */
SbPrices *
sb_prices_new (void)
{
  SbPrices *self = g_new0 (SbPrices, 1);
  g_autofree char *path = fresh_path ();
  g_autoptr (GError) error = NULL;

  self->table = sb_json_load_resource (sb_prices_get_resource (),
                                       "/io/github/sagebrush/Sagebrush/prices/sagemaker.json",
                                       &error);
  if (self->table == NULL)
    g_error ("%s", error->message);
  self->fresh = sb_json_load_file (path, NULL);
  return self;
}

/**
 * sb_prices_new_from_json:
 * @table: a table such as data/prices/sagemaker.json
 *
 * Returns: (transfer full): prices
 */
SbPrices *
sb_prices_new_from_json (JsonObject *table)
{
  SbPrices *self = g_new0 (SbPrices, 1);

  self->table = json_object_ref (table);
  return self;
}

void
sb_prices_free (SbPrices *self)
{
  json_object_unref (self->table);
  g_clear_pointer (&self->fresh, json_object_unref);
  g_free (self);
}

/**
 * sb_prices_get_date:
 * @self: prices
 *
 * Returns: (transfer none): of what day they are, as YYYY-MM-DD
 */
const char *
sb_prices_get_date (SbPrices *self)
{
  return sb_json_get_string (self->fresh != NULL ? self->fresh : self->table, "date", "");
}

static double
look_up (JsonObject *table, const char *region, const char *use, const char *type)
{
  JsonObject *regions = table != NULL ? sb_json_get_object (table, "regions") : NULL;
  JsonObject *uses = regions != NULL ? sb_json_get_object (regions, region) : NULL;
  const char *const names[] = { use, "any" };

  for (guint i = 0; uses != NULL && i < G_N_ELEMENTS (names); i++)
    {
      JsonNode *node = json_object_get_member (uses, names[i]);
      JsonObject *types =
          node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

      /* The types' names have dots, which would be parts of a path. */
      if (types != NULL && json_object_has_member (types, type))
        return json_object_get_double_member (types, type);
    }
  return SB_PRICE_UNKNOWN;
}

/**
 * sb_prices_get:
 * @self: prices
 * @region: a Region
 * @kind: what the instance is used for
 * @type: such as `ml.m5.large`
 *
 * Returns: US dollars per hour of one instance, or %SB_PRICE_UNKNOWN
 */
double
sb_prices_get (SbPrices *self, const char *region, SbResourceKind kind, const char *type)
{
  const char *use = get_use (kind);
  double price;

  if (use == NULL)
    return 0;
  price = look_up (self->fresh, region, use, type);
  return price >= 0 ? price : look_up (self->table, region, use, type);
}

/**
 * sb_prices_get_for_item:
 * @self: prices
 * @connection: where the item is
 * @item: an item
 *
 * Returns: US dollars per hour of all its instances, 0 for what does not run or runs on this
 *   computer, or %SB_PRICE_UNKNOWN
 */
double
sb_prices_get_for_item (SbPrices *self, SbConnection *connection, SbResourceItem *item)
{
  double price;

  if (sb_connection_is_engine (connection) || !sb_resource_item_is_running (item))
    return 0;
  price = sb_prices_get (self,
                         sb_connection_get_region (connection),
                         sb_resource_item_get_kind (item),
                         sb_resource_item_get_instance_type (item));
  return price < 0 ? price : price * sb_resource_item_get_n_instances (item);
}

/**
 * sb_price_format:
 * @price: US dollars
 *
 * Returns: (transfer full): such as `$0.12`
 */
char *
sb_price_format (double price)
{
  if (price < 0)
    return g_strdup (_ ("price unknown"));
  return g_strdup_printf (price > 0 && price < 0.1 ? "$%.3f" : "$%.2f", price);
}

/**
 * sb_price_format_per_hour:
 * @price: US dollars per hour, or %SB_PRICE_UNKNOWN
 *
 * Returns: (transfer full): such as `$0.12 per hour`
 */
char *
sb_price_format_per_hour (double price)
{
  g_autofree char *text = sb_price_format (price);

  if (price < 0)
    return g_steal_pointer (&text);
  /* translators: %s is an amount of money, such as “$0.12” */
  return g_strdup_printf (_ ("%s per hour"), text);
}

/**
 * sb_prices_get_spent:
 * @self: prices
 * @connection: where the item is
 * @item: an item
 *
 * Instances are paid for by the second. What was stopped meanwhile cost less.
 *
 * Returns: US dollars from when the item was made until now, 0 for what does not run or runs on
 * this computer, or %SB_PRICE_UNKNOWN
 */
double
sb_prices_get_spent (SbPrices *self, SbConnection *connection, SbResourceItem *item)
{
  double hourly = sb_prices_get_for_item (self, connection, item);
  double created = sb_resource_item_get_created (item);
  double seconds = (double) g_get_real_time () / G_USEC_PER_SEC - created;

  if (hourly <= 0)
    return hourly;
  return created > 0 ? hourly * MAX (seconds, 0) / 3600 : SB_PRICE_UNKNOWN;
}

/**
 * sb_prices_describe_item:
 * @self: prices
 * @connection: where the item is
 * @item: an item that runs
 *
 * Returns: (transfer full): such as `$0.12 per hour, $0.03 so far`
 */
char *
sb_prices_describe_item (SbPrices *self, SbConnection *connection, SbResourceItem *item)
{
  double spent = sb_prices_get_spent (self, connection, item);
  g_autofree char *hourly =
      sb_price_format_per_hour (sb_prices_get_for_item (self, connection, item));
  g_autofree char *so_far = sb_price_format (spent);

  if (spent <= 0)
    return g_steal_pointer (&hourly);
  /* translators: %s are such as “$0.12 per hour” and “$0.03” */
  return g_strdup_printf (_ ("%s, %s so far"), hourly, so_far);
}

static JsonObject *
enter (JsonObject *parent, const char *name)
{
  if (!json_object_has_member (parent, name))
    json_object_set_object_member (parent, name, json_object_new ());
  return json_object_get_object_member (parent, name);
}

/* Of the many offers for one product, that which is paid by the hour and costs something. */
static double
find_hourly (JsonObject *product)
{
  JsonObject *offers = sb_json_get_object (product, "terms.OnDemand");
  g_autoptr (GList) all = offers != NULL ? json_object_get_values (offers) : NULL;

  for (GList *l = all; l != NULL; l = l->next)
    {
      JsonObject *offer = JSON_NODE_HOLDS_OBJECT (l->data) ? json_node_get_object (l->data) : NULL;
      JsonObject *sizes = offer != NULL ? sb_json_get_object (offer, "priceDimensions") : NULL;
      g_autoptr (GList) prices = sizes != NULL ? json_object_get_values (sizes) : NULL;

      for (GList *p = prices; p != NULL; p = p->next)
        {
          JsonObject *price = json_node_get_object (p->data);
          double amount =
              g_ascii_strtod (sb_json_get_string (price, "pricePerUnit.USD", "0"), NULL);

          if (g_ascii_strncasecmp (sb_json_get_string (price, "unit", ""), "H", 1) == 0 &&
              amount > 0)
            return amount;
        }
    }
  return SB_PRICE_UNKNOWN;
}

/* The API answers with texts that are JSON themselves. */
static void
take_product (JsonObject *uses, const char *text)
{
  g_autoptr (JsonObject) product = sb_json_parse_object (text, -1, NULL);
  const char *component;
  const char *type;
  double price;

  if (product == NULL)
    return;
  component = sb_json_get_string (product, "product.attributes.component", NULL);
  type = sb_json_get_string (product, "product.attributes.instanceName", NULL);
  price = find_hourly (product);
  if (component == NULL || type == NULL || price < 0)
    return;
  if (!g_str_has_prefix (type, "ml."))
    return;
  json_object_set_double_member (enter (uses, component), type, price);
}

static JsonObject *
make_question (const char *region, const char *token)
{
  JsonArray *filters = json_array_new ();

  json_array_add_object_element (
      filters,
      sb_json_object_new (
          "Type", "s", "TERM_MATCH", "Field", "s", "regionCode", "Value", "s", region, NULL));
  return sb_json_object_new ("ServiceCode",
                             "s",
                             "AmazonSageMaker",
                             "Filters",
                             "a",
                             filters,
                             "FormatVersion",
                             "s",
                             "aws_v1",
                             "NextToken",
                             "s",
                             token,
                             NULL);
}

/**
 * sb_prices_fetch:
 * @client: makes the calls
 * @cancellable: (nullable): a cancellable
 * @error: why not, such as that the account does not permit it
 *
 * Asks the Price List API for the prices of the connection's Region. Blocks.
 *
 * Returns: (transfer full) (nullable): a table such as data/prices/sagemaker.json
 */
JsonObject *
sb_prices_fetch (SbClient *client, GCancellable *cancellable, GError **error)
{
  const char *region = sb_connection_get_region (sb_client_get_connection (client));
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *date = g_date_time_format (now, "%Y-%m-%d");
  g_autoptr (JsonObject) table = sb_json_object_new (
      "date", "s", date, "source", "s", "AWS Price List API", "currency", "s", "USD", NULL);
  JsonObject *uses = enter (enter (table, "regions"), region);
  g_autofree char *token = NULL;

  do
    {
      g_autoptr (JsonObject) input = make_question (region, token);
      g_autoptr (JsonObject) page =
          sb_client_call (client, "pricing", "GetProducts", input, cancellable, error);
      JsonArray *products = page != NULL ? sb_json_get_array (page, "PriceList") : NULL;

      if (page == NULL)
        return NULL;
      for (guint i = 0; products != NULL && i < json_array_get_length (products); i++)
        take_product (uses, json_array_get_string_element (products, i));
      g_free (token);
      token = g_strdup (sb_json_get_string (page, "NextToken", NULL));
    }
  while (token != NULL);
  return g_steal_pointer (&table);
}

static gboolean
is_fresh (const char *path)
{
  GStatBuf info;

  return g_stat (path, &info) == 0 &&
         g_get_real_time () / G_USEC_PER_SEC - info.st_mtime < REFRESH_SECONDS;
}

/**
 * sb_prices_refresh:
 * @client: makes the calls
 * @cancellable: (nullable): a cancellable
 * @error: why not
 *
 * Keeps what the Price List API answers for the next sb_prices_new(), unless what it has answered
 * before is of this week. Blocks. An account that does not permit it has the table that came with
 * the program.
 *
 * Returns: whether there are prices of this week
 */
gboolean
sb_prices_refresh (SbClient *client, GCancellable *cancellable, GError **error)
{
  g_autofree char *path = fresh_path ();
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (JsonObject) table = NULL;
  g_autoptr (JsonObject) known = sb_json_load_file (path, NULL);
  const char *region = sb_connection_get_region (sb_client_get_connection (client));
  JsonObject *regions;

  if (known != NULL && is_fresh (path) && sb_json_get_object (known, "regions") != NULL &&
      json_object_has_member (sb_json_get_object (known, "regions"), region))
    return TRUE;
  table = sb_prices_fetch (client, cancellable, error);
  if (table == NULL)
    return FALSE;
  /* What is known of other Regions stays. */
  regions = known != NULL ? sb_json_get_object (known, "regions") : NULL;
  if (regions != NULL)
    {
      g_autoptr (GList) names = json_object_get_members (regions);

      for (GList *l = names; l != NULL; l = l->next)
        if (!json_object_has_member (sb_json_get_object (table, "regions"), l->data))
          json_object_set_member (sb_json_get_object (table, "regions"),
                                  l->data,
                                  json_node_copy (json_object_get_member (regions, l->data)));
    }
  g_mkdir_with_parents (folder, 0700);
  return sb_json_save_file (table, path, error);
}
