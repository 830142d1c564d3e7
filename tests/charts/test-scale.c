/* test-scale.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <float.h>
#include <math.h>

#include "charts/sb-scale.h"

static void
test_linear_ticks (void)
{
  static const struct
  {
    double min, max;
    guint most;
    double first, step;
    guint n;
  } cases[] = {
    { 0, 1, 5, 0, 0.2, 6 },     { 0, 100, 10, 0, 10, 11 }, { 0.7, 0.85, 5, 0.7, 0.05, 4 },
    { -5, 5, 4, -5, 5, 3 },     { 0, 2057, 5, 0, 500, 5 }, { 1e6, 1e6 + 4, 4, 1e6, 1, 5 },
    { 0, 1e-6, 5, 0, 2e-7, 6 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      SbScale scale = { SB_SCALE_LINEAR, cases[i].min, cases[i].max, FALSE };
      double step;
      g_autoptr (GArray) ticks = sb_scale_get_ticks (&scale, cases[i].most, &step);

      g_test_message ("%g to %g", scale.min, scale.max);
      g_assert_cmpuint (ticks->len, ==, cases[i].n);
      g_assert_cmpfloat_with_epsilon (step, cases[i].step, cases[i].step * 1e-9);
      g_assert_cmpfloat_with_epsilon (g_array_index (ticks, double, 0),
                                      cases[i].first,
                                      cases[i].step * 1e-6);
    }
}

/* Whatever the range: ticks rise, lie within it, and are not too many. */
static void
test_random_ticks (void)
{
  for (guint i = 0; i < 5000; i++)
    {
      double low = g_test_rand_double_range (-1, 1) * pow (10, g_test_rand_int_range (-9, 9));
      double wide = g_test_rand_double_range (0.01, 1) * pow (10, g_test_rand_int_range (-9, 9));
      guint most = (guint) g_test_rand_int_range (2, 12);
      SbScale scale = {
        g_test_rand_bit () ? SB_SCALE_LOG : SB_SCALE_LINEAR, low, low + wide, FALSE
      };
      g_autoptr (GArray) ticks = NULL;
      double step;

      if (scale.kind == SB_SCALE_LOG)
        scale.min = fabs (low) + 1e-9, scale.max = scale.min + wide;
      sb_scale_widen (&scale);
      ticks = sb_scale_get_ticks (&scale, most, &step);
      g_assert_cmpuint (ticks->len, <=, most * 3 + 1);
      for (guint k = 0; k < ticks->len; k++)
        {
          double tick = g_array_index (ticks, double, k);
          double place = sb_scale_map (&scale, tick);

          g_assert_cmpfloat (place, >=, -1e-6);
          g_assert_cmpfloat (place, <=, 1 + 1e-6);
          if (k > 0)
            g_assert_cmpfloat (tick, >, g_array_index (ticks, double, k - 1));
          g_assert_cmpfloat_with_epsilon (sb_scale_unmap (&scale, place),
                                          tick,
                                          (fabs (tick) + wide) * 1e-6);
        }
    }
}

static void
test_log (void)
{
  SbScale scale = { SB_SCALE_LOG, 0.01, 100, FALSE };
  double step;
  g_autoptr (GArray) ticks = sb_scale_get_ticks (&scale, 6, &step);

  g_assert_cmpuint (ticks->len, ==, 5);
  g_assert_cmpfloat_with_epsilon (g_array_index (ticks, double, 0), 0.01, 1e-12);
  g_assert_cmpfloat_with_epsilon (sb_scale_map (&scale, 1), 0.5, 1e-12);
  g_assert_true (isnan (sb_scale_map (&scale, 0)));
  g_assert_true (isnan (sb_scale_map (&scale, -3)));
}

static void
test_widen (void)
{
  SbScale cases[] = {
    { SB_SCALE_LINEAR, 5, 5, FALSE },
    { SB_SCALE_LINEAR, 0, 0, FALSE },
    { SB_SCALE_LINEAR, NAN, NAN, FALSE },
    { SB_SCALE_LINEAR, DBL_MAX, -DBL_MAX, FALSE },
    { SB_SCALE_LOG, 3, 3, FALSE },
    { SB_SCALE_LOG, 0, 10, FALSE },
    { SB_SCALE_LOG, -INFINITY, INFINITY, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      sb_scale_widen (&cases[i]);
      g_assert_true (isfinite (cases[i].min) && isfinite (cases[i].max));
      g_assert_cmpfloat (cases[i].min, <, cases[i].max);
      if (cases[i].kind == SB_SCALE_LOG)
        g_assert_cmpfloat (cases[i].min, >, 0);
    }
}

static void
test_numbers (void)
{
  static const struct
  {
    double value;
    SbNumberFormat format;
    double step;
    const char *text;
  } cases[] = {
    { 0.845, SB_NUMBER_FORMAT_NUMBER, 0, "0.845" },
    { 0.845, SB_NUMBER_FORMAT_PERCENT, 0, "84.5\u202f%" },
    { 0.5, SB_NUMBER_FORMAT_PERCENT, 0.1, "50\u202f%" },
    { 16719, SB_NUMBER_FORMAT_INTEGER, 0, "16\u202f719" },
    { 2006, SB_NUMBER_FORMAT_INTEGER, 0, "2006" },
    { -1.5, SB_NUMBER_FORMAT_NUMBER, 0.5, "\u22121.5" },
    { -0.0001, SB_NUMBER_FORMAT_NUMBER, 0.1, "0.0" },
    { NAN, SB_NUMBER_FORMAT_NUMBER, 0, "\u2013" },
    { INFINITY, SB_NUMBER_FORMAT_NUMBER, 0, "\u221e" },
    { 2e-6, SB_NUMBER_FORMAT_NUMBER, 0, "2 \u00d7 10\u207b\u2076" },
    { 1e12, SB_NUMBER_FORMAT_NUMBER, 0, "10\u00b9\u00b2" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = sb_number_format (cases[i].value, cases[i].format, cases[i].step);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/charts/scale/linear-ticks", test_linear_ticks);
  g_test_add_func ("/charts/scale/random-ticks", test_random_ticks);
  g_test_add_func ("/charts/scale/log", test_log);
  g_test_add_func ("/charts/scale/widen", test_widen);
  g_test_add_func ("/charts/scale/numbers", test_numbers);
  return g_test_run ();
}
