/* sb-winograd-kernels.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The inner loops of sb-winograd.c for vectors of WIDTH numbers: included once for each kind of
 * processor, after the pragma that says which, with NAME (x) making names of its own.
 *
 * A tile of 4 × 4 outputs takes 6 × 6 inputs, and so does its neighbour, 4 pixels on. Both are
 * changed into 6 × 6 points, at each of which a convolution is one matrix product over the
 * channels: 36 products for what 144 are needed directly (Winograd's F(4 × 4, 3 × 3); Lavin and
 * Gray 2015). The points of interpolation are 0, ±A, ±B and infinity, chosen for small errors of
 * rounding.
 */

#define A  0.75f
#define B  1.25f
#define A2 (A * A)
#define B2 (B * B)
#define A3 (A2 * A)
#define B3 (B2 * B)
#define NA (2 * A2 * (A2 - B2))
#define NB (2 * B2 * (B2 - A2))

typedef float Vector __attribute__ ((vector_size (4 * WIDTH), aligned (4)));
typedef gint32 Mask __attribute__ ((vector_size (4 * WIDTH)));

/* Vectors in a panel, and rows of a matrix that are multiplied at once. */
#define VECTORS (SB_WINOGRAD_PANEL / WIDTH)

/* Each of these changes numbers that are @from apart into others that are @to apart. */

static inline __attribute__ ((always_inline)) void
change_input (Vector *out, int to, const Vector *x, int from)
{
  Vector a_even = x[4 * from] - B2 * x[2 * from], a_odd = A * (x[3 * from] - B2 * x[1 * from]);
  Vector b_even = x[4 * from] - A2 * x[2 * from], b_odd = B * (x[3 * from] - A2 * x[1 * from]);

  out[0 * to] = x[4 * from] + (A2 * B2) * x[0 * from] - (A2 + B2) * x[2 * from];
  out[1 * to] = a_even + a_odd;
  out[2 * to] = a_even - a_odd;
  out[3 * to] = b_even + b_odd;
  out[4 * to] = b_even - b_odd;
  out[5 * to] = x[5 * from] + (A2 * B2) * x[1 * from] - (A2 + B2) * x[3 * from];
}

static inline __attribute__ ((always_inline)) void
change_output (Vector *out, int to, const Vector *m, int from)
{
  Vector a_sum = m[1 * from] + m[2 * from], a_diff = m[1 * from] - m[2 * from];
  Vector b_sum = m[3 * from] + m[4 * from], b_diff = m[3 * from] - m[4 * from];

  out[0 * to] = m[0 * from] + a_sum + b_sum;
  out[1 * to] = A * a_diff + B * b_diff;
  out[2 * to] = A2 * a_sum + B2 * b_sum;
  out[3 * to] = A3 * a_diff + B3 * b_diff + m[5 * from];
}

static inline __attribute__ ((always_inline)) void
change_gradient (Vector *out, int to, const Vector *y, int from)
{
  Vector a_even = y[0 * from] + A2 * y[2 * from], a_odd = A * y[1 * from] + A3 * y[3 * from];
  Vector b_even = y[0 * from] + B2 * y[2 * from], b_odd = B * y[1 * from] + B3 * y[3 * from];

  out[0 * to] = y[0 * from];
  out[1 * to] = a_even + a_odd;
  out[2 * to] = a_even - a_odd;
  out[3 * to] = b_even + b_odd;
  out[4 * to] = b_even - b_odd;
  out[5 * to] = y[3 * from];
}

static inline __attribute__ ((always_inline)) void
change_weights (Vector *out, int to, const Vector *g, int from)
{
  Vector a_even = (1 / NA) * g[0 * from] + (A2 / NA) * g[2 * from];
  Vector b_even = (1 / NB) * g[0 * from] + (B2 / NB) * g[2 * from];

  out[0 * to] = (1 / (A2 * B2)) * g[0 * from];
  out[1 * to] = a_even + (A / NA) * g[1 * from];
  out[2 * to] = a_even - (A / NA) * g[1 * from];
  out[3 * to] = b_even + (B / NB) * g[1 * from];
  out[4 * to] = b_even - (B / NB) * g[1 * from];
  out[5 * to] = g[2 * from];
}

