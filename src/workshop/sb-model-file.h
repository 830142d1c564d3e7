/* sb-model-file.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What training leaves behind, as a file: fetched, looked into, converted. And the way back: a
 * model from elsewhere in the place of one that was trained.
 */

#pragma once

#include "cloud/sb-transfer.h"
#include "workshop/sb-run.h"

G_BEGIN_DECLS

/**
 * SbModelFile:
 * @path: a model.tar.gz in the run's folder
 * @size: its bytes
 * @description: (nullable): {"algorithm", "input": [channels, height, width], "layers": [{"name",
 *   "kind", "output": [number], "parameters"}], "parameters", "classes": [text]}, as
 *   `sagebrush-vision describe` prints it; %NULL for a model that is no network of Sagebrush's
 * @problem: (nullable): why there is no @description
 *
 * A model that was trained or imported.
 */
typedef struct
{
  char *path;
  guint64 size;
  JsonObject *description;
  char *problem;
} SbModelFile;

void sb_model_file_free (SbModelFile *self);

gboolean sb_run_has_model (SbRun *self);
gboolean sb_run_can_import_model (SbRun *self);
void sb_run_load_model_async (SbRun *self,
                              SbProgressFunc progress,
                              gpointer progress_data,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
SbModelFile *sb_run_load_model_finish (SbRun *self, GAsyncResult *result, GError **error);

JsonObject *sb_model_describe (const char *path, GCancellable *cancellable, GError **error);
void sb_model_export_async (const char *path,
                            const char *onnx,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
gboolean sb_model_export_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbModelFile, sb_model_file_free)

G_END_DECLS
