/* sb-job-metrics.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-job-metrics.h"

#include "wire/sb-json.h"

typedef struct
{
  GRegex *regex;
  char *name;
  double value;
  gint64 time; /* milliseconds since 1970 */
  gboolean seen;
} Metric;

struct _SbJobMetrics
{
  GPtrArray *metrics; /* (element-type Metric) */
};

static void
metric_free (gpointer data)
{
  Metric *self = data;

  g_regex_unref (self->regex);
  g_free (self->name);
  g_free (self);
}

static void
add_metric (SbJobMetrics *self, const char *name, const char *pattern)
{
  GRegex *regex = g_regex_new (pattern, G_REGEX_OPTIMIZE, 0, NULL);
  Metric *metric;

  if (regex == NULL)
    return;
  metric = g_new0 (Metric, 1);
  metric->regex = regex;
  metric->name = g_strdup (name);
  g_ptr_array_add (self->metrics, metric);
}

/**
 * sb_job_metrics_new:
 * @algorithm: (nullable): what trains; without one there are no metrics
 * @job: (transfer none): the job's document
 *
 * Takes the algorithm's own metrics, and those that came with the job of a script. What is no
 * regular expression is left out.
 *
 * Returns: (transfer full): the metrics, none of which was seen; free them with
 *   sb_job_metrics_free()
 */
SbJobMetrics *
sb_job_metrics_new (const SbAlgorithm *algorithm, JsonObject *job)
{
  SbJobMetrics *self = g_new0 (SbJobMetrics, 1);
  JsonArray *given = sb_json_get_array (job, "AlgorithmSpecification.MetricDefinitions");
  const GPtrArray *definitions;

  self->metrics = g_ptr_array_new_with_free_func (metric_free);
  if (algorithm == NULL)
    return self;
  definitions = sb_algorithm_get_metrics (algorithm);
  for (guint i = 0; i < definitions->len; i++)
    {
      const SbMetricDefinition *definition = definitions->pdata[i];

      add_metric (self, definition->name, definition->regex);
    }
  for (guint i = 0; given != NULL && i < json_array_get_length (given); i++)
    {
      JsonObject *item = json_array_get_object_element (given, i);

      add_metric (self,
                  sb_json_get_string (item, "Name", ""),
                  sb_json_get_string (item, "Regex", ""));
    }
  return self;
}

void
sb_job_metrics_free (SbJobMetrics *self)
{
  g_ptr_array_unref (self->metrics);
  g_free (self);
}

/**
 * sb_job_metrics_scan:
 * @self: metrics
 * @line: a line that the program has written, as it is logged
 * @time: when, in milliseconds since 1970
 *
 * Remembers the values that are in the line.
 */
void
sb_job_metrics_scan (SbJobMetrics *self, const char *line, gint64 time)
{
  for (guint i = 0; i < self->metrics->len; i++)
    {
      Metric *metric = self->metrics->pdata[i];
      g_autoptr (GMatchInfo) match = NULL;
      g_autofree char *text = NULL;

      if (!g_regex_match (metric->regex, line, 0, &match))
        continue;
      text = g_match_info_fetch (match, 1);
      if (text == NULL)
        continue;
      metric->value = g_ascii_strtod (text, NULL);
      metric->time = time;
      metric->seen = TRUE;
    }
}

/**
 * sb_job_metrics_list:
 * @self: metrics
 *
 * Returns: (transfer full): those that were seen, with their last values, as a job's
 *   FinalMetricDataList has them
 */
JsonArray *
sb_job_metrics_list (const SbJobMetrics *self)
{
  JsonArray *list = json_array_new ();

  for (guint i = 0; i < self->metrics->len; i++)
    {
      const Metric *metric = self->metrics->pdata[i];

      if (metric->seen)
        json_array_add_object_element (list,
                                       sb_json_object_new ("MetricName",
                                                           "s",
                                                           metric->name,
                                                           "Value",
                                                           "d",
                                                           metric->value,
                                                           "Timestamp",
                                                           "d",
                                                           (double) metric->time / 1000,
                                                           NULL));
    }
  return list;
}