static inline __attribute__ ((always_inline)) void
change_weights_back (Vector *out, int to, const Vector *u, int from)
{
  Vector a_sum = u[1 * from] + u[2 * from], a_diff = u[1 * from] - u[2 * from];
  Vector b_sum = u[3 * from] + u[4 * from], b_diff = u[3 * from] - u[4 * from];

  out[0 * to] = (1 / (A2 * B2)) * u[0 * from] + (1 / NA) * a_sum + (1 / NB) * b_sum;
  out[1 * to] = (A / NA) * a_diff + (B / NB) * b_diff;
  out[2 * to] = (A2 / NA) * a_sum + (B2 / NB) * b_sum + u[5 * from];
}

static inline __attribute__ ((always_inline)) Vector
load (const float *from)
{
  return *(const Vector *) from;
}

static inline __attribute__ ((always_inline)) void
store (float *to, Vector value)
{
  *(Vector *) to = value;
}

/* Pixels of one vector of channels: neighbours are @down or @right apart. */
typedef struct
{
  const float *at;
  gsize down;
  gsize right;
} NAME (Square);

/* @side × @side pixels from the one at @y, @x on; what lies outside the image is zero, in @copy. */
static inline __attribute__ ((always_inline)) NAME (Square)
    get_square (const SbWinogradImage *image,
                const float *data,
                int y,
                int x,
                int side,
                float *copy)
{
  gsize n = (gsize) image->block, line = n * (gsize) image->width;

  if (y >= 0 && x >= 0 && y + side <= image->height && x + side <= image->width)
    return (NAME (Square)){ data + (gsize) y * line + (gsize) x * n, line, n };
  for (int i = 0; i < side; i++)
    for (int j = 0; j < side; j++)
      {
        gboolean inside = y + i >= 0 && y + i < image->height && x + j >= 0 && x + j < image->width;

        store (copy + (i * side + j) * WIDTH,
               inside
                   ? load (data + (gssize) (y + i) * (gssize) line + (gssize) (x + j) * (gssize) n)
                   : (Vector){ 0 });
      }
  return (NAME (Square)){ copy, (gsize) (side * WIDTH), WIDTH };
}

/* Lines of the image that the tile below needs, so that they are there by then. */
static inline __attribute__ ((always_inline)) void
fetch_below (const SbWinogradImage *image, const float *data, int y, int x)
{
  gsize n = (gsize) image->block, line = n * (gsize) image->width;

  for (int i = y; i < MIN (y + 4, image->height); i++)
    for (int j = 0; j < 4 * WIDTH; j += 16)
      __builtin_prefetch (data + (gsize) i * line + (gsize) x * n + j);
}

/* The channels from number @channel on, of one image. */
static inline gsize
get_offset (const SbWinogradImage *image, int channels, int number, int channel)
{
  gsize plane = (gsize) image->height * (gsize) image->width;

  return ((gsize) number * (gsize) channels + (gsize) (channel / image->block * image->block)) *
             plane +
         (gsize) (channel % image->block);
}

/* The points of a tile, @step apart; each panel of channels is @panel apart from the next. */
static void
NAME (input) (const SbWinogradImage *image,
              const float *data,
              int channels,
              SbWinogradTile tile,
              float *points,
              gsize step,
              gsize panel)
{
  float copy[36 * WIDTH];

  for (int c = 0; c < channels; c += WIDTH)
    {
      const float *from = data + get_offset (image, channels, tile.number, c);
      float *to = points + (gsize) (c / SB_WINOGRAD_PANEL) * panel + c % SB_WINOGRAD_PANEL;
      NAME (Square) square = get_square (image, from, 4 * tile.y - 1, 4 * tile.x - 1, 6, copy);
      Vector half[36];

      fetch_below (image, from, 4 * tile.y + 5, 4 * tile.x);
#pragma GCC unroll 1
      for (int i = 0; i < 6; i++)
        {
          const float *at = square.at + (gsize) i * square.right;
          Vector line[6];

          for (int j = 0; j < 6; j++)
            line[j] = load (at + (gsize) j * square.down);
          change_input (half + i, 6, line, 1);
        }
#pragma GCC unroll 1
      for (int i = 0; i < 6; i++)
        {
          float *at = to + (gsize) (6 * i) * step;
          Vector line[6];

          change_input (line, 1, half + 6 * i, 1);
          for (int j = 0; j < 6; j++)
            store (at + (gsize) j * step, line[j]);
        }
    }
}

