/* sb-report.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "workshop/sb-run.h"

G_BEGIN_DECLS

gboolean sb_report_write_notebook (SbRun *run, const char *path, GError **error);
gboolean sb_report_write (SbRun *run, const char *folder, char **report, GError **error);

G_END_DECLS
