/* sb-resources.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-resources.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cloud/sb-asker.h"
#include "wire/sb-error.h"
#include "wire/sb-json.h"
#include "workshop/sb-ledger-private.h"
#include "workshop/sb-prices.h"
#include "workshop/sb-remove.h"
#include "workshop/sb-survey.h"

/* How often Clean Up asks again and deletes what has come up meanwhile: the answer to a create that
 * was on its way, a model that a stopping job still wrote. */
#define MAX_ROUNDS 3

/**
 * SbResources:
 *
 * What the workshop has created on a connection and the service still has, as a list of
 * #SbResourceItem in the order in which it is to be deleted, and its deletion. Lives in the main
 * thread; the calls are made in others.
 */
struct _SbResources
{
  GObject parent_instance;

  SbWorkshop *workshop;
  char *runs_dir;
  GListStore *items;
  char **problems;
  gboolean busy;
  gboolean background; /* whether looking must not lead to questions to the person */
  gboolean priced;     /* used in one thread at a time, while busy */
};

enum
{
  PROP_0,
  PROP_BUSY,
  PROP_N_RUNNING,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static GType
sb_resources_get_item_type (GListModel *model)
{
  return SB_TYPE_RESOURCE_ITEM;
}

static guint
sb_resources_get_n_items (GListModel *model)
{
  return g_list_model_get_n_items (G_LIST_MODEL (SB_RESOURCES (model)->items));
}

static gpointer
sb_resources_get_item (GListModel *model, guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (SB_RESOURCES (model)->items), position);
}

static void
list_model_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = sb_resources_get_item_type;
  iface->get_n_items = sb_resources_get_n_items;
  iface->get_item = sb_resources_get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SbResources,
                               sb_resources,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_iface_init))

static void
set_busy (SbResources *self, gboolean busy)
{
  if (self->busy == busy)
    return;
  self->busy = busy;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BUSY]);
}

static void
take_survey (SbResources *self, SbSurvey *survey)
{
  g_ptr_array_add (survey->problems, NULL);
  g_strfreev (self->problems);
  self->problems = g_strdupv ((char **) survey->problems->pdata);
  g_list_store_splice (self->items,
                       0,
                       g_list_model_get_n_items (G_LIST_MODEL (self->items)),
                       survey->items->pdata,
                       survey->items->len);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_RUNNING]);
}

/* Where the account permits it, prices are this week's from the next start on. It is asked once. */
static void
refresh_prices (SbResources *self, SbClient *client, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;

  if (self->priced || sb_connection_is_engine (sb_client_get_connection (client)))
    return;
  self->priced = TRUE;
  if (!sb_prices_refresh (client, cancellable, &error))
    g_debug ("Prices are those that came with the program: %s", error->message);
}

/* Looking is not worth a line of the journal each time; deleting is. */
static SbSurvey *
survey (SbResources *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (SbClient) client = sb_client_new (sb_workshop_get_connection (self->workshop), NULL);

  refresh_prices (self, client, cancellable);
  return sb_survey_new (client, self->runs_dir, cancellable, error);
}

static void
refresh_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  SbSurvey *found;

  sb_asker_set_hushed (SB_RESOURCES (source)->background);
  found = survey (SB_RESOURCES (source), cancellable, &error);
  sb_asker_set_hushed (FALSE);
  if (found != NULL)
    g_task_return_pointer (task, found, (GDestroyNotify) sb_survey_free);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * sb_resources_set_background:
 * @self: resources
 * @background: whether it is looked for them while the person is about something else, who must not
 *   be asked for codes or keys then; to delete them may still lead to such questions
 */
void
sb_resources_set_background (SbResources *self, gboolean background)
{
  g_return_if_fail (SB_IS_RESOURCES (self));

  self->background = background;
}

/* One question at a time: who comes in between is refused, and told apart by having no mark. */
static gboolean
begin (SbResources *self, GTask *task)
{
  if (!self->busy)
    {
      set_busy (self, TRUE);
      g_object_set_data (G_OBJECT (task), "sb-begun", self);
      return TRUE;
    }
  g_task_return_new_error (task,
                           SB_ERROR,
                           SB_ERROR_CONFLICT,
                           _ ("The service is being asked already; wait a moment"));
  return FALSE;
}

