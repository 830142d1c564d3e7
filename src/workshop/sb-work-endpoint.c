/* sb-work-endpoint.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The endpoint: deploy, predict, evaluate.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-transfer.h"
#include "cloud/sb-waiter.h"
#include "formats/sb-archive.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"
#include "wire/sb-uri.h"
#include "workshop/sb-games.h"
#include "workshop/sb-metrics.h"
#include "workshop/sb-work-script.h"
#include "workshop/sb-work.h"

#define BATCH          100
#define SHOWN_FEATURES 15

static gboolean
create (SbWork *work,
        SbResourceKind kind,
        const char *name,
        const char *operation,
        const char *arn_member,
        JsonObject *input,
        GError **error)
{
  const char *region = sb_connection_get_region (sb_client_get_connection (work->client));
  g_autoptr (JsonObject) answer = NULL;

  if (!sb_ledger_intend (work->ledger, kind, name, work->id, region, error))
    return FALSE;
  json_object_set_array_member (input, "Tags", sb_work_make_tags (work));
  answer = sb_work_create (work, operation, input, error);
  return answer != NULL && sb_ledger_confirm (work->ledger,
                                              kind,
                                              name,
                                              sb_json_get_string (answer, arn_member, NULL),
                                              error);
}

static gboolean
create_model (SbWork *work, const char *name, GError **error)
{
  JsonObject *train = sb_work_result (work, "train");
  g_autofree char *role = sb_work_find_role (work, error);
  g_autoptr (JsonObject) container = sb_json_object_new ("Image",
                                                         "s",
                                                         sb_json_get_string (train, "image", ""),
                                                         "ModelDataUrl",
                                                         "s",
                                                         sb_json_get_string (train, "artifact", ""),
                                                         NULL);
  g_autoptr (JsonObject) input = NULL;

  if (role == NULL || (json_object_has_member (train, "script") &&
                       !sb_work_script_complete_model (work, name, container, error)))
    return FALSE;
  input = sb_json_object_new ("ModelName",
                              "s",
                              name,
                              "ExecutionRoleArn",
                              "s",
                              role,
                              "PrimaryContainer",
                              "o",
                              json_object_ref (container),
                              NULL);
  return create (work, SB_RESOURCE_MODEL, name, "CreateModel", "ModelArn", input, error);
}

static gboolean
create_config (SbWork *work, const char *name, GError **error)
{
  const char *usual = sb_json_get_string (work->module, "hosting-instance-type", "ml.m5.large");
  const char *type = sb_json_get_string (work->values, "InstanceType", usual);
  JsonArray *variants = json_array_new ();
  g_autoptr (JsonObject) input = NULL;

  json_array_add_object_element (variants,
                                 sb_json_object_new ("VariantName",
                                                     "s",
                                                     "AllTraffic",
                                                     "ModelName",
                                                     "s",
                                                     name,
                                                     "InitialInstanceCount",
                                                     "i",
                                                     (gint64) 1,
                                                     "InstanceType",
                                                     "s",
                                                     type,
                                                     "InitialVariantWeight",
                                                     "d",
                                                     1.0,
                                                     NULL));
  input = sb_json_object_new (
      "EndpointConfigName", "s", name, "ProductionVariants", "a", variants, NULL);
  return create (work,
                 SB_RESOURCE_ENDPOINT_CONFIG,
                 name,
                 "CreateEndpointConfig",
                 "EndpointConfigArn",
                 input,
                 error);
}

static gboolean
create_endpoint (SbWork *work, const char *name, GError **error)
{
  g_autoptr (JsonObject) input =
      sb_json_object_new ("EndpointName", "s", name, "EndpointConfigName", "s", name, NULL);

  return create (work, SB_RESOURCE_ENDPOINT, name, "CreateEndpoint", "EndpointArn", input, error);
}

static void
on_endpoint (JsonObject *answer, gpointer user_data)
{
  sb_work_progress (user_data, -1, sb_json_get_string (answer, "EndpointStatus", NULL));
}

static char *
find_begun_endpoint (SbWork *work)
{
  g_autoptr (SbResource) resource =
      sb_ledger_find_last (work->ledger, SB_RESOURCE_ENDPOINT, work->id);
  g_autoptr (JsonObject) input = NULL;
  g_autoptr (JsonObject) answer = NULL;

  if (!work->resume || resource == NULL)
    return NULL;
  input = sb_json_object_new ("EndpointName", "s", resource->name, NULL);
  answer = sb_client_call (
      work->client, "sagemaker", "DescribeEndpoint", input, work->cancellable, NULL);
  return answer != NULL ? g_strdup (resource->name) : NULL;
}

JsonObject *
sb_work_deploy (SbWork *work, GError **error)
{
  g_autofree char *name = find_begun_endpoint (work);
  g_autoptr (JsonObject) input = NULL;
  g_autoptr (JsonObject) answer = NULL;
  g_autofree char *summary = NULL;

  if (name == NULL)
    {
      name = sb_job_name_new (sb_json_get_string (work->module, "job-name", "sagebrush"),
                              g_get_real_time () / 1000);
      if (!create_model (work, name, error) || !create_config (work, name, error) ||
          !create_endpoint (work, name, error))
        return NULL;
    }
  input = sb_json_object_new ("EndpointName", "s", name, NULL);
  answer = sb_waiter_wait (
      work->client, "endpoint_in_service", input, on_endpoint, work, work->cancellable, error);
  if (answer == NULL)
    return NULL;
  summary = g_strdup_printf (_ ("%s is in service"), name);
  return sb_json_object_new ("summary", "s", summary, "endpoint", "s", name, NULL);
}

/* Scores come one a line, or joined by commas from older images. */
static gboolean
parse_scores (GBytes *body, guint expected, GArray *scores, GError **error)
{
  gsize length;
  const char *data = g_bytes_get_data (body, &length);
  g_autofree char *text = g_strndup (data, length);
  g_auto (GStrv) items = g_strsplit_set (text, ",\n", -1);
  guint count = 0;

  for (guint i = 0; items[i] != NULL; i++)
    {
      char *end;
      double score = g_ascii_strtod (g_strstrip (items[i]), &end);

      if (*items[i] == '\0')
        continue;
      if (*end != '\0')
        break;
      g_array_append_val (scores, score);
      count++;
    }
  if (count == expected)
    return TRUE;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_PROTOCOL,
               _ ("The endpoint answered with %u scores where %u were asked for"),
               count,
               expected);
  return FALSE;
}

