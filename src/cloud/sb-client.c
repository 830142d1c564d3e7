/* sb-client.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-client.h"

#include <string.h>

#include "cloud/sb-action-private.h"
#include "cloud/sb-call-private.h"
#include "cloud/sb-recheck-private.h"
#include "cloud/sb-journal-entry-private.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

/* Longest pause between two attempts, in seconds. */
#define MAX_PAUSE 20.0
/* The engine on this computer is back sooner than a service far away. */
#define LOCAL_PAUSE 0.05
/* What the journal keeps of a body that a program printed or will read. */
#define MAX_TEXT   32768
#define MAX_BINARY 16384
/* A longer document stays out of the journal, which is there to be read. */
#define MAX_OUTPUT 65536

/**
 * SbClient:
 *
 * Makes calls over a connection and writes them into a journal. Immutable; any thread may use it,
 * and every call blocks the thread that makes it.
 */
struct _SbClient
{
  GObject parent_instance;

  SbConnection *connection;
  SbJournal *journal;
  SbClientState *state;
  char *module;
  char *run;
  char *step;
};

G_DEFINE_FINAL_TYPE (SbClient, sb_client, G_TYPE_OBJECT)

static void
sb_client_finalize (GObject *object)
{
  SbClient *self = SB_CLIENT (object);

  g_clear_object (&self->connection);
  g_clear_object (&self->journal);
  g_clear_pointer (&self->state, _sb_client_state_unref);
  g_clear_pointer (&self->module, g_free);
  g_clear_pointer (&self->run, g_free);
  g_clear_pointer (&self->step, g_free);

  G_OBJECT_CLASS (sb_client_parent_class)->finalize (object);
}

static void
sb_client_class_init (SbClientClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_client_finalize;
}

static void
sb_client_init (SbClient *self)
{
}

static gboolean
is_text (const char *data, gsize length, const char *content_type)
{
  return (content_type == NULL || !g_str_has_prefix (content_type, "image/")) &&
         memchr (data, '\0', length) == NULL && g_utf8_validate (data, (gssize) length, NULL);
}

/* A body as the journal keeps it: whole when it is short, else its size. */
static JsonObject *
describe_body (const SbCallOptions *options, JsonObject *input)
{
  const char *type = sb_json_get_string (input, "ContentType", NULL);
  JsonObject *note;
  const char *data;
  gsize length;

  if (options->source != NULL)
    return sb_json_object_new ("path",
                               "s",
                               options->source_path,
                               "size",
                               "i",
                               (gint64) options->source->length,
                               "content_type",
                               "s",
                               type,
                               NULL);
  if (options->body == NULL)
    return NULL;
  data = g_bytes_get_data (options->body, &length);
  note = sb_json_object_new ("size", "i", (gint64) length, "content_type", "s", type, NULL);
  if (length <= MAX_TEXT && is_text (data != NULL ? data : "", length, type))
    {
      g_autofree char *text = g_strndup (data, length);

      json_object_set_string_member (note, "text", text);
    }
  else if (length <= MAX_BINARY)
    {
      g_autofree char *base64 = g_base64_encode ((const guint8 *) data, length);

      json_object_set_string_member (note, "base64", base64);
    }
  return note;
}

static JsonObject *
describe_call (SbClient *self, SbCall *call, JsonObject *input, double time)
{
  const char *url = sb_endpoints_get_url (sb_connection_get_endpoints (self->connection),
                                          call->operation.service);

  return sb_json_object_new ("time",
                             "d",
                             time,
                             "module",
                             "s",
                             self->module,
                             "run",
                             "s",
                             self->run,
                             "step",
                             "s",
                             self->step,
                             "connection",
                             "s",
                             sb_connection_get_name (self->connection),
                             "region",
                             "s",
                             sb_connection_get_region (self->connection),
                             "endpoint_url",
                             "s",
                             url,
                             "service",
                             "s",
                             call->operation.service,
                             "operation",
                             "s",
                             call->operation.name,
                             "input",
                             "o",
                             sb_json_copy (input),
                             "body",
                             "o",
                             describe_body (call->options, input),
                             "transfer",
                             "o",
                             call->options->transfer != NULL
                                 ? sb_json_copy (call->options->transfer)
                                 : NULL,
                             "waiter",
                             "s",
                             call->options->waiter,
                             "recheck",
                             "s",
                             call->options->recheck,
                             NULL);
}

