/* sb-framework.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Images of TensorFlow and PyTorch, as the SageMaker Python SDK finds them: data/frameworks has the
 * versions and the accounts, and says where they are from.
 */

#include "config.h"

#include "workshop/sb-framework.h"

#include <glib/gi18n.h>
#include <string.h>

#include "sb-framework-resources.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"

#define RESOURCE "/io/github/sagebrush/Sagebrush/frameworks/frameworks.json"

static JsonObject *
get_table (void)
{
  static JsonObject *table;

  if (g_once_init_enter (&table))
    {
      g_autoptr (GError) error = NULL;
      JsonObject *loaded = sb_json_load_resource (sb_frameworks_get_resource (), RESOURCE, &error);

      /* The file is part of the program: a wrong one is a mistake in it. */
      if (loaded == NULL)
        g_error ("%s", error->message);
      g_once_init_leave (&table, loaded);
    }
  return table;
}

/* Versions have dots, so that a path of sb_json_get() does not lead to them. */
static JsonObject *
get_member (JsonObject *object, const char *name)
{
  return object != NULL && json_object_has_member (object, name)
             ? json_object_get_object_member (object, name)
             : NULL;
}

static JsonObject *
find_scope (const char *framework, const char *scope)
{
  JsonObject *frameworks = sb_json_get_object (get_table (), "Frameworks");

  return get_member (get_member (frameworks, framework), scope);
}

/* "2.0" stands for the newest of its patches. One that only the other scope has is taken as that.
 */
static const char *
complete_version (JsonObject *scope, const char *version)
{
  JsonObject *aliases = sb_json_get_object (scope, "Aliases");
  JsonObject *versions = sb_json_get_object (scope, "Versions");
  g_auto (GStrv) parts = g_strsplit (version, ".", 3);
  g_autofree char *family = NULL;

  if (json_object_has_member (versions, version))
    return version;
  if (parts[0] == NULL || parts[1] == NULL)
    return NULL;
  family = g_strconcat (parts[0], ".", parts[1], NULL);
  return json_object_has_member (aliases, family) ? json_object_get_string_member (aliases, family)
                                                  : NULL;
}

/* As the SDK tells: families of instances with such names have graphics processors. */
static const char *
find_device (const char *instance_type)
{
  const char *family = g_str_has_prefix (instance_type, "ml.") ? instance_type + 3 : instance_type;

  return *family == 'g' || *family == 'p' ? "gpu" : "cpu";
}

static char *
make_tag (JsonObject *entry, const char *version, const char *instance_type)
{
  JsonArray *pythons = sb_json_get_array (entry, "Python");
  const char *device = find_device (instance_type);
  guint n = pythons != NULL ? json_array_get_length (pythons) : 0;

  if (n == 0)
    return g_strdup_printf ("%s-%s", version, device);
  return g_strdup_printf ("%s-%s-%s",
                          version,
                          device,
                          json_array_get_string_element (pythons, n - 1));
}

static const char *
find_account (JsonObject *entry, const char *region)
{
  JsonArray *registries = sb_json_get_array (get_table (), "Registries");
  guint index = (guint) sb_json_get_int (entry, "Registries", 0);

  return sb_json_get_string (json_array_get_object_element (registries, index), region, NULL);
}

/**
 * sb_framework_image_uri:
 * @framework: `pytorch` or `tensorflow`
 * @version: such as `2.0.1`, or `2.0` for the newest of those
 * @scope: `training` or `inference`
 * @region: such as `us-east-1`
 * @instance_type: decides on the device, such as `ml.c5.xlarge`
 * @error: %SB_ERROR_INVALID when there is no such image
 *
 * Returns: (transfer full) (nullable): the URI of SageMaker's image, for the newest Python that it
 *   has
 */
char *
sb_framework_image_uri (const char *framework,
                        const char *version,
                        const char *scope,
                        const char *region,
                        const char *instance_type,
                        GError **error)
{
  JsonObject *found = find_scope (framework, scope);
  const char *full = found != NULL ? complete_version (found, version) : NULL;
  JsonObject *entry;
  const char *account;
  g_autofree char *tag = NULL;

  if (full == NULL)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   _ ("SageMaker has no image for %s of %s %s; choose another version"),
                   scope,
                   framework,
                   version);
      return NULL;
    }
  entry = get_member (sb_json_get_object (found, "Versions"), full);
  account = find_account (entry, region);
  if (account == NULL)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   _ ("SageMaker has no image of %s in the Region %s; choose another Region"),
                   framework,
                   region);
      return NULL;
    }
  tag = make_tag (entry, full, instance_type);
  return g_strdup_printf ("%s.dkr.ecr.%s.%s/%s:%s",
                          account,
                          region,
                          sb_region_get_dns_suffix (region),
                          sb_json_get_string (found, "Repository", ""),
                          tag);
}

/**
 * sb_framework_list_versions:
 * @framework: `pytorch` or `tensorflow`
 *
 * Returns: (transfer full): versions that there are images for, the oldest first
 */
GStrv
sb_framework_list_versions (const char *framework)
{
  JsonObject *scope = find_scope (framework, "training");
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  JsonObjectIter iter;
  const char *name;

  if (scope == NULL)
    return g_strv_builder_end (names);
  json_object_iter_init_ordered (&iter, sb_json_get_object (scope, "Versions"));
  while (json_object_iter_next_ordered (&iter, &name, NULL))
    g_strv_builder_add (names, name);
  return g_strv_builder_end (names);
}

/**
 * sb_framework_dup_newest:
 * @framework: `pytorch` or `tensorflow`
 *
 * Returns: (transfer full) (nullable): the newest version that both trains and serves
 */
char *
sb_framework_dup_newest (const char *framework)
{
  g_auto (GStrv) versions = sb_framework_list_versions (framework);
  JsonObject *inference = find_scope (framework, "inference");

  for (guint i = g_strv_length (versions); i > 0; i--)
    if (complete_version (inference, versions[i - 1]) != NULL)
      return g_strdup (versions[i - 1]);
  return NULL;
}
