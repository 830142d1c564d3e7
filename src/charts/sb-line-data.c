/* sb-line-data.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "charts/sb-line-data-private.h"

#include <math.h>

/**
 * _sb_smooth:
 * @smoothing: the weight of what came before, from 0 to less than 1
 *
 * An exponential moving average, corrected for its start so that the first values are not drawn
 * towards zero. A missing value stays missing and leaves the average alone.
 *
 * Returns: (transfer full) (array length=n): the smoothed values
 */
double *
_sb_smooth (const double *values, guint n, double smoothing)
{
  double *smooth = g_new (double, MAX (n, 1));
  double weight = CLAMP (smoothing, 0, 0.999);
  double sum = 0;
  double whole = 0;

  for (guint i = 0; i < n; i++)
    {
      if (isnan (values[i]))
        {
          smooth[i] = NAN;
          continue;
        }
      sum = sum * weight + (1 - weight) * values[i];
      whole = whole * weight + (1 - weight);
      smooth[i] = sum / whole;
    }
  return smooth;
}

/* The values that share a pixel column: a line through these four looks like one through all. */
typedef struct
{
  gint64 place;
  guint first;
  guint lowest;
  guint highest;
  guint last;
  gboolean open;
} Column;

static void
add_index (GArray *indices, guint index)
{
  if (indices->len == 0 || g_array_index (indices, guint, indices->len - 1) != index)
    g_array_append_val (indices, index);
}

static void
close_column (Column *column, GArray *indices)
{
  if (!column->open)
    return;
  add_index (indices, column->first);
  add_index (indices, MIN (column->lowest, column->highest));
  add_index (indices, MAX (column->lowest, column->highest));
  add_index (indices, column->last);
  column->open = FALSE;
}

static void
add_to_column (Column *column, gint64 place, guint index, const double *y, GArray *indices)
{
  if (column->open && column->place != place)
    close_column (column, indices);
  if (!column->open)
    {
      *column = (Column){ place, index, index, index, index, TRUE };
      return;
    }
  if (y[index] < y[column->lowest])
    column->lowest = index;
  if (y[index] > y[column->highest])
    column->highest = index;
  column->last = index;
}

/* First value at or after @from, by bisection: a live chart zoomed in must not read all. */
static guint
first_at (const double *x, guint n, double from)
{
  guint low = 0;
  guint high = n;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (x[middle] < from)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/**
 * _sb_decimate:
 * @x: (array length=n): never falling, without NaN
 * @y: (array length=n): NaN where a value is missing
 * @scale: the visible part of @x
 * @columns: its width in pixels
 *
 * Picks what has to be drawn of a line: of each pixel column the first, lowest, highest and last
 * value, one neighbour outside of each edge so that the line runs on to it, and one missing value
 * for each gap. A short series is given whole.
 *
 * Returns: (transfer full) (element-type guint): indices, rising
 */
GArray *
_sb_decimate (const double *x, const double *y, guint n, const SbScale *scale, guint columns)
{
  GArray *indices = g_array_new (FALSE, FALSE, sizeof (guint));
  guint start = first_at (x, n, scale->min);
  guint end = first_at (x, n, nextafter (scale->max, INFINITY));
  gboolean all;
  Column column = { 0 };

  start = start > 0 ? start - 1 : 0;
  end = MIN (end + 1, n);
  all = end - start <= 2 * MAX (columns, 1);
  for (guint i = start; i < end; i++)
    {
      double place = sb_scale_map (scale, x[i]);

      if (all)
        add_index (indices, i);
      else if (isnan (y[i]) || isnan (place))
        {
          close_column (&column, indices);
          if (indices->len > 0 && !isnan (y[g_array_index (indices, guint, indices->len - 1)]))
            add_index (indices, i);
        }
      else
        add_to_column (&column, (gint64) floor (CLAMP (place, -1, 2) * columns), i, y, indices);
    }
  close_column (&column, indices);
  return indices;
}
