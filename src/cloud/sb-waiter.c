/* sb-waiter.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-waiter.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-client-private.h"
#include "cloud/sb-cloud-resources.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

/* Pauses between two questions, in seconds. The engine on this computer costs nothing to ask; a
 * service far away limits how often it may be. */
#define LOCAL_FIRST   0.02
#define LOCAL_LONGEST 0.25
#define FIRST         2.0
#define LONGEST       30.0
#define GROWTH        1.5

typedef enum
{
  VERDICT_AGAIN,
  VERDICT_DONE,
  VERDICT_FAILED,
} Verdict;

typedef struct
{
  SbClient *client;
  const char *name;
  JsonObject *row; /* of waiters.json */
  JsonObject *input;
  char *shown; /* the state that the journal's latest entry shows */
} Wait;

static JsonObject *
find_row (const char *waiter)
{
  static gsize ready = 0;
  static JsonObject *table = NULL;
  JsonNode *node;

  if (g_once_init_enter (&ready))
    {
      g_autoptr (GError) error = NULL;

      table = sb_json_load_resource (sb_cloud_get_resource (),
                                     "/io/github/sagebrush/Sagebrush/cloud/waiters.json",
                                     &error);
      if (table == NULL)
        g_error ("%s", error->message);
      g_once_init_leave (&ready, 1);
    }
  node = json_object_get_member (table, waiter);
  return node != NULL ? json_node_get_object (node) : NULL;
}

