/* sb-remove.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-client.h"
#include "workshop/sb-ledger.h"

G_BEGIN_DECLS

/**
 * SbRemoval:
 * @SB_REMOVAL_FAILED: it could not be deleted; the error says why
 * @SB_REMOVAL_DONE: the service has answered that it is gone, or that it never was
 * @SB_REMOVAL_KEPT: a bucket that holds what the workshop did not put there
 */
typedef enum
{
  SB_REMOVAL_FAILED,
  SB_REMOVAL_DONE,
  SB_REMOVAL_KEPT,
} SbRemoval;

/**
 * SbPresence:
 * @SB_PRESENCE_UNKNOWN: the service could not be asked; the error says why
 * @SB_PRESENCE_THERE: it is there
 * @SB_PRESENCE_GONE: it is not
 *
 * What the service says of a resource. A training job that has ended counts as gone: it can be
 * neither deleted nor paid for.
 */
typedef enum
{
  SB_PRESENCE_UNKNOWN,
  SB_PRESENCE_THERE,
  SB_PRESENCE_GONE,
} SbPresence;

SbRemoval sb_remove_resource (SbClient *client,
                              SbResourceKind kind,
                              const char *name,
                              GCancellable *cancellable,
                              GError **error);
SbPresence sb_remove_ask (SbClient *client,
                          SbResourceKind kind,
                          const char *name,
                          JsonObject **description,
                          GCancellable *cancellable,
                          GError **error);
gboolean sb_remove_is_gone (const GError *error);
const char *sb_remove_get_status (SbResourceKind kind, JsonObject *description);

/* sb-remove-objects.c */
SbRemoval
sb_remove_objects (SbClient *client, const char *uri, GCancellable *cancellable, GError **error);
SbPresence sb_remove_ask_objects (SbClient *client,
                                  const char *uri,
                                  GCancellable *cancellable,
                                  GError **error);

G_END_DECLS
