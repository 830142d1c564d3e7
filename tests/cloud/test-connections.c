/* test-connections.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The store of connections, with a real keyring or with none; keyring-session starts this program
 * there, and says in SB_TEST_KEYRING which.
 */

#include "config.h"

#include <glib/gstdio.h>

#include "cloud/sb-client.h"
#include "cloud/sb-connection-store.h"
#include "cloud/sb-keyring-provider.h"
#include "loopback.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

#define SECRET "hush/hush+hush"

/* Answers once with the keys that it was given, then no more. */
#define TEST_TYPE_ASKER (test_asker_get_type ())
G_DECLARE_FINAL_TYPE (TestAsker, test_asker, TEST, ASKER, GObject)

struct _TestAsker
{
  GObject parent_instance;

  SbCredentials *answer;
  char *asked;
  guint n_asked;
};

static SbCredentials *
ask_keys (SbAsker *asker,
          const char *who,
          const char *access_key_id,
          const GError *why,
          GCancellable *cancellable,
          GError **error)
{
  TestAsker *self = TEST_ASKER (asker);

  self->n_asked++;
  g_free (self->asked);
  self->asked = g_strdup_printf ("%s %s %s", who, access_key_id, why->message);
  if (self->answer != NULL)
    return g_steal_pointer (&self->answer);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "no");
  return NULL;
}

static void
asker_iface_init (SbAskerInterface *iface)
{
  iface->ask_keys = ask_keys;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestAsker,
                               test_asker,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (SB_TYPE_ASKER, asker_iface_init))

static void
test_asker_finalize (GObject *object)
{
  TestAsker *self = TEST_ASKER (object);

  g_clear_pointer (&self->answer, sb_credentials_unref);
  g_clear_pointer (&self->asked, g_free);

  G_OBJECT_CLASS (test_asker_parent_class)->finalize (object);
}

static void
test_asker_class_init (TestAskerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_asker_finalize;
}

static void
test_asker_init (TestAsker *self)
{
}

typedef struct
{
  char *folder;
  char *path;
  TestAsker *asker;
  SbConnectionStore *store;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("sb-connections-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->folder, "connections.json", NULL);
  fixture->asker = g_object_new (TEST_TYPE_ASKER, NULL);
  fixture->store = sb_connection_store_new (fixture->folder, SB_ASKER (fixture->asker), &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autofree char *lock = g_strconcat (fixture->path, ".lock", NULL);

  g_clear_object (&fixture->store);
  g_clear_object (&fixture->asker);
  g_unlink (fixture->path);
  g_unlink (lock);
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->path);
  g_free (fixture->folder);
}

static void
open_again (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_object_unref (fixture->store);
  fixture->store = sb_connection_store_new (fixture->folder, SB_ASKER (fixture->asker), &error);
  g_assert_no_error (error);
}

static SbConnectionInfo *
key_info (const char *name, const char *url)
{
  SbConnectionInfo *info = sb_connection_info_new (SB_CONNECTION_ACCESS_KEY, name, "us-east-1");

  sb_connection_info_set (info, "access_key_id", LOOPBACK_KEY_ID);
  sb_connection_info_set_endpoint (info, NULL, url);
  return info;
}

static gboolean
add (Fixture *fixture, SbConnectionInfo *info, const char *secret, GError **error)
{
  g_autoptr (SbCredentials) keys = sb_credentials_new (LOOPBACK_KEY_ID, secret, "token");
  SbSecrets secrets = { .credentials = keys };

  return sb_connection_store_add (fixture->store, info, &secrets, NULL, error);
}

static SbCredentials *
get_keys (Fixture *fixture, const char *name, GError **error)
{
  SbConnectionInfo *info = sb_connection_store_find (fixture->store, name);
  g_autoptr (SbConnection) connection = NULL;

  g_assert_nonnull (info);
  connection = sb_connection_store_open (fixture->store, info);
  return sb_credentials_provider_get (sb_connection_get_provider (connection), NULL, error);
}

static void
assert_secret (Fixture *fixture, const char *name, const char *secret)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbCredentials) keys = get_keys (fixture, name, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (sb_credentials_get_secret_access_key (keys), ==, secret);
}

