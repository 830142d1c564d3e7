/* sb-host-folder.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/script/sb-host-folder.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "algorithms/contract/sb-contract.h"
#include "formats/sb-folder.h"
#include "wire/sb-json.h"

#define HOSTS "hosts"

/**
 * sb_host_folder_get:
 * @folder: the job's folder
 * @hosts: names of its hosts
 * @index: one of them
 *
 * Returns: (transfer full): what is /opt/ml to that host
 */
char *
sb_host_folder_get (const char *folder, JsonArray *hosts, guint index)
{
  if (json_array_get_length (hosts) == 1)
    return g_strdup (folder);
  return g_build_filename (folder, HOSTS, json_array_get_string_element (hosts, index), NULL);
}

static gboolean
check (int result, const char *path, GError **error)
{
  int code = errno;

  if (result != 0)
    g_set_error (error,
                 G_FILE_ERROR,
                 g_file_error_from_errno (code),
                 "The host’s folder cannot be made: “%s”: %s",
                 path,
                 g_strerror (code));
  return result == 0;
}

static gboolean
make_folder (const char *path, GError **error)
{
  return check (g_mkdir_with_parents (path, 0700), path, error);
}

/* @part is one thing to all hosts. */
static gboolean
share (const char *folder, const char *own, const char *part, GError **error)
{
  g_autofree char *target = g_build_filename (folder, part, NULL);
  g_autofree char *link = g_build_filename (own, part, NULL);
  g_autofree char *parent = g_path_get_dirname (link);

  return make_folder (parent, error) && check (symlink (target, link), link, error);
}

/* Of a channel that is ShardedByS3Key a host has every so many-th file. */
static gboolean
link_shard (const char *folder,
            const char *own,
            const char *channel,
            guint index,
            guint count,
            GError **error)
{
  g_autofree char *prefix = g_build_filename (folder, "input", "data", channel, "", NULL);
  g_autoptr (GPtrArray) files = sb_contract_list_channel (channel, error);

  for (guint i = 0; files != NULL && i < files->len; i++)
    {
      const char *path = files->pdata[i];
      g_autofree char *link = NULL;
      g_autofree char *parent = NULL;

      if (i % count != index)
        continue;
      link = g_build_filename (own, "input", "data", channel, path + strlen (prefix), NULL);
      parent = g_path_get_dirname (link);
      if (!make_folder (parent, error) || !check (symlink (path, link), link, error))
        return FALSE;
    }
  return files != NULL;
}

static gboolean
make_channels (const char *folder, const char *own, guint index, guint count, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "input", "data", NULL);
  g_autofree char *data = g_build_filename (own, "input", "data", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, error);
  const char *name;

  if (dir == NULL || !make_folder (data, error))
    return FALSE;
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *part = g_build_filename ("input", "data", name, NULL);

      if (sb_contract_is_sharded (name) ? !link_shard (folder, own, name, index, count, error)
                                        : !share (folder, own, part, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
save_resources (const char *own, JsonObject *resources, const char *host, GError **error)
{
  g_autoptr (JsonObject) copy = sb_json_copy (resources);
  g_autofree char *path = g_build_filename (own, "input", "config", "resourceconfig.json", NULL);

  json_object_set_string_member (copy, "current_host", host);
  return sb_json_save_file (copy, path, error);
}

/* The first host writes into the job's own folders: what it leaves is there even if it is killed.
 */
static gboolean
make_output (const char *folder, const char *own, guint index, GError **error)
{
  static const char *const parts[] = { "model", "output" };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *path = g_build_filename (own, parts[i], NULL);

      if (index == 0 ? !share (folder, own, parts[i], error) : !make_folder (path, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
make_host (const char *folder, JsonObject *resources, JsonArray *hosts, guint index, GError **error)
{
  static const char *const shared[] = { "input/config/hyperparameters.json",
                                        "input/config/inputdataconfig.json",
                                        "checkpoints" };
  const char *name = json_array_get_string_element (hosts, index);
  g_autofree char *own = sb_host_folder_get (folder, hosts, index);
  g_autofree char *data = g_build_filename (own, "output", "data", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (shared); i++)
    if (!share (folder, own, shared[i], error))
      return FALSE;
  return save_resources (own, resources, name, error) &&
         make_channels (folder, own, index, json_array_get_length (hosts), error) &&
         make_output (folder, own, index, error) && make_folder (data, error);
}

/**
 * sb_host_folders_make:
 * @folder: the job's folder, with all that is in it
 * @hosts: names of its hosts
 * @error: why they cannot be made
 *
 * What an attempt before has left of them is removed.
 *
 * Returns: whether every host has its folder
 */
gboolean
sb_host_folders_make (const char *folder, JsonArray *hosts, GError **error)
{
  g_autofree char *path = g_build_filename (folder, HOSTS, NULL);
  g_autofree char *config =
      g_build_filename (folder, "input", "config", "resourceconfig.json", NULL);
  g_autoptr (JsonObject) resources = sb_json_load_file (config, error);

  sb_folder_remove (path);
  if (resources == NULL)
    return FALSE;
  if (json_array_get_length (hosts) == 1)
    return TRUE;
  for (guint i = 0; i < json_array_get_length (hosts); i++)
    if (!make_host (folder, resources, hosts, i, error))
      return FALSE;
  return TRUE;
}

/* Files that are there already stay: those of the first host count. */
static void
merge (const char *from, const char *to)
{
  g_autoptr (GDir) dir = g_dir_open (from, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *source = g_build_filename (from, name, NULL);
      g_autofree char *target = g_build_filename (to, name, NULL);

      if (!g_file_test (target, G_FILE_TEST_EXISTS))
        {
          if (g_rename (source, target) != 0)
            sb_contract_say ("%s cannot be kept: %s", source, g_strerror (errno));
        }
      else if (g_file_test (source, G_FILE_TEST_IS_DIR) && g_file_test (target, G_FILE_TEST_IS_DIR))
        merge (source, target);
    }
}

/**
 * sb_host_folders_merge:
 * @folder: the job's folder
 * @hosts: names of its hosts, which have ended
 *
 * Brings together what they leave as model and as output.
 */
void
sb_host_folders_merge (const char *folder, JsonArray *hosts)
{
  static const char *const parts[] = { "model", "output/data" };

  for (guint i = 1; i < json_array_get_length (hosts); i++)
    for (guint k = 0; k < G_N_ELEMENTS (parts); k++)
      {
        g_autofree char *own = sb_host_folder_get (folder, hosts, i);
        g_autofree char *from = g_build_filename (own, parts[k], NULL);
        g_autofree char *to = g_build_filename (folder, parts[k], NULL);

        merge (from, to);
      }
}
