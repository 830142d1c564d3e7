/* cloud-tool.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The client for tests written in Python and for benchmarks:
 *
 *   cloud-tool workshop DATA-DIR JOURNAL FOLDER   does what a module does, on an engine of its own
 *   cloud-tool code JOURNAL KIND REGION [URL]     prints the journal as a program
 *   cloud-tool put|get URL KEYS BUCKET KEY FILE   transfers one file
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "cloud/sb-code.h"
#include "cloud/sb-engine-process.h"
#include "cloud/sb-profile-provider.h"
#include "cloud/sb-transfer.h"
#include "cloud/sb-waiter.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"

#define BUCKET "sagebrush-workshop"
#define ROLE_POLICY                                                                                \
  "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{"               \
  "\"Service\":\"sagemaker.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}"
#define LARGE_BYTES (40 * 1024 * 1024)

static void
must (gboolean fine, GError *error)
{
  if (!fine)
    g_error ("%s", error != NULL ? error->message : "failed");
}

/* Calls with the members in @text, which must succeed. */
static JsonObject *
call (SbClient *client, const char *service, const char *operation, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) input = sb_json_parse_object (text, -1, &error);
  JsonObject *output;

  must (input != NULL, error);
  output = sb_client_call (client, service, operation, input, NULL, &error);
  if (output == NULL)
    g_error ("%s: %s", operation, error->message);
  return output;
}

static void
do_call (SbClient *client, const char *service, const char *operation, const char *text)
{
  json_object_unref (call (client, service, operation, text));
}

static void
wait_for (SbClient *client, const char *waiter, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) input = sb_json_parse_object (text, -1, &error);
  g_autoptr (JsonObject) answer = sb_waiter_wait (client, waiter, input, NULL, NULL, NULL, &error);

  if (answer == NULL)
    g_error ("%s: %s", waiter, error->message);
}

static GBytes *
random_rows (gboolean labels, guint n, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    {
      double x = g_rand_double (rand), y = g_rand_double (rand);

      if (labels)
        g_string_append_printf (out, "%d,", x + y > 1);
      g_string_append_printf (out, "%.3f,%.3f\n", x, y);
    }
  return g_string_free_to_bytes (out);
}

static void
write_bytes (const char *folder, const char *name, GBytes *bytes)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (parent, 0700);
  must (g_file_set_contents (
            path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), &error),
        error);
}

#define LIST "0\t1\ta b.txt\n1\t0\tdeep/c.txt\n"

static void
write_inputs (const char *folder)
{
  g_autoptr (GBytes) train = random_rows (TRUE, 400, 1);
  g_autoptr (GBytes) validation = random_rows (TRUE, 100, 2);
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  guint32 *words = g_malloc (LARGE_BYTES);
  g_autoptr (GBytes) large = NULL;
  g_autoptr (GBytes) list = NULL;

  for (gsize i = 0; i < LARGE_BYTES / 4; i++)
    words[i] = g_rand_int (rand);
  large = g_bytes_new_take (words, LARGE_BYTES);
  write_bytes (folder, "train.csv", train);
  write_bytes (folder, "photos/a b.txt", validation);
  write_bytes (folder, "photos/deep/c.txt", validation);
  write_bytes (folder, "large.bin", large);
  list = g_bytes_new_static (LIST, strlen (LIST));
  write_bytes (folder, "photos.lst", list);
}

static void
prepare (SbClient *client, const char *folder)
{
  g_autoptr (GBytes) validation = random_rows (TRUE, 100, 2);
  g_autofree char *train = g_build_filename (folder, "train.csv", NULL);
  g_autofree char *photos = g_build_filename (folder, "photos", NULL);
  g_autofree char *large = g_build_filename (folder, "large.bin", NULL);
  g_autofree char *again = g_build_filename (folder, "large.again", NULL);
  g_autofree char *list = g_build_filename (folder, "photos.lst", NULL);
  static const char *const names[] = { "a b.txt", "deep/c.txt", NULL };
  g_autoptr (GError) error = NULL;

  do_call (client, "sts", "GetCallerIdentity", "{}");
  do_call (client, "s3", "CreateBucket", "{\"Bucket\":\"" BUCKET "\"}");
  wait_for (client, "bucket_exists", "{\"Bucket\":\"" BUCKET "\"}");
  must (sb_transfer_upload_file (
            client, BUCKET, "x/train/train.csv", train, NULL, NULL, NULL, &error),
        error);
  must (sb_transfer_upload_bytes (
            client, BUCKET, "x/validation/validation.csv", validation, "text/csv", NULL, &error),
        error);
  must (sb_transfer_upload_folder (client, BUCKET, "x/photos/", photos, NULL, NULL, NULL, &error),
        error);
  must (sb_transfer_upload_list (
            client, BUCKET, "x/listed/", photos, names, list, NULL, NULL, NULL, &error),
        error);
  must (sb_transfer_upload_file (client, BUCKET, "x/large", large, NULL, NULL, NULL, &error),
        error);
  must (sb_transfer_download_file (client, BUCKET, "x/large", again, NULL, NULL, NULL, &error),
        error);
  do_call (client,
           "s3",
           "ListObjectsV2",
           "{\"Bucket\":\"" BUCKET "\",\"Prefix\":\"x/\",\"MaxKeys\":100}");
}

