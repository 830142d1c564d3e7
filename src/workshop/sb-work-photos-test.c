/* sb-work-photos-test.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Photos: what a hosted model sees in those that it has not been trained on.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-parallel.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-photo-ask.h"
#include "workshop/sb-photos-data.h"

/* Photos that are asked about at a time. */
#define MAX_ASKED 4
/* Photos that the step which predicts shows. */
#define N_SHOWN 6
/* So many of the photos that were taken for something else are kept to be looked at. */
#define MAX_MISTAKES 200
/* With more classes the matrix would be larger than all else that is kept of a run. */
#define MAX_MATRIX 300
/* With more classes a chart of all could not be read. */
#define MAX_CHART 40
/* With fewer classes the first five are nearly all. */
#define TOP     5
#define MIN_TOP 6
#define NOBODY  G_MAXUINT16

/* What was said of a photo. */
typedef struct
{
  guint16 said; /* NOBODY: it could not be read */
  guint16 rank; /* of the truth among the likeliest */
  float probability;
} Answer;

typedef struct
{
  SbWork *work;
  const char *endpoint;
  SbPhotoSet *set;
  const GArray *wanted; /* (nullable) (element-type guint): else all */
  guint n;
  Answer *answers; /* by photo */
  SbPhotosProgress progress;
} Test;

static guint
get_index (const Test *self, guint i)
{
  return self->wanted != NULL ? g_array_index (self->wanted, guint, i) : i;
}

static guint
get_rank (const SbPhotoReading *reading, guint label)
{
  guint rank = 0;

  for (guint i = 0; i < reading->n_classes && label < reading->n_classes; i++)
    rank += reading->probabilities[i] > reading->probabilities[label] ? 1 : 0;
  return label < reading->n_classes ? rank : NOBODY;
}

/* A broken file is counted; anything else ends the test, as its numbers would mean nothing. */
static gboolean
is_broken (GBytes *photo)
{
  gsize length;
  const void *data = g_bytes_get_data (photo, &length);
  g_autoptr (SbPhoto) decoded = sb_photo_decode (data, length, 32, NULL);

  return decoded == NULL;
}

static gboolean
take_reading (Test *self, guint index, const SbPhotoReading *reading, GError **error)
{
  Answer *answer = &self->answers[index];

  if (reading->best >= self->set->classes->len)
    {
      g_set_error (error,
                   SB_ERROR,
                   SB_ERROR_PROTOCOL,
                   _ ("The endpoint tells %u classes apart, but the photos are of %u. Train and "
                      "deploy again."),
                   reading->n_classes,
                   self->set->classes->len);
      return FALSE;
    }
  answer->said = (guint16) reading->best;
  answer->rank = (guint16) get_rank (reading, sb_photo_set_get (self->set, index)->label);
  answer->probability = (float) reading->probabilities[reading->best];
  return TRUE;
}

static gboolean
ask_one (guint i, gpointer data, GCancellable *cancellable, GError **error)
{
  Test *self = data;
  guint index = get_index (self, i);
  GByteArray *bytes = g_byte_array_new ();
  g_autoptr (GBytes) photo = NULL;
  g_autoptr (SbPhotoReading) reading = NULL;
  g_autoptr (GError) local = NULL;
  gboolean fine = sb_photo_set_read (self->set, index, bytes, error);

  photo = g_byte_array_free_to_bytes (bytes);
  if (!fine)
    return FALSE;
  reading = sb_photo_ask (self->work->client, self->endpoint, photo, cancellable, &local);
  if (reading != NULL && !take_reading (self, index, reading, error))
    return FALSE;
  if (reading == NULL && !is_broken (photo))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  sb_photos_progress_step (&self->progress, self->n, _ ("Classifying"));
  return TRUE;
}

static gboolean
ask_all (Test *self, SbWork *work, const GArray *wanted, GError **error)
{
  gboolean done;

  self->work = work;
  self->endpoint = sb_json_get_string (sb_work_result (work, "deploy"), "endpoint", "");
  self->wanted = wanted;
  self->n = wanted != NULL ? wanted->len : self->set->items->len;
  self->answers = g_new (Answer, self->set->items->len + 1);
  for (guint i = 0; i < self->set->items->len; i++)
    self->answers[i] = (Answer){ .said = NOBODY, .rank = NOBODY };
  sb_photos_progress_init (&self->progress, work);
  done = sb_parallel_run (self->n, MAX_ASKED, ask_one, self, work->cancellable, error);
  sb_photos_progress_clear (&self->progress);
  return done;
}

