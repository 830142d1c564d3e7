/* sb-dispatch.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One port, seven services: which one a request is for shows in its head.
 */

#include "config.h"

#include "engine/sb-dispatch.h"

#include <string.h>

#include "engine/sb-connection.h"
#include "engine/sb-s3.h"
#include "engine/sb-services.h"
#include "engine/sb-validate.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-query.h"

/* The largest body that is held in memory: InvokeEndpoint's limit and room to spare. */
#define MAX_BODY (8 * 1024 * 1024)

typedef struct
{
  SbRequest *request; /* holds an SbUploadStream, or the body in memory */
  GError *error;      /* why it is not taken at all */
  gsize received;
} Incoming;

static void
incoming_free (gpointer data)
{
  Incoming *self = data;

  sb_request_unref (self->request);
  g_clear_error (&self->error);
  g_free (self);
}

static gboolean
is_invocation (const char *path)
{
  return g_str_has_prefix (path, "/endpoints/") && g_str_has_suffix (path, "/invocations");
}

static SbProtocol
guess_protocol (SbRequest *request)
{
  const char *type = sb_request_get_header (request, "Content-Type");

  if (sb_request_get_header (request, "X-Amz-Target") != NULL)
    return SB_PROTOCOL_JSON;
  if (is_invocation (request->path) && strcmp (request->method, "POST") == 0)
    return SB_PROTOCOL_RUNTIME;
  if (strcmp (request->method, "POST") == 0 && strcmp (request->path, "/") == 0 && type != NULL &&
      g_str_has_prefix (type, "application/x-www-form-urlencoded"))
    return SB_PROTOCOL_QUERY;
  return SB_PROTOCOL_S3;
}

static void
reply_json (SbRequest *request, const SbOperation *operation, JsonObject *output)
{
  g_autoptr (GBytes) body = NULL;
  char *text;

  if (!operation->no_output)
    {
      text = sb_json_to_string (output);
      body = g_bytes_new_take (text, strlen (text));
    }
  sb_request_reply (request, 200, "application/x-amz-json-1.1", body);
}

static JsonObject *
read_json (SbRequest *request, GError **error)
{
  gsize length = 0;
  const char *text = request->body != NULL ? g_bytes_get_data (request->body, &length) : NULL;
  JsonObject *input;

  if (length == 0)
    return json_object_new ();
  input = sb_json_parse_object (text, (gssize) length, NULL);
  if (input == NULL)
    g_propagate_error (error,
                       sb_error_new_service (400,
                                             "SerializationException",
                                             "The request is no well-formed JSON object",
                                             NULL));
  return input;
}

static void
handle_json (SbRequest *request)
{
  const char *target = sb_request_get_header (request, "X-Amz-Target");
  const char *dot = strchr (target, '.');
  const char *name = dot != NULL ? dot + 1 : target;
  const char *service = g_str_has_prefix (target, "SageMaker.")       ? "sagemaker"
                        : g_str_has_prefix (target, "Logs_20140328.") ? "logs"
                                                                      : NULL;
  const SbOperation *operation =
      service != NULL ? sb_engine_find_operation (request->engine, service, name) : NULL;
  g_autoptr (JsonObject) input = NULL;
  g_autoptr (JsonObject) output = NULL;
  g_autoptr (GError) error = NULL;

  if (!sb_request_authenticate (request, SB_AUTH_JSON, &error))
    sb_request_reply_error (request, error);
  else if (operation == NULL)
    sb_request_fail (request,
                     400,
                     "UnknownOperationException",
                     "The requested operation is not known to the local engine.");
  else
    {
      input = read_json (request, &error);
      if (input != NULL &&
          sb_validate (service, operation->name, input, SB_VALIDATE_DEFAULT, &error))
        output = operation->func (request->engine, input, &error);
      if (output != NULL)
        reply_json (request, operation, output);
      else
        sb_request_reply_error (request, error);
    }
}

static void write_members (SbXmlWriter *writer, JsonObject *object);

static void
write_value (SbXmlWriter *writer, const char *name, JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      sb_xml_writer_open (writer, name);
      write_members (writer, json_node_get_object (node));
      sb_xml_writer_close (writer);
    }
  else if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      sb_xml_writer_open (writer, name);
      for (guint i = 0; i < json_array_get_length (array); i++)
        write_value (writer, "member", json_array_get_element (array, i));
      sb_xml_writer_close (writer);
    }
  else if (json_node_get_value_type (node) == G_TYPE_STRING)
    sb_xml_writer_text (writer, name, json_node_get_string (node));
  else
    {
      g_autofree char *text = sb_json_node_to_string (node);

      sb_xml_writer_text (writer, name, text);
    }
}

static void
write_members (SbXmlWriter *writer, JsonObject *object)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    write_value (writer, name, node);
}

static void
reply_query (SbRequest *request,
             const char *service,
             const SbOperation *operation,
             JsonObject *output)
{
  g_autofree char *root = g_strconcat (operation->name, "Response", NULL);
  g_autofree char *result = g_strconcat (operation->name, "Result", NULL);
  g_autoptr (GBytes) body = NULL;
  const char *name_space =
      strcmp (service, "iam") == 0   ? "https://iam.amazonaws.com/doc/2010-05-08/"
      : strcmp (service, "sts") == 0 ? "https://sts.amazonaws.com/doc/2011-06-15/"
                                     : "http://monitoring.amazonaws.com/doc/2010-08-01/";
  SbXmlWriter *writer = sb_xml_writer_new (root, name_space);

  if (!operation->no_output)
    {
      sb_xml_writer_open (writer, result);
      write_members (writer, output);
      sb_xml_writer_close (writer);
    }
  sb_xml_writer_open (writer, "ResponseMetadata");
  sb_xml_writer_text (writer, "RequestId", request->id);
  sb_xml_writer_close (writer);
  body = sb_xml_writer_finish (writer);
  sb_request_reply (request, 200, "text/xml", body);
}

