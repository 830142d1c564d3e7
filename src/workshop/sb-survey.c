/* sb-survey.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-survey.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-ledger-private.h"
#include "workshop/sb-remove.h"

/* A create that was only intended may still be on its way for so long. */
#define INTENT_SECONDS (15 * 60)
#define PAGE_SIZE      100
/* Names that jobs, models and endpoints of the workshop have end so; see sb_job_name_new(). */
#define STAMP_PATTERN "-\\d{4}-\\d{2}-\\d{2}-\\d{2}-\\d{2}-\\d{2}(-\\d{1,3})?$"
/* Folders of runs in a bucket; see _sb_run_new(). */
#define RUN_PATTERN "^([a-z0-9-]+)-\\d{8}-\\d{6}-[0-9a-f]{6}$"

typedef struct
{
  SbClient *client;
  GCancellable *cancellable;
  const char *connection;
  const char *region;
  GHashTable *found; /* key -> SbResourceItem, everything that may be there */
  GHashTable *seen;  /* keys that the service has listed */
  GHashTable *open;  /* keys that a ledger says may only be intended */
  GRegex *stamp;
  GRegex *run;
  SbSurvey *result;
} Survey;

static const struct
{
  SbResourceKind kind;
  const char *operation;
  const char *members;
  const char *name;
  const char *arn;
  const char *status;
  const char *status_equals;
} lists[] = {
  { SB_RESOURCE_ENDPOINT,
    "ListEndpoints",
    "Endpoints",
    "EndpointName",
    "EndpointArn",
    "EndpointStatus",
    NULL },
  { SB_RESOURCE_ENDPOINT_CONFIG,
    "ListEndpointConfigs",
    "EndpointConfigs",
    "EndpointConfigName",
    "EndpointConfigArn",
    NULL,
    NULL },
  { SB_RESOURCE_MODEL, "ListModels", "Models", "ModelName", "ModelArn", NULL, NULL },
  { SB_RESOURCE_TRAINING_JOB,
    "ListTrainingJobs",
    "TrainingJobSummaries",
    "TrainingJobName",
    "TrainingJobArn",
    "TrainingJobStatus",
    "InProgress" },
  { SB_RESOURCE_TRAINING_JOB,
    "ListTrainingJobs",
    "TrainingJobSummaries",
    "TrainingJobName",
    "TrainingJobArn",
    "TrainingJobStatus",
    "Stopping" },
  { SB_RESOURCE_NOTEBOOK,
    "ListNotebookInstances",
    "NotebookInstances",
    "NotebookInstanceName",
    "NotebookInstanceArn",
    "NotebookInstanceStatus",
    NULL },
};

static char *
make_key (SbResourceKind kind, const char *name)
{
  return g_strdup_printf ("%s %s", sb_resource_kind_get_name (kind), name);
}

/**
 * sb_survey_make_tags:
 * @module: id of a module
 * @run: id of a run
 *
 * Returns: (transfer full): the tags of what that run creates
 */
JsonArray *
sb_survey_make_tags (const char *module, const char *run)
{
  JsonArray *tags = json_array_new ();

  json_array_add_object_element (
      tags, sb_json_object_new ("Key", "s", SB_TAG_MODULE, "Value", "s", module, NULL));
  json_array_add_object_element (
      tags, sb_json_object_new ("Key", "s", SB_TAG_RUN, "Value", "s", run, NULL));
  return tags;
}

static const char *
find_tag (JsonArray *tags, const char *key)
{
  for (guint i = 0; tags != NULL && i < json_array_get_length (tags); i++)
    {
      JsonObject *tag = json_array_get_object_element (tags, i);

      if (strcmp (sb_json_get_string (tag, "Key", ""), key) == 0)
        return sb_json_get_string (tag, "Value", NULL);
    }
  return NULL;
}

