/* sb-chart-json.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads a chart's JSON. Every complaint says where it is, since whoever wrote the JSON is far away.
 */

#include "config.h"

#include "charts/sb-chart-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

static gboolean
fail (GError **error, const char *where, const char *problem)
{
  g_set_error (error,
               SB_CHART_ERROR,
               SB_CHART_ERROR_INVALID,
               /* translators: a place in a JSON document, then what is wrong with it */
               _ ("The chart cannot be drawn: “%s” %s."),
               where,
               problem);
  return FALSE;
}

static gboolean
is_absent (JsonObject *json, const char *member)
{
  JsonNode *node = json_object_get_member (json, member);

  return node == NULL || JSON_NODE_HOLDS_NULL (node);
}

static gboolean
read_string (JsonObject *json, const char *member, char **value, GError **error)
{
  if (is_absent (json, member))
    {
      *value = g_strdup ("");
      return TRUE;
    }
  if (json_node_get_value_type (json_object_get_member (json, member)) != G_TYPE_STRING)
    return fail (error, member, _ ("is no text"));
  *value = g_strdup (json_object_get_string_member (json, member));
  return TRUE;
}

static gboolean
is_number (JsonNode *node)
{
  GType type = json_node_get_value_type (node);

  return type == G_TYPE_INT64 || type == G_TYPE_DOUBLE;
}

/* Leaves @value alone when there is none. */
static gboolean
read_number (JsonObject *json, const char *member, double *value, GError **error)
{
  if (is_absent (json, member))
    return TRUE;
  if (!is_number (json_object_get_member (json, member)))
    return fail (error, member, _ ("is no number"));
  *value = json_object_get_double_member (json, member);
  return TRUE;
}

/* The index of a word among those allowed; @fallback when there is none. */
static gboolean
read_word (JsonObject *json,
           const char *member,
           const char *const *words,
           int fallback,
           int *value,
           GError **error)
{
  g_autofree char *word = NULL;

  *value = fallback;
  if (!read_string (json, member, &word, error))
    return FALSE;
  if (word[0] == '\0' && fallback >= 0)
    return TRUE;
  for (int i = 0; words[i] != NULL; i++)
    if (strcmp (words[i], word) == 0)
      {
        *value = i;
        return TRUE;
      }
  return fail (error,
               member,
               word[0] == '\0' ? _ ("is missing") : _ ("is none of the known words"));
}

/* Absent is an empty array: a chart of which there is no data yet. */
static gboolean
get_array (JsonObject *json, const char *member, JsonArray **array, GError **error)
{
  *array = NULL;
  if (is_absent (json, member))
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (json_object_get_member (json, member)))
    return fail (error, member, _ ("is no array"));
  *array = json_object_get_array_member (json, member);
  return TRUE;
}

static gboolean
read_numbers_of (JsonArray *array, const char *where, double *values, gboolean gaps, GError **error)
{
  guint n = json_array_get_length (array);

  for (guint i = 0; i < n; i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (is_number (node))
        values[i] = json_node_get_double (node);
      else if (gaps && JSON_NODE_HOLDS_NULL (node))
        values[i] = NAN;
      else
        return fail (error, where, _ ("holds something that is no number"));
      /* An infinity has no place on any axis. */
      if (isinf (values[i]))
        values[i] = NAN;
    }
  return TRUE;
}

static gboolean
read_numbers (JsonObject *json, const char *member, double **values, guint *n, GError **error)
{
  JsonArray *array;

  if (!get_array (json, member, &array, error))
    return FALSE;
  *n = array != NULL ? json_array_get_length (array) : 0;
  *values = g_new0 (double, MAX (*n, 1));
  return *n == 0 || read_numbers_of (array, member, *values, TRUE, error);
}

static gboolean
read_strings (JsonObject *json, const char *member, char ***strings, guint *n, GError **error)
{
  JsonArray *array;

  if (!get_array (json, member, &array, error))
    return FALSE;
  *n = array != NULL ? json_array_get_length (array) : 0;
  *strings = g_new0 (char *, *n + 1);
  for (guint i = 0; i < *n; i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (json_node_get_value_type (node) != G_TYPE_STRING)
        return fail (error, member, _ ("holds something that is no text"));
      (*strings)[i] = g_strdup (json_node_get_string (node));
    }
  return TRUE;
}

static const char *const format_words[] = { "number", "percent", "integer", NULL };

