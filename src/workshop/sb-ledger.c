/* sb-ledger.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-ledger.h"

#include <glib/gi18n.h>
#include <string.h>

#include "wire/sb-json.h"
#include "workshop/sb-ledger-private.h"

/**
 * SbLedger:
 *
 * What a run has created, or was about to: written down, synced, before each create call leaves.
 * May be used by several threads.
 */
struct _SbLedger
{
  GObject parent_instance;

  GMutex mutex;
  char *path;
  GPtrArray *resources;
  guint told; /* the source that emits SbLedger::changed */
};

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (SbLedger, sb_ledger, G_TYPE_OBJECT)
G_DEFINE_BOXED_TYPE (SbResource, sb_resource, sb_resource_copy, sb_resource_free)

static const char *const kind_names[SB_N_RESOURCE_KINDS] = {
  "endpoint", "endpoint-config", "model", "training-job", "notebook", "objects", "role", "bucket",
};

SbResource *
sb_resource_copy (const SbResource *self)
{
  SbResource *copy = g_memdup2 (self, sizeof *self);

  copy->name = g_strdup (self->name);
  copy->arn = g_strdup (self->arn);
  copy->step = g_strdup (self->step);
  copy->region = g_strdup (self->region);
  return copy;
}

void
sb_resource_free (SbResource *self)
{
  g_free (self->name);
  g_free (self->arn);
  g_free (self->step);
  g_free (self->region);
  g_free (self);
}

/**
 * sb_resource_kind_get_name:
 * @kind: a kind
 *
 * Returns: (transfer none): its name in files
 */
const char *
sb_resource_kind_get_name (SbResourceKind kind)
{
  return kind_names[kind];
}

/**
 * sb_resource_kind_get_title:
 * @kind: a kind
 *
 * Returns: (transfer none): what people call it, translated
 */
const char *
sb_resource_kind_get_title (SbResourceKind kind)
{
  const char *const titles[SB_N_RESOURCE_KINDS] = {
    _ ("Endpoint"),
    _ ("Endpoint configuration"),
    _ ("Model"),
    _ ("Training job"),
    _ ("Notebook instance"),
    _ ("Files in S3"),
    _ ("Role"),
    _ ("Bucket"),
  };

  return titles[kind];
}

static JsonObject *
to_json (const SbResource *resource)
{
  return sb_json_object_new ("kind",
                             "s",
                             kind_names[resource->kind],
                             "name",
                             "s",
                             resource->name,
                             "arn",
                             "s",
                             resource->arn,
                             "step",
                             "s",
                             resource->step,
                             "region",
                             "s",
                             resource->region,
                             "created",
                             "d",
                             resource->created,
                             "confirmed",
                             "b",
                             resource->confirmed,
                             "deleted",
                             "b",
                             resource->deleted,
                             "deleted_at",
                             "d",
                             resource->deleted_at,
                             NULL);
}

static SbResource *
from_json (JsonObject *json)
{
  SbResource *resource = g_new0 (SbResource, 1);
  const char *kind = sb_json_get_string (json, "kind", "");

  for (guint i = 0; i < G_N_ELEMENTS (kind_names); i++)
    if (strcmp (kind_names[i], kind) == 0)
      resource->kind = (SbResourceKind) i;
  resource->name = g_strdup (sb_json_get_string (json, "name", ""));
  resource->arn = g_strdup (sb_json_get_string (json, "arn", NULL));
  resource->step = g_strdup (sb_json_get_string (json, "step", ""));
  resource->region = g_strdup (sb_json_get_string (json, "region", ""));
  resource->created = sb_json_get_double (json, "created", 0);
  resource->confirmed = sb_json_get_bool (json, "confirmed", FALSE);
  resource->deleted = sb_json_get_bool (json, "deleted", FALSE);
  resource->deleted_at = sb_json_get_double (json, "deleted_at", resource->created);
  return resource;
}

