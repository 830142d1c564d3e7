/* sb-bf16.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers in bfloat16: the upper half of one in 32 bit.
 */

#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

static inline float
sb_bf16_widen (guint16 value)
{
  guint32 bits = (guint32) value << 16;
  float result;

  memcpy (&result, &bits, sizeof result);
  return result;
}

/* The nearest, of two that are as near the even one. */
static inline guint16
sb_bf16_round (float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  return (guint16) ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

G_END_DECLS
