/* sb-iam.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-iam.h"

#include <string.h>

#include "engine/sb-resource.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"
#include "wire/sb-uri.h"

#define TRUST_POLICY                                                                               \
  "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":"   \
  "\"sagemaker.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}"
#define MAX_ITEMS 100

/**
 * sb_iam_fail:
 * @error: where it goes
 * @status: HTTP status
 * @code: IAM's code
 * @message: its sentence
 *
 * Returns: %FALSE
 */
gboolean
sb_iam_fail (GError **error, guint status, const char *code, const char *message)
{
  g_propagate_error (error, sb_error_new_service (status, code, message, NULL));
  return FALSE;
}

static char *
role_arn (SbEngine *engine, const char *path, const char *name)
{
  g_autofree char *resource = g_strconcat ("role", path, name, NULL);

  return sb_arn_new (
      sb_region_get_partition (engine->region), "iam", "", SB_ENGINE_ACCOUNT, resource);
}

static char *
format_time (double time)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc ((gint64) time);

  return g_date_time_format (date, "%Y-%m-%dT%H:%M:%SZ");
}

static char *
make_role_id (void)
{
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, uuid, -1);
  g_autofree char *upper = g_ascii_strup (sum, 17);

  return g_strconcat ("AROA", upper, NULL);
}

static JsonObject *
make_role (SbEngine *engine, JsonObject *input)
{
  const char *path = sb_json_get_string (input, "Path", "/");
  const char *name = sb_json_get_string (input, "RoleName", "");
  g_autofree char *arn = role_arn (engine, path, name);
  g_autofree char *id = make_role_id ();
  g_autofree char *created = format_time (sb_engine_now ());
  JsonObject *role =
      sb_json_object_new ("Path",
                          "s",
                          path,
                          "RoleName",
                          "s",
                          name,
                          "RoleId",
                          "s",
                          id,
                          "Arn",
                          "s",
                          arn,
                          "CreateDate",
                          "s",
                          created,
                          "AssumeRolePolicyDocument",
                          "s",
                          sb_json_get_string (input, "AssumeRolePolicyDocument", NULL),
                          "Description",
                          "s",
                          sb_json_get_string (input, "Description", NULL),
                          "MaxSessionDuration",
                          "i",
                          sb_json_get_int (input, "MaxSessionDuration", 3600),
                          NULL);
  JsonArray *tags = sb_json_get_array (input, "Tags");

  if (tags != NULL)
    json_object_set_array_member (role, "Tags", json_array_ref (tags));
  json_object_set_array_member (role, "_policies", json_array_new ());
  return role;
}

/* What the answer shows: the policy document encoded as IAM does. */
static JsonObject *
show_role (JsonObject *role)
{
  JsonObject *shown = sb_resource_to_answer (sb_json_copy (role));
  const char *policy = sb_json_get_string (shown, "AssumeRolePolicyDocument", NULL);
  g_autofree char *encoded = policy != NULL ? sb_uri_encode (policy, -1, FALSE) : NULL;

  if (encoded != NULL)
    json_object_set_string_member (shown, "AssumeRolePolicyDocument", encoded);
  return shown;
}

/**
 * sb_iam_load_role:
 * @engine: an engine
 * @name: name of a role
 * @error: NoSuchEntity
 *
 * Returns: (transfer full) (nullable): its document
 */
JsonObject *
sb_iam_load_role (SbEngine *engine, const char *name, GError **error)
{
  JsonObject *role = sb_resource_load (engine, "role", name);
  g_autofree char *message = NULL;

  if (role != NULL)
    return role;
  message = g_strdup_printf ("The role with name %s cannot be found.", name);
  sb_iam_fail (error, 404, "NoSuchEntity", message);
  return NULL;
}

static JsonObject *
create_role (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "RoleName", "");
  g_autoptr (JsonObject) existing = sb_resource_load (engine, "role", name);
  g_autoptr (JsonObject) policy =
      sb_json_parse_object (sb_json_get_string (input, "AssumeRolePolicyDocument", ""), -1, NULL);
  g_autoptr (JsonObject) role = NULL;
  g_autofree char *message = NULL;

  if (existing != NULL)
    {
      message = g_strdup_printf ("Role with name %s already exists.", name);
      sb_iam_fail (error, 409, "EntityAlreadyExists", message);
      return NULL;
    }
  if (policy == NULL || !json_object_has_member (policy, "Statement"))
    {
      sb_iam_fail (error, 400, "MalformedPolicyDocument", "This policy contains invalid Json");
      return NULL;
    }
  role = make_role (engine, input);
  if (!sb_resource_save (engine, "role", name, role, error))
    return NULL;
  return sb_json_object_new ("Role", "o", show_role (role), NULL);
}

