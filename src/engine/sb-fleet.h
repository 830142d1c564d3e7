/* sb-fleet.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "engine/sb-engine.h"
#include "engine/sb-process.h"
#include "engine/sb-runtime-client.h"

G_BEGIN_DECLS

/**
 * SbFleet:
 *
 * The programs behind one endpoint under one configuration: one for each production variant,
 * restarted when it crashes. Reference counted: requests on their way keep it.
 */
typedef struct _SbFleet SbFleet;

/**
 * SbFleetFunc:
 * @fleet: the fleet
 * @reason: (nullable): why it does not serve; %NULL when all its variants do
 * @data: user data
 *
 * Called once, when the fleet has come up or has failed to.
 */
typedef void (*SbFleetFunc) (SbFleet *fleet, const char *reason, gpointer data);

SbFleet *sb_fleet_new (SbEngine *engine,
                       const char *endpoint,
                       JsonObject *config,
                       SbFleetFunc func,
                       gpointer data);
SbFleet *sb_fleet_ref (SbFleet *self);
void sb_fleet_unref (SbFleet *self);
void sb_fleet_stop (SbFleet *self);
const char *sb_fleet_pick (SbFleet *self, const char *wanted);
SbRuntimeClient *sb_fleet_get_client (SbFleet *self, const char *variant);
gboolean sb_fleet_set_weight (SbFleet *self, const char *variant, double weight);
JsonArray *sb_fleet_describe (SbFleet *self, JsonObject *config);

G_END_DECLS
