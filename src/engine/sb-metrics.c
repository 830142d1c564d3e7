/* sb-metrics.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * CloudWatch's GetMetricStatistics for the metrics of SageMaker's endpoints.
 */

#include "config.h"

#include "engine/sb-metrics.h"

#include <string.h>

#include "engine/sb-resource.h"
#include "engine/sb-services.h"
#include "wire/sb-json.h"

#define KEPT_MINUTES (24 * 60)
/* CloudWatch's own limit. */
#define MAX_DATAPOINTS 1440

/**
 * Figure:
 * @SB_FIGURE_INVOCATIONS: 1 for each question
 * @SB_FIGURE_CLIENT_ERRORS: 1 for each that was answered with 4XX, else 0
 * @SB_FIGURE_SERVER_ERRORS: the same of 5XX
 * @SB_FIGURE_LATENCY: microseconds that the model took
 */
typedef enum
{
  SB_FIGURE_INVOCATIONS,
  SB_FIGURE_CLIENT_ERRORS,
  SB_FIGURE_SERVER_ERRORS,
  SB_FIGURE_LATENCY,
  SB_N_FIGURES
} Figure;

static const struct
{
  const char *name;
  const char *unit;
} figures[SB_N_FIGURES] = {
  [SB_FIGURE_INVOCATIONS] = { "Invocations", "None" },
  [SB_FIGURE_CLIENT_ERRORS] = { "Invocation4XXErrors", "None" },
  [SB_FIGURE_SERVER_ERRORS] = { "Invocation5XXErrors", "None" },
  [SB_FIGURE_LATENCY] = { "ModelLatency", "Microseconds" },
};

typedef struct
{
  double sum;
  double minimum;
  double maximum;
} Tally;

typedef struct
{
  gint64 minute; /* since 1970 */
  guint n;
  Tally tallies[SB_N_FIGURES];
} Minute;

struct _SbMetrics
{
  GHashTable *variants; /* "ENDPOINT/VARIANT" -> GArray of Minute, the newest last */
};

/**
 * sb_metrics_new:
 *
 * Returns: (transfer full): metrics of nothing so far
 */
SbMetrics *
sb_metrics_new (void)
{
  SbMetrics *self = g_new0 (SbMetrics, 1);

  self->variants =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_array_unref);
  return self;
}

void
sb_metrics_free (SbMetrics *self)
{
  g_hash_table_unref (self->variants);
  g_free (self);
}

static void
tally_add (Tally *self, guint n, const Tally *other)
{
  self->minimum = n == 0 ? other->minimum : MIN (self->minimum, other->minimum);
  self->maximum = n == 0 ? other->maximum : MAX (self->maximum, other->maximum);
  self->sum += other->sum;
}

static void
forget_old (GArray *minutes, gint64 now)
{
  guint n = 0;

  while (n < minutes->len && g_array_index (minutes, Minute, n).minute <= now - KEPT_MINUTES)
    n++;
  if (n > 0)
    g_array_remove_range (minutes, 0, n);
}

static GArray *
enter (SbMetrics *self, const char *endpoint, const char *variant)
{
  g_autofree char *key = g_strdup_printf ("%s/%s", endpoint, variant);
  GArray *minutes = g_hash_table_lookup (self->variants, key);

  if (minutes == NULL)
    {
      minutes = g_array_new (FALSE, TRUE, sizeof (Minute));
      g_hash_table_insert (self->variants, g_steal_pointer (&key), minutes);
    }
  return minutes;
}

/**
 * sb_metrics_count:
 * @self: metrics
 * @endpoint: an endpoint that was asked
 * @variant: that which answered
 * @status: its HTTP status; 0 when there was no answer
 * @microseconds: how long it took
 */
void
sb_metrics_count (SbMetrics *self,
                  const char *endpoint,
                  const char *variant,
                  guint status,
                  gint64 microseconds)
{
  GArray *minutes = enter (self, endpoint, variant);
  gint64 now = g_get_real_time () / G_TIME_SPAN_MINUTE;
  const double values[] = { 1, status / 100 == 4, status == 0 || status / 100 == 5, microseconds };
  Minute *minute;

  if (minutes->len == 0 || g_array_index (minutes, Minute, minutes->len - 1).minute < now)
    {
      const Minute fresh = { .minute = now };

      forget_old (minutes, now);
      g_array_append_val (minutes, fresh);
    }
  minute = &g_array_index (minutes, Minute, minutes->len - 1);
  for (guint i = 0; i < SB_N_FIGURES; i++)
    tally_add (&minute->tallies[i], minute->n, &(const Tally){ values[i], values[i], values[i] });
  minute->n++;
}

static const char *
find_dimension (JsonObject *input, const char *name)
{
  JsonArray *dimensions = sb_json_get_array (input, "Dimensions");

  for (guint i = 0; dimensions != NULL && i < json_array_get_length (dimensions); i++)
    {
      JsonObject *dimension = json_array_get_object_element (dimensions, i);

      if (strcmp (sb_json_get_string (dimension, "Name", ""), name) == 0)
        return sb_json_get_string (dimension, "Value", "");
    }
  return NULL;
}

