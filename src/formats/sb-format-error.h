/* sb-format-error.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * SbFormatError:
 * @SB_FORMAT_ERROR_INVALID: the content is not of this format; the message names file and line
 *
 * Everything else that goes wrong with a file is a %G_IO_ERROR.
 */
typedef enum
{
  SB_FORMAT_ERROR_INVALID,
} SbFormatError;

#define SB_FORMAT_ERROR (sb_format_error_quark ())

GQuark sb_format_error_quark (void);

G_END_DECLS
