/* sb-work-account.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Get Started: the bucket and the role.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-waiter.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-work.h"

static char *
make_bucket_name (SbWork *work, GError **error)
{
  SbConnection *connection = sb_client_get_connection (work->client);
  g_autoptr (JsonObject) identity =
      sb_client_call (work->client, "sts", "GetCallerIdentity", NULL, work->cancellable, error);

  if (identity == NULL)
    return NULL;
  /* The name that SageMaker's own SDK uses, which its managed policies let jobs read. */
  return g_strdup_printf ("sagemaker-%s-%s",
                          sb_connection_get_region (connection),
                          sb_json_get_string (identity, "Account", ""));
}

static gboolean
has_bucket (SbWork *work, const char *name, gboolean *found, GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket", "s", name, NULL);
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonObject) answer =
      sb_client_call (work->client, "s3", "HeadBucket", input, work->cancellable, &local);

  *found = answer != NULL;
  if (answer != NULL || g_error_matches (local, SB_ERROR, SB_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* So that another computer's Clean Up knows it, too. That it may not be tagged is no reason not to
 * use it: this computer knows it from the run. */
static void
tag_bucket (SbWork *work, const char *name)
{
  g_autoptr (JsonObject) input =
      sb_json_object_new ("Bucket",
                          "s",
                          name,
                          "Tagging",
                          "o",
                          sb_json_object_new ("TagSet", "a", sb_work_make_tags (work), NULL),
                          NULL);
  g_autoptr (JsonObject) answer =
      sb_client_call (work->client, "s3", "PutBucketTagging", input, work->cancellable, NULL);
}

/* Nothing in it is for the public. */
static gboolean
block_public_access (SbWork *work, const char *name, GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket",
                                                     "s",
                                                     name,
                                                     "PublicAccessBlockConfiguration",
                                                     "o",
                                                     sb_json_object_new ("BlockPublicAcls",
                                                                         "b",
                                                                         TRUE,
                                                                         "IgnorePublicAcls",
                                                                         "b",
                                                                         TRUE,
                                                                         "BlockPublicPolicy",
                                                                         "b",
                                                                         TRUE,
                                                                         "RestrictPublicBuckets",
                                                                         "b",
                                                                         TRUE,
                                                                         NULL),
                                                     NULL);
  g_autoptr (JsonObject) answer =
      sb_client_call (work->client, "s3", "PutPublicAccessBlock", input, work->cancellable, error);

  return answer != NULL;
}

static gboolean
create_bucket (SbWork *work, const char *name, GError **error)
{
  const char *region = sb_connection_get_region (sb_client_get_connection (work->client));
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket", "s", name, NULL);
  g_autoptr (JsonObject) answer = NULL;

  if (strcmp (region, "us-east-1") != 0)
    json_object_set_object_member (input,
                                   "CreateBucketConfiguration",
                                   sb_json_object_new ("LocationConstraint", "s", region, NULL));
  if (!sb_ledger_intend (work->ledger, SB_RESOURCE_BUCKET, name, work->id, region, error))
    return FALSE;
  answer = sb_client_call (work->client, "s3", "CreateBucket", input, work->cancellable, error);
  if (answer == NULL || !sb_ledger_confirm (work->ledger, SB_RESOURCE_BUCKET, name, NULL, error))
    return FALSE;
  tag_bucket (work, name);
  return block_public_access (work, name, error);
}

/**
 * sb_work_ensure_bucket:
 * @work: a piece of work
 * @error: why there is none
 *
 * Returns: (transfer full) (nullable): name of the workshop's bucket, which exists
 */
char *
sb_work_ensure_bucket (SbWork *work, GError **error)
{
  g_autofree char *name = make_bucket_name (work, error);
  gboolean found;

  if (name == NULL || !has_bucket (work, name, &found, error) ||
      (!found && !create_bucket (work, name, error)))
    return NULL;
  return g_steal_pointer (&name);
}

static JsonObject *
call_iam (SbWork *work, const char *operation, JsonObject *input, GError **error)
{
  return sb_client_call (work->client, "iam", operation, input, work->cancellable, error);
}

/* Returns: whether the roles could be read; *@arn stays %NULL when SageMaker may assume none */
static gboolean
look_for_role (SbWork *work, char **arn, GError **error)
{
  g_autofree char *marker = NULL;

  do
    {
      g_autoptr (JsonObject) input = sb_json_object_new ("Marker", "s", marker, NULL);
      g_autoptr (JsonObject) page = call_iam (work, "ListRoles", input, error);
      JsonArray *roles = page != NULL ? sb_json_get_array (page, "Roles") : NULL;

      if (page == NULL)
        return FALSE;
      for (guint i = 0; roles != NULL && *arn == NULL && i < json_array_get_length (roles); i++)
        {
          JsonObject *role = json_array_get_object_element (roles, i);

          if (strstr (sb_json_get_string (role, "AssumeRolePolicyDocument", ""),
                      "\"sagemaker.amazonaws.com\"") != NULL)
            *arn = g_strdup (sb_json_get_string (role, "Arn", NULL));
        }
      g_free (marker);
      marker = sb_json_get_bool (page, "IsTruncated", FALSE)
                   ? g_strdup (sb_json_get_string (page, "Marker", NULL))
                   : NULL;
    }
  while (marker != NULL && *arn == NULL);
  return TRUE;
}

/* What jobs and endpoints of the workshop need, and no more: the workshop's bucket, their logs and
 * metrics, and the images of SageMaker's own algorithms. */
static char *
make_policy (SbWork *work, const char *bucket)
{
  const char *partition = sb_connection_get_partition (sb_client_get_connection (work->client));

  return g_strdup_printf (
      "{\"Version\":\"2012-10-17\",\"Statement\":["
      "{\"Effect\":\"Allow\",\"Action\":[\"s3:ListBucket\",\"s3:GetBucketLocation\"],"
      "\"Resource\":\"arn:%1$s:s3:::%2$s\"},"
      "{\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject\",\"s3:PutObject\","
      "\"s3:AbortMultipartUpload\"],\"Resource\":\"arn:%1$s:s3:::%2$s/*\"},"
      "{\"Effect\":\"Allow\",\"Action\":[\"logs:CreateLogGroup\",\"logs:CreateLogStream\","
      "\"logs:DescribeLogStreams\",\"logs:PutLogEvents\"],"
      "\"Resource\":\"arn:%1$s:logs:*:*:log-group:/aws/sagemaker/*\"},"
      "{\"Effect\":\"Allow\",\"Action\":[\"cloudwatch:PutMetricData\","
      "\"ecr:GetAuthorizationToken\",\"ecr:BatchCheckLayerAvailability\","
      "\"ecr:GetDownloadUrlForLayer\",\"ecr:BatchGetImage\"],\"Resource\":\"*\"}]}",
      partition,
      bucket);
}

#define TRUST_POLICY                                                                               \
  "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":"   \
  "\"sagemaker.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}"

static gboolean
put_policy (SbWork *work, const char *name, const char *bucket, GError **error)
{
  g_autofree char *policy = make_policy (work, bucket);
  g_autoptr (JsonObject) input = sb_json_object_new ("RoleName",
                                                     "s",
                                                     name,
                                                     "PolicyName",
                                                     "s",
                                                     "SagebrushWorkshop",
                                                     "PolicyDocument",
                                                     "s",
                                                     policy,
                                                     NULL);
  g_autoptr (JsonObject) answer = call_iam (work, "PutRolePolicy", input, error);

  return answer != NULL;
}

/* IAM tells all Regions of a new role in its own time. */
static gboolean
await_role (SbWork *work, const char *name, GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new ("RoleName", "s", name, NULL);
  g_autoptr (JsonObject) found = NULL;

  sb_work_progress (work, -1, _ ("Waiting until the role is known everywhere"));
  found = sb_waiter_wait (work->client, "role_exists", input, NULL, NULL, work->cancellable, error);
  return found != NULL;
}

static char *
create_role (SbWork *work, GError **error)
{
  const char *region = sb_connection_get_region (sb_client_get_connection (work->client));
  g_autofree char *bucket = sb_work_ensure_bucket (work, error);
  g_autofree char *name = g_strdup_printf ("SagebrushExecution-%s", region);
  g_autoptr (JsonObject) input = sb_json_object_new ("RoleName",
                                                     "s",
                                                     name,
                                                     "AssumeRolePolicyDocument",
                                                     "s",
                                                     TRUST_POLICY,
                                                     "Description",
                                                     "s",
                                                     "Jobs and endpoints of the Sagebrush workshop",
                                                     "Tags",
                                                     "a",
                                                     sb_work_make_tags (work),
                                                     NULL);
  g_autoptr (JsonObject) answer = NULL;
  const char *arn;

  if (bucket == NULL ||
      !sb_ledger_intend (work->ledger, SB_RESOURCE_ROLE, name, work->id, region, error))
    return NULL;
  answer = call_iam (work, "CreateRole", input, error);
  if (answer == NULL)
    return NULL;
  arn = sb_json_get_string (answer, "Role.Arn", "");
  if (!sb_ledger_confirm (work->ledger, SB_RESOURCE_ROLE, name, arn, error) ||
      !put_policy (work, name, bucket, error) || !await_role (work, name, error))
    return NULL;
  return g_strdup (arn);
}

/**
 * sb_work_find_role:
 * @work: a piece of work
 * @error: why there is none
 *
 * Looks for a role that SageMaker may assume. Where there is none, one is created with what the
 * workshop needs and no more.
 *
 * Returns: (transfer full) (nullable): its ARN
 */
char *
sb_work_find_role (SbWork *work, GError **error)
{
  g_autofree char *arn = NULL;

  if (!look_for_role (work, &arn, error))
    return NULL;
  return arn != NULL ? g_steal_pointer (&arn) : create_role (work, error);
}

JsonObject *
sb_work_bucket (SbWork *work, GError **error)
{
  g_autofree char *name = sb_work_ensure_bucket (work, error);

  if (name == NULL)
    return NULL;
  return sb_json_object_new ("summary", "s", name, "bucket", "s", name, NULL);
}

JsonObject *
sb_work_role (SbWork *work, GError **error)
{
  g_autofree char *arn = sb_work_find_role (work, error);

  if (arn == NULL)
    return NULL;
  return sb_json_object_new ("summary", "s", strrchr (arn, '/') + 1, "role", "s", arn, NULL);
}
