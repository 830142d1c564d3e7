/* sb-problem-box.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define SB_TYPE_PROBLEM_BOX (sb_problem_box_get_type ())
G_DECLARE_FINAL_TYPE (SbProblemBox, sb_problem_box, SB, PROBLEM_BOX, AdwBin)

void sb_problem_box_set_error (SbProblemBox *self, const GError *error);

G_END_DECLS
