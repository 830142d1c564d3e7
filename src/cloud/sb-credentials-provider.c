/* sb-credentials-provider.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-credentials-provider.h"

G_DEFINE_INTERFACE (SbCredentialsProvider, sb_credentials_provider, G_TYPE_OBJECT)

static void
sb_credentials_provider_default_init (SbCredentialsProviderInterface *iface)
{
}

/**
 * sb_credentials_provider_get:
 * @self: a provider
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Reads the credentials. May block; may be called by several threads at once.
 *
 * Returns: (transfer full): the credentials, or %NULL with %SB_ERROR_CREDENTIALS
 */
SbCredentials *
sb_credentials_provider_get (SbCredentialsProvider *self, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (SB_IS_CREDENTIALS_PROVIDER (self), NULL);

  return SB_CREDENTIALS_PROVIDER_GET_IFACE (self)->get (self, cancellable, error);
}