static SbResourceItem *
add (Survey *self, SbResourceKind kind, const char *name, const char *module, const char *run)
{
  g_autofree char *key = make_key (kind, name);
  SbResourceItem *item = g_hash_table_lookup (self->found, key);

  if (item != NULL)
    return item;
  item = sb_resource_item_new (kind, name);
  sb_resource_item_set_origin (item, self->region, module, run);
  g_hash_table_insert (self->found, g_steal_pointer (&key), item);
  return item;
}

static void
add_problem (Survey *self, const char *what, const GError *error)
{
  g_ptr_array_add (self->result->problems, g_strdup_printf ("%s: %s", what, error->message));
}

static void
take_ledger (Survey *self, SbLedger *ledger, const char *module, const char *run)
{
  g_autoptr (GPtrArray) list = sb_ledger_list (ledger);
  double now = (double) g_get_real_time () / G_USEC_PER_SEC;

  for (guint i = 0; i < list->len; i++)
    {
      const SbResource *resource = list->pdata[i];
      g_autofree char *key = make_key (resource->kind, resource->name);
      SbResourceItem *item = add (self, resource->kind, resource->name, module, run);
      GPtrArray *ledgers = g_hash_table_lookup (self->result->ledgers, key);

      sb_resource_item_set_created (item, resource->created);
      sb_resource_item_set_arn (item, resource->arn);
      if (ledgers == NULL)
        {
          ledgers = g_ptr_array_new_with_free_func (g_object_unref);
          g_hash_table_insert (self->result->ledgers, g_strdup (key), ledgers);
        }
      g_ptr_array_add (ledgers, g_object_ref (ledger));
      if (!resource->confirmed && now - resource->created < INTENT_SECONDS)
        g_hash_table_add (self->open, g_steal_pointer (&key));
    }
}

/* Runs on other connections have their own surveys. */
static void
take_run (Survey *self, const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "run.json", NULL);
  g_autofree char *ledger_path = g_build_filename (folder, "ledger.json", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) run = sb_json_load_file (path, NULL);
  g_autoptr (SbLedger) ledger = NULL;

  if (run == NULL || !g_file_test (ledger_path, G_FILE_TEST_EXISTS) ||
      strcmp (sb_json_get_string (run, "connection", ""), self->connection) != 0 ||
      strcmp (sb_json_get_string (run, "region", self->region), self->region) != 0)
    return;
  ledger = _sb_ledger_new (ledger_path, &error);
  if (ledger != NULL)
    take_ledger (self,
                 ledger,
                 sb_json_get_string (run, "module", NULL),
                 sb_json_get_string (run, "id", NULL));
  else
    add_problem (self, ledger_path, error);
}

static void
take_runs (Survey *self, const char *runs_dir)
{
  g_autoptr (GDir) dir = g_dir_open (runs_dir, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *folder = g_build_filename (runs_dir, name, NULL);

      take_run (self, folder);
    }
}

static JsonObject *
call (Survey *self, const char *service, const char *operation, JsonObject *input, GError **error)
{
  return sb_client_call (self->client, service, operation, input, self->cancellable, error);
}

/* Somebody else's, or the workshop's from another computer? What it is tagged with says so. */
static SbResourceItem *
adopt (Survey *self, SbResourceKind kind, const char *name, const char *arn)
{
  g_autoptr (JsonObject) input = sb_json_object_new ("ResourceArn", "s", arn, NULL);
  g_autoptr (JsonObject) answer = NULL;
  JsonArray *tags;
  const char *run;

  if (kind != SB_RESOURCE_NOTEBOOK && !g_regex_match (self->stamp, name, 0, NULL))
    return NULL;
  answer = call (self, "sagemaker", "ListTags", input, NULL);
  tags = answer != NULL ? sb_json_get_array (answer, "Tags") : NULL;
  run = find_tag (tags, SB_TAG_RUN);
  return run != NULL ? add (self, kind, name, find_tag (tags, SB_TAG_MODULE), run) : NULL;
}

