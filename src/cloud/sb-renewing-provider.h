/* sb-renewing-provider.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-credentials-provider.h"

G_BEGIN_DECLS

#define SB_TYPE_RENEWING_PROVIDER (sb_renewing_provider_get_type ())
G_DECLARE_DERIVABLE_TYPE (SbRenewingProvider, sb_renewing_provider, SB, RENEWING_PROVIDER, GObject)

/**
 * SbRenewingProviderClass:
 * @fetch: fetches credentials from where they come; one thread at a time. @refused and @why tell
 *   what a service refused and what it said, if that is why, else they are %NULL
 * @is_stale: (nullable): whether what was fetched before may be out of date; any thread may ask
 */
struct _SbRenewingProviderClass
{
  GObjectClass parent_class;

  SbCredentials *(*fetch) (SbRenewingProvider *self,
                           SbCredentials *refused,
                           const GError *why,
                           GCancellable *cancellable,
                           GError **error);
  gboolean (*is_stale) (SbRenewingProvider *self);
};

void sb_renewing_provider_set (SbRenewingProvider *self, SbCredentials *credentials);

G_END_DECLS