/**
 * sb_work_score:
 * @client: makes the calls
 * @endpoint: an endpoint in service
 * @lines: (array zero-terminated=1): lines of libsvm
 * @cancellable: (nullable): a cancellable
 * @error: why not
 *
 * Returns: (transfer full) (nullable) (element-type double): the score of each line
 */
GArray *
sb_work_score (SbClient *client,
               const char *endpoint,
               const char *const *lines,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (double));
  guint n = g_strv_length ((char **) lines);

  for (guint i = 0; i < n; i += BATCH)
    {
      guint count = MIN (BATCH, n - i);
      GString *text = g_string_new (NULL);
      g_autoptr (GBytes) body = NULL;
      g_autoptr (GBytes) answer_body = NULL;
      g_autoptr (JsonObject) answer = NULL;
      g_autoptr (JsonObject) input = sb_json_object_new (
          "EndpointName", "s", endpoint, "ContentType", "s", "text/x-libsvm", NULL);

      for (guint j = i; j < i + count; j++)
        g_string_append_printf (text, "%s\n", lines[j]);
      body = g_string_free_to_bytes (text);
      answer = sb_client_call_with_body (client,
                                         "sagemaker-runtime",
                                         "InvokeEndpoint",
                                         input,
                                         body,
                                         &answer_body,
                                         cancellable,
                                         error);
      if (answer == NULL || !parse_scores (answer_body, count, scores, error))
        return NULL;
    }
  return g_steal_pointer (&scores);
}

