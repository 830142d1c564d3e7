/* sb-games-sample.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Made-up games with the columns of the workshop's file, for who has neither the file nor a
 * network: the same every time, and never to be mistaken for real ones.
 */

#include "config.h"

#include <math.h>

#include "workshop/sb-games.h"
#include "workshop/sb-mt19937.h"

typedef struct
{
  const char *name;
  double pull; /* how much it helps sales */
} Word;

static const Word platforms[] = {
  { "Wii", 0.3 },  { "DS", 0.2 },   { "PS2", 0.4 }, { "PS3", 0.5 },  { "X360", 0.5 },
  { "PS", 0.3 },   { "PSP", -0.2 }, { "PC", -0.9 }, { "XB", -0.6 },  { "GC", -0.4 },
  { "GBA", -0.3 }, { "3DS", 0.2 },  { "PS4", 0.6 }, { "XOne", 0.1 }, { "WiiU", -0.1 },
  { "PSV", -0.8 }, { "DC", -0.7 },
};
static const Word genres[] = {
  { "Action", 0.2 },   { "Adventure", -0.7 },  { "Fighting", 0.0 }, { "Misc", -0.1 },
  { "Platform", 0.4 }, { "Puzzle", -0.6 },     { "Racing", 0.1 },   { "Role-Playing", 0.2 },
  { "Shooter", 0.4 },  { "Simulation", -0.1 }, { "Sports", 0.3 },   { "Strategy", -0.8 },
};
static const Word publishers[] = {
  { "Synthetic Arts", 0.9 },  { "Sample Interactive", 0.7 },  { "Placeholder Games", 0.3 },
  { "Example Studios", 0.2 }, { "Lorem Entertainment", 0.0 }, { "Ipsum Works", -0.1 },
  { "Dolor Digital", -0.3 },  { "Amet Software", -0.4 },      { "Foo Factory", -0.6 },
  { "Bar Brothers", -0.8 },   { "Baz Media", -1.0 },          { "Quux Ltd.", -1.2 },
};
static const Word ratings[] = { { "E", 0.1 }, { "E10+", 0.0 }, { "T", 0.0 }, { "M", 0.3 } };

static const Word *
pick (SbMt19937 *random, const Word *words, guint n)
{
  return &words[sb_mt19937_interval (random, n - 1)];
}

/* The sum of twelve uniform numbers is as good as normal here. */
static double
draw_normal (SbMt19937 *random)
{
  double sum = -6;

  for (guint i = 0; i < 12; i++)
    sum += sb_mt19937_next_double (random);
  return sum;
}

static void
append_number (GString *out, double value, const char *format, gboolean present)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_c (out, ',');
  if (present)
    g_string_append (out, g_ascii_formatd (buffer, sizeof buffer, format, value));
}

static void
append_game (GString *out, SbMt19937 *random, guint number)
{
  const Word *platform = pick (random, platforms, G_N_ELEMENTS (platforms));
  const Word *genre = pick (random, genres, G_N_ELEMENTS (genres));
  const Word *publisher = pick (random, publishers, G_N_ELEMENTS (publishers));
  const Word *rating = pick (random, ratings, G_N_ELEMENTS (ratings));
  double quality = draw_normal (random);
  double critic = CLAMP (floor (70 + 13 * quality), 13, 98);
  double user = CLAMP (floor (71 + 11 * quality + 8 * draw_normal (random)) / 10, 0.5, 9.7);
  double pull = platform->pull + genre->pull + publisher->pull + rating->pull;
  double sales = exp (-1.1 + 0.75 * pull + 0.8 * quality + 0.75 * draw_normal (random));
  gboolean scored = sb_mt19937_next_double (random) < 0.6;
  gboolean asked = sb_mt19937_next_double (random) < 0.85;

  sales = MAX (0.01, floor (sales * 100) / 100);
  g_string_append_printf (out,
                          "Synthetic Game %u,%s,%u,%s,%s",
                          number,
                          platform->name,
                          1995 + sb_mt19937_interval (random, 21),
                          genre->name,
                          publisher->name);
  append_number (out, sales * 0.5, "%.2f", TRUE);
  append_number (out, sales * 0.3, "%.2f", TRUE);
  append_number (out, sales * 0.1, "%.2f", TRUE);
  append_number (out, sales * 0.1, "%.2f", TRUE);
  append_number (out, sales, "%.2f", TRUE);
  append_number (out, critic, "%.0f", scored);
  append_number (out, 5 + sb_mt19937_interval (random, 70), "%.0f", scored);
  if (scored && !asked)
    g_string_append (out, ",tbd");
  else
    append_number (out, user, "%.1f", scored);
  append_number (out, 4 + sb_mt19937_interval (random, 900), "%.0f", scored && asked);
  g_string_append_printf (out,
                          ",%s,%s\n",
                          scored ? publisher->name : "",
                          scored ? rating->name : "");
}

/**
 * sb_games_make_sample:
 * @seed: where random numbers begin
 * @rows: how many games
 *
 * Returns: (transfer full): a CSV file with the workshop's columns
 */
char *
sb_games_make_sample (guint32 seed, guint rows)
{
  GString *out = g_string_new ("Name,Platform,Year_of_Release,Genre,Publisher,NA_Sales,EU_Sales,"
                               "JP_Sales,Other_Sales,Global_Sales,Critic_Score,Critic_Count,"
                               "User_Score,User_Count,Developer,Rating\n");
  SbMt19937 random;

  sb_mt19937_init (&random, seed);
  for (guint i = 1; i <= rows; i++)
    append_game (out, &random, i);
  return g_string_free (out, FALSE);
}
