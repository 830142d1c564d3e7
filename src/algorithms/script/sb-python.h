/* sb-python.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define SB_PYTHON_ERROR (sb_python_error_quark ())

typedef enum
{
  SB_PYTHON_ERROR_MISSING,
} SbPythonError;

GQuark sb_python_error_quark (void);
char *sb_python_find (GError **error);
char *sb_python_find_toolkit (const char *name, GError **error);
GStrv sb_python_make_environment (void);

G_END_DECLS
