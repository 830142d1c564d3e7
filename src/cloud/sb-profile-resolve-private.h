/* sb-profile-resolve-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-asker.h"
#include "cloud/sb-aws-config.h"
#include "cloud/sb-credentials-provider.h"
#include "cloud/sb-endpoints.h"

G_BEGIN_DECLS

/**
 * SbResolver:
 * @config: what the files say
 * @path: the file that complaints name
 * @endpoints: where the services are
 * @asker: (nullable): who can ask the person
 * @sign_ins: (element-type utf8 SbCredentialsProvider): by profile, those that sign in; kept so
 *   that nobody signs in twice
 *
 * What it takes to find a profile's credentials. Borrows everything.
 */
typedef struct
{
  SbAwsConfig *config;
  const char *path;
  SbEndpoints *endpoints;
  SbAsker *asker;
  GHashTable *sign_ins;
} SbResolver;

SbCredentials *_sb_resolve_profile (const SbResolver *resolver,
                                    const char *profile,
                                    GCancellable *cancellable,
                                    GError **error);

G_END_DECLS
