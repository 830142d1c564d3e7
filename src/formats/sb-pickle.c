/* sb-pickle.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "formats/sb-pickle.h"

#include <string.h>

#define MAX_LENGTH (64 * 1024 * 1024)
/* Far more than the largest network here needs. */
#define MAX_VALUES   400000
#define MAX_PROTOCOL 5
/* Of a name that is quoted in an error. */
#define MAX_QUOTED 80

/* The instructions that data needs, as Python's pickletools calls them. */
enum
{
  MARK = '(',
  STOP = '.',
  REDUCE = 'R',
  BINPERSID = 'Q',
  GLOBAL = 'c',
  STACK_GLOBAL = 0x93,
  BUILD = 'b',
  SETITEM = 's',
  SETITEMS = 'u',
  APPEND = 'a',
  APPENDS = 'e',
  EMPTY_DICT = '}',
  EMPTY_LIST = ']',
  EMPTY_TUPLE = ')',
  TUPLE = 't',
  TUPLE1 = 0x85,
  TUPLE2 = 0x86,
  TUPLE3 = 0x87,
  NONE = 'N',
  NEWTRUE = 0x88,
  NEWFALSE = 0x89,
  BININT = 'J',
  BININT1 = 'K',
  BININT2 = 'M',
  LONG1 = 0x8a,
  BINFLOAT = 'G',
  BINUNICODE = 'X',
  SHORT_BINUNICODE = 0x8c,
  BINUNICODE8 = 0x8d,
  BINSTRING = 'T',
  SHORT_BINSTRING = 'U',
  BINPUT = 'q',
  LONG_BINPUT = 'r',
  BINGET = 'h',
  LONG_BINGET = 'j',
  MEMOIZE = 0x94,
  PROTO = 0x80,
  FRAME = 0x95,
};

typedef struct
{
  const guint8 *data;
  gsize length;
  gsize at;
  const char *const *allowed;
  GPtrArray *values;
  GPtrArray *stack;
  GArray *marks; /* (element-type guint): heights of the stack */
  GHashTable *memo;
  GError **error;
} Reader;

