/* sb-pickle.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Python's pickles as plain data. A pickle is a program, and Python runs it; here nothing is run.
 * What it would call is written down as a call, and only of the few things that the reader is told
 * of: every other name, and every instruction that data does not need, is refused.
 */

#pragma once

#include "formats/sb-format-error.h"

G_BEGIN_DECLS

/**
 * SbPickleKind:
 * @SB_PICKLE_NONE: None
 * @SB_PICKLE_BOOL: in @number
 * @SB_PICKLE_INT: in @number
 * @SB_PICKLE_BIG: an integer beyond 64 bits, in @text, its least byte first
 * @SB_PICKLE_FLOAT: in @real
 * @SB_PICKLE_STRING: in @text, not always UTF-8
 * @SB_PICKLE_TUPLE: in @items
 * @SB_PICKLE_LIST: in @items
 * @SB_PICKLE_DICT: in @items, each key followed by its value
 * @SB_PICKLE_GLOBAL: a name that is allowed: @number is its index
 * @SB_PICKLE_CALL: what is called is the name of index @number, with the tuple @argument; what is
 *   put into the outcome as into a dict is in @items
 * @SB_PICKLE_PERSISTENT: something outside the pickle, which @argument describes
 */
typedef enum
{
  SB_PICKLE_NONE,
  SB_PICKLE_BOOL,
  SB_PICKLE_INT,
  SB_PICKLE_BIG,
  SB_PICKLE_FLOAT,
  SB_PICKLE_STRING,
  SB_PICKLE_TUPLE,
  SB_PICKLE_LIST,
  SB_PICKLE_DICT,
  SB_PICKLE_GLOBAL,
  SB_PICKLE_CALL,
  SB_PICKLE_PERSISTENT,
} SbPickleKind;

/**
 * SbPickleValue:
 *
 * A value; which members are in use says its kind. It belongs to its SbPickle. A value may contain
 * itself: never follow values without a limit.
 */
typedef struct _SbPickleValue SbPickleValue;

struct _SbPickleValue
{
  SbPickleKind kind;
  gint64 number;
  double real;
  const char *text; /* not terminated: bytes of the pickle */
  gsize length;
  GPtrArray *items; /* (nullable) (element-type SbPickleValue) */
  SbPickleValue *argument;
};

/**
 * SbPickle:
 * @values: (element-type SbPickleValue): every value that there is
 * @root: the outcome
 * @length: bytes of the pickle; others may follow it
 */
typedef struct
{
  GPtrArray *values;
  SbPickleValue *root;
  gsize length;
} SbPickle;

SbPickle *
sb_pickle_read (const guint8 *data, gsize length, const char *const *allowed, GError **error);
void sb_pickle_free (SbPickle *self);
guint sb_pickle_value_get_n_items (const SbPickleValue *self);
SbPickleValue *sb_pickle_value_get_item (const SbPickleValue *self, guint index);
gboolean sb_pickle_value_is_text (const SbPickleValue *self, const char *text);
SbPickleValue *sb_pickle_value_find (const SbPickleValue *self, const char *key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbPickle, sb_pickle_free)

G_END_DECLS
