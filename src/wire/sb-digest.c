/* sb-digest.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Over libcrypto, which uses the processor's own SHA instructions, and zlib.
 */

#include "config.h"

#include "wire/sb-digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <zlib.h>

#define CRC32C_POLYNOMIAL    G_GUINT64_CONSTANT (0x82f63b78)
#define CRC64NVME_POLYNOMIAL G_GUINT64_CONSTANT (0x9a6c9329ac4bc9b5)
#define SLICES               8

/* Eight tables let a CRC take eight bytes a step. */
typedef struct
{
  guint64 slice[SLICES][256];
} CrcTable;

struct _SbDigest
{
  SbDigestType type;
  EVP_MD_CTX *evp;
  guint64 crc;
  const CrcTable *table;
};

static void
crc_table_fill (CrcTable *table, guint64 polynomial)
{
  for (guint i = 0; i < 256; i++)
    {
      guint64 crc = i;

      for (int bit = 0; bit < 8; bit++)
        crc = (crc & 1) != 0 ? (crc >> 1) ^ polynomial : crc >> 1;
      table->slice[0][i] = crc;
    }
  for (guint i = 0; i < 256; i++)
    for (int k = 1; k < SLICES; k++)
      {
        guint64 previous = table->slice[k - 1][i];

        table->slice[k][i] = table->slice[0][previous & 0xff] ^ (previous >> 8);
      }
}

static const CrcTable *
crc_table (SbDigestType type)
{
  static CrcTable crc32c, crc64nvme;
  static gsize ready = 0;

  if (g_once_init_enter (&ready))
    {
      crc_table_fill (&crc32c, CRC32C_POLYNOMIAL);
      crc_table_fill (&crc64nvme, CRC64NVME_POLYNOMIAL);
      g_once_init_leave (&ready, 1);
    }
  return type == SB_DIGEST_CRC32C ? &crc32c : &crc64nvme;
}

static guint64
crc_update (const CrcTable *table, guint64 crc, const guint8 *data, gsize length)
{
  for (; length >= SLICES; data += SLICES, length -= SLICES)
    {
      guint64 word;

      memcpy (&word, data, sizeof word);
      crc ^= GUINT64_FROM_LE (word);
      crc = table->slice[7][crc & 0xff] ^ table->slice[6][(crc >> 8) & 0xff] ^
            table->slice[5][(crc >> 16) & 0xff] ^ table->slice[4][(crc >> 24) & 0xff] ^
            table->slice[3][(crc >> 32) & 0xff] ^ table->slice[2][(crc >> 40) & 0xff] ^
            table->slice[1][(crc >> 48) & 0xff] ^ table->slice[0][crc >> 56];
    }
  for (; length > 0; data++, length--)
    crc = table->slice[0][(crc ^ *data) & 0xff] ^ (crc >> 8);
  return crc;
}

static const EVP_MD *
evp_for (SbDigestType type)
{
  switch (type)
    {
    case SB_DIGEST_SHA256:
      return EVP_sha256 ();
    case SB_DIGEST_SHA1:
      return EVP_sha1 ();
    case SB_DIGEST_MD5:
      return EVP_md5 ();
    case SB_DIGEST_CRC32:
    case SB_DIGEST_CRC32C:
    case SB_DIGEST_CRC64NVME:
    default:
      return NULL;
    }
}

SbDigest *
sb_digest_new (SbDigestType type)
{
  SbDigest *self = g_new0 (SbDigest, 1);
  const EVP_MD *md = evp_for (type);

  self->type = type;
  if (md != NULL)
    {
      self->evp = EVP_MD_CTX_new ();
      if (self->evp == NULL || EVP_DigestInit_ex (self->evp, md, NULL) != 1)
        g_error ("libcrypto has no %s", EVP_MD_get0_name (md));
    }
  else if (type != SB_DIGEST_CRC32)
    {
      self->table = crc_table (type);
      self->crc = type == SB_DIGEST_CRC32C ? G_MAXUINT32 : G_MAXUINT64;
    }
  return self;
}

