/* sb-profile-provider.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-asker.h"
#include "cloud/sb-renewing-provider.h"
#include "cloud/sb-endpoints.h"

G_BEGIN_DECLS

#define SB_TYPE_PROFILE_PROVIDER (sb_profile_provider_get_type ())
G_DECLARE_FINAL_TYPE (SbProfileProvider,
                      sb_profile_provider,
                      SB,
                      PROFILE_PROVIDER,
                      SbRenewingProvider)

SbCredentialsProvider *sb_profile_provider_new (const char *path, const char *profile);
SbCredentialsProvider *
sb_profile_provider_new_full (const char *profile, SbEndpoints *endpoints, SbAsker *asker);

G_END_DECLS
