/* sb-sso.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * IAM Identity Center: signing in with the browser, and what one may be there. Everything here
 * blocks.
 */

#pragma once

#include <json-glib/json-glib.h>

#include "cloud/sb-asker.h"
#include "cloud/sb-endpoints.h"

G_BEGIN_DECLS

/**
 * SbSsoToken:
 *
 * What a sign-in gave: the token itself, and what it is renewed with. Reference counted
 * (atomically) and immutable; its secrets are wiped when the last reference goes.
 */
typedef struct _SbSsoToken SbSsoToken;

SbSsoToken *sb_sso_token_ref (SbSsoToken *self);
void sb_sso_token_unref (SbSsoToken *self);
SbSsoToken *sb_sso_token_parse (const char *text);
SbSecret *sb_sso_token_to_text (SbSsoToken *self);
gboolean sb_sso_token_is_good (SbSsoToken *self);

/**
 * SbSsoDoor:
 * @endpoints: where the services are, in the Region of the Identity Center
 * @start_url: the organisation's address, such as `https://example.awsapps.com/start`
 * @scopes: (nullable): what to register for; %NULL for what accounts need
 * @who: the profile or connection that it is for
 * @asker: (nullable): who shows the person where to sign in
 *
 * Where somebody signs in. Borrows everything.
 */
typedef struct
{
  SbEndpoints *endpoints;
  const char *start_url;
  const char *const *scopes;
  const char *who;
  SbAsker *asker;
} SbSsoDoor;

SbSsoToken *sb_sso_sign_in (const SbSsoDoor *door, GCancellable *cancellable, GError **error);
SbSsoToken *
sb_sso_renew (const SbSsoDoor *door, SbSsoToken *token, GCancellable *cancellable, GError **error);
JsonArray *sb_sso_list_accounts (const SbSsoDoor *door,
                                 SbSsoToken *token,
                                 GCancellable *cancellable,
                                 GError **error);
JsonArray *sb_sso_list_roles (const SbSsoDoor *door,
                              SbSsoToken *token,
                              const char *account_id,
                              GCancellable *cancellable,
                              GError **error);
SbCredentials *sb_sso_get_credentials (const SbSsoDoor *door,
                                       SbSsoToken *token,
                                       const char *account_id,
                                       const char *role_name,
                                       GCancellable *cancellable,
                                       GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbSsoToken, sb_sso_token_unref)

G_END_DECLS
