/* sb-sigv4.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "wire/sb-sigv4.h"

#include "wire/sb-error.h"
#include "wire/sb-uri.h"

#include <openssl/crypto.h>
#include <string.h>

#define SCOPE_END     "aws4_request"
#define DATE_LENGTH   8
#define MAX_PRESIGNED 604800

SbHeader *
sb_header_new (const char *name, const char *value)
{
  SbHeader *header = g_new (SbHeader, 1);

  header->name = g_strdup (name);
  header->value = g_strdup (value);
  return header;
}

void
sb_header_free (SbHeader *header)
{
  g_free (header->name);
  g_free (header->value);
  g_free (header);
}

/**
 * sb_headers_lookup:
 *
 * Returns: (nullable): the value of the first header of that name, in any case
 */
const char *
sb_headers_lookup (const SbHeader *headers, gsize n_headers, const char *name)
{
  for (gsize i = 0; i < n_headers; i++)
    if (g_ascii_strcasecmp (headers[i].name, name) == 0)
      return headers[i].value;
  return NULL;
}

/**
 * sb_sigv4_format_time:
 *
 * Returns: (transfer full): @time as `20150830T123600Z`
 */
char *
sb_sigv4_format_time (gint64 time)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (time);

  return g_date_time_format (date, "%Y%m%dT%H%M%SZ");
}

/**
 * sb_sigv4_parse_time:
 *
 * Returns: the seconds since 1970 of a time such as `20150830T123600Z`, or -1
 */
gint64
sb_sigv4_parse_time (const char *amz_date)
{
  g_autoptr (GDateTime) date = NULL;

  if (amz_date == NULL || strlen (amz_date) != 16 || amz_date[8] != 'T' || amz_date[15] != 'Z')
    return -1;
  date = g_date_time_new_from_iso8601 (amz_date, NULL);
  return date != NULL ? g_date_time_to_unix (date) : -1;
}

char *
sb_sigv4_scope (gint64 time, const char *region, const char *service)
{
  g_autofree char *date = sb_sigv4_format_time (time);

  return g_strdup_printf ("%.8s/%s/%s/" SCOPE_END, date, region, service);
}

/* Headers that proxies and libraries change on the way. */
static gboolean
is_never_signed (const char *name)
{
  static const char *const names[] = { "authorization",     "connection", "expect",
                                       "keep-alive",        "te",         "trailer",
                                       "transfer-encoding", "upgrade",    "user-agent",
                                       "x-amzn-trace-id" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (name, names[i]) == 0)
      return TRUE;
  return g_str_has_prefix (name, "proxy-");
}

/* Resolves dot segments and drops empty ones; a slash at the end stays. */
static char *
normalize_path (const char *path)
{
  g_auto (GStrv) segments = g_strsplit (path, "/", -1);
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();
  GString *result = g_string_new (NULL);
  gsize n = g_strv_length (segments);
  const char *last = n > 0 ? segments[n - 1] : "";

  for (gsize i = 0; i < n; i++)
    {
      if (strcmp (segments[i], "..") == 0)
        {
          if (kept->len > 0)
            g_ptr_array_set_size (kept, (int) kept->len - 1);
        }
      else if (*segments[i] != '\0' && strcmp (segments[i], ".") != 0)
        g_ptr_array_add (kept, segments[i]);
    }
  for (guint i = 0; i < kept->len; i++)
    g_string_append_printf (result, "/%s", (const char *) g_ptr_array_index (kept, i));
  if (result->len == 0 || *last == '\0' || strcmp (last, ".") == 0 || strcmp (last, "..") == 0)
    g_string_append_c (result, '/');
  return g_string_free (result, FALSE);
}

