/* sb-work-digits-test.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Handwritten digits: what a hosted model reads in those that it has never seen.
 */

#include "config.h"

#include <glib/gi18n.h>

#include "wire/sb-json.h"
#include "workshop/sb-digits-data.h"

#define CLASSES SB_DIGIT_CLASSES
#define BATCH   100
/* So many of the digits that were read wrongly are kept to be looked at. */
#define MAX_WRONG 300

/* What was read. */
typedef struct
{
  guint matrix[CLASSES][CLASSES]; /* [digit][read as] */
  GArray *wrong;                  /* (element-type guint) */
  JsonArray *said;                /* for each that is in wrong */
} Tally;

static void
note (Tally *self, guint index, guint digit, guint said)
{
  self->matrix[digit][said]++;
  if (digit == said || self->wrong->len >= MAX_WRONG)
    return;
  g_array_append_val (self->wrong, index);
  json_array_add_int_element (self->said, said);
}

static gboolean
read_all (SbWork *work,
          const SbIdx *images,
          const SbIdx *labels,
          guint n,
          Tally *tally,
          GError **error)
{
  const char *endpoint = sb_json_get_string (sb_work_result (work, "deploy"), "endpoint", "");

  for (guint first = 0; first < n; first += BATCH)
    {
      guint count = MIN (BATCH, n - first);
      g_autoptr (JsonArray) predictions =
          sb_digits_ask (work->client,
                         endpoint,
                         images->bytes->data + (gsize) first * SB_DIGIT_SIZE,
                         count,
                         work->cancellable,
                         error);

      if (predictions == NULL)
        return FALSE;
      for (guint i = 0; i < count; i++)
        note (tally,
              first + i,
              labels->bytes->data[first + i],
              (guint) sb_json_get_int (json_array_get_object_element (predictions, i),
                                       "classes",
                                       0));
      sb_work_progress (work, (double) (first + count) / n, _ ("Reading digits"));
    }
  return TRUE;
}

static JsonObject *
describe_drawing (const char *summary)
{
  return sb_json_object_new ("summary", "s", summary, "draw", "b", TRUE, NULL);
}

/* In the window a digit is drawn; here the first of those to test with is read, if there are any.
 */
JsonObject *
sb_work_predict_digits (SbWork *work, GError **error)
{
  g_autoptr (SbIdx) images = NULL;
  g_autoptr (SbIdx) labels = NULL;
  g_autoptr (JsonArray) predictions = NULL;
  g_autofree char *summary = NULL;

  if (sb_work_result (work, "choose-data") == NULL)
    return describe_drawing (_ ("Draw a digit"));
  if (!sb_digits_load_part (work, "validation", &images, &labels, error))
    return NULL;
  predictions = sb_digits_ask (work->client,
                               sb_json_get_string (sb_work_result (work, "deploy"), "endpoint", ""),
                               images->bytes->data,
                               1,
                               work->cancellable,
                               error);
  if (predictions == NULL)
    return NULL;
  summary = g_strdup_printf (
      _ ("The first test digit is a %u and was read as a %u"),
      labels->bytes->data[0],
      (guint) sb_json_get_int (json_array_get_object_element (predictions, 0), "classes", 0));
  return describe_drawing (summary);
}

static JsonArray *
list_rows (const Tally *tally)
{
  JsonArray *rows = json_array_new ();

  for (guint i = 0; i < CLASSES; i++)
    {
      JsonArray *row = json_array_new ();

      for (guint k = 0; k < CLASSES; k++)
        json_array_add_int_element (row, tally->matrix[i][k]);
      json_array_add_array_element (rows, row);
    }
  return rows;
}

static JsonArray *
make_charts (SbWork *work, const Tally *tally, const char *summary)
{
  g_autofree char *title = g_strconcat (_ ("Confusion matrix"), sb_digits_get_mark (work), NULL);
  JsonArray *charts = json_array_new ();
  JsonObject *chart = sb_json_object_new (
      "id", "s", "confusion", "kind", "s", "heatmap", "title", "s", title, NULL);

  json_object_set_string_member (chart, "summary", summary);
  json_object_set_array_member (chart, "rows", sb_digits_list_names ());
  json_object_set_array_member (chart, "columns", sb_digits_list_names ());
  json_object_set_string_member (chart, "row-title", _ ("Digit"));
  json_object_set_string_member (chart, "column-title", _ ("Read as"));
  json_object_set_array_member (chart, "values", list_rows (tally));
  json_object_set_string_member (chart, "format", "integer");
  json_array_add_object_element (charts, chart);
  return charts;
}

static JsonObject *
make_result (SbWork *work, const Tally *tally, guint n)
{
  g_autofree char *summary = NULL;
  JsonArray *facts = json_array_new ();
  guint right = 0;

  for (guint i = 0; i < CLASSES; i++)
    right += tally->matrix[i][i];
  summary =
      g_strdup_printf (_ ("%u of %u digits read rightly, %.2f %%"), right, n, 100.0 * right / n);
  sb_digits_add_fact (facts, _ ("Digits"), n);
  sb_digits_add_fact (facts, _ ("Read rightly"), right);
  sb_digits_add_fact (facts, _ ("Read wrongly"), n - right);
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
                             list_rows (tally),
                             "facts",
                             "a",
                             facts,
                             "charts",
                             "a",
                             make_charts (work, tally, summary),
                             NULL);
}

JsonObject *
sb_work_evaluate_digits (SbWork *work, GError **error)
{
  g_autoptr (SbIdx) images = NULL;
  g_autoptr (SbIdx) labels = NULL;
  g_autoptr (GArray) indices = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (JsonArray) said = json_array_new ();
  Tally tally = { .wrong = indices, .said = said };
  JsonObject *result, *wrong;

  if (!sb_digits_load_part (work, "validation", &images, &labels, error) ||
      !read_all (work, images, labels, labels->dims[0], &tally, error))
    return NULL;
  wrong = sb_digits_keep (work, "wrong-idx3-ubyte", images, labels, tally.wrong, error);
  if (wrong == NULL)
    return NULL;
  json_object_set_array_member (wrong, "said", json_array_ref (said));
  result = make_result (work, &tally, labels->dims[0]);
  json_object_set_object_member (result, "wrong", wrong);
  return result;
}
