/* sb-training.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "engine/sb-services.h"

G_BEGIN_DECLS

/* Log group of all training jobs. */
#define SB_TRAINING_LOG_GROUP "/aws/sagemaker/TrainingJobs"

gboolean sb_training_start (SbTraining *self, JsonObject *job, GPtrArray *inputs);
gboolean sb_training_stop (SbTraining *self, const char *name, GError **error);

G_END_DECLS
