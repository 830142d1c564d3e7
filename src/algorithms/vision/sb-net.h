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
 * @SB_LAYER_CONVOLUTION: square kernels
 * @SB_LAYER_MAX_POOL: the largest of a square
 * @SB_LAYER_DENSE: every output from every input
 * @SB_LAYER_DROPOUT: in training, some values become zero; it follows a layer with ReLU
 * @SB_LAYER_BATCH_NORM: each channel is given a mean and a variance that are learnt
 * @SB_LAYER_RELU: what is below zero becomes zero
 * @SB_LAYER_ADD: the sum of two layers' outputs
 * @SB_LAYER_AVERAGE_POOL: the mean of a square, zeros of the padding counted as PyTorch does
 */
typedef enum
{
  SB_LAYER_CONVOLUTION,
  SB_LAYER_MAX_POOL,
  SB_LAYER_DENSE,
  SB_LAYER_DROPOUT,
  SB_LAYER_BATCH_NORM,
  SB_LAYER_RELU,
  SB_LAYER_ADD,
  SB_LAYER_AVERAGE_POOL,
} SbLayerKind;

/**
 * SbShape:
 * @channels: their number
 * @height: in pixels
 * @width: in pixels
 * @flat: whether it is a vector of channels; height and width are 1 then
 *
 * What a layer puts out for one image.
 */
typedef struct
{
  int channels;
  int height;
  int width;
  gboolean flat;
} SbShape;

/**
 * SbLayer:
 * @name: the beginning of its weights' names
 * @inputs: (nullable): names of the layers whose outputs it takes, the nearest before it of that
 *   name; %NULL is the layer before it, `input` the image. Only an addition takes the second.
 * @sources: the numbers of those layers; -1 is the image
 * @channels: outputs of a convolution or dense layer
 * @kernel: side of the square, in pixels; 0 for an average over the whole image
 * @stride: in pixels
 * @padding: zeros on every side, in pixels
 * @bias: whether a convolution or dense layer has a bias
 * @relu: whether what is below zero becomes zero; of a convolution, a dense layer, a normalization
 *   or an addition
 * @rate: share of values that a dropout layer drops
 * @epsilon: is added to a normalization's variance
 * @momentum: share of a batch in a normalization's running mean and variance
 * @shape: of what it puts out
 */
typedef struct
{
  SbLayerKind kind;
  char *name;
  char *inputs[2];
  int sources[2];
  int channels;
  int kernel;
  int stride;
  int padding;
  gboolean bias;
  gboolean relu;
  double rate;
  double epsilon;
  double momentum;
  SbShape shape;
} SbLayer;

/**
 * SbWeightRole:
 * @SB_WEIGHT_WEIGHT: of a convolution or dense layer
 * @SB_WEIGHT_BIAS: of a convolution or dense layer
 * @SB_WEIGHT_GAMMA: factors of a normalization, `NAME.weight`
 * @SB_WEIGHT_BETA: summands of a normalization, `NAME.bias`
 * @SB_WEIGHT_MEAN: running means of a normalization, `NAME.running_mean`
 * @SB_WEIGHT_VARIANCE: running variances of a normalization, `NAME.running_var`
 *
 * What numbers are for. MXNet's weight decay concerns weights and gammas alone.
 */
typedef enum
{
  SB_WEIGHT_WEIGHT,
  SB_WEIGHT_BIAS,
  SB_WEIGHT_GAMMA,
  SB_WEIGHT_BETA,
  SB_WEIGHT_MEAN,
  SB_WEIGHT_VARIANCE,
} SbWeightRole;

/**
 * SbWeight:
 * @name: such as `conv1.weight`, as PyTorch has it
 * @role: what it is for
 * @statistic: whether it is counted rather than trained: running means and variances
 * @layer: the number of its layer
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
  SbWeightRole role;
  gboolean statistic;
  guint layer;
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
 * @layers: (element-type SbLayer): in their order; each takes what layers before it put out
 * @weights: (element-type SbWeight): each layer's in the order of SbWeightRole
 * @values: all weights, in plain row-major order
 * @n_values: their number
 *
 * Layers with their weights. It computes nothing itself: SbGraph does.
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
SbNet *sb_net_new_resnet (int n_layers,
                          int channels,
                          int height,
                          int width,
                          int n_classes,
                          GError **error);
gboolean sb_net_is_small_resnet (int n_layers);
gboolean sb_net_fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
SbNet *sb_net_new_from_json (JsonObject *json, GError **error);
void sb_net_free (SbNet *self);
JsonObject *sb_net_to_json (const SbNet *self);
void sb_net_initialize (SbNet *self, guint64 seed);
gboolean sb_net_get_head (const SbNet *self, guint *first_weight);
gboolean sb_net_set_classes (SbNet *self, int n_classes, guint64 seed, GError **error);
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
