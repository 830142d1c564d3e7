/* main.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "algorithms/contract/sb-contract.h"
#include "algorithms/vision/sb-classify.h"
#include "algorithms/vision/sb-convert.h"
#include "algorithms/vision/sb-digits.h"
#include "algorithms/vision/sb-im2rec.h"
#include "wire/sb-json.h"

/* Threads that wait for each other spin at first. As OpenMP has it by itself they do so for
 * milliseconds: if others need the processors, too, whole slices of time are spun away, and
 * training takes ten times as long. It asks for this before main() begins. */
static void
limit_spinning (char **argv)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);

  if (self == NULL || g_getenv ("GOMP_SPINCOUNT") != NULL || g_getenv ("OMP_WAIT_POLICY") != NULL)
    return;
  g_setenv ("GOMP_SPINCOUNT", "1000", TRUE);
  execv (self, argv);
}

/* The engine says which algorithm's image was asked for. */
static int
train (char **argv)
{
  if (g_strcmp0 (g_getenv ("SAGEBRUSH_ALGORITHM"), "image-classification") == 0)
    return sb_classify_train (argv);
  return sb_digits_train (argv);
}

/* A model says whose it is. */
static int
serve (void)
{
  g_autofree char *path = sb_contract_path ("model", "model.json", NULL);
  g_autoptr (JsonObject) json = sb_json_load_file (path, NULL);

  if (json != NULL &&
      strcmp (sb_json_get_string (json, "algorithm", ""), "image-classification") == 0)
    return sb_classify_serve ();
  return sb_digits_serve ();
}

int
main (int argc, char **argv)
{
  if (argc == 2 && (strcmp (argv[1], "train") == 0 || strcmp (argv[1], "serve") == 0))
    limit_spinning (argv);
  if (argc == 2 && strcmp (argv[1], "train") == 0)
    return train (argv);
  if (argc == 2 && strcmp (argv[1], "serve") == 0)
    return serve ();
  if (argc == 3 && strcmp (argv[1], "describe") == 0)
    return sb_convert_describe (argv[2]);
  if (argc == 4 && strcmp (argv[1], "export") == 0)
    return sb_convert_export (argv[2], argv[3]);
  if (argc == 4 && strcmp (argv[1], "import") == 0)
    return sb_convert_import (argv[2], argv[3]);
  if (argc == 4 && strcmp (argv[1], "weights") == 0)
    return sb_convert_weights (argv[2], argv[3]);
  if (argc >= 2 && strcmp (argv[1], "im2rec") == 0)
    return sb_im2rec (argc - 1, argv + 1);
  fprintf (
      stderr,
      "Usage: sagebrush-vision train|serve\n"
      "       sagebrush-vision describe FILE.onnx|MODEL\n"
      "       sagebrush-vision export MODEL FILE.onnx\n"
      "       sagebrush-vision import FILE.onnx|MODEL FOLDER\n"
      "       sagebrush-vision weights MODEL FILE.safetensors\n"
      "       sagebrush-vision im2rec FOLDER OUT [--split SHARE] [--resize PIXELS] [--seed N]\n"
      "MODEL is a model.tar.gz, or a folder with what is in it.\n");
  return 2;
}
