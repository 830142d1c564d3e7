/* test-advice.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-advice.h"

typedef struct
{
  guint status;
  const char *code;
  const char *message;
  const char *text;   /* part of the advice; NULL for none */
  const char *action; /* of the statement; NULL for none */
  const char *resource;
} Row;

static const Row rows[] = {
  { 400,
    "AccessDeniedException",
    "User: arn:aws:iam::1:user/me is not authorized to perform: sagemaker:CreateTrainingJob on "
    "resource: arn:aws:sagemaker:eu-west-3:1:training-job/x because no identity-based policy "
    "allows the sagemaker:CreateTrainingJob action",
    "lack the permission sagemaker:CreateTrainingJob",
    "sagemaker:CreateTrainingJob",
    "arn:aws:sagemaker:eu-west-3:1:training-job/x" },
  { 403,
    "AccessDenied",
    "User: arn:aws:iam::1:user/me is not authorized to perform: iam:CreateRole on resource: role "
    "\"arn:aws:iam::1:role/R\"",
    "lack the permission iam:CreateRole",
    "iam:CreateRole",
    "arn:aws:iam::1:role/R" },
  { 400,
    "AccessDeniedException",
    "User: arn:aws:iam::1:user/me is not authorized to perform: iam:PassRole on resource: "
    "arn:aws:iam::1:role/R with an explicit deny in a service control policy",
    "forbids iam:PassRole",
    NULL,
    NULL },
  { 403, "AccessDenied", "Access Denied", NULL, NULL, NULL },
  { 400,
    "ResourceLimitExceeded",
    "The account-level service limit 'ml.p3.2xlarge for training job usage' is 0 Instances, with "
    "current utilization of 0 Instances and a request delta of 1 Instances. Please use AWS Service "
    "Quotas to request an increase for this quota.",
    "quota “ml.p3.2xlarge for training job usage” of this account is 0; 0 are in use, and this "
    "needs 1",
    NULL,
    NULL },
  { 400,
    "ValidationException",
    "1 validation error detected: Value 'ml.x9.huge' at 'resourceConfig.instanceType' failed to "
    "satisfy constraint: Member must satisfy enum value set: [ml.m5.large]",
    "instance type ml.x9.huge cannot be had",
    NULL,
    NULL },
  { 400,
    "ValidationException",
    "Instance type ml.p2.xlarge is not supported in this region",
    "instance type ml.p2.xlarge cannot be had",
    NULL,
    NULL },
  { 400, "ValidationException", "RecordNotFound", NULL, NULL, NULL },
  { 400,
    "TooManyBuckets",
    "You have attempted to create more buckets than allowed",
    "as many buckets",
    NULL,
    NULL },
  { 409,
    "LimitExceeded",
    "Cannot exceed quota for RolesPerAccount: 1000",
    "as many roles",
    NULL,
    NULL },
  { 403, "OptInRequired", "The AWS Access Key Id needs a subscription", "signed up", NULL, NULL },
  { 403, "InvalidClientTokenId", "The security token is invalid.", "switched on", NULL, NULL },
};

static void
test_rows (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const Row *row = &rows[i];
      g_autoptr (GError) error = sb_error_new_service (row->status, row->code, row->message, "r");
      g_autoptr (SbAdvice) advice = sb_advice_new (error);
      g_autoptr (JsonObject) statement = NULL;

      g_assert_cmpint (advice != NULL, ==, row->text != NULL);
      if (advice == NULL)
        continue;
      g_assert_nonnull (strstr (advice->text, row->text));
      g_assert_cmpint (advice->statement != NULL, ==, row->action != NULL);
      if (row->action == NULL)
        continue;
      statement = sb_json_parse_object (advice->statement, -1, NULL);
      g_assert_cmpstr (sb_json_get_string (statement, "Action", NULL), ==, row->action);
      g_assert_cmpstr (sb_json_get_string (statement, "Resource", NULL), ==, row->resource);
    }
}

/* What the answer does not say, the call does. */
static void
test_action (void)
{
  g_autoptr (GError) error = sb_error_new_service (403, NULL, NULL, NULL);
  g_autoptr (SbAdvice) advice = NULL;
  g_autoptr (JsonObject) statement = NULL;

  sb_error_set_action (error, "iam:PassRole", "arn:aws:iam::*:role/R");
  advice = sb_advice_new (error);
  statement = sb_json_parse_object (advice->statement, -1, NULL);
  g_assert_cmpstr (sb_json_get_string (statement, "Resource", NULL), ==, "arn:aws:iam::*:role/R");
  g_assert_cmpstr (sb_json_get_string (sb_json_get_object (statement, "Condition.StringEquals"),
                                       "iam:PassedToService",
                                       NULL),
                   ==,
                   "sagemaker.amazonaws.com");
}

/* Why a job has ended is in its own words. */
static void
test_capacity (void)
{
  g_autoptr (GError) error =
      g_error_new_literal (SB_ERROR,
                           SB_ERROR_JOB,
                           "CapacityError: Unable to provision requested ML compute capacity.");
  g_autoptr (GError) other = g_error_new_literal (SB_ERROR, SB_ERROR_JOB, "AlgorithmError: x");
  g_autoptr (SbAdvice) advice = sb_advice_new (error);

  g_assert_nonnull (strstr (advice->text, "no computer of that type free"));
  g_assert_null (sb_advice_new (other));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/advice/rows", test_rows);
  g_test_add_func ("/advice/action", test_action);
  g_test_add_func ("/advice/capacity", test_capacity);
  return g_test_run ();
}