/**
 * sb_resources_refresh_async:
 * @self: resources
 * @cancellable: (nullable): a cancellable
 * @callback: called when the service has answered
 * @user_data: data for @callback
 *
 * Asks the service what there is.
 */
void
sb_resources_refresh_async (SbResources *self,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_return_if_fail (SB_IS_RESOURCES (self));

  g_task_set_source_tag (task, sb_resources_refresh_async);
  if (begin (self, task))
    g_task_run_in_thread (task, refresh_in_thread);
}

static gboolean
finish (SbResources *self, GAsyncResult *result, GError **error)
{
  g_autoptr (SbSurvey) found = g_task_propagate_pointer (G_TASK (result), error);

  if (g_object_get_data (G_OBJECT (result), "sb-begun") != NULL)
    set_busy (self, FALSE);
  if (found != NULL)
    take_survey (self, found);
  return found != NULL;
}

/**
 * sb_resources_refresh_finish:
 * @self: resources
 * @result: what the callback got
 * @error: why the service could not be asked
 *
 * Returns: whether the list is what the service has answered
 */
gboolean
sb_resources_refresh_finish (SbResources *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return finish (self, result, error);
}

typedef struct
{
  SbResourceItem *item;
  SbResourcePhase phase;
  char *message;
} News;

static void
news_free (gpointer data)
{
  News *news = data;

  g_object_unref (news->item);
  g_free (news->message);
  g_free (news);
}

static gboolean
deliver (gpointer data)
{
  News *news = data;

  sb_resource_item_set_phase (news->item, news->phase, news->message);
  return G_SOURCE_REMOVE;
}

static void
tell (SbResourceItem *item, SbResourcePhase phase, const char *message)
{
  News *news = g_new0 (News, 1);

  news->item = g_object_ref (item);
  news->phase = phase;
  news->message = g_strdup (message);
  g_main_context_invoke_full (NULL, G_PRIORITY_DEFAULT, deliver, news, news_free);
}

typedef struct
{
  GPtrArray *items;  /* SbResourceItem that are to be deleted, as they are shown */
  GHashTable *names; /* "KIND NAME" of them -> why it is still there, or "" */
} Doom;

static void
doom_free (gpointer data)
{
  Doom *doom = data;

  g_ptr_array_unref (doom->items);
  g_hash_table_unref (doom->names);
  g_free (doom);
}

static char *
make_key (SbResourceItem *item)
{
  return g_strdup_printf ("%d %s",
                          (int) sb_resource_item_get_kind (item),
                          sb_resource_item_get_name (item));
}

/* The item of the list as it is shown, for one that a later survey has found. */
static SbResourceItem *
find_shown (Doom *doom, SbResourceItem *item)
{
  for (guint i = 0; i < doom->items->len; i++)
    if (sb_resource_item_get_kind (doom->items->pdata[i]) == sb_resource_item_get_kind (item) &&
        strcmp (sb_resource_item_get_name (doom->items->pdata[i]),
                sb_resource_item_get_name (item)) == 0)
      return doom->items->pdata[i];
  return item;
}

static void
remove_one (SbClient *client,
            Doom *doom,
            SbSurvey *found,
            SbResourceItem *item,
            GCancellable *cancellable)
{
  static const SbResourcePhase phases[] = {
    [SB_REMOVAL_FAILED] = SB_RESOURCE_FAILED,
    [SB_REMOVAL_DONE] = SB_RESOURCE_REMOVED,
    [SB_REMOVAL_KEPT] = SB_RESOURCE_KEPT,
  };
  SbResourceKind kind = sb_resource_item_get_kind (item);
  const char *name = sb_resource_item_get_name (item);
  SbResourceItem *shown = find_shown (doom, item);
  g_autoptr (GError) error = NULL;
  SbRemoval removal;
  const char *message = NULL;

  tell (shown, SB_RESOURCE_REMOVING, NULL);
  removal = sb_remove_resource (client, kind, name, cancellable, &error);
  if (removal == SB_REMOVAL_DONE)
    sb_survey_mark_deleted (found, kind, name);
  else if (removal == SB_REMOVAL_KEPT)
    message = _ ("It holds files that the workshop did not put there. Delete them under Storage, "
                 "then clean up again.");
  else
    message = error->message;
  tell (shown, phases[removal], message);
  g_hash_table_replace (doom->names, make_key (item), g_strdup (message != NULL ? message : ""));
}