static JsonObject *
get_role (SbEngine *engine, JsonObject *input, GError **error)
{
  g_autoptr (JsonObject) role =
      sb_iam_load_role (engine, sb_json_get_string (input, "RoleName", ""), error);

  if (role == NULL)
    return NULL;
  return sb_json_object_new ("Role", "o", show_role (role), NULL);
}

static int
compare_names (gconstpointer a, gconstpointer b, gpointer member)
{
  return strcmp (sb_json_get_string (*(JsonObject *const *) a, member, ""),
                 sb_json_get_string (*(JsonObject *const *) b, member, ""));
}

/**
 * sb_iam_make_page:
 * @input: a List call; its `Marker` names the last item of the page before
 * @all: (element-type JsonObject): everything there is; it is sorted
 * @member: such as `Roles`
 * @name_member: such as `RoleName`
 *
 * Returns: (transfer full): the answer, with `IsTruncated` and, when there is more, `Marker`
 */
JsonObject *
sb_iam_make_page (JsonObject *input, GPtrArray *all, const char *member, const char *name_member)
{
  const char *marker = sb_json_get_string (input, "Marker", "");
  gint64 max = sb_json_get_int (input, "MaxItems", MAX_ITEMS);
  JsonArray *page = json_array_new ();
  JsonObject *answer = json_object_new ();
  const char *last = NULL;
  gboolean more = FALSE;

  g_ptr_array_sort_with_data (all, compare_names, (gpointer) name_member);
  for (guint i = 0; i < all->len; i++)
    {
      const char *name = sb_json_get_string (all->pdata[i], name_member, "");

      if (strcmp (name, marker) <= 0)
        continue;
      if ((gint64) json_array_get_length (page) == max)
        {
          more = TRUE;
          break;
        }
      json_array_add_object_element (page, json_object_ref (all->pdata[i]));
      last = name;
    }
  json_object_set_array_member (answer, member, page);
  json_object_set_boolean_member (answer, "IsTruncated", more);
  if (more && last != NULL)
    json_object_set_string_member (answer, "Marker", last);
  return answer;
}

static JsonObject *
list_roles (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *prefix = sb_json_get_string (input, "PathPrefix", "/");
  g_autoptr (GPtrArray) all = sb_resource_load_all (engine, "role");
  g_autoptr (GPtrArray) shown = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);

  for (guint i = 0; i < all->len; i++)
    if (g_str_has_prefix (sb_json_get_string (all->pdata[i], "Path", "/"), prefix))
      {
        JsonObject *role = show_role (all->pdata[i]);

        json_object_remove_member (role, "Tags");
        g_ptr_array_add (shown, role);
      }
  return sb_iam_make_page (input, shown, "Roles", "RoleName");
}

static JsonObject *
delete_role (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "RoleName", "");
  g_autoptr (JsonObject) role = sb_iam_load_role (engine, name, error);
  JsonObject *inline_policies;

  if (role == NULL)
    return NULL;
  if (strcmp (name, SB_ENGINE_ROLE) == 0)
    {
      sb_iam_fail (error,
                   400,
                   "UnmodifiableEntity",
                   "The local engine's own role cannot be deleted.");
      return NULL;
    }
  if (json_array_get_length (sb_json_get_array (role, "_policies")) > 0)
    {
      sb_iam_fail (error,
                   409,
                   "DeleteConflict",
                   "Cannot delete entity, must detach all policies first.");
      return NULL;
    }
  inline_policies = sb_json_get_object (role, "_inline");
  if (inline_policies != NULL && json_object_get_size (inline_policies) > 0)
    {
      sb_iam_fail (error,
                   409,
                   "DeleteConflict",
                   "Cannot delete entity, must delete policies first.");
      return NULL;
    }
  if (!sb_resource_delete (engine, "role", name, error))
    return NULL;
  return json_object_new ();
}

static int
find_policy (JsonArray *policies, const char *arn)
{
  for (guint i = 0; i < json_array_get_length (policies); i++)
    if (strcmp (json_array_get_string_element (policies, i), arn) == 0)
      return (int) i;
  return -1;
}

/* Policies of one's own are none of what the engine keeps: only those that AWS manages exist. */
static gboolean
check_policy_arn (const char *arn, GError **error)
{
  g_autofree char *message = NULL;

  if (strstr (arn, ":iam::aws:policy/") != NULL)
    return TRUE;
  message = g_strdup_printf ("Policy %s does not exist or is not attachable.", arn);
  return sb_iam_fail (error, 404, "NoSuchEntity", message);
}

