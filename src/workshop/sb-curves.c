/* sb-curves.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-curves.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "wire/sb-json.h"

#define MAX_WORKERS 64

void
sb_curves_init (SbCurves *self)
{
  *self = (SbCurves){
    .x = json_array_new (),
    .train = json_array_new (),
    .validation = json_array_new (),
    .train_loss = json_array_new (),
    .validation_loss = json_array_new (),
    .workers = g_ptr_array_new_with_free_func ((GDestroyNotify) json_array_unref),
  };
}

void
sb_curves_clear (SbCurves *self)
{
  g_free (self->metric);
  json_array_unref (self->x);
  json_array_unref (self->train);
  json_array_unref (self->validation);
  json_array_unref (self->train_loss);
  json_array_unref (self->validation_loss);
  g_ptr_array_unref (self->workers);
}

SbCurves *
sb_curves_new (void)
{
  SbCurves *self = g_new0 (SbCurves, 1);

  sb_curves_init (self);
  return self;
}

void
sb_curves_free (SbCurves *self)
{
  sb_curves_clear (self);
  g_free (self);
}

/* "epoch=3 worker=1 train_loss=0.2 train_accuracy=0.95 images=5000" */
static void
take_worker (SbCurves *self, const char *worker, double accuracy)
{
  guint64 number = g_ascii_strtoull (strchr (worker, '=') + 1, NULL, 10);

  if (number < 1 || number > MAX_WORKERS)
    return;
  while (self->workers->len < number)
    g_ptr_array_add (self->workers, json_array_new ());
  json_array_add_double_element (g_ptr_array_index (self->workers, number - 1), accuracy);
}

/* "epoch=3 train_loss=0.2 train_accuracy=0.95 validation_loss=0.1 validation_accuracy=0.97 …" */
static gboolean
take_epoch (SbCurves *self, const char *line)
{
  const char *train = strstr (line, "train_accuracy=");
  const char *validation = strstr (line, "validation_accuracy=");
  const char *worker = strstr (line, " worker=");

  if (!g_str_has_prefix (line, "epoch=") || train == NULL)
    return FALSE;
  self->epochs = TRUE;
  if (worker != NULL)
    {
      take_worker (self, worker, g_ascii_strtod (strchr (train, '=') + 1, NULL));
      return TRUE;
    }
  if (self->metric == NULL)
    self->metric = g_strdup ("accuracy");
  json_array_add_int_element (self->x, g_ascii_strtoll (line + strlen ("epoch="), NULL, 10));
  json_array_add_double_element (self->train, g_ascii_strtod (strchr (train, '=') + 1, NULL));
  if (validation != NULL)
    json_array_add_double_element (self->validation,
                                   g_ascii_strtod (strchr (validation, '=') + 1, NULL));
  return TRUE;
}

/* "[12]#011train-auc:0.88812#011validation-auc:0.84211" */
static gboolean
take_round (SbCurves *self, const char *line)
{
  static GRegex *regex;
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *round = NULL;
  g_autofree char *train = NULL;
  g_autofree char *validation = NULL;

  if (g_once_init_enter (&regex))
    g_once_init_leave (&regex,
                       g_regex_new ("\\[(\\d+)\\](?:#011|\\t)train-([^:]+):([-+.\\deE]+)"
                                    "(?:(?:#011|\\t)validation-\\2:([-+.\\deE]+))?",
                                    G_REGEX_OPTIMIZE,
                                    0,
                                    NULL));
  if (!g_regex_match (regex, line, 0, &match))
    return FALSE;
  round = g_match_info_fetch (match, 1);
  train = g_match_info_fetch (match, 3);
  validation = g_match_info_fetch (match, 4);
  if (self->metric == NULL)
    self->metric = g_match_info_fetch (match, 2);
  json_array_add_int_element (self->x, g_ascii_strtoll (round, NULL, 10));
  json_array_add_double_element (self->train, g_ascii_strtod (train, NULL));
  if (validation != NULL && *validation != '\0')
    json_array_add_double_element (self->validation, g_ascii_strtod (validation, NULL));
  return TRUE;
}

/* Of what diverges there is a gap. */
static void
add_number (JsonArray *array, double value)
{
  if (isfinite (value))
    json_array_add_double_element (array, value);
  else
    json_array_add_null_element (array);
}

