/* sb-runtime-parser.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-runtime-parser.h"

#include <string.h>

#define MAX_HEAD (64 * 1024)
#define MAX_LINE 1024

enum
{
  STATE_HEAD,
  STATE_LENGTH,
  STATE_UNTIL_CLOSE,
  STATE_CHUNK_SIZE,
  STATE_CHUNK,
  STATE_CHUNK_END,
  STATE_TRAILER,
  STATE_DONE,
  STATE_BAD,
  STATE_TOO_LARGE,
};

typedef struct
{
  gboolean has_length;
  gboolean chunked;
} Framing;

void
sb_runtime_parser_init (SbRuntimeParser *self, gsize max_body)
{
  memset (self, 0, sizeof *self);
  self->max_body = max_body;
  self->head = g_byte_array_new ();
  self->body = g_byte_array_new ();
  self->line = g_string_new (NULL);
  sb_runtime_parser_reset (self);
}

void
sb_runtime_parser_clear (SbRuntimeParser *self)
{
  g_clear_pointer (&self->content_type, g_free);
  g_clear_pointer (&self->custom_attributes, g_free);
  g_clear_pointer (&self->head, g_byte_array_unref);
  g_clear_pointer (&self->body, g_byte_array_unref);
  if (self->line != NULL)
    g_string_free (g_steal_pointer (&self->line), TRUE);
}

/**
 * sb_runtime_parser_reset:
 * @self: a parser
 *
 * Makes ready for the next answer.
 */
void
sb_runtime_parser_reset (SbRuntimeParser *self)
{
  self->status = 0;
  self->keep_alive = TRUE;
  self->n_received = 0;
  self->state = STATE_HEAD;
  self->remaining = 0;
  g_clear_pointer (&self->content_type, g_free);
  g_clear_pointer (&self->custom_attributes, g_free);
  g_byte_array_set_size (self->head, 0);
  g_byte_array_set_size (self->body, 0);
  g_string_truncate (self->line, 0);
}

static gboolean
parse_status_line (SbRuntimeParser *self, const char *line)
{
  guint64 status;

  if (strncmp (line, "HTTP/1.", 7) != 0 || !g_ascii_isdigit (line[7]) || line[8] != ' ')
    return FALSE;
  self->keep_alive = line[7] != '0';
  status = g_ascii_strtoull (line + 9, NULL, 10);
  self->status = (guint) status;
  return status >= 100 && status <= 599;
}

static gboolean
parse_length (SbRuntimeParser *self, const char *value)
{
  guint64 length;

  if (!g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT64, &length, NULL))
    return FALSE;
  self->remaining = (gsize) length;
  return TRUE;
}

static gboolean
parse_header (SbRuntimeParser *self, char *line, Framing *framing)
{
  char *value = strchr (line, ':');

  if (value == NULL)
    return FALSE;
  *value++ = '\0';
  g_strstrip (value);
  if (g_ascii_strcasecmp (line, "content-length") == 0)
    {
      framing->has_length = TRUE;
      return parse_length (self, value);
    }
  if (g_ascii_strcasecmp (line, "transfer-encoding") == 0)
    framing->chunked = g_ascii_strcasecmp (value, "chunked") == 0;
  else if (g_ascii_strcasecmp (line, "connection") == 0)
    self->keep_alive = g_ascii_strcasecmp (value, "close") != 0 &&
                       (self->keep_alive || g_ascii_strcasecmp (value, "keep-alive") == 0);
  else if (g_ascii_strcasecmp (line, "content-type") == 0)
    {
      g_free (self->content_type);
      self->content_type = g_strdup (value);
    }
  else if (g_ascii_strcasecmp (line, "x-amzn-sagemaker-custom-attributes") == 0)
    {
      g_free (self->custom_attributes);
      self->custom_attributes = g_strdup (value);
    }
  return TRUE;
}

static int
state_after_head (SbRuntimeParser *self, const Framing *framing)
{
  if (self->status < 200)
    return STATE_HEAD;
  if (self->status == 204 || self->status == 304)
    return STATE_DONE;
  if (framing->chunked)
    return STATE_CHUNK_SIZE;
  if (!framing->has_length)
    {
      self->keep_alive = FALSE;
      return STATE_UNTIL_CLOSE;
    }
  if (self->remaining > self->max_body)
    return STATE_TOO_LARGE;
  return self->remaining > 0 ? STATE_LENGTH : STATE_DONE;
}

/* @head is a nul-terminated copy without the empty line. */
static int
parse_head (SbRuntimeParser *self, char *head)
{
  Framing framing = { 0 };
  char *line = head;

  for (gboolean first = TRUE; line != NULL && *line != '\0'; first = FALSE)
    {
      char *end = strstr (line, "\r\n");

      if (end != NULL)
        *end = '\0';
      if (first ? !parse_status_line (self, line) : !parse_header (self, line, &framing))
        return STATE_BAD;
      line = end != NULL ? end + 2 : NULL;
    }
  return self->status == 0 ? STATE_BAD : state_after_head (self, &framing);
}

