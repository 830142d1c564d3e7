/* sb-upload.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-upload.h"

#include <string.h>

#include "wire/sb-aws-chunked.h"
#include "wire/sb-digest.h"
#include "wire/sb-error.h"

typedef struct
{
  const char *name; /* as in x-amz-checksum-NAME */
  SbDigestType type;
} Checksum;

static const Checksum checksums[] = {
  { "crc32", SB_DIGEST_CRC32 },         { "crc32c", SB_DIGEST_CRC32C },
  { "crc64nvme", SB_DIGEST_CRC64NVME }, { "sha1", SB_DIGEST_SHA1 },
  { "sha256", SB_DIGEST_SHA256 },
};

struct _SbUploadStream
{
  SbRequest *request;
  SbBlob *blob;
  SbAwsChunked *chunked;
  SbDigest *md5;
  SbDigest *sha256; /* when the payload hash of the signature has to be checked */
  SbDigest *checksum;
  const Checksum *checksum_kind;
  char *checksum_expected; /* NULL when it comes as a trailer */
  char *checksum_value;
  guint8 md5_bytes[SB_DIGEST_MAX_LENGTH];
  char *md5_hex;
  guint64 expected; /* length; G_MAXUINT64 when it was not told */
  GError *error;
  SbUploadFunc func;
};

static gboolean
take (const guint8 *data, gsize length, gpointer user_data, GError **error)
{
  SbUploadStream *self = user_data;

  sb_digest_update (self->md5, data, length);
  if (self->sha256 != NULL && self->chunked == NULL)
    sb_digest_update (self->sha256, data, length);
  if (self->checksum != NULL)
    sb_digest_update (self->checksum, data, length);
  return sb_blob_write (self->blob, data, length, error);
}

static const Checksum *
find_checksum (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (checksums); i++)
    if (g_ascii_strcasecmp (checksums[i].name, name) == 0)
      return &checksums[i];
  return NULL;
}

/* The checksum comes as a header before the body or is announced as a trailer behind it. */
static void
expect_checksum (SbUploadStream *self)
{
  const char *trailer = sb_request_get_header (self->request, "x-amz-trailer");

  for (guint i = 0; i < G_N_ELEMENTS (checksums) && self->checksum_kind == NULL; i++)
    {
      g_autofree char *header = g_strconcat ("x-amz-checksum-", checksums[i].name, NULL);
      const char *value = sb_request_get_header (self->request, header);

      if (value != NULL)
        {
          self->checksum_kind = &checksums[i];
          self->checksum_expected = g_strdup (value);
        }
    }
  if (self->checksum_kind == NULL && trailer != NULL &&
      g_str_has_prefix (trailer, "x-amz-checksum-"))
    self->checksum_kind = find_checksum (trailer + strlen ("x-amz-checksum-"));
  if (self->checksum_kind != NULL)
    self->checksum = sb_digest_new (self->checksum_kind->type);
}

