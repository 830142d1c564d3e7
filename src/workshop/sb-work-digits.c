/* sb-work-digits.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Handwritten digits: choose them, look at them.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-fetch.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-digits-data.h"
#include "workshop/sb-digits-sample.h"
#include "workshop/sb-my-digits.h"

#define SAMPLE_TRAIN 20000
#define SAMPLE_TEST  2000
#define SAMPLE_SEED  1729
/* A handful of digits would not count among sixty thousand. */
#define MINE_REPEATED 10
/* Of my digits alone, every so many are kept to test with. */
#define MINE_TEST 5
/* Rows of examples that are shown. */
#define SAMPLE_EXAMPLES 5

/* As MNIST's makers named them, in the order of the files' list. */
static const char *const names[] = { "train-images-idx3-ubyte",
                                     "train-labels-idx1-ubyte",
                                     "t10k-images-idx3-ubyte",
                                     "t10k-labels-idx1-ubyte" };

typedef struct
{
  SbWork *work;
  guint index;
} Download;

static void
on_downloaded (guint64 done, guint64 total, gpointer user_data)
{
  Download *self = user_data;
  double part = total > 0 ? (double) done / (double) total : 0;

  sb_work_progress (self->work, (self->index + part) / G_N_ELEMENTS (names), _ ("Downloading"));
}

/* From the first mirror that has it. */
static gboolean
download_one (SbWork *work, JsonObject *file, guint index, const char *path, GError **error)
{
  JsonArray *mirrors = sb_json_get_array (work->module, "download.mirrors");
  const char *override = g_getenv (sb_json_get_string (work->module, "download.override", ""));
  guint n = override != NULL ? 1 : json_array_get_length (mirrors);
  Download state = { work, index };

  for (guint i = 0; i < n; i++)
    {
      const char *base = override != NULL ? override : json_array_get_string_element (mirrors, i);
      g_autofree char *url = g_strconcat (base, sb_json_get_string (file, "name", ""), NULL);
      g_autoptr (GError) local = NULL;

      if (sb_fetch_file (url,
                         path,
                         sb_json_get_string (file, "sha256", ""),
                         (guint64) sb_json_get_int (file, "size", 0),
                         on_downloaded,
                         &state,
                         work->cancellable,
                         &local))
        return TRUE;
      if (i + 1 == n || g_cancellable_is_cancelled (work->cancellable))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }
  return FALSE;
}

static gboolean
download (SbWork *work, char *paths[4], GError **error)
{
  JsonArray *files = sb_json_get_array (work->module, "download.files");

  if (files == NULL || json_array_get_length (files) != G_N_ELEMENTS (names))
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_INVALID,
                           _ ("This module names no file to download; choose a file"));
      return FALSE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = g_strconcat (names[i], ".gz", NULL);

      paths[i] = sb_work_path (work, name);
      if (!download_one (work, json_array_get_object_element (files, i), i, paths[i], error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
make_sample (SbWork *work, char *paths[4], GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    paths[i] = sb_work_path (work, names[i]);
  return sb_digits_sample_write (paths[0], paths[1], SAMPLE_SEED, SAMPLE_TRAIN, error) &&
         sb_digits_sample_write (paths[2], paths[3], SAMPLE_SEED + 1, SAMPLE_TEST, error);
}

/* The four files beside each other; any one of them, or their folder, names them all. */
static gboolean
find_files (SbWork *work, char *paths[4], GError **error)
{
  const char *file = sb_json_get_string (work->values, "path", NULL);
  g_autofree char *folder = NULL;

  if (file == NULL || *file == '\0')
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_INVALID,
                           _ ("Choose one of MNIST’s four files first"));
      return FALSE;
    }
  folder = g_file_test (file, G_FILE_TEST_IS_DIR) ? g_strdup (file) : g_path_get_dirname (file);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *plain = g_build_filename (folder, names[i], NULL);
      g_autofree char *packed = g_strconcat (plain, ".gz", NULL);

      if (!g_file_test (plain, G_FILE_TEST_EXISTS) && !g_file_test (packed, G_FILE_TEST_EXISTS))
        {
          g_set_error (error,
                       SB_ERROR,
                       SB_ERROR_INVALID,
                       _ ("There is no %s in “%s”. MNIST’s four files have to be in one folder."),
                       names[i],
                       folder);
          return FALSE;
        }
      paths[i] = g_strdup (g_file_test (plain, G_FILE_TEST_EXISTS) ? plain : packed);
    }
  return TRUE;
}