/* "Epoch[3] Train-accuracy=0.912" and "Epoch[3] Validation-cross-entropy=0.4", as MXNet says it. */
static gboolean
take_mxnet (SbCurves *self, const char *line)
{
  const char *epoch = strstr (line, "Epoch[");
  const char *name = epoch != NULL ? strchr (epoch, ' ') : NULL;
  const char *value = name != NULL ? strchr (name, '=') : NULL;
  gboolean is_train = name != NULL && g_str_has_prefix (name, " Train-");

  if (value == NULL || (!is_train && !g_str_has_prefix (name, " Validation-")))
    return FALSE;
  self->epochs = TRUE;
  if (strncmp (strchr (name, '-'), "-accuracy=", 10) == 0)
    {
      if (self->metric == NULL)
        self->metric = g_strdup ("accuracy");
      if (is_train)
        json_array_add_int_element (self->x,
                                    g_ascii_strtoll (epoch + strlen ("Epoch["), NULL, 10) + 1);
      add_number (is_train ? self->train : self->validation, g_ascii_strtod (value + 1, NULL));
      return TRUE;
    }
  if (strncmp (strchr (name, '-'), "-cross-entropy=", 15) != 0)
    return FALSE;
  add_number (is_train ? self->train_loss : self->validation_loss,
              g_ascii_strtod (value + 1, NULL));
  return TRUE;
}

/**
 * sb_curves_take_line:
 * @self: curves
 * @line: of a log
 *
 * Returns: whether it had a number for them
 */
gboolean
sb_curves_take_line (SbCurves *self, const char *line)
{
  return take_epoch (self, line) || take_mxnet (self, line) || take_round (self, line);
}

static JsonArray *
copy_array (JsonArray *array, guint n)
{
  JsonArray *copy = json_array_new ();

  /* Numbers of their own: what is made of them goes to another thread. */
  for (guint i = 0; i < n; i++)
    if (json_array_get_null_element (array, i))
      json_array_add_null_element (copy);
    else
      json_array_add_double_element (copy, json_array_get_double_element (array, i));
  return copy;
}

/* As far as both reach. */
static void
add_series (JsonArray *series, const char *name, JsonArray *x, JsonArray *y)
{
  guint n = MIN (json_array_get_length (x), json_array_get_length (y));

  if (n > 0)
    json_array_add_object_element (
        series,
        sb_json_object_new (
            "name", "s", name, "x", "a", copy_array (x, n), "y", "a", copy_array (y, n), NULL));
}

static JsonObject *
make_chart (const SbCurves *self,
            const char *id,
            const char *title,
            const char *unit,
            const char *summary,
            JsonArray *series)
{
  const char *x = self->epochs ? _ ("Epoch") : _ ("Round");
  JsonObject *chart = sb_json_object_new (
      "id", "s", id, "kind", "s", "line", "title", "s", title, "summary", "s", summary, NULL);

  json_object_set_object_member (
      chart,
      "x",
      sb_json_object_new ("title", "s", x, "scale", "s", "linear", "format", "s", "integer", NULL));
  json_object_set_object_member (
      chart, "y", sb_json_object_new ("title", "s", unit, "scale", "s", "linear", NULL));
  json_object_set_array_member (chart, "series", series);
  return chart;
}

/* As people write it: AUC, but Accuracy. */
static char *
title_metric (const char *metric)
{
  static const char *const initials[] = { "auc",  "aucpr", "f1",   "mae",   "map",
                                          "mape", "ndcg",  "rmse", "rmsle", NULL };
  char *title;

  if (g_strv_contains (initials, metric))
    return g_ascii_strup (metric, -1);
  title = g_strdup (metric);
  title[0] = g_ascii_toupper (title[0]);
  return title;
}

/* What tells most of a training. */
static JsonArray *
get_main (const SbCurves *self)
{
  return json_array_get_length (self->validation) > 0 ? self->validation : self->train;
}