static void
describe_end (SbCall *call, JsonObject *json, JsonObject *output, const GError *error)
{
  if (output != NULL && call->answer.body != NULL &&
      g_bytes_get_size (call->answer.body) <= MAX_OUTPUT)
    json_object_set_object_member (json, "output", sb_json_copy (output));
  json_object_set_int_member (json, "status", call->answer.status);
  json_object_set_int_member (json, "attempts", call->attempts);
  if (_sb_answer_get_request_id (&call->answer) != NULL)
    json_object_set_string_member (json, "request_id", _sb_answer_get_request_id (&call->answer));
  if (error == NULL)
    return;
  if (sb_error_get_service_code (error) != NULL)
    json_object_set_string_member (json, "error_code", sb_error_get_service_code (error));
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    json_object_set_string_member (json, "error_code", "Cancelled");
  else if (sb_error_get_status (error) != 0)
    {
      g_autofree char *status = g_strdup_printf ("%u", sb_error_get_status (error));

      json_object_set_string_member (json, "error_code", status);
    }
  else
    json_object_set_string_member (json, "error_code", "ClientError");
  json_object_set_string_member (json, "message", error->message);
}

static SbJournalEntry *
make_entry (SbCall *call, JsonObject *json)
{
  g_autoptr (GPtrArray) secrets = g_ptr_array_new ();

  for (guint i = 0; i < call->secrets->len; i++)
    {
      SbCredentials *keys = g_ptr_array_index (call->secrets, i);

      g_ptr_array_add (secrets, (gpointer) sb_credentials_get_secret_access_key (keys));
      if (sb_credentials_get_session_token (keys) != NULL)
        g_ptr_array_add (secrets, (gpointer) sb_credentials_get_session_token (keys));
    }
  g_ptr_array_add (secrets, NULL);
  return _sb_journal_entry_new (json, (const char *const *) secrets->pdata);
}

static void
write_down (SbClient *self, SbCall *call, JsonObject *json, JsonObject *output, const GError *error)
{
  g_autoptr (SbJournalEntry) entry = NULL;

  if (self->journal == NULL)
    return;
  describe_end (call, json, output, error);
  entry = make_entry (call, json);
  if (!call->options->quiet)
    sb_journal_append (self->journal, entry);
  if (call->options->out_entry != NULL)
    *call->options->out_entry = g_steal_pointer (&entry);
}

/*< private >
 * _sb_client_sleep:
 * @seconds: how long
 * @cancellable: (nullable): ends the pause at once
 * @error: return location for an error
 *
 * Returns: %FALSE with %G_IO_ERROR_CANCELLED when cancelled
 */
