/* sb-remove.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Deletes one resource, whatever state it is in, and asks the service whether it is there.
 */

#include "config.h"

#include "workshop/sb-remove.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-waiter.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

/* Attempts at what somebody else keeps changing: S3 and IAM take a while to agree with themselves,
 * and an endpoint may be changed between the question and the deletion. */
#define MAX_ATTEMPTS 6
#define FIRST_PAUSE  0.2

typedef struct
{
  const char *service;
  const char *member;
  const char *describe;
  const char *status; /* member of the answer, or NULL */
  const char *delete; /* NULL for what cannot be deleted */
} Row;

static const Row rows[SB_N_RESOURCE_KINDS] = {
  [SB_RESOURCE_ENDPOINT] = { "sagemaker",
                             "EndpointName",
                             "DescribeEndpoint",
                             "EndpointStatus",
                             "DeleteEndpoint" },
  [SB_RESOURCE_ENDPOINT_CONFIG] = { "sagemaker",
                                    "EndpointConfigName",
                                    "DescribeEndpointConfig",
                                    NULL,
                                    "DeleteEndpointConfig" },
  [SB_RESOURCE_MODEL] = { "sagemaker", "ModelName", "DescribeModel", NULL, "DeleteModel" },
  [SB_RESOURCE_TRAINING_JOB] = { "sagemaker",
                                 "TrainingJobName",
                                 "DescribeTrainingJob",
                                 "TrainingJobStatus",
                                 NULL },
  [SB_RESOURCE_NOTEBOOK] = { "sagemaker",
                             "NotebookInstanceName",
                             "DescribeNotebookInstance",
                             "NotebookInstanceStatus",
                             "DeleteNotebookInstance" },
  [SB_RESOURCE_ROLE] = { "iam", "RoleName", "GetRole", NULL, "DeleteRole" },
  [SB_RESOURCE_BUCKET] = { "s3", "Bucket", "HeadBucket", NULL, "DeleteBucket" },
};

/* What is to be waited for before a resource in some state can be deleted, and what has to be
 * called for it to come. */
static const struct
{
  SbResourceKind kind;
  const char *status;
  const char *call;
  const char *waiter;
} transitions[] = {
  { SB_RESOURCE_ENDPOINT, "Creating", NULL, "endpoint_in_service" },
  { SB_RESOURCE_ENDPOINT, "Updating", NULL, "endpoint_in_service" },
  { SB_RESOURCE_ENDPOINT, "SystemUpdating", NULL, "endpoint_in_service" },
  { SB_RESOURCE_ENDPOINT, "RollingBack", NULL, "endpoint_in_service" },
  { SB_RESOURCE_ENDPOINT, "Deleting", NULL, "endpoint_deleted" },
  { SB_RESOURCE_TRAINING_JOB,
    "InProgress",
    "StopTrainingJob",
    "training_job_completed_or_stopped" },
  { SB_RESOURCE_TRAINING_JOB, "Stopping", NULL, "training_job_completed_or_stopped" },
  { SB_RESOURCE_NOTEBOOK, "Pending", NULL, "notebook_instance_in_service" },
  { SB_RESOURCE_NOTEBOOK, "InService", "StopNotebookInstance", "notebook_instance_stopped" },
  { SB_RESOURCE_NOTEBOOK, "Stopping", NULL, "notebook_instance_stopped" },
  { SB_RESOURCE_NOTEBOOK, "Updating", NULL, "notebook_instance_stopped" },
  { SB_RESOURCE_NOTEBOOK, "Deleting", NULL, "notebook_instance_deleted" },
};

typedef struct
{
  SbClient *client;
  GCancellable *cancellable;
  SbResourceKind kind;
  const char *name;
  const Row *row;
  JsonObject *input;
} Target;

/**
 * sb_remove_is_gone:
 * @error: what a call was answered with
 *
 * SageMaker answers a question about what does not exist with a ValidationException.
 *
 * Returns: whether it says that what the call was about does not exist
 */
gboolean
sb_remove_is_gone (const GError *error)
{
  static const char *const texts[] = { "Could not find",
                                       "RecordNotFound",
                                       "Requested resource not found" };

  if (g_error_matches (error, SB_ERROR, SB_ERROR_NOT_FOUND))
    return TRUE;
  for (guint i = 0; error->domain == SB_ERROR && i < G_N_ELEMENTS (texts); i++)
    if (strstr (error->message, texts[i]) != NULL)
      return TRUE;
  return FALSE;
}

