/* test-keyring.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Against a real gnome-keyring-daemon on a bus and in folders of its own; keyring-session starts
 * this program there, and says in SB_TEST_KEYRING whether the keyring is open, locked or absent.
 */

#include "config.h"

#include "cloud/sb-keyring-provider.h"
#include "wire/sb-error.h"

static void
test_round_trip (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbCredentials) keys = sb_credentials_new ("AKONE", "s\"ecret/1+=", "tok");
  g_autoptr (SbCredentials) other = sb_credentials_new ("AKTWO", "second", NULL);
  g_autoptr (SbCredentialsProvider) first = sb_keyring_provider_new ("a", "AKONE");
  g_autoptr (SbCredentialsProvider) second = sb_keyring_provider_new ("b", "AKTWO");
  g_autoptr (SbCredentials) read = NULL;
  g_autoptr (SbCredentials) read_other = NULL;

  g_assert_true (sb_keyring_is_available ());
  g_assert_true (sb_keyring_store ("a", "Sagebrush: a", keys, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (sb_keyring_store ("b", "Sagebrush: b", other, NULL, &error));
  read = sb_credentials_provider_get (first, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sb_credentials_get_access_key_id (read), ==, "AKONE");
  g_assert_cmpstr (sb_credentials_get_secret_access_key (read), ==, "s\"ecret/1+=");
  g_assert_cmpstr (sb_credentials_get_session_token (read), ==, "tok");
  g_assert_true (sb_keyring_clear ("a", NULL, &error));
  g_assert_no_error (error);
  read_other = sb_credentials_provider_get (second, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sb_credentials_get_secret_access_key (read_other), ==, "second");
  g_assert_null (sb_credentials_get_session_token (read_other));
}

static void
test_replace (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbCredentials) old = sb_credentials_new ("AK", "old", NULL);
  g_autoptr (SbCredentials) renewed = sb_credentials_new ("AK", "new", NULL);
  g_autoptr (SbCredentialsProvider) provider = sb_keyring_provider_new ("c", "AK");
  g_autoptr (SbCredentials) read = NULL;

  g_assert_true (sb_keyring_store ("c", "Sagebrush: c", old, NULL, &error));
  g_assert_true (sb_keyring_store ("c", "Sagebrush: c", renewed, NULL, &error));
  read = sb_credentials_provider_get (provider, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sb_credentials_get_secret_access_key (read), ==, "new");
}

static void
test_missing (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbCredentialsProvider) provider = sb_keyring_provider_new ("none", "AK");

  g_assert_null (sb_credentials_provider_get (provider, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_CREDENTIALS);
  g_clear_error (&error);
  g_assert_true (sb_keyring_clear ("none", NULL, &error));
  g_assert_no_error (error);
}

static void
test_unavailable (void)
{
  g_assert_false (sb_keyring_is_available ());
}

int
main (int argc, char *argv[])
{
  const char *state = g_getenv ("SB_TEST_KEYRING");
  g_autofree char *path = g_strdup_printf ("/cloud/keyring/%s", state != NULL ? state : "absent");

  g_test_init (&argc, &argv, NULL);
  if (g_strcmp0 (state, "open") != 0)
    {
      g_test_add_func (path, test_unavailable);
      return g_test_run ();
    }
  g_test_add_func ("/cloud/keyring/round-trip", test_round_trip);
  g_test_add_func ("/cloud/keyring/replace", test_replace);
  g_test_add_func ("/cloud/keyring/missing", test_missing);
  return g_test_run ();
}
