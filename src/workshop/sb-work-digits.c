/* sb-work-digits.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Handwritten digits: choose them, look at them, test a hosted model with them.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-fetch.h"
#include "formats/sb-idx.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-digits-sample.h"
#include "workshop/sb-work.h"

#define CLASSES      10
#define BATCH        100
#define SAMPLE_TRAIN 20000
#define SAMPLE_TEST  2000
#define SAMPLE_SEED  1729

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

static gboolean
load_pair (const char *images,
           const char *labels,
           SbIdx **out_images,
           SbIdx **out_labels,
           GError **error)
{
  g_autoptr (SbIdx) pixels = sb_idx_load (images, error);
  g_autoptr (SbIdx) marks = pixels != NULL ? sb_idx_load (labels, error) : NULL;

  if (marks == NULL)
    return FALSE;
  if (pixels->n_dims != 3 || pixels->dims[1] != SB_DIGIT_SIDE || pixels->dims[2] != SB_DIGIT_SIDE ||
      marks->n_dims != 1 || marks->dims[0] != pixels->dims[0] || marks->dims[0] == 0)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_INVALID,
                   _ ("“%s” and “%s” are not digits of 28 by 28 pixels with a label each"),
                   images,
                   labels);
      return FALSE;
    }
  for (guint i = 0; i < marks->dims[0]; i++)
    if (marks->bytes->data[i] >= CLASSES)
      {
        g_set_error (error,
                     SB_ERROR,
                     SB_ERROR_INVALID,
                     _ ("Label %u in “%s” is %u; it has to be a digit"),
                     i,
                     labels,
                     marks->bytes->data[i]);
        return FALSE;
      }
  *out_images = g_steal_pointer (&pixels);
  *out_labels = g_steal_pointer (&marks);
  return TRUE;
}

static void
add_fact (JsonArray *facts, const char *name, guint value)
{
  g_autofree char *text = g_strdup_printf ("%u", value);

  json_array_add_object_element (facts,
                                 sb_json_object_new ("name", "s", name, "value", "s", text, NULL));
}

static JsonArray *
list_two (const char *first, const char *second)
{
  const char *const both[] = { first, second, NULL };

  return sb_json_array_new_strings (both);
}

static JsonObject *
describe (char *paths[4], gboolean synthetic, guint n_train, guint n_test)
{
  g_autofree char *folder = g_path_get_dirname (paths[0]);
  g_autofree char *name =
      synthetic ? g_strdup (_ ("Sample (drawn strokes, synthetic)")) : g_path_get_basename (folder);
  g_autofree char *summary = NULL;
  JsonArray *facts = json_array_new ();

  summary =
      g_strdup_printf (_ ("%s: %u digits to train on, %u to test with"), name, n_train, n_test);
  add_fact (facts, _ ("To train on"), n_train);
  add_fact (facts, _ ("To test with"), n_test);
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

JsonObject *
sb_work_choose_digits (SbWork *work, GError **error)
{
  const char *source = sb_json_get_string (work->values, "source", "sample");
  gboolean synthetic = strcmp (source, "sample") == 0;
  char *paths[4] = { NULL };
  JsonObject *result = NULL;
  g_autoptr (SbIdx) images = NULL;
  g_autoptr (SbIdx) labels = NULL;
  g_autoptr (SbIdx) test_images = NULL;
  g_autoptr (SbIdx) test_labels = NULL;
  gboolean found;

  if (synthetic)
    found = make_sample (work, paths, error);
  else if (strcmp (source, "download") == 0)
    found = download (work, paths, error);
  else
    found = find_files (work, paths, error);
  if (found && load_pair (paths[0], paths[1], &images, &labels, error) &&
      load_pair (paths[2], paths[3], &test_images, &test_labels, error))
    result = describe (paths, synthetic, labels->dims[0], test_labels->dims[0]);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    g_free (paths[i]);
  return result;
}

static gboolean
load_part (SbWork *work, const char *part, SbIdx **images, SbIdx **labels, GError **error)
{
  JsonArray *paths = sb_json_get_array (sb_work_result (work, "choose-data"), part);

  return load_pair (json_array_get_string_element (paths, 0),
                    json_array_get_string_element (paths, 1),
                    images,
                    labels,
                    error);
}

static const char *
synthetic_mark (SbWork *work)
{
  return sb_json_get_bool (sb_work_result (work, "choose-data"), "synthetic", FALSE)
             ? _ (" (synthetic data)")
             : "";
}

static JsonArray *
digit_names (void)
{
  JsonArray *all = json_array_new ();

  for (guint i = 0; i < CLASSES; i++)
    {
      char name[] = { (char) ('0' + i), '\0' };

      json_array_add_string_element (all, name);
    }
  return all;
}

static JsonObject *
chart_balance (SbWork *work, const guint *counts, guint n)
{
  g_autofree char *title = g_strconcat (_ ("Class balance"), synthetic_mark (work), NULL);
  g_autofree char *summary = NULL;
  JsonArray *values = json_array_new (), *series = json_array_new ();
  guint least = counts[0], most = counts[0];

  for (guint i = 0; i < CLASSES; i++)
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
      digit_names (),
      "series",
      "a",
      series,
      NULL);
}

static JsonObject *
chart_ink (SbWork *work, const SbIdx *images)
{
  g_autofree char *title = g_strconcat (_ ("How much ink"), synthetic_mark (work), NULL);
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

JsonObject *
sb_work_explore_digits (SbWork *work, GError **error)
{
  g_autoptr (SbIdx) images = NULL;
  g_autoptr (SbIdx) labels = NULL;
  g_autofree char *summary = NULL;
  guint counts[CLASSES] = { 0 };
  JsonArray *charts;

  if (!load_part (work, "train", &images, &labels, error))
    return NULL;
  for (guint i = 0; i < labels->dims[0]; i++)
    counts[labels->bytes->data[i]]++;
  charts = json_array_new ();
  json_array_add_object_element (charts, chart_balance (work, counts, labels->dims[0]));
  json_array_add_object_element (charts, chart_ink (work, images));
  summary = g_strdup_printf (_ ("%u digits of 28 by 28 pixels%s"),
                             labels->dims[0],
                             synthetic_mark (work));
  return sb_json_object_new ("summary", "s", summary, "charts", "a", charts, NULL);
}

static GBytes *
make_request (const SbIdx *images, guint first, guint count)
{
  GString *text = g_string_new ("{\"instances\": [");

  for (guint i = first; i < first + count; i++)
    {
      const guint8 *pixels = images->bytes->data + (gsize) i * SB_DIGIT_SIZE;

      g_string_append (text, i > first ? ", [" : "[");
      for (guint k = 0; k < SB_DIGIT_SIZE; k++)
        g_string_append_printf (text, k > 0 ? ",%u" : "%u", pixels[k]);
      g_string_append_c (text, ']');
    }
  g_string_append (text, "]}");
  return g_string_free_to_bytes (text);
}

static gboolean
take_answer (GBytes *body,
             const guint8 *labels,
             guint count,
             guint matrix[CLASSES][CLASSES],
             GError **error)
{
  g_autoptr (JsonObject) json = sb_json_parse_bytes (body, error);
  JsonArray *predictions = json != NULL ? sb_json_get_array (json, "predictions") : NULL;

  if (json == NULL)
    return FALSE;
  if (predictions == NULL || json_array_get_length (predictions) != count)
    {
      g_set_error_literal (error,
                           SB_ERROR,
                           SB_ERROR_PROTOCOL,
                           _ ("The endpoint did not answer for every digit"));
      return FALSE;
    }
  for (guint i = 0; i < count; i++)
    {
      JsonObject *one = json_array_get_object_element (predictions, i);
      gint64 said = sb_json_get_int (one, "classes", -1);

      if (said < 0 || said >= CLASSES)
        {
          g_set_error_literal (error,
                               SB_ERROR,
                               SB_ERROR_PROTOCOL,
                               _ ("The endpoint answered with no digit"));
          return FALSE;
        }
      matrix[labels[i]][said]++;
    }
  return TRUE;
}

static gboolean
ask (SbWork *work,
     const SbIdx *images,
     const SbIdx *labels,
     guint n,
     guint matrix[CLASSES][CLASSES],
     GError **error)
{
  JsonObject *deploy = sb_work_result (work, "deploy");
  const char *endpoint = sb_json_get_string (deploy, "endpoint", "");

  for (guint i = 0; i < n; i += BATCH)
    {
      guint count = MIN (BATCH, n - i);
      g_autoptr (GBytes) body = make_request (images, i, count);
      g_autoptr (GBytes) answer_body = NULL;
      g_autoptr (JsonObject) answer = NULL;
      g_autoptr (JsonObject) input = sb_json_object_new (
          "EndpointName", "s", endpoint, "ContentType", "s", "application/json", NULL);

      answer = sb_client_call_with_body (work->client,
                                         "sagemaker-runtime",
                                         "InvokeEndpoint",
                                         input,
                                         body,
                                         &answer_body,
                                         work->cancellable,
                                         error);
      if (answer == NULL ||
          !take_answer (answer_body, labels->bytes->data + i, count, matrix, error))
        return FALSE;
      sb_work_progress (work, (double) (i + count) / n, _ ("Reading digits"));
    }
  return TRUE;
}

static JsonArray *
matrix_rows (guint matrix[CLASSES][CLASSES])
{
  JsonArray *rows = json_array_new ();

  for (guint i = 0; i < CLASSES; i++)
    {
      JsonArray *row = json_array_new ();

      for (guint k = 0; k < CLASSES; k++)
        json_array_add_int_element (row, matrix[i][k]);
      json_array_add_array_element (rows, row);
    }
  return rows;
}

/* In the window a digit is drawn; here the first of those to test with is read. */
JsonObject *
sb_work_predict_digits (SbWork *work, GError **error)
{
  guint matrix[CLASSES][CLASSES] = { 0 };
  g_autoptr (SbIdx) images = NULL;
  g_autoptr (SbIdx) labels = NULL;
  g_autofree char *summary = NULL;
  guint label, said = 0;

  if (!load_part (work, "validation", &images, &labels, error) ||
      !ask (work, images, labels, 1, matrix, error))
    return NULL;
  label = labels->bytes->data[0];
  while (matrix[label][said] == 0)
    said++;
  summary = g_strdup_printf (_ ("The first test digit is a %u and was read as a %u"), label, said);
  return sb_json_object_new ("summary", "s", summary, "draw", "b", TRUE, NULL);
}

