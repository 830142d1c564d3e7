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

#include "algorithms/vision/sb-onnx.h"
#include "formats/sb-archive.h"
#include "wire/sb-json.h"

static void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        remove_folder (path);
      else
        g_unlink (path);
    }
  g_rmdir (folder);
}

static SbNet *
load_archive (const char *path, GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("sagebrush-model-XXXXXX", error);
  SbNet *net = NULL;

  if (folder == NULL)
    return NULL;
  if (sb_archive_unpack (path, folder, NULL, error))
    net = sb_net_load (folder, NULL, error);
  remove_folder (folder);
  return net;
}

/* A folder with a model, a model.tar.gz, or an ONNX file. */
static SbNet *
load (const char *path, GError **error)
{
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return sb_net_load (path, NULL, error);
  if (g_str_has_suffix (path, ".onnx"))
    return sb_onnx_load (path, error);
  return load_archive (path, error);
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
  g_autoptr (SbNet) net = load (model, &error);

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
  g_autoptr (SbNet) net = load (path, &error);
  g_autoptr (JsonObject) more = sb_json_object_new ("algorithm", "s", "digits", NULL);

  g_mkdir_with_parents (folder, 0700);
  return finish (net != NULL && sb_net_save (net, folder, more, &error), error);
}
