/* sb-aws-chunked.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "wire/sb-aws-chunked.h"

#include <string.h>

#include "wire/sb-error.h"

/* A chunk header is some 100 bytes, a trailer little more. */
#define MAX_LINE     1024
#define MAX_TRAILERS 16

typedef enum
{
  STATE_HEADER,
  STATE_DATA,
  STATE_DATA_END,
  STATE_TRAILER,
  STATE_DONE,
} State;

struct _SbAwsChunked
{
  SbAwsChunkedFunc func;
  gpointer user_data;
  State state;
  GString *line;
  guint64 remaining;
  guint64 decoded;
  gboolean is_last;
  GHashTable *trailers;
  GString *trailer_text;

  /* Only when chunks are signed. */
  gboolean is_signed;
  guint8 key[SB_SHA256_LENGTH];
  char *amz_date;
  char *scope;
  char *previous;
  char *claimed;
  SbDigest *digest;
};

/**
 * sb_aws_chunked_new:
 * @func: takes the decoded bytes
 * @user_data: for it
 *
 * Returns: (transfer full): a decoder
 */
SbAwsChunked *
sb_aws_chunked_new (SbAwsChunkedFunc func, gpointer user_data)
{
  SbAwsChunked *self = g_new0 (SbAwsChunked, 1);

  self->func = func;
  self->user_data = user_data;
  self->line = g_string_new (NULL);
  self->trailers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->trailer_text = g_string_new (NULL);
  return self;
}

void
sb_aws_chunked_free (SbAwsChunked *self)
{
  g_string_free (self->line, TRUE);
  g_string_free (self->trailer_text, TRUE);
  g_hash_table_unref (self->trailers);
  memset (self->key, 0, sizeof self->key);
  g_free (self->amz_date);
  g_free (self->scope);
  g_free (self->previous);
  g_free (self->claimed);
  g_clear_pointer (&self->digest, sb_digest_free);
  g_free (self);
}

/**
 * sb_aws_chunked_expect_signatures:
 * @self: a decoder that was not fed yet
 * @key: the request's signing key
 * @amz_date: its time, as it was signed
 * @scope: its credential scope
 * @seed_signature: the signature of its headers
 */
void
sb_aws_chunked_expect_signatures (SbAwsChunked *self,
                                  const guint8 key[SB_SHA256_LENGTH],
                                  const char *amz_date,
                                  const char *scope,
                                  const char *seed_signature)
{
  self->is_signed = TRUE;
  memcpy (self->key, key, SB_SHA256_LENGTH);
  self->amz_date = g_strdup (amz_date);
  self->scope = g_strdup (scope);
  self->previous = g_strdup (seed_signature);
}

static gboolean
malformed (GError **error, const char *what)
{
  g_propagate_error (error, sb_error_new_service (400, "InvalidRequest", what, NULL));
  return FALSE;
}

static gboolean
check_signature (SbAwsChunked *self, const char *text, const char *claimed, GError **error)
{
  guint8 mac[SB_SHA256_LENGTH];
  g_autofree char *signature = NULL;

  sb_hmac_sha256 (self->key, SB_SHA256_LENGTH, text, strlen (text), mac);
  signature = sb_hex (mac, sizeof mac);
  if (claimed == NULL || strcmp (claimed, signature) != 0)
    {
      g_propagate_error (
          error,
          sb_error_new_service (403,
                                "SignatureDoesNotMatch",
                                "The signature of a chunk does not match its content.",
                                NULL));
      return FALSE;
    }
  g_free (self->previous);
  self->previous = g_steal_pointer (&signature);
  return TRUE;
}

static gboolean
end_chunk (SbAwsChunked *self, GError **error)
{
  g_autofree char *hash = NULL;
  g_autofree char *text = NULL;

  if (!self->is_signed)
    return TRUE;
  hash = sb_digest_finish_hex (self->digest);
  g_clear_pointer (&self->digest, sb_digest_free);
  text = g_strdup_printf ("AWS4-HMAC-SHA256-PAYLOAD\n%s\n%s\n%s\n" SB_SHA256_EMPTY "\n%s",
                          self->amz_date,
                          self->scope,
                          self->previous,
                          hash);
  return check_signature (self, text, self->claimed, error);
}

/* "HEX" or "HEX;chunk-signature=SIGNATURE". */
static gboolean
begin_chunk (SbAwsChunked *self, GError **error)
{
  char *extension = strchr (self->line->str, ';');
  guint64 length;

  g_clear_pointer (&self->claimed, g_free);
  if (extension != NULL)
    {
      *extension++ = '\0';
      if (g_str_has_prefix (extension, "chunk-signature="))
        self->claimed = g_strdup (extension + strlen ("chunk-signature="));
    }
  if (!g_ascii_string_to_unsigned (self->line->str, 16, 0, G_MAXINT64, &length, NULL))
    return malformed (error, "The length of an aws-chunked chunk cannot be read.");
  self->remaining = length;
  self->is_last = length == 0;
  if (self->is_signed)
    self->digest = sb_digest_new (SB_DIGEST_SHA256);
  if (!self->is_last)
    {
      self->state = STATE_DATA;
      return TRUE;
    }
  self->state = STATE_TRAILER;
  return end_chunk (self, error);
}

