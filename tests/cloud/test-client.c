/* test-client.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The client against a server that answers as services do, and as broken networks do.
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "cloud/sb-profile-provider.h"
#include "loopback.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

#define JSON_TYPE "application/x-amz-json-1.1"

/* What a test's server does with one request after the other. */
typedef struct
{
  guint status;
  const char *headers; /* "Name: value", one a line */
  const char *body;
  gboolean drop;
  const char *raw;
} Step;

typedef struct
{
  const Step *steps;
  guint n;
  int at;
} Script;

static void
put_headers (SoupServerMessage *message, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);

  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) pair = g_strsplit (lines[i], ": ", 2);

      if (pair[0] != NULL && pair[1] != NULL)
        reply_header (message, pair[0], pair[1]);
    }
}

static void
follow_script (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  Script *script = data;
  int at = g_atomic_int_add (&script->at, 1);
  const Step *step = &script->steps[MIN ((guint) at, script->n - 1)];

  if (step->drop)
    reply_drop (message);
  else if (step->raw != NULL)
    reply_raw (message, step->raw);
  else
    {
      reply (message, step->status, JSON_TYPE, step->body);
      put_headers (message, step->headers);
    }
}

#define SCRIPT(steps_)                                                                             \
  {                                                                                                \
    .steps = (steps_), .n = G_N_ELEMENTS (steps_)                                                  \
  }

static SbJournalEntry *
last_entry (SbJournal *journal)
{
  g_autoptr (GPtrArray) entries = sb_journal_dup_entries (journal, NULL, NULL, NULL);

  g_assert_cmpuint (entries->len, >, 0);
  return g_object_ref (g_ptr_array_index (entries, entries->len - 1));
}

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
test_retry (void)
{
  static const Step good = { 200, NULL, "{\"Models\":[]}" };
  static const Step bad[] = {
    { .drop = TRUE },        { 500, NULL, "{\"__type\":\"InternalFailure\"}" },
    { 503, NULL, "" },       { 400, NULL, "{\"__type\":\"ThrottlingException\"}" },
    { 429, NULL, "" },       { .raw = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Mod" },
    { .raw = "HTTP/1.1 2" }, { .raw = "garbage\r\n\r\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      Step steps[] = { bad[i], bad[i], good };
      Script script = SCRIPT (steps);
      g_autoptr (GError) error = NULL;
      g_autoptr (Loopback) server = loopback_new (follow_script, &script);
      g_autoptr (SbConnection) connection = loopback_connect (server);
      g_autoptr (SbJournal) journal = NULL;
      g_autoptr (SbClient) client = client_for (connection, &journal);
      g_autoptr (JsonObject) output =
          sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error);
      g_autoptr (SbJournalEntry) entry = last_entry (journal);

      g_assert_no_error (error);
      g_assert_nonnull (sb_json_get_array (output, "Models"));
      g_assert_cmpuint (sb_journal_entry_get_attempts (entry), ==, 3);
      g_assert_cmpuint (loopback_n_asked (server), ==, 3);
    }
}

static void
test_give_up (void)
{
  static const Step steps[] = { { 500, NULL, "{\"__type\":\"InternalFailure\"}" } };
  Script script = SCRIPT (steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbConnection) connection = loopback_connect (server);
  g_autoptr (SbJournal) journal = NULL;
  g_autoptr (SbClient) client = client_for (connection, &journal);
  g_autoptr (SbJournalEntry) entry = NULL;

  sb_connection_set_max_attempts (connection, 2);
  g_assert_null (sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_SERVICE);
  g_assert_cmpuint (loopback_n_asked (server), ==, 2);
  entry = last_entry (journal);
  g_assert_cmpstr (sb_journal_entry_get_error_code (entry), ==, "InternalFailure");
  g_assert_cmpuint (sb_journal_entry_get_status (entry), ==, 500);
}

/* A connection that the server closed while it was idle. */
static void
test_idle_closed (void)
{
  static const Step steps[] = {
    { 200, NULL, "{}" },
    { .raw = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" },
    { 200, NULL, "{}" },
  };
  Script script = SCRIPT (steps);
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbConnection) connection = loopback_connect (server);
  g_autoptr (SbClient) client = client_for (connection, NULL);

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) output =
          sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error);

      g_assert_no_error (error);
      g_assert_nonnull (output);
    }
}

