/* sb-shapes-sample.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "formats/sb-photo.h"
#include "workshop/sb-mt19937.h"

G_BEGIN_DECLS

/* Kinds of shapes. */
#define SB_SHAPE_CLASSES 6

/**
 * SbShapesFunc:
 * @done: pictures that were drawn
 * @total: pictures in all
 * @user_data: the caller's data
 */
typedef void (*SbShapesFunc) (guint done, guint total, gpointer user_data);

const char *sb_shapes_sample_get_name (guint shape);
SbPhoto *sb_shapes_sample_draw (SbMt19937 *random, guint shape);
gboolean sb_shapes_sample_write (const char *folder,
                                 guint32 seed,
                                 guint n,
                                 SbShapesFunc func,
                                 gpointer user_data,
                                 GCancellable *cancellable,
                                 GError **error);

G_END_DECLS
