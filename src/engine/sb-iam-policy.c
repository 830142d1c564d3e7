/* sb-iam-policy.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A role's inline policies and its tags.
 */

#include "config.h"

#include <string.h>

#include "engine/sb-iam.h"
#include "engine/sb-resource.h"
#include "wire/sb-json.h"
#include "wire/sb-uri.h"

#define MAX_TAGS 50

static JsonObject *
load (SbEngine *engine, JsonObject *input, GError **error)
{
  return sb_iam_load_role (engine, sb_json_get_string (input, "RoleName", ""), error);
}

static JsonObject *
save (SbEngine *engine, JsonObject *role, GError **error)
{
  const char *name = sb_json_get_string (role, "RoleName", "");

  return sb_resource_save (engine, "role", name, role, error) ? json_object_new () : NULL;
}

static gboolean
policy_not_found (const char *name, GError **error)
{
  g_autofree char *message =
      g_strdup_printf ("The role policy with name %s cannot be found.", name);

  return sb_iam_fail (error, 404, "NoSuchEntity", message);
}

static JsonObject *
put_role_policy (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *text = sb_json_get_string (input, "PolicyDocument", "");
  g_autoptr (JsonObject) policy = sb_json_parse_object (text, -1, NULL);
  g_autoptr (JsonObject) role = load (engine, input, error);

  if (role == NULL)
    return NULL;
  if (policy == NULL || !json_object_has_member (policy, "Statement"))
    {
      sb_iam_fail (error, 400, "MalformedPolicyDocument", "Syntax errors in policy.");
      return NULL;
    }
  if (sb_json_get_object (role, "_inline") == NULL)
    json_object_set_object_member (role, "_inline", json_object_new ());
  json_object_set_string_member (sb_json_get_object (role, "_inline"),
                                 sb_json_get_string (input, "PolicyName", ""),
                                 text);
  return save (engine, role, error);
}

static JsonObject *
get_role_policy (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "PolicyName", "");
  g_autoptr (JsonObject) role = load (engine, input, error);
  JsonObject *policies = role != NULL ? sb_json_get_object (role, "_inline") : NULL;
  g_autofree char *encoded = NULL;

  if (role == NULL)
    return NULL;
  if (policies == NULL || !json_object_has_member (policies, name))
    {
      policy_not_found (name, error);
      return NULL;
    }
  encoded = sb_uri_encode (json_object_get_string_member (policies, name), -1, FALSE);
  return sb_json_object_new ("RoleName",
                             "s",
                             sb_json_get_string (role, "RoleName", ""),
                             "PolicyName",
                             "s",
                             name,
                             "PolicyDocument",
                             "s",
                             encoded,
                             NULL);
}

static JsonObject *
delete_role_policy (SbEngine *engine, JsonObject *input, GError **error)
{
  const char *name = sb_json_get_string (input, "PolicyName", "");
  g_autoptr (JsonObject) role = load (engine, input, error);
  JsonObject *policies = role != NULL ? sb_json_get_object (role, "_inline") : NULL;

  if (role == NULL)
    return NULL;
  if (policies == NULL || !json_object_has_member (policies, name))
    {
      policy_not_found (name, error);
      return NULL;
    }
  json_object_remove_member (policies, name);
  return save (engine, role, error);
}

/* A page of objects, as one of the plain names that IAM lists policies by. */
static JsonObject *
to_names (JsonObject *answer, const char *member, const char *name_member)
{
  JsonArray *items = sb_json_get_array (answer, member);
  JsonArray *names = json_array_new ();

  for (guint i = 0; i < json_array_get_length (items); i++)
    json_array_add_string_element (
        names, sb_json_get_string (json_array_get_object_element (items, i), name_member, ""));
  json_object_set_array_member (answer, member, names);
  return answer;
}

