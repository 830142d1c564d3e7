/* sb-endpoint.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "engine/sb-fleet.h"
#include "engine/sb-services.h"

G_BEGIN_DECLS

/* Log groups of endpoints begin so. */
#define SB_ENDPOINT_LOG_GROUP "/aws/sagemaker/Endpoints/"

SbFleet *sb_endpoints_find_fleet (SbEndpoints *self, const char *name);
void sb_endpoints_begin (SbEndpoints *self, JsonObject *document, JsonObject *config);
void sb_endpoints_delete (SbEndpoints *self, const char *name);
gboolean sb_endpoints_set_weights (SbEndpoints *self, JsonObject *document, GError **error);

G_END_DECLS
