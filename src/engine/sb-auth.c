/* sb-auth.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-auth.h"

#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-uri.h"

#define MAX_PRESIGNED_EXPIRY (7 * 24 * 3600)

struct _SbAuth
{
  SbCredentials *credentials;
  char *region;
  GHashTable *keys; /* "date/region/service" -> 32 bytes */
};

/* What the services call the same mistake. */
typedef struct
{
  const char *json;
  const char *query;
  const char *s3;
} CodeNames;

static const CodeNames names_missing = { "MissingAuthenticationTokenException",
                                         "MissingAuthenticationToken",
                                         "AccessDenied" };
static const CodeNames names_incomplete = { "IncompleteSignatureException",
                                            "IncompleteSignature",
                                            "AuthorizationHeaderMalformed" };
static const CodeNames names_key = { "UnrecognizedClientException",
                                     "InvalidClientTokenId",
                                     "InvalidAccessKeyId" };
static const CodeNames names_signature = { "InvalidSignatureException",
                                           "SignatureDoesNotMatch",
                                           "SignatureDoesNotMatch" };
static const CodeNames names_skew = { "InvalidSignatureException",
                                      "SignatureDoesNotMatch",
                                      "RequestTimeTooSkewed" };
static const CodeNames names_region = { "InvalidSignatureException",
                                        "SignatureDoesNotMatch",
                                        "AuthorizationHeaderMalformed" };
static const CodeNames names_expired = { "InvalidSignatureException",
                                         "AccessDenied",
                                         "AccessDenied" };

/**
 * sb_auth_new:
 * @credentials: the one access key
 * @region: the one Region
 *
 * Returns: (transfer full): the checker
 */
SbAuth *
sb_auth_new (SbCredentials *credentials, const char *region)
{
  SbAuth *self = g_new0 (SbAuth, 1);

  self->credentials = sb_credentials_ref (credentials);
  self->region = g_strdup (region);
  self->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
sb_auth_free (SbAuth *self)
{
  sb_credentials_unref (self->credentials);
  g_free (self->region);
  g_hash_table_unref (self->keys);
  g_free (self);
}

static gboolean
refuse (GError **error, SbAuthService service, const CodeNames *names, const char *message)
{
  const char *code = names->json;
  guint status = 400;

  if (service == SB_AUTH_QUERY)
    {
      code = names->query;
      status = 403;
    }
  else if (service == SB_AUTH_S3)
    {
      code = names->s3;
      status = g_str_equal (code, "AuthorizationHeaderMalformed") ? 400 : 403;
    }
  g_propagate_error (error, sb_error_new_service (status, code, message, NULL));
  return FALSE;
}

/**
 * sb_auth_get_key:
 * @self: a checker
 * @claim: what a request says of its signature
 *
 * Returns: (transfer none): the signing key of that date, Region and service, 32 bytes
 */
const guint8 *
sb_auth_get_key (SbAuth *self, const SbSigv4Claim *claim)
{
  g_autofree char *name = g_strjoin ("/", claim->date, claim->region, claim->service, NULL);
  guint8 *key = g_hash_table_lookup (self->keys, name);

  if (key != NULL)
    return key;
  /* A day has few scopes; whoever sends thousands of them only costs time. */
  if (g_hash_table_size (self->keys) > 64)
    g_hash_table_remove_all (self->keys);
  key = g_malloc (SB_SHA256_LENGTH);
  sb_sigv4_signing_key (sb_credentials_get_secret_access_key (self->credentials),
                        claim->date,
                        claim->region,
                        claim->service,
                        key);
  g_hash_table_insert (self->keys, g_steal_pointer (&name), key);
  return key;
}

static gboolean
check_time (SbAuthService service, const SbSigv4Claim *claim, GError **error)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gint64 allowed = service == SB_AUTH_S3 ? 15 * 60 : 5 * 60;
  g_autofree char *now_text = sb_sigv4_format_time (now);
  g_autofree char *limit = NULL;
  g_autofree char *message = NULL;

  if (claim->presigned)
    {
      if (claim->expires < 1 || claim->expires > MAX_PRESIGNED_EXPIRY)
        return refuse (error,
                       service,
                       &names_incomplete,
                       "X-Amz-Expires must be between 1 and 604800 seconds");
      if (claim->time - allowed <= now && now <= claim->time + claim->expires)
        return TRUE;
      return refuse (error, service, &names_expired, "Request has expired");
    }
  if (ABS (now - claim->time) <= allowed)
    return TRUE;
  if (service == SB_AUTH_S3)
    return refuse (error,
                   service,
                   &names_skew,
                   "The difference between the request time and the current time is too large.");
  if (claim->time < now)
    {
      limit = sb_sigv4_format_time (now - allowed);
      message = g_strdup_printf ("Signature expired: %s is now earlier than %s (%s - 5 min.)",
                                 claim->amz_date,
                                 limit,
                                 now_text);
    }
  else
    {
      limit = sb_sigv4_format_time (now + allowed);
      message = g_strdup_printf ("Signature not yet current: %s is still later than %s (%s + 5 "
                                 "min.)",
                                 claim->amz_date,
                                 limit,
                                 now_text);
    }
  return refuse (error, service, &names_skew, message);
}

