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

/**
 * sb_credentials_provider_renew:
 * @self: a provider
 * @refused: credentials that it gave and that a service refused
 * @why: what the service said
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Replaces credentials that are no longer good: by asking where they come from, or the person. May
 * block; may be called by several threads at once, of which one has them renewed for all.
 *
 * Returns: whether sb_credentials_provider_get() now gives others. When it is not so, @error is set
 *   only if the renewal itself failed: %SB_ERROR_CREDENTIALS, or %G_IO_ERROR_CANCELLED when the
 *   person would not
 */
gboolean
sb_credentials_provider_renew (SbCredentialsProvider *self,
                               SbCredentials *refused,
                               const GError *why,
                               GCancellable *cancellable,
                               GError **error)
{
  SbCredentialsProviderInterface *iface;

  g_return_val_if_fail (SB_IS_CREDENTIALS_PROVIDER (self), FALSE);
  g_return_val_if_fail (refused != NULL, FALSE);

  iface = SB_CREDENTIALS_PROVIDER_GET_IFACE (self);
  return iface->renew != NULL && iface->renew (self, refused, why, cancellable, error);
}
