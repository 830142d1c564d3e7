/* sb-winograd.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "algorithms/vision/sb-winograd.h"

#include <omp.h>
#include <string.h>

#include "algorithms/vision/sb-bf16.h"
#include "algorithms/vision/sb-winograd-private.h"

/* A whole number of rows of every kernel. */
#define TILES_STEP 12
/* In floats: what of a group of tiles should be in the cache at once, and what it may take. */
#define GROUP_WANTED (1 << 20)
#define GROUP_MOST   (5 << 20)
/* Products of inputs and outputs up to which each thread has groups of its own, and their size. */
#define OWN_MOST   (1 << 12)
#define OWN_WANTED (1 << 16)
/* Panels of outputs for which the weights are changed at once, where they are used but once. */
#define PANELS 4
/* So that the points do not share a line of the cache. */
#define SKEW 16
/* Tiles below which reading the weights' points takes longer than is won: they are 4 times as many
 * as weights of 3 × 3 pixels, and 2.6 times those of 5 × 5. */
#define FEWEST_TILES(kernel) ((kernel) == 3 ? 32 : 16)
/* Channels whose gradient is summed up at once: the fewest that lie next to each other. */
#define BIAS_STEP 8

/* Tiles whose points are computed together. Where the weights are small, each thread does all of it
 * for groups that fit into its own cache; else all threads work at one group. */
typedef struct
{
  int rows;    /* of tiles in an image */
  int columns; /* of tiles in an image */
  int total;
  int size;   /* tiles in a group */
  int points; /* of each */
  gboolean own;
  gboolean single; /* there is but one, so that each of the weights' points is used once */
} Groups;

/* What the steps of a computation share. */
typedef struct
{
  const SbWinogradKernels *kernels;
  const SbWinogradChanges *changes;
  const SbWinogradShape *shape;
  Groups groups;
  SbWinogradImage in;
  SbWinogradImage out;
  gsize n_points; /* of a tile */
  gsize in_step;  /* from point to point, of a group's inputs */
  gsize out_step;
  gsize weight_step;
  gsize panel_step; /* of one panel of outputs alone */
  gsize panel;      /* from panel to panel, of a group's inputs or outputs */
  int n_panels;     /* of outputs */
} Work;

/* Those for this processor, or %NULL. */
const SbWinogradKernels *
sb_winograd_get_kernels (void)
{
#ifdef __x86_64__
  if (__builtin_cpu_supports ("avx512f"))
    return &sb_winograd_avx512_kernels;
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    return &sb_winograd_avx2_kernels;
#endif
  return NULL;
}

static SbWinogradImage
make_image (const SbWinogradShape *shape, int channels)
{
  return (SbWinogradImage){ .height = shape->height,
                            .width = shape->width,
                            .block = shape->block > 0 ? shape->block : channels,
                            .narrow = shape->narrow };
}

static const SbWinogradChanges *
get_changes (const SbWinogradKernels *kernels, const SbWinogradShape *shape)
{
  return shape->kernel == 5 ? &kernels->five : &kernels->three;
}

static Groups
make_groups (const SbWinogradShape *shape)
{
  const SbWinogradChanges *changes = get_changes (sb_winograd_get_kernels (), shape);
  int edge = changes->edge;
  Groups groups = { .rows = (shape->height + edge - 1) / edge,
                    .columns = (shape->width + edge - 1) / edge,
                    .points = changes->side * changes->side };
  int both = shape->inputs + shape->outputs, product = shape->inputs * shape->outputs;

  groups.total = shape->batch * groups.rows * groups.columns;
  groups.own = product <= OWN_MOST;
  if (groups.own)
    groups.size = OWN_WANTED / (groups.points * both);
  else
    {
      /* Few tiles fit into the cache, but many share what is read of the weights. */
      groups.size = MAX (GROUP_WANTED / (groups.points * both), product / both);
      groups.size = MIN (groups.size, GROUP_MOST / (groups.points * both));
    }
  groups.size = MIN (groups.size, groups.total);
  groups.size = MAX (1, (groups.size + TILES_STEP - 1) / TILES_STEP) * TILES_STEP;
  groups.single = !groups.own && groups.size >= groups.total &&
                  shape->outputs / (PANELS * SB_WINOGRAD_PANEL) >= shape->threads;
  return groups;
}

