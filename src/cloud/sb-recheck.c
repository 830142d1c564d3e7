/* sb-recheck.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A create whose answer was lost: did it happen?
 */

#include "config.h"

#include "cloud/sb-recheck-private.h"

#include <string.h>

#include "wire/sb-json.h"

/* How much earlier than the call a thing may say it was made, for clocks that differ a little and
 * times that are cut to the second. */
#define TOLERANCE 5.0

typedef struct
{
  const char *create;
  const char *service;
  const char *look_up;
  const char *name;
  const char *answer; /* the member of the create's output that the look-up has as well */
  const char *time;
} Row;

static const Row rows[] = {
  { "CreateTrainingJob",
    "sagemaker",
    "DescribeTrainingJob",
    "TrainingJobName",
    "TrainingJobArn",
    "CreationTime" },
  { "CreateModel", "sagemaker", "DescribeModel", "ModelName", "ModelArn", "CreationTime" },
  { "CreateEndpointConfig",
    "sagemaker",
    "DescribeEndpointConfig",
    "EndpointConfigName",
    "EndpointConfigArn",
    "CreationTime" },
  { "CreateEndpoint",
    "sagemaker",
    "DescribeEndpoint",
    "EndpointName",
    "EndpointArn",
    "CreationTime" },
  { "CreateNotebookInstance",
    "sagemaker",
    "DescribeNotebookInstance",
    "NotebookInstanceName",
    "NotebookInstanceArn",
    "CreationTime" },
  { "CreateBucket", "s3", "HeadBucket", "Bucket", NULL, NULL },
  { "CreateRole", "iam", "GetRole", "RoleName", "Role", "Role.CreateDate" },
};

static const Row *
find_row (const SbOperation *operation)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (strcmp (rows[i].create, operation->name) == 0)
      return &rows[i];
  return NULL;
}

/*< private >
 * _sb_recheck_applies:
 * @operation: an operation
 *
 * Returns: whether it creates something that can be looked up by its name
 */
gboolean
_sb_recheck_applies (const SbOperation *operation)
{
  return find_row (operation) != NULL;
}

static JsonObject *
as_create_output (const Row *row, const char *name, JsonObject *found)
{
  JsonObject *output = json_object_new ();

  if (row->answer != NULL)
    json_object_set_member (output,
                            row->answer,
                            json_node_copy (json_object_get_member (found, row->answer)));
  else
    {
      g_autofree char *location = g_strconcat ("/", name, NULL);

      json_object_set_string_member (output, "Location", location);
    }
  return output;
}

/*< private >
 * _sb_recheck:
 * @client: who asks
 * @operation: the create
 * @input: its input
 * @started: when it was sent first, by the service's clock
 * @cancellable: (nullable): a cancellable
 *
 * Looks up what the create may have made. What is older than the create is somebody else's.
 *
 * Returns: (transfer full) (nullable): what the create would have answered, if it happened
 */
JsonObject *
_sb_recheck (SbClient *client,
             const SbOperation *operation,
             JsonObject *input,
             double started,
             GCancellable *cancellable)
{
  const Row *row = find_row (operation);
  const char *name = sb_json_get_string (input, row->name, "");
  g_autoptr (JsonObject) question = sb_json_object_new (row->name, "s", name, NULL);
  SbCallOptions options = { .recheck = row->create };
  g_autoptr (JsonObject) found = _sb_client_call_full (
      client, row->service, row->look_up, question, &options, cancellable, NULL);

  if (found == NULL || (row->answer != NULL && !json_object_has_member (found, row->answer)))
    return NULL;
  if (row->time != NULL && sb_json_get_double (found, row->time, 0) < started - TOLERANCE)
    return NULL;
  return as_create_output (row, name, found);
}
