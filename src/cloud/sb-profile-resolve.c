/* sb-profile-resolve.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which of a profile's values counts, in the order that botocore has: a role to take on, IAM
 * Identity Center, keys of the credentials file, a program, keys of the config file.
 */

#include "config.h"

#include "cloud/sb-profile-resolve-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-assume-role-private.h"
#include "cloud/sb-sso-provider.h"
#include "wire/sb-digest.h"
#include "wire/sb-error.h"

typedef struct
{
  const SbResolver *resolver;
  GPtrArray *visited; /* (element-type utf8): profiles that wait for the one in hand */
  GCancellable *cancellable;
} Walk;

static const char *
get (Walk *walk, const char *profile, const char *name)
{
  return sb_aws_config_get (walk->resolver->config, profile, name);
}

static SbCredentials *
fail (Walk *walk, const char *profile, const char *why, GError **error)
{
  g_set_error (
      error,
      SB_ERROR,
      SB_ERROR_CREDENTIALS,
      _ ("The profile “%s” in “%s” gives no credentials: %s. Correct it, or choose another "
         "profile."),
      profile,
      walk->resolver->path,
      why);
  return NULL;
}

static SbCredentials *
fail_about (Walk *walk, const char *profile, const char *format, const char *what, GError **error)
{
  g_autoptr (GString) why = g_string_new (format);

  g_string_replace (why, "%s", what, 1);
  return fail (walk, profile, why->str, error);
}

static gboolean
has_static_keys (Walk *walk, const char *profile)
{
  return get (walk, profile, "aws_access_key_id") != NULL ||
         get (walk, profile, "aws_secret_access_key") != NULL;
}

static gboolean
has_role (Walk *walk, const char *profile)
{
  return get (walk, profile, "role_arn") != NULL &&
         get (walk, profile, "web_identity_token_file") == NULL;
}

static gboolean
has_sso (Walk *walk, const char *profile)
{
  return get (walk, profile, "sso_account_id") != NULL ||
         get (walk, profile, "sso_role_name") != NULL;
}

static SbCredentials *
from_keys (Walk *walk,
           const char *profile,
           const char *id,
           const char *secret,
           const char *token,
           GError **error)
{
  if (id == NULL || secret == NULL || *id == '\0' || *secret == '\0')
    return fail (walk, profile, _ ("aws_access_key_id or aws_secret_access_key is missing"), error);
  return sb_credentials_new (id, secret, token);
}

static SbCredentials *
from_environment (Walk *walk, const char *profile, GError **error)
{
  return from_keys (walk,
                    profile,
                    g_getenv ("AWS_ACCESS_KEY_ID"),
                    g_getenv ("AWS_SECRET_ACCESS_KEY"),
                    g_getenv ("AWS_SESSION_TOKEN"),
                    error);
}

/* The file in which “aws sso login” leaves the token of this sign-in. */
static char *
cache_path (const char *key)
{
  g_autofree char *name = sb_digest_hex (SB_DIGEST_SHA1, key, -1);
  g_autofree char *file = g_strconcat (name, ".json", NULL);

  return g_build_filename (g_get_home_dir (), ".aws", "sso", "cache", file, NULL);
}

/* "sso:account:access, other:scope" */
static char **
split_scopes (const char *text)
{
  char **scopes = text != NULL ? g_strsplit (text, ",", -1) : NULL;

  for (gsize i = 0; scopes != NULL && scopes[i] != NULL; i++)
    g_strstrip (scopes[i]);
  return scopes;
}

static SbCredentialsProvider *
new_sign_in (Walk *walk,
             const char *profile,
             const char *start_url,
             const char *region,
             const char *session)
{
  SbAwsConfig *config = walk->resolver->config;
  g_autoptr (SbEndpoints) endpoints =
      sb_endpoints_copy_to_region (walk->resolver->endpoints, region);
  g_auto (GStrv) scopes = split_scopes (
      session != NULL ? sb_aws_config_get_session (config, session, "sso_registration_scopes")
                      : NULL);
  g_autofree char *path = cache_path (session != NULL ? session : start_url);
  SbSsoDoor door = { .endpoints = endpoints,
                     .start_url = start_url,
                     .scopes = (const char *const *) scopes,
                     .who = profile,
                     .asker = walk->resolver->asker };
  SbCredentialsProvider *provider = sb_sso_provider_new (&door,
                                                         get (walk, profile, "sso_account_id"),
                                                         get (walk, profile, "sso_role_name"));

  sb_sso_provider_read_cache (SB_SSO_PROVIDER (provider), path);
  return provider;
}

static SbCredentials *
from_sso (Walk *walk, const char *profile, GError **error)
{
  SbAwsConfig *config = walk->resolver->config;
  const char *session = get (walk, profile, "sso_session");
  const char *start_url = get (walk, profile, "sso_start_url");
  const char *region = get (walk, profile, "sso_region");
  SbCredentialsProvider *provider = g_hash_table_lookup (walk->resolver->sign_ins, profile);

  if (session != NULL && !sb_aws_config_has_session (config, session))
    return fail_about (walk, profile, _ ("there is no sso-session “%s”"), session, error);
  if (session != NULL)
    {
      start_url = sb_aws_config_get_session (config, session, "sso_start_url");
      region = sb_aws_config_get_session (config, session, "sso_region");
    }
  if (start_url == NULL || region == NULL || get (walk, profile, "sso_account_id") == NULL ||
      get (walk, profile, "sso_role_name") == NULL)
    return fail (walk,
                 profile,
                 _ ("sso_start_url, sso_region, sso_account_id or sso_role_name is missing"),
                 error);
  if (provider == NULL)
    {
      provider = new_sign_in (walk, profile, start_url, region, session);
      g_hash_table_insert (walk->resolver->sign_ins, g_strdup (profile), provider);
    }
  return sb_credentials_provider_get (provider, walk->cancellable, error);
}

