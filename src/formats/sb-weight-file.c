/* sb-weight-file.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "formats/sb-weight-file-private.h"

#include <string.h>

#include "formats/sb-little-endian.h"

typedef struct
{
  SbWeightArray array;
  SbWeightView view;
  const guint8 *data; /* its first number */
  gboolean plain;     /* row-major, without gaps */
} SbWeightEntry;

gboolean
_sb_weight_fail (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_propagate_error (error,
                     g_error_new_valist (SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID, format, args));
  va_end (args);
  return FALSE;
}

gsize
_sb_weight_type_get_width (SbWeightType type)
{
  switch (type)
    {
    case SB_WEIGHT_INT64:
    case SB_WEIGHT_FLOAT64:
      return 8;
    case SB_WEIGHT_INT32:
    case SB_WEIGHT_FLOAT32:
      return 4;
    case SB_WEIGHT_INT16:
    case SB_WEIGHT_FLOAT16:
    case SB_WEIGHT_BFLOAT16:
      return 2;
    case SB_WEIGHT_INT8:
    case SB_WEIGHT_UINT8:
    case SB_WEIGHT_BOOL:
    default:
      return 1;
    }
}

/* Row-major, without gaps. Dimensions whose product overflows are refused later. */
void
_sb_weight_view_make_plain (SbWeightView *self)
{
  guint64 stride = 1;

  for (guint i = self->n_dims; i-- > 0;)
    {
      self->strides[i] = (gint64) stride;
      stride *= (guint64) self->dims[i];
    }
}

static void
entry_free (gpointer data)
{
  SbWeightEntry *entry = data;

  g_free ((char *) entry->array.name);
  g_free (entry);
}

/* All dimensions multiplied; no array may promise more numbers than its storage has, which none
 * that was trained does, and which a few bytes could do to fill the memory. */
static gboolean
count_numbers (const SbWeightView *view, gsize available, gsize *count)
{
  guint64 n = 1;

  for (guint i = 0; i < view->n_dims; i++)
    if (view->dims[i] < 0 || !g_uint64_checked_mul (&n, n, (guint64) view->dims[i]))
      return FALSE;
  *count = n;
  return n <= available;
}

static gboolean
is_inside (const SbWeightView *view, gsize available)
{
  guint64 last = (guint64) view->offset, way;

  if (view->offset < 0)
    return FALSE;
  for (guint i = 0; i < view->n_dims; i++)
    if (view->dims[i] > 1 &&
        (view->strides[i] < 0 ||
         !g_uint64_checked_mul (&way, (guint64) view->dims[i] - 1, (guint64) view->strides[i]) ||
         !g_uint64_checked_add (&last, last, way)))
      return FALSE;
  return last < available;
}

static gboolean
is_plain (const SbWeightView *view)
{
  SbWeightView plain = *view;

  _sb_weight_view_make_plain (&plain);
  for (guint i = 0; i < view->n_dims; i++)
    if (view->dims[i] != 1 && view->strides[i] != plain.strides[i])
      return FALSE;
  return TRUE;
}

/*< private >
 * _sb_weight_file_add:
 * @self: a file that is being opened
 * @name: of the array; it is copied
 * @storage: where its numbers are
 * @view: which of them it has, as the file says it
 * @error: %SB_FORMAT_ERROR_INVALID
 *
 * Returns: whether all of the array lies within its storage, and no other has its name
 */
