/* sb-dispatch.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "engine/sb-engine.h"

G_BEGIN_DECLS

void sb_dispatch_attach (SbEngine *engine);

G_END_DECLS
