/* sb-notebook-export.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "workshop/sb-run.h"

G_BEGIN_DECLS

char *sb_notebook_export (SbRun *run);

G_END_DECLS
