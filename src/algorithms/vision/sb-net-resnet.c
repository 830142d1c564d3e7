/* sb-net-resnet.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The residual networks of He et al. 2015, with torchvision's names.
 */

#include "config.h"

#include "algorithms/vision/sb-net.h"

#include "wire/sb-json.h"

#define MAX_STAGES 4
/* A bottleneck block puts out four times its inner channels. */
#define EXPANSION 4

/* What there is of each depth. For large images the stages have 64, 128, 256 and 512 channels
 * inside, for small ones 16, 32 and 64. */
typedef struct
{
  int n_layers;
  gboolean small;
  gboolean bottleneck;
  int blocks[MAX_STAGES];
} Architecture;

static const Architecture architectures[] = {
  { 18, FALSE, FALSE, { 2, 2, 2, 2 } },  { 34, FALSE, FALSE, { 3, 4, 6, 3 } },
  { 50, FALSE, TRUE, { 3, 4, 6, 3 } },   { 101, FALSE, TRUE, { 3, 4, 23, 3 } },
  { 152, FALSE, TRUE, { 3, 8, 36, 3 } }, { 200, FALSE, TRUE, { 3, 24, 36, 3 } },
  { 20, TRUE, FALSE, { 3, 3, 3 } },      { 32, TRUE, FALSE, { 5, 5, 5 } },
  { 44, TRUE, FALSE, { 7, 7, 7 } },      { 56, TRUE, FALSE, { 9, 9, 9 } },
  { 110, TRUE, FALSE, { 18, 18, 18 } },
};

static const Architecture *
find (int n_layers)
{
  for (guint i = 0; i < G_N_ELEMENTS (architectures); i++)
    if (architectures[i].n_layers == n_layers)
      return &architectures[i];
  return NULL;
}

/* A layer called @prefix@name that takes @input, or what the layer before it puts out. */
static JsonObject *
add (JsonArray *layers, const char *kind, const char *prefix, const char *name, const char *input)
{
  g_autofree char *full = g_strconcat (prefix, name, NULL);
  JsonObject *layer = sb_json_object_new ("kind", "s", kind, "name", "s", full, NULL);

  if (input != NULL)
    {
      JsonArray *inputs = json_array_new ();

      json_array_add_string_element (inputs, input);
      json_object_set_array_member (layer, "inputs", inputs);
    }
  json_array_add_object_element (layers, layer);
  return layer;
}

static void
add_convolution (JsonArray *layers,
                 const char *prefix,
                 const char *name,
                 const char *input,
                 int channels,
                 int kernel,
                 int stride)
{
  JsonObject *layer = add (layers, "convolution", prefix, name, input);

  json_object_set_int_member (layer, "channels", channels);
  json_object_set_int_member (layer, "kernel", kernel);
  json_object_set_int_member (layer, "stride", stride);
  json_object_set_int_member (layer, "padding", kernel / 2);
  json_object_set_boolean_member (layer, "bias", FALSE);
}

static void
add_norm (JsonArray *layers, const char *prefix, const char *name, gboolean relu)
{
  json_object_set_boolean_member (add (layers, "batch-norm", prefix, name, NULL), "relu", relu);
}

/* One block, from what @input puts out. Returns the name of the layer that it ends with. */
static char *
add_block (JsonArray *layers,
           const Architecture *architecture,
           const char *prefix,
           const char *input,
           int channels,
           int stride,
           gboolean project)
{
  gboolean bottleneck = architecture->bottleneck;
  int outer = bottleneck ? EXPANSION * channels : channels;
  g_autofree char *branch = g_strconcat (prefix, bottleneck ? "bn3" : "bn2", NULL);
  g_autofree char *shortcut =
      project ? g_strconcat (prefix, "downsample.1", NULL) : g_strdup (input);
  JsonObject *sum;

  add_convolution (
      layers, prefix, "conv1", input, channels, bottleneck ? 1 : 3, bottleneck ? 1 : stride);
  add_norm (layers, prefix, "bn1", TRUE);
  add_convolution (layers, prefix, "conv2", NULL, channels, 3, bottleneck ? stride : 1);
  add_norm (layers, prefix, "bn2", bottleneck);
  if (bottleneck)
    {
      add_convolution (layers, prefix, "conv3", NULL, outer, 1, 1);
      add_norm (layers, prefix, "bn3", FALSE);
    }
  if (project)
    {
      add_convolution (layers, prefix, "downsample.0", input, outer, 1, stride);
      add_norm (layers, prefix, "downsample.1", FALSE);
    }
  sum = add (layers, "add", prefix, "add", branch);
  json_array_add_string_element (json_object_get_array_member (sum, "inputs"), shortcut);
  json_object_set_boolean_member (sum, "relu", TRUE);
  return g_strconcat (prefix, "add", NULL);
}