static SbMyDigits *
load_mine (SbWork *work, GError **error)
{
  g_autofree char *path = sb_my_digits_get_path (work->folder);

  return sb_my_digits_load (path, error);
}

static void
add_one (GByteArray *pixels, GByteArray *marks, const SbMyDigits *mine, guint index)
{
  g_byte_array_append (pixels, mine->pixels->data + (gsize) index * SB_DIGIT_SIZE, SB_DIGIT_SIZE);
  g_byte_array_append (marks, mine->labels->data + index, 1);
}

static gboolean
save_pair (char *paths[2], GByteArray *pixels, GByteArray *marks, GError **error)
{
  return sb_idx_save (paths[0], pixels->data, marks->len, SB_DIGIT_SIDE, error) &&
         sb_idx_save (paths[1], marks->data, marks->len, 0, error);
}

/* What the person has drawn, alone. */
static gboolean
use_mine (SbWork *work, char *paths[4], GError **error)
{
  g_autoptr (SbMyDigits) mine = load_mine (work, error);
  g_autoptr (GByteArray) pixels = g_byte_array_new ();
  g_autoptr (GByteArray) marks = g_byte_array_new ();
  g_autoptr (GByteArray) test_pixels = g_byte_array_new ();
  g_autoptr (GByteArray) test_marks = g_byte_array_new ();

  if (mine == NULL)
    return FALSE;
  if (mine->n < 2 * MINE_TEST)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   _ ("You have drawn and named %u digits; %u are needed to learn from them alone. "
                      "Draw some and use “Wrong? It was a…”, or add them to other digits."),
                   mine->n,
                   2 * MINE_TEST);
      return FALSE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    paths[i] = sb_work_path (work, names[i]);
  for (guint i = 0; i < mine->n; i++)
    if (i % MINE_TEST == MINE_TEST - 1)
      add_one (test_pixels, test_marks, mine, i);
    else
      add_one (pixels, marks, mine, i);
  return save_pair (paths, pixels, marks, error) &&
         save_pair (paths + 2, test_pixels, test_marks, error);
}

/* The digits to train on, and those that the person has drawn, in files of their own. */
static gboolean
add_mine (SbWork *work, char *paths[4], SbIdx *images, SbIdx *labels, GError **error)
{
  static const char *const mixed[] = { "mixed-images-idx3-ubyte", "mixed-labels-idx1-ubyte" };
  g_autoptr (SbMyDigits) mine = load_mine (work, error);

  if (mine == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (mixed); i++)
    {
      g_free (paths[i]);
      paths[i] = sb_work_path (work, mixed[i]);
    }
  for (guint i = 0; i < mine->n * MINE_REPEATED; i++)
    add_one (images->bytes, labels->bytes, mine, i % mine->n);
  images->dims[0] = labels->dims[0] = labels->bytes->len;
  return save_pair (paths, images->bytes, labels->bytes, error);
}

static JsonArray *
list_two (const char *first, const char *second)
{
  const char *const both[] = { first, second, NULL };

  return sb_json_array_new_strings (both);
}

static char *
name_source (char *paths[4], const char *source)
{
  g_autofree char *folder = g_path_get_dirname (paths[2]);

  if (strcmp (source, "sample") == 0)
    return g_strdup (_ ("Sample (drawn strokes, synthetic)"));
  if (strcmp (source, "mine") == 0)
    return g_strdup (_ ("My digits"));
  if (strcmp (source, "download") == 0)
    return g_strdup ("MNIST");
  return g_path_get_basename (folder);
}

