/* test-mt19937.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "workshop/sb-mt19937.h"

/* numpy.random.RandomState(1729).randint(0, 2**32, 4, dtype='uint32') and the like. */
static void
test_words (void)
{
  const guint32 expected[] = { 911214221u, 2673937510u, 1112474867u, 3239237157u };
  SbMt19937 random;

  sb_mt19937_init (&random, 1729);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpuint (sb_mt19937_next (&random), ==, expected[i]);
}

static void
test_doubles (void)
{
  const double expected[] = { 0.3745401188473625, 0.9507143064099162, 0.7319939418114051 };
  SbMt19937 random;

  sb_mt19937_init (&random, 42);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpfloat (sb_mt19937_next_double (&random), ==, expected[i]);
}

static void
test_permutation (void)
{
  const guint32 expected[] = { 0, 2, 14, 11, 7, 4, 8, 1, 10, 9, 15, 12, 5, 3, 6, 13 };
  guint32 order[G_N_ELEMENTS (expected)];
  SbMt19937 random;

  sb_mt19937_init (&random, 1729);
  sb_mt19937_permutation (&random, order, G_N_ELEMENTS (order));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpuint (order[i], ==, expected[i]);
}

/* Long enough to draw new words several times. */
static void
test_long_permutation (void)
{
  g_autofree guint32 *order = g_new (guint32, 8021);
  const guint32 first[] = { 1657, 5047, 5929, 3929, 2949, 4251 };
  const guint32 last[] = { 3454, 3605, 5669, 1267, 3174, 1677 };
  SbMt19937 random;

  sb_mt19937_init (&random, 1729);
  sb_mt19937_permutation (&random, order, 8021);
  for (guint i = 0; i < G_N_ELEMENTS (first); i++)
    {
      g_assert_cmpuint (order[i], ==, first[i]);
      g_assert_cmpuint (order[8021 - G_N_ELEMENTS (last) + i], ==, last[i]);
    }
}

static void
test_edges (void)
{
  guint32 order[1] = { 7 };
  SbMt19937 random;

  sb_mt19937_init (&random, 0);
  sb_mt19937_permutation (&random, order, 0);
  g_assert_cmpuint (order[0], ==, 7);
  sb_mt19937_permutation (&random, order, 1);
  g_assert_cmpuint (order[0], ==, 0);
  g_assert_cmpuint (sb_mt19937_interval (&random, 0), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mt19937/words", test_words);
  g_test_add_func ("/mt19937/doubles", test_doubles);
  g_test_add_func ("/mt19937/permutation", test_permutation);
  g_test_add_func ("/mt19937/long-permutation", test_long_permutation);
  g_test_add_func ("/mt19937/edges", test_edges);
  return g_test_run ();
}
