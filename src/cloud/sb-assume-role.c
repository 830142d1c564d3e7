/* sb-assume-role.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-assume-role-private.h"

#include <glib/gi18n.h>

#include "cloud/sb-client-private.h"
#include "cloud/sb-static-provider.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

static JsonObject *
make_input (const SbRole *role,
            const char *who,
            SbAsker *asker,
            GCancellable *cancellable,
            GError **error)
{
  g_autofree char *name =
      g_strdup_printf ("sagebrush-%" G_GINT64_FORMAT, g_get_real_time () / G_USEC_PER_SEC);
  g_autoptr (SbSecret) code = NULL;
  JsonObject *input = sb_json_object_new ("RoleArn",
                                          "s",
                                          role->arn,
                                          "RoleSessionName",
                                          "s",
                                          role->session_name != NULL ? role->session_name : name,
                                          "ExternalId",
                                          "s",
                                          role->external_id,
                                          "SerialNumber",
                                          "s",
                                          role->mfa_serial,
                                          NULL);

  if (role->duration > 0)
    json_object_set_int_member (input, "DurationSeconds", role->duration);
  if (role->mfa_serial == NULL)
    return input;
  code = sb_asker_ask_code (asker, who, role->mfa_serial, cancellable, error);
  if (code == NULL)
    g_clear_pointer (&input, json_object_unref);
  else
    json_object_set_string_member (input, "TokenCode", code);
  return input;
}

static SbCredentials *
take_credentials (JsonObject *answer, const SbRole *role, GError **error)
{
  const char *id = sb_json_get_string (answer, "Credentials.AccessKeyId", NULL);
  const char *secret = sb_json_get_string (answer, "Credentials.SecretAccessKey", NULL);

  if (id != NULL && secret != NULL)
    return sb_credentials_new_temporary (
        id,
        secret,
        sb_json_get_string (answer, "Credentials.SessionToken", NULL),
        (gint64) sb_json_get_double (answer, "Credentials.Expiration", 0));
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_PROTOCOL,
               _ ("The answer for the role %s holds no credentials. Try again later."),
               role->arn);
  return NULL;
}

/*< private >
 * _sb_assume_role:
 * @role: the role
 * @source: who takes it on
 * @endpoints: where the Security Token Service is
 * @who: the profile that it is for
 * @asker: (nullable): who asks for the code of a device
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): temporary credentials
 */
SbCredentials *
_sb_assume_role (const SbRole *role,
                 SbCredentials *source,
                 SbEndpoints *endpoints,
                 const char *who,
                 SbAsker *asker,
                 GCancellable *cancellable,
                 GError **error)
{
  const SbCallOptions options = { .secret = TRUE };
  g_autoptr (SbCredentialsProvider) provider = sb_static_provider_new (source);
  g_autoptr (SbConnection) connection = sb_connection_new_at ("", who, endpoints, provider);
  g_autoptr (SbClient) client = sb_client_new (connection, NULL);
  g_autoptr (JsonObject) input = make_input (role, who, asker, cancellable, error);
  g_autoptr (JsonObject) answer = NULL;
  SbCredentials *credentials;

  if (input == NULL)
    return NULL;
  answer = _sb_client_call_full (client, "sts", "AssumeRole", input, &options, cancellable, error);
  sb_secret_wipe_json (input);
  if (answer == NULL)
    return NULL;
  credentials = take_credentials (answer, role, error);
  sb_secret_wipe_json (answer);
  return credentials;
}
