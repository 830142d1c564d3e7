/* loopback.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "loopback.h"

#include <string.h>

#include "cloud/sb-static-provider.h"
#include "wire/sb-sigv4.h"

static void
asked_free (gpointer data)
{
  Asked *asked = data;

  g_free (asked->method);
  g_free (asked->target);
  soup_message_headers_unref (asked->headers);
  g_bytes_unref (asked->body);
  g_free (asked->region);
  g_free (asked->service);
  g_free (asked);
}

static GArray *
list_headers (SoupMessageHeaders *headers)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (SbHeader));
  SoupMessageHeadersIter iter;
  const char *name, *value;

  soup_message_headers_iter_init (&iter, headers);
  while (soup_message_headers_iter_next (&iter, &name, &value))
    {
      SbHeader header = { (char *) name, (char *) value };

      g_array_append_val (all, header);
    }
  return all;
}

static void
check_signature (Asked *asked, GUri *uri)
{
  g_autoptr (GArray) all = list_headers (asked->headers);
  const SbHeader *headers = (const SbHeader *) (gpointer) all->data;
  g_autoptr (SbSigv4Claim) claim = sb_sigv4_parse (headers, all->len, g_uri_get_query (uri), NULL);
  const char *hash = asked_header (asked, "x-amz-content-sha256");
  g_autofree char *computed = sb_sha256_hex_bytes (asked->body);
  guint8 key[SB_SHA256_LENGTH];
  SbSigv4Request request;

  if (claim == NULL)
    return;
  asked->region = g_strdup (claim->region);
  asked->service = g_strdup (claim->service);
  request = (SbSigv4Request){
    .method = asked->method,
    .path = g_uri_get_path (uri),
    .query = g_uri_get_query (uri),
    .headers = headers,
    .n_headers = all->len,
    .payload_hash = hash != NULL ? hash : computed,
    .region = claim->region,
    .service = claim->service,
    .time = claim->time,
    .flags = hash != NULL ? SB_SIGV4_S3 : SB_SIGV4_NORMALIZE,
  };
  sb_sigv4_signing_key (LOOPBACK_SECRET, claim->date, claim->region, claim->service, key);
  asked->is_signed = sb_sigv4_verify (claim, &request, key) &&
                     (hash == NULL || strcmp (hash, SB_SIGV4_UNSIGNED_PAYLOAD) == 0 ||
                      strcmp (hash, computed) == 0);
}

static void
asked_cb (SoupServer *server,
          SoupServerMessage *message,
          const char *path,
          GHashTable *query,
          gpointer user_data)
{
  Loopback *self = user_data;
  GUri *uri = soup_server_message_get_uri (message);
  const char *raw = g_uri_get_query (uri);
  Asked *asked = g_new0 (Asked, 1);

  asked->method = g_strdup (soup_server_message_get_method (message));
  asked->target = g_strconcat (g_uri_get_path (uri), raw != NULL ? "?" : "", raw, NULL);
  asked->headers = soup_message_headers_ref (soup_server_message_get_request_headers (message));
  asked->body = soup_message_body_flatten (soup_server_message_get_request_body (message));
  check_signature (asked, uri);
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->asked, asked);
  g_mutex_unlock (&self->lock);
  self->func (message, asked, self->data);
}

typedef struct
{
  Loopback *self;
  GMutex lock;
  GCond cond;
} Starting;

static gpointer
serve (gpointer user_data)
{
  Starting *starting = user_data;
  Loopback *self = starting->self;
  g_autoptr (SoupServer) server = NULL;
  g_autoptr (GError) error = NULL;
  GSList *uris;

  g_main_context_push_thread_default (self->context);
  server = soup_server_new ("raw-paths", TRUE, NULL);
  soup_server_add_handler (server, NULL, asked_cb, self, NULL);
  soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (server);
  g_mutex_lock (&starting->lock);
  self->url = g_strdup_printf ("http://127.0.0.1:%d", g_uri_get_port (uris->data));
  g_cond_signal (&starting->cond);
  g_mutex_unlock (&starting->lock);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  g_main_loop_run (self->loop);
  soup_server_disconnect (server);
  g_clear_object (&server);
  while (g_main_context_iteration (self->context, FALSE))
    continue;
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

Loopback *
loopback_new (LoopbackFunc func, gpointer data)
{
  Loopback *self = g_new0 (Loopback, 1);
  Starting starting = { self };

  self->func = func;
  self->data = data;
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->asked = g_ptr_array_new_with_free_func (asked_free);
  g_mutex_init (&self->lock);
  g_mutex_init (&starting.lock);
  g_cond_init (&starting.cond);
  self->thread = g_thread_new ("loopback", serve, &starting);
  g_mutex_lock (&starting.lock);
  while (self->url == NULL)
    g_cond_wait (&starting.cond, &starting.lock);
  g_mutex_unlock (&starting.lock);
  g_mutex_clear (&starting.lock);
  g_cond_clear (&starting.cond);
  return self;
}

static gboolean
quit_cb (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

void
loopback_free (Loopback *self)
{
  g_main_context_invoke (self->context, quit_cb, self->loop);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_ptr_array_unref (self->asked);
  g_mutex_clear (&self->lock);
  g_free (self->url);
  g_free (self);
}

guint
loopback_n_asked (Loopback *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->asked->len;
}

const Asked *
loopback_get (Loopback *self, guint index)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_assert_cmpuint (index, <, self->asked->len);
  return g_ptr_array_index (self->asked, index);
}

SbConnection *
loopback_connect (Loopback *self)
{
  g_autoptr (SbCredentials) keys = sb_credentials_new (LOOPBACK_KEY_ID, LOOPBACK_SECRET, NULL);
  g_autoptr (SbCredentialsProvider) provider = sb_static_provider_new (keys);

  return sb_connection_new ("loopback", "Loopback", "us-east-1", self->url, provider);
}

const char *
asked_header (const Asked *asked, const char *name)
{
  return soup_message_headers_get_one (asked->headers, name);
}

void
reply (SoupServerMessage *message, guint status, const char *type, const char *body)
{
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (
      message, type, SOUP_MEMORY_COPY, body != NULL ? body : "", body != NULL ? strlen (body) : 0);
}

void
reply_header (SoupServerMessage *message, const char *name, const char *value)
{
  soup_message_headers_replace (soup_server_message_get_response_headers (message), name, value);
}

/* Hangs up without a word. */
void
reply_drop (SoupServerMessage *message)
{
  g_autoptr (GIOStream) stream = soup_server_message_steal_connection (message);

  g_io_stream_close (stream, NULL, NULL);
}

