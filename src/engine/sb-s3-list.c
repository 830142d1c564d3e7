/* sb-s3-list.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "engine/sb-s3.h"
#include "wire/sb-error.h"

#define MAX_KEYS 1000
/* Rows that are read at once; a page with many common prefixes takes several turns. */
#define BATCH 1001

/* What a listing asks for, and how far it has come. */
typedef struct
{
  const char *bucket;
  const char *prefix;
  const char *delimiter;
  guint max_keys;
  gboolean encode;
  gboolean second;     /* ListObjectsV2 */
  GPtrArray *contents; /* SbObject */
  GPtrArray *prefixes;
  char *start;
  gboolean inclusive;
  char *last; /* of the page: a key, or a common prefix */
  gboolean truncated;
} Listing;

static void
listing_clear (Listing *self)
{
  g_clear_pointer (&self->contents, g_ptr_array_unref);
  g_clear_pointer (&self->prefixes, g_ptr_array_unref);
  g_clear_pointer (&self->start, g_free);
  g_clear_pointer (&self->last, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Listing, listing_clear)

/* The first text that sorts after everything that begins with @prefix; NULL when there is none.
 * The last byte below 0xFF counts up; the result is only ever compared byte by byte. */
static char *
after_prefix (const char *prefix)
{
  gsize length = strlen (prefix);
  g_autofree char *next = g_strdup (prefix);

  while (length > 0 && (guchar) next[length - 1] == 0xFF)
    length--;
  if (length == 0)
    return NULL;
  next[length - 1] = (char) ((guchar) next[length - 1] + 1);
  next[length] = '\0';
  return g_steal_pointer (&next);
}

static char *
common_prefix (const Listing *self, const char *key)
{
  const char *rest = key + strlen (self->prefix);
  const char *found = self->delimiter != NULL ? strstr (rest, self->delimiter) : NULL;

  if (found == NULL)
    return NULL;
  return g_strndup (key, (gsize) (found - key) + strlen (self->delimiter));
}

static gboolean
is_full (Listing *self)
{
  if (self->contents->len + self->prefixes->len < self->max_keys)
    return FALSE;
  self->truncated = self->max_keys > 0;
  return TRUE;
}

/* Takes objects until the page is full or a common prefix lets the listing leap ahead.
 * Returns whether there may be more. */
static gboolean
take_batch (Listing *self, GPtrArray *batch)
{
  for (guint i = 0; i < batch->len; i++)
    {
      SbObject *object = g_ptr_array_index (batch, i);
      g_autofree char *group = common_prefix (self, object->key);

      if (is_full (self))
        return FALSE;
      g_free (self->last);
      self->last = g_strdup (group != NULL ? group : object->key);
      g_free (self->start);
      if (group != NULL)
        {
          self->start = after_prefix (group);
          self->inclusive = TRUE;
          g_ptr_array_add (self->prefixes, g_steal_pointer (&group));
          return self->start != NULL;
        }
      self->start = g_strdup (object->key);
      self->inclusive = FALSE;
      g_ptr_array_add (self->contents, g_ptr_array_index (batch, i));
      batch->pdata[i] = NULL;
    }
  return batch->len == BATCH;
}

static void
free_object (gpointer data)
{
  if (data != NULL)
    sb_object_free (data);
}

static void
walk (Listing *self, SbObjectStore *store)
{
  gboolean more = self->max_keys > 0;

  while (more)
    {
      g_autoptr (GPtrArray) batch = sb_object_store_list (
          store, self->bucket, self->prefix, self->start, self->inclusive, BATCH);

      g_ptr_array_set_free_func (batch, free_object);
      more = take_batch (self, batch);
    }
}

/* A token is the last key or prefix of the page before, so that pages survive changes. */
static void
begin (Listing *self, const char *token, const char *start_after)
{
  const char *from = token != NULL ? token : start_after;

  self->inclusive = FALSE;
  self->start = g_strdup (from != NULL ? from : "");
  if (from != NULL && self->delimiter != NULL && *self->delimiter != '\0' &&
      g_str_has_suffix (from, self->delimiter) && g_str_has_prefix (from, self->prefix) &&
      strlen (from) > strlen (self->prefix))
    {
      char *next = after_prefix (from);

      /* A prefix that was given as a whole must not come again on the next page. */
      if (next != NULL && token != NULL)
        {
          g_free (self->start);
          self->start = next;
          self->inclusive = TRUE;
        }
      else
        g_free (next);
    }
  else if (from == NULL)
    self->inclusive = TRUE;
}

static void
write_text (SbXmlWriter *writer, const Listing *self, const char *name, const char *text)
{
  g_autofree char *encoded = NULL;

  if (text == NULL)
    return;
  if (self->encode)
    encoded = sb_uri_encode (text, -1, TRUE);
  sb_xml_writer_text (writer, name, encoded != NULL ? encoded : text);
}

static void
write_object (SbXmlWriter *writer, const Listing *self, const SbObject *object, gboolean owner)
{
  g_autofree char *modified = sb_s3_format_time (object->modified);
  g_autofree char *etag = sb_s3_quote_etag (object->etag);

  sb_xml_writer_open (writer, "Contents");
  write_text (writer, self, "Key", object->key);
  sb_xml_writer_text (writer, "LastModified", modified);
  sb_xml_writer_text (writer, "ETag", etag);
  sb_xml_writer_int (writer, "Size", (gint64) object->size);
  sb_xml_writer_text (writer, "StorageClass", "STANDARD");
  if (owner)
    {
      sb_xml_writer_open (writer, "Owner");
      sb_xml_writer_text (writer, "ID", SB_ENGINE_ACCOUNT);
      sb_xml_writer_close (writer);
    }
  sb_xml_writer_close (writer);
}

static char *
encode_token (const char *last)
{
  return g_base64_encode ((const guchar *) last, strlen (last));
}

static void
write_page (SbXmlWriter *writer, SbRequest *request, const Listing *self)
{
  const char *fetch = sb_request_get_query (request, "fetch-owner");
  gboolean owner = !self->second || g_strcmp0 (fetch, "true") == 0;
  g_autofree char *token = self->truncated ? encode_token (self->last) : NULL;

  sb_xml_writer_text (writer, "Name", self->bucket);
  write_text (writer, self, "Prefix", self->prefix);
  write_text (writer, self, "Delimiter", self->delimiter);
  sb_xml_writer_int (writer, "MaxKeys", self->max_keys);
  if (self->encode)
    sb_xml_writer_text (writer, "EncodingType", "url");
  sb_xml_writer_bool (writer, "IsTruncated", self->truncated);
  if (self->second)
    {
      sb_xml_writer_int (writer, "KeyCount", self->contents->len + self->prefixes->len);
      sb_xml_writer_text (writer,
                          "ContinuationToken",
                          sb_request_get_query (request, "continuation-token"));
      sb_xml_writer_text (writer, "NextContinuationToken", token);
      write_text (writer, self, "StartAfter", sb_request_get_query (request, "start-after"));
    }
  else
    {
      const char *marker = sb_request_get_query (request, "marker");

      write_text (writer, self, "Marker", marker != NULL ? marker : "");
      if (self->truncated && self->delimiter != NULL)
        write_text (writer, self, "NextMarker", self->last);
    }
  for (guint i = 0; i < self->contents->len; i++)
    write_object (writer, self, g_ptr_array_index (self->contents, i), owner);
  for (guint i = 0; i < self->prefixes->len; i++)
    {
      sb_xml_writer_open (writer, "CommonPrefixes");
      write_text (writer, self, "Prefix", g_ptr_array_index (self->prefixes, i));
      sb_xml_writer_close (writer);
    }
}

static gboolean
read_max_keys (SbRequest *request, guint *max_keys)
{
  const char *text = sb_request_get_query (request, "max-keys");
  guint64 value = MAX_KEYS;

  if (text != NULL && !g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT32, &value, NULL))
    return FALSE;
  *max_keys = (guint) MIN (value, MAX_KEYS);
  return TRUE;
}

