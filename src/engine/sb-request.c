/* sb-request.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-request.h"

#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-xml.h"

static void
add_header (const char *name, const char *value, gpointer data)
{
  g_ptr_array_add (data, sb_header_new (name, value));
}

static void
on_finished (SoupServerMessage *message, gpointer data)
{
  SbRequest *self = data;

  self->gone = TRUE;
  self->finished = 0;
}

/* UUIDs of GLib read /dev/urandom; a counter and a random number are as unique within one engine
 * and cost nothing. */
static void
make_id (char id[37])
{
  static guint64 count;
  guint64 high = ((guint64) g_random_int () << 32) | g_random_int ();

  count++;
  g_snprintf (id,
              37,
              "%08x-%04x-4%03x-8%03x-%012" G_GINT64_MODIFIER "x",
              (guint) (high >> 32),
              (guint) (high >> 16) & 0xffff,
              (guint) (high & 0xfff),
              g_random_int () & 0xfff,
              count & 0xffffffffffff);
}

/**
 * sb_request_new:
 * @engine: the engine
 * @message: what came; its headers are complete
 *
 * Returns: (transfer full): the request, not yet authenticated
 */
SbRequest *
sb_request_new (SbEngine *engine, SoupServerMessage *message)
{
  SbRequest *self = g_new0 (SbRequest, 1);
  GUri *uri = soup_server_message_get_uri (message);
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);

  self->ref_count = 1;
  self->engine = engine;
  self->message = g_object_ref (message);
  self->method = soup_server_message_get_method (message);
  self->path = g_strdup (g_uri_get_path (uri));
  self->query = g_strdup (g_uri_get_query (uri));
  self->pairs = sb_query_parse (self->query != NULL ? self->query : "");
  self->headers = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_header_free);
  soup_message_headers_foreach (headers, add_header, self->headers);
  make_id (self->id);
  self->finished = g_signal_connect (message, "finished", G_CALLBACK (on_finished), self);
  return self;
}

SbRequest *
sb_request_ref (SbRequest *self)
{
  self->ref_count++;
  return self;
}

void
sb_request_unref (SbRequest *self)
{
  if (--self->ref_count > 0)
    return;
  if (self->finished != 0)
    g_signal_handler_disconnect (self->message, self->finished);
  if (self->upload != NULL)
    self->upload_free (self->upload);
  g_object_unref (self->message);
  g_free (self->path);
  g_free (self->query);
  g_ptr_array_unref (self->pairs);
  g_ptr_array_unref (self->headers);
  g_clear_pointer (&self->claim, sb_sigv4_claim_free);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self);
}

/**
 * sb_request_get_header:
 * @self: a request
 * @name: a header, in any case
 *
 * Returns: (transfer none) (nullable): its value
 */
const char *
sb_request_get_header (SbRequest *self, const char *name)
{
  for (guint i = 0; i < self->headers->len; i++)
    {
      const SbHeader *header = g_ptr_array_index (self->headers, i);

      if (g_ascii_strcasecmp (header->name, name) == 0)
        return header->value;
    }
  return NULL;
}

/**
 * sb_request_get_query:
 * @self: a request
 * @name: a parameter of the query
 *
 * Returns: (transfer none) (nullable): its decoded value
 */
const char *
sb_request_get_query (SbRequest *self, const char *name)
{
  return sb_query_lookup (self->pairs, name);
}

/**
 * sb_request_authenticate:
 * @self: a request
 * @service: whose rules apply
 * @error: with the service's own code
 *
 * Returns: whether the signature is right
 */
gboolean
sb_request_authenticate (SbRequest *self, SbAuthService service, GError **error)
{
  g_autofree SbHeader *headers = g_new (SbHeader, self->headers->len);
  g_autofree char *hash = NULL;
  SbSigv4Request request = {
    .method = self->method,
    .path = self->path,
    .query = self->query,
    .headers = headers,
    .n_headers = self->headers->len,
    .flags = service == SB_AUTH_S3 ? SB_SIGV4_S3 : SB_SIGV4_NORMALIZE,
  };

  for (guint i = 0; i < self->headers->len; i++)
    headers[i] = *(SbHeader *) g_ptr_array_index (self->headers, i);
  request.payload_hash = sb_request_get_header (self, "X-Amz-Content-SHA256");
  if (service == SB_AUTH_S3 && request.payload_hash == NULL)
    request.payload_hash = SB_SIGV4_UNSIGNED_PAYLOAD;
  else if (service != SB_AUTH_S3)
    {
      hash = self->body != NULL ? sb_sha256_hex_bytes (self->body) : g_strdup (SB_SHA256_EMPTY);
      request.payload_hash = hash;
    }
  return sb_auth_check (self->engine->auth,
                        service,
                        &request,
                        service == SB_AUTH_S3 ? self->body : NULL,
                        &self->claim,
                        error);
}

/**
 * sb_request_pause:
 * @self: a request whose answer comes later
 */
void
sb_request_pause (SbRequest *self)
{
  self->paused = TRUE;
  soup_server_message_pause (self->message);
}

/**
 * sb_request_add_header:
 * @self: a request that is not answered yet
 * @name: a header of the answer
 * @value: (nullable): its value
 */
void
sb_request_add_header (SbRequest *self, const char *name, const char *value)
{
  if (value != NULL)
    soup_message_headers_replace (soup_server_message_get_response_headers (self->message),
                                  name,
                                  value);
}

/* Without a length, which such an answer must not have, libsoup takes it that its body lasts until
 * the connection ends, and ends it. It forgets an encoding that is set any earlier. */