/* With the lock held. */
static gboolean
save (SbLedger *self, GError **error)
{
  g_autoptr (JsonObject) document = json_object_new ();
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < self->resources->len; i++)
    json_array_add_object_element (array, to_json (self->resources->pdata[i]));
  json_object_set_array_member (document, "resources", array);
  return sb_json_save_file (document, self->path, error);
}

static SbResource *
find (SbLedger *self, SbResourceKind kind, const char *name)
{
  for (guint i = self->resources->len; i > 0; i--)
    {
      SbResource *resource = self->resources->pdata[i - 1];

      if (resource->kind == kind && strcmp (resource->name, name) == 0)
        return resource;
    }
  return NULL;
}

static gboolean
on_told (gpointer data)
{
  SbLedger *self = data;

  g_mutex_lock (&self->mutex);
  self->told = 0;
  g_mutex_unlock (&self->mutex);
  g_signal_emit (self, signals[CHANGED], 0);
  return G_SOURCE_REMOVE;
}

/* In the main thread, whoever has changed it; with the mutex held. */
static void
tell (SbLedger *self)
{
  if (self->told == 0)
    self->told = g_idle_add_full (G_PRIORITY_DEFAULT, on_told, g_object_ref (self), g_object_unref);
}

static SbLedger *
load (const char *path, GError **error)
{
  g_autoptr (SbLedger) self = g_object_new (SB_TYPE_LEDGER, NULL);
  g_autoptr (JsonObject) document = NULL;
  JsonArray *array;

  self->path = g_strdup (path);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&self);
  document = sb_json_load_file (path, error);
  if (document == NULL)
    return NULL;
  array = sb_json_get_array (document, "resources");
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    g_ptr_array_add (self->resources, from_json (json_array_get_object_element (array, i)));
  return g_steal_pointer (&self);
}

static void
free_weak_ref (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

/**
 * _sb_ledger_new:
 * @path: its file
 * @error: why an existing file cannot be read
 *
 * Within a process a file has one ledger, whoever opens it: else a run and Clean Up would overwrite
 * what the other has written down.
 *
 * Returns: (transfer full) (nullable): the ledger
 */
SbLedger *
_sb_ledger_new (const char *path, GError **error)
{
  static GMutex mutex;
  static GHashTable *open_ledgers;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);
  GWeakRef *ref;
  SbLedger *self;

  if (open_ledgers == NULL)
    open_ledgers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_weak_ref);
  ref = g_hash_table_lookup (open_ledgers, path);
  self = ref != NULL ? g_weak_ref_get (ref) : NULL;
  if (self != NULL)
    return self;
  self = load (path, error);
  if (self == NULL)
    return NULL;
  ref = g_new0 (GWeakRef, 1);
  g_weak_ref_init (ref, self);
  g_hash_table_replace (open_ledgers, g_strdup (path), ref);
  return self;
}

static double
now (void)
{
  return (double) g_get_real_time () / G_USEC_PER_SEC;
}

/**
 * sb_ledger_intend:
 * @self: a ledger
 * @kind: what is about to be created
 * @name: its name
 * @step: the step that creates it
 * @region: its Region
 * @error: why it could not be written down; then it must not be created
 *
 * Returns: whether it is written down and synced
 */
gboolean
sb_ledger_intend (SbLedger *self,
                  SbResourceKind kind,
                  const char *name,
                  const char *step,
                  const char *region,
                  GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  SbResource *resource = find (self, kind, name);

  if (resource == NULL)
    {
      resource = g_new0 (SbResource, 1);
      resource->kind = kind;
      resource->name = g_strdup (name);
      resource->step = g_strdup (step);
      resource->region = g_strdup (region);
      g_ptr_array_add (self->resources, resource);
    }
  if (resource->deleted)
    tell (self);
  resource->created = now ();
  resource->deleted = FALSE;
  return save (self, error);
}

/**
 * sb_ledger_confirm:
 * @self: a ledger
 * @kind: what was created
 * @name: its name
 * @arn: (nullable): its ARN
 * @error: why it could not be written down
 *
 * Returns: whether it is written down
 */
