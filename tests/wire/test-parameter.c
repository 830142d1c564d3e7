/* test-parameter.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "wire/sb-algorithm.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"

static void
test_check (void)
{
  static const struct
  {
    const char *name;
    const char *value;
    const char *message;
  } cases[] = {
    { "max_depth", "3", NULL },
    { "max_depth", "-1", "Hyperparameter max_depth: value -1 not in range" },
    { "max_depth", "three", "Hyperparameter max_depth: could not parse value" },
    { "max_depth", "3.5", "Hyperparameter max_depth: could not parse value" },
    { "max_depth", "3 ", "Hyperparameter max_depth: could not parse value" },
    { "eta", "0.1", NULL },
    { "eta", "1e-3", NULL },
    { "eta", "1.1", "Hyperparameter eta: value 1.1 not in range [0, 1]" },
    { "eta", "nan", "Hyperparameter eta: could not parse value" },
    { "subsample", "1", NULL },
    { "subsample", "0", "Hyperparameter subsample: value 0 not in range" },
    { "num_round", "", "Missing required hyperparameter: num_round" },
    { "num_round", NULL, "Missing required hyperparameter: num_round" },
    { "booster", "gbtree", NULL },
    { "booster", "forest", "Hyperparameter booster: value forest not in range" },
    { "eval_metric", "auc,error@0.7", NULL },
    { "eval_metric", "auc,wonder", "Hyperparameter eval_metric: value wonder not in range" },
  };
  const SbAlgorithm *xgboost = sb_algorithm_find ("xgboost");

  g_assert_nonnull (xgboost);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      const SbParameter *parameter = sb_algorithm_find_parameter (xgboost, cases[i].name);
      gboolean fine;

      g_test_message ("%s = %s", cases[i].name, cases[i].value);
      g_assert_nonnull (parameter);
      fine = sb_parameter_check (parameter, cases[i].value, &error);
      if (cases[i].message == NULL)
        {
          g_assert_no_error (error);
          g_assert_true (fine);
          continue;
        }
      g_assert_false (fine);
      g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
      g_assert_true (g_str_has_prefix (error->message, cases[i].message));
    }
}

static void
test_hyperparameters (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) good =
      sb_json_object_new ("num_round", "s", "10", "objective", "s", "binary:logistic", NULL);
  g_autoptr (JsonObject) unknown =
      sb_json_object_new ("num_round", "s", "10", "wonders", "s", "1", NULL);
  const SbAlgorithm *xgboost = sb_algorithm_find ("xgboost");

  g_assert_true (sb_algorithm_check_hyperparameters (xgboost, good, &error));
  g_assert_no_error (error);
  g_assert_false (sb_algorithm_check_hyperparameters (xgboost, unknown, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "wonders"));
}

static void
test_images (void)
{
  static const struct
  {
    const char *image;
    const char *id;
  } images[] = {
    { "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:latest", "xgboost" },
    { "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1", "xgboost" },
    { "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1",
      "image-classification" },
    { "813361260812.dkr.ecr.eu-central-1.amazonaws.com/image-classification:latest",
      "image-classification" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (images); i++)
    {
      const SbAlgorithm *found = sb_algorithm_find_by_image (images[i].image);

      g_assert_nonnull (found);
      g_assert_cmpstr (sb_algorithm_get_id (found), ==, images[i].id);
    }
  g_assert_null (sb_algorithm_find_by_image ("1.dkr.ecr.us-east-1.amazonaws.com/other:1"));
  g_assert_null (sb_algorithm_find ("no-such"));
}

static void
check_description (const SbAlgorithm *algorithm)
{
  const GPtrArray *parameters = sb_algorithm_get_parameters (algorithm);
  const GPtrArray *metrics = sb_algorithm_get_metrics (algorithm);

  g_assert_cmpuint (parameters->len, >, 10);
  for (guint i = 0; i < parameters->len; i++)
    {
      const SbParameter *parameter = g_ptr_array_index (parameters, i);

      g_assert_nonnull (parameter->description);
      if (parameter->basic)
        g_assert_nonnull (parameter->title);
    }
  g_assert_cmpuint (metrics->len, >, 0);
  for (guint i = 0; i < metrics->len; i++)
    {
      const SbMetricDefinition *metric = g_ptr_array_index (metrics, i);
      g_autoptr (GError) error = NULL;
      g_autoptr (GRegex) regex = g_regex_new (metric->regex, 0, 0, &error);

      g_assert_no_error (error);
      g_assert_cmpint (g_regex_get_capture_count (regex), >=, 1);
    }
}

/* Every description that is shipped is whole: what it says of a default is allowed by itself. */
static void
test_descriptions (void)
{
  static const char *const ids[] = { "digits", "image-classification", "xgboost" };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      const SbAlgorithm *algorithm = sb_algorithm_find (ids[i]);

      g_assert_nonnull (algorithm);
      check_description (algorithm);
    }
}

/* The built-in algorithm of SageMaker has all of these, and none of those. */
static void
test_image_classification (void)
{
  static const char *const theirs[] = {
    "num_classes",
    "num_training_samples",
    "augmentation_type",
    "beta_1",
    "beta_2",
    "checkpoint_frequency",
    "early_stopping",
    "early_stopping_min_epochs",
    "early_stopping_patience",
    "early_stopping_tolerance",
    "epochs",
    "eps",
    "gamma",
    "image_shape",
    "kv_store",
    "learning_rate",
    "lr_scheduler_factor",
    "lr_scheduler_step",
    "mini_batch_size",
    "momentum",
    "multi_label",
    "num_layers",
    "optimizer",
    "precision_dtype",
    "resize",
    "top_k",
    "use_pretrained_model",
    "use_weighted_loss",
    "weight_decay",
  };
  static const char *const ours[] = {
    "lr_schedule", "train_layers", "label_smoothing", "ema_decay", "seed"
  };
  const SbAlgorithm *algorithm = sb_algorithm_find ("image-classification");

  for (guint i = 0; i < G_N_ELEMENTS (theirs); i++)
    g_assert_false (sb_algorithm_find_parameter (algorithm, theirs[i])->local_only);
  for (guint i = 0; i < G_N_ELEMENTS (ours); i++)
    g_assert_true (sb_algorithm_find_parameter (algorithm, ours[i])->local_only);
  g_assert_cmpuint (sb_algorithm_get_parameters (algorithm)->len,
                    ==,
                    G_N_ELEMENTS (theirs) + G_N_ELEMENTS (ours));
}

static void
test_bad_description (void)
{
  static const char *const bad[] = {
    "{}",
    "{\"Name\":\"a\",\"Type\":\"Wonder\"}",
    "{\"Name\":\"a\",\"Type\":\"Categorical\"}",
    "{\"Name\":\"a\",\"Type\":\"Integer\",\"DefaultValue\":\"x\"}",
    "{\"Name\":\"a\",\"Type\":\"Integer\",\"Range\":{\"IntegerParameterRangeSpecification\":"
    "{\"MinValue\":\"one\"}}}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) json = sb_json_parse_object (bad[i], -1, NULL);

      g_assert_null (sb_parameter_new_from_json (json, &error));
      g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/parameter/check", test_check);
  g_test_add_func ("/wire/parameter/bad-description", test_bad_description);
  g_test_add_func ("/wire/algorithm/hyperparameters", test_hyperparameters);
  g_test_add_func ("/wire/algorithm/images", test_images);
  g_test_add_func ("/wire/algorithm/descriptions", test_descriptions);
  g_test_add_func ("/wire/algorithm/image-classification", test_image_classification);
  return g_test_run ();
}
