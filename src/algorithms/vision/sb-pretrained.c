/* sb-pretrained.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Weights that were learnt before: where they are, and how they come into a network.
 */

#include "config.h"

#include "algorithms/vision/sb-pretrained.h"

#include <string.h>

#include "algorithms/contract/sb-contract.h"
#include "formats/sb-archive.h"
#include "formats/sb-folder.h"
#include "formats/sb-weight-file.h"
#include "wire/sb-json.h"

#define DESCRIPTION "model.json"
#define WEIGHTS     "model.safetensors"

void
sb_pretrained_free (SbPretrained *self)
{
  if (self->temporary != NULL)
    sb_folder_remove (self->temporary);
  g_free (self->path);
  g_free (self->temporary);
  g_clear_pointer (&self->description, json_object_unref);
  g_free (self);
}

static gboolean
holds_weights (const char *name)
{
  return g_str_has_suffix (name, ".safetensors") || g_str_has_suffix (name, ".pth") ||
         g_str_has_suffix (name, ".pt");
}

/* Weights, with the description that is called as they are, or model.json, beside them. */
static SbPretrained *
open_weights (const char *path)
{
  SbPretrained *self = g_new0 (SbPretrained, 1);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *stem = g_strndup (path, (gsize) (strrchr (path, '.') - path));
  g_autofree char *own = g_strconcat (stem, ".json", NULL);
  g_autofree char *common = g_build_filename (folder, DESCRIPTION, NULL);

  self->path = g_strdup (path);
  self->description = sb_json_load_file (own, NULL);
  if (self->description == NULL)
    self->description = sb_json_load_file (common, NULL);
  return self;
}

static SbPretrained *
open_archive (const char *path, GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("sagebrush-model-XXXXXX", error);
  g_autofree char *weights = folder != NULL ? g_build_filename (folder, WEIGHTS, NULL) : NULL;
  SbPretrained *self = NULL;

  if (folder == NULL)
    return NULL;
  if (sb_archive_unpack (path, folder, NULL, error))
    {
      if (g_file_test (weights, G_FILE_TEST_EXISTS))
        self = open_weights (weights);
      else
        sb_net_fail (error, "There is no %s in %s", WEIGHTS, path);
    }
  if (self != NULL)
    self->temporary = g_steal_pointer (&folder);
  else
    sb_folder_remove (folder);
  return self;
}

/**
 * sb_pretrained_open_channel:
 * @channel: such as `model`
 * @error: %SB_NET_ERROR_INVALID, or why it cannot be read
 *
 * Returns: (transfer full) (nullable): the model.tar.gz or the weights in that channel; %NULL
 *   without an error when the job has no such channel
 */
SbPretrained *
sb_pretrained_open_channel (const char *channel, GError **error)
{
  GError *local = NULL;
  g_autoptr (GPtrArray) files = sb_contract_list_channel (channel, &local);

  if (files == NULL)
    {
      if (local != NULL)
        g_propagate_error (error, local);
      return NULL;
    }
  for (guint i = 0; i < files->len; i++)
    if (g_str_has_suffix (files->pdata[i], ".tar.gz"))
      return open_archive (files->pdata[i], error);
  for (guint i = 0; i < files->len; i++)
    if (holds_weights (files->pdata[i]))
      return open_weights (files->pdata[i]);
  sb_net_fail (
      error,
      "The channel “%s” has neither a model.tar.gz nor weights in a .safetensors or .pth file",
      channel);
  return NULL;
}

/**
 * sb_pretrained_get_bundled:
 *
 * Returns: (transfer full): the folder of the weights that come with Sagebrush: in the source tree
 *   when the program runs from its build folder, else where they are installed
 */
char *
sb_pretrained_get_bundled (void)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);

  if (self != NULL && g_str_has_prefix (self, SB_BUILDDIR "/"))
    return g_build_filename (SB_SOURCEDIR, "data", "weights", NULL);
  return g_build_filename (SB_DATADIR, "sagebrush", "weights", NULL);
}

