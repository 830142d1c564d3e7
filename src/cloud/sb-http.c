/* sb-http.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One request over libsoup, in the calling thread.
 */

#include "config.h"

#include "cloud/sb-http-private.h"

#include <string.h>

#define USER_AGENT "sagebrush/" SB_VERSION
/* What an answer that is wanted in memory may take there. */
#define MAX_BODY    ((gsize) 512 * 1024 * 1024)
#define CHUNK_BYTES ((gsize) 256 * 1024)

/* libsoup keeps a connection for the thread that made it. So every thread has sessions of its own,
 * in a main context of its own, which nobody else runs: nothing of them can fire elsewhere. */
typedef struct
{
  GMainContext *context;
  GHashTable *sessions; /* by what they were made for */
  guint8 *chunk;
} Room;

static void
room_free (gpointer data)
{
  Room *room = data;

  g_main_context_push_thread_default (room->context);
  g_hash_table_unref (room->sessions);
  while (g_main_context_iteration (room->context, FALSE))
    continue;
  g_main_context_pop_thread_default (room->context);
  g_main_context_unref (room->context);
  g_free (room->chunk);
  g_free (room);
}

static GPrivate rooms = G_PRIVATE_INIT (room_free);

static Room *
enter_room (void)
{
  Room *room = g_private_get (&rooms);

  if (room == NULL)
    {
      room = g_new0 (Room, 1);
      room->context = g_main_context_new ();
      room->sessions = g_hash_table_new_full (NULL, NULL, NULL, g_object_unref);
      room->chunk = g_malloc (CHUNK_BYTES);
      g_private_set (&rooms, room);
    }
  g_main_context_push_thread_default (room->context);
  /* What connections that were closed meanwhile left behind. */
  while (g_main_context_iteration (room->context, FALSE))
    continue;
  return room;
}

static void
leave_room (Room *room)
{
  g_main_context_pop_thread_default (room->context);
}

static SoupSession *
get_session (Room *room, gboolean local, guint timeout)
{
  gpointer key = GUINT_TO_POINTER (timeout * 2 + (local ? 1 : 0));
  SoupSession *session = g_hash_table_lookup (room->sessions, key);

  if (session != NULL)
    return session;
  session = soup_session_new_with_options (
      "timeout", timeout, "idle-timeout", 0, "user-agent", USER_AGENT, NULL);
  /* A body counts as it is stored: its length and checksum are those of the compressed bytes. */
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  if (local)
    soup_session_set_proxy_resolver (session, NULL);
  g_hash_table_insert (room->sessions, key, session);
  return session;
}

static void
set_body (SoupMessage *message, const SbHttpRequest *request)
{
  if (request->source != NULL)
    {
      g_autoptr (GInputStream) stream = request->source->open (request->source->data);

      soup_message_set_request_body (message, NULL, stream, (gssize) request->source->length);
    }
  else if (request->body != NULL)
    soup_message_set_request_body_from_bytes (message, NULL, request->body);
  else if (strcmp (request->method, "PUT") == 0 || strcmp (request->method, "POST") == 0)
    {
      g_autoptr (GBytes) none = g_bytes_new_static ("", 0);

      soup_message_set_request_body_from_bytes (message, NULL, none);
    }
}

/* libsoup sends once more by itself what an idle connection did not take. */
static void
restarted_cb (SoupMessage *message, gpointer user_data)
{
  const SbHttpRequest *request = user_data;
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);
  g_autofree char *type = g_strdup (soup_message_headers_get_one (headers, "Content-Type"));

  set_body (message, request);
  if (type != NULL)
    soup_message_headers_replace (headers, "Content-Type", type);
}

