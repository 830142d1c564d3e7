/* sb-work-role.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Get Started: the role under which jobs, endpoints and notebooks run.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-waiter.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-account.h"
#include "workshop/sb-work.h"

static SbConnection *
get_connection (SbWork *work)
{
  return sb_client_get_connection (work->client);
}

static JsonObject *
call_iam (SbWork *work, const char *operation, JsonObject *input, GError **error)
{
  return sb_client_call (work->client, "iam", operation, input, work->cancellable, error);
}

static const char *
get_name (const char *arn)
{
  const char *slash = strrchr (arn, '/');

  return slash != NULL ? slash + 1 : arn;
}

/* Returns: whether the roles could be read; *@arn stays %NULL when SageMaker may assume none. The
 * role that the workshop makes counts before others. */
static gboolean
look_for_role (SbWork *work, char **arn, GError **error)
{
  g_autofree char *own = sb_account_make_role_name (get_connection (work));
  g_auto (GStrv) arns = sb_account_list_roles (work->client, work->cancellable, error);

  for (guint i = 0; arns != NULL && arns[i] != NULL; i++)
    if (*arn == NULL || strcmp (get_name (arns[i]), own) == 0)
      {
        g_free (*arn);
        *arn = g_strdup (arns[i]);
      }
  return arns != NULL;
}

static gboolean
put_policy (SbWork *work, const char *name, const char *bucket, GError **error)
{
  g_autofree char *policy = sb_account_make_policy (get_connection (work), bucket);
  g_autoptr (JsonObject) input = sb_json_object_new ("RoleName",
                                                     "s",
                                                     name,
                                                     "PolicyName",
                                                     "s",
                                                     SB_ACCOUNT_POLICY,
                                                     "PolicyDocument",
                                                     "s",
                                                     policy,
                                                     NULL);
  g_autoptr (JsonObject) answer = call_iam (work, "PutRolePolicy", input, error);

  return answer != NULL;
}

/* IAM tells all Regions of a new role in its own time. */
static gboolean
await_role (SbWork *work, const char *name, GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new ("RoleName", "s", name, NULL);
  g_autoptr (JsonObject) found = NULL;

  sb_work_progress (work, -1, _ ("Waiting until the role is known everywhere"));
  found = sb_waiter_wait (work->client, "role_exists", input, NULL, NULL, work->cancellable, error);
  return found != NULL;
}

static JsonObject *
make_create_input (SbWork *work, const char *name)
{
  g_autofree char *trust = sb_account_make_trust_policy ();

  return sb_json_object_new ("RoleName",
                             "s",
                             name,
                             "AssumeRolePolicyDocument",
                             "s",
                             trust,
                             "Description",
                             "s",
                             "Jobs, endpoints and notebooks of the Sagebrush workshop",
                             "Tags",
                             "a",
                             sb_work_make_tags (work),
                             NULL);
}

/* What is about to be created is in the log before it is. */
static void
tell (SbWork *work, const char *bucket)
{
  g_autofree char *text = sb_account_describe_role (get_connection (work), bucket);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GPtrArray *log = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; lines[i] != NULL; i++)
    g_ptr_array_add (log, g_strdup (lines[i]));
  sb_work_log (work, log);
}

static char *
create_role (SbWork *work, GError **error)
{
  const char *region = sb_connection_get_region (get_connection (work));
  g_autofree char *bucket = sb_work_ensure_bucket (work, error);
  g_autofree char *name = sb_account_make_role_name (get_connection (work));
  g_autoptr (JsonObject) input = make_create_input (work, name);
  g_autoptr (JsonObject) answer = NULL;
  const char *arn;

  if (bucket == NULL)
    return NULL;
  tell (work, bucket);
  if (!sb_ledger_intend (work->ledger, SB_RESOURCE_ROLE, name, work->id, region, error))
    return NULL;
  answer = call_iam (work, "CreateRole", input, error);
  if (answer == NULL)
    return NULL;
  arn = sb_json_get_string (answer, "Role.Arn", "");
  if (!sb_ledger_confirm (work->ledger, SB_RESOURCE_ROLE, name, arn, error) ||
      !put_policy (work, name, bucket, error) || !await_role (work, name, error))
    return NULL;
  return g_strdup (arn);
}