/* Every segment in the one encoding that is canonical: an encoded slash stays encoded. */
static char *
encode_segments (const char *path)
{
  g_auto (GStrv) segments = g_strsplit (path, "/", -1);

  for (gsize i = 0; segments[i] != NULL; i++)
    {
      gsize length;
      g_autofree char *decoded = sb_uri_decode (segments[i], -1, &length);

      g_free (segments[i]);
      segments[i] = sb_uri_encode (decoded, (gssize) length, FALSE);
    }
  return g_strjoinv ("/", segments);
}

static char *
canonical_path (const SbSigv4Request *request)
{
  const char *path = *request->path != '\0' ? request->path : "/";

  if ((request->flags & SB_SIGV4_S3) != 0)
    return encode_segments (path);
  if ((request->flags & SB_SIGV4_NORMALIZE) != 0)
    {
      g_autofree char *normal = normalize_path (path);

      return sb_uri_encode (normal, -1, TRUE);
    }
  return sb_uri_encode (path, -1, TRUE);
}

static int
compare_pairs (gconstpointer a, gconstpointer b)
{
  const SbPair *left = *(const SbPair *const *) a;
  const SbPair *right = *(const SbPair *const *) b;
  int order = strcmp (left->name, right->name);

  return order != 0 ? order : strcmp (left->value, right->value);
}

/* Sorted by the encoded form, as the specification asks. */
static char *
canonical_query (const char *query, gboolean drop_signature)
{
  g_autoptr (GPtrArray) pairs = NULL;
  GString *result;

  if (query == NULL || *query == '\0')
    return g_strdup ("");
  pairs = sb_query_parse (query);
  result = g_string_new (NULL);
  for (guint i = 0; i < pairs->len; i++)
    {
      SbPair *pair = g_ptr_array_index (pairs, i);
      char *name = sb_uri_encode (pair->name, -1, FALSE);
      char *value = sb_uri_encode (pair->value, -1, FALSE);

      g_free (pair->name);
      g_free (pair->value);
      pair->name = name;
      pair->value = value;
    }
  g_ptr_array_sort (pairs, compare_pairs);
  for (guint i = 0; i < pairs->len; i++)
    {
      const SbPair *pair = g_ptr_array_index (pairs, i);

      if (drop_signature && strcmp (pair->name, "X-Amz-Signature") == 0)
        continue;
      if (result->len > 0)
        g_string_append_c (result, '&');
      g_string_append_printf (result, "%s=%s", pair->name, pair->value);
    }
  return g_string_free (result, FALSE);
}

/* Trims a value and folds the white space inside it. */
static void
append_value (GString *out, const char *value)
{
  gboolean space = FALSE;
  gsize start = out->len;

  for (const char *c = value; *c != '\0'; c++)
    {
      if (g_ascii_isspace (*c))
        {
          space = out->len > start;
          continue;
        }
      if (space)
        g_string_append_c (out, ' ');
      space = FALSE;
      g_string_append_c (out, *c);
    }
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The lower-case names to sign, sorted and single. */
static GPtrArray *
names_to_sign (const SbSigv4Request *request, const char *const *given)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  if (given != NULL)
    {
      for (gsize i = 0; given[i] != NULL; i++)
        g_ptr_array_add (names, g_ascii_strdown (given[i], -1));
    }
  else
    {
      for (gsize i = 0; i < request->n_headers; i++)
        {
          g_autofree char *name = g_ascii_strdown (request->headers[i].name, -1);

          if (!is_never_signed (name))
            g_ptr_array_add (names, g_steal_pointer (&name));
        }
    }
  g_ptr_array_sort (names, compare_names);
  for (guint i = 1; i < names->len;)
    if (strcmp (names->pdata[i - 1], names->pdata[i]) == 0)
      g_ptr_array_remove_index (names, i);
    else
      i++;
  return names;
}

static void
append_header (GString *out, const SbSigv4Request *request, const char *name)
{
  gboolean first = TRUE;

  g_string_append_printf (out, "%s:", name);
  for (gsize i = 0; i < request->n_headers; i++)
    {
      if (g_ascii_strcasecmp (request->headers[i].name, name) != 0)
        continue;
      if (!first)
        g_string_append_c (out, ',');
      first = FALSE;
      append_value (out, request->headers[i].value);
    }
  g_string_append_c (out, '\n');
}

