/* sb-recheck-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "cloud/sb-client-private.h"

G_BEGIN_DECLS

gboolean _sb_recheck_applies (const SbOperation *operation);
JsonObject *_sb_recheck (SbClient *client,
                         const SbOperation *operation,
                         JsonObject *input,
                         double started,
                         GCancellable *cancellable);

G_END_DECLS