/* One of each class, as far as there is room. */
static GArray *
choose_shown (const SbPhotoSet *set)
{
  GArray *chosen = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree gboolean *seen = g_new0 (gboolean, set->classes->len);

  for (guint i = 0; i < set->items->len && chosen->len < N_SHOWN; i++)
    {
      guint label = sb_photo_set_get (set, i)->label;

      if (!seen[label])
        g_array_append_val (chosen, i);
      seen[label] = TRUE;
    }
  return chosen;
}

static char *
make_caption (const Test *self, guint index)
{
  const Answer *answer = &self->answers[index];
  const char *truth =
      sb_photo_set_get_class (self->set, sb_photo_set_get (self->set, index)->label);

  if (answer->said == NOBODY)
    return g_strdup_printf (_ ("%s: cannot be read"), truth);
  /* translators: what a photo shows, what it was taken for, and how sure the model is */
  return g_strdup_printf (_ ("%s: taken for %s (%.0f %%)"),
                          truth,
                          sb_photo_set_get_class (self->set, answer->said),
                          100.0 * answer->probability);
}

static JsonObject *
describe_shown (const Test *self, GError **error)
{
  g_autofree char *summary = NULL;
  JsonObject *photos = sb_photos_keep (self->work, self->set, self->wanted, "shown", error);
  JsonArray *captions;
  JsonObject *result;
  guint right = 0;

  if (photos == NULL)
    return NULL;
  captions = json_array_new ();
  for (guint i = 0; i < self->n; i++)
    {
      guint index = get_index (self, i);
      g_autofree char *caption = make_caption (self, index);

      right += self->answers[index].rank == 0 ? 1 : 0;
      json_array_add_string_element (captions, caption);
    }
  json_object_set_array_member (photos, "captions", captions);
  summary = g_strdup_printf (ngettext ("%u of %u test photo recognised",
                                       "%u of %u test photos recognised",
                                       self->n),
                             right,
                             self->n);
  result = sb_json_object_new ("summary", "s", summary, "photos", "o", photos, NULL);
  json_object_set_boolean_member (result, "classify", TRUE);
  return result;
}

static JsonObject *
predict_shown (SbWork *work, GError **error)
{
  g_autoptr (SbPhotoSet) set = sb_photos_open_part (work, SB_PHOTO_TEST, error);
  g_autoptr (GArray) shown = set != NULL ? choose_shown (set) : NULL;
  Test test = { .set = set };
  JsonObject *result = NULL;

  if (set == NULL)
    return NULL;
  if (ask_all (&test, work, shown, error))
    result = describe_shown (&test, error);
  g_free (test.answers);
  return result;
}

/* In the window photos are dropped; here some of those to test with are asked about. A model from
 * elsewhere may have none. */
JsonObject *
sb_work_predict_photos (SbWork *work, GError **error)
{
  if (sb_work_result (work, "prepare") != NULL)
    return predict_shown (work, error);
  return sb_json_object_new (
      "summary", "s", _ ("Drop photos to have them classified"), "classify", "b", TRUE, NULL);
}

typedef struct
{
  guint *matrix; /* [truth][said] */
  guint n;       /* classes */
  guint right;
  guint top;
  guint broken;
  guint total; /* without the broken */
} Tally;

static void
count (Tally *self, const Test *test)
{
  self->n = test->set->classes->len;
  self->matrix = g_new0 (guint, (gsize) self->n * self->n);
  for (guint i = 0; i < test->n; i++)
    {
      const Answer *answer = &test->answers[i];

      if (answer->said == NOBODY)
        {
          self->broken++;
          continue;
        }
      self->total++;
      self->right += answer->rank == 0 ? 1 : 0;
      self->top += answer->rank < TOP ? 1 : 0;
      self->matrix[(gsize) sb_photo_set_get (test->set, i)->label * self->n + answer->said]++;
    }
}

static JsonArray *
list_rows (const Tally *self, const GArray *chosen)
{
  JsonArray *rows = json_array_new ();

  for (guint i = 0; i < chosen->len; i++)
    {
      const guint *from = self->matrix + (gsize) g_array_index (chosen, guint, i) * self->n;
      JsonArray *row = json_array_new ();

      for (guint k = 0; k < chosen->len; k++)
        json_array_add_int_element (row, from[g_array_index (chosen, guint, k)]);
      json_array_add_array_element (rows, row);
    }
  return rows;
}

