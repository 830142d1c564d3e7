/* sb-regions.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "wire/sb-regions.h"

#include <string.h>

/* Those that have SageMaker, named as AWS names them: in English whatever the language. */
static const SbRegion regions[] = {
  { "us-east-1", "US East (N. Virginia)" },
  { "us-east-2", "US East (Ohio)" },
  { "us-west-1", "US West (N. California)" },
  { "us-west-2", "US West (Oregon)" },
  { "af-south-1", "Africa (Cape Town)" },
  { "ap-east-1", "Asia Pacific (Hong Kong)" },
  { "ap-east-2", "Asia Pacific (Taipei)" },
  { "ap-northeast-1", "Asia Pacific (Tokyo)" },
  { "ap-northeast-2", "Asia Pacific (Seoul)" },
  { "ap-northeast-3", "Asia Pacific (Osaka)" },
  { "ap-south-1", "Asia Pacific (Mumbai)" },
  { "ap-south-2", "Asia Pacific (Hyderabad)" },
  { "ap-southeast-1", "Asia Pacific (Singapore)" },
  { "ap-southeast-2", "Asia Pacific (Sydney)" },
  { "ap-southeast-3", "Asia Pacific (Jakarta)" },
  { "ap-southeast-4", "Asia Pacific (Melbourne)" },
  { "ap-southeast-5", "Asia Pacific (Malaysia)" },
  { "ap-southeast-6", "Asia Pacific (New Zealand)" },
  { "ap-southeast-7", "Asia Pacific (Thailand)" },
  { "ca-central-1", "Canada (Central)" },
  { "ca-west-1", "Canada West (Calgary)" },
  { "eu-central-1", "Europe (Frankfurt)" },
  { "eu-central-2", "Europe (Zurich)" },
  { "eu-north-1", "Europe (Stockholm)" },
  { "eu-south-1", "Europe (Milan)" },
  { "eu-south-2", "Europe (Spain)" },
  { "eu-west-1", "Europe (Ireland)" },
  { "eu-west-2", "Europe (London)" },
  { "eu-west-3", "Europe (Paris)" },
  { "il-central-1", "Israel (Tel Aviv)" },
  { "me-central-1", "Middle East (UAE)" },
  { "me-south-1", "Middle East (Bahrain)" },
  { "mx-central-1", "Mexico (Central)" },
  { "sa-east-1", "South America (Sao Paulo)" },
  { "us-gov-east-1", "AWS GovCloud (US-East)" },
  { "us-gov-west-1", "AWS GovCloud (US-West)" },
  { "cn-north-1", "China (Beijing)" },
  { "cn-northwest-1", "China (Ningxia)" },
};

/**
 * sb_regions_get:
 * @n_regions: (out): how many there are
 *
 * Returns: (transfer none) (array length=n_regions): the Regions that have SageMaker
 */
const SbRegion *
sb_regions_get (gsize *n_regions)
{
  *n_regions = G_N_ELEMENTS (regions);
  return regions;
}

/**
 * sb_region_get_title:
 * @region: such as `eu-central-1`
 *
 * Returns: (transfer none): what people call it, such as `Europe (Frankfurt)`; @region itself when
 *   it is not known
 */
const char *
sb_region_get_title (const char *region)
{
  for (gsize i = 0; i < G_N_ELEMENTS (regions); i++)
    if (strcmp (regions[i].id, region) == 0)
      return regions[i].title;
  return region;
}

/**
 * sb_region_is_valid:
 * @region: any text
 *
 * Regions that are newer than this program are fine, too.
 *
 * Returns: whether it is spelled as Regions are, such as `eu-central-1`
 */
gboolean
sb_region_is_valid (const char *region)
{
  return g_regex_match_simple ("^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$",
                               region,
                               G_REGEX_DOLLAR_ENDONLY,
                               0);
}

/**
 * sb_region_has_fips:
 * @region: such as `us-east-1`
 *
 * Returns: whether there are endpoints there whose cryptography is validated under FIPS 140
 */
gboolean
sb_region_has_fips (const char *region)
{
  return g_str_has_prefix (region, "us-") || g_str_has_prefix (region, "ca-");
}
