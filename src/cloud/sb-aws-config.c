/* sb-aws-config.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The files' format is that of Python's configparser, in which botocore and the AWS CLI read them:
 * GKeyFile refuses much of it, such as indented blocks and comments that begin with a semicolon.
 */

#include "config.h"

#include "cloud/sb-aws-config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-secret.h"

struct _SbAwsConfig
{
  GHashTable *config;      /* values by name, by profile */
  GHashTable *credentials; /* the same of the credentials file */
  GHashTable *sessions;    /* of sso-session */
  GHashTable *services;
};

typedef struct
{
  const char *path;
  guint line;
  GHashTable *sections; /* values by name, by the section's header */
  GHashTable *section;  /* (nullable): the one that is being read */
  char *option;         /* (nullable): the one that may go on in the next line */
  GString *value;
  gsize indent;
} Reader;

static GHashTable *
new_table (void)
{
  return g_hash_table_new_full (g_str_hash,
                                g_str_equal,
                                g_free,
                                (GDestroyNotify) g_hash_table_unref);
}

static GHashTable *
new_values (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) sb_secret_free);
}

/* What a line says must not be repeated: it may hold a secret. */
static gboolean
fail (Reader *self, const char *why, GError **error)
{
  g_set_error (
      error,
      SB_ERROR,
      SB_ERROR_CREDENTIALS,
      _ ("Line %u of “%s” cannot be understood: %s. Correct the file, or write it with “aws "
         "configure”."),
      self->line,
      self->path,
      why);
  return FALSE;
}

/* "name = value" in each line of an indented block. */
static gboolean
finish_block (Reader *self, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (self->value->str, "\n", -1);
  gboolean fine = TRUE;

  for (gsize i = 0; fine && lines[i] != NULL; i++)
    {
      char *equals = strchr (lines[i], '=');
      g_autofree char *name = NULL;

      if (*g_strstrip (lines[i]) == '\0')
        continue;
      if (equals == NULL)
        fine = fail (self, _ ("an indented line has no “=”"), error);
      else
        {
          *equals = '\0';
          name = g_strconcat (self->option, ".", g_strstrip (lines[i]), NULL);
          g_hash_table_replace (self->section,
                                g_steal_pointer (&name),
                                sb_secret_dup (g_strstrip (equals + 1)));
        }
    }
  for (gsize i = 0; lines[i] != NULL; i++)
    sb_secret_wipe (lines[i], strlen (lines[i]));
  return fine;
}

static gboolean
finish_option (Reader *self, GError **error)
{
  gboolean fine = TRUE;

  if (self->option == NULL)
    return TRUE;
  while (self->value->len > 0 && g_ascii_isspace (self->value->str[self->value->len - 1]))
    g_string_truncate (self->value, self->value->len - 1);
  if (self->value->str[0] == '\n')
    fine = finish_block (self, error);
  g_hash_table_replace (self->section,
                        g_strdup (self->option),
                        sb_secret_ndup (self->value->str, self->value->len));
  sb_secret_wipe (self->value->str, self->value->allocated_len);
  g_string_truncate (self->value, 0);
  g_clear_pointer (&self->option, g_free);
  return fine;
}

static gboolean
begin_section (Reader *self, const char *line, GError **error)
{
  const char *end = strrchr (line, ']');
  g_autofree char *header = NULL;

  if (end == NULL || end == line + 1)
    return fail (self, _ ("a section’s name is not closed by “]”"), error);
  header = g_strndup (line + 1, (gsize) (end - line - 1));
  if (g_hash_table_contains (self->sections, header))
    return fail (self, _ ("a section of this name is there already"), error);
  self->section = new_values ();
  g_hash_table_insert (self->sections, g_steal_pointer (&header), self->section);
  return TRUE;
}

static gboolean
begin_option (Reader *self, const char *line, GError **error)
{
  gsize length = strcspn (line, "=:");

  if (self->section == NULL)
    return fail (self, _ ("it stands before the first section"), error);
  if (line[length] == '\0' || length == 0)
    return fail (self, _ ("it has no “=”"), error);
  self->option = g_ascii_strdown (line, (gssize) length);
  g_strstrip (self->option);
  if (g_hash_table_contains (self->section, self->option))
    return fail (self, _ ("a value of this name is there already"), error);
  g_string_assign (self->value, line + length + 1 + strspn (line + length + 1, " \t"));
  return TRUE;
}

