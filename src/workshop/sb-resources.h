/* sb-resources.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "workshop/sb-resource-item.h"
#include "workshop/sb-workshop.h"

G_BEGIN_DECLS

#define SB_TYPE_RESOURCES (sb_resources_get_type ())
G_DECLARE_FINAL_TYPE (SbResources, sb_resources, SB, RESOURCES, GObject)

SbResources *sb_resources_new (SbWorkshop *workshop);
void sb_resources_set_background (SbResources *self, gboolean background);
SbConnection *sb_resources_get_connection (SbResources *self);
gboolean sb_resources_get_busy (SbResources *self);
const char *const *sb_resources_get_problems (SbResources *self);
guint sb_resources_get_n_running (SbResources *self);

void sb_resources_refresh_async (SbResources *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean sb_resources_refresh_finish (SbResources *self, GAsyncResult *result, GError **error);
void sb_resources_clean_up_async (SbResources *self,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean sb_resources_clean_up_finish (SbResources *self, GAsyncResult *result, GError **error);
void sb_resources_pause_async (SbResources *self,
                               SbResourceItem *endpoint,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
void sb_resources_resume_async (SbResources *self,
                                SbResourceItem *config,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean sb_resources_change_finish (SbResources *self, GAsyncResult *result, GError **error);

G_END_DECLS