static void
test_kept (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SbConnectionInfo) info = key_info ("Work", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  GStatBuf status;

  sb_connection_info_set_endpoint (info, "s3", "https://s3.example.com/");
  sb_connection_info_set_fips (info, TRUE);
  g_assert_true (add (fixture, info, SECRET, &error));
  g_assert_no_error (error);
  assert_secret (fixture, "work", SECRET);
  open_again (fixture);
  assert_secret (fixture, "WORK", SECRET);
  g_assert_cmpint (g_list_model_get_n_items (G_LIST_MODEL (fixture->store)), ==, 1);
  g_assert_true (g_file_get_contents (fixture->path, &text, NULL, &error));
  g_assert_nonnull (strstr (text, LOOPBACK_KEY_ID));
  g_assert_null (strstr (text, SECRET));
  g_assert_null (strstr (text, "token"));
  g_assert_cmpint (g_stat (fixture->path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
}

static void
test_endpoints (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SbConnectionInfo) info = key_info ("Own", "http://127.0.0.1:1/all/");
  g_autoptr (SbEndpoints) endpoints = NULL;
  g_autoptr (GError) error = NULL;

  sb_connection_info_set_endpoint (info, "s3", "https://s3.example.com/");
  sb_connection_info_set_fips (info, TRUE);
  g_assert_true (add (fixture, info, SECRET, &error));
  open_again (fixture);
  endpoints = sb_connection_info_dup_endpoints (sb_connection_store_find (fixture->store, "own"));
  g_assert_cmpstr (sb_endpoints_get_url (endpoints, "s3"), ==, "https://s3.example.com");
  g_assert_cmpstr (sb_endpoints_get_url (endpoints, "sts"), ==, "http://127.0.0.1:1/all");
  g_assert_true (sb_endpoints_get_fips (endpoints));
  g_assert_false (sb_endpoints_is_loopback (endpoints, "s3"));
  g_assert_true (sb_endpoints_is_loopback (endpoints, "iam"));
}

static void
test_removed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SbConnectionInfo) info = key_info ("Gone", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (SbSecret) secret = NULL;
  g_autofree char *id = g_strdup (sb_connection_info_get_id (info));

  g_assert_true (add (fixture, info, SECRET, &error));
  g_assert_true (sb_connection_store_remove (
      fixture->store, sb_connection_store_find (fixture->store, "gone"), NULL, &error));
  g_assert_no_error (error);
  g_assert_null (sb_connection_store_find (fixture->store, "gone"));
  secret = sb_keyring_lookup_text (id, LOOPBACK_KEY_ID, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (secret);
  open_again (fixture);
  g_assert_cmpint (g_list_model_get_n_items (G_LIST_MODEL (fixture->store)), ==, 0);
}

static void
test_invalid (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *member;
    const char *value;
  } bad[] = {
    { "name", "" },          { "name", "Local" },
    { "name", " x" },        { "name", "a\nb" },
    { "region", "Mars" },    { "region", "us-east-1.example.com/" },
    { "region", "" },        { "endpoint_url", "ftp://x" },
    { "endpoint_url", "x" }, { "endpoint_url", "http://user:pw@x" },
    { "access_key_id", "" },
  };
  g_autoptr (SbConnectionInfo) taken = key_info ("Taken", NULL);
  g_autoptr (SbConnectionInfo) same = key_info ("TAKEN", NULL);
  g_autoptr (SbConnectionInfo) fips = key_info ("Fips", NULL);
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (SbConnectionInfo) info = key_info ("Fine", NULL);
      g_autoptr (GError) local = NULL;

      sb_connection_info_set (info, bad[i].member, bad[i].value);
      g_assert_false (add (fixture, info, SECRET, &local));
      g_assert_error (local, SB_ERROR, SB_ERROR_INVALID);
    }
  sb_connection_info_set (fips, "region", "eu-west-1");
  sb_connection_info_set_fips (fips, TRUE);
  g_assert_false (add (fixture, fips, SECRET, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_true (add (fixture, taken, SECRET, &error));
  g_assert_false (add (fixture, same, SECRET, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_EXISTS);
  g_assert_cmpint (g_list_model_get_n_items (G_LIST_MODEL (fixture->store)), ==, 1);
}

/* A file that cannot be understood is left as it is: what is in it may be all that there is. */
static void
test_broken (Fixture *fixture, gconstpointer data)
{
  static const char *const broken[] = { "{",
                                        "{\"version\":2}",
                                        "{\"version\":1,\"connections\":[1]}",
                                        "{\"version\":1,\"connections\":[{\"id\":\"x\"}]}" };

  for (gsize i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autoptr (SbConnectionInfo) info = key_info ("New", NULL);
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;

      g_assert_true (g_file_set_contents (fixture->path, broken[i], -1, NULL));
      g_assert_false (sb_connection_store_reload (fixture->store, &error));
      g_assert_error (error, SB_ERROR, SB_ERROR_STORAGE);
      g_clear_error (&error);
      g_assert_false (add (fixture, info, SECRET, &error));
      g_assert_error (error, SB_ERROR, SB_ERROR_STORAGE);
      g_assert_true (g_file_get_contents (fixture->path, &text, NULL, NULL));
      g_assert_cmpstr (text, ==, broken[i]);
    }
}

static void
test_two_at_once (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SbConnectionStore) other = sb_connection_store_new (fixture->folder, NULL, NULL);
  g_autoptr (SbConnectionInfo) first = key_info ("First", NULL);
  g_autoptr (SbConnectionInfo) second = key_info ("Second", NULL);
  g_autoptr (SbCredentials) keys = sb_credentials_new (LOOPBACK_KEY_ID, SECRET, NULL);
  SbSecrets secrets = { .credentials = keys };
  g_autoptr (GError) error = NULL;

  sb_connection_info_set (first, "keep", "session");
  sb_connection_info_set (second, "keep", "session");
  g_assert_true (add (fixture, first, SECRET, &error));
  g_assert_true (sb_connection_store_add (other, second, &secrets, NULL, &error));
  g_assert_cmpint (g_list_model_get_n_items (G_LIST_MODEL (other)), ==, 2);
  g_assert_true (sb_connection_store_reload (fixture->store, &error));
  g_assert_nonnull (sb_connection_store_find (fixture->store, "second"));
  assert_secret (fixture, "first", SECRET);
}

static void
test_sign_in_is_kept (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SbConnectionInfo) info =
      sb_connection_info_new (SB_CONNECTION_SSO, "Corp", "us-east-1");
  g_autoptr (SbSsoToken) token = sb_sso_token_parse (
      "{\"accessToken\":\"" SECRET "\",\"expiresAt\":\"2999-01-01T00:00:00Z\",\"refreshToken\":"
      "\"again\",\"clientId\":\"c\",\"clientSecret\":\"cs\",\"registrationExpiresAt\":"
      "\"2999-01-01T00:00:00Z\"}");
  SbSecrets secrets = { .token = token };
  g_autoptr (GError) error = NULL;
  g_autoptr (SbSecret) kept = NULL;
  g_autoptr (SbSsoToken) read = NULL;
  g_autoptr (SbSecret) text = sb_sso_token_to_text (token);

  sb_connection_info_set (info, "sso_start_url", "https://corp.awsapps.com/start");
  sb_connection_info_set (info, "sso_region", "eu-west-1");
  sb_connection_info_set (info, "sso_account_id", "123456789012");
  sb_connection_info_set (info, "sso_role_name", "Student");
  g_assert_true (sb_connection_store_add (fixture->store, info, &secrets, NULL, &error));
  g_assert_no_error (error);
  kept =
      sb_keyring_lookup_text (sb_connection_info_get_id (info), SB_KEYRING_SSO_TOKEN, NULL, &error);
  g_assert_cmpstr (kept, ==, text);
  read = sb_sso_token_parse (kept);
  g_assert_true (sb_sso_token_is_good (read));
}

