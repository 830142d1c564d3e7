/* sb-weight-torch.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What PyTorch's torch.save() writes of a state dict: since version 1.6 a zip archive with a pickle
 * and a member for each storage, before that several pickles and all storages behind them.
 */

#include "config.h"

#include <string.h>

#include "formats/sb-little-endian.h"
#include "formats/sb-pickle.h"
#include "formats/sb-weight-file-private.h"
#include "formats/sb-zip-index.h"

#define PICKLE     "data.pkl"
#define ENDIANNESS "byteorder"
/* The first pickle of a file without zip: 0x1950a86a20f9469cfc6c. */
#define MAGIC        "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
#define MAGIC_LENGTH 14
/* The numbers and its dimensions, then what a state dict has no need of. */
#define TENSOR_ITEMS  4
#define STORAGE_ITEMS 5
/* A checkpoint within a checkpoint is as deep as it gets. */
#define MAX_NESTING 3
#define PREFIX      "module."

/* All that a state dict of tensors names. */
enum
{
  ORDERED_DICT,
  REBUILD_TENSOR,
  REBUILD_PARAMETER,
  FIRST_STORAGE,
};

static const char *const allowed[] = {
  "collections.OrderedDict",
  "torch._utils._rebuild_tensor_v2",
  "torch._utils._rebuild_parameter",
  "torch.FloatStorage",
  "torch.HalfStorage",
  "torch.BFloat16Storage",
  "torch.DoubleStorage",
  "torch.LongStorage",
  "torch.IntStorage",
  "torch.ShortStorage",
  "torch.CharStorage",
  "torch.ByteStorage",
  "torch.BoolStorage",
  NULL,
};

static const SbWeightType storage_types[] = {
  SB_WEIGHT_FLOAT32, SB_WEIGHT_FLOAT16, SB_WEIGHT_BFLOAT16, SB_WEIGHT_FLOAT64, SB_WEIGHT_INT64,
  SB_WEIGHT_INT32,   SB_WEIGHT_INT16,   SB_WEIGHT_INT8,     SB_WEIGHT_UINT8,   SB_WEIGHT_BOOL,
};

static const char *const nested[] = { "state_dict", "model_state_dict", "model" };

typedef struct
{
  SbWeightFile *file;
  GHashTable *members; /* (element-type utf8 SbZipMember): the storages by their keys */
  const char *prefix;  /* of a storage's name */
  GError **error;
} Reader;

static char *
dup_text (const SbPickleValue *value)
{
  if (value == NULL || value->kind != SB_PICKLE_STRING ||
      !g_utf8_validate_len (value->text, value->length, NULL))
    return NULL;
  return g_strndup (value->text, value->length);
}

/* ("storage", torch.FloatStorage, key, device, how many numbers), and nothing or None behind it. */
static gboolean
parse_storage (const SbPickleValue *value, char **key, SbWeightType *type, guint64 *length)
{
  const SbPickleValue *tuple =
      value != NULL && value->kind == SB_PICKLE_PERSISTENT ? value->argument : NULL;
  const SbPickleValue *kind, *count, *more;

  if (tuple == NULL || tuple->kind != SB_PICKLE_TUPLE ||
      sb_pickle_value_get_n_items (tuple) < STORAGE_ITEMS ||
      !sb_pickle_value_is_text (sb_pickle_value_get_item (tuple, 0), "storage"))
    return FALSE;
  kind = sb_pickle_value_get_item (tuple, 1);
  count = sb_pickle_value_get_item (tuple, 4);
  more = sb_pickle_value_get_item (tuple, 5);
  if (kind->kind != SB_PICKLE_GLOBAL || kind->number < FIRST_STORAGE ||
      count->kind != SB_PICKLE_INT || count->number < 0 ||
      (more != NULL && more->kind != SB_PICKLE_NONE))
    return FALSE;
  *type = storage_types[kind->number - FIRST_STORAGE];
  if (!g_uint64_checked_mul (length, (guint64) count->number, _sb_weight_type_get_width (*type)))
    return FALSE;
  *key = dup_text (sb_pickle_value_get_item (tuple, 2));
  return *key != NULL;
}

static gboolean
find_storage (Reader *self, const char *name, const SbPickleValue *value, SbWeightStorage *storage)
{
  g_autofree char *key = NULL;
  g_autofree char *whole = NULL;
  const SbZipMember *member;
  guint64 length;

  if (!parse_storage (value, &key, &storage->type, &length))
    return _sb_weight_fail (self->error, "where the numbers of “%s” are cannot be read", name);
  whole = g_strconcat (self->prefix, key, NULL);
  member = g_hash_table_lookup (self->members, whole);
  if (member == NULL)
    return _sb_weight_fail (self->error, "the numbers of “%s” are missing", name);
  if (member->data == NULL)
    return _sb_weight_fail (self->error,
                            "the numbers of “%s” are packed or encrypted, which PyTorch never does",
                            name);
  if (length > member->length)
    return _sb_weight_fail (self->error, "the numbers of “%s” are cut off", name);
  storage->data = member->data;
  storage->length = (gsize) length;
  return TRUE;
}