/* The same from the gradient of 4 × 4 outputs. */
static void
NAME (gradient) (const SbWinogradImage *image,
                 const float *data,
                 int channels,
                 SbWinogradTile tile,
                 float *points,
                 gsize step,
                 gsize panel)
{
  float copy[16 * WIDTH];

  for (int c = 0; c < channels; c += WIDTH)
    {
      const float *from = data + get_offset (image, channels, tile.number, c);
      float *to = points + (gsize) (c / SB_WINOGRAD_PANEL) * panel + c % SB_WINOGRAD_PANEL;
      NAME (Square) square = get_square (image, from, 4 * tile.y, 4 * tile.x, 4, copy);
      Vector half[24];

      fetch_below (image, from, 4 * tile.y + 4, 4 * tile.x);
#pragma GCC unroll 1
      for (int i = 0; i < 4; i++)
        {
          const float *at = square.at + (gsize) i * square.right;
          Vector line[4];

          for (int j = 0; j < 4; j++)
            line[j] = load (at + (gsize) j * square.down);
          change_gradient (half + i, 4, line, 1);
        }
#pragma GCC unroll 1
      for (int i = 0; i < 6; i++)
        {
          float *at = to + (gsize) (6 * i) * step;
          Vector line[6];

          change_gradient (line, 1, half + 4 * i, 1);
          for (int j = 0; j < 6; j++)
            store (at + (gsize) j * step, line[j]);
        }
    }
}

/* One line of a tile's outputs, the first being number @at. */
static inline __attribute__ ((always_inline)) void
store_line (float *data,
            gsize at,
            gsize apart,
            const Vector *line,
            int n,
            Vector bias,
            const SbWinogradEnd *end)
{
  for (int j = 0; j < n; j++, at += apart)
    {
      Vector value = line[j] + bias;

      if (end->plus != NULL)
        value += load (end->plus + at);
      if (end->relu)
        value = (Vector) ((Mask) value & (value > 0));
      store (data + at, value);
    }
}

/* From the points back to 4 × 4 outputs, as far as they lie within the image. */
static void
NAME (output) (const SbWinogradImage *image,
               float *data,
               int channels,
               SbWinogradTile tile,
               const float *points,
               gsize step,
               gsize panel,
               const SbWinogradEnd *end)
{
  int rows = MIN (4, image->height - 4 * tile.y), columns = MIN (4, image->width - 4 * tile.x);
  gsize n = (gsize) image->block, line = n * (gsize) image->width;

  for (int c = 0; c < channels; c += WIDTH)
    {
      gsize to = get_offset (image, channels, tile.number, c) + (gsize) (4 * tile.y) * line +
                 (gsize) (4 * tile.x) * n;
      const float *from = points + (gsize) (c / SB_WINOGRAD_PANEL) * panel + c % SB_WINOGRAD_PANEL;
      Vector bias = end->bias != NULL ? load (end->bias + c) : (Vector){ 0 };
      Vector half[24];

#pragma GCC unroll 1
      for (int i = 0; i < 6; i++)
        {
          const float *at = from + (gsize) i * step;
          Vector all[6];

          for (int j = 0; j < 6; j++)
            all[j] = load (at + (gsize) (6 * j) * step);
          change_output (half + i, 6, all, 1);
        }
#pragma GCC unroll 1
      for (int i = 0; i < rows; i++)
        {
          Vector result[4];

          change_output (result, 1, half + 6 * i, 1);
          if (columns == 4)
            store_line (data, to + (gsize) i * line, n, result, 4, bias, end);
          else
            store_line (data, to + (gsize) i * line, n, result, columns, bias, end);
        }
    }
}