JsonObject *
sb_work_evaluate_digits (SbWork *work, GError **error)
{
  guint matrix[CLASSES][CLASSES] = { 0 };
  g_autoptr (SbIdx) images = NULL;
  g_autoptr (SbIdx) labels = NULL;
  g_autofree char *summary = NULL;
  g_autofree char *title = g_strconcat (_ ("Confusion matrix"), synthetic_mark (work), NULL);
  JsonArray *charts, *facts = NULL;
  guint right = 0, n;

  if (!load_part (work, "validation", &images, &labels, error) ||
      !ask (work, images, labels, labels->dims[0], matrix, error))
    return NULL;
  n = labels->dims[0];
  for (guint i = 0; i < CLASSES; i++)
    right += matrix[i][i];
  summary =
      g_strdup_printf (_ ("%u of %u digits read rightly, %.2f %%"), right, n, 100.0 * right / n);
  facts = json_array_new ();
  add_fact (facts, _ ("Digits"), n);
  add_fact (facts, _ ("Read rightly"), right);
  add_fact (facts, _ ("Read wrongly"), n - right);
  charts = json_array_new ();
  json_array_add_object_element (charts,
                                 sb_json_object_new ("id",
                                                     "s",
                                                     "confusion",
                                                     "kind",
                                                     "s",
                                                     "heatmap",
                                                     "title",
                                                     "s",
                                                     title,
                                                     "summary",
                                                     "s",
                                                     summary,
                                                     "rows",
                                                     "a",
                                                     digit_names (),
                                                     "columns",
                                                     "a",
                                                     digit_names (),
                                                     "row-title",
                                                     "s",
                                                     _ ("Digit"),
                                                     "column-title",
                                                     "s",
                                                     _ ("Read as"),
                                                     "values",
                                                     "a",
                                                     matrix_rows (matrix),
                                                     "format",
                                                     "s",
                                                     "integer",
                                                     NULL));
  return sb_json_object_new ("summary",
                             "s",
                             summary,
                             "accuracy",
                             "d",
                             (double) right / n,
                             "right",
                             "i",
                             (gint64) right,
                             "total",
                             "i",
                             (gint64) n,
                             "matrix",
                             "a",
                             matrix_rows (matrix),
                             "facts",
                             "a",
                             facts,
                             "charts",
                             "a",
                             charts,
                             NULL);
}