static void
add_statistic (JsonObject *point, const char *name, const Minute *all, Figure figure)
{
  const Tally *tally = &all->tallies[figure];
  double value = strcmp (name, "Sum") == 0           ? tally->sum
                 : strcmp (name, "Minimum") == 0     ? tally->minimum
                 : strcmp (name, "Maximum") == 0     ? tally->maximum
                 : strcmp (name, "SampleCount") == 0 ? all->n
                                                     : tally->sum / all->n;

  json_object_set_double_member (point, name, value);
}

static JsonObject *
make_point (JsonObject *input, const Minute *all, gint64 start, Figure figure)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (start);
  g_autofree char *text = g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ");
  JsonArray *statistics = sb_json_get_array (input, "Statistics");
  JsonObject *point =
      sb_json_object_new ("Timestamp", "s", text, "Unit", "s", figures[figure].unit, NULL);

  for (guint i = 0; i < json_array_get_length (statistics); i++)
    add_statistic (point, json_array_get_string_element (statistics, i), all, figure);
  return point;
}

/* Periods in which nothing was counted have no datapoint. */
static void
add_points (JsonArray *points,
            JsonObject *input,
            GArray *minutes,
            Figure figure,
            gint64 start,
            gint64 end)
{
  gint64 period = sb_json_get_int (input, "Period", 60);
  Minute all = { 0 };
  gint64 begin = 0;

  for (guint i = 0; minutes != NULL && i < minutes->len; i++)
    {
      const Minute *minute = &g_array_index (minutes, Minute, i);
      gint64 seconds = minute->minute * 60;

      if (seconds < start || seconds >= end)
        continue;
      if (all.n > 0 && seconds >= begin + period)
        {
          json_array_add_object_element (points, make_point (input, &all, begin, figure));
          all = (Minute){ 0 };
        }
      if (all.n == 0)
        begin = start + (seconds - start) / period * period;
      for (guint f = 0; f < SB_N_FIGURES; f++)
        tally_add (&all.tallies[f], all.n, &minute->tallies[f]);
      all.n += minute->n;
    }
  if (all.n > 0)
    json_array_add_object_element (points, make_point (input, &all, begin, figure));
}

static int
find_figure (JsonObject *input)
{
  const char *name = sb_json_get_string (input, "MetricName", "");

  if (strcmp (sb_json_get_string (input, "Namespace", ""), "AWS/SageMaker") != 0)
    return -1;
  for (guint i = 0; i < SB_N_FIGURES; i++)
    if (strcmp (figures[i].name, name) == 0)
      return (int) i;
  return -1;
}

static gboolean
check_times (JsonObject *input, gint64 *start, gint64 *end, GError **error)
{
  gint64 period = sb_json_get_int (input, "Period", 60);

  *start = sb_json_get_int (input, "StartTime", 0);
  *end = sb_json_get_int (input, "EndTime", 0);
  if (period % 60 != 0)
    return sb_resource_fail (error,
                             "InvalidParameterValue",
                             "The parameter Period must be a multiple of 60.");
  if (*start >= *end)
    return sb_resource_fail (error,
                             "InvalidParameterCombination",
                             "The parameter StartTime must be less than the parameter EndTime.");
  if ((*end - *start) / period > MAX_DATAPOINTS)
    return sb_resource_fail (error,
                             "InvalidParameterCombination",
                             "You have requested up to %" G_GINT64_FORMAT " datapoints, which "
                             "exceeds the limit of %d.",
                             (*end - *start) / period,
                             MAX_DATAPOINTS);
  if (sb_json_get_array (input, "Statistics") == NULL)
    return sb_resource_fail (error, "MissingParameter", "The parameter Statistics is missing.");
  /* CloudWatch's minutes begin with the minute. */
  *start -= *start % 60;
  return TRUE;
}

static JsonObject *
get_metric_statistics (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *endpoint = find_dimension (input, "EndpointName");
  const char *variant = find_dimension (input, "VariantName");
  g_autofree char *key = g_strdup_printf ("%s/%s", endpoint, variant);
  g_autoptr (JsonArray) points = json_array_new ();
  int figure = find_figure (input);
  gint64 start, end;

  if (!check_times (input, &start, &end, error))
    return NULL;
  if (figure >= 0 && endpoint != NULL && variant != NULL)
    add_points (points,
                input,
                g_hash_table_lookup (engine->metrics->variants, key),
                (Figure) figure,
                start,
                end);
  return sb_json_object_new ("Label",
                             "s",
                             sb_json_get_string (input, "MetricName", ""),
                             "Datapoints",
                             "a",
                             g_steal_pointer (&points),
                             NULL);
}

static const SbOperation operations[] = {
  { "GetMetricStatistics", get_metric_statistics, FALSE },
  { NULL },
};

/**
 * sb_add_metric_operations:
 * @engine: an engine
 */
void
sb_add_metric_operations (SbEngine *engine)
{
  sb_engine_add_operations (engine, "cloudwatch", operations);
}