/* Sends exactly this and hangs up. */
void
reply_raw (SoupServerMessage *message, const char *text)
{
  g_autoptr (GIOStream) stream = soup_server_message_steal_connection (message);
  GOutputStream *out = g_io_stream_get_output_stream (stream);

  g_assert_true (g_output_stream_write_all (out, text, strlen (text), NULL, NULL, NULL));
  g_io_stream_close (stream, NULL, NULL);
}

SbClient *
client_for (SbConnection *connection, SbJournal **journal)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbJournal) own = sb_journal_new (NULL, &error);
  SbClient *client;

  g_assert_no_error (error);
  client = sb_client_new (connection, own);
  if (journal != NULL)
    *journal = g_object_ref (own);
  return client;
}

/* With the connection that loopback_connect() makes. */
SbClient *
loopback_client (Loopback *self, SbJournal **journal)
{
  g_autoptr (SbConnection) connection = loopback_connect (self);

  return client_for (connection, journal);
}

/* The call that was made last; at least one was. */
SbJournalEntry *
last_entry (SbJournal *journal)
{
  g_autoptr (GPtrArray) entries = sb_journal_dup_entries (journal, NULL, NULL, NULL);

  g_assert_cmpuint (entries->len, >, 0);
  return g_object_ref (g_ptr_array_index (entries, entries->len - 1));
}
