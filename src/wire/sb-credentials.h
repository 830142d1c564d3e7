/* sb-credentials.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * SbCredentials:
 *
 * An access key, immutable and reference counted (atomically). Its secrets are wiped from memory
 * when the last reference goes; nothing prints them.
 */
typedef struct _SbCredentials SbCredentials;

#define SB_TYPE_CREDENTIALS (sb_credentials_get_type ())

GType sb_credentials_get_type (void);
SbCredentials *sb_credentials_new (const char *access_key_id,
                                   const char *secret_access_key,
                                   const char *session_token);
SbCredentials *sb_credentials_new_temporary (const char *access_key_id,
                                             const char *secret_access_key,
                                             const char *session_token,
                                             gint64 expires);
SbCredentials *sb_credentials_ref (SbCredentials *self);
void sb_credentials_unref (SbCredentials *self);
const char *sb_credentials_get_access_key_id (SbCredentials *self);
const char *sb_credentials_get_secret_access_key (SbCredentials *self);
const char *sb_credentials_get_session_token (SbCredentials *self);
gint64 sb_credentials_get_expires (SbCredentials *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbCredentials, sb_credentials_unref)

G_END_DECLS
