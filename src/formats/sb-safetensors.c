/* sb-safetensors.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A safetensors file: the length of a header, the header in JSON, and the numbers.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#include "formats/sb-little-endian.h"
#include "formats/sb-weight-file-private.h"

#define MAX_HEADER (16 * 1024 * 1024)
/* An object of objects of lists. */
#define MAX_DEPTH     3
#define METADATA      "__metadata__"
#define ALIGNMENT     8
#define BUFFER_FLOATS 65536
/* The largest number of half precision. */
#define MAX_HALF 65504.0f

static const struct
{
  const char *name;
  SbWeightType type;
} types[] = {
  { "F16", SB_WEIGHT_FLOAT16 }, { "BF16", SB_WEIGHT_BFLOAT16 }, { "F32", SB_WEIGHT_FLOAT32 },
  { "F64", SB_WEIGHT_FLOAT64 }, { "I8", SB_WEIGHT_INT8 },       { "U8", SB_WEIGHT_UINT8 },
  { "I16", SB_WEIGHT_INT16 },   { "I32", SB_WEIGHT_INT32 },     { "I64", SB_WEIGHT_INT64 },
  { "BOOL", SB_WEIGHT_BOOL },
};

/* What json-glib's recursion could choke on is refused before: depth, and the comments it knows,
 * which could hide it. */
static gboolean
is_harmless (const char *text, gsize length)
{
  guint depth = 0;
  gboolean in_string = FALSE;

  for (gsize i = 0; i < length; i++)
    {
      if (in_string && text[i] == '\\')
        i++;
      else if (text[i] == '"')
        in_string = !in_string;
      else if (in_string)
        continue;
      else if (text[i] == '{' || text[i] == '[')
        {
          if (++depth > MAX_DEPTH)
            return FALSE;
        }
      else if (text[i] == '}' || text[i] == ']')
        depth -= depth > 0 ? 1 : 0;
      else if (strchr (" \t\r\n,:+-.", text[i]) == NULL && !g_ascii_isalnum (text[i]))
        return FALSE;
    }
  return !in_string;
}

static gboolean
get_number (JsonArray *array, guint index, gint64 *value)
{
  JsonNode *node = json_array_get_element (array, index);

  if (json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  *value = json_node_get_int (node);
  return *value >= 0;
}

static JsonArray *
get_array (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static gboolean
get_type (JsonObject *object, SbWeightType *type)
{
  JsonNode *node = json_object_get_member (object, "dtype");
  const char *name = node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
                         ? json_node_get_string (node)
                         : "";

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (strcmp (types[i].name, name) == 0)
      {
        *type = types[i].type;
        return TRUE;
      }
  return FALSE;
}

static gboolean
add_array (SbWeightFile *self,
           const char *name,
           JsonObject *object,
           const guint8 *data,
           gsize length,
           GError **error)
{
  JsonArray *shape = get_array (object, "shape"), *offsets = get_array (object, "data_offsets");
  SbWeightStorage storage = { .data = data };
  SbWeightView view = { 0 };
  gint64 begin, end;

  if (!get_type (object, &storage.type))
    return _sb_weight_fail (error, "“%s” is made of numbers that are not known", name);
  if (shape == NULL || json_array_get_length (shape) > SB_WEIGHT_MAX_DIMS || offsets == NULL ||
      json_array_get_length (offsets) != 2 || !get_number (offsets, 0, &begin) ||
      !get_number (offsets, 1, &end) || begin > end || (guint64) end > length)
    return _sb_weight_fail (error, "where “%s” is in the file cannot be read", name);
  view.n_dims = json_array_get_length (shape);
  for (guint i = 0; i < view.n_dims; i++)
    if (!get_number (shape, i, &view.dims[i]))
      return _sb_weight_fail (error, "the shape of “%s” cannot be read", name);
  _sb_weight_view_make_plain (&view);
  storage.data += begin;
  storage.length = (gsize) (end - begin);
  if (!_sb_weight_file_add (self, name, &storage, &view, error))
    return FALSE;
  if (sb_weight_file_find (self, name)->count * _sb_weight_type_get_width (storage.type) ==
      storage.length)
    return TRUE;
  return _sb_weight_fail (error, "“%s” has fewer numbers than the file holds for it", name);
}

static void
add_metadata (SbWeightFile *self, JsonObject *object)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node))
    if (json_node_get_value_type (node) == G_TYPE_STRING)
      g_hash_table_replace (self->metadata, g_strdup (name), json_node_dup_string (node));
}

