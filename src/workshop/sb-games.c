/* sb-games.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-games.h"

#include <math.h>
#include <string.h>

#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-mt19937.h"

/* The workshop shuffles with pandas' sample(frac=1, random_state=1729). */
#define SHUFFLE_SEED 1729
#define HIT_SALES    1.0

static const char *const needed[] = { "Name",         "Platform",     "Genre",      "Publisher",
                                      "Global_Sales", "Critic_Score", "User_Score", "Rating" };
static const char *const worded[] = { "Platform", "Genre", "Publisher", "Rating" };

/**
 * sb_games_is_missing:
 * @text: a cell
 *
 * Returns: whether pandas reads it as a missing value
 */
gboolean
sb_games_is_missing (const char *text)
{
  static const char *const missing[] = { "",         "#N/A", "#N/A N/A", "#NA",    "-1.#IND",
                                         "-1.#QNAN", "-NaN", "-nan",     "1.#IND", "1.#QNAN",
                                         "<NA>",     "N/A",  "NA",       "NULL",   "NaN",
                                         "n/a",      "nan",  "null",     NULL };

  return g_strv_contains (missing, text);
}

static const char *
cell (SbCsvTable *table, guint row, const char *column)
{
  return sb_csv_table_get (table, row, (guint) sb_csv_table_find_column (table, column));
}

static gboolean
read_number (SbCsvTable *table, guint row, const char *column, double *value)
{
  const char *text = cell (table, row, column);
  char *end;

  *value = g_ascii_strtod (text, &end);
  return end != text && *end == '\0';
}

static gboolean
check_number (SbCsvTable *table, guint row, const char *column, GError **error)
{
  const char *text = cell (table, row, column);
  double value;

  if (sb_games_is_missing (text) || read_number (table, row, column, &value) ||
      (strcmp (column, "User_Score") == 0 && strcmp (text, "tbd") == 0))
    return TRUE;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_INVALID,
               "Line %" G_GUINT64_FORMAT ": “%s” is no number, which “%s” has to be",
               sb_csv_table_get_line (table, row),
               text,
               column);
  return FALSE;
}

/**
 * sb_games_check:
 * @table: a file
 * @error: %SB_ERROR_INVALID, with what is wrong and where
 *
 * Returns: whether it can be worked with
 */
gboolean
sb_games_check (SbCsvTable *table, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (needed); i++)
    if (sb_csv_table_find_column (table, needed[i]) < 0)
      {
        g_set_error (error,
                     SB_ERROR,
                     SB_ERROR_INVALID,
                     "The file has no column “%s”; choose the workshop’s file of video games, or "
                     "one with the same columns",
                     needed[i]);
        return FALSE;
      }
  for (guint row = 0; row < sb_csv_table_get_n_rows (table); row++)
    if (!check_number (table, row, "Global_Sales", error) ||
        !check_number (table, row, "Critic_Score", error) ||
        !check_number (table, row, "User_Score", error))
      return FALSE;
  return TRUE;
}

static gboolean
is_hit (SbCsvTable *table, guint row)
{
  double sales;

  return read_number (table, row, "Global_Sales", &sales) && sales > HIT_SALES;
}

static JsonArray *
numbers_new (void)
{
  return json_array_new ();
}

static JsonObject *
axis (const char *title, const char *scale)
{
  return sb_json_object_new ("title", "s", title, "scale", "s", scale, NULL);
}

static JsonArray *
one (JsonObject *item)
{
  JsonArray *array = json_array_new ();

  json_array_add_object_element (array, item);
  return array;
}

static JsonObject *
chart_balance (guint hits, guint others)
{
  static const char *const names[] = { "Over a million", "Up to a million", NULL };
  JsonArray *values = numbers_new ();
  g_autofree char *summary =
      g_strdup_printf ("%u games sold more than a million copies, %u did not", hits, others);

  json_array_add_int_element (values, hits);
  json_array_add_int_element (values, others);
  return sb_json_object_new (
      "id",
      "s",
      "balance",
      "kind",
      "s",
      "bar",
      "title",
      "s",
      "Class balance",
      "summary",
      "s",
      summary,
      "categories",
      "a",
      sb_json_array_new_strings (names),
      "x",
      "o",
      axis ("Copies sold", "linear"),
      "y",
      "o",
      axis ("Games", "linear"),
      "series",
      "a",
      one (sb_json_object_new ("name", "s", "Games", "values", "a", values, NULL)),
      NULL);
}

