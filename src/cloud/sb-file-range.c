/* sb-file-range.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-file-range-private.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#include "wire/sb-error.h"

#define CHUNK_BYTES ((gsize) 256 * 1024)

#define SB_TYPE_RANGE_STREAM (sb_range_stream_get_type ())
G_DECLARE_FINAL_TYPE (SbRangeStream, sb_range_stream, SB, RANGE_STREAM, GInputStream)

struct _SbRangeStream
{
  GInputStream parent_instance;

  SbFileRange *range;
  goffset at;
};

G_DEFINE_FINAL_TYPE (SbRangeStream, sb_range_stream, G_TYPE_INPUT_STREAM)

static void
set_read_error (GError **error, int code)
{
  if (code != 0)
    g_set_error (
        error, SB_ERROR, SB_ERROR_STORAGE, _ ("The file could not be read: %s"), g_strerror (code));
  else
    g_set_error_literal (error,
                         SB_ERROR,
                         SB_ERROR_STORAGE,
                         _ ("The file became shorter while it was read. Try again."));
}

static gssize
read_at (int fd, void *buffer, gsize count, goffset offset, GError **error)
{
  gssize n;

  do
    n = pread (fd, buffer, count, offset);
  while (n < 0 && errno == EINTR);
  if (n <= 0 && count > 0)
    {
      set_read_error (error, n < 0 ? errno : 0);
      return -1;
    }
  return n;
}

static gssize
sb_range_stream_read (GInputStream *stream,
                      void *buffer,
                      gsize count,
                      GCancellable *cancellable,
                      GError **error)
{
  SbRangeStream *self = SB_RANGE_STREAM (stream);
  SbFileRange *range = self->range;
  gsize wanted = MIN (count, (gsize) (range->length - self->at));
  gssize n;

  if (wanted == 0)
    return 0;
  n = read_at (range->fd, buffer, wanted, range->offset + self->at, error);
  if (n < 0)
    return -1;
  self->at += n;
  range->counted += n;
  if (range->progress != NULL)
    _sb_progress_add (range->progress, n);
  return n;
}

static void
sb_range_stream_class_init (SbRangeStreamClass *klass)
{
  G_INPUT_STREAM_CLASS (klass)->read_fn = sb_range_stream_read;
}

static void
sb_range_stream_init (SbRangeStream *self)
{
}

/*< private >
 * _sb_file_range_open:
 * @range: an #SbFileRange, which has to outlive the stream
 *
 * Returns: (transfer full): a stream of the range, from its beginning; what an earlier stream read
 *   no longer counts as done
 */
GInputStream *
_sb_file_range_open (gpointer range)
{
  SbRangeStream *self = g_object_new (SB_TYPE_RANGE_STREAM, NULL);

  self->range = range;
  if (self->range->progress != NULL)
    _sb_progress_add (self->range->progress, -self->range->counted);
  self->range->counted = 0;
  return G_INPUT_STREAM (self);
}

/*< private >
 * _sb_file_range_update:
 * @fd: an open file
 * @offset: where to begin
 * @length: how many bytes
 * @digest: what takes them
 * @cancellable: (nullable): a cancellable
 * @error: %SB_ERROR_STORAGE
 *
 * Returns: whether all could be read
 */
gboolean
_sb_file_range_update (int fd,
                       goffset offset,
                       goffset length,
                       SbDigest *digest,
                       GCancellable *cancellable,
                       GError **error)
{
  g_autofree guint8 *chunk = g_malloc (CHUNK_BYTES);
  goffset end = offset + length;

  while (offset < end)
    {
      gssize n = read_at (fd, chunk, MIN (CHUNK_BYTES, (gsize) (end - offset)), offset, error);

      if (n < 0 || g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      sb_digest_update (digest, chunk, (gsize) n);
      offset += n;
    }
  return TRUE;
}

/*< private >
 * _sb_file_range_md5:
 * @range: a range
 * @out: its MD5
 * @cancellable: (nullable): a cancellable
 * @error: %SB_ERROR_STORAGE
 *
 * Returns: whether it could be read
 */
gboolean
_sb_file_range_md5 (const SbFileRange *range,
                    guint8 out[SB_MD5_LENGTH],
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (SbDigest) digest = sb_digest_new (SB_DIGEST_MD5);
  guint8 full[SB_DIGEST_MAX_LENGTH];

  if (!_sb_file_range_update (range->fd, range->offset, range->length, digest, cancellable, error))
    return FALSE;
  sb_digest_finish (digest, full);
  memcpy (out, full, SB_MD5_LENGTH);
  return TRUE;
}
