/* sb-checkpoint.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The state of a training after an epoch, in the job's folder `checkpoints`.
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * SbCheckpointPart:
 * @values: numbers that are stored and restored
 * @count: how many
 */
typedef struct
{
  float *values;
  gsize count;
} SbCheckpointPart;

gboolean sb_checkpoint_save (int epoch,
                             JsonObject *more,
                             const SbCheckpointPart *parts,
                             guint n_parts,
                             GError **error);
gboolean sb_checkpoint_load (JsonObject **details,
                             const SbCheckpointPart *parts,
                             guint n_parts,
                             GError **error);

G_END_DECLS