static JsonObject *
describe (char *paths[4], const char *source, guint n_train, guint n_test)
{
  g_autofree char *name = name_source (paths, source);
  g_autofree char *summary = NULL;
  JsonArray *facts = json_array_new ();
  gboolean synthetic = strcmp (source, "sample") == 0;

  summary =
      g_strdup_printf (_ ("%s: %u digits to train on, %u to test with"), name, n_train, n_test);
  sb_digits_add_fact (facts, _ ("To train on"), n_train);
  sb_digits_add_fact (facts, _ ("To test with"), n_test);
  return sb_json_object_new ("summary",
                             "s",
                             summary,
                             "name",
                             "s",
                             name,
                             "synthetic",
                             "b",
                             synthetic,
                             "train",
                             "a",
                             list_two (paths[0], paths[1]),
                             "validation",
                             "a",
                             list_two (paths[2], paths[3]),
                             "facts",
                             "a",
                             facts,
                             NULL);
}

static gboolean
find (SbWork *work, const char *source, char *paths[4], GError **error)
{
  if (strcmp (source, "sample") == 0)
    return make_sample (work, paths, error);
  if (strcmp (source, "download") == 0)
    return download (work, paths, error);
  if (strcmp (source, "mine") == 0)
    return use_mine (work, paths, error);
  return find_files (work, paths, error);
}

JsonObject *
sb_work_choose_digits (SbWork *work, GError **error)
{
  const char *source = sb_json_get_string (work->values, "source", "sample");
  gboolean mixed = strcmp (source, "mine") != 0 &&
                   strcmp (sb_json_get_string (work->values, "add_mine", "false"), "true") == 0;
  char *paths[4] = { NULL };
  JsonObject *result = NULL;
  g_autoptr (SbIdx) images = NULL;
  g_autoptr (SbIdx) labels = NULL;
  g_autoptr (SbIdx) test_images = NULL;
  g_autoptr (SbIdx) test_labels = NULL;

  if (find (work, source, paths, error) &&
      sb_digits_load_pair (paths[0], paths[1], &images, &labels, error) &&
      sb_digits_load_pair (paths[2], paths[3], &test_images, &test_labels, error) &&
      (!mixed || add_mine (work, paths, images, labels, error)))
    result = describe (paths, source, labels->dims[0], test_labels->dims[0]);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    g_free (paths[i]);
  return result;
}

static JsonObject *
chart_balance (SbWork *work, const guint *counts, guint n)
{
  g_autofree char *title = g_strconcat (_ ("Class balance"), sb_digits_get_mark (work), NULL);
  g_autofree char *summary = NULL;
  JsonArray *values = json_array_new (), *series = json_array_new ();
  guint least = counts[0], most = counts[0];

  for (guint i = 0; i < SB_DIGIT_CLASSES; i++)
    {
      json_array_add_int_element (values, counts[i]);
      least = MIN (least, counts[i]);
      most = MAX (most, counts[i]);
    }
  summary = g_strdup_printf (_ ("Of %u digits, the rarest is there %u times, the most frequent %u"),
                             n,
                             least,
                             most);
  json_array_add_object_element (
      series, sb_json_object_new ("name", "s", _ ("Digits"), "values", "a", values, NULL));
  return sb_json_object_new (
      "id",
      "s",
      "balance",
      "kind",
      "s",
      "bar",
      "title",
      "s",
      title,
      "summary",
      "s",
      summary,
      "x",
      "o",
      sb_json_object_new ("title", "s", _ ("Digit"), NULL),
      "y",
      "o",
      sb_json_object_new ("title", "s", _ ("How many"), "format", "s", "integer", NULL),
      "categories",
      "a",
      sb_digits_list_names (),
      "series",
      "a",
      series,
      NULL);
}

