/* sb-little-endian.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whole numbers as files have them: the lowest byte first, at any address.
 */

#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/**
 * sb_le_get_16:
 * @bytes: two bytes
 *
 * Returns: the number that they are
 */
static inline guint16
sb_le_get_16 (const guint8 *bytes)
{
  guint16 value;

  memcpy (&value, bytes, sizeof value);
  return GUINT16_FROM_LE (value);
}

/**
 * sb_le_get_32:
 * @bytes: four bytes
 *
 * Returns: the number that they are
 */
static inline guint32
sb_le_get_32 (const guint8 *bytes)
{
  guint32 value;

  memcpy (&value, bytes, sizeof value);
  return GUINT32_FROM_LE (value);
}

/**
 * sb_le_get_64:
 * @bytes: eight bytes
 *
 * Returns: the number that they are
 */
static inline guint64
sb_le_get_64 (const guint8 *bytes)
{
  guint64 value;

  memcpy (&value, bytes, sizeof value);
  return GUINT64_FROM_LE (value);
}

G_END_DECLS