#define CHANNEL(name)                                                                              \
  "{\"ChannelName\":\"" name "\",\"ContentType\":\"text/csv\",\"DataSource\":{\"S3DataSource\":"   \
  "{\"S3DataType\":\"S3Prefix\",\"S3DataDistributionType\":\"FullyReplicated\",\"S3Uri\":"         \
  "\"s3://" BUCKET "/x/" name "\"}}}"

static void
train (SbClient *client)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *image = sb_image_uri ("xgboost:latest", "us-east-1", &error);
  g_autoptr (JsonObject) role_input = sb_json_object_new (
      "RoleName", "s", "Workshop", "AssumeRolePolicyDocument", "s", ROLE_POLICY, NULL);
  g_autoptr (JsonObject) role =
      sb_client_call (client, "iam", "CreateRole", role_input, NULL, &error);
  g_autofree char *job = NULL;

  must (role != NULL, error);
  wait_for (client, "role_exists", "{\"RoleName\":\"Workshop\"}");
  job = g_strdup_printf (
      "{\"TrainingJobName\":\"job-1\",\"RoleArn\":\"%s\",\"AlgorithmSpecification\":{"
      "\"TrainingImage\":\"%s\",\"TrainingInputMode\":\"File\"},\"InputDataConfig\":[" CHANNEL (
          "train") "," CHANNEL ("validation") "],\"OutputDataConfig\":{\"S3OutputPath\":\"s3:/"
                                              "/" BUCKET
                                              "/x/output\"},\"ResourceConfig\":{\"InstanceType\":"
                                              "\"ml.m5.large\",\"InstanceCount\":1,"
                                              "\"VolumeSizeInGB\":5},\"StoppingCondition\":{"
                                              "\"MaxRuntimeInSeconds\":600},\"HyperParameters\":{"
                                              "\"objective\":\"binary:logistic\",\"num_round\":"
                                              "\"5\",\"eval_metric\":\"auc\"},\"Tags\":[{\"Key\":"
                                              "\"sagebrush:module\",\"Value\":\"games\"}]}",
      sb_json_get_string (role, "Role.Arn", ""),
      image);
  do_call (client, "sagemaker", "CreateTrainingJob", job);
  wait_for (client, "training_job_completed_or_stopped", "{\"TrainingJobName\":\"job-1\"}");
  do_call (client, "sagemaker", "ListTrainingJobs", "{\"MaxResults\":10,\"NameContains\":\"job\"}");
  do_call (client,
           "logs",
           "DescribeLogStreams",
           "{\"logGroupName\":\"/aws/sagemaker/TrainingJobs\",\"logStreamNamePrefix\":\"job-1/\"}");
}

static void
deploy (SbClient *client)
{
  g_autoptr (JsonObject) job =
      call (client, "sagemaker", "DescribeTrainingJob", "{\"TrainingJobName\":\"job-1\"}");
  g_autofree char *model = g_strdup_printf (
      "{\"ModelName\":\"model-1\",\"ExecutionRoleArn\":\"%s\",\"PrimaryContainer\":{\"Image\":"
      "\"%s\",\"ModelDataUrl\":\"%s\"}}",
      sb_json_get_string (job, "RoleArn", ""),
      sb_json_get_string (job, "AlgorithmSpecification.TrainingImage", ""),
      sb_json_get_string (job, "ModelArtifacts.S3ModelArtifacts", ""));

  do_call (client, "sagemaker", "CreateModel", model);
  do_call (client,
           "sagemaker",
           "CreateEndpointConfig",
           "{\"EndpointConfigName\":\"config-1\",\"ProductionVariants\":[{\"VariantName\":"
           "\"AllTraffic\",\"ModelName\":\"model-1\",\"InitialInstanceCount\":1,\"InstanceType\":"
           "\"ml.t2.medium\",\"InitialVariantWeight\":1.0}]}");
  do_call (client,
           "sagemaker",
           "CreateEndpoint",
           "{\"EndpointName\":\"endpoint-1\",\"EndpointConfigName\":\"config-1\"}");
  wait_for (client, "endpoint_in_service", "{\"EndpointName\":\"endpoint-1\"}");
}

