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
 * Gray 2015). With weights of 5 × 5 pixels it takes 8 × 8 inputs and points: 64 products for 400.
 * The points of interpolation are 0, infinity, and pairs ±p, chosen for small errors of rounding.
 *
 * What follows is written for tiles of @side inputs and points and @edge outputs a side; the
 * compiler makes two of each.
 */

typedef float Vector __attribute__ ((vector_size (4 * WIDTH), aligned (4)));
typedef gint32 Mask __attribute__ ((vector_size (4 * WIDTH)));
typedef guint32 Bits __attribute__ ((vector_size (4 * WIDTH)));
typedef guint16 Narrow __attribute__ ((vector_size (2 * WIDTH), aligned (2)));

#define INLINE inline __attribute__ ((always_inline))

/* Vectors in a panel, and rows of a matrix that are multiplied at once. */
#define VECTORS (SB_WINOGRAD_PANEL / WIDTH)

/* The most inputs, outputs, and pixels of the weights, a side. */
#define MAX_SIDE   8
#define MAX_EDGE   4
#define MAX_KERNEL 5

/* Pixels of a side of the weights. */
#define KERNEL(side, edge) ((side) + 1 - (edge))
#define AROUND(side, edge) (KERNEL (side, edge) / 2)

/* The positive point of pair number @pair, of two with 6 points and of three with 8. */
static INLINE double
get_point (int side, int pair)
{
  if (side == 6)
    return pair == 0 ? 0.75 : 1.25;
  return pair == 0 ? 0.5 : pair;
}

/* Zero for a third pair where there are two. */
static INLINE double
get_square (int side, int pair)
{
  return side == 6 && pair == 2 ? 0 : get_point (side, pair) * get_point (side, pair);
}

static INLINE double
add_others (int side, int pair)
{
  return get_square (side, (pair + 1) % 3) + get_square (side, (pair + 2) % 3);
}

static INLINE double
multiply_others (int side, int pair)
{
  return get_square (side, (pair + 1) % 3) * get_square (side, (pair + 2) % 3);
}

/* The product of a point's distances from all others; of those of zero with @pair -1. */
static INLINE double
get_norm (int side, int pair)
{
  double own = pair < 0 ? 0 : get_square (side, pair), norm = pair < 0 ? 1 : 2 * own;

  for (int i = 0; i < side / 2 - 1; i++)
    if (i != pair)
      norm *= own - get_square (side, i);
  return norm;
}

/* Each of these changes numbers that are @from apart into others that are @to apart. */

static INLINE void
change_input_pair (int side, int pair, Vector *out, int to, const Vector *x, int from)
{
  const float point = (float) get_point (side, pair), sum = (float) add_others (side, pair);
  const float product = (float) multiply_others (side, pair);
  Vector even = x[(side - 2) * from] - sum * x[(side - 4) * from];
  Vector odd = x[(side - 3) * from] - sum * x[(side - 5) * from];

  if (side == 8)
    {
      even += product * x[2 * from];
      odd += product * x[1 * from];
    }
  out[(2 * pair + 1) * to] = even + point * odd;
  out[(2 * pair + 2) * to] = even - point * odd;
}

/* What is left of the polynomial without its point zero. */
static INLINE Vector
change_input_end (int side, const Vector *x, int from)
{
  const float sum = (float) (add_others (side, 0) + get_square (side, 0));
  const float pairs =
      (float) (multiply_others (side, 0) + multiply_others (side, 1) + multiply_others (side, 2));

  if (side == 6)
    return x[4 * from] - sum * x[2 * from] + pairs * x[0 * from];
  return x[6 * from] - sum * x[4 * from] + pairs * x[2 * from] +
         (float) get_norm (side, -1) * x[0 * from];
}

static INLINE void
change_input (int side, Vector *out, int to, const Vector *x, int from)
{
  out[0 * to] = change_input_end (side, x, from);
  change_input_pair (side, 0, out, to, x, from);
  change_input_pair (side, 1, out, to, x, from);
  if (side == 8)
    change_input_pair (side, 2, out, to, x, from);
  out[(side - 1) * to] = change_input_end (side, x + from, from);
}

static INLINE void
add (gboolean first, Vector *out, Vector value)
{
  *out = first ? value : *out + value;
}

