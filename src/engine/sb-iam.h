/* sb-iam.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files that speak IAM share.
 */

#pragma once

#include "engine/sb-services.h"

G_BEGIN_DECLS

gboolean sb_iam_fail (GError **error, guint status, const char *code, const char *message);
JsonObject *sb_iam_load_role (SbEngine *engine, const char *name, GError **error);
JsonObject *
sb_iam_make_page (JsonObject *input, GPtrArray *all, const char *member, const char *name_member);

/* sb-iam-policy.c */
void sb_add_iam_policy_operations (SbEngine *engine);

G_END_DECLS