/* The points of one input channel's weights to WIDTH outputs; the kernel's pixels are @apart. */
static void
NAME (weights) (const float *weights, gsize apart, gboolean turned, float *points, gsize step)
{
  Vector kernel[9], half[18], all[36];

  for (int i = 0; i < 9; i++)
    kernel[i] = load (weights + (gsize) (turned ? 8 - i : i) * apart);
  for (int i = 0; i < 3; i++)
    change_weights (half + i, 3, kernel + i, 3);
  for (int i = 0; i < 6; i++)
    change_weights (all + 6 * i, 1, half + 3 * i, 1);
  for (int i = 0; i < 36; i++)
    store (points + (gsize) i * step, all[i]);
}

static void
NAME (weights_back) (const float *points, gsize step, float *weights, gsize apart)
{
  Vector kernel[9], half[18], all[36];

  for (int i = 0; i < 36; i++)
    all[i] = load (points + (gsize) i * step);
  for (int i = 0; i < 6; i++)
    change_weights_back (half + i, 6, all + i, 6);
  for (int i = 0; i < 3; i++)
    change_weights_back (kernel + 3 * i, 1, half + 6 * i, 1);
  for (int i = 0; i < 9; i++)
    store (weights + (gsize) i * apart, kernel[i]);
}

/* ROWS tiles by one panel of outputs, summed over all input channels: panels of @a are @panel
 * apart. */
static void
NAME (multiply) (const float *a, gsize panel, int inputs, const float *b, float *to)
{
  Vector sums[ROWS][VECTORS];

  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < VECTORS; j++)
      sums[i][j] = (Vector){ 0 };
  for (int c = 0; c < inputs; c += SB_WINOGRAD_PANEL, a += panel)
#pragma GCC unroll 4
    for (int k = 0; k < SB_WINOGRAD_PANEL; k++, b += SB_WINOGRAD_PANEL)
#pragma GCC unroll 16
      for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 2
        for (int j = 0; j < VECTORS; j++)
          sums[i][j] += a[i * SB_WINOGRAD_PANEL + k] * load (b + j * WIDTH);
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < VECTORS; j++)
      store (to + i * SB_WINOGRAD_PANEL + j * WIDTH, sums[i][j]);
}

/* Some input channels by one panel of outputs, summed over @n tiles, added to @to. */
static inline __attribute__ ((always_inline)) void
multiply_back (const float *a, const float *b, int n, float *to, int inputs)
{
  Vector sums[SB_WINOGRAD_PANEL][VECTORS];

  for (int i = 0; i < inputs; i++)
    for (int j = 0; j < VECTORS; j++)
      sums[i][j] = load (to + i * SB_WINOGRAD_PANEL + j * WIDTH);
  for (int k = 0; k < n; k++)
#pragma GCC unroll 16
    for (int i = 0; i < inputs; i++)
#pragma GCC unroll 2
      for (int j = 0; j < VECTORS; j++)
        sums[i][j] += a[k * SB_WINOGRAD_PANEL + i] * load (b + k * SB_WINOGRAD_PANEL + j * WIDTH);
  for (int i = 0; i < inputs; i++)
    for (int j = 0; j < VECTORS; j++)
      store (to + i * SB_WINOGRAD_PANEL + j * WIDTH, sums[i][j]);
}

/* A panel of inputs, as many at once as there are registers for. */
static void
NAME (multiply_back) (const float *a, const float *b, int n, float *to)
{
#if VECTORS == 1
  multiply_back (a, b, n, to, 16);
#else
  multiply_back (a, b, n, to, 6);
  multiply_back (a + 6, b, n, to + 6 * SB_WINOGRAD_PANEL, 5);
  multiply_back (a + 11, b, n, to + 11 * SB_WINOGRAD_PANEL, 5);
#endif
}

const SbWinogradKernels NAME (kernels) = {
  .rows = ROWS,
  .width = WIDTH,
  .input = NAME (input),
  .gradient = NAME (gradient),
  .output = NAME (output),
  .weights = NAME (weights),
  .weights_back = NAME (weights_back),
  .multiply = NAME (multiply),
  .multiply_back = NAME (multiply_back),
};