/* Adds a pair's share, times @factor, to @n numbers; but for number 0, the first pair's is all. */
static INLINE void
add_pair (int n,
          gboolean first,
          double point,
          double factor,
          Vector *out,
          int to,
          const Vector *m,
          int from)
{
  Vector sum = m[0] + m[from], difference = m[0] - m[from];
  const double square = point * point;

  out[0] += (float) factor * sum;
  add (first, out + 1 * to, (float) (point * factor) * difference);
  if (n > 2)
    add (first, out + 2 * to, (float) (square * factor) * sum);
  if (n > 3)
    add (first, out + 3 * to, (float) (square * point * factor) * difference);
  if (n > 4)
    add (first, out + 4 * to, (float) (square * square * factor) * sum);
}

static INLINE void
add_pairs (int side, int n, gboolean normed, Vector *out, int to, const Vector *m, int from)
{
#pragma GCC unroll 3
  for (int pair = 0; pair < side / 2 - 1; pair++)
    add_pair (n,
              pair == 0,
              get_point (side, pair),
              normed ? 1 / get_norm (side, pair) : 1,
              out,
              to,
              m + (2 * pair + 1) * from,
              from);
  out[(n - 1) * to] += m[(side - 1) * from];
}

static INLINE void
change_output (int side, int edge, Vector *out, int to, const Vector *m, int from)
{
  out[0] = m[0];
  add_pairs (side, edge, FALSE, out, to, m, from);
}

static INLINE void
change_weights_back (int side, int edge, Vector *out, int to, const Vector *u, int from)
{
  out[0] = (float) (1 / get_norm (side, -1)) * u[0];
  add_pairs (side, KERNEL (side, edge), TRUE, out, to, u, from);
}

/* The values at a pair of points of a polynomial of @n coefficients. */
static INLINE void
evaluate_pair (int n, double point, double factor, Vector *out, int to, const Vector *y, int from)
{
  const double square = point * point;
  Vector even = (float) factor * y[0], odd = (float) (point * factor) * y[1 * from];

  if (n > 2)
    even += (float) (square * factor) * y[2 * from];
  if (n > 3)
    odd += (float) (square * point * factor) * y[3 * from];
  if (n > 4)
    even += (float) (square * square * factor) * y[4 * from];
  out[0] = even + odd;
  out[to] = even - odd;
}

static INLINE void
evaluate (int side, int n, gboolean normed, Vector *out, int to, const Vector *y, int from)
{
  out[0] = normed ? (float) (1 / get_norm (side, -1)) * y[0] : y[0];
#pragma GCC unroll 3
  for (int pair = 0; pair < side / 2 - 1; pair++)
    evaluate_pair (n,
                   get_point (side, pair),
                   normed ? 1 / get_norm (side, pair) : 1,
                   out + (2 * pair + 1) * to,
                   to,
                   y,
                   from);
  out[(side - 1) * to] = y[(n - 1) * from];
}

static INLINE void
change_gradient (int side, int edge, Vector *out, int to, const Vector *y, int from)
{
  evaluate (side, edge, FALSE, out, to, y, from);
}

static INLINE void
change_weights (int side, int edge, Vector *out, int to, const Vector *g, int from)
{
  evaluate (side, KERNEL (side, edge), TRUE, out, to, g, from);
}

static INLINE Vector
load (const float *from)
{
  return *(const Vector *) from;
}

static INLINE void
store (float *to, Vector value)
{
  *(Vector *) to = value;
}

/* For the sake of the compiler, which takes wide vectors apart for this. */
static INLINE Bits
widen (Narrow value)
{
#if WIDTH == 16
  return (Bits) _mm512_cvtepu16_epi32 ((__m256i) value);
#else
  return __builtin_convertvector(value, Bits);
#endif
}

static INLINE Narrow
narrow_down (Bits bits)
{
#if WIDTH == 16
  return (Narrow) _mm512_cvtepi32_epi16 ((__m512i) bits);
#else
  return __builtin_convertvector(bits, Narrow);
#endif
}

/* What an image has at @from on, in 32 bit; in the image it is in bfloat16 if @narrow. */
static INLINE Vector
load_image (gboolean narrow, const void *from, gsize at)
{
  if (!narrow)
    return load ((const float *) from + at);
  return (Vector) (widen (*(const Narrow *) ((const guint16 *) from + at)) << 16);
}

static INLINE void
store_image (gboolean narrow, void *to, gsize at, Vector value)
{
  Bits bits = (Bits) value;

  if (!narrow)
    {
      store ((float *) to + at, value);
      return;
    }
  /* To the nearest, ties to even. */
  bits = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  *(Narrow *) ((guint16 *) to + at) = narrow_down (bits);
}