static gboolean
lists_string (JsonObject *row, const char *member, const char *value)
{
  JsonArray *array = sb_json_get_array (row, member);

  for (guint i = 0; array != NULL && value != NULL && i < json_array_get_length (array); i++)
    if (strcmp (json_array_get_string_element (array, i), value) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
lists_status (JsonObject *row, const char *member, guint status)
{
  JsonArray *array = sb_json_get_array (row, member);

  for (guint i = 0; array != NULL && status != 0 && i < json_array_get_length (array); i++)
    if (json_array_get_int_element (array, i) == (gint64) status)
      return TRUE;
  return FALSE;
}

/* In which state what we wait for is, for people and for comparing. */
static char *
describe_state (JsonObject *row, JsonObject *answer, const GError *error)
{
  const char *member = sb_json_get_string (row, "state", NULL);

  if (answer == NULL)
    return g_strdup_printf ("%s %u",
                            sb_error_get_service_code (error),
                            sb_error_get_status (error));
  return g_strdup_printf ("%s %s",
                          member != NULL ? sb_json_get_string (answer, member, "") : "",
                          sb_json_get_string (answer, "SecondaryStatus", ""));
}

static Verdict
judge_answer (JsonObject *row, JsonObject *answer)
{
  const char *member = sb_json_get_string (row, "state", NULL);
  const char *state = member != NULL ? sb_json_get_string (answer, member, NULL) : NULL;

  if (member == NULL)
    return json_object_has_member (row, "success") ? VERDICT_AGAIN : VERDICT_DONE;
  if (lists_string (row, "success", state))
    return VERDICT_DONE;
  return lists_string (row, "failure", state) ? VERDICT_FAILED : VERDICT_AGAIN;
}

static Verdict
judge_error (JsonObject *row, const GError *error)
{
  const char *code = sb_error_get_service_code (error);
  guint status = sb_error_get_status (error);

  if (lists_string (row, "success_error", code) || lists_status (row, "success_status", status))
    return VERDICT_DONE;
  if (lists_string (row, "retry_error", code) || lists_status (row, "retry_status", status))
    return VERDICT_AGAIN;
  return VERDICT_FAILED;
}

static void
set_failure (Wait *wait, JsonObject *answer, GError **error)
{
  const char *reason =
      sb_json_get_string (answer, sb_json_get_string (wait->row, "reason", "FailureReason"), NULL);

  if (reason != NULL && *reason != '\0')
    g_set_error_literal (error, SB_ERROR, SB_ERROR_JOB, reason);
  else
    g_set_error (error,
                 SB_ERROR,
                 SB_ERROR_JOB,
                 _ ("It ended as “%s”, and the service gave no reason. See its log."),
                 sb_json_get_string (answer, sb_json_get_string (wait->row, "state", "State"), ""));
}

/* Of a thousand equal answers the journal keeps one: each state, and the end. */
static void
write_down (Wait *wait, SbJournalEntry *entry, char *state, Verdict verdict)
{
  SbJournal *journal = sb_client_get_journal (wait->client);
  gboolean changed = g_strcmp0 (state, wait->shown) != 0;

  if (journal != NULL && entry != NULL && (changed || verdict != VERDICT_AGAIN))
    sb_journal_append (journal, entry);
  g_free (wait->shown);
  wait->shown = state;
}

static Verdict
ask (Wait *wait, JsonObject **answer, GCancellable *cancellable, GError **error)
{
  g_autoptr (SbJournalEntry) entry = NULL;
  SbCallOptions options = { .waiter = wait->name, .quiet = TRUE, .out_entry = &entry };
  g_autoptr (GError) local = NULL;
  Verdict verdict;

  *answer = _sb_client_call_full (wait->client,
                                  sb_json_get_string (wait->row, "service", ""),
                                  sb_json_get_string (wait->row, "operation", ""),
                                  wait->input,
                                  &options,
                                  cancellable,
                                  &local);
  verdict = *answer != NULL ? judge_answer (wait->row, *answer) : judge_error (wait->row, local);
  write_down (wait, entry, describe_state (wait->row, *answer, local), verdict);
  if (verdict == VERDICT_FAILED && *answer == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return verdict;
}

static gboolean
is_over (Wait *wait, gint64 started)
{
  gint64 limit =
      sb_json_get_int (wait->row, "delay", 1) * sb_json_get_int (wait->row, "attempts", 1);

  return g_get_monotonic_time () - started > limit * G_USEC_PER_SEC;
}

static JsonObject *
wait_for_it (Wait *wait,
             SbWaiterFunc on_answer,
             gpointer user_data,
             GCancellable *cancellable,
             GError **error)
{
  gboolean local = sb_connection_is_local (sb_client_get_connection (wait->client));
  double longest =
      local ? LOCAL_LONGEST : MIN (LONGEST, sb_json_get_double (wait->row, "delay", LONGEST));
  double pause = MIN (longest, local ? LOCAL_FIRST : FIRST);
  gint64 started = g_get_monotonic_time ();

  for (;;)
    {
      g_autoptr (JsonObject) answer = NULL;
      Verdict verdict = ask (wait, &answer, cancellable, error);

      if (answer != NULL && on_answer != NULL)
        on_answer (answer, user_data);
      if (verdict == VERDICT_DONE)
        return answer != NULL ? g_steal_pointer (&answer) : json_object_new ();
      if (verdict == VERDICT_FAILED && answer != NULL)
        set_failure (wait, answer, error);
      if (verdict == VERDICT_FAILED)
        return NULL;
      if (is_over (wait, started))
        {
          g_set_error (error,
                       SB_ERROR,
                       SB_ERROR_FAILED,
                       _ ("It took too long; its state is still “%s”. Try again later."),
                       g_strstrip (wait->shown));
          return NULL;
        }
      if (!_sb_client_sleep (pause, cancellable, error))
        return NULL;
      pause = MIN (longest, pause * GROWTH);
    }
}

/**
 * sb_waiter_wait:
 * @client: who asks
 * @waiter: botocore's name for it, such as `endpoint_in_service`
 * @input: the input of the question, such as `{"EndpointName": …}`
 * @on_answer: (nullable) (scope call): called after every answer, in this thread
 * @user_data: data for @on_answer
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Asks until what is waited for has come, or cannot come any more. Blocks.
 *
 * Returns: (transfer full) (nullable): the last answer, empty if it is that there is nothing (any
 *   more); or %NULL with %SB_ERROR_JOB and the FailureReason if what was waited for failed, or any
 *   error of sb_client_call()
 */
JsonObject *
sb_waiter_wait (SbClient *client,
                const char *waiter,
                JsonObject *input,
                SbWaiterFunc on_answer,
                gpointer user_data,
                GCancellable *cancellable,
                GError **error)
{
  Wait wait = { .client = client, .input = input };
  JsonObject *answer;

  g_return_val_if_fail (SB_IS_CLIENT (client), NULL);
  g_return_val_if_fail (waiter != NULL && input != NULL, NULL);

  wait.name = waiter;
  wait.row = find_row (waiter);
  if (wait.row == NULL)
    {
      g_set_error (error, SB_ERROR, SB_ERROR_INVALID, "There is no waiter %s", waiter);
      return NULL;
    }
  answer = wait_for_it (&wait, on_answer, user_data, cancellable, error);
  g_free (wait.shown);
  return answer;
}
