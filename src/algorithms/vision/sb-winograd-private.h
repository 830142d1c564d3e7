/* sb-winograd-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Between sb-winograd.c and the kernels for each kind of processor.
 */

#pragma once

#include "algorithms/vision/sb-winograd.h"

G_BEGIN_DECLS

/* Channels that lie next to each other in the matrices. */
#define SB_WINOGRAD_PANEL 16

/**
 * SbWinogradImage:
 * @height: in pixels
 * @width: in pixels
 * @block: channels that lie next to each other for one pixel: 8, 16, or all of them
 * @narrow: whether its numbers are in bfloat16
 */
typedef struct
{
  int height;
  int width;
  int block;
  gboolean narrow;
} SbWinogradImage;

/**
 * SbWinogradTile:
 * @number: of the image in the batch
 * @y: number of its row
 * @x: number of its column
 */
typedef struct
{
  int number;
  int y;
  int x;
} SbWinogradTile;

/**
 * SbWinogradChanges:
 * @side: inputs in a row of a tile, and points
 * @edge: outputs in a row of a tile
 *
 * How tiles and weights become points and the other way round, for one size of weights.
 */
typedef struct
{
  int side;
  int edge;
  void (*input) (const SbWinogradImage *image,
                 const void *data,
                 int channels,
                 SbWinogradTile tile,
                 float *points,
                 gsize step,
                 gsize panel);
  void (*gradient) (const SbWinogradImage *image,
                    const void *data,
                    int channels,
                    SbWinogradTile tile,
                    float *points,
                    gsize step,
                    gsize panel);
  void (*output) (const SbWinogradImage *image,
                  void *data,
                  int channels,
                  SbWinogradTile tile,
                  const float *points,
                  gsize step,
                  gsize panel,
                  const SbWinogradEnd *end);
  void (*weights) (const float *weights, gsize apart, gboolean turned, float *points, gsize step);
  void (*weights_back) (const float *points, gsize step, float *weights, gsize apart);
} SbWinogradChanges;

/**
 * SbWinogradKernels:
 * @rows: tiles that are multiplied at once
 * @width: numbers in a vector
 * @most: panels of outputs that are multiplied at once; there may be as many, or one
 * @three: for weights of 3 × 3 pixels
 * @five: for weights of 5 × 5 pixels
 */
typedef struct
{
  int rows;
  int width;
  int most;
  SbWinogradChanges three;
  SbWinogradChanges five;
  void (*multiply) (int n,
                    const float *a,
                    gsize panel,
                    int inputs,
                    const float *b,
                    gsize apart,
                    float *to);
  void (*multiply_back) (int panels,
                         const float *a,
                         const float *b,
                         gsize apart,
                         int n,
                         float *to,
                         gsize to_apart);
} SbWinogradKernels;

const SbWinogradKernels *sb_winograd_get_kernels (void);

#ifdef __x86_64__
extern const SbWinogradKernels sb_winograd_avx2_kernels;
extern const SbWinogradKernels sb_winograd_avx512_kernels;
#endif

G_END_DECLS
