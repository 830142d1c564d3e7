/* credentials-tool.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Credentials for tests written in Python:
 *
 *   credentials-tool dump CONFIG CREDENTIALS…      what each two files say, a line of JSON for
 * each; “null” for files that are refused credentials-tool resolve PROFILE REGION [N]    a
 * profile's credentials, N times with one provider credentials-tool call PROFILE REGION N lists
 * training jobs N times over one connection credentials-tool hosts fips|plain SERVICE       where a
 * service is, and what it is signed for
 *
 * Codes come from $SB_TEST_CODE. Whoever is to sign in is told so on the standard error; that
 * nobody does is said by SB_TEST_SIGN_IN=cancel.
 */

#include "config.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cloud/sb-aws-config.h"
#include "cloud/sb-client.h"
#include "cloud/sb-profile-provider.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"
#include "wire/sb-regions.h"

#define TEST_TYPE_ASKER (test_asker_get_type ())
G_DECLARE_FINAL_TYPE (TestAsker, test_asker, TEST, ASKER, GObject)

struct _TestAsker
{
  GObject parent_instance;
};

static SbSecret *
ask_code (SbAsker *self,
          const char *who,
          const char *device,
          GCancellable *cancellable,
          GError **error)
{
  g_printerr ("code %s %s\n", who, device);
  return sb_secret_dup (g_getenv ("SB_TEST_CODE"));
}

static gboolean
begin_sign_in (SbAsker *self,
               const char *who,
               const SbSignIn *sign_in,
               GCancellable *stop,
               GError **error)
{
  g_printerr ("sign-in %s %s %s\n", who, sign_in->user_code, sign_in->uri_complete);
  if (g_strcmp0 (g_getenv ("SB_TEST_SIGN_IN"), "cancel") == 0)
    g_cancellable_cancel (stop);
  return TRUE;
}

static void
end_sign_in (SbAsker *self)
{
  g_printerr ("signed in\n");
}

static void
asker_iface_init (SbAskerInterface *iface)
{
  iface->ask_code = ask_code;
  iface->begin_sign_in = begin_sign_in;
  iface->end_sign_in = end_sign_in;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestAsker,
                               test_asker,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (SB_TYPE_ASKER, asker_iface_init))

static void
test_asker_class_init (TestAskerClass *klass)
{
}

static void
test_asker_init (TestAsker *self)
{
}

static int
complain (const GError *error)
{
  g_printerr ("%s %d: %s\n", g_quark_to_string (error->domain), error->code, error->message);
  return 1;
}

static void
print (JsonObject *json)
{
  g_autofree char *text = sb_json_to_string (json);

  printf ("%s\n", text);
  fflush (stdout);
}

static void
dump_pair (const char *config_path, const char *credentials_path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbAwsConfig) config = sb_aws_config_load (config_path, credentials_path, &error);
  g_autoptr (JsonObject) all = json_object_new ();
  g_auto (GStrv) profiles = NULL;

  if (config == NULL)
    {
      complain (error);
      printf ("null\n");
      return;
    }
  profiles = sb_aws_config_list_profiles (config);
  for (gsize i = 0; profiles[i] != NULL; i++)
    {
      g_auto (GStrv) names = sb_aws_config_list_names (config, profiles[i]);
      JsonObject *values = json_object_new ();

      for (gsize k = 0; names[k] != NULL; k++)
        json_object_set_string_member (values,
                                       names[k],
                                       sb_aws_config_get (config, profiles[i], names[k]));
      json_object_set_object_member (all, profiles[i], values);
    }
  print (all);
}

static SbCredentialsProvider *
make_provider (const char *profile, SbEndpoints *endpoints)
{
  g_autoptr (SbAsker) asker = NULL;

  if (g_getenv ("SB_TEST_NOBODY") == NULL)
    asker = g_object_new (TEST_TYPE_ASKER, NULL);
  return sb_profile_provider_new_full (profile, endpoints, asker);
}

static int
resolve (const char *profile, const char *region, int times)
{
  g_autoptr (SbEndpoints) endpoints = sb_endpoints_new (region);
  g_autoptr (SbCredentialsProvider) provider = make_provider (profile, endpoints);

  for (int i = 0; i < times; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SbCredentials) keys = sb_credentials_provider_get (provider, NULL, &error);
      g_autoptr (JsonObject) json = NULL;

      if (keys == NULL)
        return complain (error);
      json = sb_json_object_new ("id",
                                 "s",
                                 sb_credentials_get_access_key_id (keys),
                                 "secret",
                                 "s",
                                 sb_credentials_get_secret_access_key (keys),
                                 "token",
                                 "s",
                                 sb_credentials_get_session_token (keys),
                                 "expires",
                                 "i",
                                 sb_credentials_get_expires (keys),
                                 NULL);
      print (json);
    }
  return 0;
}

static int
call (const char *profile, const char *region, int times)
{
  g_autoptr (SbEndpoints) endpoints = sb_endpoints_new (region);
  g_autoptr (SbCredentialsProvider) provider = make_provider (profile, endpoints);
  g_autoptr (SbConnection) connection = sb_connection_new_at ("test", "Test", endpoints, provider);
  g_autoptr (SbClient) client = sb_client_new (connection, NULL);

  for (int i = 0; i < times; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) answer =
          sb_client_call (client, "sagemaker", "ListTrainingJobs", NULL, NULL, &error);

      if (answer == NULL)
        return complain (error);
      print (answer);
    }
  return 0;
}

static int
hosts (char **args)
{
  gsize n;
  const SbRegion *regions = sb_regions_get (&n);
  g_autoptr (JsonObject) all = json_object_new ();

  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *host =
          sb_service_get_host (args[1], regions[i].id, strcmp (args[0], "fips") == 0);

      json_object_set_object_member (
          all,
          regions[i].id,
          sb_json_object_new ("title",
                              "s",
                              regions[i].title,
                              "host",
                              "s",
                              host,
                              "region",
                              "s",
                              sb_service_get_signing_region (args[1], regions[i].id),
                              NULL));
    }
  print (all);
  return 0;
}

int
main (int argc, char *argv[])
{
  setlocale (LC_ALL, "");
  if (argc >= 4 && strcmp (argv[1], "dump") == 0)
    {
      for (int i = 2; i + 1 < argc; i += 2)
        dump_pair (argv[i], argv[i + 1]);
      return 0;
    }
  if (argc >= 4 && strcmp (argv[1], "resolve") == 0)
    return resolve (argv[2], argv[3], argc > 4 ? atoi (argv[4]) : 1);
  if (argc == 5 && strcmp (argv[1], "call") == 0)
    return call (argv[2], argv[3], atoi (argv[4]));
  if (argc == 4 && strcmp (argv[1], "hosts") == 0)
    return hosts (argv + 2);
  g_printerr ("credentials-tool dump|resolve|call|hosts …\n");
  return 2;
}