static JsonObject *
ask_for (SbWork *work, const char *name, GError **error)
{
  g_autoptr (JsonObject) input = sb_json_object_new ("RoleName", "s", name, NULL);

  return call_iam (work, "GetRole", input, error);
}

/* The workshop's own role, made if need be; its policy is that of the bucket that counts now. */
static char *
ensure_own (SbWork *work, GError **error)
{
  g_autofree char *name = sb_account_make_role_name (get_connection (work));
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonObject) answer = ask_for (work, name, &local);
  g_autofree char *bucket = NULL;

  if (answer == NULL && g_error_matches (local, SB_ERROR, SB_ERROR_NOT_FOUND))
    return create_role (work, error);
  if (answer == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  bucket = sb_work_ensure_bucket (work, error);
  if (bucket == NULL || !put_policy (work, name, bucket, error))
    return NULL;
  return g_strdup (sb_json_get_string (answer, "Role.Arn", ""));
}

/* "arn:aws:iam::123456789012:role/service-role/Name" or just "Name". */
static char *
choose (SbWork *work, const char *text, GError **error)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text));
  const char *slash = strrchr (stripped, '/');
  const char *name = slash != NULL ? slash + 1 : stripped;
  g_autoptr (JsonObject) answer = NULL;

  if (*name == '\0')
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_INVALID,
                           _ ("Name the role that is to be used, or have one created."));
      return NULL;
    }
  answer = ask_for (work, name, error);
  if (answer == NULL)
    {
      g_prefix_error (error, _ ("The role “%s” cannot be looked up: "), name);
      return NULL;
    }
  if (sb_account_may_be_assumed (sb_json_get_object (answer, "Role")))
    return g_strdup (sb_json_get_string (answer, "Role.Arn", ""));
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_INVALID,
               _ ("SageMaker may not work under the role “%s”: its trust policy does not name "
                  "sagemaker.amazonaws.com. Choose another role, or have one created."),
               name);
  return NULL;
}

/* Whether it is still there; who may not look trusts what was settled. */
static gboolean
is_there (SbWork *work, const char *arn)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (JsonObject) answer = ask_for (work, get_name (arn), &local);

  return answer != NULL || g_error_matches (local, SB_ERROR, SB_ERROR_DENIED);
}

static char *
settle (SbWork *work, char *arn, GError **error)
{
  g_autofree char *taken = arn;

  if (taken == NULL || !sb_work_settle_account (work, SB_ACCOUNT_ROLE, taken, error))
    return NULL;
  return g_steal_pointer (&taken);
}

/**
 * sb_work_find_role:
 * @work: a piece of work
 * @error: why there is none
 *
 * The role that was settled counts, else one that SageMaker may assume. Where there is none, one is
 * created with what the workshop needs and no more.
 *
 * Returns: (transfer full) (nullable): its ARN
 */
char *
sb_work_find_role (SbWork *work, GError **error)
{
  g_autofree char *own = sb_account_make_role_name (get_connection (work));
  g_autofree char *arn = sb_work_lookup_account (work, SB_ACCOUNT_ROLE);

  if (arn != NULL && is_there (work, arn))
    return g_steal_pointer (&arn);
  g_clear_pointer (&arn, g_free);
  if (!look_for_role (work, &arn, error))
    return NULL;
  /* One of ours may have been left without its policy. */
  if (arn != NULL && strcmp (get_name (arn), own) != 0)
    return settle (work, g_steal_pointer (&arn), error);
  return settle (work, arn != NULL ? ensure_own (work, error) : create_role (work, error), error);
}

JsonObject *
sb_work_role (SbWork *work, GError **error)
{
  const char *source = sb_json_get_string (work->values, "source", "automatic");
  g_autofree char *arn = NULL;

  if (strcmp (source, "create") == 0)
    arn = settle (work, ensure_own (work, error), error);
  else if (strcmp (source, "choose") == 0)
    arn = settle (work, choose (work, sb_json_get_string (work->values, "role", ""), error), error);
  else
    arn = sb_work_find_role (work, error);
  if (arn == NULL)
    return NULL;
  return sb_json_object_new ("summary", "s", get_name (arn), "role", "s", arn, NULL);
}