static gboolean
check_region (SbAuth *self, SbAuthService service, const SbSigv4Claim *claim, GError **error)
{
  g_autofree char *message = NULL;

  /* IAM and STS are global: SDKs sign for us-east-1 or for their own Region. */
  if (service == SB_AUTH_QUERY || g_str_equal (claim->region, self->region))
    return TRUE;
  message = g_strdup_printf ("The authorization header is malformed; the region '%s' is wrong; "
                             "expecting '%s'",
                             claim->region,
                             self->region);
  return refuse (error, service, &names_region, message);
}

static gboolean
check_payload (const SbSigv4Request *request, GBytes *body, GError **error)
{
  g_autofree char *hash = NULL;

  /* A stream is checked by who reads it; UNSIGNED-PAYLOAD and STREAMING-… say so themselves. */
  if (body == NULL || strlen (request->payload_hash) != 2 * SB_SHA256_LENGTH)
    return TRUE;
  hash = sb_sha256_hex_bytes (body);
  if (g_str_equal (hash, request->payload_hash))
    return TRUE;
  g_propagate_error (
      error,
      sb_error_new_service (400,
                            "XAmzContentSHA256Mismatch",
                            "The provided 'x-amz-content-sha256' header does not match "
                            "what was computed.",
                            NULL));
  return FALSE;
}

static gboolean
check_v4 (SbAuth *self,
          SbAuthService service,
          const SbSigv4Request *request,
          const SbSigv4Claim *claim,
          GError **error)
{
  if (!g_str_equal (claim->access_key_id, sb_credentials_get_access_key_id (self->credentials)))
    return refuse (error,
                   service,
                   &names_key,
                   service == SB_AUTH_S3
                       ? "The AWS Access Key Id you provided does not exist in our records."
                       : "The security token included in the request is invalid.");
  if (!check_region (self, service, claim, error) || !check_time (service, claim, error))
    return FALSE;
  if (!sb_sigv4_verify (claim, request, sb_auth_get_key (self, claim)))
    return refuse (error,
                   service,
                   &names_signature,
                   service == SB_AUTH_S3
                       ? "The request signature we calculated does not match the signature you "
                         "provided. Check your key and signing method."
                       : "The request signature we calculated does not match the signature you "
                         "provided. Check your AWS Secret Access Key and signing method. Consult "
                         "the service documentation for details.");
  return TRUE;
}

/* Presigned URLs of version 2, which boto3 still makes for endpoints that it does not know. Only
 * what such a URL can hold is signed: no x-amz- headers but those that came, and subresources. */
