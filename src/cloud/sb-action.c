/* sb-action.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "cloud/sb-action-private.h"

#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"

/* Where policies call an operation otherwise than the service does. */
static const struct
{
  const char *service;
  const char *operation;
  const char *action;
} rows[] = {
  { "s3", "HeadBucket", "s3:ListBucket" },
  { "s3", "ListObjectsV2", "s3:ListBucket" },
  { "s3", "ListBuckets", "s3:ListAllMyBuckets" },
  { "s3", "ListObjectVersions", "s3:ListBucketVersions" },
  { "s3", "ListMultipartUploads", "s3:ListBucketMultipartUploads" },
  { "s3", "ListParts", "s3:ListMultipartUploadParts" },
  { "s3", "HeadObject", "s3:GetObject" },
  { "s3", "CopyObject", "s3:PutObject" },
  { "s3", "CreateMultipartUpload", "s3:PutObject" },
  { "s3", "UploadPart", "s3:PutObject" },
  { "s3", "CompleteMultipartUpload", "s3:PutObject" },
  { "s3", "DeleteObjects", "s3:DeleteObject" },
  { "s3", "PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock" },
  { "s3", "GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock" },
  { "s3", "DeleteBucketTagging", "s3:PutBucketTagging" },
  { "sagemaker-runtime", NULL, "sagemaker:InvokeEndpoint" },
};

static char *
make_action (const char *service, const char *operation)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (strcmp (rows[i].service, service) == 0 &&
        (rows[i].operation == NULL || strcmp (rows[i].operation, operation) == 0))
      return g_strdup (rows[i].action);
  return g_strdup_printf ("%s:%s", service, operation);
}

static char *
make_resource (const char *service, JsonObject *input, const char *partition)
{
  const char *bucket = sb_json_get_string (input, "Bucket", NULL);
  const char *role = sb_json_get_string (input, "RoleName", NULL);

  if (strcmp (service, "s3") == 0 && bucket != NULL)
    return json_object_has_member (input, "Key") || json_object_has_member (input, "Delete")
               ? g_strdup_printf ("arn:%s:s3:::%s/*", partition, bucket)
               : g_strdup_printf ("arn:%s:s3:::%s", partition, bucket);
  if (strcmp (service, "iam") == 0 && role != NULL)
    return g_strdup_printf ("arn:%s:iam::*:role/%s", partition, role);
  return g_strdup ("*");
}

/*< private >
 * _sb_action_note:
 * @error: how a call has ended
 * @service: its service
 * @operation: its operation
 * @input: its input
 * @partition: such as `aws`
 *
 * Of a refusal, notes down which permission would have been needed: answers without a document, and
 * those of S3, do not say.
 */
void
_sb_action_note (GError *error,
                 const char *service,
                 const char *operation,
                 JsonObject *input,
                 const char *partition)
{
  g_autofree char *action = NULL;
  g_autofree char *resource = NULL;

  if (!g_error_matches (error, SB_ERROR, SB_ERROR_DENIED))
    return;
  action = make_action (service, operation);
  resource = make_resource (service, input, partition);
  sb_error_set_action (error, action, resource);
}