/* Returns: how many of the @length bytes belong to the head */
static gsize
push_head (SbRuntimeParser *self, const char *data, gsize length)
{
  gsize before = self->head->len;
  gsize start = before > 3 ? before - 3 : 0;
  const guint8 *end;
  gsize size;

  g_byte_array_append (self->head, (const guint8 *) data, (guint) length);
  end = memmem (self->head->data + start, self->head->len - start, "\r\n\r\n", 4);
  if (end == NULL)
    {
      /* Whatever it is that talks so much, it does not talk HTTP. */
      if (self->head->len > MAX_HEAD ||
          memcmp (self->head->data, "HTTP/1.", MIN (self->head->len, 7)) != 0)
        self->state = STATE_BAD;
      return length;
    }
  size = (gsize) (end - self->head->data);
  self->head->data[size] = '\0';
  self->state = parse_head (self, (char *) self->head->data);
  g_byte_array_set_size (self->head, 0);
  return size + 4 - before;
}

static gsize
push_body (SbRuntimeParser *self, const char *data, gsize length)
{
  gsize n = self->state == STATE_UNTIL_CLOSE ? length : MIN (length, self->remaining);

  if (self->body->len + n > self->max_body)
    {
      self->state = STATE_TOO_LARGE;
      return n;
    }
  g_byte_array_append (self->body, (const guint8 *) data, (guint) n);
  if (self->state == STATE_UNTIL_CLOSE)
    return n;
  self->remaining -= n;
  if (self->remaining == 0)
    self->state = self->state == STATE_CHUNK ? STATE_CHUNK_END : STATE_DONE;
  return n;
}

static int
after_line (SbRuntimeParser *self)
{
  guint64 size;
  char *extension;

  if (self->state == STATE_CHUNK_END)
    return self->line->len == 0 ? STATE_CHUNK_SIZE : STATE_BAD;
  if (self->state == STATE_TRAILER)
    return self->line->len == 0 ? STATE_DONE : STATE_TRAILER;
  extension = strchr (self->line->str, ';');
  if (extension != NULL)
    g_string_truncate (self->line, (gsize) (extension - self->line->str));
  g_strchomp (self->line->str);
  if (!g_ascii_string_to_unsigned (self->line->str, 16, 0, G_MAXINT64, &size, NULL))
    return STATE_BAD;
  if (size > self->max_body)
    return STATE_TOO_LARGE;
  self->remaining = (gsize) size;
  return size > 0 ? STATE_CHUNK : STATE_TRAILER;
}

static gsize
push_line (SbRuntimeParser *self, const char *data, gsize length)
{
  const char *end = memchr (data, '\n', length);
  gsize n = end != NULL ? (gsize) (end - data) : length;

  g_string_append_len (self->line, data, (gssize) n);
  if (self->line->len > MAX_LINE)
    {
      self->state = STATE_BAD;
      return n;
    }
  if (end == NULL)
    return n;
  if (self->line->len > 0 && self->line->str[self->line->len - 1] == '\r')
    g_string_truncate (self->line, self->line->len - 1);
  self->state = after_line (self);
  g_string_truncate (self->line, 0);
  return n + 1;
}

/**
 * sb_runtime_parser_push:
 * @self: a parser
 * @data: what was received
 * @length: how much of it
 *
 * Returns: whether the answer is whole
 */
SbRuntimeParserResult
sb_runtime_parser_push (SbRuntimeParser *self, const char *data, gsize length)
{
  self->n_received += length;
  while (length > 0 && self->state < STATE_DONE)
    {
      gsize n;

      if (self->state == STATE_HEAD)
        n = push_head (self, data, length);
      else if (self->state == STATE_LENGTH || self->state == STATE_UNTIL_CLOSE ||
               self->state == STATE_CHUNK)
        n = push_body (self, data, length);
      else
        n = push_line (self, data, length);
      data += n;
      length -= n;
    }
  /* Nobody asked for more than one answer. */
  if (length > 0)
    self->keep_alive = FALSE;
  switch (self->state)
    {
    case STATE_DONE:
      return SB_RUNTIME_PARSER_DONE;
    case STATE_BAD:
      return SB_RUNTIME_PARSER_BAD;
    case STATE_TOO_LARGE:
      return SB_RUNTIME_PARSER_TOO_LARGE;
    default:
      return SB_RUNTIME_PARSER_MORE;
    }
}

/**
 * sb_runtime_parser_finish:
 * @self: a parser
 *
 * Returns: whether the end of the connection makes the answer whole
 */
gboolean
sb_runtime_parser_finish (SbRuntimeParser *self)
{
  return self->state == STATE_UNTIL_CLOSE;
}

/**
 * sb_runtime_parser_steal_body:
 * @self: a parser whose answer is whole
 *
 * Returns: (transfer full): the body
 */
GBytes *
sb_runtime_parser_steal_body (SbRuntimeParser *self)
{
  /* Small bodies are copied, so that the buffer of the connection stays. */
  if (self->body->len <= 4096)
    return g_bytes_new (self->body->data, self->body->len);
  else
    {
      GByteArray *body = self->body;

      self->body = g_byte_array_new ();
      return g_byte_array_free_to_bytes (body);
    }
}
