/* sb-jobs-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "pages/sb-jobs-page.h"

#include <glib/gi18n.h>
#include <string.h>

#include "pages/sb-job-compare.h"
#include "pages/sb-job-row.h"
#include "pages/sb-page-frame.h"
#include "widgets/sb-accessible.h"
#include "wire/sb-json.h"
#include "workshop/sb-job-list.h"
#include "workshop/sb-job-log.h"

/**
 * SortKey:
 * @SORT_CREATED: the newest first
 * @SORT_NAME: by name
 * @SORT_STATUS: what runs or has failed together
 * @SORT_METRIC: by what was measured, the highest first
 * @SORT_DURATION: what took longest first
 * @SORT_COST: the dearest first
 *
 * In the order of the menu.
 */
typedef enum
{
  SORT_CREATED,
  SORT_NAME,
  SORT_STATUS,
  SORT_METRIC,
  SORT_DURATION,
  SORT_COST,
} SortKey;

/**
 * SbJobsPage:
 *
 * The training jobs of a connection, to be searched, sorted, looked into and compared.
 */
struct _SbJobsPage
{
  AdwBin parent_instance;

  SbWorkshop *workshop;
  SbPrices *prices; /* borrowed; lives as long as the window */
  SbClient *client;
  SbJobList *list;
  GCancellable *cancellable;
  GHashTable *asked; /* jobs whose curves are on their way */
  gboolean busy;
  SbPageFrame *frame;
  GtkWidget *tools;
  GtkEditable *search;
  GtkDropDown *sort;
  SbJobCompare *compare;
  GtkWidget *none;
  GtkWidget *no_match;
  GtkWidget *cut;
  GtkListBox *rows;
};

G_DEFINE_FINAL_TYPE (SbJobsPage, sb_jobs_page, ADW_TYPE_BIN)

static guint
n_jobs (SbJobsPage *self)
{
  return g_list_model_get_n_items (sb_job_list_get_jobs (self->list));
}

static void
compare_selected (SbJobsPage *self)
{
  g_autoptr (GPtrArray) selected = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n_jobs (self); i++)
    {
      g_autoptr (SbJob) job = g_list_model_get_item (sb_job_list_get_jobs (self->list), i);

      if (sb_job_get_selected (job))
        g_ptr_array_add (selected, g_steal_pointer (&job));
    }
  sb_job_compare_set_jobs (self->compare, selected);
}