gboolean
sb_ledger_confirm (SbLedger *self,
                   SbResourceKind kind,
                   const char *name,
                   const char *arn,
                   GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  SbResource *resource = find (self, kind, name);

  if (resource == NULL)
    return TRUE;
  g_free (resource->arn);
  resource->arn = g_strdup (arn);
  resource->confirmed = TRUE;
  return save (self, error);
}

/**
 * sb_ledger_mark_deleted:
 * @self: a ledger
 * @kind: what is gone
 * @name: its name
 * @error: why it could not be written down
 *
 * Returns: whether it is written down
 */
gboolean
sb_ledger_mark_deleted (SbLedger *self, SbResourceKind kind, const char *name, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  SbResource *resource = find (self, kind, name);

  if (resource == NULL)
    return TRUE;
  if (!resource->deleted)
    {
      resource->deleted_at = now ();
      tell (self);
    }
  resource->deleted = TRUE;
  return save (self, error);
}

static int
compare_kind (gconstpointer a, gconstpointer b)
{
  const SbResource *left = *(SbResource *const *) a;
  const SbResource *right = *(SbResource *const *) b;

  return (int) left->kind - (int) right->kind;
}

/**
 * sb_ledger_list:
 * @self: a ledger
 *
 * Returns: (transfer full) (element-type SbResource): what is not known to be deleted, in the order
 *   in which it is to be deleted
 */
GPtrArray *
sb_ledger_list (SbLedger *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_resource_free);

  for (guint i = 0; i < self->resources->len; i++)
    if (!((SbResource *) self->resources->pdata[i])->deleted)
      g_ptr_array_add (list, sb_resource_copy (self->resources->pdata[i]));
  g_ptr_array_sort (list, compare_kind);
  return list;
}

/**
 * sb_ledger_find_last:
 * @self: a ledger
 * @kind: a kind
 * @step: a step
 *
 * Returns: (transfer full) (nullable): the latest that the step has created of that kind
 */
SbResource *
sb_ledger_find_last (SbLedger *self, SbResourceKind kind, const char *step)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  for (guint i = self->resources->len; i > 0; i--)
    {
      SbResource *resource = self->resources->pdata[i - 1];

      if (resource->kind == kind && strcmp (resource->step, step) == 0 && !resource->deleted)
        return sb_resource_copy (resource);
    }
  return NULL;
}

/**
 * sb_ledger_is_gone:
 * @self: a ledger
 * @step: a step
 * @since: when it was last run, in seconds since 1970; what was gone before, it did without
 *
 * A training job that has ended is nothing that could be deleted, and counts for nothing here.
 *
 * Returns: whether the step has created something, and the latest of that was deleted afterwards
 */
gboolean
sb_ledger_is_gone (SbLedger *self, const char *step, double since)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  const SbResource *latest = NULL;

  for (guint i = 0; i < self->resources->len; i++)
    {
      const SbResource *resource = self->resources->pdata[i];

      if (strcmp (resource->step, step) == 0 && resource->kind != SB_RESOURCE_TRAINING_JOB &&
          (latest == NULL || resource->created >= latest->created))
        latest = resource;
    }
  return latest != NULL && latest->deleted && latest->deleted_at >= since;
}

static void
sb_ledger_finalize (GObject *object)
{
  SbLedger *self = SB_LEDGER (object);

  g_ptr_array_unref (self->resources);
  g_free (self->path);
  g_mutex_clear (&self->mutex);
  G_OBJECT_CLASS (sb_ledger_parent_class)->finalize (object);
}

static void
sb_ledger_class_init (SbLedgerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = sb_ledger_finalize;

  /**
   * SbLedger::changed:
   *
   * Something was deleted, or what was deleted is created once more. Emitted in the main thread,
   * whichever thread has written it down.
   */
  signals[CHANGED] = g_signal_new (
      "changed", SB_TYPE_LEDGER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
sb_ledger_init (SbLedger *self)
{
  g_mutex_init (&self->mutex);
  self->resources = g_ptr_array_new_with_free_func ((GDestroyNotify) sb_resource_free);
}