static gboolean
read_dims (const SbPickleValue *tuple, guint *n, gint64 *dims)
{
  *n = tuple != NULL ? sb_pickle_value_get_n_items (tuple) : 0;
  if (tuple == NULL || tuple->kind != SB_PICKLE_TUPLE || *n > SB_WEIGHT_MAX_DIMS)
    return FALSE;
  for (guint i = 0; i < *n; i++)
    {
      const SbPickleValue *dim = sb_pickle_value_get_item (tuple, i);

      if (dim->kind != SB_PICKLE_INT)
        return FALSE;
      dims[i] = dim->number;
    }
  return TRUE;
}

/* A parameter is a tensor that is wrapped. */
static const SbPickleValue *
unwrap (const SbPickleValue *value)
{
  if (value != NULL && value->kind == SB_PICKLE_CALL && value->number == REBUILD_PARAMETER)
    value = sb_pickle_value_get_item (value->argument, 0);
  return value;
}

static gboolean
is_tensor (const SbPickleValue *value)
{
  value = unwrap (value);
  return value != NULL && value->kind == SB_PICKLE_CALL && value->number == REBUILD_TENSOR;
}

static gboolean
is_dict (const SbPickleValue *value)
{
  return value != NULL && (value->kind == SB_PICKLE_DICT ||
                           (value->kind == SB_PICKLE_CALL && value->number == ORDERED_DICT));
}

static gboolean
add_tensor (Reader *self, const SbPickleValue *key, const SbPickleValue *value)
{
  const SbPickleValue *arguments = unwrap (value)->argument, *offset;
  g_autofree char *name = dup_text (key);
  const char *shown = name;
  SbWeightView view = { 0 };
  SbWeightStorage storage;
  guint n_strides;

  if (name == NULL)
    return _sb_weight_fail (self->error, "a tensor has no name");
  if (g_str_has_prefix (name, PREFIX))
    shown += strlen (PREFIX);
  offset = sb_pickle_value_get_item (arguments, 1);
  if (sb_pickle_value_get_n_items (arguments) < TENSOR_ITEMS || offset->kind != SB_PICKLE_INT ||
      !read_dims (sb_pickle_value_get_item (arguments, 2), &view.n_dims, view.dims) ||
      !read_dims (sb_pickle_value_get_item (arguments, 3), &n_strides, view.strides) ||
      n_strides != view.n_dims)
    return _sb_weight_fail (self->error, "the shape of “%s” cannot be read", name);
  view.offset = offset->number;
  return find_storage (self, name, sb_pickle_value_get_item (arguments, 0), &storage) &&
         _sb_weight_file_add (self->file, shown, &storage, &view, self->error);
}

/* The state dict itself, or a checkpoint that has it under one of the usual names. */
static const SbPickleValue *
find_state (const SbPickleValue *value)
{
  for (guint depth = 0; depth < MAX_NESTING; depth++)
    {
      const SbPickleValue *inner = NULL;

      for (guint i = 0; is_dict (value) && inner == NULL && i < G_N_ELEMENTS (nested); i++)
        inner = sb_pickle_value_find (value, nested[i]);
      if (!is_dict (inner))
        break;
      value = inner;
    }
  return value;
}

static gboolean
read_state (Reader *self, const SbPickleValue *root)
{
  const SbPickleValue *state = find_state (root);

  if (!is_dict (state))
    return _sb_weight_fail (self->error, "this is no state dict: save model.state_dict() instead");
  for (guint i = 0; i + 1 < sb_pickle_value_get_n_items (state); i += 2)
    if (is_tensor (sb_pickle_value_get_item (state, i + 1)) &&
        !add_tensor (self,
                     sb_pickle_value_get_item (state, i),
                     sb_pickle_value_get_item (state, i + 1)))
      return FALSE;
  if (self->file->entries->len > 0)
    return TRUE;
  return _sb_weight_fail (self->error, "there are no weights in it");
}

/* "archive/data.pkl"; its folder may be called otherwise. */
static char *
find_folder (GHashTable *members)
{
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, members);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      const char *slash = strchr (name, '/');

      if (slash != NULL && strcmp (slash + 1, PICKLE) == 0)
        return g_strndup (name, (gsize) (slash + 1 - (const char *) name));
    }
  return NULL;
}

static const SbZipMember *
find_member (GHashTable *members, const char *folder, const char *name)
{
  g_autofree char *whole = g_strconcat (folder, name, NULL);

  return g_hash_table_lookup (members, whole);
}