static gboolean
check_v2 (SbAuth *self, const SbSigv4Request *request, GPtrArray *query, GError **error)
{
  static const char *const signed_names[] = { "response-content-disposition",
                                              "response-content-type",
                                              "partNumber",
                                              "uploadId",
                                              "uploads",
                                              NULL };
  const char *expires = sb_query_lookup (query, "Expires");
  const char *signature = sb_query_lookup (query, "Signature");
  const char *md5 = sb_headers_lookup (request->headers, request->n_headers, "Content-MD5");
  const char *type = sb_headers_lookup (request->headers, request->n_headers, "Content-Type");
  const char *secret = sb_credentials_get_secret_access_key (self->credentials);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GHmac) hmac = NULL;
  g_autofree char *computed = NULL;
  guint8 digest[20];
  gsize length = sizeof digest;
  char separator = '?';

  if (!g_str_equal (sb_query_lookup (query, "AWSAccessKeyId"),
                    sb_credentials_get_access_key_id (self->credentials)))
    return refuse (error,
                   SB_AUTH_S3,
                   &names_key,
                   "The AWS Access Key Id you provided does not exist in our records.");
  if (expires == NULL || signature == NULL)
    return refuse (error,
                   SB_AUTH_S3,
                   &names_missing,
                   "Query-string authentication requires the Signature, Expires and "
                   "AWSAccessKeyId parameters");
  if (g_ascii_strtoll (expires, NULL, 10) < g_get_real_time () / G_USEC_PER_SEC)
    return refuse (error, SB_AUTH_S3, &names_expired, "Request has expired");
  g_string_append_printf (text,
                          "%s\n%s\n%s\n%s\n%s",
                          request->method,
                          md5 != NULL ? md5 : "",
                          type != NULL ? type : "",
                          expires,
                          request->path);
  for (guint i = 0; i < query->len; i++)
    {
      const SbPair *pair = g_ptr_array_index (query, i);

      if (!g_strv_contains (signed_names, pair->name))
        continue;
      g_string_append_printf (
          text, "%c%s%s%s", separator, pair->name, *pair->value != '\0' ? "=" : "", pair->value);
      separator = '&';
    }
  hmac = g_hmac_new (G_CHECKSUM_SHA1, (const guint8 *) secret, strlen (secret));
  g_hmac_update (hmac, (const guint8 *) text->str, (gssize) text->len);
  g_hmac_get_digest (hmac, digest, &length);
  computed = g_base64_encode (digest, length);
  if (!g_str_equal (computed, signature))
    return refuse (error,
                   SB_AUTH_S3,
                   &names_signature,
                   "The request signature we calculated does not match the signature you "
                   "provided. Check your key and signing method.");
  return TRUE;
}

/**
 * sb_auth_check:
 * @self: a checker
 * @service: whose rules apply
 * @request: what came; its payload hash is what the request says of itself, or, where the service
 *   has no header for that, the hash of its body
 * @body: (nullable): the body, when it is there already
 * @claim: (out) (optional) (nullable): what the signature says; %NULL for version 2
 * @error: with the service's own code
 *
 * Returns: whether the request may pass
 */
gboolean
sb_auth_check (SbAuth *self,
               SbAuthService service,
               const SbSigv4Request *request,
               GBytes *body,
               SbSigv4Claim **claim,
               GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (SbSigv4Claim) found = NULL;

  if (service == SB_AUTH_S3 && request->query != NULL &&
      strstr (request->query, "AWSAccessKeyId=") != NULL)
    {
      g_autoptr (GPtrArray) query = sb_query_parse (request->query);

      if (sb_query_lookup (query, "AWSAccessKeyId") != NULL)
        return check_v2 (self, request, query, error);
    }
  found = sb_sigv4_parse (request->headers, request->n_headers, request->query, &local);
  if (found == NULL)
    return refuse (error,
                   service,
                   g_str_equal (sb_error_get_service_code (local), "IncompleteSignature")
                       ? &names_incomplete
                       : &names_missing,
                   local->message);
  if (!check_v4 (self, service, request, found, error) || !check_payload (request, body, error))
    return FALSE;
  if (claim != NULL)
    *claim = g_steal_pointer (&found);
  return TRUE;
}