static JsonObject *
chart_metric (const SbCurves *self)
{
  const char *metric = self->metric != NULL ? self->metric : "auc";
  g_autofree char *title = title_metric (metric);
  g_autofree char *summary = NULL;
  JsonArray *series = json_array_new ();
  JsonArray *shown = get_main (self);
  guint n = json_array_get_length (shown);

  add_series (series, _ ("Training"), self->x, self->train);
  add_series (series, _ ("Validation"), self->x, self->validation);
  for (guint i = 0; i < self->workers->len; i++)
    {
      JsonArray *own = g_ptr_array_index (self->workers, i);
      g_autofree char *name = g_strdup_printf (_ ("Worker %u"), i + 1);

      /* Their lines come before that of the whole epoch. */
      if (json_array_get_length (own) == json_array_get_length (self->x))
        add_series (series, name, self->x, own);
    }
  summary = n > 0 ? g_strdup_printf (self->epochs ? _ ("%s went from %.3f to %.3f in %u epochs")
                                                  : _ ("%s went from %.3f to %.3f in %u rounds"),
                                     title,
                                     json_array_get_double_element (shown, 0),
                                     json_array_get_double_element (shown, n - 1),
                                     n)
                  : g_strdup (_ ("No round has ended yet"));
  return make_chart (self, "metric", title, title, summary, series);
}

static JsonObject *
chart_loss (const SbCurves *self)
{
  JsonArray *series = json_array_new ();
  g_autofree char *summary = g_strdup_printf (ngettext ("The loss of %u epoch",
                                                        "The loss of %u epochs",
                                                        json_array_get_length (self->train_loss)),
                                              json_array_get_length (self->train_loss));

  add_series (series, _ ("Training"), self->x, self->train_loss);
  add_series (series, _ ("Validation"), self->x, self->validation_loss);
  return make_chart (self, "loss", _ ("Cross-entropy"), _ ("Cross-entropy"), summary, series);
}

/**
 * sb_curves_make_charts:
 * @self: curves
 *
 * Returns: (transfer full): the charts of them, as far as they go
 */
JsonArray *
sb_curves_make_charts (const SbCurves *self)
{
  JsonArray *charts = json_array_new ();

  json_array_add_object_element (charts, chart_metric (self));
  if (json_array_get_length (self->train_loss) > 0)
    json_array_add_object_element (charts, chart_loss (self));
  return charts;
}

static gboolean
is_comparable (const SbCurves *self, const char *metric)
{
  return g_strcmp0 (self->metric, metric) == 0 && json_array_get_length (get_main (self)) > 0;
}

static JsonObject *
chart_comparison (const SbCurves *const *curves,
                  const char *const *names,
                  guint n,
                  const char *metric,
                  const SbCurves *first)
{
  g_autofree char *name = title_metric (metric);
  g_autofree char *id = g_strconcat ("compare-", metric, NULL);
  g_autofree char *title = NULL;
  g_autoptr (GString) summary = g_string_new (NULL);
  JsonArray *series = json_array_new ();
  guint n_compared;

  /* translators: what is measured, such as “AUC”; how it was at the end follows for each job */
  g_string_printf (summary, _ ("%s at the end"), name);
  for (guint i = 0; i < n; i++)
    {
      JsonArray *values = get_main (curves[i]);
      guint length = json_array_get_length (values);

      if (!is_comparable (curves[i], metric))
        continue;
      add_series (series, names[i], curves[i]->x, values);
      g_string_append_printf (summary,
                              "%s %s %.3f",
                              json_array_get_length (series) > 1 ? "," : ":",
                              names[i],
                              json_array_get_double_element (values, length - 1));
    }
  n_compared = json_array_get_length (series);
  title = g_strdup_printf (
      /* translators: what is measured, such as “AUC”, and of how many training jobs */
      ngettext ("%s of %u job", "%s of %u jobs", n_compared),
      name,
      n_compared);
  return make_chart (first, id, title, name, summary->str, series);
}

/**
 * sb_curves_make_comparison:
 * @curves: (array length=n): of several trainings
 * @names: (array length=n): what they are called
 * @n: how many
 *
 * What is measured on data that is not trained on is compared, and where there is none, what is
 * measured on the others.
 *
 * Returns: (transfer full): a chart for each thing that was measured, with a line for each training
 */
JsonArray *
sb_curves_make_comparison (const SbCurves *const *curves, const char *const *names, guint n)
{
  JsonArray *charts = json_array_new ();

  for (guint i = 0; i < n; i++)
    {
      const char *metric = curves[i]->metric;
      gboolean seen = metric == NULL || !is_comparable (curves[i], metric);

      for (guint k = 0; k < i && !seen; k++)
        seen = is_comparable (curves[k], metric);
      if (!seen)
        json_array_add_object_element (charts,
                                       chart_comparison (curves, names, n, metric, curves[i]));
    }
  return charts;
}