static gboolean
read_line (Reader *self, char *line, GError **error)
{
  gsize indent = strspn (line, " \t\r\f\v");
  char *text = g_strstrip (line);

  if (*text == '#' || *text == ';')
    return TRUE;
  if (*text == '\0')
    {
      if (self->option != NULL)
        g_string_append_c (self->value, '\n');
      return TRUE;
    }
  if (self->option != NULL && indent > self->indent)
    {
      g_string_append_printf (self->value, "\n%s", text);
      return TRUE;
    }
  self->indent = indent;
  if (!finish_option (self, error))
    return FALSE;
  return *text == '[' && strchr (text, ']') > text + 1 ? begin_section (self, text, error)
                                                       : begin_option (self, text, error);
}

static gboolean
read_lines (Reader *self, char *text, GError **error)
{
  for (char *line = text; line != NULL;)
    {
      char *end = strchr (line, '\n');

      if (end != NULL)
        *end++ = '\0';
      self->line++;
      if (!read_line (self, line, error))
        return FALSE;
      line = end;
    }
  return finish_option (self, error);
}

/* A file that is not there is an empty one. */
static GHashTable *
read_file (const char *path, GError **error)
{
  Reader self = { .path = path };
  g_autoptr (GHashTable) sections = new_table ();
  g_autoptr (GError) local = NULL;
  char *text = NULL;
  gsize length = 0;
  gboolean fine = TRUE;

  if (!g_file_get_contents (path, &text, &length, &local))
    {
      if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return g_steal_pointer (&sections);
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_CREDENTIALS,
                   _ ("The file “%s” could not be read: %s"),
                   path,
                   local->message);
      return NULL;
    }
  self.sections = sections;
  self.value = g_string_new (NULL);
  fine = read_lines (&self, text, error);
  sb_secret_wipe (self.value->str, self.value->allocated_len);
  g_string_free (self.value, TRUE);
  g_free (self.option);
  sb_secret_wipe (text, length);
  g_free (text);
  return fine ? g_steal_pointer (&sections) : NULL;
}

/* "profile work" or "profile 'my work'": two words, as a shell would see them. */
static char *
second_word (const char *header)
{
  g_auto (GStrv) words = NULL;
  int n;

  if (!g_shell_parse_argv (header, &n, &words, NULL) || n != 2)
    return NULL;
  return g_strdup (words[1]);
}

static void
sort_section (SbAwsConfig *self, const char *header, GHashTable *values)
{
  GHashTable *table = NULL;
  char *name = NULL;

  if (strcmp (header, "default") == 0)
    {
      table = self->config;
      name = g_strdup (header);
    }
  else if (g_str_has_prefix (header, "profile"))
    table = self->config;
  else if (g_str_has_prefix (header, "sso-session"))
    table = self->sessions;
  else if (g_str_has_prefix (header, "services"))
    table = self->services;
  if (table != NULL && name == NULL)
    name = second_word (header);
  if (name != NULL)
    g_hash_table_replace (table, name, g_hash_table_ref (values));
}

/**
 * sb_aws_config_default_path:
 *
 * Returns: (transfer full): `$AWS_CONFIG_FILE` or `~/.aws/config`
 */
char *
sb_aws_config_default_path (void)
{
  const char *path = g_getenv ("AWS_CONFIG_FILE");

  if (path != NULL && *path != '\0')
    return g_strdup (path);
  return g_build_filename (g_get_home_dir (), ".aws", "config", NULL);
}

/**
 * sb_aws_credentials_default_path:
 *
 * Returns: (transfer full): `$AWS_SHARED_CREDENTIALS_FILE` or `~/.aws/credentials`
 */
char *
sb_aws_credentials_default_path (void)
{
  const char *path = g_getenv ("AWS_SHARED_CREDENTIALS_FILE");

  if (path != NULL && *path != '\0')
    return g_strdup (path);
  return g_build_filename (g_get_home_dir (), ".aws", "credentials", NULL);
}

/**
 * sb_aws_default_profile:
 *
 * Returns: (transfer none): `$AWS_PROFILE` or `default`
 */
const char *
sb_aws_default_profile (void)
{
  const char *profile = g_getenv ("AWS_PROFILE");

  return profile != NULL && *profile != '\0' ? profile : "default";
}

/**
 * sb_aws_config_load:
 * @config_path: (nullable): the config file; %NULL to do without
 * @credentials_path: (nullable): the credentials file; %NULL to do without
 * @error: %SB_ERROR_CREDENTIALS
 *
 * Reads the files; one that is not there counts as empty.
 *
 * Returns: (transfer full) (nullable): what they say
 */
