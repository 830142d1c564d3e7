/* sb-work-clean-up.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Clean Up: delete what the run has created, in order, and ask again.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-waiter.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-uri.h"
#include "workshop/sb-work.h"

#define MAX_DELETE 1000

static const struct
{
  SbResourceKind kind;
  const char *member;
  const char *operation;
  const char *describe;
} calls[] = {
  { SB_RESOURCE_ENDPOINT, "EndpointName", "DeleteEndpoint", "DescribeEndpoint" },
  { SB_RESOURCE_ENDPOINT_CONFIG,
    "EndpointConfigName",
    "DeleteEndpointConfig",
    "DescribeEndpointConfig" },
  { SB_RESOURCE_MODEL, "ModelName", "DeleteModel", "DescribeModel" },
};

/* SageMaker answers a question about what does not exist with a ValidationException. */
static gboolean
is_gone (const GError *error)
{
  return g_error_matches (error, SB_ERROR, SB_ERROR_NOT_FOUND) ||
         (error->domain == SB_ERROR && strstr (error->message, "Could not find") != NULL);
}

static gboolean
delete_named (SbWork *work, const SbResource *resource, guint call, GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new (calls[call].member, "s", resource->name, NULL);
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonObject) answer = sb_client_call (
      work->client, "sagemaker", calls[call].operation, input, work->cancellable, &local);

  if (answer == NULL && !is_gone (local))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (resource->kind == SB_RESOURCE_ENDPOINT && answer != NULL)
    {
      g_autoptr (JsonObject) last = sb_waiter_wait (
          work->client, "endpoint_deleted", input, NULL, NULL, work->cancellable, error);

      return last != NULL;
    }
  return TRUE;
}

static gboolean
stop_job (SbWork *work, const SbResource *resource, GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new ("TrainingJobName", "s", resource->name, NULL);
  g_autoptr (JsonObject) answer = sb_client_call (
      work->client, "sagemaker", "DescribeTrainingJob", input, work->cancellable, NULL);
  const char *status = answer != NULL ? sb_json_get_string (answer, "TrainingJobStatus", "") : "";
  g_autoptr (JsonObject) stopped = NULL;

  if (strcmp (status, "InProgress") != 0)
    return TRUE;
  stopped = sb_client_call (
      work->client, "sagemaker", "StopTrainingJob", input, work->cancellable, error);
  return stopped != NULL;
}

static JsonObject *
list_objects (SbWork *work, const char *bucket, const char *prefix, GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new (
      "Bucket", "s", bucket, "Prefix", "s", prefix, "MaxKeys", "i", (gint64) MAX_DELETE, NULL);

  return sb_client_call (work->client, "s3", "ListObjectsV2", input, work->cancellable, error);
}

static gboolean
delete_page (SbWork *work, const char *bucket, JsonArray *contents, GError **error)
{
  JsonArray *objects = json_array_new ();
  g_autoptr (JsonObject) input = NULL;
  g_autoptr (JsonObject) answer = NULL;
  JsonArray *errors;

  for (guint i = 0; i < json_array_get_length (contents); i++)
    json_array_add_object_element (
        objects,
        sb_json_object_new (
            "Key",
            "s",
            sb_json_get_string (json_array_get_object_element (contents, i), "Key", ""),
            NULL));
  input =
      sb_json_object_new ("Bucket",
                          "s",
                          bucket,
                          "Delete",
                          "o",
                          sb_json_object_new ("Objects", "a", objects, "Quiet", "b", TRUE, NULL),
                          NULL);
  answer = sb_client_call (work->client, "s3", "DeleteObjects", input, work->cancellable, error);
  errors = answer != NULL ? sb_json_get_array (answer, "Errors") : NULL;
  if (errors == NULL || json_array_get_length (errors) == 0)
    return answer != NULL;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_FAILED,
               _ ("A file in S3 could not be deleted: %s"),
               sb_json_get_string (answer, "Errors.0.Message", ""));
  return FALSE;
}

