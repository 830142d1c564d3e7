/* sb-notebook.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Notebook instances: what can be done with one that is there.
 */

#pragma once

#include "cloud/sb-client.h"

G_BEGIN_DECLS

/**
 * SbNotebookAct:
 * @SB_NOTEBOOK_ASK: see how it is
 * @SB_NOTEBOOK_OPEN: get an address at which its Jupyter lets a browser in, for some minutes
 * @SB_NOTEBOOK_START: have it started, and wait until it is in service
 * @SB_NOTEBOOK_STOP: have it stopped, and wait for it: its files stay, and it costs less
 * @SB_NOTEBOOK_DELETE: stop it if need be, delete it with its files, and wait until it is gone
 */
typedef enum
{
  SB_NOTEBOOK_ASK,
  SB_NOTEBOOK_OPEN,
  SB_NOTEBOOK_START,
  SB_NOTEBOOK_STOP,
  SB_NOTEBOOK_DELETE,
} SbNotebookAct;

JsonObject *sb_notebook_act (SbClient *client,
                             const char *name,
                             SbNotebookAct act,
                             GCancellable *cancellable,
                             GError **error);
void sb_notebook_act_async (SbClient *client,
                            const char *name,
                            SbNotebookAct act,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
JsonObject *sb_notebook_act_finish (SbClient *client, GAsyncResult *result, GError **error);
GPtrArray *sb_notebook_list (SbClient *client, GCancellable *cancellable, GError **error);
const char *sb_notebook_get_status_title (const char *status);
gboolean sb_notebook_is_moving (const char *status);

G_END_DECLS
