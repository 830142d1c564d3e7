/* sb-predict-digit.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A run's endpoint reads one drawn digit.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-run.h"

typedef struct
{
  SbClient *client;
  char *endpoint;
  GBytes *picture;
} Reading;

static void
reading_free (gpointer data)
{
  Reading *self = data;

  g_object_unref (self->client);
  g_free (self->endpoint);
  g_bytes_unref (self->picture);
  g_free (self);
}

static double *
take_probabilities (GBytes *body, GError **error)
{
  g_autoptr (JsonObject) json = sb_json_parse_bytes (body, error);
  JsonArray *values = json != NULL ? sb_json_get_array (json, "predictions.0.probabilities") : NULL;
  double *probabilities;

  if (json == NULL)
    return NULL;
  if (values == NULL || json_array_get_length (values) != SB_DIGIT_CLASSES)
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_PROTOCOL,
                           _ ("The endpoint answered with no digit"));
      return NULL;
    }
  probabilities = g_new (double, SB_DIGIT_CLASSES);
  for (guint i = 0; i < SB_DIGIT_CLASSES; i++)
    probabilities[i] = json_array_get_double_element (values, i);
  return probabilities;
}

static void
read_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Reading *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;
  g_autoptr (JsonObject) input = sb_json_object_new (
      "EndpointName", "s", self->endpoint, "ContentType", "s", "application/x-image", NULL);
  g_autoptr (JsonObject) answer = sb_client_call_with_body (self->client,
                                                            "sagemaker-runtime",
                                                            "InvokeEndpoint",
                                                            input,
                                                            self->picture,
                                                            &body,
                                                            cancellable,
                                                            &error);
  double *probabilities = answer != NULL ? take_probabilities (body, &error) : NULL;

  if (probabilities != NULL)
    g_task_return_pointer (task, probabilities, g_free);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * sb_run_predict_digit_async:
 * @self: a run whose endpoint is in service
 * @picture: a file of an image, such as a PNG
 * @cancellable: (nullable): a cancellable
 * @callback: called with the answer
 * @user_data: data for @callback
 */
void
sb_run_predict_digit_async (SbRun *self,
                            GBytes *picture,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Reading *reading = g_new0 (Reading, 1);
  SbStep *deploy = sb_run_find_step_of_kind (self, "deploy");
  SbStep *predict = sb_run_find_step_of_kind (self, "predict");
  JsonObject *result = deploy != NULL ? sb_step_get_result (deploy) : NULL;

  reading->client = sb_client_with_label (sb_run_get_client (self),
                                          sb_module_get_id (sb_run_get_module (self)),
                                          sb_run_get_id (self),
                                          sb_step_get_id (predict));
  reading->endpoint = g_strdup (result != NULL ? sb_json_get_string (result, "endpoint", "") : "");
  reading->picture = g_bytes_ref (picture);
  g_task_set_source_tag (task, sb_run_predict_digit_async);
  g_task_set_task_data (task, reading, reading_free);
  g_task_run_in_thread (task, read_in_thread);
}

/**
 * sb_run_predict_digit_finish:
 * @self: a run
 * @result: what the callback got
 * @error: why there is no answer
 *
 * Returns: (transfer full) (nullable) (array fixed-size=10): the probability of each digit
 */
double *
sb_run_predict_digit_finish (SbRun *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