/**
 * sb_remove_get_status:
 * @kind: a kind
 * @description: what the service says of a resource of that kind
 *
 * Returns: (transfer none) (nullable): its status, such as `InService`
 */
const char *
sb_remove_get_status (SbResourceKind kind, JsonObject *description)
{
  const char *member = rows[kind].status;

  return member != NULL ? sb_json_get_string (description, member, NULL) : NULL;
}

static JsonObject *
call (Target *self, const char *operation, GError **error)
{
  return sb_client_call (
      self->client, self->row->service, operation, self->input, self->cancellable, error);
}

/* Returns: whether the answer was that it is done, or that there is nothing to do it to */
static gboolean
call_or_gone (Target *self, const char *operation, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonObject) answer = call (self, operation, &local);

  if (answer != NULL || sb_remove_is_gone (local))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
pause_for (double seconds, GCancellable *cancellable)
{
  GPollFD fd;
  gboolean pollable = g_cancellable_make_pollfd (cancellable, &fd);

  g_poll (pollable ? &fd : NULL, pollable ? 1 : 0, (int) (seconds * 1000));
  if (pollable)
    g_cancellable_release_fd (cancellable);
  return !g_cancellable_is_cancelled (cancellable);
}

static SbPresence
ask (Target *self, JsonObject **description, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonObject) answer = call (self, self->row->describe, &local);
  const char *status;

  if (answer == NULL && sb_remove_is_gone (local))
    return SB_PRESENCE_GONE;
  if (answer == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return SB_PRESENCE_UNKNOWN;
    }
  status = sb_remove_get_status (self->kind, answer);
  if (self->kind == SB_RESOURCE_TRAINING_JOB && g_strcmp0 (status, "InProgress") != 0 &&
      g_strcmp0 (status, "Stopping") != 0)
    return SB_PRESENCE_GONE;
  *description = g_steal_pointer (&answer);
  return SB_PRESENCE_THERE;
}

/* Brings it into a state in which it can be deleted. What has failed on the way there can be. */
static gboolean
settle (Target *self, const char *status, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (transitions); i++)
    {
      g_autoptr (JsonObject) last = NULL;
      g_autoptr (GError) local = NULL;

      if (transitions[i].kind != self->kind || g_strcmp0 (transitions[i].status, status) != 0)
        continue;
      if (transitions[i].call != NULL && !call_or_gone (self, transitions[i].call, error))
        return FALSE;
      last = sb_waiter_wait (
          self->client, transitions[i].waiter, self->input, NULL, NULL, self->cancellable, &local);
      if (last != NULL || g_error_matches (local, SB_ERROR, SB_ERROR_JOB) ||
          sb_remove_is_gone (local))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  return TRUE;
}

