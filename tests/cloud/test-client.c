/* test-client.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the client says and what it reads, protocol by protocol, and what the journal has of it.
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "cloud/sb-profile-provider.h"
#include "script.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

static void
test_json (void)
{
  static const Step steps[] = {
    { 200, "x-amzn-RequestId: id-1", "{\"ModelArn\":\"arn:x\",\"CreationTime\":1.5}" },
  };
  Script script = SCRIPT (steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbConnection) connection = loopback_connect (server);
  g_autoptr (SbJournal) journal = NULL;
  g_autoptr (SbClient) plain = client_for (connection, &journal);
  g_autoptr (SbClient) client = sb_client_with_label (plain, "games", "run-1", "deploy");
  g_autoptr (JsonObject) input = sb_json_object_new ("ModelName", "s", "m", NULL);
  g_autoptr (JsonObject) output =
      sb_client_call (client, "sagemaker", "DescribeModel", input, NULL, &error);
  g_autoptr (SbJournalEntry) entry = last_entry (journal);
  const Asked *asked = loopback_get (server, 0);

  g_assert_no_error (error);
  g_assert_cmpstr (sb_json_get_string (output, "ModelArn", NULL), ==, "arn:x");
  g_assert_true (asked->is_signed);
  g_assert_cmpstr (asked->service, ==, "sagemaker");
  g_assert_cmpstr (asked->target, ==, "/");
  g_assert_cmpstr (asked_header (asked, "X-Amz-Target"), ==, "SageMaker.DescribeModel");
  g_assert_cmpstr (asked_header (asked, "Content-Type"), ==, JSON_TYPE);
  g_assert_cmpmem (g_bytes_get_data (asked->body, NULL),
                   g_bytes_get_size (asked->body),
                   "{\"ModelName\":\"m\"}",
                   17);
  g_assert_cmpstr (sb_journal_entry_get_module (entry), ==, "games");
  g_assert_cmpstr (sb_journal_entry_get_run (entry), ==, "run-1");
  g_assert_cmpstr (sb_journal_entry_get_step (entry), ==, "deploy");
  g_assert_cmpstr (sb_journal_entry_get_operation (entry), ==, "DescribeModel");
  g_assert_cmpstr (sb_journal_entry_get_endpoint_url (entry), ==, server->url);
  g_assert_cmpstr (sb_journal_entry_get_request_id (entry), ==, "id-1");
  g_assert_cmpuint (sb_journal_entry_get_status (entry), ==, 200);
  g_assert_cmpuint (sb_journal_entry_get_attempts (entry), ==, 1);
  g_assert_cmpstr (sb_json_get_string (sb_journal_entry_get_output (entry), "ModelArn", NULL),
                   ==,
                   "arn:x");
}

static void
test_json_errors (void)
{
  static const struct
  {
    Step step;
    SbErrorCode code;
    const char *service_code;
    const char *message;
  } rows[] = {
    { { 400, NULL, "{\"__type\":\"com.amazon#ValidationException\",\"message\":\"bad\"}" },
      SB_ERROR_INVALID,
      "ValidationException",
      "bad" },
    { { 400, NULL, "{\"__type\":\"ResourceInUse\",\"Message\":\"again\"}" },
      SB_ERROR_EXISTS,
      "ResourceInUse",
      "again" },
    { { 403, "x-amzn-ErrorType: AccessDeniedException:http://x/", "{\"Message\":\"no\"}" },
      SB_ERROR_DENIED,
      "AccessDeniedException",
      "no" },
    { { 400, NULL, "no json" }, SB_ERROR_INVALID, NULL, "The service answered with an error" },
    { { 200, NULL, "[1]" }, SB_ERROR_PROTOCOL, NULL, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Script script = { &rows[i].step, 1, 0 };
      g_autoptr (GError) error = NULL;
      g_autoptr (Loopback) server = loopback_new (follow_script, &script);
      g_autoptr (SbClient) client = loopback_client (server, NULL);

      g_assert_null (sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error));
      g_assert_error (error, SB_ERROR, (int) rows[i].code);
      g_assert_cmpstr (sb_error_get_service_code (error), ==, rows[i].service_code);
      if (rows[i].message != NULL)
        g_assert_cmpstr (error->message, ==, rows[i].message);
      g_assert_cmpuint (loopback_n_asked (server), ==, 1);
    }
}

static void
test_invoke (void)
{
  static const Step steps[] = {
    { 200,
      "Content-Type: text/csv; charset=utf-8\nx-Amzn-Invoked-Production-Variant: A\n"
      "X-Amzn-SageMaker-Custom-Attributes: c=d",
      "0.5\n" },
  };
  Script script = SCRIPT (steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbConnection) connection = loopback_connect (server);
  g_autoptr (SbJournal) journal = NULL;
  g_autoptr (SbClient) client = client_for (connection, &journal);
  g_autoptr (JsonObject) input = sb_json_object_new ("EndpointName",
                                                     "s",
                                                     "ep-1",
                                                     "ContentType",
                                                     "s",
                                                     "text/csv",
                                                     "TargetVariant",
                                                     "s",
                                                     "A",
                                                     "CustomAttributes",
                                                     "s",
                                                     "a=b",
                                                     NULL);
  g_autoptr (GBytes) body = g_bytes_new_static ("1,2", 3);
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (JsonObject) output = sb_client_call_with_body (
      client, "sagemaker-runtime", "InvokeEndpoint", input, body, &answer, NULL, &error);
  g_autoptr (SbJournalEntry) entry = last_entry (journal);
  const Asked *asked = loopback_get (server, 0);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer), "0.5\n", 4);
  g_assert_cmpstr (sb_json_get_string (output, "InvokedProductionVariant", NULL), ==, "A");
  g_assert_cmpstr (sb_json_get_string (output, "CustomAttributes", NULL), ==, "c=d");
  g_assert_cmpstr (sb_json_get_string (output, "ContentType", NULL), ==, "text/csv; charset=utf-8");
  g_assert_true (asked->is_signed);
  g_assert_cmpstr (asked->service, ==, "sagemaker");
  g_assert_cmpstr (asked->target, ==, "/endpoints/ep-1/invocations");
  g_assert_cmpstr (asked_header (asked, "X-Amzn-SageMaker-Target-Variant"), ==, "A");
  g_assert_cmpstr (asked_header (asked, "X-Amzn-SageMaker-Custom-Attributes"), ==, "a=b");
  g_assert_cmpstr (asked_header (asked, "Content-Type"), ==, "text/csv");
  g_assert_cmpstr (sb_json_get_string (sb_journal_entry_get_body (entry), "text", NULL), ==, "1,2");
  g_assert_cmpint (sb_json_get_int (sb_journal_entry_get_body (entry), "size", 0), ==, 3);
}

static void
test_model_error (void)
{
  static const Step steps[] = {
    { 424,
      "x-amzn-ErrorType: ModelError:",
      "{\"Message\":\"Received server error (500)\",\"OriginalStatusCode\":500}" },
    { 503, NULL, "" },
  };
  Script script = SCRIPT (steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) input = sb_json_object_new ("EndpointName", "s", "ep-1", NULL);
  g_autoptr (GBytes) body = g_bytes_new_static ("1", 1);

  g_assert_null (sb_client_call_with_body (
      client, "sagemaker-runtime", "InvokeEndpoint", input, body, NULL, NULL, &error));
  g_assert_cmpstr (sb_error_get_service_code (error), ==, "ModelError");
  g_assert_cmpuint (loopback_n_asked (server), ==, 1);
}

static void
test_s3_paths (void)
{
  static const Step steps[] = { { 200, "ETag: \"x\"\nx-amz-meta-a: b", "" } };
  static const struct
  {
    const char *key;
    const char *target;
  } rows[] = {
    { "a b/c+d.txt", "/bucket/a%20b/c%2Bd.txt" },
    { "ü/%41", "/bucket/%C3%BC/%2541" },
    { "a//b/.c/", "/bucket/a//b/.c/" },
    { "?x=1&y#z", "/bucket/%3Fx%3D1%26y%23z" },
  };
  Script script = SCRIPT (steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbClient) client = loopback_client (server, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonObject) input =
          sb_json_object_new ("Bucket", "s", "bucket", "Key", "s", rows[i].key, NULL);
      g_autoptr (JsonObject) output =
          sb_client_call (client, "s3", "HeadObject", input, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (loopback_get (server, i)->target, ==, rows[i].target);
      g_assert_true (loopback_get (server, i)->is_signed);
      g_assert_cmpstr (loopback_get (server, i)->method, ==, "HEAD");
      g_assert_cmpstr (sb_json_get_string (output, "ETag", NULL), ==, "\"x\"");
      g_assert_cmpstr (sb_json_get_string (output, "Metadata.a", NULL), ==, "b");
    }
}

static void
test_s3_put (void)
{
  static const Step steps[] = { { 200, "ETag: \"x\"", "" } };
  Script script = SCRIPT (steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) metadata = sb_json_object_new ("who", "s", "me", NULL);
  g_autoptr (JsonObject) input = sb_json_object_new (
      "Bucket", "s", "bucket", "Key", "s", "k", "ContentType", "s", "text/plain", NULL);
  g_autoptr (GBytes) body = g_bytes_new_static ("hello", 5);
  g_autoptr (JsonObject) output = NULL;
  const Asked *asked;

  json_object_set_object_member (input, "Metadata", json_object_ref (metadata));
  output = sb_client_call_with_body (client, "s3", "PutObject", input, body, NULL, NULL, &error);
  g_assert_no_error (error);
  asked = loopback_get (server, 0);
  g_assert_true (asked->is_signed);
  g_assert_cmpstr (asked->method, ==, "PUT");
  g_assert_cmpstr (asked_header (asked, "Content-MD5"), ==, "XUFAKrxLKna5cZ2REBfFkg==");
  g_assert_cmpstr (asked_header (asked, "Content-Type"), ==, "text/plain");
  g_assert_cmpstr (asked_header (asked, "x-amz-meta-who"), ==, "me");
  g_assert_cmpmem (g_bytes_get_data (asked->body, NULL),
                   g_bytes_get_size (asked->body),
                   "hello",
                   5);
}

static void
test_s3_list (void)
{
  static const Step steps[] = {
    { 200,
      NULL,
      "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<Name>b</Name><Prefix>p%2F</Prefix><KeyCount>3</KeyCount><IsTruncated>true</IsTruncated>"
      "<EncodingType>url</EncodingType><NextContinuationToken>t%2B</NextContinuationToken>"
      "<Contents><Key>p/a%20%01</Key><LastModified>2026-01-02T03:04:05.250Z</LastModified>"
      "<ETag>\"e\"</ETag><Size>5000000000</Size></Contents>"
      "<Contents><Key>p/b%2525</Key><Size>0</Size></Contents>"
      "<CommonPrefixes><Prefix>p/c%C3%BC/</Prefix></CommonPrefixes></ListBucketResult>" },
    { 200,
      NULL,
      "<ListBucketResult><Name>b</Name><Contents><Key>a%20b</Key></Contents></ListBucketResult>" },
  };
  Script script = SCRIPT (steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket",
                                                     "s",
                                                     "b",
                                                     "Prefix",
                                                     "s",
                                                     "p/",
                                                     "Delimiter",
                                                     "s",
                                                     "/",
                                                     "MaxKeys",
                                                     "i",
                                                     (gint64) 3,
                                                     NULL);
  g_autoptr (JsonObject) output =
      sb_client_call (client, "s3", "ListObjectsV2", input, NULL, &error);
  g_autoptr (JsonObject) literal = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (loopback_get (server, 0)->target,
                   ==,
                   "/b?list-type=2&prefix=p%2F&delimiter=%2F&max-keys=3&encoding-type=url");
  g_assert_true (loopback_get (server, 0)->is_signed);
  g_assert_cmpstr (sb_json_get_string (output, "Contents.0.Key", NULL), ==, "p/a \x01");
  g_assert_cmpint (sb_json_get_int (output, "Contents.0.Size", 0), ==, 5000000000);
  g_assert_cmpfloat (sb_json_get_double (output, "Contents.0.LastModified", 0), ==, 1767323045.25);
  g_assert_cmpstr (sb_json_get_string (output, "Contents.1.Key", NULL), ==, "p/b%25");
  g_assert_cmpstr (sb_json_get_string (output, "CommonPrefixes.0.Prefix", NULL), ==, "p/cü/");
  g_assert_cmpstr (sb_json_get_string (output, "NextContinuationToken", NULL), ==, "t%2B");
  g_assert_true (sb_json_get_bool (output, "IsTruncated", FALSE));
  g_assert_false (json_object_has_member (output, "EncodingType"));
  literal = sb_client_call (client, "s3", "ListObjectsV2", input, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sb_json_get_string (literal, "Contents.0.Key", NULL), ==, "a%20b");
}

static void
test_s3_documents (void)
{
  static const Step steps[] = {
    { 200,
      NULL,
      "<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key>"
      "<Code>AccessDenied</Code></Error></DeleteResult>" },
    { 200, NULL, "<LocationConstraint xmlns=\"urn:s3\">eu-west-1</LocationConstraint>" },
    { 200, NULL, "<LocationConstraint xmlns=\"urn:s3\"/>" },
    { 200,
      NULL,
      "<ListAllMyBucketsResult><Owner><ID>o</ID></Owner><Buckets><Bucket><Name>x</Name>"
      "</Bucket><Bucket><Name>y</Name></Bucket></Buckets></ListAllMyBucketsResult>" },
    { 200, NULL, "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>" },
  };
  Script script = SCRIPT (steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) bucket = sb_json_object_new ("Bucket", "s", "b", NULL);
  g_autoptr (JsonObject) input = sb_json_parse_object (
      "{\"Bucket\":\"b\",\"Delete\":{\"Quiet\":false,\"Objects\":[{\"Key\":\"a\"},"
      "{\"Key\":\"b<&\"}]}}",
      -1,
      &error);
  g_autoptr (JsonObject) deleted =
      sb_client_call (client, "s3", "DeleteObjects", input, NULL, &error);
  g_autoptr (JsonObject) ireland =
      sb_client_call (client, "s3", "GetBucketLocation", bucket, NULL, &error);
  g_autoptr (JsonObject) virginia =
      sb_client_call (client, "s3", "GetBucketLocation", bucket, NULL, &error);
  g_autoptr (JsonObject) two = sb_client_call (client, "s3", "ListBuckets", NULL, NULL, &error);
  g_autoptr (JsonObject) none = sb_client_call (client, "s3", "ListBuckets", NULL, NULL, &error);
  const Asked *asked = loopback_get (server, 0);

  g_assert_no_error (error);
  g_assert_cmpstr (asked->target, ==, "/b?delete");
  g_assert_nonnull (asked_header (asked, "Content-MD5"));
  g_assert_nonnull (strstr (g_bytes_get_data (asked->body, NULL),
                            "<Object><Key>a</Key></Object><Object><Key>b&lt;&amp;</Key></Object>"
                            "<Quiet>false</Quiet></Delete>"));
  g_assert_cmpstr (sb_json_get_string (deleted, "Deleted.0.Key", NULL), ==, "a");
  g_assert_cmpstr (sb_json_get_string (deleted, "Errors.0.Code", NULL), ==, "AccessDenied");
  g_assert_cmpstr (sb_json_get_string (ireland, "LocationConstraint", NULL), ==, "eu-west-1");
  g_assert_cmpuint (json_object_get_size (virginia), ==, 0);
  g_assert_cmpstr (sb_json_get_string (two, "Buckets.1.Name", NULL), ==, "y");
  g_assert_cmpstr (sb_json_get_string (two, "Owner.ID", NULL), ==, "o");
  g_assert_cmpuint (json_array_get_length (sb_json_get_array (none, "Buckets")), ==, 0);
}

static void
test_s3_errors (void)
{
  static const Step not_found[] = {
    { 404, NULL, "<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>" }
  };
  static const Step late[] = {
    { 200, NULL, "<Error><Code>InternalError</Code><Message>late</Message></Error>" },
    { 200,
      NULL,
      "<CompleteMultipartUploadResult><ETag>e-1</ETag></CompleteMultipartUploadResult>" },
  };
  Script first = SCRIPT (not_found), second = SCRIPT (late);
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (follow_script, &first);
  g_autoptr (Loopback) other = loopback_new (follow_script, &second);
  g_autoptr (SbConnection) connection = loopback_connect (server);
  g_autoptr (SbConnection) other_connection = loopback_connect (other);
  g_autoptr (SbClient) client = client_for (connection, NULL);
  g_autoptr (SbClient) other_client = client_for (other_connection, NULL);
  g_autoptr (JsonObject) object = sb_json_object_new ("Bucket", "s", "b", "Key", "s", "k", NULL);
  g_autoptr (JsonObject) upload = sb_json_parse_object (
      "{\"Bucket\":\"b\",\"Key\":\"k\",\"UploadId\":\"u\",\"MultipartUpload\":"
      "{\"Parts\":[{\"PartNumber\":1,\"ETag\":\"x\"}]}}",
      -1,
      NULL);
  g_autoptr (JsonObject) output = NULL;

  g_assert_null (sb_client_call (client, "s3", "GetObject", object, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_NOT_FOUND);
  g_assert_cmpstr (error->message, ==, "gone");
  g_clear_error (&error);
  g_assert_null (sb_client_call (client, "s3", "HeadObject", object, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_NOT_FOUND);
  g_clear_error (&error);
  output = sb_client_call (other_client, "s3", "CompleteMultipartUpload", upload, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sb_json_get_string (output, "ETag", NULL), ==, "e-1");
  g_assert_cmpuint (loopback_n_asked (other), ==, 2);
}

static void
test_query (void)
{
  static const Step steps[] = {
    { 200,
      NULL,
      "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
      "<GetCallerIdentityResult><Arn>arn:aws:iam::1:user/u</Arn><Account>000000000001</Account>"
      "</GetCallerIdentityResult><ResponseMetadata/></GetCallerIdentityResponse>" },
    { 200,
      NULL,
      "<ListRolesResponse><ListRolesResult><Roles><member><RoleName>a</RoleName>"
      "<AssumeRolePolicyDocument>%7B%22a%22%3A1%7D</AssumeRolePolicyDocument>"
      "<CreateDate>2026-01-02T03:04:05Z</CreateDate></member></Roles>"
      "<IsTruncated>false</IsTruncated></ListRolesResult></ListRolesResponse>" },
    { 404,
      NULL,
      "<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>no</Message>"
      "</Error><RequestId>r</RequestId></ErrorResponse>" },
    { 200, NULL, "<DeleteRoleResponse><ResponseMetadata/></DeleteRoleResponse>" },
  };
  Script script = SCRIPT (steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) name = sb_json_object_new ("RoleName", "s", "a b", NULL);
  g_autoptr (JsonObject) me =
      sb_client_call (client, "sts", "GetCallerIdentity", NULL, NULL, &error);
  g_autoptr (JsonObject) roles = sb_client_call (client, "iam", "ListRoles", NULL, NULL, &error);
  g_autoptr (JsonObject) deleted = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (sb_json_get_string (me, "Account", NULL), ==, "000000000001");
  g_assert_cmpstr (sb_json_get_string (roles, "Roles.0.AssumeRolePolicyDocument", NULL),
                   ==,
                   "{\"a\":1}");
  g_assert_cmpfloat (sb_json_get_double (roles, "Roles.0.CreateDate", 0), ==, 1767323045);
  g_assert_null (sb_client_call (client, "iam", "GetRole", name, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_NOT_FOUND);
  g_assert_cmpstr (sb_error_get_request_id (error), ==, "r");
  g_clear_error (&error);
  deleted = sb_client_call (client, "iam", "DeleteRole", name, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (loopback_get (server, 3)->body, NULL),
                   g_bytes_get_size (loopback_get (server, 3)->body),
                   "Action=DeleteRole&Version=2010-05-08&RoleName=a%20b",
                   51);
  for (guint i = 0; i < 4; i++)
    g_assert_true (loopback_get (server, i)->is_signed);
  g_assert_cmpstr (loopback_get (server, 0)->service, ==, "sts");
}

static void
test_invalid (void)
{
  static const Step steps[] = { { 200, NULL, "" } };
  Script script = SCRIPT (steps);
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  static const char *const rows[][3] = {
    { "s3", "HeadObject", "{\"Bucket\":\"b\"}" },
    { "s3", "HeadObject", "{\"Bucket\":\"b\",\"Key\":\"k\",\"Other\":\"x\"}" },
    { "s3", "HeadObject", "{\"Bucket\":\"b\",\"Key\":\"k\",\"Range\":[1]}" },
    { "s3", "NoSuchThing", "{}" },
    { "ec2", "RunInstances", "{}" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) input = sb_json_parse_object (rows[i][2], -1, NULL);

      g_assert_null (sb_client_call (client, rows[i][0], rows[i][1], input, NULL, &error));
      g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
    }
  g_assert_cmpuint (loopback_n_asked (server), ==, 0);
}

static void
test_no_credentials (void)
{
  static const Step steps[] = { { 200, NULL, "{}" } };
  Script script = SCRIPT (steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbCredentialsProvider) provider = sb_profile_provider_new ("/nonexistent", "x");
  g_autoptr (SbConnection) connection =
      sb_connection_new ("id", "Name", "us-east-1", server->url, provider);
  g_autoptr (SbClient) client = client_for (connection, NULL);

  g_assert_null (sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_CREDENTIALS);
  g_assert_cmpuint (loopback_n_asked (server), ==, 0);
}

static void
test_no_secret_in_journal (void)
{
  static const Step steps[] = {
    { 400, NULL, "{\"__type\":\"X\",\"message\":\"got " LOOPBACK_SECRET "\"}" }
  };
  Script script = SCRIPT (steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbConnection) connection = loopback_connect (server);
  g_autoptr (SbJournal) journal = NULL;
  g_autoptr (SbClient) client = client_for (connection, &journal);
  g_autoptr (JsonObject) input = sb_json_object_new ("ModelName", "s", "a" LOOPBACK_SECRET, NULL);
  g_autoptr (SbJournalEntry) entry = NULL;
  g_autofree char *text = NULL;

  g_assert_null (sb_client_call (client, "sagemaker", "DescribeModel", input, NULL, &error));
  entry = last_entry (journal);
  text = sb_json_to_string (sb_journal_entry_get_json (entry));
  g_assert_null (strstr (text, "back+secret"));
  g_assert_nonnull (strstr (text, "[redacted]"));
}

static void
append_pieces (SbJournal *journal, const char *id, const char *operation, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      JsonObject *transfer = sb_json_object_new ("id", "s", id, "kind", "s", "upload-list", NULL);
      g_autoptr (JsonObject) json = sb_json_object_new (
          "service", "s", "s3", "operation", "s", operation, "transfer", "o", transfer, NULL);
      g_autoptr (SbJournalEntry) entry = sb_journal_entry_new_from_json (json);

      sb_journal_append (journal, entry);
    }
}

/* The file has every call; of a transfer of thousands of files the model has the first ones. */
static void
test_journal_of_many_files (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("sb-journal-XXXXXX", &error);
  g_autofree char *path = g_build_filename (folder, "journal.jsonl", NULL);
  g_autofree char *text = NULL;
  guint n_lines = 0;

  for (guint again = 0; again < 2; again++)
    {
      g_autoptr (SbJournal) journal = sb_journal_new (path, &error);
      g_autoptr (GPtrArray) entries = NULL;

      g_assert_no_error (error);
      if (again == 0)
        {
          append_pieces (journal, "one", "PutObject", 700);
          append_pieces (journal, "one", "ListObjectsV2", 1);
          append_pieces (journal, "two", "PutObject", 3);
        }
      entries = sb_journal_dup_entries (journal, NULL, NULL, NULL);
      g_assert_cmpuint (entries->len, ==, 504);
      g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (journal)), ==, 504);
    }
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  for (const char *p = text; *p != '\0'; p++)
    n_lines += *p == '\n' ? 1 : 0;
  g_assert_cmpuint (n_lines, ==, 704);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