gboolean
_sb_client_sleep (double seconds, GCancellable *cancellable, GError **error)
{
  GPollFD fd;

  if (cancellable == NULL || !g_cancellable_make_pollfd (cancellable, &fd))
    {
      g_usleep ((gulong) (seconds * G_USEC_PER_SEC));
      return TRUE;
    }
  g_poll (&fd, 1, (int) (seconds * 1000));
  g_cancellable_release_fd (cancellable);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

/* Full jitter: clients that failed together do not come back together. */
static gboolean
pause_before_retry (SbCall *call, GCancellable *cancellable, GError **error)
{
  double longest = MIN (MAX_PAUSE, (double) (1u << MIN (call->attempts, 10)));

  if (sb_connection_is_local (call->connection))
    longest *= LOCAL_PAUSE;
  return _sb_client_sleep (g_random_double () * longest, cancellable, error);
}

static void
note_lost (SbCall *call, const GError *error)
{
  if (error->domain == SB_ERROR &&
      (error->code == SB_ERROR_NETWORK || error->code == SB_ERROR_SERVICE))
    call->maybe_done = TRUE;
}

typedef struct
{
  SbClient *client;
  JsonObject *input;
  GCancellable *cancellable;
  double started;
} Making;

/* After a failed attempt: whether to try again, or *output when the lost attempt had succeeded. */
static gboolean
prepare_retry (Making *making, SbCall *call, GError **failed, JsonObject **output)
{
  const GError *error;
  gboolean again;

  if (_sb_call_learn (call, *failed) || _sb_call_renew (call, failed, making->cancellable))
    return TRUE;
  error = *failed;
  note_lost (call, error);
  again = _sb_call_is_transient (call, error) &&
          call->attempts < sb_connection_get_max_attempts (call->connection);
  if (call->maybe_done && _sb_recheck_applies (&call->operation))
    *output = _sb_recheck (
        making->client, &call->operation, making->input, making->started, making->cancellable);
  if (*output != NULL || !again)
    return FALSE;
  return pause_before_retry (call, making->cancellable, NULL);
}

static JsonObject *
run_call (Making *making, SbCall *call, GError **error)
{
  for (;;)
    {
      g_autoptr (GError) local = NULL;
      JsonObject *output = _sb_call_attempt (call, making->cancellable, &local);

      if (output != NULL)
        return output;
      if (prepare_retry (making, call, &local, &output))
        continue;
      if (output == NULL && !g_cancellable_set_error_if_cancelled (making->cancellable, error))
        g_propagate_error (error, g_steal_pointer (&local));
      return output;
    }
}

/*< private >
 * _sb_client_call_full:
 * @self: a client
 * @service: the service
 * @operation: the operation
 * @input: (nullable): its input
 * @options: (nullable): what else there is
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): see sb_client_call()
 */
JsonObject *
_sb_client_call_full (SbClient *self,
                      const char *service,
                      const char *operation,
                      JsonObject *input,
                      const SbCallOptions *options,
                      GCancellable *cancellable,
                      GError **error)
{
  static const SbCallOptions none = { NULL };
  g_autoptr (JsonObject) members = input != NULL ? json_object_ref (input) : json_object_new ();
  SbCall call = { .connection = self->connection, .state = self->state };
  g_autoptr (JsonObject) json = NULL;
  g_autoptr (GError) local = NULL;
  Making making = { self, members, cancellable, 0 };
  gint64 begin = g_get_monotonic_time ();
  JsonObject *output;

  if (!_sb_operation_find (service, operation, &call.operation, error))
    return NULL;
  call.options = options != NULL ? options : &none;
  call.request = _sb_request_new (&call.operation, members, error);
  if (call.request == NULL)
    return NULL;
  call.secrets = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_credentials_unref);
  making.started = _sb_call_now (&call);
  if (self->journal != NULL)
    json = describe_call (self, &call, members, (double) g_get_real_time () / G_USEC_PER_SEC);
  output = run_call (&making, &call, &local);
  if (json != NULL)
    json_object_set_double_member (json,
                                   "duration",
                                   (double) (g_get_monotonic_time () - begin) / G_USEC_PER_SEC);
  write_down (self, &call, json, output, local);
  if (call.options->out_body != NULL && output != NULL)
    *call.options->out_body = g_bytes_ref (call.answer.body);
  _sb_call_clear (&call);
  if (local != NULL)
    {
      _sb_action_note (
          local, service, operation, members, sb_connection_get_partition (self->connection));
      g_propagate_error (error, g_steal_pointer (&local));
    }
  return output;
}

/**
 * sb_client_new:
 * @connection: (transfer none): where calls go
 * @journal: (transfer none) (nullable): where they are written down
 *
 * Returns: (transfer full): a client without labels
 */
SbClient *
sb_client_new (SbConnection *connection, SbJournal *journal)
{
  SbClient *self;

  g_return_val_if_fail (SB_IS_CONNECTION (connection), NULL);
  g_return_val_if_fail (journal == NULL || SB_IS_JOURNAL (journal), NULL);

  self = g_object_new (SB_TYPE_CLIENT, NULL);
  self->connection = g_object_ref (connection);
  g_set_object (&self->journal, journal);
  self->state = _sb_client_state_new ();
  return self;
}

/**
 * sb_client_with_label:
 * @self: a client
 * @module: (nullable): the module for which it works
 * @run: (nullable): the run
 * @step: (nullable): the step
 *
 * Returns: (transfer full): a client that writes these into the journal's entries, and knows what
 *   @self knows
 */
SbClient *
sb_client_with_label (SbClient *self, const char *module, const char *run, const char *step)
{
  SbClient *other;

  g_return_val_if_fail (SB_IS_CLIENT (self), NULL);

  other = g_object_new (SB_TYPE_CLIENT, NULL);
  other->connection = g_object_ref (self->connection);
  g_set_object (&other->journal, self->journal);
  other->state = _sb_client_state_ref (self->state);
  other->module = g_strdup (module);
  other->run = g_strdup (run);
  other->step = g_strdup (step);
  return other;
}