static gboolean
read_zip (Reader *self, const guint8 *data, gsize length)
{
  g_autoptr (GHashTable) members = sb_zip_index (data, length, self->error);
  g_autofree char *folder = members != NULL ? find_folder (members) : NULL;
  g_autofree char *prefix = g_strconcat (folder != NULL ? folder : "", "data/", NULL);
  g_autoptr (SbPickle) pickle = NULL;
  const SbZipMember *member, *order;

  if (members == NULL)
    return FALSE;
  member = folder != NULL ? find_member (members, folder, PICKLE) : NULL;
  if (member == NULL || member->data == NULL)
    return _sb_weight_fail (self->error, "this zip archive is none that PyTorch has written");
  order = find_member (members, folder, ENDIANNESS);
  if (order != NULL && order->data != NULL && order->length == 3 &&
      memcmp (order->data, "big", 3) == 0)
    return _sb_weight_fail (self->error, "its numbers have their greatest byte first");
  pickle = sb_pickle_read (member->data, member->length, allowed, self->error);
  self->members = members;
  self->prefix = prefix;
  return pickle != NULL && read_state (self, pickle->root);
}

/* Of every storage that is named, its type; nobody but the pickle knows it. */
static GHashTable *
list_types (const SbPickle *pickle)
{
  GHashTable *types = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < pickle->values->len; i++)
    {
      SbWeightType type;
      guint64 length;
      char *key;

      if (parse_storage (g_ptr_array_index (pickle->values, i), &key, &type, &length))
        g_hash_table_insert (types, key, GUINT_TO_POINTER (type));
    }
  return types;
}

/* Behind the pickles: of every storage the number of its numbers, and these. */
static GHashTable *
list_storages (const SbPickle *keys, GHashTable *types, const guint8 *data, gsize length)
{
  g_autoptr (GHashTable) members = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  guint64 count, bytes;

  for (guint i = 0; i < sb_pickle_value_get_n_items (keys->root); i++)
    {
      g_autofree char *key = dup_text (sb_pickle_value_get_item (keys->root, i));
      SbZipMember *member;
      gpointer type;

      if (key == NULL || !g_hash_table_lookup_extended (types, key, NULL, &type) ||
          length < sizeof count)
        return NULL;
      count = sb_le_get_64 (data);
      data += sizeof count;
      length -= sizeof count;
      if (!g_uint64_checked_mul (&bytes,
                                 count,
                                 _sb_weight_type_get_width (GPOINTER_TO_UINT (type))) ||
          bytes > length)
        return NULL;
      member = g_new (SbZipMember, 1);
      *member = (SbZipMember){ data, (gsize) bytes };
      g_hash_table_replace (members, g_steal_pointer (&key), member);
      data += bytes;
      length -= (gsize) bytes;
    }
  return g_steal_pointer (&members);
}

/* Magic number, version, facts of the machine; then the state dict, and the storages' keys. */
static gboolean
read_legacy (Reader *self, const guint8 *data, gsize length)
{
  SbPickle *pickles[5] = { NULL };
  g_autoptr (GHashTable) types = NULL;
  g_autoptr (GHashTable) members = NULL;
  gboolean fine = TRUE;

  for (guint i = 0; fine && i < G_N_ELEMENTS (pickles); i++)
    {
      pickles[i] = sb_pickle_read (data, length, allowed, self->error);
      fine = pickles[i] != NULL;
      data += fine ? pickles[i]->length : 0;
      length -= fine ? pickles[i]->length : 0;
    }
  if (fine)
    {
      types = list_types (pickles[3]);
      members = list_storages (pickles[4], types, data, length);
      self->members = members;
      self->prefix = "";
      fine = members != NULL ? read_state (self, pickles[3]->root)
                             : _sb_weight_fail (self->error, "its numbers are cut off");
    }
  for (guint i = 0; i < G_N_ELEMENTS (pickles); i++)
    g_clear_pointer (&pickles[i], sb_pickle_free);
  return fine;
}

static gboolean
is_legacy (const guint8 *data, gsize length)
{
  return length > MAGIC_LENGTH && memcmp (data, MAGIC, MAGIC_LENGTH) == 0;
}

gboolean
_sb_torch_is (const guint8 *data, gsize length)
{
  return sb_zip_is (data, length) || is_legacy (data, length);
}

/*< private >
 * _sb_torch_read:
 * @self: a file that is being opened
 * @error: %SB_FORMAT_ERROR_INVALID, which says what was refused
 *
 * Returns: whether it is a state dict whose tensors are all there
 */
gboolean
_sb_torch_read (SbWeightFile *self, GError **error)
{
  const guint8 *data = (const guint8 *) g_mapped_file_get_contents (self->file);
  gsize length = g_mapped_file_get_length (self->file);
  Reader reader = { .file = self, .error = error };

  return is_legacy (data, length) ? read_legacy (&reader, data, length)
                                  : read_zip (&reader, data, length);
}
