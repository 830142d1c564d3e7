/* sb-idle-watch.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "workshop/sb-resources.h"

G_BEGIN_DECLS

#define SB_TYPE_IDLE_WATCH (sb_idle_watch_get_type ())
G_DECLARE_FINAL_TYPE (SbIdleWatch, sb_idle_watch, SB, IDLE_WATCH, GObject)

SbIdleWatch *sb_idle_watch_new (void);
void sb_idle_watch_follow (SbIdleWatch *self, SbResources *resources);
void sb_idle_watch_forget (SbIdleWatch *self, SbResources *resources);

G_END_DECLS
