/* sb-options.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "wire/sb-algorithm.h"

G_BEGIN_DECLS

/**
 * SbOptions:
 * @algorithm: whose they are
 * @given: what the job says
 *
 * The hyperparameters of a job, checked, with the algorithm's defaults behind them.
 */
typedef struct
{
  const SbAlgorithm *algorithm;
  JsonObject *given;
} SbOptions;

SbOptions *sb_options_read (const char *algorithm, GError **error);
void sb_options_free (SbOptions *self);
const char *sb_options_get (const SbOptions *self, const char *name);
double sb_options_get_number (const SbOptions *self, const char *name);
int sb_options_get_int (const SbOptions *self, const char *name);
gboolean sb_options_get_flag (const SbOptions *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbOptions, sb_options_free)

G_END_DECLS