static void
on_curves (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbJob) job = data;
  SbJobsPage *self = g_object_get_data (G_OBJECT (job), "sb-page");
  g_autoptr (GError) error = NULL;
  SbCurves *curves = sb_job_log_fetch_curves_finish (SB_CLIENT (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_hash_table_remove (self->asked, job);
  if (curves == NULL)
    {
      sb_page_frame_set_error (self->frame, error);
      return;
    }
  sb_job_take_curves (job, curves);
  if (sb_job_get_selected (job))
    compare_selected (self);
}

/* Only of what somebody looks at, and again only while it runs. */
static void
ask_curves (SbJobsPage *self, SbJob *job)
{
  if ((sb_job_get_curves (job) != NULL && !sb_job_is_running (job)) ||
      !g_hash_table_add (self->asked, job))
    return;
  sb_job_log_fetch_curves_async (
      self->client, sb_job_get_name (job), self->cancellable, on_curves, g_object_ref (job));
}

static void
on_selected (SbJob *job, GParamSpec *pspec, SbJobsPage *self)
{
  if (sb_job_get_selected (job))
    ask_curves (self, job);
  compare_selected (self);
}

static void
on_expanded (SbJobRow *row, GParamSpec *pspec, SbJobsPage *self)
{
  if (adw_expander_row_get_expanded (ADW_EXPANDER_ROW (row)))
    ask_curves (self, sb_job_row_get_job (row));
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbJobsPage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = sb_client_call_finish (SB_CLIENT (source), result, &error);

  if (self->frame == NULL)
    return;
  sb_page_frame_set_error (self->frame, error);
  if (answer != NULL)
    g_signal_emit_by_name (self->frame, "refresh");
}

static void
on_stop (SbJobRow *row, SbJobsPage *self)
{
  g_autoptr (JsonObject) input =
      sb_json_object_new ("TrainingJobName", "s", sb_job_get_name (sb_job_row_get_job (row)), NULL);

  sb_client_call_async (self->client,
                        "sagemaker",
                        "StopTrainingJob",
                        input,
                        self->cancellable,
                        on_stopped,
                        g_object_ref (self));
}

static int
compare_numbers (double a, double b)
{
  return (a > b) - (a < b);
}

static int
compare_by (SbJobsPage *self, SortKey key, SbJob *a, SbJob *b)
{
  SbConnection *connection = sb_client_get_connection (self->client);
  double first, second;

  switch (key)
    {
    case SORT_NAME:
      return strcmp (sb_job_get_name (a), sb_job_get_name (b));
    case SORT_STATUS:
      return g_utf8_collate (sb_job_get_status_title (a), sb_job_get_status_title (b));
    case SORT_METRIC:
      /* Jobs that measure different things stand apart. */
      if (g_strcmp0 (sb_job_get_metric (a, &first), sb_job_get_metric (b, &second)) != 0)
        return g_strcmp0 (sb_job_get_metric (b, &second), sb_job_get_metric (a, &first));
      return compare_numbers (second, first);
    case SORT_DURATION:
      return compare_numbers (sb_job_get_duration (b), sb_job_get_duration (a));
    case SORT_COST:
      return compare_numbers (sb_job_get_cost (b, self->prices, connection),
                              sb_job_get_cost (a, self->prices, connection));
    case SORT_CREATED:
    default:
      return 0;
    }
}

static int
compare_rows (GtkListBoxRow *a, GtkListBoxRow *b, gpointer data)
{
  SbJobsPage *self = data;
  SbJob *first = sb_job_row_get_job (SB_JOB_ROW (a));
  SbJob *second = sb_job_row_get_job (SB_JOB_ROW (b));
  int order = compare_by (self, gtk_drop_down_get_selected (self->sort), first, second);

  if (order == 0)
    order =
        compare_numbers ((double) sb_job_get_created (second), (double) sb_job_get_created (first));
  return order;
}

static gboolean
is_wanted (GtkListBoxRow *row, gpointer data)
{
  SbJobsPage *self = data;

  return sb_job_row_matches (SB_JOB_ROW (row), gtk_editable_get_text (self->search));
}

static void
show_state (SbJobsPage *self)
{
  guint n = n_jobs (self);
  gboolean match = FALSE;
  GtkListBoxRow *row;

  for (int i = 0; !match && (row = gtk_list_box_get_row_at_index (self->rows, i)) != NULL; i++)
    match = is_wanted (row, self);
  gtk_widget_set_visible (self->tools, n > 0);
  gtk_widget_set_visible (self->none, n == 0 && !self->busy);
  gtk_widget_set_visible (self->no_match, n > 0 && !match);
  gtk_widget_set_visible (GTK_WIDGET (self->rows), match);
  gtk_widget_set_visible (self->cut, sb_job_list_is_cut (self->list));
}

static void
on_search (SbJobsPage *self)
{
  gtk_list_box_invalidate_filter (self->rows);
  show_state (self);
}

static void
on_sort (SbJobsPage *self)
{
  gtk_list_box_invalidate_sort (self->rows);
}

static void
add_row (SbJobsPage *self, SbJob *job)
{
  GtkWidget *row = sb_job_row_new (job,
                                   sb_workshop_get_modules (self->workshop),
                                   self->prices,
                                   sb_client_get_connection (self->client));

  g_object_set_data (G_OBJECT (job), "sb-page", self);
  g_signal_connect_object (job, "notify::selected", G_CALLBACK (on_selected), self, 0);
  g_signal_connect_object (row, "notify::expanded", G_CALLBACK (on_expanded), self, 0);
  g_signal_connect_object (row, "stop", G_CALLBACK (on_stop), self, 0);
  gtk_list_box_append (self->rows, row);
}

static void
remove_gone (SbJobsPage *self)
{
  GListStore *jobs = G_LIST_STORE (sb_job_list_get_jobs (self->list));
  GtkListBoxRow *row;
  int i = 0;

  while ((row = gtk_list_box_get_row_at_index (self->rows, i)) != NULL)
    if (g_list_store_find (jobs, sb_job_row_get_job (SB_JOB_ROW (row)), NULL))
      i++;
    else
      gtk_list_box_remove (self->rows, GTK_WIDGET (row));
}

/* Rows stay where they can: what is unfolded in them is not to be lost when they are sorted, as it
 * is when a list box is bound to a model. */
static void
on_jobs (GListModel *jobs, guint position, guint n_removed, guint n_added, SbJobsPage *self)
{
  if (n_removed > 0)
    remove_gone (self);
  for (guint i = position; i < position + n_added; i++)
    {
      g_autoptr (SbJob) job = g_list_model_get_item (jobs, i);

      add_row (self, job);
    }
  show_state (self);
  compare_selected (self);
}

/* Returns: whether any job goes on */
static gboolean
follow_running (SbJobsPage *self)
{
  gboolean running = FALSE;
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->rows, i)) != NULL; i++)
    {
      SbJob *job = sb_job_row_get_job (SB_JOB_ROW (row));
      gboolean looked_at =
          adw_expander_row_get_expanded (ADW_EXPANDER_ROW (row)) || sb_job_get_selected (job);

      running = running || sb_job_is_running (job);
      if (looked_at)
        ask_curves (self, job);
    }
  return running;
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (SbJobsPage) self = data;
  g_autoptr (GError) error = NULL;

  self->busy = FALSE;
  sb_job_list_refresh_finish (SB_JOB_LIST (source), result, &error);
  if (self->frame == NULL)
    return;
  sb_page_frame_set_error (self->frame, error);
  sb_page_frame_set_busy (self->frame, FALSE);
  gtk_list_box_invalidate_sort (self->rows);
  gtk_list_box_invalidate_filter (self->rows);
  show_state (self);
  if (follow_running (self) && error == NULL)
    sb_page_frame_ask_soon (self->frame,
                            sb_connection_is_local (sb_client_get_connection (self->client)));
}

