/* test-script.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frameworks' images, and what is packed of a script.
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "formats/sb-archive.h"
#include "formats/sb-folder.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-framework.h"
#include "workshop/sb-script.h"

/* As sagemaker.image_uris.retrieve() of the Python SDK, version 2.240, answers. */
static void
test_image_uris (void)
{
  static const struct
  {
    const char *framework, *version, *scope, *region, *type, *uri;
  } cases[] = {
    { "pytorch",
      "2.0.1",
      "training",
      "us-east-1",
      "ml.c5.xlarge",
      "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.0.1-cpu-py310" },
    { "pytorch",
      "1.13.1",
      "training",
      "eu-west-1",
      "ml.p3.2xlarge",
      "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:1.13.1-gpu-py39" },
    { "pytorch",
      "2.0.1",
      "inference",
      "ap-east-1",
      "ml.m5.large",
      "871362719292.dkr.ecr.ap-east-1.amazonaws.com/pytorch-inference:2.0.1-cpu-py310" },
    { "tensorflow",
      "2.12.0",
      "training",
      "cn-north-1",
      "ml.g4dn.xlarge",
      "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/tensorflow-training:2.12.0-gpu-py310" },
    /* TensorFlow Serving has no Python in its tags, and patches of its own. */
    { "tensorflow",
      "2.12.1",
      "inference",
      "us-west-2",
      "ml.m5.large",
      "763104351884.dkr.ecr.us-west-2.amazonaws.com/tensorflow-inference:2.12.1-cpu" },
    { "tensorflow",
      "2.11",
      "training",
      "me-south-1",
      "ml.m5.large",
      "217643126080.dkr.ecr.me-south-1.amazonaws.com/tensorflow-training:2.11.0-cpu-py39" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *uri = sb_framework_image_uri (cases[i].framework,
                                                     cases[i].version,
                                                     cases[i].scope,
                                                     cases[i].region,
                                                     cases[i].type,
                                                     &error);

      g_assert_no_error (error);
      g_assert_cmpstr (uri, ==, cases[i].uri);
    }
}

static void
test_no_image (void)
{
  static const char *const cases[][3] = { { "pytorch", "0.3", "us-east-1" },
                                          { "pytorch", "nonsense", "us-east-1" },
                                          { "mxnet", "1.9", "us-east-1" },
                                          { "tensorflow", "2.12", "moon-east-1" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *uri = sb_framework_image_uri (
          cases[i][0], cases[i][1], "training", cases[i][2], "ml.c5.xlarge", &error);

      g_assert_null (uri);
      g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
    }
}

static void
test_newest_serves_too (void)
{
  static const char *const frameworks[] = { "pytorch", "tensorflow" };

  for (guint i = 0; i < G_N_ELEMENTS (frameworks); i++)
    {
      g_autofree char *version = sb_framework_dup_newest (frameworks[i]);
      g_autofree char *uri = sb_framework_image_uri (
          frameworks[i], version, "inference", "us-east-1", "ml.m5.large", NULL);

      g_assert_nonnull (uri);
    }
}

static void
test_hyperparameters (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) values = sb_script_parse_hyperparameters (
      "epochs=8 learning-rate=0.1 optimizer=adam flag=true 'name=two words' empty=", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (sb_json_get_string (values, "epochs", NULL), ==, "8");
  g_assert_cmpstr (sb_json_get_string (values, "learning-rate", NULL), ==, "0.1");
  g_assert_cmpstr (sb_json_get_string (values, "optimizer", NULL), ==, "\"adam\"");
  g_assert_cmpstr (sb_json_get_string (values, "flag", NULL), ==, "true");
  g_assert_cmpstr (sb_json_get_string (values, "name", NULL), ==, "\"two words\"");
  g_assert_cmpstr (sb_json_get_string (values, "empty", NULL), ==, "\"\"");
  g_assert_null (sb_script_parse_hyperparameters ("epochs", &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_null (sb_script_parse_hyperparameters ("name='open", &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
  g_clear_pointer (&values, json_object_unref);
  values = sb_script_parse_hyperparameters ("  ", NULL);
  g_assert_cmpuint (json_object_get_size (values), ==, 0);
}

static void
write_file (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (parent, 0700);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static char *
pack_and_read (const char *folder, const char *path, const char *name)
{
  g_autofree char *staging = g_build_filename (folder, "staging", NULL);
  g_autofree char *archive = g_build_filename (folder, "sourcedir.tar.gz", NULL);
  g_autofree char *out = g_build_filename (folder, "out", NULL);
  g_autofree char *file = g_build_filename (out, name, NULL);
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  sb_folder_remove (out);
  g_assert_true (sb_script_pack (path, staging, archive, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (sb_archive_unpack (archive, out, NULL, &error));
  g_assert_no_error (error);
  g_file_get_contents (file, &text, NULL, NULL);
  return text;
}

static void
test_pack (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sb-script-XXXXXX", NULL);
  g_autofree char *source = g_build_filename (folder, "source", NULL);
  g_autofree char *script = g_build_filename (source, "train.py", NULL);
  g_autofree char *first = NULL, *second = NULL, *entry = NULL, *other = NULL;
  g_autoptr (GError) error = NULL;

  write_file (source, "train.py", "one");
  write_file (source, "lib/helper.py", "two");
  first = pack_and_read (folder, script, "train.py");
  g_assert_cmpstr (first, ==, "one");
  second = pack_and_read (folder, source, "lib/helper.py");
  g_assert_cmpstr (second, ==, "two");
  entry = sb_script_find_entry (source, NULL, &error);
  g_assert_cmpstr (entry, ==, "train.py");
  other = sb_script_find_entry (source, "lib/helper.py", &error);
  g_assert_cmpstr (other, ==, "lib/helper.py");
  g_assert_null (sb_script_find_entry (source, "nothing.py", &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
  sb_folder_remove (folder);
}

static void
test_own_copy (void)
{
  g_autofree char *base = g_dir_make_tmp ("sb-script-XXXXXX", NULL);
  g_autofree char *run = g_build_filename (base, "runs", "digits-1", NULL);
  g_autofree char *shipped = NULL, *own = NULL, *again = NULL, *chosen = NULL;
  g_autofree char *kept = NULL, *second = NULL, *back = NULL;
  g_autofree char *text = NULL, *kept_text = NULL;
  g_autoptr (GError) error = NULL;

  shipped = sb_script_choose (run, "pytorch", NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (shipped, "data/scripts/mnist_pytorch.py"));
  own = sb_script_make_own (run, "pytorch", &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (own, base));
  g_assert_false (sb_script_is_changed (run, "pytorch"));
  g_assert_true (g_file_set_contents (own, "mine", -1, NULL));
  again = sb_script_make_own (run, "pytorch", &error);
  g_assert_true (g_file_get_contents (again, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "mine");
  chosen = sb_script_choose (run, "pytorch", "", &error);
  g_assert_cmpstr (chosen, ==, own);
  g_assert_null (sb_script_choose (run, "pytorch", "/nowhere/at/all.py", &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
  g_clear_error (&error);
  /* What was changed stays under another name. */
  g_assert_true (sb_script_is_changed (run, "pytorch"));
  kept = sb_script_set_aside (run, "pytorch", &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (kept, "/scripts/mnist_pytorch-1.py"));
  g_assert_true (g_file_get_contents (kept, &kept_text, NULL, NULL));
  g_assert_cmpstr (kept_text, ==, "mine");
  back = sb_script_choose (run, "pytorch", NULL, &error);
  g_assert_cmpstr (back, ==, shipped);
  g_assert_false (sb_script_is_changed (run, "pytorch"));
  g_assert_null (sb_script_set_aside (run, "pytorch", &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_STORAGE);
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (own, "more", -1, NULL));
  second = sb_script_set_aside (run, "pytorch", &error);
  g_assert_true (g_str_has_suffix (second, "/scripts/mnist_pytorch-2.py"));
  sb_folder_remove (base);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/workshop/script/image-uris", test_image_uris);
  g_test_add_func ("/workshop/script/no-image", test_no_image);
  g_test_add_func ("/workshop/script/newest-serves-too", test_newest_serves_too);
  g_test_add_func ("/workshop/script/hyperparameters", test_hyperparameters);
  g_test_add_func ("/workshop/script/pack", test_pack);
  g_test_add_func ("/workshop/script/own-copy", test_own_copy);
  return g_test_run ();
}