#define XML(action, inner)                                                                         \
  "<" action "Response><" action "Result>" inner "</" action "Result></" action "Response>"

typedef struct
{
  int expired; /* atomic: whether the loopback's own key is no longer taken */
} Service;

static void
serve (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  Service *service = data;
  const char *authorization = asked_header (asked, "Authorization");

  if (g_atomic_int_get (&service->expired) && strstr (authorization, LOOPBACK_KEY_ID "/") != NULL)
    reply (message,
           403,
           "text/xml",
           "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>It has "
           "expired</Message></Error></ErrorResponse>");
  else
    reply (
        message,
        200,
        "text/xml",
        XML ("GetCallerIdentity",
             "<Arn>arn:aws:iam::123456789012:user/workshop</Arn><Account>123456789012</Account>"));
}

static void
test_checked (Fixture *fixture, gconstpointer data)
{
  Service service = { 0 };
  g_autoptr (Loopback) server = loopback_new (serve, &service);
  g_autoptr (SbConnectionInfo) info = key_info ("Work", server->url);
  g_autoptr (SbCredentials) keys = sb_credentials_new (LOOPBACK_KEY_ID, LOOPBACK_SECRET, NULL);
  SbSecrets secrets = { .credentials = keys };
  g_autoptr (SbConnection) connection = sb_connection_store_try (fixture->store, info, &secrets);
  g_autoptr (GError) error = NULL;
  g_autoptr (SbConnectionInfo) checked = sb_connection_check (info, connection, NULL, &error);
  g_autofree char *user = NULL;

  g_assert_no_error (error);
  g_assert_true (loopback_get (server, 0)->is_signed);
  user = sb_connection_info_dup_user (checked);
  g_assert_cmpstr (user, ==, "user/workshop");
  g_assert_cmpstr (sb_connection_info_get (checked, "account"), ==, "123456789012");
  g_atomic_int_set (&service.expired, 1);
  g_assert_null (sb_connection_check (info, connection, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_CREDENTIALS);
  g_assert_cmpstr (error->message, ==, "It has expired");
  g_assert_cmpint (fixture->asker->n_asked, ==, 0);
}

/* What is not good any more is asked for, kept, and the call is made again. */
static void
test_asked_in_place (Fixture *fixture, gconstpointer data)
{
  Service service = { 1 };
  g_autoptr (Loopback) server = loopback_new (serve, &service);
  g_autoptr (SbConnectionInfo) info = key_info ("Work", server->url);
  g_autoptr (SbConnection) connection = NULL;
  g_autoptr (SbClient) client = NULL;
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (SbSecret) old = NULL;
  g_autoptr (SbSecret) kept = NULL;

  g_assert_true (add (fixture, info, LOOPBACK_SECRET, &error));
  connection = sb_connection_store_open (fixture->store, info);
  client = sb_client_new (connection, NULL);
  g_assert_null (sb_client_call (client, "sts", "GetCallerIdentity", NULL, NULL, &error));
  g_assert_cmpstr (error->message, ==, "It has expired");
  g_clear_error (&error);
  g_assert_cmpstr (fixture->asker->asked, ==, "Work " LOOPBACK_KEY_ID " It has expired");
  fixture->asker->answer = sb_credentials_new ("AKFRESH", "fresh", NULL);
  answer = sb_client_call (client, "sts", "GetCallerIdentity", NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fixture->asker->n_asked, ==, 2);
  open_again (fixture);
  g_assert_cmpstr (sb_connection_info_get (sb_connection_store_find (fixture->store, "work"),
                                           "access_key_id"),
                   ==,
                   "AKFRESH");
  assert_secret (fixture, "work", "fresh");
  old = sb_keyring_lookup_text (sb_connection_info_get_id (info), LOOPBACK_KEY_ID, NULL, &error);
  g_assert_no_error (error);
  g_assert_null (old);
}

static void
test_no_keyring (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SbConnectionInfo) info = key_info ("Work", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (sb_keyring_get_state (), ==, SB_KEYRING_ABSENT);
  g_assert_false (add (fixture, info, SECRET, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_CREDENTIALS);
  g_assert_nonnull (strstr (error->message, "No keyring is running"));
  g_assert_null (strstr (error->message, SECRET));
  g_assert_cmpint (g_list_model_get_n_items (G_LIST_MODEL (fixture->store)), ==, 0);
  open_again (fixture);
  g_assert_cmpint (g_list_model_get_n_items (G_LIST_MODEL (fixture->store)), ==, 0);
}

static void
test_this_session (Fixture *fixture, gconstpointer data)
{
  g_autoptr (SbConnectionInfo) info = key_info ("Work", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  sb_connection_info_set (info, "keep", "session");
  g_assert_true (add (fixture, info, SECRET, &error));
  g_assert_no_error (error);
  assert_secret (fixture, "work", SECRET);
  g_assert_true (g_file_get_contents (fixture->path, &text, NULL, NULL));
  g_assert_null (strstr (text, SECRET));
  /* In the next session somebody is asked, who may not want to answer. */
  open_again (fixture);
  g_assert_null (get_keys (fixture, "work", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  fixture->asker->answer = sb_credentials_new (LOOPBACK_KEY_ID, "once more", NULL);
  assert_secret (fixture, "work", "once more");
  assert_secret (fixture, "work", "once more");
  g_assert_cmpint (fixture->asker->n_asked, ==, 2);
  g_clear_error (&error);
  g_assert_true (sb_connection_store_remove (
      fixture->store, sb_connection_store_find (fixture->store, "work"), NULL, &error));
  g_assert_no_error (error);
}

int
main (int argc, char *argv[])
{
  const char *state = g_getenv ("SB_TEST_KEYRING");

  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                            \
  g_test_add ("/cloud/connections/" name, Fixture, NULL, set_up, func, tear_down)
  if (g_strcmp0 (state, "open") == 0)
    {
      ADD ("kept", test_kept);
      ADD ("endpoints", test_endpoints);
      ADD ("removed", test_removed);
      ADD ("invalid", test_invalid);
      ADD ("sign-in-is-kept", test_sign_in_is_kept);
      ADD ("asked-in-place", test_asked_in_place);
    }
  else
    ADD ("no-keyring", test_no_keyring);
  ADD ("broken", test_broken);
  ADD ("two-at-once", test_two_at_once);
  ADD ("checked", test_checked);
  ADD ("this-session", test_this_session);
  return g_test_run ();
}