static JsonObject *
default_game (JsonObject *choices)
{
  return sb_json_object_new ("Platform",
                             "s",
                             sb_json_get_string (choices, "Platform.0", ""),
                             "Genre",
                             "s",
                             sb_json_get_string (choices, "Genre.0", ""),
                             "Publisher",
                             "s",
                             sb_json_get_string (choices, "Publisher.0", ""),
                             "Rating",
                             "s",
                             sb_json_get_string (choices, "Rating.0", ""),
                             "Critic_Score",
                             "d",
                             80.0,
                             "User_Score",
                             "d",
                             8.0,
                             NULL);
}

JsonObject *
sb_work_predict (SbWork *work, GError **error)
{
  g_autofree char *path = sb_work_path (work, "features.json");
  g_autoptr (JsonObject) features = sb_json_load_file (path, error);
  JsonObject *deploy = sb_work_result (work, "deploy");
  g_autoptr (JsonObject) game = NULL;
  g_autofree char *line = NULL;
  g_autoptr (GArray) scores = NULL;
  g_autofree char *summary = NULL;

  if (features == NULL)
    return NULL;
  game = default_game (sb_json_get_object (features, "choices"));
  line = sb_games_encode (features, game, error);
  if (line != NULL)
    {
      const char *const lines[] = { line, NULL };

      scores = sb_work_score (work->client,
                              sb_json_get_string (deploy, "endpoint", ""),
                              lines,
                              work->cancellable,
                              error);
    }
  if (scores == NULL)
    return NULL;
  summary = g_strdup_printf (_ ("An average game is a hit with a probability of %.0f %%"),
                             100 * g_array_index (scores, double, 0));
  return sb_json_object_new ("summary",
                             "s",
                             summary,
                             "choices",
                             "o",
                             json_object_ref (sb_json_get_object (features, "choices")),
                             "game",
                             "o",
                             g_steal_pointer (&game),
                             "score",
                             "d",
                             g_array_index (scores, double, 0),
                             NULL);
}

static gboolean
read_test (SbWork *work, GPtrArray *lines, GArray *labels, GError **error)
{
  g_autofree char *path = sb_work_path (work, "test.libsvm");
  g_autofree char *text = NULL;
  g_auto (GStrv) rows = NULL;

  if (!g_file_get_contents (path, &text, NULL, error))
    return FALSE;
  rows = g_strsplit (text, "\n", -1);
  for (guint i = 0; rows[i] != NULL; i++)
    {
      double label = g_ascii_strtod (rows[i], NULL);
      const char *rest = strchr (rows[i], ' ');

      if (*rows[i] == '\0')
        continue;
      g_array_append_val (labels, label);
      g_ptr_array_add (lines, g_strdup (rest != NULL ? rest + 1 : "0:0"));
    }
  g_ptr_array_add (lines, NULL);
  return TRUE;
}

static JsonArray *
to_json_array (const double *values, gsize n)
{
  JsonArray *array = json_array_new ();

  for (gsize i = 0; i < n; i++)
    json_array_add_double_element (array, values[i]);
  return array;
}

static JsonObject *
chart_confusion (const SbConfusion *confusion)
{
  const char *const rows[] = { _ ("No hit"), _ ("Hit"), NULL };
  const char *const columns[] = { _ ("Said: no hit"), _ ("Said: hit"), NULL };
  const double first[] = { confusion->tn, confusion->fp };
  const double second[] = { confusion->fn, confusion->tp };
  JsonArray *values = json_array_new ();
  g_autofree char *summary = g_strdup_printf (_ ("%u of %u hits were found; %u games were called "
                                                 "hits that are none"),
                                              confusion->tp,
                                              confusion->tp + confusion->fn,
                                              confusion->fp);

  json_array_add_array_element (values, to_json_array (first, 2));
  json_array_add_array_element (values, to_json_array (second, 2));
  return sb_json_object_new ("id",
                             "s",
                             "confusion",
                             "kind",
                             "s",
                             "heatmap",
                             "title",
                             "s",
                             _ ("Confusion matrix"),
                             "summary",
                             "s",
                             summary,
                             "rows",
                             "a",
                             sb_json_array_new_strings (rows),
                             "columns",
                             "a",
                             sb_json_array_new_strings (columns),
                             "row-title",
                             "s",
                             _ ("Truth"),
                             "column-title",
                             "s",
                             _ ("Model"),
                             "values",
                             "a",
                             values,
                             NULL);
}

