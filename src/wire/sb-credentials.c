/* sb-credentials.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "wire/sb-credentials.h"

#include "wire/sb-secret.h"

struct _SbCredentials
{
  gatomicrefcount ref_count;
  char *access_key_id;
  SbSecret *secret_access_key;
  SbSecret *session_token;
  gint64 expires;
};

G_DEFINE_BOXED_TYPE (SbCredentials, sb_credentials, sb_credentials_ref, sb_credentials_unref)

/**
 * sb_credentials_new:
 * @access_key_id: the public part
 * @secret_access_key: the secret
 * @session_token: (nullable): the token of temporary credentials
 *
 * Returns: (transfer full): the credentials
 */
SbCredentials *
sb_credentials_new (const char *access_key_id,
                    const char *secret_access_key,
                    const char *session_token)
{
  return sb_credentials_new_temporary (access_key_id, secret_access_key, session_token, 0);
}

/**
 * sb_credentials_new_temporary:
 * @access_key_id: the public part
 * @secret_access_key: the secret
 * @session_token: (nullable): the token of temporary credentials
 * @expires: until when they are good, in seconds since 1970; 0 when nobody knows of an end
 *
 * Returns: (transfer full): the credentials
 */
SbCredentials *
sb_credentials_new_temporary (const char *access_key_id,
                              const char *secret_access_key,
                              const char *session_token,
                              gint64 expires)
{
  SbCredentials *self;

  g_return_val_if_fail (access_key_id != NULL, NULL);
  g_return_val_if_fail (secret_access_key != NULL, NULL);

  self = g_new0 (SbCredentials, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->access_key_id = g_strdup (access_key_id);
  self->secret_access_key = sb_secret_dup (secret_access_key);
  if (session_token != NULL && *session_token != '\0')
    self->session_token = sb_secret_dup (session_token);
  self->expires = expires;
  return self;
}

SbCredentials *
sb_credentials_ref (SbCredentials *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
sb_credentials_unref (SbCredentials *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->access_key_id);
  sb_secret_clear (&self->secret_access_key);
  sb_secret_clear (&self->session_token);
  g_free (self);
}

const char *
sb_credentials_get_access_key_id (SbCredentials *self)
{
  return self->access_key_id;
}

const char *
sb_credentials_get_secret_access_key (SbCredentials *self)
{
  return self->secret_access_key;
}

/**
 * sb_credentials_get_session_token:
 *
 * Returns: (nullable): the token of temporary credentials
 */
const char *
sb_credentials_get_session_token (SbCredentials *self)
{
  return self->session_token;
}

/**
 * sb_credentials_get_expires:
 *
 * Returns: until when they are good, in seconds since 1970; 0 when nobody knows of an end
 */
gint64
sb_credentials_get_expires (SbCredentials *self)
{
  return self->expires;
}