/* Returns: what is there after one round */
static SbSurvey *
clean_round (SbResources *self,
             SbClient *client,
             Doom *doom,
             SbSurvey *found,
             GCancellable *cancellable,
             GError **error)
{
  for (guint i = 0; i < found->items->len; i++)
    {
      SbResourceItem *item = found->items->pdata[i];
      g_autofree char *key = make_key (item);

      if (g_cancellable_is_cancelled (cancellable))
        break;
      if (g_hash_table_contains (doom->names, key))
        remove_one (client, doom, found, item, cancellable);
    }
  return survey (self, cancellable, error);
}

/* Whether another round could do more than the one before: of what was to be deleted, something is
 * there although its deletion did not fail. */
static gboolean
is_unfinished (Doom *doom, SbSurvey *found)
{
  for (guint i = 0; i < found->items->len; i++)
    {
      g_autofree char *key = make_key (found->items->pdata[i]);
      const char *why = g_hash_table_lookup (doom->names, key);

      if (why != NULL && *why == '\0')
        return TRUE;
    }
  return FALSE;
}

static void
explain_rest (Doom *doom, SbSurvey *found)
{
  for (guint i = 0; i < found->items->len; i++)
    {
      SbResourceItem *item = found->items->pdata[i];
      g_autofree char *key = make_key (item);
      const char *why = g_hash_table_lookup (doom->names, key);

      sb_resource_item_set_selected (item, why != NULL);
      if (why != NULL)
        sb_resource_item_set_phase (item,
                                    SB_RESOURCE_FAILED,
                                    *why != '\0' ? why : _ ("It is still there; clean up again"));
    }
}

static SbClient *
make_client (SbResources *self)
{
  g_autoptr (SbClient) plain = sb_client_new (sb_workshop_get_connection (self->workshop),
                                              sb_workshop_get_journal (self->workshop));

  return sb_client_with_label (plain, "clean-up", NULL, NULL);
}

static void
clean_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  SbResources *self = SB_RESOURCES (source);
  Doom *doom = data;
  g_autoptr (SbClient) client = make_client (self);
  g_autoptr (GError) error = NULL;
  SbSurvey *found = survey (self, cancellable, &error);

  for (guint i = 0; found != NULL && i < MAX_ROUNDS; i++)
    {
      g_autoptr (SbSurvey) before = g_steal_pointer (&found);

      found = clean_round (self, client, doom, before, cancellable, &error);
      if (found == NULL || !is_unfinished (doom, found))
        break;
    }
  if (found == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  explain_rest (doom, found);
  g_task_return_pointer (task, found, (GDestroyNotify) sb_survey_free);
}

static Doom *
doom_new (SbResources *self)
{
  Doom *doom = g_new0 (Doom, 1);

  doom->items = g_ptr_array_new_with_free_func (g_object_unref);
  doom->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->items)); i++)
    {
      g_autoptr (SbResourceItem) item = g_list_model_get_item (G_LIST_MODEL (self->items), i);

      if (!sb_resource_item_get_selected (item))
        continue;
      sb_resource_item_set_phase (item, SB_RESOURCE_QUEUED, NULL);
      g_hash_table_replace (doom->names, make_key (item), g_strdup (""));
      g_ptr_array_add (doom->items, g_steal_pointer (&item));
    }
  return doom;
}

/**
 * sb_resources_clean_up_async:
 * @self: resources
 * @cancellable: (nullable): a cancellable; what has begun to be deleted is waited for
 * @callback: called when all is done
 * @user_data: data for @callback
 *
 * Deletes what is selected, in the order of the list, then asks the service again: the list is what
 * is left. Whatever cannot be deleted keeps nothing else from being deleted.
 */
