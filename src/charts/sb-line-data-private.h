/* sb-line-data-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What happens to a long series before it is drawn.
 */

#pragma once

#include "charts/sb-scale.h"

G_BEGIN_DECLS

double *_sb_smooth (const double *values, guint n, double smoothing);
GArray *
_sb_decimate (const double *x, const double *y, guint n, const SbScale *scale, guint columns);

G_END_DECLS
