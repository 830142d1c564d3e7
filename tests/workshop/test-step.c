/* test-step.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The forms of the built-in modules' steps: what they ask for, and what they give.
 */

#include "config.h"

#include <string.h>

#include "cloud/sb-static-provider.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-parameter.h"
#include "workshop/sb-workshop.h"

typedef struct
{
  char *folder;
  SbWorkshop *workshop;
} Place;

static void
set_up (Place *place, gconstpointer data)
{
  g_autoptr (SbCredentials) keys = sb_credentials_new ("AKNOBODY", "secret", NULL);
  g_autoptr (SbCredentialsProvider) provider = sb_static_provider_new (keys);
  g_autoptr (SbConnection) connection =
      sb_connection_new ("local", "Nowhere", "us-east-1", "http://127.0.0.1:1", provider);
  g_autoptr (GError) error = NULL;

  place->folder = g_dir_make_tmp ("sb-step-XXXXXX", &error);
  g_assert_no_error (error);
  place->workshop = sb_workshop_new (place->folder, connection);
}

static void
tear_down (Place *place, gconstpointer data)
{
  const char *argv[] = { "rm", "-rf", place->folder, NULL };

  g_object_unref (place->workshop);
  g_assert_true (g_spawn_sync (
      NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
  g_free (place->folder);
}

static SbStep *
find_step (Place *place, const char *module, const char *id)
{
  g_autoptr (GError) error = NULL;
  SbRun *run = sb_workshop_get_run (place->workshop, module, &error);

  g_assert_no_error (error);
  return sb_run_find_step (run, id);
}

static gboolean
asks_for (SbStep *step, const char *name)
{
  const GPtrArray *parameters = sb_step_get_parameters (step);

  for (guint i = 0; i < parameters->len; i++)
    if (strcmp (((SbParameter *) g_ptr_array_index (parameters, i))->name, name) == 0)
      return TRUE;
  return FALSE;
}

static void
set (SbStep *step, const char *name, const char *value)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (sb_step_set_value (step, name, value, &error));
  g_assert_no_error (error);
}

static void
assert_value (SbStep *step, const char *name, const char *expected)
{
  g_autoptr (JsonObject) values = sb_step_get_values (step);

  g_assert_cmpstr (sb_step_get_value (step, name), ==, expected);
  g_assert_cmpstr (sb_json_get_string (values, name, NULL), ==, expected);
}

/* What other steps give is not asked for; what is left alone follows what was chosen. */
static void
test_defaults_follow_a_choice (Place *place, gconstpointer data)
{
  SbStep *step = find_step (place, "image-classification", "train");
  g_autoptr (GError) error = NULL;

  g_assert_true (asks_for (step, "weights"));
  g_assert_true (asks_for (step, "InstanceCount"));
  g_assert_true (asks_for (step, "learning_rate"));
  g_assert_false (asks_for (step, "num_classes"));
  g_assert_false (asks_for (step, "num_training_samples"));
  g_assert_false (asks_for (step, "use_pretrained_model"));
  g_assert_true (sb_step_check_values (step, &error));
  g_assert_no_error (error);
  assert_value (step, "weights", "scratch");
  assert_value (step, "num_layers", "20");
  set (step, "weights", "imagenet");
  assert_value (step, "weights", "imagenet");
  assert_value (step, "num_layers", "18");
  assert_value (step, "image_shape", "3,224,224");
  assert_value (step, "train_layers", "head");
  g_assert_true (sb_step_check_values (step, &error));
  set (step, "num_layers", "50");
  assert_value (step, "num_layers", "50");
  set (step, "weights", NULL);
  assert_value (step, "num_layers", "50");
  assert_value (step, "image_shape", "3,32,32");
  set (step, "num_layers", NULL);
  assert_value (step, "num_layers", "20");
}

static void
count_cb (GObject *step, GParamSpec *pspec, gpointer data)
{
  (*(guint *) data)++;
}

static void
test_own_parameters (Place *place, gconstpointer data)
{
  SbStep *split = find_step (place, "image-classification", "split");
  g_autoptr (GError) error = NULL;
  guint changes = 0;

  g_signal_connect (split, "notify::values", G_CALLBACK (count_cb), &changes);
  assert_value (split, "validation", "0.15");
  assert_value (split, "format", "photos");
  set (split, "format", "recordio");
  assert_value (split, "format", "recordio");
  g_assert_false (sb_step_set_value (split, "test", "0.9", &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
  assert_value (split, "test", "0.15");
  g_assert_cmpuint (changes, ==, 1);
}

/* Forms that were there before have not changed: runs that were kept would not fit them. */
static void
test_digits (Place *place, gconstpointer data)
{
  g_autoptr (JsonObject) chosen =
      sb_step_get_values (find_step (place, "handwritten-digits", "data"));
  g_autoptr (JsonObject) trained =
      sb_step_get_values (find_step (place, "handwritten-digits", "train"));
  g_autofree char *text = sb_json_to_string (chosen);

  g_assert_cmpstr (text, ==, "{\"source\":\"sample\"}");
  g_assert_cmpuint (json_object_get_size (trained), ==, 3);
  g_assert_true (sb_step_is_shown (find_step (place, "handwritten-digits", "train"), "epochs"));
  g_assert_false (sb_step_is_shown (find_step (place, "handwritten-digits", "train"), "script"));
  g_assert_false (sb_step_is_shown (find_step (place, "handwritten-digits", "train"), "edition"));
  g_assert_true (sb_step_is_shown (find_step (place, "handwritten-digits", "train"), "network"));
  g_assert_cmpstr (sb_json_get_string (trained, "epochs", NULL), ==, "6");
}

/* A script has parameters of its own, which are there once one is chosen. */
static void
test_script (Place *place, gconstpointer data)
{
  SbStep *step = find_step (place, "handwritten-digits", "train");
  g_autoptr (JsonObject) values = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (sb_step_set_value (step, "network", "script", &error));
  g_assert_no_error (error);
  g_assert_false (sb_step_is_shown (step, "epochs"));
  g_assert_true (sb_step_is_shown (step, "script"));
  g_assert_false (sb_step_is_shown (step, "edition"));
  values = sb_step_get_values (step);
  g_assert_cmpstr (sb_json_get_string (values, "framework", NULL), ==, "pytorch");
  g_assert_cmpstr (sb_json_get_string (values, "hyperparameters", NULL), ==, "epochs=8");
  g_assert_false (sb_step_set_value (step, "version", "newest", &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add (path, Place, NULL, set_up, func, tear_down)
  ADD ("/workshop/step/defaults-follow-a-choice", test_defaults_follow_a_choice);
  ADD ("/workshop/step/own-parameters", test_own_parameters);
  ADD ("/workshop/step/script", test_script);
  ADD ("/workshop/step/digits", test_digits);
  return g_test_run ();
}