static JsonObject *
chart_roc (const double *labels, const double *scores, gsize n, double *auc)
{
  g_autoptr (GArray) points = sb_roc_points (labels, scores, n);
  JsonArray *x = json_array_new ();
  JsonArray *y = json_array_new ();
  JsonArray *series = json_array_new ();
  g_autofree char *summary = NULL;

  *auc = sb_roc_auc (points);
  for (guint i = 0; i < points->len; i++)
    {
      const SbRocPoint *point = &g_array_index (points, SbRocPoint, i);

      json_array_add_double_element (x, point->false_positive_rate);
      json_array_add_double_element (y, point->true_positive_rate);
    }
  json_array_add_object_element (
      series, sb_json_object_new ("name", "s", _ ("Model"), "x", "a", x, "y", "a", y, NULL));
  summary = g_strdup_printf (_ ("The area under the ROC curve is %.3f"), *auc);
  return sb_json_object_new (
      "id",
      "s",
      "roc",
      "kind",
      "s",
      "roc",
      "title",
      "s",
      _ ("ROC curve"),
      "summary",
      "s",
      summary,
      "x",
      "o",
      sb_json_object_new ("title", "s", _ ("False positive rate"), "scale", "s", "linear", NULL),
      "y",
      "o",
      sb_json_object_new ("title", "s", _ ("True positive rate"), "scale", "s", "linear", NULL),
      "auc",
      "d",
      *auc,
      "series",
      "a",
      series,
      NULL);
}

typedef struct
{
  const char *name;
  double value;
} Score;

static int
compare_scores (gconstpointer a, gconstpointer b)
{
  const Score *left = a;
  const Score *right = b;

  return (left->value < right->value) - (left->value > right->value);
}

static JsonObject *
chart_importance (JsonObject *gain, JsonArray *columns)
{
  g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (Score));
  JsonArray *categories = json_array_new ();
  JsonArray *values = json_array_new ();
  JsonArray *series = json_array_new ();
  g_autofree char *summary = NULL;
  JsonObject *chart;
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, gain);
  while (json_object_iter_next_ordered (&iter, &name, &node))
    {
      guint64 index;
      Score score = { name, json_node_get_double (node) };

      if (*name == 'f' && g_ascii_string_to_unsigned (
                              name + 1, 10, 0, json_array_get_length (columns) - 1, &index, NULL))
        score.name = json_array_get_string_element (columns, (guint) index);
      g_array_append_val (scores, score);
    }
  g_array_sort (scores, compare_scores);
  for (guint i = 0; i < MIN (scores->len, SHOWN_FEATURES); i++)
    {
      json_array_add_string_element (categories, g_array_index (scores, Score, i).name);
      json_array_add_double_element (values, g_array_index (scores, Score, i).value);
    }
  summary = g_strdup_printf (_ ("The most important feature is %s"),
                             scores->len > 0 ? g_array_index (scores, Score, 0).name : "");
  json_array_add_object_element (
      series, sb_json_object_new ("name", "s", _ ("Gain"), "values", "a", values, NULL));
  chart = sb_json_object_new (
      "id",
      "s",
      "importance",
      "kind",
      "s",
      "bar",
      "title",
      "s",
      _ ("Feature importance"),
      "summary",
      "s",
      summary,
      "categories",
      "a",
      categories,
      "x",
      "o",
      sb_json_object_new ("title", "s", "", "scale", "s", "linear", NULL),
      "y",
      "o",
      sb_json_object_new ("title", "s", _ ("Mean gain"), "scale", "s", "linear", NULL),
      "series",
      "a",
      series,
      NULL);
  json_object_set_boolean_member (chart, "horizontal", TRUE);
  return chart;
}

