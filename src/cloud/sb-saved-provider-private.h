/* sb-saved-provider-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-asker.h"
#include "cloud/sb-connection-info.h"
#include "cloud/sb-renewing-provider.h"

G_BEGIN_DECLS

#define SB_TYPE_SAVED_PROVIDER (_sb_saved_provider_get_type ())
G_DECLARE_FINAL_TYPE (SbSavedProvider, _sb_saved_provider, SB, SAVED_PROVIDER, SbRenewingProvider)

SbCredentialsProvider *_sb_saved_provider_new (const char *path,
                                               SbConnectionInfo *info,
                                               SbCredentials *credentials,
                                               SbAsker *asker);
char *_sb_connection_dup_label (SbConnectionInfo *info);

G_END_DECLS
