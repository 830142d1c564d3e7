/* sb-notebook-instance.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Opens a notebook in the notebook instance of a connection.
 */

#pragma once

#include "workshop/sb-run.h"

G_BEGIN_DECLS

void sb_notebook_instance_open_async (SbRun *run,
                                      const char *path,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
char *sb_notebook_instance_open_finish (SbRun *run, GAsyncResult *result, GError **error);

G_END_DECLS