static void
handle_query (SbRequest *request)
{
  g_autofree char *action = NULL;
  g_autofree char *version = NULL;
  g_autoptr (JsonObject) input = NULL;
  g_autoptr (JsonObject) output = NULL;
  g_autoptr (GError) error = NULL;
  const SbOperation *operation = NULL;
  const char *service;
  gsize length = 0;
  const char *text = request->body != NULL ? g_bytes_get_data (request->body, &length) : "";

  if (!sb_request_authenticate (request, SB_AUTH_QUERY, &error))
    {
      sb_request_reply_error (request, error);
      return;
    }
  input = sb_query_decode (text, (gssize) length, &action, &version, &error);
  service = g_strcmp0 (version, "2010-05-08") == 0   ? "iam"
            : g_strcmp0 (version, "2011-06-15") == 0 ? "sts"
            : g_strcmp0 (version, "2010-08-01") == 0 ? "cloudwatch"
                                                     : NULL;
  if (input == NULL)
    {
      sb_request_fail (request, 400, "MalformedQueryString", error->message);
      return;
    }
  if (service != NULL && action != NULL)
    operation = sb_engine_find_operation (request->engine, service, action);
  if (operation == NULL)
    {
      g_autofree char *message = g_strdup_printf ("Could not find operation %s for version %s",
                                                  action != NULL ? action : "",
                                                  version != NULL ? version : "");

      sb_request_fail (request, 400, "InvalidAction", message);
      return;
    }
  if (sb_validate (service, operation->name, input, SB_VALIDATE_TEXT, &error))
    output = operation->func (request->engine, input, &error);
  if (output != NULL)
    reply_query (request, service, operation, output);
  else
    sb_request_reply_error (request, error);
}

static void
handle_s3 (SbRequest *request)
{
  g_autoptr (GError) error = NULL;

  if (request->upload != NULL)
    sb_s3_handle_upload (request, request->upload);
  else if (!sb_request_authenticate (request, SB_AUTH_S3, &error))
    sb_request_reply_error (request, error);
  else
    sb_s3_handle (request);
}

static void
on_chunk (SoupServerMessage *message, GBytes *chunk, gpointer data)
{
  Incoming *incoming = data;
  gsize length;
  const void *bytes = g_bytes_get_data (chunk, &length);

  incoming->received += length;
  if (incoming->error != NULL)
    return;
  if (incoming->request->upload != NULL)
    sb_upload_stream_feed (incoming->request->upload, bytes, length);
  else if (incoming->received > MAX_BODY)
    {
      soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
      incoming->error =
          sb_error_new_service (413, "RequestEntityTooLarge", "The request is too large.", NULL);
    }
}

/* An object's bytes must not pile up in memory: who may send them is decided by the head alone. */
static void
begin_upload (Incoming *incoming)
{
  SbRequest *request = incoming->request;
  g_auto (SbS3Target) target = { 0 };

  if (sb_request_authenticate (request, SB_AUTH_S3, &incoming->error) &&
      sb_s3_parse_path (request->path, &target, &incoming->error) &&
      sb_s3_check_put (request, target.bucket, target.key, &incoming->error))
    request->upload = sb_upload_stream_new (request, &incoming->error);
  request->upload_free = (GDestroyNotify) sb_upload_stream_free;
  soup_message_body_set_accumulate (soup_server_message_get_request_body (request->message), FALSE);
}

/* The request holds the message, and the message the request: this is where they part. */
static void
on_finished (SoupServerMessage *message, gpointer data)
{
  sb_connection_rest (message);
  g_object_set_data (G_OBJECT (message), "sb-incoming", NULL);
}

static void
on_head (SoupServer *server,
         SoupServerMessage *message,
         const char *path,
         GHashTable *query,
         gpointer data)
{
  Incoming *incoming = g_new0 (Incoming, 1);

  sb_connection_begin (message);
  incoming->request = sb_request_new (data, message);
  incoming->request->protocol = guess_protocol (incoming->request);
  g_object_set_data_full (G_OBJECT (message), "sb-incoming", incoming, incoming_free);
  if (incoming->request->protocol == SB_PROTOCOL_S3 && sb_s3_wants_stream (incoming->request))
    begin_upload (incoming);
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_chunk), incoming);
  g_signal_connect (message, "finished", G_CALLBACK (on_finished), NULL);
}

static void
on_request (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer data)
{
  Incoming *incoming = g_object_get_data (G_OBJECT (message), "sb-incoming");
  SbRequest *request = incoming->request;

  if (incoming->error != NULL)
    {
      sb_request_reply_error (request, incoming->error);
      return;
    }
  if (request->upload == NULL)
    request->body = soup_message_body_flatten (soup_server_message_get_request_body (message));
  switch (request->protocol)
    {
    case SB_PROTOCOL_JSON:
      handle_json (request);
      break;
    case SB_PROTOCOL_RUNTIME:
      sb_invoke_handle (request);
      break;
    case SB_PROTOCOL_QUERY:
      handle_query (request);
      break;
    case SB_PROTOCOL_S3:
      handle_s3 (request);
      break;
    default:
      g_assert_not_reached ();
    }
}

/**
 * sb_dispatch_attach:
 * @engine: an engine
 *
 * Lets the engine's server hand its requests to the services.
 */
void
sb_dispatch_attach (SbEngine *engine)
{
  soup_server_add_early_handler (engine->server, NULL, on_head, engine, NULL);
  soup_server_add_handler (engine->server, NULL, on_request, engine, NULL);
}
