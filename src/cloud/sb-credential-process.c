/* sb-credential-process.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A program that prints credentials as JSON, as the tools of AWS call it: without a shell.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-assume-role-private.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

/* What is shown of what a program that failed has said. */
#define MAX_WORDS 300

static SbCredentials *
fail (const char *profile, const char *why, GError **error)
{
  g_set_error (
      error,
      SB_ERROR,
      SB_ERROR_CREDENTIALS,
      _ ("The credential_process of the profile “%s” gave no credentials: %s. Correct it in "
         "the AWS config file."),
      profile,
      why);
  return NULL;
}

static SbCredentials *
parse (const char *text, const char *profile, GError **error)
{
  g_autoptr (JsonObject) json = sb_json_parse_object (text, -1, NULL);
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) end = NULL;
  const char *id, *secret, *expiration;
  SbCredentials *credentials;

  if (json == NULL)
    return fail (profile, _ ("it printed no JSON"), error);
  if (sb_json_get_int (json, "Version", 0) != 1)
    return fail (profile, _ ("its Version is not 1"), error);
  id = sb_json_get_string (json, "AccessKeyId", NULL);
  secret = sb_json_get_string (json, "SecretAccessKey", NULL);
  expiration = sb_json_get_string (json, "Expiration", NULL);
  end = expiration != NULL ? g_date_time_new_from_iso8601 (expiration, utc) : NULL;
  if (id == NULL || secret == NULL || *id == '\0' || *secret == '\0')
    credentials = fail (profile, _ ("AccessKeyId or SecretAccessKey is missing"), error);
  else if (expiration != NULL && end == NULL)
    credentials = fail (profile, _ ("its Expiration is no time"), error);
  else
    credentials = sb_credentials_new_temporary (id,
                                                secret,
                                                sb_json_get_string (json, "SessionToken", NULL),
                                                end != NULL ? g_date_time_to_unix (end) : 0);
  sb_secret_wipe_json (json);
  return credentials;
}

static char *
bytes_to_text (GBytes *bytes)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  return g_strndup (data != NULL ? data : "", length);
}

static void
wipe_bytes (GBytes *bytes)
{
  gsize length;
  gconstpointer data = g_bytes_get_data (bytes, &length);

  sb_secret_wipe ((gpointer) data, length);
}

static SbCredentials *
read_answer (GSubprocess *process, GBytes *out, GBytes *err, const char *profile, GError **error)
{
  g_autoptr (SbSecret) text = NULL;
  g_autofree char *words = NULL;
  g_autofree char *valid = NULL;

  if (g_subprocess_get_successful (process))
    {
      text = bytes_to_text (out);
      return parse (text, profile, error);
    }
  words = bytes_to_text (err);
  valid = g_utf8_make_valid (words, MIN ((gssize) strlen (words), MAX_WORDS));
  g_strstrip (valid);
  return fail (profile, *valid != '\0' ? valid : _ ("it failed without a word"), error);
}

/*< private >
 * _sb_run_credential_process:
 * @command: program and arguments, quoted as for a shell
 * @profile: the profile that it is for
 * @cancellable: (nullable): ends the program
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): what the program printed
 */
SbCredentials *
_sb_run_credential_process (const char *command,
                            const char *profile,
                            GCancellable *cancellable,
                            GError **error)
{
  g_autoptr (GError) local = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GBytes) out = NULL;
  g_autoptr (GBytes) err = NULL;
  SbCredentials *credentials;

  if (!g_shell_parse_argv (command, NULL, &words, &local))
    return fail (profile, local->message, error);
  process = g_subprocess_newv ((const char *const *) words,
                               G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                               &local);
  if (process == NULL)
    return fail (profile, local->message, error);
  if (!g_subprocess_communicate (process, NULL, cancellable, &out, &err, &local))
    {
      g_subprocess_force_exit (process);
      if (!g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return fail (profile, local->message, error);
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  credentials = read_answer (process, out, err, profile, error);
  wipe_bytes (out);
  return credentials;
}