/**
 * sb_sigv4_canonical_request:
 * @request: what is signed
 * @signed_headers: (nullable): the names to sign; %NULL for all that the rules allow
 * @out_signed_headers: (out) (optional): the names, joined by semicolons
 *
 * Returns: (transfer full): the canonical request
 */
char *
sb_sigv4_canonical_request (const SbSigv4Request *request,
                            const char *const *signed_headers,
                            char **out_signed_headers)
{
  g_autoptr (GPtrArray) names = names_to_sign (request, signed_headers);
  g_autofree char *path = canonical_path (request);
  g_autofree char *query = canonical_query (request->query, TRUE);
  g_autofree char *joined = NULL;
  GString *out = g_string_sized_new (512);

  g_string_append_printf (out, "%s\n%s\n%s\n", request->method, path, query);
  for (guint i = 0; i < names->len; i++)
    append_header (out, request, names->pdata[i]);
  g_ptr_array_add (names, NULL);
  joined = g_strjoinv (";", (char **) names->pdata);
  g_string_append_printf (out, "\n%s\n%s", joined, request->payload_hash);
  if (out_signed_headers != NULL)
    *out_signed_headers = g_steal_pointer (&joined);
  return g_string_free (out, FALSE);
}

static char *
string_to_sign (const char *canonical_request, const char *amz_date, const char *scope)
{
  g_autofree char *hash = sb_sha256_hex (canonical_request, -1);

  return g_strdup_printf (SB_SIGV4_ALGORITHM "\n%s\n%s\n%s", amz_date, scope, hash);
}

char *
sb_sigv4_string_to_sign (const char *canonical_request,
                         gint64 time,
                         const char *region,
                         const char *service)
{
  g_autofree char *amz_date = sb_sigv4_format_time (time);
  g_autofree char *scope = sb_sigv4_scope (time, region, service);

  return string_to_sign (canonical_request, amz_date, scope);
}

/**
 * sb_sigv4_signing_key:
 * @secret_access_key: the secret
 * @date: the first eight digits of the time
 * @out: the key; good for this date, Region and service, so that it may be kept
 */
void
sb_sigv4_signing_key (const char *secret_access_key,
                      const char *date,
                      const char *region,
                      const char *service,
                      guint8 out[SB_SHA256_LENGTH])
{
  g_autofree char *start = g_strconcat ("AWS4", secret_access_key, NULL);
  const char *steps[] = { region, service, SCOPE_END };

  sb_hmac_sha256 ((const guint8 *) start, strlen (start), date, DATE_LENGTH, out);
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      guint8 next[SB_SHA256_LENGTH];

      sb_hmac_sha256 (out, SB_SHA256_LENGTH, steps[i], strlen (steps[i]), next);
      memcpy (out, next, sizeof next);
      OPENSSL_cleanse (next, sizeof next);
    }
  OPENSSL_cleanse (start, strlen (start));
}

/**
 * sb_sigv4_signature:
 *
 * Returns: (transfer full): the signature in hexadecimal
 */
char *
sb_sigv4_signature (const guint8 key[SB_SHA256_LENGTH], const char *text)
{
  guint8 mac[SB_SHA256_LENGTH];

  sb_hmac_sha256 (key, SB_SHA256_LENGTH, text, strlen (text), mac);
  return sb_hex (mac, sizeof mac);
}

static char *
sign_text (const SbSigv4Request *request, SbCredentials *credentials, const char *canonical)
{
  g_autofree char *date = sb_sigv4_format_time (request->time);
  g_autofree char *text =
      sb_sigv4_string_to_sign (canonical, request->time, request->region, request->service);
  guint8 key[SB_SHA256_LENGTH];
  char *signature;

  sb_sigv4_signing_key (sb_credentials_get_secret_access_key (credentials),
                        date,
                        request->region,
                        request->service,
                        key);
  signature = sb_sigv4_signature (key, text);
  OPENSSL_cleanse (key, sizeof key);
  return signature;
}