/**
 * sb_winograd_is_worth_it:
 * @shape: of a convolution
 *
 * A rule, so that the same convolution is always computed in the same way on the same processor.
 *
 * Returns: whether it can be done here, and is faster than a direct convolution
 */
gboolean
sb_winograd_is_worth_it (const SbWinogradShape *shape)
{
  const SbWinogradKernels *kernels = sb_winograd_get_kernels ();

  return kernels != NULL && (shape->kernel == 3 || shape->kernel == 5) &&
         shape->block % kernels->width == 0 && shape->inputs % SB_WINOGRAD_PANEL == 0 &&
         shape->outputs % SB_WINOGRAD_PANEL == 0 && shape->height >= 4 && shape->width >= 4 &&
         make_groups (shape).total >= FEWEST_TILES (shape->kernel);
}

static gsize
get_step (const Groups *groups, int channels)
{
  return (gsize) groups->size * (gsize) channels + SKEW;
}

static Work
make_work (const SbWinogradShape *shape)
{
  Groups groups = make_groups (shape);
  const SbWinogradKernels *kernels = sb_winograd_get_kernels ();

  return (Work){ .kernels = kernels,
                 .changes = get_changes (kernels, shape),
                 .shape = shape,
                 .groups = groups,
                 .in = make_image (shape, shape->inputs),
                 .out = make_image (shape, shape->outputs),
                 .n_points = (gsize) groups.points,
                 .in_step = get_step (&groups, shape->inputs),
                 .out_step = get_step (&groups, shape->outputs),
                 .weight_step = (gsize) shape->inputs * (gsize) shape->outputs + SKEW,
                 .panel_step = (gsize) shape->inputs * SB_WINOGRAD_PANEL + SKEW,
                 .panel = (gsize) groups.size * SB_WINOGRAD_PANEL,
                 .n_panels = shape->outputs / SB_WINOGRAD_PANEL };
}

/**
 * sb_winograd_get_n_points:
 * @shape: of a convolution
 *
 * Returns: how many floats its weights become
 */
gsize
sb_winograd_get_n_points (const SbWinogradShape *shape)
{
  Work work = make_work (shape);

  return work.n_points * work.weight_step;
}

static gsize
get_n_group (const Work *work)
{
  return work->n_points * (work->in_step + work->out_step);
}

/* Of the weights' points, while they are of use. */
static gsize
get_n_weights (const Work *work)
{
  return work->n_points * (work->groups.single
                               ? work->panel_step * PANELS * (gsize) work->shape->threads
                               : work->weight_step);
}

/**
 * sb_winograd_get_n_scratch:
 * @shape: of a convolution
 * @changed: whether the weights' points are given
 *
 * Returns: how many floats of memory sb_winograd_convolve() wants
 */
gsize
sb_winograd_get_n_scratch (const SbWinogradShape *shape, gboolean changed)
{
  Work work = make_work (shape);

  return get_n_group (&work) * (work.groups.own ? (gsize) shape->threads : 1) +
         (changed ? 0 : get_n_weights (&work));
}

/**
 * sb_winograd_get_n_gradient_scratch:
 * @shape: of a convolution
 *
 * Returns: how many floats of memory sb_winograd_take_gradient() wants
 */
gsize
sb_winograd_get_n_gradient_scratch (const SbWinogradShape *shape)
{
  Work work = make_work (shape);

  return (get_n_group (&work) + get_n_weights (&work)) *
         (work.groups.own ? (gsize) shape->threads : 1);
}

static SbWinogradTile
get_tile (const Groups *groups, int i)
{
  int in_image = i % (groups->rows * groups->columns);

  return (SbWinogradTile){ i / (groups->rows * groups->columns),
                           in_image / groups->columns,
                           in_image % groups->columns };
}

static gsize
get_n_pixels (const Work *work)
{
  return (gsize) (work->shape->kernel * work->shape->kernel);
}