static void
test_unreachable (void)
{
  static const Step steps[] = { { 200, NULL, "{}" } };
  Script script = SCRIPT (steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (SbConnection) connection = NULL;
  g_autoptr (SbClient) client = NULL;
  g_autoptr (SbJournal) journal = NULL;
  g_autoptr (SbJournalEntry) entry = NULL;

  {
    g_autoptr (Loopback) server = loopback_new (follow_script, &script);

    connection = loopback_connect (server);
  }
  client = client_for (connection, &journal);
  g_assert_null (sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_NETWORK);
  entry = last_entry (journal);
  g_assert_cmpuint (sb_journal_entry_get_attempts (entry), ==, 3);
  g_assert_cmpstr (sb_journal_entry_get_error_code (entry), ==, "ClientError");
}

static void
never_answer (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  soup_server_message_pause (message);
  if (data != NULL)
    g_cancellable_cancel (data);
}

static void
test_timeout (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (never_answer, NULL);
  g_autoptr (SbConnection) connection = loopback_connect (server);
  g_autoptr (SbClient) client = client_for (connection, NULL);

  sb_connection_set_timeout (connection, 1);
  sb_connection_set_max_attempts (connection, 1);
  g_assert_null (sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_NETWORK);
  g_assert_nonnull (strstr (error->message, "1 second"));
}

static void
test_cancel (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (Loopback) server = loopback_new (never_answer, cancellable);
  g_autoptr (SbConnection) connection = loopback_connect (server);
  g_autoptr (SbJournal) journal = NULL;
  g_autoptr (SbClient) client = client_for (connection, &journal);
  g_autoptr (SbJournalEntry) entry = NULL;

  g_assert_null (sb_client_call (client, "sagemaker", "ListModels", NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (loopback_n_asked (server), ==, 1);
  entry = last_entry (journal);
  g_assert_cmpstr (sb_journal_entry_get_error_code (entry), ==, "Cancelled");
}

static void
fail_and_cancel (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  reply (message, 500, JSON_TYPE, "{}");
  g_cancellable_cancel (data);
}

static void
test_cancel_between_attempts (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (Loopback) server = loopback_new (fail_and_cancel, cancellable);
  g_autoptr (SbClient) client = loopback_client (server, NULL);

  g_assert_null (sb_client_call (client, "sagemaker", "ListModels", NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (loopback_n_asked (server), ==, 1);
}

/* A service that makes things and sometimes loses the answer. */
typedef struct
{
  int creates;
  int lost;      /* how many answers get lost */
  gboolean made; /* whether the lost creates had their effect */
  double age;
} Maker;

static void
make_things (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  Maker *maker = data;
  const char *target = asked_header (asked, "X-Amz-Target");
  g_autofree char *found = NULL;

  if (strcmp (target, "SageMaker.CreateModel") == 0)
    {
      gboolean exists = maker->creates > 0 && maker->made;

      maker->creates++;
      if (maker->creates <= maker->lost)
        reply_drop (message);
      else if (exists)
        reply (message, 400, JSON_TYPE, "{\"__type\":\"ValidationException\"}");
      else
        reply (message, 200, JSON_TYPE, "{\"ModelArn\":\"arn:second\"}");
    }
  else if (maker->made)
    {
      found = g_strdup_printf ("{\"ModelArn\":\"arn:first\",\"CreationTime\":%.1f}",
                               (double) g_get_real_time () / G_USEC_PER_SEC - maker->age);
      reply (message, 200, JSON_TYPE, found);
    }
  else
    reply (message, 400, JSON_TYPE, "{\"__type\":\"ValidationException\"}");
}

static JsonObject *
create_model (Maker *maker, GError **error)
{
  g_autoptr (Loopback) server = loopback_new (make_things, maker);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) input = sb_json_object_new ("ModelName", "s", "m", NULL);

  return sb_client_call (client, "sagemaker", "CreateModel", input, NULL, error);
}

static void
test_lost_and_done (void)
{
  Maker maker = { .lost = 1, .made = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) output = create_model (&maker, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (sb_json_get_string (output, "ModelArn", NULL), ==, "arn:first");
  g_assert_cmpint (maker.creates, ==, 1);
}

static void
test_lost_and_not_done (void)
{
  Maker maker = { .lost = 2, .made = FALSE };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) output = create_model (&maker, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (sb_json_get_string (output, "ModelArn", NULL), ==, "arn:second");
  g_assert_cmpint (maker.creates, ==, 3);
}

/* What is there is an hour old: not ours, so the create is repeated and refused. */
static void
test_lost_and_somebody_elses (void)
{
  Maker maker = { .lost = 1, .made = TRUE, .age = 3600 };
  g_autoptr (GError) error = NULL;

  g_assert_null (create_model (&maker, &error));
  g_assert_cmpstr (sb_error_get_service_code (error), ==, "ValidationException");
  g_assert_cmpint (maker.creates, ==, 2);
}

/* The same after an idle connection, where libsoup by itself would send it again. */
static void
test_lost_when_idle (void)
{
  Maker maker = { .lost = 1, .made = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (make_things, &maker);
  g_autoptr (SbConnection) connection = loopback_connect (server);
  g_autoptr (SbClient) client = client_for (connection, NULL);
  g_autoptr (JsonObject) input = sb_json_object_new ("ModelName", "s", "m", NULL);
  g_autoptr (JsonObject) first =
      sb_client_call (client, "sagemaker", "DescribeModel", input, NULL, &error);
  g_autoptr (JsonObject) output =
      sb_client_call (client, "sagemaker", "CreateModel", input, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (sb_json_get_string (output, "ModelArn", NULL), ==, "arn:first");
  g_assert_cmpint (maker.creates, ==, 1);
}

static void
test_lost_bucket (void)
{
  static const Step steps[] = { { .drop = TRUE }, { 200, NULL, "" } };
  Script script = SCRIPT (steps);
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket", "s", "my-bucket", NULL);
  g_autoptr (JsonObject) output =
      sb_client_call (client, "s3", "CreateBucket", input, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (sb_json_get_string (output, "Location", NULL), ==, "/my-bucket");
  g_assert_cmpstr (loopback_get (server, 1)->method, ==, "HEAD");
}

static void
strict_clock (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  gint64 ahead = *(const gint64 *) data;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) server_now = g_date_time_add_seconds (now, (double) ahead);
  g_autofree char *date = soup_date_time_to_string (server_now, SOUP_DATE_HTTP);
  g_autoptr (GDateTime) claimed =
      g_date_time_new_from_iso8601 (asked_header (asked, "X-Amz-Date"), NULL);
  GTimeSpan off = g_date_time_difference (server_now, claimed);

  if (ABS (off) > 300 * G_TIME_SPAN_SECOND)
    reply (message,
           400,
           JSON_TYPE,
           "{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature expired\"}");
  else
    reply (message, 200, JSON_TYPE, "{}");
  reply_header (message, "Date", date);
}

static void
test_clock (void)
{
  static const gint64 rows[] = { 3600 * 5, -86400 * 3 };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (Loopback) server = loopback_new (strict_clock, (gpointer) &rows[i]);
      g_autoptr (SbClient) client = loopback_client (server, NULL);
      g_autoptr (SbClient) labelled = sb_client_with_label (client, "m", NULL, NULL);
      g_autoptr (JsonObject) first =
          sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error);
      g_autoptr (JsonObject) second =
          sb_client_call (labelled, "sagemaker", "ListModels", NULL, NULL, &error);

      g_assert_no_error (error);
      g_assert_nonnull (first);
      g_assert_nonnull (second);
      g_assert_cmpuint (loopback_n_asked (server), ==, 3);
    }
}

static void
only_ireland (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  if (strcmp (asked->region, "eu-west-1") == 0)
    {
      reply (message, 200, NULL, "");
      return;
    }
  reply (message,
         301,
         "application/xml",
         strcmp (asked->method, "HEAD") == 0 ? NULL
                                             : "<Error><Code>PermanentRedirect</Code></Error>");
  reply_header (message, "x-amz-bucket-region", "eu-west-1");
}

static void
test_region (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (only_ireland, NULL);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket", "s", "b", "Key", "s", "k", NULL);
  g_autoptr (JsonObject) first = sb_client_call (client, "s3", "HeadObject", input, NULL, &error);
  g_autoptr (JsonObject) second =
      sb_client_call (client, "s3", "DeleteObject", input, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (first);
  g_assert_nonnull (second);
  g_assert_cmpuint (loopback_n_asked (server), ==, 3);
  g_assert_cmpstr (loopback_get (server, 2)->region, ==, "eu-west-1");
}

static void
only_frankfurt (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  if (strcmp (asked->region, "eu-central-1") == 0)
    reply (message, 200, NULL, "");
  else
    reply (message,
           400,
           "application/xml",
           "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-central-1</Region></Error>");
}

static void
test_region_malformed (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (only_frankfurt, NULL);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket", "s", "b", "Key", "s", "k", NULL);
  g_autoptr (JsonObject) output =
      sb_client_call (client, "s3", "DeleteObject", input, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (output);
  g_assert_cmpuint (loopback_n_asked (server), ==, 2);
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

static gpointer
call_often (gpointer data)
{
  SbClient *client = data;

  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) output =
          sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error);

      g_assert_no_error (error);
      g_assert_nonnull (output);
    }
  return NULL;
}

static void
test_threads (void)
{
  static const Step steps[] = { { 200, NULL, "{}" } };
  Script script = SCRIPT (steps);
  g_autoptr (Loopback) server = loopback_new (follow_script, &script);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  GThread *threads[4];

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("caller", call_often, client);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (loopback_n_asked (server), ==, 200);
  for (guint i = 0; i < 200; i++)
    g_assert_true (loopback_get (server, i)->is_signed);
}

static void
answer_port (SoupServerMessage *message, const Asked *asked, gpointer data)
{
  GSocketAddress *address = soup_server_message_get_remote_address (message);
  g_autofree char *text =
      g_strdup_printf ("{\"Port\":%u}",
                       g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));

  reply (message, 200, JSON_TYPE, text);
}

static void
test_kept_alive (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Loopback) server = loopback_new (answer_port, NULL);
  g_autoptr (SbClient) client = loopback_client (server, NULL);
  g_autoptr (JsonObject) first =
      sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error);
  g_autoptr (JsonObject) second =
      sb_client_call (client, "sagemaker", "ListModels", NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (sb_json_get_int (first, "Port", 0), ==, sb_json_get_int (second, "Port", -1));
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
    { "/cloud/client/retry", test_retry },
    { "/cloud/client/give-up", test_give_up },
    { "/cloud/client/idle-closed", test_idle_closed },
    { "/cloud/client/unreachable", test_unreachable },
    { "/cloud/client/timeout", test_timeout },
    { "/cloud/client/cancel", test_cancel },
    { "/cloud/client/cancel-between-attempts", test_cancel_between_attempts },
    { "/cloud/client/lost-and-done", test_lost_and_done },
    { "/cloud/client/lost-and-not-done", test_lost_and_not_done },
    { "/cloud/client/lost-and-somebody-elses", test_lost_and_somebody_elses },
    { "/cloud/client/lost-when-idle", test_lost_when_idle },
    { "/cloud/client/lost-bucket", test_lost_bucket },
    { "/cloud/client/kept-alive", test_kept_alive },
    { "/cloud/client/clock", test_clock },
    { "/cloud/client/region", test_region },
    { "/cloud/client/region-malformed", test_region_malformed },
    { "/cloud/client/no-credentials", test_no_credentials },
    { "/cloud/client/no-secret-in-journal", test_no_secret_in_journal },
    { "/cloud/client/journal-of-many-files", test_journal_of_many_files },
    { "/cloud/client/threads", test_threads },
    { "/cloud/client/async", test_async },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].func);
  return g_test_run ();
}
