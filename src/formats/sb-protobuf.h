/* sb-protobuf.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Protocol buffers on the wire, as far as ONNX files need them: no descriptions, no generated code.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbProtoReader:
 * @at: what comes next
 * @end: behind the message
 *
 * A message that is being read; the memory is somebody else's.
 */
typedef struct
{
  const guint8 *at;
  const guint8 *end;
} SbProtoReader;

/**
 * SbProtoField:
 * @number: of the field
 * @value: of a number; the bits of one of fixed width
 * @is_bytes: whether it is a string, bytes or a message, which @bytes has
 * @bytes: them
 */
typedef struct
{
  guint number;
  guint64 value;
  gboolean is_bytes;
  SbProtoReader bytes;
} SbProtoField;

gboolean sb_proto_next (SbProtoReader *self, SbProtoField *field, gboolean *broken);
gboolean sb_proto_next_number (SbProtoReader *self, guint64 *value, gboolean *broken);
char *sb_proto_dup_string (const SbProtoReader *bytes);

void sb_proto_add_number (GByteArray *out, guint number, guint64 value);
void sb_proto_add_float (GByteArray *out, guint number, float value);
void sb_proto_add_bytes (GByteArray *out, guint number, const void *data, gsize length);
void sb_proto_add_string (GByteArray *out, guint number, const char *text);
void sb_proto_add_message (GByteArray *out, guint number, GByteArray *message);

G_END_DECLS
