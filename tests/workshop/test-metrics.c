/* test-metrics.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "workshop/sb-metrics.h"

static const double labels[] = { 0, 0, 1, 1, 1, 0, 1, 0 };
static const double scores[] = { 0.1, 0.4, 0.35, 0.8, 0.4, 0.5, 0.9, 0.05 };

static void
test_confusion (void)
{
  SbConfusion c = sb_confusion (labels, scores, G_N_ELEMENTS (labels), 0.5);

  g_assert_cmpuint (c.tn, ==, 3);
  g_assert_cmpuint (c.fp, ==, 1);
  g_assert_cmpuint (c.fn, ==, 2);
  g_assert_cmpuint (c.tp, ==, 2);
  g_assert_cmpuint (sb_confusion_get_total (&c), ==, 8);
  g_assert_cmpfloat_with_epsilon (sb_confusion_get_error (&c), 0.375, 1e-12);
  g_assert_cmpfloat_with_epsilon (sb_confusion_get_accuracy (&c), 0.625, 1e-12);
  g_assert_cmpfloat_with_epsilon (sb_confusion_get_precision (&c), 2.0 / 3, 1e-12);
  g_assert_cmpfloat_with_epsilon (sb_confusion_get_recall (&c), 0.5, 1e-12);
  g_assert_cmpfloat_with_epsilon (sb_confusion_get_f1 (&c), 4.0 / 7, 1e-12);
}

static void
test_nothing (void)
{
  SbConfusion c = sb_confusion (NULL, NULL, 0, 0.5);
  g_autoptr (GArray) points = sb_roc_points (NULL, NULL, 0);

  g_assert_cmpfloat (sb_confusion_get_error (&c), ==, 0);
  g_assert_cmpfloat (sb_confusion_get_precision (&c), ==, 0);
  g_assert_cmpfloat (sb_confusion_get_recall (&c), ==, 0);
  g_assert_cmpuint (points->len, ==, 1);
  g_assert_cmpfloat (sb_roc_auc (points), ==, 0);
}

/* The area is scikit-learn's roc_auc_score, with a tie between a hit and a miss at 0.4. */
static void
test_roc (void)
{
  g_autoptr (GArray) points = sb_roc_points (labels, scores, G_N_ELEMENTS (labels));
  const SbRocPoint *last = &g_array_index (points, SbRocPoint, points->len - 1);

  g_assert_cmpuint (points->len, ==, 8);
  g_assert_cmpfloat (last->false_positive_rate, ==, 1);
  g_assert_cmpfloat (last->true_positive_rate, ==, 1);
  g_assert_cmpfloat_with_epsilon (sb_roc_auc (points), 0.78125, 1e-12);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metrics/confusion", test_confusion);
  g_test_add_func ("/metrics/nothing", test_nothing);
  g_test_add_func ("/metrics/roc", test_roc);
  return g_test_run ();
}