static gboolean
read_axis (JsonObject *json, const char *member, SbChartAxis *axis, GError **error)
{
  static const char *const scale_words[] = { "linear", "log", NULL };
  g_autoptr (JsonObject) nothing = json_object_new ();
  JsonObject *object = nothing;
  int scale;
  int format;

  if (!is_absent (json, member))
    {
      if (!JSON_NODE_HOLDS_OBJECT (json_object_get_member (json, member)))
        return fail (error, member, _ ("is no object"));
      object = json_object_get_object_member (json, member);
    }
  if (!read_string (object, "title", &axis->title, error) ||
      !read_word (object, "scale", scale_words, SB_SCALE_LINEAR, &scale, error) ||
      !read_word (object, "format", format_words, SB_NUMBER_FORMAT_NUMBER, &format, error) ||
      !read_number (object, "min", &axis->min, error) ||
      !read_number (object, "max", &axis->max, error))
    return FALSE;
  axis->scale = (SbScaleKind) scale;
  axis->format = (SbNumberFormat) format;
  if (axis->min >= axis->max)
    return fail (error, member, _ ("has a lowest value that is not below its highest"));
  if (axis->scale == SB_SCALE_LOG && (axis->min <= 0 || axis->max <= 0))
    return fail (error, member, _ ("is logarithmic and cannot reach zero"));
  return TRUE;
}

static gboolean
is_rising (const double *x, guint n)
{
  for (guint i = 0; i < n; i++)
    if (isnan (x[i]) || (i > 0 && x[i] < x[i - 1]))
      return FALSE;
  return TRUE;
}

static gboolean
read_marker (JsonObject *json, SbChartSeries *series, GError **error)
{
  JsonObject *marker;

  if (is_absent (json, "marker"))
    return TRUE;
  if (!JSON_NODE_HOLDS_OBJECT (json_object_get_member (json, "marker")))
    return fail (error, "marker", _ ("is no object"));
  marker = json_object_get_object_member (json, "marker");
  series->marker_x = series->marker_y = NAN;
  if (!read_number (marker, "x", &series->marker_x, error) ||
      !read_number (marker, "y", &series->marker_y, error))
    return FALSE;
  if (isnan (series->marker_x) || isnan (series->marker_y))
    return fail (error, "marker", _ ("has no place"));
  g_clear_pointer (&series->marker_label, g_free);
  return read_string (marker, "label", &series->marker_label, error);
}

static gboolean
read_points (SbChart *self, JsonObject *json, SbChartSeries *series, GError **error)
{
  guint n_x;

  if (!read_numbers (json, "x", &series->x, &n_x, error) ||
      !read_numbers (json, "y", &series->y, &series->n, error))
    return FALSE;
  if (n_x != series->n)
    return fail (error, "x", _ ("is not as long as “y”"));
  series->rising = is_rising (series->x, series->n);
  return read_number (json, "auc", &series->auc, error) && read_marker (json, series, error);
}

static gboolean
read_values (SbChart *self, JsonObject *json, SbChartSeries *series, GError **error)
{
  if (!read_numbers (json, "values", &series->y, &series->n, error))
    return FALSE;
  if (self->kind == SB_CHART_BAR && series->n != self->n_categories)
    return fail (error, "values", _ ("is not as long as “categories”"));
  if (self->kind == SB_CHART_HISTOGRAM && series->n != self->n_bins)
    return fail (error, "values", _ ("is not one shorter than “edges”"));
  return TRUE;
}

static gboolean
read_one_series (SbChart *self, JsonNode *node, GError **error)
{
  g_autoptr (SbChartSeries) series = _sb_chart_series_new ();
  JsonObject *json;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (error, "series", _ ("holds something that is no object"));
  json = json_node_get_object (node);
  if (!read_string (json, "name", &series->name, error))
    return FALSE;
  if (self->kind == SB_CHART_BAR || self->kind == SB_CHART_HISTOGRAM
          ? !read_values (self, json, series, error)
          : !read_points (self, json, series, error))
    return FALSE;
  g_ptr_array_add (self->series, g_steal_pointer (&series));
  return TRUE;
}

static gboolean
read_series (SbChart *self, JsonObject *json, GError **error)
{
  JsonArray *array;
  guint n;

  if (!get_array (json, "series", &array, error))
    return FALSE;
  n = array != NULL ? json_array_get_length (array) : 0;
  if (n > SB_CHART_MAX_SERIES)
    return fail (error, "series", _ ("is too long to tell one from the other"));
  for (guint s = 0; s < n; s++)
    if (!read_one_series (self, json_array_get_element (array, s), error))
      {
        g_prefix_error (error, _ ("Series %u: "), s + 1);
        return FALSE;
      }
  return TRUE;
}

