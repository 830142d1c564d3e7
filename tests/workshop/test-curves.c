/* test-curves.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib.h>
#include <string.h>

#include "wire/sb-json.h"
#include "workshop/sb-curves.h"

static guint
take_all (SbCurves *self, const char *const *lines)
{
  guint n = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    n += sb_curves_take_line (self, lines[i]) ? 1 : 0;
  return n;
}

static void
assert_series (JsonArray *charts, guint chart, guint series, const char *name, const char *points)
{
  JsonArray *all = sb_json_get_array (json_array_get_object_element (charts, chart), "series");
  JsonObject *axis = sb_json_get_object (json_array_get_object_element (charts, chart), "x");
  JsonObject *one = json_array_get_object_element (all, series);
  g_autoptr (GString) text = g_string_new (NULL);
  JsonArray *x = sb_json_get_array (one, "x"), *y = sb_json_get_array (one, "y");

  /* There is no half of an epoch. */
  g_assert_cmpstr (sb_json_get_string (axis, "format", ""), ==, "integer");
  g_assert_cmpstr (sb_json_get_string (one, "name", ""), ==, name);
  g_assert_cmpuint (json_array_get_length (x), ==, json_array_get_length (y));
  for (guint i = 0; i < json_array_get_length (x); i++)
    if (json_array_get_null_element (y, i))
      g_string_append_printf (text, "%.0f:- ", json_array_get_double_element (x, i));
    else
      g_string_append_printf (text,
                              "%.0f:%.3g ",
                              json_array_get_double_element (x, i),
                              json_array_get_double_element (y, i));
  g_assert_cmpstr (text->str, ==, points);
}

/* As SageMaker's image classification says it: the lines of an epoch come one after the other. */
static void
test_mxnet (void)
{
#define HEAD "[11/25/2026 17:20:53 INFO 8794] "
  static const char *const lines[] = {
    "Docker entrypoint called with argument(s): train",
    HEAD "Epoch[0] Batch [20]\tSpeed: 204.183 samples/sec\taccuracy=0.046131",
    HEAD "Epoch[0] Train-accuracy=0.375000",
    HEAD "Epoch[0] Train-cross-entropy=1.500000",
    HEAD "Epoch[0] Time cost=14.863",
    HEAD "Epoch[0] Validation-accuracy=0.5",
    HEAD "Epoch[0] Validation-top_k_accuracy_5=0.9",
    HEAD "Epoch[0] Validation-cross-entropy=1.25",
    HEAD "Storing the best model with validation accuracy: 0.500000",
    HEAD "Epoch[1] Train-accuracy=0.625000",
    HEAD "Epoch[1] Train-cross-entropy=nan",
    "Epoch[",
    "Epoch[2]",
    "Epoch[2] Train-",
    "Epoch[2] Train-accuracy",
    "Epoch[2] Train=0.1",
    NULL,
  };
  g_autoptr (JsonArray) charts = NULL;
  SbCurves curves;

  sb_curves_init (&curves);
  g_assert_cmpuint (take_all (&curves, lines), ==, 6);
  g_assert_true (curves.epochs);
  g_assert_cmpstr (curves.metric, ==, "accuracy");
  charts = sb_curves_make_charts (&curves);
  g_assert_cmpuint (json_array_get_length (charts), ==, 2);
  g_assert_cmpstr (sb_json_get_string (json_array_get_object_element (charts, 0), "title", NULL),
                   ==,
                   "Accuracy");
  assert_series (charts, 0, 0, "Training", "1:0.375 2:0.625 ");
  assert_series (charts, 0, 1, "Validation", "1:0.5 ");
  assert_series (charts, 1, 0, "Training", "1:1.5 2:- ");
  assert_series (charts, 1, 1, "Validation", "1:1.25 ");
  sb_curves_clear (&curves);
}

static void
test_others (void)
{
  static const char *const rounds[] = { "[0]#011train-auc:0.8#011validation-auc:0.75",
                                        "[1]\ttrain-auc:0.9\tvalidation-auc:0.85",
                                        "[2]#011nothing",
                                        NULL };
  static const char *const epochs[] = {
    "epoch=1 worker=1 train_loss=0.5 train_accuracy=0.7 images=500",
    "epoch=1 worker=2 train_loss=0.5 train_accuracy=0.6 images=500",
    "epoch=1 train_loss=0.5 train_accuracy=0.65 validation_loss=0.4 validation_accuracy=0.8",
    NULL,
  };
  g_autoptr (JsonArray) first = NULL;
  g_autoptr (JsonArray) second = NULL;
  SbCurves curves;

  sb_curves_init (&curves);
  g_assert_cmpuint (take_all (&curves, rounds), ==, 2);
  first = sb_curves_make_charts (&curves);
  g_assert_cmpuint (json_array_get_length (first), ==, 1);
  assert_series (first, 0, 0, "Training", "0:0.8 1:0.9 ");
  assert_series (first, 0, 1, "Validation", "0:0.75 1:0.85 ");
  sb_curves_clear (&curves);

  sb_curves_init (&curves);
  g_assert_cmpuint (take_all (&curves, epochs), ==, 3);
  second = sb_curves_make_charts (&curves);
  assert_series (second, 0, 0, "Training", "1:0.65 ");
  assert_series (second, 0, 1, "Validation", "1:0.8 ");
  assert_series (second, 0, 2, "Worker 1", "1:0.7 ");
  assert_series (second, 0, 3, "Worker 2", "1:0.6 ");
  sb_curves_clear (&curves);
}

static void
test_comparison (void)
{
  static const char *const lines[][3] = {
    { "[0]#011train-auc:0.8#011validation-auc:0.75",
      "[1]#011train-auc:0.9#011validation-auc:0.85" },
    { "epoch=1 train_loss=0.5 train_accuracy=0.65", NULL },
    { "[0]#011train-auc:0.7", NULL },
    { "nothing", NULL },
  };
  static const char *const names[] = { "a", "b", "c", "d" };
  SbCurves *curves[G_N_ELEMENTS (lines)];
  g_autoptr (JsonArray) charts = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      curves[i] = sb_curves_new ();
      take_all (curves[i], lines[i]);
    }
  charts =
      sb_curves_make_comparison ((const SbCurves *const *) curves, names, G_N_ELEMENTS (lines));
  g_assert_cmpuint (json_array_get_length (charts), ==, 2);
  assert_series (charts, 0, 0, "a", "0:0.75 1:0.85 ");
  assert_series (charts, 0, 1, "c", "0:0.7 ");
  assert_series (charts, 1, 0, "b", "1:0.65 ");
  g_assert_cmpstr (sb_json_get_string (json_array_get_object_element (charts, 0), "summary", ""),
                   ==,
                   "AUC at the end: a 0.850, c 0.700");
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    sb_curves_free (curves[i]);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/workshop/curves/mxnet", test_mxnet);
  g_test_add_func ("/workshop/curves/others", test_others);
  g_test_add_func ("/workshop/curves/comparison", test_comparison);
  return g_test_run ();
}
