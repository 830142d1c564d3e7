/* test-transfer.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Uploads and downloads against a small S3 that loses, damages and cuts what a test wants it to.
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <utime.h>

#include "cloud/sb-transfer.h"
#include "loopback.h"
#include "wire/sb-digest.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-uri.h"

#define MIB  (1024 * 1024)
#define PART (16 * MIB)

/* All guarded by lock, as the server has a thread of its own. */
typedef struct
{
  GMutex lock;
  GHashTable *objects; /* target without query: GBytes */
  GHashTable *etags;
  GBytes *parts[8]; /* of the one upload there is */
  gboolean open;
  guint part_length;

  /* What goes wrong, and how often still. */
  int drop_parts;
  int drop_part_number; /* 0 is any */
  int deny_parts;
  int lose_complete;
  int truncate_gets;
  int damage_gets;
  int change_after_gets;
  gboolean damage_puts;
  gboolean ignore_ranges;
  gboolean hide_parts;
  GCancellable *cancel_at_part;

  /* What was seen. */
  guint puts;
  guint part_puts;
  guint creates;
  guint aborts;
  guint gets;
  guint lists;
} Store;

typedef struct
{
  char *folder;
  Store store;
  Loopback *server;
  SbConnection *connection;
  SbJournal *journal;
  SbClient *client;
} Fixture;

static char *
etag_of (GBytes *bytes)
{
  gsize length;
  const void *data = g_bytes_get_data (bytes, &length);
  g_autofree char *hex = sb_digest_hex (SB_DIGEST_MD5, data != NULL ? data : "", (gssize) length);

  return g_strdup_printf ("\"%s\"", hex);
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
put_object (Store *store, SoupServerMessage *message, const Asked *asked, const char *name)
{
  g_autofree char *etag = etag_of (asked->body);

  store->puts++;
  if (!md5_fits (asked))
    {
      fail (message, 400, "BadDigest");
      return;
    }
  g_hash_table_replace (store->objects, g_strdup (name), g_bytes_ref (asked->body));
  g_hash_table_replace (store->etags, g_strdup (name), g_strdup (etag));
  reply (message, 200, NULL, NULL);
  reply_header (message,
                "ETag",
                store->damage_puts ? "\"00000000000000000000000000000000\"" : etag);
}

static void
put_part (Store *store, SoupServerMessage *message, const Asked *asked, GPtrArray *query)
{
  int number = atoi (sb_query_lookup (query, "partNumber"));
  g_autofree char *etag = etag_of (asked->body);

  store->part_puts++;
  g_assert_true (number >= 1 && number <= 8);
  if (store->cancel_at_part != NULL)
    g_cancellable_cancel (store->cancel_at_part);
  if ((store->drop_part_number == 0 || store->drop_part_number == number) &&
      happens (&store->drop_parts))
    reply_drop (message);
  else if (happens (&store->deny_parts))
    fail (message, 403, "AccessDenied");
  else if (!store->open || !md5_fits (asked))
    fail (message, store->open ? 400 : 404, store->open ? "BadDigest" : "NoSuchUpload");
  else
    {
      g_clear_pointer (&store->parts[number - 1], g_bytes_unref);
      store->parts[number - 1] = g_bytes_ref (asked->body);
      reply (message, 200, NULL, NULL);
      reply_header (message, "ETag", etag);
    }
}

static void
clear_parts (Store *store)
{
  for (guint i = 0; i < 8; i++)
    g_clear_pointer (&store->parts[i], g_bytes_unref);
  store->open = FALSE;
}

static void
complete_upload (Store *store, SoupServerMessage *message, const char *name)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autoptr (GByteArray) md5s = g_byte_array_new ();
  g_autofree char *hex = NULL;
  g_autofree char *etag = NULL;
  g_autofree char *text = NULL;
  guint n = 0;

  if (!store->open)
    {
      fail (message, 404, "NoSuchUpload");
      return;
    }
  for (; n < 8 && store->parts[n] != NULL; n++)
    {
      g_autoptr (SbDigest) digest = sb_digest_new (SB_DIGEST_MD5);
      guint8 out[SB_DIGEST_MAX_LENGTH];
      gsize length;
      const guint8 *data = g_bytes_get_data (store->parts[n], &length);

      sb_digest_update (digest, data, length);
      g_byte_array_append (md5s, out, (guint) sb_digest_finish (digest, out));
      memcpy (md5s->data + n * 16, out, 16);
      g_byte_array_append (all, data, (guint) length);
    }
  hex = sb_digest_hex (SB_DIGEST_MD5, md5s->data, md5s->len);
  etag = g_strdup_printf ("\"%s-%u\"", hex, n);
  text = g_strdup_printf (
      "<CompleteMultipartUploadResult><ETag>%s</ETag></CompleteMultipartUploadResult>", etag);
  g_hash_table_replace (store->objects,
                        g_strdup (name),
                        g_byte_array_free_to_bytes (g_steal_pointer (&all)));
  g_hash_table_replace (store->etags, g_strdup (name), g_strdup (etag));
  clear_parts (store);
  if (happens (&store->lose_complete))
    reply_drop (message);
  else
    reply (message, 200, "application/xml", text);
}

