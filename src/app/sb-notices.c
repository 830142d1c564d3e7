/* sb-notices.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "app/sb-notices.h"

#include <glib/gi18n.h>
#include <string.h>

/* How often is looked whether something has run for too long. */
#define LOOK_SECONDS 60

/**
 * SbNotices:
 *
 * What the desktop tells people who look elsewhere: that a job has ended, and that an endpoint or a
 * notebook has run for longer than they wanted.
 */
struct _SbNotices
{
  GObject parent_instance;

  GtkApplication *application; /* borrowed: it owns the window, which owns this */
  GSettings *settings;
  SbPrices *prices; /* borrowed */
  GPtrArray *resources;
  GHashTable *told; /* "CONNECTION KIND NAME CREATED" of what was told about */
  guint timer;
};

G_DEFINE_FINAL_TYPE (SbNotices, sb_notices, G_TYPE_OBJECT)

/* A click on it leads to @page of that connection. */
static void
send (SbNotices *self,
      const char *id,
      const char *title,
      const char *body,
      const char *connection,
      const char *page)
{
  g_autoptr (GNotification) notification = g_notification_new (title);

  g_notification_set_body (notification, body);
  g_notification_set_default_action_and_target (
      notification, "app.show-page-of", "(ss)", connection, page);
  g_application_send_notification (G_APPLICATION (self->application), id, notification);
}

static gboolean
is_looked_at (SbNotices *self)
{
  GtkWindow *window = gtk_application_get_active_window (self->application);

  return window != NULL && gtk_window_is_active (window);
}

static void
on_job_state (SbStep *step, GParamSpec *pspec, SbNotices *self)
{
  SbStepState state = sb_step_get_state (step);
  SbStepState before = GPOINTER_TO_INT (g_object_get_data (G_OBJECT (step), "sb-notices-state"));
  SbRun *run = sb_step_get_run (step);
  const char *title = sb_module_get_title (sb_run_get_module (run));
  g_autofree char *id = g_strconcat ("job-", sb_run_get_id (run), NULL);
  const char *body = state == SB_STEP_DONE ? sb_step_get_summary (step) : NULL;

  g_object_set_data (G_OBJECT (step), "sb-notices-state", GINT_TO_POINTER (state));
  /* Whoever stops a job knows that it ends. */
  if (before != SB_STEP_RUNNING || (state != SB_STEP_DONE && state != SB_STEP_FAILED) ||
      is_looked_at (self))
    return;
  if (state == SB_STEP_FAILED && sb_step_get_error (step) != NULL)
    body = sb_step_get_error (step)->message;
  send (self,
        id,
        state == SB_STEP_DONE ? _ ("The Training Job Has Ended")
                              : _ ("The Training Job Has Failed"),
        body != NULL ? body : title,
        sb_connection_get_id (sb_run_get_connection (run)),
        sb_module_get_id (sb_run_get_module (run)));
}

/**
 * sb_notices_follow_run:
 * @self: notices
 * @run: a run
 *
 * Tells when its training job ends.
 */
void
sb_notices_follow_run (SbNotices *self, SbRun *run)
{
  SbStep *step = sb_run_find_step_of_kind (run, "train");

  if (step == NULL)
    return;
  g_object_set_data (G_OBJECT (step),
                     "sb-notices-state",
                     GINT_TO_POINTER (sb_step_get_state (step)));
  g_signal_connect_object (step, "notify::state", G_CALLBACK (on_job_state), self, 0);
}

static void
tell_of_age (SbNotices *self, SbConnection *connection, SbResourceItem *item, double seconds)
{
  int minutes = (int) (seconds / 60);
  g_autofree char *age =
      minutes < 120
          ? g_strdup_printf (ngettext ("%d minute", "%d minutes", (gulong) minutes), minutes)
          : g_strdup_printf (ngettext ("%d hour", "%d hours", (gulong) minutes / 60), minutes / 60);
  g_autofree char *price = sb_prices_describe_item (self->prices, connection, item);
  /* translators: “NAME: 3 hours, $0.12 per hour, $0.36 so far” */
  g_autofree char *body =
      g_strdup_printf (_ ("%s: %s, %s"), sb_resource_item_get_name (item), age, price);

  send (self,
        sb_resource_item_get_name (item),
        sb_resource_item_get_kind (item) == SB_RESOURCE_ENDPOINT
            ? _ ("An Endpoint Is Still Running")
            : _ ("A Notebook Is Still Running"),
        body,
        sb_connection_get_id (connection),
        "clean-up");
}

