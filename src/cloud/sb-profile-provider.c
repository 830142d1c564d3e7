/* sb-profile-provider.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-profile-provider.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "cloud/sb-profile-resolve-private.h"
#include "wire/sb-error.h"

#define DEFAULT_REGION "us-east-1"

/* What tells whether a file has changed. */
typedef struct
{
  gint64 mtime_ns;
  gint64 size;
  guint64 inode;
} Stamp;

/**
 * SbProfileProvider:
 *
 * Credentials of a profile of the files that the AWS CLI writes. The files are read again when they
 * have changed, so that tools which renew temporary credentials just work.
 */
struct _SbProfileProvider
{
  SbRenewingProvider parent_instance;

  char *config_path; /* nullable */
  char *credentials_path;
  char *profile;
  SbEndpoints *endpoints;
  SbAsker *asker;

  GHashTable *sign_ins; /* of fetch() alone */
  GMutex stamp_lock;
  Stamp stamps[2]; /* guarded by stamp_lock */
};

static Stamp
take_stamp (const char *path)
{
  GStatBuf info;

  if (path == NULL || g_stat (path, &info) != 0)
    return (Stamp){ 0 };
  return (Stamp){ .mtime_ns = (gint64) info.st_mtim.tv_sec * G_GINT64_CONSTANT (1000000000) +
                              info.st_mtim.tv_nsec,
                  .size = info.st_size,
                  .inode = info.st_ino };
}

static gboolean
replace_stamp (Stamp *old, Stamp stamp)
{
  gboolean same =
      old->mtime_ns == stamp.mtime_ns && old->size == stamp.size && old->inode == stamp.inode;

  *old = stamp;
  return !same;
}

static gboolean
have_changed (SbRenewingProvider *provider)
{
  SbProfileProvider *self = SB_PROFILE_PROVIDER (provider);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->stamp_lock);
  gboolean credentials = replace_stamp (&self->stamps[0], take_stamp (self->credentials_path));
  gboolean config = replace_stamp (&self->stamps[1], take_stamp (self->config_path));

  return credentials || config;
}

static SbCredentials *
fetch (SbRenewingProvider *provider,
       SbCredentials *refused,
       const GError *why,
       GCancellable *cancellable,
       GError **error)
{
  SbProfileProvider *self = SB_PROFILE_PROVIDER (provider);
  g_autoptr (SbAwsConfig) config =
      sb_aws_config_load (self->config_path, self->credentials_path, error);
  SbResolver resolver = {
    .config = config,
    .path = self->config_path != NULL && g_file_test (self->config_path, G_FILE_TEST_EXISTS)
                ? self->config_path
                : self->credentials_path,
    .endpoints = self->endpoints,
    .asker = self->asker,
    .sign_ins = self->sign_ins,
  };

  if (config == NULL)
    return NULL;
  return _sb_resolve_profile (&resolver, self->profile, cancellable, error);
}

G_DEFINE_FINAL_TYPE (SbProfileProvider, sb_profile_provider, SB_TYPE_RENEWING_PROVIDER)

static void
sb_profile_provider_finalize (GObject *object)
{
  SbProfileProvider *self = SB_PROFILE_PROVIDER (object);

  g_clear_pointer (&self->config_path, g_free);
  g_clear_pointer (&self->credentials_path, g_free);
  g_clear_pointer (&self->profile, g_free);
  g_clear_pointer (&self->endpoints, sb_endpoints_unref);
  g_clear_object (&self->asker);
  g_clear_pointer (&self->sign_ins, g_hash_table_unref);
  g_mutex_clear (&self->stamp_lock);

  G_OBJECT_CLASS (sb_profile_provider_parent_class)->finalize (object);
}

static void
sb_profile_provider_class_init (SbProfileProviderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_profile_provider_finalize;
  SB_RENEWING_PROVIDER_CLASS (klass)->fetch = fetch;
  SB_RENEWING_PROVIDER_CLASS (klass)->is_stale = have_changed;
}

static void
sb_profile_provider_init (SbProfileProvider *self)
{
  g_mutex_init (&self->stamp_lock);
  self->sign_ins = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
}

/**
 * sb_profile_provider_new:
 * @path: (nullable): a credentials file, which alone counts; %NULL for the files that
 *   sb_profile_provider_new_full() reads
 * @profile: (nullable): the profile; %NULL for `$AWS_PROFILE` or `default`
 *
 * Returns: (transfer full): a provider that reads the profile when it is asked
 */
SbCredentialsProvider *
sb_profile_provider_new (const char *path, const char *profile)
{
  SbCredentialsProvider *provider = sb_profile_provider_new_full (profile, NULL, NULL);
  SbProfileProvider *self = SB_PROFILE_PROVIDER (provider);

  if (path != NULL)
    {
      g_clear_pointer (&self->config_path, g_free);
      g_free (self->credentials_path);
      self->credentials_path = g_strdup (path);
    }
  return provider;
}

/**
 * sb_profile_provider_new_full:
 * @profile: (nullable): the profile; %NULL for `$AWS_PROFILE` or `default`
 * @endpoints: (nullable): where the services are that a profile may need; %NULL for AWS's own
 * @asker: (nullable): who can ask the person
 *
 * Reads `$AWS_CONFIG_FILE` or `~/.aws/config`, and `$AWS_SHARED_CREDENTIALS_FILE` or
 * `~/.aws/credentials`. A role is taken on, a program is run, and the person is asked for a code or
 * to sign in, as the profile has it, whenever that is due.
 *
 * Returns: (transfer full): a provider that reads the profile when it is asked
 */
SbCredentialsProvider *
sb_profile_provider_new_full (const char *profile, SbEndpoints *endpoints, SbAsker *asker)
{
  SbProfileProvider *self = g_object_new (SB_TYPE_PROFILE_PROVIDER, NULL);

  self->config_path = sb_aws_config_default_path ();
  self->credentials_path = sb_aws_credentials_default_path ();
  self->profile = g_strdup (profile != NULL ? profile : sb_aws_default_profile ());
  self->endpoints =
      endpoints != NULL ? sb_endpoints_ref (endpoints) : sb_endpoints_new (DEFAULT_REGION);
  g_set_object (&self->asker, asker);
  return SB_CREDENTIALS_PROVIDER (self);
}