static void
predict (SbClient *client)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) input = sb_json_object_new (
          "EndpointName", "s", "endpoint-1", "ContentType", "s", "text/csv", NULL);
      g_autoptr (GBytes) rows = random_rows (FALSE, 2, i);
      g_autoptr (GBytes) answer = NULL;
      g_autoptr (JsonObject) output = sb_client_call_with_body (
          client, "sagemaker-runtime", "InvokeEndpoint", input, rows, &answer, NULL, &error);

      must (output != NULL && g_bytes_get_size (answer) > 0, error);
    }
}

static void
clean_up (SbClient *client)
{
  do_call (client, "sagemaker", "DeleteEndpoint", "{\"EndpointName\":\"endpoint-1\"}");
  wait_for (client, "endpoint_deleted", "{\"EndpointName\":\"endpoint-1\"}");
  do_call (client, "sagemaker", "DeleteEndpointConfig", "{\"EndpointConfigName\":\"config-1\"}");
  do_call (client, "sagemaker", "DeleteModel", "{\"ModelName\":\"model-1\"}");
  do_call (client,
           "s3",
           "DeleteObjects",
           "{\"Bucket\":\"" BUCKET "\",\"Delete\":{\"Quiet\":true,\"Objects\":[{\"Key\":"
           "\"x/photos/a b.txt\"},{\"Key\":\"x/photos/deep/c.txt\"}]}}");
  do_call (client, "iam", "DeleteRole", "{\"RoleName\":\"Workshop\"}");
}

static int
workshop (char **args)
{
  static const struct
  {
    const char *step;
    void (*func) (SbClient *client);
  } steps[] = {
    { "train", train }, { "deploy", deploy }, { "predict", predict }, { "clean-up", clean_up }
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (SbEngineProcess) engine = sb_engine_process_start (args[0], NULL, &error);
  g_autoptr (SbConnection) connection = NULL;
  g_autoptr (SbJournal) journal = NULL;
  g_autoptr (SbClient) plain = NULL;
  g_autoptr (SbClient) first = NULL;

  must (engine != NULL, error);
  connection = sb_connection_new_for_engine (engine);
  journal = sb_journal_new (args[1], &error);
  must (journal != NULL, error);
  plain = sb_client_new (connection, journal);
  first = sb_client_with_label (plain, "games", "run-1", "prepare");
  write_inputs (args[2]);
  prepare (first, args[2]);
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr (SbClient) client = sb_client_with_label (plain, "games", "run-1", steps[i].step);

      steps[i].func (client);
    }
  must (sb_engine_process_stop (engine, NULL, &error), error);
  return 0;
}

static int
code (char **args)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbJournal) journal = sb_journal_new (args[0], &error);
  g_autoptr (GPtrArray) entries = NULL;
  g_autofree char *text = NULL;
  SbCodeKind kind = strcmp (args[1], "cli") == 0        ? SB_CODE_CLI
                    : strcmp (args[1], "notebook") == 0 ? SB_CODE_NOTEBOOK
                                                        : SB_CODE_BOTO3;

  must (journal != NULL, error);
  entries = sb_journal_dup_entries (journal, NULL, NULL, NULL);
  text = sb_code_generate (entries, kind, args[2], args[3]);
  g_print ("%s", text);
  return 0;
}

static int
transfer (const char *verb, char **args)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbCredentialsProvider) keys = sb_profile_provider_new (args[1], "default");
  g_autoptr (SbConnection) connection =
      sb_connection_new ("local", "This computer", "us-east-1", args[0], keys);
  g_autoptr (SbClient) client = sb_client_new (connection, NULL);

  if (strcmp (verb, "put") == 0)
    must (sb_transfer_upload_file (client, args[2], args[3], args[4], NULL, NULL, NULL, &error),
          error);
  else
    must (sb_transfer_download_file (client, args[2], args[3], args[4], NULL, NULL, NULL, &error),
          error);
  return 0;
}

int
main (int argc, char *argv[])
{
  if (argc == 5 && strcmp (argv[1], "workshop") == 0)
    return workshop (argv + 2);
  if ((argc == 5 || argc == 6) && strcmp (argv[1], "code") == 0)
    return code (argv + 2);
  if (argc == 7 && (strcmp (argv[1], "put") == 0 || strcmp (argv[1], "get") == 0))
    return transfer (argv[1], argv + 2);
  g_printerr ("cloud-tool workshop|code|put|get …\n");
  return 2;
}
