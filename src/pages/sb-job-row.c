/* sb-job-row.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-job-row.h"

#include <glib/gi18n.h>
#include <string.h>

#include "pages/sb-charts.h"
#include "pages/sb-format.h"
#include "pages/sb-model-table.h"
#include "widgets/sb-accessible.h"
#include "wire/sb-json.h"

/**
 * SbJobRow:
 *
 * A training job: how it stands, and unfolded what it was trained with and how that went.
 */
struct _SbJobRow
{
  AdwExpanderRow parent_instance;

  SbJob *job;
  SbModuleStore *modules;
  SbPrices *prices; /* borrowed; lives as long as the window */
  SbConnection *connection;
  GtkCheckButton *selected;
  GtkButton *stop_button;
  GtkListBoxRow *details_row;
  GtkGrid *facts;
  GtkColumnView *table;
  GtkFlowBox *charts;
};

enum
{
  SIGNAL_STOP,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SbJobRow, sb_job_row, ADW_TYPE_EXPANDER_ROW)

static const char *
get_module_title (SbJobRow *self)
{
  const char *id = sb_job_get_module (self->job);
  SbModule *module = id != NULL && *id != '\0' ? sb_module_store_find (self->modules, id) : NULL;

  return module != NULL ? sb_module_get_title (module) : id;
}

static void
add_part (GString *text, const char *part)
{
  if (part != NULL && *part != '\0')
    g_string_append_printf (text, "%s%s", text->len > 0 ? " · " : "", part);
}

static char *
describe_metric (SbJob *job)
{
  double value;
  const char *name = sb_job_get_metric (job, &value);

  return name != NULL ? g_strdup_printf ("%s %.4g", name, value) : NULL;
}

static char *
describe (SbJobRow *self)
{
  GString *text = g_string_new (NULL);
  g_autofree char *metric = describe_metric (self->job);
  g_autofree char *duration = sb_format_duration (sb_job_get_duration (self->job));
  g_autofree char *created = sb_format_time (sb_job_get_created (self->job));
  g_autofree char *cost =
      sb_price_format (sb_job_get_cost (self->job, self->prices, self->connection));

  add_part (text, sb_job_get_status_title (self->job));
  add_part (text, get_module_title (self));
  add_part (text, metric);
  add_part (text, duration);
  add_part (text, cost);
  add_part (text, created);
  return g_string_free (text, FALSE);
}

static GtkWidget *
make_label (const char *text)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_yalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  return label;
}

static void
add_fact (SbJobRow *self, int *line, const char *name, const char *value)
{
  GtkWidget *label;

  if (value == NULL || *value == '\0')
    return;
  label = make_label (name);
  gtk_widget_add_css_class (label, "dim-label");
  gtk_grid_attach (self->facts, label, 0, *line, 1, 1);
  label = make_label (value);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_grid_attach (self->facts, label, 1, (*line)++, 1, 1);
}

static void
show_facts (SbJobRow *self, JsonObject *description)
{
  g_autofree char *created = sb_format_time (sb_job_get_created (self->job));
  g_autofree char *ended =
      json_object_has_member (description, "TrainingEndTime")
          ? sb_format_time ((gint64) sb_json_get_double (description, "TrainingEndTime", 0))
          : NULL;
  g_autofree char *instances =
      g_strdup_printf ("%d × %s",
                       (int) sb_json_get_int (description, "ResourceConfig.InstanceCount", 1),
                       sb_json_get_string (description, "ResourceConfig.InstanceType", ""));
  GtkWidget *child;
  int line = 0;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->facts))) != NULL)
    gtk_grid_remove (self->facts, child);
  add_fact (self,
            &line,
            _ ("Why It Failed"),
            sb_json_get_string (description, "FailureReason", NULL));
  add_fact (self, &line, _ ("Created"), created);
  add_fact (self, &line, _ ("Ended"), ended);
  add_fact (self, &line, _ ("Instances"), instances);
  add_fact (self,
            &line,
            _ ("Image"),
            sb_json_get_string (description, "AlgorithmSpecification.TrainingImage", NULL));
  add_fact (self,
            &line,
            _ ("Model"),
            sb_json_get_string (description, "ModelArtifacts.S3ModelArtifacts", NULL));
}

