/* sb-scale.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbScaleKind:
 * @SB_SCALE_LINEAR: equal differences are equally far apart
 * @SB_SCALE_LOG: equal ratios are equally far apart; only values above zero have a place
 */
typedef enum
{
  SB_SCALE_LINEAR,
  SB_SCALE_LOG,
} SbScaleKind;

/**
 * SbScale:
 * @kind: linear or logarithmic
 * @min: the value at 0
 * @max: the value at 1
 * @whole: whether only whole numbers get a tick
 */
typedef struct
{
  SbScaleKind kind;
  double min;
  double max;
  gboolean whole;
} SbScale;

/**
 * SbNumberFormat:
 * @SB_NUMBER_FORMAT_NUMBER: such as 0.845 or 16 719
 * @SB_NUMBER_FORMAT_PERCENT: 0.845 is written 84.5 %
 * @SB_NUMBER_FORMAT_INTEGER: rounded to a whole number
 */
typedef enum
{
  SB_NUMBER_FORMAT_NUMBER,
  SB_NUMBER_FORMAT_PERCENT,
  SB_NUMBER_FORMAT_INTEGER,
} SbNumberFormat;

double sb_scale_map (const SbScale *self, double value);
double sb_scale_unmap (const SbScale *self, double place);
void sb_scale_widen (SbScale *self);
void sb_scale_make_nice (SbScale *self, guint max_ticks);
GArray *sb_scale_get_ticks (const SbScale *self, guint max_ticks, double *step);

char *sb_number_format (double value, SbNumberFormat format, double step);

G_END_DECLS