SbAwsConfig *
sb_aws_config_load (const char *config_path, const char *credentials_path, GError **error)
{
  g_autoptr (SbAwsConfig) self = g_new0 (SbAwsConfig, 1);
  g_autoptr (GHashTable) sections = NULL;
  GHashTableIter iter;
  gpointer header, values;

  self->config = new_table ();
  self->sessions = new_table ();
  self->services = new_table ();
  self->credentials = credentials_path != NULL ? read_file (credentials_path, error) : new_table ();
  if (self->credentials == NULL)
    return NULL;
  if (config_path == NULL)
    return g_steal_pointer (&self);
  sections = read_file (config_path, error);
  if (sections == NULL)
    return NULL;
  g_hash_table_iter_init (&iter, sections);
  while (g_hash_table_iter_next (&iter, &header, &values))
    sort_section (self, header, values);
  return g_steal_pointer (&self);
}

/**
 * sb_aws_config_free:
 * @self: what two files said
 */
void
sb_aws_config_free (SbAwsConfig *self)
{
  g_clear_pointer (&self->config, g_hash_table_unref);
  g_clear_pointer (&self->credentials, g_hash_table_unref);
  g_clear_pointer (&self->sessions, g_hash_table_unref);
  g_clear_pointer (&self->services, g_hash_table_unref);
  g_free (self);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The keys of two tables, each once. */
static char **
list_keys (GHashTable *first, GHashTable *second)
{
  GPtrArray *names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;

  if (first != NULL)
    g_hash_table_iter_init (&iter, first);
  while (first != NULL && g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, g_strdup (name));
  if (second != NULL)
    g_hash_table_iter_init (&iter, second);
  while (second != NULL && g_hash_table_iter_next (&iter, &name, NULL))
    if (first == NULL || !g_hash_table_contains (first, name))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (names, FALSE);
}

/**
 * sb_aws_config_list_profiles:
 * @self: what the files say
 *
 * Returns: (transfer full): the names of all profiles, sorted
 */
char **
sb_aws_config_list_profiles (SbAwsConfig *self)
{
  return list_keys (self->config, self->credentials);
}

gboolean
sb_aws_config_has_profile (SbAwsConfig *self, const char *profile)
{
  return g_hash_table_contains (self->config, profile) ||
         g_hash_table_contains (self->credentials, profile);
}

static const char *
look_up (GHashTable *table, const char *section, const char *name)
{
  GHashTable *values = g_hash_table_lookup (table, section);

  return values != NULL ? g_hash_table_lookup (values, name) : NULL;
}

/**
 * sb_aws_config_get:
 * @self: what the files say
 * @profile: a profile
 * @name: a value's name in lower case
 *
 * Returns: (transfer none) (nullable): the value
 */
const char *
sb_aws_config_get (SbAwsConfig *self, const char *profile, const char *name)
{
  const char *value = look_up (self->credentials, profile, name);

  return value != NULL ? value : look_up (self->config, profile, name);
}

/**
 * sb_aws_config_get_in:
 * @self: what the files say
 * @file: one of the files
 * @profile: a profile
 * @name: a value's name in lower case
 *
 * Returns: (transfer none) (nullable): the value in that file alone
 */
const char *
sb_aws_config_get_in (SbAwsConfig *self, SbAwsFile file, const char *profile, const char *name)
{
  return look_up (file == SB_AWS_CONFIG_FILE ? self->config : self->credentials, profile, name);
}

/**
 * sb_aws_config_list_names:
 * @self: what the files say
 * @profile: a profile
 *
 * Returns: (transfer full): the names of its values, sorted
 */
char **
sb_aws_config_list_names (SbAwsConfig *self, const char *profile)
{
  return list_keys (g_hash_table_lookup (self->config, profile),
                    g_hash_table_lookup (self->credentials, profile));
}

gboolean
sb_aws_config_has_session (SbAwsConfig *self, const char *session)
{
  return g_hash_table_contains (self->sessions, session);
}

/**
 * sb_aws_config_get_session:
 * @self: what the files say
 * @session: name of an sso-session
 * @name: a value's name in lower case
 *
 * Returns: (transfer none) (nullable): the value
 */
const char *
sb_aws_config_get_session (SbAwsConfig *self, const char *session, const char *name)
{
  return look_up (self->sessions, session, name);
}

/**
 * sb_aws_config_get_endpoint_url:
 * @self: what the files say
 * @profile: a profile
 * @service: (nullable): a service as its `services` section calls it, such as `sso_oidc`; %NULL for
 *   what counts for all
 *
 * Returns: (transfer none) (nullable): the address that the profile has for it
 */
const char *
sb_aws_config_get_endpoint_url (SbAwsConfig *self, const char *profile, const char *service)
{
  const char *services = sb_aws_config_get (self, profile, "services");
  g_autofree char *name = NULL;

  if (service == NULL)
    return sb_aws_config_get (self, profile, "endpoint_url");
  name = g_strconcat (service, ".endpoint_url", NULL);
  return services != NULL ? look_up (self->services, services, name) : NULL;
}
