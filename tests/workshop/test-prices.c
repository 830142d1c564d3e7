/* test-prices.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "../cloud/loopback.h"
#include "cloud/sb-static-provider.h"
#include "wire/sb-json.h"
#include "workshop/sb-prices.h"

/* As the Price List API answers: texts that are JSON themselves. */
#define PRODUCT(component, name, unit, price)                                                      \
  "{\\\"product\\\":{\\\"attributes\\\":{\\\"component\\\":\\\"" component                         \
  "\\\",\\\"instanceName\\\":\\\"" name                                                            \
  "\\\"}},\\\"terms\\\":{\\\"OnDemand\\\":{\\\"A.B\\\":{\\\"priceDimensions\\\":{\\\"A.B.C\\\":{"  \
  "\\\"unit\\\":\\\"" unit "\\\",\\\"pricePerUnit\\\":{\\\"USD\\\":\\\"" price "\\\"}}}}}}}"

static void
answer (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  g_autoptr (JsonObject) input = sb_json_parse_bytes (asked->body, NULL);

  g_assert_true (asked->is_signed);
  g_assert_cmpstr (asked_header (asked, "X-Amz-Target"), ==, "AWSPriceListService.GetProducts");
  g_assert_cmpstr (sb_json_get_string (input, "ServiceCode", ""), ==, "AmazonSageMaker");
  if (sb_json_get_string (input, "NextToken", NULL) == NULL)
    reply (message,
           200,
           JSON_TYPE,
           "{\"NextToken\":\"more\",\"PriceList\":[\"" PRODUCT (
               "Hosting", "ml.m5.large", "Hrs", "0.1380000000") "\",\"" PRODUCT ("Training",
                                                                                 "ml.m5.large",
                                                                                 "Hrs",
                                                                                 "0.14") "\"]}");
  else
    reply (message,
           200,
           JSON_TYPE,
           "{\"PriceList\":[\"" PRODUCT ("Hosting", "ml.c5.large", "GB-Mo", "7") "\",\"" PRODUCT (
               "Notebook", "ml.t3.medium", "Hrs", "0.06") "\",\"no JSON\"]}");
}

static SbResourceItem *
make_endpoint (const char *status)
{
  SbResourceItem *item = sb_resource_item_new (SB_RESOURCE_ENDPOINT, "e");

  sb_resource_item_set_status (item, status);
  sb_resource_item_set_instances (item, "ml.m5.large", 2);
  return item;
}

static void
test_table (void)
{
  g_autoptr (SbPrices) prices = sb_prices_new ();

  g_assert_cmpfloat (sb_prices_get (prices, "us-east-1", SB_RESOURCE_ENDPOINT, "ml.m5.large"),
                     ==,
                     0.115);
  g_assert_cmpfloat (sb_prices_get (prices, "us-east-1", SB_RESOURCE_ENDPOINT, "ml.none"),
                     ==,
                     SB_PRICE_UNKNOWN);
  g_assert_cmpfloat (sb_prices_get (prices, "mars-1", SB_RESOURCE_ENDPOINT, "ml.m5.large"),
                     ==,
                     SB_PRICE_UNKNOWN);
  g_assert_cmpfloat (sb_prices_get (prices, "mars-1", SB_RESOURCE_MODEL, ""), ==, 0);
  g_assert_cmpuint (strlen (sb_prices_get_date (prices)), ==, strlen ("2026-01-01"));
}

