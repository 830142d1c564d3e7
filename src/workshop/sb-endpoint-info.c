/* sb-endpoint-info.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-endpoint-info.h"

#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"

static void
variant_free (gpointer data)
{
  SbVariantInfo *self = data;

  g_free (self->name);
  g_free (self->model);
  g_free (self->instance_type);
  g_free (self);
}

void
sb_endpoint_info_free (SbEndpointInfo *self)
{
  g_free (self->name);
  g_free (self->status);
  g_free (self->failure);
  g_free (self->problem);
  g_ptr_array_unref (self->variants);
  g_free (self);
}

static char *
format_time (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);

  return g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ");
}

static JsonArray *
make_dimensions (SbEndpointInfo *self, SbVariantInfo *variant)
{
  JsonArray *dimensions = json_array_new ();

  json_array_add_object_element (
      dimensions, sb_json_object_new ("Name", "s", "EndpointName", "Value", "s", self->name, NULL));
  json_array_add_object_element (
      dimensions,
      sb_json_object_new ("Name", "s", "VariantName", "Value", "s", variant->name, NULL));
  return dimensions;
}

/* One period that is as long as the time that is asked about, in whole minutes, may still be cut in
 * two by the service; so its parts are added up. */
static gboolean
ask_metric (SbClient *client,
            SbEndpointInfo *self,
            SbVariantInfo *variant,
            const char *metric,
            guint minutes,
            double *sum,
            double *n,
            GCancellable *cancellable,
            GError **error)
{
  static const char *const statistics[] = { "Sum", "SampleCount", NULL };
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autofree char *start = format_time (now - 60 * (gint64) minutes);
  g_autofree char *end = format_time (now + 60);
  g_autoptr (JsonObject) input = sb_json_object_new ("Namespace",
                                                     "s",
                                                     "AWS/SageMaker",
                                                     "MetricName",
                                                     "s",
                                                     metric,
                                                     "Dimensions",
                                                     "a",
                                                     make_dimensions (self, variant),
                                                     "StartTime",
                                                     "s",
                                                     start,
                                                     "EndTime",
                                                     "s",
                                                     end,
                                                     "Period",
                                                     "i",
                                                     60 * (gint64) minutes,
                                                     "Statistics",
                                                     "a",
                                                     sb_json_array_new_strings (statistics),
                                                     NULL);
  g_autoptr (JsonObject) answer =
      sb_client_call (client, "cloudwatch", "GetMetricStatistics", input, cancellable, error);
  JsonArray *points = answer != NULL ? sb_json_get_array (answer, "Datapoints") : NULL;

  *sum = *n = 0;
  for (guint i = 0; points != NULL && i < json_array_get_length (points); i++)
    {
      JsonObject *point = json_array_get_object_element (points, i);

      *sum += sb_json_get_double (point, "Sum", 0);
      *n += sb_json_get_double (point, "SampleCount", 0);
    }
  return answer != NULL;
}

static gboolean
count_variant (SbClient *client,
               SbEndpointInfo *self,
               SbVariantInfo *variant,
               guint minutes,
               GCancellable *cancellable,
               GError **error)
{
  static const char *const metrics[] = {
    "Invocations", "Invocation4XXErrors", "Invocation5XXErrors", "ModelLatency"
  };
  double sums[G_N_ELEMENTS (metrics)], counts[G_N_ELEMENTS (metrics)];

  for (guint i = 0; i < G_N_ELEMENTS (metrics); i++)
    if (!ask_metric (
            client, self, variant, metrics[i], minutes, &sums[i], &counts[i], cancellable, error))
      return FALSE;
  variant->counted = TRUE;
  variant->n_asked = (guint64) sums[0];
  variant->n_failed = (guint64) (sums[1] + sums[2]);
  /* The service measures in microseconds. */
  variant->latency = counts[3] > 0 ? sums[3] / counts[3] / 1000 : 0;
  return TRUE;
}

/* Whoever may not read metrics can use an endpoint all the same. */
static void
count_all (SbClient *client, SbEndpointInfo *self, guint minutes, GCancellable *cancellable)
{
  for (guint i = 0; i < self->variants->len; i++)
    {
      g_autoptr (GError) error = NULL;

      if (count_variant (client, self, self->variants->pdata[i], minutes, cancellable, &error))
        continue;
      self->problem = g_strdup (error->message);
      return;
    }
}

static JsonObject *
find_config (JsonObject *config, const char *variant)
{
  JsonArray *variants = config != NULL ? sb_json_get_array (config, "ProductionVariants") : NULL;

  for (guint i = 0; variants != NULL && i < json_array_get_length (variants); i++)
    {
      JsonObject *one = json_array_get_object_element (variants, i);

      if (strcmp (sb_json_get_string (one, "VariantName", ""), variant) == 0)
        return one;
    }
  return NULL;
}