/**
 * sb_client_get_connection:
 * @self: a client
 *
 * Returns: (transfer none): where its calls go
 */
SbConnection *
sb_client_get_connection (SbClient *self)
{
  g_return_val_if_fail (SB_IS_CLIENT (self), NULL);

  return self->connection;
}

/**
 * sb_client_get_journal:
 * @self: a client
 *
 * Returns: (transfer none) (nullable): where its calls are written down
 */
SbJournal *
sb_client_get_journal (SbClient *self)
{
  g_return_val_if_fail (SB_IS_CLIENT (self), NULL);

  return self->journal;
}

/**
 * sb_client_call:
 * @self: a client
 * @service: `sagemaker`, `sagemaker-runtime`, `s3`, `logs`, `iam` or `sts`
 * @operation: such as `CreateModel`
 * @input: (nullable): its members, named and typed as in botocore; times are seconds since 1970
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Makes a call and waits for its answer, for as many attempts as the connection allows. A create
 * whose answer was lost is looked up before it is repeated.
 *
 * Returns: (transfer full) (nullable): its output, named and typed in the same way, or %NULL with
 *   an error of %SB_ERROR or %G_IO_ERROR_CANCELLED
 */
JsonObject *
sb_client_call (SbClient *self,
                const char *service,
                const char *operation,
                JsonObject *input,
                GCancellable *cancellable,
                GError **error)
{
  g_return_val_if_fail (SB_IS_CLIENT (self), NULL);
  g_return_val_if_fail (service != NULL && operation != NULL, NULL);

  return _sb_client_call_full (self, service, operation, input, NULL, cancellable, error);
}

/**
 * sb_client_call_with_body:
 * @self: a client
 * @service: the service
 * @operation: such as `InvokeEndpoint`, `PutObject` or `GetObject`
 * @input: (nullable): its members but `Body`
 * @body: (nullable): the body to send
 * @out_body: (out) (optional): the body of the answer
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Like sb_client_call(), for operations whose bodies are no documents.
 *
 * Returns: (transfer full) (nullable): its output without `Body`
 */
JsonObject *
sb_client_call_with_body (SbClient *self,
                          const char *service,
                          const char *operation,
                          JsonObject *input,
                          GBytes *body,
                          GBytes **out_body,
                          GCancellable *cancellable,
                          GError **error)
{
  SbCallOptions options = { .body = body, .out_body = out_body };

  g_return_val_if_fail (SB_IS_CLIENT (self), NULL);
  g_return_val_if_fail (service != NULL && operation != NULL, NULL);

  return _sb_client_call_full (self, service, operation, input, &options, cancellable, error);
}

typedef struct
{
  char *service;
  char *operation;
  JsonObject *input;
} Asked;

static void
asked_free (gpointer data)
{
  Asked *asked = data;

  g_free (asked->service);
  g_free (asked->operation);
  g_clear_pointer (&asked->input, json_object_unref);
  g_free (asked);
}

static void
call_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Asked *asked = data;
  g_autoptr (GError) error = NULL;
  JsonObject *output = sb_client_call (
      SB_CLIENT (source), asked->service, asked->operation, asked->input, cancellable, &error);

  if (output != NULL)
    g_task_return_pointer (task, output, (GDestroyNotify) json_object_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * sb_client_call_async:
 * @self: a client
 * @service: the service
 * @operation: the operation
 * @input: (nullable): its input; may be changed afterwards
 * @cancellable: (nullable): a cancellable
 * @callback: what to call when it is done
 * @user_data: data for @callback
 *
 * Makes a call in another thread; see sb_client_call().
 */
void
sb_client_call_async (SbClient *self,
                      const char *service,
                      const char *operation,
                      JsonObject *input,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Asked *asked;

  g_return_if_fail (SB_IS_CLIENT (self));
  g_return_if_fail (service != NULL && operation != NULL);

  asked = g_new0 (Asked, 1);
  asked->service = g_strdup (service);
  asked->operation = g_strdup (operation);
  asked->input = input != NULL ? sb_json_copy (input) : NULL;
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, sb_client_call_async);
  g_task_set_task_data (task, asked, asked_free);
  g_task_run_in_thread (task, call_thread);
}

/**
 * sb_client_call_finish:
 * @self: a client
 * @result: what the callback got
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): see sb_client_call()
 */
JsonObject *
sb_client_call_finish (SbClient *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
