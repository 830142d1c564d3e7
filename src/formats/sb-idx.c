/* sb-idx.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "formats/sb-idx.h"

#define MAX_SIDE 4096
#define BUFFER   (256 * 1024)
/* The third byte of the head: values are bytes. */
#define TYPE_UINT8 8

static gboolean
fail (GError **error, const char *path, const char *what)
{
  g_autofree char *name = g_path_get_basename (path);

  g_set_error (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID, "%s: %s", name, what);
  return FALSE;
}

/* What is gzip is recognised by its first bytes, whatever its name. */
static GInputStream *
open_stream (const char *path, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) raw = g_file_read (file, NULL, error);
  g_autoptr (GInputStream) buffered = NULL;
  g_autoptr (GZlibDecompressor) gunzip = NULL;
  const guint8 *head;
  gsize available;

  if (raw == NULL)
    return NULL;
  buffered = g_buffered_input_stream_new_sized (G_INPUT_STREAM (raw), BUFFER);
  if (g_buffered_input_stream_fill (G_BUFFERED_INPUT_STREAM (buffered), 2, NULL, error) < 0)
    return NULL;
  head = g_buffered_input_stream_peek_buffer (G_BUFFERED_INPUT_STREAM (buffered), &available);
  if (available < 2 || head[0] != 0x1f || head[1] != 0x8b)
    return g_steal_pointer (&buffered);
  gunzip = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP);
  return g_converter_input_stream_new (buffered, G_CONVERTER (gunzip));
}

static gboolean
read_all (GInputStream *stream, void *data, gsize size, const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  gsize n = 0;

  if (!g_input_stream_read_all (stream, data, size, &n, NULL, &local))
    return fail (error, path, local->message);
  return n == size || fail (error, path, "the file ends too early");
}

static gboolean
read_head (SbIdx *self, GInputStream *stream, const char *path, GError **error)
{
  guint8 head[4];
  guint32 dims[SB_IDX_MAX_DIMS];

  if (!read_all (stream, head, sizeof head, path, error))
    return FALSE;
  if (head[0] != 0 || head[1] != 0 || head[2] != TYPE_UINT8 || (head[3] != 1 && head[3] != 3))
    return fail (error, path, "this is no IDX file of images or labels");
  self->n_dims = head[3];
  if (!read_all (stream, dims, self->n_dims * sizeof *dims, path, error))
    return FALSE;
  for (guint i = 0; i < self->n_dims; i++)
    {
      self->dims[i] = GUINT32_FROM_BE (dims[i]);
      if (i > 0 && (self->dims[i] < 1 || self->dims[i] > MAX_SIDE))
        return fail (error, path, "the images have no such size");
    }
  return TRUE;
}

static gboolean
read_values (SbIdx *self, GInputStream *stream, const char *path, GError **error)
{
  guint64 size = self->dims[0];

  for (guint i = 1; i < self->n_dims; i++)
    size *= self->dims[i];
  if (size > G_MAXINT)
    return fail (error, path, "there are too many images");
  /* In pieces: a damaged head must not make us take all memory. */
  while (size > 0)
    {
      gsize n = MIN (size, BUFFER);

      g_byte_array_set_size (self->bytes, self->bytes->len + (guint) n);
      if (!read_all (stream, self->bytes->data + self->bytes->len - n, n, path, error))
        return FALSE;
      size -= n;
    }
  return TRUE;
}

/**
 * sb_idx_load:
 * @path: an IDX file of images or of labels, gzip or not
 * @error: %SB_FORMAT_ERROR_INVALID, or why it cannot be read
 *
 * Returns: (transfer full) (nullable): its content
 */
SbIdx *
sb_idx_load (const char *path, GError **error)
{
  g_autoptr (GInputStream) stream = open_stream (path, error);
  g_autoptr (SbIdx) self = g_new0 (SbIdx, 1);

  self->bytes = g_byte_array_new ();
  if (stream == NULL || !read_head (self, stream, path, error) ||
      !read_values (self, stream, path, error))
    return NULL;
  return g_steal_pointer (&self);
}

static void
append_number (GByteArray *out, guint32 value)
{
  value = GUINT32_TO_BE (value);
  g_byte_array_append (out, (const guint8 *) &value, sizeof value);
}

/**
 * sb_idx_save:
 * @path: where to
 * @values: the labels, or all images one after the other
 * @n: how many
 * @side: width and height of each image, in pixels; 0 for labels
 * @error: a %G_FILE_ERROR
 *
 * Returns: whether the file is there; an older one stays when it is not
 */
gboolean
sb_idx_save (const char *path, const guint8 *values, guint n, guint side, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint n_dims = side > 0 ? 3 : 1;

  append_number (bytes, TYPE_UINT8 << 8 | n_dims);
  append_number (bytes, n);
  for (guint i = 1; i < n_dims; i++)
    append_number (bytes, side);
  g_byte_array_append (bytes, values, n * (side > 0 ? side * side : 1));
  return g_file_set_contents (path, (const char *) bytes->data, (gssize) bytes->len, error);
}

void
sb_idx_free (SbIdx *self)
{
  g_byte_array_unref (self->bytes);
  g_free (self);
}
