/* sb-convert.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Models out of Sagebrush and into it.
 */

#include "config.h"

#include "algorithms/vision/sb-convert.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "algorithms/vision/sb-input.h"
#include "algorithms/vision/sb-onnx.h"
#include "formats/sb-archive.h"
#include "formats/sb-folder.h"
#include "formats/sb-weight-file.h"
#include "wire/sb-json.h"

static SbNet *
load_archive (const char *path, JsonObject **description, GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("sagebrush-model-XXXXXX", error);
  SbNet *net = NULL;

  if (folder == NULL)
    return NULL;
  if (sb_archive_unpack (path, folder, NULL, error))
    net = sb_net_load (folder, description, error);
  sb_folder_remove (folder);
  return net;
}

static gboolean
is_for_digits (const SbNet *net)
{
  return net->channels == 1 && net->height == 28 && net->width == 28 && net->n_classes == 10;
}

/* What an ONNX file does not say. */
static JsonObject *
describe (const SbNet *net)
{
  JsonObject *json = sb_net_to_json (net);
  SbLoaderOptions input;

  json_object_set_string_member (json,
                                 "algorithm",
                                 is_for_digits (net) ? "digits" : "image-classification");
  json_object_set_int_member (json, "num_classes", net->n_classes);
  /* What is no photo, grey or in colour, is not prepared like one. */
  if (is_for_digits (net) || (net->channels != 1 && net->channels != 3))
    return json;
  sb_loader_options_init (&input, net->channels, net->height, net->width);
  json_object_set_object_member (json, "preprocessing", sb_loader_options_to_json (&input));
  return json;
}

/* A folder with a model, a model.tar.gz, or an ONNX file; @description is all of its model.json. */
static SbNet *
load (const char *path, JsonObject **description, GError **error)
{
  SbNet *net;

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return sb_net_load (path, description, error);
  if (!g_str_has_suffix (path, ".onnx"))
    return load_archive (path, description, error);
  net = sb_onnx_load (path, error);
  *description = net != NULL ? describe (net) : NULL;
  return net;
}

static int
finish (gboolean fine, const GError *error)
{
  if (!fine)
    fprintf (stderr, "sagebrush-vision: %s\n", error->message);
  return fine ? 0 : 1;
}

/**
 * sb_convert_export:
 * @model: a folder with a model, or a model.tar.gz
 * @path: of the ONNX file
 *
 * Returns: an exit code
 */
int
sb_convert_export (const char *model, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) description = NULL;
  g_autoptr (SbNet) net = load (model, &description, &error);

  return finish (net != NULL && sb_onnx_save (net, path, &error), error);
}

/**
 * sb_convert_import:
 * @path: an ONNX file, or what sb_convert_export() takes
 * @folder: where a model is written as training leaves it; made when it is not there
 *
 * Returns: an exit code
 */
int
sb_convert_import (const char *path, const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) description = NULL;
  g_autoptr (SbNet) net = load (path, &description, &error);

  g_mkdir_with_parents (folder, 0700);
  return finish (net != NULL && sb_net_save (net, folder, description, &error), error);
}

static gboolean
save_halves (const SbNet *net, const char *path, GError **error)
{
  g_autofree SbWeightSource *sources = g_new0 (SbWeightSource, net->weights->len);

  for (guint i = 0; i < net->weights->len; i++)
    {
      const SbWeight *weight = g_ptr_array_index (net->weights, i);
      SbWeightSource *source = &sources[i];

      source->name = weight->name;
      source->values = net->values + weight->offset;
      source->n_dims = weight->matrix ? 2 : (guint) weight->n_dims;
      for (guint k = 0; k < source->n_dims; k++)
        source->dims[k] = weight->dims[k];
      if (weight->matrix)
        source->dims[1] = (gint64) weight->fan_in;
    }
  return sb_weight_file_save (path, sources, net->weights->len, SB_WEIGHT_FLOAT16, NULL, error);
}

/**
 * sb_convert_weights:
 * @model: what sb_convert_export() takes, or an ONNX file
 * @path: of a .safetensors file
 *
 * Writes the weights with half precision, for trainings to begin with, and the model's description
 * beside them, in a file of the same name that ends in .json.
 *
 * Returns: an exit code
 */
int
sb_convert_weights (const char *model, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) description = NULL;
  g_autoptr (SbNet) net = load (model, &description, &error);
  g_autofree char *stem = NULL;
  g_autofree char *json = NULL;

  if (!g_str_has_suffix (path, ".safetensors"))
    {
      fprintf (stderr, "sagebrush-vision: the name of %s has to end in .safetensors\n", path);
      return 2;
    }
  stem = g_strndup (path, strlen (path) - strlen (".safetensors"));
  json = g_strconcat (stem, ".json", NULL);
  return finish (net != NULL && save_halves (net, path, &error) &&
                     sb_json_save_file (description, json, &error),
                 error);
}

static JsonArray *
list_shape (const SbShape *shape)
{
  JsonArray *array = json_array_new ();

  json_array_add_int_element (array, shape->channels);
  if (shape->flat)
    return array;
  json_array_add_int_element (array, shape->height);
  json_array_add_int_element (array, shape->width);
  return array;
}

/* What is trained in each layer; means and variances are counted instead. */
static gint64 *
count_parameters (const SbNet *net, gint64 *total)
{
  gint64 *counts = g_new0 (gint64, net->layers->len + 1);

  *total = 0;
  for (guint i = 0; i < net->weights->len; i++)
    {
      const SbWeight *weight = g_ptr_array_index (net->weights, i);

      if (weight->statistic)
        continue;
      counts[weight->layer] += (gint64) weight->count;
      *total += (gint64) weight->count;
    }
  return counts;
}

static void
add_layers (JsonObject *json, const SbNet *net)
{
  JsonArray *layers = sb_json_get_array (json, "layers");
  gint64 total;
  g_autofree gint64 *counts = count_parameters (net, &total);

  for (guint i = 0; i < net->layers->len; i++)
    {
      const SbLayer *layer = g_ptr_array_index (net->layers, i);
      JsonObject *one = json_array_get_object_element (layers, i);

      json_object_set_array_member (one, "output", list_shape (&layer->shape));
      json_object_set_int_member (one, "parameters", counts[i]);
    }
  json_object_set_int_member (json, "parameters", total);
}

/**
 * sb_convert_describe:
 * @model: what sb_convert_export() takes, or an ONNX file
 *
 * Prints the model's description as JSON, with "output" ([channels, height, width], or [channels])
 * and "parameters" for each of its layers, and "parameters" for all of them.
 *
 * Returns: an exit code
 */
int
sb_convert_describe (const char *model)
{
  static const char *const kept[] = { "algorithm", "classes", "num_classes", "preprocessing" };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) description = NULL;
  g_autoptr (SbNet) net = load (model, &description, &error);
  g_autoptr (JsonObject) json = NULL;
  g_autofree char *text = NULL;

  if (net == NULL)
    return finish (FALSE, error);
  /* The description may have been written by anybody: its layers are those of the network. */
  json = sb_net_to_json (net);
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    if (json_object_has_member (description, kept[i]))
      json_object_set_member (json,
                              kept[i],
                              json_node_copy (json_object_get_member (description, kept[i])));
  add_layers (json, net);
  text = sb_json_to_string (json);
  printf ("%s\n", text);
  return 0;
}
