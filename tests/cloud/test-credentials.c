/* test-credentials.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gstdio.h>

#include "cloud/sb-connection.h"
#include "cloud/sb-profile-provider.h"
#include "cloud/sb-static-provider.h"
#include "wire/sb-error.h"

typedef struct
{
  char *folder;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("sb-credentials-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->folder, "credentials", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_unlink (fixture->path);
  g_rmdir (fixture->folder);
  g_free (fixture->path);
  g_free (fixture->folder);
}

static void
write_file (Fixture *fixture, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (fixture->path, text, -1, &error);
  g_assert_no_error (error);
}

static void
assert_keys (SbCredentialsProvider *provider, const char *id, const char *secret, const char *token)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbCredentials) keys = sb_credentials_provider_get (provider, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (sb_credentials_get_access_key_id (keys), ==, id);
  g_assert_cmpstr (sb_credentials_get_secret_access_key (keys), ==, secret);
  g_assert_cmpstr (sb_credentials_get_session_token (keys), ==, token);
}

static void
assert_none (SbCredentialsProvider *provider, const char *must_not_say)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (sb_credentials_provider_get (provider, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_CREDENTIALS);
  g_assert_null (strstr (error->message, must_not_say));
}

static void
test_static (void)
{
  g_autoptr (SbCredentials) keys = sb_credentials_new ("AKID", "secret", "token");
  g_autoptr (SbCredentialsProvider) provider = sb_static_provider_new (keys);

  assert_keys (provider, "AKID", "secret", "token");
}

static void
test_profile (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SbCredentialsProvider) first = sb_profile_provider_new (fixture->path, "default");
  g_autoptr (SbCredentialsProvider) second = sb_profile_provider_new (fixture->path, "work");
  g_autoptr (SbCredentialsProvider) third = sb_profile_provider_new (fixture->path, "other one");

  write_file (fixture,
              "; a comment\n"
              "[default]\n"
              "aws_access_key_id=AKONE\r\n"
              "AWS_SECRET_ACCESS_KEY = a/b+c=\r\n"
              "s3 =\n"
              "  aws_access_key_id = nested\n"
              "  addressing_style = path\n"
              "# aws_session_token = no\n"
              "\n"
              "[work]\n"
              "aws_access_key_id = AKTWO\n"
              "aws_secret_access_key = two\n"
              "aws_session_token = tok==\n"
              "[other one]\n"
              "aws_access_key_id = AKTHREE\n"
              "aws_secret_access_key = three\n");
  assert_keys (first, "AKONE", "a/b+c=", NULL);
  assert_keys (second, "AKTWO", "two", "tok==");
  assert_keys (third, "AKTHREE", "three", NULL);
}

static void
test_profile_renewed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SbCredentialsProvider) provider = sb_profile_provider_new (fixture->path, "default");

  assert_none (provider, "secret");
  write_file (fixture, "[default]\naws_access_key_id=A\naws_secret_access_key=one\n");
  assert_keys (provider, "A", "one", NULL);
  write_file (fixture, "[default]\naws_access_key_id=B\naws_secret_access_key=two\n");
  assert_keys (provider, "B", "two", NULL);
  g_assert_cmpint (g_unlink (fixture->path), ==, 0);
  assert_none (provider, "two");
}

static void
test_profile_incomplete (Fixture *fixture, gconstpointer data)
{
  static const char *const bad[] = {
    "",
    "[defaults]\naws_access_key_id=A\naws_secret_access_key=hush\n",
    "[default]\naws_access_key_id=A\n[other]\naws_secret_access_key=hush\n",
    "[default]\naws_access_key_id=\naws_secret_access_key=hush\n",
    "[default\naws_access_key_id=A\naws_secret_access_key=hush\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (SbCredentialsProvider) provider =
          sb_profile_provider_new (fixture->path, "default");

      write_file (fixture, bad[i]);
      assert_none (provider, "hush");
    }
}

static void
test_profile_environment (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SbCredentialsProvider) provider = NULL;

  g_setenv ("AWS_SHARED_CREDENTIALS_FILE", fixture->path, TRUE);
  g_setenv ("AWS_PROFILE", "mine", TRUE);
  provider = sb_profile_provider_new (NULL, NULL);
  g_unsetenv ("AWS_SHARED_CREDENTIALS_FILE");
  g_unsetenv ("AWS_PROFILE");
  write_file (fixture, "[mine]\naws_access_key_id=A\naws_secret_access_key=one\n");
  assert_keys (provider, "A", "one", NULL);
}

static SbConnection *
connection_new (const char *region, const char *url)
{
  g_autoptr (SbCredentials) keys = sb_credentials_new ("AKID", "secret", NULL);
  g_autoptr (SbCredentialsProvider) provider = sb_static_provider_new (keys);

  return sb_connection_new ("id", "Name", region, url, provider);
}

static void
test_connection_local (void)
{
  static const struct
  {
    const char *url;
    gboolean local;
  } rows[] = {
    { NULL, FALSE },
    { "http://127.0.0.1:80/", TRUE },
    { "http://127.1.2.3:80", TRUE },
    { "http://localhost:9000", TRUE },
    { "http://[::1]:9000", TRUE },
    { "https://s3.example.com", FALSE },
    { "http://localhost.example.com", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (SbConnection) connection = connection_new ("us-east-1", rows[i].url);

      g_assert_cmpint (sb_connection_is_local (connection), ==, rows[i].local);
    }
}

static void
test_connection_console (void)
{
  g_autoptr (SbConnection) aws = connection_new ("eu-west-1", NULL);
  g_autoptr (SbConnection) china = connection_new ("cn-north-1", NULL);
  g_autoptr (SbConnection) local = connection_new ("us-east-1", "http://127.0.0.1:1//");
  g_autofree char *first = sb_connection_dup_console_url (aws, "sagemaker/home#/jobs/a");
  g_autofree char *second = sb_connection_dup_console_url (china, "s3/buckets/b?tab=objects");

  g_assert_cmpstr (first,
                   ==,
                   "https://eu-west-1.console.aws.amazon.com/sagemaker/home"
                   "?region=eu-west-1#/jobs/a");
  g_assert_cmpstr (second,
                   ==,
                   "https://cn-north-1.console.amazonaws.cn/s3/buckets/b"
                   "?tab=objects&region=cn-north-1");
  g_assert_null (sb_connection_dup_console_url (local, "x"));
  g_assert_cmpstr (sb_connection_get_endpoint_url (local), ==, "http://127.0.0.1:1");
  g_assert_cmpstr (sb_connection_get_partition (china), ==, "aws-cn");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cloud/credentials/static", test_static);
  g_test_add ("/cloud/credentials/profile", Fixture, NULL, set_up, test_profile, tear_down);
  g_test_add ("/cloud/credentials/renewed", Fixture, NULL, set_up, test_profile_renewed, tear_down);
  g_test_add (
      "/cloud/credentials/incomplete", Fixture, NULL, set_up, test_profile_incomplete, tear_down);
  g_test_add (
      "/cloud/credentials/environment", Fixture, NULL, set_up, test_profile_environment, tear_down);
  g_test_add_func ("/cloud/connection/local", test_connection_local);
  g_test_add_func ("/cloud/connection/console", test_connection_console);
  return g_test_run ();
}
