/* sb-validate.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * SbValidateFlags:
 * @SB_VALIDATE_DEFAULT: members have the types that JSON gives them
 * @SB_VALIDATE_TEXT: numbers, booleans and times arrive as text, as in the Query protocol; they are
 *   converted in place
 */
typedef enum
{
  SB_VALIDATE_DEFAULT = 0,
  SB_VALIDATE_TEXT = 1 << 0,
} SbValidateFlags;

gboolean sb_validate (const char *service,
                      const char *operation,
                      JsonObject *input,
                      SbValidateFlags flags,
                      GError **error);

G_END_DECLS
