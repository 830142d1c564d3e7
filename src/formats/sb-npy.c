/* sb-npy.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "formats/sb-npy.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "formats/sb-little-endian.h"

#define MAGIC "\x93NUMPY"
/* Magic, version, length of the header. */
#define BEGIN_1 10
#define BEGIN_2 12
/* What an archive may hold in all: it may have been packed to fill the memory. */
#define MAX_NPZ (G_GUINT64_CONSTANT (2) << 30)
#define BUFFER  (256 * 1024)

static const struct
{
  const char *descr;
  SbNpyType type;
  guint width;
} types[] = {
  { "|u1", SB_NPY_UINT8, 1 },   { "<i4", SB_NPY_INT32, 4 },   { "<i8", SB_NPY_INT64, 8 },
  { "<f4", SB_NPY_FLOAT32, 4 }, { "<f8", SB_NPY_FLOAT64, 8 },
};

static gboolean
fail (GError **error, const char *what)
{
  g_set_error_literal (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID, what);
  return FALSE;
}

/* What stands behind 'name': in the header, which is a dictionary as Python writes it. */
static const char *
find_member (const char *header, const char *name)
{
  g_autofree char *key = g_strdup_printf ("'%s':", name);
  const char *at = strstr (header, key);

  if (at == NULL)
    return NULL;
  at += strlen (key);
  return at + strspn (at, " ");
}

static gboolean
parse_type (SbNpy *self, const char *header, guint *width, GError **error)
{
  const char *descr = find_member (header, "descr");

  for (guint i = 0; descr != NULL && i < G_N_ELEMENTS (types); i++)
    if (*descr == '\'' && strncmp (descr + 1, types[i].descr, 3) == 0 && descr[4] == '\'')
      {
        self->type = types[i].type;
        *width = types[i].width;
        return TRUE;
      }
  return fail (error, "the numbers have to be uint8, int32, int64, float32 or float64");
}

static gboolean
parse_shape (SbNpy *self, const char *header, GError **error)
{
  const char *at = find_member (header, "shape");

  self->n_dims = 0;
  self->count = 1;
  if (at == NULL || *at++ != '(')
    return fail (error, "the array has no shape");
  while (*at != ')')
    {
      char *end;
      guint64 value = g_ascii_strtoull (at, &end, 10);

      if (end == at || self->n_dims == SB_NPY_MAX_DIMS || value > G_MAXUINT32 ||
          (value > 0 && self->count > G_MAXSIZE / 8 / value))
        return fail (error, "the array's shape cannot be read");
      self->dims[self->n_dims++] = value;
      self->count *= (gsize) value;
      at = end + strspn (end, " ,");
    }
  return TRUE;
}

/**
 * sb_npy_parse:
 * @self: (out caller-allocates): the array
 * @data: a .npy file; has to stay while @self is used
 * @length: its bytes
 * @error: %SB_FORMAT_ERROR_INVALID
 *
 * Returns: whether it is an array of numbers, in C order, with all that its shape promises
 */
gboolean
sb_npy_parse (SbNpy *self, const void *data, gsize length, GError **error)
{
  const guint8 *bytes = data;
  g_autofree char *header = NULL;
  const char *order;
  gsize begin, n;
  guint width;

  if (length < BEGIN_2 || memcmp (bytes, MAGIC, strlen (MAGIC)) != 0)
    return fail (error, "this is no .npy array");
  begin = bytes[6] == 1 ? BEGIN_1 : BEGIN_2;
  n = bytes[6] == 1 ? sb_le_get_16 (bytes + 8) : sb_le_get_32 (bytes + 8);
  if (n > length - begin)
    return fail (error, "the .npy array ends within its header");
  header = g_strndup ((const char *) bytes + begin, n);
  if (!parse_type (self, header, &width, error) || !parse_shape (self, header, error))
    return FALSE;
  order = find_member (header, "fortran_order");
  if (order == NULL || !g_str_has_prefix (order, "False"))
    return fail (error, "the array has to be in C order");
  if (length - begin - n < self->count * width)
    return fail (error, "the .npy array ends too early");
  self->values = bytes + begin + n;
  return TRUE;
}

/**
 * sb_npy_get:
 * @self: an array
 * @index: below SbNpy.count
 *
 * Returns: a number of it
 */
double
sb_npy_get (const SbNpy *self, gsize index)
{
  union
  {
    gint32 i4;
    gint64 i8;
    float f4;
    double f8;
  } value;

  switch (self->type)
    {
    case SB_NPY_INT32:
      memcpy (&value.i4, self->values + 4 * index, 4);
      return value.i4;
    case SB_NPY_INT64:
      memcpy (&value.i8, self->values + 8 * index, 8);
      return (double) value.i8;
    case SB_NPY_FLOAT32:
      memcpy (&value.f4, self->values + 4 * index, 4);
      return value.f4;
    case SB_NPY_FLOAT64:
      memcpy (&value.f8, self->values + 8 * index, 8);
      return value.f8;
    case SB_NPY_UINT8:
    default:
      return self->values[index];
    }
}

static GBytes *
read_member (struct archive *archive, guint64 *left, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree guint8 *buffer = g_malloc (BUFFER);
  gssize n;

  while ((n = archive_read_data (archive, buffer, BUFFER)) > 0)
    {
      if ((guint64) n > *left || bytes->len > G_MAXINT)
        {
          fail (error, "the archive is too large");
          return NULL;
        }
      *left -= (guint64) n;
      g_byte_array_append (bytes, buffer, (guint) n);
    }
  if (n < 0)
    {
      fail (error, archive_error_string (archive));
      return NULL;
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

static gboolean
read_members (struct archive *archive, GHashTable *members, GError **error)
{
  struct archive_entry *entry;
  guint64 left = MAX_NPZ;
  int status;

  while ((status = archive_read_next_header (archive, &entry)) == ARCHIVE_OK)
    {
      const char *name = archive_entry_pathname (entry);
      GBytes *bytes;

      if (name == NULL || !g_str_has_suffix (name, ".npy"))
        continue;
      bytes = read_member (archive, &left, error);
      if (bytes == NULL)
        return FALSE;
      g_hash_table_replace (members, g_strndup (name, strlen (name) - strlen (".npy")), bytes);
    }
  return status == ARCHIVE_EOF || fail (error, archive_error_string (archive));
}

/**
 * sb_npz_load:
 * @path: a .npz file
 * @error: %SB_FORMAT_ERROR_INVALID
 *
 * Returns: (transfer full) (nullable) (element-type utf8 GBytes): its arrays by name, each for
 *   sb_npy_parse()
 */
GHashTable *
sb_npz_load (const char *path, GError **error)
{
  g_autoptr (GHashTable) members =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
  struct archive *archive = archive_read_new ();
  gboolean fine;

  archive_read_support_format_zip (archive);
  fine = archive_read_open_filename (archive, path, BUFFER) == ARCHIVE_OK
             ? read_members (archive, members, error)
             : fail (error, archive_error_string (archive));
  archive_read_free (archive);
  if (fine)
    return g_steal_pointer (&members);
  g_prefix_error (error, "%s: ", path);
  return NULL;
}