/* Changes one panel of outputs' weights into points, @step apart. */
static void
change_panel (const Work *work,
              const SbWinogradWeights *weights,
              int panel,
              float *points,
              gsize step)
{
  int inputs = work->shape->inputs;
  gsize apart = (gsize) inputs * SB_WINOGRAD_PANEL;
  const float *from = weights->plain + get_n_pixels (work) * (gsize) panel * apart;

  for (int i = 0; i < inputs; i++, from += SB_WINOGRAD_PANEL, points += SB_WINOGRAD_PANEL)
    for (int o = 0; o < SB_WINOGRAD_PANEL; o += work->kernels->width)
      work->changes->weights (from + o, apart, weights->turned, points + o, step);
}

static void
change_panel_back (const Work *work, const float *points, gsize step, int panel, float *to)
{
  int inputs = work->shape->inputs;
  gsize apart = (gsize) inputs * SB_WINOGRAD_PANEL;

  to += get_n_pixels (work) * (gsize) panel * apart;
  for (int i = 0; i < inputs; i++, to += SB_WINOGRAD_PANEL, points += SB_WINOGRAD_PANEL)
    for (int o = 0; o < SB_WINOGRAD_PANEL; o += work->kernels->width)
      work->changes->weights_back (points + o, step, to + o, apart);
}

/* Where a panel's weights are among all. */
static gsize
get_panel_offset (const Work *work, int panel)
{
  return (gsize) panel * (gsize) work->shape->inputs * SB_WINOGRAD_PANEL;
}

/**
 * sb_winograd_change_weights:
 * @shape: of a convolution
 * @weights: what they are
 * @points: (out): room for sb_winograd_get_n_points() numbers
 */
void
sb_winograd_change_weights (const SbWinogradShape *shape,
                            const SbWinogradWeights *weights,
                            float *points)
{
  Work work = make_work (shape);

#pragma omp parallel for num_threads(shape->threads)
  for (int o = 0; o < work.n_panels; o++)
    change_panel (&work, weights, o, points + get_panel_offset (&work, o), work.weight_step);
}

/* One of a group's tiles, counted from @first on. */
static void
change_input (const Work *work, const void *src, int first, int i, float *a)
{
  work->changes->input (&work->in,
                        src,
                        work->shape->inputs,
                        get_tile (&work->groups, first + i),
                        a + i * SB_WINOGRAD_PANEL,
                        work->in_step,
                        work->panel);
}

static void
change_gradient (const Work *work, const void *diff_dst, int first, int i, float *b)
{
  work->changes->gradient (&work->out,
                           diff_dst,
                           work->shape->outputs,
                           get_tile (&work->groups, first + i),
                           b + i * SB_WINOGRAD_PANEL,
                           work->out_step,
                           work->panel);
}

static void
change_output (const Work *work,
               const float *to,
               void *dst,
               const SbWinogradEnd *end,
               int first,
               int i)
{
  work->changes->output (&work->out,
                         dst,
                         work->shape->outputs,
                         get_tile (&work->groups, first + i),
                         to + i * SB_WINOGRAD_PANEL,
                         work->out_step,
                         work->panel,
                         end);
}

/* Panels of outputs from number @panel on that are multiplied at once, if there are @end. */
static int
count_at_once (const Work *work, int panel, int end)
{
  return panel + work->kernels->most <= end ? work->kernels->most : 1;
}

/* The products of a group's @n tiles at one point, for panels of outputs up to @end, whose weights
 * are @apart. */
static void
multiply (const Work *work,
          int point,
          int panel,
          int end,
          int n,
          const float *a,
          const float *weights,
          gsize apart,
          float *to)
{
  const float *from = a + (gsize) point * work->in_step;
  int count;

  for (; panel < end; panel += count, weights += (gsize) count * apart)
    {
      float *result = to + (gsize) point * work->out_step + (gsize) panel * work->panel;

      count = count_at_once (work, panel, end);
      for (int row = 0; row < n; row += work->kernels->rows)
        work->kernels->multiply (count,
                                 from + row * SB_WINOGRAD_PANEL,
                                 work->panel,
                                 work->shape->inputs,
                                 weights,
                                 apart,
                                 result + row * SB_WINOGRAD_PANEL);
    }
}

/* Jobs of a group: for each point, as many panels as are multiplied at once. */
static int
count_jobs (const Work *work)
{
  int most = work->kernels->most;

  return work->groups.points * ((work->n_panels + most - 1) / most);
}

