/* sb-random.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <math.h>

#include "algorithms/vision/sb-net.h"

static guint64
rotate (guint64 value, int by)
{
  return (value << by) | (value >> (64 - by));
}

/* splitmix64 spreads a small seed over the whole state. */
void
sb_random_init (SbRandom *self, guint64 seed)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->state); i++)
    {
      guint64 z = seed += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

      z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
      z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
      self->state[i] = z ^ (z >> 31);
    }
}

guint64
sb_random_next (SbRandom *self)
{
  guint64 *s = self->state;
  guint64 result = rotate (s[1] * 5, 7) * 9;
  guint64 t = s[1] << 17;

  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate (s[3], 45);
  return result;
}

/**
 * sb_random_double:
 *
 * Returns: from 0 to below 1
 */
double
sb_random_double (SbRandom *self)
{
  return (double) (sb_random_next (self) >> 11) * 0x1p-53;
}

double
sb_random_range (SbRandom *self, double low, double high)
{
  return low + (high - low) * sb_random_double (self);
}

double
sb_random_normal (SbRandom *self)
{
  double u = 1 - sb_random_double (self);

  return sqrt (-2 * log (u)) * cos (2 * G_PI * sb_random_double (self));
}
