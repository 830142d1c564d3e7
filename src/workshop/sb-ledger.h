/* sb-ledger.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "workshop/sb-workshop-types.h"

G_BEGIN_DECLS

/**
 * SbResourceKind:
 * @SB_RESOURCE_ENDPOINT: a hosted model, paid for by the hour
 * @SB_RESOURCE_ENDPOINT_CONFIG: what an endpoint is made from
 * @SB_RESOURCE_MODEL: a model that the service knows
 * @SB_RESOURCE_TRAINING_JOB: a job; it can be stopped, never deleted
 * @SB_RESOURCE_NOTEBOOK: a notebook instance, paid for by the hour while it is in service
 * @SB_RESOURCE_OBJECTS: all objects below one S3 prefix
 * @SB_RESOURCE_ROLE: an IAM role
 * @SB_RESOURCE_BUCKET: a bucket
 *
 * In the order in which Clean Up deletes them.
 */
typedef enum
{
  SB_RESOURCE_ENDPOINT,
  SB_RESOURCE_ENDPOINT_CONFIG,
  SB_RESOURCE_MODEL,
  SB_RESOURCE_TRAINING_JOB,
  SB_RESOURCE_NOTEBOOK,
  SB_RESOURCE_OBJECTS,
  SB_RESOURCE_ROLE,
  SB_RESOURCE_BUCKET,
} SbResourceKind;

/**
 * SbResource:
 * @kind: what it is
 * @name: its name; for objects the S3 URI of their prefix
 * @arn: (nullable): its ARN, once the service has answered
 * @step: the id of the step that made it
 * @region: its Region
 * @created: seconds since the epoch at which its creation was intended
 * @confirmed: whether the service has answered that it exists
 * @deleted: whether the service has answered that it is gone
 * @deleted_at: seconds since the epoch at which it did
 *
 * One thing that a run has created, or was about to.
 */
typedef struct
{
  SbResourceKind kind;
  char *name;
  char *arn;
  char *step;
  char *region;
  double created;
  gboolean confirmed;
  gboolean deleted;
  double deleted_at;
} SbResource;

#define SB_TYPE_RESOURCE (sb_resource_get_type ())
GType sb_resource_get_type (void) G_GNUC_CONST;
SbResource *sb_resource_copy (const SbResource *self);
void sb_resource_free (SbResource *self);
const char *sb_resource_kind_get_name (SbResourceKind kind);
const char *sb_resource_kind_get_title (SbResourceKind kind);

/* How many kinds there are. */
#define SB_N_RESOURCE_KINDS (SB_RESOURCE_BUCKET + 1)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbResource, sb_resource_free)

#define SB_TYPE_LEDGER (sb_ledger_get_type ())
G_DECLARE_FINAL_TYPE (SbLedger, sb_ledger, SB, LEDGER, GObject)

gboolean sb_ledger_intend (SbLedger *self,
                           SbResourceKind kind,
                           const char *name,
                           const char *step,
                           const char *region,
                           GError **error);
gboolean sb_ledger_confirm (SbLedger *self,
                            SbResourceKind kind,
                            const char *name,
                            const char *arn,
                            GError **error);
gboolean
sb_ledger_mark_deleted (SbLedger *self, SbResourceKind kind, const char *name, GError **error);
GPtrArray *sb_ledger_list (SbLedger *self);
SbResource *sb_ledger_find_last (SbLedger *self, SbResourceKind kind, const char *step);
gboolean sb_ledger_is_gone (SbLedger *self, const char *step, double since);

G_END_DECLS