static gboolean
end_trailers (SbAwsChunked *self, GError **error)
{
  const char *claimed = g_hash_table_lookup (self->trailers, "x-amz-trailer-signature");
  g_autofree char *hash = NULL;
  g_autofree char *text = NULL;

  self->state = STATE_DONE;
  if (!self->is_signed || self->trailer_text->len == 0)
    return TRUE;
  hash = sb_sha256_hex (self->trailer_text->str, (gssize) self->trailer_text->len);
  text = g_strdup_printf ("AWS4-HMAC-SHA256-TRAILER\n%s\n%s\n%s\n%s",
                          self->amz_date,
                          self->scope,
                          self->previous,
                          hash);
  return check_signature (self, text, claimed, error);
}

static gboolean
add_trailer (SbAwsChunked *self, GError **error)
{
  char *colon = strchr (self->line->str, ':');
  g_autofree char *name = NULL;
  char *value;

  if (colon == NULL || g_hash_table_size (self->trailers) >= MAX_TRAILERS)
    return malformed (error, "A trailer of an aws-chunked upload cannot be read.");
  *colon = '\0';
  name = g_ascii_strdown (g_strstrip (self->line->str), -1);
  value = g_strdup (g_strstrip (colon + 1));
  if (strcmp (name, "x-amz-trailer-signature") != 0)
    g_string_append_printf (self->trailer_text, "%s:%s\n", name, value);
  g_hash_table_replace (self->trailers, g_steal_pointer (&name), value);
  return TRUE;
}

static gboolean
take_line (SbAwsChunked *self, GError **error)
{
  if (self->line->len > 0 && self->line->str[self->line->len - 1] == '\r')
    g_string_truncate (self->line, self->line->len - 1);
  if (self->state == STATE_HEADER)
    return begin_chunk (self, error);
  if (self->state == STATE_DATA_END)
    {
      if (self->line->len > 0)
        return malformed (error, "A chunk of an aws-chunked upload is longer than it says.");
      self->state = STATE_HEADER;
      return TRUE;
    }
  if (self->line->len == 0)
    return end_trailers (self, error);
  return add_trailer (self, error);
}

static gboolean
take_data (SbAwsChunked *self, const guint8 *data, gsize length, GError **error)
{
  if (self->digest != NULL)
    sb_digest_update (self->digest, data, length);
  self->remaining -= length;
  self->decoded += length;
  if (!self->func (data, length, self->user_data, error))
    return FALSE;
  if (self->remaining > 0)
    return TRUE;
  self->state = STATE_DATA_END;
  return end_chunk (self, error);
}

/**
 * sb_aws_chunked_feed:
 * @self: a decoder
 * @data: bytes as they came
 * @length: their number
 * @error: what is wrong with them, with S3's own code
 *
 * Returns: whether everything is right so far
 */
gboolean
sb_aws_chunked_feed (SbAwsChunked *self, const guint8 *data, gsize length, GError **error)
{
  while (length > 0)
    {
      const guint8 *end;
      gsize n;

      if (self->state == STATE_DONE)
        return malformed (error, "There is more after the end of an aws-chunked upload.");
      if (self->state == STATE_DATA)
        {
          n = (gsize) MIN ((guint64) length, self->remaining);
          if (!take_data (self, data, n, error))
            return FALSE;
          data += n;
          length -= n;
          continue;
        }
      end = memchr (data, '\n', length);
      n = end != NULL ? (gsize) (end - data) : length;
      if (self->line->len + n > MAX_LINE)
        return malformed (error, "A line of an aws-chunked upload is too long.");
      g_string_append_len (self->line, (const char *) data, (gssize) n);
      n += end != NULL ? 1 : 0;
      data += n;
      length -= n;
      if (end != NULL)
        {
          if (!take_line (self, error))
            return FALSE;
          g_string_truncate (self->line, 0);
        }
    }
  return TRUE;
}

/**
 * sb_aws_chunked_finish:
 * @self: a decoder
 * @error: IncompleteBody
 *
 * Some SDKs leave out the empty line at the very end when there is no trailer.
 *
 * Returns: whether the last chunk has come
 */
gboolean
sb_aws_chunked_finish (SbAwsChunked *self, GError **error)
{
  if (self->state == STATE_DONE)
    return TRUE;
  if (self->state == STATE_TRAILER && self->line->len == 0)
    return end_trailers (self, error);
  g_propagate_error (
      error,
      sb_error_new_service (400,
                            "IncompleteBody",
                            "You did not provide the number of bytes specified by the "
                            "Content-Length HTTP header",
                            NULL));
  return FALSE;
}

/**
 * sb_aws_chunked_get_decoded_length:
 * @self: a decoder
 *
 * Returns: bytes decoded so far
 */
guint64
sb_aws_chunked_get_decoded_length (SbAwsChunked *self)
{
  return self->decoded;
}

/**
 * sb_aws_chunked_get_trailer:
 * @self: a decoder that is finished
 * @name: in lower case
 *
 * Returns: (transfer none) (nullable): the value of that trailer
 */
const char *
sb_aws_chunked_get_trailer (SbAwsChunked *self, const char *name)
{
  return g_hash_table_lookup (self->trailers, name);
}
