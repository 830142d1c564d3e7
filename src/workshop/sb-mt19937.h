/* sb-mt19937.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * SbMt19937:
 *
 * The Mersenne Twister as NumPy's `RandomState` seeds and draws from it, so that a shuffle here is
 * the very shuffle that pandas makes with the same `random_state`. Lives on the stack.
 */
typedef struct
{
  guint32 key[624];
  guint position;
} SbMt19937;

void sb_mt19937_init (SbMt19937 *self, guint32 seed);
guint32 sb_mt19937_next (SbMt19937 *self);
double sb_mt19937_next_double (SbMt19937 *self);
guint32 sb_mt19937_interval (SbMt19937 *self, guint32 maximum);
void sb_mt19937_permutation (SbMt19937 *self, guint32 *order, gsize length);

G_END_DECLS
