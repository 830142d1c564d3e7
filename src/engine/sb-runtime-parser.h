/* sb-runtime-parser.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  SB_RUNTIME_PARSER_MORE,
  SB_RUNTIME_PARSER_DONE,
  SB_RUNTIME_PARSER_TOO_LARGE,
  SB_RUNTIME_PARSER_BAD,
} SbRuntimeParserResult;

/**
 * SbRuntimeParser:
 * @status: HTTP status of the answer
 * @keep_alive: whether the connection may carry another request
 * @content_type: (nullable): owned
 * @custom_attributes: (nullable): owned
 * @n_received: bytes seen since the last reset
 *
 * An incremental parser of one HTTP/1.1 answer after another. The first five members may be read.
 */
typedef struct
{
  guint status;
  gboolean keep_alive;
  char *content_type;
  char *custom_attributes;
  gsize n_received;

  /*< private >*/
  GByteArray *head;
  GByteArray *body;
  int state;
  gsize remaining;
  gsize max_body;
  GString *line;
} SbRuntimeParser;

void sb_runtime_parser_init (SbRuntimeParser *self, gsize max_body);
void sb_runtime_parser_clear (SbRuntimeParser *self);
void sb_runtime_parser_reset (SbRuntimeParser *self);
SbRuntimeParserResult
sb_runtime_parser_push (SbRuntimeParser *self, const char *data, gsize length);
gboolean sb_runtime_parser_finish (SbRuntimeParser *self);
GBytes *sb_runtime_parser_steal_body (SbRuntimeParser *self);

G_END_DECLS
