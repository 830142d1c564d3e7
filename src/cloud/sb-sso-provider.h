/* sb-sso-provider.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-renewing-provider.h"
#include "cloud/sb-sso.h"

G_BEGIN_DECLS

#define SB_TYPE_SSO_PROVIDER (sb_sso_provider_get_type ())
G_DECLARE_FINAL_TYPE (SbSsoProvider, sb_sso_provider, SB, SSO_PROVIDER, SbRenewingProvider)

SbCredentialsProvider *
sb_sso_provider_new (const SbSsoDoor *door, const char *account_id, const char *role_name);
void sb_sso_provider_set_token (SbSsoProvider *self, SbSsoToken *token);
void sb_sso_provider_keep_in_keyring (SbSsoProvider *self, const char *connection_id);
void sb_sso_provider_read_cache (SbSsoProvider *self, const char *path);

G_END_DECLS
