/* sb-account.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What Get Started has settled for an account and a Region: every module works with it.
 */

#pragma once

#include "cloud/sb-client.h"
#include "wire/sb-json.h"

G_BEGIN_DECLS

/* What can be settled. */
#define SB_ACCOUNT_BUCKET "bucket"
#define SB_ACCOUNT_ROLE   "role"

/* The policy of the role that the workshop makes. */
#define SB_ACCOUNT_POLICY "SagebrushWorkshop"

char *sb_account_lookup (const char *data_dir, SbConnection *connection, const char *what);
gboolean sb_account_settle (const char *data_dir,
                            SbConnection *connection,
                            const char *what,
                            const char *value,
                            GError **error);
char *sb_account_make_role_name (SbConnection *connection);
char *sb_account_make_trust_policy (void);
char *sb_account_make_policy (SbConnection *connection, const char *bucket);
char *sb_account_describe_role (SbConnection *connection, const char *bucket);
gboolean sb_account_may_be_assumed (JsonObject *role);
char **sb_account_list_roles (SbClient *client, GCancellable *cancellable, GError **error);

G_END_DECLS
