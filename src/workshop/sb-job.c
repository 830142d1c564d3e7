/* sb-job.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-job.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-json.h"

/**
 * SbJob:
 *
 * A training job, as far as the service was asked about it: a list has only its name, status and
 * times. Lives in one thread.
 */
struct _SbJob
{
  GObject parent_instance;

  JsonObject *summary;
  JsonObject *description;
  char *module;
  SbCurves *curves;
  gboolean selected;
};

enum
{
  PROP_0,
  PROP_SELECTED,
  N_PROPS
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SbJob, sb_job, G_TYPE_OBJECT)

static void
sb_job_finalize (GObject *object)
{
  SbJob *self = SB_JOB (object);

  g_clear_pointer (&self->summary, json_object_unref);
  g_clear_pointer (&self->description, json_object_unref);
  g_clear_pointer (&self->curves, sb_curves_free);
  g_free (self->module);
  G_OBJECT_CLASS (sb_job_parent_class)->finalize (object);
}

static void
sb_job_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_SELECTED:
      g_value_set_boolean (value, SB_JOB (object)->selected);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sb_job_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_SELECTED:
      sb_job_set_selected (SB_JOB (object), g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sb_job_class_init (SbJobClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = sb_job_finalize;
  object_class->get_property = sb_job_get_property;
  object_class->set_property = sb_job_set_property;
  /**
   * SbJob:selected:
   *
   * Whether it is to be compared with others.
   */
  properties[PROP_SELECTED] =
      g_param_spec_boolean ("selected",
                            NULL,
                            NULL,
                            FALSE,
                            G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  /**
   * SbJob::changed:
   *
   * More is known of it, or something else.
   */
  signals[SIGNAL_CHANGED] =
      g_signal_new ("changed", SB_TYPE_JOB, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sb_job_init (SbJob *self)
{
}

/**
 * sb_job_new:
 * @summary: of ListTrainingJobs
 *
 * Returns: (transfer full): a job
 */
SbJob *
sb_job_new (JsonObject *summary)
{
  SbJob *self = g_object_new (SB_TYPE_JOB, NULL);

  self->summary = json_object_ref (summary);
  return self;
}

static void
replace (SbJob *self, JsonObject **place, JsonObject *object)
{
  json_object_ref (object);
  g_clear_pointer (place, json_object_unref);
  *place = object;
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

void
sb_job_set_summary (SbJob *self, JsonObject *summary)
{
  replace (self, &self->summary, summary);
}

/**
 * sb_job_set_description:
 * @self: a job
 * @description: the answer of DescribeTrainingJob
 */
void
sb_job_set_description (SbJob *self, JsonObject *description)
{
  replace (self, &self->description, description);
}

/**
 * sb_job_set_module:
 * @self: a job
 * @module: the id of the module that has made it; empty for none
 */
void
sb_job_set_module (SbJob *self, const char *module)
{
  g_free (self->module);
  self->module = g_strdup (module);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/**
 * sb_job_take_curves:
 * @self: a job
 * @curves: (transfer full): how its training has gone until now
 */
void
sb_job_take_curves (SbJob *self, SbCurves *curves)
{
  g_clear_pointer (&self->curves, sb_curves_free);
  self->curves = curves;
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

const char *
sb_job_get_name (SbJob *self)
{
  return sb_json_get_string (self->summary, "TrainingJobName", "");
}

const char *
sb_job_get_arn (SbJob *self)
{
  return sb_json_get_string (self->summary, "TrainingJobArn", "");
}

/**
 * sb_job_get_status:
 * @self: a job
 *
 * Returns: such as `Completed`
 */
const char *
sb_job_get_status (SbJob *self)
{
  return sb_json_get_string (self->summary, "TrainingJobStatus", "");
}

/**
 * sb_job_get_status_title:
 * @self: a job
 *
 * Returns: the same for people
 */
const char *
sb_job_get_status_title (SbJob *self)
{
  static const char *const titles[][2] = {
    { "InProgress", N_ ("Running") }, { "Completed", N_ ("Completed") },
    { "Failed", N_ ("Failed") },      { "Stopping", N_ ("Stopping") },
    { "Stopped", N_ ("Stopped") },
  };
  const char *status = sb_job_get_status (self);

  for (gsize i = 0; i < G_N_ELEMENTS (titles); i++)
    if (strcmp (titles[i][0], status) == 0)
      return _ (titles[i][1]);
  return status;
}

static gboolean
is_running (JsonObject *object)
{
  const char *status = sb_json_get_string (object, "TrainingJobStatus", "");

  return strcmp (status, "InProgress") == 0 || strcmp (status, "Stopping") == 0;
}

gboolean
sb_job_is_running (SbJob *self)
{
  return is_running (self->summary);
}

/**
 * sb_job_is_known:
 * @self: a job
 *
 * Returns: whether all is known of it that there will ever be
 */
gboolean
sb_job_is_known (SbJob *self)
{
  return self->module != NULL && self->description != NULL && !is_running (self->description);
}

/**
 * sb_job_get_module:
 * @self: a job
 *
 * Returns: (nullable): the id of the module that has made it; empty for none, %NULL while it is not
 *   known
 */
const char *
sb_job_get_module (SbJob *self)
{
  return self->module;
}

/**
 * sb_job_get_description:
 * @self: a job
 *
 * Returns: (transfer none) (nullable): see sb_job_set_description()
 */
JsonObject *
sb_job_get_description (SbJob *self)
{
  return self->description;
}

/**
 * sb_job_get_curves:
 * @self: a job
 *
 * Returns: (transfer none) (nullable): see sb_job_take_curves()
 */
const SbCurves *
sb_job_get_curves (SbJob *self)
{
  return self->curves;
}

/**
 * sb_job_get_created:
 * @self: a job
 *
 * Returns: seconds since the epoch
 */
gint64
sb_job_get_created (SbJob *self)
{
  return (gint64) sb_json_get_double (self->summary, "CreationTime", 0);
}

/**
 * sb_job_get_duration:
 * @self: a job
 *
 * Returns: the seconds from when it was made to its end, or until now
 */
double
sb_job_get_duration (SbJob *self)
{
  double created = sb_json_get_double (self->summary, "CreationTime", 0);
  double now = (double) g_get_real_time () / G_USEC_PER_SEC;
  double last = sb_json_get_double (self->summary, "LastModifiedTime", created);
  double end = sb_json_get_double (self->summary, "TrainingEndTime", last);

  return MAX (0, (sb_job_is_running (self) ? now : end) - created);
}

/**
 * sb_job_get_metric:
 * @self: a job
 * @value: (out): its value at the end
 *
 * What was measured on data that it was not trained on counts most.
 *
 * Returns: (nullable): what was measured, such as `validation:auc`
 */
const char *
sb_job_get_metric (SbJob *self, double *value)
{
  JsonArray *metrics = self->description != NULL
                           ? sb_json_get_array (self->description, "FinalMetricDataList")
                           : NULL;
  guint n = metrics != NULL ? json_array_get_length (metrics) : 0;
  JsonObject *found = NULL;

  for (guint i = 0; i < n; i++)
    {
      JsonObject *metric = json_array_get_object_element (metrics, i);
      const char *name = sb_json_get_string (metric, "MetricName", "");

      if (found == NULL ||
          (g_str_has_prefix (name, "validation:") &&
           !g_str_has_prefix (sb_json_get_string (found, "MetricName", ""), "validation:")))
        found = metric;
    }
  *value = found != NULL ? sb_json_get_double (found, "Value", 0) : 0;
  return found != NULL ? sb_json_get_string (found, "MetricName", NULL) : NULL;
}

/* What is paid for: with spot instances less than it has taken. */
static double
get_billable (SbJob *self)
{
  double start = sb_json_get_double (self->description, "TrainingStartTime", 0);
  double now = (double) g_get_real_time () / G_USEC_PER_SEC;

  if (json_object_has_member (self->description, "BillableTimeInSeconds"))
    return sb_json_get_double (self->description, "BillableTimeInSeconds", 0);
  if (start <= 0)
    return 0;
  return MAX (0, sb_json_get_double (self->description, "TrainingEndTime", now) - start);
}

/**
 * sb_job_get_cost:
 * @self: a job
 * @prices: prices
 * @connection: where it runs or has run
 *
 * Returns: US dollars until now, 0 on this computer, or %SB_PRICE_UNKNOWN
 */
double
sb_job_get_cost (SbJob *self, SbPrices *prices, SbConnection *connection)
{
  double hourly;
  gint64 n;

  if (sb_connection_is_local (connection))
    return 0;
  if (self->description == NULL)
    return SB_PRICE_UNKNOWN;
  n = sb_json_get_int (self->description, "ResourceConfig.InstanceCount", 1);
  hourly =
      sb_prices_get (prices,
                     sb_connection_get_region (connection),
                     SB_RESOURCE_TRAINING_JOB,
                     sb_json_get_string (self->description, "ResourceConfig.InstanceType", ""));
  return hourly < 0 ? hourly : hourly * (double) n * get_billable (self) / 3600;
}

static void
set_text (JsonObject *object, const char *name, JsonObject *from, const char *path)
{
  JsonNode *node = sb_json_get (from, path);

  if (node != NULL && JSON_NODE_HOLDS_VALUE (node))
    {
      g_autofree char *text = json_node_get_value_type (node) == G_TYPE_STRING
                                  ? json_node_dup_string (node)
                                  : g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));

      json_object_set_string_member (object, name, text);
    }
}

/**
 * sb_job_dup_parameters:
 * @self: a job
 *
 * Returns: (transfer full): what it was trained with, as texts: the hyperparameters, the image, and
 *   the number and type of its instances; empty while it is not known
 */
JsonObject *
sb_job_dup_parameters (SbJob *self)
{
  JsonObject *given =
      self->description != NULL ? sb_json_get_object (self->description, "HyperParameters") : NULL;
  JsonObject *all = given != NULL ? sb_json_copy (given) : json_object_new ();

  if (self->description == NULL)
    return all;
  set_text (all, "InstanceType", self->description, "ResourceConfig.InstanceType");
  set_text (all, "InstanceCount", self->description, "ResourceConfig.InstanceCount");
  set_text (all, "TrainingImage", self->description, "AlgorithmSpecification.TrainingImage");
  return all;
}

static void
unref_parameters (gpointer parameters)
{
  json_object_unref (parameters);
}

static gboolean
differs (GPtrArray *parameters, const char *name)
{
  const char *first = sb_json_get_string (parameters->pdata[0], name, NULL);

  for (guint i = 1; i < parameters->len; i++)
    if (g_strcmp0 (first, sb_json_get_string (parameters->pdata[i], name, NULL)) != 0)
      return TRUE;
  return FALSE;
}

static char **
make_row (GPtrArray *parameters, const char *name)
{
  char **row = g_new0 (char *, parameters->len + 2);

  row[0] = g_strdup (name);
  for (guint i = 0; i < parameters->len; i++)
    row[i + 1] = g_strdup (sb_json_get_string (parameters->pdata[i], name, "–"));
  return row;
}

/**
 * sb_job_list_differences:
 * @jobs: (array length=n): jobs
 * @n: how many
 *
 * Returns: (transfer full) (element-type GStrv): of each parameter that is not the same in all of
 *   them its name and its value in each job; sorted by name
 */
GPtrArray *
sb_job_list_differences (SbJob *const *jobs, guint n)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  g_autoptr (GPtrArray) parameters = g_ptr_array_new_with_free_func (unref_parameters);
  g_autoptr (JsonObject) all = json_object_new ();
  g_autoptr (GList) names = NULL;

  for (guint i = 0; i < n; i++)
    {
      JsonObject *own = sb_job_dup_parameters (jobs[i]);
      g_autoptr (GList) members = json_object_get_members (own);

      g_ptr_array_add (parameters, own);
      for (GList *link = members; link != NULL; link = link->next)
        json_object_set_null_member (all, link->data);
    }
  names = g_list_sort (json_object_get_members (all), (GCompareFunc) strcmp);
  for (GList *link = names; link != NULL; link = link->next)
    if (differs (parameters, link->data))
      g_ptr_array_add (rows, make_row (parameters, link->data));
  return rows;
}

gboolean
sb_job_get_selected (SbJob *self)
{
  return self->selected;
}

void
sb_job_set_selected (SbJob *self, gboolean selected)
{
  if (self->selected == selected)
    return;
  self->selected = selected;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SELECTED]);
}
