/* sb-job-compare.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-job-compare.h"

#include <glib/gi18n.h>

#include "pages/sb-charts.h"
#include "pages/sb-model-table.h"

/**
 * SbJobCompare:
 *
 * Several training jobs beside each other: their curves in one chart, and a table of what they were
 * trained with, as far as it is not the same.
 */
struct _SbJobCompare
{
  AdwBin parent_instance;

  GtkLabel *title;
  GtkFlowBox *charts;
  GtkLabel *same;
  GtkWidget *scroller;
  GtkColumnView *table;
};

G_DEFINE_FINAL_TYPE (SbJobCompare, sb_job_compare, ADW_TYPE_BIN)

static void
show_charts (SbJobCompare *self, GPtrArray *jobs)
{
  g_autofree const SbCurves **curves = g_new0 (const SbCurves *, jobs->len);
  g_autofree const char **names = g_new0 (const char *, jobs->len);
  g_autoptr (JsonArray) charts = NULL;
  guint n = 0;

  for (guint i = 0; i < jobs->len; i++)
    {
      const SbCurves *own = sb_job_get_curves (jobs->pdata[i]);

      if (own == NULL)
        continue;
      curves[n] = own;
      names[n++] = sb_job_get_name (jobs->pdata[i]);
    }
  charts = sb_curves_make_comparison (curves, names, n);
  sb_charts_show (self->charts, charts);
}

static void
show_table (SbJobCompare *self, GPtrArray *jobs)
{
  g_autoptr (GPtrArray) rows = sb_job_list_differences ((SbJob *const *) jobs->pdata, jobs->len);
  g_autofree const char **titles = g_new0 (const char *, jobs->len + 2);

  titles[0] = _ ("Parameter");
  for (guint i = 0; i < jobs->len; i++)
    titles[i + 1] = sb_job_get_name (jobs->pdata[i]);
  gtk_widget_set_visible (GTK_WIDGET (self->same), rows->len == 0);
  gtk_widget_set_visible (self->scroller, rows->len > 0);
  sb_model_table_show_rows (self->table, titles, rows);
}

static void
sb_job_compare_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), SB_TYPE_JOB_COMPARE);
  G_OBJECT_CLASS (sb_job_compare_parent_class)->dispose (object);
}

static void
sb_job_compare_class_init (SbJobCompareClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_job_compare_dispose;
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/sagebrush/Sagebrush/ui/sb-job-compare.ui");
  gtk_widget_class_bind_template_child (widget_class, SbJobCompare, title);
  gtk_widget_class_bind_template_child (widget_class, SbJobCompare, charts);
  gtk_widget_class_bind_template_child (widget_class, SbJobCompare, same);
  gtk_widget_class_bind_template_child (widget_class, SbJobCompare, scroller);
  gtk_widget_class_bind_template_child (widget_class, SbJobCompare, table);
}

static void
sb_job_compare_init (SbJobCompare *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

/**
 * sb_job_compare_set_jobs:
 * @self: a comparison
 * @jobs: (element-type SbJob): what is compared; fewer than two hide it
 */
void
sb_job_compare_set_jobs (SbJobCompare *self, GPtrArray *jobs)
{
  g_autofree char *title =
      g_strdup_printf (ngettext ("%u Job Compared", "%u Jobs Compared", jobs->len), jobs->len);

  gtk_widget_set_visible (GTK_WIDGET (self), jobs->len > 1);
  gtk_label_set_label (self->title, title);
  if (jobs->len < 2)
    return;
  show_charts (self, jobs);
  show_table (self, jobs);
}
