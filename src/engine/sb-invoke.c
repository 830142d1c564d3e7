/* sb-invoke.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * InvokeEndpoint: from the client's connection to the program's socket and back.
 */

#include "config.h"

#include <string.h>

#include "engine/sb-endpoint.h"
#include "engine/sb-services.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

#define MAX_BODY          6291456
#define INVOKE_TIMEOUT_MS (60 * 1000)
/* How much of a program's answer an error quotes. */
#define MAX_QUOTE 1024

typedef struct
{
  SbRequest *request;
  SbFleet *fleet;
  char *endpoint;
  const char *variant; /* the fleet's */
  gint64 begun;        /* monotonic */
} Invocation;

static void
invocation_free (Invocation *self)
{
  sb_request_unref (self->request);
  sb_fleet_unref (self->fleet);
  g_free (self->endpoint);
  g_free (self);
}

static char *
log_url (Invocation *self)
{
  const char *region = self->request->engine->region;

  return g_strdup_printf ("https://%s.console.aws.amazon.com/cloudwatch/home?region=%s"
                          "#logEventViewer:group=" SB_ENDPOINT_LOG_GROUP "%s",
                          region,
                          region,
                          self->endpoint);
}

static char *
quote_body (GBytes *body)
{
  gsize length = 0;
  const char *text = body != NULL ? g_bytes_get_data (body, &length) : "";

  return g_utf8_make_valid (text, (gssize) MIN (length, MAX_QUOTE));
}

/* The program refused or failed: HTTP 424, with what it said. */
static void
reply_model_error (Invocation *self, guint status, GBytes *body)
{
  g_autofree char *quoted = quote_body (body);
  g_autofree char *url = log_url (self);
  g_autofree char *arn = g_strdup_printf ("arn:aws:logs:%s:" SB_ENGINE_ACCOUNT
                                          ":log-group:" SB_ENDPOINT_LOG_GROUP "%s",
                                          self->request->engine->region,
                                          self->endpoint);
  g_autofree char *message = g_strdup_printf (
      "Received %s error (%u) from primary with message \"%s\". See %s in account %s for more "
      "information.",
      status >= 400 && status < 500 ? "client" : "server",
      status,
      quoted,
      url,
      SB_ENGINE_ACCOUNT);
  g_autoptr (JsonObject) document = sb_json_object_new ("Message",
                                                        "s",
                                                        message,
                                                        "OriginalStatusCode",
                                                        "i",
                                                        (gint64) status,
                                                        "OriginalMessage",
                                                        "s",
                                                        quoted,
                                                        "LogStreamArn",
                                                        "s",
                                                        arn,
                                                        NULL);
  char *text = sb_json_to_string (document);
  g_autoptr (GBytes) bytes = g_bytes_new_take (text, strlen (text));

  sb_request_add_header (self->request, "x-amzn-ErrorType", "ModelError");
  sb_request_reply (self->request, 424, "application/json", bytes);
}

static void
on_answer (const SbRuntimeAnswer *answer, const GError *error, gpointer data)
{
  Invocation *self = data;

  sb_metrics_count (self->request->engine->metrics,
                    self->endpoint,
                    self->variant,
                    answer != NULL ? answer->status : 0,
                    g_get_monotonic_time () - self->begun);
  if (answer == NULL)
    reply_model_error (self, 0, NULL);
  else if (answer->status >= 400)
    reply_model_error (self, answer->status, answer->body);
  else
    {
      sb_request_add_header (self->request, "x-Amzn-Invoked-Production-Variant", self->variant);
      sb_request_add_header (self->request,
                             "X-Amzn-SageMaker-Custom-Attributes",
                             answer->custom_attributes);
      sb_request_reply (self->request,
                        200,
                        answer->content_type != NULL ? answer->content_type
                                                     : "application/octet-stream",
                        answer->body);
    }
  invocation_free (self);
}

static GBytes *
make_head (SbRequest *request)
{
  static const char *const passed[] = { "Accept",
                                        "X-Amzn-SageMaker-Custom-Attributes",
                                        "X-Amzn-SageMaker-Inference-Id" };
  GString *head =
      sb_runtime_head_new ("POST",
                           "/invocations",
                           request->body != NULL ? g_bytes_get_size (request->body) : 0);
  const char *type = sb_request_get_header (request, "Content-Type");

  sb_runtime_head_add (head, "Content-Type", type != NULL ? type : "application/json");
  for (guint i = 0; i < G_N_ELEMENTS (passed); i++)
    {
      const char *value = sb_request_get_header (request, passed[i]);

      if (value != NULL)
        sb_runtime_head_add (head, passed[i], value);
    }
  return sb_runtime_head_finish (head);
}

static char *
read_name (SbRequest *request)
{
  const char *start = request->path + strlen ("/endpoints/");
  const char *end = g_strrstr (start, "/invocations");

  return sb_uri_decode (start, end - start, NULL);
}

static void
reply_no_endpoint (SbRequest *request, const char *name)
{
  g_autofree char *message =
      g_strdup_printf ("Endpoint %s of account %s not found.", name, SB_ENGINE_ACCOUNT);

  sb_request_fail (request, 400, "ValidationError", message);
}

static void
reply_no_variant (SbRequest *request, const char *variant)
{
  g_autofree char *message = g_strdup_printf ("Variant %s not found for Request.", variant);

  sb_request_fail (request, 400, "ValidationError", message);
}

/**
 * sb_invoke_handle:
 * @request: InvokeEndpoint, with its body
 */
void
sb_invoke_handle (SbRequest *request)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;
  const char *wanted = sb_request_get_header (request, "X-Amzn-SageMaker-Target-Variant");
  const char *variant;
  SbFleet *fleet;
  Invocation *invocation;
  g_autoptr (GBytes) head = NULL;

  if (!sb_request_authenticate (request, SB_AUTH_JSON, &error))
    {
      sb_request_reply_error (request, error);
      return;
    }
  name = read_name (request);
  fleet = name != NULL ? sb_endpoints_find_fleet (request->engine->endpoints, name) : NULL;
  variant = fleet != NULL ? sb_fleet_pick (fleet, wanted) : NULL;
  if (fleet == NULL)
    reply_no_endpoint (request, name != NULL ? name : "");
  else if (variant == NULL)
    reply_no_variant (request, wanted);
  else if (request->body != NULL && g_bytes_get_size (request->body) > MAX_BODY)
    sb_request_fail (request,
                     400,
                     "ValidationError",
                     "1 validation error detected: Value at 'body' failed to satisfy constraint: "
                     "Member must have length less than or equal to 6291456");
  else
    {
      invocation = g_new0 (Invocation, 1);
      invocation->request = sb_request_ref (request);
      invocation->fleet = sb_fleet_ref (fleet);
      invocation->endpoint = g_steal_pointer (&name);
      invocation->variant = variant;
      invocation->begun = g_get_monotonic_time ();
      head = make_head (request);
      sb_request_pause (request);
      sb_runtime_client_send (sb_fleet_get_client (fleet, variant),
                              head,
                              request->body,
                              INVOKE_TIMEOUT_MS,
                              on_answer,
                              invocation);
    }
}
