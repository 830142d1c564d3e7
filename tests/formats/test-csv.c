/* test-csv.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "formats/sb-csv.h"

static SbCsvTable *
parse (const char *text, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));

  return sb_csv_table_parse (bytes, "t.csv", error);
}

/* Rows joined by "/", fields by "|". */
static char *
flatten (SbCsvTable *table)
{
  GString *out = g_string_new (NULL);

  for (guint row = 0; row < sb_csv_table_get_n_rows (table); row++)
    for (guint column = 0; column < sb_csv_table_get_n_columns (table); column++)
      {
        if (row + column > 0)
          g_string_append_c (out, column == 0 ? '/' : '|');
        g_string_append (out, sb_csv_table_get (table, row, column));
      }
  return g_string_free (out, FALSE);
}

static void
test_read (void)
{
  static const struct
  {
    const char *text;
    const char *rows;
  } cases[] = {
    { "a,b\n1,2\n3,4\n", "1|2/3|4" },
    { "a,b\n1,2\n3,4", "1|2/3|4" },
    { "a,b\r\n1,2\r\n", "1|2" },
    { "a,b\r1,2\r", "1|2" },
    { "\xef\xbb\xbf"
      "a,b\n1,2\n",
      "1|2" },
    { "a;b\n1,5;2\n", "1,5|2" },
    { "a\tb\n1\t2\n", "1|2" },
    { "a,b\n\"x,y\",\"say \"\"hi\"\"\"\n", "x,y|say \"hi\"" },
    { "a,b\n\"two\r\nlines\",2\n", "two\r\nlines|2" },
    { "a,b\n,\n\n1,\n", "|/1|" },
    { "a,b\nPok\xe9mon,2\n", "Pok\u00e9mon|2" },
    { "a,b\n\xe6\x97\xa5,\xf0\x9f\x98\x80\n", "\u65e5|\U0001f600" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (SbCsvTable) table = parse (cases[i].text, &error);
      g_autofree char *rows = NULL;

      g_assert_no_error (error);
      rows = flatten (table);
      g_assert_cmpstr (rows, ==, cases[i].rows);
      g_assert_cmpint (sb_csv_table_find_column (table, "b"), ==, 1);
      g_assert_cmpint (sb_csv_table_find_column (table, "no"), ==, -1);
    }
}

/* An error names the file and the line on which the row began. */
static void
test_refuse (void)
{
  static const struct
  {
    const char *text;
    const char *where;
  } cases[] = {
    { "", "t.csv" },
    { "a,b\n1,2,3\n", "t.csv:2" },
    { "a,b\n1,2\n\"x\ny\",1\n5\n", "t.csv:5" },
    { "a,b\n1,\"open\n", "t.csv:2" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (parse (cases[i].text, &error));
      g_assert_error (error, SB_FORMAT_ERROR, SB_FORMAT_ERROR_INVALID);
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].where));
    }
}

/* Whatever is written can be read again. */
static void
test_round_trip (void)
{
  static const char *const pieces[] = { "a", ",", "\"", "\n", "\r\n", " ", ";", "\u00e4", "7" };

  for (guint round = 0; round < 300; round++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GString) text = g_string_new ("x,y,z\n");
      g_autoptr (GPtrArray) fields = g_ptr_array_new_with_free_func (g_free);
      g_autoptr (SbCsvTable) table = NULL;

      for (guint column = 0; column < 3; column++)
        {
          GString *field = g_string_new (column == 0 ? "f" : NULL);

          for (int n = g_test_rand_int_range (0, 6); n > 0; n--)
            g_string_append (field, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
          g_ptr_array_add (fields, g_string_free (field, FALSE));
        }
      g_ptr_array_add (fields, NULL);
      sb_csv_append_row (text, (const char *const *) fields->pdata);
      table = parse (text->str, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (sb_csv_table_get_n_rows (table), ==, 1);
      for (guint column = 0; column < 3; column++)
        g_assert_cmpstr (sb_csv_table_get (table, 0, column), ==, fields->pdata[column]);
    }
}

static void
test_missing_file (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (sb_csv_table_load ("/no/such/file.csv", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/formats/csv/read", test_read);
  g_test_add_func ("/formats/csv/refuse", test_refuse);
  g_test_add_func ("/formats/csv/round-trip", test_round_trip);
  g_test_add_func ("/formats/csv/missing-file", test_missing_file);
  return g_test_run ();
}
