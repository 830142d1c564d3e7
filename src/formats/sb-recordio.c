/* sb-recordio.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A part of a record: the magic number, its length below three bits that say which part it is, the
 * bytes, zeros up to a multiple of four. All numbers are little endian. Where the magic number
 * is in a record itself, at a multiple of four, the record is cut in parts there and the number is
 * left out, so that a part never begins where none does.
 */

#include "config.h"

#include "formats/sb-recordio.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/sb-little-endian.h"

#define MAGIC       0xced7230aU
#define HEAD        8
#define LENGTH_BITS 29
#define MAX_PART    ((1U << LENGTH_BITS) - 1)
/* No record is larger, in bytes: a damaged head must not make us take all memory. */
#define MAX_RECORD ((gsize) 512 * 1024 * 1024)
/* What is read at a time. */
#define WINDOW (16 * 1024)
/* Of an image record, which is enough for all labels but very many. */
#define SKIMMED_LENGTH 1024

typedef enum
{
  PART_WHOLE,
  PART_FIRST,
  PART_MIDDLE,
  PART_LAST,
} Part;

struct _SbRecordReader
{
  char *name;
  int fd;
  guint64 size;
  guint64 at;
  guint8 window[WINDOW];
  guint64 window_at;
  gsize window_length;
};

struct _SbRecordWriter
{
  char *path;
  char *index_path;
  FILE *file;
  FILE *index;
  guint64 at;
};

static gsize
pad (gsize length)
{
  return (length + 3) / 4 * 4;
}

static gboolean
fail_errno (GError **error, const char *path)
{
  int code = errno;

  g_set_error (
      error, G_IO_ERROR, (int) g_io_error_from_errno (code), "%s: %s", path, g_strerror (code));
  return FALSE;
}

static gboolean
fail (const SbRecordReader *self, GError **error, guint64 at, const char *what)
{
  g_set_error (error,
               SB_FORMAT_ERROR,
               SB_FORMAT_ERROR_INVALID,
               "%s, byte %" G_GUINT64_FORMAT ": %s",
               self->name,
               at,
               what);
  return FALSE;
}

/**
 * sb_record_reader_open:
 * @path: a .rec file
 * @error: a %G_IO_ERROR
 *
 * Returns: (transfer full) (nullable): a reader before its first record
 */
SbRecordReader *
sb_record_reader_open (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  SbRecordReader *self;
  struct stat info;

  if (fd < 0 || fstat (fd, &info) != 0)
    {
      fail_errno (error, path);
      if (fd >= 0)
        close (fd);
      return NULL;
    }
  self = g_new (SbRecordReader, 1);
  self->name = g_path_get_basename (path);
  self->fd = fd;
  self->size = (guint64) info.st_size;
  self->at = self->window_at = 0;
  self->window_length = 0;
  return self;
}

void
sb_record_reader_free (SbRecordReader *self)
{
  close (self->fd);
  g_free (self->name);
  g_free (self);
}

/**
 * sb_record_reader_seek:
 * @self: a reader
 * @offset: where a record begins, as sb_record_reader_tell() said before it was read
 */
void
sb_record_reader_seek (SbRecordReader *self, guint64 offset)
{
  self->at = offset;
}

/**
 * sb_record_reader_tell:
 * @self: a reader
 *
 * Returns: where the next record begins, in bytes
 */
guint64
sb_record_reader_tell (const SbRecordReader *self)
{
  return self->at;
}

static gboolean
read_at (SbRecordReader *self, guint64 at, guint8 *out, gsize length, GError **error)
{
  while (length > 0)
    {
      gssize n = pread (self->fd, out, length, (off_t) at);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return fail_errno (error, self->name);
      if (n == 0)
        return fail (self, error, at, "the file has become shorter");
      out += n;
      at += (guint64) n;
      length -= (gsize) n;
    }
  return TRUE;
}