static INLINE gsize
get_size (gboolean narrow)
{
  return narrow ? sizeof (guint16) : sizeof (float);
}

static INLINE const void *
move (gboolean narrow, const void *from, gsize by)
{
  return (const char *) from + by * get_size (narrow);
}

/* @side × @side pixels from the one at @y, @x on. */
static INLINE gboolean
is_inside (const SbWinogradImage *image, int y, int x, int side)
{
  return y >= 0 && x >= 0 && y + side <= image->height && x + side <= image->width;
}

/* A column of @side pixels, from the one at @y, @x downwards. What lies outside the image is zero;
 * if
 * @inside, nothing does. */
static INLINE void
load_column (gboolean narrow,
             gboolean inside,
             const SbWinogradImage *image,
             const void *data,
             int y,
             int x,
             int side,
             Vector *column)
{
  gsize n = (gsize) image->block, line = n * (gsize) image->width;
  int first = inside ? 0 : -y, end = inside ? side : image->height - y;

  if (!inside && (x < 0 || x >= image->width))
    end = 0;
  for (int j = 0; j < side; j++)
    column[j] = j >= first && j < end
                    ? load_image (narrow, data, (gsize) (y + j) * line + (gsize) x * n)
                    : (Vector){ 0 };
}

/* Lines of the image that the tile below needs, so that they are there by then. */
static INLINE void
fetch_below (gboolean narrow,
             const SbWinogradImage *image,
             const void *data,
             int edge,
             int y,
             int x)
{
  gsize n = (gsize) image->block, line = n * (gsize) image->width;
  gsize size = (gsize) (edge * WIDTH) * get_size (narrow);

  for (int i = y; i < MIN (y + edge, image->height); i++)
    {
      const char *from = move (narrow, data, (gsize) i * line + (gsize) x * n);

      for (gsize j = 0; j < size; j += 64)
        __builtin_prefetch (from + j);
    }
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
static INLINE void
take_input (gboolean narrow,
            int side,
            int edge,
            const SbWinogradImage *image,
            const void *data,
            int channels,
            SbWinogradTile tile,
            float *points,
            gsize step,
            gsize panel)
{
  int y = edge * tile.y - AROUND (side, edge), x = edge * tile.x - AROUND (side, edge);
  gboolean inside = is_inside (image, y, x, side);

  for (int c = 0; c < channels; c += WIDTH)
    {
      const void *from = move (narrow, data, get_offset (image, channels, tile.number, c));
      float *to = points + (gsize) (c / SB_WINOGRAD_PANEL) * panel + c % SB_WINOGRAD_PANEL;
      Vector half[MAX_SIDE * MAX_SIDE];

      fetch_below (narrow, image, from, edge, y + side, edge * tile.x);
#pragma GCC unroll 1
      for (int i = 0; i < side; i++)
        {
          Vector column[MAX_SIDE];

          if (inside)
            load_column (narrow, TRUE, image, from, y, x + i, side, column);
          else
            load_column (narrow, FALSE, image, from, y, x + i, side, column);
          change_input (side, half + i, side, column, 1);
        }
#pragma GCC unroll 1
      for (int i = 0; i < side; i++)
        {
          float *at = to + (gsize) (side * i) * step;
          Vector line[MAX_SIDE];

          change_input (side, line, 1, half + side * i, 1);
          for (int j = 0; j < side; j++)
            store (at + (gsize) j * step, line[j]);
        }
    }
}

/* The same from the gradient of a tile's outputs. */
static INLINE void
take_gradient (gboolean narrow,
               int side,
               int edge,
               const SbWinogradImage *image,
               const void *data,
               int channels,
               SbWinogradTile tile,
               float *points,
               gsize step,
               gsize panel)
{
  int y = edge * tile.y, x = edge * tile.x;
  gboolean inside = is_inside (image, y, x, edge);

  for (int c = 0; c < channels; c += WIDTH)
    {
      const void *from = move (narrow, data, get_offset (image, channels, tile.number, c));
      float *to = points + (gsize) (c / SB_WINOGRAD_PANEL) * panel + c % SB_WINOGRAD_PANEL;
      Vector half[MAX_SIDE * MAX_EDGE];

      fetch_below (narrow, image, from, edge, y + edge, x);
#pragma GCC unroll 1
      for (int i = 0; i < edge; i++)
        {
          Vector column[MAX_EDGE];

          if (inside)
            load_column (narrow, TRUE, image, from, y, x + i, edge, column);
          else
            load_column (narrow, FALSE, image, from, y, x + i, edge, column);
          change_gradient (side, edge, half + i, edge, column, 1);
        }
#pragma GCC unroll 1
      for (int i = 0; i < side; i++)
        {
          float *at = to + (gsize) (side * i) * step;
          Vector line[MAX_SIDE];

          change_gradient (side, edge, line, 1, half + edge * i, 1);
          for (int j = 0; j < side; j++)
            store (at + (gsize) j * step, line[j]);
        }
    }
}

/* One line of a tile's outputs, the first being number @at. */
static INLINE void
store_line (gboolean narrow,
            void *data,
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
        value += load_image (narrow, end->plus, at);
      if (end->relu)
        value = (Vector) ((Mask) value & (value > 0));
      store_image (narrow, data, at, value);
    }
}

