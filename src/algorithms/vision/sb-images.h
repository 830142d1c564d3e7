/* sb-images.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

#include "algorithms/vision/sb-net.h"

G_BEGIN_DECLS

/**
 * SbImages:
 * @height: of every image, in pixels
 * @width: of every image, in pixels
 * @pixels: (element-type guint8): the images one after the other, row by row, 0 is background
 * @labels: (element-type guint8): one per image; empty until they have come
 *
 * Grey images of one size with their labels.
 */
typedef struct
{
  int height;
  int width;
  GByteArray *pixels;
  GByteArray *labels;
} SbImages;

SbImages *sb_images_new (void);
void sb_images_free (SbImages *self);
guint sb_images_get_n (const SbImages *self);
const guint8 *sb_images_get (const SbImages *self, guint index);
gboolean sb_images_add_file (SbImages *self, const char *channel, const char *path, GError **error);
gboolean sb_images_check (const SbImages *self, int n_classes, GError **error);
void sb_images_augment (const SbImages *self, guint index, SbRandom *random, float *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbImages, sb_images_free)

G_END_DECLS
