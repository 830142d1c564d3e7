/* sb-renewal-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-credentials-provider.h"

G_BEGIN_DECLS

/**
 * SbRenewal:
 *
 * Credentials that a provider keeps until shortly before they end. Any thread may ask; one of them
 * fetches for all.
 */
typedef struct
{
  GMutex lock;
  SbCredentials *credentials; /* guarded by lock, as is what follows */
  gint64 cancelled;           /* when the person last would not answer, in monotonic time */
} SbRenewal;

/**
 * SbFetchFunc:
 * @owner: the provider
 * @refused: (nullable): what a service refused, if that is why
 * @why: (nullable): what it said
 *
 * Fetches credentials from where they come; called with the lock held.
 */
typedef SbCredentials *(*SbFetchFunc) (gpointer owner,
                                       SbCredentials *refused,
                                       const GError *why,
                                       GCancellable *cancellable,
                                       GError **error);

void _sb_renewal_init (SbRenewal *self);
void _sb_renewal_clear (SbRenewal *self);
void _sb_renewal_forget (SbRenewal *self);
SbCredentials *_sb_renewal_get (SbRenewal *self,
                                SbFetchFunc fetch,
                                gpointer owner,
                                GCancellable *cancellable,
                                GError **error);
gboolean _sb_renewal_renew (SbRenewal *self,
                            SbFetchFunc fetch,
                            gpointer owner,
                            SbCredentials *refused,
                            const GError *why,
                            GCancellable *cancellable,
                            GError **error);

G_END_DECLS