static void
take_variant (SbEndpointInfo *self, JsonObject *described, JsonObject *config)
{
  SbVariantInfo *variant = g_new0 (SbVariantInfo, 1);
  JsonObject *configured;

  variant->name = g_strdup (sb_json_get_string (described, "VariantName", ""));
  configured = find_config (config, variant->name);
  variant->n_instances = (guint) sb_json_get_int (described, "CurrentInstanceCount", 0);
  variant->weight = sb_json_get_double (described, "CurrentWeight", 1);
  if (configured != NULL)
    {
      variant->model = g_strdup (sb_json_get_string (configured, "ModelName", NULL));
      variant->instance_type = g_strdup (sb_json_get_string (configured, "InstanceType", NULL));
    }
  g_ptr_array_add (self->variants, variant);
}

static JsonObject *
describe (SbClient *client,
          const char *operation,
          const char *member,
          const char *name,
          GCancellable *cancellable,
          GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new (member, "s", name, NULL);

  return sb_client_call (client, "sagemaker", operation, input, cancellable, error);
}

/**
 * sb_endpoint_info_fetch:
 * @client: makes the calls
 * @name: an endpoint
 * @minutes: of how long until now its questions are counted
 * @cancellable: (nullable): a cancellable
 * @error: why the service could not be asked
 *
 * Asks SageMaker for the endpoint and its variants, and CloudWatch how often they were asked.
 * Blocks.
 *
 * Returns: (transfer full) (nullable): what they say
 */
SbEndpointInfo *
sb_endpoint_info_fetch (SbClient *client,
                        const char *name,
                        guint minutes,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (JsonObject) endpoint =
      describe (client, "DescribeEndpoint", "EndpointName", name, cancellable, error);
  g_autoptr (JsonObject) config = NULL;
  JsonArray *variants;
  SbEndpointInfo *self;

  if (endpoint == NULL)
    return NULL;
  /* It may have been deleted since; then types and models are not known. */
  config = describe (client,
                     "DescribeEndpointConfig",
                     "EndpointConfigName",
                     sb_json_get_string (endpoint, "EndpointConfigName", ""),
                     cancellable,
                     NULL);
  self = g_new0 (SbEndpointInfo, 1);
  self->name = g_strdup (name);
  self->status = g_strdup (sb_json_get_string (endpoint, "EndpointStatus", ""));
  self->failure = g_strdup (sb_json_get_string (endpoint, "FailureReason", NULL));
  self->variants = g_ptr_array_new_with_free_func (variant_free);
  variants = sb_json_get_array (endpoint, "ProductionVariants");
  for (guint i = 0; variants != NULL && i < json_array_get_length (variants); i++)
    take_variant (self, json_array_get_object_element (variants, i), config);
  count_all (client, self, minutes, cancellable);
  if (!g_cancellable_set_error_if_cancelled (cancellable, error))
    return self;
  sb_endpoint_info_free (self);
  return NULL;
}

/**
 * sb_endpoint_info_is_idle:
 * @self: what is known of an endpoint
 *
 * Returns: whether it is in service and certainly was not asked in the time that was asked about
 */
gboolean
sb_endpoint_info_is_idle (SbEndpointInfo *self)
{
  gboolean idle = strcmp (self->status, "InService") == 0 && self->variants->len > 0;

  for (guint i = 0; i < self->variants->len; i++)
    {
      const SbVariantInfo *variant = self->variants->pdata[i];

      idle = idle && variant->counted && variant->n_asked == 0;
    }
  return idle;
}

typedef struct
{
  char *name;
  guint minutes;
} Question;

static void
question_free (gpointer data)
{
  g_free (((Question *) data)->name);
  g_free (data);
}

static void
fetch_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Question *question = data;
  g_autoptr (GError) error = NULL;
  SbEndpointInfo *info =
      sb_endpoint_info_fetch (source, question->name, question->minutes, cancellable, &error);

  if (info != NULL)
    g_task_return_pointer (task, info, (GDestroyNotify) sb_endpoint_info_free);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * sb_endpoint_info_fetch_async:
 * @client: makes the calls
 * @name: an endpoint
 * @minutes: of how long until now its questions are counted
 * @cancellable: (nullable): a cancellable
 * @callback: called when the services have answered
 * @user_data: data for @callback
 *
 * See sb_endpoint_info_fetch().
 */
void
sb_endpoint_info_fetch_async (SbClient *client,
                              const char *name,
                              guint minutes,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (client, cancellable, callback, user_data);
  Question *question = g_new0 (Question, 1);

  question->name = g_strdup (name);
  question->minutes = minutes;
  g_task_set_source_tag (task, sb_endpoint_info_fetch_async);
  g_task_set_task_data (task, question, question_free);
  g_task_run_in_thread (task, fetch_in_thread);
}

/**
 * sb_endpoint_info_fetch_finish:
 * @client: the client
 * @result: what the callback got
 * @error: why the service could not be asked
 *
 * Returns: (transfer full) (nullable): what the services say
 */
SbEndpointInfo *
sb_endpoint_info_fetch_finish (SbClient *client, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, client), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
