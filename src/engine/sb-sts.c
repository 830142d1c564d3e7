/* sb-sts.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "engine/sb-services.h"
#include "wire/sb-json.h"
#include "wire/sb-names.h"

static JsonObject *
get_caller_identity (SbEngine *engine, JsonObject *input, GError **error)
{
  g_autofree char *arn = sb_arn_new (
      sb_region_get_partition (engine->region), "iam", "", SB_ENGINE_ACCOUNT, "user/local");

  return sb_json_object_new ("UserId",
                             "s",
                             sb_credentials_get_access_key_id (engine->credentials),
                             "Account",
                             "s",
                             SB_ENGINE_ACCOUNT,
                             "Arn",
                             "s",
                             arn,
                             NULL);
}

static const SbOperation operations[] = {
  { "GetCallerIdentity", get_caller_identity, FALSE },
  { NULL },
};

/**
 * sb_add_sts_operations:
 * @engine: an engine
 */
void
sb_add_sts_operations (SbEngine *engine)
{
  sb_engine_add_operations (engine, "sts", operations);
}
