/* sb-names.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names, ARNs, endpoints and image URIs, as the services spell them.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

const char *sb_region_get_partition (const char *region);
const char *sb_region_get_dns_suffix (const char *region);
char *sb_service_get_host (const char *service, const char *region, gboolean fips);
const char *sb_service_get_signing_region (const char *service, const char *region);
char *sb_arn_new (const char *partition,
                  const char *service,
                  const char *region,
                  const char *account,
                  const char *resource);
gboolean sb_bucket_name_is_valid (const char *name);
char *sb_bucket_name_mend (const char *name);
char *sb_job_name_new (const char *base, gint64 time_ms);
char *sb_image_get_repository (const char *image);
guint sb_instance_type_get_n_vcpus (const char *type);
char *sb_image_uri (const char *algorithm, const char *region, GError **error);

G_END_DECLS