static char *
decode_token (SbRequest *request, gboolean *valid)
{
  const char *token = sb_request_get_query (request, "continuation-token");
  g_autofree char *decoded = NULL;
  gsize length;

  *valid = TRUE;
  if (token == NULL)
    return NULL;
  decoded = (char *) g_base64_decode (token, &length);
  *valid = length > 0 && g_utf8_validate (decoded, (gssize) length, NULL);
  return *valid ? g_strndup (decoded, length) : NULL;
}

/**
 * sb_s3_list_objects:
 * @request: ListObjectsV2, or ListObjects
 * @bucket: a bucket that exists
 */
void
sb_s3_list_objects (SbRequest *request, const char *bucket)
{
  const char *prefix = sb_request_get_query (request, "prefix");
  const char *delimiter = sb_request_get_query (request, "delimiter");
  g_auto (Listing) listing = {
    .bucket = bucket,
    .prefix = prefix != NULL ? prefix : "",
    .delimiter = delimiter != NULL && *delimiter != '\0' ? delimiter : NULL,
    .encode = g_strcmp0 (sb_request_get_query (request, "encoding-type"), "url") == 0,
    .second = g_strcmp0 (sb_request_get_query (request, "list-type"), "2") == 0,
  };
  gboolean valid;
  g_autofree char *token = decode_token (request, &valid);
  SbXmlWriter *writer;

  if (!valid)
    {
      sb_request_fail (request,
                       400,
                       "InvalidArgument",
                       "The continuation token provided is incorrect");
      return;
    }
  if (!read_max_keys (request, &listing.max_keys))
    {
      sb_request_fail (request,
                       400,
                       "InvalidArgument",
                       "Argument maxKeys must be an integer between 0 and 2147483647");
      return;
    }
  listing.contents = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_object_free);
  listing.prefixes = g_ptr_array_new_with_free_func (g_free);
  if (listing.second)
    begin (&listing, token, sb_request_get_query (request, "start-after"));
  else
    begin (&listing, sb_request_get_query (request, "marker"), NULL);
  walk (&listing, request->engine->objects);
  writer = sb_xml_writer_new ("ListBucketResult", SB_S3_NAMESPACE);
  write_page (writer, request, &listing);
  sb_s3_reply_xml (request, 200, writer);
}