static void
on_wrote_no_content (SoupServerMessage *message, gpointer data)
{
  soup_message_headers_set_encoding (soup_server_message_get_response_headers (message),
                                     SOUP_ENCODING_NONE);
}

/**
 * sb_request_reply:
 * @self: a request that is not answered yet
 * @status: HTTP status
 * @content_type: (nullable): of the body
 * @body: (nullable): the body
 *
 * Answers, unless the client has gone.
 */
void
sb_request_reply (SbRequest *self, guint status, const char *content_type, GBytes *body)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (self->message);

  if (self->gone)
    return;
  soup_server_message_set_status (self->message, status, NULL);
  if (content_type != NULL)
    soup_message_headers_replace (headers, "Content-Type", content_type);
  if (self->protocol == SB_PROTOCOL_S3)
    {
      soup_message_headers_replace (headers, "x-amz-request-id", self->id);
      soup_message_headers_replace (headers, "x-amz-id-2", self->id);
    }
  else
    soup_message_headers_replace (headers, "x-amzn-RequestId", self->id);
  if (body != NULL && g_bytes_get_size (body) > 0)
    soup_message_body_append_bytes (soup_server_message_get_response_body (self->message), body);
  if (status == SOUP_STATUS_NO_CONTENT)
    g_signal_connect (self->message, "wrote-headers", G_CALLBACK (on_wrote_no_content), NULL);
  if (self->paused)
    {
      self->paused = FALSE;
      soup_server_message_unpause (self->message);
    }
}

static GBytes *
json_error (const char *code, const GError *error, gboolean runtime)
{
  g_autoptr (JsonObject) object = json_object_new ();
  char *text;

  if (!runtime)
    json_object_set_string_member (object, "__type", code);
  else if (strcmp (code, "ValidationError") == 0 && strstr (error->message, " not found.") != NULL)
    json_object_set_string_member (object, "ErrorCode", "NO_SUCH_ENDPOINT");
  json_object_set_string_member (object, runtime ? "Message" : "message", error->message);
  text = sb_json_to_string (object);
  return g_bytes_new_take (text, strlen (text));
}

static GBytes *
query_error (SbRequest *self, guint status, const char *code, const GError *error)
{
  SbXmlWriter *writer =
      sb_xml_writer_new ("ErrorResponse", "https://iam.amazonaws.com/doc/2010-05-08/");

  sb_xml_writer_open (writer, "Error");
  sb_xml_writer_text (writer, "Type", status >= 500 ? "Receiver" : "Sender");
  sb_xml_writer_text (writer, "Code", code);
  sb_xml_writer_text (writer, "Message", error->message);
  sb_xml_writer_close (writer);
  sb_xml_writer_text (writer, "RequestId", self->id);
  return sb_xml_writer_finish (writer);
}

static GBytes *
s3_error (SbRequest *self, const char *code, const GError *error)
{
  SbXmlWriter *writer = sb_xml_writer_new ("Error", NULL);
  g_autofree char *path = sb_uri_decode (self->path, -1, NULL);

  sb_xml_writer_text (writer, "Code", code);
  sb_xml_writer_text (writer, "Message", error->message);
  if (strcmp (code, "AuthorizationHeaderMalformed") == 0)
    sb_xml_writer_text (writer, "Region", self->engine->region);
  sb_xml_writer_text (writer, "Resource", path);
  sb_xml_writer_text (writer, "RequestId", self->id);
  sb_xml_writer_text (writer, "HostId", self->id);
  return sb_xml_writer_finish (writer);
}

/**
 * sb_request_reply_error:
 * @self: a request that is not answered yet
 * @error: why it failed; of another domain than SB_ERROR it is an internal failure
 *
 * Answers with an error in the service's own form.
 */
void
sb_request_reply_error (SbRequest *self, const GError *error)
{
  const char *code = sb_error_get_service_code (error);
  guint status = sb_error_get_status (error);
  g_autoptr (GBytes) body = NULL;

  if (code == NULL || status == 0)
    {
      gboolean full = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);

      code = self->protocol == SB_PROTOCOL_JSON || self->protocol == SB_PROTOCOL_RUNTIME
                 ? "InternalFailure"
                 : "InternalError";
      status = full ? 507 : 500;
    }
  if (status == 507 && self->protocol != SB_PROTOCOL_S3)
    code = "InternalFailure";
  switch (self->protocol)
    {
    case SB_PROTOCOL_JSON:
      body = json_error (code, error, FALSE);
      sb_request_reply (self, status, "application/x-amz-json-1.1", body);
      break;
    case SB_PROTOCOL_RUNTIME:
      body = json_error (code, error, TRUE);
      sb_request_add_header (self, "x-amzn-ErrorType", code);
      sb_request_reply (self, status, "application/json", body);
      break;
    case SB_PROTOCOL_QUERY:
      body = query_error (self, status, code, error);
      sb_request_reply (self, status, "text/xml", body);
      break;
    case SB_PROTOCOL_S3:
      if (strcmp (self->method, "HEAD") != 0)
        body = s3_error (self, code, error);
      sb_request_reply (self, status, body != NULL ? "application/xml" : NULL, body);
      break;
    default:
      g_assert_not_reached ();
    }
}

/**
 * sb_request_fail:
 * @self: a request that is not answered yet
 * @status: HTTP status
 * @code: the service's code
 * @message: its sentence
 */
void
sb_request_fail (SbRequest *self, guint status, const char *code, const char *message)
{
  g_autoptr (GError) error = sb_error_new_service (status, code, message, NULL);

  sb_request_reply_error (self, error);
}
