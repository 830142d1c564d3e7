/* sb-job-environment.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The environment that the program of a training job runs in.
 */

#pragma once

#include "engine/sb-engine.h"
#include "wire/sb-algorithm.h"

G_BEGIN_DECLS

GStrv sb_job_environment_new (SbEngine *engine,
                              JsonObject *job,
                              const SbAlgorithm *algorithm,
                              const char *folder);

G_END_DECLS
