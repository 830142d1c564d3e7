/* sb-notices.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

#include "workshop/sb-prices.h"
#include "workshop/sb-resources.h"
#include "workshop/sb-run.h"

G_BEGIN_DECLS

#define SB_TYPE_NOTICES (sb_notices_get_type ())
G_DECLARE_FINAL_TYPE (SbNotices, sb_notices, SB, NOTICES, GObject)

SbNotices *sb_notices_new (GtkApplication *application, GSettings *settings, SbPrices *prices);
void sb_notices_follow_run (SbNotices *self, SbRun *run);
void sb_notices_follow_resources (SbNotices *self, SbResources *resources);
void sb_notices_tell_paused (SbNotices *self, SbResources *resources, const char *name);
void sb_notices_forget_resources (SbNotices *self, SbResources *resources);

G_END_DECLS