static void
take_summary (Survey *self, guint list, JsonObject *summary)
{
  const char *name = sb_json_get_string (summary, lists[list].name, "");
  const char *arn = sb_json_get_string (summary, lists[list].arn, "");
  g_autofree char *key = make_key (lists[list].kind, name);
  SbResourceItem *item = g_hash_table_lookup (self->found, key);

  if (item == NULL)
    item = adopt (self, lists[list].kind, name, arn);
  if (item == NULL)
    return;
  g_hash_table_add (self->seen, g_steal_pointer (&key));
  sb_resource_item_set_arn (item, arn);
  sb_resource_item_set_created (item, sb_json_get_double (summary, "CreationTime", 0));
  if (lists[list].status != NULL)
    sb_resource_item_set_status (item, sb_json_get_string (summary, lists[list].status, NULL));
}

static gboolean
take_list (Survey *self, guint list, GError **error)
{
  g_autofree char *token = NULL;

  do
    {
      g_autoptr (JsonObject) input = sb_json_object_new ("MaxResults",
                                                         "i",
                                                         (gint64) PAGE_SIZE,
                                                         "StatusEquals",
                                                         "s",
                                                         lists[list].status_equals,
                                                         "NextToken",
                                                         "s",
                                                         token,
                                                         NULL);
      g_autoptr (JsonObject) page = call (self, "sagemaker", lists[list].operation, input, error);
      JsonArray *items = page != NULL ? sb_json_get_array (page, lists[list].members) : NULL;

      if (page == NULL)
        return FALSE;
      for (guint i = 0; items != NULL && i < json_array_get_length (items); i++)
        take_summary (self, list, json_array_get_object_element (items, i));
      g_free (token);
      token = g_strdup (sb_json_get_string (page, "NextToken", NULL));
    }
  while (token != NULL);
  return TRUE;
}

/* Of what an account has, only names that the workshop gives are asked about. */
static gboolean
is_likely_bucket (const char *name)
{
  return g_str_has_prefix (name, "sagebrush-") || g_str_has_prefix (name, "sagemaker-");
}

static void
adopt_bucket (Survey *self, const char *name)
{
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket", "s", name, NULL);
  g_autoptr (JsonObject) answer = call (self, "s3", "GetBucketTagging", input, NULL);
  JsonArray *tags = answer != NULL ? sb_json_get_array (answer, "TagSet") : NULL;
  const char *run = find_tag (tags, SB_TAG_RUN);

  if (run != NULL)
    add (self, SB_RESOURCE_BUCKET, name, find_tag (tags, SB_TAG_MODULE), run);
}

static gboolean
take_buckets (Survey *self, GError **error)
{
  g_autoptr (JsonObject) answer = call (self, "s3", "ListBuckets", NULL, error);
  JsonArray *buckets = answer != NULL ? sb_json_get_array (answer, "Buckets") : NULL;

  for (guint i = 0; buckets != NULL && i < json_array_get_length (buckets); i++)
    {
      JsonObject *bucket = json_array_get_object_element (buckets, i);
      const char *name = sb_json_get_string (bucket, "Name", "");
      g_autofree char *key = make_key (SB_RESOURCE_BUCKET, name);
      SbResourceItem *item;

      if (!g_hash_table_contains (self->found, key) && is_likely_bucket (name))
        adopt_bucket (self, name);
      item = g_hash_table_lookup (self->found, key);
      if (item == NULL)
        continue;
      sb_resource_item_set_created (item, sb_json_get_double (bucket, "CreationDate", 0));
      g_hash_table_add (self->seen, g_steal_pointer (&key));
    }
  return answer != NULL;
}

