/* sb-run-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "workshop/sb-run.h"

G_BEGIN_DECLS

SbRun *_sb_run_new (SbModule *module,
                    SbConnection *connection,
                    SbJournal *journal,
                    const char *runs_dir,
                    GError **error);
SbRun *_sb_run_load (SbModule *module,
                     SbConnection *connection,
                     SbJournal *journal,
                     const char *folder,
                     GError **error);

G_END_DECLS
