/* sb-mt19937.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "workshop/sb-mt19937.h"

#define N G_N_ELEMENTS (((SbMt19937 *) NULL)->key)
#define M 397

/**
 * sb_mt19937_init:
 * @self: a generator, uninitialized
 * @seed: what NumPy calls `random_state`
 *
 * Seeds as `numpy.random.RandomState(seed)` does.
 */
void
sb_mt19937_init (SbMt19937 *self, guint32 seed)
{
  for (guint i = 0; i < N; i++)
    {
      self->key[i] = seed;
      seed = 1812433253u * (seed ^ (seed >> 30)) + i + 1;
    }
  self->position = N;
}

static void
generate (SbMt19937 *self)
{
  for (guint i = 0; i < N; i++)
    {
      guint32 y = (self->key[i] & 0x80000000u) | (self->key[(i + 1) % N] & 0x7fffffffu);

      self->key[i] = self->key[(i + M) % N] ^ (y >> 1) ^ ((y & 1) != 0 ? 0x9908b0dfu : 0);
    }
  self->position = 0;
}

/**
 * sb_mt19937_next:
 * @self: a generator
 *
 * Returns: the next 32 bits
 */
guint32
sb_mt19937_next (SbMt19937 *self)
{
  guint32 y;

  if (self->position == N)
    generate (self);
  y = self->key[self->position++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

/**
 * sb_mt19937_next_double:
 * @self: a generator
 *
 * Returns: what `random_sample()` returns: 53 random bits in [0, 1)
 */
double
sb_mt19937_next_double (SbMt19937 *self)
{
  guint32 high = sb_mt19937_next (self) >> 5;
  guint32 low = sb_mt19937_next (self) >> 6;

  return (high * 67108864.0 + low) / 9007199254740992.0;
}

/**
 * sb_mt19937_interval:
 * @self: a generator
 * @maximum: the greatest value wanted
 *
 * Returns: a value from 0 to @maximum inclusive, drawn as NumPy draws it: masked, and again while
 *   it is too great
 */
guint32
sb_mt19937_interval (SbMt19937 *self, guint32 maximum)
{
  guint32 mask = maximum;
  guint32 value;

  if (maximum == 0)
    return 0;
  mask |= mask >> 1;
  mask |= mask >> 2;
  mask |= mask >> 4;
  mask |= mask >> 8;
  mask |= mask >> 16;
  do
    value = sb_mt19937_next (self) & mask;
  while (value > maximum);
  return value;
}

/**
 * sb_mt19937_permutation:
 * @self: a generator
 * @order: (array length=length) (out caller-allocates): where the permutation goes
 * @length: how many
 *
 * Makes what `RandomState.permutation(length)` makes; `DataFrame.sample(frac=1, random_state=…)`
 * takes its rows in that order.
 */
void
sb_mt19937_permutation (SbMt19937 *self, guint32 *order, gsize length)
{
  g_return_if_fail (length <= G_MAXUINT32);

  for (gsize i = 0; i < length; i++)
    order[i] = (guint32) i;
  for (gsize i = length; i-- > 1;)
    {
      guint32 j = sb_mt19937_interval (self, (guint32) i);
      guint32 swap = order[i];

      order[i] = order[j];
      order[j] = swap;
    }
}