typedef struct
{
  int point;
  int panel;
  int end;
} Job;

static Job
get_job (const Work *work, int number)
{
  int most = work->kernels->most, each = (work->n_panels + most - 1) / most;
  int panel = number % each * most;

  return (Job){ number / each, panel, MIN (panel + most, work->n_panels) };
}

/* Where the weights of a job's first panel are. */
static gsize
get_job_offset (const Work *work, const Job *job)
{
  return (gsize) job->point * work->weight_step + get_panel_offset (work, job->panel);
}

static void
multiply_job (const Work *work, int number, int n, const float *a, const float *points, float *to)
{
  Job job = get_job (work, number);

  multiply (work,
            job.point,
            job.panel,
            job.end,
            n,
            a,
            points + get_job_offset (work, &job),
            get_panel_offset (work, 1),
            to);
}

/* Adds a group's share to the gradients of the weights' points. */
static void
multiply_back (const Work *work,
               int point,
               int panel,
               int end,
               int n,
               const float *a,
               const float *b,
               float *to,
               gsize apart)
{
  const float *from = a + (gsize) point * work->in_step;
  int count;

  for (; panel < end; panel += count, to += (gsize) count * apart)
    {
      const float *by = b + (gsize) point * work->out_step + (gsize) panel * work->panel;

      count = count_at_once (work, panel, end);
      for (int i = 0; i < work->shape->inputs; i += SB_WINOGRAD_PANEL)
        work->kernels->multiply_back (count,
                                      from + (gsize) (i / SB_WINOGRAD_PANEL) * work->panel,
                                      by,
                                      work->panel,
                                      n,
                                      to + i * SB_WINOGRAD_PANEL,
                                      apart);
    }
}

static void
multiply_back_job (const Work *work,
                   int number,
                   int n,
                   const float *a,
                   const float *b,
                   float *points)
{
  Job job = get_job (work, number);

  multiply_back (work,
                 job.point,
                 job.panel,
                 job.end,
                 n,
                 a,
                 b,
                 points + get_job_offset (work, &job),
                 get_panel_offset (work, 1));
}

static void
convolve_own (const Work *work,
              const void *src,
              const float *points,
              void *dst,
              const SbWinogradEnd *end,
              float *scratch)
{
  const Groups *groups = &work->groups;
  int n_jobs = count_jobs (work);

#pragma omp parallel for schedule(static) num_threads(work->shape->threads)
  for (int first = 0; first < groups->total; first += groups->size)
    {
      int n = MIN (groups->size, groups->total - first);
      float *a = scratch + (gsize) omp_get_thread_num () * get_n_group (work);
      float *to = a + work->n_points * work->in_step;

      for (int i = 0; i < n; i++)
        change_input (work, src, first, i, a);
      for (int job = 0; job < n_jobs; job++)
        multiply_job (work, job, n, a, points, to);
      for (int i = 0; i < n; i++)
        change_output (work, to, dst, end, first, i);
    }
}

static void
convolve_together (const Work *work,
                   const void *src,
                   const float *points,
                   void *dst,
                   const SbWinogradEnd *end,
                   float *scratch)
{
  const Groups *groups = &work->groups;
  int n_jobs = count_jobs (work);
  float *to = scratch + work->n_points * work->in_step;

#pragma omp parallel num_threads(work->shape->threads)
  for (int first = 0; first < groups->total; first += groups->size)
    {
      int n = MIN (groups->size, groups->total - first);

#pragma omp for
      for (int i = 0; i < n; i++)
        change_input (work, src, first, i, scratch);
#pragma omp for
      for (int job = 0; job < n_jobs; job++)
        multiply_job (work, job, n, scratch, points, to);
#pragma omp for
      for (int i = 0; i < n; i++)
        change_output (work, to, dst, end, first, i);
    }
}