static JsonObject *
chart_scatter (SbCsvTable *table)
{
  JsonArray *xs[2] = { numbers_new (), numbers_new () };
  JsonArray *ys[2] = { numbers_new (), numbers_new () };
  JsonArray *series = json_array_new ();
  static const char *const names[2] = { "Up to a million", "Over a million" };

  for (guint row = 0; row < sb_csv_table_get_n_rows (table); row++)
    {
      double score;
      double sales;
      guint hit = is_hit (table, row) ? 1 : 0;

      if (!read_number (table, row, "Critic_Score", &score) ||
          !read_number (table, row, "Global_Sales", &sales) || sales <= 0 || score <= 0)
        continue;
      json_array_add_double_element (xs[hit], score);
      json_array_add_double_element (ys[hit], sales);
    }
  for (guint i = 0; i < 2; i++)
    json_array_add_object_element (
        series, sb_json_object_new ("name", "s", names[i], "x", "a", xs[i], "y", "a", ys[i], NULL));
  return sb_json_object_new ("id",
                             "s",
                             "scatter",
                             "kind",
                             "s",
                             "scatter",
                             "title",
                             "s",
                             "Critics’ score and sales",
                             "summary",
                             "s",
                             "Games with higher critics’ scores tend to sell more copies",
                             "x",
                             "o",
                             axis ("Critics’ score", "log"),
                             "y",
                             "o",
                             axis ("Million copies", "log"),
                             "series",
                             "a",
                             series,
                             NULL);
}

#define N_BINS 20

static JsonObject *
chart_distribution (SbCsvTable *table)
{
  guint counts[2][N_BINS] = { { 0 } };
  JsonArray *edges = numbers_new ();
  JsonArray *series = json_array_new ();
  static const char *const names[2] = { "Up to a million", "Over a million" };

  for (guint row = 0; row < sb_csv_table_get_n_rows (table); row++)
    {
      double score;

      if (read_number (table, row, "Critic_Score", &score) && score >= 0 && score <= 100)
        counts[is_hit (table, row)][MIN ((guint) (score / (100.0 / N_BINS)), N_BINS - 1)]++;
    }
  for (guint i = 0; i <= N_BINS; i++)
    json_array_add_double_element (edges, i * 100.0 / N_BINS);
  for (guint i = 0; i < 2; i++)
    {
      JsonArray *values = numbers_new ();

      for (guint j = 0; j < N_BINS; j++)
        json_array_add_int_element (values, counts[i][j]);
      json_array_add_object_element (
          series, sb_json_object_new ("name", "s", names[i], "values", "a", values, NULL));
    }
  return sb_json_object_new ("id",
                             "s",
                             "distribution",
                             "kind",
                             "s",
                             "histogram",
                             "title",
                             "s",
                             "Distribution of critics’ scores",
                             "summary",
                             "s",
                             "Hits gather at the higher scores",
                             "x",
                             "o",
                             axis ("Critics’ score", "linear"),
                             "y",
                             "o",
                             axis ("Games", "linear"),
                             "edges",
                             "a",
                             edges,
                             "series",
                             "a",
                             series,
                             NULL);
}

static guint
count_missing (SbCsvTable *table, guint column)
{
  guint count = 0;

  for (guint row = 0; row < sb_csv_table_get_n_rows (table); row++)
    count += sb_games_is_missing (sb_csv_table_get (table, row, column)) ? 1 : 0;
  return count;
}