got_output_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  JsonObject **output = user_data;

  *output = sb_client_call_finish (SB_CLIENT (source), result, NULL);
  g_assert_nonnull (*output);
}

static void
test_async (void)
{
  static const Step steps[] = { { 200, NULL, "{\"Models\":[]}" } };
  Script script = SCRIPT (steps);
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) output = NULL;

  sb_client_call_async (client, "sagemaker", "ListModels", NULL, NULL, got_output_cb, &output);
  while (output == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_nonnull (sb_json_get_array (output, "Models"));
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    GTestFunc func;
  } tests[] = {
    { "/cloud/client/json", test_json },
    { "/cloud/client/json-errors", test_json_errors },
    { "/cloud/client/invoke", test_invoke },
    { "/cloud/client/model-error", test_model_error },
    { "/cloud/client/s3-paths", test_s3_paths },
    { "/cloud/client/s3-put", test_s3_put },
    { "/cloud/client/s3-list", test_s3_list },
    { "/cloud/client/s3-documents", test_s3_documents },
    { "/cloud/client/s3-errors", test_s3_errors },
    { "/cloud/client/query", test_query },
    { "/cloud/client/invalid", test_invalid },
    { "/cloud/client/no-credentials", test_no_credentials },
    { "/cloud/client/no-secret-in-journal", test_no_secret_in_journal },
    { "/cloud/client/journal-of-many-files", test_journal_of_many_files },
    { "/cloud/client/async", test_async },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].func);
  return g_test_run ();
}