/* A key is never put together from two files. The token has an older name, too. */
static SbCredentials *
from_file (Walk *walk, const char *profile, SbAwsFile file, GError **error)
{
  SbAwsConfig *config = walk->resolver->config;
  const char *token = sb_aws_config_get_in (config, file, profile, "aws_security_token");

  if (token == NULL)
    token = sb_aws_config_get_in (config, file, profile, "aws_session_token");
  return from_keys (walk,
                    profile,
                    sb_aws_config_get_in (config, file, profile, "aws_access_key_id"),
                    sb_aws_config_get_in (config, file, profile, "aws_secret_access_key"),
                    token,
                    error);
}

static gboolean
has_key_in (Walk *walk, const char *profile, SbAwsFile file)
{
  return sb_aws_config_get_in (walk->resolver->config, file, profile, "aws_access_key_id") != NULL;
}

static SbCredentials *
from_values (Walk *walk, const char *profile, GError **error)
{
  const char *process = get (walk, profile, "credential_process");

  if (has_sso (walk, profile))
    return from_sso (walk, profile, error);
  if (has_key_in (walk, profile, SB_AWS_CREDENTIALS_FILE))
    return from_file (walk, profile, SB_AWS_CREDENTIALS_FILE, error);
  if (process != NULL)
    return _sb_run_credential_process (process, profile, walk->cancellable, error);
  if (has_key_in (walk, profile, SB_AWS_CONFIG_FILE))
    return from_file (walk, profile, SB_AWS_CONFIG_FILE, error);
  if (get (walk, profile, "web_identity_token_file") != NULL)
    return fail (walk, profile, _ ("Sagebrush does not know web_identity_token_file"), error);
  return fail (walk,
               profile,
               _ ("it has no access key, no role, no credential_process and no sso-session"),
               error);
}

static gboolean
was_visited (Walk *walk, const char *profile)
{
  return g_ptr_array_find_with_equal_func (walk->visited, profile, g_str_equal, NULL);
}

static SbCredentials *resolve (Walk *walk, const char *profile, gboolean is_source, GError **error);

/* Who takes on the role of a profile. */
static SbCredentials *
find_source (Walk *walk, const char *profile, GError **error)
{
  const char *source = get (walk, profile, "source_profile");
  const char *place = get (walk, profile, "credential_source");

  if ((source != NULL) == (place != NULL))
    return fail (walk,
                 profile,
                 _ ("a role needs either source_profile or credential_source"),
                 error);
  if (place != NULL)
    return strcmp (place, "Environment") == 0
               ? from_environment (walk, profile, error)
               : fail_about (
                     walk, profile, _ ("the credential_source %s is not here"), place, error);
  if (!sb_aws_config_has_profile (walk->resolver->config, source))
    return fail_about (walk, profile, _ ("there is no source_profile “%s”"), source, error);
  /* A profile may name itself when it has keys of its own. */
  if (was_visited (walk, source) &&
      (strcmp (source, profile) != 0 || !has_static_keys (walk, source)))
    return fail (walk, profile, _ ("its source_profile leads back to itself"), error);
  return resolve (walk, source, TRUE, error);
}

static SbCredentials *
from_role (Walk *walk, const char *profile, GError **error)
{
  const char *duration = get (walk, profile, "duration_seconds");
  SbRole role = { .arn = get (walk, profile, "role_arn"),
                  .session_name = get (walk, profile, "role_session_name"),
                  .external_id = get (walk, profile, "external_id"),
                  .mfa_serial = get (walk, profile, "mfa_serial"),
                  .duration = duration != NULL ? g_ascii_strtoll (duration, NULL, 10) : 0 };
  g_autoptr (SbCredentials) source = NULL;

  g_ptr_array_add (walk->visited, (gpointer) profile);
  source = find_source (walk, profile, error);
  if (source == NULL)
    return NULL;
  return _sb_assume_role (&role,
                          source,
                          walk->resolver->endpoints,
                          profile,
                          walk->resolver->asker,
                          walk->cancellable,
                          error);
}

/* Of the profile that was asked for, its role counts first; of one that is a source, its keys. */
static SbCredentials *
resolve (Walk *walk, const char *profile, gboolean is_source, GError **error)
{
  if (has_role (walk, profile) && !(is_source && has_static_keys (walk, profile)))
    return from_role (walk, profile, error);
  return from_values (walk, profile, error);
}

/*< private >
 * _sb_resolve_profile:
 * @resolver: what it takes
 * @profile: a profile
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Finds a profile's credentials; may run a program, call services and ask the person.
 *
 * Returns: (transfer full) (nullable): the credentials, or %NULL with %SB_ERROR_CREDENTIALS, what a
 *   service said, or %G_IO_ERROR_CANCELLED
 */
SbCredentials *
_sb_resolve_profile (const SbResolver *resolver,
                     const char *profile,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (GPtrArray) visited = g_ptr_array_new ();
  Walk walk = { resolver, visited, cancellable };

  if (sb_aws_config_has_profile (resolver->config, profile))
    return resolve (&walk, profile, FALSE, error);
  g_set_error (
      error,
      SB_ERROR,
      SB_ERROR_CREDENTIALS,
      _ ("“%s” has no profile “%s”. Choose another profile, or add it with “aws configure”."),
      resolver->path,
      profile);
  return NULL;
}
