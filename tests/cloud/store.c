/* store.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/sb-digest.h"
#include "wire/sb-uri.h"

static char *
etag_of (GBytes *bytes)
{
  gsize length;
  const void *data = g_bytes_get_data (bytes, &length);
  g_autofree char *hex = sb_digest_hex (SB_DIGEST_MD5, data != NULL ? data : "", (gssize) length);

  return g_strdup_printf ("\"%s\"", hex);
}

/* The MD5 of the MD5s of the parts, and how many there are. */
static char *
etag_of_parts (GBytes *const *parts, guint n)
{
  g_autoptr (GByteArray) md5s = g_byte_array_new ();
  g_autofree char *hex = NULL;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (SbDigest) digest = sb_digest_new (SB_DIGEST_MD5);
      guint8 out[SB_DIGEST_MAX_LENGTH];
      gsize length;
      const guint8 *data = g_bytes_get_data (parts[i], &length);

      sb_digest_update (digest, data, length);
      length = sb_digest_finish (digest, out);
      g_byte_array_append (md5s, out, (guint) length);
    }
  hex = sb_digest_hex (SB_DIGEST_MD5, md5s->data, md5s->len);
  return g_strdup_printf ("\"%s-%u\"", hex, n);
}

static gboolean
happens (int *times)
{
  if (*times == 0)
    return FALSE;
  if (*times > 0)
    (*times)--;
  return TRUE;
}

static gboolean
md5_fits (const Asked *asked)
{
  const char *sent = asked_header (asked, "Content-MD5");
  gsize length;
  const void *data = g_bytes_get_data (asked->body, &length);
  g_autofree char *right =
      sb_digest_base64 (SB_DIGEST_MD5, data != NULL ? data : "", (gssize) length);

  return g_strcmp0 (sent, right) == 0;
}

static void
fail (SoupServerMessage *message, guint status, const char *code)
{
  g_autofree char *text = g_strdup_printf ("<Error><Code>%s</Code></Error>", code);

  reply (message, status, "application/xml", text);
}

static void
put_object (Store *self, SoupServerMessage *message, const Asked *asked, const char *name)
{
  g_autofree char *etag = etag_of (asked->body);

  self->puts++;
  if (!md5_fits (asked))
    {
      fail (message, 400, "BadDigest");
      return;
    }
  g_hash_table_replace (self->objects, g_strdup (name), g_bytes_ref (asked->body));
  g_hash_table_replace (self->etags, g_strdup (name), g_strdup (etag));
  reply (message, 200, NULL, NULL);
  reply_header (message, "ETag", self->damage_puts ? "\"00000000000000000000000000000000\"" : etag);
}

static void
put_part (Store *self, SoupServerMessage *message, const Asked *asked, GPtrArray *query)
{
  int number = atoi (sb_query_lookup (query, "partNumber"));
  g_autofree char *etag = etag_of (asked->body);

  self->part_puts++;
  g_assert_true (number >= 1 && number <= STORE_MAX_PARTS);
  if (self->cancel_at_part != NULL)
    g_cancellable_cancel (self->cancel_at_part);
  if ((self->drop_part_number == 0 || self->drop_part_number == number) &&
      happens (&self->drop_parts))
    reply_drop (message);
  else if (happens (&self->deny_parts))
    fail (message, 403, "AccessDenied");
  else if (!self->open || !md5_fits (asked))
    fail (message, self->open ? 400 : 404, self->open ? "BadDigest" : "NoSuchUpload");
  else
    {
      g_clear_pointer (&self->parts[number - 1], g_bytes_unref);
      self->parts[number - 1] = g_bytes_ref (asked->body);
      reply (message, 200, NULL, NULL);
      reply_header (message, "ETag", etag);
    }
}

static void
clear_parts (Store *self)
{
  for (guint i = 0; i < STORE_MAX_PARTS; i++)
    g_clear_pointer (&self->parts[i], g_bytes_unref);
  self->open = FALSE;
}

