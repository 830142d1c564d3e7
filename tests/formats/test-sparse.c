/* test-sparse.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <math.h>
#include <string.h>

#include "formats/sb-sparse.h"

static SbSparse *
parse (const char *text, GError **error)
{
  g_autoptr (SbSparse) rows = sb_sparse_new ();

  if (!sb_libsvm_parse (rows, text, strlen (text), "t.libsvm", error))
    return NULL;
  return g_steal_pointer (&rows);
}

static void
test_libsvm (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbSparse) rows = parse ("1 0:1 3:2.5\n0\n# a remark\n\n1 2:-1e-3 # more\n", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (sb_sparse_get_n_rows (rows), ==, 3);
  g_assert_cmpuint (rows->n_columns, ==, 4);
  g_assert_cmpuint (rows->values->len, ==, 3);
  g_assert_cmpuint (g_array_index (rows->offsets, guint64, 1), ==, 2);
  g_assert_cmpuint (g_array_index (rows->offsets, guint64, 2), ==, 2);
  g_assert_cmpuint (g_array_index (rows->indices, guint32, 1), ==, 3);
  g_assert_cmpfloat (g_array_index (rows->values, float, 2), ==, -1e-3f);
  g_assert_cmpfloat (g_array_index (rows->labels, float, 1), ==, 0.f);
}

static void
test_weights (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbSparse) rows = parse ("1:0.5 0:1\n0:2 1:1\n", &error);
  g_autoptr (SbSparse) mixed = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (rows->weights->len, ==, 2);
  g_assert_cmpfloat (g_array_index (rows->weights, float, 1), ==, 2.f);
  mixed = parse ("1:0.5 0:1\n0 1:1\n", &error);
  g_assert_null (mixed);
  g_assert_error (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID);
}

/* An error names the line. */
static void
test_libsvm_refuse (void)
{
  static const char *const bad[] = {
    "1 0:1\nyes 0:1\n",         "1 0:1\n1 0\n",      "1 0:1\n1 0:\n",    "1 0:1\n1 -1:2\n",
    "1 0:1\n1 0:x\n",           "1 0:1\n1 0:1x\n",   "1 0:1\nnan 0:1\n", "1 0:1\n1 qid:3 0:1\n",
    "1 0:1\n1 99999999999:1\n", "1 0:1\n1:-2 0:1\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i]);
      g_assert_null (parse (bad[i], &error));
      g_assert_error (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID);
      g_assert_true (g_str_has_prefix (error->message, "t.libsvm:2: "));
    }
}

/* The fast way to read a number gives the same as the slow one. */
static void
test_numbers (void)
{
  for (guint i = 0; i < 3000; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SbSparse) rows = NULL;
      double value = g_test_rand_double_range (-1e6, 1e6) * pow (10, g_test_rand_int_range (-8, 4));
      char number[G_ASCII_DTOSTR_BUF_SIZE];
      g_autofree char *line = NULL;

      g_ascii_formatd (number, sizeof number, i % 2 == 0 ? "%.17g" : "%.6f", value);
      line = g_strdup_printf ("1 0:%s", number);
      rows = parse (line, &error);
      g_assert_no_error (error);
      g_assert_cmpfloat (g_array_index (rows->values, float, 0),
                         ==,
                         (float) g_ascii_strtod (number, NULL));
    }
}

static void
test_round_trip (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SbSparse) rows = sb_sparse_new ();
  g_autoptr (SbSparse) again = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint row = 0; row < 50; row++)
    {
      float label = (float) g_test_rand_int_range (0, 2);

      g_array_append_val (rows->labels, label);
      for (guint32 column = 0; column < 30; column++)
        if (g_test_rand_bit ())
          sb_sparse_add (rows, column, (float) g_test_rand_double_range (-100, 100));
      sb_sparse_end_row (rows);
    }
  for (guint row = 0; row < 50; row++)
    {
      sb_libsvm_append_row (text, rows, row, TRUE);
      g_string_append (text, text->str[text->len - 1] == '\n' ? "" : "\n");
    }
  again = parse (text->str, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (again->values->data,
                   again->values->len * sizeof (float),
                   rows->values->data,
                   rows->values->len * sizeof (float));
  g_assert_cmpmem (again->indices->data,
                   again->indices->len * sizeof (guint32),
                   rows->indices->data,
                   rows->indices->len * sizeof (guint32));
  g_assert_cmpmem (again->offsets->data,
                   again->offsets->len * sizeof (guint64),
                   rows->offsets->data,
                   rows->offsets->len * sizeof (guint64));
}

static void
test_numeric_csv (void)
{
  static const char text[] = "1,2.5,,3\n0,1,2,3\n";
  static const char ragged[] = "1,2,3\n0,1\n";
  static const char words[] = "label,a,b\n1,2,3\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (SbSparse) rows = sb_sparse_new ();
  g_autoptr (SbSparse) bad = sb_sparse_new ();
  g_autoptr (SbSparse) worse = sb_sparse_new ();

  g_assert_true (
      sb_numeric_csv_parse (rows, text, strlen (text), "t.csv", SB_CSV_LABEL_FIRST, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (sb_sparse_get_n_rows (rows), ==, 2);
  g_assert_cmpuint (rows->n_columns, ==, 3);
  g_assert_cmpuint (rows->values->len, ==, 5);
  g_assert_cmpfloat (g_array_index (rows->labels, float, 0), ==, 1.f);

  g_assert_false (
      sb_numeric_csv_parse (bad, ragged, strlen (ragged), "t.csv", SB_CSV_LABEL_FIRST, &error));
  g_assert_error (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "t.csv:2"));
  g_clear_error (&error);
  g_assert_false (
      sb_numeric_csv_parse (worse, words, strlen (words), "t.csv", SB_CSV_LABEL_FIRST, &error));
  g_assert_error (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "t.csv:1"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/formats/libsvm/read", test_libsvm);
  g_test_add_func ("/formats/libsvm/weights", test_weights);
  g_test_add_func ("/formats/libsvm/refuse", test_libsvm_refuse);
  g_test_add_func ("/formats/libsvm/numbers", test_numbers);
  g_test_add_func ("/formats/libsvm/round-trip", test_round_trip);
  g_test_add_func ("/formats/numeric-csv", test_numeric_csv);
  return g_test_run ();
}