/* From the points back to outputs, as far as they lie within the image. */
static INLINE void
give_output (gboolean narrow,
             int side,
             int edge,
             const SbWinogradImage *image,
             void *data,
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
      Vector half[MAX_SIDE * MAX_EDGE];

#pragma GCC unroll 1
      for (int i = 0; i < side; i++)
        {
          const float *at = from + (gsize) i * step;
          Vector all[MAX_SIDE];

          for (int j = 0; j < side; j++)
            all[j] = load (at + (gsize) (side * j) * step);
          change_output (side, edge, half + i, side, all, 1);
        }
#pragma GCC unroll 1
      for (int i = 0; i < rows; i++)
        {
          Vector result[MAX_EDGE];

          change_output (side, edge, result, 1, half + side * i, 1);
          if (columns == edge)
            store_line (narrow, data, to + (gsize) i * line, n, result, edge, bias, end);
          else
            store_line (narrow, data, to + (gsize) i * line, n, result, columns, bias, end);
        }
    }
}

/* The points of one input channel's weights to WIDTH outputs; the kernel's pixels are @apart. */
static INLINE void
take_weights (int side,
              int edge,
              const float *weights,
              gsize apart,
              gboolean turned,
              float *points,
              gsize step)
{
  int size = KERNEL (side, edge), n = size * size;
  Vector kernel[MAX_KERNEL * MAX_KERNEL], half[MAX_SIDE * MAX_KERNEL], all[MAX_SIDE * MAX_SIDE];

  for (int i = 0; i < n; i++)
    kernel[i] = load (weights + (gsize) (turned ? n - 1 - i : i) * apart);
  for (int i = 0; i < size; i++)
    change_weights (side, edge, half + i, size, kernel + i, size);
  for (int i = 0; i < side; i++)
    change_weights (side, edge, all + side * i, 1, half + size * i, 1);
  for (int i = 0; i < side * side; i++)
    store (points + (gsize) i * step, all[i]);
}

static INLINE void
give_weights (int side, int edge, const float *points, gsize step, float *weights, gsize apart)
{
  int size = KERNEL (side, edge);
  Vector kernel[MAX_KERNEL * MAX_KERNEL], half[MAX_SIDE * MAX_KERNEL], all[MAX_SIDE * MAX_SIDE];

  for (int i = 0; i < side * side; i++)
    all[i] = load (points + (gsize) i * step);
  for (int i = 0; i < side; i++)
    change_weights_back (side, edge, half + i, side, all + i, side);
  for (int i = 0; i < size; i++)
    change_weights_back (side, edge, kernel + size * i, 1, half + side * i, 1);
  for (int i = 0; i < size * size; i++)
    store (weights + (gsize) i * apart, kernel[i]);
}