static void
test_spent (void)
{
  g_autoptr (SbPrices) prices = sb_prices_new ();
  g_autoptr (SbCredentials) nobody = sb_credentials_new ("AKID", "secret", NULL);
  g_autoptr (SbCredentialsProvider) provider = sb_static_provider_new (nobody);
  g_autoptr (SbConnection) aws = sb_connection_new ("x", "X", "us-east-1", NULL, provider);
  g_autoptr (SbResourceItem) item = make_endpoint ("InService");
  g_autofree char *unknown = NULL;
  g_autofree char *text = NULL;

  unknown = sb_prices_describe_item (prices, aws, item);
  g_assert_cmpfloat (sb_prices_get_spent (prices, aws, item), ==, SB_PRICE_UNKNOWN);
  g_assert_cmpstr (unknown, ==, "$0.23 per hour");
  /* A little more than five hours ago, so that the cents do not depend on when this runs. */
  sb_resource_item_set_created (item, (double) (g_get_real_time () / G_USEC_PER_SEC) - 5.01 * 3600);
  text = sb_prices_describe_item (prices, aws, item);
  g_assert_cmpstr (text, ==, "$0.23 per hour, $1.15 so far");
  sb_resource_item_set_status (item, "Failed");
  g_assert_cmpfloat (sb_prices_get_spent (prices, aws, item), ==, 0);
}

static void
test_format (void)
{
  g_autofree char *unknown = sb_price_format_per_hour (SB_PRICE_UNKNOWN);
  g_autofree char *small = sb_price_format_per_hour (0.05);
  g_autofree char *large = sb_price_format (3.825);

  g_assert_cmpstr (unknown, ==, "price unknown");
  g_assert_cmpstr (small, ==, "$0.050 per hour");
  g_assert_cmpstr (large, ==, "$3.83");
}

static void
test_fetch (void)
{
  g_autoptr (Loopback) server = loopback_new (answer, NULL);
  g_autoptr (SbConnection) connection = loopback_connect (server);
  const char *region = sb_connection_get_region (connection);
  g_autoptr (SbClient) client = client_for (connection, NULL);
  g_autoptr (SbConnection) engine = sb_connection_new (SB_CONNECTION_ENGINE,
                                                       "This Computer",
                                                       region,
                                                       "http://127.0.0.1:1",
                                                       sb_connection_get_provider (connection));
  g_autoptr (SbResourceItem) up = make_endpoint ("InService");
  g_autoptr (SbResourceItem) down = make_endpoint ("Failed");
  g_autoptr (GError) error = NULL;
  g_autoptr (SbPrices) prices = NULL;

  g_assert_true (sb_prices_refresh (client, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (loopback_n_asked (server), ==, 2);
  g_assert_cmpstr (loopback_get (server, 0)->region, ==, "us-east-1");
  /* What was asked this week is not asked again. */
  g_assert_true (sb_prices_refresh (client, NULL, &error));
  g_assert_cmpuint (loopback_n_asked (server), ==, 2);
  prices = sb_prices_new ();
  g_assert_cmpfloat (sb_prices_get (prices, region, SB_RESOURCE_ENDPOINT, "ml.m5.large"),
                     ==,
                     0.138);
  g_assert_cmpfloat (sb_prices_get (prices, region, SB_RESOURCE_TRAINING_JOB, "ml.m5.large"),
                     ==,
                     0.14);
  g_assert_cmpfloat (sb_prices_get (prices, region, SB_RESOURCE_NOTEBOOK, "ml.t3.medium"),
                     ==,
                     0.06);
  /* A server at an address of its own stands for AWS, also when it is on this computer. */
  g_assert_true (sb_connection_is_local (connection));
  g_assert_cmpfloat (sb_prices_get_for_item (prices, connection, up), ==, 0.276);
  g_assert_cmpfloat (sb_prices_get_for_item (prices, engine, up), ==, 0);
  g_assert_cmpfloat (sb_prices_get_for_item (prices, connection, down), ==, 0);
}

int
main (int argc, char **argv)
{
  g_autofree char *cache = g_dir_make_tmp ("sb-prices-XXXXXX", NULL);
  g_autofree char *own = g_build_filename (cache, "sagebrush", NULL);
  g_autofree char *file = g_build_filename (own, "prices.json", NULL);
  int status;

  g_setenv ("XDG_CACHE_HOME", cache, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/prices/table", test_table);
  g_test_add_func ("/prices/spent", test_spent);
  g_test_add_func ("/prices/format", test_format);
  g_test_add_func ("/prices/fetch", test_fetch);
  status = g_test_run ();
  g_remove (file);
  g_rmdir (own);
  g_rmdir (cache);
  return status;
}