static gboolean
delete_objects (SbWork *work, const char *uri, GError **error)
{
  g_autofree char *bucket = NULL;
  g_autofree char *key = NULL;
  g_autofree char *prefix = NULL;

  if (!sb_s3_uri_parse (uri, &bucket, &key, error))
    return FALSE;
  /* The slash keeps the run's neighbours whose names begin the same. */
  prefix = g_strconcat (key, "/", NULL);
  while (TRUE)
    {
      g_autoptr (GError) local = NULL;
      g_autoptr (JsonObject) page = list_objects (work, bucket, prefix, &local);
      JsonArray *contents = page != NULL ? sb_json_get_array (page, "Contents") : NULL;

      if (page == NULL && is_gone (local))
        return TRUE;
      if (page == NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      if (contents == NULL || json_array_get_length (contents) == 0)
        return TRUE;
      if (!delete_page (work, bucket, contents, error))
        return FALSE;
    }
}

/* A bucket that holds something else, too, stays: that is none of this run's business. */
static gboolean
delete_bucket (SbWork *work, const char *name, gboolean *deleted, GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new ("Bucket", "s", name, NULL);
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonObject) answer =
      sb_client_call (work->client, "s3", "DeleteBucket", input, work->cancellable, &local);

  *deleted = answer != NULL || is_gone (local);
  if (*deleted || g_error_matches (local, SB_ERROR, SB_ERROR_CONFLICT))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
delete_one (SbWork *work, const SbResource *resource, GError **error)
{
  gboolean deleted = TRUE;
  gboolean done = TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    if (calls[i].kind == resource->kind)
      done = delete_named (work, resource, i, error);
  if (resource->kind == SB_RESOURCE_TRAINING_JOB)
    done = stop_job (work, resource, error);
  else if (resource->kind == SB_RESOURCE_OBJECTS)
    done = delete_objects (work, resource->name, error);
  else if (resource->kind == SB_RESOURCE_BUCKET)
    done = delete_bucket (work, resource->name, &deleted, error);
  if (!done)
    return FALSE;
  return !deleted || sb_ledger_mark_deleted (work->ledger, resource->kind, resource->name, error);
}

/* Asks the service itself, not the ledger. */
static gboolean
still_there (SbWork *work, const SbResource *resource)
{
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_autoptr (JsonObject) input = NULL;
      g_autoptr (JsonObject) answer = NULL;

      if (calls[i].kind != resource->kind)
        continue;
      input = sb_json_object_new (calls[i].member, "s", resource->name, NULL);
      answer = sb_client_call (
          work->client, "sagemaker", calls[i].describe, input, work->cancellable, NULL);
      return answer != NULL;
    }
  return FALSE;
}

JsonObject *
sb_work_clean_up (SbWork *work, GError **error)
{
  g_autoptr (GPtrArray) resources = sb_ledger_list (work->ledger);
  g_autofree char *summary = NULL;
  guint left = 0;

  for (guint i = 0; i < resources->len; i++)
    {
      const SbResource *resource = resources->pdata[i];
      g_autofree char *text = g_strdup_printf (_ ("Deleting %s"), resource->name);

      sb_work_progress (work, (double) i / resources->len, text);
      if (!delete_one (work, resource, error))
        return NULL;
    }
  for (guint i = 0; i < resources->len; i++)
    left += still_there (work, resources->pdata[i]) ? 1 : 0;
  if (left > 0)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_CONFLICT,
                   ngettext ("%u resource is still there; clean up again",
                             "%u resources are still there; clean up again",
                             left),
                   left);
      return NULL;
    }
  summary = g_strdup_printf (ngettext ("Nothing left; %u resource was deleted",
                                       "Nothing left; %u resources were deleted",
                                       resources->len),
                             resources->len);
  return sb_json_object_new (
      "summary", "s", summary, "deleted", "i", (gint64) resources->len, NULL);
}
