/* test-names.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "wire/sb-error.h"
#include "wire/sb-names.h"
#include "wire/sb-uri.h"

static void
test_hosts (void)
{
  static const struct
  {
    const char *service;
    const char *region;
    const char *host;
    const char *signing;
  } cases[] = {
    { "sagemaker", "us-west-2", "api.sagemaker.us-west-2.amazonaws.com", "us-west-2" },
    { "sagemaker-runtime",
      "cn-north-1",
      "runtime.sagemaker.cn-north-1.amazonaws.com.cn",
      "cn-north-1" },
    { "s3", "eu-west-1", "s3.eu-west-1.amazonaws.com", "eu-west-1" },
    { "iam", "eu-west-1", "iam.amazonaws.com", "us-east-1" },
    { "iam", "us-gov-east-1", "iam.us-gov.amazonaws.com", "us-gov-west-1" },
    { "iam", "cn-northwest-1", "iam.cn-north-1.amazonaws.com.cn", "cn-north-1" },
    { "sts", "us-east-1", "sts.us-east-1.amazonaws.com", "us-east-1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *host = sb_service_get_host (cases[i].service, cases[i].region, FALSE);

      g_assert_cmpstr (host, ==, cases[i].host);
      g_assert_cmpstr (sb_service_get_signing_region (cases[i].service, cases[i].region),
                       ==,
                       cases[i].signing);
    }
}

static void
test_buckets (void)
{
  static const char *const good[] = { "abc", "smworkshop-john-smith", "a.b-c", "1.2.3" };
  static const char *const bad[] = {
    "ab",          "Abc",
    "a_b",         "-ab",
    "ab-",         "a..b",
    "192.168.0.1", "",
    "ü-bucket",    "a23456789012345678901234567890123456789012345678901234567890abcd",
    "xn--bucket",  "bucket-s3alias"
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (sb_bucket_name_is_valid (good[i]));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *mended = sb_bucket_name_mend (bad[i]);

      g_assert_false (sb_bucket_name_is_valid (bad[i]));
      g_assert_true (sb_bucket_name_is_valid (mended));
    }
}

static void
test_mended_buckets (void)
{
  static const char *const names[][2] = {
    { "My Data", "my-data" }, { "a_b..c", "a-b-c" },   { "192.168.0.1", "192-168-0-1" },
    { "x", "bucket-x" },      { "-ab-", "bucket-ab" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *mended = sb_bucket_name_mend (names[i][0]);

      g_assert_cmpstr (mended, ==, names[i][1]);
    }
}

static void
test_pasted_buckets (void)
{
  static const struct
  {
    const char *text;
    const char *name;
    gboolean whole;
  } rows[] = {
    { "data", "data", TRUE },
    { "  data\n", "data", TRUE },
    { "s3://data", "data", FALSE },
    { "s3://data/some/path.csv", "data", FALSE },
    { "s3a://data/", "data", FALSE },
    { "data/some/path", "data", FALSE },
    { "arn:aws:s3:::data/path", "data", FALSE },
    { "arn:aws-cn:s3:::data", "data", FALSE },
    { "https://data.s3.eu-west-1.amazonaws.com/path", "data", FALSE },
    { "https://my.data.s3.amazonaws.com", "my.data", FALSE },
    { "https://s3.cn-north-1.amazonaws.com.cn/data/path?x=1", "data", FALSE },
    { "https://s3.console.aws.amazon.com/s3/buckets/data?region=us-east-1", "data", FALSE },
    { "https://example.com/data", "https://example.com/data", TRUE },
    { "", "", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gboolean whole;
      g_autofree char *name = sb_bucket_from_text (rows[i].text, &whole);

      g_assert_cmpstr (name, ==, rows[i].name);
      g_assert_cmpint (whole, ==, rows[i].whole);
    }
}

static void
test_images (void)
{
  static const char *const repositories[][2] = {
    { "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:latest", "xgboost" },
    { "1.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost@sha256:00", "sagemaker-xgboost" },
    { "local/digits:1", "local/digits" },
    { "xgboost", "xgboost" },
  };
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = sb_image_uri ("xgboost:latest", "us-east-1", &error);
  g_autofree char *newer = sb_image_uri ("sagemaker-xgboost:1.7-1", "cn-north-1", &error);

  for (guint i = 0; i < G_N_ELEMENTS (repositories); i++)
    {
      g_autofree char *repository = sb_image_get_repository (repositories[i][0]);

      g_assert_cmpstr (repository, ==, repositories[i][1]);
    }
  g_assert_no_error (error);
  g_assert_cmpstr (uri, ==, "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:latest");
  g_assert_cmpstr (newer,
                   ==,
                   "450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-xgboost:1.7-1");
  g_assert_null (sb_image_uri ("xgboost", "ca-west-1", &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
}

static void
test_job_names (void)
{
  g_autofree char *name = sb_job_name_new ("videogames-xgboost", 1784550896042);
  g_autofree char *cut =
      sb_job_name_new ("a-name-that-is-so-long-that-no-job-could-ever-carry-it", 0);

  g_assert_cmpstr (name, ==, "videogames-xgboost-2026-07-20-12-34-56-042");
  g_assert_cmpstr (cut, ==, "a-name-that-is-so-long-that-no-job-coul-1970-01-01-00-00-00-000");
}

static void
test_instance_types (void)
{
  static const struct
  {
    const char *type;
    guint n_vcpus;
  } cases[] = {
    { "ml.t2.medium", 2 },   { "ml.m5.large", 2 },     { "ml.c5.xlarge", 4 },
    { "ml.c4.8xlarge", 36 }, { "ml.m4.10xlarge", 40 }, { "ml.p3dn.24xlarge", 96 },
    { "ml.c5", 0 },          { "ml.c5.huge", 0 },      { "", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpuint (sb_instance_type_get_n_vcpus (cases[i].type), ==, cases[i].n_vcpus);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/names/hosts", test_hosts);
  g_test_add_func ("/names/buckets", test_buckets);
  g_test_add_func ("/names/buckets-mended", test_mended_buckets);
  g_test_add_func ("/names/buckets-pasted", test_pasted_buckets);
  g_test_add_func ("/names/images", test_images);
  g_test_add_func ("/names/jobs", test_job_names);
  g_test_add_func ("/names/instance-types", test_instance_types);
  return g_test_run ();
}
