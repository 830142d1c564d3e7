/* sb-connection.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-connection.h"

#include <string.h>

#include "wire/sb-names.h"

#define DEFAULT_TIMEOUT      60
#define DEFAULT_MAX_ATTEMPTS 3

/**
 * SbConnection:
 *
 * Where calls go and who makes them: a Region, perhaps an endpoint of its own, and credentials.
 * Apart from the two limits, which are to be set before it is shared, it is immutable, and any
 * thread may use it.
 */
struct _SbConnection
{
  GObject parent_instance;

  char *id;
  char *name;
  SbEndpoints *endpoints;
  SbCredentialsProvider *provider;
  gboolean local;
  guint timeout;
  guint max_attempts;
};

G_DEFINE_FINAL_TYPE (SbConnection, sb_connection, G_TYPE_OBJECT)

static void
sb_connection_finalize (GObject *object)
{
  SbConnection *self = SB_CONNECTION (object);

  g_clear_pointer (&self->id, g_free);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->endpoints, sb_endpoints_unref);
  g_clear_object (&self->provider);

  G_OBJECT_CLASS (sb_connection_parent_class)->finalize (object);
}

static void
sb_connection_class_init (SbConnectionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_connection_finalize;
}

static void
sb_connection_init (SbConnection *self)
{
  self->timeout = DEFAULT_TIMEOUT;
  self->max_attempts = DEFAULT_MAX_ATTEMPTS;
}

/**
 * sb_connection_new:
 * @id: what tells it from others, for good: %SB_CONNECTION_ENGINE is this computer's
 * @name: what people call it
 * @region: such as `us-east-1`
 * @endpoint_url: (nullable): where all services are, instead of at AWS
 * @provider: (transfer none): where the keys come from
 *
 * Returns: (transfer full): the connection
 */
SbConnection *
sb_connection_new (const char *id,
                   const char *name,
                   const char *region,
                   const char *endpoint_url,
                   SbCredentialsProvider *provider)
{
  g_autoptr (SbEndpoints) endpoints = NULL;

  g_return_val_if_fail (region != NULL, NULL);

  endpoints = sb_endpoints_new (region);
  sb_endpoints_set_url (endpoints, NULL, endpoint_url);
  return sb_connection_new_at (id, name, endpoints, provider);
}

/**
 * sb_connection_new_at:
 * @id: what tells it from others, for good
 * @name: what people call it
 * @endpoints: (transfer none): where the services are
 * @provider: (transfer none): where the keys come from
 *
 * Returns: (transfer full): the connection
 */