static void
complete_upload (Store *self, SoupServerMessage *message, const char *name)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autofree char *etag = NULL;
  g_autofree char *text = NULL;
  guint n = 0;

  if (!self->open)
    {
      fail (message, 404, "NoSuchUpload");
      return;
    }
  for (; n < STORE_MAX_PARTS && self->parts[n] != NULL; n++)
    {
      gsize length;
      const guint8 *data = g_bytes_get_data (self->parts[n], &length);

      g_byte_array_append (all, data, (guint) length);
    }
  etag = etag_of_parts (self->parts, n);
  text = g_strdup_printf (
      "<CompleteMultipartUploadResult><ETag>%s</ETag></CompleteMultipartUploadResult>", etag);
  g_hash_table_replace (self->objects,
                        g_strdup (name),
                        g_byte_array_free_to_bytes (g_steal_pointer (&all)));
  g_hash_table_replace (self->etags, g_strdup (name), g_strdup (etag));
  clear_parts (self);
  if (happens (&self->lose_complete))
    reply_drop (message);
  else
    reply (message, 200, "application/xml", text);
}

static void
list_parts (Store *self, SoupServerMessage *message)
{
  g_autoptr (GString) text = g_string_new ("<ListPartsResult><IsTruncated>false</IsTruncated>");

  if (!self->open)
    {
      fail (message, 404, "NoSuchUpload");
      return;
    }
  for (guint i = 0; i < STORE_MAX_PARTS; i++)
    if (self->parts[i] != NULL)
      {
        g_autofree char *etag = etag_of (self->parts[i]);

        g_string_append_printf (text,
                                "<Part><PartNumber>%u</PartNumber><ETag>%s</ETag></Part>",
                                i + 1,
                                etag);
      }
  g_string_append (text, "</ListPartsResult>");
  reply (message, 200, "application/xml", text->str);
}

static void
post (Store *self, SoupServerMessage *message, const char *name, GPtrArray *query)
{
  if (sb_query_lookup (query, "uploads") != NULL)
    {
      self->creates++;
      clear_parts (self);
      self->open = TRUE;
      reply (message,
             200,
             "application/xml",
             "<InitiateMultipartUploadResult><UploadId>u-1</UploadId>"
             "</InitiateMultipartUploadResult>");
    }
  else
    complete_upload (self, message, name);
}

static void
head_object (Store *self, SoupServerMessage *message, GBytes *object, GPtrArray *query)
{
  gsize length = g_bytes_get_size (object);
  guint n = (guint) ((length + STORE_PART - 1) / STORE_PART);
  g_autofree char *count = g_strdup_printf ("%u", n);

  soup_server_message_set_status (message, 200, NULL);
  if (sb_query_lookup (query, "partNumber") != NULL && !self->hide_parts)
    {
      reply_header (message, "x-amz-mp-parts-count", count);
      length = MIN (length, STORE_PART);
    }
  soup_message_headers_set_content_length (soup_server_message_get_response_headers (message),
                                           (goffset) length);
}

static void
send_bytes (Store *self, SoupServerMessage *message, GBytes *bytes, guint status)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);
  g_autofree char *copy = g_memdup2 (data, length);

  if (happens (&self->truncate_gets))
    {
      g_autofree char *text =
          g_strdup_printf ("HTTP/1.1 %u OK\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\nshort",
                           status,
                           length);

      reply_raw (message, text);
      return;
    }
  if (happens (&self->damage_gets))
    copy[length / 2] ^= 1;
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (
      message, "binary/octet-stream", SOUP_MEMORY_COPY, copy ? copy : "", length);
}

