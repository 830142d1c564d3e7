/* sb-sigv4.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * AWS Signature Version 4, for who signs and for who verifies. Every stage can be called alone.
 */

#pragma once

#include "wire/sb-credentials.h"
#include "wire/sb-digest.h"

G_BEGIN_DECLS

#define SB_SIGV4_ALGORITHM        "AWS4-HMAC-SHA256"
#define SB_SIGV4_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

/**
 * SbHeader:
 *
 * A header as it is on the wire. Owned by whoever made it, unless sb_header_free() is named.
 */
typedef struct
{
  char *name;
  char *value;
} SbHeader;

/**
 * SbSigv4Flags:
 * @SB_SIGV4_S3: S3's rules: the path is encoded once, and X-Amz-Content-SHA256 is added and signed
 * @SB_SIGV4_NORMALIZE: resolve `.` and `..` and squeeze slashes in the path, as all but S3 do
 * @SB_SIGV4_SIGN_BODY: add and sign X-Amz-Content-SHA256 for other services, too
 * @SB_SIGV4_OMIT_SESSION_TOKEN: add the session token after signing
 */
typedef enum
{
  SB_SIGV4_DEFAULT = 0,
  SB_SIGV4_S3 = 1 << 0,
  SB_SIGV4_NORMALIZE = 1 << 1,
  SB_SIGV4_SIGN_BODY = 1 << 2,
  SB_SIGV4_OMIT_SESSION_TOKEN = 1 << 3,
} SbSigv4Flags;

/**
 * SbSigv4Request:
 * @method: such as `POST`
 * @path: the path as it is on the wire; "" counts as "/"
 * @query: (nullable): the query as it is on the wire, without its `?`
 * @headers: all headers, in their order; there has to be a Host
 * @payload_hash: SHA-256 of the body in hexadecimal, or one of S3's literals
 * @region: such as `us-east-1`
 * @service: the signing name, such as `sagemaker`
 * @time: seconds since 1970
 *
 * What is signed. Borrows everything.
 */
typedef struct
{
  const char *method;
  const char *path;
  const char *query;
  const SbHeader *headers;
  gsize n_headers;
  const char *payload_hash;
  const char *region;
  const char *service;
  gint64 time;
  SbSigv4Flags flags;
} SbSigv4Request;

/**
 * SbSigv4Claim:
 *
 * What a received request says of its own signature.
 */
typedef struct
{
  char *access_key_id;
  char *date;
  char *region;
  char *service;
  char **signed_headers;
  char *signature;
  char *amz_date;
  char *session_token;
  gint64 time;
  guint expires;
  gboolean presigned;
} SbSigv4Claim;

SbHeader *sb_header_new (const char *name, const char *value);
void sb_header_free (SbHeader *header);
const char *sb_headers_lookup (const SbHeader *headers, gsize n_headers, const char *name);

char *sb_sigv4_format_time (gint64 time);
gint64 sb_sigv4_parse_time (const char *amz_date);
char *sb_sigv4_scope (gint64 time, const char *region, const char *service);
char *sb_sigv4_canonical_request (const SbSigv4Request *request,
                                  const char *const *signed_headers,
                                  char **out_signed_headers);
char *sb_sigv4_string_to_sign (const char *canonical_request,
                               gint64 time,
                               const char *region,
                               const char *service);
void sb_sigv4_signing_key (const char *secret_access_key,
                           const char *date,
                           const char *region,
                           const char *service,
                           guint8 out[SB_SHA256_LENGTH]);
char *sb_sigv4_signature (const guint8 key[SB_SHA256_LENGTH], const char *string_to_sign);

GPtrArray *sb_sigv4_sign (const SbSigv4Request *request, SbCredentials *credentials);
char *
sb_sigv4_presign_query (const SbSigv4Request *request, SbCredentials *credentials, guint expires);

SbSigv4Claim *
sb_sigv4_parse (const SbHeader *headers, gsize n_headers, const char *query, GError **error);
void sb_sigv4_claim_free (SbSigv4Claim *claim);
gboolean sb_sigv4_verify (const SbSigv4Claim *claim,
                          const SbSigv4Request *request,
                          const guint8 key[SB_SHA256_LENGTH]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbHeader, sb_header_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbSigv4Claim, sb_sigv4_claim_free)

G_END_DECLS
