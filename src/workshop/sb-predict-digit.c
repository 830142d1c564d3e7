/* sb-predict-digit.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A run's endpoint reads drawn digits.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-digits-data.h"
#include "workshop/sb-my-digits.h"
#include "workshop/sb-run.h"

typedef struct
{
  SbClient *client;
  char *endpoint;
  guint8 pixels[SB_DIGIT_SIZE];
} Question;

static void
question_free (gpointer data)
{
  Question *self = data;

  g_object_unref (self->client);
  g_free (self->endpoint);
  g_free (self);
}

/* Room for a pixel with its comma, and for what is around an image. */
#define PIXEL_LENGTH 4
#define FRAME_LENGTH 32

static GBytes *
make_request (const guint8 *pixels, guint n)
{
  char numbers[256][PIXEL_LENGTH + 1];
  GString *text = g_string_sized_new ((gsize) n * SB_DIGIT_SIZE * PIXEL_LENGTH + FRAME_LENGTH);

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    g_snprintf (numbers[i], sizeof numbers[i], ",%u", i);
  g_string_append (text, "{\"instances\": [");
  for (guint i = 0; i < n; i++, pixels += SB_DIGIT_SIZE)
    {
      g_string_append (text, i > 0 ? ", [" : "[");
      for (guint k = 0; k < SB_DIGIT_SIZE; k++)
        g_string_append (text, numbers[pixels[k]] + (k > 0 ? 0 : 1));
      g_string_append_c (text, ']');
    }
  g_string_append (text, "]}");
  return g_string_free_to_bytes (text);
}

static gboolean
is_prediction (JsonObject *one)
{
  JsonArray *values = one != NULL ? sb_json_get_array (one, "probabilities") : NULL;
  gint64 digit = one != NULL ? sb_json_get_int (one, "classes", -1) : -1;

  return digit >= 0 && digit < SB_DIGIT_CLASSES && values != NULL &&
         json_array_get_length (values) == SB_DIGIT_CLASSES;
}

/**
 * sb_digits_ask:
 * @client: makes the call
 * @endpoint: an endpoint that reads digits
 * @pixels: SB_DIGIT_SIZE bytes for each digit, ink from 0 to 255
 * @n: how many digits
 * @cancellable: (nullable): a cancellable
 * @error: %SB_ERROR_PROTOCOL when what came are no @n digits
 *
 * Asks as TensorFlow's example of an MNIST endpoint wants to be asked.
 *
 * Returns: (transfer full) (nullable): for each digit {"classes", "probabilities"}
 */
JsonArray *
sb_digits_ask (SbClient *client,
               const char *endpoint,
               const guint8 *pixels,
               guint n,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (GBytes) request = make_request (pixels, n);
  g_autoptr (GBytes) body = NULL;
  g_autoptr (JsonObject) input = sb_json_object_new (
      "EndpointName", "s", endpoint, "ContentType", "s", "application/json", NULL);
  g_autoptr (JsonObject) answer = sb_client_call_with_body (
      client, "sagemaker-runtime", "InvokeEndpoint", input, request, &body, cancellable, error);
  g_autoptr (JsonObject) json = answer != NULL ? sb_json_parse_bytes (body, error) : NULL;
  JsonArray *predictions = json != NULL ? sb_json_get_array (json, "predictions") : NULL;
  gboolean fine = predictions != NULL && json_array_get_length (predictions) == n;

  if (json == NULL)
    return NULL;
  for (guint i = 0; fine && i < n; i++)
    {
      JsonNode *node = json_array_get_element (predictions, i);

      fine = JSON_NODE_HOLDS_OBJECT (node) && is_prediction (json_node_get_object (node));
    }
  if (fine)
    return json_array_ref (predictions);
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_PROTOCOL,
               ngettext ("The endpoint did not answer with what it read in %u digit",
                         "The endpoint did not answer with what it read in %u digits",
                         n),
               n);
  return NULL;
}

static void
read_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Question *self = data;
  g_autoptr (GError) error = NULL;
  gint64 begin = g_get_monotonic_time ();
  g_autoptr (JsonArray) predictions =
      sb_digits_ask (self->client, self->endpoint, self->pixels, 1, cancellable, &error);
  SbDigitReading *reading;
  JsonArray *values;

  if (predictions == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  reading = g_new0 (SbDigitReading, 1);
  reading->milliseconds = (double) (g_get_monotonic_time () - begin) / 1000;
  values = sb_json_get_array (json_array_get_object_element (predictions, 0), "probabilities");
  for (guint i = 0; i < SB_DIGIT_CLASSES; i++)
    {
      reading->probabilities[i] = json_array_get_double_element (values, i);
      if (reading->probabilities[i] > reading->probabilities[reading->digit])
        reading->digit = i;
    }
  g_task_return_pointer (task, reading, g_free);
}

/**
 * sb_run_predict_digit_async:
 * @self: a run whose endpoint is in service
 * @pixels: ink from 0 to 255, row by row
 * @cancellable: (nullable): a cancellable
 * @callback: called with the answer
 * @user_data: data for @callback
 */
void
sb_run_predict_digit_async (SbRun *self,
                            const guint8 pixels[SB_DIGIT_SIZE],
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Question *question = g_new0 (Question, 1);
  SbStep *deploy = sb_run_find_step_of_kind (self, "deploy");
  SbStep *predict = sb_run_find_step_of_kind (self, "predict");
  JsonObject *result = deploy != NULL ? sb_step_get_result (deploy) : NULL;

  question->client = sb_client_with_label (sb_run_get_client (self),
                                           sb_module_get_id (sb_run_get_module (self)),
                                           sb_run_get_id (self),
                                           sb_step_get_id (predict));
  question->endpoint = g_strdup (result != NULL ? sb_json_get_string (result, "endpoint", "") : "");
  memcpy (question->pixels, pixels, SB_DIGIT_SIZE);
  g_task_set_source_tag (task, sb_run_predict_digit_async);
  g_task_set_task_data (task, question, question_free);
  g_task_run_in_thread (task, read_in_thread);
}

/**
 * sb_run_predict_digit_finish:
 * @self: a run
 * @result: what the callback got
 * @error: why there is no answer
 *
 * Returns: (transfer full) (nullable): what was read; free it with g_free()
 */
SbDigitReading *
sb_run_predict_digit_finish (SbRun *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * sb_run_name_digit:
 * @self: a run
 * @pixels: ink from 0 to 255, row by row
 * @label: what it is
 * @n: (out): how many digits the person has named by now
 * @error: a %G_FILE_ERROR
 *
 * Puts a digit among those that the person has drawn.
 *
 * Returns: whether it is kept
 */
gboolean
sb_run_name_digit (SbRun *self,
                   const guint8 pixels[SB_DIGIT_SIZE],
                   guint label,
                   guint *n,
                   GError **error)
{
  g_autofree char *path = sb_my_digits_get_path (sb_run_get_folder (self));
  g_autoptr (SbMyDigits) all = NULL;

  if (!sb_my_digits_add (path, label, pixels, error))
    return FALSE;
  all = sb_my_digits_load (path, error);
  *n = all != NULL ? all->n : 0;
  return all != NULL;
}