static JsonObject *
attach_role_policy (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "RoleName", "");
  const char *arn = sb_json_get_string (input, "PolicyArn", "");
  g_autoptr (JsonObject) role = sb_iam_load_role (engine, name, error);
  JsonArray *policies;

  if (role == NULL || !check_policy_arn (arn, error))
    return NULL;
  policies = sb_json_get_array (role, "_policies");
  if (find_policy (policies, arn) < 0)
    json_array_add_string_element (policies, arn);
  if (!sb_resource_save (engine, "role", name, role, error))
    return NULL;
  return json_object_new ();
}

static JsonObject *
detach_role_policy (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "RoleName", "");
  const char *arn = sb_json_get_string (input, "PolicyArn", "");
  g_autoptr (JsonObject) role = sb_iam_load_role (engine, name, error);
  int index;

  if (role == NULL)
    return NULL;
  index = find_policy (sb_json_get_array (role, "_policies"), arn);
  if (index < 0)
    {
      g_autofree char *message = g_strdup_printf ("Policy %s was not found.", arn);

      sb_iam_fail (error, 404, "NoSuchEntity", message);
      return NULL;
    }
  json_array_remove_element (sb_json_get_array (role, "_policies"), (guint) index);
  if (!sb_resource_save (engine, "role", name, role, error))
    return NULL;
  return json_object_new ();
}

static JsonObject *
list_attached_role_policies (SbEngine *engine, JsonObject *input, GError **error)
{
  g_autoptr (JsonObject) role =
      sb_iam_load_role (engine, sb_json_get_string (input, "RoleName", ""), error);
  g_autoptr (GPtrArray) shown = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  JsonArray *policies;

  if (role == NULL)
    return NULL;
  policies = sb_json_get_array (role, "_policies");
  for (guint i = 0; i < json_array_get_length (policies); i++)
    {
      const char *arn = json_array_get_string_element (policies, i);
      const char *slash = strrchr (arn, '/');

      g_ptr_array_add (
          shown,
          sb_json_object_new (
              "PolicyName", "s", slash != NULL ? slash + 1 : arn, "PolicyArn", "s", arn, NULL));
    }
  return sb_iam_make_page (input, shown, "AttachedPolicies", "PolicyName");
}

static const SbOperation operations[] = {
  { "CreateRole", create_role, FALSE },
  { "GetRole", get_role, FALSE },
  { "ListRoles", list_roles, FALSE },
  { "DeleteRole", delete_role, TRUE },
  { "AttachRolePolicy", attach_role_policy, TRUE },
  { "DetachRolePolicy", detach_role_policy, TRUE },
  { "ListAttachedRolePolicies", list_attached_role_policies, FALSE },
  { NULL },
};

/**
 * sb_role_is_assumable:
 * @engine: an engine
 * @arn: ARN of a role
 * @error: ValidationException
 *
 * Returns: whether the role exists and lets SageMaker assume it
 */
gboolean
sb_role_is_assumable (SbEngine *engine, const char *arn, GError **error)
{
  g_autoptr (GPtrArray) all = sb_resource_load_all (engine, "role");

  for (guint i = 0; i < all->len; i++)
    {
      const char *policy = sb_json_get_string (all->pdata[i], "AssumeRolePolicyDocument", "");

      if (strcmp (sb_json_get_string (all->pdata[i], "Arn", ""), arn) == 0 &&
          strstr (policy, "sagemaker.amazonaws.com") != NULL)
        return TRUE;
    }
  return sb_resource_fail (error,
                           "ValidationException",
                           "Could not assume role %s. Please ensure that the role exists and "
                           "allows principal 'sagemaker.amazonaws.com' to assume the role.",
                           arn);
}

/* Jobs need a role, as on AWS; here one is always at hand. */
static void
make_own_role (SbEngine *engine)
{
  g_autoptr (JsonObject) existing = sb_resource_load (engine, "role", SB_ENGINE_ROLE);
  g_autoptr (JsonObject) input = NULL;
  g_autoptr (JsonObject) role = NULL;
  g_autoptr (GError) error = NULL;

  /* An account that is new has none. */
  if (existing != NULL || g_strcmp0 (g_getenv ("SAGEBRUSH_ENGINE_ROLE"), "none") == 0)
    return;
  input = sb_json_object_new ("RoleName",
                              "s",
                              SB_ENGINE_ROLE,
                              "AssumeRolePolicyDocument",
                              "s",
                              TRUST_POLICY,
                              "Description",
                              "s",
                              "The role of jobs and endpoints on this computer",
                              NULL);
  role = make_role (engine, input);
  if (!sb_resource_save (engine, "role", SB_ENGINE_ROLE, role, &error))
    g_warning ("%s", error->message);
}

/**
 * sb_add_iam_operations:
 * @engine: an engine
 */
void
sb_add_iam_operations (SbEngine *engine)
{
  make_own_role (engine);
  sb_engine_add_operations (engine, "iam", operations);
  sb_add_iam_policy_operations (engine);
}