/* What there is of all this for tiles of @edge outputs a side. */
#define CHANGES(side, edge)                                                                        \
  static void NAME (input_##side) (const SbWinogradImage *image,                                   \
                                   const void *data,                                               \
                                   int channels,                                                   \
                                   SbWinogradTile tile,                                            \
                                   float *points,                                                  \
                                   gsize step,                                                     \
                                   gsize panel)                                                    \
  {                                                                                                \
    if (image->narrow)                                                                             \
      take_input (TRUE, side, edge, image, data, channels, tile, points, step, panel);             \
    else                                                                                           \
      take_input (FALSE, side, edge, image, data, channels, tile, points, step, panel);            \
  }                                                                                                \
  static void NAME (gradient_##side) (const SbWinogradImage *image,                                \
                                      const void *data,                                            \
                                      int channels,                                                \
                                      SbWinogradTile tile,                                         \
                                      float *points,                                               \
                                      gsize step,                                                  \
                                      gsize panel)                                                 \
  {                                                                                                \
    if (image->narrow)                                                                             \
      take_gradient (TRUE, side, edge, image, data, channels, tile, points, step, panel);          \
    else                                                                                           \
      take_gradient (FALSE, side, edge, image, data, channels, tile, points, step, panel);         \
  }                                                                                                \
  static void NAME (output_##side) (const SbWinogradImage *image,                                  \
                                    void *data,                                                    \
                                    int channels,                                                  \
                                    SbWinogradTile tile,                                           \
                                    const float *points,                                           \
                                    gsize step,                                                    \
                                    gsize panel,                                                   \
                                    const SbWinogradEnd *end)                                      \
  {                                                                                                \
    if (image->narrow)                                                                             \
      give_output (TRUE, side, edge, image, data, channels, tile, points, step, panel, end);       \
    else                                                                                           \
      give_output (FALSE, side, edge, image, data, channels, tile, points, step, panel, end);      \
  }                                                                                                \
  static void NAME (weights_##side) (                                                              \
      const float *weights, gsize apart, gboolean turned, float *points, gsize step)               \
  {                                                                                                \
    take_weights (side, edge, weights, apart, turned, points, step);                               \
  }                                                                                                \
  static void NAME (                                                                               \
      weights_back_##side) (const float *points, gsize step, float *weights, gsize apart)          \
  {                                                                                                \
    give_weights (side, edge, points, step, weights, apart);                                       \
  }

CHANGES (6, 4)
CHANGES (8, 4)

#define TABLE(n, outputs)                                                                          \
  {                                                                                                \
    .side = n, .edge = outputs, .input = NAME (input_##n), .gradient = NAME (gradient_##n),        \
    .output = NAME (output_##n), .weights = NAME (weights_##n),                                    \
    .weights_back = NAME (weights_back_##n),                                                       \
  }

/* The address sanitizer would make the innermost loops several times as slow. They are left alone;
 * who calls them has it look at the ends of all that they use. */
#ifdef __SANITIZE_ADDRESS__
#define UNCHECKED __attribute__ ((no_sanitize ("address", "undefined")))
#define INNERMOST __attribute__ ((noinline)) UNCHECKED

static void
look_at_ends (const float *from, gsize count)
{
  volatile float value = from[0];

  value = from[count - 1];
  (void) value;
}
#else
#define UNCHECKED
#define INNERMOST INLINE

static inline void
look_at_ends (const float *from, gsize count)
{
}
#endif

static INLINE UNCHECKED void
multiply_rows (int n,
               const float *a,
               gsize panel,
               int inputs,
               const float *b,
               gsize apart,
               float *to)
{
  Vector sums[ROWS][MOST_AT_ONCE * VECTORS];

  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < n * VECTORS; j++)
      sums[i][j] = (Vector){ 0 };
  for (int c = 0; c < inputs; c += SB_WINOGRAD_PANEL, a += panel)
#pragma GCC unroll 4
    for (int k = 0; k < SB_WINOGRAD_PANEL; k++, b += SB_WINOGRAD_PANEL)
      {
        for (int p = 0; p < n; p++)
          __builtin_prefetch (b + (gsize) p * apart + 48 * SB_WINOGRAD_PANEL);
#pragma GCC unroll 16
        for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 2
          for (int j = 0; j < n * VECTORS; j++)
            sums[i][j] += a[i * SB_WINOGRAD_PANEL + k] *
                          load (b + (gsize) (j / VECTORS) * apart + j % VECTORS * WIDTH);
      }
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < n * VECTORS; j++)
      store (to + (gsize) (j / VECTORS) * panel + i * SB_WINOGRAD_PANEL + j % VECTORS * WIDTH,
             sums[i][j]);
}

static INNERMOST void
multiply_one (const float *a, gsize panel, int inputs, const float *b, float *to)
{
  multiply_rows (1, a, panel, inputs, b, 0, to);
}

static INNERMOST void
multiply_most (const float *a, gsize panel, int inputs, const float *b, gsize apart, float *to)
{
  multiply_rows (MOST_AT_ONCE, a, panel, inputs, b, apart, to);
}

/* ROWS tiles by @n panels of outputs, summed over all input channels: panels of @a and of @to are
 * @panel apart, those of @b @apart. */
static void
NAME (multiply) (int n,
                 const float *a,
                 gsize panel,
                 int inputs,
                 const float *b,
                 gsize apart,
                 float *to)
{
  look_at_ends (a, (gsize) (inputs / SB_WINOGRAD_PANEL - 1) * panel + ROWS * SB_WINOGRAD_PANEL);
  look_at_ends (b, (gsize) (n - 1) * apart + (gsize) inputs * SB_WINOGRAD_PANEL);
  look_at_ends (to, (gsize) (n - 1) * panel + ROWS * SB_WINOGRAD_PANEL);
  if (n == 1)
    multiply_one (a, panel, inputs, b, to);
  else
    multiply_most (a, panel, inputs, b, apart, to);
}

/* Some input channels by @panels panels of outputs, summed over @n tiles, added to @to. Panels of
 * @b are @apart, those of @to @to_apart. */
static INLINE UNCHECKED void
multiply_inputs (int inputs,
                 int panels,
                 const float *a,
                 const float *b,
                 gsize apart,
                 int n,
                 float *to,
                 gsize to_apart)
{
  Vector sums[SB_WINOGRAD_PANEL][MOST_AT_ONCE * VECTORS];

  for (int i = 0; i < inputs; i++)
    for (int j = 0; j < panels * VECTORS; j++)
      sums[i][j] = load (to + (gsize) (j / VECTORS) * to_apart + i * SB_WINOGRAD_PANEL +
                         j % VECTORS * WIDTH);
  for (int k = 0; k < n; k++)
#pragma GCC unroll 16
    for (int i = 0; i < inputs; i++)
#pragma GCC unroll 2
      for (int j = 0; j < panels * VECTORS; j++)
        sums[i][j] +=
            a[k * SB_WINOGRAD_PANEL + i] *
            load (b + (gsize) (j / VECTORS) * apart + k * SB_WINOGRAD_PANEL + j % VECTORS * WIDTH);
  for (int i = 0; i < inputs; i++)
    for (int j = 0; j < panels * VECTORS; j++)
      store (to + (gsize) (j / VECTORS) * to_apart + i * SB_WINOGRAD_PANEL + j % VECTORS * WIDTH,
             sums[i][j]);
}

/* As many inputs at once as there are registers for. */
static INNERMOST void
multiply_back_one (const float *a, const float *b, int n, float *to)
{
#if VECTORS == 1
  multiply_inputs (16, 1, a, b, 0, n, to, 0);
#else
  multiply_inputs (6, 1, a, b, 0, n, to, 0);
  multiply_inputs (5, 1, a + 6, b, 0, n, to + 6 * SB_WINOGRAD_PANEL, 0);
  multiply_inputs (5, 1, a + 11, b, 0, n, to + 11 * SB_WINOGRAD_PANEL, 0);
#endif
}

static INNERMOST void
multiply_back_most (const float *a, const float *b, gsize apart, int n, float *to, gsize to_apart)
{
  multiply_inputs (8, MOST_AT_ONCE, a, b, apart, n, to, to_apart);
  multiply_inputs (8, MOST_AT_ONCE, a + 8, b, apart, n, to + 8 * SB_WINOGRAD_PANEL, to_apart);
}

/* A panel of inputs by @panels of outputs. */
static void
NAME (multiply_back) (int panels,
                      const float *a,
                      const float *b,
                      gsize apart,
                      int n,
                      float *to,
                      gsize to_apart)
{
  look_at_ends (a, (gsize) n * SB_WINOGRAD_PANEL);
  look_at_ends (b, (gsize) (panels - 1) * apart + (gsize) n * SB_WINOGRAD_PANEL);
  look_at_ends (to, (gsize) (panels - 1) * to_apart + SB_WINOGRAD_PANEL * SB_WINOGRAD_PANEL);
  if (panels == 1)
    multiply_back_one (a, b, n, to);
  else
    multiply_back_most (a, b, apart, n, to, to_apart);
}

const SbWinogradKernels NAME (kernels) = {
  .rows = ROWS,
  .width = WIDTH,
  .most = MOST_AT_ONCE,
  .three = TABLE (6, 4),
  .five = TABLE (8, 4),
  .multiply = NAME (multiply),
  .multiply_back = NAME (multiply_back),
};
