/* sb-profile-provider.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-profile-provider.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#include "wire/sb-error.h"

/**
 * SbProfileProvider:
 *
 * Credentials from a profile of a shared credentials file, as the AWS CLI writes it. The file is
 * read again when it has changed, so that tools which renew temporary credentials just work.
 */
struct _SbProfileProvider
{
  GObject parent_instance;

  char *path;
  char *profile;

  GMutex lock;
  SbCredentials *credentials; /* guarded by lock, as are what tells whether the file changed */
  gint64 mtime_ns;
  gint64 size;
  guint64 inode;
};

typedef struct
{
  char *id;
  char *secret;
  char *token;
} Keys;

static void
keys_clear (Keys *keys)
{
  g_clear_pointer (&keys->id, g_free);
  if (keys->secret != NULL)
    memset (keys->secret, 0, strlen (keys->secret));
  g_clear_pointer (&keys->secret, g_free);
  g_clear_pointer (&keys->token, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Keys, keys_clear)

/* "[name]", or "[profile name]" as the config file has it. */
static gboolean
is_section (const char *line, const char *profile)
{
  const char *end = strrchr (line, ']');
  g_autofree char *name = NULL;

  if (end == NULL)
    return FALSE;
  name = g_strstrip (g_strndup (line + 1, (gsize) (end - line - 1)));
  if (strcmp (name, profile) == 0)
    return TRUE;
  return g_str_has_prefix (name, "profile ") && strcmp (g_strchug (name + 8), profile) == 0;
}

static void
take_pair (Keys *keys, const char *line)
{
  const char *equals = strchr (line, '=');
  g_autofree char *name = NULL;
  char **target = NULL;

  if (equals == NULL)
    return;
  name = g_strstrip (g_strndup (line, (gsize) (equals - line)));
  if (g_ascii_strcasecmp (name, "aws_access_key_id") == 0)
    target = &keys->id;
  else if (g_ascii_strcasecmp (name, "aws_secret_access_key") == 0)
    target = &keys->secret;
  else if (g_ascii_strcasecmp (name, "aws_session_token") == 0)
    target = &keys->token;
  if (target == NULL)
    return;
  g_free (*target);
  *target = g_strstrip (g_strdup (equals + 1));
}

/* GKeyFile refuses what these files may hold: pairs before a section, ";" comments and
 * indented sub-sections. */
static gboolean
parse (const char *text, const char *profile, Keys *keys)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gboolean found = FALSE, inside = FALSE;

  for (gsize i = 0; lines[i] != NULL; i++)
    {
      gboolean indented = g_ascii_isspace (lines[i][0]);
      const char *line = g_strstrip (lines[i]);

      if (*line == '\0' || *line == '#' || *line == ';')
        continue;
      if (*line == '[')
        {
          inside = is_section (line, profile);
          found = found || inside;
        }
      else if (inside && !indented)
        take_pair (keys, line);
    }
  return found;
}

static SbCredentials *
load (SbProfileProvider *self, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) local = NULL;
  g_auto (Keys) keys = { NULL };
  gsize length;
  SbCredentials *credentials = NULL;

  if (!g_file_get_contents (self->path, &text, &length, &local))
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_CREDENTIALS,
                   _ ("The credentials file could not be read: %s"),
                   local->message);
      return NULL;
    }
  if (!parse (text, self->profile, &keys))
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_CREDENTIALS,
                 _ ("The credentials file “%s” has no profile “%s”. Choose another profile, or add "
                    "it with “aws configure”."),
                 self->path,
                 self->profile);
  else if (keys.id == NULL || keys.secret == NULL || *keys.id == '\0' || *keys.secret == '\0')
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_CREDENTIALS,
                 _ ("The profile “%s” in “%s” has no access key. Add aws_access_key_id and "
                    "aws_secret_access_key, or choose another profile."),
                 self->profile,
                 self->path);
  else
    credentials = sb_credentials_new (keys.id, keys.secret, keys.token);
  memset (text, 0, length);
  return credentials;
}

static gint64
mtime_ns (const GStatBuf *info)
{
  return (gint64) info->st_mtim.tv_sec * G_GINT64_CONSTANT (1000000000) + info->st_mtim.tv_nsec;
}

static gboolean
is_fresh (SbProfileProvider *self, const GStatBuf *info)
{
  return self->credentials != NULL && self->mtime_ns == mtime_ns (info) &&
         self->size == info->st_size && self->inode == info->st_ino;
}

static SbCredentials *
sb_profile_provider_get (SbCredentialsProvider *provider, GCancellable *cancellable, GError **error)
{
  SbProfileProvider *self = SB_PROFILE_PROVIDER (provider);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  GStatBuf info = { 0 };
  gboolean there = g_stat (self->path, &info) == 0;

  if (!there || !is_fresh (self, &info))
    {
      g_clear_pointer (&self->credentials, sb_credentials_unref);
      self->credentials = load (self, error);
      self->mtime_ns = mtime_ns (&info);
      self->size = info.st_size;
      self->inode = info.st_ino;
    }
  return self->credentials != NULL ? sb_credentials_ref (self->credentials) : NULL;
}

static void
provider_iface_init (SbCredentialsProviderInterface *iface)
{
  iface->get = sb_profile_provider_get;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SbProfileProvider,
                               sb_profile_provider,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (SB_TYPE_CREDENTIALS_PROVIDER,
                                                      provider_iface_init))

static void
sb_profile_provider_finalize (GObject *object)
{
  SbProfileProvider *self = SB_PROFILE_PROVIDER (object);

  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->profile, g_free);
  g_clear_pointer (&self->credentials, sb_credentials_unref);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (sb_profile_provider_parent_class)->finalize (object);
}

static void
sb_profile_provider_class_init (SbProfileProviderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_profile_provider_finalize;
}

static void
sb_profile_provider_init (SbProfileProvider *self)
{
  g_mutex_init (&self->lock);
}

static char *
default_path (void)
{
  const char *path = g_getenv ("AWS_SHARED_CREDENTIALS_FILE");

  if (path != NULL && *path != '\0')
    return g_strdup (path);
  return g_build_filename (g_get_home_dir (), ".aws", "credentials", NULL);
}

static const char *
default_profile (void)
{
  const char *profile = g_getenv ("AWS_PROFILE");

  return profile != NULL && *profile != '\0' ? profile : "default";
}

/**
 * sb_profile_provider_new:
 * @path: (nullable): the file; %NULL for `$AWS_SHARED_CREDENTIALS_FILE` or `~/.aws/credentials`
 * @profile: (nullable): the profile; %NULL for `$AWS_PROFILE` or `default`
 *
 * Returns: (transfer full): a provider that reads the profile when it is asked
 */
SbCredentialsProvider *
sb_profile_provider_new (const char *path, const char *profile)
{
  SbProfileProvider *self = g_object_new (SB_TYPE_PROFILE_PROVIDER, NULL);

  self->path = path != NULL ? g_strdup (path) : default_path ();
  self->profile = g_strdup (profile != NULL ? profile : default_profile ());
  return SB_CREDENTIALS_PROVIDER (self);
}
