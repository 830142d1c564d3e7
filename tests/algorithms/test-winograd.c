/* test-winograd.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Against convolutions as they are defined, in double precision.
 */

#include "config.h"

#include <math.h>
#include <string.h>

#include "algorithms/vision/sb-net.h"
#include "algorithms/vision/sb-winograd.h"

#define PANEL 16
/* Of the greatest result, where results are in 32 bit; and of each one's own size in bfloat16. */
#define EXACT   2e-5
#define ROUNDED (1 / 256.0)

/* Numbers as they are in memory, and what they mean. */
typedef struct
{
  void *data;
  double *values;
} Numbers;

static void
numbers_clear (Numbers *self)
{
  g_free (self->data);
  g_free (self->values);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Numbers, numbers_clear)

static float
read_number (gboolean narrow, const void *data, gsize i)
{
  guint32 bits;
  float value;

  if (!narrow)
    return ((const float *) data)[i];
  bits = (guint32) ((const guint16 *) data)[i] << 16;
  memcpy (&value, &bits, sizeof value);
  return value;
}

static void
write_number (gboolean narrow, void *data, gsize i, float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  if (narrow)
    ((guint16 *) data)[i] = (guint16) (bits >> 16);
  else
    ((float *) data)[i] = value;
}

static Numbers
make_numbers (SbRandom *random, gboolean narrow, gsize count)
{
  Numbers self = { .data = g_malloc_n (count, sizeof (float)), .values = g_new (double, count) };

  for (gsize i = 0; i < count; i++)
    {
      write_number (narrow, self.data, i, (float) sb_random_range (random, -1, 1));
      self.values[i] = read_number (narrow, self.data, i);
    }
  return self;
}

static gsize
count_image (const SbWinogradShape *shape, int channels)
{
  return (gsize) shape->batch * (gsize) channels * (gsize) (shape->height * shape->width);
}

static gsize
find_pixel (const SbWinogradShape *shape, int channels, int number, int channel, int y, int x)
{
  int block = shape->block > 0 ? shape->block : channels;
  int plane = shape->height * shape->width;

  return (gsize) ((number * channels + channel / block * block) * plane +
                  (y * shape->width + x) * block + channel % block);
}

static gsize
count_weights (const SbWinogradShape *shape)
{
  return (gsize) (shape->kernel * shape->kernel * shape->inputs * shape->outputs);
}

static gsize
find_weight (const SbWinogradShape *shape, int output, int input, int pixel)
{
  int n = shape->kernel * shape->kernel;

  return (gsize) (((output / PANEL * n + pixel) * shape->inputs + input) * PANEL + output % PANEL);
}

/* Calls @each for all that one output pixel is made of: which input pixel, and which weight. */
typedef void (*EachFunc) (gsize from, gsize weight, gsize to, gpointer data);

static void
for_each_product (const SbWinogradShape *shape, EachFunc each, gpointer data)
{
  int k = shape->kernel;
  gsize n_outputs = count_image (shape, 1) * (gsize) shape->outputs;

  for (gsize i = 0; i < n_outputs * (gsize) (k * k); i++)
    {
      int rest = (int) (i / (gsize) (k * k)), pixel = (int) (i % (gsize) (k * k));
      int x = rest % shape->width, y = rest / shape->width % shape->height;
      int output = rest / (shape->width * shape->height) % shape->outputs;
      int number = rest / (shape->width * shape->height * shape->outputs);
      int from_y = y + pixel / k - k / 2, from_x = x + pixel % k - k / 2;

      if (from_y < 0 || from_y >= shape->height || from_x < 0 || from_x >= shape->width)
        continue;
      for (int input = 0; input < shape->inputs; input++)
        each (find_pixel (shape, shape->inputs, number, input, from_y, from_x),
              find_weight (shape, output, input, pixel),
              find_pixel (shape, shape->outputs, number, output, y, x),
              data);
    }
}

typedef struct
{
  const double *a;
  const double *b;
  double *sums;
} Sums;

static void
add_output (gsize from, gsize weight, gsize to, gpointer data)
{
  Sums *sums = data;

  sums->sums[to] += sums->a[from] * sums->b[weight];
}

static void
add_weight (gsize from, gsize weight, gsize to, gpointer data)
{
  Sums *sums = data;

  sums->sums[weight] += sums->a[from] * sums->b[to];
}