gboolean
_sb_weight_file_add (SbWeightFile *self,
                     const char *name,
                     const SbWeightStorage *storage,
                     const SbWeightView *view,
                     GError **error)
{
  gsize width = _sb_weight_type_get_width (storage->type);
  gsize available = storage->length / width, count = 0;
  SbWeightEntry *entry;

  if (view->n_dims > SB_WEIGHT_MAX_DIMS)
    return _sb_weight_fail (error, "“%s” has too many dimensions", name);
  if (!count_numbers (view, available, &count))
    return _sb_weight_fail (error, "“%s” has more numbers than the file holds for it", name);
  if (count > 0 && !is_inside (view, available))
    return _sb_weight_fail (error, "“%s” reaches beyond its numbers in the file", name);
  if (g_hash_table_contains (self->by_name, name))
    return _sb_weight_fail (error, "“%s” is there twice", name);
  entry = g_new0 (SbWeightEntry, 1);
  entry->array.name = g_strdup (name);
  entry->array.type = storage->type;
  entry->array.n_dims = view->n_dims;
  memcpy (entry->array.dims, view->dims, sizeof view->dims);
  entry->array.count = count;
  entry->view = *view;
  entry->data = storage->data + (count > 0 ? (gsize) view->offset * width : 0);
  entry->plain = is_plain (view);
  g_ptr_array_add (self->entries, entry);
  g_hash_table_insert (self->by_name, (char *) entry->array.name, entry);
  return TRUE;
}

static float
half_to_float (guint16 half)
{
  guint32 sign = (guint32) (half & 0x8000) << 16, exponent = half >> 10 & 0x1f;
  guint32 fraction = half & 0x3ff, bits;
  float value;

  if (exponent == 0x1f)
    bits = sign | 0x7f800000 | fraction << 13;
  else if (exponent > 0)
    bits = sign | (exponent + 112) << 23 | fraction << 13;
  else
    {
      /* Below the least normal number: steps of 2⁻²⁴. */
      value = (float) fraction * 0x1p-24f;
      return sign != 0 ? -value : value;
    }
  memcpy (&value, &bits, sizeof value);
  return value;
}