static JsonObject *
chart_missing (SbCsvTable *table)
{
  JsonArray *categories = json_array_new ();
  JsonArray *values = numbers_new ();
  JsonObject *chart;

  for (guint column = 0; column < sb_csv_table_get_n_columns (table); column++)
    {
      guint count = count_missing (table, column);

      if (count == 0)
        continue;
      json_array_add_string_element (categories, sb_csv_table_get_name (table, column));
      json_array_add_int_element (values, count);
    }
  chart = sb_json_object_new (
      "id",
      "s",
      "missing",
      "kind",
      "s",
      "bar",
      "title",
      "s",
      "Missing values per column",
      "summary",
      "s",
      "Scores and ratings are what most often lacks",
      "categories",
      "a",
      categories,
      "x",
      "o",
      axis ("", "linear"),
      "y",
      "o",
      axis ("Rows", "linear"),
      "series",
      "a",
      one (sb_json_object_new ("name", "s", "Missing", "values", "a", values, NULL)),
      NULL);
  json_object_set_boolean_member (chart, "horizontal", TRUE);
  return chart;
}

static void
add_fact (JsonArray *facts, const char *name, guint value)
{
  g_autofree char *text = g_strdup_printf ("%u", value);

  json_array_add_object_element (facts,
                                 sb_json_object_new ("name", "s", name, "value", "s", text, NULL));
}

/**
 * sb_games_explore:
 * @table: a file that sb_games_check() has passed
 * @facts: (out): names and values of what was counted
 *
 * Returns: (transfer full): charts: class balance, score against sales, distribution, missing
 */
JsonArray *
sb_games_explore (SbCsvTable *table, JsonArray **facts)
{
  guint n = sb_csv_table_get_n_rows (table);
  JsonArray *charts = json_array_new ();
  guint hits = 0;

  for (guint row = 0; row < n; row++)
    hits += is_hit (table, row) ? 1 : 0;
  *facts = json_array_new ();
  add_fact (*facts, "Games", n);
  add_fact (*facts, "Hits", hits);
  json_array_add_object_element (charts, chart_balance (hits, n - hits));
  json_array_add_object_element (charts, chart_scatter (table));
  json_array_add_object_element (charts, chart_distribution (table));
  json_array_add_object_element (charts, chart_missing (table));
  return charts;
}

void
sb_games_free (SbGames *self)
{
  g_clear_pointer (&self->columns, g_ptr_array_unref);
  g_clear_pointer (&self->rows, sb_sparse_free);
  g_clear_pointer (&self->values, g_array_unref);
  g_clear_pointer (&self->order, g_array_unref);
  g_clear_pointer (&self->choices, json_object_unref);
  g_free (self);
}

static gboolean
is_complete (SbCsvTable *table, guint row)
{
  for (guint i = 0; i < G_N_ELEMENTS (worded); i++)
    if (sb_games_is_missing (cell (table, row, worded[i])))
      return FALSE;
  return !sb_games_is_missing (cell (table, row, "Critic_Score")) &&
         !sb_games_is_missing (cell (table, row, "User_Score"));
}

static int
compare_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The values of one column in the order of their code points, which is that of their UTF-8. */
static GPtrArray *
list_words (SbCsvTable *table, GArray *kept, const char *column)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *words = g_ptr_array_new ();

  for (guint i = 0; i < kept->len; i++)
    {
      const char *word = cell (table, g_array_index (kept, guint, i), column);

      if (g_hash_table_add (seen, (gpointer) word))
        g_ptr_array_add (words, (gpointer) word);
    }
  g_ptr_array_sort (words, compare_text);
  return words;
}

static void
add_value (SbGames *self, guint column, double value)
{
  if (value == 0)
    return;
  sb_sparse_add (self->rows, column, (float) value);
  g_array_append_val (self->values, value);
}

