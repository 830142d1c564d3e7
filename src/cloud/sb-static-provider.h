/* sb-static-provider.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-credentials-provider.h"

G_BEGIN_DECLS

#define SB_TYPE_STATIC_PROVIDER (sb_static_provider_get_type ())
G_DECLARE_FINAL_TYPE (SbStaticProvider, sb_static_provider, SB, STATIC_PROVIDER, GObject)

SbCredentialsProvider *sb_static_provider_new (SbCredentials *credentials);

G_END_DECLS
