/* sb-account.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-account.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"

#define FILE_NAME "accounts.json"

static GMutex mutex;

static JsonObject *
load (const char *path)
{
  g_autoptr (GError) error = NULL;
  JsonObject *document = sb_json_load_file (path, &error);

  /* What cannot be read is settled again; nothing in it is a person's own work. */
  if (document == NULL && g_file_test (path, G_FILE_TEST_EXISTS))
    g_message ("%s", error->message);
  return document != NULL ? document : json_object_new ();
}

static char *
make_key (SbConnection *connection)
{
  return g_strdup_printf ("%s/%s",
                          sb_connection_get_id (connection),
                          sb_connection_get_region (connection));
}

/**
 * sb_account_lookup:
 * @data_dir: where Sagebrush keeps its own files
 * @connection: where the account is reached
 * @what: %SB_ACCOUNT_BUCKET or %SB_ACCOUNT_ROLE
 *
 * Any thread may call this.
 *
 * Returns: (transfer full) (nullable): what was settled: the bucket's name, the role's ARN
 */
char *
sb_account_lookup (const char *data_dir, SbConnection *connection, const char *what)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);
  g_autofree char *path = g_build_filename (data_dir, FILE_NAME, NULL);
  g_autofree char *key = make_key (connection);
  g_autoptr (JsonObject) document = load (path);
  JsonNode *node = json_object_get_member (document, key);

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return NULL;
  return g_strdup (sb_json_get_string (json_node_get_object (node), what, NULL));
}

/**
 * sb_account_settle:
 * @data_dir: where Sagebrush keeps its own files
 * @connection: where the account is reached
 * @what: %SB_ACCOUNT_BUCKET or %SB_ACCOUNT_ROLE
 * @value: the bucket's name, the role's ARN
 * @error: %SB_ERROR_STORAGE
 *
 * Any thread may call this.
 *
 * Returns: whether it is written down
 */
gboolean
sb_account_settle (const char *data_dir,
                   SbConnection *connection,
                   const char *what,
                   const char *value,
                   GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);
  g_autofree char *path = g_build_filename (data_dir, FILE_NAME, NULL);
  g_autofree char *key = make_key (connection);
  g_autoptr (JsonObject) document = load (path);
  JsonNode *node = json_object_get_member (document, key);

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    json_object_set_object_member (document, key, json_object_new ());
  node = json_object_get_member (document, key);
  if (g_strcmp0 (sb_json_get_string (json_node_get_object (node), what, NULL), value) == 0)
    return TRUE;
  json_object_set_string_member (json_node_get_object (node), what, value);
  return sb_json_save_file (document, path, error);
}

/**
 * sb_account_make_role_name:
 * @connection: where the role is to work
 *
 * Returns: (transfer full): what the role is called that the workshop makes
 */
char *
sb_account_make_role_name (SbConnection *connection)
{
  return g_strdup_printf ("SagebrushExecution-%s", sb_connection_get_region (connection));
}

/**
 * sb_account_make_trust_policy:
 *
 * Returns: (transfer full): the document that lets SageMaker, and nobody else, assume a role
 */
char *
sb_account_make_trust_policy (void)
{
  return g_strdup ("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                   "\"Principal\":{\"Service\":\"sagemaker.amazonaws.com\"},"
                   "\"Action\":\"sts:AssumeRole\"}]}");
}

/**
 * sb_account_make_policy:
 * @connection: where the role is to work
 * @bucket: the workshop's bucket
 *
 * What jobs and endpoints of the workshop need, and no more: the workshop's bucket, their logs and
 * metrics, and the images of SageMaker's own algorithms; and what a notebook needs to do the same
 * from its cells: jobs, models and endpoints of this Region, under this very role.
 *
 * Returns: (transfer full): the document
 */