static void
get_object (Store *self, SoupServerMessage *message, const Asked *asked, GBytes *object)
{
  const char *range = asked_header (asked, "Range");
  guint64 from = 0, to = 0;
  g_autoptr (GBytes) piece = NULL;

  self->gets++;
  if (range == NULL || self->ignore_ranges)
    {
      /* SoupServer would heed it by itself. */
      soup_message_headers_remove (asked->headers, "Range");
      send_bytes (self, message, object, 200);
      return;
    }
  g_assert_cmpint (sscanf (range, "bytes=%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, &from, &to),
                   ==,
                   2);
  piece = g_bytes_new_from_bytes (object, from, to - from + 1);
  send_bytes (self, message, piece, 206);
}

static void
read_object (Store *self,
             SoupServerMessage *message,
             const Asked *asked,
             const char *name,
             GPtrArray *query)
{
  GBytes *object = g_hash_table_lookup (self->objects, name);
  const char *etag = g_hash_table_lookup (self->etags, name);
  const char *match = asked_header (asked, "If-Match");

  if (object == NULL)
    fail (message, 404, "NoSuchKey");
  else if (match != NULL && strcmp (match, etag) != 0)
    fail (message, 412, "PreconditionFailed");
  else
    {
      reply_header (message, "ETag", etag);
      if (strcmp (asked->method, "HEAD") == 0)
        head_object (self, message, object, query);
      else
        get_object (self, message, asked, object);
      if (self->change_after_gets > 0 && (int) self->gets == self->change_after_gets)
        g_hash_table_replace (self->etags, g_strdup (name), g_strdup ("\"other\""));
    }
}

/* Two objects a page, in the order of their keys. */
static void
list_objects (Store *self, SoupServerMessage *message, GPtrArray *query)
{
  g_autoptr (GList) names =
      g_list_sort (g_hash_table_get_keys (self->objects), (GCompareFunc) strcmp);
  const char *token = sb_query_lookup (query, "continuation-token");
  g_autoptr (GString) out = g_string_new ("<ListBucketResult>");
  guint n = 0;

  self->lists++;
  for (GList *l = names; l != NULL; l = l->next)
    {
      g_autofree char *key = g_uri_unescape_string ((const char *) l->data + strlen ("/b/"), NULL);
      g_autofree char *etag = g_markup_escape_text (g_hash_table_lookup (self->etags, l->data), -1);

      if ((token != NULL && strcmp (l->data, token) <= 0) ||
          !g_str_has_prefix (key, sb_query_lookup (query, "prefix")))
        continue;
      g_string_append_printf (out,
                              "<Contents><Key>%s</Key><Size>%" G_GSIZE_FORMAT
                              "</Size><ETag>%s</ETag></Contents>",
                              key,
                              g_bytes_get_size (g_hash_table_lookup (self->objects, l->data)),
                              etag);
      if (++n < 2)
        continue;
      g_string_append_printf (out,
                              "<IsTruncated>true</IsTruncated>"
                              "<NextContinuationToken>%s</NextContinuationToken>",
                              (const char *) l->data);
      break;
    }
  g_string_append (out, "</ListBucketResult>");
  reply (message, 200, "application/xml", out->str);
}

void
store_serve (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  Store *self = data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_auto (GStrv) halves = g_strsplit (asked->target, "?", 2);
  g_autoptr (GPtrArray) query = sb_query_parse (halves[1]);
  gboolean upload = sb_query_lookup (query, "uploadId") != NULL;

  if (!asked->is_signed)
    fail (message, 403, "SignatureDoesNotMatch");
  else if (strcmp (asked->method, "POST") == 0)
    post (self, message, halves[0], query);
  else if (strcmp (asked->method, "PUT") == 0 && upload)
    put_part (self, message, asked, query);
  else if (strcmp (asked->method, "PUT") == 0)
    put_object (self, message, asked, halves[0]);
  else if (strcmp (asked->method, "DELETE") == 0)
    {
      self->aborts++;
      clear_parts (self);
      reply (message, 204, NULL, NULL);
    }
  else if (upload)
    list_parts (self, message);
  else if (sb_query_lookup (query, "list-type") != NULL)
    list_objects (self, message, query);
  else
    read_object (self, message, asked, halves[0], query);
}

void
store_init (Store *self)
{
  *self = (Store){ 0 };
  g_mutex_init (&self->lock);
  self->objects =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
  self->etags = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

void
store_clear (Store *self)
{
  clear_parts (self);
  g_clear_object (&self->cancel_at_part);
  g_hash_table_unref (self->objects);
  g_hash_table_unref (self->etags);
  g_mutex_clear (&self->lock);
}

void
store_put (Store *self, const char *name, GBytes *bytes, gboolean in_parts)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  gsize length = g_bytes_get_size (bytes);
  char *etag;

  for (gsize at = 0; in_parts && at < length; at += STORE_PART)
    g_ptr_array_add (parts, g_bytes_new_from_bytes (bytes, at, MIN (STORE_PART, length - at)));
  etag = in_parts ? etag_of_parts ((GBytes *const *) parts->pdata, parts->len) : etag_of (bytes);
  g_hash_table_replace (self->objects, g_strdup (name), g_bytes_ref (bytes));
  g_hash_table_replace (self->etags, g_strdup (name), etag);
}