/* One group of all tiles: each panel's weights are changed just before they are used. */
static void
convolve_single (const Work *work,
                 const void *src,
                 const SbWinogradWeights *weights,
                 void *dst,
                 const SbWinogradEnd *end,
                 float *scratch)
{
  int n = work->groups.total;
  float *to = scratch + work->n_points * work->in_step, *points = scratch + get_n_group (work);

#pragma omp parallel num_threads(work->shape->threads)
  {
    gsize each = work->n_points * work->panel_step;
    float *own = points + (gsize) omp_get_thread_num () * PANELS * each;

#pragma omp for
    for (int i = 0; i < n; i++)
      change_input (work, src, 0, i, scratch);
#pragma omp for
    for (int o = 0; o < work->n_panels; o += PANELS)
      {
        int end_o = MIN (o + PANELS, work->n_panels);

        for (int i = o; i < end_o; i++)
          change_panel (work, weights, i, own + (i - o) * each, work->panel_step);
        for (int p = 0; p < work->groups.points; p++)
          multiply (work, p, o, end_o, n, scratch, own + (gsize) p * work->panel_step, each, to);
      }
#pragma omp for
    for (int i = 0; i < n; i++)
      change_output (work, to, dst, end, 0, i);
  }
}

/**
 * sb_winograd_convolve:
 * @shape: of the convolution
 * @src: the inputs
 * @weights: the weights
 * @end: what is done to the result
 * @dst: (out): the outputs
 * @scratch: room for sb_winograd_get_n_scratch() numbers
 */
void
sb_winograd_convolve (const SbWinogradShape *shape,
                      const void *src,
                      const SbWinogradWeights *weights,
                      const SbWinogradEnd *end,
                      void *dst,
                      float *scratch)
{
  Work work = make_work (shape);
  const float *points = weights->points;

  if (points == NULL && work.groups.single)
    {
      convolve_single (&work, src, weights, dst, end, scratch);
      return;
    }
  if (points == NULL)
    {
      sb_winograd_change_weights (shape, weights, scratch);
      points = scratch;
      scratch += sb_winograd_get_n_points (shape);
    }
  if (work.groups.own)
    convolve_own (&work, src, points, dst, end, scratch);
  else
    convolve_together (&work, src, points, dst, end, scratch);
}

/* Each thread sums up its own groups, then all add up, in an order that is always the same. Returns
 * where the sum is. */
static float *
take_own (const Work *work, const void *src, const void *diff_dst, float *scratch)
{
  const Groups *groups = &work->groups;
  gsize n_points = work->n_points * work->weight_step, each = get_n_group (work) + n_points;
  int n_jobs = count_jobs (work), threads = 1;

#pragma omp parallel num_threads(work->shape->threads)
  {
    float *points = scratch + (gsize) omp_get_thread_num () * each;
    float *a = points + n_points, *b = a + work->n_points * work->in_step;

#pragma omp single
    threads = omp_get_num_threads ();
    memset (points, 0, n_points * sizeof (float));
#pragma omp for schedule(static)
    for (int first = 0; first < groups->total; first += groups->size)
      {
        int n = MIN (groups->size, groups->total - first);

        for (int i = 0; i < n; i++)
          {
            change_input (work, src, first, i, a);
            change_gradient (work, diff_dst, first, i, b);
          }
        for (int job = 0; job < n_jobs; job++)
          multiply_back_job (work, job, n, a, b, points);
      }
#pragma omp for
    for (gsize i = 0; i < n_points; i++)
      for (int t = 1; t < threads; t++)
        scratch[i] += scratch[(gsize) t * each + i];
  }
  return scratch;
}

static float *
take_together (const Work *work, const void *src, const void *diff_dst, float *scratch)
{
  const Groups *groups = &work->groups;
  int n_jobs = count_jobs (work);
  gsize n_points = work->n_points * work->weight_step;
  float *a = scratch + n_points, *b = a + work->n_points * work->in_step;

  memset (scratch, 0, n_points * sizeof (float));
#pragma omp parallel num_threads(work->shape->threads)
  for (int first = 0; first < groups->total; first += groups->size)
    {
      int n = MIN (groups->size, groups->total - first);

#pragma omp for
      for (int i = 0; i < n; i++)
        {
          change_input (work, src, first, i, a);
          change_gradient (work, diff_dst, first, i, b);
        }
#pragma omp for
      for (int job = 0; job < n_jobs; job++)
        multiply_back_job (work, job, n, a, b, scratch);
    }
  return scratch;
}