static void
list_parts (Store *store, SoupServerMessage *message)
{
  g_autoptr (GString) text = g_string_new ("<ListPartsResult><IsTruncated>false</IsTruncated>");

  if (!store->open)
    {
      fail (message, 404, "NoSuchUpload");
      return;
    }
  for (guint i = 0; i < 8; i++)
    if (store->parts[i] != NULL)
      {
        g_autofree char *etag = etag_of (store->parts[i]);

        g_string_append_printf (text,
                                "<Part><PartNumber>%u</PartNumber><ETag>%s</ETag></Part>",
                                i + 1,
                                etag);
      }
  g_string_append (text, "</ListPartsResult>");
  reply (message, 200, "application/xml", text->str);
}

static void
post (Store *store, SoupServerMessage *message, const char *name, GPtrArray *query)
{
  if (sb_query_lookup (query, "uploads") != NULL)
    {
      store->creates++;
      clear_parts (store);
      store->open = TRUE;
      reply (message,
             200,
             "application/xml",
             "<InitiateMultipartUploadResult><UploadId>u-1</UploadId>"
             "</InitiateMultipartUploadResult>");
    }
  else
    complete_upload (store, message, name);
}

static void
head_object (Store *store, SoupServerMessage *message, GBytes *object, GPtrArray *query)
{
  gsize length = g_bytes_get_size (object);
  guint n = (guint) ((length + PART - 1) / PART);
  g_autofree char *count = g_strdup_printf ("%u", n);

  soup_server_message_set_status (message, 200, NULL);
  if (sb_query_lookup (query, "partNumber") != NULL && !store->hide_parts)
    {
      reply_header (message, "x-amz-mp-parts-count", count);
      length = MIN (length, PART);
    }
  soup_message_headers_set_content_length (soup_server_message_get_response_headers (message),
                                           (goffset) length);
}

static void
send_bytes (Store *store, SoupServerMessage *message, GBytes *bytes, guint status)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);
  g_autofree char *copy = g_memdup2 (data, length);

  if (happens (&store->truncate_gets))
    {
      g_autofree char *text =
          g_strdup_printf ("HTTP/1.1 %u OK\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\nshort",
                           status,
                           length);

      reply_raw (message, text);
      return;
    }
  if (happens (&store->damage_gets))
    copy[length / 2] ^= 1;
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (
      message, "binary/octet-stream", SOUP_MEMORY_COPY, copy ? copy : "", length);
}