static void
add_header (GArray *all, GPtrArray *added, const char *name, const char *value)
{
  SbHeader *header = sb_header_new (name, value);

  g_ptr_array_add (added, header);
  g_array_append_val (all, *header);
}

/**
 * sb_sigv4_sign:
 * @request: the request without what signing adds
 * @credentials: who signs
 *
 * Returns: (transfer full) (element-type SbHeader): the headers to add: X-Amz-Security-Token,
 *   X-Amz-Date, x-amz-content-sha256 where it is asked for, and Authorization
 */
GPtrArray *
sb_sigv4_sign (const SbSigv4Request *request, SbCredentials *credentials)
{
  GPtrArray *added = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_header_free);
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (SbHeader));
  g_autofree char *amz_date = sb_sigv4_format_time (request->time);
  g_autofree char *scope = sb_sigv4_scope (request->time, request->region, request->service);
  g_autofree char *canonical = NULL, *signed_headers = NULL, *signature = NULL, *value = NULL;
  const char *token = sb_credentials_get_session_token (credentials);
  gboolean omit = (request->flags & SB_SIGV4_OMIT_SESSION_TOKEN) != 0;
  SbSigv4Request complete = *request;

  g_array_append_vals (all, request->headers, (guint) request->n_headers);
  if (token != NULL && !omit)
    add_header (all, added, "X-Amz-Security-Token", token);
  add_header (all, added, "X-Amz-Date", amz_date);
  if ((request->flags & (SB_SIGV4_S3 | SB_SIGV4_SIGN_BODY)) != 0)
    add_header (all, added, "x-amz-content-sha256", request->payload_hash);
  complete.headers = (const SbHeader *) all->data;
  complete.n_headers = all->len;
  canonical = sb_sigv4_canonical_request (&complete, NULL, &signed_headers);
  signature = sign_text (&complete, credentials, canonical);
  value = g_strdup_printf (SB_SIGV4_ALGORITHM " Credential=%s/%s, SignedHeaders=%s, Signature=%s",
                           sb_credentials_get_access_key_id (credentials),
                           scope,
                           signed_headers,
                           signature);
  g_ptr_array_add (added, sb_header_new ("Authorization", value));
  if (token != NULL && omit)
    g_ptr_array_add (added, sb_header_new ("X-Amz-Security-Token", token));
  return added;
}

static void
append_parameter (GString *query, const char *name, const char *value)
{
  g_autofree char *encoded = sb_uri_encode (value, -1, FALSE);

  g_string_append_printf (query, "%s%s=%s", query->len > 0 ? "&" : "", name, encoded);
}

/**
 * sb_sigv4_presign_query:
 * @request: the request; for S3 its payload hash is %SB_SIGV4_UNSIGNED_PAYLOAD
 * @credentials: who signs
 * @expires: for how many seconds, 1 to 604800
 *
 * Returns: (transfer full): the whole query of the presigned URL
 */
