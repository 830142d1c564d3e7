/* test-code.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the programs leave out and how they quote; test_journal.py runs them.
 */

#include "config.h"

#include <string.h>

#include "cloud/sb-code.h"
#include "wire/sb-json.h"

static GPtrArray *
entries_of (const char *const *lines)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func (g_object_unref);

  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) json = sb_json_parse_object (lines[i], -1, &error);

      g_assert_no_error (error);
      g_ptr_array_add (entries, sb_journal_entry_new_from_json (json));
    }
  return entries;
}

static char *
generate (const char *const *lines, SbCodeKind kind)
{
  g_autoptr (GPtrArray) entries = entries_of (lines);

  return sb_code_generate (entries, kind, "us-east-1", NULL);
}

static void
assert_has (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("“%s” is not in\n%s", part, text);
}

static void
assert_lacks (const char *text, const char *part)
{
  if (strstr (text, part) != NULL)
    g_error ("“%s” is in\n%s", part, text);
}

static guint
count (const char *text, const char *part)
{
  guint n = 0;

  while ((text = strstr (text, part)) != NULL)
    {
      n++;
      text += strlen (part);
    }
  return n;
}

#define CALL(service, operation, rest)                                                             \
  "{\"service\":\"" service "\",\"operation\":\"" operation "\"," rest "}"

static void
test_left_out (void)
{
  static const char *const lines[] = {
    CALL ("s3", "HeadBucket", "\"input\":{\"Bucket\":\"b\"},\"error_code\":\"404\""),
    CALL ("s3", "CreateBucket", "\"input\":{\"Bucket\":\"b\"}"),
    CALL ("s3", "HeadBucket", "\"input\":{\"Bucket\":\"b\"},\"recheck\":\"CreateBucket\""),
    CALL ("sagemaker", "ListModels", "\"input\":{}"),
    CALL ("sagemaker", "ListModels", "\"input\":{\"NextToken\":\"t\"}"),
    CALL ("sagemaker", "DescribeModel", "\"input\":{\"ModelName\":\"m\"}"),
    CALL ("sagemaker", "DescribeModel", "\"input\":{\"ModelName\":\"m\"}"),
    NULL,
  };
  g_autofree char *python = generate (lines, SB_CODE_BOTO3);
  g_autofree char *cli = generate (lines, SB_CODE_CLI);

  assert_lacks (python, "head_bucket");
  assert_has (python, "response = s3.create_bucket(\n    Bucket=\"b\",\n)\n");
  assert_has (python, "sagemaker.get_paginator(\"list_models\").paginate()\n");
  assert_lacks (python, "NextToken");
  assert_lacks (python, "endpoint_url");
  g_assert_cmpuint (count (python, "describe_model"), ==, 1);
  assert_lacks (cli, "head-bucket");
  assert_lacks (cli, "next-token");
  assert_lacks (cli, "endpoint-url");
  g_assert_cmpuint (count (cli, "describe-model"), ==, 1);
}

static void
test_waiter (void)
{
#define ASKED(state)                                                                               \
  CALL ("sagemaker",                                                                               \
        "DescribeEndpoint",                                                                        \
        "\"input\":{\"EndpointName\":\"e\"},\"waiter\":\"endpoint_deleted\"," state)
  static const char *const lines[] = {
    ASKED ("\"output\":{\"EndpointStatus\":\"Deleting\"}"),
    ASKED ("\"error_code\":\"ValidationException\""),
    NULL,
  };
  g_autofree char *python = generate (lines, SB_CODE_BOTO3);
  g_autofree char *cli = generate (lines, SB_CODE_CLI);

  g_assert_cmpuint (count (python, "get_waiter(\"endpoint_deleted\").wait("), ==, 1);
  assert_lacks (python, "describe_endpoint");
  assert_has (cli, "aws sagemaker wait endpoint-deleted \\\n  --endpoint-name e\n");
}

