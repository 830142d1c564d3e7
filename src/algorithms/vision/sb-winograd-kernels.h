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
 * Gray 2015). Weights of 5 × 5 pixels leave 2 × 2 outputs of the same points: 36 products for 100.
 * The points of interpolation are 0, ±A, ±B and infinity, chosen for small errors of rounding.
 *
 * What follows is written for tiles of @edge outputs a side; the compiler makes two of each.
 */

#define A  0.75f
#define B  1.25f
#define A2 (A * A)
#define B2 (B * B)
#define A3 (A2 * A)
#define B3 (B2 * B)
#define A4 (A2 * A2)
#define B4 (B2 * B2)
#define NA (2 * A2 * (A2 - B2))
#define NB (2 * B2 * (B2 - A2))

typedef float Vector __attribute__ ((vector_size (4 * WIDTH), aligned (4)));
typedef gint32 Mask __attribute__ ((vector_size (4 * WIDTH)));

/* Vectors in a panel, and rows of a matrix that are multiplied at once. */
#define VECTORS (SB_WINOGRAD_PANEL / WIDTH)

/* Pixels of a side of a tile's inputs, and of the weights. */
#define SIDE         6
#define KERNEL(edge) (SIDE + 1 - (edge))
#define AROUND(edge) (KERNEL (edge) / 2)

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
change_output (int edge, Vector *out, int to, const Vector *m, int from)
{
  Vector a_sum = m[1 * from] + m[2 * from], a_diff = m[1 * from] - m[2 * from];
  Vector b_sum = m[3 * from] + m[4 * from], b_diff = m[3 * from] - m[4 * from];

  out[0 * to] = m[0 * from] + a_sum + b_sum;
  out[1 * to] = A * a_diff + B * b_diff;
  if (edge == 4)
    {
      out[2 * to] = A2 * a_sum + B2 * b_sum;
      out[3 * to] = A3 * a_diff + B3 * b_diff;
    }
  out[(edge - 1) * to] += m[5 * from];
}

static inline __attribute__ ((always_inline)) void
change_gradient (int edge, Vector *out, int to, const Vector *y, int from)
{
  Vector a_even = y[0 * from], a_odd = A * y[1 * from];
  Vector b_even = y[0 * from], b_odd = B * y[1 * from];

  if (edge == 4)
    {
      a_even += A2 * y[2 * from];
      a_odd += A3 * y[3 * from];
      b_even += B2 * y[2 * from];
      b_odd += B3 * y[3 * from];
    }
  out[0 * to] = y[0 * from];
  out[1 * to] = a_even + a_odd;
  out[2 * to] = a_even - a_odd;
  out[3 * to] = b_even + b_odd;
  out[4 * to] = b_even - b_odd;
  out[5 * to] = y[(edge - 1) * from];
}

static inline __attribute__ ((always_inline)) void
change_weights (int edge, Vector *out, int to, const Vector *g, int from)
{
  Vector a_even = (1 / NA) * g[0 * from] + (A2 / NA) * g[2 * from], a_odd = (A / NA) * g[1 * from];
  Vector b_even = (1 / NB) * g[0 * from] + (B2 / NB) * g[2 * from], b_odd = (B / NB) * g[1 * from];

  if (edge == 2)
    {
      a_even += (A4 / NA) * g[4 * from];
      a_odd += (A3 / NA) * g[3 * from];
      b_even += (B4 / NB) * g[4 * from];
      b_odd += (B3 / NB) * g[3 * from];
    }
  out[0 * to] = (1 / (A2 * B2)) * g[0 * from];
  out[1 * to] = a_even + a_odd;
  out[2 * to] = a_even - a_odd;
  out[3 * to] = b_even + b_odd;
  out[4 * to] = b_even - b_odd;
  out[5 * to] = g[(KERNEL (edge) - 1) * from];
}

