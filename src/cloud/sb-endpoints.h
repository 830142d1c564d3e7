/* sb-endpoints.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * SbEndpoints:
 *
 * Where the services are: a Region of AWS, and perhaps addresses of one's own for all of them or
 * for some. Reference counted (atomically); it is set up before it is shared and never changed
 * later.
 */
typedef struct _SbEndpoints SbEndpoints;

#define SB_TYPE_ENDPOINTS (sb_endpoints_get_type ())

GType sb_endpoints_get_type (void);
SbEndpoints *sb_endpoints_new (const char *region);
SbEndpoints *sb_endpoints_ref (SbEndpoints *self);
void sb_endpoints_unref (SbEndpoints *self);
void sb_endpoints_set_url (SbEndpoints *self, const char *service, const char *url);
void sb_endpoints_set_fips (SbEndpoints *self, gboolean fips);
SbEndpoints *sb_endpoints_copy_to_region (SbEndpoints *self, const char *region);
const char *sb_endpoints_get_region (SbEndpoints *self);
gboolean sb_endpoints_get_fips (SbEndpoints *self);
const char *sb_endpoints_get_own_url (SbEndpoints *self, const char *service);
const char *sb_endpoints_get_url (SbEndpoints *self, const char *service);
gboolean sb_endpoints_is_loopback (SbEndpoints *self, const char *service);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SbEndpoints, sb_endpoints_unref)

G_END_DECLS