/* What is short comes from the window, which is moved when it does not lie in it. */
static gboolean
fetch (SbRecordReader *self, guint64 at, guint8 *out, gsize length, GError **error)
{
  if (length > WINDOW || at > self->size || length > self->size - at)
    return read_at (self, at, out, length, error);
  if (at < self->window_at || at + length > self->window_at + self->window_length)
    {
      gsize n = (gsize) MIN (WINDOW, self->size - at);

      self->window_length = 0;
      if (!read_at (self, at, self->window, n, error))
        return FALSE;
      self->window_at = at;
      self->window_length = n;
    }
  memcpy (out, self->window + (at - self->window_at), length);
  return TRUE;
}

static gboolean
read_head (SbRecordReader *self, Part *part, gsize *length, GError **error)
{
  guint8 head[HEAD];
  guint32 second;

  if (self->at >= self->size || self->size - self->at < HEAD)
    return fail (self, error, self->at, "the file ends in the middle of a record");
  if (!fetch (self, self->at, head, HEAD, error))
    return FALSE;
  if (sb_le_get_32 (head) != MAGIC)
    return fail (self,
                 error,
                 self->at,
                 "no record begins here; this is no RecordIO file, or it is damaged");
  second = sb_le_get_32 (head + 4);
  *length = second & MAX_PART;
  *part = (Part) (second >> LENGTH_BITS);
  if (*part > PART_LAST)
    return fail (self, error, self->at, "there is no such part of a record");
  if (*length > MAX_RECORD || *length > self->size - self->at - HEAD)
    return fail (self, error, self->at, "the record is longer than what is left of the file");
  return TRUE;
}

/* Adds a part to @record, which gets no longer than @most; the rest is skipped. */
static gboolean
read_part (SbRecordReader *self, gsize length, gsize most, GByteArray *record, GError **error)
{
  gsize wanted = MIN (length, most - MIN (most, record->len));

  if (record->len + wanted > MAX_RECORD)
    return fail (self, error, self->at, "the record is too long");
  g_byte_array_set_size (record, record->len + (guint) wanted);
  if (wanted > 0 &&
      !fetch (self, self->at + HEAD, record->data + record->len - wanted, wanted, error))
    return FALSE;
  self->at += HEAD + pad (length);
  return TRUE;
}

/**
 * sb_record_reader_skim:
 * @self: a reader
 * @most: how many bytes are wanted
 * @record: (out): the first bytes of the next record; what was in it is replaced
 * @error: (nullable): %SB_FORMAT_ERROR_INVALID with the file and the place in it, or a %G_IO_ERROR
 *
 * As sb_record_reader_next(), without reading the rest of the record.
 *
 * Returns: whether there was one; %FALSE without an error at the end
 */
gboolean
sb_record_reader_skim (SbRecordReader *self, gsize most, GByteArray *record, GError **error)
{
  guint64 start = self->at;
  gboolean more = FALSE;
  gsize length;
  Part part;

  g_byte_array_set_size (record, 0);
  if (self->at >= self->size)
    return FALSE;
  do
    {
      static const guint8 magic[] = { 0x0a, 0x23, 0xd7, 0xce };

      if (!read_head (self, &part, &length, error))
        return FALSE;
      if (more != (part == PART_MIDDLE || part == PART_LAST))
        return fail (self, error, start, "the parts of the record are not in order");
      if (more && record->len < most)
        g_byte_array_append (record, magic, sizeof magic);
      if (!read_part (self, length, most, record, error))
        return FALSE;
      more = part == PART_FIRST || part == PART_MIDDLE;
    }
  while (more);
  return TRUE;
}

/**
 * sb_record_reader_next:
 * @self: a reader
 * @record: (out): the next record; what was in it is replaced
 * @error: %SB_FORMAT_ERROR_INVALID with the file and the place in it, or a %G_IO_ERROR
 *
 * Returns: whether there was one; %FALSE without an error at the end
 */
gboolean
sb_record_reader_next (SbRecordReader *self, GByteArray *record, GError **error)
{
  return sb_record_reader_skim (self, G_MAXSIZE, record, error);
}

/**
 * sb_record_writer_new:
 * @path: of the .rec file
 * @index_path: (nullable): of the .idx file
 * @error: a %G_IO_ERROR
 *
 * Files that are there already are replaced.
 *
 * Returns: (transfer full) (nullable): a writer
 */
