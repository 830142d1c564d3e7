/* sb-resource-item.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "workshop/sb-ledger.h"

G_BEGIN_DECLS

/**
 * SbResourcePhase:
 * @SB_RESOURCE_IDLE: nobody deletes it
 * @SB_RESOURCE_QUEUED: it is to be deleted after others
 * @SB_RESOURCE_REMOVING: it is being deleted
 * @SB_RESOURCE_REMOVED: the service has answered that it is gone
 * @SB_RESOURCE_KEPT: it is a bucket that holds what the workshop did not put there
 * @SB_RESOURCE_FAILED: it could not be deleted; the message says why
 */
typedef enum
{
  SB_RESOURCE_IDLE,
  SB_RESOURCE_QUEUED,
  SB_RESOURCE_REMOVING,
  SB_RESOURCE_REMOVED,
  SB_RESOURCE_KEPT,
  SB_RESOURCE_FAILED,
} SbResourcePhase;

#define SB_TYPE_RESOURCE_ITEM (sb_resource_item_get_type ())
G_DECLARE_FINAL_TYPE (SbResourceItem, sb_resource_item, SB, RESOURCE_ITEM, GObject)

SbResourceItem *sb_resource_item_new (SbResourceKind kind, const char *name);
SbResourceKind sb_resource_item_get_kind (SbResourceItem *self);
const char *sb_resource_item_get_name (SbResourceItem *self);
const char *sb_resource_item_get_arn (SbResourceItem *self);
const char *sb_resource_item_get_region (SbResourceItem *self);
const char *sb_resource_item_get_module (SbResourceItem *self);
const char *sb_resource_item_get_run (SbResourceItem *self);
const char *sb_resource_item_get_status (SbResourceItem *self);
const char *sb_resource_item_get_instance_type (SbResourceItem *self);
guint sb_resource_item_get_n_instances (SbResourceItem *self);
double sb_resource_item_get_created (SbResourceItem *self);
gboolean sb_resource_item_is_running (SbResourceItem *self);

void sb_resource_item_set_origin (SbResourceItem *self,
                                  const char *region,
                                  const char *module,
                                  const char *run);
void sb_resource_item_set_arn (SbResourceItem *self, const char *arn);
void sb_resource_item_set_created (SbResourceItem *self, double created);
void sb_resource_item_set_status (SbResourceItem *self, const char *status);
void sb_resource_item_set_instances (SbResourceItem *self, const char *type, guint n);

SbResourcePhase sb_resource_item_get_phase (SbResourceItem *self);
const char *sb_resource_item_get_message (SbResourceItem *self);
void sb_resource_item_set_phase (SbResourceItem *self, SbResourcePhase phase, const char *message);
gboolean sb_resource_item_get_selected (SbResourceItem *self);
void sb_resource_item_set_selected (SbResourceItem *self, gboolean selected);
int sb_resource_item_compare (gconstpointer a, gconstpointer b);

G_END_DECLS
