/* sb-threshold.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-threshold.h"

#include <glib/gi18n.h>

#include "widgets/sb-accessible.h"
#include "widgets/sb-scroll.h"
#include "wire/sb-json.h"
#include "workshop/sb-metrics.h"

/**
 * SbThreshold:
 *
 * From which score on a game is called a hit: a slider that the confusion matrix follows.
 */
struct _SbThreshold
{
  AdwBin parent_instance;

  JsonObject *chart; /* the matrix, as the step made it */
  double *labels;
  double *scores;
  guint n;
  SbChartView *matrix; /* the page keeps it as long as this */
  GtkLabel *label;
};

G_DEFINE_FINAL_TYPE (SbThreshold, sb_threshold, ADW_TYPE_BIN)

static double *
read_numbers (JsonArray *array, guint *n)
{
  double *values;

  *n = array != NULL ? json_array_get_length (array) : 0;
  values = g_new (double, *n + 1);
  for (guint i = 0; i < *n; i++)
    values[i] = json_array_get_double_element (array, i);
  return values;
}

static JsonArray *
pair (double a, double b)
{
  JsonArray *array = json_array_new ();

  json_array_add_double_element (array, a);
  json_array_add_double_element (array, b);
  return array;
}

static void
show_matrix (SbThreshold *self, const SbConfusion *confusion, const char *summary)
{
  g_autoptr (JsonObject) json = sb_json_copy (self->chart);
  JsonArray *values = json_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (SbChart) chart = NULL;

  json_array_add_array_element (values, pair (confusion->tn, confusion->fp));
  json_array_add_array_element (values, pair (confusion->fn, confusion->tp));
  json_object_set_array_member (json, "values", values);
  json_object_set_string_member (json, "summary", summary);
  chart = sb_chart_new_from_json (json, &error);
  if (chart != NULL)
    sb_chart_view_set_chart (self->matrix, chart);
  else
    g_warning ("%s", error->message);
}

/* The matrix and the point on the ROC curve for another threshold. */
static void
apply (SbThreshold *self, double threshold)
{
  SbConfusion confusion = sb_confusion (self->labels, self->scores, self->n, threshold);
  g_autofree char *text = g_strdup_printf (
      _ ("Threshold %.2f: %u of %u hits found, error %.1f %%, precision %.1f %%, recall %.1f %%"),
      threshold,
      confusion.tp,
      confusion.tp + confusion.fn,
      100 * sb_confusion_get_error (&confusion),
      100 * sb_confusion_get_precision (&confusion),
      100 * sb_confusion_get_recall (&confusion));

  show_matrix (self, &confusion, text);
  gtk_label_set_label (self->label, text);
}

static void
on_threshold (GtkRange *range, SbThreshold *self)
{
  apply (self, gtk_range_get_value (range));
}

static void
sb_threshold_dispose (GObject *object)
{
  g_clear_object (&SB_THRESHOLD (object)->matrix);
  G_OBJECT_CLASS (sb_threshold_parent_class)->dispose (object);
}

static void
sb_threshold_finalize (GObject *object)
{
  SbThreshold *self = SB_THRESHOLD (object);

  g_free (self->labels);
  g_free (self->scores);
  g_clear_pointer (&self->chart, json_object_unref);
  G_OBJECT_CLASS (sb_threshold_parent_class)->finalize (object);
}

static void
sb_threshold_class_init (SbThresholdClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sb_threshold_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_threshold_finalize;
}

static void
sb_threshold_init (SbThreshold *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  GtkWidget *scale = gtk_scale_new_with_range (GTK_ORIENTATION_HORIZONTAL, 0.01, 0.99, 0.01);

  self->label = GTK_LABEL (gtk_label_new (NULL));
  sb_scroll_past (scale);
  gtk_label_set_wrap (self->label, TRUE);
  gtk_label_set_xalign (self->label, 0);
  gtk_range_set_value (GTK_RANGE (scale), 0.5);
  gtk_scale_add_mark (GTK_SCALE (scale), 0.5, GTK_POS_BOTTOM, "0.5");
  sb_accessible_set_name (scale, _ ("Threshold"));
  g_signal_connect (scale, "value-changed", G_CALLBACK (on_threshold), self);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->label));
  gtk_box_append (GTK_BOX (box), scale);
  adw_bin_set_child (ADW_BIN (self), box);
}

/**
 * sb_threshold_new:
 * @result: of a step that has tested hits: {"labels", "scores", "charts": [the matrix, …]}
 * @matrix: what shows the matrix
 *
 * Returns: a slider, in the middle
 */
GtkWidget *
sb_threshold_new (JsonObject *result, SbChartView *matrix)
{
  SbThreshold *self = g_object_new (SB_TYPE_THRESHOLD, NULL);
  guint n_labels, n_scores;

  self->chart =
      json_object_ref (json_array_get_object_element (sb_json_get_array (result, "charts"), 0));
  self->labels = read_numbers (sb_json_get_array (result, "labels"), &n_labels);
  self->scores = read_numbers (sb_json_get_array (result, "scores"), &n_scores);
  self->n = MIN (n_labels, n_scores);
  self->matrix = g_object_ref (matrix);
  apply (self, 0.5);
  return GTK_WIDGET (self);
}