static void
add_input (gsize from, gsize weight, gsize to, gpointer data)
{
  Sums *sums = data;

  sums->sums[from] += sums->a[to] * sums->b[weight];
}

static void
assert_alike (gboolean narrow, const void *ours, const double *theirs, gsize count)
{
  double most = 0;

  for (gsize i = 0; i < count; i++)
    most = MAX (most, fabs (theirs[i]));
  g_assert_cmpfloat (most, >, 0);
  for (gsize i = 0; i < count; i++)
    g_assert_cmpfloat_with_epsilon (read_number (narrow, ours, i),
                                    theirs[i],
                                    EXACT * most + (narrow ? ROUNDED * fabs (theirs[i]) : 0));
}

static void
test_convolution (gconstpointer data)
{
  const SbWinogradShape *shape = data;
  SbRandom random;
  g_auto (Numbers) src = { 0 }, weights = { 0 }, bias = { 0 }, plus = { 0 };
  gsize count = count_image (shape, shape->outputs);
  gsize n_scratch = sb_winograd_get_n_scratch (shape, FALSE);
  g_autofree double *sums = NULL;
  g_autofree float *dst = g_new0 (float, count), *scratch = g_new0 (float, n_scratch);

  sb_random_init (&random, 1);
  src = make_numbers (&random, shape->narrow, count_image (shape, shape->inputs));
  weights = make_numbers (&random, FALSE, count_weights (shape));
  bias = make_numbers (&random, FALSE, (gsize) shape->outputs);
  plus = make_numbers (&random, shape->narrow, count);
  sums = g_memdup2 (plus.values, count * sizeof (double));
  for_each_product (shape, add_output, &(Sums){ src.values, weights.values, sums });
  for (int o = 0; o < shape->outputs; o++)
    for (int i = 0; i < shape->batch * shape->height * shape->width; i++)
      {
        int plane = shape->height * shape->width;
        double *sum = sums + find_pixel (shape,
                                         shape->outputs,
                                         i / plane,
                                         o,
                                         i % plane / shape->width,
                                         i % shape->width);

        *sum = MAX (*sum + bias.values[o], 0);
      }
  sb_winograd_convolve (shape,
                        src.data,
                        &(SbWinogradWeights){ .plain = weights.data },
                        &(SbWinogradEnd){ .bias = bias.data, .plus = plus.data, .relu = TRUE },
                        dst,
                        scratch);
  assert_alike (shape->narrow, dst, sums, count);
}

static void
test_weights_gradient (gconstpointer data)
{
  const SbWinogradShape *shape = data;
  SbRandom random;
  g_auto (Numbers) src = { 0 }, diff = { 0 };
  gsize n_outputs = (gsize) shape->outputs, n_weights = count_weights (shape);
  g_autofree double *sums = g_new0 (double, n_weights), *bias = g_new0 (double, n_outputs);
  g_autofree float *diff_weights = g_new0 (float, n_weights),
                   *diff_bias = g_new0 (float, n_outputs);
  g_autofree float *scratch = g_new0 (float, sb_winograd_get_n_gradient_scratch (shape));

  sb_random_init (&random, 2);
  src = make_numbers (&random, shape->narrow, count_image (shape, shape->inputs));
  diff = make_numbers (&random, shape->narrow, count_image (shape, shape->outputs));
  for_each_product (shape, add_weight, &(Sums){ src.values, diff.values, sums });
  for (int n = 0; n < shape->batch; n++)
    for (int o = 0; o < shape->outputs; o++)
      for (int y = 0; y < shape->height; y++)
        for (int x = 0; x < shape->width; x++)
          bias[o] += diff.values[find_pixel (shape, shape->outputs, n, o, y, x)];
  sb_winograd_take_gradient (shape, src.data, diff.data, diff_weights, diff_bias, scratch);
  assert_alike (FALSE, diff_weights, sums, n_weights);
  assert_alike (FALSE, diff_bias, bias, n_outputs);
}

/* The weights with inputs and outputs exchanged, pixels as they were. */
static float *
exchange (const SbWinogradShape *shape, const SbWinogradShape *turned, const float *weights)
{
  float *exchanged = g_new (float, count_weights (shape));

  for (int o = 0; o < shape->outputs; o++)
    for (int i = 0; i < shape->inputs; i++)
      for (int p = 0; p < shape->kernel * shape->kernel; p++)
        exchanged[find_weight (turned, i, o, p)] = weights[find_weight (shape, o, i, p)];
  return exchanged;
}

