/* sb-keyring-provider.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-credentials-provider.h"
#include "wire/sb-secret.h"

G_BEGIN_DECLS

/* Tells the sign-in of IAM Identity Center from a connection's access keys. */
#define SB_KEYRING_SSO_TOKEN "sso-token"

/**
 * SbKeyringState:
 * @SB_KEYRING_ABSENT: nothing on the bus keeps secrets
 * @SB_KEYRING_LOCKED: there is a keyring, which asks for its password when it is used
 * @SB_KEYRING_OPEN: there is a keyring, and it is open
 *
 * Whether secrets can be kept.
 */
typedef enum
{
  SB_KEYRING_ABSENT,
  SB_KEYRING_LOCKED,
  SB_KEYRING_OPEN,
} SbKeyringState;

#define SB_TYPE_KEYRING_PROVIDER (sb_keyring_provider_get_type ())
G_DECLARE_FINAL_TYPE (SbKeyringProvider, sb_keyring_provider, SB, KEYRING_PROVIDER, GObject)

SbCredentialsProvider *sb_keyring_provider_new (const char *connection_id,
                                                const char *access_key_id);
SbKeyringState sb_keyring_get_state (void);
gboolean sb_keyring_is_available (void);
gboolean sb_keyring_store (const char *connection_id,
                           const char *label,
                           SbCredentials *credentials,
                           GCancellable *cancellable,
                           GError **error);
gboolean sb_keyring_store_text (const char *connection_id,
                                const char *key_id,
                                const char *label,
                                const char *text,
                                GCancellable *cancellable,
                                GError **error);
SbSecret *sb_keyring_lookup_text (const char *connection_id,
                                  const char *key_id,
                                  GCancellable *cancellable,
                                  GError **error);
gboolean sb_keyring_clear_key (const char *connection_id,
                               const char *key_id,
                               GCancellable *cancellable,
                               GError **error);
gboolean sb_keyring_clear (const char *connection_id, GCancellable *cancellable, GError **error);

G_END_DECLS
