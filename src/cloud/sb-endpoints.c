/* sb-endpoints.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-endpoints.h"

#include <gio/gio.h>
#include <string.h>

/* The key of the address that counts for all services without one of their own. */
#define ALL "*"

struct _SbEndpoints
{
  gatomicrefcount ref_count;
  char *region;
  gboolean fips;
  GHashTable *urls; /* by service */
};

G_DEFINE_BOXED_TYPE (SbEndpoints, sb_endpoints, sb_endpoints_ref, sb_endpoints_unref)

/* How the tools of AWS call the services in names of variables. */
static const struct
{
  const char *service;
  const char *variable;
} variables[] = {
  { "sagemaker", "AWS_ENDPOINT_URL_SAGEMAKER" },
  { "sagemaker-runtime", "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME" },
  { "logs", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS" },
  { "cloudwatch", "AWS_ENDPOINT_URL_CLOUDWATCH" },
  { "s3", "AWS_ENDPOINT_URL_S3" },
  { "iam", "AWS_ENDPOINT_URL_IAM" },
  { "sts", "AWS_ENDPOINT_URL_STS" },
  { "sso", "AWS_ENDPOINT_URL_SSO" },
  { "sso-oidc", "AWS_ENDPOINT_URL_SSO_OIDC" },
};

/**
 * sb_endpoints_new:
 * @region: such as `us-east-1`
 *
 * Returns: (transfer full): AWS's own addresses in that Region
 */
SbEndpoints *
sb_endpoints_new (const char *region)
{
  SbEndpoints *self;

  g_return_val_if_fail (region != NULL, NULL);

  self = g_new0 (SbEndpoints, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->region = g_strdup (region);
  self->urls = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

SbEndpoints *
sb_endpoints_ref (SbEndpoints *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
sb_endpoints_unref (SbEndpoints *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->region);
  g_hash_table_unref (self->urls);
  g_free (self);
}

/* Without slashes at its end, so that paths can be put behind it. */
static char *
tidy_url (const char *url)
{
  gsize length = strlen (url);

  while (length > 0 && url[length - 1] == '/')
    length--;
  return g_strndup (url, length);
}

/**
 * sb_endpoints_set_url:
 * @self: endpoints that nobody else has yet
 * @service: (nullable): a service; %NULL for all that have no address of their own
 * @url: (nullable): its address; %NULL or "" for AWS's own
 */
void
sb_endpoints_set_url (SbEndpoints *self, const char *service, const char *url)
{
  const char *key = service != NULL ? service : ALL;

  if (url == NULL || *url == '\0')
    g_hash_table_remove (self->urls, key);
  else
    g_hash_table_replace (self->urls, g_strdup (key), tidy_url (url));
}

/**
 * sb_endpoints_set_fips:
 * @self: endpoints that nobody else has yet
 * @fips: whether AWS's addresses are to be those whose cryptography is validated under FIPS 140
 */
void
sb_endpoints_set_fips (SbEndpoints *self, gboolean fips)
{
  self->fips = fips;
}

/**
 * sb_endpoints_copy_to_region:
 * @self: endpoints
 * @region: such as `eu-west-1`
 *
 * Returns: (transfer full): the same in another Region
 */
SbEndpoints *
sb_endpoints_copy_to_region (SbEndpoints *self, const char *region)
{
  SbEndpoints *copy = sb_endpoints_new (region);
  GHashTableIter iter;
  gpointer service, url;

  copy->fips = self->fips;
  g_hash_table_iter_init (&iter, self->urls);
  while (g_hash_table_iter_next (&iter, &service, &url))
    g_hash_table_insert (copy->urls, g_strdup (service), g_strdup (url));
  return copy;
}

const char *
sb_endpoints_get_region (SbEndpoints *self)
{
  return self->region;
}

gboolean
sb_endpoints_get_fips (SbEndpoints *self)
{
  return self->fips;
}

/**
 * sb_endpoints_get_own_url:
 * @self: endpoints
 * @service: (nullable): a service; %NULL for what counts for all
 *
 * Returns: (transfer none) (nullable): what was set for exactly that, without a slash at its end
 */
const char *
sb_endpoints_get_own_url (SbEndpoints *self, const char *service)
{
  return g_hash_table_lookup (self->urls, service != NULL ? service : ALL);
}

static const char *
get_variable (const char *name)
{
  const char *value = g_getenv (name);

  return value != NULL && *value != '\0' ? value : NULL;
}

/* As all tools of AWS do: a variable of the service, else one for all. */
static const char *
get_from_environment (const char *service)
{
  const char *ignore = get_variable ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  const char *url = NULL;

  if (ignore != NULL && g_ascii_strcasecmp (ignore, "true") == 0)
    return NULL;
  for (gsize i = 0; url == NULL && i < G_N_ELEMENTS (variables); i++)
    if (strcmp (variables[i].service, service) == 0)
      url = get_variable (variables[i].variable);
  return url != NULL ? url : get_variable ("AWS_ENDPOINT_URL");
}

/**
 * sb_endpoints_get_url:
 * @self: endpoints
 * @service: a service
 *
 * What was set counts, else `$AWS_ENDPOINT_URL_…` and `$AWS_ENDPOINT_URL`.
 *
 * Returns: (transfer none) (nullable): its address; %NULL for AWS's own
 */
const char *
sb_endpoints_get_url (SbEndpoints *self, const char *service)
{
  const char *url = g_hash_table_lookup (self->urls, service);

  if (url == NULL)
    url = g_hash_table_lookup (self->urls, ALL);
  return url != NULL ? url : get_from_environment (service);
}

/**
 * sb_endpoints_is_loopback:
 * @self: endpoints
 * @service: (nullable): a service; %NULL for what counts for all
 *
 * Returns: whether its address is this very computer's
 */
gboolean
sb_endpoints_is_loopback (SbEndpoints *self, const char *service)
{
  const char *url = service != NULL ? sb_endpoints_get_url (self, service)
                                    : sb_endpoints_get_own_url (self, NULL);
  g_autoptr (GUri) uri = url != NULL ? g_uri_parse (url, G_URI_FLAGS_NONE, NULL) : NULL;
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;
  g_autoptr (GInetAddress) address = NULL;

  if (host == NULL)
    return FALSE;
  address = g_inet_address_new_from_string (host);
  if (address != NULL)
    return g_inet_address_get_is_loopback (address);
  return g_ascii_strcasecmp (host, "localhost") == 0;
}