static gboolean
take_roles (Survey *self, GError **error)
{
  g_autofree char *marker = NULL;

  do
    {
      g_autoptr (JsonObject) input = sb_json_object_new ("Marker", "s", marker, NULL);
      g_autoptr (JsonObject) page = call (self, "iam", "ListRoles", input, error);
      JsonArray *roles = page != NULL ? sb_json_get_array (page, "Roles") : NULL;

      if (page == NULL)
        return FALSE;
      for (guint i = 0; roles != NULL && i < json_array_get_length (roles); i++)
        {
          const char *name =
              sb_json_get_string (json_array_get_object_element (roles, i), "RoleName", "");
          g_autoptr (JsonObject) question = NULL;
          g_autoptr (JsonObject) answer = NULL;
          JsonArray *tags;
          const char *run;

          if (!g_str_has_prefix (name, "Sagebrush"))
            continue;
          question = sb_json_object_new ("RoleName", "s", name, NULL);
          answer = call (self, "iam", "ListRoleTags", question, NULL);
          tags = answer != NULL ? sb_json_get_array (answer, "Tags") : NULL;
          run = find_tag (tags, SB_TAG_RUN);
          if (run != NULL)
            add (self, SB_RESOURCE_ROLE, name, find_tag (tags, SB_TAG_MODULE), run);
        }
      g_free (marker);
      marker = sb_json_get_bool (page, "IsTruncated", FALSE)
                   ? g_strdup (sb_json_get_string (page, "Marker", NULL))
                   : NULL;
    }
  while (marker != NULL);
  return TRUE;
}

static JsonObject *
list_folders (Survey *self, const char *bucket, const char *prefix)
{
  g_autoptr (JsonObject) input = sb_json_object_new (
      "Bucket", "s", bucket, "Prefix", "s", prefix, "Delimiter", "s", "/", NULL);

  return call (self, "s3", "ListObjectsV2", input, NULL);
}

static void
take_run_folders (Survey *self, const char *bucket, const char *prefix)
{
  g_autoptr (JsonObject) page = list_folders (self, bucket, prefix);
  JsonArray *folders = page != NULL ? sb_json_get_array (page, "CommonPrefixes") : NULL;

  for (guint i = 0; folders != NULL && i < json_array_get_length (folders); i++)
    {
      const char *folder =
          sb_json_get_string (json_array_get_object_element (folders, i), "Prefix", "");
      g_autofree char *run = g_path_get_basename (folder);
      g_autofree char *path = g_strndup (folder, strlen (folder) - 1);
      g_autofree char *uri = g_strdup_printf ("s3://%s/%s", bucket, path);
      g_autoptr (GMatchInfo) match = NULL;
      g_autofree char *module = NULL;

      if (!g_regex_match (self->run, run, 0, &match))
        continue;
      module = g_match_info_fetch (match, 1);
      add (self, SB_RESOURCE_OBJECTS, uri, module, run);
    }
}

/* In the workshop's own bucket, folders are named after runs, also after those whose records are
 * lost. */
static void
scan_buckets (Survey *self)
{
  g_autoptr (GList) items = g_hash_table_get_values (self->found);

  for (GList *l = items; l != NULL; l = l->next)
    {
      const char *bucket = sb_resource_item_get_name (l->data);
      g_autoptr (JsonObject) page = NULL;
      JsonArray *folders;

      if (sb_resource_item_get_kind (l->data) != SB_RESOURCE_BUCKET)
        continue;
      page = list_folders (self, bucket, "");
      folders = page != NULL ? sb_json_get_array (page, "CommonPrefixes") : NULL;
      for (guint i = 0; folders != NULL && i < json_array_get_length (folders); i++)
        take_run_folders (self,
                          bucket,
                          sb_json_get_string (json_array_get_object_element (folders, i),
                                              "Prefix",
                                              ""));
    }
}