SbRecordWriter *
sb_record_writer_new (const char *path, const char *index_path, GError **error)
{
  g_autoptr (SbRecordWriter) self = g_new0 (SbRecordWriter, 1);

  self->path = g_strdup (path);
  self->index_path = g_strdup (index_path);
  self->file = g_fopen (path, "wbe");
  if (self->file == NULL)
    {
      fail_errno (error, path);
      return NULL;
    }
  if (index_path != NULL && (self->index = g_fopen (index_path, "wbe")) == NULL)
    {
      fail_errno (error, index_path);
      return NULL;
    }
  return g_steal_pointer (&self);
}

/* A writer that was not finished leaves no half files. */
void
sb_record_writer_free (SbRecordWriter *self)
{
  if (self->file != NULL)
    {
      fclose (self->file);
      g_unlink (self->path);
    }
  if (self->index != NULL)
    {
      fclose (self->index);
      g_unlink (self->index_path);
    }
  g_free (self->path);
  g_free (self->index_path);
  g_free (self);
}

static gboolean
write_part (SbRecordWriter *self, Part part, const guint8 *data, gsize length, GError **error)
{
  static const guint8 zeros[3] = { 0 };
  guint32 head[] = { GUINT32_TO_LE (MAGIC),
                     GUINT32_TO_LE ((guint32) part << LENGTH_BITS | (guint32) length) };
  gsize rest = pad (length) - length;

  if (fwrite (head, sizeof head, 1, self->file) != 1 ||
      (length > 0 && fwrite (data, 1, length, self->file) != length) ||
      fwrite (zeros, 1, rest, self->file) != rest)
    return fail_errno (error, self->path);
  self->at += HEAD + length + rest;
  return TRUE;
}

/**
 * sb_record_writer_add:
 * @self: a writer
 * @key: what the record is called in the .idx file
 * @data: the record
 * @length: its bytes, below 512 MiB
 * @error: a %G_IO_ERROR
 *
 * Returns: whether it was written
 */
gboolean
sb_record_writer_add (SbRecordWriter *self,
                      guint64 key,
                      const void *data,
                      gsize length,
                      GError **error)
{
  const guint8 *bytes = data;
  gsize start = 0;

  g_return_val_if_fail (length < MAX_RECORD, FALSE);
  if (self->index != NULL &&
      fprintf (self->index, "%" G_GUINT64_FORMAT "\t%" G_GUINT64_FORMAT "\n", key, self->at) < 0)
    return fail_errno (error, self->index_path);
  for (gsize i = 0; i + 4 <= length; i += 4)
    if (sb_le_get_32 (bytes + i) == MAGIC)
      {
        if (!write_part (
                self, start == 0 ? PART_FIRST : PART_MIDDLE, bytes + start, i - start, error))
          return FALSE;
        start = i + 4;
      }
  return write_part (
      self, start == 0 ? PART_WHOLE : PART_LAST, bytes + start, length - start, error);
}

static gboolean
finish (FILE **file, const char *path, GError **error)
{
  FILE *closing = g_steal_pointer (file);
  gboolean fine = fflush (closing) == 0 && fsync (fileno (closing)) == 0;
  int code = errno;

  if (fclose (closing) == 0 && fine)
    return TRUE;
  if (!fine)
    errno = code;
  fail_errno (error, path);
  g_unlink (path);
  return FALSE;
}

/**
 * sb_record_writer_finish:
 * @self: a writer
 * @error: a %G_IO_ERROR
 *
 * Returns: whether all that was added is on disk; else, as without this call, the files are removed
 */
gboolean
sb_record_writer_finish (SbRecordWriter *self, GError **error)
{
  return finish (&self->file, self->path, error) &&
         (self->index == NULL || finish (&self->index, self->index_path, error));
}

/**
 * sb_image_record_parse:
 * @self: (out): what is in the record, pointing into @data
 * @data: a record
 * @length: its bytes
 * @error: %SB_FORMAT_ERROR_INVALID
 *
 * Returns: whether it is one of im2rec
 */
