/* test-secret.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "wire/sb-credentials.h"
#include "wire/sb-secret.h"

/* What the kernel notes of the memory around @address, such as "rd wr dd". */
static char *
read_flags (const void *address)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint64 at = (guint64) (gsize) address;
  gboolean inside = FALSE;

  if (!g_file_get_contents ("/proc/self/smaps", &text, NULL, NULL))
    return NULL;
  lines = g_strsplit (text, "\n", -1);
  for (gsize i = 0; lines[i] != NULL; i++)
    {
      char *rest;
      guint64 from = g_ascii_strtoull (lines[i], &rest, 16);

      if (rest > lines[i] && *rest == '-')
        inside = from <= at && at < g_ascii_strtoull (rest + 1, NULL, 16);
      else if (inside && g_str_has_prefix (lines[i], "VmFlags:"))
        return g_strconcat (lines[i] + strlen ("VmFlags:"), " ", NULL);
    }
  return NULL;
}

static void
test_not_in_dumps (void)
{
  g_autoptr (SbCredentials) keys = sb_credentials_new ("AK", "hush", "hush as well");
  g_autofree char *secret = read_flags (sb_credentials_get_secret_access_key (keys));
  g_autofree char *token = read_flags (sb_credentials_get_session_token (keys));
  g_autofree char *plain = g_strdup ("plain");
  g_autofree char *other = read_flags (plain);

  if (secret == NULL)
    {
      g_test_skip ("there is no /proc/self/smaps");
      return;
    }
  g_assert_nonnull (strstr (secret, " dd "));
  g_assert_nonnull (strstr (token, " dd "));
  g_assert_nonnull (other);
  g_assert_null (strstr (other, " dd "));
}

static void
test_many (void)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_secret_free);
  g_autofree char *long_text = g_strnfill (4096, 'x');

  /* More than the guarded memory holds. */
  for (guint i = 0; i < 200; i++)
    g_ptr_array_add (all, sb_secret_dup (long_text));
  for (guint i = 0; i < all->len; i++)
    g_assert_cmpstr (all->pdata[i], ==, long_text);
}

static void
test_wiped (void)
{
  SbSecret *secret = sb_secret_dup ("remember me");
  const volatile char *kept = secret;
  char seen[12] = "";
  g_autoptr (JsonObject) json = json_object_new ();
  g_autoptr (GBytes) bytes = NULL;

  sb_secret_free (secret);
  /* The heap's memory is still there, and whoever comes next must not find it. */
  for (gsize i = 0; i < 11; i++)
    seen[i] = kept[i];
  g_assert_cmpstr (seen, !=, "remember me");
  json_object_set_string_member (json, "a", "hush");
  sb_secret_wipe_json (json);
  g_assert_cmpstr (json_object_get_string_member (json, "a"), ==, "");
  bytes = sb_secret_bytes_new_take (g_strdup ("text"));
  g_assert_cmpint (g_bytes_get_size (bytes), ==, 4);
  g_assert_null (sb_secret_dup (NULL));
  sb_secret_free (NULL);
}

static void
test_no_dump (void)
{
  struct rlimit limit;

  g_assert_true (sb_secret_keep_out_of_dumps ());
  g_assert_cmpint (getrlimit (RLIMIT_CORE, &limit), ==, 0);
  g_assert_cmpint (limit.rlim_cur, ==, 0);
  g_assert_cmpint (limit.rlim_max, ==, 0);
}

static void
test_expiry (void)
{
  g_autoptr (SbCredentials) keys = sb_credentials_new_temporary ("AK", "s", "", 12345);
  g_autoptr (SbCredentials) lasting = sb_credentials_new ("AK", "s", NULL);

  g_assert_cmpint (sb_credentials_get_expires (keys), ==, 12345);
  g_assert_null (sb_credentials_get_session_token (keys));
  g_assert_cmpint (sb_credentials_get_expires (lasting), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/secret/not-in-dumps", test_not_in_dumps);
  g_test_add_func ("/wire/secret/many", test_many);
  g_test_add_func ("/wire/secret/wiped", test_wiped);
  g_test_add_func ("/wire/secret/no-dump", test_no_dump);
  g_test_add_func ("/wire/secret/expiry", test_expiry);
  return g_test_run ();
}