void
sb_digest_free (SbDigest *self)
{
  EVP_MD_CTX_free (self->evp);
  g_free (self);
}

void
sb_digest_update (SbDigest *self, const void *data, gsize length)
{
  if (self->evp != NULL)
    EVP_DigestUpdate (self->evp, data, length);
  else if (self->table != NULL)
    self->crc = crc_update (self->table, self->crc, data, length);
  else if (length > 0)
    self->crc = crc32_z (self->crc, data, length);
}

static gsize
finish_crc (SbDigest *self, guint8 *out)
{
  gsize length = self->type == SB_DIGEST_CRC64NVME ? 8 : 4;
  guint64 crc = self->table != NULL ? ~self->crc : self->crc;

  for (gsize i = 0; i < length; i++)
    out[i] = (guint8) (crc >> (8 * (length - 1 - i)));
  return length;
}

/**
 * sb_digest_finish:
 * @self: a digest, which takes no more after this
 * @out: where the checksum goes
 *
 * Returns: how many bytes of @out it fills
 */
gsize
sb_digest_finish (SbDigest *self, guint8 out[SB_DIGEST_MAX_LENGTH])
{
  unsigned int length = 0;

  if (self->evp == NULL)
    return finish_crc (self, out);
  EVP_DigestFinal_ex (self->evp, out, &length);
  return length;
}

char *
sb_digest_finish_hex (SbDigest *self)
{
  guint8 out[SB_DIGEST_MAX_LENGTH];
  gsize length = sb_digest_finish (self, out);

  return sb_hex (out, length);
}

char *
sb_digest_finish_base64 (SbDigest *self)
{
  guint8 out[SB_DIGEST_MAX_LENGTH];
  gsize length = sb_digest_finish (self, out);

  return g_base64_encode (out, length);
}

/**
 * sb_hex:
 *
 * Returns: (transfer full): @data in lower-case hexadecimal
 */
char *
sb_hex (const guint8 *data, gsize length)
{
  static const char digits[] = "0123456789abcdef";
  char *hex = g_malloc (2 * length + 1);

  for (gsize i = 0; i < length; i++)
    {
      hex[2 * i] = digits[data[i] >> 4];
      hex[2 * i + 1] = digits[data[i] & 15];
    }
  hex[2 * length] = '\0';
  return hex;
}

/**
 * sb_sha256_hex:
 * @length: bytes of @data, or -1 when it ends with a NUL
 */
char *
sb_sha256_hex (const void *data, gssize length)
{
  return sb_digest_hex (SB_DIGEST_SHA256, data, length);
}

char *
sb_sha256_hex_bytes (GBytes *bytes)
{
  gsize length;
  const void *data = g_bytes_get_data (bytes, &length);

  return sb_sha256_hex (data, (gssize) length);
}

char *
sb_digest_hex (SbDigestType type, const void *data, gssize length)
{
  g_autoptr (SbDigest) digest = sb_digest_new (type);

  sb_digest_update (digest, data, length < 0 ? strlen (data) : (gsize) length);
  return sb_digest_finish_hex (digest);
}

char *
sb_digest_base64 (SbDigestType type, const void *data, gssize length)
{
  g_autoptr (SbDigest) digest = sb_digest_new (type);

  sb_digest_update (digest, data, length < 0 ? strlen (data) : (gsize) length);
  return sb_digest_finish_base64 (digest);
}

void
sb_hmac_sha256 (const guint8 *key,
                gsize key_length,
                const void *data,
                gsize length,
                guint8 out[SB_SHA256_LENGTH])
{
  unsigned int out_length = SB_SHA256_LENGTH;

  if (HMAC (EVP_sha256 (), key, (int) key_length, data, length, out, &out_length) == NULL)
    g_error ("libcrypto has no HMAC");
}