gboolean
sb_image_record_parse (SbImageRecord *self, const guint8 *data, gsize length, GError **error)
{
  guint32 flag = length >= SB_IMAGE_RECORD_HEAD ? sb_le_get_32 (data) : 0;
  gsize labels = (gsize) flag * sizeof (float);

  if (length < SB_IMAGE_RECORD_HEAD || labels > length - SB_IMAGE_RECORD_HEAD)
    {
      g_set_error_literal (error,
                           SB_FORMAT_ERROR,
                           SB_FORMAT_ERROR_INVALID,
                           "the record is too short for an image with its labels");
      return FALSE;
    }
  *self = (SbImageRecord){
    .id = sb_le_get_64 (data + 8),
    .id2 = sb_le_get_64 (data + 16),
    .n_labels = flag > 0 ? flag : 1,
    .labels = flag > 0 ? data + SB_IMAGE_RECORD_HEAD : data + 4,
    .data = data + SB_IMAGE_RECORD_HEAD + labels,
    .length = length - SB_IMAGE_RECORD_HEAD - labels,
  };
  return TRUE;
}

/**
 * sb_image_record_get_label:
 * @self: a record
 * @index: below SbImageRecord.n_labels
 *
 * Returns: that label
 */
float
sb_image_record_get_label (const SbImageRecord *self, guint32 index)
{
  guint32 bits = sb_le_get_32 (self->labels + (gsize) index * sizeof bits);
  float label;

  memcpy (&label, &bits, sizeof label);
  return label;
}

static void
append32 (GByteArray *bytes, guint32 value)
{
  value = GUINT32_TO_LE (value);
  g_byte_array_append (bytes, (const guint8 *) &value, sizeof value);
}

static void
append64 (GByteArray *bytes, guint64 value)
{
  value = GUINT64_TO_LE (value);
  g_byte_array_append (bytes, (const guint8 *) &value, sizeof value);
}

static void
append_label (GByteArray *bytes, float label)
{
  guint32 bits;

  memcpy (&bits, &label, sizeof bits);
  append32 (bytes, bits);
}

/**
 * sb_image_record_append:
 * @record: what the record is added to
 * @id: number of the image
 * @labels: (array length=n_labels): its labels
 * @n_labels: how many
 * @data: the picture, a file of its own
 * @length: its bytes
 *
 * One label is in the head of the record, several are behind it, as im2rec has them.
 */
void
sb_image_record_append (GByteArray *record,
                        guint64 id,
                        const float *labels,
                        guint32 n_labels,
                        const void *data,
                        gsize length)
{
  append32 (record, n_labels == 1 ? 0 : n_labels);
  append_label (record, n_labels == 1 ? labels[0] : 0);
  append64 (record, id);
  append64 (record, 0);
  for (guint32 i = 0; n_labels != 1 && i < n_labels; i++)
    append_label (record, labels[i]);
  g_byte_array_append (record, data, (guint) length);
}

/**
 * sb_record_reader_skim_image:
 * @self: a reader
 * @bytes: takes the record's first bytes, which @record then lies in
 * @record: (out): its head and labels; its picture is cut
 * @error: a %SB_FORMAT_ERROR that names the place, or a %G_IO_ERROR
 *
 * Reads what comes before the picture of the next record. One with very many labels is read whole.
 *
 * Returns: whether there is one
 */
gboolean
sb_record_reader_skim_image (SbRecordReader *self,
                             GByteArray *bytes,
                             SbImageRecord *record,
                             GError **error)
{
  guint64 offset = sb_record_reader_tell (self);

  if (!sb_record_reader_skim (self, SKIMMED_LENGTH, bytes, error))
    return FALSE;
  if (sb_image_record_parse (record, bytes->data, bytes->len, NULL))
    return TRUE;
  sb_record_reader_seek (self, offset);
  if (sb_record_reader_next (self, bytes, error) &&
      sb_image_record_parse (record, bytes->data, bytes->len, error))
    return TRUE;
  g_prefix_error (error, "byte %" G_GUINT64_FORMAT ": ", offset);
  return FALSE;
}
