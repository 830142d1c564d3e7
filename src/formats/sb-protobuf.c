/* sb-protobuf.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "formats/sb-protobuf.h"

#include <string.h>

enum
{
  WIRE_VARINT = 0,
  WIRE_64 = 1,
  WIRE_BYTES = 2,
  WIRE_32 = 5,
};

/**
 * sb_proto_next_number:
 * @self: packed numbers
 * @value: (out): the next one
 * @broken: (inout): set when what is there is none
 *
 * Returns: whether there was one
 */
gboolean
sb_proto_next_number (SbProtoReader *self, guint64 *value, gboolean *broken)
{
  guint64 result = 0;

  if (*broken || self->at == self->end)
    return FALSE;
  for (guint shift = 0; shift < 64 && self->at < self->end; shift += 7)
    {
      guint8 byte = *self->at++;

      result |= (guint64) (byte & 0x7f) << shift;
      if ((byte & 0x80) == 0)
        {
          *value = result;
          return TRUE;
        }
    }
  *broken = TRUE;
  return FALSE;
}

static gboolean
take_fixed (SbProtoReader *self, gsize width, SbProtoField *field)
{
  guint64 bits = 0;

  if ((gsize) (self->end - self->at) < width)
    return FALSE;
  for (gsize i = 0; i < width; i++)
    bits |= (guint64) self->at[i] << (8 * i);
  field->value = bits;
  self->at += width;
  return TRUE;
}

static gboolean
take_bytes (SbProtoReader *self, SbProtoField *field, gboolean *broken)
{
  guint64 length;

  if (!sb_proto_next_number (self, &length, broken) || length > (guint64) (self->end - self->at))
    return FALSE;
  field->is_bytes = TRUE;
  field->bytes = (SbProtoReader){ self->at, self->at + length };
  self->at += length;
  return TRUE;
}

/**
 * sb_proto_next:
 * @self: a message
 * @field: (out): its next field
 * @broken: (inout): set when what is there is no field; %FALSE before the first
 *
 * Returns: whether there was one
 */
gboolean
sb_proto_next (SbProtoReader *self, SbProtoField *field, gboolean *broken)
{
  guint64 tag;
  gboolean fine = FALSE;

  *field = (SbProtoField){ 0 };
  if (!sb_proto_next_number (self, &tag, broken))
    return FALSE;
  field->number = (guint) (tag >> 3);
  switch (tag & 7)
    {
    case WIRE_VARINT:
      fine = sb_proto_next_number (self, &field->value, broken);
      break;
    case WIRE_64:
      fine = take_fixed (self, 8, field);
      break;
    case WIRE_32:
      fine = take_fixed (self, 4, field);
      break;
    case WIRE_BYTES:
      fine = take_bytes (self, field, broken);
      break;
    default:
      break;
    }
  *broken = *broken || !fine;
  return fine;
}

/**
 * sb_proto_dup_string:
 * @bytes: of a string
 *
 * Returns: (transfer full): it, up to a zero that should not be there
 */
char *
sb_proto_dup_string (const SbProtoReader *bytes)
{
  return g_strndup ((const char *) bytes->at, (gsize) (bytes->end - bytes->at));
}

static void
add_varint (GByteArray *out, guint64 value)
{
  do
    {
      guint8 byte = (guint8) ((value & 0x7f) | (value > 0x7f ? 0x80 : 0));

      g_byte_array_append (out, &byte, 1);
      value >>= 7;
    }
  while (value > 0);
}

void
sb_proto_add_number (GByteArray *out, guint number, guint64 value)
{
  add_varint (out, (guint64) number << 3 | WIRE_VARINT);
  add_varint (out, value);
}

void
sb_proto_add_float (GByteArray *out, guint number, float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  bits = GUINT32_TO_LE (bits);
  add_varint (out, (guint64) number << 3 | WIRE_32);
  g_byte_array_append (out, (const guint8 *) &bits, sizeof bits);
}

void
sb_proto_add_bytes (GByteArray *out, guint number, const void *data, gsize length)
{
  add_varint (out, (guint64) number << 3 | WIRE_BYTES);
  add_varint (out, length);
  g_byte_array_append (out, data, (guint) length);
}

void
sb_proto_add_string (GByteArray *out, guint number, const char *text)
{
  sb_proto_add_bytes (out, number, text, strlen (text));
}

/**
 * sb_proto_add_message:
 * @out: the message around it
 * @number: of the field
 * @message: (transfer full): what is added
 */
void
sb_proto_add_message (GByteArray *out, guint number, GByteArray *message)
{
  sb_proto_add_bytes (out, number, message->data, message->len);
  g_byte_array_unref (message);
}
