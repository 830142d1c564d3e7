/* sb-input.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-input.h"

#include <math.h>
#include <string.h>

#include "algorithms/vision/sb-augment.h"
#include "wire/sb-json.h"

/* Up to this side a network is one for small images: nothing of them is cut off. */
#define SMALL_SIDE 64
#define MAX_SIDE   4096
/* Decoded photos that stay in memory, in bytes. */
#define CACHE_BYTES ((gsize) 512 * 1024 * 1024)

/**
 * sb_loader_options_init:
 * @self: (out): options
 * @channels: 3, or 1
 * @height: of the network's input, in pixels
 * @width: of the network's input, in pixels
 *
 * No augmentation; mean and deviation of ImageNet, with which pretrained weights were made.
 */
void
sb_loader_options_init (SbLoaderOptions *self, int channels, int height, int width)
{
  *self = (SbLoaderOptions){
    .channels = channels,
    .height = height,
    .width = width,
    .mean = { 0.485f, 0.456f, 0.406f },
    .std = { 0.229f, 0.224f, 0.225f },
    .cache_bytes = CACHE_BYTES,
  };
}

static gboolean
fail (GError **error, const char *what)
{
  g_set_error_literal (error, SB_NET_ERROR, SB_NET_ERROR_INVALID, what);
  return FALSE;
}

/**
 * sb_loader_options_check:
 * @self: options
 * @error: %SB_NET_ERROR_INVALID
 *
 * Returns: whether photos can be read with them
 */
gboolean
sb_loader_options_check (const SbLoaderOptions *self, GError **error)
{
  if (self->channels != 1 && self->channels != 3)
    return fail (error, "image_shape has to have 3 channels, or 1 for grey images");
  if (self->height < 1 || self->height > MAX_SIDE || self->width < 1 || self->width > MAX_SIDE)
    return fail (error, "image_shape has to have a height and a width of 1 to 4096 pixels");
  if (self->resize != 0 &&
      (self->resize < MAX (self->height, self->width) || self->resize > MAX_SIDE))
    return fail (error,
                 "resize has to be at least the larger side of image_shape, and 4096 at most");
  for (int i = 0; i < self->channels; i++)
    if (!(self->std[i] > 0) || !isfinite (self->std[i]) || !isfinite (self->mean[i]))
      return fail (error, "the deviations of the input’s channels have to be above 0");
  return TRUE;
}

/**
 * sb_loader_options_get_resize:
 * @self: options
 *
 * The short side to which a photo is brought before its middle is taken: as set; else as large as
 * a small network's input, and 256 pixels for 224 for a larger one.
 *
 * Returns: in pixels
 */
int
sb_loader_options_get_resize (const SbLoaderOptions *self)
{
  int side = MAX (self->height, self->width);

  if (self->resize > 0)
    return self->resize;
  return side <= SMALL_SIDE ? side : (side * 256 + 112) / 224;
}

static JsonArray *
make_array (const float *values, int n)
{
  JsonArray *array = json_array_new ();

  for (int i = 0; i < n; i++)
    json_array_add_double_element (array, values[i]);
  return array;
}

/**
 * sb_loader_options_to_json:
 * @self: options
 *
 * Returns: (transfer full): what serving has to know of them
 */
JsonObject *
sb_loader_options_to_json (const SbLoaderOptions *self)
{
  int shape[] = { self->channels, self->height, self->width };
  JsonArray *array = json_array_new ();
  JsonObject *json = json_object_new ();

  for (guint i = 0; i < G_N_ELEMENTS (shape); i++)
    json_array_add_int_element (array, shape[i]);
  json_object_set_array_member (json, "shape", array);
  json_object_set_int_member (json, "resize", sb_loader_options_get_resize (self));
  json_object_set_array_member (json, "mean", make_array (self->mean, self->channels));
  json_object_set_array_member (json, "std", make_array (self->std, self->channels));
  return json;
}

static gboolean
read_numbers (JsonObject *json, const char *name, int n, double *values)
{
  JsonArray *array = sb_json_get_array (json, name);

  if (array == NULL || json_array_get_length (array) != (guint) n)
    return FALSE;
  for (int i = 0; i < n; i++)
    {
      JsonNode *node = json_array_get_element (array, (guint) i);

      if (!JSON_NODE_HOLDS_VALUE (node))
        return FALSE;
      values[i] = json_node_get_double (node);
    }
  return TRUE;
}

/**
 * sb_loader_options_from_json:
 * @self: (out): options
 * @json: as of sb_loader_options_to_json()
 * @error: %SB_NET_ERROR_INVALID
 *
 * Returns: whether photos can be read as they were in training
 */
gboolean
sb_loader_options_from_json (SbLoaderOptions *self, JsonObject *json, GError **error)
{
  double shape[3], mean[3], std[3];
  int channels;

  if (!read_numbers (json, "shape", 3, shape))
    return fail (error, "the model does not say which shape its input has");
  for (int i = 0; i < 3; i++)
    shape[i] = CLAMP (shape[i], 0, MAX_SIDE + 1);
  channels = (int) shape[0];
  sb_loader_options_init (self, channels, (int) shape[1], (int) shape[2]);
  if ((channels != 1 && channels != 3) || !read_numbers (json, "mean", channels, mean) ||
      !read_numbers (json, "std", channels, std))
    return fail (error, "the model does not say how the channels of its input are scaled");
  for (int i = 0; i < channels; i++)
    {
      self->mean[i] = (float) mean[i];
      self->std[i] = (float) std[i];
    }
  self->resize = (int) CLAMP (sb_json_get_int (json, "resize", 0), 0, MAX_SIDE + 1);
  return sb_loader_options_check (self, error);
}