/* A curve alone may have its area and marked point beside "series". */
static gboolean
read_curve (SbChart *self, JsonObject *json, GError **error)
{
  SbChartSeries *first;

  if (self->kind != SB_CHART_ROC || self->series->len == 0)
    return TRUE;
  first = _sb_chart_get_series (self, 0);
  return read_number (json, "auc", &first->auc, error) && read_marker (json, first, error);
}

static gboolean
read_edges (SbChart *self, JsonObject *json, GError **error)
{
  guint n;

  if (!read_numbers (json, "edges", &self->edges, &n, error))
    return FALSE;
  if (n == 1)
    return fail (error, "edges", _ ("is too short"));
  for (guint i = 0; i < n; i++)
    if (isnan (self->edges[i]) || (i > 0 && self->edges[i] <= self->edges[i - 1]))
      return fail (error, "edges", _ ("does not rise"));
  if (n > 0 && self->x.scale == SB_SCALE_LOG && self->edges[0] <= 0)
    return fail (error, "edges", _ ("reaches zero on a logarithmic axis"));
  self->n_bins = n > 0 ? n - 1 : 0;
  return TRUE;
}

static gboolean
read_table_values (SbChart *self, JsonObject *json, GError **error)
{
  g_autoptr (SbChartSeries) series = _sb_chart_series_new ();
  JsonArray *rows;

  if (!get_array (json, "values", &rows, error))
    return FALSE;
  if ((rows != NULL ? json_array_get_length (rows) : 0) != self->n_rows)
    return fail (error, "values", _ ("is not as long as “rows”"));
  series->name = g_strdup ("");
  series->n = self->n_rows * self->n_categories;
  series->y = g_new0 (double, MAX (series->n, 1));
  for (guint r = 0; r < self->n_rows; r++)
    {
      JsonNode *node = json_array_get_element (rows, r);

      if (!JSON_NODE_HOLDS_ARRAY (node) ||
          json_array_get_length (json_node_get_array (node)) != self->n_categories)
        return fail (error, "values", _ ("has a row that is not as long as “columns”"));
      if (!read_numbers_of (json_node_get_array (node),
                            "values",
                            series->y + (gsize) r * self->n_categories,
                            TRUE,
                            error))
        return FALSE;
    }
  g_ptr_array_add (self->series, g_steal_pointer (&series));
  return TRUE;
}

static gboolean
read_table (SbChart *self, JsonObject *json, GError **error)
{
  int format;

  if (!read_strings (json, "rows", &self->rows, &self->n_rows, error) ||
      !read_strings (json, "columns", &self->categories, &self->n_categories, error) ||
      !read_word (json, "format", format_words, SB_NUMBER_FORMAT_NUMBER, &format, error))
    return FALSE;
  g_clear_pointer (&self->x.title, g_free);
  g_clear_pointer (&self->y.title, g_free);
  self->y.format = (SbNumberFormat) format;
  return read_string (json, "column-title", &self->x.title, error) &&
         read_string (json, "row-title", &self->y.title, error) &&
         read_table_values (self, json, error);
}

static gboolean
read_horizontal (SbChart *self, JsonObject *json, GError **error)
{
  if (is_absent (json, "horizontal"))
    return TRUE;
  if (json_node_get_value_type (json_object_get_member (json, "horizontal")) != G_TYPE_BOOLEAN)
    return fail (error, "horizontal", _ ("is neither true nor false"));
  self->horizontal = json_object_get_boolean_member (json, "horizontal");
  return TRUE;
}

gboolean
_sb_chart_read_json (SbChart *self, JsonObject *json, GError **error)
{
  static const char *const kind_words[] = { "line",    "bar", "histogram", "scatter",
                                            "heatmap", "roc", NULL };
  int kind;

  if (!read_word (json, "kind", kind_words, -1, &kind, error) ||
      !read_string (json, "id", &self->id, error) ||
      !read_string (json, "title", &self->title, error) ||
      !read_string (json, "summary", &self->summary, error) ||
      !read_axis (json, "x", &self->x, error) || !read_axis (json, "y", &self->y, error))
    return FALSE;
  self->kind = (SbChartKind) kind;
  if (self->kind == SB_CHART_HEATMAP)
    return read_table (self, json, error);
  if (self->kind == SB_CHART_BAR &&
      (!read_strings (json, "categories", &self->categories, &self->n_categories, error) ||
       !read_horizontal (self, json, error)))
    return FALSE;
  if (self->kind == SB_CHART_HISTOGRAM && !read_edges (self, json, error))
    return FALSE;
  return read_series (self, json, error) && read_curve (self, json, error);
}