static void
test_transfer (void)
{
#define PART(operation, id, kind)                                                                  \
  CALL ("s3",                                                                                      \
        operation,                                                                                 \
        "\"input\":{\"Bucket\":\"b\",\"Key\":\"k\"},\"transfer\":{\"id\":\"" id                    \
        "\",\"kind\":\"" kind "\",\"bucket\":\"b\",\"key\":\"k/\",\"path\":\"/tmp/a 'b'\"}")
  static const char *const lines[] = {
    PART ("CreateMultipartUpload", "1", "upload"),
    PART ("UploadPart", "1", "upload"),
    PART ("UploadPart", "1", "upload"),
    PART ("CompleteMultipartUpload", "1", "upload"),
    PART ("PutObject", "2", "upload-folder"),
    PART ("PutObject", "2", "upload-folder"),
    PART ("HeadObject", "3", "download"),
    PART ("GetObject", "3", "download"),
    PART ("GetObject", "3", "download"),
    PART ("CreateMultipartUpload", "4", "upload"),
    PART ("ListObjectsV2", "5", "upload-list"),
    PART ("PutObject", "5", "upload-list"),
    PART ("PutObject", "5", "upload-list"),
    NULL,
  };
  g_autofree char *python = generate (lines, SB_CODE_BOTO3);
  g_autofree char *cli = generate (lines, SB_CODE_CLI);

  assert_has (python, "s3.upload_file(\"/tmp/a 'b'\", \"b\", \"k/\")\n");
  assert_has (python, "folder = Path(\"/tmp/a 'b'\")\n");
  assert_has (python, "s3.download_file(\"b\", \"k/\", \"/tmp/a 'b'\")\n");
  assert_lacks (python, "multipart");
  assert_lacks (python, "list_objects");
  assert_has (python,
              "        s3.upload_file(\"/tmp/a 'b'\" + \"/\" + name, \"b\", \"k/\" + name)\n");
  g_assert_cmpuint (count (cli, "aws s3 cp "), ==, 4);
  assert_has (cli, "aws s3 cp '/tmp/a '\\''b'\\''' s3://b/k/\n");
  assert_has (cli, "aws s3 cp --recursive '/tmp/a '\\''b'\\''' s3://b/k/\n");
}

static void
test_bodies (void)
{
#define INVOKE(body)                                                                               \
  CALL ("sagemaker-runtime", "InvokeEndpoint", "\"input\":{\"EndpointName\":\"e\"},\"body\":" body)
  static const char *const lines[] = {
    INVOKE ("{\"size\":4,\"text\":\"1,2\\n\"}"),
    INVOKE ("{\"size\":2,\"text\":\"ü\"}"),
    INVOKE ("{\"size\":3,\"base64\":\"AAEC\"}"),
    INVOKE ("{\"size\":900000}"),
    NULL,
  };
  g_autofree char *python = generate (lines, SB_CODE_BOTO3);
  g_autofree char *cli = generate (lines, SB_CODE_CLI);

  assert_has (python, "import base64\nfrom pathlib import Path\n");
  assert_has (python, "    b\"1,2\\n\",\n    \"ü\".encode(),\n    base64.b64decode(\"AAEC\"),\n");
  assert_has (python, "    Path(\"body-4\").read_bytes(),\n");
  assert_has (python, "had 900000 bytes");
  g_assert_cmpuint (count (python, "invoke_endpoint"), ==, 1);
  assert_has (cli, "printf '%s' AAEC | base64 -d >\"$files/body-3\"\n");
  assert_has (cli, "--body fileb://body-4");
  g_assert_cmpuint (count (cli, "invoke-endpoint"), ==, 4);
}

static void
test_quoting (void)
{
  static const char *const lines[] = {
    CALL ("sagemaker",
          "CreateTrainingJob",
          "\"input\":{\"TrainingJobName\":\"a\",\"EnableNetworkIsolation\":false,"
          "\"HyperParameters\":{\"x\":\"\\\"\\\\ '$(rm)`\\n\\u0001\"},\"Tags\":[]}"),
    NULL,
  };
  g_autofree char *python = generate (lines, SB_CODE_BOTO3);
  g_autofree char *cli = generate (lines, SB_CODE_CLI);

  assert_has (python, "EnableNetworkIsolation=False,\n");
  assert_has (python, "\"x\": \"\\\"\\\\ '$(rm)`\\n\\x01\",\n");
  assert_has (cli, "--no-enable-network-isolation \\\n");
  assert_has (cli, "'{\"x\":\"\\\"\\\\ '\\''$(rm)`");
}

static void
test_notebook (void)
{
  static const char *const lines[] = {
    CALL ("sts", "GetCallerIdentity", "\"input\":{},\"step\":\"prepare\""),
    NULL,
  };
  g_autofree char *text = generate (lines, SB_CODE_NOTEBOOK);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) book = sb_json_parse_object (text, -1, &error);

  g_assert_no_error (error);
  g_assert_cmpint (sb_json_get_int (book, "nbformat", 0), ==, 4);
  g_assert_cmpstr (sb_json_get_string (book, "cells.1.source.0", NULL), ==, "## prepare");
  g_assert_cmpstr (sb_json_get_string (book, "cells.2.source.0", NULL),
                   ==,
                   "response = sts.get_caller_identity()\n");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cloud/code/left-out", test_left_out);
  g_test_add_func ("/cloud/code/waiter", test_waiter);
  g_test_add_func ("/cloud/code/transfer", test_transfer);
  g_test_add_func ("/cloud/code/bodies", test_bodies);
  g_test_add_func ("/cloud/code/quoting", test_quoting);
  g_test_add_func ("/cloud/code/notebook", test_notebook);
  return g_test_run ();
}