static void
add_stages (JsonArray *layers, const Architecture *architecture)
{
  int channels = architecture->small ? 16 : 64;
  g_autofree char *input = NULL;

  for (int stage = 0; stage < MAX_STAGES; stage++, channels *= 2)
    for (int block = 0; block < architecture->blocks[stage]; block++)
      {
        g_autofree char *prefix = g_strdup_printf ("layer%d.%d.", stage + 1, block);
        gboolean first = block == 0;
        char *output = add_block (layers,
                                  architecture,
                                  prefix,
                                  input != NULL         ? input
                                  : architecture->small ? "bn1"
                                                        : "maxpool",
                                  channels,
                                  first && stage > 0 ? 2 : 1,
                                  first && (stage > 0 || architecture->bottleneck));

        g_free (input);
        input = output;
      }
}

/**
 * sb_net_is_small_resnet:
 * @n_layers: a depth
 *
 * Returns: whether the residual network of that depth is one for small images, such as 32 pixels
 */
gboolean
sb_net_is_small_resnet (int n_layers)
{
  const Architecture *architecture = find (n_layers);

  return architecture != NULL && architecture->small;
}

/**
 * sb_net_new_resnet:
 * @n_layers: 18, 34, 50, 101, 152 or 200 for large images; 20, 32, 44, 56 or 110 for small ones
 * @channels: of an image
 * @height: of an image, in pixels
 * @width: of an image, in pixels
 * @n_classes: outputs
 * @error: %SB_NET_ERROR_INVALID
 *
 * Those for large images are torchvision's, layer by layer and name by name: a bottleneck has its
 * stride in the 3 × 3 convolution. 200 layers are three, 24, 36 and three blocks. Those for small
 * images are He et al.'s for CIFAR-10, whose shortcuts are projections, called `downsample`, where
 * the number of channels changes, and pass on all else. All end with the mean over the whole image,
 * so that images may have any size.
 *
 * Returns: (transfer full) (nullable): a net whose weights are all zero
 */
SbNet *
sb_net_new_resnet (int n_layers, int channels, int height, int width, int n_classes, GError **error)
{
  const Architecture *architecture = find (n_layers);
  g_autoptr (JsonObject) json = json_object_new ();
  JsonArray *input = json_array_new (), *layers = json_array_new ();

  json_array_add_int_element (input, channels);
  json_array_add_int_element (input, height);
  json_array_add_int_element (input, width);
  json_object_set_array_member (json, "input", input);
  json_object_set_array_member (json, "layers", layers);
  if (architecture == NULL)
    {
      g_set_error (error,
                   SB_NET_ERROR,
                   SB_NET_ERROR_INVALID,
                   "There is no residual network of %d layers",
                   n_layers);
      return NULL;
    }
  if (architecture->small)
    add_convolution (layers, "", "conv1", NULL, 16, 3, 1);
  else
    add_convolution (layers, "", "conv1", NULL, 64, 7, 2);
  add_norm (layers, "", "bn1", TRUE);
  if (!architecture->small)
    {
      JsonObject *pool = add (layers, "max-pool", "", "maxpool", NULL);

      json_object_set_int_member (pool, "kernel", 3);
      json_object_set_int_member (pool, "stride", 2);
      json_object_set_int_member (pool, "padding", 1);
    }
  add_stages (layers, architecture);
  json_object_set_int_member (add (layers, "average-pool", "", "avgpool", NULL), "kernel", 0);
  json_object_set_int_member (add (layers, "dense", "", "fc", NULL), "channels", n_classes);
  return sb_net_new_from_json (json, error);
}