/* One column for each word; its number by column name and word. */
static GHashTable *
make_columns (SbGames *self, SbCsvTable *table, GArray *kept)
{
  GHashTable *index = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  self->columns = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->columns, g_strdup ("Critic_Score"));
  g_ptr_array_add (self->columns, g_strdup ("User_Score"));
  self->choices = json_object_new ();
  for (guint i = 0; i < G_N_ELEMENTS (worded); i++)
    {
      g_autoptr (GPtrArray) words = list_words (table, kept, worded[i]);
      JsonArray *choices = json_array_new ();

      for (guint j = 0; j < words->len; j++)
        {
          char *name = g_strconcat (worded[i], "_", words->pdata[j], NULL);

          g_hash_table_insert (index, g_strdup (name), GUINT_TO_POINTER (self->columns->len));
          g_ptr_array_add (self->columns, name);
          json_array_add_string_element (choices, words->pdata[j]);
        }
      json_object_set_array_member (self->choices, worded[i], choices);
    }
  return index;
}

static void
add_row (SbGames *self, SbCsvTable *table, GHashTable *index, guint row)
{
  double critic;
  double user;
  float label = is_hit (table, row) ? 1 : 0;

  read_number (table, row, "Critic_Score", &critic);
  if (!read_number (table, row, "User_Score", &user))
    user = critic / 10;
  add_value (self, 0, critic);
  add_value (self, 1, user);
  for (guint i = 0; i < G_N_ELEMENTS (worded); i++)
    {
      g_autofree char *name = g_strconcat (worded[i], "_", cell (table, row, worded[i]), NULL);

      add_value (self, GPOINTER_TO_UINT (g_hash_table_lookup (index, name)), 1);
    }
  g_array_append_val (self->rows->labels, label);
  sb_sparse_end_row (self->rows);
}

static void
shuffle (SbGames *self, guint n)
{
  SbMt19937 random;

  self->order = g_array_sized_new (FALSE, FALSE, sizeof (guint32), n);
  g_array_set_size (self->order, n);
  sb_mt19937_init (&random, SHUFFLE_SEED);
  sb_mt19937_permutation (&random, (guint32 *) (gpointer) self->order->data, n);
  self->cuts[0] = (guint) (0.7 * n);
  self->cuts[1] = (guint) (0.9 * n);
  self->cuts[2] = n;
}

/**
 * sb_games_prepare:
 * @table: a file that sb_games_check() has passed
 * @error: %SB_ERROR_INVALID when nothing is left to learn from
 *
 * Prepares the file as the workshop's notebook does with pandas.
 *
 * Returns: (transfer full) (nullable): features, labels and the three parts
 */
SbGames *
sb_games_prepare (SbCsvTable *table, GError **error)
{
  g_autoptr (SbGames) self = g_new0 (SbGames, 1);
  g_autoptr (GArray) kept = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GHashTable) index = NULL;

  self->n_rows = sb_csv_table_get_n_rows (table);
  for (guint row = 0; row < self->n_rows; row++)
    {
      self->n_hits += is_hit (table, row) ? 1 : 0;
      if (is_complete (table, row))
        g_array_append_val (kept, row);
    }
  if (kept->len < 10)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   "Only %u rows lack nothing, too few to learn from; choose a larger file",
                   kept->len);
      return NULL;
    }
  self->rows = sb_sparse_new ();
  self->values = g_array_new (FALSE, FALSE, sizeof (double));
  index = make_columns (self, table, kept);
  for (guint i = 0; i < kept->len; i++)
    add_row (self, table, index, g_array_index (kept, guint, i));
  shuffle (self, kept->len);
  return g_steal_pointer (&self);
}

static guint
part_begin (const SbGames *self, SbGamesPart part)
{
  return part == SB_GAMES_TRAIN ? 0 : self->cuts[part - 1];
}

guint
sb_games_count (const SbGames *self, SbGamesPart part)
{
  return self->cuts[part] - part_begin (self, part);
}

guint
sb_games_count_hits (const SbGames *self, SbGamesPart part)
{
  guint hits = 0;

  for (guint i = part_begin (self, part); i < self->cuts[part]; i++)
    hits += g_array_index (self->rows->labels, float, g_array_index (self->order, guint32, i)) > 0
                ? 1
                : 0;
  return hits;
}

