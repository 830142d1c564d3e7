/* sigv4-tool.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signs what it reads: a JSON object a line with method, path, query, headers [[name, value]],
 * payload_hash, region, service, time, key, secret, token, s3, and expires for a presigned URL.
 * Prints {"canonical", "headers": {…}} or {"query"} for each, then what verifying says.
 */

#include "config.h"

#include <stdio.h>

#include "wire/sb-json.h"
#include "wire/sb-sigv4.h"

static GArray *
read_headers (JsonArray *json)
{
  GArray *headers = g_array_new (FALSE, FALSE, sizeof (SbHeader));

  for (guint i = 0; i < json_array_get_length (json); i++)
    {
      JsonArray *pair = json_array_get_array_element (json, i);
      SbHeader header = { g_strdup (json_array_get_string_element (pair, 0)),
                          g_strdup (json_array_get_string_element (pair, 1)) };

      g_array_append_val (headers, header);
    }
  return headers;
}

static void
free_headers (GArray *headers)
{
  for (guint i = 0; i < headers->len; i++)
    {
      g_free (g_array_index (headers, SbHeader, i).name);
      g_free (g_array_index (headers, SbHeader, i).value);
    }
  g_array_unref (headers);
}

/* Whether the verifying side takes what the signing side made. */
static gboolean
verify (const SbSigv4Request *request, const char *secret)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbSigv4Claim) claim =
      sb_sigv4_parse (request->headers, request->n_headers, request->query, &error);
  guint8 key[SB_SHA256_LENGTH];

  g_assert_no_error (error);
  sb_sigv4_signing_key (secret, claim->date, claim->region, claim->service, key);
  return sb_sigv4_verify (claim, request, key);
}

static void
sign (JsonObject *answer, SbSigv4Request *request, GArray *headers, SbCredentials *credentials)
{
  g_autoptr (GPtrArray) added = sb_sigv4_sign (request, credentials);
  JsonObject *json = json_object_new ();

  for (guint i = 0; i < added->len; i++)
    {
      const SbHeader *header = g_ptr_array_index (added, i);
      SbHeader copy = { g_strdup (header->name), g_strdup (header->value) };

      json_object_set_string_member (json, header->name, header->value);
      g_array_append_val (headers, copy);
    }
  request->headers = (const SbHeader *) headers->data;
  request->n_headers = headers->len;
  json_object_set_object_member (answer, "headers", json);
}

static void
handle (JsonObject *json)
{
  g_autoptr (JsonObject) answer = json_object_new ();
  GArray *headers = read_headers (sb_json_get_array (json, "headers"));
  const char *secret = sb_json_get_string (json, "secret", NULL);
  g_autoptr (SbCredentials) credentials =
      sb_credentials_new (sb_json_get_string (json, "key", NULL),
                          secret,
                          sb_json_get_string (json, "token", NULL));
  guint expires = (guint) sb_json_get_int (json, "expires", 0);
  g_autofree char *query = NULL, *text = NULL;
  SbSigv4Request request = {
    .method = sb_json_get_string (json, "method", NULL),
    .path = sb_json_get_string (json, "path", NULL),
    .query = sb_json_get_string (json, "query", NULL),
    .headers = (const SbHeader *) headers->data,
    .n_headers = headers->len,
    .payload_hash = sb_json_get_string (json, "payload_hash", NULL),
    .region = sb_json_get_string (json, "region", NULL),
    .service = sb_json_get_string (json, "service", NULL),
    .time = sb_json_get_int (json, "time", 0),
    .flags = sb_json_get_bool (json, "s3", FALSE) ? SB_SIGV4_S3 : SB_SIGV4_NORMALIZE,
  };

  text = sb_sigv4_canonical_request (&request, NULL, NULL);
  json_object_set_string_member (answer, "canonical", text);
  g_clear_pointer (&text, g_free);
  if (expires > 0)
    {
      query = sb_sigv4_presign_query (&request, credentials, expires);
      json_object_set_string_member (answer, "query", query);
      request.query = query;
    }
  else
    sign (answer, &request, headers, credentials);
  json_object_set_boolean_member (answer, "verified", verify (&request, secret));
  text = sb_json_to_string (answer);
  puts (text);
  free_headers (headers);
}

int
main (void)
{
  char *line = NULL;
  size_t size = 0;

  while (getline (&line, &size, stdin) > 0)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) node = json_from_string (line, &error);

      g_assert_no_error (error);
      handle (json_node_get_object (node));
    }
  free (line);
  return 0;
}
