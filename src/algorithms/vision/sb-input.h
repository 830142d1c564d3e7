/* sb-input.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From a photo to what a network reads: the same code for training, validation and serving.
 */

#pragma once

#include <json-glib/json-glib.h>

#include "algorithms/vision/sb-net.h"
#include "formats/sb-photo.h"

G_BEGIN_DECLS

/**
 * SbAugmentation:
 * @SB_AUGMENTATION_NONE: every photo always looks the same: its middle. Validation and serving
 * @SB_AUGMENTATION_CROP: a random part, or its mirror image
 * @SB_AUGMENTATION_CROP_COLOR: besides, hue, saturation and lightness vary
 * @SB_AUGMENTATION_CROP_COLOR_TRANSFORM: besides, it is turned, sheared and stretched a little
 *
 * SageMaker's values of `augmentation_type`, in their order.
 */
typedef enum
{
  SB_AUGMENTATION_NONE,
  SB_AUGMENTATION_CROP,
  SB_AUGMENTATION_CROP_COLOR,
  SB_AUGMENTATION_CROP_COLOR_TRANSFORM,
} SbAugmentation;

/**
 * SbLoaderOptions:
 * @channels: 3, or 1 for grey
 * @height: of the network's input, in pixels
 * @width: of the network's input, in pixels
 * @resize: short side of a photo before its part is taken, in pixels; 0 leaves the choice to
 *   sb_loader_options_get_resize()
 * @augmentation: what training varies
 * @n_classes: numbers in the targets of a photo; unused without targets
 * @mean: per channel, of pixels from 0 to 1
 * @std: per channel, of pixels from 0 to 1
 * @cache_bytes: how much memory decoded photos may take, so that later epochs need not decode
 */
typedef struct
{
  int channels;
  int height;
  int width;
  int resize;
  SbAugmentation augmentation;
  guint n_classes;
  float mean[3];
  float std[3];
  gsize cache_bytes;
} SbLoaderOptions;

void sb_loader_options_init (SbLoaderOptions *self, int channels, int height, int width);
gboolean sb_loader_options_check (const SbLoaderOptions *self, GError **error);
int sb_loader_options_get_resize (const SbLoaderOptions *self);
JsonObject *sb_loader_options_to_json (const SbLoaderOptions *self);
gboolean sb_loader_options_from_json (SbLoaderOptions *self, JsonObject *json, GError **error);
gboolean sb_augmentation_from_name (const char *name, SbAugmentation *augmentation);

SbPhoto *
sb_input_decode (const SbLoaderOptions *options, const void *data, gsize length, GError **error);
void sb_photo_to_input (const SbPhoto *photo, const SbLoaderOptions *options, float *out);

gsize sb_input_get_n_values (const SbLoaderOptions *options);
gboolean sb_input_takes_any_part (const SbLoaderOptions *options);
void sb_input_render (const SbLoaderOptions *options,
                      const SbPhoto *photo,
                      SbRandom *random,
                      guint8 *out);
void sb_input_normalize (const SbLoaderOptions *options, const guint8 *pixels, float *out);

G_END_DECLS