static void
append_row (GString *out, const SbGames *self, guint32 row)
{
  guint64 begin = g_array_index (self->rows->offsets, guint64, row);
  guint64 end = g_array_index (self->rows->offsets, guint64, row + 1);
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_c (out, g_array_index (self->rows->labels, float, row) > 0 ? '1' : '0');
  for (guint64 i = begin; i < end; i++)
    g_string_append_printf (
        out,
        " %u:%s",
        g_array_index (self->rows->indices, guint32, i),
        g_ascii_formatd (buffer, sizeof buffer, "%.16g", g_array_index (self->values, double, i)));
  g_string_append_c (out, '\n');
}

/**
 * sb_games_write_libsvm:
 * @self: prepared games
 * @part: one of the three
 *
 * Returns: (transfer full): that part, byte for byte as scikit-learn's dump_svmlight_file writes it
 */
char *
sb_games_write_libsvm (const SbGames *self, SbGamesPart part)
{
  GString *out = g_string_new (NULL);

  for (guint i = part_begin (self, part); i < self->cuts[part]; i++)
    append_row (out, self, g_array_index (self->order, guint32, i));
  return g_string_free (out, FALSE);
}

static int
find_feature (JsonArray *columns, const char *name)
{
  for (guint i = 0; i < json_array_get_length (columns); i++)
    if (strcmp (json_array_get_string_element (columns, i), name) == 0)
      return (int) i;
  return -1;
}

static gboolean
encode_number (GString *out,
               JsonArray *columns,
               const char *name,
               double value,
               double maximum,
               GError **error)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (!(value >= 0 && value <= maximum))
    {
      g_set_error (
          error, SB_ERROR, SB_ERROR_INVALID, "%s has to be between 0 and %g", name, maximum);
      return FALSE;
    }
  if (value != 0)
    g_string_append_printf (out,
                            "%s%d:%s",
                            out->len > 0 ? " " : "",
                            find_feature (columns, name),
                            g_ascii_formatd (buffer, sizeof buffer, "%.16g", value));
  return TRUE;
}

static double
field_number (JsonObject *fields, const char *name)
{
  JsonNode *node = json_object_get_member (fields, name);

  if (node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
      json_node_get_value_type (node) == G_TYPE_STRING)
    {
      char *end;
      double value = g_ascii_strtod (json_node_get_string (node), &end);

      return *json_node_get_string (node) != '\0' && *end == '\0' ? value : NAN;
    }
  return sb_json_get_double (fields, name, NAN);
}

/**
 * sb_games_encode:
 * @features: `columns`, as the prepare step has written them
 * @fields: `Platform`, `Genre`, `Publisher`, `Rating`, `Critic_Score`, `User_Score` of one game
 * @error: %SB_ERROR_INVALID
 *
 * A word that the model has never seen sets none of its columns, as in the workshop.
 *
 * Returns: (transfer full) (nullable): the game as a line of libsvm, without label and line end
 */
char *
sb_games_encode (JsonObject *features, JsonObject *fields, GError **error)
{
  JsonArray *columns = sb_json_get_array (features, "columns");
  g_autoptr (GString) out = g_string_new (NULL);
  double critic = field_number (fields, "Critic_Score");
  double user = field_number (fields, "User_Score");

  if (g_strcmp0 (sb_json_get_string (fields, "User_Score", NULL), "tbd") == 0)
    user = critic / 10;
  if (!encode_number (out, columns, "Critic_Score", critic, 100, error) ||
      !encode_number (out, columns, "User_Score", user, 10, error))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (worded); i++)
    {
      g_autofree char *name =
          g_strconcat (worded[i], "_", sb_json_get_string (fields, worded[i], ""), NULL);
      int column = find_feature (columns, name);

      if (column >= 0)
        g_string_append_printf (out, "%s%d:1", out->len > 0 ? " " : "", column);
    }
  /* A line with nothing on it would be skipped. */
  if (out->len == 0)
    g_string_append (out, "0:0");
  return g_string_free (g_steal_pointer (&out), FALSE);
}