static void
set_endpoint_instances (Survey *self, SbResourceItem *item)
{
  const char *name = sb_resource_item_get_name (item);
  g_autoptr (JsonObject) input = sb_json_object_new ("EndpointName", "s", name, NULL);
  g_autoptr (JsonObject) endpoint = call (self, "sagemaker", "DescribeEndpoint", input, NULL);
  g_autoptr (JsonObject) question = NULL;
  g_autoptr (JsonObject) config = NULL;
  JsonArray *variants;
  const char *type = NULL;
  guint n = 0;

  if (endpoint == NULL)
    return;
  question = sb_json_object_new ("EndpointConfigName",
                                 "s",
                                 sb_json_get_string (endpoint, "EndpointConfigName", ""),
                                 NULL);
  config = call (self, "sagemaker", "DescribeEndpointConfig", question, NULL);
  variants = config != NULL ? sb_json_get_array (config, "ProductionVariants") : NULL;
  for (guint i = 0; variants != NULL && i < json_array_get_length (variants); i++)
    {
      JsonObject *variant = json_array_get_object_element (variants, i);
      const char *own = sb_json_get_string (variant, "InstanceType", NULL);
      g_autofree char *path = g_strdup_printf ("ProductionVariants.%u.CurrentInstanceCount", i);

      n += (guint) sb_json_get_int (endpoint,
                                    path,
                                    sb_json_get_int (variant, "InitialInstanceCount", 0));
      type = type == NULL || g_strcmp0 (type, own) == 0 ? own : _ ("several types");
    }
  sb_resource_item_set_instances (item, type, n);
}

static void
set_other_instances (Survey *self, SbResourceItem *item)
{
  g_autoptr (JsonObject) description = NULL;
  const char *type;

  if (sb_remove_ask (self->client,
                     sb_resource_item_get_kind (item),
                     sb_resource_item_get_name (item),
                     &description,
                     self->cancellable,
                     NULL) != SB_PRESENCE_THERE)
    return;
  type = sb_json_get_string (description,
                             "InstanceType",
                             sb_json_get_string (description, "ResourceConfig.InstanceType", NULL));
  sb_resource_item_set_instances (
      item, type, (guint) sb_json_get_int (description, "ResourceConfig.InstanceCount", 1));
}

/* What the service has not listed may be too new for its lists: it is asked about by name. */
static gboolean
is_there (Survey *self, const char *key, SbResourceItem *item)
{
  SbResourceKind kind = sb_resource_item_get_kind (item);
  const char *name = sb_resource_item_get_name (item);
  g_autoptr (JsonObject) description = NULL;
  g_autoptr (GError) error = NULL;
  SbPresence presence;

  if (g_hash_table_contains (self->seen, key))
    return TRUE;
  presence = sb_remove_ask (self->client, kind, name, &description, self->cancellable, &error);
  if (presence == SB_PRESENCE_UNKNOWN)
    sb_resource_item_set_phase (item, SB_RESOURCE_IDLE, error->message);
  else if (presence == SB_PRESENCE_THERE && description != NULL)
    sb_resource_item_set_status (item, sb_remove_get_status (kind, description));
  if (presence == SB_PRESENCE_GONE && !g_hash_table_contains (self->open, key))
    sb_survey_mark_deleted (self->result, kind, name);
  return presence != SB_PRESENCE_GONE;
}

static void
collect (Survey *self)
{
  GHashTableIter iter;
  gpointer key, item;

  g_hash_table_iter_init (&iter, self->found);
  while (g_hash_table_iter_next (&iter, &key, &item))
    {
      if (!is_there (self, key, item))
        continue;
      if (sb_resource_item_get_kind (item) == SB_RESOURCE_ENDPOINT)
        set_endpoint_instances (self, item);
      else if (sb_resource_item_get_kind (item) == SB_RESOURCE_TRAINING_JOB ||
               sb_resource_item_get_kind (item) == SB_RESOURCE_NOTEBOOK)
        set_other_instances (self, item);
      g_ptr_array_add (self->result->items, g_object_ref (item));
    }
  g_ptr_array_sort (self->result->items, sb_resource_item_compare);
}