static SoupMessage *
make_message (const SbHttpRequest *request)
{
  SoupMessage *message = soup_message_new_from_uri (request->method, request->uri);
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);

  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  /* Else libsoup makes a new connection for every POST: one that was idle may break and leave open
   * whether the request got through. With this, libsoup then sends it again. */
  if (request->repeatable)
    soup_message_add_flags (message, SOUP_MESSAGE_IDEMPOTENT);
  set_body (message, request);
  for (guint i = 0; i < request->headers->len; i++)
    {
      const SbHeader *header = g_ptr_array_index (request->headers, i);

      soup_message_headers_append (headers, header->name, header->value);
    }
  if (request->source != NULL)
    g_signal_connect (message, "restarted", G_CALLBACK (restarted_cb), (gpointer) request);
  return message;
}

static gboolean
write_to_sink (Room *room,
               const SbHttpSink *sink,
               GInputStream *stream,
               GCancellable *cancellable,
               GError **error)
{
  for (;;)
    {
      gssize n = g_input_stream_read (stream, room->chunk, CHUNK_BYTES, cancellable, error);

      if (n <= 0)
        return n == 0;
      if (!sink->write (room->chunk, (gsize) n, sink->data, error))
        return FALSE;
    }
}

static GBytes *
read_all (Room *room,
          GInputStream *stream,
          goffset expected,
          GCancellable *cancellable,
          GError **error)
{
  g_autoptr (GByteArray) bytes =
      g_byte_array_sized_new ((guint) CLAMP (expected, 0, (goffset) CHUNK_BYTES * 16));

  for (;;)
    {
      gssize n = g_input_stream_read (stream, room->chunk, CHUNK_BYTES, cancellable, error);

      if (n < 0)
        return NULL;
      if (n == 0)
        return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
      if (bytes->len + (gsize) n > MAX_BODY)
        {
          g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "the answer is too long");
          return NULL;
        }
      g_byte_array_append (bytes, room->chunk, (guint) n);
    }
}

static gboolean
read_body (Room *room,
           const SbHttpRequest *request,
           SbAnswer *answer,
           GInputStream *stream,
           GCancellable *cancellable,
           GError **error)
{
  goffset expected = soup_message_headers_get_content_length (answer->headers);

  if (request->sink == NULL || !_sb_answer_is_success (answer))
    {
      answer->body = read_all (room, stream, expected, cancellable, error);
      return answer->body != NULL;
    }
  answer->body = g_bytes_new_static ("", 0);
  return request->sink->begin (answer, request->sink->data, error) &&
         write_to_sink (room, request->sink, stream, cancellable, error);
}

static gboolean
send_in_room (Room *room,
              const SbHttpRequest *request,
              SbAnswer *answer,
              GCancellable *cancellable,
              GError **error)
{
  SoupSession *session = get_session (room, request->local, request->timeout);
  g_autoptr (SoupMessage) message = make_message (request);
  g_autoptr (GInputStream) stream = soup_session_send (session, message, cancellable, error);
  gboolean fine;

  if (stream == NULL)
    return FALSE;
  answer->status = soup_message_get_status (message);
  answer->headers = soup_message_headers_ref (soup_message_get_response_headers (message));
  fine = read_body (room, request, answer, stream, cancellable, error);
  /* Without its end the connection cannot be used again: closing would read all that is left. */
  (void) g_input_stream_close (stream, fine ? cancellable : NULL, NULL);
  return fine;
}

/*< private >
 * _sb_http_send:
 * @request: what to send
 * @answer: (out caller-allocates): what came back; to be cleared in any case
 * @cancellable: (nullable): a cancellable
 * @error: an error of libsoup or GIO, or one of the sink's
 *
 * Sends a request and waits for the whole answer, over a connection that is kept for the next.
 *
 * Returns: whether there is an answer, whatever its status
 */
gboolean
_sb_http_send (const SbHttpRequest *request,
               SbAnswer *answer,
               GCancellable *cancellable,
               GError **error)
{
  Room *room = enter_room ();
  gboolean fine;

  *answer = (SbAnswer){ 0 };
  fine = send_in_room (room, request, answer, cancellable, error);
  leave_room (room);
  return fine;
}
