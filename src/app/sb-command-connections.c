/* sb-command-connections.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/sb-command.h"
#include "app/sb-terminal.h"
#include "cloud/sb-aws-config.h"
#include "cloud/sb-connection-store.h"
#include "cloud/sb-keyring-provider.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-regions.h"

typedef struct
{
  char *region;
  char *access_key_id;
  char *profile;
  char *start_url;
  char *sso_region;
  char *account;
  char *role;
  char *endpoint_url;
  char **endpoints;
  char *data_dir;
  gboolean fips;
  gboolean session_only;
  gboolean no_check;
  gboolean json;
} Options;

typedef struct
{
  Options options;
  SbTerminal *terminal;
  SbConnectionStore *store;
  SbCredentials *credentials;
  SbSsoToken *token;
} Command;

static const char *
get_kind_title (SbConnectionInfo *info)
{
  switch (sb_connection_info_get_kind (info))
    {
    case SB_CONNECTION_PROFILE:
      return _ ("profile");
    case SB_CONNECTION_SSO:
      return _ ("IAM Identity Center");
    case SB_CONNECTION_ACCESS_KEY:
    default:
      return sb_connection_info_is_kept (info) ? _ ("access key") : _ ("access key, not kept");
    }
}

/* Padded by what is seen, not by bytes. */
static void
print_cell (const char *text, int width)
{
  printf ("%s%*s", text, MAX (width - (int) g_utf8_strlen (text, -1), 0) + 2, "");
}

static void
print_info (SbConnectionInfo *info)
{
  g_autofree char *user = sb_connection_info_dup_user (info);
  const char *account = sb_connection_info_get (info, "account");
  const char *url = sb_connection_info_get (info, "endpoint_url");

  print_cell (sb_connection_info_get_name (info), 18);
  print_cell (get_kind_title (info), 20);
  print_cell (sb_connection_info_get_region (info), 14);
  print_cell (account != NULL ? account : "-", 12);
  printf ("%s%s%s\n", user != NULL ? user : "-", url != NULL ? "  " : "", url != NULL ? url : "");
}

static gboolean
list (Command *self, GError **error)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->store));
  g_autoptr (JsonObject) document = json_object_new ();
  JsonArray *all = json_array_new ();

  json_object_set_array_member (document, "connections", all);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SbConnectionInfo) info = g_list_model_get_item (G_LIST_MODEL (self->store), i);

      if (self->options.json)
        json_array_add_object_element (all, sb_connection_info_to_json (info));
      else
        print_info (info);
    }
  if (self->options.json)
    {
      g_autofree char *text = sb_json_to_pretty_string (document);

      printf ("%s\n", text);
    }
  else if (n == 0)
    printf (
        "%s\n",
        _ ("There are no connections but this computer; see “sagebrush connections add --help”"));
  return TRUE;
}

static gboolean
complain (GError **error, const char *message)
{
  g_set_error_literal (error, SB_ERROR, SB_ERROR_INVALID, message);
  return FALSE;
}

static SbConnectionInfo *
find (Command *self, const char *name, GError **error)
{
  SbConnectionInfo *info = name != NULL ? sb_connection_store_find (self->store, name) : NULL;

  if (name == NULL)
    complain (error, _ ("Name a connection; “sagebrush connections” lists them"));
  else if (info == NULL)
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_INVALID,
                 _ ("There is no connection “%s”; “sagebrush connections” lists them"),
                 name);
  return info;
}

static void
print_identity (SbConnectionInfo *info)
{
  g_autofree char *user = sb_connection_info_dup_user (info);
  const char *account = sb_connection_info_get (info, "account");
  const char *region = sb_connection_info_get_region (info);

  printf (_ ("%s: account %s, %s, %s (%s)\n"),
          sb_connection_info_get_name (info),
          account != NULL ? account : "-",
          user != NULL ? user : "-",
          sb_region_get_title (region),
          region);
}