/* SageMaker's own image leaves no importance behind: then there is just no such chart. */
static JsonObject *
load_importance (SbWork *work)
{
  const char *artifact = sb_json_get_string (sb_work_result (work, "train"), "artifact", "");
  g_autofree char *bucket = NULL;
  g_autofree char *key = NULL;
  g_autofree char *archive = sb_work_path (work, "output.tar.gz");
  g_autofree char *path = sb_work_path (work, "feature_importance.json");
  g_autofree char *features_path = sb_work_path (work, "features.json");
  g_autofree char *output = NULL;
  g_autoptr (JsonObject) importance = NULL;
  g_autoptr (JsonObject) features = NULL;

  if (!sb_s3_uri_parse (artifact, &bucket, &key, NULL) || !g_str_has_suffix (key, "/model.tar.gz"))
    return NULL;
  output = g_strndup (key, strlen (key) - strlen ("model.tar.gz"));
  {
    g_autofree char *output_key = g_strconcat (output, "output.tar.gz", NULL);

    if (!sb_transfer_download_file (
            work->client, bucket, output_key, archive, NULL, NULL, work->cancellable, NULL) ||
        !sb_archive_unpack (archive, work->folder, work->cancellable, NULL))
      return NULL;
  }
  importance = sb_json_load_file (path, NULL);
  features = sb_json_load_file (features_path, NULL);
  if (importance == NULL || features == NULL || sb_json_get_object (importance, "gain") == NULL)
    return NULL;
  return chart_importance (sb_json_get_object (importance, "gain"),
                           sb_json_get_array (features, "columns"));
}

static JsonObject *
make_evaluation (SbWork *work, GArray *labels, GArray *scores)
{
  const double *truth = (const double *) (gpointer) labels->data;
  const double *said = (const double *) (gpointer) scores->data;
  SbConfusion confusion = sb_confusion (truth, said, labels->len, 0.5);
  JsonArray *charts = json_array_new ();
  JsonObject *importance = load_importance (work);
  double auc;
  JsonObject *roc = chart_roc (truth, said, labels->len, &auc);
  g_autofree char *summary = g_strdup_printf (_ ("%u of %u hits found, error %.1f %%"),
                                              confusion.tp,
                                              confusion.tp + confusion.fn,
                                              100 * sb_confusion_get_error (&confusion));

  json_array_add_object_element (charts, chart_confusion (&confusion));
  json_array_add_object_element (charts, roc);
  if (importance != NULL)
    json_array_add_object_element (charts, importance);
  return sb_json_object_new ("summary",
                             "s",
                             summary,
                             "charts",
                             "a",
                             charts,
                             "labels",
                             "a",
                             to_json_array (truth, labels->len),
                             "scores",
                             "a",
                             to_json_array (said, scores->len),
                             "tn",
                             "i",
                             (gint64) confusion.tn,
                             "fp",
                             "i",
                             (gint64) confusion.fp,
                             "fn",
                             "i",
                             (gint64) confusion.fn,
                             "tp",
                             "i",
                             (gint64) confusion.tp,
                             "error",
                             "d",
                             sb_confusion_get_error (&confusion),
                             "precision",
                             "d",
                             sb_confusion_get_precision (&confusion),
                             "recall",
                             "d",
                             sb_confusion_get_recall (&confusion),
                             "auc",
                             "d",
                             auc,
                             NULL);
}

JsonObject *
sb_work_evaluate (SbWork *work, GError **error)
{
  JsonObject *deploy = sb_work_result (work, "deploy");
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) labels = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) scores = NULL;

  if (!read_test (work, lines, labels, error))
    return NULL;
  scores = sb_work_score (work->client,
                          sb_json_get_string (deploy, "endpoint", ""),
                          (const char *const *) lines->pdata,
                          work->cancellable,
                          error);
  return scores != NULL ? make_evaluation (work, labels, scores) : NULL;
}
