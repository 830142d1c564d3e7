/* sb-work-account.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Get Started: the bucket and the role.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

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

/**
 * sb_work_find_role:
 * @work: a piece of work
 * @error: why there is none
 *
 * Returns: (transfer full) (nullable): ARN of a role that SageMaker may assume
 */
char *
sb_work_find_role (SbWork *work, GError **error)
{
  g_autoptr (JsonObject) answer =
      sb_client_call (work->client, "iam", "ListRoles", NULL, work->cancellable, error);
  JsonArray *roles = answer != NULL ? sb_json_get_array (answer, "Roles") : NULL;

  for (guint i = 0; roles != NULL && i < json_array_get_length (roles); i++)
    {
      JsonObject *role = json_array_get_object_element (roles, i);

      if (strstr (sb_json_get_string (role, "AssumeRolePolicyDocument", ""),
                  "sagemaker.amazonaws.com") != NULL)
        return g_strdup (sb_json_get_string (role, "Arn", NULL));
    }
  if (answer != NULL)
    g_set_error_literal (error,
                         SB_ERROR,
                         SB_ERROR_NOT_FOUND,
                         _ ("There is no role that SageMaker may assume; create one in the IAM "
                            "console, then try again"));
  return NULL;
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