static void
expect_chunks (SbUploadStream *self, const char *payload)
{
  SbRequest *request = self->request;
  const SbSigv4Claim *claim = request->claim;

  self->chunked = sb_aws_chunked_new (take, self);
  if (g_str_has_prefix (payload, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD") && claim != NULL)
    {
      g_autofree char *scope =
          g_strdup_printf ("%s/%s/%s/aws4_request", claim->date, claim->region, claim->service);

      sb_aws_chunked_expect_signatures (self->chunked,
                                        sb_auth_get_key (request->engine->auth, claim),
                                        claim->amz_date,
                                        scope,
                                        claim->signature);
    }
}

static gboolean
read_length (SbUploadStream *self, GError **error)
{
  const char *text = sb_request_get_header (self->request,
                                            self->chunked != NULL ? "x-amz-decoded-content-length"
                                                                  : "Content-Length");

  self->expected = G_MAXUINT64;
  if (text == NULL && self->chunked == NULL &&
      sb_request_get_header (self->request, "Transfer-Encoding") == NULL)
    self->expected = 0;
  if (text == NULL ||
      g_ascii_string_to_unsigned (text, 10, 0, G_GUINT64_CONSTANT (5) << 40, &self->expected, NULL))
    return TRUE;
  g_propagate_error (
      error,
      sb_error_new_service (400, "InvalidArgument", "The length of the body cannot be read", NULL));
  return FALSE;
}

/**
 * sb_upload_stream_new:
 * @request: an authenticated request whose body is about to come
 * @error: why it cannot be taken
 *
 * Returns: (transfer full) (nullable): where its bytes go
 */
SbUploadStream *
sb_upload_stream_new (SbRequest *request, GError **error)
{
  g_autoptr (SbUploadStream) self = g_new0 (SbUploadStream, 1);
  const char *payload = sb_request_get_header (request, "x-amz-content-sha256");

  self->request = request;
  self->md5 = sb_digest_new (SB_DIGEST_MD5);
  self->blob = sb_blob_new (request->engine->objects, error);
  if (self->blob == NULL)
    return NULL;
  if (payload != NULL && g_str_has_prefix (payload, "STREAMING-"))
    expect_chunks (self, payload);
  else if (payload != NULL && strlen (payload) == 2 * SB_SHA256_LENGTH)
    self->sha256 = sb_digest_new (SB_DIGEST_SHA256);
  expect_checksum (self);
  if (!read_length (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
sb_upload_stream_free (SbUploadStream *self)
{
  g_clear_pointer (&self->blob, sb_blob_free);
  g_clear_pointer (&self->chunked, sb_aws_chunked_free);
  g_clear_pointer (&self->md5, sb_digest_free);
  g_clear_pointer (&self->sha256, sb_digest_free);
  g_clear_pointer (&self->checksum, sb_digest_free);
  g_free (self->checksum_expected);
  g_free (self->checksum_value);
  g_free (self->md5_hex);
  g_clear_error (&self->error);
  g_free (self);
}

/**
 * sb_upload_stream_feed:
 * @self: a stream
 * @data: bytes as they came
 * @length: their number
 *
 * What is wrong with them is told by sb_upload_stream_finish(): HTTP has to hear the body out.
 */
void
sb_upload_stream_feed (SbUploadStream *self, const void *data, gsize length)
{
  if (self->error != NULL)
    return;
  if (self->chunked != NULL)
    sb_aws_chunked_feed (self->chunked, data, length, &self->error);
  else
    take (data, length, self, &self->error);
}

static gboolean
refuse (GError **error, const char *code, const char *message)
{
  g_propagate_error (error, sb_error_new_service (400, code, message, NULL));
  return FALSE;
}

static gboolean
check_md5 (SbUploadStream *self, GError **error)
{
  const char *expected = sb_request_get_header (self->request, "Content-MD5");
  g_autofree char *value = NULL;
  g_autofree guint8 *decoded = NULL;
  gsize length;

  sb_digest_finish (self->md5, self->md5_bytes);
  self->md5_hex = sb_hex (self->md5_bytes, 16);
  if (expected == NULL)
    return TRUE;
  decoded = g_base64_decode (expected, &length);
  if (length != 16)
    return refuse (error, "InvalidDigest", "The Content-MD5 you specified was invalid.");
  if (memcmp (decoded, self->md5_bytes, 16) == 0)
    return TRUE;
  return refuse (error,
                 "BadDigest",
                 "The Content-MD5 you specified did not match what we received.");
}

static gboolean
check_checksum (SbUploadStream *self, GError **error)
{
  g_autofree char *header = NULL;
  g_autofree char *message = NULL;
  const char *expected = self->checksum_expected;

  if (self->checksum == NULL)
    return TRUE;
  self->checksum_value = sb_digest_finish_base64 (self->checksum);
  header = g_strconcat ("x-amz-checksum-", self->checksum_kind->name, NULL);
  if (expected == NULL && self->chunked != NULL)
    expected = sb_aws_chunked_get_trailer (self->chunked, header);
  if (expected == NULL)
    return refuse (error,
                   "MalformedTrailerError",
                   "The request announced a trailer that did not come.");
  if (strcmp (expected, self->checksum_value) == 0)
    return TRUE;
  message = g_strdup_printf ("The %s you specified did not match the calculated checksum.",
                             self->checksum_kind->name);
  return refuse (error, "BadDigest", message);
}

static gboolean
check (SbUploadStream *self, GError **error)
{
  const char *payload = sb_request_get_header (self->request, "x-amz-content-sha256");
  g_autofree char *hash = NULL;

  if (self->error != NULL)
    {
      g_propagate_error (error, g_error_copy (self->error));
      return FALSE;
    }
  if (self->chunked != NULL && !sb_aws_chunked_finish (self->chunked, error))
    return FALSE;
  if (self->expected != G_MAXUINT64 && self->expected != sb_blob_get_size (self->blob))
    return refuse (error,
                   "IncompleteBody",
                   "You did not provide the number of bytes specified by the Content-Length HTTP "
                   "header");
  if (self->sha256 != NULL)
    {
      hash = sb_digest_finish_hex (self->sha256);
      if (g_ascii_strcasecmp (hash, payload) != 0)
        return refuse (error,
                       "XAmzContentSHA256Mismatch",
                       "The provided 'x-amz-content-sha256' header does not match what was "
                       "computed.");
    }
  return check_md5 (self, error) && check_checksum (self, error);
}

static void
store_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  SbUploadStream *self = data;
  g_autoptr (GError) error = NULL;

  if (sb_blob_store (self->blob, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  SbUploadStream *self = data;
  SbRequest *request = self->request;
  g_autoptr (GError) error = NULL;

  g_task_propagate_boolean (G_TASK (result), &error);
  self->func (request, self, error);
  sb_request_unref (request);
}

/**
 * sb_upload_stream_finish:
 * @self: a stream that has got all its bytes; it has to stay until @func was called
 * @func: called when it is stored or has failed
 *
 * Pauses the request while the disk works.
 */
void
sb_upload_stream_finish (SbUploadStream *self, SbUploadFunc func)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GTask) task = NULL;

  self->func = func;
  if (!check (self, &error))
    {
      func (self->request, self, error);
      return;
    }
  sb_request_pause (self->request);
  sb_request_ref (self->request);
  task = g_task_new (NULL, NULL, on_stored, self);
  g_task_set_task_data (task, self, NULL);
  g_task_run_in_thread (task, store_in_thread);
}

const char *
sb_upload_stream_get_blob (SbUploadStream *self)
{
  return sb_blob_get_id (self->blob);
}

guint64
sb_upload_stream_get_size (SbUploadStream *self)
{
  return sb_blob_get_size (self->blob);
}

const char *
sb_upload_stream_get_md5 (SbUploadStream *self)
{
  return self->md5_hex;
}

const guint8 *
sb_upload_stream_get_md5_bytes (SbUploadStream *self)
{
  return self->md5_bytes;
}

/**
 * sb_upload_stream_dup_checksum:
 * @self: a stream that was right
 *
 * Returns: (transfer full) (nullable): the checksum that the request asked for, as
 *   "x-amz-checksum-crc32:BASE64"
 */
char *
sb_upload_stream_dup_checksum (SbUploadStream *self)
{
  if (self->checksum_value == NULL)
    return NULL;
  return g_strdup_printf ("x-amz-checksum-%s:%s", self->checksum_kind->name, self->checksum_value);
}
