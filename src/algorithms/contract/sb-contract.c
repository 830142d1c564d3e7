/* sb-contract.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/contract/sb-contract.h"

#include <stdio.h>
#include <string.h>

#include "wire/sb-json.h"

/**
 * sb_contract_path:
 * @first: first part, such as "input"
 * @...: further parts
 *
 * Returns: (transfer full): that path below /opt/ml, or below $SM_PREFIX
 */
char *
sb_contract_path (const char *first, ...)
{
  const char *prefix = g_getenv ("SM_PREFIX");
  g_autofree char *path = g_build_filename (prefix != NULL ? prefix : "/opt/ml", first, NULL);
  const char *part;
  va_list args;

  va_start (args, first);
  while ((part = va_arg (args, const char *)) != NULL)
    {
      char *longer = g_build_filename (path, part, NULL);

      g_free (path);
      path = longer;
    }
  va_end (args);
  return g_steal_pointer (&path);
}

/**
 * sb_contract_read_hyperparameters:
 * @error: why the file cannot be read
 *
 * Returns: (transfer full) (nullable): names and values, all text
 */
JsonObject *
sb_contract_read_hyperparameters (GError **error)
{
  g_autofree char *path = sb_contract_path ("input", "config", "hyperparameters.json", NULL);

  return sb_json_load_file (path, error);
}

/**
 * sb_contract_dup_content_type:
 * @channel: a channel
 *
 * Returns: (transfer full) (nullable): its content type, without parameters
 */
char *
sb_contract_dup_content_type (const char *channel)
{
  g_autofree char *path = sb_contract_path ("input", "config", "inputdataconfig.json", NULL);
  g_autoptr (JsonObject) config = sb_json_load_file (path, NULL);
  JsonObject *entry = config != NULL ? sb_json_get_object (config, channel) : NULL;
  const char *type = entry != NULL ? sb_json_get_string (entry, "ContentType", NULL) : NULL;

  if (type == NULL || *type == '\0')
    return NULL;
  return g_strndup (type, strcspn (type, "; "));
}

/**
 * sb_contract_dup_content_parameter:
 * @channel: a channel
 * @name: of a parameter of its content type, such as `label-format`
 *
 * Returns: (transfer full) (nullable): its value
 */
char *
sb_contract_dup_content_parameter (const char *channel, const char *name)
{
  g_autofree char *path = sb_contract_path ("input", "config", "inputdataconfig.json", NULL);
  g_autoptr (JsonObject) config = sb_json_load_file (path, NULL);
  JsonObject *entry = config != NULL ? sb_json_get_object (config, channel) : NULL;
  g_auto (GStrv) parts = NULL;

  if (entry != NULL)
    parts = g_strsplit (sb_json_get_string (entry, "ContentType", ""), ";", -1);
  for (guint i = 1; parts != NULL && parts[0] != NULL && parts[i] != NULL; i++)
    {
      char *equals = strchr (g_strstrip (parts[i]), '=');

      if (equals != NULL && (gsize) (equals - parts[i]) == strlen (name) &&
          g_ascii_strncasecmp (parts[i], name, strlen (name)) == 0)
        return g_strdup (equals + 1);
    }
  return NULL;
}

/**
 * sb_contract_dup_attribute:
 * @channel: a channel that is an augmented manifest
 * @index: which of its AttributeNames
 *
 * Returns: (transfer full) (nullable): its name, if the job has so many
 */
char *
sb_contract_dup_attribute (const char *channel, guint index)
{
  g_autofree char *path = sb_contract_path ("input", "config", "inputdataconfig.json", NULL);
  g_autoptr (JsonObject) config = sb_json_load_file (path, NULL);
  JsonObject *entry = config != NULL ? sb_json_get_object (config, channel) : NULL;
  JsonArray *names = entry != NULL ? sb_json_get_array (entry, "AttributeNames") : NULL;

  if (names == NULL || index >= json_array_get_length (names))
    return NULL;
  return g_strdup (json_array_get_string_element (names, index));
}

/**
 * sb_contract_is_sharded:
 * @channel: a channel
 *
 * Returns: whether each host is to have a share of its objects only (ShardedByS3Key). The local
 *   engine gives all hosts one folder with all of them.
 */
gboolean
sb_contract_is_sharded (const char *channel)
{
  g_autofree char *path = sb_contract_path ("input", "config", "inputdataconfig.json", NULL);
  g_autoptr (JsonObject) config = sb_json_load_file (path, NULL);
  JsonObject *entry = config != NULL ? sb_json_get_object (config, channel) : NULL;

  return entry != NULL &&
         strcmp (sb_json_get_string (entry, "S3DistributionType", ""), "ShardedByS3Key") == 0;
}

static gboolean
add_files (GPtrArray *files, const char *folder, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, error);
  const char *name;

  if (dir == NULL)
    return FALSE;
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        {
          if (!add_files (files, path, error))
            return FALSE;
        }
      else
        g_ptr_array_add (files, g_steal_pointer (&path));
    }
  return TRUE;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/**
 * sb_contract_list_channel:
 * @channel: a channel
 * @error: why its folder cannot be read
 *
 * Returns: (transfer full) (nullable) (element-type filename): its files, by name; %NULL without an
 *   error when the job has no such channel
 */
GPtrArray *
sb_contract_list_channel (const char *channel, GError **error)
{
  g_autofree char *folder = sb_contract_path ("input", "data", channel, NULL);
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);

  if (!g_file_test (folder, G_FILE_TEST_IS_DIR) || !add_files (files, folder, error))
    return NULL;
  g_ptr_array_sort (files, compare);
  return g_steal_pointer (&files);
}

/**
 * sb_contract_get_n_threads:
 *
 * Returns: how many processors the algorithm may use
 */
guint
sb_contract_get_n_threads (void)
{
  const char *text = g_getenv ("SM_NUM_CPUS");
  guint64 value = 0;

  if (text != NULL && g_ascii_string_to_unsigned (text, 10, 1, 4096, &value, NULL))
    return (guint) value;
  return g_get_num_processors ();
}

/**
 * sb_contract_write_failure:
 * @message: why the job failed
 *
 * Leaves the reason where the service looks for it, and in the log.
 */
void
sb_contract_write_failure (const char *message)
{
  g_autofree char *path = sb_contract_path ("output", "failure", NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  sb_contract_say ("%s", message);
  g_mkdir_with_parents (folder, 0700);
  g_file_set_contents (path, message, -1, NULL);
}

/**
 * sb_contract_say:
 * @format: of a line
 * @...: for @format
 *
 * Writes a line of the log at once, so that a metric shows when it is measured.
 */
void
sb_contract_say (const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list args;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  printf ("%s\n", line);
  fflush (stdout);
}