/* One group of all tiles: each panel's gradient is changed back as soon as it is there. */
static void
take_single (const Work *work,
             const void *src,
             const void *diff_dst,
             float *diff_weights,
             float *scratch)
{
  int n = work->groups.total;
  float *a = scratch, *b = a + work->n_points * work->in_step,
        *points = scratch + get_n_group (work);

#pragma omp parallel num_threads(work->shape->threads)
  {
    gsize each = work->n_points * work->panel_step;
    float *own = points + (gsize) omp_get_thread_num () * PANELS * each;

#pragma omp for
    for (int i = 0; i < n; i++)
      {
        change_input (work, src, 0, i, a);
        change_gradient (work, diff_dst, 0, i, b);
      }
#pragma omp for
    for (int o = 0; o < work->n_panels; o += PANELS)
      {
        int end_o = MIN (o + PANELS, work->n_panels);

        memset (own, 0, PANELS * each * sizeof (float));
        for (int p = 0; p < work->groups.points; p++)
          multiply_back (work, p, o, end_o, n, a, b, own + (gsize) p * work->panel_step, each);
        for (int i = o; i < end_o; i++)
          change_panel_back (work, own + (i - o) * each, work->panel_step, i, diff_weights);
      }
  }
}

static inline float
get_number (gboolean narrow, const void *data, gsize i)
{
  return narrow ? sb_bf16_widen (((const guint16 *) data)[i]) : ((const float *) data)[i];
}

/* The sum of what one image has of some channels that lie next to each other, from number @at on.
 */
static inline void
add_pixels (gboolean narrow, const void *data, gsize at, int n_pixels, int apart, float *sums)
{
  float own[BIAS_STEP] = { 0 };

  for (int i = 0; i < n_pixels; i++, at += (gsize) apart)
    for (gsize c = 0; c < BIAS_STEP; c++)
      own[c] += get_number (narrow, data, at + c);
  for (int c = 0; c < BIAS_STEP; c++)
    sums[c] += own[c];
}

static void
take_bias (const Work *work, const void *diff_dst, float *diff_bias)
{
  const SbWinogradShape *shape = work->shape;
  int n_pixels = shape->height * shape->width, block = work->out.block;

#pragma omp parallel for num_threads(shape->threads)
  for (int c = 0; c < shape->outputs; c += BIAS_STEP)
    {
      gsize first = (gsize) (c / block * block) * (gsize) n_pixels + (gsize) (c % block);

      memset (diff_bias + c, 0, BIAS_STEP * sizeof (float));
      for (int i = 0; i < shape->batch; i++)
        {
          gsize at = first + (gsize) i * (gsize) shape->outputs * (gsize) n_pixels;

          if (shape->narrow)
            add_pixels (TRUE, diff_dst, at, n_pixels, block, diff_bias + c);
          else
            add_pixels (FALSE, diff_dst, at, n_pixels, block, diff_bias + c);
        }
    }
}

/**
 * sb_winograd_take_gradient:
 * @shape: of the convolution
 * @src: its inputs
 * @diff_dst: the gradient of its outputs
 * @diff_weights: (out): the gradient of its weights, in the order of SbWinogradWeights
 * @diff_bias: (out) (optional): the gradient of its bias
 * @scratch: room for sb_winograd_get_n_gradient_scratch() numbers
 */
void
sb_winograd_take_gradient (const SbWinogradShape *shape,
                           const void *src,
                           const void *diff_dst,
                           float *diff_weights,
                           float *diff_bias,
                           float *scratch)
{
  Work work = make_work (shape);
  const float *points;

  if (diff_bias != NULL)
    take_bias (&work, diff_dst, diff_bias);
  if (work.groups.single)
    {
      take_single (&work, src, diff_dst, diff_weights, scratch);
      return;
    }
  points = work.groups.own ? take_own (&work, src, diff_dst, scratch)
                           : take_together (&work, src, diff_dst, scratch);
#pragma omp parallel for num_threads(shape->threads)
  for (int o = 0; o < work.n_panels; o++)
    change_panel_back (
        &work, points + get_panel_offset (&work, o), work.weight_step, o, diff_weights);
}
