/* sb-algorithm.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "wire/sb-parameter.h"

G_BEGIN_DECLS

/**
 * SbMetricDefinition:
 * @name: such as `validation:auc`
 * @regex: finds the metric's value in a log line, as its first group
 * @maximize: whether more is better
 */
typedef struct
{
  char *name;
  char *regex;
  gboolean maximize;
} SbMetricDefinition;

/**
 * SbAlgorithm:
 *
 * What data/algorithms/ID.json says of a built-in algorithm, in the vocabulary of SageMaker's
 * TrainingSpecification. Immutable, loaded once, never freed; what it returns belongs to it.
 */
typedef struct _SbAlgorithm SbAlgorithm;

const SbAlgorithm *sb_algorithm_find (const char *id);
const SbAlgorithm *sb_algorithm_find_by_image (const char *image);
gboolean sb_algorithm_is_distributed (const SbAlgorithm *self);
gboolean sb_algorithm_brings_script (const SbAlgorithm *self);
const char *sb_algorithm_get_id (const SbAlgorithm *self);
const char *sb_algorithm_get_title (const SbAlgorithm *self);
const char *sb_algorithm_get_program (const SbAlgorithm *self);
const GPtrArray *sb_algorithm_get_parameters (const SbAlgorithm *self);
const SbParameter *sb_algorithm_find_parameter (const SbAlgorithm *self, const char *name);
const GPtrArray *sb_algorithm_get_metrics (const SbAlgorithm *self);
const char *const *sb_algorithm_get_required_channels (const SbAlgorithm *self);
const char *const *sb_algorithm_get_instance_types (const SbAlgorithm *self);
gboolean sb_algorithm_check_hyperparameters (const SbAlgorithm *self,
                                             JsonObject *hyperparameters,
                                             GError **error);

G_END_DECLS
