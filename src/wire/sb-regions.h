/* sb-regions.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbRegion:
 * @id: such as `eu-central-1`
 * @title: what people call it, such as `Europe (Frankfurt)`
 *
 * A Region of AWS. Static.
 */
typedef struct
{
  const char *id;
  const char *title;
} SbRegion;

const SbRegion *sb_regions_get (gsize *n_regions);
const char *sb_region_get_title (const char *region);
gboolean sb_region_is_valid (const char *region);
gboolean sb_region_has_fips (const char *region);

G_END_DECLS