static void
look_at_item (SbNotices *self, SbConnection *connection, SbResourceItem *item)
{
  double limit = 60.0 * g_settings_get_uint (self->settings, "reminder-minutes");
  double created = sb_resource_item_get_created (item);
  double age = (double) g_get_real_time () / G_USEC_PER_SEC - created;
  g_autofree char *key = g_strdup_printf ("%s %d %s %.0f",
                                          sb_connection_get_id (connection),
                                          (int) sb_resource_item_get_kind (item),
                                          sb_resource_item_get_name (item),
                                          created);

  if (limit <= 0 || created <= 0 || age < limit || !sb_resource_item_is_running (item) ||
      sb_resource_item_get_kind (item) == SB_RESOURCE_TRAINING_JOB ||
      !g_hash_table_add (self->told, g_steal_pointer (&key)))
    return;
  tell_of_age (self, connection, item, age);
}

static void
look (SbNotices *self)
{
  for (guint i = 0; i < self->resources->len; i++)
    {
      GListModel *items = self->resources->pdata[i];

      for (guint j = 0; j < g_list_model_get_n_items (items); j++)
        {
          g_autoptr (SbResourceItem) item = g_list_model_get_item (items, j);

          look_at_item (self, sb_resources_get_connection (self->resources->pdata[i]), item);
        }
    }
}

static gboolean
on_time (gpointer data)
{
  look (data);
  return G_SOURCE_CONTINUE;
}

static void
on_running (SbResources *resources, GParamSpec *pspec, SbNotices *self)
{
  look (self);
}

/**
 * sb_notices_follow_resources:
 * @self: notices
 * @resources: what there is on a connection
 *
 * Tells of each endpoint and notebook that has run for longer than the setting `reminder-minutes`.
 */
void
sb_notices_follow_resources (SbNotices *self, SbResources *resources)
{
  g_ptr_array_add (self->resources, g_object_ref (resources));
  g_signal_connect_object (resources, "notify::n-running", G_CALLBACK (on_running), self, 0);
}

/**
 * sb_notices_forget_resources:
 * @self: notices
 * @resources: what sb_notices_follow_resources() was told of
 */
void
sb_notices_forget_resources (SbNotices *self, SbResources *resources)
{
  g_signal_handlers_disconnect_by_func (resources, on_running, self);
  g_ptr_array_remove (self->resources, resources);
}

/**
 * sb_notices_tell_paused:
 * @self: notices
 * @resources: where it was
 * @name: an endpoint that nobody has asked
 *
 * Tells that it was paused.
 */
void
sb_notices_tell_paused (SbNotices *self, SbResources *resources, const char *name)
{
  /* translators: %s is the name of an endpoint */
  g_autofree char *body =
      g_strdup_printf (_ ("Nobody has asked %s for a while. Resume brings it back."), name);

  send (self,
        name,
        _ ("An Idle Endpoint Was Paused"),
        body,
        sb_connection_get_id (sb_resources_get_connection (resources)),
        "endpoints");
}

static void
sb_notices_dispose (GObject *object)
{
  SbNotices *self = SB_NOTICES (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_ptr_array_set_size (self->resources, 0);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (sb_notices_parent_class)->dispose (object);
}

static void
sb_notices_finalize (GObject *object)
{
  SbNotices *self = SB_NOTICES (object);

  g_ptr_array_unref (self->resources);
  g_hash_table_unref (self->told);
  G_OBJECT_CLASS (sb_notices_parent_class)->finalize (object);
}

static void
sb_notices_class_init (SbNoticesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = sb_notices_dispose;
  G_OBJECT_CLASS (klass)->finalize = sb_notices_finalize;
}

static void
sb_notices_init (SbNotices *self)
{
  self->resources = g_ptr_array_new_with_free_func (g_object_unref);
  self->told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->timer = g_timeout_add_seconds (LOOK_SECONDS, on_time, self);
}

/**
 * sb_notices_new:
 * @application: (transfer none): sends the notices; must live longer than they do
 * @settings: says after how long is reminded
 * @prices: (transfer none): what things cost; must live longer, too
 *
 * Returns: notices of nothing so far
 */
SbNotices *
sb_notices_new (GtkApplication *application, GSettings *settings, SbPrices *prices)
{
  SbNotices *self = g_object_new (SB_TYPE_NOTICES, NULL);

  self->application = application;
  self->settings = g_object_ref (settings);
  self->prices = prices;
  return self;
}