static JsonArray *
list_names (const SbPhotoSet *set, const GArray *chosen)
{
  JsonArray *names = json_array_new ();

  for (guint i = 0; i < chosen->len; i++)
    json_array_add_string_element (names,
                                   sb_photo_set_get_class (set, g_array_index (chosen, guint, i)));
  return names;
}

static guint
count_mistakes (const Tally *self, guint label)
{
  guint n = 0;

  for (guint i = 0; i < self->n; i++)
    if (i != label)
      n += self->matrix[(gsize) label * self->n + i] + self->matrix[(gsize) i * self->n + label];
  return n;
}

static int
compare_mistakes (gconstpointer a, gconstpointer b, gpointer tally)
{
  guint left = count_mistakes (tally, *(const guint *) a);
  guint right = count_mistakes (tally, *(const guint *) b);

  if (left != right)
    return left < right ? 1 : -1;
  return *(const guint *) a < *(const guint *) b ? -1 : 1;
}

/* All classes, or those that were mistaken most. */
static GArray *
choose_classes (Tally *self, guint most)
{
  GArray *chosen = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < self->n; i++)
    g_array_append_val (chosen, i);
  if (self->n <= most)
    return chosen;
  g_array_sort_with_data (chosen, compare_mistakes, self);
  g_array_set_size (chosen, most);
  return chosen;
}

static JsonArray *
make_charts (const Test *test, Tally *tally, const char *summary)
{
  g_autoptr (GArray) chosen = choose_classes (tally, MAX_CHART);
  g_autofree char *title = NULL;
  JsonArray *charts = json_array_new ();
  JsonObject *chart;

  if (chosen->len < tally->n)
    title = g_strdup_printf (_ ("Confusion matrix of the %u classes with most mistakes%s"),
                             chosen->len,
                             sb_photos_get_mark (test->work));
  else
    title = g_strconcat (_ ("Confusion matrix"), sb_photos_get_mark (test->work), NULL);
  chart = sb_json_object_new (
      "id", "s", "confusion", "kind", "s", "heatmap", "title", "s", title, NULL);
  json_object_set_string_member (chart, "summary", summary);
  json_object_set_array_member (chart, "rows", list_names (test->set, chosen));
  json_object_set_array_member (chart, "columns", list_names (test->set, chosen));
  json_object_set_string_member (chart, "row-title", _ ("Truth"));
  json_object_set_string_member (chart, "column-title", _ ("Taken for"));
  json_object_set_array_member (chart, "values", list_rows (tally, chosen));
  json_object_set_string_member (chart, "format", "integer");
  json_array_add_object_element (charts, chart);
  return charts;
}

static int
compare_answers (gconstpointer a, gconstpointer b, gpointer data)
{
  const Answer *answers = data;
  guint left = *(const guint *) a, right = *(const guint *) b;

  if (answers[left].probability != answers[right].probability)
    return answers[left].probability < answers[right].probability ? 1 : -1;
  return (left > right) - (left < right);
}

/* The surest mistakes are those that tell most. */
static JsonObject *
keep_mistakes (const Test *test, GError **error)
{
  g_autoptr (GArray) wrong = g_array_new (FALSE, FALSE, sizeof (guint));
  JsonArray *said, *probabilities;
  JsonObject *json;

  for (guint i = 0; i < test->n; i++)
    if (test->answers[i].said != NOBODY && test->answers[i].rank != 0)
      g_array_append_val (wrong, i);
  g_array_sort_with_data (wrong, compare_answers, test->answers);
  g_array_set_size (wrong, MIN (wrong->len, MAX_MISTAKES));
  json = sb_photos_keep (test->work, test->set, wrong, "mistakes", error);
  if (json == NULL)
    return NULL;
  said = json_array_new ();
  probabilities = json_array_new ();
  for (guint i = 0; i < wrong->len; i++)
    {
      const Answer *answer = &test->answers[g_array_index (wrong, guint, i)];

      json_array_add_string_element (said, sb_photo_set_get_class (test->set, answer->said));
      json_array_add_double_element (probabilities, answer->probability);
    }
  json_object_set_member (json,
                          "truth",
                          json_node_copy (json_object_get_member (json, "captions")));
  json_object_remove_member (json, "captions");
  json_object_set_array_member (json, "said", said);
  json_object_set_array_member (json, "probability", probabilities);
  return json;
}

/* As spreadsheets have it: quotes around what holds a comma, a quote or a new line. */
static void
append_field (GString *out, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "\"", -1);
  g_autofree char *doubled = g_strjoinv ("\"\"", parts);

  if (strpbrk (text, ",\"\r\n") != NULL)
    g_string_append_printf (out, "\"%s\"", doubled);
  else
    g_string_append (out, text);
  g_string_append_c (out, ',');
}

