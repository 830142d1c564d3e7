/* sb-idle-watch.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-idle-watch.h"

#include <string.h>

#include "workshop/sb-endpoint-info.h"

/* How often is looked. */
#define LOOK_SECONDS 60
#define MAX_MINUTES  1440

/**
 * SbIdleWatch:
 *
 * Pauses endpoints that nobody has asked for some time, on the connections that it was told of.
 * What the service cannot tell of is left as it is. Lives in the main thread.
 */
struct _SbIdleWatch
{
  GObject parent_instance;

  guint minutes;
  GPtrArray *resources;
  GCancellable *cancellable;
  GHashTable *asked; /* "CONNECTION NAME" of what is being asked about */
  guint timer;
};

enum
{
  PROP_0,
  PROP_MINUTES,
  N_PROPS
};

enum
{
  SIGNAL_PAUSED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SbIdleWatch, sb_idle_watch, G_TYPE_OBJECT)

typedef struct
{
  SbIdleWatch *watch;
  SbResources *resources;
  char *name;
  char *key;
} Look;

static void
look_free (Look *self)
{
  g_hash_table_remove (self->watch->asked, self->key);
  g_object_unref (self->watch);
  g_object_unref (self->resources);
  g_free (self->name);
  g_free (self->key);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Look, look_free)

static gboolean
is_candidate (SbIdleWatch *self, SbResourceItem *item)
{
  double age = (double) g_get_real_time () / G_USEC_PER_SEC - sb_resource_item_get_created (item);

  return sb_resource_item_get_kind (item) == SB_RESOURCE_ENDPOINT &&
         g_strcmp0 (sb_resource_item_get_status (item), "InService") == 0 &&
         sb_resource_item_get_created (item) > 0 && age >= 60.0 * self->minutes;
}

/* Whether it is there still, and as old as it was: it may have been resumed meanwhile. */
static SbResourceItem *
find (SbIdleWatch *self, SbResources *resources, const char *name)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (resources)); i++)
    {
      g_autoptr (SbResourceItem) item = g_list_model_get_item (G_LIST_MODEL (resources), i);

      if (strcmp (sb_resource_item_get_name (item), name) == 0 && is_candidate (self, item))
        return g_steal_pointer (&item);
    }
  return NULL;
}

static void
on_paused (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Look) look = data;
  g_autoptr (GError) error = NULL;

  /* It is tried again with the next look. */
  if (sb_resources_change_finish (SB_RESOURCES (source), result, &error))
    g_signal_emit (look->watch, signals[SIGNAL_PAUSED], 0, look->resources, look->name);
  else
    g_message ("The endpoint “%s” is idle and could not be paused: %s", look->name, error->message);
}

static void
on_info (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Look) look = data;
  SbIdleWatch *self = look->watch;
  g_autoptr (GError) error = NULL;
  g_autoptr (SbEndpointInfo) info =
      sb_endpoint_info_fetch_finish (SB_CLIENT (source), result, &error);
  g_autoptr (SbResourceItem) item = find (self, look->resources, look->name);
  SbResources *resources = look->resources;

  if (info == NULL || item == NULL || self->minutes == 0 || !sb_endpoint_info_is_idle (info))
    return;
  sb_resources_pause_async (resources, item, self->cancellable, on_paused, g_steal_pointer (&look));
}

static void
ask (SbIdleWatch *self, SbResources *resources, SbResourceItem *item)
{
  SbConnection *connection = sb_resources_get_connection (resources);
  g_autoptr (SbClient) client = NULL;
  g_autofree char *key = g_strdup_printf ("%s %s",
                                          sb_connection_get_id (connection),
                                          sb_resource_item_get_name (item));
  Look *look;

  if (!g_hash_table_add (self->asked, g_strdup (key)))
    return;
  client = sb_client_new (connection, NULL);
  look = g_new0 (Look, 1);
  look->watch = g_object_ref (self);
  look->resources = g_object_ref (resources);
  look->name = g_strdup (sb_resource_item_get_name (item));
  look->key = g_steal_pointer (&key);
  sb_endpoint_info_fetch_async (
      client, look->name, self->minutes, self->cancellable, on_info, look);
}