static float
to_float (guint32 bits)
{
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static double
to_double (guint64 bits)
{
  double value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static float
load_number (SbWeightType type, const guint8 *p)
{
  switch (type)
    {
    case SB_WEIGHT_FLOAT16:
      return half_to_float (sb_le_get_16 (p));
    case SB_WEIGHT_BFLOAT16:
      return to_float ((guint32) sb_le_get_16 (p) << 16);
    case SB_WEIGHT_FLOAT32:
      return to_float (sb_le_get_32 (p));
    case SB_WEIGHT_FLOAT64:
      return (float) to_double (sb_le_get_64 (p));
    case SB_WEIGHT_INT8:
      return (gint8) *p;
    case SB_WEIGHT_INT16:
      return (gint16) sb_le_get_16 (p);
    case SB_WEIGHT_INT32:
      return (float) (gint32) sb_le_get_32 (p);
    case SB_WEIGHT_INT64:
      return (float) (gint64) sb_le_get_64 (p);
    case SB_WEIGHT_BOOL:
      return *p != 0;
    case SB_WEIGHT_UINT8:
    default:
      return *p;
    }
}

/* Goes through the array as a clock does: the last dimension is the fastest. */
static void
gather (const SbWeightEntry *entry, float *out)
{
  gsize width = _sb_weight_type_get_width (entry->array.type);
  gint64 at[SB_WEIGHT_MAX_DIMS] = { 0 };
  gint64 index = 0;

  for (gsize i = 0; i < entry->array.count; i++)
    {
      out[i] = load_number (entry->array.type, entry->data + (gsize) index * width);
      for (guint d = entry->array.n_dims; d-- > 0;)
        {
          index += entry->view.strides[d];
          if (++at[d] < entry->array.dims[d])
            break;
          index -= at[d] * entry->view.strides[d];
          at[d] = 0;
        }
    }
}

/**
 * sb_weight_file_read_floats:
 * @self: a file
 * @name: one of its arrays
 * @out: (out caller-allocates) (array length=count): room for its numbers
 * @count: how many are expected
 * @error: %SB_FORMAT_ERROR_INVALID when there is no such array or it has another count
 *
 * Reads an array in row-major order, whatever it is made of and however it lies in the file. Its
 * shape is the caller's to compare: see sb_weight_file_find().
 *
 * Returns: whether @out is filled
 */
gboolean
sb_weight_file_read_floats (const SbWeightFile *self,
                            const char *name,
                            float *out,
                            gsize count,
                            GError **error)
{
  const SbWeightEntry *entry = g_hash_table_lookup (self->by_name, name);
  gsize width;

  if (entry == NULL)
    return _sb_weight_fail (error, "The weights “%s” are missing", name);
  if (entry->array.count != count)
    return _sb_weight_fail (error,
                            "“%s” has %" G_GSIZE_FORMAT " numbers where %" G_GSIZE_FORMAT
                            " are expected",
                            name,
                            entry->array.count,
                            count);
  width = _sb_weight_type_get_width (entry->array.type);
  if (!entry->plain)
    gather (entry, out);
  else if (entry->array.type == SB_WEIGHT_FLOAT32 && G_BYTE_ORDER == G_LITTLE_ENDIAN)
    memcpy (out, entry->data, count * width);
  else
    for (gsize i = 0; i < count; i++)
      out[i] = load_number (entry->array.type, entry->data + i * width);
  return TRUE;
}

/**
 * sb_weight_file_open:
 * @path: a .safetensors file, or one that PyTorch's torch.save() has written
 * @error: %SB_FORMAT_ERROR_INVALID, or a %G_FILE_ERROR
 *
 * Finds out by the content what it is. The file is mapped, not read: memory is needed for its
 * names only. Of PyTorch's files a state dict is taken, alone or as a checkpoint's `state_dict`,
 * `model_state_dict` or `model`; `module.` in front of a name is left away.
 *
 * Returns: (transfer full) (nullable): the file; free it with sb_weight_file_free()
 */
SbWeightFile *
sb_weight_file_open (const char *path, GError **error)
{
  g_autoptr (SbWeightFile) self = g_new0 (SbWeightFile, 1);
  g_autofree char *name = g_path_get_basename (path);
  const guint8 *data;
  gsize length;

  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  self->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->file = g_mapped_file_new (path, FALSE, error);
  if (self->file == NULL)
    return NULL;
  data = (const guint8 *) g_mapped_file_get_contents (self->file);
  length = g_mapped_file_get_length (self->file);
  if (_sb_torch_is (data, length) ? _sb_torch_read (self, error)
                                  : _sb_safetensors_read (self, error))
    return g_steal_pointer (&self);
  g_prefix_error (error, "%s: ", name);
  return NULL;
}

void
sb_weight_file_free (SbWeightFile *self)
{
  g_clear_pointer (&self->by_name, g_hash_table_unref);
  g_clear_pointer (&self->entries, g_ptr_array_unref);
  g_clear_pointer (&self->metadata, g_hash_table_unref);
  g_clear_pointer (&self->file, g_mapped_file_unref);
  g_free (self);
}

guint
sb_weight_file_get_n_arrays (const SbWeightFile *self)
{
  return self->entries->len;
}

/**
 * sb_weight_file_get_array:
 * @self: a file
 * @index: below sb_weight_file_get_n_arrays()
 *
 * Returns: (transfer none): the arrays one by one, in PyTorch's files in their order
 */
const SbWeightArray *
sb_weight_file_get_array (const SbWeightFile *self, guint index)
{
  return &((const SbWeightEntry *) g_ptr_array_index (self->entries, index))->array;
}

/**
 * sb_weight_file_find:
 * @self: a file
 * @name: an array's name
 *
 * Returns: (transfer none) (nullable): that array
 */
const SbWeightArray *
sb_weight_file_find (const SbWeightFile *self, const char *name)
{
  const SbWeightEntry *entry = g_hash_table_lookup (self->by_name, name);

  return entry != NULL ? &entry->array : NULL;
}

/**
 * sb_weight_file_get_metadata:
 * @self: a file
 * @key: such as `format`
 *
 * Returns: (transfer none) (nullable): what a safetensors file says of itself
 */
const char *
sb_weight_file_get_metadata (const SbWeightFile *self, const char *key)
{
  return g_hash_table_lookup (self->metadata, key);
}
