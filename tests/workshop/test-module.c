/* test-module.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "workshop/sb-module-store.h"

#include <glib/gstdio.h>

#include "wire/sb-error.h"

static const char good[] = "{\"id\": \"mine\", \"title\": \"Mine\", \"order\": 1.5, \"steps\": [\n"
                           "{\"id\": \"a\", \"kind\": \"explore\", \"title\": \"A\"}]}";

static void
test_built_in (void)
{
  g_autoptr (SbModuleStore) store = sb_module_store_new (NULL);
  g_autoptr (SbModule) first = g_list_model_get_item (G_LIST_MODEL (store), 0);
  SbModule *games = sb_module_store_find (store, "video-game-sales");

  g_assert_cmpuint (sb_module_store_get_problems (store)->len, ==, 0);
  g_assert_cmpstr (sb_module_get_id (first), ==, "get-started");
  g_assert_true (sb_module_is_automatic (first));
  g_assert_nonnull (games);
  g_assert_cmpuint (json_array_get_length (sb_module_get_steps (games)), ==, 9);
  g_assert_null (sb_module_store_find (store, "no-such-module"));
}

static void
test_folder (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sb-modules-XXXXXX", NULL);
  g_autofree char *mine = g_build_filename (folder, "mine.json", NULL);
  g_autofree char *bad = g_build_filename (folder, "bad.json", NULL);
  g_autofree char *other = g_build_filename (folder, "README", NULL);
  g_autoptr (SbModuleStore) store = NULL;
  g_autoptr (SbModule) second = NULL;
  const GError *problem;

  g_assert_true (g_file_set_contents (mine, good, -1, NULL));
  g_assert_true (g_file_set_contents (bad, "{\n\"id\": \"x\",\n\"title\" 7 }", -1, NULL));
  g_assert_true (g_file_set_contents (other, "no module", -1, NULL));
  store = sb_module_store_new (folder);
  second = g_list_model_get_item (G_LIST_MODEL (store), 1);
  g_assert_cmpstr (sb_module_get_id (second), ==, "mine");
  g_assert_cmpuint (sb_module_store_get_problems (store)->len, ==, 1);
  problem = sb_module_store_get_problems (store)->pdata[0];
  g_assert_error (problem, SB_ERROR, SB_ERROR_INVALID);
  g_assert_nonnull (strstr (problem->message, "bad.json:3: "));
  g_unlink (mine);
  g_unlink (bad);
  g_unlink (other);
  g_rmdir (folder);
}

/* A file that is opened becomes one's own module; an id that is taken is not taken away. */
static void
test_import (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sb-import-XXXXXX", NULL);
  g_autofree char *modules = g_build_filename (folder, "modules", NULL);
  g_autofree char *given = g_build_filename (folder, "given.sagebrush.json", NULL);
  g_autofree char *kept = g_build_filename (modules, "mine.json", NULL);
  g_autoptr (SbModuleStore) store = sb_module_store_new (modules);
  g_autoptr (SbModuleStore) again = NULL;
  g_autoptr (GError) error = NULL;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (store));
  SbModule *module;

  g_assert_true (g_file_set_contents (given, good, -1, NULL));
  module = sb_module_store_import (store, given, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sb_module_get_title (module), ==, "Mine");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (store)), ==, n + 1);
  again = sb_module_store_new (modules);
  g_assert_nonnull (sb_module_store_find (again, "mine"));
  g_assert_null (sb_module_store_import (again, given, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (given, "{}", -1, NULL));
  g_assert_null (sb_module_store_import (store, given, &error));
  g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
  g_unlink (kept);
  g_unlink (given);
  g_rmdir (modules);
  g_rmdir (folder);
}

static void
assert_refused (const char *data, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbModule) module = sb_module_new_from_data (data, -1, "m.json", &error);

  g_assert_null (module);
  g_assert_error (error, SB_ERROR, SB_ERROR_INVALID);
  if (strstr (error->message, expected) == NULL)
    g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, expected));
}

static void
test_refused (void)
{
  assert_refused ("", "m.json:1: ");
  assert_refused ("[]", "m.json:1: a module has to be a JSON object");
  assert_refused ("{\"id\": 7}", "m.json:1: a module needs an “id”");
  assert_refused ("{\"id\": \"../x\", \"title\": \"x\", \"steps\": []}", "a module needs an “id”");
  assert_refused ("{\"id\": \"x\", \"steps\": []}", "the module has no “title”");
  assert_refused ("{\"id\": \"x\", \"title\": \"X\", \"steps\": []}", "the module has no “steps”");
  assert_refused ("{\"id\": \"x\", \"title\": \"X\", \"steps\": [7]}",
                  "a step has to be an object");
  assert_refused ("{\"id\": \"x\", \"title\": \"X\", \"steps\": [\n{\"id\": \"a\"}]}",
                  "m.json:2: step “a” has no “kind”");
  assert_refused ("{\"id\": \"x\", \"title\": \"X\", \"steps\": [\n\n"
                  "{\"id\": \"a\", \"kind\": \"k\", \"title\": \"A\", \"needs\": [\"b\"]}]}",
                  "m.json:3: step “a” needs “b”, which is no step before it");
  assert_refused ("{\"id\": \"x\", \"title\": \"X\", \"steps\": ["
                  "{\"id\": \"a\", \"kind\": \"k\", \"title\": \"A\"},"
                  "{\"id\": \"a\", \"kind\": \"k\", \"title\": \"A\"}]}",
                  "two steps have the id “a”");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/module/built-in", test_built_in);
  g_test_add_func ("/module/folder", test_folder);
  g_test_add_func ("/module/import", test_import);
  g_test_add_func ("/module/refused", test_refused);
  return g_test_run ();
}