char *
sb_account_make_policy (SbConnection *connection, const char *bucket)
{
  g_autofree char *role = sb_account_make_role_name (connection);

  return g_strdup_printf (
      "{\"Version\":\"2012-10-17\",\"Statement\":["
      "{\"Effect\":\"Allow\",\"Action\":[\"s3:ListBucket\",\"s3:GetBucketLocation\"],"
      "\"Resource\":\"arn:%1$s:s3:::%2$s\"},"
      "{\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject\",\"s3:PutObject\","
      "\"s3:AbortMultipartUpload\"],\"Resource\":\"arn:%1$s:s3:::%2$s/*\"},"
      "{\"Effect\":\"Allow\",\"Action\":[\"logs:CreateLogGroup\",\"logs:CreateLogStream\","
      "\"logs:DescribeLogStreams\",\"logs:GetLogEvents\",\"logs:PutLogEvents\"],"
      "\"Resource\":\"arn:%1$s:logs:%3$s:*:log-group:/aws/sagemaker/*\"},"
      "{\"Effect\":\"Allow\",\"Action\":[\"cloudwatch:PutMetricData\","
      "\"ecr:GetAuthorizationToken\",\"ecr:BatchCheckLayerAvailability\","
      "\"ecr:GetDownloadUrlForLayer\",\"ecr:BatchGetImage\"],\"Resource\":\"*\"},"
      "{\"Effect\":\"Allow\",\"Action\":[\"sagemaker:CreateTrainingJob\","
      "\"sagemaker:DescribeTrainingJob\",\"sagemaker:StopTrainingJob\","
      "\"sagemaker:CreateModel\",\"sagemaker:DeleteModel\","
      "\"sagemaker:CreateEndpointConfig\",\"sagemaker:DeleteEndpointConfig\","
      "\"sagemaker:CreateEndpoint\",\"sagemaker:DescribeEndpoint\","
      "\"sagemaker:InvokeEndpoint\",\"sagemaker:DeleteEndpoint\",\"sagemaker:AddTags\"],"
      "\"Resource\":\"arn:%1$s:sagemaker:%3$s:*:*\"},"
      "{\"Effect\":\"Allow\",\"Action\":[\"iam:GetRole\",\"iam:PassRole\"],"
      "\"Resource\":\"arn:%1$s:iam::*:role/%4$s\"}]}",
      sb_connection_get_partition (connection),
      bucket,
      sb_connection_get_region (connection),
      role);
}

static char *
make_pretty (const char *text)
{
  g_autoptr (JsonNode) node = sb_json_parse (text, -1, NULL);

  return node != NULL ? sb_json_to_pretty_string (json_node_get_object (node)) : g_strdup (text);
}

/**
 * sb_account_describe_role:
 * @connection: where the role is to work
 * @bucket: (nullable): the workshop's bucket; %NULL while it is not known
 *
 * Returns: (transfer full): what will be created, for people: the role's name and its two documents
 */
char *
sb_account_describe_role (SbConnection *connection, const char *bucket)
{
  g_autofree char *name = sb_account_make_role_name (connection);
  g_autofree char *trust = sb_account_make_trust_policy ();
  g_autofree char *policy = sb_account_make_policy (connection, bucket != NULL ? bucket : "…");
  g_autofree char *pretty_trust = make_pretty (trust);
  g_autofree char *pretty_policy = make_pretty (policy);
  g_autofree char *first = g_strdup_printf (_ ("Role %s, which SageMaker may assume:"), name);
  g_autofree char *second =
      g_strdup_printf (_ ("with the policy %s, which allows:"), SB_ACCOUNT_POLICY);

  return g_strdup_printf ("%s\n%s\n%s\n%s", first, pretty_trust, second, pretty_policy);
}

/**
 * sb_account_may_be_assumed:
 * @role: a role, as ListRoles or GetRole tell of it
 *
 * Roles that are linked to a service are that service's own.
 *
 * Returns: whether SageMaker may run jobs under it
 */
gboolean
sb_account_may_be_assumed (JsonObject *role)
{
  const char *trust = sb_json_get_string (role, "AssumeRolePolicyDocument", "");

  return strstr (trust, "\"sagemaker.amazonaws.com\"") != NULL &&
         !g_str_has_prefix (sb_json_get_string (role, "Path", "/"), "/aws-service-role/");
}

/**
 * sb_account_list_roles:
 * @client: makes the calls
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Blocks.
 *
 * Returns: (transfer full) (nullable): the ARNs of the roles that SageMaker may work under
 */
char **
sb_account_list_roles (SbClient *client, GCancellable *cancellable, GError **error)
{
  g_autoptr (GStrvBuilder) arns = g_strv_builder_new ();
  g_autofree char *marker = NULL;

  do
    {
      g_autoptr (JsonObject) input = sb_json_object_new ("Marker", "s", marker, NULL);
      g_autoptr (JsonObject) page =
          sb_client_call (client, "iam", "ListRoles", input, cancellable, error);
      JsonArray *roles = page != NULL ? sb_json_get_array (page, "Roles") : NULL;

      if (page == NULL)
        return NULL;
      for (guint i = 0; roles != NULL && i < json_array_get_length (roles); i++)
        {
          JsonObject *role = json_array_get_object_element (roles, i);

          if (sb_account_may_be_assumed (role))
            g_strv_builder_add (arns, sb_json_get_string (role, "Arn", ""));
        }
      g_free (marker);
      marker = sb_json_get_bool (page, "IsTruncated", FALSE)
                   ? g_strdup (sb_json_get_string (page, "Marker", NULL))
                   : NULL;
    }
  while (marker != NULL);
  return g_strv_builder_end (arns);
}