static void
look_at (SbIdleWatch *self, SbResources *resources)
{
  /* Whoever asks the service tells afterwards, and then is looked again. */
  if (self->minutes == 0 || sb_resources_get_busy (resources))
    return;
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (resources)); i++)
    {
      g_autoptr (SbResourceItem) item = g_list_model_get_item (G_LIST_MODEL (resources), i);

      if (is_candidate (self, item))
        ask (self, resources, item);
    }
}

static void
look_at_all (SbIdleWatch *self)
{
  for (guint i = 0; i < self->resources->len; i++)
    look_at (self, self->resources->pdata[i]);
}

static gboolean
on_time (gpointer data)
{
  look_at_all (data);
  return G_SOURCE_CONTINUE;
}

static void
on_running (SbResources *resources, GParamSpec *pspec, SbIdleWatch *self)
{
  look_at (self, resources);
}

/**
 * sb_idle_watch_follow:
 * @self: a watch
 * @resources: what there is on a connection
 *
 * From now on looks at its endpoints.
 */
void
sb_idle_watch_follow (SbIdleWatch *self, SbResources *resources)
{
  g_ptr_array_add (self->resources, g_object_ref (resources));
  g_signal_connect_object (resources, "notify::n-running", G_CALLBACK (on_running), self, 0);
}

/**
 * sb_idle_watch_forget:
 * @self: a watch
 * @resources: what sb_idle_watch_follow() was told of
 */
void
sb_idle_watch_forget (SbIdleWatch *self, SbResources *resources)
{
  g_signal_handlers_disconnect_by_func (resources, on_running, self);
  g_ptr_array_remove (self->resources, resources);
}

static void
sb_idle_watch_dispose (GObject *object)
{
  SbIdleWatch *self = SB_IDLE_WATCH (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->timer, g_source_remove);
  g_ptr_array_set_size (self->resources, 0);
  G_OBJECT_CLASS (sb_idle_watch_parent_class)->dispose (object);
}

static void
sb_idle_watch_finalize (GObject *object)
{
  SbIdleWatch *self = SB_IDLE_WATCH (object);

  g_object_unref (self->cancellable);
  g_ptr_array_unref (self->resources);
  g_hash_table_unref (self->asked);
  G_OBJECT_CLASS (sb_idle_watch_parent_class)->finalize (object);
}

static void
sb_idle_watch_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_MINUTES:
      g_value_set_uint (value, SB_IDLE_WATCH (object)->minutes);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sb_idle_watch_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SbIdleWatch *self = SB_IDLE_WATCH (object);

  switch (id)
    {
    case PROP_MINUTES:
      if (self->minutes == g_value_get_uint (value))
        break;
      self->minutes = g_value_get_uint (value);
      g_object_notify_by_pspec (object, pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sb_idle_watch_class_init (SbIdleWatchClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = sb_idle_watch_dispose;
  object_class->finalize = sb_idle_watch_finalize;
  object_class->get_property = sb_idle_watch_get_property;
  object_class->set_property = sb_idle_watch_set_property;
  /**
   * SbIdleWatch:minutes:
   *
   * For how long nobody must have asked an endpoint before it is paused; 0 for never. While
   * somebody sets it, nothing is paused: it counts from the next look on.
   */
  properties[PROP_MINUTES] =
      g_param_spec_uint ("minutes",
                         NULL,
                         NULL,
                         0,
                         MAX_MINUTES,
                         0,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  /**
   * SbIdleWatch::paused:
   * @self: the watch
   * @resources: where it was
   * @name: the endpoint that was paused
   */
  signals[SIGNAL_PAUSED] = g_signal_new ("paused",
                                         SB_TYPE_IDLE_WATCH,
                                         G_SIGNAL_RUN_LAST,
                                         0,
                                         NULL,
                                         NULL,
                                         NULL,
                                         G_TYPE_NONE,
                                         2,
                                         SB_TYPE_RESOURCES,
                                         G_TYPE_STRING);
}

static void
sb_idle_watch_init (SbIdleWatch *self)
{
  self->cancellable = g_cancellable_new ();
  self->resources = g_ptr_array_new_with_free_func (g_object_unref);
  self->asked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->timer = g_timeout_add_seconds (LOOK_SECONDS, on_time, self);
}

/**
 * sb_idle_watch_new:
 *
 * Returns: a watch that pauses nothing yet
 */
SbIdleWatch *
sb_idle_watch_new (void)
{
  return g_object_new (SB_TYPE_IDLE_WATCH, NULL);
}
