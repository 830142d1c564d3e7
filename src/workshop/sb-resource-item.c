/* sb-resource-item.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-resource-item.h"

#include <string.h>

/**
 * SbResourceItem:
 *
 * Something that the workshop has created and that the service still has: a row of Clean Up. It is
 * filled in by the thread that surveys, and belongs to the main thread afterwards.
 */
struct _SbResourceItem
{
  GObject parent_instance;

  SbResourceKind kind;
  char *name;
  char *arn;
  char *region;
  char *module;
  char *run;
  char *status;
  char *instance_type;
  guint n_instances;
  double created;
  gboolean selected;
  SbResourcePhase phase;
  char *message;
};

enum
{
  PROP_0,
  PROP_PHASE,
  PROP_SELECTED,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (SbResourceItem, sb_resource_item, G_TYPE_OBJECT)

static void
sb_resource_item_finalize (GObject *object)
{
  SbResourceItem *self = SB_RESOURCE_ITEM (object);

  g_free (self->name);
  g_free (self->arn);
  g_free (self->region);
  g_free (self->module);
  g_free (self->run);
  g_free (self->status);
  g_free (self->instance_type);
  g_free (self->message);
  G_OBJECT_CLASS (sb_resource_item_parent_class)->finalize (object);
}

static void
sb_resource_item_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SbResourceItem *self = SB_RESOURCE_ITEM (object);