/* Such as resnet18-f37072fd.pth or resnet-20-cifar10.safetensors. */
static SbPretrained *
find_in (const char *folder, int n_layers)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autofree char *pattern = g_strdup_printf ("^resnet[-_]?%d([^0-9].*)?$", n_layers);
  g_autofree char *best = NULL;
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (holds_weights (name) && g_regex_match_simple (pattern, name, G_REGEX_CASELESS, 0) &&
        (best == NULL || strcmp (name, best) < 0))
      {
        g_free (best);
        best = g_strdup (name);
      }
  if (best != NULL)
    {
      g_autofree char *path = g_build_filename (folder, best, NULL);

      return open_weights (path);
    }
  return NULL;
}

static const char *
get_public_name (int n_layers)
{
  static const struct
  {
    int n_layers;
    const char *name;
  } names[] = {
    { 18, "resnet18-f37072fd.pth" },   { 34, "resnet34-b627a593.pth" },
    { 50, "resnet50-0676ba61.pth" },   { 101, "resnet101-63fe2227.pth" },
    { 152, "resnet152-394f9c45.pth" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (names[i].n_layers == n_layers)
      return names[i].name;
  return NULL;
}

static void
fail_to_find (int n_layers, const char *folder, GError **error)
{
  const char *name = get_public_name (n_layers);

  if (name != NULL)
    sb_net_fail (
        error,
        "use_pretrained_model is 1, but there are no weights for %d layers here. Put "
        "https://download.pytorch.org/models/%s into the channel “model”, or into the folder %s; "
        "or set use_pretrained_model to 0",
        n_layers,
        name,
        folder);
  else
    sb_net_fail (
        error,
        "use_pretrained_model is 1, but there are no weights for %d layers here. Put a "
        "model.tar.gz of such a network, or its weights as a .safetensors or .pth file with "
        "PyTorch’s names, into the channel “model”; or set use_pretrained_model to 0",
        n_layers);
}

/**
 * sb_pretrained_find:
 * @n_layers: depth of the network
 * @error: %SB_NET_ERROR_INVALID, with where to get weights
 *
 * Looks in the channels `pretrained` and `model`, in `$SAGEBRUSH_WEIGHTS_DIR`, where downloads are
 * kept, and among what comes with Sagebrush.
 *
 * Returns: (transfer full) (nullable): weights
 */
SbPretrained *
sb_pretrained_find (int n_layers, GError **error)
{
  static const char *const channels[] = { "pretrained", "model" };
  const char *kept = g_getenv ("SAGEBRUSH_WEIGHTS_DIR");
  g_autofree char *bundled = sb_pretrained_get_bundled ();
  GError *local = NULL;
  SbPretrained *self = NULL;

  for (guint i = 0; self == NULL && i < G_N_ELEMENTS (channels); i++)
    {
      self = sb_pretrained_open_channel (channels[i], &local);
      if (local != NULL)
        {
          g_propagate_error (error, local);
          return NULL;
        }
    }
  if (self == NULL && kept != NULL)
    self = find_in (kept, n_layers);
  if (self == NULL)
    self = find_in (bundled, n_layers);
  if (self == NULL)
    fail_to_find (n_layers, kept != NULL ? kept : bundled, error);
  return self;
}

/**
 * sb_pretrained_load:
 * @self: weights
 * @net: a net, which has all its weights of some kind
 * @with_head: whether the last layer's are wanted, too
 * @error: %SB_NET_ERROR_INVALID, or as of sb_weight_file_open()
 *
 * Returns: whether the net has them now
 */
gboolean
sb_pretrained_load (const SbPretrained *self, SbNet *net, gboolean with_head, GError **error)
{
  g_autoptr (SbWeightFile) file = sb_weight_file_open (self->path, error);
  g_autofree char *base = g_path_get_basename (self->path);
  guint head;

  if (file == NULL)
    return FALSE;
  sb_net_get_head (net, &head);
  for (guint i = 0; i < net->weights->len && (with_head || i < head); i++)
    {
      const SbWeight *weight = g_ptr_array_index (net->weights, i);
      const SbWeightArray *array = sb_weight_file_find (file, weight->name);

      if (array == NULL)
        return sb_net_fail (error,
                            "%s has no weights “%s”: it is of another network than this one",
                            base,
                            weight->name);
      if (array->count != weight->count || array->n_dims == 0 || array->dims[0] != weight->dims[0])
        return sb_net_fail (error,
                            "The weights “%s” in %s have another shape than in this network",
                            weight->name,
                            base);
      if (!sb_weight_file_read_floats (
              file, weight->name, net->values + weight->offset, weight->count, error))
        return FALSE;
    }
  return TRUE;
}