static gboolean
check (Command *self, const char *name, GError **error)
{
  SbConnectionInfo *info = find (self, name, error);
  g_autoptr (SbConnection) connection = NULL;
  g_autoptr (SbConnectionInfo) checked = NULL;
  g_autoptr (SbConnectionInfo) latest = NULL;

  if (info == NULL)
    return FALSE;
  connection = sb_connection_store_open (self->store, info);
  checked = sb_connection_check (info, connection, NULL, error);
  /* Meanwhile the access key may have been asked for, and be another. */
  if (checked == NULL || !sb_connection_store_reload (self->store, error))
    return FALSE;
  info = sb_connection_store_find (self->store, sb_connection_info_get_id (checked));
  if (info != NULL)
    {
      latest = sb_connection_info_copy (info);
      sb_connection_info_set (latest, "account", sb_connection_info_get (checked, "account"));
      sb_connection_info_set (latest, "arn", sb_connection_info_get (checked, "arn"));
    }
  print_identity (checked);
  return latest == NULL || sb_connection_store_add (self->store, latest, NULL, NULL, error);
}

static gboolean
remove_connection (Command *self, const char *name, GError **error)
{
  SbConnectionInfo *info = find (self, name, error);

  return info != NULL && sb_connection_store_remove (self->store, info, NULL, error);
}

/* "1" of what was listed, when a person can be asked. */
static const char *
choose (Command *self, JsonArray *all, const char *member, const char *title, GError **error)
{
  guint n = json_array_get_length (all);
  g_autoptr (SbSecret) answer = NULL;
  guint64 number = 1;

  for (guint i = 0; n > 1 && i < n; i++)
    {
      JsonObject *item = json_array_get_object_element (all, i);

      fprintf (stderr,
               "%3u  %s  %s\n",
               i + 1,
               sb_json_get_string (item, member, ""),
               sb_json_get_string (item, "accountName", ""));
    }
  if (n > 1 && sb_terminal_is_interactive (self->terminal))
    {
      answer = sb_terminal_read (self->terminal, title, FALSE, error);
      if (answer == NULL)
        return NULL;
      number = g_ascii_strtoull (answer, NULL, 10);
    }
  else if (n != 1)
    number = 0;
  if (number < 1 || number > n)
    {
      complain (error,
                n == 0 ? _ ("This sign-in leads to no account")
                       : _ ("Choose one with --sso-account-id and --sso-role-name"));
      return NULL;
    }
  return sb_json_get_string (json_array_get_object_element (all, (guint) number - 1), member, NULL);
}

static gboolean
choose_role (Command *self, const SbSsoDoor *door, SbConnectionInfo *info, GError **error)
{
  g_autoptr (JsonArray) accounts = NULL;
  g_autoptr (JsonArray) roles = NULL;
  const char *account = self->options.account;
  const char *role = self->options.role;

  if (account == NULL)
    {
      accounts = sb_sso_list_accounts (door, self->token, NULL, error);
      account = accounts != NULL
                    ? choose (self, accounts, "accountId", _ ("Number of the account:"), error)
                    : NULL;
    }
  if (account != NULL && role == NULL)
    {
      roles = sb_sso_list_roles (door, self->token, account, NULL, error);
      role =
          roles != NULL ? choose (self, roles, "roleName", _ ("Number of the role:"), error) : NULL;
    }
  sb_connection_info_set (info, "sso_account_id", account);
  sb_connection_info_set (info, "sso_role_name", role);
  return account != NULL && role != NULL;
}

static gboolean
sign_in (Command *self, SbConnectionInfo *info, GError **error)
{
  g_autoptr (SbEndpoints) here = sb_connection_info_dup_endpoints (info);
  g_autoptr (SbEndpoints) there =
      sb_endpoints_copy_to_region (here, sb_connection_info_get (info, "sso_region"));
  SbSsoDoor door = { .endpoints = there,
                     .start_url = self->options.start_url,
                     .who = sb_connection_info_get_name (info),
                     .asker = SB_ASKER (self->terminal) };

  self->token = sb_sso_sign_in (&door, NULL, error);
  return self->token != NULL && choose_role (self, &door, info, error);
}

static char *
default_region (Command *self)
{
  g_autofree char *config_path = sb_aws_config_default_path ();
  g_autofree char *credentials_path = sb_aws_credentials_default_path ();
  g_autoptr (SbAwsConfig) config = NULL;
  const char *region = self->options.region;

  if (region == NULL && self->options.profile != NULL)
    {
      config = sb_aws_config_load (config_path, credentials_path, NULL);
      region = config != NULL ? sb_aws_config_get (config, self->options.profile, "region") : NULL;
    }
  if (region == NULL)
    region = g_getenv ("AWS_REGION");
  if (region == NULL)
    region = g_getenv ("AWS_DEFAULT_REGION");
  return g_strdup (region != NULL && *region != '\0' ? region : "us-east-1");
}

