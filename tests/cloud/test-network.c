/* test-network.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Connections of the client: kept, shared and given up; answers that are late, lost or of no use, a
 * clock that is wrong and a Region that is another.
 */

#include "config.h"

#include <string.h>

#include "script.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

static void
answer_port (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  GSocketAddress *address = soup_server_message_get_remote_address (message);
  g_autofree char *text =
      g_strdup_printf ("{\"Port\":%u}",
                       g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));

  reply (message, 200, JSON_TYPE, text);
}

static void
test_kept_alive (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (answer_port, NULL);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) first =
      sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error);
  g_autoptr (JsonObject) second =
      sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (sb_json_get_int (first, "Port", 0), ==, sb_json_get_int (second, "Port", -1));
}

static gpointer
call_often (gpointer data)
{
  SbClient *client = data;

  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) output =
          sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error);

      g_assert_no_error (error);
      g_assert_nonnull (output);
    }
  return NULL;
}

static void
test_threads (void)
{
  static const Step steps[] = { { 200, NULL, "{}" } };
  Script script = SCRIPT (steps);
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  GThread *threads[4];

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("caller", call_often, client);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (loopback_n_asked (server), ==, 200);
  for (guint i = 0; i < 200; i++)
    g_assert_true (loopback_get (server, i)->is_signed);
}

static void
test_retry (void)
{
  static const Step good = { 200, NULL, "{\"Models\":[]}" };
  static const Step bad[] = {
    { .drop = TRUE },        { 500, NULL, "{\"__type\":\"InternalFailure\"}" },
    { 503, NULL, "" },       { 400, NULL, "{\"__type\":\"ThrottlingException\"}" },
    { 429, NULL, "" },       { .raw = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Mod" },
    { .raw = "HTTP/1.1 2" }, { .raw = "garbage\r\n\r\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      Step steps[] = { bad[i], bad[i], good };
      Script script = SCRIPT (steps);
      g_autoptr (GError) error = NULL;
      g_autoptr (Loopback) server = loopback_new (follow_script, &script);
      g_autoptr (SbConnection) connection = loopback_connect (server);
      g_autoptr (SbJournal) journal = NULL;
      g_autoptr (SbClient) client = client_for (connection, &journal);
      g_autoptr (JsonObject) output =
          sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error);
      g_autoptr (SbJournalEntry) entry = last_entry (journal);

      g_assert_no_error (error);
      g_assert_nonnull (sb_json_get_array (output, "Models"));
      g_assert_cmpuint (sb_journal_entry_get_attempts (entry), ==, 3);
      g_assert_cmpuint (loopback_n_asked (server), ==, 3);
    }
}

static void
test_give_up (void)
{
  static const Step steps[] = { { 500, NULL, "{\"__type\":\"InternalFailure\"}" } };
  Script script = SCRIPT (steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbConnection) connection = loopback_connect (server);
  g_autoptr (SbJournal) journal = NULL;
  g_autoptr (SbClient) client = client_for (connection, &journal);
  g_autoptr (SbJournalEntry) entry = NULL;

  sb_connection_set_max_attempts (connection, 2);
  g_assert_null (sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_SERVICE);
  g_assert_cmpuint (loopback_n_asked (server), ==, 2);
  entry = last_entry (journal);
  g_assert_cmpstr (sb_journal_entry_get_error_code (entry), ==, "InternalFailure");
  g_assert_cmpuint (sb_journal_entry_get_status (entry), ==, 500);
}

/* A connection that the server closed while it was idle. */
static void
test_idle_closed (void)
{
  static const Step steps[] = {
    { 200, NULL, "{}" },
    { .raw = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" },
    { 200, NULL, "{}" },
  };
  Script script = SCRIPT (steps);
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbConnection) connection = loopback_connect (server);
  g_autoptr (SbClient) client = client_for (connection, NULL);

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) output =
          sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error);

      g_assert_no_error (error);
      g_assert_nonnull (output);
    }
}

