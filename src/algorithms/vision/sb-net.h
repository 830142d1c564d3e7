/* sb-net.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define SB_NET_ERROR (sb_net_error_quark ())
GQuark sb_net_error_quark (void);

/**
 * SbNetError:
 * @SB_NET_ERROR_INVALID: a description or a file of weights is wrong
 */
typedef enum
{
  SB_NET_ERROR_INVALID,
} SbNetError;

/**
 * SbLayerKind:
 * @SB_LAYER_CONVOLUTION: square kernels, with a bias
 * @SB_LAYER_MAX_POOL: the largest of a square
 * @SB_LAYER_DENSE: every output from every input, with a bias
 * @SB_LAYER_DROPOUT: in training, some values become zero; it follows a layer with ReLU
 */
typedef enum
{
  SB_LAYER_CONVOLUTION,
  SB_LAYER_MAX_POOL,
  SB_LAYER_DENSE,
  SB_LAYER_DROPOUT,
} SbLayerKind;

/**
 * SbLayer:
 * @name: the beginning of its weights' names
 * @channels: outputs of a convolution or dense layer
 * @kernel: side of the square, in pixels
 * @stride: in pixels
 * @padding: zeros on every side, in pixels
 * @relu: whether what is below zero becomes zero
 * @rate: share of values that a dropout layer drops
 */
typedef struct
{
  SbLayerKind kind;
  char *name;
  int channels;
  int kernel;
  int stride;
  int padding;
  gboolean relu;
  double rate;
} SbLayer;

/**
 * SbWeight:
 * @name: such as `conv1.weight`, as PyTorch has it
 * @n_dims: 1, 2 or 4
 * @dims: such as output channels, input channels, height, width
 * @offset: index of its first value in SbNet.values
 * @count: number of its values
 * @fan_in: inputs of one output
 * @matrix: whether files have it as a matrix, all but the first dimension being one
 */
typedef struct
{
  char *name;
  int n_dims;
  gint64 dims[4];
  gsize offset;
  gsize count;
  gsize fan_in;
  gboolean matrix;
} SbWeight;

/**
 * SbNet:
 * @channels: of an image
 * @height: of an image, in pixels
 * @width: of an image, in pixels
 * @n_classes: outputs
 * @layers: (element-type SbLayer): in their order
 * @weights: (element-type SbWeight): each layer's weights, then its bias
 * @values: all weights, in plain row-major order
 * @n_values: their number
 *
 * A chain of layers with its weights. It computes nothing itself: SbGraph does.
 */
typedef struct
{
  int channels;
  int height;
  int width;
  int n_classes;
  GPtrArray *layers;
  GPtrArray *weights;
  float *values;
  gsize n_values;
} SbNet;

SbNet *sb_net_new_digits (void);
SbNet *sb_net_new_from_json (JsonObject *json, GError **error);
void sb_net_free (SbNet *self);
JsonObject *sb_net_to_json (const SbNet *self);
void sb_net_initialize (SbNet *self, guint64 seed);
gboolean sb_net_save (const SbNet *self, const char *folder, JsonObject *more, GError **error);
SbNet *sb_net_load (const char *folder, JsonObject **description, GError **error);
gboolean sb_net_load_weights (SbNet *self, const char *path, GError **error);

/**
 * SbRandom:
 *
 * xoshiro256**: the same numbers everywhere for the same seed.
 */
typedef struct
{
  guint64 state[4];
} SbRandom;

void sb_random_init (SbRandom *self, guint64 seed);
guint64 sb_random_next (SbRandom *self);
double sb_random_double (SbRandom *self);
double sb_random_range (SbRandom *self, double low, double high);
double sb_random_normal (SbRandom *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbNet, sb_net_free)

G_END_DECLS
