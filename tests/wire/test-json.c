/* test-json.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "wire/sb-error.h"
#include "wire/sb-json.h"

#include <glib/gstdio.h>

static void
test_paths (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object =
      sb_json_parse_object ("{\"a\":{\"b\":[{\"c\":\"x\"},2.5,true]},\"d.e\":7}", -1, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (sb_json_get_string (object, "a.b.0.c", NULL), ==, "x");
  g_assert_cmpfloat (sb_json_get_double (object, "a.b.1", 0), ==, 2.5);
  g_assert_true (sb_json_get_bool (object, "a.b.2", FALSE));
  g_assert_cmpint (sb_json_get_int (object, "d.e", 0), ==, 7);
  g_assert_cmpint (sb_json_get_int (object, "a.b.3", -1), ==, -1);
  g_assert_cmpstr (sb_json_get_string (object, "a.b.1", "no"), ==, "no");
  g_assert_null (sb_json_get_object (object, "a.b.0.c.d"));
}

static void
test_build_and_copy (void)
{
  g_autoptr (JsonObject) object = sb_json_object_new ("name",
                                                      "s",
                                                      "x",
                                                      "none",
                                                      "s",
                                                      NULL,
                                                      "count",
                                                      "i",
                                                      (gint64) 3,
                                                      "share",
                                                      "d",
                                                      0.5,
                                                      "on",
                                                      "b",
                                                      TRUE,
                                                      "inner",
                                                      "o",
                                                      sb_json_object_new ("k", "s", "v", NULL),
                                                      NULL);
  g_autoptr (JsonObject) copy = sb_json_copy (object);
  g_autofree char *before = sb_json_to_string (object);
  g_autofree char *after = NULL;

  g_assert_cmpstr (
      before, ==, "{\"name\":\"x\",\"count\":3,\"share\":0.5,\"on\":true,\"inner\":{\"k\":\"v\"}}");
  json_object_set_string_member (sb_json_get_object (copy, "inner"), "k", "changed");
  after = sb_json_to_string (object);
  g_assert_cmpstr (before, ==, after);
}

static void
test_hostile (void)
{
  g_autoptr (GString) deep = g_string_new (NULL);
  const char *hidden[] = { "", "/* \" */", "// \"\n", "# \"\n", "['\"'," };
  const char *bad[] = { "", "{", "[1,", "{\"a\":}", "\xff\xfe", "nul" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (sb_json_parse (bad[i], -1, &error));
      g_assert_error (error, SB_ERROR, SB_ERROR_PROTOCOL);
    }
  for (int i = 0; i < 100000; i++)
    g_string_append_c (deep, '[');
  for (gsize i = 0; i < G_N_ELEMENTS (hidden); i++)
    {
      g_autofree char *text = g_strconcat (hidden[i], deep->str, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_null (sb_json_parse (text, -1, &error));
      g_assert_error (error, SB_ERROR, SB_ERROR_PROTOCOL);
    }
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (sb_json_parse_object ("[]", -1, &error));
    g_assert_error (error, SB_ERROR, SB_ERROR_PROTOCOL);
  }
}

static void
test_file (void)
{
  g_autofree char *folder = g_dir_make_tmp ("sb-json-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "a.json", NULL);
  g_autoptr (JsonObject) object = sb_json_object_new ("k", "s", "ü", NULL);
  g_autoptr (JsonObject) back = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (sb_json_save_file (object, path, &error));
  g_assert_no_error (error);
  back = sb_json_load_file (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (sb_json_get_string (back, "k", NULL), ==, "ü");
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static gpointer
copy_often (gpointer data)
{
  for (guint i = 0; i < 3000; i++)
    {
      g_autoptr (JsonObject) copy = sb_json_copy (data);

      g_assert_cmpstr (sb_json_get_string (copy, "a.b.1", NULL), ==, "text");
    }
  return NULL;
}

/* Nothing of it is shared: threads that copy the same object do not get in each other's way. */
static void
test_copy_in_threads (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object =
      sb_json_parse_object ("{\"a\":{\"b\":[1,\"text\",null,2.5,true]},\"c\":\"more\"}",
                            -1,
                            &error);
  g_autofree char *before = sb_json_to_string (object);
  g_autofree char *after = NULL;
  g_autoptr (JsonObject) copy = NULL;
  GThread *threads[4];

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("copy", copy_often, object);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  copy = sb_json_copy (object);
  after = sb_json_to_string (copy);
  g_assert_cmpstr (after, ==, before);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/paths", test_paths);
  g_test_add_func ("/json/build-and-copy", test_build_and_copy);
  g_test_add_func ("/json/hostile", test_hostile);
  g_test_add_func ("/json/file", test_file);
  g_test_add_func ("/wire/json/copy-in-threads", test_copy_in_threads);
  return g_test_run ();
}