static void
show_details (SbJobRow *self)
{
  JsonObject *description = sb_job_get_description (self->job);
  const SbCurves *curves = sb_job_get_curves (self->job);
  gboolean expanded = adw_expander_row_get_expanded (ADW_EXPANDER_ROW (self));
  g_autoptr (JsonObject) none = json_object_new ();
  JsonObject *values;
  g_autoptr (JsonArray) charts = NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->details_row), description != NULL);
  /* Nobody sees what is folded. */
  if (description == NULL || !expanded)
    return;
  values = sb_json_get_object (description, "HyperParameters");
  show_facts (self, description);
  sb_model_table_show_values (self->table, values != NULL ? values : none);
  if (curves != NULL && curves->metric != NULL)
    charts = sb_curves_make_charts (curves);
  sb_charts_show (self->charts, charts);
}

static void
on_changed (SbJobRow *self)
{
  g_autofree char *text = describe (self);

  adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (self), text);
  gtk_widget_set_visible (GTK_WIDGET (self->stop_button),
                          strcmp (sb_job_get_status (self->job), "InProgress") == 0);
  show_details (self);
}

static void
on_expanded (SbJobRow *self)
{
  if (self->job != NULL)
    show_details (self);
}

static void
on_stop (SbJobRow *self)
{
  g_signal_emit (self, signals[SIGNAL_STOP], 0);
}

static void
sb_job_row_dispose (GObject *object)
{
  SbJobRow *self = SB_JOB_ROW (object);

  g_clear_object (&self->job);
  g_clear_object (&self->modules);
  g_clear_object (&self->connection);
  G_OBJECT_CLASS (sb_job_row_parent_class)->dispose (object);
}

static void
sb_job_row_class_init (SbJobRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_job_row_dispose;
  /**
   * SbJobRow::stop:
   *
   * The job is to be stopped.
   */
  signals[SIGNAL_STOP] = g_signal_new (
      "stop", SB_TYPE_JOB_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/sagebrush/Sagebrush/ui/sb-job-row.ui");
  gtk_widget_class_bind_template_child (widget_class, SbJobRow, selected);
  gtk_widget_class_bind_template_child (widget_class, SbJobRow, stop_button);
  gtk_widget_class_bind_template_child (widget_class, SbJobRow, details_row);
  gtk_widget_class_bind_template_child (widget_class, SbJobRow, facts);
  gtk_widget_class_bind_template_child (widget_class, SbJobRow, table);
  gtk_widget_class_bind_template_child (widget_class, SbJobRow, charts);
  gtk_widget_class_bind_template_callback (widget_class, on_expanded);
  gtk_widget_class_bind_template_callback (widget_class, on_stop);
}

static void
sb_job_row_init (SbJobRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static void
name_widget (gpointer widget, const char *label, const char *name)
{
  g_autofree char *accessible = g_strdup_printf ("%s: %s", label, name);

  sb_accessible_set_name (widget, accessible);
}

/**
 * sb_job_row_new:
 * @job: a job
 * @modules: name the module that has made it
 * @prices: (transfer none): say what it costs; must live longer than the row
 * @connection: where it is
 *
 * Returns: a row that shows what is known of the job, also later on
 */
GtkWidget *
sb_job_row_new (SbJob *job, SbModuleStore *modules, SbPrices *prices, SbConnection *connection)
{
  SbJobRow *self = g_object_new (SB_TYPE_JOB_ROW, NULL);
  const char *name = sb_job_get_name (job);

  self->job = g_object_ref (job);
  self->modules = g_object_ref (modules);
  self->prices = prices;
  self->connection = g_object_ref (connection);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), name);
  name_widget (self->selected, _ ("Compare"), name);
  name_widget (self->stop_button, _ ("Stop"), name);
  g_object_bind_property (job, "selected", self->selected, "active", G_BINDING_BIDIRECTIONAL);
  g_signal_connect_object (job, "changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  on_changed (self);
  return GTK_WIDGET (self);
}

SbJob *
sb_job_row_get_job (SbJobRow *self)
{
  return self->job;
}

static gboolean
has (const char *text, const char *part)
{
  g_autofree char *folded = g_utf8_casefold (text != NULL ? text : "", -1);

  return strstr (folded, part) != NULL;
}

/**
 * sb_job_row_matches:
 * @self: a row
 * @text: what is searched for; empty for anything
 *
 * Returns: whether its name, status or module has the text in it
 */
gboolean
sb_job_row_matches (SbJobRow *self, const char *text)
{
  g_autofree char *part = g_utf8_casefold (text, -1);

  return has (sb_job_get_name (self->job), part) ||
         has (sb_job_get_status_title (self->job), part) || has (get_module_title (self), part);
}
