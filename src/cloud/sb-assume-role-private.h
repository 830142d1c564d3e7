/* sb-assume-role-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Credentials that another gives: the Security Token Service, or a program.
 */

#pragma once

#include "cloud/sb-asker.h"
#include "cloud/sb-endpoints.h"

G_BEGIN_DECLS

/**
 * SbRole:
 * @arn: the role's ARN
 * @session_name: (nullable): what the session is called in the account's records
 * @external_id: (nullable): what the role's owner asks for
 * @mfa_serial: (nullable): the device whose code the role's owner asks for
 * @duration: for how many seconds; 0 for the service's default
 *
 * A role to take on. Borrows everything.
 */
typedef struct
{
  const char *arn;
  const char *session_name;
  const char *external_id;
  const char *mfa_serial;
  gint64 duration;
} SbRole;

SbCredentials *_sb_assume_role (const SbRole *role,
                                SbCredentials *source,
                                SbEndpoints *endpoints,
                                const char *who,
                                SbAsker *asker,
                                GCancellable *cancellable,
                                GError **error);
SbCredentials *_sb_run_credential_process (const char *command,
                                           const char *profile,
                                           GCancellable *cancellable,
                                           GError **error);

G_END_DECLS
