/* sb-script.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs a user's Python script under the contracts of SageMaker's Training Toolkit and Inference
 * Toolkit, with the user's own Python.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

int sb_script_train (void);
int sb_script_serve (void);

G_END_DECLS
