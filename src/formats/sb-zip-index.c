/* sb-zip-index.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "formats/sb-zip-index.h"

#include "formats/sb-little-endian.h"

#define LOCAL_SIGNATURE      0x04034b50u
#define CENTRAL_SIGNATURE    0x02014b50u
#define END_SIGNATURE        0x06054b50u
#define END_64_SIGNATURE     0x06064b50u
#define LOCATOR_64_SIGNATURE 0x07064b50u
#define LOCAL_LENGTH         30
#define CENTRAL_LENGTH       46
#define END_LENGTH           22
#define END_64_LENGTH        56
#define LOCATOR_64_LENGTH    20
#define MAX_COMMENT          65535
#define EXTRA_64             1
#define FLAG_ENCRYPTED       1
#define METHOD_STORED        0

typedef struct
{
  const guint8 *data;
  gsize length;
  guint64 offset; /* of the central directory */
  guint64 size;
} Archive;

typedef struct
{
  guint64 packed;
  guint64 length;
  guint64 offset; /* of the local header */
  gboolean stored;
} Central;

static gboolean
fail (GError **error, const char *what)
{
  g_set_error_literal (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID, what);
  return FALSE;
}

/* Whether so many bytes are there from this offset on. */
static gboolean
has (const Archive *self, guint64 offset, guint64 n)
{
  return offset <= self->length && n <= self->length - offset;
}

/* The record at the end, behind which only a comment may be. */
static gboolean
find_end (const Archive *self, gsize *at)
{
  gsize first =
      self->length > END_LENGTH + MAX_COMMENT ? self->length - END_LENGTH - MAX_COMMENT : 0;

  if (self->length < END_LENGTH)
    return FALSE;
  for (gsize i = self->length - END_LENGTH + 1; i-- > first;)
    if (sb_le_get_32 (self->data + i) == END_SIGNATURE &&
        sb_le_get_16 (self->data + i + 20) == self->length - i - END_LENGTH)
      {
        *at = i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
find_directory (Archive *self)
{
  const guint8 *locator;
  guint64 end_64;
  gsize end;

  if (!find_end (self, &end))
    return FALSE;
  self->size = sb_le_get_32 (self->data + end + 12);
  self->offset = sb_le_get_32 (self->data + end + 16);
  if (end >= LOCATOR_64_LENGTH &&
      sb_le_get_32 (self->data + end - LOCATOR_64_LENGTH) == LOCATOR_64_SIGNATURE)
    {
      locator = self->data + end - LOCATOR_64_LENGTH;
      end_64 = sb_le_get_64 (locator + 8);
      if (!has (self, end_64, END_64_LENGTH) ||
          sb_le_get_32 (self->data + end_64) != END_64_SIGNATURE)
        return FALSE;
      self->size = sb_le_get_64 (self->data + end_64 + 40);
      self->offset = sb_le_get_64 (self->data + end_64 + 48);
    }
  return has (self, self->offset, self->size);
}

/* What does not fit into 32 bits is in an extra field, in this order. */
static gboolean
take_extra (Central *central, const guint8 *extra, gsize length)
{
  guint64 *const wanted[] = { &central->length, &central->packed, &central->offset };

  while (length >= 4)
    {
      gsize n = sb_le_get_16 (extra + 2), at = 4;

      if (n > length - 4)
        return FALSE;
      for (guint i = 0; sb_le_get_16 (extra) == EXTRA_64 && i < G_N_ELEMENTS (wanted); i++)
        if (*wanted[i] == G_MAXUINT32)
          {
            if (at + 8 > n + 4)
              return FALSE;
            *wanted[i] = sb_le_get_64 (extra + at);
            at += 8;
          }
      extra += n + 4;
      length -= n + 4;
    }
  return TRUE;
}

static gboolean
find_data (const Archive *self, const Central *central, SbZipMember *member)
{
  const guint8 *local = self->data + central->offset;
  guint64 begin;

  member->length = (gsize) central->length;
  member->data = NULL;
  if (!has (self, central->offset, LOCAL_LENGTH) || sb_le_get_32 (local) != LOCAL_SIGNATURE)
    return FALSE;
  begin = central->offset + LOCAL_LENGTH + sb_le_get_16 (local + 26) + sb_le_get_16 (local + 28);
  if (!has (self, begin, central->packed))
    return FALSE;
  if (central->stored && central->packed != central->length)
    return FALSE;
  if (central->stored)
    member->data = self->data + begin;
  return TRUE;
}

/* Reads the entry at *at and goes to the next. */
static gboolean
read_entry (const Archive *self, guint64 *at, GHashTable *members)
{
  const guint8 *p = self->data + *at;
  guint64 end = self->offset + self->size;
  gsize name_length, extra_length, length;
  g_autofree SbZipMember *member = g_new0 (SbZipMember, 1);
  g_autofree char *name = NULL;
  Central central;

  if (end - *at < CENTRAL_LENGTH || sb_le_get_32 (p) != CENTRAL_SIGNATURE)
    return FALSE;
  name_length = sb_le_get_16 (p + 28);
  extra_length = sb_le_get_16 (p + 30);
  length = CENTRAL_LENGTH + name_length + extra_length + sb_le_get_16 (p + 32);
  if (end - *at < length)
    return FALSE;
  central.stored =
      sb_le_get_16 (p + 10) == METHOD_STORED && (sb_le_get_16 (p + 8) & FLAG_ENCRYPTED) == 0;
  central.packed = sb_le_get_32 (p + 20);
  central.length = sb_le_get_32 (p + 24);
  central.offset = sb_le_get_32 (p + 42);
  if (memchr (p + CENTRAL_LENGTH, '\0', name_length) != NULL ||
      !take_extra (&central, p + CENTRAL_LENGTH + name_length, extra_length) ||
      !find_data (self, &central, member))
    return FALSE;
  name = g_strndup ((const char *) p + CENTRAL_LENGTH, name_length);
  if (g_hash_table_contains (members, name))
    return FALSE;
  g_hash_table_insert (members, g_steal_pointer (&name), g_steal_pointer (&member));
  *at += length;
  return TRUE;
}

/**
 * sb_zip_is:
 * @data: a file's content
 * @length: its bytes
 *
 * Returns: whether it begins as a zip archive does
 */
gboolean
sb_zip_is (const guint8 *data, gsize length)
{
  return length >= 4 && sb_le_get_32 (data) == LOCAL_SIGNATURE;
}

/**
 * sb_zip_index:
 * @data: a zip archive; has to stay while the answer is used
 * @length: its bytes
 * @error: %SB_FORMAT_ERROR_INVALID
 *
 * Every offset is checked: what is found lies within the archive. Archives above 4 GiB are read.
 *
 * Returns: (transfer full) (nullable) (element-type utf8 SbZipMember): its members by name
 */
GHashTable *
sb_zip_index (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (GHashTable) members = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Archive archive = { .data = data, .length = length };
  guint64 at;

  if (!find_directory (&archive))
    {
      fail (error, "this zip archive has no end; it may have been cut off");
      return NULL;
    }
  for (at = archive.offset; at < archive.offset + archive.size;)
    if (!read_entry (&archive, &at, members))
      {
        fail (error, "the list of this zip archive’s members is damaged");
        return NULL;
      }
  return g_steal_pointer (&members);
}