char *
sb_sigv4_presign_query (const SbSigv4Request *request, SbCredentials *credentials, guint expires)
{
  GString *query = g_string_new (request->query);
  g_autofree char *amz_date = sb_sigv4_format_time (request->time);
  g_autofree char *scope = sb_sigv4_scope (request->time, request->region, request->service);
  g_autofree char *credential =
      g_strdup_printf ("%s/%s", sb_credentials_get_access_key_id (credentials), scope);
  g_autofree char *seconds = g_strdup_printf ("%u", expires);
  g_autofree char *names = NULL, *canonical = NULL, *signature = NULL;
  const char *token = sb_credentials_get_session_token (credentials);
  gboolean omit = (request->flags & SB_SIGV4_OMIT_SESSION_TOKEN) != 0;
  SbSigv4Request complete = *request;

  g_free (sb_sigv4_canonical_request (request, NULL, &names));
  append_parameter (query, "X-Amz-Algorithm", SB_SIGV4_ALGORITHM);
  append_parameter (query, "X-Amz-Credential", credential);
  append_parameter (query, "X-Amz-Date", amz_date);
  append_parameter (query, "X-Amz-SignedHeaders", names);
  append_parameter (query, "X-Amz-Expires", seconds);
  if (token != NULL && !omit)
    append_parameter (query, "X-Amz-Security-Token", token);
  complete.query = query->str;
  canonical = sb_sigv4_canonical_request (&complete, NULL, NULL);
  signature = sign_text (&complete, credentials, canonical);
  append_parameter (query, "X-Amz-Signature", signature);
  if (token != NULL && omit)
    append_parameter (query, "X-Amz-Security-Token", token);
  return g_string_free (query, FALSE);
}

void
sb_sigv4_claim_free (SbSigv4Claim *claim)
{
  g_free (claim->access_key_id);
  g_free (claim->date);
  g_free (claim->region);
  g_free (claim->service);
  g_strfreev (claim->signed_headers);
  g_free (claim->signature);
  g_free (claim->amz_date);
  g_free (claim->session_token);
  g_free (claim);
}

/* KEY/20150830/us-east-1/s3/aws4_request; the key may hold slashes itself. */
static gboolean
claim_take_credential (SbSigv4Claim *claim, const char *credential)
{
  g_auto (GStrv) parts = g_strsplit (credential, "/", -1);
  gsize n = g_strv_length (parts);

  if (n < 5 || strcmp (parts[n - 1], SCOPE_END) != 0 || strlen (parts[n - 4]) != DATE_LENGTH)
    return FALSE;
  claim->service = g_strdup (parts[n - 2]);
  claim->region = g_strdup (parts[n - 3]);
  claim->date = g_strdup (parts[n - 4]);
  claim->access_key_id =
      g_strndup (credential,
                 strlen (credential) - strlen (parts[n - 1]) - strlen (parts[n - 2]) -
                     strlen (parts[n - 3]) - DATE_LENGTH - 4);
  return TRUE;
}

static void
claim_take (SbSigv4Claim *claim, const char *name, const char *value, gboolean *good)
{
  if (strcmp (name, "Credential") == 0)
    *good = claim->access_key_id == NULL && claim_take_credential (claim, value) && *good;
  else if (strcmp (name, "SignedHeaders") == 0 && claim->signed_headers == NULL)
    claim->signed_headers = g_strsplit (value, ";", -1);
  else if (strcmp (name, "Signature") == 0 && claim->signature == NULL)
    claim->signature = g_strdup (value);
}

static gboolean
parse_authorization (SbSigv4Claim *claim, const char *authorization)
{
  g_auto (GStrv) parts = NULL;
  gboolean good = TRUE;

  if (!g_str_has_prefix (authorization, SB_SIGV4_ALGORITHM " "))
    return FALSE;
  parts = g_strsplit (authorization + strlen (SB_SIGV4_ALGORITHM) + 1, ",", -1);
  for (gsize i = 0; parts[i] != NULL; i++)
    {
      char *name = g_strstrip (parts[i]);
      char *equals = strchr (name, '=');

      if (equals == NULL)
        return FALSE;
      *equals = '\0';
      claim_take (claim, name, equals + 1, &good);
    }
  return good;
}

