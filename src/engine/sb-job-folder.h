/* sb-job-folder.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a training container finds below /opt/ml, as a folder of the engine.
 */

#pragma once

#include "engine/sb-engine.h"

G_BEGIN_DECLS

/**
 * SbJobInput:
 * @path: relative to the job's folder
 * @object: what is to be there
 *
 * One file of a channel.
 */
typedef struct
{
  char *path;
  SbObject *object;
} SbJobInput;

GPtrArray *sb_job_folder_list_inputs (SbEngine *engine, JsonObject *job, GError **error);
gboolean sb_job_folder_prepare (SbEngine *engine,
                                const char *folder,
                                JsonObject *job,
                                GPtrArray *inputs,
                                GError **error);
char *sb_job_folder_read_failure (const char *folder);
gboolean sb_job_folder_pack (const char *folder,
                             const char *part,
                             const char *archive,
                             gboolean *empty,
                             GError **error);

G_END_DECLS