static gboolean
save_csv (const Test *test, const char *path, GError **error)
{
  g_autoptr (GString) out = g_string_new ("photo,truth,said,probability,right\n");
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  for (guint i = 0; i < test->n; i++)
    {
      const SbPhotoItem *item = sb_photo_set_get (test->set, i);
      const Answer *answer = &test->answers[i];

      append_field (out, item->path);
      append_field (out, sb_photo_set_get_class (test->set, item->label));
      append_field (out,
                    answer->said != NOBODY ? sb_photo_set_get_class (test->set, answer->said) : "");
      g_ascii_formatd (number, sizeof number, "%.6f", answer->probability);
      g_string_append_printf (out,
                              "%s,%s\n",
                              answer->said != NOBODY ? number : "",
                              answer->rank == 0 ? "1" : "0");
    }
  return g_file_set_contents (path, out->str, (gssize) out->len, error);
}

static void
add_numbers (JsonObject *result, Tally *tally)
{
  g_autoptr (GArray) all = choose_classes (tally, G_MAXUINT);
  JsonArray *facts = json_array_new ();

  json_object_set_double_member (result, "accuracy", (double) tally->right / tally->total);
  if (tally->n >= MIN_TOP)
    json_object_set_double_member (result, "top5", (double) tally->top / tally->total);
  else
    json_object_set_null_member (result, "top5");
  json_object_set_int_member (result, "right", tally->right);
  json_object_set_int_member (result, "total", tally->total);
  if (tally->n <= MAX_MATRIX)
    json_object_set_array_member (result, "matrix", list_rows (tally, all));
  sb_work_add_fact (facts, _ ("Photos"), "%u", tally->total);
  sb_work_add_fact (facts, _ ("Accuracy"), "%.2f %%", 100.0 * tally->right / tally->total);
  if (tally->n >= MIN_TOP)
    sb_work_add_fact (facts,
                      _ ("Among the first five"),
                      "%.2f %%",
                      100.0 * tally->top / tally->total);
  sb_work_add_fact (facts, _ ("Mistakes"), "%u", tally->total - tally->right);
  if (tally->broken > 0)
    sb_work_add_fact (facts, _ ("Broken"), "%u", tally->broken);
  json_object_set_array_member (result, "facts", facts);
}

static JsonObject *
make_result (const Test *test, Tally *tally, GError **error)
{
  g_autofree char *csv = sb_work_path (test->work, "predictions.csv");
  const char *const files[] = { csv, NULL };
  g_auto (GStrv) classes = sb_photos_list_classes (test->work);
  g_autofree char *summary = NULL;
  JsonObject *mistakes = keep_mistakes (test, error), *result;

  if (mistakes == NULL)
    return NULL;
  if (!save_csv (test, csv, error))
    {
      json_object_unref (mistakes);
      return NULL;
    }
  summary = g_strdup_printf (ngettext ("%u of %u photo recognised, %.1f %%",
                                       "%u of %u photos recognised, %.1f %%",
                                       tally->total),
                             tally->right,
                             tally->total,
                             100.0 * tally->right / tally->total);
  result = sb_json_object_new ("summary", "s", summary, "mistakes", "o", mistakes, NULL);
  add_numbers (result, tally);
  json_object_set_array_member (result,
                                "classes",
                                sb_json_array_new_strings ((const char *const *) classes));
  json_object_set_array_member (result, "files", sb_json_array_new_strings (files));
  json_object_set_array_member (result, "charts", make_charts (test, tally, summary));
  return result;
}

static JsonObject *
judge (const Test *test, GError **error)
{
  Tally tally = { NULL };
  JsonObject *result = NULL;

  count (&tally, test);
  if (tally.total > 0)
    result = make_result (test, &tally, error);
  else
    g_set_error_literal (error,
                         SB_ERROR,
                         SB_ERROR_INVALID,
                         _ ("None of the files to test with is a photo that can be read"));
  g_free (tally.matrix);
  return result;
}

JsonObject *
sb_work_evaluate_photos (SbWork *work, GError **error)
{
  g_autoptr (SbPhotoSet) set = sb_photos_open_part (work, SB_PHOTO_TEST, error);
  Test test = { .set = set };
  JsonObject *result = NULL;

  if (set == NULL)
    return NULL;
  if (ask_all (&test, work, NULL, error))
    result = judge (&test, error);
  g_free (test.answers);
  return result;
}