static gboolean
parse_presigned (SbSigv4Claim *claim, const char *query)
{
  g_autoptr (GPtrArray) pairs = sb_query_parse (query);
  const char *expires = sb_query_lookup (pairs, "X-Amz-Expires");
  gboolean good = g_strcmp0 (sb_query_lookup (pairs, "X-Amz-Algorithm"), SB_SIGV4_ALGORITHM) == 0;
  guint64 seconds = 0;

  for (guint i = 0; i < pairs->len; i++)
    {
      const SbPair *pair = g_ptr_array_index (pairs, i);

      if (g_str_has_prefix (pair->name, "X-Amz-"))
        claim_take (claim, pair->name + 6, pair->value, &good);
    }
  claim->presigned = TRUE;
  claim->amz_date = g_strdup (sb_query_lookup (pairs, "X-Amz-Date"));
  claim->session_token = g_strdup (sb_query_lookup (pairs, "X-Amz-Security-Token"));
  if (expires == NULL ||
      !g_ascii_string_to_unsigned (expires, 10, 1, MAX_PRESIGNED, &seconds, NULL))
    return FALSE;
  claim->expires = (guint) seconds;
  return good;
}

static gboolean
claim_is_complete (SbSigv4Claim *claim)
{
  claim->time = sb_sigv4_parse_time (claim->amz_date);
  return claim->access_key_id != NULL && claim->signed_headers != NULL &&
         claim->signature != NULL && claim->time >= 0 &&
         strncmp (claim->amz_date, claim->date, DATE_LENGTH) == 0 &&
         g_strv_contains ((const char *const *) claim->signed_headers, "host");
}

/**
 * sb_sigv4_parse:
 * @headers: the headers that came
 * @query: (nullable): the query that came, raw
 * @error: %SB_ERROR_CREDENTIALS with the service code MissingAuthenticationToken when there is no
 *   signature at all, IncompleteSignature when there is one that lacks something
 *
 * Returns: (transfer full) (nullable): what the request says of its signature; not yet verified
 */
SbSigv4Claim *
sb_sigv4_parse (const SbHeader *headers, gsize n_headers, const char *query, GError **error)
{
  g_autoptr (SbSigv4Claim) claim = g_new0 (SbSigv4Claim, 1);
  const char *authorization = sb_headers_lookup (headers, n_headers, "Authorization");
  gboolean good;

  if (authorization != NULL)
    {
      good = parse_authorization (claim, authorization);
      claim->amz_date = g_strdup (sb_headers_lookup (headers, n_headers, "X-Amz-Date"));
      claim->session_token =
          g_strdup (sb_headers_lookup (headers, n_headers, "X-Amz-Security-Token"));
    }
  else if (query != NULL && strstr (query, "X-Amz-Signature=") != NULL)
    good = parse_presigned (claim, query);
  else
    {
      g_propagate_error (error,
                         sb_error_new_service (403,
                                               "MissingAuthenticationToken",
                                               "Missing Authentication Token",
                                               NULL));
      return NULL;
    }
  if (!good || !claim_is_complete (claim))
    {
      g_propagate_error (error,
                         sb_error_new_service (403,
                                               "IncompleteSignature",
                                               "The request's signature is incomplete or "
                                               "not of the AWS4-HMAC-SHA256 form",
                                               NULL));
      return NULL;
    }
  return g_steal_pointer (&claim);
}

/**
 * sb_sigv4_verify:
 * @claim: what the request says
 * @request: the request as it came; its Region, service and time are taken from @claim
 * @key: the signing key of the claim's date, Region and service
 *
 * Compares in constant time. Age and expiry are the caller's to judge.
 *
 * Returns: whether the signature is right
 */
gboolean
sb_sigv4_verify (const SbSigv4Claim *claim,
                 const SbSigv4Request *request,
                 const guint8 key[SB_SHA256_LENGTH])
{
  g_autofree char *canonical =
      sb_sigv4_canonical_request (request, (const char *const *) claim->signed_headers, NULL);
  g_autofree char *scope =
      g_strdup_printf ("%s/%s/%s/" SCOPE_END, claim->date, claim->region, claim->service);
  g_autofree char *text = string_to_sign (canonical, claim->amz_date, scope);
  g_autofree char *signature = sb_sigv4_signature (key, text);

  return strlen (claim->signature) == strlen (signature) &&
         CRYPTO_memcmp (claim->signature, signature, strlen (signature)) == 0;
}