/* "s3=https://…" */
static gboolean
set_endpoints (Command *self, SbConnectionInfo *info, GError **error)
{
  sb_connection_info_set_endpoint (info, NULL, self->options.endpoint_url);
  for (gsize i = 0; self->options.endpoints != NULL && self->options.endpoints[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (self->options.endpoints[i], "=", 2);

      if (g_strv_length (parts) != 2)
        return complain (error, _ ("Write an endpoint as s3=https://…"));
      sb_connection_info_set_endpoint (info, parts[0], parts[1]);
    }
  return TRUE;
}

static SbConnectionInfo *
make_info (Command *self, const char *name, GError **error)
{
  const Options *options = &self->options;
  SbConnectionKind kind = options->profile != NULL     ? SB_CONNECTION_PROFILE
                          : options->start_url != NULL ? SB_CONNECTION_SSO
                                                       : SB_CONNECTION_ACCESS_KEY;
  g_autofree char *region = default_region (self);
  g_autoptr (SbConnectionInfo) info = sb_connection_info_new (kind, name, region);

  if (options->fips)
    sb_connection_info_set_fips (info, TRUE);
  if (!set_endpoints (self, info, error))
    return NULL;
  sb_connection_info_set (info, "profile", options->profile);
  sb_connection_info_set (info, "sso_start_url", options->start_url);
  if (kind == SB_CONNECTION_SSO)
    sb_connection_info_set (info,
                            "sso_region",
                            options->sso_region != NULL ? options->sso_region : region);
  if (kind == SB_CONNECTION_ACCESS_KEY)
    sb_connection_info_set (info,
                            "access_key_id",
                            options->access_key_id != NULL ? options->access_key_id : "-");
  if (options->session_only)
    sb_connection_info_set (info, "keep", "session");
  /* Before anything secret is asked for; of a sign-in account and role are not known yet. */
  if (kind != SB_CONNECTION_SSO && !sb_connection_info_validate (info, error))
    return NULL;
  return g_steal_pointer (&info);
}

static gboolean
get_secrets (Command *self, SbConnectionInfo *info, GError **error)
{
  SbConnectionKind kind = sb_connection_info_get_kind (info);

  if (kind == SB_CONNECTION_SSO)
    return sign_in (self, info, error);
  if (kind == SB_CONNECTION_PROFILE)
    return TRUE;
  self->credentials = sb_terminal_read_keys (self->terminal, self->options.access_key_id, error);
  if (self->credentials == NULL)
    return FALSE;
  sb_connection_info_set (info,
                          "access_key_id",
                          sb_credentials_get_access_key_id (self->credentials));
  return TRUE;
}

static gboolean
check_keyring (Command *self, SbConnectionInfo *info, GError **error)
{
  if (sb_connection_info_get_kind (info) == SB_CONNECTION_PROFILE || self->options.session_only ||
      sb_keyring_get_state () != SB_KEYRING_ABSENT)
    return TRUE;
  g_set_error_literal (error,
                       SB_ERROR,
                       SB_ERROR_CREDENTIALS,
                       _ ("No keyring is running that could keep the secret. Start one, such as "
                          "GNOME Keyring, or say --session-only: then it is asked for whenever it "
                          "is needed."));
  return FALSE;
}

static gboolean
add (Command *self, const char *name, GError **error)
{
  g_autoptr (SbConnectionInfo) info = NULL;
  g_autoptr (SbConnectionInfo) checked = NULL;
  g_autoptr (SbConnection) connection = NULL;
  SbSecrets secrets;

  if (name == NULL)
    return complain (error, _ ("Give the connection a name"));
  info = make_info (self, name, error);
  if (info == NULL || !check_keyring (self, info, error) || !get_secrets (self, info, error) ||
      !sb_connection_info_validate (info, error))
    return FALSE;
  secrets = (SbSecrets){ self->credentials, self->token };
  if (!self->options.no_check)
    {
      connection = sb_connection_store_try (self->store, info, &secrets);
      checked = sb_connection_check (info, connection, NULL, error);
      if (checked == NULL)
        return FALSE;
      print_identity (checked);
    }
  return sb_connection_store_add (
      self->store, checked != NULL ? checked : info, &secrets, NULL, error);
}

static gboolean
parse (Command *self, int *argc, char ***argv, GError **error)
{
  Options *o = &self->options;
#define STRING(name, target, text, what)                                                           \
  {                                                                                                \
    name, 0, 0, G_OPTION_ARG_STRING, target, text, what                                            \
  }
#define FLAG(name, target, text)                                                                   \
  {                                                                                                \
    name, 0, 0, G_OPTION_ARG_NONE, target, text, NULL                                              \
  }
  const GOptionEntry entries[] = {
    STRING ("region", &o->region, N_ ("Its Region, such as eu-central-1"), N_ ("REGION")),
    STRING ("access-key-id",
            &o->access_key_id,
            N_ ("An access key; its secret is asked for"),
            N_ ("ID")),
    STRING ("profile", &o->profile, N_ ("A profile of ~/.aws"), N_ ("PROFILE")),
    STRING (
        "sso-start-url", &o->start_url, N_ ("Sign in to IAM Identity Center there"), N_ ("URL")),
    STRING ("sso-region", &o->sso_region, N_ ("The Region of the Identity Center"), N_ ("REGION")),
    STRING ("sso-account-id", &o->account, N_ ("The account; asked for when left out"), N_ ("ID")),
    STRING ("sso-role-name", &o->role, N_ ("The role; asked for when left out"), N_ ("ROLE")),
    STRING ("endpoint-url", &o->endpoint_url, N_ ("Another server than AWS"), N_ ("URL")),
    { "endpoint",
      0,
      0,
      G_OPTION_ARG_STRING_ARRAY,
      &o->endpoints,
      N_ ("Another server for one service"),
      N_ ("SERVICE=URL") },
    FLAG ("fips", &o->fips, N_ ("Use endpoints validated under FIPS 140")),
    FLAG ("session-only", &o->session_only, N_ ("Do not keep the secret in the keyring")),
    FLAG ("no-check", &o->no_check, N_ ("Do not ask the service who this is")),
    FLAG ("json", &o->json, N_ ("List the connections as JSON")),
    { "data-dir",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &o->data_dir,
      N_ ("Where Sagebrush keeps its own files"),
      N_ ("DIR") },
    G_OPTION_ENTRY_NULL,
  };
#undef STRING
#undef FLAG
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("[add|remove|check NAME]"));

  g_option_context_set_description (
      context,
      _ ("A secret is read from the terminal, or from the standard input: the access key’s id unless\n"
         "it was given, its secret, and perhaps a session token, each on a line."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc <= 3)
    return TRUE;
  return complain (error, _ ("One connection at a time; a name of several words stands in quotes"));
}

static gboolean
execute (Command *self, const char *verb, const char *name, GError **error)
{
  g_autofree char *base =
      self->options.data_dir != NULL ? g_strdup (self->options.data_dir) : sb_command_data_dir ();
  g_autoptr (GError) local = NULL;

  self->terminal = sb_terminal_new ();
  self->store = sb_connection_store_new (base, SB_ASKER (self->terminal), &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (verb == NULL || strcmp (verb, "list") == 0)
    return list (self, error);
  if (strcmp (verb, "add") == 0)
    return add (self, name, error);
  if (strcmp (verb, "remove") == 0)
    return remove_connection (self, name, error);
  if (strcmp (verb, "check") == 0)
    return check (self, name, error);
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_INVALID,
               _ ("There is no “%s” of connections; there are add, remove, check and list"),
               verb);
  return FALSE;
}

static void
clear (Command *self)
{
  Options *o = &self->options;
  char *texts[] = { o->region,  o->access_key_id, o->profile,      o->start_url, o->sso_region,
                    o->account, o->role,          o->endpoint_url, o->data_dir };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  g_strfreev (o->endpoints);
  g_clear_object (&self->store);
  g_clear_object (&self->terminal);
  g_clear_pointer (&self->credentials, sb_credentials_unref);
  g_clear_pointer (&self->token, sb_sso_token_unref);
}

/**
 * sb_command_connections:
 * @argc: number of arguments
 * @argv: `connections` and what follows it
 *
 * Lists, adds, checks and removes connections.
 *
 * Returns: the program's exit status
 */
int
sb_command_connections (int argc, char **argv)
{
  Command self = { 0 };
  g_autoptr (GError) error = NULL;
  int status = 0;

  if (!parse (&self, &argc, &argv, &error))
    status = 2;
  else if (!execute (&self, argc > 1 ? argv[1] : NULL, argc > 2 ? argv[2] : NULL, &error))
    status = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? 130 : 1;
  clear (&self);
  if (error != NULL)
    fprintf (stderr, "sagebrush: %s\n", error->message);
  return status;
}