static gboolean
read_header (SbWeightFile *self,
             JsonObject *header,
             const guint8 *data,
             gsize length,
             GError **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, header);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      if (!JSON_NODE_HOLDS_OBJECT (node))
        return _sb_weight_fail (error, "what “%s” is cannot be read", name);
      if (strcmp (name, METADATA) == 0)
        add_metadata (self, json_node_get_object (node));
      else if (!add_array (self, name, json_node_get_object (node), data, length, error))
        return FALSE;
    }
  return TRUE;
}

/*< private >
 * _sb_safetensors_read:
 * @self: a file that is being opened
 * @error: %SB_FORMAT_ERROR_INVALID
 *
 * Returns: whether it is a safetensors file whose arrays are all there
 */
gboolean
_sb_safetensors_read (SbWeightFile *self, GError **error)
{
  const char *data = g_mapped_file_get_contents (self->file);
  gsize length = g_mapped_file_get_length (self->file);
  g_autoptr (JsonParser) parser = json_parser_new ();
  guint64 head = 0;
  JsonNode *root = NULL;

  if (length > sizeof head)
    head = sb_le_get_64 ((const guint8 *) data);
  if (head == 0 || head > length - sizeof head)
    return _sb_weight_fail (error, "this is neither a safetensors file nor one of PyTorch’s");
  if (head > MAX_HEADER)
    return _sb_weight_fail (error, "its header is too large");
  data += sizeof head;
  length -= sizeof head;
  if (g_utf8_validate_len (data, head, NULL) && is_harmless (data, head) &&
      json_parser_load_from_data (parser, data, (gssize) head, NULL))
    root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return _sb_weight_fail (error, "its header cannot be read");
  return read_header (self,
                      json_node_get_object (root),
                      (const guint8 *) data + head,
                      length - (gsize) head,
                      error);
}

const char *
_sb_safetensors_type_name (SbWeightType type)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].type == type)
      return types[i].name;
  g_return_val_if_reached ("F32");
}

static gsize
count_values (const SbWeightSource *source)
{
  gsize count = 1;

  for (guint i = 0; i < source->n_dims; i++)
    count *= (gsize) source->dims[i];
  return count;
}

/* What half precision cannot hold would become infinite. */
static SbWeightType
choose_type (const SbWeightSource *source, SbWeightType wanted)
{
  gsize count = count_values (source);

  for (gsize i = 0; wanted == SB_WEIGHT_FLOAT16 && i < count; i++)
    if (source->values[i] > MAX_HALF || source->values[i] < -MAX_HALF)
      return SB_WEIGHT_FLOAT32;
  return wanted;
}

static JsonObject *
describe (const SbWeightSource *source, SbWeightType type, guint64 begin, guint64 end)
{
  JsonObject *json = json_object_new ();
  JsonArray *shape = json_array_new (), *offsets = json_array_new ();

  for (guint i = 0; i < source->n_dims; i++)
    json_array_add_int_element (shape, source->dims[i]);
  json_array_add_int_element (offsets, (gint64) begin);
  json_array_add_int_element (offsets, (gint64) end);
  json_object_set_string_member (json, "dtype", _sb_safetensors_type_name (type));
  json_object_set_array_member (json, "shape", shape);
  json_object_set_array_member (json, "data_offsets", offsets);
  return json;
}

static JsonObject *
describe_metadata (GHashTable *metadata)
{
  JsonObject *json = json_object_new ();
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (metadata), (GCompareFunc) strcmp);

  for (GList *l = keys; l != NULL; l = l->next)
    json_object_set_string_member (json, l->data, g_hash_table_lookup (metadata, l->data));
  return json;
}

/* With its length before it and blanks behind it, so that the numbers are aligned. */
static GString *
make_header (const SbWeightSource *sources, guint n, SbWeightType *chosen, GHashTable *metadata)
{
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  JsonObject *header = json_object_new ();
  g_autofree char *text = NULL;
  GString *out = g_string_new (NULL);
  guint64 at = 0, length;

  json_node_take_object (root, header);
  if (metadata != NULL)
    json_object_set_object_member (header, METADATA, describe_metadata (metadata));
  for (guint i = 0; i < n; i++)
    {
      guint64 end = at + count_values (&sources[i]) * _sb_weight_type_get_width (chosen[i]);

      json_object_set_object_member (header,
                                     sources[i].name,
                                     describe (&sources[i], chosen[i], at, end));
      at = end;
    }
  text = json_to_string (root, FALSE);
  g_string_append (out, text);
  while (out->len % ALIGNMENT != 0)
    g_string_append_c (out, ' ');
  length = GUINT64_TO_LE ((guint64) out->len);
  g_string_prepend_len (out, (const char *) &length, sizeof length);
  return out;
}