static JsonObject *
chart_ink (SbWork *work, const SbIdx *images)
{
  g_autofree char *title = g_strconcat (_ ("How much ink"), sb_digits_get_mark (work), NULL);
  guint bins[20] = { 0 }, n = images->dims[0];
  JsonArray *edges = json_array_new (), *values = json_array_new (), *series = json_array_new ();
  g_autofree char *summary = NULL;
  double sum = 0;

  for (guint i = 0; i < n; i++)
    {
      const guint8 *pixels = images->bytes->data + (gsize) i * SB_DIGIT_SIZE;
      guint inked = 0;

      for (guint k = 0; k < SB_DIGIT_SIZE; k++)
        inked += pixels[k] > 127 ? 1 : 0;
      sum += inked;
      bins[MIN (inked / 15, G_N_ELEMENTS (bins) - 1)]++;
    }
  for (guint i = 0; i <= G_N_ELEMENTS (bins); i++)
    json_array_add_int_element (edges, i * 15);
  for (guint i = 0; i < G_N_ELEMENTS (bins); i++)
    json_array_add_int_element (values, bins[i]);
  json_array_add_object_element (
      series, sb_json_object_new ("name", "s", _ ("Digits"), "values", "a", values, NULL));
  summary = g_strdup_printf (_ ("A digit has %.0f dark pixels on average"), sum / n);
  return sb_json_object_new (
      "id",
      "s",
      "ink",
      "kind",
      "s",
      "histogram",
      "title",
      "s",
      title,
      "summary",
      "s",
      summary,
      "x",
      "o",
      sb_json_object_new ("title", "s", _ ("Dark pixels"), NULL),
      "y",
      "o",
      sb_json_object_new ("title", "s", _ ("How many"), "format", "s", "integer", NULL),
      "edges",
      "a",
      edges,
      "series",
      "a",
      series,
      NULL);
}

/* Rows of the ten digits, each another hand. */
static JsonObject *
keep_examples (SbWork *work, const SbIdx *images, const SbIdx *labels, GError **error)
{
  g_autoptr (GArray) chosen = g_array_new (FALSE, FALSE, sizeof (guint));
  guint at[SB_DIGIT_CLASSES] = { 0 };

  for (guint i = 0; i < SAMPLE_EXAMPLES * SB_DIGIT_CLASSES; i++)
    {
      guint digit = i % SB_DIGIT_CLASSES, *k = &at[digit];

      while (*k < labels->dims[0] && labels->bytes->data[*k] != digit)
        (*k)++;
      if (*k < labels->dims[0])
        g_array_append_val (chosen, *k);
      (*k)++;
    }
  return sb_digits_keep (work, "examples-idx3-ubyte", images, labels, chosen, error);
}

JsonObject *
sb_work_explore_digits (SbWork *work, GError **error)
{
  g_autoptr (SbIdx) images = NULL;
  g_autoptr (SbIdx) labels = NULL;
  g_autofree char *summary = NULL;
  guint counts[SB_DIGIT_CLASSES] = { 0 };
  JsonObject *examples;
  JsonArray *charts;

  if (!sb_digits_load_part (work, "train", &images, &labels, error))
    return NULL;
  examples = keep_examples (work, images, labels, error);
  if (examples == NULL)
    return NULL;
  for (guint i = 0; i < labels->dims[0]; i++)
    counts[labels->bytes->data[i]]++;
  charts = json_array_new ();
  json_array_add_object_element (charts, chart_balance (work, counts, labels->dims[0]));
  json_array_add_object_element (charts, chart_ink (work, images));
  summary = g_strdup_printf (_ ("%u digits of 28 by 28 pixels%s"),
                             labels->dims[0],
                             sb_digits_get_mark (work));
  return sb_json_object_new (
      "summary", "s", summary, "examples", "o", examples, "charts", "a", charts, NULL);
}