static gboolean fail (Reader *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
fail (Reader *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_propagate_error (self->error,
                     g_error_new_valist (SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID, format, args));
  va_end (args);
  return FALSE;
}

static gboolean
fail_damaged (Reader *self)
{
  return fail (self, "the pickle is damaged at byte %" G_GSIZE_FORMAT, self->at);
}

static void
value_free (gpointer data)
{
  SbPickleValue *value = data;

  g_clear_pointer (&value->items, g_ptr_array_unref);
  g_free (value);
}

static SbPickleValue *
push (Reader *self, SbPickleKind kind)
{
  SbPickleValue *value = g_new0 (SbPickleValue, 1);

  value->kind = kind;
  g_ptr_array_add (self->values, value);
  g_ptr_array_add (self->stack, value);
  return value;
}

static gboolean
push_number (Reader *self, SbPickleKind kind, gint64 number)
{
  push (self, kind)->number = number;
  return TRUE;
}

/* Below the last mark nothing is taken away. */
static guint
get_floor (Reader *self)
{
  return self->marks->len > 0 ? g_array_index (self->marks, guint, self->marks->len - 1) : 0;
}

static SbPickleValue *
peek (Reader *self)
{
  guint n = self->stack->len;

  return n > get_floor (self) ? g_ptr_array_index (self->stack, n - 1) : NULL;
}

static SbPickleValue *
pop (Reader *self)
{
  SbPickleValue *value = peek (self);

  if (value != NULL)
    g_ptr_array_set_size (self->stack, (int) self->stack->len - 1);
  return value;
}

/* Takes the mark away; what is above it stays on the stack from *first on. */
static gboolean
pop_mark (Reader *self, guint *first)
{
  if (self->marks->len == 0)
    return FALSE;
  *first = get_floor (self);
  g_array_set_size (self->marks, self->marks->len - 1);
  return TRUE;
}

static const guint8 *
take (Reader *self, guint64 n)
{
  const guint8 *p = self->data + self->at;

  if (n > self->length - self->at)
    return NULL;
  self->at += n;
  return p;
}

/* A number of so many bytes, the least first. */
static gboolean
take_number (Reader *self, guint n, guint64 *number)
{
  const guint8 *p = take (self, n);

  *number = 0;
  for (guint i = 0; p != NULL && i < n; i++)
    *number |= (guint64) p[i] << (8 * i);
  return p != NULL;
}

static gboolean
read_text (Reader *self, guint width)
{
  guint64 n;
  const guint8 *p = take_number (self, width, &n) ? take (self, n) : NULL;
  SbPickleValue *value;

  if (p == NULL)
    return fail_damaged (self);
  value = push (self, SB_PICKLE_STRING);
  value->text = (const char *) p;
  value->length = (gsize) n;
  return TRUE;
}

static gboolean
read_int (Reader *self, guint width)
{
  guint64 number;

  if (!take_number (self, width, &number))
    return fail_damaged (self);
  return push_number (self,
                      SB_PICKLE_INT,
                      width == 4 ? (gint32) (guint32) number : (gint64) number);
}

static gboolean
read_long (Reader *self)
{
  guint64 n, bits = 0;
  const guint8 *p = take_number (self, 1, &n) ? take (self, n) : NULL;
  SbPickleValue *value;

  if (p == NULL)
    return fail_damaged (self);
  if (n <= 8)
    {
      for (guint i = 0; i < 8; i++)
        bits |= (guint64) (i < n ? p[i] : n > 0 && p[n - 1] > 127 ? 0xff : 0) << (8 * i);
      return push_number (self, SB_PICKLE_INT, (gint64) bits);
    }
  value = push (self, SB_PICKLE_BIG);
  value->text = (const char *) p;
  value->length = (gsize) n;
  return TRUE;
}

static gboolean
read_float (Reader *self)
{
  const guint8 *p = take (self, 8);
  guint64 bits;

  if (p == NULL)
    return fail_damaged (self);
  memcpy (&bits, p, sizeof bits);
  bits = GUINT64_FROM_BE (bits);
  memcpy (&push (self, SB_PICKLE_FLOAT)->real, &bits, sizeof bits);
  return TRUE;
}

static gboolean
allow (Reader *self, const char *module, gsize module_length, const char *name, gsize name_length)
{
  g_autofree char *first = g_utf8_make_valid (module, (gssize) MIN (module_length, MAX_QUOTED));
  g_autofree char *second = g_utf8_make_valid (name, (gssize) MIN (name_length, MAX_QUOTED));
  g_autofree char *whole = g_strdup_printf ("%s.%s", first, second);

  for (guint i = 0; self->allowed[i] != NULL; i++)
    if (strcmp (self->allowed[i], whole) == 0)
      return push_number (self, SB_PICKLE_GLOBAL, i);
  return fail (self,
               "it asks for “%s”, which weights have no need of. A file that could run code is "
               "refused.",
               whole);
}

static gboolean
take_line (Reader *self, const char **text, gsize *length)
{
  const guint8 *begin = self->data + self->at;
  const guint8 *end = memchr (begin, '\n', self->length - self->at);

  if (end == NULL)
    return FALSE;
  *text = (const char *) begin;
  *length = (gsize) (end - begin);
  self->at += *length + 1;
  return TRUE;
}

static gboolean
read_global (Reader *self)
{
  const char *module, *name;
  gsize module_length, name_length;

  if (!take_line (self, &module, &module_length) || !take_line (self, &name, &name_length))
    return fail_damaged (self);
  return allow (self, module, module_length, name, name_length);
}

static gboolean
read_stack_global (Reader *self)
{
  SbPickleValue *name = pop (self), *module = pop (self);

  if (module == NULL || module->kind != SB_PICKLE_STRING || name->kind != SB_PICKLE_STRING)
    return fail_damaged (self);
  return allow (self, module->text, module->length, name->text, name->length);
}

static gboolean
reduce (Reader *self)
{
  SbPickleValue *argument = pop (self), *function = pop (self), *call;

  if (function == NULL || argument->kind != SB_PICKLE_TUPLE || function->kind != SB_PICKLE_GLOBAL)
    return fail_damaged (self);
  call = push (self, SB_PICKLE_CALL);
  call->number = function->number;
  call->argument = argument;
  return TRUE;
}

static gboolean
read_persistent (Reader *self)
{
  SbPickleValue *argument = pop (self);

  if (argument == NULL)
    return fail_damaged (self);
  push (self, SB_PICKLE_PERSISTENT)->argument = argument;
  return TRUE;
}

static void
add_item (SbPickleValue *value, SbPickleValue *item)
{
  if (value->items == NULL)
    value->items = g_ptr_array_new ();
  g_ptr_array_add (value->items, item);
}

static gboolean
make_tuple (Reader *self, guint first)
{
  guint n = self->stack->len;
  g_autoptr (GPtrArray) items = NULL;

  if (first < get_floor (self) || first > n)
    return fail_damaged (self);
  items = g_ptr_array_sized_new (n - first);
  for (guint i = first; i < n; i++)
    g_ptr_array_add (items, g_ptr_array_index (self->stack, i));
  g_ptr_array_set_size (self->stack, (int) first);
  push (self, SB_PICKLE_TUPLE)->items = g_steal_pointer (&items);
  return TRUE;
}

static gboolean
make_small_tuple (Reader *self, guint n)
{
  return self->stack->len >= n ? make_tuple (self, self->stack->len - n) : fail_damaged (self);
}

static gboolean
make_marked_tuple (Reader *self)
{
  guint first;

  return pop_mark (self, &first) ? make_tuple (self, first) : fail_damaged (self);
}

/* Puts what is on the stack from first on into the list or dict below it. */
static gboolean
fill (Reader *self, guint first, gboolean pairs)
{
  guint n = self->stack->len;
  SbPickleValue *value;

  if (first == 0 || first - 1 < get_floor (self) || first > n || (pairs && (n - first) % 2 != 0))
    return fail_damaged (self);
  value = g_ptr_array_index (self->stack, first - 1);
  if (pairs ? value->kind != SB_PICKLE_DICT && value->kind != SB_PICKLE_CALL
            : value->kind != SB_PICKLE_LIST)
    return fail_damaged (self);
  for (guint i = first; i < n; i++)
    add_item (value, g_ptr_array_index (self->stack, i));
  g_ptr_array_set_size (self->stack, (int) first);
  return TRUE;
}

static gboolean
fill_some (Reader *self, guint n, gboolean pairs)
{
  return self->stack->len > n ? fill (self, self->stack->len - n, pairs) : fail_damaged (self);
}

static gboolean
fill_marked (Reader *self, gboolean pairs)
{
  guint first;

  return pop_mark (self, &first) ? fill (self, first, pairs) : fail_damaged (self);
}

/* Attributes beside the items, such as the versions of modules: nobody needs them. */
static gboolean
build (Reader *self)
{
  SbPickleValue *state = pop (self), *value = peek (self);

  return state != NULL && value != NULL && value->kind == SB_PICKLE_CALL ? TRUE
                                                                         : fail_damaged (self);
}

static gboolean
put (Reader *self, guint64 index)
{
  SbPickleValue *value = peek (self);

  if (value == NULL)
    return fail_damaged (self);
  g_hash_table_insert (self->memo, GUINT_TO_POINTER ((guint) index), value);
  return TRUE;
}

static gboolean
read_put (Reader *self, guint width)
{
  guint64 index;

  return take_number (self, width, &index) ? put (self, index) : fail_damaged (self);
}

static gboolean
read_get (Reader *self, guint width)
{
  guint64 index;
  SbPickleValue *value = NULL;

  if (take_number (self, width, &index))
    value = g_hash_table_lookup (self->memo, GUINT_TO_POINTER ((guint) index));
  if (value == NULL)
    return fail_damaged (self);
  g_ptr_array_add (self->stack, value);
  return TRUE;
}

static gboolean
check_protocol (Reader *self)
{
  guint64 protocol;

  if (!take_number (self, 1, &protocol))
    return fail_damaged (self);
  if (protocol <= MAX_PROTOCOL)
    return TRUE;
  return fail (self, "its pickle is of the unknown protocol %u", (guint) protocol);
}

static gboolean
mark (Reader *self)
{
  g_array_append_val (self->marks, self->stack->len);
  return TRUE;
}

static gboolean
push_empty (Reader *self, SbPickleKind kind)
{
  push (self, kind);
  return TRUE;
}

static gboolean
skip (Reader *self, guint n)
{
  return take (self, n) != NULL ? TRUE : fail_damaged (self);
}

static gboolean
run_simple (Reader *self, guint8 code)
{
  switch (code)
    {
    case EMPTY_DICT:
      return push_empty (self, SB_PICKLE_DICT);
    case EMPTY_LIST:
      return push_empty (self, SB_PICKLE_LIST);
    case EMPTY_TUPLE:
      return push_empty (self, SB_PICKLE_TUPLE);
    case NONE:
      return push_empty (self, SB_PICKLE_NONE);
    case NEWTRUE:
      return push_number (self, SB_PICKLE_BOOL, TRUE);
    case NEWFALSE:
      return push_number (self, SB_PICKLE_BOOL, FALSE);
    case BININT:
      return read_int (self, 4);
    case BININT1:
      return read_int (self, 1);
    case BININT2:
      return read_int (self, 2);
    case LONG1:
      return read_long (self);
    case BINFLOAT:
      return read_float (self);
    case SHORT_BINUNICODE:
    case SHORT_BINSTRING:
      return read_text (self, 1);
    case BINUNICODE:
    case BINSTRING:
      return read_text (self, 4);
    case BINUNICODE8:
      return read_text (self, 8);
    default:
      return fail (self,
                   "its pickle has the instruction 0x%02x, which weights have no need of",
                   code);
    }
}

static gboolean
run (Reader *self, guint8 code)
{
  switch (code)
    {
    case PROTO:
      return check_protocol (self);
    case FRAME:
      return skip (self, 8);
    case MARK:
      return mark (self);
    case GLOBAL:
      return read_global (self);
    case STACK_GLOBAL:
      return read_stack_global (self);
    case REDUCE:
      return reduce (self);
    case BINPERSID:
      return read_persistent (self);
    case BUILD:
      return build (self);
    case SETITEM:
      return fill_some (self, 2, TRUE);
    case SETITEMS:
      return fill_marked (self, TRUE);
    case APPEND:
      return fill_some (self, 1, FALSE);
    case APPENDS:
      return fill_marked (self, FALSE);
    case TUPLE:
      return make_marked_tuple (self);
    case TUPLE1:
    case TUPLE2:
    case TUPLE3:
      return make_small_tuple (self, code - TUPLE1 + 1u);
    case BINPUT:
      return read_put (self, 1);
    case LONG_BINPUT:
      return read_put (self, 4);
    case MEMOIZE:
      return put (self, g_hash_table_size (self->memo));
    case BINGET:
      return read_get (self, 1);
    case LONG_BINGET:
      return read_get (self, 4);
    default:
      return run_simple (self, code);
    }
}

static SbPickleValue *
run_all (Reader *self)
{
  SbPickleValue *root = NULL;
  const guint8 *code;

  while ((code = take (self, 1)) != NULL && *code != STOP)
    {
      if (!run (self, *code))
        return NULL;
      if (self->values->len > MAX_VALUES || self->stack->len > MAX_VALUES)
        {
          fail (self, "its pickle holds too many values");
          return NULL;
        }
    }
  if (code != NULL && self->marks->len == 0)
    root = pop (self);
  if (root == NULL)
    fail (self, self->length == MAX_LENGTH ? "its pickle is too large" : "its pickle is cut off");
  return root;
}

/**
 * sb_pickle_read:
 * @data: a pickle, which something else may follow; has to stay while the answer is used
 * @length: its bytes
 * @allowed: (array zero-terminated=1): what it may name, such as `collections.OrderedDict`
 * @error: %SB_FORMAT_ERROR_INVALID, which says what was refused
 *
 * Reads what Python's pickle module writes in the protocols 2 to 5, as far as it is data. The
 * memory needed is bounded.
 *
 * Returns: (transfer full) (nullable): what it says
 */
SbPickle *
sb_pickle_read (const guint8 *data, gsize length, const char *const *allowed, GError **error)
{
  g_autoptr (SbPickle) pickle = g_new0 (SbPickle, 1);
  Reader reader = {
    .data = data, .length = MIN (length, MAX_LENGTH), .allowed = allowed, .error = error
  };

  pickle->values = reader.values = g_ptr_array_new_with_free_func (value_free);
  reader.stack = g_ptr_array_new ();
  reader.marks = g_array_new (FALSE, FALSE, sizeof (guint));
  reader.memo = g_hash_table_new (NULL, NULL);
  pickle->root = run_all (&reader);
  pickle->length = reader.at;
  g_ptr_array_unref (reader.stack);
  g_array_unref (reader.marks);
  g_hash_table_unref (reader.memo);
  return pickle->root != NULL ? g_steal_pointer (&pickle) : NULL;
}

void
sb_pickle_free (SbPickle *self)
{
  g_ptr_array_unref (self->values);
  g_free (self);
}

guint
sb_pickle_value_get_n_items (const SbPickleValue *self)
{
  return self->items != NULL ? self->items->len : 0;
}

/**
 * sb_pickle_value_get_item:
 * @self: a value
 * @index: any number
 *
 * Returns: (transfer none) (nullable): that item, if it has so many
 */
SbPickleValue *
sb_pickle_value_get_item (const SbPickleValue *self, guint index)
{
  return index < sb_pickle_value_get_n_items (self) ? g_ptr_array_index (self->items, index) : NULL;
}

/**
 * sb_pickle_value_is_text:
 * @self: (nullable): a value
 * @text: some text
 *
 * Returns: whether it is this very string
 */
gboolean
sb_pickle_value_is_text (const SbPickleValue *self, const char *text)
{
  return self != NULL && self->kind == SB_PICKLE_STRING && self->length == strlen (text) &&
         memcmp (self->text, text, self->length) == 0;
}

/**
 * sb_pickle_value_find:
 * @self: a dict, or what a call makes one
 * @key: a string
 *
 * Returns: (transfer none) (nullable): what it has under that key
 */
SbPickleValue *
sb_pickle_value_find (const SbPickleValue *self, const char *key)
{
  for (guint i = 0; i + 1 < sb_pickle_value_get_n_items (self); i += 2)
    if (sb_pickle_value_is_text (sb_pickle_value_get_item (self, i), key))
      return sb_pickle_value_get_item (self, i + 1);
  return NULL;
}
