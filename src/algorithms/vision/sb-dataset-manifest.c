/* sb-dataset-manifest.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Augmented manifests: a line of JSON for each photo, with its address and its labels, as SageMaker
 * Ground Truth writes them.
 */

#include "config.h"

#include <string.h>

#include "algorithms/vision/sb-dataset-private.h"
#include "algorithms/vision/sb-net.h"
#include "wire/sb-json.h"

#define SOURCE   "source-ref"
#define METADATA "-metadata"

static gboolean
fail (GError **error, const char *what)
{
  g_set_error_literal (error, SB_NET_ERROR, SB_NET_ERROR_INVALID, what);
  return FALSE;
}

/* The attribute that holds the labels, unless the job names it: the first one besides the
 * photo's address that does not describe another one. */
static const char *
find_attribute (JsonObject *line)
{
  g_autoptr (GList) names = json_object_get_members (line);

  for (GList *l = names; l != NULL; l = l->next)
    if (strcmp (l->data, SOURCE) != 0 && !g_str_has_suffix (l->data, METADATA))
      return l->data;
  return NULL;
}

/* Numbers may come as such, or as text with the JSON of it. */
static gboolean
read_labels (SbDataset *self, JsonNode *node, GArray *labels, GError **error)
{
  static const char wrong[] = "the label has to be a number, or a list of numbers";
  g_autoptr (JsonNode) parsed = NULL;

  g_array_set_size (labels, 0);
  if (node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
      json_node_get_value_type (node) == G_TYPE_STRING)
    node = parsed = sb_json_parse (json_node_get_string (node), -1, NULL);
  if (node == NULL)
    return fail (error, wrong);
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) != G_TYPE_STRING)
    {
      float label = (float) json_node_get_double (node);

      g_array_append_val (labels, label);
      return TRUE;
    }
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return fail (error, wrong);
  for (guint i = 0; i < json_array_get_length (json_node_get_array (node)); i++)
    {
      JsonNode *element = json_array_get_element (json_node_get_array (node), i);
      float label;

      if (!JSON_NODE_HOLDS_VALUE (element) || json_node_get_value_type (element) == G_TYPE_STRING)
        return fail (error, wrong);
      label = (float) json_node_get_double (element);
      g_array_append_val (labels, label);
    }
  if (self->meaning == SB_LABELS_ONE)
    self->meaning = SB_LABELS_MULTI_HOT;
  return TRUE;
}

/* The file that an address in S3 has become: SageMaker's folder holds what its key has beyond a
 * prefix that is not known here, at least its last part. */
static const char *
find_file (const char *folder, const char *source)
{
  const char *key = source, *rest;

  if (g_str_has_prefix (source, "s3://"))
    {
      key = strchr (source + strlen ("s3://"), '/');
      key = key != NULL ? key + 1 : "";
    }
  while (*key == '/')
    key++;
  for (; (rest = strchr (key, '/')) != NULL; key = rest + 1)
    {
      g_autofree char *path = g_build_filename (folder, key, NULL);

      if (!g_str_has_prefix (key, "../") && strstr (key, "/../") == NULL &&
          g_file_test (path, G_FILE_TEST_IS_REGULAR))
        return key;
    }
  return key;
}

/* Ground Truth says what a class is called. */
static void
take_class_names (SbDataset *self, JsonObject *line, const char *attribute, const GArray *labels)
{
  g_autofree char *name = g_strconcat (attribute, METADATA, NULL);
  JsonObject *metadata = sb_json_get_object (line, name);
  JsonObject *map = metadata != NULL ? sb_json_get_object (metadata, "class-map") : NULL;
  const char *only = metadata != NULL ? sb_json_get_string (metadata, "class-name", NULL) : NULL;

  if (only != NULL && labels->len == 1 && self->meaning == SB_LABELS_ONE)
    _sb_dataset_name_class (self, g_array_index (labels, float, 0), only);
  for (guint i = 0; map != NULL && i < labels->len; i++)
    {
      float label = g_array_index (labels, float, i);
      g_autofree char *key = g_strdup_printf ("%.0f", label);

      if (json_object_has_member (map, key))
        _sb_dataset_name_class (self, label, sb_json_get_string (map, key, ""));
    }
}

static gboolean
add_line (SbDataset *self,
          const char *folder,
          guint container,
          const char *text,
          const char *attribute,
          GError **error)
{
  g_autoptr (JsonObject) line = sb_json_parse_object (text, -1, error);
  g_autoptr (GArray) labels = g_array_new (FALSE, FALSE, sizeof (float));
  const char *source;

  if (line == NULL)
    return FALSE;
  source = sb_json_get_string (line, SOURCE, NULL);
  if (attribute == NULL)
    attribute = find_attribute (line);
  if (source == NULL || attribute == NULL)
    return fail (error, "the line needs “" SOURCE "” and an attribute with the label");
  if (!read_labels (self, json_object_get_member (line, attribute), labels, error))
    return FALSE;
  take_class_names (self, line, attribute, labels);
  _sb_dataset_add (self,
                   container,
                   find_file (folder, source),
                   0,
                   0,
                   &g_array_index (labels, float, 0),
                   labels->len);
  return TRUE;
}

/* @attribute is the one that holds the labels, if the job says so. */
gboolean
_sb_dataset_add_manifest (SbDataset *self,
                          const char *folder,
                          const char *path,
                          const char *attribute,
                          GError **error)
{
  guint container = _sb_dataset_add_container (self, SB_CONTAINER_FOLDER, folder);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) raw = g_file_read (file, NULL, error);
  g_autoptr (GDataInputStream) stream = NULL;
  GError *local = NULL;

  if (raw == NULL)
    return FALSE;
  stream = g_data_input_stream_new (G_INPUT_STREAM (raw));
  for (guint number = 1;; number++)
    {
      g_autofree char *text = g_data_input_stream_read_line (stream, NULL, NULL, &local);

      if (text == NULL)
        break;
      g_strstrip (text);
      if (*text == '\0' || add_line (self, folder, container, text, attribute, error))
        continue;
      g_prefix_error (error, "%s, line %u: ", path, number);
      return FALSE;
    }
  if (local == NULL)
    return TRUE;
  g_propagate_prefixed_error (error, local, "%s: ", path);
  return FALSE;
}
