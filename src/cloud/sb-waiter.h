/* sb-waiter.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-client.h"

G_BEGIN_DECLS

/**
 * SbWaiterFunc:
 * @answer: (transfer none): what the service answered to the latest question
 * @user_data: the caller's data
 *
 * Called in the thread that waits, after every answer, the last one included.
 */
typedef void (*SbWaiterFunc) (JsonObject *answer, gpointer user_data);

JsonObject *sb_waiter_wait (SbClient *client,
                            const char *waiter,
                            JsonObject *input,
                            SbWaiterFunc on_answer,
                            gpointer user_data,
                            GCancellable *cancellable,
                            GError **error);

G_END_DECLS