static inline __attribute__ ((always_inline)) void
change_weights_back (int edge, Vector *out, int to, const Vector *u, int from)
{
  Vector a_sum = u[1 * from] + u[2 * from], a_diff = u[1 * from] - u[2 * from];
  Vector b_sum = u[3 * from] + u[4 * from], b_diff = u[3 * from] - u[4 * from];

  out[0 * to] = (1 / (A2 * B2)) * u[0 * from] + (1 / NA) * a_sum + (1 / NB) * b_sum;
  out[1 * to] = (A / NA) * a_diff + (B / NB) * b_diff;
  out[2 * to] = (A2 / NA) * a_sum + (B2 / NB) * b_sum;
  if (edge == 2)
    {
      out[3 * to] = (A3 / NA) * a_diff + (B3 / NB) * b_diff;
      out[4 * to] = (A4 / NA) * a_sum + (B4 / NB) * b_sum;
    }
  out[(KERNEL (edge) - 1) * to] += u[5 * from];
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
fetch_below (const SbWinogradImage *image, const float *data, int edge, int y, int x)
{
  gsize n = (gsize) image->block, line = n * (gsize) image->width;

  for (int i = y; i < MIN (y + edge, image->height); i++)
    for (int j = 0; j < edge * WIDTH; j += 16)
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
static inline __attribute__ ((always_inline)) void
take_input (int edge,
            const SbWinogradImage *image,
            const float *data,
            int channels,
            SbWinogradTile tile,
            float *points,
            gsize step,
            gsize panel)
{
  int y = edge * tile.y - AROUND (edge), x = edge * tile.x - AROUND (edge);
  float copy[SIDE * SIDE * WIDTH];

  for (int c = 0; c < channels; c += WIDTH)
    {
      const float *from = data + get_offset (image, channels, tile.number, c);
      float *to = points + (gsize) (c / SB_WINOGRAD_PANEL) * panel + c % SB_WINOGRAD_PANEL;
      NAME (Square) square = get_square (image, from, y, x, SIDE, copy);
      Vector half[SIDE * SIDE];

      fetch_below (image, from, edge, y + SIDE, edge * tile.x);
#pragma GCC unroll 1
      for (int i = 0; i < SIDE; i++)
        {
          const float *at = square.at + (gsize) i * square.right;
          Vector line[SIDE];

          for (int j = 0; j < SIDE; j++)
            line[j] = load (at + (gsize) j * square.down);
          change_input (half + i, SIDE, line, 1);
        }
#pragma GCC unroll 1
      for (int i = 0; i < SIDE; i++)
        {
          float *at = to + (gsize) (SIDE * i) * step;
          Vector line[SIDE];

          change_input (line, 1, half + SIDE * i, 1);
          for (int j = 0; j < SIDE; j++)
            store (at + (gsize) j * step, line[j]);
        }
    }
}

/* The same from the gradient of a tile's outputs. */
static inline __attribute__ ((always_inline)) void
take_gradient (int edge,
               const SbWinogradImage *image,
               const float *data,
               int channels,
               SbWinogradTile tile,
               float *points,
               gsize step,
               gsize panel)
{
  int y = edge * tile.y, x = edge * tile.x;
  float copy[4 * 4 * WIDTH];

  for (int c = 0; c < channels; c += WIDTH)
    {
      const float *from = data + get_offset (image, channels, tile.number, c);
      float *to = points + (gsize) (c / SB_WINOGRAD_PANEL) * panel + c % SB_WINOGRAD_PANEL;
      NAME (Square) square = get_square (image, from, y, x, edge, copy);
      Vector half[SIDE * 4];

      fetch_below (image, from, edge, y + edge, x);
#pragma GCC unroll 1
      for (int i = 0; i < edge; i++)
        {
          const float *at = square.at + (gsize) i * square.right;
          Vector line[4];

          for (int j = 0; j < edge; j++)
            line[j] = load (at + (gsize) j * square.down);
          change_gradient (edge, half + i, edge, line, 1);
        }
#pragma GCC unroll 1
      for (int i = 0; i < SIDE; i++)
        {
          float *at = to + (gsize) (SIDE * i) * step;
          Vector line[SIDE];

          change_gradient (edge, line, 1, half + edge * i, 1);
          for (int j = 0; j < SIDE; j++)
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

/* From the points back to outputs, as far as they lie within the image. */
static inline __attribute__ ((always_inline)) void
give_output (int edge,
             const SbWinogradImage *image,
             float *data,
             int channels,
             SbWinogradTile tile,
             const float *points,
             gsize step,
             gsize panel,
             const SbWinogradEnd *end)
{
  int y = edge * tile.y, x = edge * tile.x;
  int rows = MIN (edge, image->height - y), columns = MIN (edge, image->width - x);
  gsize n = (gsize) image->block, line = n * (gsize) image->width;

  for (int c = 0; c < channels; c += WIDTH)
    {
      gsize to = get_offset (image, channels, tile.number, c) + (gsize) y * line + (gsize) x * n;
      const float *from = points + (gsize) (c / SB_WINOGRAD_PANEL) * panel + c % SB_WINOGRAD_PANEL;
      Vector bias = end->bias != NULL ? load (end->bias + c) : (Vector){ 0 };
      Vector half[SIDE * 4];

#pragma GCC unroll 1
      for (int i = 0; i < SIDE; i++)
        {
          const float *at = from + (gsize) i * step;
          Vector all[SIDE];

          for (int j = 0; j < SIDE; j++)
            all[j] = load (at + (gsize) (SIDE * j) * step);
          change_output (edge, half + i, SIDE, all, 1);
        }
#pragma GCC unroll 1
      for (int i = 0; i < rows; i++)
        {
          Vector result[4];

          change_output (edge, result, 1, half + SIDE * i, 1);
          if (columns == edge)
            store_line (data, to + (gsize) i * line, n, result, edge, bias, end);
          else
            store_line (data, to + (gsize) i * line, n, result, columns, bias, end);
        }
    }
}

/* The points of one input channel's weights to WIDTH outputs; the kernel's pixels are @apart. */
static inline __attribute__ ((always_inline)) void
take_weights (int edge,
              const float *weights,
              gsize apart,
              gboolean turned,
              float *points,
              gsize step)
{
  int size = KERNEL (edge), n = size * size;
  Vector kernel[25], half[SIDE * 5], all[SIDE * SIDE];

  for (int i = 0; i < n; i++)
    kernel[i] = load (weights + (gsize) (turned ? n - 1 - i : i) * apart);
  for (int i = 0; i < size; i++)
    change_weights (edge, half + i, size, kernel + i, size);
  for (int i = 0; i < SIDE; i++)
    change_weights (edge, all + SIDE * i, 1, half + size * i, 1);
  for (int i = 0; i < SIDE * SIDE; i++)
    store (points + (gsize) i * step, all[i]);
}

static inline __attribute__ ((always_inline)) void
give_weights (int edge, const float *points, gsize step, float *weights, gsize apart)
{
  int size = KERNEL (edge);
  Vector kernel[25], half[SIDE * 5], all[SIDE * SIDE];

  for (int i = 0; i < SIDE * SIDE; i++)
    all[i] = load (points + (gsize) i * step);
  for (int i = 0; i < SIDE; i++)
    change_weights_back (edge, half + i, SIDE, all + i, SIDE);
  for (int i = 0; i < size; i++)
    change_weights_back (edge, kernel + size * i, 1, half + SIDE * i, 1);
  for (int i = 0; i < size * size; i++)
    store (weights + (gsize) i * apart, kernel[i]);
}

/* What there is of all this for tiles of @edge outputs a side. */
#define CHANGES(edge)                                                                              \
  static void NAME (input_##edge) (const SbWinogradImage *image,                                   \
                                   const float *data,                                              \
                                   int channels,                                                   \
                                   SbWinogradTile tile,                                            \
                                   float *points,                                                  \
                                   gsize step,                                                     \
                                   gsize panel)                                                    \
  {                                                                                                \
    take_input (edge, image, data, channels, tile, points, step, panel);                           \
  }                                                                                                \
  static void NAME (gradient_##edge) (const SbWinogradImage *image,                                \
                                      const float *data,                                           \
                                      int channels,                                                \
                                      SbWinogradTile tile,                                         \
                                      float *points,                                               \
                                      gsize step,                                                  \
                                      gsize panel)                                                 \
  {                                                                                                \
    take_gradient (edge, image, data, channels, tile, points, step, panel);                        \
  }                                                                                                \
  static void NAME (output_##edge) (const SbWinogradImage *image,                                  \
                                    float *data,                                                   \
                                    int channels,                                                  \
                                    SbWinogradTile tile,                                           \
                                    const float *points,                                           \
                                    gsize step,                                                    \
                                    gsize panel,                                                   \
                                    const SbWinogradEnd *end)                                      \
  {                                                                                                \
    give_output (edge, image, data, channels, tile, points, step, panel, end);                     \
  }                                                                                                \
  static void NAME (weights_##edge) (                                                              \
      const float *weights, gsize apart, gboolean turned, float *points, gsize step)               \
  {                                                                                                \
    take_weights (edge, weights, apart, turned, points, step);                                     \
  }                                                                                                \
  static void NAME (                                                                               \
      weights_back_##edge) (const float *points, gsize step, float *weights, gsize apart)          \
  {                                                                                                \
    give_weights (edge, points, step, weights, apart);                                             \
  }

CHANGES (4)
CHANGES (2)

#define TABLE(n)                                                                                   \
  {                                                                                                \
    .edge = n, .input = NAME (input_##n), .gradient = NAME (gradient_##n),                         \
    .output = NAME (output_##n), .weights = NAME (weights_##n),                                    \
    .weights_back = NAME (weights_back_##n),                                                       \
  }

/* The address sanitizer would make the innermost loops several times as slow. They are left alone;
 * who calls them has it look at the ends of all that they use. */
#ifdef __SANITIZE_ADDRESS__
#define INNERMOST __attribute__ ((noinline, no_sanitize ("address", "undefined")))

static void
look_at_ends (const float *from, gsize count)
{
  volatile float value = from[0];

  value = from[count - 1];
  (void) value;
}
#else
#define INNERMOST inline __attribute__ ((always_inline))

static inline void
look_at_ends (const float *from, gsize count)
{
}
#endif

static INNERMOST void
multiply_rows (const float *a, gsize panel, int inputs, const float *b, float *to)
{
  Vector sums[ROWS][VECTORS];

  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < VECTORS; j++)
      sums[i][j] = (Vector){ 0 };
  for (int c = 0; c < inputs; c += SB_WINOGRAD_PANEL, a += panel)
#pragma GCC unroll 4
    for (int k = 0; k < SB_WINOGRAD_PANEL; k++, b += SB_WINOGRAD_PANEL)
      {
        __builtin_prefetch (b + 48 * SB_WINOGRAD_PANEL);
#pragma GCC unroll 16
        for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 2
          for (int j = 0; j < VECTORS; j++)
            sums[i][j] += a[i * SB_WINOGRAD_PANEL + k] * load (b + j * WIDTH);
      }
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < VECTORS; j++)
      store (to + i * SB_WINOGRAD_PANEL + j * WIDTH, sums[i][j]);
}

/* ROWS tiles by one panel of outputs, summed over all input channels: panels of @a are @panel
 * apart. */
static void
NAME (multiply) (const float *a, gsize panel, int inputs, const float *b, float *to)
{
  look_at_ends (a, (gsize) (inputs / SB_WINOGRAD_PANEL - 1) * panel + ROWS * SB_WINOGRAD_PANEL);
  look_at_ends (b, (gsize) inputs * SB_WINOGRAD_PANEL);
  look_at_ends (to, ROWS * SB_WINOGRAD_PANEL);
  multiply_rows (a, panel, inputs, b, to);
}

/* Some input channels by one panel of outputs, summed over @n tiles, added to @to. */
static INNERMOST void
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
  look_at_ends (a, (gsize) n * SB_WINOGRAD_PANEL);
  look_at_ends (b, (gsize) n * SB_WINOGRAD_PANEL);
  look_at_ends (to, SB_WINOGRAD_PANEL * SB_WINOGRAD_PANEL);
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
  .three = TABLE (4),
  .five = TABLE (2),
  .multiply = NAME (multiply),
  .multiply_back = NAME (multiply_back),
};