static void
test_inputs_gradient (gconstpointer data)
{
  const SbWinogradShape *shape = data;
  SbWinogradShape turned = *shape;
  SbRandom random;
  g_auto (Numbers) diff = { 0 }, weights = { 0 };
  gsize count = count_image (shape, shape->inputs);
  g_autofree double *sums = g_new0 (double, count);
  g_autofree float *dst = g_new0 (float, count), *exchanged = NULL, *scratch = NULL;

  turned.inputs = shape->outputs;
  turned.outputs = shape->inputs;
  sb_random_init (&random, 3);
  diff = make_numbers (&random, shape->narrow, count_image (shape, shape->outputs));
  weights = make_numbers (&random, FALSE, count_weights (shape));
  exchanged = exchange (shape, &turned, weights.data);
  scratch = g_new0 (float, sb_winograd_get_n_scratch (&turned, FALSE));
  for_each_product (shape, add_input, &(Sums){ diff.values, weights.values, sums });
  sb_winograd_convolve (&turned,
                        diff.data,
                        &(SbWinogradWeights){ .plain = exchanged, .turned = TRUE },
                        &(SbWinogradEnd){ 0 },
                        dst,
                        scratch);
  assert_alike (shape->narrow, dst, sums, count);
}

static void
add_tests (const SbWinogradShape *shape)
{
  static const struct
  {
    const char *name;
    GTestDataFunc func;
  } tests[] = { { "convolution", test_convolution },
                { "weights-gradient", test_weights_gradient },
                { "inputs-gradient", test_inputs_gradient } };

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strdup_printf ("/winograd/%s/%d-%dx%d-%d-%d-%d-%d-%s",
                                               tests[i].name,
                                               shape->batch,
                                               shape->height,
                                               shape->width,
                                               shape->inputs,
                                               shape->outputs,
                                               shape->kernel,
                                               shape->block,
                                               shape->narrow ? "bf16" : "fp32");

      g_test_add_data_func_full (path, g_memdup2 (shape, sizeof *shape), tests[i].func, g_free);
    }
}

/* Of this processor and layout. */
static gboolean
is_possible (int block)
{
  return sb_winograd_is_worth_it (&(SbWinogradShape){ .batch = 64,
                                                      .height = 8,
                                                      .width = 8,
                                                      .inputs = 16,
                                                      .outputs = 16,
                                                      .kernel = 3,
                                                      .threads = 1,
                                                      .block = block });
}

int
main (int argc, char **argv)
{
  /* Each way in which tiles are grouped, and threads share them; images that no tile divides, and
   * that are smaller. */
  static const SbWinogradShape shapes[] = {
    { .batch = 4,
      .height = 17,
      .width = 13,
      .inputs = 16,
      .outputs = 32,
      .kernel = 3,
      .threads = 2 },
    { .batch = 2, .height = 3, .width = 5, .inputs = 32, .outputs = 16, .kernel = 3, .threads = 1 },
    { .batch = 1,
      .height = 10,
      .width = 6,
      .inputs = 64,
      .outputs = 80,
      .kernel = 3,
      .threads = 1 },
    { .batch = 1, .height = 9, .width = 6, .inputs = 80, .outputs = 96, .kernel = 3, .threads = 2 },
    { .batch = 3,
      .height = 9,
      .width = 11,
      .inputs = 16,
      .outputs = 64,
      .kernel = 5,
      .threads = 2 },
    { .batch = 1, .height = 6, .width = 4, .inputs = 80, .outputs = 64, .kernel = 5, .threads = 2 },
    { .batch = 1,
      .height = 7,
      .width = 5,
      .inputs = 64,
      .outputs = 128,
      .kernel = 5,
      .threads = 1 },
  };
  static const int blocks[] = { 0, 8, 16 };

  g_test_init (&argc, &argv, NULL);
  /* Processors without AVX2 have none of this. */
  if (!is_possible (16))
    return 77;
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (guint b = 0; b < G_N_ELEMENTS (blocks); b++)
      for (int narrow = 0; narrow < 2 && is_possible (blocks[b]); narrow++)
        {
          SbWinogradShape shape = shapes[i];

          shape.block = blocks[b];
          shape.narrow = narrow;
          add_tests (&shape);
        }
  return g_test_run ();
}