  switch (id)
    {
    case PROP_PHASE:
      g_value_set_uint (value, self->phase);
      break;
    case PROP_SELECTED:
      g_value_set_boolean (value, self->selected);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sb_resource_item_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SbResourceItem *self = SB_RESOURCE_ITEM (object);

  switch (id)
    {
    case PROP_SELECTED:
      sb_resource_item_set_selected (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
sb_resource_item_class_init (SbResourceItemClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = sb_resource_item_finalize;
  object_class->get_property = sb_resource_item_get_property;
  object_class->set_property = sb_resource_item_set_property;
  properties[PROP_PHASE] =
      g_param_spec_uint ("phase",
                         NULL,
                         NULL,
                         0,
                         SB_RESOURCE_FAILED,
                         SB_RESOURCE_IDLE,
                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  properties[PROP_SELECTED] =
      g_param_spec_boolean ("selected",
                            NULL,
                            NULL,
                            TRUE,
                            G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
sb_resource_item_init (SbResourceItem *self)
{
  self->selected = TRUE;
}

/**
 * sb_resource_item_new:
 * @kind: what it is
 * @name: its name; for objects the S3 URI of their prefix
 *
 * Returns: (transfer full): an item, selected
 */
SbResourceItem *
sb_resource_item_new (SbResourceKind kind, const char *name)
{
  SbResourceItem *self = g_object_new (SB_TYPE_RESOURCE_ITEM, NULL);

  self->kind = kind;
  self->name = g_strdup (name);
  return self;
}

SbResourceKind
sb_resource_item_get_kind (SbResourceItem *self)
{
  return self->kind;
}

const char *
sb_resource_item_get_name (SbResourceItem *self)
{
  return self->name;
}

const char *
sb_resource_item_get_arn (SbResourceItem *self)
{
  return self->arn;
}

const char *
sb_resource_item_get_region (SbResourceItem *self)
{
  return self->region;
}

/**
 * sb_resource_item_get_module:
 * @self: an item
 *
 * Returns: (transfer none) (nullable): id of the module that made it
 */
const char *
sb_resource_item_get_module (SbResourceItem *self)
{
  return self->module;
}

/**
 * sb_resource_item_get_run:
 * @self: an item
 *
 * Returns: (transfer none) (nullable): id of the run that made it
 */
const char *
sb_resource_item_get_run (SbResourceItem *self)
{
  return self->run;
}

/**
 * sb_resource_item_get_status:
 * @self: an item
 *
 * Returns: (transfer none) (nullable): the service's word for its state, such as `InService`
 */
const char *
sb_resource_item_get_status (SbResourceItem *self)
{
  return self->status;
}

/**
 * sb_resource_item_get_instance_type:
 * @self: an item
 *
 * Returns: (transfer none) (nullable): on what it runs, such as `ml.m5.large`
 */
const char *
sb_resource_item_get_instance_type (SbResourceItem *self)
{
  return self->instance_type;
}

guint
sb_resource_item_get_n_instances (SbResourceItem *self)
{
  return self->n_instances;
}

/**
 * sb_resource_item_get_created:
 * @self: an item
 *
 * Returns: seconds since the epoch, 0 when it is not known
 */
double
sb_resource_item_get_created (SbResourceItem *self)
{
  return self->created;
}

/**
 * sb_resource_item_is_running:
 * @self: an item
 *
 * Returns: whether instances run for it, which are paid for by the hour
 */
gboolean
sb_resource_item_is_running (SbResourceItem *self)
{
  static const char *const at_rest[] = { "Stopped", "Failed", "Deleting", "OutOfService", NULL };

  return self->instance_type != NULL && self->status != NULL &&
         !g_strv_contains (at_rest, self->status);
}

/**
 * sb_resource_item_set_origin:
 * @self: an item
 * @region: its Region
 * @module: (nullable): the module that made it
 * @run: (nullable): the run that made it
 */
void
sb_resource_item_set_origin (SbResourceItem *self,
                             const char *region,
                             const char *module,
                             const char *run)
{
  g_free (self->region);
  g_free (self->module);
  g_free (self->run);
  self->region = g_strdup (region);
  self->module = g_strdup (module);
  self->run = g_strdup (run);
}

void
sb_resource_item_set_arn (SbResourceItem *self, const char *arn)
{
  g_free (self->arn);
  self->arn = g_strdup (arn);
}

void
sb_resource_item_set_created (SbResourceItem *self, double created)
{
  self->created = created;
}

void
sb_resource_item_set_status (SbResourceItem *self, const char *status)
{
  g_free (self->status);
  self->status = g_strdup (status);
}

/**
 * sb_resource_item_set_instances:
 * @self: an item
 * @type: (nullable): such as `ml.m5.large`
 * @n: how many
 */
void
sb_resource_item_set_instances (SbResourceItem *self, const char *type, guint n)
{
  g_free (self->instance_type);
  self->instance_type = g_strdup (type);
  self->n_instances = n;
}

SbResourcePhase
sb_resource_item_get_phase (SbResourceItem *self)
{
  return self->phase;
}

/**
 * sb_resource_item_get_message:
 * @self: an item
 *
 * Returns: (transfer none) (nullable): why it could not be deleted, or asked about
 */
const char *
sb_resource_item_get_message (SbResourceItem *self)
{
  return self->message;
}

/**
 * sb_resource_item_set_phase:
 * @self: an item
 * @phase: how far its deletion has come
 * @message: (nullable): why it went no further
 */
void
sb_resource_item_set_phase (SbResourceItem *self, SbResourcePhase phase, const char *message)
{
  if (self->phase == phase && g_strcmp0 (self->message, message) == 0)
    return;
  g_free (self->message);
  self->message = g_strdup (message);
  self->phase = phase;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PHASE]);
}

gboolean
sb_resource_item_get_selected (SbResourceItem *self)
{
  return self->selected;
}

void
sb_resource_item_set_selected (SbResourceItem *self, gboolean selected)
{
  if (self->selected == selected)
    return;
  self->selected = selected;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SELECTED]);
}

/**
 * sb_resource_item_compare:
 * @a: a pointer to an item
 * @b: a pointer to another
 *
 * For g_ptr_array_sort(): the order in which they are to be deleted, and by name.
 *
 * Returns: less than, equal to or greater than 0
 */
int
sb_resource_item_compare (gconstpointer a, gconstpointer b)
{
  const SbResourceItem *left = *(SbResourceItem *const *) a;
  const SbResourceItem *right = *(SbResourceItem *const *) b;

  if (left->kind != right->kind)
    return (int) left->kind - (int) right->kind;
  return strcmp (left->name, right->name);
}