static gboolean
take_policies_off (Target *self,
                   const char *list,
                   const char *items,
                   const char *take_off,
                   const char *member,
                   GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonObject) answer = call (self, list, &local);
  JsonArray *policies = answer != NULL ? sb_json_get_array (answer, items) : NULL;

  if (answer == NULL && !sb_remove_is_gone (local))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  for (guint i = 0; policies != NULL && i < json_array_get_length (policies); i++)
    {
      JsonNode *node = json_array_get_element (policies, i);
      const char *policy = JSON_NODE_HOLDS_OBJECT (node)
                               ? sb_json_get_string (json_node_get_object (node), member, "")
                               : json_node_get_string (node);
      g_autoptr (JsonObject) input =
          sb_json_object_new ("RoleName", "s", self->name, member, "s", policy, NULL);
      Target one = *self;

      one.input = input;
      if (!call_or_gone (&one, take_off, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
prepare (Target *self, GError **error)
{
  g_autoptr (JsonObject) description = NULL;

  if (self->kind == SB_RESOURCE_ROLE)
    return take_policies_off (self,
                              "ListAttachedRolePolicies",
                              "AttachedPolicies",
                              "DetachRolePolicy",
                              "PolicyArn",
                              error) &&
           take_policies_off (
               self, "ListRolePolicies", "PolicyNames", "DeleteRolePolicy", "PolicyName", error);
  if (self->row->status == NULL)
    return TRUE;
  switch (ask (self, &description, error))
    {
    case SB_PRESENCE_UNKNOWN:
      return FALSE;
    case SB_PRESENCE_THERE:
      return settle (self, sb_remove_get_status (self->kind, description), error);
    case SB_PRESENCE_GONE:
    default:
      return TRUE;
    }
}

/* SageMaker deletes these in the background. */
static gboolean
await_end (Target *self, GError **error)
{
  const char *waiter = self->kind == SB_RESOURCE_ENDPOINT   ? "endpoint_deleted"
                       : self->kind == SB_RESOURCE_NOTEBOOK ? "notebook_instance_deleted"
                                                            : NULL;
  g_autoptr (JsonObject) last = NULL;

  if (waiter == NULL)
    return TRUE;
  last = sb_waiter_wait (self->client, waiter, self->input, NULL, NULL, self->cancellable, error);
  return last != NULL;
}

static gboolean
attempt (Target *self, GError **error)
{
  if (!prepare (self, error))
    return FALSE;
  if (self->row->delete == NULL)
    return TRUE;
  return call_or_gone (self, self->row->delete, error) && await_end (self, error);
}

/* Whether another attempt may find things changed: whatever is busy or half known. */
static gboolean
may_pass (Target *self, const GError *error)
{
  if (error->domain != SB_ERROR)
    return FALSE;
  switch (error->code)
    {
    case SB_ERROR_CONFLICT:
    case SB_ERROR_THROTTLED:
    case SB_ERROR_SERVICE:
    case SB_ERROR_NETWORK:
      return TRUE;
    case SB_ERROR_INVALID:
      /* "Cannot … in-progress endpoint", "Status (Pending) not in …", "… training job is in
       * status …" */
      return self->row->status != NULL;
    default:
      return FALSE;
    }
}

static gboolean
is_occupied (const GError *error)
{
  return g_strcmp0 (sb_error_get_service_code (error), "BucketNotEmpty") == 0;
}

/**
 * sb_remove_resource:
 * @client: makes the calls
 * @kind: what it is
 * @name: its name; for objects the S3 URI of their prefix
 * @cancellable: (nullable): a cancellable
 * @error: why it is still there
 *
 * Deletes a resource. What is on its way somewhere is waited for first, a notebook that is in
 * service is stopped, a role's policies are taken off it. Blocks, on AWS for minutes.
 *
 * Returns: whether it is gone
 */
SbRemoval
sb_remove_resource (SbClient *client,
                    SbResourceKind kind,
                    const char *name,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (JsonObject) input = NULL;
  Target target = { client, cancellable, kind, name, &rows[kind], NULL };
  double pause = FIRST_PAUSE;

  if (kind == SB_RESOURCE_OBJECTS)
    return sb_remove_objects (client, name, cancellable, error);
  target.input = input = sb_json_object_new (target.row->member, "s", name, NULL);
  for (guint i = 1;; i++)
    {
      g_autoptr (GError) local = NULL;

      if (attempt (&target, &local))
        return SB_REMOVAL_DONE;
      if (kind == SB_RESOURCE_BUCKET && is_occupied (local))
        return SB_REMOVAL_KEPT;
      if (i == MAX_ATTEMPTS || !may_pass (&target, local) || !pause_for (pause, cancellable))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return SB_REMOVAL_FAILED;
        }
      pause *= 2;
    }
}

/**
 * sb_remove_ask:
 * @client: makes the calls
 * @kind: what it is
 * @name: its name; for objects the S3 URI of their prefix
 * @description: (out) (optional) (nullable): what the service says of it
 * @cancellable: (nullable): a cancellable
 * @error: why the service could not be asked
 *
 * Asks the service itself. Blocks.
 *
 * Returns: whether it is there
 */
SbPresence
sb_remove_ask (SbClient *client,
               SbResourceKind kind,
               const char *name,
               JsonObject **description,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (JsonObject) input = NULL;
  g_autoptr (JsonObject) answer = NULL;
  Target target = { client, cancellable, kind, name, &rows[kind], NULL };
  SbPresence presence;

  if (description != NULL)
    *description = NULL;
  if (kind == SB_RESOURCE_OBJECTS)
    return sb_remove_ask_objects (client, name, cancellable, error);
  target.input = input = sb_json_object_new (target.row->member, "s", name, NULL);
  presence = ask (&target, &answer, error);
  if (description != NULL)
    *description = g_steal_pointer (&answer);
  return presence;
}