/* What may not be listed can still be known from the runs; what cannot be reached at all cannot. */
static gboolean
tolerate (Survey *self, const char *what, gboolean done, GError **local, GError **error)
{
  g_autoptr (GError) failure = g_steal_pointer (local);

  if (done)
    return TRUE;
  if (g_error_matches (failure, SB_ERROR, SB_ERROR_DENIED) ||
      g_error_matches (failure, SB_ERROR, SB_ERROR_INVALID))
    {
      add_problem (self, what, failure);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
ask_service (Survey *self, GError **error)
{
  g_autoptr (GError) local = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      gboolean done = take_list (self, i, &local);

      if (!tolerate (self, lists[i].operation, done, &local, error))
        return FALSE;
    }
  if (!tolerate (self, "ListBuckets", take_buckets (self, &local), &local, error) ||
      !tolerate (self, "ListRoles", take_roles (self, &local), &local, error))
    return FALSE;
  scan_buckets (self);
  return TRUE;
}

/**
 * sb_survey_new:
 * @client: makes the calls
 * @runs_dir: where runs are kept
 * @cancellable: (nullable): a cancellable
 * @error: why the service could not be asked
 *
 * Reads all runs on the client's connection and asks the service what there is of theirs, and what
 * else carries the workshop's tags. What is gone is marked as deleted in the runs. Blocks.
 *
 * Returns: (transfer full) (nullable): what is there
 */
SbSurvey *
sb_survey_new (SbClient *client, const char *runs_dir, GCancellable *cancellable, GError **error)
{
  SbConnection *connection = sb_client_get_connection (client);
  Survey self = { .client = client, .cancellable = cancellable };
  gboolean done;

  self.connection = sb_connection_get_id (connection);
  self.region = sb_connection_get_region (connection);
  self.found = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self.seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.open = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.stamp = g_regex_new (STAMP_PATTERN, G_REGEX_OPTIMIZE, 0, NULL);
  self.run = g_regex_new (RUN_PATTERN, G_REGEX_OPTIMIZE, 0, NULL);
  self.result = g_new0 (SbSurvey, 1);
  self.result->items = g_ptr_array_new_with_free_func (g_object_unref);
  self.result->problems = g_ptr_array_new_with_free_func (g_free);
  self.result->ledgers =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  take_runs (&self, runs_dir);
  done = ask_service (&self, error);
  if (done)
    collect (&self);
  g_hash_table_unref (self.found);
  g_hash_table_unref (self.seen);
  g_hash_table_unref (self.open);
  g_regex_unref (self.stamp);
  g_regex_unref (self.run);
  if (!done || g_cancellable_set_error_if_cancelled (cancellable, error))
    g_clear_pointer (&self.result, sb_survey_free);
  return self.result;
}

void
sb_survey_free (SbSurvey *self)
{
  g_ptr_array_unref (self->items);
  g_ptr_array_unref (self->problems);
  g_hash_table_unref (self->ledgers);
  g_free (self);
}

/**
 * sb_survey_find:
 * @self: a survey
 * @kind: a kind
 * @name: a name
 *
 * Returns: (transfer none) (nullable): that item
 */
SbResourceItem *
sb_survey_find (SbSurvey *self, SbResourceKind kind, const char *name)
{
  for (guint i = 0; i < self->items->len; i++)
    if (sb_resource_item_get_kind (self->items->pdata[i]) == kind &&
        strcmp (sb_resource_item_get_name (self->items->pdata[i]), name) == 0)
      return self->items->pdata[i];
  return NULL;
}

/**
 * sb_survey_mark_deleted:
 * @self: a survey
 * @kind: what the service has said is gone
 * @name: its name
 *
 * Writes that down in every run that has created it.
 */
void
sb_survey_mark_deleted (SbSurvey *self, SbResourceKind kind, const char *name)
{
  g_autofree char *key = make_key (kind, name);
  GPtrArray *ledgers = g_hash_table_lookup (self->ledgers, key);

  for (guint i = 0; ledgers != NULL && i < ledgers->len; i++)
    {
      g_autoptr (GError) error = NULL;

      /* It is only asked about again, then. */
      if (!sb_ledger_mark_deleted (ledgers->pdata[i], kind, name, &error))
        g_warning ("%s", error->message);
    }
}
