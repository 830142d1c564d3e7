/* test-waiter.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "cloud/sb-waiter.h"
#include "loopback.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

/* Answers, one after the other; a number is a status without a body. */
typedef struct
{
  const char *const *answers;
  int at;
} Story;

static void
tell (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  Story *story = data;
  const char *answer = story->answers[g_atomic_int_add (&story->at, 1)];

  if (g_ascii_isdigit (*answer))
    reply (message, (guint) atoi (answer), NULL, NULL);
  else
    reply (message, strstr (answer, "__type") != NULL ? 400 : 200, JSON_TYPE, answer);
}

static void
count (JsonObject *answer, gpointer user_data)
{
  (*(int *) user_data)++;
}

typedef struct
{
  SbJournal *journal;
  int answers;
  guint asked;
} Result;

static JsonObject *
wait_for (const char *waiter,
          JsonObject *input,
          const char *const *answers,
          Result *result,
          GError **error)
{
  Story story = { answers, 0 };
  g_autoptr (Loopback) server = loopback_new (tell, &story);
  g_autoptr (SbClient) client = loopback_client (server, &result->journal);
  JsonObject *answer = sb_waiter_wait (client, waiter, input, count, &result->answers, NULL, error);

  result->asked = loopback_n_asked (server);
  return answer;
}

static void
test_job (void)
{
  static const char *const answers[] = {
    "{\"TrainingJobStatus\":\"InProgress\",\"SecondaryStatus\":\"Starting\"}",
    "{\"TrainingJobStatus\":\"InProgress\",\"SecondaryStatus\":\"Starting\"}",
    "{\"TrainingJobStatus\":\"InProgress\",\"SecondaryStatus\":\"Starting\"}",
    "{\"TrainingJobStatus\":\"InProgress\",\"SecondaryStatus\":\"Training\"}",
    "{\"TrainingJobStatus\":\"Completed\",\"SecondaryStatus\":\"Completed\"}",
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) input = sb_json_object_new ("TrainingJobName", "s", "j", NULL);
  Result result = { NULL };
  g_autoptr (JsonObject) answer =
      wait_for ("training_job_completed_or_stopped", input, answers, &result, &error);
  g_autoptr (SbJournal) journal = result.journal;
  g_autoptr (GPtrArray) entries = sb_journal_dup_entries (journal, NULL, NULL, NULL);

  g_assert_no_error (error);
  g_assert_cmpstr (sb_json_get_string (answer, "TrainingJobStatus", NULL), ==, "Completed");
  g_assert_cmpint (result.answers, ==, 5);
  g_assert_cmpuint (entries->len, ==, 3);
  for (guint i = 0; i < entries->len; i++)
    g_assert_cmpstr (sb_journal_entry_get_waiter (g_ptr_array_index (entries, i)),
                     ==,
                     "training_job_completed_or_stopped");
}

static void
test_job_failed (void)
{
  static const char *const answers[] = {
    "{\"TrainingJobStatus\":\"InProgress\"}",
    "{\"TrainingJobStatus\":\"Failed\",\"FailureReason\":\"AlgorithmError: no data\"}",
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) input = sb_json_object_new ("TrainingJobName", "s", "j", NULL);
  Result result = { NULL };
  JsonObject *answer =
      wait_for ("training_job_completed_or_stopped", input, answers, &result, &error);
  g_autoptr (SbJournal) journal = result.journal;

  g_assert_null (answer);
  g_assert_error (error, SB_ERROR, SB_ERROR_JOB);
  g_assert_cmpstr (error->message, ==, "AlgorithmError: no data");
  g_assert_cmpint (result.answers, ==, 2);
}

static void
test_unknown (void)
{
  static const char *const answers[] = { "{\"__type\":\"ValidationException\"}" };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) input = sb_json_object_new ("EndpointName", "s", "e", NULL);
  Result first = { NULL }, second = { NULL };
  JsonObject *none = wait_for ("endpoint_in_service", input, answers, &first, &error);
  g_autoptr (SbJournal) journal = first.journal;
  g_autoptr (SbJournal) other = NULL;
  g_autoptr (JsonObject) deleted = NULL;

  g_assert_null (none);
  g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
  g_clear_error (&error);
  deleted = wait_for ("endpoint_deleted", input, answers, &second, &error);
  other = second.journal;
  g_assert_no_error (error);
  g_assert_cmpuint (json_object_get_size (deleted), ==, 0);
}

static void
test_object (void)
{
  static const char *const there[] = { "404", "404", "200" };
  static const char *const denied[] = { "404", "403" };
  static const char *const gone[] = { "200", "404" };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket", "s", "b", "Key", "s", "k", NULL);
  Result results[3] = { { NULL } };
  g_autoptr (JsonObject) found = wait_for ("object_exists", input, there, &results[0], &error);
  g_autoptr (JsonObject) absent = NULL;

  g_assert_no_error (error);
  g_assert_nonnull (found);
  g_assert_cmpuint (results[0].asked, ==, 3);
  g_assert_null (wait_for ("object_exists", input, denied, &results[1], &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_DENIED);
  g_clear_error (&error);
  absent = wait_for ("object_not_exists", input, gone, &results[2], &error);
  g_assert_no_error (error);
  g_assert_nonnull (absent);
  for (gsize i = 0; i < G_N_ELEMENTS (results); i++)
    g_object_unref (results[i].journal);
}

static void
test_role (void)
{
  static const char *const answers[] = { "404", "" };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) input = sb_json_object_new ("RoleName", "s", "r", NULL);
  Result result = { NULL };
  JsonObject *answer = wait_for ("role_exists", input, answers, &result, &error);
  g_autoptr (SbJournal) journal = result.journal;

  /* A bare 404 is not NoSuchEntity. */
  g_assert_null (answer);
  g_assert_error (error, SB_ERROR, SB_ERROR_NOT_FOUND);
  g_assert_cmpuint (result.asked, ==, 1);
}

static void
cancel_at_once (JsonObject *answer, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static void
test_cancel (void)
{
  static const char *const answers[] = { "{\"EndpointStatus\":\"Creating\"}" };
  Story story = { answers, 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (Loopback) server = loopback_new (tell, &story);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) input = sb_json_object_new ("EndpointName", "s", "e", NULL);

  g_assert_null (sb_waiter_wait (
      client, "endpoint_in_service", input, cancel_at_once, cancellable, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (sb_waiter_wait (client, "no_such_waiter", input, NULL, NULL, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cloud/waiter/job", test_job);
  g_test_add_func ("/cloud/waiter/job-failed", test_job_failed);
  g_test_add_func ("/cloud/waiter/unknown", test_unknown);
  g_test_add_func ("/cloud/waiter/object", test_object);
  g_test_add_func ("/cloud/waiter/role", test_role);
  g_test_add_func ("/cloud/waiter/cancel", test_cancel);
  return g_test_run ();
}
