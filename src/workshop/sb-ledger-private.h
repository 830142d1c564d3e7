/* sb-ledger-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "workshop/sb-ledger.h"

G_BEGIN_DECLS

SbLedger *_sb_ledger_new (const char *path, GError **error);

G_END_DECLS
