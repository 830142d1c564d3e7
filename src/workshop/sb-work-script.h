/* sb-work-script.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Training with a person's own script, and hosting what it leaves, as the SageMaker Python SDK asks
 * for it.
 */

#pragma once

#include "workshop/sb-work.h"

G_BEGIN_DECLS

gboolean sb_work_uses_script (SbWork *work);
char *sb_work_script_find_image (SbWork *work, GError **error);
gboolean
sb_work_script_complete_job (SbWork *work, const char *job, JsonObject *input, GError **error);
gint64 sb_work_script_get_epochs (SbWork *work);
JsonObject *sb_work_script_describe (SbWork *work, GError **error);
gboolean sb_work_script_complete_model (SbWork *work,
                                        const char *name,
                                        JsonObject *container,
                                        GError **error);

G_END_DECLS