static void
get_object (Store *store, SoupServerMessage *message, const Asked *asked, GBytes *object)
{
  const char *range = asked_header (asked, "Range");
  guint64 from = 0, to = 0;
  g_autoptr (GBytes) piece = NULL;

  store->gets++;
  if (range == NULL || store->ignore_ranges)
    {
      /* SoupServer would heed it by itself. */
      soup_message_headers_remove (asked->headers, "Range");
      send_bytes (store, message, object, 200);
      return;
    }
  g_assert_cmpint (sscanf (range, "bytes=%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, &from, &to),
                   ==,
                   2);
  piece = g_bytes_new_from_bytes (object, from, to - from + 1);
  send_bytes (store, message, piece, 206);
}

static void
read_object (Store *store,
             SoupServerMessage *message,
             const Asked *asked,
             const char *name,
             GPtrArray *query)
{
  GBytes *object = g_hash_table_lookup (store->objects, name);
  const char *etag = g_hash_table_lookup (store->etags, name);
  const char *match = asked_header (asked, "If-Match");

  if (object == NULL)
    fail (message, 404, "NoSuchKey");
  else if (match != NULL && strcmp (match, etag) != 0)
    fail (message, 412, "PreconditionFailed");
  else
    {
      reply_header (message, "ETag", etag);
      if (strcmp (asked->method, "HEAD") == 0)
        head_object (store, message, object, query);
      else
        get_object (store, message, asked, object);
      if (store->change_after_gets > 0 && (int) store->gets == store->change_after_gets)
        g_hash_table_replace (store->etags, g_strdup (name), g_strdup ("\"other\""));
    }
}

/* Two objects a page, in the order of their keys. */
static void
list_objects (Store *store, SoupServerMessage *message, GPtrArray *query)
{
  g_autoptr (GList) names =
      g_list_sort (g_hash_table_get_keys (store->objects), (GCompareFunc) strcmp);
  const char *token = sb_query_lookup (query, "continuation-token");
  g_autoptr (GString) out = g_string_new ("<ListBucketResult>");
  guint n = 0;

  store->lists++;
  for (GList *l = names; l != NULL; l = l->next)
    {
      g_autofree char *key = g_uri_unescape_string ((const char *) l->data + strlen ("/b/"), NULL);
      g_autofree char *etag =
          g_markup_escape_text (g_hash_table_lookup (store->etags, l->data), -1);

      if ((token != NULL && strcmp (l->data, token) <= 0) ||
          !g_str_has_prefix (key, sb_query_lookup (query, "prefix")))
        continue;
      g_string_append_printf (out,
                              "<Contents><Key>%s</Key><Size>%" G_GSIZE_FORMAT
                              "</Size><ETag>%s</ETag></Contents>",
                              key,
                              g_bytes_get_size (g_hash_table_lookup (store->objects, l->data)),
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

static void
serve (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  Store *store = data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&store->lock);
  g_auto (GStrv) halves = g_strsplit (asked->target, "?", 2);
  g_autoptr (GPtrArray) query = sb_query_parse (halves[1]);
  gboolean upload = sb_query_lookup (query, "uploadId") != NULL;

  if (!asked->is_signed)
    fail (message, 403, "SignatureDoesNotMatch");
  else if (strcmp (asked->method, "POST") == 0)
    post (store, message, halves[0], query);
  else if (strcmp (asked->method, "PUT") == 0 && upload)
    put_part (store, message, asked, query);
  else if (strcmp (asked->method, "PUT") == 0)
    put_object (store, message, asked, halves[0]);
  else if (strcmp (asked->method, "DELETE") == 0)
    {
      store->aborts++;
      clear_parts (store);
      reply (message, 204, NULL, NULL);
    }
  else if (upload)
    list_parts (store, message);
  else if (sb_query_lookup (query, "list-type") != NULL)
    list_objects (store, message, query);
  else
    read_object (store, message, asked, halves[0], query);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("sb-transfer-XXXXXX", &error);
  g_assert_no_error (error);
  g_mutex_init (&fixture->store.lock);
  fixture->store.objects =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
  fixture->store.etags = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  fixture->server = loopback_new (serve, &fixture->store);
  fixture->connection = loopback_connect (fixture->server);
  fixture->client = client_for (fixture->connection, &fixture->journal);
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_folder (child);
      g_remove (child);
    }
  g_rmdir (path);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_object_unref (fixture->client);
  g_object_unref (fixture->journal);
  g_object_unref (fixture->connection);
  loopback_free (fixture->server);
  clear_parts (&fixture->store);
  g_clear_object (&fixture->store.cancel_at_part);
  g_hash_table_unref (fixture->store.objects);
  g_hash_table_unref (fixture->store.etags);
  g_mutex_clear (&fixture->store.lock);
  remove_folder (fixture->folder);
  g_free (fixture->folder);
}

static GBytes *
make_bytes (gsize length, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  guint32 *words = g_malloc (length + 4);

  for (gsize i = 0; i < length / 4 + 1; i++)
    words[i] = g_rand_int (rand);
  return g_bytes_new_take (words, length);
}

static char *
make_file (Fixture *fixture, const char *name, GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (fixture->folder, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_mkdir_with_parents (folder, 0700);
  g_file_set_contents (path,
                       g_bytes_get_data (bytes, NULL),
                       (gssize) g_bytes_get_size (bytes),
                       &error);
  g_assert_no_error (error);
  return path;
}

static void
assert_object (Fixture *fixture, const char *name, GBytes *expected)
{
  GBytes *object = g_hash_table_lookup (fixture->store.objects, name);

  g_assert_nonnull (object);
  g_assert_true (g_bytes_equal (object, expected));
}

static void
assert_file (const char *path, GBytes *expected)
{
  g_autofree char *data = NULL;
  g_autofree char *part = g_strconcat (path, ".part", NULL);
  gsize length;

  g_assert_true (g_file_get_contents (path, &data, &length, NULL));
  g_assert_cmpuint (length, ==, g_bytes_get_size (expected));
  g_assert_cmpint (memcmp (data, g_bytes_get_data (expected, NULL), length), ==, 0);
  g_assert_false (g_file_test (part, G_FILE_TEST_EXISTS));
}

static void
assert_no_file (const char *path)
{
  g_autofree char *part = g_strconcat (path, ".part", NULL);

  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (part, G_FILE_TEST_EXISTS));
}

typedef struct
{
  guint64 done;
  guint64 total;
} Seen;

static void
see (guint64 done, guint64 total, gpointer user_data)
{
  Seen *seen = user_data;

  g_assert_cmpuint (done, >=, seen->done);
  g_assert_cmpuint (done, <=, total);
  seen->done = done;
  seen->total = total;
}

static gboolean
upload (Fixture *fixture, const char *path, GError **error)
{
  return sb_transfer_upload_file (fixture->client, "b", "k/ü", path, NULL, NULL, NULL, error);
}

static gboolean
download (Fixture *fixture, const char *path, GError **error)
{
  return sb_transfer_download_file (fixture->client, "b", "k", path, NULL, NULL, NULL, error);
}

static GBytes *
put_aside (Fixture *fixture, gsize length, gboolean in_parts)
{
  GBytes *bytes = make_bytes (length, 7);
  g_autoptr (GString) md5s = g_string_new (NULL);
  char *etag = NULL;

  if (in_parts)
    {
      guint n = 0;
      g_autofree char *hex = NULL;

      for (gsize at = 0; at < length; at += PART, n++)
        {
          g_autoptr (GBytes) part = g_bytes_new_from_bytes (bytes, at, MIN (PART, length - at));
          g_autoptr (SbDigest) digest = sb_digest_new (SB_DIGEST_MD5);
          guint8 out[SB_DIGEST_MAX_LENGTH];

          sb_digest_update (digest, g_bytes_get_data (part, NULL), g_bytes_get_size (part));
          sb_digest_finish (digest, out);
          g_string_append_len (md5s, (const char *) out, 16);
        }
      hex = sb_digest_hex (SB_DIGEST_MD5, md5s->str, (gssize) md5s->len);
      etag = g_strdup_printf ("\"%s-%u\"", hex, n);
    }
  else
    etag = etag_of (bytes);
  g_hash_table_replace (fixture->store.objects, g_strdup ("/b/k"), g_bytes_ref (bytes));
  g_hash_table_replace (fixture->store.etags, g_strdup ("/b/k"), etag);
  return bytes;
}

static void
test_upload_small (Fixture *fixture, gconstpointer data)
{
  static const gsize sizes[] = { 0, 1, 300 * 1024, PART };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = make_bytes (sizes[i], (guint32) i);
      g_autofree char *path = make_file (fixture, "file", bytes);
      Seen seen = { 0 };

      sb_transfer_upload_file (fixture->client, "b", "k/ü", path, see, &seen, NULL, &error);
      g_assert_no_error (error);
      assert_object (fixture, "/b/k/%C3%BC", bytes);
      g_assert_cmpuint (seen.done, ==, sizes[i]);
    }
  g_assert_cmpuint (fixture->store.creates, ==, 0);
}

static void
test_upload_parts (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = make_bytes (2 * PART + 12345, 1);
  g_autofree char *path = make_file (fixture, "file", bytes);
  g_autoptr (GPtrArray) entries = NULL;
  Seen seen = { 0 };

  sb_transfer_upload_file (fixture->client, "b", "k/ü", path, see, &seen, NULL, &error);
  g_assert_no_error (error);
  assert_object (fixture, "/b/k/%C3%BC", bytes);
  g_assert_cmpuint (seen.done, ==, g_bytes_get_size (bytes));
  g_assert_cmpuint (seen.total, ==, g_bytes_get_size (bytes));
  g_assert_cmpuint (fixture->store.part_puts, ==, 3);
  entries = sb_journal_dup_entries (fixture->journal, NULL, NULL, NULL);
  g_assert_cmpuint (entries->len, ==, 5);
  for (guint i = 0; i < entries->len; i++)
    {
      JsonObject *transfer = sb_journal_entry_get_transfer (g_ptr_array_index (entries, i));

      g_assert_cmpstr (sb_json_get_string (transfer, "kind", NULL), ==, "upload");
      g_assert_cmpstr (sb_json_get_string (transfer, "path", NULL), ==, path);
    }
}

static void
test_upload_dropped (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = make_bytes (2 * PART, 1);
  g_autofree char *path = make_file (fixture, "file", bytes);

  fixture->store.drop_parts = 2;
  g_assert_true (upload (fixture, path, &error));
  g_assert_no_error (error);
  assert_object (fixture, "/b/k/%C3%BC", bytes);
  g_assert_cmpuint (fixture->store.part_puts, ==, 4);
}

static void
test_upload_resume (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = make_bytes (5 * PART + 1, 1);
  g_autofree char *path = make_file (fixture, "file", bytes);

  sb_connection_set_max_attempts (fixture->connection, 1);
  fixture->store.drop_parts = -1;
  fixture->store.drop_part_number = 6;
  g_assert_false (upload (fixture, path, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_NETWORK);
  g_clear_error (&error);
  g_assert_cmpuint (fixture->store.aborts, ==, 0);
  /* The sixth was begun when two of the first four had arrived. */
  fixture->store.drop_parts = 0;
  fixture->store.part_puts = 0;
  g_assert_true (upload (fixture, path, &error));
  g_assert_no_error (error);
  assert_object (fixture, "/b/k/%C3%BC", bytes);
  g_assert_cmpuint (fixture->store.creates, ==, 1);
  g_assert_cmpuint (fixture->store.part_puts, <, 6);
}

/* What is there of another file must not get into this one. */
static void
test_upload_resume_changed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = make_bytes (2 * PART, 1);
  g_autoptr (GBytes) other = make_bytes (2 * PART, 2);
  g_autofree char *path = make_file (fixture, "file", bytes);
  g_autofree char *again = NULL;
  struct utimbuf times = { 1000, 1000 };

  sb_connection_set_max_attempts (fixture->connection, 1);
  fixture->store.drop_parts = -1;
  fixture->store.drop_part_number = 2;
  g_assert_false (upload (fixture, path, &error));
  g_clear_error (&error);
  fixture->store.drop_parts = 0;
  again = make_file (fixture, "file", other);
  g_assert_cmpint (utime (path, &times), ==, 0);
  g_assert_true (upload (fixture, path, &error));
  g_assert_no_error (error);
  assert_object (fixture, "/b/k/%C3%BC", other);
  g_assert_cmpuint (fixture->store.creates, ==, 2);
  g_assert_cmpuint (fixture->store.aborts, ==, 1);
}

static void
test_upload_denied (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = make_bytes (2 * PART, 1);
  g_autofree char *path = make_file (fixture, "file", bytes);

  fixture->store.deny_parts = 1;
  g_assert_false (upload (fixture, path, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_DENIED);
  g_assert_cmpuint (fixture->store.aborts, ==, 1);
}

static void
test_upload_cancel (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GBytes) bytes = make_bytes (3 * PART, 1);
  g_autofree char *path = make_file (fixture, "file", bytes);

  fixture->store.cancel_at_part = g_object_ref (cancellable);
  g_assert_false (
      sb_transfer_upload_file (fixture->client, "b", "k/ü", path, NULL, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (fixture->store.aborts, ==, 1);
  g_assert_cmpuint (g_hash_table_size (fixture->store.objects), ==, 0);
}

static void
test_upload_lost_complete (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = make_bytes (2 * PART, 1);
  g_autofree char *path = make_file (fixture, "file", bytes);

  fixture->store.lose_complete = 1;
  g_assert_true (upload (fixture, path, &error));
  g_assert_no_error (error);
  assert_object (fixture, "/b/k/%C3%BC", bytes);
}

static void
test_upload_damaged (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = make_bytes (1000, 1);
  g_autofree char *path = make_file (fixture, "file", bytes);

  fixture->store.damage_puts = TRUE;
  g_assert_false (upload (fixture, path, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INTEGRITY);
  g_clear_error (&error);
  g_assert_false (
      sb_transfer_upload_bytes (fixture->client, "b", "k", bytes, "text/csv", NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INTEGRITY);
}

static void
test_upload_no_file (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (upload (fixture, "/nonexistent/file", &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_STORAGE);
  g_clear_error (&error);
  g_assert_false (upload (fixture, fixture->folder, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_STORAGE);
  g_assert_cmpuint (loopback_n_asked (fixture->server), ==, 0);
}

static void
test_upload_folder (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "d/a.txt", "d/sub/b c.txt", "d/sub/deep/e", "d/z" };
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_build_filename (fixture->folder, "d", NULL);
  g_autoptr (GBytes) large = make_bytes (PART + 1, 9);
  g_autofree char *large_path = make_file (fixture, "d/large", large);
  Seen seen = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GBytes) bytes = make_bytes (i * 1000, i);

      g_free (make_file (fixture, names[i], bytes));
    }
  g_assert_true (
      sb_transfer_upload_folder (fixture->client, "b", "p/", folder, see, &seen, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (g_hash_table_size (fixture->store.objects), ==, 5);
  g_assert_true (g_hash_table_contains (fixture->store.objects, "/b/p/sub/b%20c.txt"));
  g_assert_true (g_hash_table_contains (fixture->store.objects, "/b/p/sub/deep/e"));
  assert_object (fixture, "/b/p/large", large);
  g_assert_cmpuint (seen.done, ==, PART + 1 + 6000);
  g_assert_cmpuint (seen.total, ==, seen.done);
}

typedef struct
{
  guint done;
  guint skipped;
  guint calls;
  GCancellable *cancel_at_third;
} SeenFiles;

static void
see_files (guint done, guint total, guint skipped, gpointer user_data)
{
  SeenFiles *seen = user_data;

  g_assert_cmpuint (done, ==, seen->calls + 1);
  g_assert_cmpuint (total, ==, 6);
  seen->done = done;
  seen->skipped = skipped;
  seen->calls++;
  if (seen->cancel_at_third != NULL && done == 3)
    g_cancellable_cancel (seen->cancel_at_third);
}

static const char *const listed[] = { "a.txt", "sub/b c.txt", "sub/deep/e", "z",
                                      "large", "\u00e4",      NULL };

static gboolean
upload_list (Fixture *fixture, SeenFiles *seen, GCancellable *cancellable, GError **error)
{
  g_autofree char *folder = g_build_filename (fixture->folder, "d", NULL);

  *seen = (SeenFiles){ .cancel_at_third = cancellable };
  return sb_transfer_upload_list (
      fixture->client, "b", "p/", folder, listed, NULL, see_files, seen, cancellable, error);
}

static void
make_listed (Fixture *fixture)
{
  for (guint i = 0; listed[i] != NULL; i++)
    {
      gsize size = strcmp (listed[i], "large") == 0 ? PART + 5 : i * 1000;
      g_autoptr (GBytes) bytes = make_bytes (size, i);
      g_autofree char *name = g_strconcat ("d/", listed[i], NULL);

      g_free (make_file (fixture, name, bytes));
    }
}

/* What is there is not sent again, whether it came in one piece or in parts. */
static void
test_upload_list (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) other = make_bytes (1000, 77);
  SeenFiles seen;

  make_listed (fixture);
  g_assert_true (upload_list (fixture, &seen, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (seen.done, ==, 6);
  g_assert_cmpuint (seen.skipped, ==, 0);
  g_assert_cmpuint (g_hash_table_size (fixture->store.objects), ==, 6);
  g_assert_true (g_hash_table_contains (fixture->store.objects, "/b/p/sub/b%20c.txt"));
  g_assert_true (g_hash_table_contains (fixture->store.objects, "/b/p/%C3%A4"));
  g_assert_cmpuint (fixture->store.puts, ==, 5);
  g_assert_cmpuint (fixture->store.part_puts, ==, 2);
  g_free (make_file (fixture, "d/sub/b c.txt", other));
  g_assert_true (upload_list (fixture, &seen, NULL, &error));
  g_assert_cmpuint (seen.skipped, ==, 5);
  g_assert_cmpuint (fixture->store.puts, ==, 6);
  g_assert_cmpuint (fixture->store.part_puts, ==, 2);
  assert_object (fixture, "/b/p/sub/b%20c.txt", other);
  /* None, and six objects in three pages of which the last is followed by an empty one. */
  g_assert_cmpuint (fixture->store.lists, ==, 1 + 4);
}

static void
test_upload_list_goes_on (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *gone = g_build_filename (fixture->folder, "d", "z", NULL);
  SeenFiles seen;
  guint before;

  make_listed (fixture);
  g_assert_false (upload_list (fixture, &seen, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  before = g_hash_table_size (fixture->store.objects);
  g_assert_cmpuint (before, >=, 3);
  g_assert_true (upload_list (fixture, &seen, NULL, &error));
  g_assert_no_error (error);
  /* What was on its way when it was cancelled may have arrived after it was counted. */
  g_assert_cmpuint (seen.skipped, >=, before);
  g_assert_cmpuint (g_hash_table_size (fixture->store.objects), ==, 6);
  g_assert_cmpint (g_unlink (gone), ==, 0);
  g_assert_false (upload_list (fixture, &seen, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_STORAGE);
  g_assert_nonnull (strstr (error->message, gone));
}

static void
test_download (Fixture *fixture, gconstpointer data)
{
  static const gsize sizes[] = { 0, 1, PART, 2 * PART + 777 };
  g_autofree char *path = g_build_filename (fixture->folder, "got", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (sizes) * 2; i++)
    {
      g_autoptr (GError) error = NULL;
      gsize size = sizes[i / 2];
      g_autoptr (GBytes) bytes = put_aside (fixture, size, i % 2 == 1 && size > 0);
      Seen seen = { 0 };

      sb_transfer_download_file (fixture->client, "b", "k", path, see, &seen, NULL, &error);
      g_assert_no_error (error);
      assert_file (path, bytes);
      g_assert_cmpuint (seen.done, ==, size);
    }
}

static void
test_download_truncated (Fixture *fixture, gconstpointer data)
{
  static const gsize sizes[] = { 1000, 2 * PART };
  g_autofree char *path = g_build_filename (fixture->folder, "got", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = put_aside (fixture, sizes[i], FALSE);

      fixture->store.truncate_gets = -1;
      g_assert_false (download (fixture, path, &error));
      g_assert_error (error, SB_ERROR, SB_ERROR_NETWORK);
      assert_no_file (path);
      g_clear_error (&error);
      fixture->store.truncate_gets = 2;
      download (fixture, path, &error);
      g_assert_no_error (error);
      assert_file (path, bytes);
      g_unlink (path);
    }
}

/* One bit is wrong, and the length is right; what stood there before stays. */
static void
test_download_damaged (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    gsize size;
    gboolean in_parts;
  } rows[] = { { 1000, FALSE }, { 2 * PART + 1, FALSE }, { 2 * PART + 1, TRUE } };
  g_autoptr (GBytes) old = make_bytes (10, 3);
  g_autofree char *path = make_file (fixture, "got", old);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = put_aside (fixture, rows[i].size, rows[i].in_parts);

      fixture->store.damage_gets = 1;
      g_assert_false (download (fixture, path, &error));
      g_assert_error (error, SB_ERROR, SB_ERROR_INTEGRITY);
      assert_file (path, old);
    }
}

static void
test_download_hidden_parts (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "got", NULL);
  g_autoptr (GBytes) bytes = put_aside (fixture, 2 * PART + 1, TRUE);

  fixture->store.hide_parts = TRUE;
  g_assert_true (download (fixture, path, &error));
  g_assert_no_error (error);
  assert_file (path, bytes);
}

static void
test_download_changed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "got", NULL);
  g_autoptr (GBytes) bytes = put_aside (fixture, 8 * PART, FALSE);

  fixture->store.change_after_gets = 2;
  g_assert_false (download (fixture, path, &error));
  g_assert_cmpstr (sb_error_get_service_code (error), ==, "PreconditionFailed");
  assert_no_file (path);
}

static void
test_download_ranges_ignored (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "got", NULL);
  g_autoptr (GBytes) bytes = put_aside (fixture, 2 * PART, FALSE);

  fixture->store.ignore_ranges = TRUE;
  g_assert_false (download (fixture, path, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_PROTOCOL);
  assert_no_file (path);
}

static void
test_download_nothing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "got", NULL);

  g_assert_false (download (fixture, path, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_NOT_FOUND);
  assert_no_file (path);
  g_clear_error (&error);
  bytes = put_aside (fixture, 10, FALSE);
  g_assert_false (download (fixture, "/nonexistent/folder/file", &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_STORAGE);
}

static void
cancel_at_once (guint64 done, guint64 total, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static void
test_download_cancel (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GBytes) bytes = put_aside (fixture, 4 * PART, FALSE);
  g_autofree char *path = g_build_filename (fixture->folder, "got", NULL);

  g_assert_false (sb_transfer_download_file (
      fixture->client, "b", "k", path, cancel_at_once, cancellable, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_no_file (path);
}

#define ADD(name, func) g_test_add ("/cloud/transfer/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_autofree char *cache = g_dir_make_tmp ("sb-cache-XXXXXX", NULL);
  int code;

  g_setenv ("XDG_CACHE_HOME", cache, TRUE);
  g_test_init (&argc, &argv, NULL);
  ADD ("upload-small", test_upload_small);
  ADD ("upload-parts", test_upload_parts);
  ADD ("upload-dropped", test_upload_dropped);
  ADD ("upload-resume", test_upload_resume);
  ADD ("upload-resume-changed", test_upload_resume_changed);
  ADD ("upload-denied", test_upload_denied);
  ADD ("upload-cancel", test_upload_cancel);
  ADD ("upload-lost-complete", test_upload_lost_complete);
  ADD ("upload-damaged", test_upload_damaged);
  ADD ("upload-no-file", test_upload_no_file);
  ADD ("upload-folder", test_upload_folder);
  ADD ("upload-list", test_upload_list);
  ADD ("upload-list-goes-on", test_upload_list_goes_on);
  ADD ("download", test_download);
  ADD ("download-truncated", test_download_truncated);
  ADD ("download-damaged", test_download_damaged);
  ADD ("download-hidden-parts", test_download_hidden_parts);
  ADD ("download-changed", test_download_changed);
  ADD ("download-ranges-ignored", test_download_ranges_ignored);
  ADD ("download-nothing", test_download_nothing);
  ADD ("download-cancel", test_download_cancel);
  code = g_test_run ();
  remove_folder (cache);
  return code;
}