static JsonObject *
list_role_policies (SbEngine *engine, JsonObject *input, GError **error)
{
  g_autoptr (JsonObject) role = load (engine, input, error);
  JsonObject *policies = role != NULL ? sb_json_get_object (role, "_inline") : NULL;
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  g_autoptr (GList) names = policies != NULL ? json_object_get_members (policies) : NULL;

  if (role == NULL)
    return NULL;
  for (GList *l = names; l != NULL; l = l->next)
    g_ptr_array_add (all, sb_json_object_new ("PolicyName", "s", l->data, NULL));
  return to_names (sb_iam_make_page (input, all, "PolicyNames", "PolicyName"),
                   "PolicyNames",
                   "PolicyName");
}

/* Keeps the tags whose keys @drop does not name; equal keys are overwritten. */
static JsonArray *
merge_tags (JsonArray *old, JsonArray *added, JsonArray *drop)
{
  JsonArray *tags = json_array_new ();

  for (guint i = 0; old != NULL && i < json_array_get_length (old); i++)
    {
      JsonObject *tag = json_array_get_object_element (old, i);
      const char *key = sb_json_get_string (tag, "Key", "");
      gboolean kept = TRUE;

      for (guint j = 0; drop != NULL && j < json_array_get_length (drop); j++)
        kept = kept && strcmp (json_array_get_string_element (drop, j), key) != 0;
      for (guint j = 0; added != NULL && j < json_array_get_length (added); j++)
        kept = kept &&
               strcmp (sb_json_get_string (json_array_get_object_element (added, j), "Key", ""),
                       key) != 0;
      if (kept)
        json_array_add_object_element (tags, json_object_ref (tag));
    }
  for (guint j = 0; added != NULL && j < json_array_get_length (added); j++)
    json_array_add_object_element (tags,
                                   json_object_ref (json_array_get_object_element (added, j)));
  return tags;
}

static JsonObject *
tag_role (SbEngine *engine, JsonObject *input, GError **error)
{
  g_autoptr (JsonObject) role = load (engine, input, error);
  JsonArray *tags;

  if (role == NULL)
    return NULL;
  tags = merge_tags (sb_json_get_array (role, "Tags"), sb_json_get_array (input, "Tags"), NULL);
  json_object_set_array_member (role, "Tags", tags);
  if (json_array_get_length (tags) <= MAX_TAGS)
    return save (engine, role, error);
  sb_iam_fail (error,
               409,
               "LimitExceeded",
               "The number of tags has reached the maximum limit of 50.");
  return NULL;
}

static JsonObject *
untag_role (SbEngine *engine, JsonObject *input, GError **error)
{
  g_autoptr (JsonObject) role = load (engine, input, error);

  if (role == NULL)
    return NULL;
  json_object_set_array_member (role,
                                "Tags",
                                merge_tags (sb_json_get_array (role, "Tags"),
                                            NULL,
                                            sb_json_get_array (input, "TagKeys")));
  return save (engine, role, error);
}

static JsonObject *
list_role_tags (SbEngine *engine, JsonObject *input, GError **error)
{
  g_autoptr (JsonObject) role = load (engine, input, error);
  JsonArray *tags = role != NULL ? sb_json_get_array (role, "Tags") : NULL;
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);

  if (role == NULL)
    return NULL;
  for (guint i = 0; tags != NULL && i < json_array_get_length (tags); i++)
    g_ptr_array_add (all, json_object_ref (json_array_get_object_element (tags, i)));
  return sb_iam_make_page (input, all, "Tags", "Key");
}

static const SbOperation operations[] = {
  { "PutRolePolicy", put_role_policy, TRUE },
  { "GetRolePolicy", get_role_policy, FALSE },
  { "DeleteRolePolicy", delete_role_policy, TRUE },
  { "ListRolePolicies", list_role_policies, FALSE },
  { "TagRole", tag_role, TRUE },
  { "UntagRole", untag_role, TRUE },
  { "ListRoleTags", list_role_tags, FALSE },
  { NULL },
};

/**
 * sb_add_iam_policy_operations:
 * @engine: an engine
 */
void
sb_add_iam_policy_operations (SbEngine *engine)
{
  sb_engine_add_operations (engine, "iam", operations);
}
