/* sb-credentials-provider.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "wire/sb-credentials.h"

G_BEGIN_DECLS

#define SB_TYPE_CREDENTIALS_PROVIDER (sb_credentials_provider_get_type ())
G_DECLARE_INTERFACE (SbCredentialsProvider,
                     sb_credentials_provider,
                     SB,
                     CREDENTIALS_PROVIDER,
                     GObject)

/**
 * SbCredentialsProviderInterface:
 * @get: reads the credentials; may block, may be called by several threads at once
 * @renew: (nullable): replaces credentials that a service refused; see
 *   sb_credentials_provider_renew()
 *
 * Where a connection's keys come from.
 */
struct _SbCredentialsProviderInterface
{
  GTypeInterface parent_iface;

  SbCredentials *(*get) (SbCredentialsProvider *self, GCancellable *cancellable, GError **error);
  gboolean (*renew) (SbCredentialsProvider *self,
                     SbCredentials *refused,
                     const GError *why,
                     GCancellable *cancellable,
                     GError **error);
};

SbCredentials *sb_credentials_provider_get (SbCredentialsProvider *self,
                                            GCancellable *cancellable,
                                            GError **error);
gboolean sb_credentials_provider_renew (SbCredentialsProvider *self,
                                        SbCredentials *refused,
                                        const GError *why,
                                        GCancellable *cancellable,
                                        GError **error);

G_END_DECLS