SbConnection *
sb_connection_new_at (const char *id,
                      const char *name,
                      SbEndpoints *endpoints,
                      SbCredentialsProvider *provider)
{
  SbConnection *self;

  g_return_val_if_fail (id != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (endpoints != NULL, NULL);
  g_return_val_if_fail (SB_IS_CREDENTIALS_PROVIDER (provider), NULL);

  self = g_object_new (SB_TYPE_CONNECTION, NULL);
  self->id = g_strdup (id);
  self->name = g_strdup (name);
  self->endpoints = sb_endpoints_ref (endpoints);
  self->local = sb_endpoints_is_loopback (endpoints, NULL);
  self->provider = g_object_ref (provider);
  return self;
}

/**
 * sb_connection_get_id:
 * @self: a connection
 *
 * Returns: (transfer none): what tells it from others
 */
const char *
sb_connection_get_id (SbConnection *self)
{
  g_return_val_if_fail (SB_IS_CONNECTION (self), NULL);

  return self->id;
}

/**
 * sb_connection_get_name:
 * @self: a connection
 *
 * Returns: (transfer none): what people call it
 */
const char *
sb_connection_get_name (SbConnection *self)
{
  g_return_val_if_fail (SB_IS_CONNECTION (self), NULL);

  return self->name;
}

/**
 * sb_connection_get_region:
 * @self: a connection
 *
 * Returns: (transfer none): its Region
 */
const char *
sb_connection_get_region (SbConnection *self)
{
  g_return_val_if_fail (SB_IS_CONNECTION (self), NULL);

  return sb_endpoints_get_region (self->endpoints);
}

/**
 * sb_connection_get_endpoint_url:
 * @self: a connection
 *
 * Returns: (transfer none) (nullable): its own endpoint for all services, without a slash at the
 * end
 */
const char *
sb_connection_get_endpoint_url (SbConnection *self)
{
  g_return_val_if_fail (SB_IS_CONNECTION (self), NULL);

  return sb_endpoints_get_own_url (self->endpoints, NULL);
}

/**
 * sb_connection_get_endpoints:
 * @self: a connection
 *
 * Returns: (transfer none): where its services are
 */
SbEndpoints *
sb_connection_get_endpoints (SbConnection *self)
{
  g_return_val_if_fail (SB_IS_CONNECTION (self), NULL);

  return self->endpoints;
}

/**
 * sb_connection_get_partition:
 * @self: a connection
 *
 * Returns: (transfer none): `aws`, `aws-cn` or `aws-us-gov`
 */
const char *
sb_connection_get_partition (SbConnection *self)
{
  g_return_val_if_fail (SB_IS_CONNECTION (self), NULL);

  return sb_region_get_partition (sb_connection_get_region (self));
}

/**
 * sb_connection_get_provider:
 * @self: a connection
 *
 * Returns: (transfer none): where its keys come from
 */
SbCredentialsProvider *
sb_connection_get_provider (SbConnection *self)
{
  g_return_val_if_fail (SB_IS_CONNECTION (self), NULL);

  return self->provider;
}

/**
 * sb_connection_is_engine:
 * @self: a connection
 *
 * A server at an address of its own is no engine, wherever it is: it stands for AWS.
 *
 * Returns: whether it leads to this computer's engine, which knows more than AWS does
 */
gboolean
sb_connection_is_engine (SbConnection *self)
{
  g_return_val_if_fail (SB_IS_CONNECTION (self), FALSE);

  return strcmp (self->id, SB_CONNECTION_ENGINE) == 0;
}

/**
 * sb_connection_is_local:
 * @self: a connection
 *
 * Returns: whether it leads to this very computer
 */
gboolean
sb_connection_is_local (SbConnection *self)
{
  g_return_val_if_fail (SB_IS_CONNECTION (self), FALSE);

  return self->local;
}

/**
 * sb_connection_get_timeout:
 * @self: a connection
 *
 * Returns: after how many seconds of silence an attempt is given up
 */
guint
sb_connection_get_timeout (SbConnection *self)
{
  g_return_val_if_fail (SB_IS_CONNECTION (self), 0);

  return self->timeout;
}

/**
 * sb_connection_set_timeout:
 * @self: a connection
 * @seconds: after how many seconds of silence an attempt is given up; at least 1
 */
void
sb_connection_set_timeout (SbConnection *self, guint seconds)
{
  g_return_if_fail (SB_IS_CONNECTION (self));
  g_return_if_fail (seconds > 0);

  self->timeout = seconds;
}

/**
 * sb_connection_get_max_attempts:
 * @self: a connection
 *
 * Returns: how often a call is tried
 */
guint
sb_connection_get_max_attempts (SbConnection *self)
{
  g_return_val_if_fail (SB_IS_CONNECTION (self), 0);

  return self->max_attempts;
}

/**
 * sb_connection_set_max_attempts:
 * @self: a connection
 * @attempts: how often a call is tried; at least 1
 */
void
sb_connection_set_max_attempts (SbConnection *self, guint attempts)
{
  g_return_if_fail (SB_IS_CONNECTION (self));
  g_return_if_fail (attempts > 0);

  self->max_attempts = attempts;
}

/**
 * sb_connection_dup_console_url:
 * @self: a connection
 * @path: such as `sagemaker/home#/jobs/my-job`
 *
 * Returns: (transfer full) (nullable): the address of that page of the AWS console; %NULL for a
 *   connection with an endpoint of its own, which has none
 */
char *
sb_connection_dup_console_url (SbConnection *self, const char *path)
{
  static const struct
  {
    const char *partition;
    const char *domain;
  } consoles[] = {
    { "aws", "console.aws.amazon.com" },
    { "aws-cn", "console.amazonaws.cn" },
    { "aws-us-gov", "console.amazonaws-us-gov.com" },
  };
  const char *region;
  const char *fragment;

  g_return_val_if_fail (SB_IS_CONNECTION (self), NULL);
  g_return_val_if_fail (path != NULL, NULL);

  if (sb_connection_get_endpoint_url (self) != NULL)
    return NULL;
  region = sb_connection_get_region (self);
  fragment = strchrnul (path, '#');
  for (gsize i = 0; i < G_N_ELEMENTS (consoles); i++)
    if (strcmp (consoles[i].partition, sb_connection_get_partition (self)) == 0)
      return g_strdup_printf ("https://%s.%s/%.*s%cregion=%s%s",
                              region,
                              consoles[i].domain,
                              (int) (fragment - path),
                              path,
                              memchr (path, '?', (gsize) (fragment - path)) != NULL ? '&' : '?',
                              region,
                              fragment);
  return NULL;
}