static guint16
float_to_half (float value)
{
  guint32 bits, sign, fraction;
  int exponent, shift;

  memcpy (&bits, &value, sizeof bits);
  sign = bits >> 16 & 0x8000;
  exponent = (int) (bits >> 23 & 0xff) - 112;
  fraction = bits & 0x7fffff;
  if (exponent == 0xff - 112)
    return (guint16) (sign | 0x7c00 | (fraction != 0 ? 0x200 : 0));
  if (exponent < -10)
    return (guint16) sign;
  shift = 13;
  if (exponent > 0)
    fraction |= (guint32) exponent << 23;
  else
    {
      fraction |= 0x800000;
      shift += 1 - exponent;
    }
  /* To the nearest, and from the middle to the even one; a carry goes into the exponent. */
  bits = fraction >> shift;
  fraction &= (1u << shift) - 1;
  if (fraction > 1u << (shift - 1) || (fraction == 1u << (shift - 1) && (bits & 1) != 0))
    bits++;
  return (guint16) (sign | MIN (bits, 0x7c00));
}

static gboolean
write_all (int fd, const void *data, gsize length)
{
  const char *at = data;

  while (length > 0)
    {
      gssize n = write (fd, at, length);

      if (n < 0 && errno != EINTR)
        return FALSE;
      if (n > 0)
        {
          at += n;
          length -= (gsize) n;
        }
    }
  return TRUE;
}

static gboolean
write_values (int fd, const SbWeightSource *source, SbWeightType type)
{
  gsize width = _sb_weight_type_get_width (type), count = count_values (source);
  g_autofree guint8 *buffer = g_malloc (BUFFER_FLOATS * sizeof (float));

  for (gsize done = 0; done < count; done += BUFFER_FLOATS)
    {
      gsize n = MIN (BUFFER_FLOATS, count - done);

      for (gsize i = 0; i < n; i++)
        if (type == SB_WEIGHT_FLOAT16)
          {
            guint16 half = GUINT16_TO_LE (float_to_half (source->values[done + i]));

            memcpy (buffer + i * width, &half, width);
          }
        else
          {
            guint32 bits;

            memcpy (&bits, &source->values[done + i], width);
            bits = GUINT32_TO_LE (bits);
            memcpy (buffer + i * width, &bits, width);
          }
      if (!write_all (fd, buffer, n * width))
        return FALSE;
    }
  return TRUE;
}

static gboolean
fail_errno (GError **error, const char *path)
{
  int code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s: %s", path, g_strerror (code));
  return FALSE;
}

/**
 * sb_weight_file_save:
 * @path: where the safetensors file goes; one that is there is replaced
 * @sources: (array length=n_sources): the arrays, each with a name of its own
 * @n_sources: how many
 * @type: %SB_WEIGHT_FLOAT32 or %SB_WEIGHT_FLOAT16
 * @metadata: (nullable) (element-type utf8 utf8): what else the file is to say, such as `format`
 * @error: a %G_IO_ERROR
 *
 * An array with a number that half precision cannot hold is written in single precision. Memory is
 * needed for the header only. On failure what was at @path is as it was.
 *
 * Returns: whether the file is there, durably
 */
gboolean
sb_weight_file_save (const char *path,
                     const SbWeightSource *sources,
                     guint n_sources,
                     SbWeightType type,
                     GHashTable *metadata,
                     GError **error)
{
  g_autofree char *part = g_strconcat (path, ".part", NULL);
  g_autofree SbWeightType *chosen = g_new (SbWeightType, n_sources);
  g_autoptr (GString) header = NULL;
  gboolean fine;
  int fd;

  g_return_val_if_fail (type == SB_WEIGHT_FLOAT32 || type == SB_WEIGHT_FLOAT16, FALSE);

  for (guint i = 0; i < n_sources; i++)
    chosen[i] = choose_type (&sources[i], type);
  header = make_header (sources, n_sources, chosen, metadata);
  fd = g_open (part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0)
    return fail_errno (error, part);
  fine = write_all (fd, header->str, header->len);
  for (guint i = 0; fine && i < n_sources; i++)
    fine = write_values (fd, &sources[i], chosen[i]);
  fine = fine && fsync (fd) == 0;
  if (!fine)
    fail_errno (error, path);
  if (close (fd) != 0 && fine)
    fine = fail_errno (error, path);
  if (fine && g_rename (part, path) != 0)
    fine = fail_errno (error, path);
  if (!fine)
    g_unlink (part);
  return fine;
}
