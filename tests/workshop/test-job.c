/* test-job.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib.h>

#include "cloud/sb-static-provider.h"
#include "wire/sb-json.h"
#include "workshop/sb-job.h"

static SbJob *
make_job (const char *name, const char *description)
{
  g_autoptr (JsonObject) summary = sb_json_object_new ("TrainingJobName",
                                                       "s",
                                                       name,
                                                       "TrainingJobStatus",
                                                       "s",
                                                       "Completed",
                                                       "CreationTime",
                                                       "d",
                                                       100.0,
                                                       "TrainingEndTime",
                                                       "d",
                                                       3700.0,
                                                       NULL);
  g_autoptr (JsonObject) json = sb_json_parse_object (description, -1, NULL);
  SbJob *job = sb_job_new (summary);

  g_assert_nonnull (json);
  sb_job_set_description (job, json);
  return job;
}

#define FIRST                                                                                      \
  "{\"TrainingJobStatus\": \"Completed\", \"BillableTimeInSeconds\": 1800,"                        \
  " \"HyperParameters\": {\"eta\": \"0.1\", \"num_round\": \"10\"},"                               \
  " \"ResourceConfig\": {\"InstanceType\": \"ml.m5.large\", \"InstanceCount\": 2},"                \
  " \"FinalMetricDataList\": [{\"MetricName\": \"train:auc\", \"Value\": 0.9},"                    \
  " {\"MetricName\": \"validation:auc\", \"Value\": 0.8}]}"
#define SECOND                                                                                     \
  "{\"TrainingJobStatus\": \"Completed\","                                                         \
  " \"HyperParameters\": {\"eta\": \"0.1\", \"num_round\": \"20\", \"gamma\": \"4\"},"             \
  " \"ResourceConfig\": {\"InstanceType\": \"ml.m5.large\", \"InstanceCount\": 1}}"

static void
test_differences (void)
{
  g_autoptr (SbJob) first = make_job ("a", FIRST);
  g_autoptr (SbJob) second = make_job ("b", SECOND);
  SbJob *const jobs[] = { first, second };
  g_autoptr (GPtrArray) rows = sb_job_list_differences (jobs, G_N_ELEMENTS (jobs));
  static const char *const wanted[] = { "InstanceCount 2 1", "gamma – 4", "num_round 10 20" };

  g_assert_cmpuint (rows->len, ==, G_N_ELEMENTS (wanted));
  for (guint i = 0; i < rows->len; i++)
    {
      g_autofree char *row = g_strjoinv (" ", rows->pdata[i]);

      g_assert_cmpstr (row, ==, wanted[i]);
    }
}

static void
test_figures (void)
{
  g_autoptr (SbJob) job = make_job ("a", FIRST);
  g_autoptr (SbCredentials) credentials = sb_credentials_new ("AKIAEXAMPLE", "secret", NULL);
  g_autoptr (SbCredentialsProvider) provider = sb_static_provider_new (credentials);
  g_autoptr (SbConnection) aws = sb_connection_new ("aws", "AWS", "eu-west-1", NULL, provider);
  g_autoptr (JsonObject) table = sb_json_parse_object (
      "{\"regions\": {\"eu-west-1\": {\"Training\": {\"ml.m5.large\": 0.2}}}}", -1, NULL);
  SbPrices *prices = sb_prices_new_from_json (table);
  double value;

  g_assert_cmpstr (sb_job_get_metric (job, &value), ==, "validation:auc");
  g_assert_cmpfloat_with_epsilon (value, 0.8, 1e-9);
  g_assert_cmpfloat_with_epsilon (sb_job_get_duration (job), 3600, 1e-9);
  g_assert_cmpfloat_with_epsilon (sb_job_get_cost (job, prices, aws), 0.2, 1e-9);
  g_assert_false (sb_job_is_running (job));
  sb_prices_free (prices);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/workshop/job/differences", test_differences);
  g_test_add_func ("/workshop/job/figures", test_figures);
  return g_test_run ();
}
