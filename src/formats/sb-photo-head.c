/* sb-photo-head.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The loaders of GdkPixbuf for PNG and WebP leave EXIF alone; the one for WebP takes all memory
 * that a picture claims to need before it says how large that is; and some make up what is missing.
 */

#include "config.h"

#include <string.h>

#include "formats/sb-photo-private.h"

#define PNG_HEAD  8
#define RIFF_HEAD 12
/* EXIF is a small TIFF file; this entry of its first directory has the orientation. */
#define TAG_ORIENTATION 0x112
#define TYPE_SHORT      3
#define ENTRY_SIZE      12

static guint32
get_big (const guint8 *data, guint n)
{
  guint32 value = 0;

  for (guint i = 0; i < n; i++)
    value = value << 8 | data[i];
  return value;
}

static guint32
get_little (const guint8 *data, guint n)
{
  guint32 value = 0;

  for (guint i = n; i > 0; i--)
    value = value << 8 | data[i - 1];
  return value;
}

static int
read_exif (const guint8 *data, gsize length)
{
  guint32 (*get) (const guint8 *, guint) = get_little;
  gsize at, n;

  /* Some write the head that EXIF has in JPEG. */
  if (length >= 6 && memcmp (data, "Exif\0", 6) == 0)
    {
      data += 6;
      length -= 6;
    }
  if (length < 8 || (memcmp (data, "II", 2) != 0 && memcmp (data, "MM", 2) != 0))
    return 0;
  if (data[0] == 'M')
    get = get_big;
  at = get (data + 4, 4);
  if (at > length - 2)
    return 0;
  n = get (data + at, 2);
  for (at += 2; n > 0 && at + ENTRY_SIZE <= length; n--, at += ENTRY_SIZE)
    if (get (data + at, 2) == TAG_ORIENTATION && get (data + at + 2, 2) == TYPE_SHORT)
      return (int) get (data + at + 8, 2);
  return 0;
}

/* Chunks: length, name, content, checksum. */
static int
find_png_orientation (const guint8 *data, gsize length)
{
  gsize at = PNG_HEAD;

  while (at + 12 <= length)
    {
      gsize size = get_big (data + at, 4);

      if (size > length - at - 12)
        return 0;
      if (memcmp (data + at + 4, "eXIf", 4) == 0)
        return read_exif (data + at + 8, size);
      at += size + 12;
    }
  return 0;
}

/* Chunks: name, length, content, a zero if the length is odd. */
static int
find_webp_orientation (const guint8 *data, gsize length)
{
  gsize at = RIFF_HEAD;

  while (at + 8 <= length)
    {
      gsize size = get_little (data + at + 4, 4);

      if (size > length - at - 8)
        return 0;
      if (memcmp (data + at, "EXIF", 4) == 0)
        return read_exif (data + at + 8, size);
      at += 8 + size + size % 2;
    }
  return 0;
}

/* The first chunk is that of an extended file, of a lossless picture or of a lossy one. */
static void
read_webp_size (SbPhotoHead *self, const guint8 *data, gsize length)
{
  const guint8 *chunk = data + RIFF_HEAD;
  guint32 bits;

  if (length < RIFF_HEAD + 18)
    return;
  if (memcmp (chunk, "VP8X", 4) == 0)
    {
      self->width = (int) get_little (chunk + 12, 3) + 1;
      self->height = (int) get_little (chunk + 15, 3) + 1;
    }
  else if (memcmp (chunk, "VP8L", 4) == 0)
    {
      bits = get_little (chunk + 9, 4);
      self->width = (int) (bits & 0x3fff) + 1;
      self->height = (int) (bits >> 14 & 0x3fff) + 1;
    }
  else if (memcmp (chunk, "VP8 ", 4) == 0)
    {
      self->width = (int) (get_little (chunk + 14, 2) & 0x3fff);
      self->height = (int) (get_little (chunk + 16, 2) & 0x3fff);
    }
}

/* Segments: a mark, and for most of them a length. Behind the mark of a scan are its data, in which
 * the mark of the end cannot be. */
static gboolean
has_jpeg_end (const guint8 *data, gsize length)
{
  gsize at = 2;

  while (at + 4 <= length && data[at] == 0xff && data[at + 1] != 0xda)
    at += data[at + 1] == 0xff ? 1 : 2 + get_big (data + at + 2, 2);
  return at < length && memmem (data + at, length - at, "\xff\xd9", 2) != NULL;
}

/* GdkPixbuf knows more formats, some of which are programs rather than pictures. */
static const char *
find_type (const guint8 *data, gsize length)
{
  if (length >= 3 && memcmp (data, "\xff\xd8\xff", 3) == 0)
    return "jpeg";
  if (length >= PNG_HEAD && memcmp (data, "\x89PNG\r\n\x1a\n", PNG_HEAD) == 0)
    return "png";
  if (length >= RIFF_HEAD && memcmp (data, "RIFF", 4) == 0 && memcmp (data + 8, "WEBP", 4) == 0)
    return "webp";
  if (length >= 4 && (memcmp (data, "II*\0", 4) == 0 || memcmp (data, "MM\0*", 4) == 0))
    return "tiff";
  if (length >= 6 && (memcmp (data, "GIF87a", 6) == 0 || memcmp (data, "GIF89a", 6) == 0))
    return "gif";
  if (length >= 2 && memcmp (data, "BM", 2) == 0)
    return "bmp";
  return NULL;
}

/* Returns whether it is of a format that we read. */
gboolean
_sb_photo_head_read (SbPhotoHead *self, const guint8 *data, gsize length)
{
  *self = (SbPhotoHead){ .type = find_type (data, length) };
  if (self->type == NULL)
    return FALSE;
  if (strcmp (self->type, "jpeg") == 0)
    self->is_cut = !has_jpeg_end (data, length);
  if (strcmp (self->type, "png") == 0)
    self->orientation = find_png_orientation (data, length);
  if (strcmp (self->type, "webp") == 0)
    {
      self->orientation = find_webp_orientation (data, length);
      read_webp_size (self, data, length);
      /* The last zero of an odd chunk is often missing. */
      self->is_cut = get_little (data + 4, 4) + (gsize) 7 > length;
    }
  return TRUE;
}