void
sb_resources_clean_up_async (SbResources *self,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_return_if_fail (SB_IS_RESOURCES (self));

  g_task_set_source_tag (task, sb_resources_clean_up_async);
  if (!begin (self, task))
    return;
  g_task_set_task_data (task, doom_new (self), doom_free);
  g_task_run_in_thread (task, clean_in_thread);
}

/**
 * sb_resources_clean_up_finish:
 * @self: resources
 * @result: what the callback got
 * @error: why not; %SB_ERROR_CONFLICT when something is left, which the list then shows
 *
 * Returns: whether the service has answered that nothing of what was selected is left
 */
gboolean
sb_resources_clean_up_finish (SbResources *self, GAsyncResult *result, GError **error)
{
  guint left = 0;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  if (!finish (self, result, error))
    return FALSE;
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->items)); i++)
    {
      g_autoptr (SbResourceItem) item = g_list_model_get_item (G_LIST_MODEL (self->items), i);

      left += sb_resource_item_get_phase (item) == SB_RESOURCE_FAILED ? 1 : 0;
    }
  if (left == 0)
    return TRUE;
  g_set_error (error,
               SB_ERROR,
               SB_ERROR_CONFLICT,
               ngettext ("%u resource is still there", "%u resources are still there", left),
               left);
  return FALSE;
}

static void
return_survey (SbResources *self, GTask *task, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  SbSurvey *found = survey (self, cancellable, &error);

  if (found != NULL)
    g_task_return_pointer (task, found, (GDestroyNotify) sb_survey_free);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
pause_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (SbClient) client = make_client (source);
  g_autoptr (GError) error = NULL;

  tell (data, SB_RESOURCE_REMOVING, NULL);
  if (sb_remove_resource (
          client, SB_RESOURCE_ENDPOINT, sb_resource_item_get_name (data), cancellable, &error) ==
      SB_REMOVAL_FAILED)
    {
      tell (data, SB_RESOURCE_FAILED, error->message);
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  return_survey (source, task, cancellable);
}

/* The run that has created the configuration answers for its endpoint, too. */
static gboolean
intend_endpoint (SbResources *self, SbResourceItem *config, GError **error)
{
  const char *run = sb_resource_item_get_run (config);
  g_autofree char *folder = g_build_filename (self->runs_dir, run != NULL ? run : "", NULL);
  g_autofree char *path = g_build_filename (folder, "ledger.json", NULL);
  g_autoptr (SbLedger) ledger = NULL;

  /* One from another computer is known by its tags alone. */
  if (run == NULL || !g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  ledger = _sb_ledger_new (path, error);
  return ledger != NULL && sb_ledger_intend (ledger,
                                             SB_RESOURCE_ENDPOINT,
                                             sb_resource_item_get_name (config),
                                             "deploy",
                                             sb_resource_item_get_region (config),
                                             error);
}

static void
resume_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (SbClient) client = make_client (source);
  SbResourceItem *config = data;
  const char *module = sb_resource_item_get_module (config);
  const char *run = sb_resource_item_get_run (config);
  g_autoptr (JsonObject) input =
      sb_json_object_new ("EndpointName",
                          "s",
                          sb_resource_item_get_name (config),
                          "EndpointConfigName",
                          "s",
                          sb_resource_item_get_name (config),
                          "Tags",
                          "a",
                          sb_survey_make_tags (module != NULL ? module : "",
                                               run != NULL ? run : ""),
                          NULL);
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (GError) error = NULL;

  if (intend_endpoint (source, config, &error))
    answer = sb_client_call (client, "sagemaker", "CreateEndpoint", input, cancellable, &error);
  if (answer == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    return_survey (source, task, cancellable);
}

static void
change (SbResources *self,
        SbResourceItem *item,
        gpointer tag,
        GTaskThreadFunc func,
        GCancellable *cancellable,
        GAsyncReadyCallback callback,
        gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  if (!begin (self, task))
    return;
  g_task_set_task_data (task, g_object_ref (item), g_object_unref);
  g_task_run_in_thread (task, func);
}

/**
 * sb_resources_pause_async:
 * @self: resources
 * @endpoint: an endpoint of them
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is gone; to call sb_resources_change_finish()
 * @user_data: data for @callback
 *
 * Deletes an endpoint, but neither its model nor its configuration: sb_resources_resume_async()
 * brings it back under the same name.
 */
void
sb_resources_pause_async (SbResources *self,
                          SbResourceItem *endpoint,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_return_if_fail (sb_resource_item_get_kind (endpoint) == SB_RESOURCE_ENDPOINT);

  change (
      self, endpoint, sb_resources_pause_async, pause_in_thread, cancellable, callback, user_data);
}

/**
 * sb_resources_resume_async:
 * @self: resources
 * @config: an endpoint configuration of them that has no endpoint
 * @cancellable: (nullable): a cancellable
 * @callback: called when the endpoint is being created; to call sb_resources_change_finish()
 * @user_data: data for @callback
 */
void
sb_resources_resume_async (SbResources *self,
                           SbResourceItem *config,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_return_if_fail (sb_resource_item_get_kind (config) == SB_RESOURCE_ENDPOINT_CONFIG);

  change (
      self, config, sb_resources_resume_async, resume_in_thread, cancellable, callback, user_data);
}

/**
 * sb_resources_change_finish:
 * @self: resources
 * @result: what the callback got
 * @error: why not
 *
 * Returns: whether it is done, and the list is what the service has answered afterwards
 */
gboolean
sb_resources_change_finish (SbResources *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return finish (self, result, error);
}

SbConnection *
sb_resources_get_connection (SbResources *self)
{
  return sb_workshop_get_connection (self->workshop);
}

gboolean
sb_resources_get_busy (SbResources *self)
{
  return self->busy;
}

/**
 * sb_resources_get_problems:
 * @self: resources
 *
 * Returns: (transfer none) (array zero-terminated=1): what the service could not be asked for, so
 *   that something may be missing from the list
 */
const char *const *
sb_resources_get_problems (SbResources *self)
{
  return (const char *const *) self->problems;
}

/**
 * sb_resources_get_n_running:
 * @self: resources
 *
 * Returns: how many are paid for by the hour
 */
guint
sb_resources_get_n_running (SbResources *self)
{
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->items)); i++)
    {
      g_autoptr (SbResourceItem) item = g_list_model_get_item (G_LIST_MODEL (self->items), i);

      n += sb_resource_item_is_running (item) ? 1 : 0;
    }
  return n;
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, SbResources *self)
{
  g_list_model_items_changed (G_LIST_MODEL (self), position, removed, added);
}

