/* sb-auth.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

#include "wire/sb-sigv4.h"

G_BEGIN_DECLS

/**
 * SbAuth:
 *
 * Checks signatures against the engine's one access key.
 */
typedef struct _SbAuth SbAuth;

/**
 * SbAuthService:
 * @SB_AUTH_JSON: SageMaker, Runtime and Logs: a clock that is off by more than five minutes is
 *   refused
 * @SB_AUTH_QUERY: IAM and STS
 * @SB_AUTH_S3: fifteen minutes; presigned URLs, and payloads that are not signed
 */
typedef enum
{
  SB_AUTH_JSON,
  SB_AUTH_QUERY,
  SB_AUTH_S3,
} SbAuthService;

SbAuth *sb_auth_new (SbCredentials *credentials, const char *region);
void sb_auth_free (SbAuth *self);
gboolean sb_auth_check (SbAuth *self,
                        SbAuthService service,
                        const SbSigv4Request *request,
                        GBytes *body,
                        SbSigv4Claim **claim,
                        GError **error);
const guint8 *sb_auth_get_key (SbAuth *self, const SbSigv4Claim *claim);

G_END_DECLS