static void
on_refresh (SbJobsPage *self)
{
  if (self->busy)
    return;
  self->busy = TRUE;
  sb_page_frame_set_busy (self->frame, TRUE);
  show_state (self);
  sb_job_list_refresh_async (self->list, self->cancellable, on_refreshed, g_object_ref (self));
}

static void
sb_jobs_page_dispose (GObject *object)
{
  SbJobsPage *self = SB_JOBS_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  /* The frame is a child and is bound: nobody else may unparent it. */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), SB_TYPE_JOBS_PAGE);
  g_clear_object (&self->list);
  g_clear_object (&self->client);
  g_clear_object (&self->workshop);
  G_OBJECT_CLASS (sb_jobs_page_parent_class)->dispose (object);
}

static void
sb_jobs_page_finalize (GObject *object)
{
  SbJobsPage *self = SB_JOBS_PAGE (object);

  g_object_unref (self->cancellable);
  g_hash_table_unref (self->asked);
  G_OBJECT_CLASS (sb_jobs_page_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, SbJobsPage, frame);
  gtk_widget_class_bind_template_child (widget_class, SbJobsPage, tools);
  gtk_widget_class_bind_template_child (widget_class, SbJobsPage, search);
  gtk_widget_class_bind_template_child (widget_class, SbJobsPage, sort);
  gtk_widget_class_bind_template_child (widget_class, SbJobsPage, compare);
  gtk_widget_class_bind_template_child (widget_class, SbJobsPage, none);
  gtk_widget_class_bind_template_child (widget_class, SbJobsPage, no_match);
  gtk_widget_class_bind_template_child (widget_class, SbJobsPage, cut);
  gtk_widget_class_bind_template_child (widget_class, SbJobsPage, rows);
}

static void
sb_jobs_page_class_init (SbJobsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sb_jobs_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_jobs_page_finalize;
  g_type_ensure (SB_TYPE_PAGE_FRAME);
  g_type_ensure (SB_TYPE_JOB_COMPARE);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/sagebrush/Sagebrush/ui/sb-jobs-page.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, on_refresh);
  gtk_widget_class_bind_template_callback (widget_class, on_search);
  gtk_widget_class_bind_template_callback (widget_class, on_sort);
}

static void
sb_jobs_page_init (SbJobsPage *self)
{
  self->cancellable = g_cancellable_new ();
  self->asked = g_hash_table_new (NULL, NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
  sb_accessible_keep_name (self->sort);
  gtk_list_box_set_sort_func (self->rows, compare_rows, self, NULL);
  gtk_list_box_set_filter_func (self->rows, is_wanted, self, NULL);
}

/**
 * sb_jobs_page_new:
 * @workshop: names the connection and the modules
 * @prices: (transfer none): what jobs cost; must live longer than the page
 *
 * Returns: the page; it asks nothing before it is shown
 */
GtkWidget *
sb_jobs_page_new (SbWorkshop *workshop, SbPrices *prices)
{
  SbJobsPage *self = g_object_new (SB_TYPE_JOBS_PAGE, NULL);

  self->workshop = g_object_ref (workshop);
  self->prices = prices;
  self->client = sb_client_new (sb_workshop_get_connection (workshop), NULL);
  self->list = sb_job_list_new (self->client);
  g_signal_connect_object (
      sb_job_list_get_jobs (self->list), "items-changed", G_CALLBACK (on_jobs), self, 0);
  return GTK_WIDGET (self);
}
