/* sb-digest.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbDigestType:
 *
 * The checksums that S3 knows. Lengths in bytes: SHA-256 32, SHA-1 20, MD5 16, CRC32 and CRC32C 4,
 * CRC64NVME 8; the CRCs are finished in big-endian order, as S3 writes them.
 */
typedef enum
{
  SB_DIGEST_SHA256,
  SB_DIGEST_SHA1,
  SB_DIGEST_MD5,
  SB_DIGEST_CRC32,
  SB_DIGEST_CRC32C,
  SB_DIGEST_CRC64NVME,
} SbDigestType;

#define SB_DIGEST_MAX_LENGTH 32
#define SB_SHA256_LENGTH     32
/* SHA-256 of nothing, which every request without a body carries. */
#define SB_SHA256_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/**
 * SbDigest:
 *
 * A checksum over bytes that come in pieces. Not thread-safe; finish it once.
 */
typedef struct _SbDigest SbDigest;

SbDigest *sb_digest_new (SbDigestType type);
void sb_digest_free (SbDigest *self);
void sb_digest_update (SbDigest *self, const void *data, gsize length);
gsize sb_digest_finish (SbDigest *self, guint8 out[SB_DIGEST_MAX_LENGTH]);
char *sb_digest_finish_hex (SbDigest *self);
char *sb_digest_finish_base64 (SbDigest *self);

char *sb_hex (const guint8 *data, gsize length);
char *sb_sha256_hex (const void *data, gssize length);
char *sb_sha256_hex_bytes (GBytes *bytes);
char *sb_digest_hex (SbDigestType type, const void *data, gssize length);
char *sb_digest_base64 (SbDigestType type, const void *data, gssize length);
void sb_hmac_sha256 (const guint8 *key,
                     gsize key_length,
                     const void *data,
                     gsize length,
                     guint8 out[SB_SHA256_LENGTH]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbDigest, sb_digest_free)

G_END_DECLS