/**
 * sb_augmentation_from_name:
 * @name: a value of the hyperparameter augmentation_type, or `none`
 * @augmentation: (out): what it means
 *
 * Returns: whether there is such a one
 */
gboolean
sb_augmentation_from_name (const char *name, SbAugmentation *augmentation)
{
  static const char *const names[] = { "none", "crop", "crop_color", "crop_color_transform" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (name, names[i]) == 0)
      {
        *augmentation = (SbAugmentation) i;
        return TRUE;
      }
  return FALSE;
}

/**
 * sb_input_takes_any_part:
 * @options: options
 *
 * Returns: whether training takes random parts of any size and sees them all at the size of its
 *   input, rather than parts of just that size: in a network that is not small, and without
 *   `resize`
 */
gboolean
sb_input_takes_any_part (const SbLoaderOptions *options)
{
  return options->augmentation != SB_AUGMENTATION_NONE && options->resize == 0 &&
         MAX (options->height, options->width) > SMALL_SIDE;
}

/* As large as it has to be to hold the network's input, in its proportions; @most is the short
 * side that is enough, and @least the one that has to be. */
static SbPhoto *
fit (const SbLoaderOptions *options, const SbPhoto *photo, int least, int most)
{
  int side = MIN (photo->width, photo->height);
  int wanted = CLAMP (side, least, most);

  /* A part that is not square may need more of the other side, which is no less than this one. */
  wanted = MAX (wanted, MAX (options->height, options->width));
  return wanted == side ? NULL : sb_photo_resize_short (photo, wanted);
}

static void
get_sides (const SbLoaderOptions *options, int *least, int *most)
{
  *least = *most = sb_loader_options_get_resize (options);
  if (sb_input_takes_any_part (options))
    {
      /* Some random parts are small: more than the network's own resolution is of use to them. */
      *least = 1;
      *most = 2 * MAX (options->height, options->width);
    }
}

/**
 * sb_input_decode:
 * @options: options
 * @data: a picture
 * @length: its bytes
 * @error: as of sb_photo_decode()
 *
 * Returns: (transfer full) (nullable): the photo, no larger than @options need it
 */
SbPhoto *
sb_input_decode (const SbLoaderOptions *options, const void *data, gsize length, GError **error)
{
  g_autoptr (SbPhoto) photo = NULL;
  SbPhoto *fitting;
  int least, most;

  get_sides (options, &least, &most);
  photo = sb_photo_decode (data, length, most, error);
  if (photo == NULL)
    return NULL;
  fitting = fit (options, photo, least, most);
  return fitting != NULL ? fitting : g_steal_pointer (&photo);
}

/**
 * sb_input_get_n_values:
 * @options: options
 *
 * Returns: numbers in the input of one photo
 */
gsize
sb_input_get_n_values (const SbLoaderOptions *options)
{
  return (gsize) options->channels * (gsize) options->height * (gsize) options->width;
}

/**
 * sb_input_normalize:
 * @options: options
 * @pixels: channels × height × width
 * @out: (out): as many numbers, less the mean and divided by the deviation
 */
void
sb_input_normalize (const SbLoaderOptions *options, const guint8 *pixels, float *out)
{
  gsize n = (gsize) options->height * (gsize) options->width;

  for (int k = 0; k < options->channels; k++)
    {
      float scale = 1 / (255 * options->std[k]), shift = -options->mean[k] / options->std[k];

      for (gsize i = 0; i < n; i++)
        out[i] = (float) pixels[i] * scale + shift;
      pixels += n;
      out += n;
    }
}

/**
 * sb_input_render:
 * @options: options
 * @photo: from sb_input_decode()
 * @random: (nullable): chooses what the augmentation varies; %NULL for none
 * @out: (out): channels × height × width pixels
 */
void
sb_input_render (const SbLoaderOptions *options,
                 const SbPhoto *photo,
                 SbRandom *random,
                 guint8 *out)
{
  if (random != NULL && options->augmentation != SB_AUGMENTATION_NONE)
    sb_augment (options, photo, random, out);
  else
    sb_augment_middle (options, photo, out);
}

/**
 * sb_photo_to_input:
 * @photo: a photo of any size
 * @options: options; their augmentation is not used
 * @out: (out): channels × height × width numbers
 *
 * What serving does, and what a loader without augmentation does, to the last bit: the short side
 * becomes sb_loader_options_get_resize() pixels, the middle is taken and scaled.
 */
void
sb_photo_to_input (const SbPhoto *photo, const SbLoaderOptions *options, float *out)
{
  g_autofree guint8 *pixels = g_malloc (sb_input_get_n_values (options));
  SbLoaderOptions plain = *options;
  g_autoptr (SbPhoto) fitting = NULL;
  int least, most;

  plain.augmentation = SB_AUGMENTATION_NONE;
  get_sides (&plain, &least, &most);
  fitting = fit (&plain, photo, least, most);
  sb_input_render (&plain, fitting != NULL ? fitting : photo, NULL, pixels);
  sb_input_normalize (&plain, pixels, out);
}