static void
test_unreachable (void)
{
  static const Step steps[] = { { 200, NULL, "{}" } };
  Script script = SCRIPT (steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (SbConnection) connection = NULL;
  g_autoptr (SbClient) client = NULL;
  g_autoptr (SbJournal) journal = NULL;
  g_autoptr (SbJournalEntry) entry = NULL;

  {
    g_autoptr (Loopback) server = loopback_new (follow_script, &script);

    connection = loopback_connect (server);
  }
  client = client_for (connection, &journal);
  g_assert_null (sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_NETWORK);
  entry = last_entry (journal);
  g_assert_cmpuint (sb_journal_entry_get_attempts (entry), ==, 3);
  g_assert_cmpstr (sb_journal_entry_get_error_code (entry), ==, "ClientError");
}

static void
never_answer (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  soup_server_message_pause (message);
  if (data != NULL)
    g_cancellable_cancel (data);
}

static void
test_timeout (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (never_answer, NULL);
  g_autoptr (SbConnection) connection = loopback_connect (server);
  g_autoptr (SbClient) client = client_for (connection, NULL);

  sb_connection_set_timeout (connection, 1);
  sb_connection_set_max_attempts (connection, 1);
  g_assert_null (sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_NETWORK);
  g_assert_nonnull (strstr (error->message, "1 second"));
}

static void
test_cancel (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (Loopback) server = loopback_new (never_answer, cancellable);
  g_autoptr (SbConnection) connection = loopback_connect (server);
  g_autoptr (SbJournal) journal = NULL;
  g_autoptr (SbClient) client = client_for (connection, &journal);
  g_autoptr (SbJournalEntry) entry = NULL;

  g_assert_null (sb_client_call (client, "sagemaker", "ListModels", NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (loopback_n_asked (server), ==, 1);
  entry = last_entry (journal);
  g_assert_cmpstr (sb_journal_entry_get_error_code (entry), ==, "Cancelled");
}

static void
fail_and_cancel (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  reply (message, 500, JSON_TYPE, "{}");
  g_cancellable_cancel (data);
}

static void
test_cancel_between_attempts (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (Loopback) server = loopback_new (fail_and_cancel, cancellable);
  g_autoptr (SbClient) client = loopback_client (server, NULL);

  g_assert_null (sb_client_call (client, "sagemaker", "ListModels", NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (loopback_n_asked (server), ==, 1);
}

/* A service that makes things and sometimes loses the answer. */
typedef struct
{
  int creates;
  int lost;      /* how many answers get lost */
  gboolean made; /* whether the lost creates had their effect */
  double age;
} Maker;

static void
make_things (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  Maker *maker = data;
  const char *target = asked_header (asked, "X-Amz-Target");
  g_autofree char *found = NULL;

  if (strcmp (target, "SageMaker.CreateModel") == 0)
    {
      gboolean exists = maker->creates > 0 && maker->made;

      maker->creates++;
      if (maker->creates <= maker->lost)
        reply_drop (message);
      else if (exists)
        reply (message, 400, JSON_TYPE, "{\"__type\":\"ValidationException\"}");
      else
        reply (message, 200, JSON_TYPE, "{\"ModelArn\":\"arn:second\"}");
    }
  else if (maker->made)
    {
      found = g_strdup_printf ("{\"ModelArn\":\"arn:first\",\"CreationTime\":%.1f}",
                               (double) g_get_real_time () / G_USEC_PER_SEC - maker->age);
      reply (message, 200, JSON_TYPE, found);
    }
  else
    reply (message, 400, JSON_TYPE, "{\"__type\":\"ValidationException\"}");
}

/* A create of which the first answers do not arrive. */
typedef struct
{
  const char *path;
  Maker maker;
  gboolean idle;   /* whether its connection was used before */
  const char *arn; /* of what the client gets; NULL is a ValidationException */
  int creates;     /* how often it asked for it */
} Loss;

static const Loss losses[] = {
  { "/cloud/network/lost-and-done", { .lost = 1, .made = TRUE }, FALSE, "arn:first", 1 },
  { "/cloud/network/lost-and-not-done", { .lost = 2 }, FALSE, "arn:second", 3 },
  /* What is there is an hour old: not ours, so the create is repeated and refused. */
  { "/cloud/network/lost-and-somebody-elses",
    { .lost = 1, .made = TRUE, .age = 3600 },
    FALSE,
    NULL,
    2 },
  /* After an idle connection libsoup by itself would send it again. */
  { "/cloud/network/lost-when-idle", { .lost = 1, .made = TRUE }, TRUE, "arn:first", 1 },
};

static void
test_lost (gconstpointer data)
{
  const Loss *loss = data;
  Maker maker = loss->maker;
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (make_things, &maker);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) input = sb_json_object_new ("ModelName", "s", "m", NULL);
  g_autoptr (JsonObject) before = NULL;
  g_autoptr (JsonObject) output = NULL;

  if (loss->idle)
    {
      before = sb_client_call (client, "sagemaker", "DescribeModel", input, NULL, &error);
      g_assert_no_error (error);
    }
  output = sb_client_call (client, "sagemaker", "CreateModel", input, NULL, &error);
  if (loss->arn != NULL)
    {
      g_assert_no_error (error);
      g_assert_cmpstr (sb_json_get_string (output, "ModelArn", NULL), ==, loss->arn);
    }
  else
    {
      g_assert_null (output);
      g_assert_cmpstr (sb_error_get_service_code (error), ==, "ValidationException");
    }
  g_assert_cmpint (maker.creates, ==, loss->creates);
}

static void
test_lost_bucket (void)
{
  static const Step steps[] = { { .drop = TRUE }, { 200, NULL, "" } };
  Script script = SCRIPT (steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket", "s", "my-bucket", NULL);
  g_autoptr (JsonObject) output =
      sb_client_call (client, "s3", "CreateBucket", input, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (sb_json_get_string (output, "Location", NULL), ==, "/my-bucket");
  g_assert_cmpstr (loopback_get (server, 1)->method, ==, "HEAD");
}

static void
strict_clock (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  gint64 ahead = *(const gint64 *) data;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) server_now = g_date_time_add_seconds (now, (double) ahead);
  g_autofree char *date = soup_date_time_to_string (server_now, SOUP_DATE_HTTP);
  g_autoptr (GDateTime) claimed =
      g_date_time_new_from_iso8601 (asked_header (asked, "X-Amz-Date"), NULL);
  GTimeSpan off = g_date_time_difference (server_now, claimed);

  if (ABS (off) > 300 * G_TIME_SPAN_SECOND)
    reply (message,
           400,
           JSON_TYPE,
           "{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature expired\"}");
  else
    reply (message, 200, JSON_TYPE, "{}");
  reply_header (message, "Date", date);
}

static void
test_clock (void)
{
  static const gint64 rows[] = { 3600 * 5, -86400 * 3 };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (Loopback) server = loopback_new (strict_clock, (gpointer) &rows[i]);
      g_autoptr (SbClient) client = loopback_client (server, NULL);
      g_autoptr (SbClient) labelled = sb_client_with_label (client, "m", NULL, NULL);
      g_autoptr (JsonObject) first =
          sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error);
      g_autoptr (JsonObject) second =
          sb_client_call (labelled, "sagemaker", "ListModels", NULL, NULL, &error);

      g_assert_no_error (error);
      g_assert_nonnull (first);
      g_assert_nonnull (second);
      g_assert_cmpuint (loopback_n_asked (server), ==, 3);
    }
}

static void
only_ireland (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  if (strcmp (asked->region, "eu-west-1") == 0)
    {
      reply (message, 200, NULL, "");
      return;
    }
  reply (message,
         301,
         "application/xml",
         strcmp (asked->method, "HEAD") == 0 ? NULL
                                             : "<Error><Code>PermanentRedirect</Code></Error>");
  reply_header (message, "x-amz-bucket-region", "eu-west-1");
}

static void
test_region (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (only_ireland, NULL);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket", "s", "b", "Key", "s", "k", NULL);
  g_autoptr (JsonObject) first = sb_client_call (client, "s3", "HeadObject", input, NULL, &error);
  g_autoptr (JsonObject) second =
      sb_client_call (client, "s3", "DeleteObject", input, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (first);
  g_assert_nonnull (second);
  g_assert_cmpuint (loopback_n_asked (server), ==, 3);
  g_assert_cmpstr (loopback_get (server, 2)->region, ==, "eu-west-1");
}

static void
only_frankfurt (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  if (strcmp (asked->region, "eu-central-1") == 0)
    reply (message, 200, NULL, "");
  else
    reply (message,
           400,
           "application/xml",
           "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-central-1</Region></Error>");
}

static void
test_region_malformed (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (only_frankfurt, NULL);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket", "s", "b", "Key", "s", "k", NULL);
  g_autoptr (JsonObject) output =
      sb_client_call (client, "s3", "DeleteObject", input, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (output);
  g_assert_cmpuint (loopback_n_asked (server), ==, 2);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    GTestFunc func;
  } tests[] = {
    { "/cloud/network/kept-alive", test_kept_alive },
    { "/cloud/network/threads", test_threads },
    { "/cloud/network/retry", test_retry },
    { "/cloud/network/give-up", test_give_up },
    { "/cloud/network/idle-closed", test_idle_closed },
    { "/cloud/network/unreachable", test_unreachable },
    { "/cloud/network/timeout", test_timeout },
    { "/cloud/network/cancel", test_cancel },
    { "/cloud/network/cancel-between-attempts", test_cancel_between_attempts },
    { "/cloud/network/lost-bucket", test_lost_bucket },
    { "/cloud/network/clock", test_clock },
    { "/cloud/network/region", test_region },
    { "/cloud/network/region-malformed", test_region_malformed },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].func);
  for (gsize i = 0; i < G_N_ELEMENTS (losses); i++)
    g_test_add_data_func (losses[i].path, &losses[i], test_lost);
  return g_test_run ();
}