static void
sb_resources_finalize (GObject *object)
{
  SbResources *self = SB_RESOURCES (object);

  g_clear_object (&self->items);
  g_clear_object (&self->workshop);
  g_strfreev (self->problems);
  g_free (self->runs_dir);
  G_OBJECT_CLASS (sb_resources_parent_class)->finalize (object);
}

static void
sb_resources_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SbResources *self = SB_RESOURCES (object);

  switch (id)
    {
    case PROP_BUSY:
      g_value_set_boolean (value, self->busy);
      break;
    case PROP_N_RUNNING:
      g_value_set_uint (value, sb_resources_get_n_running (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sb_resources_class_init (SbResourcesClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = sb_resources_finalize;
  object_class->get_property = sb_resources_get_property;
  properties[PROP_BUSY] = g_param_spec_boolean ("busy", NULL, NULL, FALSE, flags);
  properties[PROP_N_RUNNING] = g_param_spec_uint ("n-running", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sb_resources_init (SbResources *self)
{
  self->items = g_list_store_new (SB_TYPE_RESOURCE_ITEM);
  self->problems = g_new0 (char *, 1);
  g_signal_connect_object (self->items, "items-changed", G_CALLBACK (on_items_changed), self, 0);
}

/**
 * sb_resources_new:
 * @workshop: whose runs and connection
 *
 * Returns: (transfer full): a list that is empty until it is refreshed
 */
SbResources *
sb_resources_new (SbWorkshop *workshop)
{
  SbResources *self = g_object_new (SB_TYPE_RESOURCES, NULL);

  self->workshop = g_object_ref (workshop);
  self->runs_dir = g_build_filename (sb_workshop_get_data_dir (workshop), "runs", NULL);
  return self;
}
